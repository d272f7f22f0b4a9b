//! The widget of two readings: what a lenient proxy and our server make of the same bytes, the first byte at which they
//! part, and the attack that follows, played in the simulated network. Each side's kindnesses can be switched on; without
//! any of them it is our own connection that reads.

mod lenient;
mod play;

use super::answer::{bytes, escape, latin1};
use lenient::{KINDNESSES, Kindness, Reading, read};
use play::{Story, play};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An attack: its name, its bytes, the proxy's kindnesses, and the kindness that our server would need to fall for it.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) input: &'static str,
    pub(crate) front: &'static [&'static str],
    pub(crate) back: &'static [&'static str],
}

/// The smuggled request of the examples takes what the victim sends for one of its own fields.
pub(crate) const EXAMPLES: [Example; 7] = [
    Example {
        name: "a length and chunks",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: ",
        front: &["length-wins"],
        back: &["coding-wins"],
    },
    Example {
        name: "chunks and a length",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n34\r\nGET /admin HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nx\r\n0\r\n\r\n",
        front: &["coding-wins"],
        back: &["length-wins"],
    },
    Example {
        name: "two lengths",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\nContent-Length: 0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: ",
        front: &["first-length"],
        back: &["last-length"],
    },
    Example {
        name: "a blank before the colon",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: ",
        front: &["odd-name"],
        back: &["trim-name", "coding-wins"],
    },
    Example {
        name: "a word that holds chunked",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: ",
        front: &["any-coding"],
        back: &["finds-chunked", "coding-wins"],
    },
    Example {
        name: "a size with a prefix",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0x27\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: ",
        front: &["length-wins"],
        back: &["loose-size", "coding-wins"],
    },
    Example {
        name: "a folded coding",
        input: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: ",
        front: &["fold", "length-wins"],
        back: &["fold", "coding-wins"],
    },
];

/// What the widget can be given; our server is as it is until the reader switches a rule off.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |example: &Example| (example.name, json!({ "input": example.input, "front": example.front.join(",") }));
    EXAMPLES.iter().map(state).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One character a byte, U+0000 to U+00FF.
    input: String,
    /// The proxy's kindnesses, with commas between them.
    front: String,
    /// Our rules that are switched off, likewise; none to begin with.
    #[serde(default)]
    back: String,
}

/// What the widget shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) input: String,
    pub(crate) front: Reading,
    pub(crate) back: Reading,
    /// The first byte of which they say different things.
    pub(crate) part: Option<usize>,
    /// What each says there.
    pub(crate) say: Option<[String; 2]>,
    pub(crate) story: Story,
    pub(crate) kindnesses: [Kindness; 11],
    /// What our server would need to fall for it, where the input is an example.
    pub(crate) needed: Option<String>,
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where the body is not such a request.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    show(&bytes(&ask.input)?, &known(&ask.front)?, &known(&ask.back)?)
}

fn known(names: &str) -> Result<Vec<&'static str>, String> {
    let find = |name: &str| {
        let kindness = KINDNESSES.iter().find(|kindness| kindness.name == name);
        kindness.map(|kindness| kindness.name).ok_or_else(|| format!("There is no kindness named {name}."))
    };
    names.split(',').filter(|name| !name.is_empty()).map(find).collect()
}

/// Both readings, where they part, and the story.
pub(crate) fn show(input: &[u8], front: &[&'static str], back: &[&'static str]) -> Result<Shown, String> {
    let story = play(input, front.to_vec(), back.to_vec())?;
    let [one, other] = [front, back].map(|kindnesses| read(input, kindnesses));
    let [of_one, of_other] = [&one, &other].map(Reading::decisions);
    let differs = (0..of_one.len().max(of_other.len())).find(|&at| of_one.get(at) != of_other.get(at));
    let at = |decisions: &[(usize, &str)], nth: usize| decisions.get(nth).map_or(input.len(), |(place, _)| *place);
    let part = differs.map(|nth| at(&of_one, nth).min(at(&of_other, nth)));
    let say = differs.map(|nth| [sentence(&one, nth), sentence(&other, nth)]);
    let example = EXAMPLES.iter().find(|example| example.input.as_bytes() == input);
    let needed = example.map(|example| example.back.join(","));
    Ok(Shown { input: latin1(input), front: one, back: other, part, say, story, kindnesses: KINDNESSES, needed })
}

/// What a reading says at its decision of this number.
fn sentence(reading: &Reading, nth: usize) -> String {
    match reading.decisions().get(nth) {
        None => "waits for more bytes".into(),
        Some((at, "refused")) => {
            let rule = reading.refused.as_ref().map_or("", |(_, rule)| rule);
            format!("refuses byte {at}: {rule}")
        }
        Some((at, "end")) => {
            let message = reading.messages.iter().find(|message| message.end == *at);
            let name = message.map_or(String::new(), |message| format!(" of {} {}", message.method, message.target));
            format!("ends the message{name} before byte {at}")
        }
        Some((at, _)) => format!("ends the head before byte {at}"),
    }
}

/// The first example's story as a table, for the book.
pub(super) fn picture() -> Option<String> {
    let Example { input, front, .. } = &EXAMPLES[0];
    let shown = show(input.as_bytes(), front, &[]).ok()?;
    let text = super::picture::text;
    let scenes = shown.story.scenes.iter().map(|scene| (String::new(), vec![scene.who.to_string(), text(&scene.what)]));
    let bytes = format!("<div class=\"wb-bytes\"><code>{}</code></div>", text(&escape(input.as_bytes())));
    Some(bytes + &super::picture::table(&["who", "does"], scenes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attack_fails_against_our_server_and_succeeds_without_the_rule() {
        for Example { name, input, front, back } in &EXAMPLES {
            let ours = show(input.as_bytes(), front, &[]).expect("a story");
            assert!(!ours.story.succeeded, "{name}: {:?}", ours.story.scenes);
            assert!(ours.back.refused.is_some() && ours.part.is_some(), "{name}: {:?}", ours.back);
            let kind = show(input.as_bytes(), front, back).expect("a story");
            assert!(kind.story.succeeded, "{name}: {:#?} {:?} {:?}", kind.story.scenes, kind.front, kind.back);
            assert!(kind.part.is_some(), "{name}");
            // No kindness of the server is there for nothing.
            for left_out in *back {
                let fewer: Vec<_> = back.iter().copied().filter(|kindness| kindness != left_out).collect();
                let shown = show(input.as_bytes(), front, &fewer).expect("a story");
                assert!(!shown.story.succeeded, "{name} without {left_out}: {:?}", shown.story.scenes);
            }
        }
    }

    #[test]
    fn two_that_agree_do_not_part() {
        let plain = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n";
        for kindness in KINDNESSES {
            let shown = show(plain, &[kindness.name], &[]).expect("a story");
            assert_eq!((shown.part, shown.front.messages.len()), (None, 2), "{}: {:?}", kindness.name, shown.front);
            assert!(!shown.story.succeeded, "{}: {:?}", kindness.name, shown.story.scenes);
        }
        assert!(known("tea").is_err() && known("fold,bare-lf").is_ok_and(|known| known.len() == 2));
    }
}
