//! What the tests of the workspace share.
//!
//! | module | holds |
//! |---|---|
//! | [`cases`] | what each protocol makes of a conformance case |
//! | [`http1_world`] | a client and a server of HTTP/1 in the simulated network |
//! | [`parser`] | the variants of the head parser, and how they are held together |
//! | [`allocations`] | a counting allocator |
//! | [`attacks`] | the rows of `tests/attacks/`, and what runs and judges them |
//! | [`processor`] | the time of a thread, whatever else the machine does |
//! | [`server`] | a server on a thread of its own, and clients that speak bytes |
//! | [`sse`] | event sources over TCP |
//! | [`tls`] | an authority that signs whatever is asked of it |
//! | [`workspace`] | where it stands, and which crates it has |
//! | [`template`] | the pairs of templates and data, and what real `ejs` made of them |

/// The program of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

pub mod allocations;
pub mod attacks;
pub mod cases;
pub mod http1_world;
pub mod parser;
pub mod processor;
pub mod server;
pub mod sse;
pub mod template;
pub mod tls;
pub mod tls_fuzz;
pub mod web_fuzz;
pub mod workspace;

/// A number that whoever runs the tests may set: `WIREBOOK_TRIALS` is how often something random is tried, `WIREBOOK_SEED` where it begins.
/// What `.ci/run poisoning` tries a thousand times is tried less often by `cargo test`.
pub fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
