//! What the live widgets of the book ask for, and what `wirebook dissect` prints: one function makes both.
//!
//! An answer is data: parts of the input with their byte ranges, events, states, an error. It is computed by the public
//! API of the crates: a part is where a borrowed result lies in the input, a state is what cutting the input there
//! leaves. There is no second parser for display.

pub(crate) mod agent;
pub(crate) mod answer;
mod cache;
pub(crate) mod channel;
pub(crate) mod conversation;
mod cookie;
pub(crate) mod event_loop;
pub(crate) mod event_stream;
mod explain;
mod farewell;
pub(crate) mod frame;
pub(crate) mod h2;
pub(crate) mod handshake;
pub(crate) mod head;
pub(crate) mod multipart;
mod onion;
pub(crate) mod page;
mod picture;
mod pipe;
mod race;
pub(crate) mod reader;
mod reading;
mod readings;
pub(crate) mod reconnect;
mod router;
mod shares;
mod signed;
pub(crate) mod socket;
pub(crate) mod tap;
pub(crate) mod template;
mod widgets;
pub(crate) mod workers;

pub(crate) use answer::{MAX_INPUT, escape, range_in};
pub(crate) use widgets::{answer, picture};
