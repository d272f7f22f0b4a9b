//! The drivers of the web layer over the simulated network: no socket, no waiting, and every answer as it goes over the wire.

mod attacks;
mod bodies;
mod examples;
mod http1;
mod layers;
mod onion;
mod refused;
mod routes;
mod rules;
mod seeds;
mod world;
