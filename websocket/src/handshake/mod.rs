//! The opening handshake as pure functions over field lines: RFC 6455 §4, RFC 7692 §5.
//!
//! Field lines are `(name, value)` pairs in wire order, as `wirebook_http1`'s parser gives them (or anybody else's); which
//! bytes a name or value may hold is that parser's business.
//!
//! | to | use |
//! |---|---|
//! | read a request and judge it | [`server::Offer::read`], [`server::Offer::accept`], or get a [`server::Refusal`] |
//! | write a request and judge the response | [`client::Request`] |
//! | decide whose pages may connect | [`Origin`] |
//! | agree on compression | [`extension`] |

pub mod client;
pub mod extension;
mod origin;
pub mod server;

pub use origin::Origin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

// ANCHOR: accept
/// What the key is joined with (RFC 6455 §1.3): a string that no other protocol would answer with by chance.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` value for a `Sec-WebSocket-Key` value (RFC 6455 §4.2.2, item 5.4).
///
/// ```
/// use wirebook_websocket::handshake::accept;
/// assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept(key: &[u8]) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}
// ANCHOR_END: accept
/// The elements of a comma-separated list, trimmed, empty ones left out (RFC 9110 §5.6.1).
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Whether a list of tokens holds this one, whatever its case.
fn has_token(value: &[u8], token: &str) -> bool {
    elements(value).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| wirebook_http1::parser::is_token_byte(*byte))
}

fn named(name: &[u8], expected: &str) -> bool {
    name.eq_ignore_ascii_case(expected.as_bytes())
}
