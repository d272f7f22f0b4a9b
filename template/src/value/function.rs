//! Functions: closures of a template, built-ins of the engine, helpers of the host.

use super::{Str, Value, memory};
use crate::compile::Proto;
use crate::run::{Cx, R};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const OVERHEAD: usize = 64;

/// A function value. Cloning shares it.
#[derive(Clone)]
pub struct Function(pub(crate) Rc<Callable>);

/// A built-in: takes the render, `this` and the arguments.
pub(crate) type Native = fn(&mut Cx<'_>, &Value, &[Value]) -> R<Value>;
type Host = dyn Fn(&[Value]) -> Result<Value, String>;

pub(crate) enum Callable {
    Closure(Closure),
    Native {
        name: &'static str,
        call: Native,
    },
    Host {
        name: Box<str>,
        call: Box<Host>,
    },
    /// A built-in function with an object's worth of members, such as `Math`, `JSON`, `Object`; callable or not.
    Namespace {
        name: &'static str,
        call: Option<Native>,
    },
}

/// A template's function and the variables that it captured, in the order of its frame's first slots.
pub(crate) struct Closure {
    pub(crate) proto: Rc<Proto>,
    pub(crate) captures: Box<[Value]>,
}

impl Drop for Closure {
    fn drop(&mut self) {
        memory::shrank(OVERHEAD + self.captures.len() * 16);
        memory::bury(&mut std::mem::take(&mut self.captures).into_vec().into_iter());
    }
}

impl Function {
    pub(crate) fn closure(proto: Rc<Proto>, captures: Box<[Value]>) -> Function {
        memory::grew(OVERHEAD + captures.len() * 16);
        Function(Rc::new(Callable::Closure(Closure { proto, captures })))
    }

    pub(crate) fn native(name: &'static str, call: Native) -> Function {
        Function(Rc::new(Callable::Native { name, call }))
    }

    pub(crate) fn namespace(name: &'static str, call: Option<Native>) -> Function {
        Function(Rc::new(Callable::Namespace { name, call }))
    }

    pub(crate) fn host(name: &str, call: impl Fn(&[Value]) -> Result<Value, String> + 'static) -> Function {
        Function(Rc::new(Callable::Host { name: name.into(), call: Box::new(call) }))
    }

    /// The function's name, empty when it has none.
    pub fn name(&self) -> &str {
        match &*self.0 {
            Callable::Closure(closure) => closure.proto.name.as_str(),
            Callable::Native { name, .. } | Callable::Namespace { name, .. } => name,
            Callable::Host { name, .. } => name,
        }
    }

    pub(crate) fn ptr_eq(&self, other: &Function) -> bool {
        match (&*self.0, &*other.0) {
            (Callable::Native { name: a, call: f }, Callable::Native { name: b, call: g }) => {
                a == b && std::ptr::fn_addr_eq(*f, *g)
            }
            (Callable::Namespace { name: a, .. }, Callable::Namespace { name: b, .. }) => a == b,
            _ => Rc::ptr_eq(&self.0, &other.0),
        }
    }

    /// `String(f)`: JavaScript prints the source; a template's own source is shown, a built-in as native.
    pub(crate) fn to_text(&self) -> Str {
        match &*self.0 {
            Callable::Closure(closure) => closure.proto.text(),
            _ => Str::from(format!("function {}() {{ [native code] }}", self.name())),
        }
    }
}

/// A variable that lives outside its frame, because a function shares it.
#[derive(Clone)]
pub struct VarCell(Rc<CellData>);

struct CellData {
    value: RefCell<Value>,
    linked: Cell<bool>,
}

impl VarCell {
    pub(crate) fn new(value: Value) -> VarCell {
        memory::grew(OVERHEAD);
        VarCell(Rc::new(CellData { value: RefCell::new(value), linked: Cell::new(false) }))
    }

    pub(crate) fn get(&self) -> Value {
        self.0.value.borrow().clone()
    }

    /// Sets the value and gives the old one back, so that it drops after the borrow has ended.
    pub(crate) fn replace(&self, value: Value) -> Value {
        self.0.value.replace(value)
    }

    /// Marks the cell as one that the render takes apart at its end; true the first time.
    pub(crate) fn link(&self) -> bool {
        !self.0.linked.replace(true)
    }
}

impl Drop for CellData {
    fn drop(&mut self) {
        memory::shrank(OVERHEAD);
        memory::bury(&mut std::iter::once(std::mem::take(self.value.get_mut())));
    }
}
