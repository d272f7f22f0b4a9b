//! Forms with nesting: `user[name]=Ada&user[tags][]=x&user[tags][]=y`.
//!
//! No standard says what brackets in a name mean; PHP began it, and `qs` is what Express and Koa read with. Here it is:
//!
//! ```text
//! name = key *( "[" [ key ] "]" )        `[]` is the next place of a list, `[3]` the place 3, anything else a key of a map
//! ```
//!
//! A name that is not of this form is a plain key, brackets and all. One name twice is a list. Whatever can be read in two ways is an
//! error and never a guess: a value that is text here and a map there, a list with a key. Places are an order and no addresses: those
//! between that nobody filled are not there. Keys are plain keys; there are no prototypes for `__proto__` to reach.
//!
//! Nothing a stranger writes makes this slow or deep: bytes, pairs, depth and lists have bounds, and to pass one is an error.

use super::pairs::pairs;
use std::fmt;

/// What a form has at most. To pass one is an error, never silence. `usize::MAX` is no limit; 0 lets nothing through, but for
/// `depth`, where 0 reads every name as a plain key, and `list`, where 0 is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, before escapes are decoded.
    pub bytes: usize,
    /// Pairs.
    pub pairs: usize,
    /// Brackets in a name.
    pub depth: usize,
    /// Places of a list, and the highest number of one.
    pub list: usize,
}

/// A body: 64 KiB, 1,000 pairs (`qs` has as many), 5 brackets (`qs`), lists of 100 (`qs`: 20).
pub const FORM: Limits = Limits { bytes: 64 * 1024, pairs: 1_000, depth: 5, list: 100 };

/// A query: 8 KiB and 256 pairs.
pub const QUERY: Limits = Limits { bytes: 8 * 1024, pairs: 256, ..FORM };

/// The deepest that can be asked for: what is read is dropped by functions that call themselves.
const DEEPEST: usize = 128;

/// Why a form is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormFault {
    /// More bytes than [`Limits::bytes`].
    Bytes,
    /// More pairs than [`Limits::pairs`].
    Pairs,
    /// More brackets than [`Limits::depth`].
    Depth,
    /// A list with more places, or a higher one, than [`Limits::list`].
    List,
    /// One name means two things: text and a map, a map and a list.
    Conflict,
}

impl FormFault {
    /// All of them.
    pub const ALL: [FormFault; 5] =
        [FormFault::Bytes, FormFault::Pairs, FormFault::Depth, FormFault::List, FormFault::Conflict];

    /// The status to answer with: 413 for what is too much, 400 for what means nothing.
    pub fn status(self) -> u16 {
        match self {
            FormFault::Bytes | FormFault::Pairs => 413,
            FormFault::Depth | FormFault::List | FormFault::Conflict => 400,
        }
    }
}

impl fmt::Display for FormFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            FormFault::Bytes => "the form has too many bytes",
            FormFault::Pairs => "the form has too many fields",
            FormFault::Depth => "a field's name has too many brackets",
            FormFault::List => "a list has too many places",
            FormFault::Conflict => "one name means two things",
        })
    }
}

impl std::error::Error for FormFault {}

/// What a form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// What somebody typed.
    Text(String),
    /// By place; the places are not consecutive.
    List(Vec<(usize, Value)>),
    /// By key, in the order of their first pairs.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A key of a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The values of a list, in order; of anything else, itself: one box that was ticked is as a list of one.
    pub fn values(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match self {
            Value::List(list) => Box::new(list.iter().map(|(_, value)| value)),
            one => Box::new(std::iter::once(one)),
        }
    }

    /// As JSON, which has no places between.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Text(text) => text.clone().into(),
            Value::List(list) => list.iter().map(|(_, value)| value.to_json()).collect(),
            Value::Map(map) => map.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
        }
    }
}

/// Reads a form.
///
/// ```
/// use wirebook_web::input::{FORM, form};
///
/// let form = form("user[name]=Ada+L.&user[tags][]=x&user[tags][]=y", &FORM)?;
/// assert_eq!(form.to_json().to_string(), r#"{"user":{"name":"Ada L.","tags":["x","y"]}}"#);
/// # Ok::<(), wirebook_web::input::FormFault>(())
/// ```
///
/// # Errors
///
/// A limit that is passed, or a name that means two things.
pub fn form(text: &str, limits: &Limits) -> Result<Value, FormFault> {
    if text.len() > limits.bytes {
        return Err(FormFault::Bytes);
    }
    let mut tree = Tree::default();
    for (number, (name, value)) in pairs(text).enumerate() {
        if number == limits.pairs {
            return Err(FormFault::Pairs);
        }
        let (first, steps) = steps(&name, limits)?;
        let mut at = tree.child(0, Step::Key(first), limits)?;
        for step in steps {
            at = tree.child(at, step, limits)?;
        }
        tree.put(at, value, limits)?;
    }
    Ok(tree.value(0))
}

/// One step into a form.
#[derive(Clone, Copy)]
enum Step<'n> {
    Key(&'n str),
    Place(usize),
    Next,
}

/// Takes a name apart: `a[b][]` into `a` and two steps.
fn steps<'n>(name: &'n str, limits: &Limits) -> Result<(&'n str, Vec<Step<'n>>), FormFault> {
    let whole = Ok((name, Vec::new()));
    let Some(open) = name.find('[').filter(|open| *open > 0 && name.ends_with(']') && limits.depth > 0) else {
        return whole;
    };
    let mut steps = Vec::new();
    let mut rest = &name[open..];
    while let Some(inside) = rest.strip_prefix('[') {
        let Some((key, behind)) = inside.split_once(']').filter(|(key, _)| !key.contains('[')) else { return whole };
        if steps.len() == limits.depth.min(DEEPEST) {
            return Err(FormFault::Depth);
        }
        let is_place =
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()) && (key == "0" || !key.starts_with('0'));
        steps.push(match key {
            "" => Step::Next,
            _ if is_place => Step::Place(key.parse().unwrap_or(usize::MAX)),
            _ => Step::Key(key),
        });
        rest = behind;
    }
    if rest.is_empty() { Ok((&name[..open], steps)) } else { whole }
}

/// A form while it is read: nodes in one vector, and one map from (node, key) to node, so that a thousand fields take a thousand
/// look-ups, whatever they are called.
struct Tree {
    nodes: Vec<Node>,
    by_key: std::collections::HashMap<(usize, String), usize>,
}

enum Node {
    Empty,
    Text(String),
    Map(Vec<(String, usize)>),
    /// Places, the highest place so far, and whether all are of one name that came twice.
    List(std::collections::BTreeMap<usize, usize>),
}

impl Default for Tree {
    fn default() -> Self {
        Tree { nodes: vec![Node::Map(Vec::new())], by_key: std::collections::HashMap::new() }
    }
}

impl Tree {
    fn add(&mut self) -> usize {
        self.nodes.push(Node::Empty);
        self.nodes.len() - 1
    }

    /// The node that a step leads to.
    fn child(&mut self, at: usize, step: Step<'_>, limits: &Limits) -> Result<usize, FormFault> {
        if let Node::Empty = self.nodes[at] {
            self.nodes[at] = match step {
                Step::Key(_) => Node::Map(Vec::new()),
                Step::Place(_) | Step::Next => Node::List(std::collections::BTreeMap::new()),
            };
        }
        let new = self.nodes.len();
        match (&mut self.nodes[at], step) {
            (Node::Map(map), Step::Key(key)) => {
                let place = (at, key.to_owned());
                if let Some(found) = self.by_key.get(&place) {
                    return Ok(*found);
                }
                map.push((key.to_owned(), new));
                self.by_key.insert(place, new);
            }
            (Node::List(list), Step::Place(_) | Step::Next) => {
                let place = match step {
                    Step::Place(place) => place,
                    _ => list.last_key_value().map_or(0, |(last, _)| last + 1),
                };
                if place >= limits.list {
                    return Err(FormFault::List);
                }
                if let Some(found) = list.get(&place) {
                    return Ok(*found);
                }
                list.insert(place, new);
            }
            _ => return Err(FormFault::Conflict),
        }
        Ok(self.add())
    }

    /// Puts a value where a name leads. A second one makes a list of both.
    fn put(&mut self, at: usize, value: String, limits: &Limits) -> Result<(), FormFault> {
        match &mut self.nodes[at] {
            Node::Empty => self.nodes[at] = Node::Text(value),
            Node::Text(first) => {
                let first = std::mem::take(first);
                self.nodes[at] = Node::Empty;
                for text in [first, value] {
                    let place = self.child(at, Step::Next, limits)?;
                    self.nodes[place] = Node::Text(text);
                }
            }
            Node::List(_) => {
                let place = self.child(at, Step::Next, limits)?;
                self.nodes[place] = Node::Text(value);
            }
            Node::Map(_) => return Err(FormFault::Conflict),
        }
        Ok(())
    }

    fn value(&mut self, at: usize) -> Value {
        match std::mem::replace(&mut self.nodes[at], Node::Empty) {
            Node::Empty => Value::Text(String::new()),
            Node::Text(text) => Value::Text(text),
            Node::Map(map) => Value::Map(map.into_iter().map(|(key, at)| (key, self.value(at))).collect()),
            Node::List(list) => Value::List(list.into_iter().map(|(place, at)| (place, self.value(at))).collect()),
        }
    }
}
