//! A compiled template and what can be done with it.

use crate::compile::{self, Settings, Shape, Unit};
use crate::ejs::{self, Delimiters, Prepared};
use crate::engine::Shared;
use crate::error::{Error, ErrorKind};
use crate::js::lexer::{Lexer, Tok};
use crate::js::parser;
use crate::limits::Limits;
use crate::lint::{self, Warning};
use crate::pipe::Pipe;
use crate::run::{Cx, R};
use crate::source::{Position, Source};
use crate::value::Value;
use std::io;
use std::rc::Rc;

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The characters that make a tag.
    pub delimiters: Delimiters,
    /// EJS's `rmWhitespace`: no blanks at the ends of lines, no empty lines, before anything else.
    pub remove_white_space: bool,
    /// Makes every [`Warning`] about an output tag in an unsafe context an error.
    pub strict_contexts: bool,
    /// `<%= %>` does not escape: for text that is no HTML.
    pub no_escape: bool,
    /// Keeps the picture of the closures for [`Template::closures`].
    pub trace: bool,
    /// The bounds.
    pub limits: Limits,
}

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
        write!(f, "Template({:?})", self.unit.source.name)
    }
}

/// A token, as `--tokens` and the playground show it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenView {
    /// Where it starts.
    pub position: Position,
    /// `text`, `tag`, `word`, `number`, `string`, `template`, `punctuation`, `echo`, `end`.
    pub kind: &'static str,
    /// What it is.
    pub text: String,
}

/// Everything that compiling a source gives.
pub(crate) struct Compiled {
    pub(crate) unit: Rc<Unit>,
    pub(crate) warnings: Vec<Warning>,
}

/// Compiles a source: cut, parse, generate.
pub(crate) fn build(text: &str, name: &str, path: &str, options: &Options) -> Result<Compiled, Error> {
    let source = Source::new(name, text);
    let limits = options.limits;
    if text.len() > limits.source {
        let message = format!("source too large: more than {} bytes", limits.source);
        return Err(Error::new(ErrorKind::NestingLimit, message));
    }
    let prepared = ejs::prepare(text, options.remove_white_space);
    let pieces = split(&prepared, &source, options)?;
    let warnings = lint::check(&prepared, &pieces, &source);
    if options.strict_contexts
        && let Some(warning) = warnings.first()
    {
        return Err(Error::at(ErrorKind::Syntax, warning.to_string(), &source, warning.position.offset));
    }
    let parsed = parser::parse(&prepared, &pieces, &limits)
        .map_err(|(kind, message, offset)| Error::at(kind, message, &source, offset))?;
    let settings = Settings { limits, path: path.into(), trace: options.trace, escape: !options.no_escape };
    let unit = Rc::new(compile::compile(&parsed, source, settings));
    Ok(Compiled { unit, warnings })
}

fn split(prepared: &Prepared, source: &Source, options: &Options) -> Result<Vec<ejs::Piece>, Error> {
    ejs::split(&prepared.text, &options.delimiters)
        .map_err(|(kind, message, offset)| Error::at(kind, message, source, prepared.original(offset as u32)))
}

/// The tokens of a source, as far as it can be read.
///
/// # Errors
/// Where the text is no token.
pub fn tokens(text: &str, options: &Options) -> Result<Vec<TokenView>, Error> {
    let source = Source::new("template", text);
    let prepared = ejs::prepare(text, options.remove_white_space);
    let pieces = split(&prepared, &source, options)?;
    let mut lexer = Lexer::new(&prepared, &pieces);
    let mut views = Vec::new();
    loop {
        let token = lexer.next().map_err(|(kind, message, offset)| Error::at(kind, message, &source, offset))?;
        let range = |start: u32, end: u32| prepared.text[start as usize..end as usize].to_owned();
        let (kind, text) = match &token.tok {
            Tok::End => return Ok(views),
            Tok::Punct(p) => ("punctuation", (*p).to_owned()),
            Tok::Word(start, end) => ("word", range(*start, *end)),
            Tok::Number(n) => ("number", crate::value::number::to_string(*n)),
            Tok::String(s) => ("string", s.as_str().to_owned()),
            Tok::Quasi(s, _) | Tok::QuasiNext(s, _) => ("template", s.as_str().to_owned()),
            Tok::Text(start, end) => ("text", range(*start, *end)),
            Tok::Echo { raw } => ("echo", if *raw { "raw".to_owned() } else { "escaped".to_owned() }),
            Tok::EchoEnd => ("end", String::new()),
            Tok::Tag => ("tag", ";".to_owned()),
        };
        views.push(TokenView { position: source.position(token.pos), kind, text });
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
        Ok(Template::of(compiled.unit, compiled.warnings, Rc::new(Shared::default()), options.limits))
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
        let mut cx = Cx::new(self.shared.clone(), self.limits, std::mem::take(out), None);
        let result = self.run(&mut cx, data);
        *out = std::mem::take(&mut cx.out);
        if result.is_err() {
            out.truncate(start);
        }
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
    /// then break the message off. An error of the writer has the kind [`ErrorKind::Write`].
    pub fn render_to(&self, data: &Value, mut writer: impl io::Write) -> Result<(), Error> {
        let mut sink = |piece: &str| writer.write_all(piece.as_bytes());
        let mut cx = Cx::new(self.shared.clone(), self.limits, String::new(), Some(&mut sink));
        self.run_then(&mut cx, data, |cx| cx.flush())
    }

    /// Renders a page whose slow parts come later; see [`Pipe`].
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_pipe(&self, data: &Value) -> Result<Pipe, Error> {
        let mut cx = Cx::new(self.shared.clone(), self.limits, String::new(), None);
        self.run(&mut cx, data)?;
        let waiting = cx.placeholders.iter().map(|name| name.as_str().to_owned()).collect();
        Ok(Pipe::new(std::mem::take(&mut cx.out), waiting))
    }

    fn run(&self, cx: &mut Cx<'_>, data: &Value) -> Result<(), Error> {
        self.run_then(cx, data, |_| Ok(()))
    }

    fn run_then<'a>(&self, cx: &mut Cx<'a>, data: &Value, then: fn(&mut Cx<'a>) -> R<()>) -> Result<(), Error> {
        let result = cx.render_unit(&self.unit, data).and_then(|()| then(cx));
        let result = result.map_err(|_| cx.take_error());
        cx.finish();
        result
    }

    /// Output tags that stand where HTML escaping does not make them safe.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The closures that the template became, outermost first, when [`Options::trace`] asked for them.
    pub fn closures(&self) -> &[Shape] {
        &self.unit.closures
    }

    /// The name that messages use.
    pub fn name(&self) -> &str {
        &self.unit.source.name
    }
}
