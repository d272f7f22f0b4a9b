//! WebSocket: both drivers, over sockets and simulated.

mod attacks;
mod drivers;
mod ends;
mod handshakes;
mod liveness;
mod memory;
mod reports;

// Counts for each thread, so tests that run side by side do not see each other.
#[global_allocator]
static COUNTING: wirebook_tests::allocations::Counting = wirebook_tests::allocations::Counting;
