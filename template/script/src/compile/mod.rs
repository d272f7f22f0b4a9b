//! From syntax tree to closures: statements, and the program that they are.
//!
//! Each becomes a closure that gives how it ended; it owns those of its parts, so running a program is calling one closure,
//! and no tree is looked at again. Constant output becomes text; runs of text and output become one closure ([`output`]); a
//! loop whose body only puts its element out needs no variable ([`loops`]).

mod loops;
mod output;
mod stmt;

use crate::expression::Helpers;

use crate::base::{Error, ErrorKind, Limits, Source, stack::Stack};
use crate::expression::generator::Gen;
use crate::lookup;
use crate::parser::Parsed;
use crate::run::{Escape, FreeName, Program, Trace, visible};
use crate::syntax::scope::{DATA_VAR, LOCALS_VAR, VarKind};
use crate::value::{Hint, Value};
use std::rc::Rc;

/// How to compile a program.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bounds: of the source here, of constant expressions that are worked out now.
    pub limits: Limits,
    /// What the host calls the program, for its includes.
    pub path: Rc<str>,
    /// Keeps the picture of the closures for [`Program::closures`].
    pub trace: bool,
    /// What is done to a value that is put out escaped; `None`: nothing.
    pub escape: Option<Escape>,
    /// Functions of the host that are found where they are called and nothing else has their name.
    pub helpers: Helpers,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { limits: Limits::default(), path: "".into(), trace: false, escape: None, helpers: |_| None }
    }
}

/// Compiles a parsed program.
pub(crate) fn compile(parsed: &Parsed, source: Rc<Source>, settings: &Settings) -> Result<Program, Error> {
    let scopes = &parsed.scopes;
    let mut wide = vec![Vec::new(); scopes.funcs.len()];
    for (id, var) in scopes.vars.iter().enumerate() {
        if var.is_function_wide() && (scopes.boxed(id) || var.is_late_parameter()) {
            wide[var.func].push(id);
        }
    }
    let mut code = Gen {
        scopes,
        source: source.clone(),
        path: settings.path.clone(),
        limits: settings.limits,
        func: 0,
        strict: false,
        locals: parsed.locals,
        escape: settings.escape,
        helpers: settings.helpers,
        labels: Vec::new(),
        trace: Trace::new(settings.trace),
        stack: Stack::here(),
        too_deep: false,
        wide,
    };
    let body = code.block_body(&parsed.body, &parsed.variables);
    let mut names = Vec::new();
    for (id, var) in scopes.vars.iter().enumerate() {
        let outermost = var.func == 0 && matches!(var.kind, VarKind::Free | VarKind::Var);
        if outermost {
            names.push(FreeName {
                name: var.name.clone(),
                slot: scopes.slot(0, id),
                boxed: scopes.boxed(id),
                otherwise: match var.kind {
                    VarKind::Var => Value::Undefined,
                    _ => lookup::global(var.name.as_str()).unwrap_or(Value::Missing),
                },
                var: var.kind == VarKind::Var,
                visible: visible(var.name.as_str()),
                hint: Hint::default(),
            });
        }
    }
    let place = |var| (scopes.slot(0, var), scopes.boxed(var));
    if code.too_deep {
        return Err(Error::new(ErrorKind::NestingLimit, "nesting too deep: it needs more stack than there may be"));
    }
    Ok(Program {
        source,
        path: settings.path.clone(),
        frame: scopes.frame(0),
        names,
        data: place(DATA_VAR),
        locals: parsed.locals.then(|| place(LOCALS_VAR)),
        body,
        returns: parsed.returns,
        closures: code.trace.finish(),
    })
}
