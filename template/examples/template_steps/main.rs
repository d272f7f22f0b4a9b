//! From string replacement to closures: six engines for one page, each the last one improved, with their times as a table.
//!
//! Run: cargo run --release --example template_steps       (the book's is `benches/results/template_steps.md`)

mod closures;
mod data;
mod replace;
mod scan;
mod slots;
mod tree;

use data::{escape, table};
use std::time::Instant;
use wirebook_terminal as terminal;

/// A page in the small language of the steps: `<%= name %>`, `<% for name of name %>`, `<% end %>`.
const PAGE: &str =
    "<table><% for row of table %><tr><% for cell of row %><td><%= cell %></td><% end %></tr><% end %></table>";
/// The same page in EJS.
const EJS: &str = "<table><% for (const row of table) { %><tr><% for (const cell of row) { %><td><%= cell %></td><% } %></tr><% } %></table>";

/// A name, and what renders the page at the end of a buffer.
type Step<'a> = (&'a str, &'a dyn Fn(&mut String));

fn main() {
    terminal::no_arguments(include_str!("main.rs"));
    let data = table(100, 100);
    let mut expected = String::new();
    replace::render(&data, &mut expected);

    let tree = tree::parse(PAGE);
    let slots = slots::resolve(&tree);
    let closure = closures::compile(&slots);
    let ejs = wirebook_template::Template::compile(EJS).expect("the page compiles");
    let value = data.to_value();

    let steps: [Step<'_>; 6] = [
        ("1 replace", &|out| replace::render(&data, out)),
        ("2 scan", &|out| scan::render(PAGE, &data, out)),
        ("3 tree", &|out| tree::render(&tree, &data, out)),
        ("4 slots", &|out| slots::render(&slots, &data, out)),
        ("5 closures", &|out| closures::render(&closure, &data, out)),
        ("6 fused", &|out| ejs.render(&value, out).expect("the page renders")),
    ];
    println!("| step | µs for one page | times faster than the step before |\n|---|--:|--:|");
    let mut before = None;
    for (name, render) in steps {
        let mut out = String::with_capacity(expected.len() * 2);
        render(&mut out);
        assert_eq!(out, expected, "{name} renders something else");
        let mut times: Vec<f64> = (0..30)
            .map(|_| {
                out.clear();
                let started = Instant::now();
                render(&mut out);
                started.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let gain = before.replace(median).map_or(String::new(), |before: f64| format!("{:.1}", before / median));
        println!("| {name} | {median:.0} | {gain} |");
    }
    let mut text = String::new();
    escape("<&>", &mut text);
    assert_eq!(text, "&lt;&amp;&gt;");
}
