//! HTTP/1: parsers, server, client and agent, in memory, simulated and over sockets.

mod agent;
mod agent_poisoning;
mod allocations;
mod client_allocations;
mod client_attacks;
mod client_codings;
mod client_early;
mod client_limits;
mod client_redirects;
mod client_simulated;
mod client_upgrades;
mod client_urls;
mod core;
mod encoder;
mod files;
mod interop;
mod parser_cases;
mod parser_variants;
mod proxy;
mod server;
mod server_allocations;
mod server_faults;
mod simulated;
mod threads;
mod transports;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
