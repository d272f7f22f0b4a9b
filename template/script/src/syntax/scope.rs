//! Scopes: every name to a slot.
//!
//! The parser opens and closes scopes as it goes. A name that it meets is noted in the innermost scope; when a scope
//! closes, the names it declares are bound and the others are handed to the scope around it, so that a use before its
//! declaration (functions, `var`) finds it all the same. What nobody declares ends up in the outermost scope as a
//! *free* name, to be taken from the data.
//!
//! A variable lies in a slot of its function's frame. A function that uses a variable of another one *captures* it: its
//! value is copied when the function is made, if nothing assigns the variable afterwards; else the variable lives in a
//! cell that both share.

use crate::base::Str;
use std::collections::HashMap;

pub(crate) type VarId = usize;
pub(crate) type RefId = usize;
pub(crate) type FuncId = usize;

/// Names that hold what a program was given; the first can not be written in one.
pub(crate) const DATA: &str = "%data";
pub(crate) const LOCALS: &str = "locals";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VarKind {
    Let,
    Const,
    Var,
    Parameter,
    Function,
    /// Not declared: from the data.
    Free,
    This,
    Arguments,
}

#[derive(Debug)]
pub(crate) struct Var {
    pub(crate) name: Str,
    pub(crate) func: FuncId,
    pub(crate) kind: VarKind,
    slot: usize,
    /// Where its declaration is done; a use before may find it not initialised.
    init_at: u32,
    pub(crate) assigned: bool,
    captured: bool,
    /// A function that is made before the variable has its value captures it.
    early: bool,
    /// Some use may come before the declaration is done.
    pub(crate) unsure: bool,
    /// Declared in a `switch`, whose cases may skip the declaration.
    in_switch: bool,
}

impl Var {
    /// Its value may be a property of the data: a free name, or a `var` of the outermost function.
    pub(crate) fn is_of_data(&self) -> bool {
        self.func == 0 && matches!(self.kind, VarKind::Free | VarKind::Var)
    }

    /// A parameter that a default value may ask for too early.
    pub(crate) fn is_late_parameter(&self) -> bool {
        self.unsure && self.kind == VarKind::Parameter
    }

    /// Belongs to the whole function, and not to a block of it.
    pub(crate) fn is_function_wide(&self) -> bool {
        matches!(self.kind, VarKind::Var | VarKind::Parameter)
    }
}

/// A use of a name.
#[derive(Debug)]
pub(crate) struct Use {
    name: Str,
    pos: u32,
    func: FuncId,
    write: bool,
    hoisted: bool,
    /// It turned out to be a declaration.
    forgotten: bool,
    pub(crate) var: VarId,
}

#[derive(Debug, Default)]
pub(crate) struct Func {
    parent: FuncId,
    slots: usize,
    pub(crate) captures: Vec<VarId>,
    /// The places of captured variables in `captures`.
    places: HashMap<VarId, usize>,
    pub(crate) uses_this: bool,
    pub(crate) uses_arguments: bool,
}

#[derive(Debug, Default)]
struct Scope {
    func: FuncId,
    /// Whether `var` stops here.
    function: bool,
    arrow: bool,
    switch: bool,
    /// What `catch` binds, when that is a name.
    caught: bool,
    names: HashMap<Str, VarId>,
    declared: Vec<VarId>,
    unresolved: Vec<RefId>,
}

/// Variables, uses and functions of a program.
#[derive(Debug)]
pub(crate) struct Scopes {
    pub(crate) vars: Vec<Var>,
    pub(crate) uses: Vec<Use>,
    pub(crate) funcs: Vec<Func>,
    open: Vec<Scope>,
}

const UNBOUND: VarId = usize::MAX;

impl Scopes {
    /// With the outermost function open.
    pub(crate) fn new() -> Scopes {
        let main = Scope { function: true, arrow: true, ..Scope::default() };
        let mut scopes = Scopes { vars: vec![], uses: vec![], funcs: vec![Func::default()], open: vec![main] };
        for name in [DATA, LOCALS] {
            let var = scopes.variable(Str::from(name), VarKind::Parameter, 0);
            scopes.open[0].names.insert(name.into(), var);
        }
        scopes
    }

    fn top(&mut self) -> &mut Scope {
        // The outermost scope is closed only by `finish`, which takes the whole table.
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    pub(crate) fn current_func(&mut self) -> FuncId {
        self.top().func
    }

    fn variable(&mut self, name: Str, kind: VarKind, pos: u32) -> VarId {
        let func = self.current_func();
        let in_switch = self.top().switch;
        let slot = self.funcs[func].slots;
        if !matches!(kind, VarKind::This | VarKind::Arguments) {
            self.funcs[func].slots += 1;
        }
        let init_at = if matches!(kind, VarKind::Let | VarKind::Const) { u32::MAX } else { pos };
        self.vars.push(Var {
            name,
            func,
            kind,
            slot,
            init_at,
            assigned: false,
            captured: false,
            early: false,
            unsure: false,
            in_switch,
        });
        self.vars.len() - 1
    }

    /// Declares a name in the current scope, or for `var` in the current function. `None`: it is declared already in a
    /// way that does not allow it.
    pub(crate) fn declare(&mut self, name: Str, kind: VarKind, pos: u32) -> Option<VarId> {
        if kind == VarKind::Var {
            return self.declare_var(name, pos);
        }
        if let Some(&known) = self.top().names.get(&name) {
            let outermost = self.open.len() == 1 && self.vars[known].kind == VarKind::Parameter;
            let again = matches!(kind, VarKind::Parameter | VarKind::Function)
                && matches!(self.vars[known].kind, VarKind::Parameter | VarKind::Function | VarKind::Var);
            if again && !outermost {
                self.vars[known].assigned = true;
                return Some(known);
            }
            if !outermost {
                return None;
            }
        }
        let var = self.variable(name.clone(), kind, pos);
        self.top().names.insert(name, var);
        self.top().declared.push(var);
        Some(var)
    }

    fn declare_var(&mut self, name: Str, pos: u32) -> Option<VarId> {
        let at = self.open.iter().rposition(|scope| scope.function).unwrap_or(0);
        // A `let` between here and the function's scope forbids the `var`; what `catch` binds is it (§B.3.4).
        for scope in self.open[at..].iter().rev() {
            let Some(&known) = scope.names.get(&name) else { continue };
            if matches!(self.vars[known].kind, VarKind::Let | VarKind::Const) {
                return scope.caught.then_some(known);
            }
        }
        if let Some(&known) = self.open[at].names.get(&name)
            && !(at == 0 && self.vars[known].kind == VarKind::Parameter)
        {
            return Some(known);
        }
        let var = self.variable(name.clone(), VarKind::Var, pos);
        self.vars[var].init_at = 0;
        self.vars[var].in_switch = false;
        self.open[at].names.insert(name, var);
        Some(var)
    }

    /// The names of the current scope are what `catch` binds, without a pattern.
    pub(crate) fn caught(&mut self) {
        self.top().caught = true;
    }

    /// A `var` of the current function for a function that one of its blocks declares; `None` where that would clash.
    pub(crate) fn declare_outside(&mut self, name: Str) -> Option<VarId> {
        let var = self.declare_var(name, 0)?;
        if matches!(self.vars[var].kind, VarKind::Parameter | VarKind::Let) {
            return None;
        }
        self.vars[var].assigned = true;
        Some(var)
    }

    /// A variable without a name that a program could write.
    pub(crate) fn hidden(&mut self, pos: u32) -> VarId {
        self.variable(Str::from(""), VarKind::Parameter, pos)
    }

    /// The declaration of a variable is complete.
    pub(crate) fn initialised(&mut self, var: VarId, pos: u32) {
        self.vars[var].init_at = self.vars[var].init_at.min(pos);
    }

    /// A parameter with a pattern or a default value ends here: before, its variables have no values yet. They were declared
    /// from `first` on.
    pub(crate) fn has_values_from(&mut self, first: VarId, pos: u32) {
        let func = self.current_func();
        for var in &mut self.vars[first..] {
            if var.func == func && var.kind == VarKind::Parameter {
                var.init_at = pos;
            }
        }
    }

    pub(crate) fn assigned(&mut self, var: VarId) {
        self.vars[var].assigned = true;
    }

    /// Notes a use of a name.
    pub(crate) fn refer(&mut self, name: Str, pos: u32) -> RefId {
        let func = self.current_func();
        let id = self.uses.len();
        self.uses.push(Use { name, pos, func, write: false, hoisted: false, forgotten: false, var: UNBOUND });
        self.top().unresolved.push(id);
        id
    }

    /// The use writes.
    pub(crate) fn writes(&mut self, id: RefId) {
        self.uses[id].write = true;
    }

    pub(crate) fn open_block(&mut self) {
        let func = self.current_func();
        self.open.push(Scope { func, ..Scope::default() });
    }

    pub(crate) fn open_switch(&mut self) {
        self.open_block();
        self.top().switch = true;
    }

    /// Opens a function's scope.
    pub(crate) fn open_function(&mut self, arrow: bool) -> FuncId {
        let parent = self.current_func();
        let func = self.funcs.len();
        self.funcs.push(Func { parent, ..Func::default() });
        self.open.push(Scope { func, function: true, arrow, ..Scope::default() });
        func
    }

    /// A mark for [`Scopes::take_since`]: uses and functions from here on.
    pub(crate) fn mark(&mut self) -> (usize, usize) {
        (self.top().unresolved.len(), self.funcs.len())
    }

    /// What was parsed since the mark as an expression turns out to be the parameters of the arrow function whose scope
    /// was just opened: its uses and functions belong there.
    pub(crate) fn take_since(&mut self, mark: (usize, usize)) {
        let func = self.current_func();
        let outer = self.open.len() - 2;
        let parent = self.open[outer].func;
        let moved = self.open[outer].unresolved.split_off(mark.0);
        for &id in &moved {
            if self.uses[id].func == parent {
                self.uses[id].func = func;
            }
        }
        for inner in &mut self.funcs[mark.1..func] {
            if inner.parent == parent {
                inner.parent = func;
            }
        }
        self.top().unresolved.extend(moved);
    }

    /// A name that was read as a use is a declaration.
    pub(crate) fn forget(&mut self, id: RefId) {
        self.uses[id].forgotten = true;
    }

    /// Closes the innermost scope; gives the variables that it declared.
    pub(crate) fn close(&mut self, hoisted: bool) -> Vec<VarId> {
        let Some(mut scope) = self.open.pop() else { return Vec::new() };
        for id in std::mem::take(&mut scope.unresolved) {
            if self.uses[id].forgotten {
                continue;
            }
            let name = self.uses[id].name.clone();
            if scope.function && !scope.arrow && !scope.names.contains_key(&name) {
                self.special(&mut scope, &name);
            }
            match scope.names.get(&name) {
                Some(&var) => self.bind(id, var),
                None => {
                    self.uses[id].hoisted |= hoisted && scope.function;
                    self.top().unresolved.push(id);
                }
            }
        }
        scope.declared
    }

    /// `this` and `arguments` come into being where a function that is no arrow uses them.
    fn special(&mut self, scope: &mut Scope, name: &Str) {
        let kind = match name.as_str() {
            "this" => VarKind::This,
            "arguments" => VarKind::Arguments,
            _ => return,
        };
        let outer = std::mem::take(&mut self.open);
        self.open.push(Scope { func: scope.func, ..Scope::default() });
        let var = self.variable(name.clone(), kind, 0);
        self.open = outer;
        match kind {
            VarKind::This => self.funcs[scope.func].uses_this = true,
            _ => self.funcs[scope.func].uses_arguments = true,
        }
        scope.names.insert(name.clone(), var);
    }

    fn bind(&mut self, id: RefId, var: VarId) {
        let Use { pos, func, write, hoisted, .. } = self.uses[id];
        self.uses[id].var = var;
        let home = self.vars[var].func;
        self.vars[var].assigned |= write;
        self.vars[var].unsure |= self.must_check(id);
        if func == home {
            return;
        }
        let variable = &mut self.vars[var];
        variable.captured = true;
        let late = matches!(variable.kind, VarKind::Let | VarKind::Const | VarKind::Function);
        variable.early |= pos <= variable.init_at || variable.in_switch || (hoisted && late);
        self.capture(func, var);
    }

    /// A function, and every one between it and the variable's own, captures the variable.
    fn capture(&mut self, func: FuncId, var: VarId) {
        let mut at = func;
        while at != self.vars[var].func {
            self.vars[var].captured = true;
            let Func { captures, places, parent, .. } = &mut self.funcs[at];
            places.entry(var).or_insert_with(|| {
                captures.push(var);
                captures.len() - 1
            });
            at = *parent;
        }
    }

    /// Closes the outermost scope: what is left are free names. Gives its declared variables, and whether `locals` is
    /// named: then names of the data live there.
    pub(crate) fn finish(&mut self) -> (Vec<VarId>, bool) {
        let mut unresolved = std::mem::take(&mut self.top().unresolved);
        unresolved.retain(|&id| !self.uses[id].forgotten);
        let own = self.top().names.get(LOCALS) == Some(&LOCALS_VAR);
        let named = own && unresolved.iter().any(|&id| self.uses[id].name.is(LOCALS));
        for id in unresolved {
            let name = self.uses[id].name.clone();
            let var = match self.top().names.get(&name) {
                Some(&var) => var,
                None => {
                    let var = self.variable(name.clone(), VarKind::Free, 0);
                    self.top().names.insert(name, var);
                    var
                }
            };
            self.bind(id, var);
        }
        if named {
            for id in 0..self.uses.len() {
                let Use { func, var, forgotten, .. } = self.uses[id];
                if !forgotten && var != UNBOUND && self.vars[var].is_of_data() {
                    self.capture(func, LOCALS_VAR);
                }
            }
        }
        (std::mem::take(&mut self.top().declared), named)
    }

    /// Whether the variable lives in a cell.
    pub(crate) fn boxed(&self, var: VarId) -> bool {
        let var = &self.vars[var];
        var.captured && (var.assigned || var.early)
    }

    /// Whether a use may find the variable not initialised.
    pub(crate) fn must_check(&self, id: RefId) -> bool {
        let Use { pos, var, hoisted, .. } = self.uses[id];
        let variable = &self.vars[var];
        let late = matches!(variable.kind, VarKind::Let | VarKind::Const | VarKind::Parameter);
        late && (pos <= variable.init_at || (variable.kind != VarKind::Parameter && (variable.in_switch || hoisted)))
    }

    /// The slot of a variable in the frame of a function that has or captures it.
    pub(crate) fn slot(&self, func: FuncId, var: VarId) -> usize {
        let Func { captures, places, uses_this, .. } = &self.funcs[func];
        let variable = &self.vars[var];
        if variable.func != func {
            return places.get(&var).copied().unwrap_or(0);
        }
        match variable.kind {
            VarKind::This => captures.len(),
            VarKind::Arguments => captures.len() + usize::from(*uses_this),
            _ => self.special_slots(func) + variable.slot,
        }
    }

    /// Slots before a function's own variables.
    fn special_slots(&self, func: FuncId) -> usize {
        let Func { captures, uses_this, uses_arguments, .. } = &self.funcs[func];
        captures.len() + usize::from(*uses_this) + usize::from(*uses_arguments)
    }

    /// Slots of a function's frame.
    pub(crate) fn frame(&self, func: FuncId) -> usize {
        self.special_slots(func) + self.funcs[func].slots
    }
}

/// The variables of the outermost scope that hold the data and `locals`.
pub(crate) const DATA_VAR: VarId = 0;
pub(crate) const LOCALS_VAR: VarId = 1;
