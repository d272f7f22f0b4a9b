//! Which file a path means, and what is known of it: one job for the thread pool, with every look at the disk that an answer takes.

use super::kind::{READY, media_type};
use super::root::{Entry, Root};
use crate::message::{ETag, Validators};
use crate::router::{file_names, meaning};
use crate::text::to_base64;
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// How old a file must be for its times to tell it from any later state: clocks of file systems are coarse (RFC 9110 §8.8.1).
const SETTLED: Duration = Duration::from_secs(1);

/// What is looked for beside the name itself.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// What a folder is answered with.
    pub(super) index: Option<String>,
    /// What may be put behind a name that is none.
    pub(super) extensions: Vec<String>,
    /// Names that begin with a dot are names.
    pub(super) dot_files: bool,
    /// `app.css.br` may stand for `app.css`.
    pub(super) ready: bool,
}

/// What a path means.
#[derive(Debug)]
pub enum Found {
    /// A file.
    File(Opened),
    /// A folder that has an index: its path ends with a slash, and this one does not.
    Folder,
    /// Nothing that anybody is given.
    Nothing,
}

/// An open file, and what an answer says of it.
#[derive(Debug)]
pub struct Opened {
    /// Open, and regular.
    pub file: File,
    /// The last part of its name, as it is found on the disk: `index.html` of a folder.
    pub name: String,
    /// Its length when it was opened. An answer has so many bytes, or breaks off.
    pub length: u64,
    /// Its tag and its date.
    pub validators: Validators,
    /// The media type, of what it is when decoded.
    pub media: String,
    /// The coding that it lies there in.
    pub coding: Option<&'static str>,
}

/// What a piece of a washed path means, in the eyes of an asker who takes `codings`, the best first. It blocks.
pub(super) fn find(root: &Root, rules: &Rules, piece: &str, codings: &[&'static str]) -> io::Result<Found> {
    let is_folder = piece.is_empty() || piece.ends_with('/');
    let whole = piece.strip_suffix('/').unwrap_or(piece);
    let names = if whole.is_empty() { Some(Vec::new()) } else { file_names(whole) };
    let Some(names) = names else { return Ok(Found::Nothing) };
    let mut names: Vec<String> = names.into_iter().map(|name| meaning(name).into_owned()).collect();
    if !rules.dot_files && names.iter().any(|name| name.starts_with('.')) {
        return Ok(Found::Nothing);
    }
    if is_folder {
        let Some(index) = &rules.index else { return Ok(Found::Nothing) };
        names.push(index.clone());
        return file(root, rules, &names, codings);
    }
    match get(root, &names)? {
        Entry::File(opened, metadata) => Ok(Found::File(choose(root, rules, &names, codings, opened, metadata)?)),
        Entry::Directory => {
            names.extend(rules.index.clone());
            let has_index = rules.index.is_some() && matches!(get(root, &names)?, Entry::File(..));
            Ok(if has_index { Found::Folder } else { Found::Nothing })
        }
        Entry::Nothing => {
            let last = names.pop().unwrap_or_default();
            for extension in &rules.extensions {
                names.push(format!("{last}.{extension}"));
                if let Found::File(opened) = file(root, rules, &names, codings)? {
                    return Ok(Found::File(opened));
                }
                names.pop();
            }
            Ok(Found::Nothing)
        }
    }
}

fn get(root: &Root, names: &[String]) -> io::Result<Entry> {
    root.get(&names.iter().map(|name| &**name).collect::<Vec<_>>())
}

fn file(root: &Root, rules: &Rules, names: &[String], codings: &[&'static str]) -> io::Result<Found> {
    match get(root, names)? {
        Entry::File(opened, metadata) => Ok(Found::File(choose(root, rules, names, codings, opened, metadata)?)),
        _ => Ok(Found::Nothing),
    }
}

/// The file, or one beside it that holds the same in a coding that the asker likes better. One that is older than the file holds
/// what the file was.
fn choose(
    root: &Root,
    rules: &Rules,
    names: &[String],
    codings: &[&'static str],
    file: File,
    metadata: Metadata,
) -> io::Result<Opened> {
    let (last, folders) = names.split_last().expect("a file has a name");
    let media = media_type(last);
    for coding in codings.iter().take_while(|coding| rules.ready && **coding != "identity") {
        let Some((_, end)) = READY.iter().find(|(name, _)| name == coding) else { continue };
        let mut beside = folders.to_vec();
        beside.push(format!("{last}.{end}"));
        if let Entry::File(ready, its) = get(root, &beside)?
            && its.modified()? >= metadata.modified()?
        {
            return Ok(opened(ready, last, &its, media, Some(coding)));
        }
    }
    Ok(opened(file, last, &metadata, media, None))
}

fn opened(file: File, name: &str, metadata: &Metadata, media: String, coding: Option<&'static str>) -> Opened {
    let validators = validators(metadata, SystemTime::now());
    Opened { file, name: name.to_owned(), length: metadata.len(), validators, media, coding }
}

// ANCHOR: validators
/// The tag is made of where the file lies, when it and its entry were last changed, and its length; hashed, because the number of an
/// inode is nobody's business (CVE-2003-1418). The time of the last change of its entry is in it for files whose own time
/// somebody sets, as packages and images do: two versions of the same length would be one.
fn validators(metadata: &Metadata, now: SystemTime) -> Validators {
    let mut hash = Sha256::new();
    for number in [metadata.dev(), metadata.ino(), metadata.len()] {
        hash.update(number.to_be_bytes());
    }
    for number in [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()] {
        hash.update(number.to_be_bytes());
    }
    let etag = ETag::strong(&to_base64(&hash.finalize()[..16]));
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let changed = metadata.mtime().max(metadata.ctime());
    let is_settled = i64::try_from(since.saturating_sub(SETTLED).as_secs()).is_ok_and(|settled| changed < settled);
    // RFC 9110 §8.8.2.1: a date in the future is replaced by the present.
    let modified = u64::try_from(metadata.mtime()).ok().map(|modified| modified.min(since.as_secs()));
    Validators { etag: if is_settled { etag } else { etag.map(ETag::weak) }, modified, is_missing: false }
}
// ANCHOR_END: validators
