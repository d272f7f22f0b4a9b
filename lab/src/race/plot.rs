//! The race as a picture: a row of bars for each input, the length says how many times as fast as httparse.

use std::fmt::Write;
use wirebook_race::Lap;

/// Okabe–Ito, which every kind of colour vision tells apart; each has its name beside it too.
const COLOURS: [(&str, &str); 8] = [
    ("httparse", "#888888"),
    ("split", "#d55e00"),
    ("bytewise", "#e69f00"),
    ("table", "#cc79a7"),
    ("swar", "#56b4e9"),
    ("simd, sse4.2", "#0072b2"),
    ("simd", "#009e73"),
    ("chunked", "#009e73"),
];

/// Whether this parser has a colour: httparse and ours have.
pub(super) fn knows(parser: &str) -> bool {
    COLOURS.iter().any(|(name, _)| *name == parser)
}

/// Where a plot is shown, which decides who says what is light and what is dark.
#[derive(Clone, Copy)]
pub(super) enum Home {
    /// Within a page that has colours of its own.
    Page,
    /// In a file of its own.
    File,
}

/// A bar for each lap, grouped by input.
pub(super) fn svg(laps: &[Lap], home: Home) -> String {
    const LINE: usize = 16;
    let longest = laps.iter().map(|lap| lap.ratio).fold(1.0, f64::max);
    let groups = laps.chunk_by(|one, next| one.input == next.input);
    let height = 30 + laps.len() * LINE + groups.clone().count() * 2 * LINE;
    let style = match home {
        Home::Page => "",
        Home::File => " style=\"color-scheme: light dark; color: light-dark(#222, #ddd)\"",
    };
    let mut out = format!(
        "<svg{style} xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 {height}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"11\" fill=\"currentColor\" role=\"img\" aria-label=\"Head parsers, how many times as fast as httparse\">\n"
    );
    let mut y = 20;
    for group in groups {
        let _ = writeln!(out, "<text x=\"8\" y=\"{y}\" font-weight=\"600\">{}</text>", group[0].input);
        for lap in group {
            y += LINE;
            let colour = COLOURS.iter().find(|(name, _)| *name == lap.parser).map_or("#888888", |(_, colour)| colour);
            let width = (lap.ratio / longest * 430.0).max(1.0);
            let _ = writeln!(
                out,
                "<text x=\"110\" y=\"{y}\" text-anchor=\"end\">{}</text><rect x=\"116\" y=\"{}\" width=\"{width:.1}\" height=\"11\" \
                 fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{y}\">{:.1}× · {:.0} ns</text>",
                lap.parser,
                y - 10,
                122.0 + width,
                lap.ratio,
                lap.ns
            );
        }
        y += 2 * LINE;
    }
    out.push_str("</svg>\n");
    out
}
