//! Function literals and declarations.

use super::assign::WriteFn;
use super::code::Code;
use super::generator::Gen;
use super::reference::Located;
use crate::base::Str;
use crate::run::{Body, Callable, Cx, ExprFn, Proto, RunFn};
use crate::syntax::{ast::*, origin::From};
use crate::value::{Function, Value, VarCell};
use std::collections::HashSet;
use std::rc::Rc;

impl Gen<'_> {
    pub(crate) fn function(&mut self, literal: &FunctionLiteral) -> Code {
        let (code, name, captures) = self.proto(literal, &literal.name);
        Code::Fn(maker(code, name, captures))
    }

    /// A function that takes its name from what it is assigned to.
    pub(crate) fn named(&mut self, expr: &Expr, name: &Str) -> Code {
        match &expr.kind {
            ExprKind::Function(literal) if literal.name.as_str().is_empty() => {
                let (code, name, captures) = self.proto(literal, name);
                Code::Fn(maker(code, name, captures))
            }
            _ => self.expr(expr),
        }
    }

    /// The function declarations of a block, to be made when it starts.
    pub(crate) fn hoisted(&mut self, block: &Block) -> Vec<RunFn> {
        let mut made: Vec<RunFn> = Vec::new();
        for Declared { var, outer, literal } in &block.functions {
            let (code, name, captures) = self.proto(literal, &literal.name);
            let make = maker(code, name, captures);
            let (slot, boxed) = (self.slot(*var), self.scopes.boxed(*var));
            let outer = outer.map(|var| self.declared(var));
            made.push(Box::new(move |cx| {
                let function = make(cx)?;
                if let Some(outer) = &outer {
                    outer.write(cx, &Located::Here, function.clone())?;
                }
                store(cx, slot, boxed, function);
                Ok(())
            }));
        }
        made
    }

    /// Compiles a function; gives it and the slots here that it captures.
    fn proto(&mut self, literal: &FunctionLiteral, name: &Str) -> (Rc<Callable>, Str, Vec<usize>) {
        let func = literal.func;
        let captures = self.scopes.funcs[func].captures.iter().map(|&var| self.slot(var)).collect();
        let outer = std::mem::replace(&mut self.func, func);
        let strict = std::mem::replace(&mut self.strict, literal.strict);
        let labels = std::mem::take(&mut self.labels);
        let label = || format!("function {}({})", name.as_str(), literal.parameters.len());
        let (prepare, body) = self.shape(label, literal.start, |g| (g.prologue(literal), g.body(&literal.body)));
        let parameters: Box<[usize]> = literal.parameters.iter().map(|p| self.slot(p.var)).collect();
        let funcs = &self.scopes.funcs[func];
        let first = funcs.captures.len() + usize::from(funcs.uses_this) + usize::from(funcs.uses_arguments);
        let direct = parameters.iter().enumerate().all(|(n, &slot)| slot == first + n);
        let rest = literal.rest.as_ref().map(|p| self.slot(p.var));
        let proto = Proto {
            source: self.source.clone(),
            start: literal.start,
            end: literal.end,
            parameters,
            length: literal.parameters.iter().take_while(|one| one.default.is_none()).count(),
            direct,
            rest,
            names_itself: literal.own_name.is_some(),
            uses_this: funcs.uses_this,
            strict: literal.strict,
            uses_arguments: funcs.uses_arguments,
            frame: self.scopes.frame(func),
            body: with_prologue(prepare, body),
        };
        self.func = outer;
        self.strict = strict;
        self.labels = labels;
        (Rc::new(Callable::Closure(proto)), name.clone(), captures)
    }

    fn body(&mut self, body: &FunctionBody) -> Body {
        match body {
            FunctionBody::Expr(expr) => Body::Expr(self.expr(expr).into_fn()),
            FunctionBody::Block(block) => Body::Block(self.block(block)),
        }
    }

    /// What must happen to the parameters before the body: defaults, cells, patterns.
    fn prologue(&mut self, literal: &FunctionLiteral) -> Vec<RunFn> {
        let mut steps: Vec<RunFn> = Vec::new();
        self.cells_of_patterns(literal, &mut steps);
        if let Some(own) = literal.own_name {
            steps.push(self.own_name(own));
        }
        let given: Vec<Given> = literal.parameters.iter().chain(&literal.rest).map(|one| self.given(one)).collect();
        // A default value that may ask for a parameter that has none yet: they get theirs one after the other.
        if literal.parameters.iter().chain(&literal.rest).any(|one| self.scopes.vars[one.var].unsure) {
            steps.push(in_turn(given));
        } else {
            steps.extend(given.into_iter().flat_map(|one| {
                let Given { slot, boxed, default, bind } = one;
                let default = default.map(|default| fill(slot, default));
                let cell = boxed.then(|| into_cell(slot));
                let bind = bind.map(|bind| take_apart(slot, bind));
                [default, cell, bind].into_iter().flatten()
            }));
        }
        steps
    }

    fn given(&mut self, parameter: &Parameter) -> Given {
        let name = self.scopes.vars[parameter.var].name.clone();
        let from = From::parameter(parameter.default.is_some());
        Given {
            slot: self.slot(parameter.var),
            boxed: self.scopes.boxed(parameter.var),
            default: parameter.default.as_ref().map(|default| self.named(default, &name).into_fn()),
            bind: parameter.pattern.as_ref().map(|pattern| self.bind(pattern, from)),
        }
    }

    /// Variables that parameter patterns and `var`s declare need their cells from the start, or the mark that they have no
    /// value yet.
    fn cells_of_patterns(&mut self, literal: &FunctionLiteral, steps: &mut Vec<RunFn>) {
        let parameters: HashSet<usize> = literal.parameters.iter().chain(&literal.rest).map(|p| p.var).collect();
        let wide = self.wide[literal.func].clone();
        let late = |var: usize| self.scopes.vars[var].is_late_parameter();
        let cells: Vec<_> = wide
            .into_iter()
            .filter(|var| !parameters.contains(var))
            .map(|var| (self.slot(var), self.scopes.boxed(var), late(var)))
            .collect();
        if !cells.is_empty() {
            steps.push(Box::new(move |cx| {
                for &(slot, boxed, late) in &cells {
                    let before = std::mem::take(cx.slot_mut(slot));
                    let value = if late { Value::Uninit } else { before };
                    cx.slot_mut(slot).set(if boxed { Value::Cell(VarCell::new(value)) } else { value });
                }
                Ok(())
            }));
        }
    }

    /// The name of a named function expression is bound, inside it, to the function that runs.
    fn own_name(&mut self, own: usize) -> RunFn {
        let (slot, boxed) = (self.slot(own), self.scopes.boxed(own));
        Box::new(move |cx| {
            let function = cx.running.take();
            store(cx, slot, boxed, function.map_or(Value::Undefined, Value::Function));
            Ok(())
        })
    }
}

/// What is done to an argument before the body.
struct Given {
    slot: usize,
    boxed: bool,
    default: Option<ExprFn>,
    bind: Option<WriteFn>,
}

fn fill(slot: usize, default: ExprFn) -> RunFn {
    Box::new(move |cx| {
        if matches!(cx.slot(slot), Value::Undefined) {
            let value = default(cx)?;
            cx.slot_mut(slot).set(value);
        }
        Ok(())
    })
}

fn into_cell(slot: usize) -> RunFn {
    Box::new(move |cx| {
        let value = std::mem::take(cx.slot_mut(slot));
        let cell = VarCell::new(Value::Undefined);
        cx.set_cell(&cell, value);
        cx.slot_mut(slot).set(Value::Cell(cell));
        Ok(())
    })
}

fn take_apart(slot: usize, bind: WriteFn) -> RunFn {
    Box::new(move |cx| {
        let value = cx.slot(slot).in_cell();
        bind(cx, value)
    })
}

/// Parameters that are not initialised until it is their turn.
fn in_turn(given: Vec<Given>) -> RunFn {
    Box::new(move |cx| {
        let mut arguments = Vec::with_capacity(given.len());
        for one in &given {
            let mark = if one.boxed { Value::Cell(VarCell::new(Value::Uninit)) } else { Value::Uninit };
            arguments.push(std::mem::replace(cx.slot_mut(one.slot), mark));
        }
        for (one, mut value) in given.iter().zip(arguments) {
            if let (Value::Undefined, Some(default)) = (&value, &one.default) {
                value = default(cx)?;
            }
            store(cx, one.slot, one.boxed, value.clone());
            if let Some(bind) = &one.bind {
                bind(cx, value)?;
            }
        }
        Ok(())
    })
}

/// Puts a value into a variable's slot or cell.
pub(crate) fn store(cx: &mut Cx<'_>, slot: usize, boxed: bool, value: Value) {
    if boxed {
        let cell = cx.cell(slot);
        cx.set_cell(&cell, value);
    } else {
        cx.slot_mut(slot).set(value);
    }
}

fn maker(code: Rc<Callable>, name: Str, captures: Vec<usize>) -> ExprFn {
    Box::new(move |cx| {
        cx.step()?;
        let captured = captures.iter().map(|&slot| cx.slot(slot).clone()).collect();
        Ok(Value::Function(Function::new(name.clone(), code.clone(), captured)))
    })
}

fn with_prologue(prepare: Vec<RunFn>, body: Body) -> Body {
    if prepare.is_empty() {
        return body;
    }
    match body {
        Body::Expr(body) => Body::Expr(Box::new(move |cx| {
            for step in &prepare {
                step(cx)?;
            }
            body(cx)
        })),
        Body::Block(body) => Body::Block(Box::new(move |cx| {
            for step in &prepare {
                step(cx)?;
            }
            body(cx)
        })),
    }
}
