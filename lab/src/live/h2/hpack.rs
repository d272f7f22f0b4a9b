//! The widget of HPACK's tables: fields that a reader types, as our [`Encoder`] writes them and our [`Decoder`] reads them,
//! representation by representation, with the dynamic table before and after each.

use crate::live::answer::{count, escape};
use crate::live::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wirebook_hpack::huffman::code::{CODES, LENGTHS};
use wirebook_hpack::huffman::encode;
use wirebook_hpack::static_table::FIELDS;
use wirebook_hpack::{
    Block, Decoder, Encoder, Error, Indexing, Kind, Limits, MOST, OVERHEAD, Representation, Text, representations,
};

/// Lines of fields that a widget may send, and bytes of each.
const MAX_LINES: usize = 64;
const MAX_LINE: usize = 256;

/// Sizes of the encoder's table to choose from: what the fields of the first example take together, and a byte less, are among them.
pub(crate) const TABLES: [u32; 6] = [4096, 512, 326, 325, 128, 0];

/// Three requests of a small client, as in the example `hpack_blocks`.
fn requests() -> String {
    let request = |path: &str| {
        format!(
            ":method: GET\n:scheme: https\n:authority: tea.example\n:path: {path}\n\
             user-agent: wirebook/0.1 (a small client)\naccept: text/html,application/xhtml+xml,*/*;q=0.8\n\
             accept-language: en-GB,en;q=0.5\naccept-encoding: gzip, deflate\ncookie: session=5e1f0c77a9b34d28\n\
             authorization: Bearer 81dc9bdb52d04dc2\n"
        )
    };
    ["/", "/tea", "/tea/green"].map(request).join("\n")
}

/// What the widget offers; the first is its picture in the book.
pub(crate) fn examples() -> Vec<(&'static str, Value)> {
    let state = |lines: &str, table: u32| json!({ "lines": lines, "table": table });
    let answers = ":status: 200\ncontent-type: text/html\ndate: Fri, 27 Nov 2026 08:00:00 GMT\nserver: wirebook\n\n\
                   :status: 200\ncontent-type: text/css\ndate: Fri, 27 Nov 2026 08:00:00 GMT\nserver: wirebook\n\n\
                   :status: 304\ndate: Fri, 27 Nov 2026 08:00:01 GMT\nserver: wirebook\n";
    let marks = "x-tea: green\n-x-tea: green\n!x-tea: green\n\nx-tea: green\n-x-tea: green\n!x-tea: green\n";
    vec![
        ("three requests", state(&requests(), 4096)),
        ("a table in which nothing stays", state(&requests(), 325)),
        ("no table", state(&requests(), 0)),
        ("answers", state(answers, 4096)),
        ("- stays out of the table, ! out of every table", state(marks, 4096)),
        (
            "secrets",
            state("cookie: pin=1234\ncookie: session=5e1f0c77a9b34d28\nauthorization: Basic dGVhOnRlYQ==\n", 4096),
        ),
    ]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// A field a line; an empty line ends a block. `-` in front keeps it out of the table, `!` out of every table.
    lines: String,
    table: u32,
}

/// What the widget shows.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Played {
    pub(crate) steps: Vec<Step>,
    blocks: Vec<Size>,
    /// Whether the decoder gave the fields that were typed. Never false, or there is a bug.
    same: bool,
}

/// How long a block is, and how long it would be as HTTP/1.1's text.
#[derive(Debug, PartialEq, Serialize)]
struct Size {
    octets: usize,
    text: usize,
}

/// A representation, and what it did.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Step {
    /// Its block, from 1.
    pub(crate) block: usize,
    pub(crate) octets: String,
    pub(crate) field: String,
    pub(crate) kind: String,
    pub(crate) why: String,
    /// The first octet: the bits that say the kind, and those of the number.
    mark: String,
    prefix: String,
    /// The number, its octets, and the row or entry that it names.
    number: u32,
    named: Option<Entry>,
    strings: Vec<Spelled>,
    /// The table behind it, the newest entry first, and what left it.
    pub(crate) table: Vec<Entry>,
    entered: bool,
    pub(crate) left: Vec<Entry>,
    size: usize,
    most: u32,
}

/// A row of either table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Entry {
    index: usize,
    pub(crate) name: String,
    value: String,
    size: usize,
}

/// A string, and the code of each of its letters where it is a Huffman code.
#[derive(Debug, PartialEq, Serialize)]
struct Spelled {
    what: &'static str,
    length: usize,
    octets: usize,
    letters: Vec<(String, String)>,
}

/// A line that a reader typed.
struct Line<'a> {
    name: &'a str,
    value: &'a str,
    indexing: Indexing,
}

/// Answers a request of the widget.
pub(crate) fn answer(ask: Ask) -> Result<Played, String> {
    play(&ask.lines, ask.table)
}

/// Plays the blocks.
///
/// # Errors
///
/// One sentence where a line is no field, or there are too many.
pub(crate) fn play(lines: &str, size: u32) -> Result<Played, String> {
    let blocks = parse(lines)?;
    let (mut encoder, mut whole) = (Encoder::new(size), Decoder::new(Limits::default()));
    let mut player = Player { decoder: Decoder::new(Limits::default()), room: Block::default(), most: MOST };
    let mut played = Played { steps: Vec::new(), blocks: Vec::new(), same: true };
    for (nth, lines) in blocks.iter().enumerate() {
        let mut octets = Vec::new();
        let mut writer = encoder.block(&mut octets);
        lines.iter().for_each(|line| writer.field(line.name.as_bytes(), line.value.as_bytes(), line.indexing));
        let mut room = Block::default();
        whole.decode(&octets, &mut room).map_err(|error| error.to_string())?;
        let typed = lines.iter().map(|line| (line.name.as_bytes(), line.value.as_bytes()));
        played.same &= room.fields().map(|field| (field.name, field.value)).eq(typed);
        let text = lines.iter().map(|line| line.name.len() + line.value.len() + ": \r\n".len()).sum();
        played.blocks.push(Size { octets: octets.len(), text });
        let mut lines = lines.iter();
        for one in representations(&octets).map_while(Result::ok) {
            let line = if one.kind == Kind::Size { None } else { lines.next() };
            played.steps.push(player.step(nth + 1, &octets, &one, line).map_err(|error| error.to_string())?);
        }
    }
    Ok(played)
}

fn parse(lines: &str) -> Result<Vec<Vec<Line<'_>>>, String> {
    if lines.lines().count() > MAX_LINES {
        return Err(format!("These are {} lines, the widget takes {MAX_LINES}.", lines.lines().count()));
    }
    let (mut blocks, mut block) = (Vec::new(), Vec::new());
    for line in lines.lines() {
        if line.trim().is_empty() {
            blocks.extend((!block.is_empty()).then(|| std::mem::take(&mut block)));
            continue;
        }
        if line.len() > MAX_LINE {
            return Err(format!("A line has {} bytes, the widget takes {MAX_LINE}.", line.len()));
        }
        let (indexing, field) = match line.as_bytes()[0] {
            b'-' => (Indexing::Without, &line[1..]),
            b'!' => (Indexing::Never, &line[1..]),
            _ => (Indexing::Allowed, line),
        };
        // The colon of a pseudo-field is not the one that ends its name.
        let colon = field.char_indices().skip(1).find(|(_, char)| *char == ':');
        let Some((colon, _)) = colon else {
            return Err(format!("{line:?} is no field: write a name, a colon and a value."));
        };
        block.push(Line { name: field[..colon].trim(), value: field[colon + 1..].trim(), indexing });
    }
    blocks.extend((!block.is_empty()).then_some(block));
    Ok(blocks)
}

/// A decoder that is given one representation at a time.
struct Player {
    decoder: Decoder,
    room: Block,
    most: u32,
}

impl Player {
    fn step(
        &mut self,
        block: usize,
        octets: &[u8],
        one: &Representation<'_>,
        line: Option<&Line<'_>>,
    ) -> Result<Step, Error> {
        let named = self.entry(one.number as usize).filter(|_| one.kind != Kind::Size);
        let before = self.table();
        self.decoder.decode(&octets[one.start..one.end], &mut self.room)?;
        if one.kind == Kind::Size {
            self.most = one.number;
        }
        let table = self.table();
        let entered = one.kind == Kind::Inserted && self.decoder.table().1 > 0;
        let stay = table.len() - usize::from(entered);
        let bits = format!("{:08b}", octets[one.start]);
        let (mark, prefix) = bits.split_at(8 - one.kind.prefix() as usize);
        let field = self.room.fields().next();
        let strings = [("name", one.name), ("value", one.value)].into_iter();
        let said = |what: &str| field.map_or(&b""[..], |field| if what == "name" { field.name } else { field.value });
        Ok(Step {
            block,
            octets: hex(&octets[one.start..one.end]),
            field: field.map_or(String::new(), |field| format!("{field:?}")),
            kind: format!("{:?}", one.kind),
            why: why(one, line, self.most),
            mark: mark.into(),
            prefix: prefix.into(),
            number: one.number,
            named,
            strings: strings.filter_map(|(what, text)| Some(spelled(what, text?, said(what)))).collect(),
            left: before[stay.min(before.len())..].to_vec(),
            table,
            entered,
            size: self.decoder.table().0,
            most: self.most,
        })
    }

    fn table(&self) -> Vec<Entry> {
        (FIELDS.len() + 1..).map_while(|index| self.entry(index)).collect()
    }

    fn entry(&self, index: usize) -> Option<Entry> {
        let (name, value) = self.decoder.entry(index)?;
        Some(Entry { index, name: escape(name), value: escape(value), size: name.len() + value.len() + OVERHEAD })
    }
}

/// Why the encoder took this representation.
fn why(one: &Representation<'_>, line: Option<&Line<'_>>, most: u32) -> String {
    let wish = line.map(|line| line.indexing);
    match one.kind {
        Kind::Size => {
            format!("a table of {} bytes is used, which the decoder must know before the first field", one.number)
        }
        Kind::Indexed if one.number as usize <= FIELDS.len() => {
            format!("the whole field is row {} of the static table", one.number)
        }
        Kind::Indexed => format!("the whole field is entry {}: it was sent before", one.number),
        Kind::NeverIndexed if wish == Some(Indexing::Never) => "you keep it out of every table on the way".into(),
        Kind::NeverIndexed => "a secret, or so short that it can be guessed: no table on the way may have it".into(),
        Kind::Literal if wish == Some(Indexing::Without) => "you keep it out of this table".into(),
        Kind::Literal if most == 0 => "there is no table that it could go into".into(),
        Kind::Literal => "its value is another one each time, or too large: it would only push others out".into(),
        Kind::Inserted => "it may well come again, so it goes into the table".into(),
    }
}

fn spelled(what: &'static str, text: Text<'_>, said: &[u8]) -> Spelled {
    let letter = |byte: &u8| {
        let symbol = usize::from(*byte);
        (escape(&[*byte]), format!("{:0length$b}", CODES[symbol], length = usize::from(LENGTHS[symbol])))
    };
    let plain = |byte: &u8| (escape(&[*byte]), String::new());
    let letters = said.iter().map(|byte| if text.coded { letter(byte) } else { plain(byte) }).collect();
    debug_assert!(!text.coded || encode::length(said) == text.octets.len());
    Spelled { what, length: said.len(), octets: text.octets.len(), letters }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(" ")
}

/// The first request of the first example as a table, for the book.
pub(crate) fn drawing() -> String {
    let steps = play(&requests(), TABLES[0]).map(|played| played.steps).unwrap_or_default();
    let rows = steps.iter().take_while(|step| step.block == 1).map(|step| {
        let octets = format!("<code>{}</code>", step.octets);
        let table = format!("{} in it, {}", step.table.len(), count(step.size, "byte"));
        (String::new(), vec![octets, text(&step.field), text(&step.why), table])
    });
    table(&["octets", "field", "why", "the table then"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_comes_back_as_it_was_typed() {
        for (label, state) in examples() {
            let (lines, size) = (state["lines"].as_str().unwrap(), state["table"].as_u64().unwrap() as u32);
            let played = play(lines, size).unwrap();
            assert!(played.same, "{label}");
            let sizes = played.blocks.iter().map(|block| block.octets).sum::<usize>();
            let octets = played.steps.iter().map(|step| step.octets.split(' ').count()).sum::<usize>();
            assert_eq!(octets, sizes, "{label}: each octet belongs to one step");
            for step in &played.steps {
                assert_eq!(step.size, step.table.iter().map(|entry| entry.size).sum::<usize>(), "{label}");
                assert!(step.size <= step.most as usize, "{label}");
                let coded = step.strings.iter().filter(|one| one.letters.iter().any(|(_, code)| !code.is_empty()));
                for one in coded {
                    let bits: usize = one.letters.iter().map(|(_, code)| code.len()).sum();
                    assert_eq!(bits.div_ceil(8), one.octets, "{label}");
                }
            }
        }
    }

    #[test]
    fn a_table_that_holds_a_request_makes_the_next_one_short_and_a_byte_less_makes_it_long() {
        let known = |size| {
            let steps = play(&requests(), size).unwrap().steps;
            steps.iter().filter(|step| step.block == 2 && step.kind == "Indexed" && step.number > 61).count()
        };
        assert_eq!((known(326), known(325)), (5, 0));
    }

    #[test]
    fn what_enters_and_leaves_is_told() {
        let steps = play("a: 1\nb: 2\n", 40).unwrap().steps;
        let kinds: Vec<_> = steps.iter().map(|step| (&*step.kind, step.table.len(), step.left.len())).collect();
        assert_eq!(
            kinds,
            [("Size", 0, 0), ("Literal", 0, 0), ("Literal", 0, 0)],
            "an entry above three quarters stays out"
        );
        let steps = play("a: 1\nb: 2\nc: 3\n", 80).unwrap().steps;
        let left: Vec<_> = steps.iter().flat_map(|step| step.left.iter().map(|entry| &*entry.name)).collect();
        assert_eq!((left, steps[3].table.len()), (vec!["a"], 2));
    }

    #[test]
    fn what_is_no_field_is_refused_in_a_sentence() {
        assert!(play("no field\n", 4096).unwrap_err().contains("is no field"));
        assert!(play(&"a: b\n".repeat(65), 4096).unwrap_err().contains("65 lines"));
        assert!(play(&format!("a: {}\n", "b".repeat(300)), 4096).unwrap_err().contains("303 bytes"));
        assert_eq!(play("", 4096).unwrap().steps, []);
        assert!(play("é: ü\n:\u{e9}: x\n", 4096).unwrap().same);
    }
}
