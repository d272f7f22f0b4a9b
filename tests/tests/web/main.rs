//! The drivers of the web layer over the simulated network: no socket, no waiting, and every answer as it goes over the wire.

mod attacks;
mod bodies;
mod compress;
mod examples;
mod files;
mod guards;
mod http1;
mod layers;
mod logs;
mod onion;
mod programs;
mod proxies;
mod refused;
mod routes;
mod rules;
mod sessions;
mod site;
mod uploads;
mod wire;
mod world;
