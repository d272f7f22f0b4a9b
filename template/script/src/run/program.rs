//! Programs and functions as they are run: closures, and where their variables lie.

use super::append::Text;
use super::fault::R;
use super::flow::Flow;
use super::machine::Cx;
use crate::base::{Source, Str};
use crate::value::{Function, Hint, Object, Value, VarCell};
use std::rc::Rc;

pub(crate) type ExprFn = Box<dyn Fn(&mut Cx<'_>) -> R<Value>>;
/// Does something and gives nothing.
pub(crate) type RunFn = Box<dyn Fn(&mut Cx<'_>) -> R<()>>;
pub(crate) type StmtFn = Box<dyn Fn(&mut Cx<'_>) -> R<Flow>>;

/// A compiled program.
pub struct Program {
    pub(crate) source: Rc<Source>,
    /// What the host calls it, for includes; see [`super::Site`].
    pub(crate) path: Rc<str>,
    pub(crate) frame: usize,
    pub(crate) names: Vec<FreeName>,
    pub(crate) data: (usize, bool),
    pub(crate) locals: Option<(usize, bool)>,
    pub(crate) body: StmtFn,
    /// `return` stands outside of functions: then nothing may be put out before the end.
    pub(crate) returns: bool,
    pub(crate) closures: Vec<Shape>,
}

/// A name that the program does not declare, or declares with `var`.
pub(crate) struct FreeName {
    pub(crate) name: Str,
    pub(crate) slot: usize,
    pub(crate) boxed: bool,
    /// `var`: undefined when the data does not have it. Else the built-in of this name, or missing.
    pub(crate) otherwise: Value,
    pub(crate) var: bool,
    /// Whether the data may give it.
    pub(crate) visible: bool,
    pub(crate) hint: Hint,
}

/// A function of a program.
pub(crate) struct Proto {
    pub(crate) source: Rc<Source>,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) parameters: Box<[usize]>,
    /// What `length` gives.
    pub(crate) length: usize,
    /// The parameters' slots follow the captured variables without a gap.
    pub(crate) direct: bool,
    pub(crate) rest: Option<usize>,
    pub(crate) names_itself: bool,
    pub(crate) uses_this: bool,
    /// Its `this` is what it is given.
    pub(crate) strict: bool,
    pub(crate) uses_arguments: bool,
    pub(crate) frame: usize,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Expr(ExprFn),
    Block(StmtFn),
}

/// A built-in: takes the run, `this` and the arguments.
pub type Native = fn(&mut Cx<'_>, &Value, &[Value]) -> R<Value>;
type HostFn = dyn Fn(&mut Cx<'_>, &Value, &[Value]) -> R<Value>;

/// What a function value runs.
pub(crate) enum Callable {
    Closure(Proto),
    Native(Native, usize),
    Host(Box<HostFn>),
    /// What `bind` makes: the function, its `this` and its first arguments are what it captured.
    Bound,
    /// A built-in function with an object's worth of members, such as `Math`, `JSON`, `Object`; callable or not.
    Namespace(Option<Native>, usize),
}

/// A closure as the playground and `--tree` show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How deep it is nested.
    pub depth: usize,
    /// What it does, with the slots and constants that it holds.
    pub label: String,
    /// Where in the source it comes from.
    pub offset: u32,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({:?})", self.source.name())
    }
}

impl Function {
    /// A built-in that expects so many arguments.
    pub(crate) fn native(name: &str, call: Native, length: usize) -> Function {
        Function::built_in(name.into(), Rc::new(Callable::Native(call, length)), call as usize)
    }

    pub(crate) fn namespace(name: &str, call: Option<Native>, length: usize) -> Function {
        Function::built_in(name.into(), Rc::new(Callable::Namespace(call, length)), 0)
    }

    /// A function of the host. It is given the run, `this` and the arguments, and may call functions among these.
    pub fn host(name: &str, call: impl Fn(&mut Cx<'_>, &Value, &[Value]) -> R<Value> + 'static) -> Function {
        Function::new(name.into(), Rc::new(Callable::Host(Box::new(call))), Box::default())
    }

    /// `f.bind(this, …)`.
    pub(crate) fn bound(&self, this: Value, args: &[Value]) -> Function {
        let captures = [Value::Function(self.clone()), this].into_iter().chain(args.iter().cloned()).collect();
        // A function that is bound again and again would have a name of any length.
        let name = if self.name().len() < 200 { format!("bound {}", self.name()) } else { self.name().to_owned() };
        Function::new(name.into(), Rc::new(Callable::Bound), captures)
    }

    /// `f.length`: the parameters up to the first that has a default value.
    pub(crate) fn parameters(&self) -> usize {
        match self.runs() {
            Some(Callable::Closure(proto)) => proto.length,
            Some(Callable::Native(_, length) | Callable::Namespace(_, length)) => *length,
            Some(Callable::Bound) => match self.captures() {
                [Value::Function(target), _, first @ ..] => target.parameters().saturating_sub(first.len()),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Whether it is one of those that JavaScript has as objects, such as `Math`.
    pub(crate) fn is_space(&self) -> bool {
        matches!(self.runs(), Some(Callable::Namespace(None, _)))
    }

    /// The name of one that programs know as an object.
    pub(crate) fn space_name(&self) -> Option<&str> {
        Some(self.name()).filter(|name| self.is_space() && matches!(*name, "Math" | "JSON" | "console"))
    }

    pub(crate) fn runs(&self) -> Option<&Callable> {
        self.code().downcast_ref()
    }

    /// `String(f)`: JavaScript prints the source; a program's own source is shown, a built-in as native.
    pub(crate) fn to_text(&self) -> Str {
        match self.runs() {
            Some(Callable::Closure(proto)) => proto
                .source
                .text()
                .get(proto.start as usize..proto.end as usize)
                .unwrap_or("function")
                .trim_end()
                .into(),
            _ => match self.name() {
                // Whose methods are lent is empty.
                "Array.prototype" | "String.prototype" => "".into(),
                "Object.prototype" => "[object Object]".into(),
                name if self.space_name().is_some() => Str::from(format!("[object {name}]")),
                name => Str::from(format!("function {name}() {{ [native code] }}")),
            },
        }
    }
}

impl Value {
    /// A function of the host that programs can call. Its error message becomes an `Error` in the program.
    ///
    /// ```
    /// use wirebook_script::{Program, Value, data};
    /// let data = data!({ "shout": Value::function("shout", |args| match args {
    ///     [Value::String(s), ..] => Ok(s.as_str().to_uppercase().into()),
    ///     _ => Err("shout takes a string".to_owned()),
    /// }) });
    /// assert_eq!(Program::expression("shout('hi')")?.evaluate(&data)?, "HI");
    /// # Ok::<(), wirebook_script::Error>(())
    /// ```
    pub fn function(name: &str, call: impl Fn(&[Value]) -> Result<Value, String> + 'static) -> Value {
        Value::Function(Function::host(name, move |cx, _, args| {
            call(args).or_else(|message| cx.fail(crate::base::ErrorKind::Thrown, message))
        }))
    }
}

impl Program {
    /// Whether the program uses a name that it does not declare.
    pub fn uses(&self, name: &str) -> bool {
        self.names.iter().any(|free| !free.var && free.name.is(name))
    }

    /// Its source.
    pub fn source(&self) -> &Rc<Source> {
        &self.source
    }

    /// What the host called it when it compiled it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The closures that it became, outermost first, when [`crate::Settings::trace`] asked for them.
    pub fn closures(&self) -> &[Shape] {
        &self.closures
    }

    /// Fills the frame's slots for the data and the free names.
    fn bind(&self, cx: &mut Cx<'_>, data: &Value) {
        cx.put_in(self.data, data.clone());
        if let Some((slot, boxed)) = self.locals {
            let copy: Object = match data {
                Value::Object(object) => object.entries().into_iter().filter(|(k, _)| visible(k.as_str())).collect(),
                _ => Object::new(),
            };
            let copy: Value = cx.own(copy).into();
            cx.put_in((slot, boxed), copy);
        }
        let properties = match data {
            Value::Object(object) => Some(object.borrow()),
            _ => None,
        };
        for free in &self.names {
            let given = properties
                .as_ref()
                .filter(|_| free.visible)
                .and_then(|properties| properties.find(&free.name, &free.hint).cloned());
            let value = match given {
                // With `locals` in use, the data's names are looked up there.
                Some(_) if self.locals.is_some() => free.otherwise.clone(),
                Some(value) => value,
                None if free.var => Value::Undefined,
                None => cx.host.global(free.name.as_str()).unwrap_or_else(|| free.otherwise.clone()),
            };
            cx.put_in((free.slot, free.boxed), value);
        }
    }
}

/// A program gets its data without these two names.
pub(crate) fn visible(name: &str) -> bool {
    !matches!(name, "__proto__" | "constructor")
}

impl Cx<'_> {
    /// Makes a variable: in its slot, or in a cell there.
    #[inline(always)]
    fn put_in(&mut self, (slot, boxed): (usize, bool), value: Value) {
        self.slot_mut(slot).set(if boxed { Value::Cell(VarCell::new(value)) } else { value });
    }

    /// Runs a program with its data; its output goes to the end of the run's.
    ///
    /// # Errors
    /// What it throws; a bound that was reached.
    pub fn run(&mut self, program: &Program, data: &Value) -> R<()> {
        self.step()?;
        self.check_stack()?;
        self.frame(program.frame)?;
        if let (Some(_), Value::Object(object)) = (program.locals, data) {
            self.items(object.len())?;
        }
        let base = self.stack.len();
        self.stack.resize_with(base + program.frame, Value::default);
        let caller = std::mem::replace(&mut self.base, base);
        program.bind(self, data);
        let result = if program.returns { self.run_to_return(program) } else { (program.body)(self).map(|_| ()) };
        self.stack.truncate(base);
        self.base = caller;
        if result.is_err() {
            self.in_source(&program.source);
        }
        result
    }

    /// Runs a program that may return: then its value takes the place of what it put out.
    fn run_to_return(&mut self, program: &Program) -> R<()> {
        let start = self.out.len();
        let flow = self.hold(|cx| (program.body)(cx))?;
        let returned = std::mem::take(&mut self.returned);
        if flow == Flow::Return {
            let dropped = self.take_since(start);
            self.bytes(dropped.len())?;
            self.put(&returned, None)?;
        }
        Ok(())
    }

    /// A program's own text.
    #[inline]
    pub(crate) fn text(&mut self, text: &Text) -> R<()> {
        text.append(&mut self.out);
        self.written()
    }
}
