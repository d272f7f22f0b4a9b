//! Parsers of the registry beside httparse: its fork in ntex, milo, and picohttpparser by its bindings.

#![allow(unsafe_code)]

use milo_parser::Parser;
use ntex_httparse::{Header, HeaderParsed, Status};
use picohttpparser_sys::{phr_header, phr_parse_request, phr_parse_response};
use std::hint::black_box;
use std::ptr::null;
use wirebook_race::{Contestant, Kind, contestant};

/// Fields that a peer may find.
const FIELDS: usize = 100;

pub(crate) fn all() -> Vec<Contestant> {
    vec![
        contestant!("ntex-httparse", Kind::Request, |input| {
            let mut request = ntex_httparse::Request::default();
            let Ok(Status::Complete(at)) = request.parse(input) else { panic!("a valid request-line") };
            black_box((&request, ntex_fields(input, at)));
        }),
        contestant!("ntex-httparse", Kind::Response, |input| {
            let mut response = ntex_httparse::Response::default();
            let Ok(Status::Complete(at)) = response.parse(input) else { panic!("a valid status-line") };
            black_box((&response, ntex_fields(input, at)));
        }),
        contestant!("milo", Kind::Request, parser = Parser::new(); |input| {
            parser.reset(false);
            black_box(parser.parse(input.as_ptr(), input.len()));
            assert_eq!(parser.error_code, 0, "{}", parser.error_description_str());
        }),
        contestant!("picohttpparser", Kind::Request, |input| {
            let (mut method, mut path, mut method_len, mut path_len, mut minor) = (null(), null(), 0, 0, 0);
            let mut headers = [const { std::mem::MaybeUninit::<phr_header>::uninit() }; FIELDS];
            let mut count = FIELDS;
            // SAFETY: the input is there for its length; the outputs live until the call is over.
            let used = unsafe {
                phr_parse_request(
                    input.as_ptr().cast(),
                    input.len(),
                    &mut method,
                    &mut method_len,
                    &mut path,
                    &mut path_len,
                    &mut minor,
                    headers.as_mut_ptr().cast(),
                    &mut count,
                    0,
                )
            };
            assert_eq!(used as usize, input.len());
            black_box((&headers, method, path, count));
        }),
        contestant!("picohttpparser", Kind::Response, |input| {
            let (mut reason, mut reason_len, mut minor, mut status) = (null(), 0, 0, 0);
            let mut headers = [const { std::mem::MaybeUninit::<phr_header>::uninit() }; FIELDS];
            let mut count = FIELDS;
            // SAFETY: as above.
            let used = unsafe {
                phr_parse_response(
                    input.as_ptr().cast(),
                    input.len(),
                    &mut minor,
                    &mut status,
                    &mut reason,
                    &mut reason_len,
                    headers.as_mut_ptr().cast(),
                    &mut count,
                    0,
                )
            };
            assert_eq!(used as usize, input.len());
            black_box((&headers, reason, status, count));
        }),
    ]
}

/// The fork reads one field at a time; its caller keeps them.
fn ntex_fields(input: &[u8], from: usize) -> usize {
    let mut headers = [const { std::mem::MaybeUninit::<Header>::uninit() }; FIELDS];
    let (mut at, mut count) = (from, 0);
    loop {
        let mut header = Header::default();
        match header.parse(&input[at..]) {
            Ok(Status::Complete(HeaderParsed::Header(used))) => {
                headers[count].write(header);
                count += 1;
                at += used;
            }
            Ok(Status::Complete(HeaderParsed::Eof(used))) => {
                black_box(&headers);
                return at + used;
            }
            _ => panic!("a valid field line"),
        }
    }
}
