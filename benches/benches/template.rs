//! Templates: ours beside the engines of the registry and of npm, in one run, on equal output.
//!
//! Run: cargo bench -p wirebook-benches --bench template        (writes benches/results/PROCESSOR/template.json)
//!
//! On a busy machine, with valgrind: `cargo bench -p wirebook-benches --bench template -- --count` prints the instructions of a
//! render, of ours and of those that compile at build time.
//!
//! "table" is a grid of numbers, "teams" a short page, "text" 71 KB with a special character every ten bytes or so. Data is built
//! before the measurement in each engine's own form. `ejs` and `eta` are measured inside Node, where they are installed
//! (`npm install --prefix benches/benches/template_peers`).

mod template_peers;

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use serde::Serialize;
use template_peers::askama_pages::{self, Table, Team, Teams, Text};
use template_peers::engines::{self, Kind, Page};
use template_peers::{node, results, sailfish_pages};
use wirebook_benches::callgrind;

const PAGES: [&str; 4] = ["table 100x100", "table 1000x10", "teams", "text 71 KB"];

fn grid(rows: usize, columns: usize) -> Table {
    let cell = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 10_000) as i32;
    Table { table: (0..rows).map(|row| (0..columns).map(|column| cell(row, column)).collect()).collect() }
}

fn teams() -> Teams {
    let team = |(name, score): (&str, u8)| Team { name: name.to_owned(), score };
    Teams {
        year: 2015,
        teams: [("Jiangsu", 43), ("Beijing", 27), ("Guangzhou", 22), ("Shandong", 12)].map(team).into(),
    }
}

fn text() -> Text {
    let piece =
        "He said: \"5 < 6 & 7 > 2\", <b>it's</b> plain text for a while, then <a href=\"/x?a=1&b=2\">more</a>. ";
    let mut text = piece.repeat(71_000 / piece.len() + 1);
    text.truncate(71_000);
    Text { text }
}

/// What a browser makes of a page: the engines spell some entities differently.
fn meaning(html: &str) -> String {
    html.replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#039;", "'")
        .replace("&#x27;", "'")
        .replace("&#x2F;", "/")
        .replace("&#x2f;", "/")
        .replace("&#x3D;", "=")
        .replace("&#x60;", "`")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
        .replace("&gt;", ">")
        .replace("&#62;", ">")
        .replace("&amp;", "&")
        .replace("&#38;", "&")
}

type Pages = Vec<(&'static str, Page)>;

/// A page of the benchmark, by each engine.
fn page(name: &str) -> Pages {
    match name {
        "table 100x100" => pages(Kind::Table, &grid(100, 100), askama_pages::table, sailfish_pages::table),
        "table 1000x10" => pages(Kind::Table, &grid(1000, 10), askama_pages::table, sailfish_pages::table),
        "teams" => pages(Kind::Teams, &teams(), askama_pages::teams, sailfish_pages::teams),
        _ => pages(Kind::Text, &text(), askama_pages::text, sailfish_pages::text),
    }
}

fn pages<T: Serialize + Clone + 'static>(
    kind: Kind,
    data: &T,
    askama: fn(&T, &mut String),
    sailfish: fn(&T, &mut String),
) -> Pages {
    let (for_askama, for_sailfish) = (data.clone(), data.clone());
    vec![
        ("wirebook", engines::wirebook(kind, data)),
        ("askama", Box::new(move |out| askama(&for_askama, out))),
        ("sailfish", Box::new(move |out| sailfish(&for_sailfish, out))),
        ("upon", engines::upon(kind, data)),
        ("tera", engines::tera(kind, data)),
        ("minijinja", engines::minijinja(kind, data)),
        ("handlebars", engines::handlebars(kind, data)),
        ("liquid", engines::liquid(kind, data)),
    ]
}

fn compare(criterion: &mut Criterion, name: &str, node: Option<&node::Measured>) {
    let pages = page(name);
    let mut expected = String::new();
    pages[0].1(&mut expected);
    for (engine, output) in node.iter().flat_map(|node| &node.output) {
        assert_eq!(meaning(&output[name]), meaning(&expected), "{engine} renders {name} differently");
    }
    let mut group = criterion.benchmark_group(results::group(name));
    for (engine, page) in &pages {
        let mut out = String::new();
        page(&mut out);
        assert_eq!(meaning(&out), meaning(&expected), "{engine} renders {name} differently");
        group.bench_function(*engine, |b| {
            let mut out = String::with_capacity(expected.len() * 2);
            b.iter(|| {
                out.clear();
                page(black_box(&mut out));
                black_box(out.len())
            });
        });
    }
    group.finish();
}

/// Renders a page so many times: what runs under callgrind.
fn render(name: &str, engine: &str, turns: u32) {
    let pages = page(name);
    let (_, page) = pages.iter().find(|(known, _)| *known == engine).expect("the name of an engine");
    let mut out = String::with_capacity(1 << 20);
    for _ in 0..turns {
        out.clear();
        page(black_box(&mut out));
    }
}

/// Prints the instructions of a render: the difference between few and many.
fn count() -> Result<(), Box<dyn Error>> {
    for name in PAGES {
        let turns = if name == "teams" { 1000 } else { 20 };
        for engine in ["wirebook", "askama", "sailfish"] {
            let of = |turns: u64| callgrind::instructions(&["--render", name, engine, &turns.to_string()]);
            let (few, many) = (of(1)?, of(1 + turns)?);
            let each = few.zip(many).map(|(few, many)| (many - few) / turns);
            println!(
                "{name:14} {engine:9} {:>9} instructions",
                each.ok_or("an instruction that valgrind does not know")?
            );
        }
    }
    Ok(())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, engine, turns] = &words[..]
        && flag == "--render"
    {
        return render(name, engine, turns.parse().expect("a number of turns"));
    }
    if words.iter().any(|word| word == "--count") {
        return count().expect("valgrind counts");
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1200))
        .sample_size(20)
        .configure_from_args();
    let node = node::measure();
    let node = node.as_ref();
    for name in PAGES {
        compare(&mut criterion, name, node);
    }
    criterion.final_summary();
    results::write(&PAGES, node);
}
