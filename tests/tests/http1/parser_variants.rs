//! All head parsers say the same: on valid heads, on damaged ones and on noise, whole and at every cut.
//!
//! The seed is fixed, so a failure here is a failure everywhere; the fuzz targets `http1_*` roam further.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use wirebook_http1::parser::{Limits, MAX_HEAD, Rule};
use wirebook_tests::parser::{Kind, Parse, agree, agree_at, variants};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(9112), failure_persistence: None, ..ProptestConfig::default() }
}

fn token(len: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[!#$%&'*+.^_`|~0-9A-Za-z-]{{{},{}}}", len.start, len.end))
        .expect("a pattern")
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Za-z][a-z-]{0,14}", 1 => token(1..20), 1 => "[a-zA-Z]{30,34}", 1 => Just("x_y".into())]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![20 => 0x20..0x7F_u8, 1 => Just(b'\t'), 2 => 0x80..=0xFF_u8];
    prop_oneof![
        6 => "[ -~]{0,40}".prop_map(String::into_bytes),
        2 => prop::collection::vec(byte.clone(), 0..70),
        1 => prop::collection::vec(byte, 250..330),
    ]
}

fn field_lines() -> impl Strategy<Value = Vec<u8>> {
    let line = (name(), prop_oneof![8 => Just(" "), 2 => Just(""), 1 => Just("\t"), 1 => Just("  ")], value());
    prop::collection::vec(line, 0..7).prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(name, space, value)| [name.as_bytes(), b":", space.as_bytes(), &value, b"\r\n"].concat())
            .collect()
    })
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let start = (0..9_usize, token(1..9), "[!-\"$-~]{1,60}", prop_oneof![9 => Just("1.1"), 1 => Just("1.0")]);
    (start, field_lines()).prop_map(|((empty, method, target, version), fields)| {
        let line = format!("{}{method} {target} HTTP/{version}\r\n", "\r\n".repeat(empty));
        [line.as_bytes(), &fields, b"\r\n"].concat()
    })
}

fn response() -> impl Strategy<Value = Vec<u8>> {
    (100..1000_u16, prop::option::of("[ -~\t]{0,40}"), field_lines()).prop_map(|(status, reason, fields)| {
        let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
        [format!("HTTP/1.1 {status}{reason}\r\n").as_bytes(), &fields, b"\r\n"].concat()
    })
}

fn kind_and_head() -> impl Strategy<Value = (Kind, Vec<u8>)> {
    prop_oneof![
        3 => request().prop_map(|head| (Kind::Request, head)),
        1 => response().prop_map(|head| (Kind::Response, head)),
        1 => field_lines().prop_map(|lines| (Kind::Trailers, [lines, b"\r\n".to_vec()].concat())),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let tight = (0..80_usize, 0..8_usize, 0..400_usize, any::<bool>());
    prop_oneof![
        3 => Just(Limits::default()),
        1 => Just(Limits { bare_lf: true, ..Limits::default() }),
        2 => tight.prop_map(|(line, fields, head, bare_lf)| Limits { line, fields, head, bare_lf }),
    ]
}

/// What is done to a head: at a place, some bytes are taken away and others put there.
fn damage() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    const SPECIAL: &[&[u8]] = &[
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b"\0",
        b"\x7F",
        b"\x80",
        b"#",
        b"HTTP/1.1",
        b"\r\n\r\n",
        b"\n\n",
        b"\r\r",
    ];
    let special = prop::sample::select(SPECIAL);
    let bytes = prop_oneof![3 => special.prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..3)];
    (any::<prop::sample::Index>(), 0..3_usize, bytes)
}

fn apply(head: &mut Vec<u8>, (place, taken, put): (prop::sample::Index, usize, Vec<u8>)) {
    let from = place.index(head.len() + 1);
    let to = head.len().min(from + taken);
    head.splice(from..to, put);
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn valid_heads(head in request(), trailing in prop::collection::vec(any::<u8>(), 0..40)) {
        let outcome = agree(Kind::Request, Limits::default(), &[&head[..], &trailing].concat());
        prop_assert_eq!(outcome.expect("it is valid").expect("it is complete").len, head.len());
    }

    #[test]
    fn valid_responses(head in response()) {
        let outcome = agree(Kind::Response, Limits::default(), &head);
        prop_assert_eq!(outcome.expect("it is valid").expect("it is complete").len, head.len());
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn damaged_heads((kind, mut head) in kind_and_head(), limits in limits(), wounds in prop::collection::vec(damage(), 0..3)) {
        for wound in wounds {
            apply(&mut head, wound);
        }
        let _ = agree(kind, limits, &head);
    }

    #[test]
    fn noise(kind in prop::sample::select(&[Kind::Request, Kind::Response, Kind::Trailers][..]),
             limits in limits(),
             bytes in prop::collection::vec(prop_oneof![2 => any::<u8>(), 3 => prop::sample::select(&b"\r\n\r\n: aHTP/1."[..])], 0..100)) {
        let _ = agree(kind, limits, &bytes);
    }
}

/// One damage of every kind at every place of a small head: no luck is needed to find what these find.
#[test]
fn every_byte_at_every_place() {
    let head = b"GET /a HTTP/1.1\r\nHost: example.com\r\nA_b:\t c \r\n\r\n";
    for place in 0..head.len() {
        for byte in 0..=255 {
            let mut damaged = head.to_vec();
            damaged[place] = byte;
            let cuts = [0, place, place + 1, (place + 2).min(head.len()), head.len()];
            agree_at(Kind::Request, Limits::default(), &damaged, &cuts);
            agree_at(Kind::Request, Limits { bare_lf: true, ..Limits::default() }, &damaged, &cuts);
        }
    }
}

/// The same for a status-line.
#[test]
fn every_byte_at_every_place_of_a_status_line() {
    let head = b"HTTP/1.1 200 All right\r\nContent-Length: 51234\r\n\r\n";
    for place in 0..head.len() {
        for byte in 0..=255 {
            let mut damaged = head.to_vec();
            damaged[place] = byte;
            agree_at(Kind::Response, Limits::default(), &damaged, &[0, place, place + 1, head.len()]);
        }
    }
}

/// A long value with one byte that is not right, around every block boundary of the vector code.
#[test]
fn a_wrong_byte_anywhere_in_a_long_value() {
    let mut head = b"GET / HTTP/1.1\r\nX: ".to_vec();
    head.extend_from_slice(&[b'x'; 700]);
    head.extend_from_slice(b"\r\nY: y\r\n\r\n");
    for place in 16..head.len() {
        for byte in [b'\0', b'\t', b'\n', b'\r', 0x1F, b' ', 0x7F, 0x80, 0xFF] {
            let mut damaged = head.clone();
            damaged[place] = byte;
            agree_at(Kind::Request, Limits::default(), &damaged, &[0, place / 2]);
        }
    }
}

#[test]
fn limits_at_n_and_at_n_plus_1() {
    let head = |len: usize| [b"GET / HTTP/1.1\r\nX: ", &vec![b'x'; len - 23][..], b"\r\n\r\n"].concat();
    for variant in variants() {
        let read =
            |len: usize, limits| Parse::new(variant, Kind::Request, limits).feed(&head(len)).map(|head| head.is_some());
        assert_eq!(read(MAX_HEAD, Limits::default()), Ok(true), "{}", variant.name);
        assert_eq!(read(MAX_HEAD + 1, Limits::default()), Err((Rule::HeadTooLarge, 65_536)), "{}", variant.name);
    }
}

/// A head of 64 KiB byte by byte is 65,536 calls: each must look at new bytes only, or this takes minutes.
#[test]
fn a_resumed_parse_does_not_start_again() {
    let head = [b"GET / HTTP/1.1\r\nX: ", &vec![b'x'; 60_000][..], b"\r\n\r\n"].concat();
    for variant in variants().into_iter().skip(1) {
        let mut fields = wirebook_http1::parser::Fields::new();
        let mut progress = wirebook_http1::parser::Progress::default();
        let calls = (0..head.len()).filter(|&len| variant.is_open(&head[..len], &mut fields, &mut progress)).count();
        assert_eq!(calls, head.len(), "{}", variant.name);
    }
}
