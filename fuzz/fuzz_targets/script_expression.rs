//! Any text as an expression, or a hostile one: it ends within its bounds, twice with the same result, and what it says about its place is true.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_fuzz::hostile::{self, Choices};
use wirebook_script::{Program, data};

fuzz_target!(|input: &[u8]| {
    // Behind a zero, decisions for the generator of hostile expressions.
    let made = match input {
        [0, choices @ ..] => hostile::value(&mut Choices::new(choices)),
        text => String::from_utf8_lossy(text).into_owned(),
    };
    let source = made.as_str();
    let data = data!({ "a": [1, "<", { "b": null }], "o": { "x": 1 }, "s": "h\u{e9} \u{1f600}", "n": 0.5 });
    match Program::expression(source) {
        Ok(program) => {
            let first = program.evaluate(&data).map_err(|error| error.kind());
            assert_eq!(program.evaluate(&data).map_err(|error| error.kind()), first, "a second run differs");
        }
        Err(error) => assert!(error.position().is_none_or(|at| at.offset as usize <= source.len())),
    }
});
