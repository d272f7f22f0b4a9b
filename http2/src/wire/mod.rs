//! Bytes to frames and frames to bytes: RFC 9113 §4 and §6. Nothing here knows a stream's state.
//!
//! | file | holds |
//! |---|---|
//! | [`code`] | why a stream or a connection ended, as a number (§7) |
//! | [`error`] | every rule that a peer can break, with its section and its code |
//! | [`stream_id`] | the numbers of streams (§5.1.1) |
//! | [`header`] | the nine bytes, and what they must be for each kind of frame |
//! | [`frame`] | whole frames, read and written |
//! | [`settings`] | what each end allows the other (§6.5) |

pub mod code;
pub mod error;
pub mod frame;
pub mod header;
pub mod settings;
pub mod stream_id;

pub use code::Code;
pub use error::{Error, Violation};
pub use frame::{Dependency, Frame};
pub use header::{Flags, Header, Kind};
pub use settings::Settings;
pub use stream_id::StreamId;

/// What a client sends before its first frame (§3.4): no server of HTTP/1.1 takes it for a request.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
