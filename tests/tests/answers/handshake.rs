//! The handshake of WebSocket, the obvious way and the exercises of its chapter.

use wirebook_websocket::handshake::server::{Offer, Refusal};
use wirebook_websocket::handshake::{Origin, accept};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// ANCHOR: handshake_naive
/// The answer to the head of a request; `None` where it asks for no WebSocket.
pub(crate) fn naive_answer(head: &str) -> Option<String> {
    let asks = head.contains("Upgrade: websocket") && head.contains("Connection: Upgrade");
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    asks.then(|| {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept(key.as_bytes())
        )
    })
}
// ANCHOR_END: handshake_naive

/// The head of a handshake with these lines among its fields.
fn head(more: &[&str]) -> String {
    let mut lines = vec!["GET /chat HTTP/1.1", "Host: example.org", "Sec-WebSocket-Version: 13"];
    lines.extend(more);
    lines.join("\r\n") + "\r\n\r\n"
}

/// The fields of a head, as a parser gives them.
fn fields(head: &str) -> Vec<(&[u8], &[u8])> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
}

fn read(head: &str) -> Result<Offer<'_>, Refusal> {
    Offer::read(b"GET", true, fields(head))
}

#[test]
fn the_naive_handshake_takes_the_samples_of_the_rfc() {
    let key = format!("Sec-WebSocket-Key: {KEY}");
    let sample = head(&["Upgrade: websocket", "Connection: Upgrade", &key]);
    assert!(naive_answer(&sample).unwrap().contains(ACCEPT));
    assert!(read(&sample).is_ok());
}

// ANCHOR: handshake_breaks
#[test]
fn the_naive_handshake_is_wrong_three_times() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    // What Firefox sends, and what a proxy may make of a name: both are turned away.
    let firefox = head(&["Upgrade: websocket", "Connection: keep-alive, Upgrade", key]);
    let lower = head(&["upgrade: websocket", "connection: upgrade", key]);
    assert!(naive_answer(&firefox).is_none() && naive_answer(&lower).is_none());
    assert!(read(&firefox).is_ok() && read(&lower).is_ok());
    // No handshake at all, and it is taken for one.
    let note = head(&["X-Note: Upgrade: websocket, Connection: Upgrade", key]);
    assert!(naive_answer(&note).is_some());
    assert_eq!(read(&note).unwrap_err(), Refusal::Upgrade);
    // Two keys. A proxy may have read the other one.
    let upgrade = ["Upgrade: websocket", "Connection: Upgrade"];
    let two = head(&[&upgrade[..], &[key, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]].concat());
    assert!(naive_answer(&two).is_some());
    assert_eq!(read(&two).unwrap_err(), Refusal::Key);
}
// ANCHOR_END: handshake_breaks

#[test]
fn exercise_two_ports_are_two_origins() {
    // ANCHOR: exercise_ports
    let (page, server) = (Some(&b"http://localhost:3000"[..]), &b"localhost:4000"[..]);
    assert!(!Origin::SameHost.allows(page, server));
    let both = Origin::Any(vec!["http://localhost:3000".into()]);
    assert!(both.allows(page, server));
    // ANCHOR_END: exercise_ports
}

#[test]
fn exercise_the_head_is_cut_before_its_last_byte() {
    let whole = head(&["Upgrade: websocket"]);
    assert!(whole.ends_with("\r\n\r\n") && !whole[..whole.len() - 1].ends_with("\r\n\r\n"));
}

// ANCHOR: exercise_tokens
/// Whether the fields of this name, read as one list, hold a token.
fn has_token(head: &str, name: &str, token: &str) -> bool {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let values = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut tokens = values.flat_map(|(_, value)| value.split(','));
    tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
}
// ANCHOR_END: exercise_tokens

#[test]
fn exercise_a_list_is_a_list_wherever_it_is_split() {
    let yes = ["Connection: Upgrade", "connection:keep-alive ,\tUPGRADE", "Connection: a\r\nConnection: upgrade"];
    for fields in yes {
        assert!(has_token(&head(&[fields]), "Connection", "upgrade"), "{fields}");
    }
    for fields in ["Connection: no-upgrade", "Connection: upgrade2", "X-Connection: upgrade", "X: Connection: upgrade"]
    {
        assert!(!has_token(&head(&[fields]), "Connection", "upgrade"), "{fields}");
    }
}

// ANCHOR: exercise_client
/// The request that a client sends. The key is 16 random bytes in base64.
fn client_request(host: &str, path: &str, key: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// What a client must look at before it believes an answer.
fn client_checks(answer: &str, key: &str) -> Result<(), &'static str> {
    let mut accepts = Vec::new();
    for (name, value) in answer.lines().filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "sec-websocket-accept" => accepts.push(value.trim()),
            // We offered none of them, so none may be agreed on.
            "sec-websocket-extensions" => return Err("an extension that was not offered"),
            "sec-websocket-protocol" => return Err("a protocol that was not offered"),
            _ => {}
        }
    }
    if !answer.starts_with("HTTP/1.1 101 ") {
        return Err("the server does not switch protocols");
    }
    if !has_token(answer, "Upgrade", "websocket") || !has_token(answer, "Connection", "upgrade") {
        return Err("the server switches to something else");
    }
    if accepts != [accept(key.as_bytes()).as_str()] {
        return Err("the server has not read our key");
    }
    Ok(())
}
// ANCHOR_END: exercise_client

#[test]
fn exercise_a_client_believes_only_the_whole_answer() {
    let request = client_request("example.org", "/chat", KEY);
    let answer = naive_answer(&request).unwrap();
    assert!(read(&request).is_ok());
    assert_eq!(client_checks(&answer, KEY), Ok(()));
    let lies = [
        answer.replace("101", "200"),
        answer.replace("Upgrade: websocket", "Upgrade: h2c"),
        answer.replace("Connection: Upgrade", "Connection: close"),
        answer.replace(ACCEPT, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        answer.replace("Sec-WebSocket-Accept", "X-Accept"),
        answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
        answer.replace("\r\n\r\n", "\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"),
        answer.replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n")),
    ];
    for lie in lies {
        assert!(client_checks(&lie, KEY).is_err(), "{lie}");
    }
}
