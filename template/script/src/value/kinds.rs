//! The kinds of values. They hold each other, so they stand in one file.
//!
//! A value is sixteen bytes. Numbers, booleans, `null` and `undefined` lie in it; strings, arrays, objects and functions are
//! shared by a count that is not atomic. A value therefore belongs to one thread, like everything that runs on one event
//! loop.
//!
//! **Whose it is.** A program may change what it was given, as JavaScript does: but the host's data must be the same after a
//! run. Every container carries the stamp of the run that made it; before a run changes one with another stamp, it notes the
//! old contents, and puts them back at its end (see [`crate::run`]).

use super::holes::Holes;
use super::properties::{Name, Properties};
use super::table::Table;
use crate::base::{
    Str,
    memory::{Held, cost},
    number,
    number::array_index,
};
use crate::regexp::RegExp;
use std::any::Any;
use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::ops::Range;
use std::rc::Rc;

/// A JavaScript value.
///
/// ```
/// use wirebook_script::{Value, data};
/// let value = data!({ "title": "Ducks", "count": 3, "tags": ["a", "b"] });
/// assert!(matches!(value.get("count"), Some(Value::Number(n)) if n == 3.0));
/// ```
// A tag of eight bytes and a payload of eight, copied in one move (see `copy.rs`). With a smaller tag a `bool` lies beside it,
// and a value is copied in pieces that the next load has to wait for.
#[derive(Default)]
#[repr(u64)]
pub enum Value {
    /// `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// A `let` or `const` before its declaration was reached. Only in variables.
    #[doc(hidden)]
    Uninit,
    /// A free name that the data does not have. Only in variables.
    #[doc(hidden)]
    Missing,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string. From here on the payload is counted.
    String(Str),
    /// An array.
    Array(Array),
    /// An object.
    Object(Object),
    /// A function: of a program, of the engine, or of the host.
    Function(Function),
    /// A regular expression.
    #[doc(hidden)]
    RegExp(RegExp),
    /// A variable that a function changes or that a function made before it captured. Only in variables.
    #[doc(hidden)]
    Cell(VarCell),
}

impl Value {
    /// An empty object, for programs that take no data.
    pub fn object() -> Value {
        Object::new().into()
    }

    /// A property of an object or an element of an array (`"0"`); `None` when it has none of this name.
    pub fn get(&self, key: &str) -> Option<Value> {
        match self {
            Value::Object(object) => object.get(key),
            Value::Array(array) => array.get(array_index(key)? as usize),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s.as_str()),
            _ => None,
        }
    }

    #[inline]
    /// Whether it is `null` or `undefined`.
    pub fn is_nullish(&self) -> bool {
        matches!(self, Value::Undefined | Value::Null)
    }

    /// Whether it is what JavaScript calls an object: not a primitive.
    #[inline]
    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Value::Array(_) | Value::Object(_) | Value::Function(_) | Value::RegExp(_))
    }

    /// The object that it is.
    pub(crate) fn as_object(&self) -> Option<&Object> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// The primitive in an object around one; of anything else itself.
    pub(crate) fn unboxed(&self) -> &Value {
        self.as_object().and_then(Object::primitive).unwrap_or(self)
    }

    /// Puts another value in its place. What lies in a value itself needs no call to be dropped.
    #[inline]
    pub(crate) fn set(&mut self, value: Value) {
        use Value::*;
        match self {
            Undefined | Null | Uninit | Missing | Bool(_) | Number(_) => {
                std::mem::forget(std::mem::replace(self, value))
            }
            _ => drop(std::mem::replace(self, value)),
        }
    }

    /// What a variable's slot means: itself, or what its cell holds.
    pub(crate) fn in_cell(&self) -> Value {
        match self {
            Value::Cell(cell) => cell.get(),
            other => other.clone(),
        }
    }

    /// Whether dropping it may drop other values.
    #[inline]
    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Value::Array(_) | Value::Object(_) | Value::Function(_) | Value::Cell(_))
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Undefined => f.write_str("undefined"),
            Value::Null => f.write_str("null"),
            Value::Bool(b) => b.fmt(f),
            Value::Number(n) => f.write_str(&number::to_string(*n)),
            Value::String(s) => s.fmt(f),
            Value::Array(a) => write!(f, "[array of {}]", a.len()),
            Value::Object(o) => write!(f, "{{object of {}}}", o.len()),
            Value::Function(function) => write!(f, "[function {}]", function.name()),
            Value::RegExp(r) => f.write_str(&r.to_text()),
            Value::Uninit | Value::Missing | Value::Cell(_) => f.write_str("[variable]"),
        }
    }
}

/// Who made a container, and whether the run that made it must take it apart at its end.
#[derive(Default, Debug)]
pub(crate) struct Mark {
    pub(crate) run: Cell<u32>,
    pub(crate) linked: Cell<bool>,
    pub(crate) integrity: Cell<Integrity>,
}

/// How a container may still be changed: each leaves less than the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Integrity {
    #[default]
    Open,
    /// Nothing may be added.
    Bounded,
    /// Nor taken away.
    Sealed,
    /// Nor changed.
    Frozen,
}

/// An array. Cloning shares it.
#[derive(Clone)]
pub struct Array(pub(crate) Rc<ArrayData>);

pub(crate) struct ArrayData {
    items: RefCell<Vec<Value>>,
    /// What the result of a match has besides its elements.
    extra: OnceCell<Object>,
    /// Which places hold nothing.
    holes: Holes,
    held: Held,
    pub(crate) mark: Mark,
}

impl Array {
    /// An array of these values.
    pub fn new(items: Vec<Value>) -> Array {
        let held = Held::new(items.len() * cost::ITEM + cost::CONTAINER);
        let items = RefCell::new(items);
        let (extra, holes) = (OnceCell::new(), Holes::default());
        Array(Rc::new(ArrayData { items, extra, holes, held, mark: Mark::default() }))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.items.borrow().len()
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at an index.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.items.borrow().get(index).cloned()
    }

    /// A copy of the elements.
    pub fn to_vec(&self) -> Vec<Value> {
        self.0.items.borrow().clone()
    }

    pub(crate) fn borrow(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// Changes the elements; what was a hole is an element afterwards. The closure must not call back into a program.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        self.0.holes.clear();
        self.change_some(change)
    }

    /// The same, where all other elements stay at their places, and holes are holes.
    pub(crate) fn change_some<R>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        let result = change(&mut self.0.items.borrow_mut());
        self.weigh();
        result
    }

    fn weigh(&self) {
        self.0.held.set(self.len() * cost::ITEM + self.0.holes.weight() + cost::CONTAINER);
    }

    /// Whether there is nothing at a place.
    #[inline]
    pub(crate) fn is_hole(&self, place: usize) -> bool {
        self.0.holes.has(place)
    }

    /// Whether there may be nothing at some place.
    #[inline]
    pub(crate) fn has_holes(&self) -> bool {
        self.0.holes.any()
    }

    /// The places that hold nothing.
    pub(crate) fn holes(&self) -> Vec<usize> {
        (0..self.len()).filter(|place| self.is_hole(*place)).collect()
    }

    /// Says of places, whose elements are undefined, that they hold nothing.
    pub(crate) fn make_holes(&self, places: Range<usize>) {
        self.0.holes.add(places);
        self.weigh();
    }

    /// Says of a place that it holds an element.
    pub(crate) fn fill_hole(&self, place: usize) {
        self.0.holes.remove(place);
    }

    /// Says that there are no places from a length on.
    pub(crate) fn cut_holes(&self, length: usize) {
        self.0.holes.cut(length);
    }

    /// Gives the array named properties; only results of matches have any.
    pub(crate) fn set_extra(&self, extra: Object) {
        let _ = self.0.extra.set(extra);
    }

    pub(crate) fn extra(&self, name: &str) -> Option<Value> {
        self.0.extra.get()?.get(name)
    }

    pub(crate) fn ptr_eq(&self, other: &Array) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl Drop for ArrayData {
    fn drop(&mut self) {
        bury(&mut self.items.get_mut().drain(..));
    }
}

/// What kind of object: errors print and stringify in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Class {
    #[default]
    Plain,
    Error,
    Date,
    Map,
    Set,
    /// What `entries()` and its like give.
    Iterator,
    /// `new Number(1)` and its like.
    Boxed,
    /// What `arguments` is: elements by number, and a `length` that is not enumerable.
    Arguments,
}

/// What an object of a class holds besides its properties.
pub(crate) enum Inner {
    /// Milliseconds since 1970, or NaN.
    Date(Cell<f64>),
    Table(RefCell<Table<Value>>),
    Primitive(Value),
    /// What an iterator goes over, the place of the next one, and what it is called.
    Items {
        items: Array,
        next: Cell<usize>,
        name: &'static str,
    },
}

/// An object: properties in order. Cloning shares it.
#[derive(Clone)]
pub struct Object(pub(crate) Rc<ObjectData>);

pub(crate) struct ObjectData {
    properties: RefCell<Properties<Value>>,
    held: Held,
    pub(crate) mark: Mark,
    pub(crate) class: Cell<Class>,
    inner: OnceCell<Box<Inner>>,
}

impl Object {
    /// An object without properties.
    pub fn new() -> Object {
        Object(Rc::new(ObjectData {
            properties: RefCell::default(),
            held: Held::new(cost::CONTAINER),
            mark: Mark::default(),
            class: Cell::default(),
            inner: OnceCell::new(),
        }))
    }

    /// An object of a class with what that holds.
    pub(crate) fn of_class(class: Class, inner: Inner) -> Object {
        let object = Object::new();
        object.0.class.set(class);
        let _ = object.0.inner.set(Box::new(inner));
        object
    }

    /// An object around a primitive.
    pub(crate) fn boxed(primitive: Value) -> Object {
        Object::of_class(Class::Boxed, Inner::Primitive(primitive))
    }

    /// The primitive that it stands for.
    pub(crate) fn primitive(&self) -> Option<&Value> {
        match self.inner()? {
            Inner::Primitive(value) => Some(value),
            _ => None,
        }
    }

    /// The string that it stands for.
    pub(crate) fn text(&self) -> Option<&Value> {
        self.primitive().filter(|value| matches!(value, Value::String(_)))
    }

    /// `arguments` of a call.
    pub(crate) fn arguments(args: &[Value]) -> Object {
        let elements = args.iter().enumerate().map(|(n, value)| (n.to_string().into(), value.clone()));
        let object: Object = elements.chain([("length".into(), args.len().into())]).collect();
        object.0.class.set(Class::Arguments);
        object
    }

    pub(crate) fn inner(&self) -> Option<&Inner> {
        self.0.inner.get().map(|inner| &**inner)
    }

    /// The time of a date.
    pub(crate) fn time(&self) -> Option<&Cell<f64>> {
        match self.inner()? {
            Inner::Date(time) => Some(time),
            _ => None,
        }
    }

    /// The entries of a map or a set.
    pub(crate) fn table(&self) -> Option<&RefCell<Table<Value>>> {
        match self.inner()? {
            Inner::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What an iterator goes over, and the place of the next one.
    pub(crate) fn items(&self) -> Option<(&Array, &Cell<usize>)> {
        match self.inner()? {
            Inner::Items { items, next, .. } => Some((items, next)),
            _ => None,
        }
    }

    /// Takes apart what it holds; see [`Mark`].
    pub(crate) fn empty(&self) {
        drop(self.change(std::mem::take));
        if let Some(Inner::Table(table)) = self.inner() {
            let entries: Vec<Value> = table.borrow_mut().drain().collect();
            drop(entries);
        }
    }

    /// The value of a property of its own.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.property(key)
    }

    /// The same for a key that may have half characters.
    pub(crate) fn property(&self, key: &(impl Name + ?Sized)) -> Option<Value> {
        self.0.properties.borrow().get(key).cloned()
    }

    /// Sets a property, at the end when it is new.
    pub fn set(&self, key: impl Into<Str>, value: impl Into<Value>) {
        self.change(|properties| properties.set(key.into(), value.into()));
    }

    /// Number of properties.
    pub fn len(&self) -> usize {
        self.0.properties.borrow().len()
    }

    /// Whether it has no property.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys and values in JavaScript's order.
    pub fn entries(&self) -> Vec<(Str, Value)> {
        let mut entries = self.0.properties.borrow().ordered();
        if self.0.class.get() == Class::Error {
            entries.retain(|(key, _)| !matches!(key.as_str(), "name" | "message" | "stack" | "cause"));
        }
        if self.0.class.get() == Class::Arguments {
            entries.retain(|(key, _)| !key.is("length"));
        }
        entries
    }

    pub(crate) fn borrow(&self) -> Ref<'_, Properties<Value>> {
        self.0.properties.borrow()
    }

    /// Changes the properties. The closure must not call back into a program.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Properties<Value>) -> R) -> R {
        let mut properties = self.0.properties.borrow_mut();
        let result = change(&mut properties);
        self.0.held.set(properties.weight() + cost::CONTAINER);
        result
    }

    pub(crate) fn ptr_eq(&self, other: &Object) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Drop for ObjectData {
    fn drop(&mut self) {
        bury(&mut self.properties.get_mut().drain());
        if let Some(Inner::Table(table)) = self.inner.get_mut().map(|inner| &mut **inner) {
            bury(&mut table.get_mut().drain());
        }
    }
}

impl FromIterator<(Str, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Object {
        let object = Object::new();
        object.change(|properties| {
            for (key, value) in entries {
                properties.set(key, value);
            }
        });
        object
    }
}

/// A function value. Cloning shares it.
///
/// What it runs is known to the room that runs it (see `run/`); here it is something with a name, and with the
/// variables that it captured.
#[derive(Clone)]
pub struct Function(Rc<FunctionData>);

struct FunctionData {
    name: Str,
    code: Rc<dyn Any>,
    captures: Box<[Value]>,
    /// Where the code of a built-in lies, which is made anew for each use, and is the same one all the same.
    built_in: Option<usize>,
    #[allow(dead_code, reason = "weighs as long as it lives")]
    held: Held,
}

impl Function {
    pub(crate) fn new(name: Str, code: Rc<dyn Any>, captures: Box<[Value]>) -> Function {
        let held = Held::new(cost::CONTAINER + captures.len() * cost::ITEM);
        Function(Rc::new(FunctionData { name, code, captures, built_in: None, held }))
    }

    pub(crate) fn built_in(name: Str, code: Rc<dyn Any>, place: usize) -> Function {
        let held = Held::new(cost::CONTAINER);
        Function(Rc::new(FunctionData { name, code, captures: Box::default(), built_in: Some(place), held }))
    }

    /// The function's name, empty when it has none.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    pub(crate) fn code(&self) -> &dyn Any {
        &*self.0.code
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    pub(crate) fn is_built_in(&self) -> bool {
        self.0.built_in.is_some()
    }

    pub(crate) fn captures(&self) -> &[Value] {
        &self.0.captures
    }

    pub(crate) fn is_same(&self, other: &Function) -> bool {
        let built_in = self.0.built_in.is_some() && self.0.built_in == other.0.built_in;
        Rc::ptr_eq(&self.0, &other.0) || (built_in && self.name() == other.name())
    }
}

impl Drop for FunctionData {
    fn drop(&mut self) {
        bury(&mut std::mem::take(&mut self.captures).into_vec().into_iter());
    }
}

/// A variable that lives outside its frame, because a function shares it.
#[derive(Clone)]
pub struct VarCell(Rc<CellData>);

struct CellData {
    value: RefCell<Value>,
    linked: Cell<bool>,
    #[allow(dead_code, reason = "weighs as long as it lives")]
    held: Held,
}

impl VarCell {
    pub(crate) fn new(value: Value) -> VarCell {
        let held = Held::new(cost::CELL);
        VarCell(Rc::new(CellData { value: RefCell::new(value), linked: Cell::new(false), held }))
    }

    pub(crate) fn get(&self) -> Value {
        self.0.value.borrow().clone()
    }

    /// Sets the value and gives the old one back, so that it drops after the borrow has ended.
    pub(crate) fn replace(&self, value: Value) -> Value {
        self.0.value.replace(value)
    }

    /// Marks the cell as one that the run takes apart at its end; true the first time.
    pub(crate) fn link(&self) -> bool {
        !self.0.linked.replace(true)
    }
}

impl Drop for CellData {
    fn drop(&mut self) {
        bury(&mut std::iter::once(std::mem::take(self.value.get_mut())));
    }
}

thread_local! {
    static DRAINING: Cell<bool> = const { Cell::new(false) };
    static QUEUE: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Drops the contents of a container without recursion: the first container that drops drains a queue of the thread, the
/// others only add to it. A value nested a hundred thousand levels deep would overflow the stack if each level dropped the
/// next.
fn bury(contents: &mut dyn Iterator<Item = Value>) {
    let mut contents = contents.filter(Value::is_container).peekable();
    if contents.peek().is_none() {
        return;
    }
    let queued = QUEUE.try_with(|queue| queue.borrow_mut().extend(contents)).is_ok();
    if !queued || DRAINING.try_with(|draining| draining.replace(true)) != Ok(false) {
        return;
    }
    while let Ok(Some(value)) = QUEUE.try_with(|queue| queue.borrow_mut().pop()) {
        drop(value);
    }
    let _ = DRAINING.try_with(|draining| draining.set(false));
}

#[cfg(test)]
mod tests {
    use super::super::properties::Hint;
    use super::*;

    #[test]
    fn index_keys_come_first() {
        let object = Object::new();
        for key in ["b", "10", "a", "9", "01"] {
            object.set(key, 1.0);
        }
        let keys: Vec<_> = object.entries().into_iter().map(|(k, _)| k.as_str().to_owned()).collect();
        assert_eq!(keys, ["9", "10", "b", "a", "01"]);
    }

    #[test]
    fn many_keys_are_found_and_removed() {
        let object = Object::new();
        for n in 0..100 {
            object.set(format!("k{n}"), f64::from(n));
        }
        object.change(|p| p.remove("k50"));
        assert!(object.get("k50").is_none());
        assert!(matches!(object.get("k51"), Some(Value::Number(n)) if n == 51.0));
        assert_eq!(object.len(), 99);
        for n in 0..90 {
            object.change(|p| p.remove(&*format!("k{n}")));
        }
        object.set("", 1.0);
        object.set("k7", 2.0);
        let keys: Vec<_> = object.entries().into_iter().map(|(k, _)| k.as_str().to_owned()).collect();
        assert_eq!(keys.join(" "), "k90 k91 k92 k93 k94 k95 k96 k97 k98 k99  k7");
        assert_eq!(object.len(), 12);
        object.change(|p| p.remove(""));
        let properties = object.borrow();
        assert!(properties.find("k7", &Hint::default()).is_some());
        assert!(properties.find("", &Hint::default()).is_none());
    }

    #[test]
    fn deep_nesting_drops_without_recursion() {
        let mut value = Value::Null;
        for n in 0..1_000_000 {
            value = if n % 2 == 0 {
                Value::from(vec![value])
            } else {
                [(Str::from("x"), value)].into_iter().collect::<Object>().into()
            };
        }
        let before = crate::base::memory::held();
        drop(value);
        assert!(crate::base::memory::held() < before);
    }

    #[test]
    fn a_value_is_sixteen_bytes() {
        assert_eq!(std::mem::size_of::<Value>(), 16);
        assert_eq!(std::mem::size_of::<Result<Value, bool>>(), 16);
    }
}
