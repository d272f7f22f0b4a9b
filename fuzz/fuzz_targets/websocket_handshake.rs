//! Arbitrary field lines: nothing panics, and what is accepted is answered by fields that a head may hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_websocket::handshake::server::{Offer, Policy};
use wirebook_websocket::handshake::{Origin, extension};
use wirebook_websocket::{Config, Deflate};

fuzz_target!(|fields: Vec<(Vec<u8>, Vec<u8>)>| {
    for (_, value) in &fields {
        let _ = extension::parse(value);
    }
    let head: [(&[u8], &[u8]); 5] = [
        (b"host", b"a"),
        (b"upgrade", b"websocket"),
        (b"connection", b"upgrade"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"sec-websocket-version", b"13"),
    ];
    let names: [&[u8]; 4] = [b"sec-websocket-extensions", b"sec-websocket-protocol", b"origin", b"connection"];
    let arbitrary = fields.iter().enumerate().map(|(i, (_, value))| (names[i % names.len()], value.as_slice()));
    let Ok(offer) = Offer::read(b"GET", true, head.into_iter().chain(arbitrary)) else { return };
    let policy = Policy { origin: Origin::default(), protocols: vec!["chat".into()] };
    let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
    if let Ok(acceptance) = offer.accept(&policy, &config) {
        for (name, value) in acceptance.fields() {
            assert!(name.bytes().chain(value.bytes()).all(|byte| (0x20..0x7f).contains(&byte)));
        }
    }
});
