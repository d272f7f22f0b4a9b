//! One port that stays open while everything behind it dies: Node's `cluster`, without its holes.
//!
//! ```no_run
//! use wirebook_cluster::{self as cluster, Options, Outcome, Worker, Workers};
//! use wirebook_http1::{self as http1, Request, Response};
//!
//! fn main() -> Outcome {
//!     // The master runs nothing of what is in here, and each worker does.
//!     cluster::run(Options { workers: Workers::Count(4), ..Options::default() }, async |worker: Worker| {
//!         let me = worker.identity().worker;
//!         let answer = async move |_: Request<'_>, response: Response<'_>| {
//!             response.end(format!("worker {me} answers\n")).await
//!         };
//!         worker.listen("127.0.0.1:3000", |port| http1::serve_on(port, Default::default(), answer)).await?;
//!         worker.serve().await
//!     })
//! }
//! ```
//!
//! **The rooms**, from the ground up:
//!
//! | room | the evening's question | lines of code |
//! |---|---|---|
//! | [`policy`] | Who gets a connection, and whose is a client? | 158 |
//! | [`supervisor`] | Who is started again, when, how often, and who has to go? | 742 |
//! | [`messenger`] | Who hears what one says? | 70 |
//! | [`schedule`] | Who runs which job when, if clocks jump and runs last? | 235 |
//! | [`host`] | with feature `net`: What is a master to its machine: who finds it, tells it what to do, and hears how it is? | 860 |
//! | `mail/` | with feature `net`: Where does it wait that nobody has read? | 105 |
//! | `farewell/` | with feature `net`: In which order does a server let go of what it has? | 130 |
//! | `driver/` | with feature `net`: How do a master and its workers share a port, and lose nothing when one of them dies? | 2,100 |
//! | `service/` | with feature `net`: How does a master live with its machine, and give its place to a new one? | 430 |
//! | `agent/` | with feature `net`: What is done once beside many, and how do they talk? | 260 |
//!
//! Kill a worker, and nobody notices but who was talking to it: a connection that it had not taken is the next one's. Stop it, and
//! it is missed, killed and replaced. Break the new program, and the old one serves on. Kill the master, and the workers finish
//! what they have, and go.

#[cfg(feature = "net")]
mod agent;
#[cfg(feature = "net")]
mod driver;
#[cfg(feature = "net")]
mod farewell;
#[cfg(feature = "net")]
pub mod host;
#[cfg(feature = "net")]
mod mail;
pub mod messenger;
pub mod policy;
pub mod schedule;
#[cfg(feature = "net")]
mod service;
pub mod supervisor;

#[cfg(feature = "net")]
pub use agent::{Agent, Jobs, Messenger, run_with_agent};

#[cfg(feature = "net")]
pub use driver::{Guests, Hook, Identity, Listener, MAX_PORTS, Master, News, Options, Program, Seen, Worker, Workers};
#[cfg(feature = "net")]
pub use farewell::{Drain, Farewell, Leaving, Phase};
#[cfg(feature = "net")]
pub use mail::Peer;
pub use policy::Policy;
#[cfg(feature = "net")]
pub use service::{Outcome, govern, run};
