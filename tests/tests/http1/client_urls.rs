//! What texts mean as URLs, by the WHATWG's standard, and which hosts a request may name without one.

use wirebook_http1::client::{Agent, AgentOptions, Error, Options, Origin, Url, request};
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::http1_world::{ADDRESS, simulate};

/// Text, host, port, path, `user:password`.
type Meant = (&'static str, &'static str, u16, &'static str, Option<&'static str>);

/// Rows of the standard's own table of cases (`urltestdata.json` of the web platform tests), and others of their kind.
const ABSOLUTE: &[Meant] = &[
    ("http://example\t.\norg", "example.org", 80, "/", None),
    ("http://user:pass@foo:21/bar;par?b#c", "foo", 21, "/bar;par?b", Some("user:pass")),
    // A backslash is a slash: what stands behind it is never a host.
    ("http://good\\@127.0.0.1/", "good", 80, "/@127.0.0.1/", None),
    ("http://foo.com/\\@", "foo.com", 80, "//@", None),
    ("http:\\\\x\\hello", "x", 80, "/hello", None),
    ("http://a\\b@c/", "a", 80, "/b@c/", None),
    // User and password.
    ("https://test:@test", "test", 443, "/", Some("test:")),
    ("http://u@a/", "a", 80, "/", Some("u:")),
    ("http://:p@a/", "a", 80, "/", Some(":p")),
    ("http://@a/", "a", 80, "/", None),
    ("https://:@test", "test", 443, "/", None),
    ("http://a:b@c:29/d", "c", 29, "/d", Some("a:b")),
    ("http://::@c@d:2", "d", 2, "/", Some("::@c")),
    ("http://good@evil@c/", "c", 80, "/", Some("good@evil:")),
    ("http://a%40b:p%3A@c/", "c", 80, "/", Some("a@b:p:")),
    ("http://é:ü@a/", "a", 80, "/", Some("é:ü")),
    // Ports.
    ("http://f:/c", "f", 80, "/c", None),
    ("http://f:0/c", "f", 0, "/c", None),
    ("http://f:00000000000000000000080/c", "f", 80, "/c", None),
    ("https://f:443/", "f", 443, "/", None),
    ("https://f:80/", "f", 80, "/", None),
    ("http://f:\n/c", "f", 80, "/c", None),
    ("http://f:65535/c", "f", 65535, "/c", None),
    // Slashes that are too many or too few.
    ("http:a", "a", 80, "/", None),
    ("http:/a/b", "a", 80, "/b", None),
    ("http:////a/b", "a", 80, "/b", None),
    ("http://a?b", "a", 80, "/?b", None),
    ("http://a#b", "a", 80, "/", None),
    // Space, tabs and line ends.
    (" \t http://a/b \r\n", "a", 80, "/b", None),
    ("http://f:21/ b ? d # e ", "f", 21, "/%20b%20?%20d%20", None),
    ("ht\ntp://a/b\tc", "a", 80, "/bc", None),
    // Dots, also those that are percent-encoded.
    ("http://a/b/./c/../d", "a", 80, "/b/d", None),
    ("http://a/b/%2e%2E/c", "a", 80, "/c", None),
    ("http://a/../../b/..", "a", 80, "/", None),
    ("http://a/...", "a", 80, "/...", None),
    // What is percent-encoded, and what is left as it is.
    ("http://a/%", "a", 80, "/%", None),
    ("http://a/%zz%41", "a", 80, "/%zz%41", None),
    ("http://a/é\"<>`{}?é\"<>'", "a", 80, "/%C3%A9%22%3C%3E%60%7B%7D?%C3%A9%22%3C%3E%27", None),
    ("http://a/|~!$&'()*+,;=:@", "a", 80, "/|~!$&'()*+,;=:@", None),
    ("http://a/\u{0}\u{7f}", "a", 80, "/%00%7F", None),
    // Hosts: case, percent-encoding, other scripts, widths.
    ("HTTP://EXAMPLE.org/A", "example.org", 80, "/A", None),
    ("http://ex%41mple.org/", "example.org", 80, "/", None),
    ("http://bücher.example/", "xn--bcher-kva.example", 80, "/", None),
    ("http://Ｇｏ.com", "go.com", 80, "/", None),
    ("http://a_b-c~.d/", "a_b-c~.d", 80, "/", None),
    // IPv4 in all its spellings.
    ("http://127.0.0.1:8080/", "127.0.0.1", 8080, "/", None),
    ("http://0x7f.1/", "127.0.0.1", 80, "/", None),
    ("http://0X7F.0.0.01/", "127.0.0.1", 80, "/", None),
    ("http://2130706433/", "127.0.0.1", 80, "/", None),
    ("http://017700000001", "127.0.0.1", 80, "/", None),
    ("http://127.1./", "127.0.0.1", 80, "/", None),
    ("http://０Ｘｃ０．０２５０．０１", "192.168.0.1", 80, "/", None),
    ("http://1.2.3.4.5.example/", "1.2.3.4.5.example", 80, "/", None),
    // IPv6.
    ("http://[::1]/", "[::1]", 80, "/", None),
    ("http://[1::0:0:B]:81/", "[1::b]", 81, "/", None),
    ("http://[::127.0.0.1]", "[::7f00:1]", 80, "/", None),
    ("http://u:p@[::1]:1/", "[::1]", 1, "/", Some("u:p")),
];

const NONE: &[&str] = &[
    "",
    "a",
    "/a",
    "//a/b",
    "a:80/b",
    "127.0.0.1:80",
    "file:///a",
    "ftp://a/",
    "javascript:alert(1)",
    "data:text/plain,a",
    "ws://a/",
    "http:",
    "http://",
    "http:///",
    "http://?",
    "http://a b/",
    "http://a<b/",
    "http://a^b/",
    "http://a|b/",
    "http://%",
    "http://%00/",
    "http://a%2fb/",
    "http://u@/x",
    "http://@/",
    "http://:80/",
    "http://a:x/",
    "http://a:-1/",
    "http://a:+80/",
    "http://a:65536/",
    "http://f:999999/c",
    "http://a: 80/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]a/",
    "http://[a]/",
    "http://[1::2::3]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]:80/",
    "http://[www.google.com]/",
    "http://256.1.1.1/",
    "http://1.2.3.4.5/",
    "http://0x100000000/",
    "http://1.2.3.09/",
    "http://\u{ad}/",
    "http://u%ff@a/",
];

#[test]
fn absolute_urls_mean_what_the_whatwg_says() {
    for (text, host, port, path, auth) in ABSOLUTE {
        let url = Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!((&*url.host, url.port, &*url.path, url.auth.as_deref()), (*host, *port, *path, *auth), "{text:?}");
        assert_eq!(url.secure, text.to_ascii_lowercase().contains("https:"), "{text:?}");
        // Whatever was read can be sent.
        assert!(url.path.bytes().all(|byte| byte.is_ascii_graphic()) && url.host.is_ascii(), "{text:?}");
    }
}

#[test]
fn what_is_no_url_to_ask_for_is_refused() {
    for text in NONE {
        assert!(matches!(Url::parse(text), Err(Error::Option(_))), "{text:?}: {:?}", Url::parse(text));
    }
}

#[test]
fn references_are_joined_as_rfc3986_5_4_and_the_whatwg_have_it() {
    let base = Url::parse("http://u:p@a/b/c/d;p?q").expect("a URL");
    for (reference, path) in [
        // RFC 3986 §5.4.1 and §5.4.2, the fragments left off.
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q"),
        (";x", "/b/c/;x"),
        ("", "/b/c/d;p?q"),
        (".", "/b/c/"),
        ("./", "/b/c/"),
        ("..", "/b/"),
        ("../", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../g", "/g"),
        ("../../../g", "/g"),
        ("/./g", "/g"),
        ("/../g", "/g"),
        ("g.", "/b/c/g."),
        ("..g", "/b/c/..g"),
        ("./g/.", "/b/c/g/"),
        ("g/../h", "/b/c/h"),
        ("g;x=1/../y", "/b/c/y"),
        // The WHATWG's.
        ("\\g\\h", "/g/h"),
        (" g h ", "/b/c/g%20h"),
        ("g\t\nh", "/b/c/gh"),
        ("http:g", "/b/c/g"),
        (":8/g", "/b/c/:8/g"),
        ("é", "/b/c/%C3%A9"),
        ("%2e%2e/g", "/b/g"),
        ("?a b", "/b/c/d;p?a%20b"),
    ] {
        let joined = base.join(reference).unwrap_or_else(|error| panic!("{reference:?}: {error}"));
        assert_eq!((&*joined.path, joined.auth.as_deref()), (path, Some("u:p")), "{reference:?}");
        assert!(joined.is_same_origin(&base));
    }
    for (reference, host, port) in [
        ("//g", "g", 80),
        ("http://g:8/h", "g", 8),
        ("https://a/", "a", 443),
        ("\\\\g", "g", 80),
        ("//0x7f.1", "127.0.0.1", 80),
    ] {
        let joined = base.join(reference).expect("a URL");
        assert_eq!((&*joined.host, joined.port, &joined.auth), (host, port, &None), "{reference}");
        assert!(!joined.is_same_origin(&base), "{reference}");
    }
    for reference in ["javascript:alert(1)", "//", "http://", "//a:x", "//[", "file:///a", "mailto:a@b"] {
        assert!(base.join(reference).is_err(), "{reference}");
    }
}

#[test]
fn origins_are_the_same_however_they_are_written() {
    let url = |text| Url::parse(text).expect("a URL");
    for (one, other, same) in [
        ("http://a/", "HTTP://A:80/b?c", true),
        ("http://127.0.0.1/", "http://0x7f.1/", true),
        ("http://u:p@a/", "http://a/", true),
        ("http://a/", "https://a/", false),
        ("http://a/", "http://a:81/", false),
        ("http://a/", "https://a:80/", false),
        ("http://a/", "http://a./", false),
    ] {
        assert_eq!(url(one).is_same_origin(&url(other)), same, "{one} {other}");
    }
}

/// The host that the connector was given, and the first head that came.
fn asked(host: &'static str, port: u16) -> Result<(String, String), Error> {
    simulate(async move {
        let listener = SimListener::bind(ADDRESS).expect("a free address");
        let origin = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let noted = origin.clone();
        let agent = Agent::with_connector(AgentOptions::default(), async move |origin: Origin| {
            *noted.borrow_mut() = origin.host;
            SimStream::connect(ADDRESS).await
        });
        let head = net::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut bytes = [0; 1000];
            let count = stream.read(&mut bytes).await.expect("a head");
            stream.write_all(b"HTTP/1.1 204 \r\n\r\n").await.expect("a client that reads");
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        });
        request(&Options { host, port, agent: Some(&agent), ..Options::default() }).await?.end("").await?;
        Ok((origin.take(), head.await.expect("no panic")))
    })
}

#[test]
fn hosts_without_a_url_may_be_names_and_addresses_with_brackets_and_without() {
    for (host, port, connects_to, field) in [
        ("a", 80, "a", "a"),
        ("A.Example", 81, "a.example", "A.Example:81"),
        ("127.0.0.1", 80, "127.0.0.1", "127.0.0.1"),
        ("::1", 80, "::1", "[::1]"),
        ("[::1]", 8080, "::1", "[::1]:8080"),
        // The zone is this machine's own name for a link: it says where to connect, and nothing to the server.
        ("fe80::1%eth0", 80, "fe80::1%eth0", "[fe80::1]"),
        ("[fe80::1%eth0]", 81, "fe80::1%eth0", "[fe80::1]:81"),
    ] {
        let (to, head) = asked(host, port).unwrap_or_else(|error| panic!("{host}: {error}"));
        assert_eq!(to, connects_to, "{host}");
        assert!(head.contains(&format!("\r\nhost: {field}\r\n")), "{host}: {head}");
    }
}

#[test]
fn hosts_that_are_none_are_refused() {
    for host in [
        "",
        "[]",
        "[a]",
        "[127.0.0.1]",
        "[::1",
        "::1]",
        "[[::1]]",
        "a:80",
        "127.0.0.1:80",
        "[::1]:80",
        "a/b",
        "a b",
        "u@a",
        "a\\b",
        "a\r\nb",
        "é",
        "fe80::1%",
        "[fe80::1%]",
        "fe80::1%a/b",
        "fe80::1%a b",
        "fe80::1%a]",
        "a%eth0",
        "1::2::3",
        "a?b",
        "a#b",
        "a,b",
    ] {
        assert!(matches!(asked(host, 80), Err(Error::Option(_))), "{host:?}");
    }
}
