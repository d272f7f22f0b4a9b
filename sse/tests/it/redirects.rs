//! Where an event source is sent: redirects, and the URLs that it is given.

use std::time::{Duration, Instant};

use wirebook_sse::connection::{Connection, Head, MAX_REDIRECTS};
use wirebook_sse::state::{ReadyState, State};
use wirebook_sse::url::{Url, UrlError};
use wirebook_sse::{Cause, Closed, Settings};

use super::event_source::{MS, URL, connection, request, to, wait};

/// Follows a redirect; says how long it had to wait for the floor.
fn follow(connection: &mut Connection, head: Head<'_>, now: &mut Instant) -> Duration {
    connection.receive_head(head, *now).unwrap();
    assert_eq!((connection.state(), connection.ready_state()), (State::Redirected, ReadyState::Connecting));
    let earliest = connection.deadline().unwrap();
    connection.expire(earliest).unwrap();
    assert_eq!(connection.state(), State::Connecting);
    let waited = earliest - *now;
    *now = earliest;
    waited
}

#[test]
fn redirects_are_followed_and_counted() {
    let (mut connection, mut now) = connection(Settings::default());
    for status in [301, 302, 303, 307, 308] {
        follow(&mut connection, Head { status, ..to(b"/next") }, &mut now);
        assert_eq!(connection.url().target(), "/next");
    }
    for _ in 5..MAX_REDIRECTS {
        follow(&mut connection, to(b"again?x"), &mut now);
    }
    connection.receive_head(to(b"once-more"), now).unwrap();
    assert_eq!(connection.state(), State::Waiting, "one redirect too many is a network error");
    assert_eq!(connection.cause(), Some(Cause::TooManyRedirects));
    wait(&mut connection, &mut now);
    assert_eq!(connection.url().to_string(), URL, "a reconnection starts at the beginning");
    connection.receive_head(to(b"https://example.test/"), now).unwrap();
    assert_eq!(connection.closed(), Some(Closed::Redirect(UrlError::Scheme)));
}

#[test]
fn a_redirect_is_a_connection_like_any_other() {
    let floor = Settings::default().min_delay;
    let (mut connection, mut now) = connection(Settings::default());
    now += 5 * MS;
    assert_eq!(follow(&mut connection, to(b"/quick"), &mut now), floor - 5 * MS, "the rest of the floor");
    now += 2 * floor;
    assert_eq!(follow(&mut connection, to(b"/slow"), &mut now), Duration::ZERO, "a slow answer has waited enough");
}

#[test]
fn fetch_4_4_another_origin_sees_no_credentials() {
    let headers = vec![("Authorization".into(), "secret".into()), ("Cookie".into(), "secret".into())];
    let (mut connection, mut now) = connection(Settings { headers, last_event_id: "7".into(), ..Settings::default() });
    follow(&mut connection, to(b"/same-origin"), &mut now);
    assert!(request(&connection).contains("secret"));
    for other in [&b"http://example.test:8001/"[..], b"//other.test:8000/"] {
        follow(&mut connection, to(other), &mut now);
        assert!(!request(&connection).contains("secret"));
        assert!(request(&connection).contains("Last-Event-ID: 7"));
    }
    connection.lost(Cause::Broken, now).unwrap();
    wait(&mut connection, &mut now);
    assert!(request(&connection).contains("secret"), "back at its own origin");
}

/// All durations and limits at their ends: whatever a peer then does, no panic, and a time that is no time is never.
#[test]
fn rfc_3986_5_4_reference_resolution() {
    let base = Url::parse("http://a/b/c/d;p?q").unwrap();
    // The examples of RFC 3986 §5.4 that an http URL without a fragment can have.
    for (reference, target) in [
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q"),
        (";x", "/b/c/;x"),
        ("g;x?y#s", "/b/c/g;x?y"),
        ("", "/b/c/d;p?q"),
        (".", "/b/c/"),
        ("./", "/b/c/"),
        ("..", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../g", "/g"),
        ("../../../../g", "/g"),
        ("/./g", "/g"),
        ("/../g", "/g"),
        ("g.", "/b/c/g."),
        ("..g", "/b/c/..g"),
        ("./g/.", "/b/c/g/"),
        ("g;x=1/../y", "/b/c/y"),
        ("g?y/../x", "/b/c/g?y/../x"),
        // The WHATWG's: backslashes, blanks, tabs, other scripts, dots that are percent-encoded.
        ("\\g\\h", "/g/h"),
        (" g h ", "/b/c/g%20h"),
        ("g\t\nh", "/b/c/gh"),
        ("http:g", "/b/c/g"),
        ("é", "/b/c/%C3%A9"),
        ("%2e%2e/g", "/b/g"),
        ("?a b", "/b/c/d;p?a%20b"),
        ("/a\r\nb", "/ab"),
    ] {
        assert_eq!(base.join(reference).unwrap().target(), target, "{reference:?}");
    }
    for (reference, whole) in [
        ("//g", "http://g/"),
        ("http://h:1/x", "http://h:1/x"),
        ("\\\\g", "http://g/"),
        ("//0x7f.1", "http://127.0.0.1/"),
        ("http://EXAMPLE.org:80#f", "http://example.org/"),
    ] {
        assert_eq!(base.join(reference).unwrap().to_string(), whole);
    }
    assert_eq!(base.join("mailto:x"), Err(UrlError::Scheme));
    assert_eq!(base.join("//"), Err(UrlError::Invalid));
    // A field is bytes: UTF-8 where it is, and else what stands there.
    assert_eq!(base.join_location("é".as_bytes()).unwrap().target(), "/b/c/%C3%A9");
    assert_eq!(base.join_location(b"\xe9").unwrap().target(), "/b/c/%E9");
}

#[test]
fn a_location_is_followed_as_browsers_do() {
    for (location, whole) in [
        (&b"/a b"[..], "http://example.test:8000/a%20b"),
        (b"\xe9", "http://example.test:8000/%E9"),
        (b"\\\\other.test\\x", "http://other.test/x"),
        (b"http:other", "http://example.test:8000/other"),
        (b"", URL),
    ] {
        let (mut connection, _) = connection(Settings::default());
        let now = Instant::now();
        connection.receive_head(Head { status: 302, location: Some(location), ..Head::default() }, now).unwrap();
        assert_eq!((connection.state(), &connection.url().to_string()[..]), (State::Redirected, whole));
    }
    for (location, error) in [
        (&b"https://a/"[..], UrlError::Scheme),
        (b"javascript:alert(1)", UrlError::Scheme),
        (b"http://", UrlError::Invalid),
        (b"http://u:p@a/", UrlError::Credentials),
        (b"//a:99999/", UrlError::Invalid),
    ] {
        let (mut connection, now) = connection(Settings::default());
        connection.receive_head(Head { status: 302, location: Some(location), ..Head::default() }, now).unwrap();
        assert_eq!(connection.closed(), Some(Closed::Redirect(error)));
    }
}

#[test]
fn urls_that_are_refused() {
    for (url, error) in [
        ("ftp://a/", UrlError::Scheme),
        ("a:80/b", UrlError::Scheme),
        ("a", UrlError::Invalid),
        ("", UrlError::Invalid),
        ("http://", UrlError::Invalid),
        ("http://:80/", UrlError::Invalid),
        ("http://a:b/", UrlError::Invalid),
        ("http://a:65536/", UrlError::Invalid),
        ("http://user:pass@a/", UrlError::Credentials),
        ("http://[::1", UrlError::Invalid),
        ("http://::1/", UrlError::Invalid),
        ("http://a b/", UrlError::Invalid),
    ] {
        assert_eq!(Url::parse(url), Err(error), "{url:?}");
    }
    // A backslash is a slash: what stands behind it is never a host.
    assert_eq!(Url::parse("http://good\\@127.0.0.1/").unwrap().host(), "good");
    let url = Url::parse("HTTP://[::1]:8080?x").unwrap();
    assert_eq!((url.host(), url.port(), url.target(), url.authority()), ("::1", 8080, "/?x", "[::1]:8080"));
}
