//! A single-threaded event loop with Node's phases, and the sockets that live on it.
//!
//! ```no_run
//! use wirebook_net::{self as net, Listener, Stream, tcp::TcpListener};
//!
//! fn main() -> std::io::Result<()> {
//!     net::run(async {
//!         let listener = TcpListener::bind("127.0.0.1:7000")?;
//!         loop {
//!             let (stream, _) = listener.accept().await?;
//!             net::spawn(async move {
//!                 let mut bytes = net::buffer();
//!                 while let Ok(count @ 1..) = stream.read(&mut bytes).await {
//!                     if stream.write_all(&bytes[..count]).await.is_err() {
//!                         return;
//!                     }
//!                 }
//!             });
//!         }
//!     })
//! }
//! ```
//!
//! **The rooms**, from the ground up; each is an evening or less, and imports only from those above it in this list:
//!
//! | room | holds | lines of code |
//! |---|---|---|
//! | `ground/` | the operating system, and errors that say what could not be done | 200 |
//! | `kernel/` | the loop: phases, tasks, timers, what keeps it alive; sources, parking | 1,950 |
//! | [`signal`] | one thing that tasks wait on | 180 |
//! | `pool/` | work that would block: jobs, files, name look-ups | 300 |
//! | `sockets/` | streams, datagrams, TCP, UDP, Unix sockets, pipes, descriptors from elsewhere, addresses, the system's signals | 1,750 |
//! | [`node`] | EventEmitter, and Node's events over sockets | 900 |
//! | [`sim`] | the simulated network: another driver for the same loop | 820 |
//!
//! Each room's `mod.rs` gives its reading order. Start with `kernel/event_loop.rs`: a turn and its phases on one screen;
//! then `kernel/alive.rs`: what keeps the loop going.
//!
//! One loop runs on one thread; its tasks are not `Send` and need no locks. Wakers may go anywhere.
//!
//! **Platforms.** Tested on Linux. macOS and the BSDs should compile; what only Linux has (abstract Unix addresses, a user
//! time-out of TCP) is an error of its own kind there (`Unsupported`). On Windows use WSL. One file,
//! `ground/sys.rs`, knows the operating system.

mod ground;
mod kernel;
pub mod node;
mod pool;
mod signal;
pub mod sim;
mod sockets;

#[doc(hidden)]
pub use kernel::fake_readiness;
pub use kernel::{
    Alive, Elapsed, Handle, JoinError, JoinHandle, OPERATIONS_PER_TURN, Parked, Registration, Resume, Sleep,
    TASK_POLLS_PER_TURN, alive, block_on, clear, heard, next_tick, now, park, queue_microtask, run, set_immediate,
    set_interval, set_timeout, sleep, spawn, stop, timeout, trace, yield_now,
};
pub use node::{EventEmitter, ListenerId, MAX_LISTENERS, Unheard};
pub use pool::{PoolLoad, lookup, open_regular, pool_load, read_file, spawn_blocking, stat, write_file};
pub use signal::{SharedSignal, Signal, Until};
pub use sockets::{
    Address, BUFFER_SIZE, Buffer, Carrier, Datagrams, Idle, Listener, MAX_DESCRIPTORS, ReadHalf, Received,
    ReceivedWith, SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
    SIGXFSZ, SignalNumber, Signals, SocketKind, Stream, Target, WriteHalf, buffer, ctrl_c, pipe, signals, split, tcp,
    udp, unix,
};
