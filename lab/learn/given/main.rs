//! Given: how `wirebook learn` talks to your code. There is nothing to fill in here; the files to fill in stand beside it.
//!
//! A question comes on standard input: a line `ask STAGE PIECES` (or `race STAGE PIECES`), then each piece as a line with its
//! length and that many bytes. The answer goes to standard output between the bytes STX and ETX, a line for each event.
//! Whatever else you print is shown to you with the next result, so `println!` is free to use.

#![allow(dead_code, unused_variables)]

mod chunks;
mod escape;
mod event_loop;
mod events;
mod frame;
mod head;
mod program;
mod queue;
mod race;
mod stages;
mod unmask;

use std::io::{self, BufRead, Write};

fn main() {
    let mut input = io::stdin().lock();
    while let Some((verb, stage, pieces)) = question(&mut input) {
        let lines = match &*verb {
            "race" => race::heats(&stage, &pieces),
            _ => stages::lines(&stage, &pieces.concat(), &stops(&pieces)),
        };
        let mut out = io::stdout().lock();
        let written = write!(out, "\x02{}\x03\n", lines.join("\n")).and_then(|()| out.flush());
        if written.is_err() {
            return;
        }
    }
}

/// The next question: its verb, its stage and its pieces; `None` where there is none.
fn question(input: &mut impl BufRead) -> Option<(String, String, Vec<Vec<u8>>)> {
    let line = line(input)?;
    let mut words = line.split(' ');
    let (verb, stage, count) = (words.next()?, words.next()?, words.next()?.parse::<usize>().ok()?);
    let mut pieces = Vec::new();
    for _ in 0..count {
        let mut piece = vec![0; self::line(input)?.parse().ok()?];
        input.read_exact(&mut piece).ok()?;
        pieces.push(piece);
    }
    Some((verb.to_string(), stage.to_string(), pieces))
}

fn line(input: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    line.strip_suffix('\n').map(String::from)
}

/// Where each piece ends in the whole.
fn stops(pieces: &[Vec<u8>]) -> Vec<usize> {
    let mut end = 0;
    let ends = pieces.iter().map(|piece| {
        end += piece.len();
        end
    });
    ends.collect()
}
