//! Security rules 8, 9, 14, 15, 20 and 21: cookies, signatures, hosts, proxies, shared caches and errors. See `rule_list.rs`.

use super::world::*;
use wirebook_web::layers::{catch_panic, errors};
use wirebook_web::message::cache_control::{Answer as Stored, CacheControl, NotStored, store};
use wirebook_web::trust::{Keys, Purpose, SameSite, SetCookie, Source, Trust};
use wirebook_web::{Environment, Failure, Options, Router};

/// A failure that is made far from the texts that no page may show, because developers see the lines around it.
fn away() -> Failure {
    Failure::new(500, "the <database> is away")
}

#[test]
fn rule_08_a_cookie_that_is_set_wrongly_is_not_set() {
    let plain = || SetCookie::new("sid", "1");
    let named = |name: &'static str| SetCookie { secure: true, ..SetCookie::new(name, "1") };
    let wrong = [
        SetCookie::new("a\r\nset-cookie: b", "1"),
        SetCookie::new("a=b; Domain=evil.example", "1"),
        SetCookie::new("", "1"),
        SetCookie::new("sid", "1; Path=/admin"),
        SetCookie::new("sid", "1\r\nlocation: //evil.example"),
        SetCookie::new("sid", "é"),
        SetCookie { path: Some("/; Domain=evil.example"), ..plain() },
        SetCookie { path: Some("admin"), ..plain() },
        SetCookie { domain: Some("example.com; Secure"), ..plain() },
        SetCookie { same_site: Some(SameSite::None), ..plain() },
        SetCookie { partitioned: true, ..plain() },
        SetCookie::new("__Secure-sid", "1"),
        SetCookie::new("__host-sid", "1"),
        SetCookie { domain: Some("example.com"), ..named("__Host-sid") },
        SetCookie { path: Some("/a"), ..named("__Host-sid") },
        SetCookie { http_only: false, ..named("__Http-sid") },
    ];
    let right = [
        plain(),
        SetCookie { same_site: Some(SameSite::None), partitioned: true, ..named("other") },
        named("__Secure-sid"),
        named("__Host-sid"),
        named("__Http-sid"),
    ];
    let cookies = wrong.into_iter().map(|cookie| (cookie, 500)).chain(right.into_iter().map(|cookie| (cookie, 200)));
    for (cookie, status) in cookies {
        let what = format!("{cookie:?}");
        let reply = get(app(Router::new().get("/", async move |ctx| ctx.set_cookie(&cookie)?.text("set"))), "/");
        let count = usize::from(status == 200);
        assert_eq!((reply.status, reply.all("set-cookie").len()), (status, count), "{what}");
    }
}

#[test]
fn rule_09_a_code_covers_name_value_time_and_owner() {
    let keys = Keys::new(&[&[7; 32]]).unwrap();
    let token = keys.sign(Purpose::Cookie, "cart", b"3 apples", 1_000, b"client a");
    let read = |name: &str, token: &str, now: u64, owner: &[u8], purpose| {
        keys.verify(purpose, name, token, now, owner).map(|verified| verified.value)
    };
    assert_eq!(read("cart", &token, 999, b"client a", Purpose::Cookie).as_deref(), Some(&b"3 apples"[..]));
    for (name, now, owner, purpose) in [
        ("price", 999, &b"client a"[..], Purpose::Cookie),
        ("cart", 1_001, b"client a", Purpose::Cookie),
        ("cart", 999, b"client b", Purpose::Cookie),
        ("cart", 999, b"client a", Purpose::Session),
    ] {
        assert_eq!(read(name, &token, now, owner, purpose), None, "{name} {now}");
    }
    // Each character counts, and so does how it is written.
    for at in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).unwrap();
        assert_eq!(read("cart", &other, 999, b"client a", Purpose::Cookie), None, "{other}");
    }
    assert_eq!(read("cart", &format!("{token}="), 999, b"client a", Purpose::Cookie), None);
    assert!(Keys::new(&[&[7; 31]]).is_err() && Keys::new(&[]).is_err(), "a short key is an error at start");
}

#[test]
fn rule_14_a_host_is_ours_or_nobodys_and_links_go_by_the_origin() {
    let site = |hosts: &[&str], origin: Option<&str>| {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let options = Options { hosts, origin: origin.map(str::to_owned), ..quiet() };
        let router = Router::new().get("/{*rest}", async |ctx| {
            let text = format!("{} {}", ctx.hostname(), ctx.href());
            ctx.text(text)
        });
        router.into_app(options).unwrap()
    };
    let ours = || site(&["example.com"], Some("https://example.com"));
    for (host, status) in [
        ("example.com", 200),
        ("EXAMPLE.com", 200),
        ("example.com:8080", 200),
        ("evil.example", 421),
        ("example.com.evil.example", 421),
        ("evil-example.com", 421),
        ("127.0.0.1", 421),
        // Koa: CVE-2026-27959.
        ("evil:x@example.com", 400),
        ("example.com@evil.example", 400),
        ("example.com/", 400),
        ("example.com evil.example", 400),
        ("exam\tple.com", 400),
    ] {
        let reply = ask(ours(), format!("GET /a?b HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(reply.status, status, "{host}: {}", reply.body);
        assert!(status != 200 || reply.body.ends_with(" https://example.com/a?b"), "{host}: {}", reply.body);
    }
    assert_eq!(ask(ours(), "GET /a HTTP/1.1\r\nHost: example.com\r\nHost: evil.example\r\n\r\n").status, 400);
    assert_eq!(ask(ours(), "GET http://evil.example/a HTTP/1.1\r\nHost: example.com\r\n\r\n").status, 421);
}

#[test]
fn rule_15_only_proxies_of_ours_say_who_is_behind_them() {
    let asked = |trust: Trust, fields: &[&str]| {
        let router = Router::new().get("/", async |ctx| {
            let ip = ctx.ip().map(|ip| ip.to_string()).unwrap_or_default();
            let text = format!("{ip} {} {}", ctx.protocol(), ctx.host());
            ctx.text(text)
        });
        ask(router.into_app(Options { trust, ..quiet() }).unwrap(), request("GET", "/", fields)).body
    };
    let nobody = asked(Trust::default(), &[]);
    let fields = ["x-forwarded-for: 6.6.6.6", "x-forwarded-proto: https", "x-forwarded-host: evil.example"];
    assert_eq!(asked(Trust::default(), &fields), nobody);
    assert_eq!(asked(Trust::default(), &["forwarded: for=6.6.6.6;proto=https;host=evil.example"]), nobody);
    assert_eq!(asked(Trust::cidrs(&["192.0.2.0/24"]).unwrap(), &fields), nobody, "the peer is none of these");
    let ours = || Trust::cidrs(&["loopback", "10.0.0.0/8"]).unwrap();
    for (fields, ip) in [
        (&["x-forwarded-for: 203.0.113.9"][..], "203.0.113.9"),
        // The leftmost is what the client says of itself.
        (&["x-forwarded-for: 6.6.6.6, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        (&["x-forwarded-for: 6.6.6.6", "x-forwarded-for: 203.0.113.9"], "203.0.113.9"),
        // One of the two fields is believed, and which one is said at the start.
        (&["x-forwarded-for: 203.0.113.9", "forwarded: for=6.6.6.6"], "203.0.113.9"),
    ] {
        assert_eq!(asked(ours(), fields).split(' ').next(), Some(ip), "{fields:?}");
    }
    let fields = ["forwarded: for=6.6.6.6, for=\"[2001:db8::1]:80\", for=10.0.0.7", "x-forwarded-for: 6.6.6.6"];
    assert!(asked(ours().source(Source::Forwarded), &fields).starts_with("2001:db8::1 "));
    // As long as a head may be, and read once from the right.
    let long = format!("x-forwarded-for: {}203.0.113.9", "6.6.6.6,".repeat(1_000));
    assert!(asked(ours(), &[&long]).starts_with("203.0.113.9 "));
}

#[test]
fn rule_20_what_is_one_persons_lies_in_no_shared_cache() {
    let control = CacheControl::default();
    let fresh = Stored { status: 200, cache_control: Some("max-age=60"), ..Stored::default() };
    assert_eq!(store("GET", &control, false, &fresh), Ok(()));
    let none = |answer: Stored<'_>, is_authorized| store("GET", &control, is_authorized, &answer).unwrap_err();
    assert_eq!(none(Stored { sets_cookie: true, ..fresh }, false), NotStored::SetCookie);
    assert_eq!(none(fresh, true), NotStored::Authorization);
    assert_eq!(none(Stored { varies_by_all: true, ..fresh }, false), NotStored::VaryAll);
    assert_eq!(none(Stored { cache_control: Some("private, max-age=60"), ..fresh }, false), NotStored::Private);
    assert_eq!(none(Stored { cache_control: Some("no-store"), ..fresh }, false), NotStored::NoStore);
    assert_eq!(none(Stored { status: 206, ..fresh }, false), NotStored::Status);
    assert_eq!(store("POST", &control, false, &fresh), Err(NotStored::Method));
    let allowed = Stored { cache_control: Some("public, max-age=60"), ..fresh };
    assert_eq!(store("GET", &control, true, &allowed), Ok(()));
    let both = Stored { sets_cookie: true, ..allowed };
    assert_eq!(store("GET", &control, true, &both), Err(NotStored::SetCookie), "public or not");
}

#[test]
fn rule_21_a_panic_is_a_500_and_the_connection_lives() {
    let router = || Router::new().layer(errors()).layer(catch_panic()).get("/ok", async |ctx| ctx.text("fine"));
    let router = || {
        router()
            .get("/early", async |_| panic!("a <bug>"))
            .get("/raw", async |ctx| ctx.raw(async |_, _| panic!("before a word")).await)
            .get("/late", async |ctx| {
                ctx.raw(async |_, mut response| {
                    response.write("half").await?;
                    panic!("in the middle")
                })
                .await
            })
    };
    for path in ["/early", "/raw"] {
        let said = talk(app(router()), request("GET", path, &[]) + &request("GET", "/ok", &[]));
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.starts_with("HTTP/1.1 500 ") && said.ends_with("\r\n\r\nfine"), "{path}: {said}");
        assert!(!said.contains("bug") && !said.contains("word"), "{path}: {said}");
    }
    // The head is out: nothing else can tell the client that it has no whole.
    let reply = get(app(router()), "/late");
    assert!(reply.is_broken && reply.status == 200 && reply.body == "half", "{reply:?}");
}

#[test]
fn rule_21_developers_alone_see_more_than_an_id() {
    let site = |environment| {
        let router = Router::new().edge(wirebook_web::layers::request_id()).layer(errors());
        let router = router.get("/{*path}", async |_| Err(away()));
        router.into_app(Options { environment, ..quiet() }).unwrap()
    };
    let asked = |environment, fields: &[&str]| {
        let fields = [fields, &["accept: text/html", "cookie: sid=geheim", "x-odd: <script>"]].concat();
        ask(site(environment), request("GET", "/<b>", &fields))
    };
    let page = asked(Environment::Development, &[]).body;
    assert!(page.contains("the &lt;database&gt; is away") && page.contains("x-odd: &lt;script&gt;"), "{page}");
    assert!(!page.contains("geheim") && !page.contains("<b>") && !page.contains("<script>"), "{page}");
    let hidden = [
        asked(Environment::Production, &[]),
        asked(Environment::Development, &["x-forwarded-for: 203.0.113.9"]),
        asked(Environment::Development, &["forwarded: for=127.0.0.1"]),
    ];
    for reply in hidden {
        let id = reply.field("x-request-id").expect("an id");
        assert!(reply.body.contains(id) && !reply.body.contains("database"), "{}", reply.body);
        assert!(!reply.body.contains(".rs") && !reply.body.contains("x-odd"), "{}", reply.body);
    }
}
