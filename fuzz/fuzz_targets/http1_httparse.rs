//! Any bytes through our parser and through httparse. What we take, it takes, and sees the same; where it takes more, the
//! difference is one of these, and nothing else:
//!
//! - RFC 9112 §2.2: a bare LF ends a line for it; and any number of empty lines may come before a request-line.
//! - RFC 9112 §3.2: bytes of 0x80 and more, and `#`, in a target.
//! - RFC 9112 §3: a method of more than 32 bytes.
//!
//! Our limits are set out of the way, its storage has as many fields.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_http1::parser::{self, Fields, Limits, MAX_HEAD, Progress, Rule, Version};

fuzz_target!(|input: &[u8]| {
    if input.len() >= MAX_HEAD {
        return;
    }
    let limits = Limits { line: MAX_HEAD, ..Limits::default() };
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let ours = parser::request(input, &mut fields, &mut progress, &limits);
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut theirs = httparse::Request::new(&mut headers);
    let status = theirs.parse(input);
    match (ours, status) {
        (Ok(Some(head)), status) => {
            assert_eq!(status, Ok(httparse::Status::Complete(head.len())));
            assert_eq!(theirs.method.map(str::as_bytes), Some(head.method));
            assert_eq!(theirs.path.map(str::as_bytes), Some(head.target));
            assert_eq!(theirs.version, Some(u8::from(head.version == Version::Http11)));
            let found: Vec<_> = theirs.headers.iter().map(|header| (header.name.as_bytes(), header.value)).collect();
            assert_eq!(found, head.fields.iter().collect::<Vec<_>>());
        }
        (Ok(None), status) => assert!(!matches!(status, Ok(httparse::Status::Complete(_)))),
        (Err(error), Ok(_)) => {
            let byte = input.get(error.offset as usize).copied();
            let known = match error.rule {
                Rule::BareLf | Rule::MethodTooLong => true,
                // §2.2: the ninth empty line; or a line ended by a bare LF where ours expects something else.
                Rule::Method => matches!(byte, Some(b'\r' | b'\n')),
                // §3.2; and httparse looks at a target's end only when it has come.
                Rule::Target => matches!(byte, Some(b'#' | 0x80..)),
                // Errors that we report at once and httparse only when it has seen more.
                _ => !matches!(status, Ok(httparse::Status::Complete(_))),
            };
            assert!(known, "{error:?}, and httparse says {status:?}");
        }
        (Err(_), Err(_)) => {}
    }
});
