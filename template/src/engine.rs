//! Templates from files: a root, a cache, helpers, and names that can not leave the root.
//!
//! A name is resolved as EJS does it: against the directory of the including template, or against the root when it
//! starts with `/`; without an extension it gets `.ejs`. It is then a *key*, a path below the root without `.` and `..`,
//! and `a`, `./a` and `b/../a` have the same one; the cache goes by keys. Before a file is read its real path, symbolic
//! links followed, must lie below the root's real path.

use crate::compile::Unit;
use crate::error::{Error, ErrorKind};
use crate::lint::Warning;
use crate::run::Scratch;
use crate::template::{Options, Template, build};
use crate::value::{Function, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

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
    files: RefCell<Files>,
    helpers: RefCell<HashMap<String, Value>>,
    globals: RefCell<HashMap<String, Option<Value>>>,
}

#[derive(Default)]
struct Files {
    /// The real path of the root; `None` for templates that live in memory alone.
    root: Option<PathBuf>,
    /// Templates given as strings, by key.
    memory: HashMap<String, Rc<str>>,
    cache: HashMap<String, Cached>,
    options: Options,
    reload: Reload,
    plain: Vec<String>,
}

#[derive(Clone)]
struct Cached {
    unit: Rc<Unit>,
    warnings: Rc<[Warning]>,
    stamp: Option<(SystemTime, u64)>,
}

impl Shared {
    /// The value of a name that neither the template nor its data has: a helper of the host, or a built-in.
    pub(crate) fn global(&self, name: &str) -> Option<Value> {
        if let Some(known) = self.globals.borrow().get(name) {
            return known.clone();
        }
        let found = self.helpers.borrow().get(name).cloned().or_else(|| crate::builtins::global(name));
        self.globals.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    /// The compiled template that `name` means in the template at `from`.
    pub(crate) fn find(&self, from: &str, name: &str) -> Result<Rc<Unit>, Error> {
        self.find_cached(from, name).map(|cached| cached.unit)
    }

    fn find_cached(&self, from: &str, name: &str) -> Result<Cached, Error> {
        let key = key_of(from, name)?;
        if let Some(found) = self.load(&key)? {
            return Ok(found);
        }
        // EJS looks beside the including file first, then in its `views`; the root is the only one here.
        if from.contains('/') && !name.starts_with('/') {
            let key = key_of("", name)?;
            if let Some(found) = self.load(&key)? {
                return Ok(found);
            }
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
    /// Reads a file below the root, unless it still has the stamp.
    fn read(&self, key: &str, known: Option<(SystemTime, u64)>) -> Result<Content, Error> {
        let Some(root) = &self.root else { return Ok(Content::Missing) };
        let failed =
            |error: io::Error| Error::new(ErrorKind::Include, format!("can not read '{key}': {}", error.kind()));
        let path = match root.join(key).canonicalize() {
            Ok(path) => path,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Content::Missing);
            }
            Err(error) => return Err(failed(error)),
        };
        if !path.starts_with(root) {
            return Err(Error::new(ErrorKind::Include, format!("path outside the view root: '{key}'")));
        }
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        let facts = file.metadata().map_err(failed)?;
        if !facts.is_file() {
            return Err(Error::new(ErrorKind::Include, format!("'{key}' is no file")));
        }
        let stamp = facts.modified().ok().map(|time| (time, facts.len()));
        if stamp.is_some() && stamp == known {
            return Ok(Content::Unchanged);
        }
        // One byte more than is allowed, so that the compiler can say that it is too much.
        let mut bytes = Vec::new();
        let most = self.options.limits.source as u64 + 4;
        file.by_ref().take(most).read_to_end(&mut bytes).map_err(failed)?;
        // Node reads a file as UTF-8 with replacement characters for what is none.
        Ok(Content::Text(String::from_utf8_lossy(&bytes).into_owned(), stamp))
    }
}

/// Longest name that `include` takes.
const LONGEST_NAME: usize = 1024;

/// The key of a name that stands in the template with the key `from`.
fn key_of(from: &str, name: &str) -> Result<String, Error> {
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

/// Templates below one directory, or in memory, with the host's helpers.
///
/// ```
/// use wirebook_template::{Engine, Value, data};
/// let mut engine = Engine::in_memory();
/// engine.add("page", "<% layout('frame') -%>\n<p><%= shout(word) %></p>");
/// engine.add("frame", "<html><%- body %></html>");
/// engine.helper("shout", |args| match args {
///     [Value::String(s), ..] => Ok(s.as_str().to_uppercase().into()),
///     _ => Err("shout takes a string".to_owned()),
/// });
/// assert_eq!(engine.render_file("page", &data!({ "word": "quack" }))?, "<html><p>QUACK</p></html>");
/// # Ok::<(), wirebook_template::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    shared: Rc<Shared>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({:?})", self.shared.files.borrow().root)
    }
}

impl Engine {
    /// An engine for the templates below a directory.
    ///
    /// # Errors
    /// When the directory does not exist.
    pub fn new(root: impl AsRef<Path>) -> io::Result<Engine> {
        let root = root.as_ref().canonicalize()?;
        let engine = Engine::in_memory();
        engine.shared.files.borrow_mut().root = Some(root);
        Ok(engine)
    }

    /// An engine whose templates are all given by [`Engine::add`].
    pub fn in_memory() -> Engine {
        Engine { shared: Rc::new(Shared::default()) }
    }

    /// Sets how templates are compiled, and forgets those that are.
    pub fn set_options(&mut self, options: Options) {
        let mut files = self.shared.files.borrow_mut();
        files.options = options;
        files.cache.clear();
    }

    /// Sets when a changed file is read again.
    pub fn set_reload(&mut self, reload: Reload) {
        self.shared.files.borrow_mut().reload = reload;
    }

    /// `<%= %>` does not escape in templates whose key ends so, such as `.txt.ejs`.
    pub fn no_escape(&mut self, suffix: &str) {
        let mut files = self.shared.files.borrow_mut();
        files.plain.push(suffix.to_owned());
        files.cache.clear();
    }

    /// Gives a template as a string; it stands before a file of the same name. Names are those of `include`.
    pub fn add(&mut self, name: &str, source: &str) {
        // A name that can not be resolved can not be included either.
        if let Ok(key) = key_of("", name) {
            let mut files = self.shared.files.borrow_mut();
            files.cache.remove(&key);
            files.memory.insert(key, source.into());
        }
    }

    /// A function that every template of this engine can call, unless its data or the template itself has the name. Its
    /// error message becomes an `Error` of the template.
    pub fn helper(&mut self, name: &str, call: impl Fn(&[Value]) -> Result<Value, String> + 'static) {
        let function = Value::Function(Function::host(name, call));
        self.shared.helpers.borrow_mut().insert(name.to_owned(), function);
        self.shared.globals.borrow_mut().clear();
    }

    /// The template with this name, compiled or from the cache.
    ///
    /// # Errors
    /// When there is none, it can not be read, lies outside the root, or does not compile.
    pub fn template(&self, name: &str) -> Result<Template, Error> {
        let cached = self.shared.find_cached("", name)?;
        let limits = self.shared.files.borrow().options.limits;
        Ok(Template::of(cached.unit, cached.warnings.to_vec(), self.shared.clone(), limits))
    }

    /// A template from a string, which can include those of this engine as if it lay in the root.
    ///
    /// # Errors
    /// As [`Template::compile`].
    pub fn compile(&self, source: &str, name: &str) -> Result<Template, Error> {
        let options = self.shared.files.borrow().options.clone();
        let compiled = build(source, name, "", &options)?;
        Ok(Template::of(compiled.unit, compiled.warnings, self.shared.clone(), options.limits))
    }

    /// Renders the template with this name.
    ///
    /// # Errors
    /// As [`Engine::template`] and [`Template::render`].
    pub fn render_file(&self, name: &str, data: &Value) -> Result<String, Error> {
        self.template(name)?.render_to_string(data)
    }

    /// Forgets every compiled template.
    pub fn clear_cache(&mut self) {
        self.shared.files.borrow_mut().cache.clear();
    }

    /// Number of compiled templates.
    pub fn cached(&self) -> usize {
        self.shared.files.borrow().cache.len()
    }
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
