//! The door to templates in files: a root, a cache, helpers.

use crate::build::{Options, build};
use crate::files::{Reload, Shared, key_of};
use crate::template::Template;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;
use wirebook_script::{Cx, Error, Function, R, Value};

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
        write!(f, "Engine({:?})", self.shared.files.borrow().roots)
    }
}

impl Engine {
    /// An engine for the templates below a directory.
    ///
    /// # Errors
    /// When the directory does not exist.
    pub fn new(root: impl AsRef<Path>) -> io::Result<Engine> {
        let mut engine = Engine::in_memory();
        engine.add_root(root)?;
        Ok(engine)
    }

    /// Another directory, for names that the directories before it do not have.
    ///
    /// # Errors
    /// When the directory does not exist.
    pub fn add_root(&mut self, root: impl AsRef<Path>) -> io::Result<()> {
        let root = root.as_ref().canonicalize()?;
        let mut files = self.shared.files.borrow_mut();
        files.roots.push(root);
        files.cache.clear();
        Ok(())
    }

    /// The clock of `new Date()` and `Date.now()`; the system's when none is set.
    pub fn set_clock(&mut self, clock: impl Fn() -> SystemTime + 'static) {
        self.shared.hooks.borrow_mut().clock = Some(Rc::new(clock));
    }

    /// Minutes that local time is ahead of UTC, at a time in milliseconds since 1970; UTC when none is set.
    pub fn set_zone(&mut self, zone: impl Fn(f64) -> f64 + 'static) {
        self.shared.hooks.borrow_mut().zone = Some(Rc::new(zone));
    }

    /// What `Math.random` starts from in each render: the same data and seed give the same page. 0 when none is set.
    pub fn set_seed(&mut self, seed: u64) {
        self.shared.hooks.borrow_mut().seed = seed;
    }

    /// Takes the lines of `console.log` and its like, which are dropped when nothing is set.
    pub fn set_log(&mut self, log: impl Fn(&str) + 'static) {
        self.shared.hooks.borrow_mut().log = Some(Rc::new(log));
    }

    /// An engine whose templates are all given by [`Engine::add`].
    pub fn in_memory() -> Engine {
        Engine { shared: Shared::new() }
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
        self.shared.helpers.borrow_mut().insert(name.to_owned(), Value::function(name, call));
    }

    /// A function that may call functions of the template: it is given the render, within whose bounds it stays.
    ///
    /// ```
    /// use wirebook_template::{Engine, Value};
    /// let mut engine = Engine::in_memory();
    /// engine.helper_with("twice", |cx, args| {
    ///     let Some(Value::Function(callback)) = args.first() else { return cx.type_error("twice takes a function") };
    ///     cx.call(callback, &Value::Undefined, &[1.into()])?;
    ///     cx.call(callback, &Value::Undefined, &[2.into()])
    /// });
    /// engine.add("page", "<% twice(function (n) { %><b><%= n %></b><% }) %>");
    /// assert_eq!(engine.render_file("page", &Value::object())?, "<b>1</b><b>2</b>");
    /// # Ok::<(), wirebook_template::Error>(())
    /// ```
    pub fn helper_with(&mut self, name: &str, call: impl Fn(&mut Cx<'_>, &[Value]) -> R<Value> + 'static) {
        let function = Function::host(name, move |cx, _, args| call(cx, args));
        self.shared.helpers.borrow_mut().insert(name.to_owned(), Value::Function(function));
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

    /// A template from a string, which can include those of this engine as if it lay in the root. Its name is for messages.
    ///
    /// # Errors
    /// As [`Template::compile`].
    pub fn compile(&self, source: &str, name: &str) -> Result<Template, Error> {
        self.compile_at(source, name, "")
    }

    /// A template from a string that stands for the file at a path below the root: what it includes is looked for beside it.
    ///
    /// # Errors
    /// As [`Template::compile`]; a path that leaves the root.
    pub fn compile_at(&self, source: &str, name: &str, path: &str) -> Result<Template, Error> {
        let path = if path.is_empty() { String::new() } else { key_of("", path)? };
        let options = self.shared.files.borrow().options.clone();
        let compiled = build(source, name, &path, &options)?;
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
