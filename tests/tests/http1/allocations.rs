//! What the HTTP/1 core asks of the allocator: nothing.

use wirebook_http1::parser::{Fields, ResponseHead};
use wirebook_http1::{Connection, Event, FieldBlock};
use wirebook_tests::allocations::measure;

/// Reads a request and answers it, as a server does.
fn exchange(connection: &mut Connection, input: &[u8], fields: &mut Fields, lines: &FieldBlock, out: &mut Vec<u8>) {
    let mut at = 0;
    loop {
        let (used, event) = connection.receive(&input[at..], fields).expect("a valid request");
        at += used;
        if matches!(event, Some(Event::End(_))) {
            break;
        }
    }
    connection.send(Event::Response(ResponseHead::new(200, lines.lines())), out).expect("a valid answer");
    connection.send(Event::Data(b"tea"), out).expect("three bytes");
    connection.send(Event::End(Default::default()), out).expect("the end");
}

#[test]
fn a_keep_alive_request_and_its_answer_allocate_nothing() {
    let (mut connection, mut fields, mut lines, mut out) =
        (Connection::server(), Fields::new(), FieldBlock::default(), Vec::with_capacity(1024));
    lines.push("content-length", "3").expect("a valid field");
    let plain: &[u8] = b"GET /tea HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
    let chunked: &[u8] =
        b"POST /tea HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\nA: b\r\n\r\n";
    for input in [plain, chunked] {
        let ((), cost) = measure(|| {
            for _ in 0..100 {
                out.clear();
                exchange(&mut connection, input, &mut fields, &lines, &mut out);
            }
        });
        assert_eq!(cost.allocations, 0);
    }
}

#[test]
fn a_refused_head_allocates_nothing() {
    let mut fields = Fields::new();
    let endless = vec![b'a'; 70_000];
    let (refused, cost) = measure(|| Connection::server().receive(&endless, &mut fields).is_err());
    assert!(refused);
    assert_eq!(cost.allocations, 0);
}
