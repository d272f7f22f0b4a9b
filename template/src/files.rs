//! Templates from files: a root, a cache, helpers, and names that can not leave the root.
//!
//! A name is resolved as EJS does it: against the directory of the including template, or against the root when it
//! starts with `/`; without an extension it gets `.ejs`. It is then a *key*, a path below the root without `.` and `..`,
//! and `a`, `./a` and `b/../a` have the same one; the cache goes by keys. Before a file is read its real path, symbolic
//! links followed, must lie below the root's real path.

use crate::build::{Options, Unit, build};
use crate::html;
use crate::lint::Warning;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;
use wirebook_script::{Error, ErrorKind, Function, Scratch, Value};

/// When a cached template is compiled anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reload {
    /// Never: a file is read once. For production.
    #[default]
    Never,
    /// When the file's time or length has changed, which is asked at each use.
    OnChange,
}

/// What a template and its engine share.
#[derive(Default)]
pub(crate) struct Shared {
    /// What the last render needed room for, to be used again.
    pub(crate) scratch: RefCell<Scratch>,
    pub(crate) files: RefCell<Files>,
    pub(crate) helpers: RefCell<HashMap<String, Value>>,
    pub(crate) hooks: RefCell<Hooks>,
}

/// Takes the lines of `console`.
pub(crate) type Log = dyn Fn(&str);

/// What the host answers when JavaScript asks for the world.
#[derive(Default)]
pub(crate) struct Hooks {
    /// The clock; the system's when there is none.
    pub(crate) clock: Option<Rc<dyn Fn() -> SystemTime>>,
    /// Minutes that local time is ahead of UTC.
    pub(crate) zone: Option<Rc<dyn Fn(f64) -> f64>>,
    pub(crate) seed: u64,
    pub(crate) log: Option<Rc<Log>>,
}

#[derive(Default)]
pub(crate) struct Files {
    /// The real paths of the roots, in the order in which they are searched; none for templates that live in memory alone.
    pub(crate) roots: Vec<PathBuf>,
    /// Templates given as strings, by key.
    pub(crate) memory: HashMap<String, Rc<str>>,
    pub(crate) cache: HashMap<String, Cached>,
    pub(crate) options: Options,
    pub(crate) reload: Reload,
    pub(crate) plain: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Cached {
    pub(crate) unit: Rc<Unit>,
    pub(crate) warnings: Rc<[Warning]>,
    stamp: Option<(SystemTime, u64)>,
}

impl Shared {
    /// Nothing but what EJS has as variables: `escapeFn`, and `include`, which as a value can be asked for its type alone.
    pub(crate) fn new() -> Rc<Shared> {
        let shared = Shared::default();
        let escape = Value::Function(Function::host("escapeFn", html::escape_fn));
        let include = Function::host("include", |cx, _, _| cx.type_error("unsupported: include by another name"));
        let own = [("escapeFn", escape), ("include", Value::Function(include))];
        shared.helpers.borrow_mut().extend(own.map(|(name, value)| (name.to_owned(), value)));
        Rc::new(shared)
    }

    /// The host's helper of this name.
    pub(crate) fn helper(&self, name: &str) -> Option<Value> {
        self.helpers.borrow().get(name).cloned()
    }

    /// The compiled template that `name` means in the template at `from`.
    pub(crate) fn find(&self, from: &str, name: &str) -> Result<Rc<Unit>, Error> {
        self.find_cached(from, name).map(|cached| cached.unit)
    }

    pub(crate) fn find_cached(&self, from: &str, name: &str) -> Result<Cached, Error> {
        let key = key_of(from, name)?;
        if let Some(found) = self.load(&key)? {
            return Ok(found);
        }
        // EJS looks beside the including file first, then in its `views`; the root is the only one here.
        if from.contains('/')
            && !name.starts_with('/')
            // What leads up from the including file may lead out of the root, and is not there either.
            && let Ok(key) = key_of("", name)
            && let Some(found) = self.load(&key)?
        {
            return Ok(found);
        }
        Err(Error::new(ErrorKind::Include, format!("Could not find the include file \"{name}\"")))
    }

    /// The template with this key, from the cache if that is still good; `None` when there is none.
    fn load(&self, key: &str) -> Result<Option<Cached>, Error> {
        let files = self.files.borrow();
        let cached = files.cache.get(key).cloned();
        if let Some(cached) = &cached
            && (files.reload == Reload::Never || cached.stamp.is_none())
        {
            return Ok(Some(cached.clone()));
        }
        let (text, stamp) = match files.memory.get(key) {
            Some(text) => (text.to_string(), None),
            None => match files.read(key, cached.as_ref().and_then(|cached| cached.stamp))? {
                Content::Missing => return Ok(None),
                Content::Unchanged => return Ok(cached),
                Content::Text(text, stamp) => (text, stamp),
            },
        };
        let mut options = files.options.clone();
        options.no_escape |= files.plain.iter().any(|suffix| key.ends_with(suffix));
        drop(files);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let compiled = build(text, key, key, &options)?;
        let fresh = Cached { unit: compiled.unit, warnings: compiled.warnings.into(), stamp };
        self.files.borrow_mut().cache.insert(key.to_owned(), fresh.clone());
        Ok(Some(fresh))
    }
}

enum Content {
    Missing,
    Unchanged,
    Text(String, Option<(SystemTime, u64)>),
}

impl Files {
    /// Reads the file with this key below the first root that has it, unless it still has the stamp. A name without an
    /// extension is that of a `.ejs` file, or of a file without one.
    fn read(&self, key: &str, known: Option<(SystemTime, u64)>) -> Result<Content, Error> {
        let bare = key.strip_suffix(".ejs").filter(|bare| !bare.rsplit('/').next().unwrap_or(bare).contains('.'));
        for name in [Some(key), bare].into_iter().flatten() {
            for root in &self.roots {
                match self.read_below(root, name, known)? {
                    Content::Missing => {}
                    found => return Ok(found),
                }
            }
        }
        Ok(Content::Missing)
    }

    fn read_below(&self, root: &Path, key: &str, known: Option<(SystemTime, u64)>) -> Result<Content, Error> {
        let failed =
            |error: io::Error| Error::new(ErrorKind::Include, format!("can not read '{key}': {}", error.kind()));
        let path = match root.join(key).canonicalize() {
            Ok(path) => path,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Content::Missing);
            }
            Err(error) => return Err(failed(error)),
        };
        // A link may lead from one root into another, and nowhere else.
        if !self.roots.iter().any(|root| path.starts_with(root)) {
            return Err(Error::new(ErrorKind::Include, format!("path outside the view root: '{key}'")));
        }
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        let facts = file.metadata().map_err(failed)?;
        if !facts.is_file() {
            // A folder beside `name.ejs` may have its name.
            return if facts.is_dir() && !key.ends_with(".ejs") {
                Ok(Content::Missing)
            } else {
                Err(Error::new(ErrorKind::Include, format!("'{key}' is no file")))
            };
        }
        let stamp = facts.modified().ok().map(|time| (time, facts.len()));
        if stamp.is_some() && stamp == known {
            return Ok(Content::Unchanged);
        }
        // One byte more than is allowed, so that the compiler can say that it is too much.
        let mut bytes = Vec::new();
        let most = (self.options.limits.source as u64).saturating_add(4);
        file.by_ref().take(most).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Content::Text(text_of(&bytes), stamp))
    }
}

/// A template's text: UTF-8 without a byte order mark, with U+FFFD for what is none, as Node reads a file.
///
/// ```
/// assert_eq!(wirebook_template::text_of(b"\xEF\xBB\xBFa\xFFb"), "a\u{fffd}b");
/// ```
pub fn text_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

/// Longest name that `include` takes.
const LONGEST_NAME: usize = 1024;

/// The key of a name that stands in the template with the key `from`.
pub(crate) fn key_of(from: &str, name: &str) -> Result<String, Error> {
    let invalid = || Error::new(ErrorKind::Include, format!("invalid template name '{}'", name.escape_debug()));
    // `%` has no business in a template's name, and an encoded dot is a trick; `:` is a drive on Windows.
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains(['\0', '\\', '%', ':']) {
        return Err(invalid());
    }
    let outside = || Error::new(ErrorKind::Include, format!("path outside the view root: '{name}'"));
    let mut parts: Vec<&str> = Vec::new();
    let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
    let base = if name.starts_with('/') { "" } else { directory };
    for part in base.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(outside)?),
            part => parts.push(part),
        }
    }
    let Some(last) = parts.last() else { return Err(invalid()) };
    let has_extension = last.trim_start_matches('.').contains('.');
    let mut key = parts.join("/");
    if !has_extension {
        key.push_str(".ejs");
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_the_same_share_a_key() {
        for name in ["a", "./a", "b/../a", "/a", "a.ejs", "b/.././a.ejs"] {
            assert_eq!(key_of("", name).unwrap(), "a.ejs");
        }
        assert_eq!(key_of("x/y.ejs", "z").unwrap(), "x/z.ejs");
        assert_eq!(key_of("x/y.ejs", "../z.html").unwrap(), "z.html");
        assert_eq!(key_of("x/y.ejs", "/z").unwrap(), "z.ejs");
        assert_ne!(key_of("", "A").unwrap(), key_of("", "a").unwrap());
    }

    #[test]
    fn names_that_leave_the_root_or_are_tricks_are_refused() {
        for name in ["../x", "a/../../x", "/..", "..", "", "a\0", "..\\x", "%2e%2e/x", "C:x"] {
            assert!(key_of("", name).is_err(), "{name}");
        }
    }
}
