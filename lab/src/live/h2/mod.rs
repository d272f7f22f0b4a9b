//! The widgets of HTTP/2's chapters.
//!
//! | file | shows |
//! |---|---|
//! | `frames` | bytes of one end as the other end reads them: `wirebook dissect http2` |
//! | `reading` | what the connection says to those bytes |
//! | `outline` | where frames, and the pieces of their payloads, lie in the bytes |
//! | `blame` | which byte of a frame breaks the rule that the connection names |
//! | `hpack` | fields as HPACK writes them, with the dynamic table behind each |
//! | `floods` | frames without a purpose, and which budget ends them |
//! | `windows` | two streams and a reader who may stand still |
//! | `lanes` | a page over one connection, and over six |
//! | `records` | a handshake of TLS, and what somebody on the way hears of it |
//! | `own` | what the site's own connection carried: "dissect this page" over HTTP/2 |

mod blame;
pub(crate) mod floods;
pub(crate) mod frames;
pub(crate) mod hpack;
pub(crate) mod lanes;
mod outline;
pub(crate) mod own;
mod reading;
pub(crate) mod records;
pub(crate) mod windows;
