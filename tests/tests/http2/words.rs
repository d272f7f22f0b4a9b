//! What a server says as it refuses or ends: whoever asked hears it by its name, and as much of its text as fits in an error.

use crate::peer::simulate;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http2::client::{Error, Goaway, MAX_DEBUG, Session};
use wirebook_http2::{Code, Config};
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};

/// How the server's connection goes on behind its last word.
#[derive(Clone, Copy, Debug)]
enum Then {
    Stays,
    Ends,
    Breaks,
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    [&length.to_be_bytes()[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

fn reset(stream: u8, code: Code) -> Vec<u8> {
    frame(3, 0, stream, &code.0.to_be_bytes())
}

fn goaway(last: u8, code: Code, debug: &[u8]) -> Vec<u8> {
    frame(7, 0, 0, &[&[0, 0, 0, last], &code.0.to_be_bytes()[..], debug].concat())
}

/// A server that takes tunnels, says this to the first request, and then does that.
fn serves(said: Vec<u8>, then: Then) -> Session {
    let (here, there) = SimStream::pair();
    net::spawn(async move {
        // SETTINGS_ENABLE_CONNECT_PROTOCOL.
        there.write_all(&frame(4, 0, 0, &[0, 8, 0, 0, 0, 1])).await.expect("a client");
        let (mut heard, mut bytes) = (Vec::new(), [0; 4096]);
        while !has_head(&heard) {
            let count = there.read(&mut bytes).await.expect("a client");
            heard.extend_from_slice(&bytes[..count]);
        }
        there.write_all(&said).await.expect("a client");
        match then {
            Then::Stays => while matches!(there.read(&mut bytes).await, Ok(1..)) {},
            Then::Ends => {}
            Then::Breaks => {
                net::sleep(Duration::from_millis(10)).await;
                there.reset();
            }
        }
    });
    Session::over(here, "a", Arc::new(Config::default()))
}

fn has_head(heard: &[u8]) -> bool {
    let mut rest = heard.get(24..).unwrap_or_default();
    while rest.len() >= 9 {
        if rest[3] == 1 {
            return true;
        }
        rest = rest.get(9 + usize::from(rest[2])..).unwrap_or_default();
    }
    false
}

/// All codes of the registry, and one that nobody has given a name.
fn codes() -> impl Iterator<Item = Code> {
    (0..14).chain([0x17]).map(Code)
}

async fn get(session: &Session) -> Error {
    let exchange = async { session.request("GET", "/").send("").await?.bytes(100).await };
    net::timeout(Duration::from_secs(1), exchange).await.expect("an end").expect_err("no answer")
}

#[test]
fn a_reset_names_its_code_before_the_head_and_behind_it() {
    for code in codes() {
        for head in [Vec::new(), frame(1, 4, 1, &[0x88])] {
            simulate(async move {
                let error = get(&serves([head, reset(1, code)].concat(), Then::Stays)).await;
                assert!(error.to_string().ends_with(&format!("the server has reset the stream: {code}")), "{error}");
                assert_eq!(error.is_unprocessed(), code == Code::REFUSED_STREAM, "{error}");
                let reason = error.source().and_then(|source| source.downcast_ref()).unwrap_or(&error);
                assert!(matches!(reason, Error::Reset(why) if *why == code), "{error:?}");
                net::stop();
            });
        }
    }
}

/// Whoever is above the last number, and whoever comes later, has not been looked at; the others know only that the end has come.
#[test]
fn a_goaway_names_its_code_to_whom_it_refuses_whom_it_breaks_off_and_who_comes_later() {
    for code in codes() {
        for then in [Then::Stays, Then::Ends, Then::Breaks] {
            for last in [0, 1] {
                simulate(async move {
                    let session = serves(goaway(last, code, b"calm \x1b[31mdown"), then);
                    let said = format!("the server has ended the connection: {code} \"calm \\u{{1b}}[31mdown\"");
                    let refused = format!("the server has not looked at the request: {said}");
                    if !(last == 1 && matches!(then, Then::Stays)) {
                        let error = get(&session).await;
                        assert_eq!(error.to_string(), if last == 0 { &*refused } else { &*said }, "{then:?}");
                        assert_eq!(error.is_unprocessed(), last == 0);
                    } else {
                        // It goes on, however long that takes.
                        let waits = session.request("GET", "/").send("");
                        assert!(net::timeout(Duration::from_secs(1), waits).await.is_err());
                    }
                    assert!(!session.is_open());
                    let later = get(&session).await;
                    assert_eq!((later.to_string(), later.is_unprocessed()), (refused.clone(), true));
                    let tunnel = session.request("CONNECT", "/").upgrade("tea").await.err().expect("no tunnel");
                    assert_eq!((tunnel.to_string(), tunnel.is_unprocessed()), (refused, true));
                    if !matches!(then, Then::Stays) {
                        session.closed().await;
                        assert_eq!(session.ping().await.expect_err("no pong").to_string(), said);
                    }
                    net::stop();
                });
            }
        }
    }
}

#[test]
fn an_end_without_a_word_is_called_so() {
    simulate(async {
        assert!(matches!(get(&serves(Vec::new(), Then::Ends)).await, Error::Ended));
        let broken = get(&serves(Vec::new(), Then::Breaks)).await;
        assert!(matches!(&broken, Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionReset), "{broken}");
        net::stop();
    });
}

/// A server that goes in peace says GOAWAY twice, and one that has met a fault may say it behind that.
#[test]
fn of_several_words_the_one_that_names_a_fault_counts() {
    let peace = goaway(127, Code::NO_ERROR, b"");
    let fault = goaway(1, Code::INTERNAL_ERROR, b"");
    for words in [[&peace[..], &fault], [&fault[..], &goaway(1, Code::NO_ERROR, b"")]] {
        let words = words.concat();
        simulate(async move {
            let error = get(&serves(words, Then::Ends)).await;
            assert!(matches!(&error, Error::Goaway(said) if said.code == Code::INTERNAL_ERROR), "{error}");
            net::stop();
        });
    }
}

/// The bound and one more; none; and what is no text.
#[test]
fn as_much_of_the_text_is_kept_as_is_read_in_an_error() {
    for (debug, kept) in [
        (vec![b'x'; MAX_DEBUG], "x".repeat(MAX_DEBUG)),
        (vec![b'x'; MAX_DEBUG + 1], "x".repeat(MAX_DEBUG)),
        (vec![b'x'; 16_000], "x".repeat(MAX_DEBUG)),
        (Vec::new(), String::new()),
        (b"\xff\0\r\n\"\\".to_vec(), "\u{fffd}\\0\\r\\n\\\"\\\\".to_owned()),
        ("\u{202e}".as_bytes().to_vec(), "\\u{202e}".to_owned()),
    ] {
        simulate(async move {
            let error = get(&serves(goaway(1, Code::ENHANCE_YOUR_CALM, &debug), Then::Ends)).await;
            let Error::Goaway(Goaway { code, debug }) = error else { panic!("{error}") };
            assert_eq!((code, &*debug), (Code::ENHANCE_YOUR_CALM, &*kept));
            net::stop();
        });
    }
}

/// As TCP has it, with the reason inside.
#[test]
fn a_tunnel_hears_why_it_broke() {
    for (word, then, said) in [
        (reset(1, Code::CONNECT_ERROR), Then::Stays, "the server has reset the stream: CONNECT_ERROR"),
        (
            goaway(0, Code::NO_ERROR, b""),
            Then::Stays,
            "the server has not looked at the request: the server has ended the connection: NO_ERROR",
        ),
        (goaway(1, Code::INTERNAL_ERROR, b""), Then::Ends, "the server has ended the connection: INTERNAL_ERROR"),
        (Vec::new(), Then::Ends, "the connection has ended in the middle"),
    ] {
        simulate(async move {
            let session = serves([frame(1, 4, 1, &[0x88]), word].concat(), then);
            let tunnel = session.request("CONNECT", "/").upgrade("tea").await;
            // What comes in one piece with the head may be faster than the tunnel.
            let error = match tunnel {
                Ok(opened) => {
                    let error = opened.stream.read(&mut [0; 10]).await.expect_err("an error");
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                    let again = opened.stream.read(&mut [0; 10]).await;
                    assert_eq!(again.expect("told once"), 0);
                    error.to_string()
                }
                Err(error) => error.to_string(),
            };
            assert_eq!(error, said);
            net::stop();
        });
    }
}

/// To whoever knows the errors of the system alone.
#[test]
fn each_error_has_a_kind() {
    use std::io::{self, ErrorKind};
    use wirebook_http2::{Misuse, Violation, wire};
    let broken = |violation| Error::Protocol(wire::Error { violation, stream: None, offset: 0 });
    let goaway = || Error::Goaway(Goaway { code: Code::ENHANCE_YOUR_CALM, debug: "".into() });
    let rows = [
        (Error::from(io::Error::from(ErrorKind::ConnectionRefused)), ErrorKind::ConnectionRefused),
        (broken(Violation::PingTimeout), ErrorKind::TimedOut),
        (broken(Violation::BodyTimeout), ErrorKind::TimedOut),
        (broken(Violation::Status), ErrorKind::InvalidData),
        (Error::NotSpoken, ErrorKind::InvalidData),
        (Error::Reset(Code::CANCEL), ErrorKind::ConnectionReset),
        (goaway(), ErrorKind::ConnectionReset),
        (Error::Ended, ErrorKind::UnexpectedEof),
        (Error::Closed, ErrorKind::ConnectionAborted),
        (Error::BrokenOff, ErrorKind::ConnectionAborted),
        (Error::Misuse(Misuse::Closed), ErrorKind::InvalidInput),
        (Error::Refused(404), ErrorKind::Other),
        (Error::TooLarge, ErrorKind::Other),
        (Error::from(wirebook_http1::client::Error::Option("no URL")), ErrorKind::InvalidInput),
        (Error::Unprocessed(Arc::new(goaway())), ErrorKind::ConnectionReset),
        (Error::Unprocessed(Arc::new(broken(Violation::PingTimeout))), ErrorKind::TimedOut),
    ];
    for (error, kind) in rows {
        let (says, made) = (error.to_string(), io::Error::from(error));
        assert_eq!((made.kind(), made.to_string()), (kind, says));
    }
}

/// What a server must not say: the rule is named to whoever asked, over a stream that stays open.
#[test]
fn a_server_that_breaks_a_rule_is_told_of_by_the_rule() {
    use wirebook_http2::Violation::{self, *};
    let field = |name: &str, value: &str| {
        [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
    };
    let head = |block: &[u8], flags: u8| frame(1, flags, 1, block);
    let status = |text: &str| field(":status", text);
    let ok = || head(&[0x88], 4);
    let setting = |name: u8, value: u32| frame(4, 0, 0, &[&[0, name], &value.to_be_bytes()[..]].concat());
    let rows: Vec<(Vec<u8>, Violation)> = vec![
        (frame(1, 5, 2, &[0x88]), StreamIdle),
        (frame(1, 5, 3, &[0x88]), StreamIdle),
        (frame(5, 4, 1, &[0, 0, 0, 2, 0x82]), Push),
        (setting(2, 1), SettingPush),
        (setting(5, 0), SettingValue),
        (setting(8, 0), SettingValue),
        (setting(4, 1 << 31), SettingWindow),
        (frame(3, 0, 3, &[0; 4]), StreamIdle),
        (frame(8, 0, 3, &[0, 0, 0, 1]), StreamIdle),
        (frame(8, 0, 0, &[0; 4]), WindowZero),
        (frame(8, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), WindowOverflow),
        (frame(8, 0, 1, &[0x7f, 0xff, 0xff, 0xff]), WindowOverflow),
        (frame(0x10, 0, 0, b"\0\0\0\x01u=1"), PriorityUpdate),
        (frame(9, 4, 1, &[0x88]), BlockMissing),
        ([head(&[0x88], 1), frame(6, 0, 0, &[0; 8])].concat(), BlockInterrupted),
        ([head(&[0x88], 1), frame(9, 0, 1, &[]).repeat(9)].concat(), TooManyContinuations),
        (frame(6, 0, 0, &[0; 8]).repeat(1000), TooManyIdle),
        (frame(6, 0, 0, &[0; 7]), FrameLength),
        (frame(0, 1, 1, b"tea"), DataEarly),
        (head(&status("101"), 5), Status),
        (head(&status("20"), 5), Status),
        (head(&status("099"), 5), Status),
        (head(&status("2000"), 5), Status),
        (head(&[], 5), PseudoMissing),
        (head(&[0x88, 0x88], 5), PseudoRepeated),
        (head(&[0x88, 0x84], 5), PseudoUnknown),
        (head(&[&field("a", "b")[..], &[0x88]].concat(), 5), PseudoLate),
        (head(&[&[0x88], &field("connection", "close")[..]].concat(), 5), ConnectionField),
        (head(&[&[0x88], &field("A", "b")[..]].concat(), 5), FieldName),
        (head(&[&[0x88], &field("a", "b\r\nc")[..]].concat(), 5), FieldValue),
        (head(&[&[0x88], &field("content-length", "3")[..]].concat(), 5), LengthMismatch),
        (head(&[&[0x88], &field("content-length", "3, 4")[..]].concat(), 5), ContentLength),
        (head(&status("103"), 5), InterimEnd),
        (head(&status("103"), 4).repeat(65), TooManyInterim),
        ([ok(), frame(1, 4, 1, &field("a", "b"))].concat(), TrailersOpen),
        ([ok(), frame(1, 5, 1, &[0x88])].concat(), PseudoUnknown),
        (
            [head(&[&[0x88], &field("content-length", "3")[..]].concat(), 4), frame(0, 1, 1, b"teas")].concat(),
            LengthMismatch,
        ),
        (head(&[0x40], 5), Compression(wirebook_hpack::Violation::Truncated)),
    ];
    let faults = rows.into_iter().filter_map(|(said, violation)| {
        simulate(async move {
            let error = get(&serves(said, Then::Stays)).await;
            net::stop();
            let is_named = matches!(&error, Error::Protocol(error) if error.violation == violation);
            (!is_named).then(|| format!("{violation:?}, but {error:?}"))
        })
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What looks like a mistake and is none.
#[test]
fn what_a_server_may_say_does_no_harm() {
    let ok = || [frame(1, 4, 1, &[0x88]), frame(0, 1, 1, b"tea")].concat();
    for said in [
        [frame(0xa, 0, 0, b"\0\0x"), frame(0xc, 0, 0, b"\0\x01a"), frame(0xee, 0xff, 9, b"?"), ok()].concat(),
        [goaway(1, Code::NO_ERROR, b""), ok()].concat(),
        [ok(), reset(1, Code::NO_ERROR)].concat(),
        [frame(1, 4, 1, b"\0\x07:status\x03103").repeat(64), ok()].concat(),
        [frame(2, 0, 7, &[0, 0, 0, 0, 1]), frame(8, 0, 1, &[0, 0, 0, 1]), ok()].concat(),
        [frame(1, 4, 1, &[0x88]), frame(0, 0, 1, b"").repeat(700), frame(0, 9, 1, b"\x02tea\0\0")].concat(),
    ] {
        simulate(async move {
            let mut answer = serves(said, Then::Stays).request("GET", "/").send("").await.expect("an answer");
            assert_eq!((answer.status(), answer.bytes(10).await.expect("content")), (200, b"tea".to_vec()));
            net::stop();
        });
    }
}
