//! Which name finds which built-in: what programs can call without having been given it.
//!
//! A method is found by its name when the program is compiled: [`methods`] gives its implementation for each kind of
//! receiver. Nothing here leads anywhere else: there are no prototypes, `constructor` can be compared and gives nothing, and a
//! function that makes code of text does not exist.

pub(crate) mod access;
mod lengths;

use crate::builtins::{array, callback, collection, date, global, math, numbers, object};
use std::{collections::HashMap, sync::LazyLock};

use crate::base::Str;
use crate::run::Native;
use crate::text::{markup, replace, search, string, uri};
use crate::value::{Class, Function, Inner, Object, Value, compare};

/// A method name's implementations.
#[derive(Clone, Copy, Default)]
pub(crate) struct Methods {
    string: Option<Native>,
    array: Option<Native>,
    number: Option<Native>,
    boolean: Option<Native>,
    object: Option<Native>,
    function: Option<Native>,
    regexp: Option<Native>,
    date: Option<Native>,
    map: Option<Native>,
    set: Option<Native>,
    iterator: Option<Native>,
}

impl Methods {
    /// The one of a kind of receiver by its name; what no kind has, every object may have.
    fn of_kind(&self, kind: &str) -> Option<Native> {
        let own = match kind {
            "Array" => self.array,
            "String" => self.string,
            "Number" => self.number,
            "Boolean" => self.boolean,
            "Function" => self.function,
            "RegExp" => self.regexp,
            "Date" => self.date,
            "Map" => self.map,
            "Set" => self.set,
            _ => None,
        };
        own.or(self.object)
    }

    /// The one for this receiver.
    #[inline]
    pub(crate) fn of(&self, this: &Value) -> Option<Native> {
        match this {
            Value::String(_) => self.string.or(self.object),
            Value::Array(_) => self.array.or(self.object),
            Value::Number(_) => self.number.or(self.object),
            Value::Bool(_) => self.boolean.or(self.object),
            Value::Object(object) => match object.0.class.get() {
                Class::Plain | Class::Error | Class::Arguments => self.object,
                Class::Date => self.date.or(self.object),
                Class::Map => self.map.or(self.object),
                Class::Set => self.set.or(self.object),
                Class::Iterator => self.iterator.or(self.object),
                Class::Boxed => match object.inner() {
                    Some(Inner::Primitive(value)) => self.of(value).or(self.object),
                    _ => self.object,
                },
            },
            Value::Function(_) => self.function.or(self.object),
            Value::RegExp(_) => self.regexp.or(self.object),
            _ => None,
        }
    }
}

/// The implementations of a method name; none for a name that is no method.
pub(crate) fn methods(name: &str) -> &'static Methods {
    static NONE: Methods = Methods {
        string: None,
        array: None,
        number: None,
        boolean: None,
        object: None,
        function: None,
        regexp: None,
        date: None,
        map: None,
        set: None,
        iterator: None,
    };
    // Made once for all threads: some eighty entries of function pointers.
    static TABLE: LazyLock<HashMap<&'static str, Methods>> = LazyLock::new(table_of_methods);
    TABLE.get(name).unwrap_or(&NONE)
}

fn table_of_methods() -> HashMap<&'static str, Methods> {
    let mut table = HashMap::<&'static str, Methods>::new();
    for (name, native) in string::METHODS.iter().chain(replace::METHODS).chain(markup::METHODS) {
        table.entry(name).or_default().string = Some(*native);
    }
    for (name, native) in array::METHODS.iter().chain(callback::METHODS) {
        table.entry(name).or_default().array = Some(*native);
    }
    for (name, native) in numbers::METHODS {
        table.entry(name).or_default().number = Some(*native);
    }
    for (name, native) in object::METHODS {
        table.entry(name).or_default().object = Some(*native);
    }
    for (name, native) in date::METHODS.iter().chain(date::GETTERS).chain(date::SETTERS) {
        table.entry(name).or_default().date = Some(*native);
    }
    for (name, native) in collection::MAP_METHODS {
        table.entry(name).or_default().map = Some(*native);
    }
    for (name, native) in collection::SET_METHODS {
        table.entry(name).or_default().set = Some(*native);
    }
    table.entry("next").or_default().iterator = Some(collection::next);
    for (name, native) in search::METHODS {
        table.entry(name).or_default().regexp = Some(*native);
    }
    for (name, native) in global::FUNCTION_METHODS {
        table.entry(name).or_default().function = Some(*native);
    }
    table.entry("toString").or_default().boolean = Some(global::to_text);
    table.entry("valueOf").or_default().boolean = Some(object::value_of);
    table
}

/// `Math.max` and its like, when the receiver is the name of a namespace.
pub(crate) fn static_method(space: &str, name: &str) -> Option<Native> {
    let table: &[(&str, Native)] = match space {
        "Math" => math::FUNCTIONS,
        "Object" => object::STATICS,
        "Array" => array::STATICS,
        "Number" => numbers::STATICS,
        "String" => string::STATICS,
        "JSON" => global::JSON,
        "Date" => date::STATICS,
        "console" => global::CONSOLE,
        _ => return None,
    };
    find(table, name)
}

fn find(table: &[(&str, Native)], name: &str) -> Option<Native> {
    table.iter().find(|(known, _)| *known == name).map(|(_, native)| *native)
}

/// `Math.PI` and its like.
pub(crate) fn constant(space: &str, name: &str) -> Option<Value> {
    let table: &[(&str, f64)] = match space {
        "Math" => math::CONSTANTS,
        "Number" => numbers::CONSTANTS,
        _ => return None,
    };
    table.iter().find(|(known, _)| *known == name).map(|(_, n)| Value::Number(*n))
}

/// A function that is called by its bare name.
pub(crate) fn global_function(name: &str) -> Option<Native> {
    [global::FUNCTIONS, uri::FUNCTIONS].into_iter().find_map(|table| find(table, name))
}

/// What `new` makes of a name.
pub(crate) fn constructor(name: &str) -> Option<Native> {
    Some(match name {
        "Date" => date::construct,
        "Map" => collection::map,
        "Set" => collection::set,
        "Boolean" | "Number" | "String" => match name {
            "Boolean" => |cx, _, args| global::boxed(cx, "Boolean", args),
            "Number" => |cx, _, args| global::boxed(cx, "Number", args),
            _ => |cx, _, args| global::boxed(cx, "String", args),
        },
        "Array" | "Object" | "RegExp" => return global_function(name),
        _ if name.ends_with("Error") => return global_function(name),
        _ => return None,
    })
}

/// Whether a bare name means something that may be no function.
pub(crate) fn is_known(name: &str) -> bool {
    matches!(name, "Infinity" | "NaN" | "undefined") || global(name).is_some()
}

/// The value of a bare name that neither the program nor its data has.
pub(crate) fn global(name: &str) -> Option<Value> {
    const SPACES: [&str; 9] = ["Math", "Object", "Array", "Number", "String", "JSON", "Date", "console", "Function"];
    if let Some(space) = SPACES.into_iter().find(|space| *space == name) {
        let length = lengths::length_of("", space);
        return Some(Value::Function(Function::namespace(space, global_function(space), length)));
    }
    // What every object lends is found by its bare name too, for the global object is one.
    if let "toString" | "hasOwnProperty" = name {
        return lent("Object", name);
    }
    for table in [global::FUNCTIONS, uri::FUNCTIONS] {
        if let Some((name, native)) = table.iter().find(|(known, _)| *known == name) {
            return Some(Value::Function(Function::native(name, *native, lengths::length_of("", name))));
        }
    }
    None
}

/// The method of a kind of value, as one that is called on something else.
pub(crate) fn lent(kind: &str, name: &str) -> Option<Value> {
    let native = match (kind, name) {
        ("Object", "toString") => object::tag,
        _ => methods(name).of_kind(kind)?,
    };
    Some(Value::Function(Function::native(name, native, lengths::length_of(kind, name))))
}

/// The kind of a value, as its constructor is called.
pub(crate) fn kind_of(value: &Value) -> Str {
    let kind = match value {
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::RegExp(_) => "RegExp",
        Value::Function(function) if function.space_name().is_none() => "Function",
        Value::Object(object) => match (object.0.class.get(), object.inner()) {
            (Class::Date, _) => "Date",
            (Class::Map, _) => "Map",
            (Class::Set, _) => "Set",
            (Class::Boxed, Some(Inner::Primitive(value))) => return kind_of(value),
            (Class::Error, _) => match object.get("name") {
                Some(Value::String(name)) => return name,
                _ => "Error",
            },
            _ => "Object",
        },
        _ => "Object",
    };
    kind.into()
}

/// A member of a value that is no object of the program's: its methods as values, and a few properties.
pub(crate) fn member(value: &Value, name: &str) -> Value {
    match (value, name) {
        (Value::Function(function), "name" | "length" | "prototype" | "call" | "apply" | "bind")
            if function.space_name().is_some() =>
        {
            return Value::Undefined;
        }
        (Value::Function(function), "name") => return function.name().into(),
        (Value::Function(function), "length") => return function.parameters().into(),
        (Value::Function(function), "prototype") => return prototype(function.name()),
        (Value::Function(function), _) if function.name().ends_with(".prototype") => {
            let kind = function.name().trim_end_matches(".prototype");
            return lent(kind, name).unwrap_or_default();
        }
        (Value::Object(object), "size") if matches!(object.0.class.get(), Class::Map | Class::Set) => {
            return collection::size(object);
        }
        // Where it was made is nobody's affair but the host's.
        (Value::Object(object), "stack") if object.0.class.get() == Class::Error => {
            return first_line(object).into();
        }
        (Value::Object(object), "length") if object.0.class.get() == Class::Boxed => {
            if let Some(Inner::Primitive(Value::String(text))) = object.inner() {
                return text.units().into();
            }
        }
        (Value::Function(function), _) => {
            let space = function.name();
            if let Some(value) = constant(space, name) {
                return value;
            }
            if let Some(native) = static_method(space, name) {
                let length = lengths::length_of(&format!("{space}."), name);
                return Value::Function(Function::native(name, native, length));
            }
        }
        (Value::Array(array), "index" | "input" | "groups") => return array.extra(name).unwrap_or_default(),
        (Value::RegExp(regexp), "source") => return regexp.source().into(),
        (Value::RegExp(regexp), "flags") => return regexp.flag_text().into(),
        (Value::RegExp(regexp), "lastIndex") => return regexp.last_index().into(),
        (Value::RegExp(regexp), _) => {
            if let Some(flag) = regexp.flag(name) {
                return flag.into();
            }
        }
        _ => {}
    }
    match methods(name).of(value) {
        Some(native) => {
            let length = lengths::length_of(kind_of(value).as_str(), name);
            Value::Function(Function::native(name, native, length))
        }
        None => Value::Undefined,
    }
}

/// What the stack of an error begins with.
fn first_line(error: &Object) -> Str {
    let text = |key: &str| error.get(key).map(|value| compare::primitive_to_str(&value)).unwrap_or_else(|| "".into());
    let (name, message) = (text("name"), text("message"));
    if message.as_str().is_empty() { name } else { format!("{}: {}", name.as_str(), message.as_str()).into() }
}

/// `Object.prototype` and its like: what their methods are taken from, to be called on something else.
fn prototype(kind: &str) -> Value {
    const KINDS: [&str; 10] =
        ["Object", "Array", "String", "Number", "Boolean", "Function", "RegExp", "Date", "Map", "Set"];
    if KINDS.contains(&kind) {
        return Value::Function(Function::namespace(&format!("{kind}.prototype"), None, 0));
    }
    Value::Undefined
}

/// `value instanceof class`.
pub(crate) fn is_instance(value: &Value, class: &str) -> bool {
    match (value, class) {
        (Value::Array(_), "Array" | "Object") | (Value::RegExp(_), "RegExp" | "Object") => true,
        (Value::Function(function), "Function") => function.space_name().is_none(),
        (Value::Function(_) | Value::Object(_), "Object") => true,
        (Value::Object(object), "Date") => object.0.class.get() == Class::Date,
        (Value::Object(object), "Map") => object.0.class.get() == Class::Map,
        (Value::Object(object), "Set") => object.0.class.get() == Class::Set,
        (Value::Object(object), "Boolean" | "Number" | "String") => match object.inner() {
            Some(Inner::Primitive(value)) => compare::type_of(value).eq_ignore_ascii_case(class),
            _ => false,
        },
        (Value::Object(object), _) if object.0.class.get() == Class::Error => {
            class == "Error" || object.get("name").is_some_and(|name| name.as_str() == Some(class))
        }
        _ => false,
    }
}
