//! Templates: ours beside the engines of the registry and of npm, in one run, on equal output.
//!
//! Run: cargo bench -p wirebook-benches --bench template        (writes benches/results/PROCESSOR/template.json)
//!
//! "table" is a grid of numbers, "teams" a short page, "text" 71 KB with a special character every ten bytes or so. Data is built
//! before the measurement in each engine's own form. `ejs` and `eta` are measured inside Node, where they are installed
//! (`npm install --prefix benches/benches/template_peers`).

mod template_peers;

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use serde::Serialize;
use template_peers::askama_pages::{self, Table, Team, Teams, Text};
use template_peers::engines::{self, Kind, Page};
use template_peers::{node, results, sailfish_pages};

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

fn compare<T: Serialize + Clone + 'static>(
    criterion: &mut Criterion,
    name: &str,
    kind: Kind,
    data: &T,
    askama: fn(&T, &mut String),
    sailfish: fn(&T, &mut String),
    node: Option<&node::Measured>,
) {
    let (for_askama, for_sailfish) = (data.clone(), data.clone());
    let pages: Vec<(&str, Page)> = vec![
        ("wirebook", engines::wirebook(kind, data)),
        ("askama", Box::new(move |out| askama(&for_askama, out))),
        ("sailfish", Box::new(move |out| sailfish(&for_sailfish, out))),
        ("upon", engines::upon(kind, data)),
        ("tera", engines::tera(kind, data)),
        ("minijinja", engines::minijinja(kind, data)),
        ("handlebars", engines::handlebars(kind, data)),
        ("liquid", engines::liquid(kind, data)),
    ];
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

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1200))
        .sample_size(20)
        .configure_from_args();
    let node = node::measure();
    let node = node.as_ref();
    let c = &mut criterion;
    compare(c, PAGES[0], Kind::Table, &grid(100, 100), askama_pages::table, sailfish_pages::table, node);
    compare(c, PAGES[1], Kind::Table, &grid(1000, 10), askama_pages::table, sailfish_pages::table, node);
    compare(c, PAGES[2], Kind::Teams, &teams(), askama_pages::teams, sailfish_pages::teams, node);
    compare(c, PAGES[3], Kind::Text, &text(), askama_pages::text, sailfish_pages::text, node);
    criterion.final_summary();
    results::write(&PAGES, node);
}
