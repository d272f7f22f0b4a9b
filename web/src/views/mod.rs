//! Views: pages from templates, whole (`render`), and part by part as they are ready (`pipe`, BigPipe).
//!
//! A template sees what the application says to all ([`Views::say`]), what rings left for this request ([`Context::local`]), and what the
//! handler gives, the last word being the handler's. It may ask for `url_for('name', { id: 7 })`, so that no path is written twice, for
//! `asset('app.css')`, and for `csrf()`, the token of a form ([`csrf::by_token`](crate::layers::csrf::by_token)). A
//! template that is missing or broken is a 500 whose reason the log has: the place searched, the line and the column.

mod near;

use crate::{
    context::{Answer, Context, Failure, Piece},
    onion::Router,
};
use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context as Task, Poll},
};
use wirebook_template::{Engine, ErrorKind, Pipe, Template, Value};

/// The templates of an application, and what all of them see.
#[derive(Clone, Debug)]
pub struct Views {
    engine: Engine,
    /// Where they lie, if that is one folder that we know.
    folder: Option<PathBuf>,
    said: Vec<(String, Value)>,
}

impl Views {
    /// From an engine, with its folders, helpers and limits.
    pub fn new(engine: Engine) -> Views {
        Views { engine, folder: None, said: Vec::new() }
    }

    /// The templates below a folder. One that is missing is told of with the names that lie near.
    ///
    /// # Errors
    ///
    /// There is no such folder.
    pub fn beneath(folder: impl AsRef<Path>) -> io::Result<Views> {
        let folder = folder.as_ref().to_owned();
        Ok(Views { engine: Engine::new(&folder)?, folder: Some(folder), said: Vec::new() })
    }

    /// The engine, for helpers, limits, and whether files that have changed are read again.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The template of a name.
    fn template(&self, name: &str) -> Result<Template, Failure> {
        self.engine.template(name).map_err(|error| match &self.folder {
            Some(folder) if error.kind() == ErrorKind::Include => {
                let near = near::near(folder, name);
                let near = if near.is_empty() { String::new() } else { format!("; near it lies {}", near.join(", ")) };
                let missing = format!("there is no view {name:?} in {}{near}", folder.display());
                Failure::new(500, missing).caused_by(error)
            }
            _ => broken(error),
        })
    }

    /// What every template sees: Express's `app.locals`.
    pub fn say(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.said.push((name.to_owned(), value.into()));
        self
    }
}

/// What rings left for the templates of one request.
#[derive(Default)]
struct Locals(Vec<(String, Value)>);

impl Router {
    /// Lends templates to all handlers: [`Context::render`] renders them.
    ///
    /// ```
    /// use wirebook_template::{Engine, data};
    /// use wirebook_web::{Router, views::Views};
    ///
    /// let mut engine = Engine::in_memory();
    /// engine.add("hello", "<p>Hello, <%= name %>");
    /// let router = Router::new()
    ///     .views(Views::new(engine))
    ///     .get("/{name}", async |ctx| {
    ///         let name = ctx.param("name").unwrap_or_default().into_owned();
    ///         ctx.render("hello", &data!({ "name": name }))
    ///     });
    /// ```
    pub fn views(self, views: Views) -> Self {
        self.service(views)
    }
}

impl Context<'_> {
    /// Leaves something for the templates of this request: Express's `res.locals`.
    pub fn local(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        let mut locals = self.state().remove::<Locals>().unwrap_or_default();
        locals.0.push((name.to_owned(), value.into()));
        self.state().insert(locals);
        self
    }

    /// What a template sees: what comes later takes the place of what has the same name.
    fn seen(&self, views: &Views, data: &Value) -> Value {
        let all = Value::object();
        let Value::Object(object) = &all else { return all };
        let site = self.site();
        let url_for = Value::function("url_for", move |arguments| {
            let Some(Value::String(name)) = arguments.first() else {
                return Err("url_for takes a route's name".to_owned());
            };
            let values = match arguments.get(1) {
                Some(Value::Object(values)) => values.entries(),
                _ => Vec::new(),
            };
            let values: Vec<(String, String)> =
                values.into_iter().map(|(name, value)| (name.as_str().to_owned(), plain(&value))).collect();
            let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (&**name, &**value)).collect();
            site.routes.url(name.as_str(), &values).map(Value::from).map_err(|fault| fault.to_string())
        });
        object.set("url_for", url_for);
        let site = self.site();
        let asset = Value::function("asset", move |arguments| match arguments.first() {
            Some(Value::String(name)) => Ok(Value::from(site.asset(name.as_str()))),
            _ => Err("asset takes a file's name".to_owned()),
        });
        object.set("asset", asset);
        let tokens = self.csrf_tokens();
        let csrf =
            Value::function("csrf", move |_| tokens().map(Value::from).map_err(|failure| failure.message().to_owned()));
        object.set("csrf", csrf);
        let locals = self.get_state::<Locals>().map_or(&[][..], |locals| &locals.0);
        for (name, value) in views.said.iter().chain(locals) {
            object.set(name.as_str(), value.clone());
        }
        if let Value::Object(data) = data {
            for (name, value) in data.entries() {
                object.set(name, value);
            }
        }
        all
    }

    fn views(&self) -> Result<&Views, Failure> {
        self.service::<Views>().ok_or_else(|| Failure::new(500, "the application lends no views"))
    }

    /// Answers with a page from a template.
    ///
    /// # Errors
    ///
    /// 500 for a template that is missing or fails, or without [`Router::views`].
    pub fn render(&mut self, name: &str, data: &Value) -> Answer {
        let views = self.views()?;
        let page = views.template(name)?.render_to_string(&self.seen(views, data)).map_err(broken)?;
        self.html(page)
    }

    /// Answers with a page whose late parts come when they are ready: BigPipe. The page goes out at once with a placeholder for each
    /// part; each part goes out as soon as its future is done, in whatever order that is, and the page's own script puts it in its place.
    ///
    /// A part that fails leaves its placeholder as it is, and is told of like every failure.
    ///
    /// ```no_run
    /// use wirebook_template::data;
    /// # use wirebook_web::{Answer, Context, views::Parts};
    /// async fn home(ctx: &mut Context<'_>) -> Answer {
    ///     let parts = Parts::default()
    ///         .part("hot", async { Ok("<li>green tea".to_owned()) })
    ///         .part("news", async { Ok("<li>a new oolong".to_owned()) });
    ///     ctx.pipe("home", &data!({ "title": "Teas" }), parts)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`render`](Self::render), before anything has gone out.
    pub fn pipe(&mut self, name: &str, data: &Value, parts: Parts) -> Answer {
        let views = self.views()?;
        let pipe = views.template(name)?.render_pipe(&self.seen(views, data)).map_err(broken)?;
        self.content_type("html")?;
        // What stands between must not wait for the whole (nginx).
        self.set("x-accel-buffering", "no")?;
        let (hear, method, path) =
            (self.options().on_error.clone(), self.method().to_owned(), self.original_path().to_owned());
        let report = move |failure: &Failure| {
            if let Some(hear) = &hear {
                hear(failure, &method, &path);
            }
        };
        let mut page = Late { pipe, parts: parts.0, stage: Stage::Head };
        self.stream(async move || page.next(&report).await)
    }
}

type Part = (String, Pin<Box<dyn Future<Output = Result<String, Failure>>>>);

/// The late parts of a page: the names of its placeholders, and the HTML that fills each.
#[derive(Default)]
#[must_use = "a page has to be given them"]
pub struct Parts(Vec<Part>);

impl Parts {
    /// Adds one. Its HTML is not escaped: render it with a template.
    pub fn part(mut self, name: &str, html: impl Future<Output = Result<String, Failure>> + 'static) -> Self {
        self.0.push((name.to_owned(), Box::pin(html)));
        self
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

enum Stage {
    Head,
    Parts,
    Ended,
}

/// A page that is going out.
struct Late {
    pipe: Pipe,
    parts: Vec<Part>,
    stage: Stage,
}

impl Late {
    // ANCHOR: late
    async fn next(&mut self, report: &impl Fn(&Failure)) -> Piece {
        loop {
            match self.stage {
                Stage::Head => {
                    self.stage = Stage::Parts;
                    return Ok(Some(self.pipe.head().as_bytes().to_vec()));
                }
                Stage::Parts if self.parts.is_empty() => {
                    self.stage = Stage::Ended;
                    return Ok(Some(self.pipe.tail().as_bytes().to_vec()));
                }
                Stage::Parts => {
                    let (name, html) = poll_fn(|task| self.poll_part(task)).await;
                    let filled = html.and_then(|html| self.pipe.fill(&name, &html).map_err(broken));
                    match filled {
                        Ok(piece) => return Ok(Some(piece.into_bytes())),
                        Err(failure) => report(&failure),
                    }
                }
                Stage::Ended => return Ok(None),
            }
        }
    }
    // ANCHOR_END: late

    /// The first part that is ready.
    fn poll_part(&mut self, task: &mut Task<'_>) -> Poll<(String, Result<String, Failure>)> {
        for at in 0..self.parts.len() {
            if let Poll::Ready(html) = self.parts[at].1.as_mut().poll(task) {
                return Poll::Ready((self.parts.remove(at).0, html));
            }
        }
        Poll::Pending
    }
}

fn broken(error: wirebook_template::Error) -> Failure {
    Failure::new(500, format!("view: {error}"))
}

/// A value as it stands in a path.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
