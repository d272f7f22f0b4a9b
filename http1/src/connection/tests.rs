//! Whole conversations over the core: every row of the table is met, and nothing is said twice or at the wrong moment.

// Said again here, where lines of code end: these are none.
#[cfg(test)]
use super::state::tests::used;
use super::state::{Side, State, transitions};
use super::{Additions, Connection, Error, Event, FieldBlock, Misuse, Violation};
use crate::parser::{FieldLines, Fields, MAX_EMPTY, RequestHead, ResponseHead, Version};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// What `input` means to a connection; events as words.
fn receive(connection: &mut Connection, input: &[u8]) -> Result<Vec<String>, Error> {
    let (mut fields, mut at, mut events) = (Fields::new(), 0, Vec::new());
    loop {
        let (used, event) = connection.receive(&input[at..], &mut fields)?;
        at += used;
        events.push(match event {
            None => return Ok(events),
            Some(Event::Request(head)) => head.target.escape_ascii().to_string(),
            Some(Event::Response(head)) => head.status.to_string(),
            Some(Event::Data(data)) => data.escape_ascii().to_string(),
            Some(Event::End(_)) => "end".into(),
        });
    }
}

fn block(fields: &[(&str, &str)]) -> FieldBlock {
    let mut block = FieldBlock::default();
    fields.iter().for_each(|(name, value)| block.push(name, value).expect("a valid field"));
    block
}

fn answer(connection: &mut Connection, status: u16, fields: &[(&str, &str)], body: &str) -> Result<String, Misuse> {
    let mut out = Vec::new();
    connection.answer(status, &block(fields), Additions::default(), body.as_bytes(), &mut out)?;
    Ok(String::from_utf8(out).expect("text"))
}

fn ask(connection: &mut Connection, method: &str, fields: &[(&str, &str)], body: Option<&str>) -> String {
    let (mut out, fields) = (Vec::new(), block(fields));
    let head = RequestHead::new(method.as_bytes(), if method == "CONNECT" { b"a:1" } else { b"/" }, fields.lines());
    connection.send(Event::Request(head), &mut out).expect("a request");
    if let Some(body) = body {
        connection.send(Event::Data(body.as_bytes()), &mut out).expect("a body");
        connection.send(Event::End(FieldLines::default()), &mut out).expect("an end");
    }
    String::from_utf8(out).expect("text")
}

#[test]
fn every_row_of_the_table_is_used() {
    used();
    let mut server = Connection::server();
    // A request, an interim answer, an answer, the next cycle; then the client's end, between two messages.
    receive(&mut server, GET).expect("a request");
    let mut out = Vec::new();
    let hints = ResponseHead::new(103, FieldLines::default());
    server.send(Event::Response(hints), &mut out).expect("an interim answer");
    answer(&mut server, 200, &[], "tea").expect("an answer");
    assert!(receive(&mut server, b"").expect("nothing").is_empty());
    server.receive_eof().expect("the end");
    // The client ends its half behind its request, which is its last or not.
    for request in [GET, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] {
        let mut server = Connection::server();
        receive(&mut server, request).expect("a request");
        server.receive_eof().expect("the end");
        answer(&mut server, 200, &[], "").expect("an answer to who still reads");
    }
    // A head and a body that break a rule.
    let mut server = Connection::server();
    receive(&mut server, b"GET  /").expect_err("two spaces");
    assert_eq!(server.their_state(), State::Failed);
    answer(&mut server, 400, &[], "").expect("an answer before a request");
    let mut server = Connection::server();
    receive(&mut server, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx").expect_err("no size");
    assert_eq!(server.their_state(), State::Failed);
    // Tunnels, of a request that is the last and of one that is not.
    for close in ["", "Connection: close\r\n"] {
        let mut server = Connection::server();
        receive(&mut server, format!("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n{close}\r\n").as_bytes()).expect("a request");
        server.send_head(200, &block(&[]), Additions::default(), &mut out).expect("a tunnel");
    }
    // A client: bytes that nobody asked for, an answer that breaks a rule in its head and in its body, one that lasts until
    // the connection ends, ends between messages and behind the last.
    receive(&mut Connection::client(), b"x").expect_err("nobody asked");
    Connection::client().receive_eof().expect("the end");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx";
    for broken in ["x", chunked] {
        let mut client = Connection::client();
        ask(&mut client, "GET", &[("host", "a")], Some(""));
        receive(&mut client, broken.as_bytes()).expect_err("no answer");
    }
    let mut client = Connection::client();
    ask(&mut client, "GET", &[("host", "a")], Some(""));
    receive(&mut client, b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall").expect("an answer");
    assert!(client.receive_eof().expect("the end of the body").is_some());
    for close in ["", "Connection: close\r\n"] {
        let mut client = Connection::client();
        let length = if close.is_empty() { "1" } else { "0" };
        ask(&mut client, "POST", &[("host", "a"), ("content-length", length)], None);
        receive(&mut client, format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{close}\r\n").as_bytes())
            .expect("a head");
        client.receive_eof().expect("the end");
    }
    let mut client = Connection::client();
    ask(&mut client, "CONNECT", &[("host", "a")], Some(""));
    receive(&mut client, b"HTTP/1.1 200 OK\r\n\r\n").expect("a tunnel");
    let mut client = Connection::client();
    ask(&mut client, "CONNECT", &[("host", "a"), ("connection", "close")], Some(""));
    receive(&mut client, b"HTTP/1.1 200 OK\r\n\r\n").expect("a tunnel");

    let used = used();
    let sides = [Side::Requester, Side::Responder].into_iter();
    let rows: Vec<_> = sides.flat_map(|side| transitions(side).map(move |row| (side, row))).collect();
    assert!(rows.len() > 20, "only {} rows", rows.len());
    for (side, row) in rows {
        assert!(used.contains(&(side, row.0, row.1)), "{side:?} {row:?} is never used");
    }
}

#[test]
fn rfc9112_2_2_empty_lines_before_a_request_are_no_request() {
    for lines in 0..=MAX_EMPTY / 2 {
        let input = ["\r\n".repeat(lines).as_bytes(), GET].concat();
        assert_eq!(receive(&mut Connection::server(), &input).expect("a request"), ["/", "end"], "{lines} lines");
    }
    let input = ["\r\n".repeat(MAX_EMPTY / 2 + 1).as_bytes(), GET].concat();
    let error = receive(&mut Connection::server(), &input).expect_err("too many");
    assert_eq!((error.offset, error.status()), (MAX_EMPTY, 400));
    for nothing in ["", "\r", "\r\n", "\r\n\r", "\r\n\r\n"] {
        let mut server = Connection::server();
        assert!(receive(&mut server, nothing.as_bytes()).expect("nothing").is_empty());
        assert!(!server.in_head() && server.receive_eof().expect("no error").is_none(), "{nothing:?}");
    }
    let error = receive(&mut Connection::server(), b"\r\n\r\nGET  /").expect_err("two spaces");
    assert_eq!(error.offset, 8, "places count from the input's first byte");
}

#[test]
fn a_broken_request_behind_head_is_answered_with_a_body() {
    let mut server = Connection::server();
    receive(&mut server, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    assert!(answer(&mut server, 200, &[], "tea").expect("an answer").ends_with("content-length: 3\r\n\r\n"));
    receive(&mut server, b"GET  /").expect_err("two spaces");
    assert!(answer(&mut server, 400, &[], "why").expect("an answer").ends_with("\r\n\r\nwhy"));
}

#[test]
fn rfc9110_10_1_1_only_100_is_100() {
    let mut server = Connection::server();
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    receive(&mut server, request).expect("a request");
    let mut out = Vec::new();
    for (status, waits) in [(103, true), (102, true), (100, false)] {
        server.send(Event::Response(ResponseHead::new(status, FieldLines::default())), &mut out).expect("a head");
        assert_eq!(Connection::awaits_continue(&server), waits, "{status}");
    }
    let mut client = Connection::client();
    ask(&mut client, "POST", &[("host", "a"), ("expect", "100-continue"), ("content-length", "2")], None);
    for (status, waits) in [(103, true), (102, true), (100, false)] {
        receive(&mut client, format!("HTTP/1.1 {status} x\r\n\r\n").as_bytes()).expect("a head");
        assert_eq!(Connection::awaits_continue(&client), waits, "{status}");
    }
}

#[test]
fn rfc9931_8_a_refused_tunnel_closes_unread() {
    for status in [200, 301, 407, 501] {
        let mut server = Connection::server();
        let input = [b"CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", GET].concat();
        assert_eq!(receive(&mut server, &input).expect("a request"), ["b:443", "end"]);
        if status == 200 {
            server.send_head(200, &block(&[]), Additions::default(), &mut Vec::new()).expect("a tunnel");
            assert_eq!(server.our_state(), State::Switched);
            continue;
        }
        assert!(answer(&mut server, status, &[], "no").expect("an answer").contains("\r\nconnection: close\r\n"));
        assert!(!server.is_reusable() && receive(&mut server, GET).expect("nothing").is_empty(), "{status}");
    }
}

#[test]
fn rfc9110_15_2_2_101_names_a_protocol_that_was_asked_for() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: WebSocket, x/1\r\n\r\n";
    let rows = [
        (&["websocket"][..], true),
        (&["x/1"], true),
        (&["x/1, websocket"], true),
        (&["x/1", "websocket"], true),
        (&["x/2"], false),
        (&["websocket, h2c"], false),
        (&["h2c"], false),
        (&[""], false),
        (&[], false),
    ];
    for (protocols, allowed) in rows {
        let fields: Vec<_> = protocols.iter().map(|protocol| ("upgrade", *protocol)).collect();
        let mut server = Connection::server();
        receive(&mut server, request.as_bytes()).expect("a request");
        let mut out = Vec::new();
        let sent = server.send_head(101, &block(&fields), Additions::default(), &mut out);
        assert_eq!(sent, if allowed { Ok(()) } else { Err(Misuse::Protocol) }, "{protocols:?}");
        assert_eq!(allowed, !out.is_empty());

        let mut client = Connection::client();
        let sent = ask(&mut client, "GET", &[("host", "a"), ("upgrade", "WebSocket, x/1")], Some(""));
        assert!(sent.contains("\r\nconnection: upgrade\r\n"), "an Upgrade without it is none: {sent}");
        let lines: String = protocols.iter().map(|protocol| format!("Upgrade: {protocol}\r\n")).collect();
        let received = receive(&mut client, format!("HTTP/1.1 101 x\r\nConnection: upgrade\r\n{lines}\r\n").as_bytes());
        let violation = received.map_err(|error| error.violation);
        assert_eq!(violation, if allowed { Ok(vec!["101".into()]) } else { Err(Violation::Unasked) }, "{protocols:?}");
    }
    let mut server = Connection::server();
    receive(&mut server, GET).expect("a request");
    let sent = server.send_head(101, &block(&[("upgrade", "x")]), Additions::default(), &mut Vec::new());
    assert_eq!(sent, Err(Misuse::OutOfTurn), "nobody asked for anything");
    // A server that switches while the request is still coming gives up the switch: its client could not follow.
    let mut client = Connection::client();
    ask(&mut client, "POST", &[("host", "a"), ("upgrade", "x"), ("content-length", "1")], None);
    let early = receive(&mut client, b"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    assert_eq!(early.map_err(|error| error.violation), Err(Violation::Unasked));
    assert_eq!(client.their_state(), State::Failed);
}

#[test]
fn a_coding_that_a_handler_names_is_not_sent_to_http10() {
    let mut server = Connection::server();
    receive(&mut server, b"GET / HTTP/1.0\r\n\r\n").expect("a request");
    let text = answer(&mut server, 200, &[("Transfer-Encoding", "chunked"), ("x", "y")], "tea").expect("an answer");
    assert_eq!(text, "HTTP/1.1 200 OK\r\nx: y\r\n\r\ntea");
    assert!(!server.is_reusable(), "the end of the connection is the end of the body");
}

#[test]
fn a_whole_answer_is_checked_before_a_byte_of_it_is_written() {
    type Row<'r> = (u16, &'r [(&'r str, &'r str)], &'r str, Misuse);
    let rows: [Row<'_>; 6] = [
        (103, &[], "", Misuse::StatusLine),
        (200, &[("content-length", "2")], "tea", Misuse::TooManyBytes),
        (200, &[("content-length", "4")], "tea", Misuse::TooFewBytes),
        (204, &[], "tea", Misuse::NoBodyAllowed),
        (304, &[], "tea", Misuse::NoBodyAllowed),
        (200, &[("content-length", "3"), ("transfer-encoding", "chunked")], "tea", Misuse::Framing),
    ];
    for (status, fields, body, misuse) in rows {
        let mut server = Connection::server();
        receive(&mut server, GET).expect("a request");
        assert_eq!(answer(&mut server, status, fields, body), Err(misuse), "{status} {fields:?}");
        assert_eq!(answer(&mut server, 200, &[], "").expect("all is as before").matches("HTTP").count(), 1);
    }
}

#[test]
fn who_asks_to_keep_a_connection_is_told_for_how_long() {
    let rows = [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", false),
    ];
    for (request, told) in rows {
        let mut server = Connection::server();
        receive(&mut server, request.as_bytes()).expect("a request");
        let mut out = Vec::new();
        let additions = Additions { idle_seconds: Some(5), ..Additions::default() };
        server.answer(200, &block(&[]), additions, b"", &mut out).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&out).contains("\r\nkeep-alive: timeout=5\r\n"), told, "{request}");
    }
}

#[test]
fn what_has_come_of_a_body_can_be_looked_at_ahead() {
    let mut server = Connection::server();
    receive(&mut server, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").expect("a head");
    for (rest, ends) in [("3\r\ntea\r\n0\r\n\r\n", true), ("3\r\ntea\r\n0\r\n", false), ("x", false), ("", false)] {
        assert_eq!(server.ends_within(rest.as_bytes()), ends, "{rest:?}");
    }
    assert_eq!(server.their_state(), State::Body, "looking changes nothing");
}

/// Whether data may be sent, in chunks, how many bytes of it, and whether until the connection ends.
fn of_our_body(connection: &Connection) -> (bool, bool, Option<u64>, bool) {
    (connection.may_send_data(), connection.sends_chunks(), connection.room_left(), connection.sends_until_close())
}

#[test]
fn a_connection_says_how_its_own_body_is_framed() {
    const NONE: (bool, bool, Option<u64>, bool) = (false, false, None, false);
    let length: &[(&str, &str)] = &[("content-length", "3")];
    let rows = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, length, (true, false, Some(3), false)),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, &[], (true, true, None, false)),
        ("GET / HTTP/1.0\r\n\r\n", 200, &[], (true, false, None, true)),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200, length, NONE),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 304, length, NONE),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 204, &[], NONE),
    ];
    for (request, status, fields, says) in rows {
        let mut server = Connection::server();
        assert_eq!(of_our_body(&server), NONE, "{request} has not come");
        receive(&mut server, request.as_bytes()).expect("a request");
        assert_eq!(of_our_body(&server), NONE, "{request} is not answered");
        let mut out = Vec::new();
        server.send_head(status, &block(fields), Additions::default(), &mut out).expect("a head");
        assert_eq!(of_our_body(&server), says, "{request} {status}");
        if says.0 {
            server.send(Event::Data(b"te"), &mut out).expect("two of three bytes");
            assert_eq!(
                of_our_body(&server),
                (says.0, says.1, says.2.map(|room| room - 2), says.3),
                "{request} {status}"
            );
            server.send(Event::Data(b"a"), &mut out).expect("the third");
        }
        server.send(Event::End(FieldLines::default()), &mut out).expect("the end");
        assert_eq!(of_our_body(&server), NONE, "{request} {status} is over");
    }
}

#[test]
fn a_connection_says_what_of_the_peers_body_is_to_come_and_takes_no_part_for_the_whole() {
    let rows = [
        ("", "", Some(0), 0),
        ("Content-Length: 5\r\n", "", Some(5), 5),
        ("Content-Length: 5\r\n", "te", Some(3), 3),
        ("Content-Length: 2\r\n", "te", Some(0), 0),
        ("Transfer-Encoding: chunked\r\n", "", None, 0),
        ("Transfer-Encoding: chunked\r\n", "5\r\nte", None, 3),
        ("Transfer-Encoding: chunked\r\n", "2\r\nte\r\n0\r\n\r\n", Some(0), 0),
    ];
    for (fields, body, left, announced) in rows {
        let mut server = Connection::server();
        assert_eq!((server.body_left(), server.body_announced()), (Some(0), 0), "nothing was announced");
        receive(&mut server, format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}").as_bytes()).expect("a part");
        assert_eq!((server.body_left(), server.body_announced()), (left, announced), "{fields}{body}");
        let end = server.receive_eof().map(|event| event.is_some()).map_err(|error| error.violation);
        assert_eq!(end, if left == Some(0) { Ok(false) } else { Err(Violation::Incomplete) }, "{fields}{body}");
    }
    // A head that breaks off is no end between two messages.
    let mut server = Connection::server();
    receive(&mut server, b"GET / HTTP/1.1\r\nHo").expect("a part");
    assert!(server.in_head() && server.receive_eof().is_err());
}

#[test]
fn a_connection_is_used_again_unless_somebody_refuses() {
    for refuses in [false, true] {
        let mut server = Connection::server();
        receive(&mut server, GET).expect("a request");
        assert!(!server.is_reusable() && server.persists(), "the answer is to come");
        if refuses {
            server.refuse_reuse();
        }
        let text = answer(&mut server, 200, &[], "").expect("an answer");
        assert_eq!(text.contains("connection: close\r\n"), refuses);
        assert_eq!((server.is_reusable(), server.persists()), (!refuses, !refuses));
    }
}

#[test]
fn a_connection_remembers_what_was_asked() {
    for (request, head, connect, upgrades) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, false),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", false, true, false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", false, false, true),
    ] {
        let mut server = Connection::server();
        receive(&mut server, request.as_bytes()).expect("a request");
        let asked = (server.answers_head(), server.answers_connect(), server.upgrades());
        assert_eq!((asked, server.peer_version()), ((head, connect, upgrades), Version::Http11), "{request}");
    }
    let mut server = Connection::server();
    receive(&mut server, b"GET / HTTP/1.0\r\n\r\n").expect("a request");
    assert_eq!(server.peer_version(), Version::Http10);
}

/// Length and first letter tell almost all names apart from those that matter: these are the others.
#[test]
fn names_that_are_nearly_those_that_matter_mean_nothing() {
    let mut server = Connection::server();
    let request = "POST / HTTP/1.1\r\nHost: a\r\nHops: b\r\nExport: 100-continue\r\nConnection: upgrade\r\nUnicorn: x\r\n\
         Contention: close\r\nContent-Shapes: 5\r\nTransfer-Eloquent: chunked\r\nContent-Length: 1\r\n\r\n";
    assert_eq!(receive(&mut server, request.as_bytes()).expect("a request"), ["/"]);
    assert_eq!(server.body_left(), Some(1));
    assert!(!Connection::awaits_continue(&server) && !server.upgrades() && server.persists());
    let date = *b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    for (name, added) in [("dote", true), ("date", false)] {
        let mut server = Connection::server();
        receive(&mut server, GET).expect("a request");
        let mut out = Vec::new();
        let additions = Additions { date: Some(&date), ..Additions::default() };
        server.answer(200, &block(&[(name, "x")]), additions, b"", &mut out).expect("an answer");
        assert_eq!(out.windows(date.len()).any(|line| line == date), added, "{name}");
    }
}

#[test]
fn rfc9112_6_3_how_an_answer_is_framed() {
    let rows = [
        ("GET", "200 OK\r\nContent-Length: 3\r\n\r\ntea", vec!["200", "tea", "end"]),
        ("GET", "200 OK\r\nContent-Length: 0\r\n\r\n", vec!["200", "end"]),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n", vec!["200", "tea", "end"]),
        ("GET", "200 OK\r\n\r\ntea", vec!["200", "tea"]),
        ("HEAD", "200 OK\r\nContent-Length: 3\r\n\r\n", vec!["200", "end"]),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", vec!["200", "end"]),
        ("GET", "204 No Content\r\n\r\n", vec!["204", "end"]),
        ("GET", "304 Not Modified\r\nContent-Length: 3\r\n\r\n", vec!["304", "end"]),
        // A tunnel begins: what follows is no message.
        ("CONNECT", "200 OK\r\nContent-Length: 3\r\n\r\ntea", vec!["200"]),
        ("CONNECT", "300 No\r\nContent-Length: 3\r\n\r\ntea", vec!["300", "tea", "end"]),
        // Only a request's Host says where it goes.
        ("GET", "200 OK\r\nHost: a\r\nHost: ,\r\nContent-Length: 0\r\n\r\n", vec!["200", "end"]),
    ];
    for (method, answer, events) in rows {
        let mut client = Connection::client();
        ask(&mut client, method, &[("host", "a")], Some(""));
        let answer = format!("HTTP/1.1 {answer}");
        for (part, in_head) in [("", false), (&answer[..12], true)] {
            assert!(receive(&mut client, part.as_bytes()).expect("a part").is_empty());
            assert_eq!(client.in_head(), in_head, "{part:?}");
        }
        assert_eq!(receive(&mut client, answer.as_bytes()).expect("an answer"), events, "{method} {answer}");
        assert!(!client.in_head());
    }
}

#[test]
fn rfc9110_7_8_an_upgrade_needs_both_fields_and_http11() {
    for (fields, upgrades) in [
        ("HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x", true),
        ("HTTP/1.1\r\nHost: a\r\nUpgrade: x", false),
        ("HTTP/1.1\r\nHost: a\r\nConnection: upgrade", false),
        ("HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x", false),
    ] {
        let mut server = Connection::server();
        receive(&mut server, format!("GET / {fields}\r\n\r\n").as_bytes()).expect("a request");
        assert_eq!(server.upgrades(), upgrades, "{fields}");
    }
}

#[test]
fn rfc9110_8_6_the_longest_length() {
    let head = |length: u64| format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    let mut server = Connection::server();
    receive(&mut server, head(i64::MAX as u64).as_bytes()).expect("what fits a signed integer, as everywhere");
    assert_eq!(server.body_left(), Some(i64::MAX as u64));
    let error = receive(&mut Connection::server(), head(1 << 63).as_bytes()).expect_err("one more");
    assert_eq!(error.violation, Violation::ContentLengthTooLarge);
}

#[test]
fn our_own_framing_is_one_length_or_chunked_once() {
    let rows: [(&[(&str, &str)], bool); 7] = [
        (&[("content-length", "3")], true),
        (&[("transfer-encoding", "Chunked")], true),
        (&[("content-length", "3"), ("content-length", "3")], false),
        (&[("content-length", "+3")], false),
        (&[("transfer-encoding", "gzip")], false),
        (&[("transfer-encoding", "gzip, chunked")], false),
        (&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], false),
    ];
    for (fields, allowed) in rows {
        let mut server = Connection::server();
        receive(&mut server, GET).expect("a request");
        let sent = server.send_head(200, &block(fields), Additions::default(), &mut Vec::new());
        assert_eq!(sent, if allowed { Ok(()) } else { Err(Misuse::Framing) }, "{fields:?}");
    }
}

#[test]
fn an_end_of_which_no_byte_is_to_come_can_be_taken_ahead() {
    assert!(!Connection::server().receive_end(), "there is no message");
    for (framing, body, ends) in [
        ("", "", true),
        ("Content-Length: 3\r\n", "", false),
        ("Content-Length: 3\r\n", "te", false),
        ("Content-Length: 3\r\n", "tea", true),
        ("Transfer-Encoding: chunked\r\n", "", false),
        ("Transfer-Encoding: chunked\r\n", "3\r\ntea", false),
    ] {
        let (mut server, mut fields) = (Connection::server(), Fields::new());
        for part in [&format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n")[..], body] {
            if !part.is_empty() {
                server.receive(part.as_bytes(), &mut fields).expect("a part").1.expect("an event");
            }
        }
        assert_eq!(server.receive_end(), ends, "{framing}{body}");
        assert_eq!(server.their_state(), if ends { State::Done } else { State::Body }, "{framing}{body}");
        assert!(!server.receive_end(), "it is taken once");
    }
}

/// A name or a value is judged eight bytes at a time: each byte, at each place of short and longer ones, as if it were alone.
#[test]
fn every_byte_of_a_field_is_judged_wherever_it_stands() {
    for length in 1..=25 {
        for (at, byte) in (0..length).flat_map(|at| (0..=255).map(move |byte| (at, byte))) {
            let mut text = vec![b'a'; length];
            text[at] = byte;
            let is_name = FieldBlock::default().push(&text, "a").is_ok();
            assert_eq!(is_name, crate::parser::is_token_byte(byte), "{byte:#x} at {at} of a name of {length}");
            let is_value = FieldBlock::default().push("a", &text).is_ok();
            assert_eq!(is_value, crate::parser::is_value_byte(byte), "{byte:#x} at {at} of a value of {length}");
        }
    }
}
