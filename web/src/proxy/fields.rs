//! What of a message goes on to the next hop (RFC 9110 §7.6).

use wirebook_http1::parser::FieldLines;

/// Fields that always concern one connection (RFC 9110 §7.6.1), and `Expect`, which is answered here.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a client says of its own way to us. Anybody can say it, so it is said anew here.
const FORWARDED: [&str; 7] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-real-ip",
];

// ANCHOR: passes
/// Whether a field goes on that stands among these: none that Connection names, but for one that would change what the message is.
pub(super) fn passes(name: &str, all: &FieldLines<'_>) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let options = all.get_all("connection").flat_map(|value| value.split(|byte| *byte == b','));
    let is_named = options.map(<[u8]>::trim_ascii).any(|option| option.eq_ignore_ascii_case(name.as_bytes()));
    let is_framing = is("content-length") || is("host");
    !HOP_BY_HOP.iter().any(|hop| is(hop)) && (!is_named || is_framing)
}
// ANCHOR_END: passes

/// Whether a field says by whom a request comes.
pub(super) fn is_forwarded(name: &str) -> bool {
    FORWARDED.iter().any(|field| name.eq_ignore_ascii_case(field))
}
