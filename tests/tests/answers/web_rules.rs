//! A site that knows no browser, and the answers of "The browser's rules".

use super::asked::{answer, get, quiet};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wirebook_web::Router;
use wirebook_web::layers::{Cors, Headers, csrf::by_origin};
use wirebook_web::trust::csrf::{Origin, Provenance, TOKEN, is_token, origin, token};

// ANCHOR: naive
/// Pays for whoever has Ada's cookie.
fn pay(cookie: Option<&str>) -> u16 {
    if cookie == Some("sid=ada") { 200 } else { 401 }
}

/// Lets every page read our answers. Some asked for it, and it was quickest so.
fn cors(origin: &str) -> [(&'static str, String); 2] {
    let allowed = ("access-control-allow-origin", origin.to_owned());
    [allowed, ("access-control-allow-credentials", "true".to_owned())]
}
// ANCHOR_END: naive

/// Whether a browser lets a page read an answer that it got with cookies (Fetch §4.10).
fn may_read(page: &str, fields: &[(&'static str, String)]) -> bool {
    let says = |name: &str, value: &str| fields.iter().any(|field| field.0 == name && field.1 == value);
    says("access-control-allow-origin", page) && says("access-control-allow-credentials", "true")
}

// ANCHOR: breaks
#[test]
fn a_page_of_mallorys_does_what_ada_may() {
    // It has a form that posts to us. Ada's browser adds her cookie.
    assert_eq!(pay(Some("sid=ada")), 200);
    // It has a script that asks for her orders, and reads the answer.
    assert!(may_read("https://mallory.example", &cors("https://mallory.example")));
}
// ANCHOR_END: breaks

// ANCHOR: origin
#[test]
fn a_browser_says_who_asks() {
    let asked = Provenance { method: "POST", host: "tea.example", has_credentials: true, ..Default::default() };
    let from =
        |sec_fetch_site, name| origin(&Provenance { sec_fetch_site, origin: name, ..asked }, &["https://app.example"]);
    assert_eq!(from(Some("same-origin"), Some("https://tea.example")), Origin::Same);
    assert_eq!(from(Some("cross-site"), Some("https://mallory.example")), Origin::Cross);
    // Another host of ours, whose pages may be somebody else's.
    assert_eq!(from(Some("same-site"), Some("https://blog.tea.example")), Origin::Cross);
    assert_eq!(from(Some("cross-site"), Some("https://app.example")), Origin::Listed);
    // A frame without an origin of its own.
    assert_eq!(from(None, Some("null")), Origin::Opaque);
    // No browser, and a cookie: curl with a stolen one, or a browser of 2015.
    assert_eq!(from(None, None), Origin::Unknown);
}
// ANCHOR_END: origin

// ANCHOR: asked_first
fn api() -> Router {
    let cors = Cors::listed(&["https://app.example"]).credentials().headers("content-type");
    Router::new().edge(cors).edge(by_origin(&["https://app.example"])).put("/orders", async |ctx| ctx.empty(204))
}

#[test]
fn a_browser_asks_first() {
    let asked = "OPTIONS /orders HTTP/1.1\r\nHost: tea.example\r\n\
                 Origin: https://app.example\r\n\
                 Access-Control-Request-Method: PUT\r\n\r\n";
    let said = answer(api(), quiet(), asked);
    assert!(said.contains("access-control-allow-origin: https://app.example\r\n"), "{said}");
    assert!(said.contains("access-control-allow-methods: GET, HEAD, POST, PUT"), "{said}");
    // Another page is told nothing, and its browser does not send the PUT.
    let other = "OPTIONS /orders HTTP/1.1\r\nHost: tea.example\r\n\
                 Origin: https://mallory.example\r\n\
                 Access-Control-Request-Method: PUT\r\n\r\n";
    assert!(!answer(api(), quiet(), other).contains("access-control-allow-origin"));
}
// ANCHOR_END: asked_first

// ANCHOR: turned_away
#[test]
fn what_another_page_asks_for_is_not_done() {
    let posted = "PUT /orders HTTP/1.1\r\nHost: tea.example\r\nCookie: sid=ada\r\n\
                  Origin: https://mallory.example\r\nSec-Fetch-Site: cross-site\r\n\
                  Content-Length: 0\r\n\r\n";
    assert!(answer(api(), quiet(), posted).starts_with("HTTP/1.1 403 "));
}
// ANCHOR_END: turned_away

// ANCHOR: headers
#[test]
fn a_page_says_what_may_be_done_with_it() {
    let router = Router::new().edge(Headers::default()).get("/", async |ctx| ctx.html("<p>tea"));
    let said = answer(router, quiet(), &get("/", &[]));
    for field in [
        "content-security-policy: default-src 'self'", // Scripts of ours alone, and none in the page.
        "x-content-type-options: nosniff",             // A type is what it says.
        "referrer-policy: no-referrer",                // Where somebody came from is not told.
    ] {
        assert!(said.contains(field), "{field}: {said}");
    }
}
// ANCHOR_END: headers

// ANCHOR: mine
/// Whether a request that changes something passes, by what a browser says.
fn passes(sec_fetch_site: Option<&str>, origin: Option<&str>, host: &str, cookie: bool) -> bool {
    match (sec_fetch_site, origin) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let scheme = ["https://", "http://"].into_iter().find_map(|scheme| origin.strip_prefix(scheme));
            scheme.is_some_and(|name| name.eq_ignore_ascii_case(host))
        }
        (None, None) => !cookie,
    }
}
// ANCHOR_END: mine

#[test]
fn mine_passes_what_the_crates_passes() {
    let sites = [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none"), Some("x")];
    let origins =
        [None, Some("null"), Some("https://tea.example"), Some("http://TEA.example"), Some("https://tea.example.evil")];
    for (sec_fetch_site, name) in sites.iter().flat_map(|site| origins.iter().map(move |name| (*site, *name))) {
        for cookie in [false, true] {
            let asked = Provenance {
                method: "POST",
                sec_fetch_site,
                origin: name,
                host: "tea.example",
                has_credentials: cookie,
            };
            let theirs = origin(&asked, &[]).passes();
            assert_eq!(passes(sec_fetch_site, name, "tea.example", cookie), theirs, "{asked:?}");
        }
    }
}

// ANCHOR: masked
/// A secret under a mask: the mask, and the two in exclusive or.
fn my_token(secret: &[u8; TOKEN], mask: &[u8; TOKEN]) -> String {
    let masked = secret.iter().zip(mask).map(|(secret, mask)| secret ^ mask);
    let bytes: Vec<u8> = mask.iter().copied().chain(masked).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether it is of this secret. Every byte is looked at, whatever the first ones say.
fn is_mine(text: &str, secret: &[u8; TOKEN]) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return false };
    let Some((mask, masked)) = bytes.split_at_checked(TOKEN).filter(|pair| pair.1.len() == TOKEN) else {
        return false;
    };
    let pairs = mask.iter().zip(masked).zip(secret);
    pairs.fold(0, |differ, ((mask, masked), secret)| differ | (mask ^ masked ^ secret)) == 0
}
// ANCHOR_END: masked

#[test]
fn my_token_is_the_crates() {
    let (secret, other) = ([7; TOKEN], [8; TOKEN]);
    for mask in [[0; TOKEN], [42; TOKEN], [255; TOKEN]] {
        let page = my_token(&secret, &mask);
        assert_eq!(page, token(&secret, &mask));
        assert!(is_mine(&page, &secret) && is_token(&page, &secret));
        assert!(!is_mine(&page, &other) && !is_token(&page, &other));
    }
    for text in ["", "AAAA", "?", &"A".repeat(49)] {
        assert_eq!(is_mine(text, &secret), is_token(text, &secret), "{text}");
    }
}
