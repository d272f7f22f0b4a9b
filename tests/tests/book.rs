//! What a test can hold of the book's pages: links, questions, answers and pictures.

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

/// Where links into a page may lead: its headings and its `id`s.
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
            let there =
                fs::read_to_string(&path).is_ok_and(|text| anchor.is_empty() || targets(&text).contains(anchor));
            if !there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(count > 40, "only {count} links");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn who_asks_can_you_say_asks_ten_questions_and_links_each_to_its_answer() {
    let mut asked = 0;
    for page in pages(&source()) {
        let text = read(&page);
        let Some((_, questions)) = text.split_once("\n## Can you say…\n") else { continue };
        let questions = questions.split("\n## ").next().unwrap_or_default();
        asked += 1;
        assert_eq!(links(questions).filter(|link| link.contains('#')).count(), 10, "{}", page.display());
    }
    assert!(asked > 0, "no chapter asks");
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
