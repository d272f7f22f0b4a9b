//! `wirebook learn` from nothing to its last stage, by its answers; stopped by a wrong answer at each stage; and unharmed by
//! whatever the reader's program does.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WIREBOOK: &str = env!("CARGO_BIN_EXE_wirebook");

/// The stages, each with a mutation of its answer (a piece of it, and what a tired person writes in its place) and the step
/// that it does not pass.
const MUTATIONS: [(&str, &str, &str, &str); 8] = [
    (
        "head",
        "b' ' | b'\\t' if at > 0 => \"SpaceBeforeColon\",",
        "b' ' | b'\\t' if at > 0 => \"FieldName\",",
        "refusals",
    ),
    ("chunks", "self.state = State::DataCr;", "self.state = State::DataLf;", "whole"),
    ("unmask", "key[(offset + at) % 4]", "key[at % 4]", "in pieces"),
    ("frame", "65_536", "65_535", "refusals"),
    ("events", "byte == b'\\n' && self.after_cr", "false", "whole"),
    ("escape", "b\"&#39;\"", "b\"'\"", "whole"),
    ("queue", "self.idle.pop()", "(!self.idle.is_empty()).then(|| self.idle.remove(0))", "whole"),
    ("loop", "job(self);\n        self.drain();", "job(self);", "whole"),
];

/// A crate made by `wirebook learn new` outside the checkout, gone when dropped.
struct Crate(tempfile::TempDir);

impl Crate {
    fn new() -> Crate {
        let home = Crate(tempfile::tempdir().expect("a folder"));
        let (code, _) = home.learn(&["new", "."]);
        assert_eq!(code, 0);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WIREBOOK);
        command.arg("learn").args(arguments).current_dir(self.path()).env("CARGO_NET_OFFLINE", "true");
        command
    }

    /// Runs a subcommand in the crate: its exit code, and all that it said.
    fn learn(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().expect("the program starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).arg("--json").output().expect("the program starts");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).expect("a file of the crate");
    }
}

#[test]
fn from_nothing_to_the_last_stage_and_stopped_by_wrong_answers() {
    let home = Crate::new();
    // As it is given it compiles, and no stage passes.
    for (stage, ..) in MUTATIONS {
        let seen = home.json(&["check", stage]);
        assert_eq!((&seen["passed"], &seen["step"]), (&false.into(), &"whole".into()), "{stage}: {seen}");
        assert!(seen["difference"]["line"].is_number(), "{stage}: {seen}");
    }
    // What fails can be looked at in the book.
    let link = home.json(&["check", "head"])["link"].to_string();
    assert!(link.contains("/http1/head.html#head.input="), "{link}");
    // All answers, each with its mutation: no stage passes either, and each fails where its mutation is wrong.
    let answers = MUTATIONS.map(|(stage, right, wrong, _)| {
        let seen = home.json(&["answer", stage]);
        let text = seen["answer"].as_str().expect("an answer").to_string();
        assert_eq!(text.matches(right).count(), 1, "{stage} has {right:?}");
        let file = seen["file"].as_str().expect("a file").to_string();
        home.write(&file, &text.replace(right, wrong));
        (stage, file, text)
    });
    for (stage, .., step) in MUTATIONS {
        let seen = home.json(&["check", stage]);
        assert_eq!((&seen["passed"], &seen["step"]), (&false.into(), &step.into()), "{stage}: {seen}");
    }
    let (code, said) = home.learn(&["submit", "loop"]);
    assert!(code == 1 && said.contains("Stage head is not done yet"), "{said}");
    // The right ones, one after the other; each stage names the next one and its file.
    for (at, (stage, file, text)) in answers.iter().enumerate() {
        let seen = home.json(&[]);
        assert_eq!((&seen["next"]["stage"], &seen["next"]["file"]), (&(*stage).into(), &file.as_str().into()));
        home.write(file, text);
        let (code, said) = home.learn(&["submit"]);
        assert_eq!(code, 0, "{stage}: {said}");
        let next = answers.get(at + 1).map_or("All stages are done", |(_, file, _)| file);
        assert!(said.contains(next), "{stage}: {said}");
        assert!(said.lines().all(|line| line.chars().count() <= 80 && !line.contains('\x1b')), "{said}");
    }
    assert!(home.json(&[])["next"].is_null());
    // A stage that is done is tested again by the one behind it.
    let (_, file, text) = &answers[0];
    home.write(file, &text.replace(MUTATIONS[0].1, MUTATIONS[0].2));
    let (code, said) = home.learn(&["submit", "loop"]);
    assert!(code == 1 && said.contains("Stage head:"), "{said}");
    // And what races is the reader's own code.
    home.write(file, text);
    let race = home.json(&["race", "escape"]);
    let names: Vec<_> = race["laps"].as_array().expect("laps").iter().map(|lap| &lap["name"]).collect();
    assert!(names.contains(&&"yours".into()) && names.contains(&&"naive".into()), "{race}");
    assert!(
        race["laps"].as_array().is_some_and(|laps| laps.iter().all(|lap| lap["ns"].as_f64() > Some(0.0))),
        "{race}"
    );
    let (code, said) = home.learn(&["race", "loop"]);
    assert!(code == 1 && said.contains("no race"), "{said}");
}

#[test]
fn hints_open_one_by_one_and_what_was_written_is_kept() {
    let home = Crate::new();
    let first = home.json(&["hint"]);
    assert_eq!(first["hints"].as_array().map(Vec::len), Some(1));
    let second = home.json(&["hint", "head"]);
    assert_eq!(second["hints"].as_array().map(Vec::len), Some(2));
    let of = second["of"].as_u64().expect("a number");
    for _ in 2..of + 1 {
        home.learn(&["hint"]);
    }
    assert!(home.learn(&["hint"]).1.contains("There are no more"));
    for (stage, ..) in MUTATIONS {
        assert!(home.json(&["hint", stage])["of"].as_u64() >= Some(2), "{stage}");
    }
    // Neither an answer nor a reset takes away what the reader has written.
    home.write("src/unmask.rs", "// mine");
    assert_eq!(home.json(&["answer", "unmask", "--take"])["kept"], "src/unmask.rs.mine-1");
    assert!(home.json(&["reset", "unmask"])["kept"].is_null(), "the answer is not theirs");
    home.write("src/unmask.rs", "// mine again");
    assert_eq!(home.json(&["reset", "unmask"])["kept"], "src/unmask.rs.mine-2");
    assert_eq!(fs::read_to_string(home.path().join("src/unmask.rs.mine-1")).expect("kept"), "// mine");
    // No second crate over the first one, no unknown stage, no crate where there is none, no broken progress.
    for (arguments, sentence) in [
        (&["new", "."][..], "not empty"),
        (&["check", "tea"], "There is no stage named tea"),
        (&["--crate", "/", "check"], "There is no crate of `wirebook learn`"),
    ] {
        let (code, said) = home.learn(arguments);
        assert!(code == 1 && said.contains(sentence) && said.contains("hint:"), "{said}");
    }
    home.write("learn.json", "{\"done\": 7}");
    let (code, said) = home.learn(&[]);
    assert!(code == 1 && said.contains("is not what `wirebook learn` wrote"), "{said}");
}

/// What a program may do instead of answering, by the stage at which it does so, and the words of the sentence on it.
const HOSTILE: [(&str, &str); 9] = [
    ("loop {}", "no answer within 2 seconds"),
    ("panic!(\"no tea\")", "panicked at src/escape.rs"),
    ("std::process::abort()", "ended by signal 6"),
    ("std::process::exit(0)", "with exit code 0"),
    ("out.reserve_exact(1 << 40)", "more memory than"),
    ("loop { println!(\"{}\", \"flood \".repeat(1000)) }", "printed more than"),
    ("{ print!(\"\\x02output \\\"half\"); std::process::exit(3) }", "with exit code 3"),
    (
        "{ fn deep(n: u64) -> u64 { std::hint::black_box(deep(n + 1)) + 1 } out.push(deep(0) as u8) }",
        "calls itself without end",
    ),
    (
        "{ std::process::Command::new(\"sleep\").arg(\"1000\").spawn().ok(); std::process::exit(0) }",
        "closed its output and did not end|with exit code 0|no answer within",
    ),
];

#[test]
fn a_program_that_misbehaves_costs_a_sentence() {
    let home = Crate::new();
    // One build: the input says what to do. The cases of the stage are the program's to see, so it counts its calls instead.
    for (at, (what, _)) in HOSTILE.iter().enumerate() {
        let text = format!("pub fn escape(text: &[u8], out: &mut Vec<u8>) {{ {what} }}\n");
        home.write(&format!("src/hostile_{at}.rs"), &text.replace("panic!", "std::panic!"));
    }
    let arms: String = (0..HOSTILE.len()).map(|at| format!("\"{at}\" => hostile_{at}::escape(text, out),\n")).collect();
    let modules: String =
        (0..HOSTILE.len()).map(|at| format!("#[path = \"hostile_{at}.rs\"] mod hostile_{at};\n")).collect();
    home.write(
        "src/escape.rs",
        &format!(
            "#![allow(unreachable_code, unconditional_recursion)]\n{modules}pub fn escape(text: &[u8], out: &mut Vec<u8>) {{\n\
             match &*std::fs::read_to_string(\"{}/which\").unwrap() {{\n{arms}_ => {{}} }} }}\n",
            home.path().display()
        ),
    );
    for (at, (what, sentences)) in HOSTILE.iter().enumerate() {
        home.write("which", &at.to_string());
        let start = Instant::now();
        let seen = home.json(&["check", "escape"]);
        let trouble = seen["trouble"].as_str().unwrap_or_else(|| panic!("{what}: {seen}"));
        let sentences = sentences.replace("src/escape.rs", "src/hostile_1.rs");
        assert!(sentences.split('|').any(|sentence| trouble.contains(sentence)), "{what}: {trouble}");
        assert!(start.elapsed() < Duration::from_secs(60), "{what} took {:?}", start.elapsed());
        assert!(seen.to_string().len() < 20_000, "{what}: too much is said");
    }
    // What does not compile is told in the compiler's words, and printing is no fault.
    home.write(
        "src/escape.rs",
        "pub fn escape(text: &[u8], out: &mut Vec<u8>) { println!(\"I see {}\", text.len()) }\n",
    );
    let seen = home.json(&["check", "escape"]);
    assert!(seen["printed"].as_str().is_some_and(|printed| printed.contains("I see 9")), "{seen}");
    assert_eq!(seen["got"][0], "output \"\"");
    home.write("src/escape.rs", "pub fn escape() { tea }\n");
    let seen = home.json(&["check", "escape"]);
    assert!(seen["trouble"] == "Your crate does not compile.", "{seen}");
    assert!(seen["said"].as_str().is_some_and(|said| said.contains("cannot find value `tea`")), "{seen}");
}

#[test]
fn watch_checks_again_whenever_a_file_changes() {
    let home = Crate::new();
    let mut child = home
        .command(&["watch", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    // Each result is one object, whose last line is a brace alone.
    let mut objects = output.lines().map_while(Result::ok).scan(String::new(), |text, line| {
        text.push_str(&line);
        Some((line == "}").then(|| serde_json::from_str::<Value>(&std::mem::take(text)).expect("JSON")))
    });
    let mut next = || objects.by_ref().flatten().next().expect("a result");
    assert_eq!(next()["passed"], false);
    home.learn(&["answer", "head", "--take"]);
    // The progress changes before the source does, so there may be one more look at the old one.
    let passed = (0..3).any(|_| next()["passed"] == true);
    child.kill().expect("it runs");
    child.wait().expect("it has ended");
    assert!(passed);
}

#[test]
fn watch_goes_on_by_itself_and_ends_behind_the_last_stage() {
    let home = Crate::new();
    for (stage, ..) in MUTATIONS {
        home.learn(&["answer", stage, "--take"]);
    }
    let (code, said) = home.learn(&["watch", "--submit"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("8 done  loop") && said.contains("All stages are done"), "{said}");
    assert!(home.json(&[])["next"].is_null());
    // There is nothing left to check, and a person who asks is told so.
    let (code, said) = home.learn(&["check"]);
    assert!(code == 1 && said.contains("All stages are done"), "{said}");
}
