//! Pages from templates: where they lie, what every page knows, and what to say where one is missing.

use crate::context::{Answer, Context, Failure};
use crate::onion::Router;
use std::io;
use std::path::{Path, PathBuf};
use wirebook_template::{Engine, Error, ErrorKind, Object, Reload, Value};

/// How far two names may be from each other to be near: letters that were added, left out or mistaken.
const NEAR: usize = 2;

/// Names that are said to be near.
const MOST_NEAR: usize = 3;

/// The templates of an application, compiled once.
///
/// ```
/// use wirebook_template::data;
/// use wirebook_web::views::Views;
/// use wirebook_web::{Options, Router};
///
/// let mut views = Views::in_memory();
/// views.engine().add("home", "<h1><%= site %></h1><p>Hello, <%= name %>.");
/// let app = Router::new()
///     .views(views.local("site", "Tea"))
///     .get("/", async |ctx| ctx.render("home", &data!({ "name": "Ada" })))
///     .into_app(Options::default())?;
/// # Ok::<(), wirebook_web::router::RouteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Views {
    pub(super) engine: Engine,
    root: Option<PathBuf>,
    locals: Vec<(String, Value)>,
}

/// What a request's rings say to its page: see [`Context::local`].
#[derive(Default)]
struct Locals(Vec<(String, Value)>);

impl Views {
    /// The templates below a folder: `home` is `home.ejs` there.
    ///
    /// # Errors
    ///
    /// There is no such folder.
    pub fn beneath(folder: impl AsRef<Path>) -> io::Result<Views> {
        let root = folder.as_ref().to_owned();
        Ok(Views { engine: Engine::new(&root)?, root: Some(root), locals: Vec::new() })
    }

    /// Templates that are all given as texts.
    pub fn in_memory() -> Views {
        Views { engine: Engine::in_memory(), root: None, locals: Vec::new() }
    }

    /// The engine: for helpers, limits, and templates that are texts.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// A file that has changed is compiled anew: for who writes templates.
    #[must_use]
    pub fn reload(mut self) -> Self {
        self.engine.set_reload(Reload::OnChange);
        self
    }

    /// What every page knows under this name, unless its request or its handler says otherwise.
    #[must_use]
    pub fn local(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.locals.push((name.to_owned(), value.into()));
        self
    }

    /// Why a page cannot be rendered, for the log. A view that is missing is told with where it was looked for, and what lies near.
    pub(super) fn failure(&self, name: &str, error: Error) -> Failure {
        if error.kind() != ErrorKind::Include || !error.chain().is_empty() || !error.message().contains(name) {
            return error.into();
        }
        let Some(root) = &self.root else { return Failure::new(500, format!("there is no view {name:?}")) };
        let mut near = names(root, "");
        near.retain(|other| distance(other, name) <= NEAR);
        near.sort_by_key(|other| distance(other, name));
        near.truncate(MOST_NEAR);
        let near = if near.is_empty() { String::new() } else { format!("; near it lies {}", near.join(", ")) };
        Failure::new(500, format!("there is no view {name:?} in {}{near}", root.display())).caused_by(error)
    }
}

/// The names of all templates below a folder.
fn names(folder: &Path, before: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Some(name) = name.to_str() else { continue };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(names(&path, &format!("{before}{name}/")));
        } else if let Some(name) = name.strip_suffix(".ejs") {
            found.push(format!("{before}{name}"));
        }
    }
    found
}

/// Letters that have to be added, left out or changed to make one text the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, char) in one.chars().enumerate() {
        let mut above = row[0];
        row[0] = at + 1;
        for (column, mistaken) in other.chars().enumerate() {
            let kept = above + usize::from(char != mistaken);
            above = row[column + 1];
            row[column + 1] = kept.min(above + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

impl Context<'_> {
    /// Says something to the page of this request, such as who has logged in: a ring says it, and the handler need not know.
    pub fn local(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        let mut locals = self.state().remove::<Locals>().unwrap_or_default();
        locals.0.push((name.to_owned(), value.into()));
        self.state().insert(locals);
        self
    }

    /// The application's views, and what a page knows: the application's locals, the request's, and the handler's data, each before
    /// those that were said earlier.
    pub(super) fn page(&self, data: &Value) -> Result<(Views, Value), Failure> {
        let views = self.service::<Views>().ok_or_else(|| Failure::new(500, "the application has no views"))?.clone();
        let whole = Value::object();
        if let Value::Object(whole) = &whole {
            let own = self.get_state::<Locals>().map(|locals| locals.0.as_slice()).unwrap_or_default();
            for (name, value) in views.locals.iter().chain(own) {
                whole.set(name.as_str(), value.clone());
            }
            if let Value::Object(data) = data {
                copy(data, whole);
            }
        }
        Ok((views, whole))
    }

    /// Answers with a page.
    ///
    /// # Errors
    ///
    /// 500, with the template, the line and the reason for the log; for a view that is missing also where it was looked for.
    pub fn render(&mut self, name: &str, data: &Value) -> Answer {
        let (views, data) = self.page(data)?;
        let page = views.engine.template(name).map_err(|error| views.failure(name, error))?;
        self.html(page.render_to_string(&data)?)
    }
}

fn copy(from: &Object, to: &Object) {
    for (key, value) in from.entries() {
        to.set(key, value);
    }
}

impl Router {
    /// Lends views to all handlers.
    pub fn views(self, views: Views) -> Self {
        self.service(views)
    }
}
