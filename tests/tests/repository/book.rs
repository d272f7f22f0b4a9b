//! What a test can hold of the book's pages: links and pictures everywhere, and of each chapter its form.
//!
//! A chapter begins with a box: what you will be able to do, what it builds on, minutes, the example to start. It has a picture.
//! It ends with `## Exercises`, of three levels, each with a hint and an answer that are folded; and with `## Can you say…`, ten
//! questions that each lead to their answer. What a first reading may skip is one last section, `## Going faster`.
//!
//! What the book's renderer does by itself (captions of code, its width, links to the glossary and to RFCs) is held by the tests
//! of `lab`.

use wirebook_tests::workspace::{members, root};

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Markdown files below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a readable folder").flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// A heading's name, as mdBook makes it.
fn slug(heading: &str) -> String {
    let heading = heading.trim().to_lowercase().replace(' ', "-");
    heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// Where links into a page may lead: its headings, its `id`s, and states of its widgets (`#frame.input=…`).
fn targets(text: &str) -> HashSet<String> {
    let mut fenced = false;
    let headings = text.lines().filter(|line| {
        fenced ^= line.starts_with("```");
        !fenced && line.starts_with('#')
    });
    let ids = text.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(String::from);
    headings.map(|line| slug(line.trim_start_matches('#'))).chain(ids).collect()
}

/// The targets of the links of a text: `](…)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_link_within_the_book_leads_somewhere() {
    let mut broken = Vec::new();
    let mut count = 0;
    for page in pages(&source()) {
        let text = read(&page);
        for link in links(&text).filter(|link| link.starts_with('#') || link.contains(".md")) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let leads = |text: &str| match anchor.split_once('=') {
                Some((state, _)) => {
                    text.contains(&format!("{{{{#widget {}}}}}", state.split('.').next().unwrap_or_default()))
                }
                None => anchor.is_empty() || targets(text).contains(anchor),
            };
            let there = fs::read_to_string(&path).is_ok_and(|text| leads(&text));
            if !there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(count > 40, "only {count} links");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn pictures_have_a_text_and_letters_that_a_phone_can_show() {
    let mut pictures = 0;
    for page in pages(&source()) {
        let text = read(&page);
        for picture in text.split("<svg ").skip(1).filter_map(|rest| rest.split("</svg>").next()) {
            pictures += 1;
            let page = page.display();
            let (tag, inner) = picture.split_once('>').unwrap_or_default();
            assert!(tag.contains("role=\"img\""), "{page}: {tag}");
            assert!(inner.contains("<title>") && inner.contains("</title>"), "{page}: {tag}: no title");
            assert!(!picture.contains("\n\n"), "{page}: {tag}: an empty line ends HTML in Markdown");
            // At 390 pixels some 350 are left for a picture. A narrower one is not made smaller.
            let width = tag.split("viewBox=\"0 0 ").nth(1).and_then(|rest| rest.split(' ').next());
            let width: f64 = width.and_then(|width| width.parse().ok()).expect("a viewBox from 0 0");
            assert!(width <= 350.0, "{page}: {tag}: too wide for a phone");
            for size in picture.split("font-size=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(size.parse::<f64>().is_ok_and(|size| size >= 12.0), "{page}: letters of {size}");
            }
            for colour in ["fill=\"#", "stroke=\"#", "fill=\"black", "fill=\"white"] {
                assert!(!picture.contains(colour), "{page}: {tag}: {colour} is unreadable in one of the themes");
            }
        }
    }
    assert!(pictures > 3, "only {pictures} pictures");
}

/// What a chapter's sections begin with, in this order, with others between them.
const ORDER: [&[&str]; 6] = [
    &["The problem"],
    &["The obvious", "What one would write first"],
    &["Where it breaks"],
    &["The rule"],
    &["What attacks it"],
    &["Exercises"],
];

/// These explain words and name leaks: no protocol of theirs breaks.
const OTHERWISE: &[&str] = &["bytes.md", "leaks.md"];

/// Pages in which one looks things up. They are no chapters.
const REFERENCE: &[&str] = &["README.md", "evenings.md", "from-koa.md", "from-node.md", "glossary.md", "learn.md"];

const LEVELS: [&str; 3] = ["**Ten minutes.**", "**An hour.**", "**An evening.**"];

/// Most people read so many words a minute, and so many minutes at a time.
const WORDS_PER_MINUTE: usize = 200;
const MINUTES: usize = 45;

/// Columns of a line of code.
const COLUMNS: usize = 88;

#[test]
fn every_chapter_has_the_form_of_a_chapter() {
    let summary = read(&source().join("SUMMARY.md"));
    let chapters: Vec<&str> =
        links(&summary).filter(|link| link.ends_with(".md") && !REFERENCE.contains(link)).collect();
    assert!(chapters.len() >= 19, "{chapters:?}");
    let faults: Vec<String> = chapters
        .iter()
        .flat_map(|name| {
            let text = read(&source().join(name));
            let mut faults = faults(&text);
            if !OTHERWISE.contains(name) && !is_in_order(&text) {
                faults.push(format!("its sections are not in the order {ORDER:?}"));
            }
            faults.into_iter().map(move |fault| format!("{name}: {fault}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with the form of a chapter.
fn faults(text: &str) -> Vec<String> {
    let sections = sections(text);
    let section = |name: &str| sections.iter().find(|(title, _)| *title == name).map(|(_, text)| *text);
    let mut faults = box_faults(text);
    if !text.contains("<svg ") && !text.contains("{{#diagram ") {
        faults.push("there is no picture".into());
    }
    match section("Exercises") {
        Some(exercises) => faults.extend(exercise_faults(exercises, text.matches("{{#widget ").count())),
        None => faults.push("there are no exercises".into()),
    }
    match section("Can you say…") {
        Some(questions) => faults.extend(question_faults(questions, section("Going faster").unwrap_or_default())),
        None => faults.push("it does not ask: Can you say…".into()),
    }
    let titles: Vec<&str> = sections.iter().map(|(title, _)| *title).collect();
    let last = titles.strip_suffix(&["Going faster"]).unwrap_or(&titles);
    if !last.ends_with(&["Exercises", "Can you say…"]) {
        faults.push("it does not end with Exercises, Can you say…, and perhaps Going faster".into());
    }
    for line in fenced(text).filter(|line| line.chars().count() > COLUMNS && !line.starts_with("{{#")) {
        faults.push(format!("a line of code has more than {COLUMNS} columns: {line}"));
    }
    faults
}

/// Whether the sections that every chapter has come in their order.
fn is_in_order(text: &str) -> bool {
    let sections = sections(text);
    let mut titles = sections.iter().map(|(title, _)| title);
    ORDER.iter().all(|names| titles.any(|title| names.iter().any(|name| title.starts_with(name))))
}

/// The opening box, and whether the minutes that it says are those of a reader.
fn box_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let quote: Vec<&str> = text.lines().skip(1).skip_while(|line| line.is_empty()).collect();
    let quote: Vec<&str> = quote.into_iter().take_while(|line| line.starts_with('>')).collect();
    let said = |name: &str| quote.iter().find_map(|line| line.strip_prefix(&format!("> **{name}** ")));
    for name in ["You will be able to", "Builds on", "Minutes", "Start"] {
        if said(name).is_none() {
            faults.push(format!("the opening box does not say {name:?}"));
        }
    }
    let said_minutes = said("Minutes").map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let said_minutes: usize = said_minutes.and_then(|digits| digits.parse().ok()).unwrap_or_default();
    let needed = words(text).div_ceil(WORDS_PER_MINUTE);
    if !(needed..=MINUTES).contains(&said_minutes) {
        faults.push(format!("{said_minutes} minutes are said; it takes {needed}, and at most {MINUTES} are allowed"));
    }
    let example = said("Start").and_then(|rest| rest.split_once("--example ")).map(|(_, rest)| rest);
    if let Some(name) = example.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()) {
        let exists = members().iter().any(|of| {
            let folder = root().join(of).join("examples");
            folder.join(name).join("main.rs").is_file() || folder.join(name).with_extension("rs").is_file()
        });
        if !exists {
            faults.push(format!("there is no example {name}"));
        }
    }
    faults
}

/// Exercises begin a paragraph with their level. Each has a hint and an answer.
fn exercise_faults(text: &str, widgets: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let begin = |level: &&str| text.match_indices(&format!("\n{level}")).map(|found| found.0).collect::<Vec<_>>();
    let mut begins: Vec<usize> = LEVELS.iter().flat_map(begin).chain([text.len()]).collect();
    begins.sort_unstable();
    for (level, least) in LEVELS.into_iter().zip([widgets.max(1), 1, 1]) {
        let count = text.matches(&format!("\n{level}")).count();
        if count < least {
            faults.push(format!(
                "{count} exercises of {level}, and {least} are due (one of ten minutes for each widget)"
            ));
        }
    }
    for pair in begins.windows(2) {
        let exercise = &text[pair[0]..pair[1]];
        let name: String = exercise.trim().chars().take(60).collect();
        let folded = |title: &str| {
            let opened = exercise.split_once(&format!("\n<details><summary>{title}</summary>\n\n"))?;
            opened.1.split_once("\n\n</details>").map(|(inner, _)| inner)
        };
        if folded("Hint").is_none_or(str::is_empty) {
            faults.push(format!("no hint: {name}"));
        }
        let Some(answer) = folded("Answer").filter(|answer| !answer.is_empty()) else {
            faults.push(format!("no answer: {name}"));
            continue;
        };
        let code: Vec<&str> = answer.split("```rust").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let is_tested =
            |code: &&str| code.contains("{{#include") && (code.contains("/tests/") || code.contains("/examples/"));
        if !code.iter().all(is_tested) {
            faults.push(format!("the answer's code is not included from tests or examples: {name}"));
        }
        if code.is_empty() && !exercise.trim_start().starts_with(LEVELS[0]) {
            faults.push(format!("an answer to more than ten minutes is code: {name}"));
        }
    }
    faults
}

/// Ten questions. None is answered where a first reading does not come.
fn question_faults(text: &str, skipped: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let numbered = |line: &str| line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
    let questions = text.lines().filter(|line| numbered(line)).count();
    let answers: Vec<&str> = links(text).filter(|link| link.contains('#')).collect();
    if (questions, answers.len()) != (10, 10) {
        faults.push(format!("{questions} questions and {} links to answers, and ten are due", answers.len()));
    }
    let hidden = targets(skipped);
    for answer in answers.iter().filter_map(|link| link.strip_prefix('#')).filter(|anchor| hidden.contains(*anchor)) {
        faults.push(format!("a question is answered in what may be skipped: {answer}"));
    }
    faults
}

/// The sections of a chapter: title, text.
fn sections(text: &str) -> Vec<(&str, &str)> {
    text.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect()
}

/// The lines between fences.
fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        inside && !fence
    })
}

/// Words of prose: what a first reading reads, without code, pictures and what is folded.
fn words(text: &str) -> usize {
    let text = text.split("\n## Going faster").next().unwrap_or_default();
    let mut inside = false;
    let prose = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    let text = prose.collect::<Vec<_>>().join("\n");
    let without = |text: &str, open: &str, close: &str| -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, inside)) = rest.split_once(open) {
            out += before;
            rest = inside.split_once(close).map_or("", |(_, after)| after);
        }
        out + rest
    };
    let text = without(&without(&text, "<svg ", "</svg>"), "<details>", "</details>");
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

/// The whole numbers of a text with a blank between their thousands, which are written as 10,000.
fn spaced_thousands(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    let prose = text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence && !line.starts_with('<')
    });
    prose.filter(|line| {
        // Every second piece between backquotes is code.
        let pieces: Vec<&str> = line.split('`').step_by(2).collect();
        let words: Vec<&str> = pieces.iter().flat_map(|piece| piece.split_inclusive([' ', '\u{202f}'])).collect();
        words.windows(2).any(|pair| {
            let digits = pair[1].chars().take_while(char::is_ascii_digit).count();
            let before = pair[0].trim_end_matches([' ', '\u{202f}']);
            before != pair[0]
                && before.len() <= 3
                && !before.is_empty()
                && before.chars().all(|c| c.is_ascii_digit())
                && digits == 3
        })
    })
}

#[test]
fn a_large_number_is_written_in_one_way() {
    assert_eq!(spaced_thousands("some 3 600 to 4,000").count(), 1);
    assert_eq!(spaced_thousands("some 3,600; `HTTP/1.1 200`, HTTP/1.1 200\n```\n3 600\n```").count(), 0);
    let mut found = Vec::new();
    for page in pages(&source()) {
        found.extend(spaced_thousands(&read(&page)).map(|line| format!("{}: {line}", page.display())));
    }
    assert!(found.is_empty(), "10,000 and not 10 000:\n{}", found.join("\n"));
}

#[test]
fn no_rust_in_the_book_is_absent_from_the_sources() {
    for page in pages(&source()) {
        let text = read(&page);
        for code in text.split("\n```rust").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let mut lines = code.lines().skip(1);
            assert!(lines.all(|line| line.starts_with("{{#include ")), "{}: {code}", page.display());
        }
    }
}

#[test]
fn the_front_page_names_the_parts_of_every_protocol() {
    let front = read(&source().join("README.md"));
    let rows: Vec<&str> = front.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), 6, "{rows:?}");
    fn names(folder: &Path) -> Vec<String> {
        let paths = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        paths
            .flat_map(|path| {
                let own = path.file_name().expect("a name").to_string_lossy().into_owned();
                let (own, inner) = if path.is_dir() { (own + "/", names(&path)) } else { (own, Vec::new()) };
                inner.into_iter().chain([own])
            })
            .collect()
    }
    for protocol in ["http1", "websocket", "sse"] {
        let there = names(&source().join("../..").join(protocol).join("src"));
        for row in &rows {
            let cell = row.split('|').nth(1).unwrap_or_default();
            let mut said = cell.split('`').skip(1).step_by(2);
            assert!(said.any(|name| there.iter().any(|there| there == name)), "{protocol} has none of {cell}");
        }
    }
}

#[test]
fn the_judge_of_form_objects() {
    let tcp = read(&source().join("net/tcp.md"));
    assert!(is_in_order(&tcp));
    assert!(!is_in_order(&tcp.replace("\n## The rule\n", "\n## A rule\n")));
    let good = read(&source().join("bytes.md"));
    assert_eq!(faults(&good), Vec::<String>::new());
    for (from, to) in [
        ("> **Minutes** 30", "> **Minutes** 3"),
        ("> **Minutes** 30", "> **Minutes** 90"),
        ("--example wire`", "--example wires`"),
        ("> **Builds on**", "> **Needs**"),
        ("<svg ", "<img "),
        ("\n**An hour.**", "\n**One hour.**"),
        ("<summary>Hint</summary>", "<summary>Clue</summary>"),
        ("</details>", "</detail>"),
        ("{{#include ../../tests/tests/answers/bytes.rs:exercise_body}}", "fn body() {}"),
        ("\n10. What", "\nWhat"),
        ("(#cr-lf)", "(glossary.md)"),
        ("\n## Can you say…\n", "\n## Do you know…\n"),
        ("cargo run --example wire\n", &format!("cargo run --example wire{}\n", " ".repeat(COLUMNS))),
        ("\n## Exercises\n", "\n## Going faster\n"),
        ("\n## Exercises\n", &format!("\n{}\n## Exercises\n", "word ".repeat(MINUTES * WORDS_PER_MINUTE))),
    ] {
        assert!(good.contains(from), "{from:?}");
        assert_ne!(faults(&good.replace(from, to)), Vec::<String>::new(), "{from:?} became {to:?}");
    }
}
