//! The web layer and forms with files: attacks, any bytes, and the drivers over the simulated network: no socket, no waiting, and every
//! answer as it goes over the wire.

mod acceptance;
mod allocations;
mod attacks;
mod bodies;
mod bounds;
mod compress;
mod config;
mod core_attacks;
mod documents;
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
mod relatives;
mod reports;
mod routes;
mod rule_list;
mod rules;
mod rules_trust;
mod seeds;
mod sessions;
mod site;
mod spellings;
mod uploads;
mod views;
mod wire;
mod world;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
