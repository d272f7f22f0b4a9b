//! Every bound of `message`, `trust` and `input` at 0, 1, n, n + 1 and MAX, and what a document cannot say: keys, sessions, tokens.

use serde_json::json;
use wirebook_web::input::{FORM, FormFault, Limits, QUERY, form};
use wirebook_web::message::accept::{self, MOST_ITEMS};
use wirebook_web::message::cache_control::MOST_SECONDS;
use wirebook_web::message::{
    CacheControl, Conditions, ETag, MOST_MEDIA_PARAMETERS, MOST_RANGES, MOST_TAGS, Media, Ranges, Validators, Verdict,
    decide, disposition, ranges,
};
use wirebook_web::trust::csrf::{TOKEN, is_token, token};
use wirebook_web::trust::keygrip::Keygrip;
use wirebook_web::trust::{
    CookieFault, Cookies, Fields, Keys, LEAST_KEY, LONGEST_ATTRIBUTE, LONGEST_COOKIE, MOST_COOKIES, MOST_HOPS, Purpose,
    Received, Record, Refusal, SessionId, SetCookie, Source, Times, Trust, WeakKey,
};
use wirebook_web::{date, seconds};

/// RFC 9111 §1.2.2: a number that is too large is the largest.
#[test]
fn limit_of_seconds() {
    for (said, read) in [
        ("0", 0),
        ("1", 1),
        ("2147483647", MOST_SECONDS - 1),
        ("2147483648", MOST_SECONDS),
        ("2147483649", MOST_SECONDS),
        ("4294967296", MOST_SECONDS),
        ("18446744073709551616", MOST_SECONDS),
        (&"9".repeat(1000), MOST_SECONDS),
        ("-1", 0),
        ("1.5", 0),
        ("x", 0),
    ] {
        assert_eq!(CacheControl::parse(&format!("max-age={said}")).max_age, Some(read), "{said}");
    }
}

#[test]
fn limit_of_cookies() {
    let field = |count: usize| (0..count).map(|at| format!("c{at}={at}")).collect::<Vec<_>>().join("; ");
    for (count, read) in [(0, 0), (1, 1), (MOST_COOKIES, MOST_COOKIES), (MOST_COOKIES + 1, MOST_COOKIES)] {
        assert_eq!(Cookies::new(&field(count)).iter().count(), read);
    }
    let all = field(5_000);
    assert_eq!(Cookies::new(&all).get("c180"), None);
    assert_eq!(Cookies::new(&all).limited(usize::MAX).get("c4999"), Some("4999"));
    assert_eq!(Cookies::new(&all).limited(0).iter().count(), 0);
    assert_eq!(Cookies::new(&all).limited(1).iter().count(), 1);
}

#[test]
fn limit_of_a_cookie_and_of_an_attribute() {
    let value = "v".repeat(LONGEST_COOKIE);
    for (length, fits) in [(0, true), (1, true), (LONGEST_COOKIE - 1, true), (LONGEST_COOKIE, false)] {
        let cookie = SetCookie::new("a", &value[..length]);
        assert_eq!(cookie.write().err(), (!fits).then_some(CookieFault::TooLong), "{length}");
        let received = Received::parse(&format!("a={}", &value[..length]), 0);
        assert_eq!(received.err(), (!fits).then_some(Refusal::TooLong), "{length}");
    }
    let path = format!("/{}", "p".repeat(LONGEST_ATTRIBUTE));
    for (length, fits) in [(1, true), (LONGEST_ATTRIBUTE, true), (LONGEST_ATTRIBUTE + 1, false)] {
        let cookie = SetCookie { path: Some(&path[..length]), ..SetCookie::new("a", "b") };
        assert_eq!(cookie.write().err(), (!fits).then_some(CookieFault::Path), "{length}");
        // A browser ignores the attribute.
        let received = Received::parse(&format!("a=b; Path={}", &path[..length]), 0).expect("a cookie");
        assert_eq!(received.path.is_some(), fits, "{length}");
    }
}

#[test]
fn every_cookie_fault_has_a_case() {
    let document = include_str!("../../../tests/cases/web/cookies.md");
    for fault in CookieFault::ALL {
        assert!(fault == CookieFault::TooLong || document.contains(&format!("\n{fault:?}\n")), "{fault:?}");
    }
    assert_eq!(
        SetCookie::removal("a").write().unwrap(),
        "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; SameSite=Lax"
    );
}

#[test]
fn limit_of_a_key() {
    let key = [7; LEAST_KEY + 1];
    for (length, fits) in [(0, false), (1, false), (LEAST_KEY - 1, false), (LEAST_KEY, true), (LEAST_KEY + 1, true)] {
        assert_eq!(Keys::new(&[&key[..length]]).err(), (!fits).then_some(WeakKey), "{length}");
        assert_eq!(Keys::new(&[&key, &key[..length]]).is_ok(), fits, "{length}");
    }
    assert!(Keys::new(&[]).is_err() && Keygrip::new(&[]).is_err() && Keygrip::new(&[b""]).is_err());
    assert!(!format!("{:?}", Keys::new(&[&key]).unwrap()).contains('7'));
}

/// Rule 9 of the design: the code covers name, value, expiry and binding, with a version; canonical text only.
#[test]
fn a_signature_covers_everything() {
    let (old, new) = ([1; 32], [2; 32]);
    let keys = Keys::new(&[&new, &old]).unwrap();
    let signed = keys.sign(Purpose::Cookie, "cart", b"3 apples", 1_000, b"agent");
    let verify = |purpose, name, token: &str, now, binding: &[u8]| keys.verify(purpose, name, token, now, binding);
    let good = verify(Purpose::Cookie, "cart", &signed, 999, b"agent").expect("it is ours");
    assert_eq!((&good.value[..], good.expires, good.is_old), (&b"3 apples"[..], 1_000, false));
    assert_eq!(verify(Purpose::Cookie, "price", &signed, 999, b"agent"), None, "another name");
    assert_eq!(verify(Purpose::Session, "cart", &signed, 999, b"agent"), None, "another purpose");
    assert_eq!(verify(Purpose::Csrf, "cart", &signed, 999, b"agent"), None, "another purpose");
    assert_eq!(verify(Purpose::Cookie, "cart", &signed, 999, b"other"), None, "another owner");
    assert_eq!(verify(Purpose::Cookie, "cart", &signed, 1_000, b"agent"), None, "too late");
    // A name's end moved into the value is another text.
    let moved = keys.sign(Purpose::Cookie, "car", b"t3 apples", 1_000, b"agent");
    assert_ne!(moved.rsplit('.').next(), signed.rsplit('.').next());
    // Every other character, anywhere, and a later end: not ours.
    for at in 0..signed.len() {
        for byte in *b"A0.=_ " {
            let mut bytes = signed.clone().into_bytes();
            if std::mem::replace(&mut bytes[at], byte) != byte {
                let text = String::from_utf8(bytes).expect("ASCII");
                assert_eq!(verify(Purpose::Cookie, "cart", &text, 999, b"agent"), None, "{text}");
            }
        }
        assert_eq!(verify(Purpose::Cookie, "cart", &signed[..at], 999, b"agent"), None);
    }
    for other in [
        "",
        ".",
        "v1...",
        "v1..1.",
        &signed.replace(".1000.", ".9000."),
        &signed.replace(".1000.", ".01000."),
        &signed.replace(".1000.", ".+1000."),
        &format!("{signed}="),
        &format!("{signed}."),
    ] {
        assert_eq!(verify(Purpose::Cookie, "cart", other, 999, b"agent"), None, "{other}");
    }
    // Rotation: the old key verifies and says so; retired, it does not.
    let of_old = Keys::new(&[&old]).unwrap().sign(Purpose::Cookie, "a", b"b", 1_000, b"");
    assert!(keys.verify(Purpose::Cookie, "a", &of_old, 0, b"").unwrap().is_old);
    assert_eq!(Keys::new(&[&new]).unwrap().verify(Purpose::Cookie, "a", &of_old, 0, b""), None);
    // 0 has expired, MAX never does.
    let lives = |expires, now| {
        keys.verify(Purpose::Cookie, "a", &keys.sign(Purpose::Cookie, "a", b"", expires, b""), now, b"").is_some()
    };
    assert!(!lives(0, 0) && lives(1, 0) && !lives(1, 1) && lives(u64::MAX, u64::MAX) && !lives(u64::MAX - 1, u64::MAX));
}

#[test]
fn keygrip_signs_as_npm_does() {
    let keys = Keygrip::new(&[b"SEKRIT2", b"SEKRIT1"]).unwrap();
    let signature = keys.sign("foo", "bar");
    // What Node says to createHmac("sha1", "SEKRIT2").update("foo=bar").
    assert_eq!(signature, "HkLtjUN0ufHqE2Gsia7wQCcgF0A");
    assert_eq!(keys.verify("foo", "bar", &signature), Some(0));
    assert_eq!(keys.verify("foo", "bar", &Keygrip::new(&[b"SEKRIT1"]).unwrap().sign("foo", "bar")), Some(1));
    for (name, value, signature) in
        [("foo", "baz", &*signature), ("fo", "obar", &signature), ("foo", "bar", ""), ("foo", "bar", &signature[1..])]
    {
        assert_eq!(keys.verify(name, value, signature), None, "{name}={value}");
    }
}

#[test]
fn tokens_differ_on_every_page_and_are_of_one_session() {
    let (mine, other) = ([1; TOKEN], [2; TOKEN]);
    let pages: std::collections::HashSet<String> = (0..1_000u32)
        .map(|page| {
            let mut mask = [0; TOKEN];
            mask[..4].copy_from_slice(&page.to_be_bytes());
            token(&mine, &mask)
        })
        .collect();
    assert_eq!(pages.len(), 1_000);
    assert!(pages.iter().all(|page| is_token(page, &mine) && !is_token(page, &other)));
    let page = pages.iter().next().unwrap();
    for text in ["", "x", &page[1..], &format!("{page}A"), &format!("{page}=")] {
        assert!(!is_token(text, &mine), "{text}");
    }
}

#[test]
fn session_ids_are_secrets_and_never_chosen() {
    let id = SessionId::new([7; 16]);
    assert_eq!((id.text().len(), id.key().len()), (22, 43));
    assert_eq!(SessionId::parse(&id.text()), Some(id));
    assert!(!id.key().contains(&id.text()) && !format!("{id:?}").contains(&id.text()));
    for text in [
        "",
        "chosen-by-attacker",
        &id.text()[1..],
        &format!("{}A", id.text()),
        &format!("{}=", id.text()),
        "../../etc/passwd______",
    ] {
        assert_eq!(SessionId::parse(text), None, "{text}");
    }
}

#[test]
fn times_of_a_session() {
    let times = Times::default();
    assert_eq!(times.end(0, 0), 7_200);
    assert_eq!(times.end(0, 30 * 86_400), 30 * 86_400);
    assert_eq!(Times { idle: 0, absolute: 0 }.end(5, 9), 5);
    assert_eq!(Times { idle: 1, ..times }.end(5, 9), 10);
    assert_eq!(Times { idle: u64::MAX, absolute: u64::MAX }.end(5, 9), u64::MAX);
}

/// Rule 11: a save applies what was done to the newest record; in every order two tabs lose nothing.
#[test]
fn two_tabs_lose_nothing() {
    let mut stored = Record::new(1);
    stored.set("cart", json!(["tea"]));
    stored.set("old", 1);
    let stored = stored.onto(&Record::new(1)).expect("changes");
    assert_eq!((stored.version(), stored.changes().len()), (1, 0));
    let edit = |change: &dyn Fn(&mut Record)| {
        let mut tab = stored.clone();
        change(&mut tab);
        tab
    };
    let a = edit(&|tab| {
        tab.add("visits", 1);
        tab.set("name", "Ada");
    });
    let b = edit(&|tab| {
        tab.add("visits", 2);
        tab.remove("old");
    });
    for (first, second) in [(&a, &b), (&b, &a)] {
        let merged = second.onto(&first.onto(&stored).unwrap()).unwrap();
        assert_eq!(merged.version(), 3);
        let all: Vec<(&str, String)> = merged.iter().map(|(key, value)| (key, value.to_string())).collect();
        assert_eq!(all, [("cart", "[\"tea\"]".to_owned()), ("name", "\"Ada\"".to_owned()), ("visits", "3".to_owned())]);
    }
    // Logging out in one tab while the other counts.
    let out = edit(&|tab| {
        tab.set("x", 1);
        tab.clear();
    });
    assert_eq!(out.changes().len(), 1);
    assert_eq!(out.onto(&a.onto(&stored).unwrap()).unwrap().iter().count(), 0);
    assert_eq!(edit(&|_| {}).onto(&stored), None, "nothing was done");
    let counted = edit(&|tab| {
        tab.set("n", i64::MAX);
        tab.add("n", 1);
        tab.set("text", "x");
        tab.add("text", 2);
    });
    assert_eq!((counted.get("n"), counted.get("text")), (Some(&json!(i64::MAX)), Some(&json!(2))));
}

#[test]
fn a_record_that_cannot_be_read_is_none() {
    let mut record = Record::new(5);
    record.set("a", json!({"b": [1, null, "é"]}));
    let record = record.onto(&Record::new(5)).unwrap();
    let bytes = record.encode(usize::MAX).unwrap();
    assert_eq!(Record::decode(&bytes).as_ref(), Some(&record));
    assert!(record.encode(bytes.len()).is_ok());
    assert_eq!(record.encode(bytes.len() - 1).unwrap_err().bytes, bytes.len());
    assert!(record.encode(0).is_err() && record.encode(1).is_err());
    for cut in 0..bytes.len() {
        assert_eq!(Record::decode(&bytes[..cut]), None);
    }
    let deep = format!("{{\"made\":0,\"version\":0,\"data\":{{\"a\":{}{}}}}}", "[".repeat(10_000), "]".repeat(10_000));
    for other in [
        "",
        "null",
        "{}",
        "{\"made\":0,\"version\":0,\"data\":1}",
        "{\"made\":-1,\"version\":0,\"data\":{}}",
        "{\"made\":0,\"version\":18446744073709551615,\"data\":{}}",
        &deep,
    ] {
        assert_eq!(Record::decode(other.as_bytes()), None);
    }
    assert_eq!(Record::decode(&[0xff; 1 << 20]), None);
}

#[test]
fn limit_of_hops() {
    let trust = |hops| Trust::cidrs(&["10.0.0.0/8"]).unwrap().hops(hops);
    let list = (1..=40).map(|at| format!("10.1.0.{at}")).collect::<Vec<_>>().join(", ");
    let forwarded = (1..=40).map(|at| format!("for=10.1.0.{at};proto=https")).collect::<Vec<_>>().join(", ");
    let fields = Fields {
        x_forwarded_for: Some(&list),
        x_forwarded_proto: Some("https"),
        forwarded: Some(&forwarded),
        ..Fields::default()
    };
    let peer = "10.0.0.1".parse().unwrap();
    for source in [Source::XForwarded, Source::Forwarded] {
        for (hops, ip) in [
            (0, "10.0.0.1"),
            (1, "10.1.0.40"),
            (2, "10.1.0.39"),
            (MOST_HOPS, "10.1.0.25"),
            (40, "10.1.0.1"),
            (usize::MAX, "10.1.0.1"),
        ] {
            let client = trust(hops).source(source).client(peer, &fields);
            assert_eq!((client.ip.to_string().as_str(), client.hops), (ip, hops.min(40)), "{source:?}");
            assert_eq!(client.secure, (hops > 0).then_some(true), "{source:?} {hops}");
        }
    }
    assert_eq!(Trust::cidrs(&["10.0.0.0/8"]).unwrap().client(peer, &fields).hops, MOST_HOPS);
    for word in ["", "10.0.0.0/33", "x", "10.0.0", "*"] {
        assert_eq!(Trust::cidrs(&[word]).unwrap_err().0, word);
    }
    assert!(Trust::cidrs(&["::ffff:0:0/96", "loopback", "192.0.2.1"]).unwrap().trusts("192.0.2.1".parse().unwrap()));
    // Linear, whatever is sent: 64 KiB of commas.
    let commas = ", ".repeat(32 * 1024);
    let fields = Fields { x_forwarded_for: Some(&commas), x_forwarded_proto: Some(&commas), ..Fields::default() };
    assert_eq!(trust(usize::MAX).client(peer, &fields).hops, 0);
}

#[test]
fn limit_of_accepted_items() {
    for (before, found) in [(0, 1), (1, 1), (MOST_ITEMS - 1, 1), (MOST_ITEMS, 0)] {
        let field = "x/y, ".repeat(before) + "text/html";
        assert_eq!(accept::types(Some(&field), &["text/html"]).len(), found, "{before}");
    }
    assert!(accept::types(Some("*/*"), &[]).is_empty());
    let commas = ",".repeat(100_000);
    assert!(
        accept::types(Some(&commas), &["a/b"]).is_empty() && accept::encodings(Some(&commas), &["identity"]).len() == 1
    );
}

#[test]
fn limit_of_tags() {
    let ours = Validators { etag: ETag::strong("ours"), ..Validators::default() };
    for (before, verdict) in [
        (0, Verdict::NotModified),
        (1, Verdict::NotModified),
        (MOST_TAGS - 1, Verdict::NotModified),
        (MOST_TAGS, Verdict::Perform(false)),
    ] {
        let field = "\"x\", ".repeat(before) + "\"ours\"";
        let asked = Conditions { if_none_match: Some(&field), ..Conditions::default() };
        assert_eq!(decide("GET", &ours, &asked).verdict, verdict, "{before}");
        // The other way round that is the safe side, too: nothing is overwritten.
        let asked = Conditions { if_match: Some(&field), ..Conditions::default() };
        let safe = if before < MOST_TAGS { Verdict::Perform(false) } else { Verdict::PreconditionFailed };
        assert_eq!(decide("PUT", &ours, &asked).verdict, safe, "{before}");
    }
    assert_eq!(ETag::strong("a\"b"), None);
    assert_eq!(ETag::strong("").unwrap().weak().to_string(), "W/\"\"");
    for none in ["", "\"", "a", "w/\"a\"", "W/ \"a\"", "\"a\" ", "\"a b\"", "\"a\"\"b\""] {
        assert_eq!(ETag::parse(none), None, "{none}");
    }
}

#[test]
fn limit_of_ranges() {
    let field =
        |count: usize| format!("bytes={}", (0..count).map(|at| format!("{at}-{at}")).collect::<Vec<_>>().join(","));
    assert_eq!(ranges(&field(MOST_RANGES), 1000, MOST_RANGES), Ranges::Parts(vec![0..=0]));
    assert_eq!(ranges(&field(MOST_RANGES + 1), 1000, MOST_RANGES), Ranges::Whole);
    assert_eq!(ranges(&field(1), 1000, 0), Ranges::Whole);
    assert_eq!(ranges(&field(200), 1000, 199), Ranges::Whole);
    assert!(matches!(ranges(&field(200), 1000, usize::MAX), Ranges::Parts(parts) if parts.len() == 200));
    assert_eq!(ranges("bytes=0-", u64::MAX, 1), Ranges::Parts(vec![0..=u64::MAX - 1]));
}

#[test]
fn limit_of_media_parameters() {
    let media = |count: usize| {
        Media::parse(&format!("a/b{}", (0..count).map(|at| format!("; p{at}={at}")).collect::<String>()))
    };
    for (count, fits) in [(0, true), (1, true), (MOST_MEDIA_PARAMETERS, true), (MOST_MEDIA_PARAMETERS + 1, false)] {
        assert_eq!(media(count).is_some(), fits, "{count}");
    }
    // The quoted backslashes that made others' expressions explode.
    assert_eq!(Media::parse(&format!("multipart/form-data; !=\"{}", "\\".repeat(100_000))), None);
    assert!(Media::parse("a/b;charset=utf-8").unwrap().is_utf8() && Media::parse("a/b").unwrap().is_utf8());
    assert!(!Media::parse("a/b;charset=utf-7").unwrap().is_utf8());
}

#[test]
fn limit_of_a_file_name() {
    assert_eq!(disposition::basename(&"x".repeat(255)).unwrap().len(), 255);
    assert_eq!(disposition::basename(&"x".repeat(256)).unwrap().len(), 255);
    assert_eq!(disposition::basename(&"é".repeat(128)).unwrap().len(), 254);
    for nothing in ["", "/", "\\", "..", ".", "...", " ", "a/..", "\0"] {
        assert_eq!(disposition::basename(nothing), None, "{nothing:?}");
    }
}

#[test]
fn limits_of_a_form() {
    let pairs = |count: usize| "a&".repeat(count);
    let none = Limits { bytes: usize::MAX, pairs: usize::MAX, depth: usize::MAX, list: usize::MAX };
    for limits in [FORM, QUERY] {
        let wide = Limits { bytes: usize::MAX, list: usize::MAX, ..limits };
        for (count, fits) in [(0, true), (1, true), (limits.pairs, true), (limits.pairs + 1, false)] {
            assert_eq!(form(&pairs(count), &wide).err(), (!fits).then_some(FormFault::Pairs), "{count}");
        }
        let text = "a".repeat(limits.bytes + 1);
        assert!(form(&text[1..], &limits).is_ok());
        assert_eq!(form(&text, &limits), Err(FormFault::Bytes));
    }
    let deep = |depth: usize| form(&format!("a{}=1", "[b]".repeat(depth)), &FORM).err();
    assert_eq!((deep(0), deep(1), deep(5), deep(6)), (None, None, None, Some(FormFault::Depth)));
    assert_eq!(deep(10_000), Some(FormFault::Depth));
    // Without a limit there is still one: what is read is dropped by functions that call themselves.
    assert!(form(&format!("a{}=1", "[b]".repeat(128)), &none).is_ok());
    assert_eq!(form(&format!("a{}=1", "[b]".repeat(129)), &none).err(), Some(FormFault::Depth));
    let list = |count: usize| form(&"a[]=1&".repeat(count), &FORM).err();
    assert_eq!((list(100), list(101)), (None, Some(FormFault::List)));
    assert!(form(&"a[]=1&".repeat(50_000), &none).is_ok());
    assert_eq!(form("a[18446744073709551615]=1", &none), Err(FormFault::List));
    assert!(form("a[18446744073709551614]=1&a[]=2", &none).is_err());
    assert!(form("a[]=1", &Limits { list: 0, ..FORM }).is_err() && form("a[]=1", &Limits { list: 1, ..FORM }).is_ok());
    assert_eq!(form("", &Limits { bytes: 0, pairs: 0, depth: 0, list: 0 }).map(|value| value.to_json()), Ok(json!({})));
    for fault in FormFault::ALL {
        assert!(matches!(fault.status(), 400 | 413));
        assert!(include_str!("../../../tests/cases/web/forms.md").contains(&format!(" {fault:?}\n")), "{fault:?}");
    }
}

#[test]
fn dates_at_their_ends() {
    assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(date(1), "Thu, 01 Jan 1970 00:00:01 GMT");
    assert_eq!(date(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(seconds(&date(1_000_000_000)), Some(1_000_000_000));
    assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), seconds("Sunday, 06-Nov-94 08:49:37 GMT"));
    for none in ["", "0", "now", "Wed, 31 Dec 1969 23:59:59 GMT"] {
        assert_eq!(seconds(none), None, "{none}");
    }
}
