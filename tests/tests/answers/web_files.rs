//! Files that are looked up twice, and the answers of "Files without surprises".

use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wirebook_web::files::{Assets, Entry, Root};
use wirebook_web::message::{Ranges, ranges};

/// A site, and beside it a secret.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("site")).expect("a folder");
    fs::write(folder.path().join("site/tea.html"), "green").expect("a file");
    fs::write(folder.path().join("secret"), "root:x:0:0").expect("a file");
    folder
}

// ANCHOR: naive
fn read(site: &Path, path: &str) -> io::Result<String> {
    fs::read_to_string(site.join(path.trim_start_matches('/')))
}

#[test]
fn a_path_leads_out() {
    let folder = folder();
    let site = folder.path().join("site");
    assert_eq!(read(&site, "/tea.html").unwrap(), "green");
    assert_eq!(read(&site, "/../secret").unwrap(), "root:x:0:0");
}
// ANCHOR_END: naive

// ANCHOR: checked
/// Resolves every link, and looks whether the result lies below.
fn check(site: &Path, path: &str) -> io::Result<PathBuf> {
    let resolved = site.join(path.trim_start_matches('/')).canonicalize()?;
    let below = resolved.starts_with(site.canonicalize()?);
    if below { Ok(resolved) } else { Err(io::ErrorKind::NotFound.into()) }
}
// ANCHOR_END: checked

// ANCHOR: swapped
#[test]
fn a_name_is_looked_up_twice() {
    let folder = folder();
    let site = folder.path().join("site");
    assert!(check(&site, "/../secret").is_err());
    let checked = check(&site, "/tea.html").unwrap();
    // Between the check and the opening somebody puts a link into the place.
    fs::remove_file(site.join("tea.html")).unwrap();
    symlink("../secret", site.join("tea.html")).unwrap();
    assert_eq!(fs::read_to_string(checked).unwrap(), "root:x:0:0");
}
// ANCHOR_END: swapped

// ANCHOR: beneath
#[test]
fn a_name_is_looked_up_once() {
    let folder = folder();
    let root = Root::open(folder.path().join("site")).unwrap();
    let is_file = |name: &str| matches!(root.get(&[name]), Ok(Entry::File(..)));
    assert!(is_file("tea.html") && !is_file(".."));
    fs::remove_file(folder.path().join("site/tea.html")).unwrap();
    symlink("../secret", folder.path().join("site/tea.html")).unwrap();
    assert!(!is_file("tea.html"));
}
// ANCHOR_END: beneath

// ANCHOR: range
/// The first and the last byte that a Range with one range asks for; `None`: send the whole.
fn range(value: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !is_number(last) || length == 0 {
        return None;
    }
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    let (first, last) = match (first, last) {
        ("", "") => return None,
        ("", suffix) => (length.saturating_sub(number(suffix)), length - 1),
        (first, "") => (number(first), length - 1),
        (first, last) => (number(first), number(last).min(length - 1)),
    };
    (first <= last).then_some((first, last))
}
// ANCHOR_END: range

#[test]
fn a_range_of_mine_is_theirs() {
    for value in ["0-9", "-5", "5-", "-0", "9-5", "99-", "0-0", "-", "x-1", "1-x", "-99999999999999999999999", "3"] {
        for length in [0, 1, 10, 1000] {
            let value = format!("bytes={value}");
            let theirs = match ranges(&value, length, 1) {
                Ranges::Parts(parts) => Some((*parts[0].start(), *parts[0].end())),
                Ranges::Whole | Ranges::Unsatisfiable => None,
            };
            assert_eq!(range(&value, length), theirs, "{value} of {length}");
        }
    }
}

// ANCHOR: assets
/// What lies in a folder, by names that change with the content.
struct Little(HashMap<String, Vec<u8>>);

impl Little {
    fn read(folder: &Path) -> io::Result<Little> {
        let mut all = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some((stem, end)) = name.and_then(|name| name.rsplit_once('.')) else { continue };
            if path.is_file() {
                let bytes = fs::read(&path)?;
                all.insert(format!("{stem}.{}.{end}", print(&bytes)), bytes);
            }
        }
        Ok(Little(all))
    }
}

fn print(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
// ANCHOR_END: assets

#[test]
fn a_name_changes_with_the_content() {
    let folder = folder();
    let site = folder.path().join("site");
    let name = |text: &str| {
        fs::write(site.join("tea.html"), text).expect("a file");
        let mine = Little::read(&site).expect("a folder").0;
        let theirs = Assets::read(&site).expect("a folder");
        let (name, bytes) = mine.into_iter().next().expect("one file");
        assert_eq!(bytes, text.as_bytes());
        assert_eq!(name.len(), theirs.name("tea.html").expect("an asset").len());
        (name, theirs.name("tea.html").map(str::to_owned))
    };
    let (one, other) = (name("green"), name("black"));
    assert!(one.0 != other.0 && one.1 != other.1);
    assert_eq!(one, name("green"));
}
