//! Calling function values.

use super::fault::R;
use super::flow::Flow;
use super::machine::Cx;
use super::program::{Body, Callable, Proto};
use crate::base::{ErrorKind, memory::cost};
use crate::value::{Function, Object, Value};

impl Cx<'_> {
    /// Calls a function value.
    ///
    /// # Errors
    /// What it throws; a bound that was reached.
    pub fn call(&mut self, function: &Function, this: &Value, args: &[Value]) -> R<Value> {
        match function.runs() {
            Some(Callable::Closure(proto)) => {
                if proto.names_itself {
                    self.running = Some(function.clone());
                }
                self.call_closure(proto, function.captures(), this, args)
            }
            Some(Callable::Native(call, _) | Callable::Namespace(Some(call), _)) => {
                self.step()?;
                call(self, this, args)
            }
            Some(Callable::Host(call)) => {
                self.step()?;
                self.check_stack()?;
                call(self, this, args)
            }
            Some(Callable::Bound) => {
                self.step()?;
                self.check_stack()?;
                let [Value::Function(target), this, first @ ..] = function.captures() else {
                    return Ok(Value::Undefined);
                };
                self.items(first.len() + args.len())?;
                let all: Vec<Value> = first.iter().chain(args).cloned().collect();
                self.call(target, this, &all)
            }
            Some(Callable::Namespace(None, _)) | None => {
                self.fail(ErrorKind::Type, format!("{} is not a function", function.name()))
            }
        }
    }

    fn call_closure(&mut self, proto: &Proto, captures: &[Value], this: &Value, args: &[Value]) -> R<Value> {
        self.step()?;
        self.check_stack()?;
        self.frame(proto.frame)?;
        if args.len() > proto.parameters.len() && (proto.uses_arguments || proto.rest.is_some()) {
            self.items(args.len())?;
        }
        let base = self.stack.len();
        self.stack.extend(captures.iter().cloned());
        if proto.uses_this {
            let this = match this {
                _ if proto.strict || this.is_object() => this.clone(),
                // Sloppy mode: without a receiver `this` is the global object, which is empty here.
                Value::Undefined | Value::Null => self.own(Object::new()).into(),
                primitive => self.own(Object::boxed(primitive.clone())).into(),
            };
            self.stack.push(this);
        }
        if proto.uses_arguments {
            self.steps(args.len())?;
            self.room_for((args.len() + 1).saturating_mul(cost::ENTRY + cost::STRING + 8))?;
            let arguments = self.own(Object::arguments(args));
            self.stack.push(arguments.into());
        }
        if proto.direct {
            let given = args.len().min(proto.parameters.len());
            self.stack.extend(args[..given].iter().cloned());
            self.stack.resize(base + proto.frame, Value::Undefined);
        } else {
            self.stack.resize(base + proto.frame, Value::Undefined);
            for (slot, arg) in proto.parameters.iter().zip(args) {
                self.stack[base + slot] = arg.clone();
            }
        }
        if let Some(slot) = proto.rest {
            let rest = self.array(args.get(proto.parameters.len()..).unwrap_or_default().to_vec());
            self.stack[base + slot] = rest;
        }
        let caller = std::mem::replace(&mut self.base, base);
        let result = match &proto.body {
            Body::Expr(body) => body(self),
            Body::Block(body) => match body(self) {
                Ok(Flow::Return) => Ok(std::mem::take(&mut self.returned)),
                Ok(_) => Ok(Value::Undefined),
                Err(halt) => Err(halt),
            },
        };
        self.stack.truncate(base);
        self.base = caller;
        if result.is_err() {
            self.in_source(&proto.source);
        }
        result
    }
}
