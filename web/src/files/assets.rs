//! Assets: read once, named by what is in them, kept in memory. A request never touches the disk.
//!
//! `app.css` is given out as `app.0f3a….css`. The name changes when the content does, so whoever has it may keep it for ever, and a
//! page that names it always gets what it was made for. The plain name is answered, too, for what cannot be told of prints, such as
//! `url()` in a style sheet; there a cache has to ask.

use super::kind::{READY, media_type};
use super::reply::reply;
use super::root::{Entry, Root};
use super::serve::{Asked, Given};
use crate::message::{CacheControl, ETag, Validators, accept};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Bytes of all assets together, as they lie there: 64 MiB. More is an error at the start.
pub const MOST_BYTES: u64 = 64 << 20;

/// What is smaller is not compressed: 1 KiB.
const LEAST: usize = 1024;

/// Digits of a print: 64 bits of the hash.
const DIGITS: usize = 16;

/// Everything below a folder, in memory. Clones are the same.
///
/// ```
/// use wirebook_web::files::Assets;
///
/// let assets = Assets::read("src/files")?;
/// let name = assets.name("kind.rs").unwrap();
/// assert!(name.starts_with("kind.") && name.ends_with(".rs") && name.len() == "kind.rs".len() + 17);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Assets {
    all: Arc<HashMap<String, Asset>>,
}

#[derive(Debug)]
struct Asset {
    /// The same with its print.
    printed: String,
    media: String,
    validators: Validators,
    /// Its bytes in each coding that makes them fewer, the best first, and as they are.
    forms: Vec<(&'static str, Arc<[u8]>)>,
}

impl Assets {
    /// Reads everything below a folder: regular files, no links, no names that begin with a dot. `app.css.br` and its like are
    /// `app.css` ready made; without them it is compressed now.
    ///
    /// # Errors
    ///
    /// Those of reading; `FileTooLarge` for more than [`MOST_BYTES`].
    pub fn read(folder: impl AsRef<Path>) -> io::Result<Assets> {
        Assets::read_at_most(folder, MOST_BYTES)
    }

    /// The same with a bound of your own: with 0 every file must be empty, and `u64::MAX` is no bound.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Assets::read).
    pub fn read_at_most(folder: impl AsRef<Path>, most: u64) -> io::Result<Assets> {
        let root = Root::open(&folder)?;
        let (mut names, mut found, mut left) = (Vec::new(), HashMap::new(), most);
        list(folder.as_ref(), &mut Vec::new(), &mut names)?;
        for path in names {
            let parts: Vec<&str> = path.iter().map(|name| &**name).collect();
            let Entry::File(file, metadata) = root.get(&parts)? else { continue };
            left = left.checked_sub(metadata.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            let mut bytes = Vec::new();
            file.take(metadata.len()).read_to_end(&mut bytes)?;
            found.insert(path.join("/"), bytes);
        }
        let is_beside = |name: &str| {
            let plain = READY.iter().find_map(|(_, end)| name.strip_suffix(&format!(".{end}")));
            plain.is_some_and(|plain| found.contains_key(plain))
        };
        let plain = found.keys().filter(|name| !is_beside(name));
        let all = plain.map(|name| Ok((name.clone(), Asset::new(name, &found)?))).collect::<io::Result<_>>()?;
        Ok(Assets { all: Arc::new(all) })
    }

    /// The name with its print, to be put into a page behind the path where the assets are.
    pub fn name(&self, name: &str) -> Option<&str> {
        self.all.get(name).map(|asset| &*asset.printed)
    }

    /// The answer to a GET or HEAD; `None` where there is nothing: a print that is another's is nothing, too.
    pub fn answer(&self, asked: &Asked<'_>) -> Option<Given<Arc<[u8]>>> {
        let (asset, is_printed) = match self.all.get(asked.piece) {
            Some(asset) => (asset, false),
            None => (self.all.get(&plain(asked.piece)?).filter(|asset| asset.printed == asked.piece)?, true),
        };
        let offers: Vec<&str> = asset.forms.iter().map(|(coding, _)| *coding).collect();
        let best = accept::encodings(asked.accept_encoding, &offers).first().copied().unwrap_or("identity");
        let (coding, bytes) = asset.forms.iter().find(|(coding, _)| *coding == best)?;
        // Each coding has a tag of its own: the bytes are others (RFC 9110 §8.8.3.3).
        let etag = asset.validators.etag.as_ref().map(|tag| tag.to_string().trim_matches('"').to_owned());
        let etag = etag.and_then(|tag| ETag::strong(&format!("{tag}-{coding}")));
        let ours = Validators { etag, ..Validators::default() };
        let reply = reply(asked.method, &ours, bytes.len() as u64, &asked.conditions, asked.range);
        let cache = match is_printed {
            true => CacheControl::forever(),
            false => CacheControl { public: true, max_age: Some(0), ..CacheControl::default() },
        };
        let mut fields = reply.fields;
        if reply.status < 400 {
            fields.push(("cache-control", cache.to_string()));
        }
        fields.push(("vary", "accept-encoding".to_owned()));
        fields.push(("x-content-type-options", "nosniff".to_owned()));
        if reply.bytes.is_some() {
            fields.push(("content-type", asset.media.clone()));
            fields.extend((*coding != "identity").then(|| ("content-encoding", (*coding).to_owned())));
        }
        Some(Given { status: reply.status, fields, content: reply.bytes.map(|range| (bytes.clone(), range)) })
    }
}

impl Asset {
    fn new(name: &str, found: &HashMap<String, Vec<u8>>) -> io::Result<Asset> {
        let bytes = &found[name];
        let hash = Sha256::digest(bytes);
        let print: String = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(DIGITS).map(digit).collect();
        let folder = name.rfind('/').map_or(0, |slash| slash + 1);
        let dot = name[folder..].rfind('.').map_or(name.len(), |dot| folder + dot);
        let printed = format!("{}.{print}{}", &name[..dot], &name[dot..]);
        let mut forms: Vec<(&'static str, Arc<[u8]>)> = Vec::new();
        for (coding, end) in READY {
            if let Some(ready) = found.get(&format!("{name}.{end}")) {
                forms.push((coding, ready.as_slice().into()));
            }
        }
        if forms.iter().all(|(coding, _)| *coding != "gzip") && bytes.len() >= LEAST {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(bytes)?;
            forms.push(("gzip", gzip.finish()?.into()));
        }
        forms.retain(|(_, form)| form.len() < bytes.len());
        forms.push(("identity", bytes.as_slice().into()));
        let validators = Validators { etag: ETag::strong(&print), ..Validators::default() };
        Ok(Asset { printed, media: media_type(name), validators, forms })
    }
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).expect("four bits are a digit")
}

/// The name without a print: `css/app.0123456789abcdef.css` is `css/app.css`. Whether it is this one's print is asked afterwards.
fn plain(printed: &str) -> Option<String> {
    let folder = printed.rfind('/').map_or(0, |slash| slash + 1);
    let is_print = |piece: &str| piece.len() == DIGITS && piece.bytes().all(|byte| byte.is_ascii_hexdigit());
    let last = &printed[folder..];
    let (before, end) = match last.rsplit_once('.')? {
        (before, end) if is_print(end) => (before.to_owned(), String::new()),
        (before, end) => {
            let (before, _) = before.rsplit_once('.').filter(|(_, print)| is_print(print))?;
            (before.to_owned(), format!(".{end}"))
        }
    };
    Some(format!("{}{before}{end}", &printed[..folder]))
}

fn list(folder: &Path, above: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        // A name that is no UTF-8 can stand in no URL that we write.
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        above.push(name.to_owned());
        if kind.is_dir() {
            list(&entry.path(), above, found)?;
        } else if kind.is_file() {
            found.push(above.clone());
        }
        above.pop();
    }
    Ok(())
}
