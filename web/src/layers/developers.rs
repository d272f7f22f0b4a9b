//! What developers see of a failure, and nobody else: where it was made, which rings it passes, what was asked.

use super::page::escape;
use crate::{
    context::{Context, Failure},
    text::{is_secret, redact_target},
};
use std::{fmt::Write, fs::File, io::Read, panic::Location};
use wirebook_net as net;

/// Lines of source before the one that failed, and behind it.
const AROUND: usize = 4;

/// Bytes of a source file that are looked at, and characters of one line and of a name that are shown.
const MOST_SOURCE: u64 = 1 << 20;
const MOST_LINE: usize = 160;

/// The folder that a program was started in, and those above it, in which its sources are looked for.
const MOST_FOLDERS: usize = 4;

/// The page of a failure behind its heading: all that is known. Whatever came from outside is escaped.
pub(super) async fn details(ctx: &Context<'_>, failure: &Failure) -> String {
    let mut page = format!("<p><strong>{}</strong></p>\n", escape(failure.message()));
    let mut cause = failure.cause().and_then(|error| error.source());
    while let Some(error) = cause {
        page += &format!("<p>because {}</p>\n", escape(&error.to_string()));
        cause = error.source();
    }
    let place = failure.place();
    let excerpt = net::spawn_blocking(move || excerpt(place)).await.ok().flatten();
    page += &format!("<h2>Where</h2>\n<p><code>{}:{}</code></p>\n", escape(place.file()), place.line());
    if let Some(excerpt) = excerpt {
        page += &format!("<pre>{}</pre>\n", escape(&excerpt));
    }
    page += "<h2>The onion, from the outside</h2>\n<ol>\n";
    for ring in ctx.rings() {
        page += &format!("<li><code>{}</code>\n", escape(&short(ring)));
    }
    let route = ctx.matched_route().map_or_else(|| "no route".into(), escape);
    page += &format!("<li><code>{route}</code>\n</ol>\n");
    if let Some(explanation) = ctx.explain().filter(|_| matches!(failure.status(), 404 | 405)) {
        page += &format!("<h2>What the router tried</h2>\n<pre>{}</pre>\n", escape(&explanation.to_string()));
    }
    let mut request = format!("{} {}\n", ctx.method(), redact_target(ctx.target()));
    for (name, value) in ctx.headers().iter() {
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        // A Referer is an address, too; where there is no `?` there is nothing to hide.
        let value = if is_secret(&name) { "(not shown)".into() } else { redact_target(&value) };
        // Writing to a text does not fail.
        writeln!(request, "{name}: {value}").ok();
    }
    page + &format!("<h2>Request</h2>\n<pre>{}</pre>\n", escape(&request))
}

/// The name of a ring without what a compiler adds to it.
fn short(name: &str) -> String {
    let end = name.find('<').filter(|at| *at > 0).unwrap_or(name.len());
    name[..end].trim_end_matches("::{{closure}}").chars().take(MOST_LINE).collect()
}

/// The lines around a place, with their numbers; `None` where the sources are not at hand.
fn excerpt(place: &Location<'_>) -> Option<String> {
    // The compiler names files as seen from the workspace, and a program may have been started in a folder of it.
    let here = std::env::current_dir().ok()?;
    let mut paths = here.ancestors().take(MOST_FOLDERS).map(|folder| folder.join(place.file()));
    let path = paths.find(|path| path.is_file() && path.extension().is_some_and(|end| end == "rs"))?;
    let mut source = String::new();
    File::open(path).ok()?.take(MOST_SOURCE).read_to_string(&mut source).ok()?;
    let line = usize::try_from(place.line()).ok()?;
    let first = line.saturating_sub(AROUND).max(1);
    let mut out = String::new();
    for (number, text) in source.lines().enumerate().skip(first - 1).take(line - first + 1 + AROUND) {
        let mark = if number + 1 == line { '>' } else { ' ' };
        let text: String = text.chars().take(MOST_LINE).collect();
        writeln!(out, "{mark} {:>4} {text}", number + 1).ok()?;
    }
    Some(out).filter(|out| !out.is_empty())
}
