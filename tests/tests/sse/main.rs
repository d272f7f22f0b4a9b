//! Event streams: the server, the event source, and what hostile ones of either kind do.

mod attacks;
mod differential;
mod server;
mod simulation;
mod spin;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
