//! The web layer and forms with files: attacks, any bytes, and the drivers over the simulated network: no socket, no waiting, and every
//! answer as it goes over the wire.

mod attacks;
mod bodies;
mod compress;
mod core_attacks;
mod examples;
mod files;
mod fuzz;
mod guards;
mod http1;
mod layers;
mod logs;
mod multipart_attacks;
mod onion;
mod programs;
mod proxies;
mod refused;
mod routes;
mod rules;
mod seeds;
mod sessions;
mod site;
mod uploads;
mod views;
mod wire;
mod world;
