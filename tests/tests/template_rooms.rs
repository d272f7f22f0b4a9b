//! The rooms of the two houses: arrows point downward, no two files import each other in a circle, and none is too large.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of `script`, from the ground up; a file imports from its own room or from one before it.
const SCRIPT: [&str; 11] =
    ["base", "regexp", "syntax", "parser", "value", "run", "text", "builtins", "compile", "program", "lib"];
/// The files of `template`, from the ground up.
const TEMPLATE: [&str; 12] =
    ["escape", "pipe", "ejs", "lint", "html", "page", "build", "files", "render", "template", "engine", "lib"];
/// Lines of code that a room may have, and the house of EJS as a whole.
const ROOM: usize = 2_500;
const HOUSE: usize = 2_000;

fn sources(house: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(house).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source");
        (path.strip_prefix(&root).expect("below").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

/// A file's room: its folder, or its own name.
fn room(path: &Path) -> String {
    let first = path.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The text without tests and comments.
fn code(text: &str) -> Vec<&str> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")).collect()
}

fn check(house: &str, rooms: &[&str]) -> BTreeMap<String, usize> {
    let mut sizes = BTreeMap::new();
    let mut upward = BTreeSet::new();
    for (path, text) in sources(house) {
        let own = room(&path);
        let place = |room: &str| rooms.iter().position(|known| *known == room);
        let here = place(&own).unwrap_or_else(|| panic!("{house}: the room {own} stands in no list"));
        let lines = code(&text);
        *sizes.entry(own.clone()).or_default() += lines.len();
        for name in lines.iter().flat_map(|line| line.split("crate::").skip(1)) {
            let names = name.trim_start_matches('{').split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let target = names.map(str::to_owned).next().unwrap_or_default();
            if place(&target).is_some_and(|there| there > here) {
                upward.insert(format!("{house}/{}: imports from {target}, which is above {own}", path.display()));
            }
        }
    }
    assert!(upward.is_empty(), "{}", upward.into_iter().collect::<Vec<_>>().join("\n"));
    sizes
}

#[test]
fn the_rooms_of_script_lie_one_above_the_other() {
    let sizes = check("template/script", &SCRIPT);
    for (room, lines) in sizes {
        assert!(lines <= ROOM, "{room} has {lines} lines of code");
    }
    for (path, text) in sources("template/script") {
        assert!(!text.contains("EJS"), "{}: this house knows nothing of EJS", path.display());
    }
}

#[test]
fn the_house_of_ejs_is_an_evening() {
    let sizes = check("template", &TEMPLATE);
    let all: usize = sizes.values().sum();
    assert!(all <= HOUSE, "{all} lines of code");
}

/// The front page of `script` says how large each room is, to some two hundred lines.
#[test]
fn the_front_page_of_script_says_how_large_a_room_is() {
    let front = sources("template/script").into_iter().find(|(path, _)| path == Path::new("lib.rs")).expect("lib.rs").1;
    for (room, lines) in check("template/script", &SCRIPT).into_iter().filter(|(room, _)| room != "lib") {
        let row = front.lines().find(|line| line.starts_with("//! | `") && line[7..].starts_with(&room));
        let said = row.and_then(|row| row.split('|').nth(2)).map(|said| said.trim().replace(',', ""));
        let said: usize = said.and_then(|said| said.parse().ok()).unwrap_or_else(|| panic!("{room} has no size"));
        assert!(said.abs_diff(lines) <= 200, "{room}: the front page says {said}, and it has {lines}");
    }
}

#[test]
fn the_front_pages_name_every_room() {
    for house in ["template/script", "template"] {
        let front = sources(house).into_iter().find(|(path, _)| path == Path::new("lib.rs")).expect("lib.rs").1;
        let rooms: BTreeSet<String> = sources(house).iter().map(|(path, _)| room(path)).collect();
        for room in rooms.iter().filter(|room| *room != "lib") {
            let named = front.lines().filter(|line| line.starts_with("//!")).any(|line| line.contains(room.as_str()));
            assert!(named, "{house}: the front page does not name {room}");
        }
    }
}
