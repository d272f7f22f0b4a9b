//! Templates as hostile as they can be (`fuzz/src/hostile.rs`, which the fuzz targets have, too): each is compiled and rendered
//! within 32 MiB, the bound of its steps and a moment, gives the same twice, and leaves its data as it was.

#[allow(dead_code, unreachable_pub)]
#[path = "../../../fuzz/src/hostile.rs"]
mod made;

use made::Choices;
use std::time::Duration;
use wirebook_template::{Error, ErrorKind, Limits, Options, Template, data};
use wirebook_tests::allocations::measure;
use wirebook_tests::{asked, processor::timed};

/// The most that compiling and running may hold.
const MEMORY: i64 = 32 << 20;
/// A hundred thousand steps are a few hundredths of a second of the thread's own time, however busy the machine is.
const TIME: Duration = Duration::from_secs(2);

/// Runs something hostile, and says how it went beyond its bounds.
fn excess<T>(run: impl FnOnce() -> Result<T, Error>) -> (Option<String>, Option<ErrorKind>) {
    let ((result, cost), took) = timed(|| measure(run));
    let kind = result.err().map(|error| error.kind());
    let beyond = took > TIME || cost.peak_bytes > MEMORY;
    (beyond.then(|| format!("{} bytes, {took:?}, {kind:?}", cost.peak_bytes)), kind)
}

/// Each seed is a template and an expression.
#[test]
fn hostile_templates_stay_within_their_bounds() {
    let limits = Limits { steps: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let data = data!({ "s": "text", "o": { "list": [1, "<", { "b": null }] }, "n": 0.5 });
    let show = Template::compile("<%- JSON.stringify(locals) %>").expect("compiles");
    let before = show.render_to_string(&data).expect("renders");
    let (first, count) = (asked("WIREBOOK_SEED", 15), asked("WIREBOOK_PROGRAMS", 250));
    let (mut broken, mut bounded, mut done) = (Vec::new(), 0, 0);
    for seed in first..first + count {
        // A seed spread over some bytes, so that those near each other differ.
        let bytes = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
        let source = made::template(&mut Choices::new(&bytes));
        let mut shown: String = source.chars().take(300).collect();
        let (beyond, kind) = excess(|| {
            let template = Template::compile_with(&source, "hostile", &options)?;
            let first = template.render_to_string(&data).map_err(|error| error.kind());
            assert_eq!(template.render_to_string(&data).map_err(|error| error.kind()), first, "{seed}: {shown}");
            first.map_err(|_| template.render_to_string(&data).expect_err("the same again"))
        });
        broken.extend(beyond.map(|beyond| format!("{seed}: {beyond}: {shown}")));
        match kind {
            None => done += 1,
            Some(ErrorKind::StepLimit | ErrorKind::MemoryLimit | ErrorKind::NestingLimit | ErrorKind::OutputLimit) => {
                bounded += 1;
            }
            Some(_) => {}
        }
        let source = format!("<%= {} %>", made::value(&mut Choices::new(&bytes)));
        shown = source.chars().take(300).collect();
        let (beyond, _) = excess(|| Template::compile_with(&source, "hostile", &options)?.render_to_string(&data));
        broken.extend(beyond.map(|beyond| format!("{seed}: {beyond}: {shown}")));
        assert_eq!(show.render_to_string(&data).expect("renders"), before, "{seed} changed its data: {shown}");
    }
    // They are neither all refused nor all harmless.
    assert!(bounded * 10 > count && done * 50 > count, "{bounded} of {count} reached a bound, {done} were rendered");
    assert!(broken.is_empty(), "{} of {count}:\n{}", broken.len(), broken.join("\n"));
}
