//! The blocks that five other encoders made of the same 3,384 lists of fields, and what other decoders would make of ours.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;
use wirebook_hpack::{Block, Decoder, Encoder, Indexing, Limits, naive};
use wirebook_tests::allocations::measure;

type List = Vec<(Vec<u8>, Vec<u8>)>;

fn rows(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/hpack/{name}.jsonl.gz"));
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("text")).expect("JSON")).collect()
}

/// The lists, by story: fields that went over one connection.
fn stories() -> Vec<Vec<List>> {
    let mut stories = vec![Vec::new(); 32];
    for row in rows("stories") {
        let list = row["headers"].as_array().expect("headers").iter();
        let text = |field: &Value, at: usize| field[at].as_str().expect("text").as_bytes().to_vec();
        stories[number(&row, "story")].push(list.map(|field| (text(field, 0), text(field, 1))).collect());
    }
    assert_eq!(stories.iter().map(Vec::len).sum::<usize>(), 3384);
    stories
}

fn number(row: &Value, key: &str) -> usize {
    row[key].as_u64().unwrap_or_else(|| panic!("{key} in {row}")) as usize
}

fn octets(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).expect("hex")).collect()
}

fn list(room: &Block) -> List {
    room.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

#[test]
fn the_blocks_of_other_encoders() {
    let stories = stories();
    let mut blocks = 0;
    for encoder in [
        "nghttp2",
        "nghttp2-change-table-size",
        "nghttp2-16384-4096",
        "python-hpack",
        "haskell-http2-linear",
        "haskell-http2-static-huffman",
    ] {
        let mut connection: Option<(usize, Decoder, naive::Decoder)> = None;
        let mut room = Block::default();
        for row in rows(encoder) {
            let (story, seq) = (number(&row, "story"), number(&row, "seq"));
            if connection.as_ref().is_none_or(|(of, ..)| *of != story) {
                connection = Some((story, Decoder::new(Limits::default()), naive::Decoder::new(4096)));
            }
            let (_, decoder, judge) = connection.as_mut().expect("just made");
            if let Some(size) = row["table"].as_u64() {
                decoder.allow(size as u32);
                judge.allow(size as u32);
            }
            let block = octets(row["wire"].as_str().expect("wire"));
            decoder.decode(&block, &mut room).unwrap_or_else(|error| panic!("{encoder} {story}/{seq}: {error}"));
            assert_eq!(list(&room), stories[story][seq], "{encoder} {story}/{seq}");
            assert!(!room.over());
            let judged = judge.decode(&block).expect("a valid block");
            assert_eq!(judged.len(), stories[story][seq].len(), "{encoder} {story}/{seq}, naively");
            blocks += 1;
        }
    }
    assert_eq!(blocks, 20_070);
}

/// Our own blocks, with the size of the table changing underway, and how small they are beside the best of the others.
#[test]
fn our_blocks_are_read_back_and_are_small() {
    let (mut ours, mut room) = (0, Block::default());
    for (story, lists) in stories().iter().enumerate() {
        let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(Limits::default()));
        let mut judge = naive::Decoder::new(4096);
        for (seq, fields) in lists.iter().enumerate() {
            if story % 2 == 1 && seq % 10 == 9 {
                let size = [0, 512, 1365, 4096][seq / 10 % 4];
                encoder.allow(size);
                decoder.allow(size);
                judge.allow(size);
            }
            let mut block = Vec::new();
            let mut writer = encoder.block(&mut block);
            for (name, value) in fields {
                writer.field(name, value, Indexing::Allowed);
            }
            decoder.decode(&block, &mut room).unwrap_or_else(|error| panic!("{story}/{seq}: {error}"));
            assert_eq!(list(&room), *fields, "{story}/{seq}");
            assert_eq!(encoder.table(), decoder.table(), "{story}/{seq}");
            let judged = judge.decode(&block).expect("a valid block");
            assert!(
                judged
                    .iter()
                    .map(|(name, value, _)| (name, value))
                    .eq(fields.iter().map(|(name, value)| (name, value)))
            );
            ours += if story.is_multiple_of(2) { block.len() } else { 0 };
        }
    }
    let theirs: usize = rows("nghttp2")
        .iter()
        .filter(|row| number(row, "story").is_multiple_of(2))
        .map(|row| row["wire"].as_str().expect("wire").len() / 2)
        .sum();
    println!("even stories: ours {ours} bytes, nghttp2 {theirs}");
    assert!(ours * 100 <= theirs * 105, "ours {ours} bytes, nghttp2 {theirs}");
}

/// A connection whose blocks resemble each other asks nothing of the allocator, at either end.
#[test]
fn a_steady_connection_allocates_nothing() {
    let stories = stories();
    let lists = &stories[20];
    let (mut encoder, mut decoder) = (Encoder::new(4096), Decoder::new(Limits::default()));
    let (mut out, mut room) = (Vec::new(), Block::default());
    let mut run = || {
        for fields in lists {
            out.clear();
            let mut block = encoder.block(&mut out);
            for (name, value) in fields {
                block.field(name, value, Indexing::Allowed);
            }
            decoder.decode(&out, &mut room).expect("our own block");
        }
    };
    run();
    run();
    let ((), cost) = measure(run);
    assert_eq!(cost.allocations, 0);
}
