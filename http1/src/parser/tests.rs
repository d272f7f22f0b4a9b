//! Each rule, broken once: whole, byte by byte, and with bytes behind it, on every variant.

// Said again here, where lines of code end: these are none.
#[cfg(test)]
use super::*;

/// The functions of one variant.
type Request = for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<RequestHead<'a>>, Error>;
type Response = for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<ResponseHead<'a>>, Error>;
type TrailerSection =
    for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<Trailers<'a>>, Error>;

const VARIANTS: &[(&str, Request, Response, TrailerSection)] = &[
    ("split", split::request, split::response, split::trailers),
    ("bytewise", bytewise::request, bytewise::response, bytewise::trailers),
    ("table", table::request, table::response, table::trailers),
    ("swar", swar::request, swar::response, swar::trailers),
    (
        "sse42",
        |a, b, c, d| simd::Level::Sse42.request(a, b, c, d),
        |a, b, c, d| simd::Level::Sse42.response(a, b, c, d),
        |a, b, c, d| simd::Level::Sse42.trailers(a, b, c, d),
    ),
    ("simd", simd::request, simd::response, simd::trailers),
];

/// The head as text, or that more is to come, or the rule and the offset.
type Outcome<'a> = Result<Option<&'a str>, (Rule, u32)>;

/// Feeds `input` to one variant, whole and in steps of so many bytes, until it says something other than "more".
fn each_step(
    name: &str,
    input: &[u8],
    capacity: usize,
    wanted: Outcome<'_>,
    parse: impl Fn(&[u8], &mut Fields, &mut Progress) -> Result<Option<String>, Error>,
) {
    for step in [1, 2, 3, 5, 7, 16, 33, input.len()] {
        let (mut fields, mut progress) = (Fields::with_capacity(capacity), Progress::default());
        let mut seen = 0;
        let got = loop {
            seen = (seen + step).min(input.len());
            match parse(&input[..seen], &mut fields, &mut progress) {
                Ok(None) if seen < input.len() => {}
                done => break done,
            }
        };
        let got = got.as_ref().map(|head| head.as_deref()).map_err(|error| (error.rule, error.offset));
        assert_eq!(got, wanted, "{name}, in steps of {step}: {}", input.escape_ascii());
    }
}

/// What a head says, as text: start-line parts, then the field lines.
fn words<'a>(parts: &[&[u8]], fields: FieldLines<'a>, len: usize) -> String {
    let mut text = parts.iter().map(|part| part.escape_ascii().to_string()).collect::<Vec<_>>().join("|");
    for (name, value) in fields {
        text += &format!("|{}={}", name.escape_ascii(), value.escape_ascii());
    }
    format!("{text}|{len}")
}

fn each_request(input: &[u8], limits: &Limits, capacity: usize, wanted: Outcome<'_>) {
    for (name, parse, _, _) in VARIANTS {
        each_step(name, input, capacity, wanted, |seen, fields, progress| {
            let head = parse(seen, fields, progress, limits)?;
            let version = |head: &RequestHead<'_>| if head.version == Version::Http11 { b"1.1" } else { b"1.0" };
            Ok(head.map(|head| words(&[head.method, head.target, version(&head)], head.fields, head.len())))
        });
    }
}

fn each_response(input: &[u8], limits: &Limits, wanted: Outcome<'_>) {
    for (name, _, parse, _) in VARIANTS {
        each_step(name, input, MAX_FIELDS, wanted, |seen, fields, progress| {
            let head = parse(seen, fields, progress, limits)?;
            Ok(head.map(|head| words(&[head.status.to_string().as_bytes(), head.reason], head.fields, head.len())))
        });
    }
}

fn request_is(input: &[u8], wanted: &str) {
    each_request(input, &Limits::default(), MAX_FIELDS, Ok(Some(wanted)));
}

fn request_breaks(input: &[u8], rule: Rule, offset: u32) {
    each_request(input, &Limits::default(), MAX_FIELDS, Err((rule, offset)));
}

fn response_breaks(input: &[u8], rule: Rule, offset: u32) {
    each_response(input, &Limits::default(), Err((rule, offset)));
}

#[test]
fn rfc9112_3_request_head() {
    request_is(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/|1.1|Host=a|27");
    request_is(b"\r\nGET / HTTP/1.0\r\n\r\nmore", "GET|/|1.0|20");
    request_is(
        b"G /?a=b HTTP/1.1\r\na:\r\nb: \t \r\nc:\td e\t\r\nD:\xE9\r\n\r\n",
        "G|/?a=b|1.1|a=|b=|c=d e|D=\\xe9|45",
    );
    each_request(b"GET / HTTP/1.1\r\nHost: a\r\n\r", &Limits::default(), MAX_FIELDS, Ok(None));
}

#[test]
fn rfc9112_4_response_head() {
    each_response(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", &Limits::default(), Ok(Some("200|OK|A=b|25")));
    each_response(b"HTTP/1.0 404 \r\n\r\n", &Limits::default(), Ok(Some("404||17")));
    each_response(b"HTTP/1.1 999\r\n\r\n", &Limits::default(), Ok(Some("999||16")));
    each_response(b"HTTP/1.1 200 a\tb \xE9\r\n\r\n", &Limits::default(), Ok(Some("200|a\\tb \\xe9|22")));
}

#[test]
fn rfc9112_2_2_bare_cr() {
    request_breaks(b"\rGET / HTTP/1.1\r\n", Rule::BareCr, 0);
    request_breaks(b"GET / HTTP/1.1\rHost: a\r\n\r\n", Rule::BareCr, 14);
    request_breaks(b"GET / HTTP/1.1\r\nX: a\rContent-Length: 31\r\n\r\n", Rule::BareCr, 20);
    request_breaks(b"GET / HTTP/1.1\r\nHost: a\r\n\rX", Rule::BareCr, 25);
    response_breaks(b"HTTP/1.1 200\r\r\n", Rule::BareCr, 12);
}

#[test]
fn rfc9112_2_2_bare_lf() {
    request_breaks(b"\nGET / HTTP/1.1\r\n", Rule::BareLf, 0);
    request_breaks(b"GET / HTTP/1.1\nHost: a\n\n", Rule::BareLf, 14);
    request_breaks(b"GET / HTTP/1.1\r\nHost: a\n\r\n", Rule::BareLf, 23);
    request_breaks(b"GET / HTTP/1.1\r\nHost: a\r\n\n", Rule::BareLf, 25);
    response_breaks(b"HTTP/1.1 200 OK\n\r\n", Rule::BareLf, 15);
    let lenient = Limits { bare_lf: true, ..Limits::default() };
    each_request(b"\nGET / HTTP/1.1\nHost: a\r\nB:c \n\n", &lenient, 9, Ok(Some("GET|/|1.1|Host=a|B=c|31")));
    each_request(b"GET / HTTP/1.1\nHost: a\rb\n\n", &lenient, 9, Err((Rule::BareCr, 22)));
    each_response(b"HTTP/1.1 200 OK\nA:\n\n", &lenient, Ok(Some("200|OK|A=|20")));
}

#[test]
fn rfc9112_3_1_method() {
    request_breaks(b" GET / HTTP/1.1\r\n", Rule::Method, 0);
    request_is(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET|/|1.1|22");
    request_breaks(&[&b"\r\n".repeat(9)[..], b"GET / HTTP/1.1\r\n"].concat(), Rule::Method, 16);
    request_breaks(b"GET\t/ HTTP/1.1\r\n", Rule::Method, 3);
    request_breaks(b"GET\r\n", Rule::Method, 3);
    request_breaks(b"G(T / HTTP/1.1\r\n", Rule::Method, 1);
    request_breaks(b"\x16\x03\x01\0\xA5\x01", Rule::Method, 0);
}

#[test]
fn rfc9112_3_method_too_long() {
    let request = |len: usize| [&vec![b'A'; len][..], b" / HTTP/1.1\r\n\r\n"].concat();
    request_is(&request(32), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|/|1.1|47");
    request_breaks(&request(33), Rule::MethodTooLong, 32);
    request_breaks(&[&[b'A'; 32][..], b"("].concat(), Rule::Method, 32);
}

#[test]
fn rfc9112_3_2_target() {
    request_breaks(b"GET  / HTTP/1.1\r\n", Rule::Target, 4);
    request_breaks(b"GET \r\n", Rule::Target, 4);
    request_breaks(b"GET /a#b HTTP/1.1\r\n", Rule::Target, 6);
    request_breaks(b"GET /\xC3\xA9 HTTP/1.1\r\n", Rule::Target, 5);
    request_breaks(b"GET /\x7F HTTP/1.1\r\n", Rule::Target, 5);
    request_breaks(b"GET /\t HTTP/1.1\r\n", Rule::Target, 5);
}

#[test]
fn rfc9112_3_line_too_long() {
    let limits = Limits { line: 20, ..Limits::default() };
    each_request(b"GET /bcdefg HTTP/1.1\r\n\r\n", &limits, 9, Ok(Some("GET|/bcdefg|1.1|24")));
    each_request(b"GET /bcdefgh HTTP/1.1\r\n\r\n", &limits, 9, Err((Rule::LineTooLong, 20)));
    each_request(b"\r\nGET /bcdefgh HTTP/1.1\r\n\r\n", &limits, 9, Err((Rule::LineTooLong, 22)));
    each_request(b"GET /bcdefghijklmnop\0", &limits, 9, Err((Rule::LineTooLong, 20)));
    each_request(b"GET /bcdefghijklmno\0", &limits, 9, Err((Rule::Target, 19)));
    each_request(b"GET /bcdefghijklmnop\r", &limits, 9, Err((Rule::Version, 20)));
    each_request(b"GET /bcdefg HTTP/1.1\n", &limits, 9, Err((Rule::BareLf, 20)));
    each_request(b"GET /bcdefg HTTP/1.1\rx", &limits, 9, Err((Rule::BareCr, 20)));
    let long = [b"GET /", &vec![b'a'; 16_371][..], b" HTTP/1.1\r\n"].concat();
    request_breaks(&long[..], Rule::LineTooLong, 16_384);
}

#[test]
fn rfc9112_2_3_version() {
    for (version, at) in [
        (&b"HTTP/1.10"[..], 8),
        (b"HTTP/01.1", 6),
        (b"HTTP/1.1.1", 8),
        (b"http/1.1", 0),
        (b"HTTP/1,1", 6),
        (b"HTTPS/1.1", 4),
        (b"HTTP/1.", 7),
        (b"HTTP/ 1.1", 5),
        (b"HTTP/\xB9.1", 5),
        (b"HTTP/1.1 ", 8),
        (b"b HTTP/1.1", 0),
        (b"", 0),
    ] {
        request_breaks(&[b"GET / ", version, b"\r\n\r\n"].concat(), Rule::Version, 6 + at);
    }
    request_breaks(b"GET /\r\n", Rule::Version, 5); // HTTP/0.9
    request_breaks(b"GET / HTTP/\n", Rule::Version, 11);
    response_breaks(b"ICY 200 OK\r\n", Rule::Version, 0);
    response_breaks(b"\r\nHTTP/1.1 200 OK\r\n", Rule::Version, 0);
    response_breaks(b"HTTP/1.1\r\n", Rule::Version, 8);
    response_breaks(b"HTTP/1.1\t200 OK\r\n", Rule::Version, 8);
}

#[test]
fn rfc9110_15_6_6_unsupported_version() {
    request_breaks(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Rule::UnsupportedVersion, 13);
    request_breaks(b"GET / HTTP/1.2\r\n", Rule::UnsupportedVersion, 13);
    request_breaks(b"GET / HTTP/0.9\r\n", Rule::UnsupportedVersion, 13);
    response_breaks(b"HTTP/2.0 200 OK\r\n", Rule::UnsupportedVersion, 7);
}

#[test]
fn rfc9112_4_status_code() {
    response_breaks(b"HTTP/1.1  200 OK\r\n", Rule::StatusCode, 9);
    response_breaks(b"HTTP/1.1 099 OK\r\n", Rule::StatusCode, 9);
    response_breaks(b"HTTP/1.1 20\r\n", Rule::StatusCode, 11);
    response_breaks(b"HTTP/1.1 2x0 OK\r\n", Rule::StatusCode, 10);
    response_breaks(b"HTTP/1.1 1000 X\r\n", Rule::StatusCode, 12);
    response_breaks(b"HTTP/1.1 200\tOK\r\n", Rule::StatusCode, 12);
}

#[test]
fn rfc9112_4_reason() {
    response_breaks(b"HTTP/1.1 200 O\0K\r\n", Rule::Reason, 14);
    response_breaks(b"HTTP/1.1 200 \x7F\r\n", Rule::Reason, 13);
}

#[test]
fn rfc9112_4_status_line_too_long() {
    let limits = Limits { line: 15, ..Limits::default() };
    each_response(b"HTTP/1.1 200 OK\r\n\r\n", &limits, Ok(Some("200|OK|19")));
    each_response(b"HTTP/1.1 200 OKA\r\n\r\n", &limits, Err((Rule::StatusLineTooLong, 15)));
}

/// `field_line` alone, then behind another line.
fn field_breaks(line: &[u8], rule: Rule, at: u32) {
    request_breaks(&[b"GET / HTTP/1.1\r\n", line].concat(), rule, 16 + at);
    request_breaks(&[b"GET / HTTP/1.1\r\nHost: a\r\n", line].concat(), rule, 25 + at);
    response_breaks(&[b"HTTP/1.1 200 OK\r\nA:b\r\n", line].concat(), rule, 22 + at);
}

#[test]
fn rfc9112_2_2_leading_space() {
    request_breaks(b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", Rule::LeadingSpace, 16);
    request_breaks(b"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", Rule::LeadingSpace, 16);
}

#[test]
fn rfc9112_5_2_obsolete_fold() {
    request_breaks(b"GET / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", Rule::ObsoleteFold, 36);
    request_breaks(b"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", Rule::ObsoleteFold, 22);
}

#[test]
fn rfc9112_5_empty_name() {
    field_breaks(b": x\r\n\r\n", Rule::EmptyName, 0);
}

#[test]
fn rfc9110_5_1_field_name() {
    field_breaks(b"X\0Y: b\r\n\r\n", Rule::FieldName, 1);
    field_breaks(b"X(Y): b\r\n\r\n", Rule::FieldName, 1);
    field_breaks(b"X/Y: b\r\n\r\n", Rule::FieldName, 1);
    field_breaks(b"trac\xE2\x84\xAA: b\r\n\r\n", Rule::FieldName, 4);
    field_breaks(b"a-name-that-is-longer-than-a-vector\x7F: b\r\n\r\n", Rule::FieldName, 35);
}

#[test]
fn rfc9112_5_1_space_before_colon() {
    field_breaks(b"Transfer-Encoding : chunked\r\n\r\n", Rule::SpaceBeforeColon, 17);
    field_breaks(b"A\t: b\r\n\r\n", Rule::SpaceBeforeColon, 1);
    field_breaks(b"A B: b\r\n\r\n", Rule::SpaceBeforeColon, 1);
}

#[test]
fn rfc9112_5_missing_colon() {
    field_breaks(b"Foo\r\n\r\n", Rule::MissingColon, 3);
    field_breaks(b"Foo\n\r\n", Rule::MissingColon, 3);
    field_breaks(b"Foo\rbar: x\r\n", Rule::MissingColon, 3);
}

#[test]
fn rfc9110_5_5_field_value() {
    field_breaks(b"X: a\0b\r\n\r\n", Rule::FieldValue, 4);
    field_breaks(b"X: a\x01b\r\n\r\n", Rule::FieldValue, 4);
    field_breaks(b"X: \x0Bchunked\r\n\r\n", Rule::FieldValue, 3);
    field_breaks(b"X: a value that is longer than a vector\x7F\r\n\r\n", Rule::FieldValue, 39);
}

#[test]
fn rfc6585_5_too_many_fields() {
    let head = |count: usize| [b"GET / HTTP/1.1\r\n", &b"a: b\r\n".repeat(count)[..], b"\r\n"].concat();
    let wanted = |count: usize| format!("GET|/|1.1{}|{}", "|a=b".repeat(count), 18 + 6 * count);
    request_is(&head(100), &wanted(100));
    request_breaks(&head(101), Rule::TooManyFields, 616);
    each_request(&head(8), &Limits::default(), 8, Ok(Some(&wanted(8))));
    each_request(&head(9), &Limits::default(), 8, Err((Rule::TooManyFields, 64)));
    each_request(&head(9), &Limits { fields: 5, ..Limits::default() }, 8, Err((Rule::TooManyFields, 46)));
    each_request(&[&head(8)[..64], b":"].concat(), &Limits::default(), 8, Err((Rule::TooManyFields, 64)));
    each_request(b"GET / HTTP/1.1\r\n\r\n", &Limits::default(), 0, Ok(Some("GET|/|1.1|18")));
}

#[test]
fn rfc6585_5_head_too_large() {
    let head = |len: usize| [b"GET / HTTP/1.1\r\nX: ", &vec![b'x'; len - 23][..], b"\r\n\r\n"].concat();
    let head_is = |len: usize, limits: &Limits| {
        each_request(&head(len), limits, 9, Ok(Some(&format!("GET|/|1.1|X={}|{len}", "x".repeat(len - 23)))));
    };
    let limits = Limits { head: 100, ..Limits::default() };
    head_is(100, &limits);
    each_request(&head(101), &limits, 9, Err((Rule::HeadTooLarge, 100)));
    for (name, parse, _, _) in VARIANTS {
        for (len, fits) in [(MAX_HEAD, true), (MAX_HEAD + 1, false), (MAX_HEAD + 2, false)] {
            let (mut fields, mut progress) = (Fields::new(), Progress::default());
            let (input, limits) = (head(len), Limits { head: usize::MAX, ..Limits::default() });
            let got = parse(&input, &mut fields, &mut progress, &limits).map(|head| head.map(|head| head.len()));
            let wanted = if fits { Ok(Some(len)) } else { Err(Error::at(Rule::HeadTooLarge, MAX_HEAD)) };
            assert_eq!(got, wanted, "{name}");
        }
    }
}

#[test]
fn rfc9112_7_1_2_trailers() {
    let many = b"X: y\r\n".repeat(33);
    for (input, wanted) in [
        (&b"\r\nGET"[..], Ok(Some("|2"))),
        (b"A: b\r\nC:d\r\n\r\n", Ok(Some("|A=b|C=d|13"))),
        (b"A: b\r\n", Ok(None)),
        (b"broken\r\n\r\n", Err((Rule::MissingColon, 6))),
        (b"A: b\n\n", Err((Rule::BareLf, 4))),
        (&many, Err((Rule::TooManyFields, 192))),
    ] {
        for (name, _, _, parse) in VARIANTS {
            each_step(name, input, MAX_FIELDS, wanted, |seen, fields, progress| {
                let found = parse(seen, fields, progress, &Limits::TRAILERS)?;
                Ok(found.map(|found| words(&[], found.fields, found.len())))
            });
        }
    }
}

#[test]
fn rules_have_a_section_a_status_and_a_text() {
    for rule in Rule::ALL {
        assert!(rule.section().starts_with("RFC ") && !rule.text().is_empty());
        assert!(matches!(rule.status(), 400 | 414 | 431 | 501 | 502 | 505));
    }
    let error = Error::at(Rule::MissingColon, 3);
    assert_eq!(error.to_string(), "field line without a colon at byte 3 (RFC 9112 §5)");
    assert_eq!((size_of::<Error>(), size_of::<Progress>(), size_of::<chunked::Chunked>()), (8, 24, 16));
}

#[test]
fn fields_are_found_whatever_their_case() {
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let input = b"GET / HTTP/1.1\r\nHost: a\r\nx: 1\r\nX: 2\r\n\r\n";
    let head = request(input, &mut fields, &mut progress, &Limits::default()).unwrap().unwrap();
    assert_eq!(head.fields.get("HOST"), Some(&b"a"[..]));
    assert_eq!(head.fields.get("Hos"), None);
    assert_eq!(head.fields.get_all("x").collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!((head.fields.len(), head.fields.is_empty(), head.fields.iter().len()), (3, false, 3));
    assert_eq!(head.fields.spans()[0], FieldSpan { name_start: 16, name_end: 20, value_start: 22, value_end: 23 });
    assert_eq!(format!("{:?}", head.fields), r#"{"Host": "a", "x": "1", "X": "2"}"#);
}
