//! Any text as a template, or a hostile one: it compiles or it is an error with a place inside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_fuzz::hostile::{self, Choices};
use wirebook_template::{Options, Template};

fuzz_target!(|input: &[u8]| {
    // Behind a zero, decisions for the generator of hostile templates.
    let made = match input {
        [0, choices @ ..] => hostile::template(&mut Choices::new(choices)),
        text => String::from_utf8_lossy(text).into_owned(),
    };
    let source = made.as_str();
    let options = Options { trace: true, remove_white_space: source.len() % 2 == 1, ..Options::default() };
    if let Err(error) = Template::compile_with(source, "fuzz", &options) {
        assert!(error.position().is_none_or(|at| at.offset as usize <= source.len()));
    }
    let _ = wirebook_template::tokens(source, &options);
});
