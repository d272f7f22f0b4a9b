//! What the readers of TLS must do with any bytes: no panic, nothing that is not there, and the same records however many bytes have come.
//! Shared with the fuzz targets.

use wirebook_tls::Identity;
use wirebook_tls::record::{HEADER, client_hello, records};

/// Records lie side by side and hold all bytes but those of the last, unfinished one; a part of the bytes has the first of them.
///
/// # Panics
///
/// A rule is broken.
pub fn record(data: &[u8]) {
    let whole: Vec<_> = records(data).collect();
    let mut end = 0;
    for record in &whole {
        assert_eq!(record.at, end);
        end = record.end();
        assert_eq!(data[record.at + HEADER..end], *record.payload);
        hello(record.payload);
    }
    let rest = &data[end..];
    let length = rest.get(3..HEADER).map(|length| usize::from(length[0]) << 8 | usize::from(length[1]));
    assert!(length.is_none_or(|length| rest.len() < HEADER + length), "a whole record was left");
    let half: Vec<_> = records(&data[..data.len() / 2]).map(|record| record.end()).collect();
    assert!(whole.iter().map(|record| record.end()).take(half.len()).eq(half));
    hello(data);
}

/// What is read of a ClientHello is in it, and a part of one is none.
fn hello(payload: &[u8]) {
    let Some(hello) = client_hello(payload) else { return };
    // A byte that is no text is shown as a character that stands for none.
    let is_shown = |text: &str| text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER);
    let is_there = |text: &str| payload.windows(text.len()).any(|window| window == text.as_bytes());
    let holds = |text: &str| is_shown(text) || is_there(text);
    assert!(hello.server_name.as_deref().is_none_or(holds));
    assert!(hello.protocols.iter().all(|name| holds(name)));
    assert!(hello.suites.len() * 2 + hello.extensions.len() * 4 <= payload.len());
    assert_eq!(client_hello(&payload[..payload.len() / 2]), None);
}

/// Text that may be certificates and a key: an error, or an identity.
///
/// # Panics
///
/// The reader does.
pub fn pem(data: &[u8]) {
    let (certificates, key) = data.split_at(data.len() / 2);
    // Which error it is, the tests of identities say.
    drop(Identity::pem(certificates, key));
    drop(Identity::pem(data, data));
}
