//! Cookies on their way: what a server may set, what a browser keeps, and what comes back that somebody has changed.
//!
//! Run: cargo run --example web_cookies

use wirebook_terminal as terminal;
use wirebook_web::trust::{Keys, Purpose, Received, SetCookie};

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("web_cookies.rs"));
    println!("what a server sets");
    // ANCHOR: set
    let plain = SetCookie::new("theme", "dark");
    let lax = SetCookie { secure: true, max_age: Some(3600), ..SetCookie::new("__Host-sid", "x7") };
    let wide = SetCookie { domain: Some("tea.example"), ..lax.clone() };
    let split = SetCookie::new("theme", "dark; Domain=evil.example");
    for cookie in [plain, lax, wide, split] {
        match cookie.write() {
            Ok(field) => println!("  {field}"),
            Err(fault) => println!("  refused: {fault:?}"),
        }
    }
    // ANCHOR_END: set

    println!("what a browser keeps of others' cookies");
    for field in [
        "sid=1; Path=/; HttpOnly",
        "__Host-sid=1; Secure; Path=/; Domain=tea.example",
        "sid=1; SameSite=None",
        "sid=1; Max-Age=99999999999999999999",
        "=__Host-sid=1",
    ] {
        let read = Received::parse(field, 0).and_then(|cookie| cookie.kept(true).map(|()| cookie));
        match read {
            Ok(cookie) => println!("  {field}\n    kept, until {:?}", cookie.expires),
            Err(refusal) => println!("  {field}\n    not kept: {refusal:?}"),
        }
    }

    println!("what was signed");
    // ANCHOR: signed
    let (old, new) = ([1; 32], [2; 32]);
    let token = Keys::new(&[&old])?.sign(Purpose::Cookie, "cart", b"3 apples", 1_000, b"");
    println!("  {token}");
    let keys = Keys::new(&[&new, &old])?;
    let more = token.replace("MyB", "OSB");
    for (what, name, token, now) in [
        ("as it was signed", "cart", &token, 999),
        ("too late", "cart", &token, 1_000),
        ("under another name", "role", &token, 999),
        ("with nine apples", "cart", &more, 999),
    ] {
        let verified = keys.verify(Purpose::Cookie, name, token, now, b"");
        let said = verified.map_or("no".to_owned(), |verified| {
            format!("yes{}", if verified.is_old { ", by an old key: sign it anew" } else { "" })
        });
        println!("  {what}: {said}");
    }
    // ANCHOR_END: signed
    Ok(())
}
