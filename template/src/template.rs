//! A compiled template and what can be done with it.

use crate::build::{Options, Unit, build};
use crate::files::Shared;
use crate::lint::Warning;
use crate::page::Page;
use crate::pipe::Pipe;
use std::io;
use std::rc::Rc;
use wirebook_script::{Cx, Error, Limits, R, Shape, Sink, Value};

/// A compiled template. It belongs to the thread that compiled it, and cloning it is cheap.
#[derive(Clone)]
pub struct Template {
    pub(crate) unit: Rc<Unit>,
    shared: Rc<Shared>,
    limits: Limits,
    warnings: Rc<[Warning]>,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({:?})", self.unit.program.source().name())
    }
}

impl Template {
    /// Compiles a template that stands alone. Its name in messages is `template`.
    ///
    /// # Errors
    /// With place and caret, when the source does not parse, or uses what is not in the language, or is too large.
    ///
    /// ```
    /// use wirebook_template::{Template, data};
    /// let template = Template::compile("<ul><% for (const duck of ducks) { %><li><%= duck %></li><% } %></ul>")?;
    /// let html = template.render_to_string(&data!({ "ducks": ["Huey", "Dewey & Louie"] }))?;
    /// assert_eq!(html, "<ul><li>Huey</li><li>Dewey &amp; Louie</li></ul>");
    /// # Ok::<(), wirebook_template::Error>(())
    /// ```
    pub fn compile(source: &str) -> Result<Template, Error> {
        Template::compile_with(source, "template", &Options::default())
    }

    /// Compiles with a name for messages and with options.
    ///
    /// # Errors
    /// As [`Template::compile`].
    pub fn compile_with(source: &str, name: &str, options: &Options) -> Result<Template, Error> {
        let compiled = build(source, name, "", options)?;
        Ok(Template::of(compiled.unit, compiled.warnings, Shared::new(), options.limits))
    }

    pub(crate) fn of(unit: Rc<Unit>, warnings: Vec<Warning>, shared: Rc<Shared>, limits: Limits) -> Template {
        Template { unit, shared, limits, warnings: warnings.into() }
    }

    /// Renders at the end of `out`. On an error `out` is as it was.
    ///
    /// # Errors
    /// What the template throws, with its place; a bound that was reached.
    pub fn render(&self, data: &Value, out: &mut String) -> Result<(), Error> {
        let start = out.len();
        let (mut rendered, result) = self.run(data, std::mem::take(out), None, |_| Ok(()));
        if result.is_err() {
            rendered.truncate(start);
        }
        *out = rendered;
        result
    }

    /// Renders into a new string.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_to_string(&self, data: &Value) -> Result<String, Error> {
        let mut out = String::new();
        self.render(data, &mut out)?;
        Ok(out)
    }

    /// Renders into a writer, in pieces of about 16 KiB as they become ready. A template with a layout is one piece: its
    /// output is a value until the layout has placed it.
    ///
    /// # Errors
    /// As [`Template::render`]; the pieces written before an error can not be taken back, so a server that streams must
    /// then break the message off. An error of the writer has the kind [`ErrorKind::Write`](crate::ErrorKind::Write).
    pub fn render_to(&self, data: &Value, mut writer: impl io::Write) -> Result<(), Error> {
        let mut sink = |piece: &str| writer.write_all(piece.as_bytes());
        self.run(data, String::new(), Some(&mut sink), |cx| cx.flush()).1
    }

    /// Renders a page whose slow parts come later; see [`Pipe`].
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_pipe(&self, data: &Value) -> Result<Pipe, Error> {
        let mut waiting = Vec::new();
        let (page, result) = self.run(data, String::new(), None, |cx| {
            waiting = cx.state::<Page>().placeholders.iter().map(|name| name.as_str().to_owned()).collect();
            Ok(())
        });
        result.map(|()| Pipe::new(page, waiting))
    }

    /// Renders at the end of a text, or into a sink; gives the text, and how it went.
    fn run<'s>(
        &'s self,
        data: &Value,
        out: String,
        sink: Option<&'s mut Sink<'s>>,
        then: impl FnOnce(&mut Cx<'_>) -> R<()>,
    ) -> (String, Result<(), Error>) {
        let mut cx = Cx::new(&*self.shared, self.shared.scratch.take(), self.limits, out, sink);
        let result = self.shared.render(&mut cx, &self.unit, data).and_then(|()| then(&mut cx));
        let result = result.map_err(|_| cx.take_error());
        if let Some(page) = cx.state_made::<Page>() {
            page.clear();
        }
        let (out, scratch) = cx.finish();
        self.shared.scratch.replace(scratch);
        (out, result)
    }

    /// Output tags that stand where HTML escaping does not make them safe.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The closures that the template became, outermost first, when [`Options::trace`] asked for them.
    pub fn closures(&self) -> &[Shape] {
        self.unit.program.closures()
    }

    /// The name that messages use.
    pub fn name(&self) -> &str {
        self.unit.program.source().name()
    }
}
