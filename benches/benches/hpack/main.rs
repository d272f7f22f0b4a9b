//! HPACK: our decoders and our encoder beside those of nghttp2 and of the registry, taking turns in one run.
//!
//! Run: cargo bench -p wirebook-benches --bench hpack        (writes benches/results/PROCESSOR/hpack.json)
//!
//! A block is a browser's request, fourteen fields of some 700 bytes. There are 512 different ones, because a single one
//! repeated flatters every branch predictor. Three things are asked: `spelled_out`, every string a Huffman code and no
//! table; `from_the_table`, one connection whose later blocks are indices but for path and date; `encode`, the same fields
//! the other way. `strings` are the values alone, through each of our five Huffman decoders.

mod peers;

use std::hint::black_box;

use peers::List;
use wirebook_benches::{Results, Rounds, sys, wanted};
use wirebook_hpack::huffman::{self, interleaved};
use wirebook_hpack::{Block, Decoder, Encoder, Indexing, Limits, integer};

const BLOCKS: usize = 512;
const ROUNDS: usize = 15;

/// Requests as a browser sends them: some values are always the same, some vary.
fn lists() -> Vec<List> {
    let mut state = 42u64;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let words = ["assets", "img", "api", "v2", "items", "user", "main", "chunk", "logo", "index", "fonts", "news"];
    let mut word = |count: usize, between: &str| -> String {
        (0..count).map(|_| format!("{}{}", words[random(words.len())], random(1000))).collect::<Vec<_>>().join(between)
    };
    (0..BLOCKS)
        .map(|number| {
            let path = format!("/{}?{}={}", word(3, "/"), word(1, ""), word(2, "+"));
            let fields = [
                (":method", "GET".into()),
                (":scheme", "https".into()),
                (":authority", "www.example.com".into()),
                (":path", path),
                ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into()),
                ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8".into()),
                ("accept-language", "en-GB,en;q=0.7,de;q=0.3".into()),
                ("accept-encoding", "gzip, deflate, br, zstd".into()),
                ("referer", "https://www.example.com/articles/latest?page=2".into()),
                ("cookie", format!("session={}; theme=dark; consent=all", "9f86d081884c7d659a2feaa0c55ad015")),
                ("upgrade-insecure-requests", "1".into()),
                ("sec-fetch-dest", "document".into()),
                ("sec-fetch-mode", "navigate".into()),
                ("if-modified-since", format!("Thu, 26 Nov 2026 {:02}:{:02}:07 GMT", number / 60 % 24, number % 60)),
            ];
            fields.map(|(name, value): (&str, String)| (name.as_bytes().to_vec(), value.into_bytes())).to_vec()
        })
        .collect()
}

/// Every field with both strings as Huffman codes, and outside the tables.
fn spelled_out(list: &List) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in list {
        block.push(0);
        for text in [name, value] {
            integer::write(huffman::encode::length(text) as u32, 7, 0x80, &mut block);
            huffman::encode::encode(text, &mut block);
        }
    }
    block
}

/// What an encoder makes of the lists, one connection.
fn connection(lists: &[List]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(4096);
    let encode = |list: &List| {
        let mut out = Vec::new();
        let mut block = encoder.block(&mut out);
        list.iter().for_each(|(name, value)| block.field(name, value, Indexing::Allowed));
        out
    };
    lists.iter().map(encode).collect()
}

/// Nanoseconds of CPU time for each block, of whatever `run` does with all of them.
fn per_block(mut run: impl FnMut()) -> f64 {
    const TIMES: usize = 10;
    let start = sys::thread_cpu();
    for _ in 0..TIMES {
        run();
    }
    (sys::thread_cpu() - start) as f64 / (TIMES * BLOCKS) as f64
}

fn decode(blocks: &[Vec<u8>], fields: usize) -> Rounds {
    let (mut ours, mut room) = (Decoder::new(Limits::default()), Block::default());
    let mut nghttp2 = peers::Inflater::default();
    let mut httlib = peers::Httlib::default();
    Rounds::take(vec!["wirebook", "nghttp2", "httlib-hpack"], ROUNDS, |at| {
        per_block(|| {
            for block in blocks {
                let block = black_box(&block[..]);
                let found = match at {
                    0 => {
                        ours.decode(block, &mut room).expect("a valid block");
                        black_box(&room).fields().len()
                    }
                    1 => nghttp2.decode(block),
                    _ => httlib.decode(block),
                };
                assert_eq!(found, fields);
            }
        })
    })
}

fn encode(lists: &[List]) -> Rounds {
    let (mut ours, mut out) = (Encoder::new(4096), Vec::with_capacity(4096));
    let mut nghttp2 = peers::Deflater::new(lists);
    let mut httlib = peers::HttlibEncoder::default();
    Rounds::take(vec!["wirebook", "nghttp2", "httlib-hpack"], ROUNDS, |at| {
        per_block(|| {
            for (number, list) in lists.iter().enumerate() {
                out.clear();
                match at {
                    0 => {
                        let mut block = ours.block(&mut out);
                        for (name, value) in black_box(list) {
                            block.field(name, value, Indexing::Allowed);
                        }
                    }
                    1 => nghttp2.encode(number, &mut out),
                    _ => httlib.encode(list, &mut out),
                }
                black_box(&out);
            }
        })
    })
}

/// The values alone: nanoseconds for those of one block.
fn strings(lists: &[List]) -> Rounds {
    let coded: Vec<Vec<Vec<u8>>> = lists
        .iter()
        .map(|list| {
            let code = |text: &Vec<u8>| {
                let mut out = Vec::new();
                huffman::encode::encode(text, &mut out);
                out
            };
            list.iter().map(|(_, value)| code(value)).collect()
        })
        .collect();
    let names = huffman::VARIANTS.iter().map(|(name, _)| *name).chain(["interleaved"]).collect();
    let mut out = Vec::with_capacity(4096);
    Rounds::take(names, ROUNDS, |at| {
        per_block(|| {
            for block in &coded {
                out.clear();
                match huffman::VARIANTS.get(at) {
                    Some((_, decode)) => {
                        for text in black_box(block) {
                            decode(text, &mut out).expect("a valid string");
                        }
                    }
                    None => {
                        for two in black_box(block).chunks(2) {
                            interleaved::decode_two(&two[0], &two[1], &mut out).expect("two valid strings");
                        }
                    }
                }
                black_box(&out);
            }
        })
    })
}

fn main() {
    let lists = lists();
    let mut results = Results::open("hpack");
    let mut add = |part: &str, rounds: &dyn Fn() -> Rounds, bases: &[&str]| {
        if wanted(part) {
            eprintln!("{part}, ns for each block of fourteen fields");
            results.set(part, rounds().rows("contestant", "ns", bases).into());
        }
    };
    let literal: Vec<Vec<u8>> = lists.iter().map(spelled_out).collect();
    let indexed = connection(&lists);
    add("strings", &|| strings(&lists), &["tree", "pair"]);
    add("spelled_out", &|| decode(&literal, 14), &["nghttp2"]);
    // The first block fills the table; whoever begins with the second has no table.
    add("from_the_table", &|| decode(&indexed, 14), &["nghttp2"]);
    add("encode", &|| encode(&lists), &["nghttp2"]);
    results.save();
}
