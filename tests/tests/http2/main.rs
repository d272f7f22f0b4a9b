//! HTTP/2 and its header compression: attacks, what other encoders made, and the server and the client as they meet others, in the
//! simulated network and in virtual time.

mod again;
mod agent;
mod allocations;
mod attacks;
mod bounds;
mod client;
mod core_attacks;
mod events;
mod floods;
mod h2spec;
mod hpack_attacks;
mod hpack_vectors;
mod limits;
mod memory;
mod peer;
mod records;
mod rest;
mod rough;
mod server;
mod shutdown;
mod time;
mod tunnel;
mod words;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
