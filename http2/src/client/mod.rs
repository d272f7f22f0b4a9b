//! The client driver: a connection to a server, and an agent that has one for each origin.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `error.rs` | why there is no answer, and whether the request may be made again |
//! | `line.rs` | a connection and the requests on it |
//! | `response.rs` | an answer, as it is read |
//! | `upload.rs` | a body, as it is written, and the answer that is waited for meanwhile |
//! | `session.rs` | a connection, as who asks has it; a request |
//! | `known.rs` | which protocol an origin speaks, and the connection to it |
//! | `agent.rs` | requests that go by either protocol, and are made again |
//!
//! Node's `http2.connect` is [`Session::connect`]; `session.ping`, `close` and `goaway` are [`Session::ping`] and [`Session::close`].

mod agent;
mod error;
mod known;
mod line;
mod response;
mod session;
mod upload;

pub use agent::{Agent, AgentOptions, AgentRequest};
pub use error::{Error, Goaway, MAX_DEBUG};
pub use known::{HTTP1_TIME, MAX_ORIGINS};
pub use response::{Opened, Response};
pub use session::{Request, Session};
pub use upload::{Answer, Upload};
