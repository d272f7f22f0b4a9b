//! Loggers: a name, a threshold, and the places where the lines go; as log4js has categories and appenders.

use super::appender::Appender;
use super::level::Level;
use super::line::Layout;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// What one category does with its lines.
struct Category {
    name: String,
    level: Cell<Level>,
    places: Vec<(Appender, Layout)>,
}

/// All categories of a program. `db.pool` is under `db`, and whatever is not named is under `""`.
///
/// ```
/// use wirebook_web::log::{Appender, Console, Layout, Level, Log};
///
/// wirebook_net::block_on(async {
///     let console = Appender::new(Console);
///     let log = Log::new(Level::Info, &[(console.clone(), Layout::Basic)]).category("db", Level::Debug, &[(console.clone(), Layout::Json)]);
///     log.logger("http").info("listening");
///     log.logger("db.pool").debug(format!("{} connections", 3));
///     console.flush().await;
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct Log(Rc<BTreeMap<String, Rc<Category>>>);

impl Log {
    /// What is not named otherwise goes to these places, from this level on.
    pub fn new(level: Level, places: &[(Appender, Layout)]) -> Log {
        Log(Rc::new(BTreeMap::new())).category("", level, places)
    }

    /// What goes where in a category and those below it. Not twice: a line goes to the places of the closest one.
    #[must_use]
    pub fn category(mut self, name: &str, level: Level, places: &[(Appender, Layout)]) -> Self {
        let category = Category { name: name.to_owned(), level: Cell::new(level), places: places.to_vec() };
        Rc::make_mut(&mut self.0).insert(name.to_owned(), Rc::new(category));
        self
    }

    /// The logger of a category.
    pub fn logger(&self, name: &str) -> Logger {
        let mut at = name;
        loop {
            if let Some(category) = self.0.get(at) {
                return Logger { name: name.into(), category: category.clone() };
            }
            at = at.rsplit_once('.').map_or("", |(above, _)| above);
        }
    }

    /// Changes the threshold of a category that was named, while the program runs; says whether it was.
    pub fn set_level(&self, name: &str, level: Level) -> bool {
        self.0.get(name).inspect(|category| category.level.set(level)).is_some()
    }

    /// Waits until every line is written.
    pub async fn flush(&self) {
        for category in self.0.values() {
            for (appender, _) in &category.places {
                appender.flush().await;
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levels = self.0.values().map(|category| (&category.name, category.level.get()));
        out.debug_map().entries(levels).finish()
    }
}

/// Writes lines of one category.
#[derive(Clone)]
pub struct Logger {
    name: Rc<str>,
    category: Rc<Category>,
}

impl Logger {
    /// Whether a line of this level is written: ask before what is dear to say.
    pub fn is_on(&self, level: Level) -> bool {
        level.is_of_a_line() && level >= self.category.level.get()
    }

    /// Writes a line.
    pub fn log(&self, level: Level, message: impl AsRef<str>) {
        if self.is_on(level) {
            for (appender, layout) in &self.category.places {
                appender.line(&layout.line(appender.clock().now(), level, &self.name, message.as_ref()));
            }
        }
    }

    /// [`Level::Trace`].
    pub fn trace(&self, message: impl AsRef<str>) {
        self.log(Level::Trace, message);
    }

    /// [`Level::Debug`].
    pub fn debug(&self, message: impl AsRef<str>) {
        self.log(Level::Debug, message);
    }

    /// [`Level::Info`].
    pub fn info(&self, message: impl AsRef<str>) {
        self.log(Level::Info, message);
    }

    /// [`Level::Warn`].
    pub fn warn(&self, message: impl AsRef<str>) {
        self.log(Level::Warn, message);
    }

    /// [`Level::Error`].
    pub fn error(&self, message: impl AsRef<str>) {
        self.log(Level::Error, message);
    }

    /// [`Level::Fatal`].
    pub fn fatal(&self, message: impl AsRef<str>) {
        self.log(Level::Fatal, message);
    }

    /// [`Level::Mark`].
    pub fn mark(&self, message: impl AsRef<str>) {
        self.log(Level::Mark, message);
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Logger({}, {})", self.name, self.category.level.get())
    }
}
