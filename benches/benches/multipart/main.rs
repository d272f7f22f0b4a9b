//! Forms: our decoder beside multer and npm's busboy, taking turns in one run.
//!
//! Run: npm ci --prefix benches/benches/multipart; cargo bench -p wirebook-benches --bench multipart
//! (writes benches/results/PROCESSOR/multipart.json)
//!
//! Three forms arrive in reads of 64 KiB: `file`, 100 MiB of random bytes in one part; `lines`, as many bytes of text whose lines
//! end in CR LF, each of which may begin a boundary; `fields`, a thousand parts of some thirty bytes. Figures are CPU time: MiB a
//! second for the first two, nanoseconds a part for the third. Every contestant counts the bytes of all contents, and that sum
//! must be right. `held` is the most memory that ours keeps between two reads, and the read itself.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;
use wirebook_benches::{Results, Rounds, sys, wanted};
use wirebook_multipart::{Boundary, Decoder, Encoder, Event, Limits, Part, Pieces};

const ROUNDS: usize = 9;
const READ: usize = 64 * 1024;
const FILE: usize = 100 << 20;
const PARTS: usize = 1000;
/// As long as a browser's, and with its letters.
const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

/// A form, the bytes of its contents, and how often it is read for one figure.
struct Form {
    name: &'static str,
    body: Bytes,
    content: usize,
    times: usize,
}

fn random() -> impl FnMut() -> u64 {
    let mut state = 42u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn form(name: &'static str) -> Form {
    let boundary = Boundary::new(BOUNDARY.as_bytes()).expect("a boundary");
    let (mut encoder, mut body, mut random) = (Encoder::new(&boundary), Vec::new(), random());
    let contents: Vec<Vec<u8>> = match name {
        "file" => vec![(0..FILE / 8).flat_map(|_| random().to_ne_bytes()).collect()],
        "lines" => {
            let mut text = Vec::with_capacity(FILE + 128);
            while text.len() < FILE {
                let length = 20 + random() as usize % 80;
                text.extend((0..length).map(|_| b"etaoin shrdlu-"[random() as usize % 14]));
                text.extend_from_slice(b"\r\n");
            }
            vec![text]
        }
        _ => (0..PARTS).map(|number| format!("the value of field {number:>8}").into_bytes()).collect(),
    };
    for (number, content) in contents.iter().enumerate() {
        let field = format!("field{number}");
        let part = if name == "fields" { Part::field(&field) } else { Part::file(&field, "film.bin", b"video/mp4") };
        encoder.file(part, content, &mut body).expect("a part");
    }
    encoder.end(&mut body).expect("the end");
    let content = contents.iter().map(Vec::len).sum();
    Form { name, body: body.into(), content, times: if name == "fields" { 200 } else { 1 } }
}

/// Without the limits that a hundred MiB would meet; they are counted all the same.
fn limits() -> Limits {
    Limits { parts: 1 << 20, fields: 1 << 20, file: 1 << 40, ..Limits::default() }
}

/// The bytes of all contents, and the most that was held.
fn ours(body: &[u8]) -> (usize, usize) {
    let boundary = Boundary::new(BOUNDARY.as_bytes()).expect("a boundary");
    let mut form = Pieces::new(Decoder::new(&boundary, limits()));
    let (mut content, mut held) = (0, 0);
    for mut piece in body.chunks(READ) {
        while !piece.is_empty() {
            let (used, event) = form.receive(piece).expect("a form");
            piece = &piece[used..];
            if let Some(Event::Data(data)) = event {
                content += black_box(data).len();
            }
        }
        held = held.max(form.held());
    }
    form.receive_eof().expect("a form");
    (content, held + READ)
}

/// What it reads is never late, so it runs to its end where it is polled.
fn multer(runtime: &tokio::runtime::Runtime, body: &Bytes) -> usize {
    let reads = (0..body.len()).step_by(READ).map(|at| body.slice(at..body.len().min(at + READ)));
    let reads = stream::iter(reads.map(Ok::<_, std::io::Error>).collect::<Vec<_>>());
    runtime.block_on(async {
        let (mut form, mut content) = (Multipart::new(reads, BOUNDARY), 0);
        while let Some(mut field) = form.next_field().await.expect("a form") {
            black_box(field.name());
            while let Some(data) = field.chunk().await.expect("a form") {
                content += black_box(data).len();
            }
        }
        content
    })
}

/// Nanoseconds of CPU time that busboy takes in Node; nothing where Node or the package is missing.
fn busboy(form: &Form) -> Option<f64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/multipart");
    if !folder.join("node_modules/busboy").is_dir() {
        eprintln!("npm ci --prefix benches/benches/multipart, to measure npm's busboy too");
        return None;
    }
    let body = std::env::temp_dir().join(format!("wirebook-form-{}-{}", std::process::id(), form.name));
    std::fs::write(&body, &form.body).expect("a temporary file");
    let output = Command::new("node")
        .arg(folder.join("busboy.mjs"))
        .arg(&body)
        .args([BOUNDARY, &form.times.to_string(), &form.content.to_string()])
        .output();
    std::fs::remove_file(&body).expect("the file is ours");
    let output = output.ok()?;
    assert!(output.status.success(), "busboy.mjs: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// The figure of a form that took so many nanoseconds each time.
fn figure(form: &Form, nanoseconds: f64) -> f64 {
    match form.name {
        "fields" => nanoseconds / PARTS as f64,
        _ => form.body.len() as f64 / (1 << 20) as f64 / (nanoseconds / 1e9),
    }
}

fn decode(form: &Form) -> Rounds {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut names = vec!["wirebook", "multer"];
    names.extend(busboy(form).map(|_| "busboy"));
    Rounds::take(names, ROUNDS, |at| {
        if at == 2 {
            return figure(form, busboy(form).expect("it was there"));
        }
        let start = sys::thread_cpu();
        for _ in 0..form.times {
            let content = if at == 0 { ours(&form.body).0 } else { multer(&runtime, &form.body) };
            assert_eq!(content, form.content);
        }
        figure(form, (sys::thread_cpu() - start) as f64 / form.times as f64)
    })
}

fn main() {
    let mut results = Results::open("multipart");
    for (name, unit) in [("file", "MiB_per_s"), ("lines", "MiB_per_s"), ("fields", "ns")] {
        if wanted(name) {
            eprintln!("{name}, {unit}");
            let form = form(name);
            results.set(name, decode(&form).rows("contestant", unit, &["multer", "busboy"]).into());
            results.set(&format!("{name}_held"), ours(&form.body).1.into());
        }
    }
    results.save();
}
