//! What each protocol makes of a case: a function from its input to lines of events. The notation, the loader and the runner
//! are [`wirebook_cases`].

pub mod cluster;
pub mod hpack;
pub mod http1;
pub mod http2;
pub mod multipart;
pub mod process;
pub mod sse;
pub mod template;
pub mod web;
pub mod websocket;
