//! Every case document of every protocol: whole, byte by byte, at every cut, and with trailing bytes. A program of its own, so that
//! who writes a case builds and runs no other test.

use wirebook_cases::{Input, check, load};
use wirebook_tests::cases::{cluster, hpack, http1, http2, multipart, process, sse, template, web, websocket};

fn holds(protocol: &str, least: usize, trailing: &[u8], events: impl Fn(&Input<'_>) -> Vec<String>) {
    let cases = load(protocol).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(cases.len() >= least, "only {} cases of {protocol}", cases.len());
    check(&cases, trailing, events).unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn http1_on_the_connection_that_the_server_runs() {
    holds("http1", 100, b"GET /behind HTTP/1.1\r\nHost: b\r\n\r\n", http1::events);
}

#[test]
fn websocket_on_the_connection_of_either_side() {
    holds("websocket", 100, b"\x82", websocket::events);
}

#[test]
fn event_streams_by_line() {
    holds("sse", 89, b"x", sse::by_line);
}

#[test]
fn event_streams_fast() {
    holds("sse", 89, b"x", sse::fast);
}

#[test]
fn templates() {
    holds("template", 35, b"", template::events);
}

#[test]
fn field_blocks() {
    holds("hpack", 25, b"", hpack::events);
}

#[test]
fn http2_on_the_connection_of_either_end() {
    holds("http2", 200, b"\0", http2::events);
}

/// The cells of the table of stream states, each by its name in `states.md`.
#[test]
fn every_cell_of_the_states_of_http2_has_a_case() {
    use wirebook_http2::state::{Input, State};
    let snake = |name: String| {
        name.chars().fold(String::new(), |mut all, c| {
            if c.is_ascii_uppercase() && !all.is_empty() {
                all.push('_');
            }
            all.push(c.to_ascii_lowercase());
            all
        })
    };
    let cases = load("http2").expect("documents");
    let missing: Vec<String> = State::ALL
        .into_iter()
        .flat_map(|state| {
            Input::ALL.map(|input| format!("{}_{}", snake(format!("{state:?}")), snake(format!("{input:?}"))))
        })
        .filter(|name| !cases.iter().any(|case| case.name == *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn forms() {
    holds("multipart", 80, b"x", multipart::events);
}

#[test]
fn the_web_layer() {
    holds("web", 15, b"", web::events);
}

#[test]
fn channels_between_processes() {
    holds("process", 75, b"{", process::events);
}

#[test]
fn supervisors_of_clusters() {
    holds("cluster", 45, b"", cluster::events);
}
