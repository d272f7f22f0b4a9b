//! Cookies that are believed, cookies that are half signed, and the answers of "Cookies and who may trust them".

use sha1::{Digest, Sha1};
use wirebook_web::trust::keygrip::Keygrip;
use wirebook_web::trust::{Cookies, Keys, Purpose};

// ANCHOR: believed
fn may_delete(cookie: &str) -> bool {
    Cookies::new(cookie).get("role") == Some("admin")
}

#[test]
fn anybody_writes_a_cookie() {
    assert!(!may_delete("role=guest"));
    assert!(may_delete("role=admin")); // curl -b role=admin
}
// ANCHOR_END: believed

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// ANCHOR: half
/// A value and a hash of it together with a secret, so that nobody else can make one.
fn half_signed(secret: &str, value: &str) -> String {
    format!("{value}.{}", hex(&Sha1::digest(format!("{secret}{value}"))))
}

fn half_verified<'a>(secret: &str, cookie: &'a str) -> Option<&'a str> {
    let (value, _) = cookie.rsplit_once('.')?;
    (half_signed(secret, value) == cookie).then_some(value)
}
// ANCHOR_END: half

// ANCHOR: moved
#[test]
fn a_value_moves_to_another_cookie() {
    let secret = "only we know it";
    // Somebody who may choose a nickname chooses "admin". We sign it, as we sign all.
    let nickname = half_signed(secret, "admin");
    // And the cookie comes back under another name.
    let field = format!("role={nickname}");
    let role = Cookies::new(&field).get("role").and_then(|cookie| half_verified(secret, cookie));
    assert_eq!(role, Some("admin"));
}
// ANCHOR_END: moved

// ANCHOR: whole
#[test]
fn a_code_covers_all_that_a_cookie_promises() {
    let keys = Keys::new(&[&[7; 32]]).expect("32 bytes");
    let nickname = keys.sign(Purpose::Cookie, "nickname", b"admin", 1_000, b"");
    let verify = |name, now| keys.verify(Purpose::Cookie, name, &nickname, now, b"");
    assert!(verify("nickname", 999).is_some());
    assert!(verify("role", 999).is_none()); // Another name.
    assert!(verify("nickname", 1_000).is_none()); // Its time is over.
    let session = keys.verify(Purpose::Session, "nickname", &nickname, 999, b"");
    assert!(session.is_none()); // Another purpose, so another key.
}
// ANCHOR_END: whole

// ANCHOR: shifted
#[test]
fn a_border_that_moves_is_another_text() {
    let keys = Keys::new(&[&[7; 32]]).expect("32 bytes");
    let code = |name, value: &[u8]| {
        let token = keys.sign(Purpose::Cookie, name, value, 1_000, b"");
        token.rsplit('.').next().map(str::to_owned)
    };
    // Written one behind the other, both are "cartoons".
    assert_ne!(code("cart", b"oons"), code("car", b"toons"));
}
// ANCHOR_END: shifted

// ANCHOR: parse
/// Names and values, in their order.
fn my_cookies(field: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for pair in field.split(';') {
        if let Some((name, value)) = pair.split_once('=') {
            let trimmed = |text: &'_ str| text.len() - text.trim_start_matches([' ', '\t']).len();
            let name = name[trimmed(name)..].trim_end_matches([' ', '\t']);
            let value = value[trimmed(value)..].trim_end_matches([' ', '\t']);
            if !name.is_empty() {
                found.push((name, value));
            }
        }
    }
    found
}
// ANCHOR_END: parse

// ANCHOR: hmac
/// RFC 2104 §2: H(K XOR opad, H(K XOR ipad, text)), where a key longer than a block is its hash.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut padded = [0; BLOCK];
    let short = if key.len() > BLOCK { Sha1::digest(key).to_vec() } else { key.to_vec() };
    padded[..short.len()].copy_from_slice(&short);
    let hash = |pad: u8, text: &[u8]| {
        let start = padded.map(|byte| byte ^ pad);
        Sha1::digest([&start[..], text].concat()).to_vec()
    };
    hash(0x5c, &hash(0x36, text))
}
// ANCHOR_END: hmac

#[test]
fn my_cookies_are_theirs() {
    let mut state = 5u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let pieces = ["a", "b=", "=", "; ", ";", " ", "\t", "\"", "é", "c=1"];
    for _ in 0..5_000 {
        let field: String = (0..below(10)).map(|_| pieces[below(pieces.len())]).collect();
        assert_eq!(my_cookies(&field), Cookies::new(&field).iter().collect::<Vec<_>>(), "{field:?}");
    }
}

#[test]
fn my_hmac_is_theirs() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    for length in [1, 20, 63, 64, 65, 200] {
        let key = vec![7; length];
        let theirs = Keygrip::new(&[&key]).expect("a key").sign("name", "value");
        assert_eq!(URL_SAFE_NO_PAD.encode(hmac(&key, b"name=value")), theirs, "{length}");
    }
    // RFC 2202 §3, case 1.
    assert_eq!(hex(&hmac(&[0x0b; 20], b"Hi There")), "b617318655057264e28bc0b6fb378c8ef146be00");
}
