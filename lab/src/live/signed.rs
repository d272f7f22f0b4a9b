//! The widget of signed cookies: one that our keys have signed, byte by byte; which key verifies it, and if none does, under which
//! other circumstances one would. All of it is the production code's word: it is asked several times.

use super::answer::{bytes, latin1};
use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wirebook_web::trust::{Keys, Purpose};

/// The two secrets of the server, which are not secret here.
const SECRETS: [(&str, [u8; 32]); 2] = [("new", [2; 32]), ("old", [1; 32])];

/// Which of them the server has, the first of which signs.
const KEYS: [(&str, &[usize]); 3] = [("new and old", &[0, 1]), ("new alone", &[0]), ("old alone", &[1])];

const NAMES: [&str; 2] = ["cart", "price"];
const PURPOSES: [(&str, Purpose); 2] = [("a cookie", Purpose::Cookie), ("a session", Purpose::Session)];

/// When the cookie ends, and the two moments at which it may come back.
const END: u64 = 1_795_809_600;
const MOMENTS: [(&str, u64); 2] = [("before its end", END - 1), ("at its end", END)];

/// What the widget offers.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |label, input: String, keys: usize, name: usize, purpose: usize, when: usize| {
        let state = json!({
            "input": input, "keys": KEYS[keys].0, "name": NAMES[name], "purpose": PURPOSES[purpose].0, "when": MOMENTS[when].0,
        });
        (label, state)
    };
    let by = |key: usize| sign(key, b"3 apples");
    let changed = by(0).replace(".M", ".N");
    let longer = by(0).replace(&format!(".{END}."), &format!(".{}.", END + 1_000_000));
    vec![
        state("as it was signed", by(0), 0, 0, 0, 0),
        state("by the older key", by(1), 0, 0, 0, 0),
        state("a key that is gone", by(1), 1, 0, 0, 0),
        state("moved to another name", by(0), 0, 1, 0, 0),
        state("for another purpose", by(0), 0, 0, 1, 0),
        state("too late", by(0), 0, 0, 0, 1),
        state("an end that was put off", longer, 0, 0, 0, 1),
        state("a changed value", changed, 0, 0, 0, 0),
        state("never signed", "3 apples".into(), 0, 0, 0, 0),
    ]
}

pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let list = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    vec![
        ("keys", "the server's keys", list(&KEYS.map(|(label, _)| label))),
        ("name", "the cookie's name", list(&NAMES)),
        ("purpose", "what it is verified for", list(&PURPOSES.map(|(label, _)| label))),
        ("when", "when it comes back", list(&MOMENTS.map(|(label, _)| label))),
    ]
}

fn sign(key: usize, value: &[u8]) -> String {
    keys(&[key]).map_or_else(String::new, |keys| keys.sign(Purpose::Cookie, NAMES[0], value, END, b""))
}

fn keys(which: &[usize]) -> Option<Keys> {
    let secrets: Vec<&[u8]> = which.iter().map(|key| &SECRETS[*key].1[..]).collect();
    Keys::new(&secrets).ok()
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// The cookie's value, one character a byte.
    input: String,
    keys: String,
    name: String,
    purpose: String,
    when: String,
}

/// What the widget shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Shown {
    pub(crate) input: String,
    pub(crate) len: usize,
    pub(crate) parts: Vec<Piece>,
    pub(crate) is_verified: bool,
    pub(crate) verdict: String,
    /// Under which circumstances it verifies.
    pub(crate) trials: Vec<Trial>,
}

/// A piece of the value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: &'static str,
    pub(crate) key: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) value: String,
}

/// The same value, asked about again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Trial {
    pub(crate) what: String,
    pub(crate) is_verified: bool,
    /// Whether it is how the server asks.
    pub(crate) is_asked: bool,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where there is no such key, name, purpose or moment.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let input = bytes(&ask.input)?;
    let token = String::from_utf8_lossy(&input).into_owned();
    let which = KEYS.into_iter().find(|(label, _)| *label == ask.keys).ok_or("There are no such keys.")?.1;
    let name = NAMES.into_iter().find(|name| *name == ask.name).ok_or("There is no such cookie.")?;
    let purpose = PURPOSES.into_iter().find(|(label, _)| *label == ask.purpose).ok_or("There is no such purpose.")?;
    let now = MOMENTS.into_iter().find(|(label, _)| *label == ask.when).ok_or("There is no such moment.")?.1;
    let verify =
        |which: &[usize], name: &str, purpose: Purpose, now: u64| keys(which)?.verify(purpose, name, &token, now, b"");
    let verified = verify(which, name, purpose.1, now);
    let mut trials: Vec<Trial> = Vec::new();
    for (key, (label, _)) in SECRETS.iter().enumerate() {
        let is_verified = verify(&[key], name, purpose.1, now).is_some();
        trials.push(Trial { what: format!("with the key {label} alone"), is_verified, is_asked: which.contains(&key) });
    }
    let others: [(String, bool); 3] = [
        (
            format!("as the cookie {}", NAMES[usize::from(name == NAMES[0])]),
            verify(which, NAMES[usize::from(name == NAMES[0])], purpose.1, now).is_some(),
        ),
        {
            let other = PURPOSES[usize::from(purpose.0 == PURPOSES[0].0)];
            (format!("for {}", other.0), verify(which, name, other.1, now).is_some())
        },
        ("before any end".into(), verify(which, name, purpose.1, 0).is_some()),
    ];
    trials.extend(others.into_iter().map(|(what, is_verified)| Trial { what, is_verified, is_asked: false }));
    let verdict = match &verified {
        Some(found) => {
            let value = String::from_utf8_lossy(&found.value).into_owned();
            let again = if found.is_old { ", and is to be signed anew" } else { "" };
            let by =
                SECRETS[*which.iter().find(|key| verify(&[**key], name, purpose.1, now).is_some()).unwrap_or(&0)].0;
            format!("It is ours: {value:?}, signed by the key {by}{again}.")
        }
        None => {
            let why = trials.iter().find(|trial| trial.is_verified && !trial.is_asked);
            match why {
                Some(trial) => format!("It is refused. It would verify {}.", trial.what),
                None if token.split('.').count() != 4 => "It is refused: it is no signed value.".into(),
                None => "It is refused: none of our keys makes this code of these parts.".into(),
            }
        }
    };
    let (is_verified, parts) = (verified.is_some(), pieces(&token));
    Ok(Shown { input: latin1(&input), len: input.len(), parts, is_verified, verdict, trials })
}

/// The four pieces, where they stand.
fn pieces(token: &str) -> Vec<Piece> {
    const KINDS: [(&str, &str, &str); 4] = [
        ("version", "signed version", "ours"),
        ("value", "signed value", "RFC 4648 §5"),
        ("expiry", "signed end", "ours"),
        ("code", "signed code", "RFC 2104 §2"),
    ];
    let mut at = 0;
    let pieces = token.split('.').zip(KINDS).map(|(piece, (kind, key, rule))| {
        let start = at;
        at += piece.len() + 1;
        Piece { start, end: start + piece.len(), kind, key, rule, value: piece.to_owned() }
    });
    // A character that is no ASCII would stand for several bytes.
    if token.is_ascii() { pieces.collect() } else { Vec::new() }
}

/// The first example, for the book.
pub(super) fn picture() -> Option<String> {
    let state = examples().swap_remove(0).1;
    let shown = answer(serde_json::from_value(state).ok()?).ok()?;
    let rows = shown.trials.into_iter().map(|trial| {
        (String::new(), vec![text(&trial.what), (if trial.is_verified { "it verifies" } else { "it does not" }).into()])
    });
    let head = format!(
        "<div class=\"wb-bytes\"><code>{}</code></div><div class=\"wb-state\">{}</div>",
        text(&shown.input),
        text(&shown.verdict)
    );
    Some(head + &table(&["asked", "says"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(label: &str) -> Shown {
        let (_, state) = examples().into_iter().find(|(known, _)| *known == label).expect("an example");
        answer(serde_json::from_value(state).expect("a state")).expect("an answer")
    }

    #[test]
    fn a_refusal_says_what_would_have_done() {
        for (label, verdict) in [
            ("as it was signed", "It is ours: \"3 apples\", signed by the key new."),
            ("by the older key", "It is ours: \"3 apples\", signed by the key old, and is to be signed anew."),
            ("a key that is gone", "It is refused. It would verify with the key old alone."),
            ("moved to another name", "It is refused. It would verify as the cookie cart."),
            ("for another purpose", "It is refused. It would verify for a cookie."),
            ("too late", "It is refused. It would verify before any end."),
            ("an end that was put off", "It is refused: none of our keys makes this code of these parts."),
            ("a changed value", "It is refused: none of our keys makes this code of these parts."),
            ("never signed", "It is refused: it is no signed value."),
        ] {
            assert_eq!(asked(label).verdict, verdict, "{label}");
        }
    }

    #[test]
    fn no_flipped_bit_verifies() {
        let token = sign(0, b"3 apples").into_bytes();
        for at in 0..token.len() {
            for bit in 0..8 {
                let mut flipped = token.clone();
                flipped[at] ^= 1 << bit;
                let ask = Ask {
                    input: latin1(&flipped),
                    keys: KEYS[0].0.into(),
                    name: NAMES[0].into(),
                    purpose: PURPOSES[0].0.into(),
                    when: MOMENTS[0].0.into(),
                };
                assert!(!answer(ask).expect("an answer").is_verified, "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn pieces_lie_where_they_say() {
        let shown = asked("as it was signed");
        assert_eq!(shown.parts.len(), 4);
        assert!(shown.parts.iter().all(|piece| piece.value == shown.input[piece.start..piece.end]));
    }
}
