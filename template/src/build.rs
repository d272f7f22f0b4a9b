//! From a source to a program: cut, look at the HTML, compile.

use crate::ejs::{self, Delimiters};
use crate::lint::{self, Warning};
use crate::{escape, html, page};
use std::rc::Rc;
use wirebook_script::{Error, ErrorKind, Limits, Native, Piece, Prepared, Program, Settings, Source, TokenView};

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
    /// Keeps the picture of the closures for [`Template::closures`](crate::Template::closures).
    pub trace: bool,
    /// The bounds.
    pub limits: Limits,
}

/// A compiled template, as renders hold it.
pub(crate) struct Unit {
    pub(crate) program: Program,
    /// It may ask for a layout: then its output is a value until the layout has placed it.
    pub(crate) has_layout: bool,
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
    let settings = Settings {
        limits,
        path: path.into(),
        trace: options.trace,
        escape: (!options.no_escape).then_some(escape::append),
        helpers: helper,
    };
    let program = Program::compile(&source, &prepared, &pieces, &settings)?;
    let has_layout = program.uses("layout");
    Ok(Compiled { unit: Rc::new(Unit { program, has_layout }), warnings })
}

/// The house's own functions, for a call of a name that nothing else has.
fn helper(name: &str) -> Option<Native> {
    html::HELPERS.iter().chain(&page::HELPERS).find(|(known, _)| *known == name).map(|(_, native)| *native)
}

fn split(prepared: &Prepared, source: &Source, options: &Options) -> Result<Vec<Piece>, Error> {
    ejs::split(prepared.text(), &options.delimiters)
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
    wirebook_script::tokens(&source, &prepared, &pieces)
}
