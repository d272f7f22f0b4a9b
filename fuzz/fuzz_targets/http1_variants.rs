//! Any bytes through every head parser, cut anywhere: all must say what the obvious one says.
//!
//! The first byte chooses what is read and how strictly, the second where the input is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_fuzz::parsers::{Kind, VARIANTS, outcome};
use wirebook_http1::parser::Limits;

fuzz_target!(|bytes: &[u8]| {
    let [choice, cut, input @ ..] = bytes else { return };
    let kind = [Kind::Request, Kind::Response, Kind::Trailers][usize::from(choice % 3)];
    let limits = match choice / 3 % 3 {
        0 => Limits::default(),
        1 => Limits { bare_lf: true, ..Limits::default() },
        _ => Limits { line: usize::from(choice >> 3), fields: 3, head: 200, bare_lf: choice & 1 == 1 },
    };
    let cut = usize::from(*cut).min(input.len());
    let wanted = outcome(&VARIANTS[0], kind, &limits, &[input]);
    for variant in VARIANTS {
        assert_eq!(outcome(variant, kind, &limits, &[input]), wanted, "{}", variant.name);
        assert_eq!(outcome(variant, kind, &limits, &[&input[..cut], input]), wanted, "{} cut at {cut}", variant.name);
    }
});
