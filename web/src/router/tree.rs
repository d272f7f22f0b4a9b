//! The radix tree: one walk from the first byte of a path to its route.
//!
//! A node is reached by a text. From there, in this order: a node whose text goes on with the path's next byte; parameters, the
//! stricter first; all the rest. What is tried and fails is taken back, so the order of *adding* routes means nothing:
//!
//! ```text
//! /users/            /users/new          the literal
//!   ├ new            /users/7            {id:int}
//!   ├ {id:int}       /users/ada          {name}
//!   ├ {name}         /users/ada/keys     {name}/keys
//!   │   └ /keys      /users/7/a/b        {*rest}: {id:int} and {name} end at the slash, and nothing of theirs goes on
//!   └ {*rest}
//! ```
//!
//! How far a walk can take things back is bounded: a node stands at one place of the path, because a parameter ends where its
//! segment does. So no node is visited twice in one look-up, whatever the path; a table of routes and not a stranger's path
//! decides what the worst look-up costs.
//!
//! Three things make it fast. A table says which child begins with a byte, so that nothing is searched; eight
//! bytes are compared at once, as numbers; and what has one way to go on goes on in a loop. Calls are for what may come back.

use super::{
    method::{Allow, KNOWN, Method},
    pattern::{Class, MOST_PARAMETERS, Part, before},
};

/// Where the values of a route's parameters lie in the path; lent by the caller, so that a look-up allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct Spans {
    pub(super) places: [(u32, u32); MOST_PARAMETERS],
    pub(super) count: usize,
}

impl Default for Spans {
    fn default() -> Self {
        Spans { places: [(0, 0); MOST_PARAMETERS], count: 0 }
    }
}

/// No route.
const NONE: u32 = u32::MAX;

/// No child.
const NOBODY: u8 = u8::MAX;

/// The routes of one place in the tree, by method.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    known: [u32; KNOWN],
    others: Vec<(String, u32)>,
    any: u32,
}

impl Leaf {
    fn new() -> Self {
        Leaf { known: [NONE; KNOWN], others: Vec::new(), any: NONE }
    }

    /// The place of a method's route; that of `None` is of the route for every method.
    fn place(&mut self, method: Option<Method<'_>>) -> &mut u32 {
        match method.map(|method| (method.index(), method)) {
            None => &mut self.any,
            Some((Some(index), _)) => &mut self.known[index],
            Some((None, method)) => {
                let at = self.others.iter().position(|(name, _)| name == method.as_str()).unwrap_or_else(|| {
                    self.others.push((method.as_str().to_owned(), NONE));
                    self.others.len() - 1
                });
                &mut self.others[at].1
            }
        }
    }

    /// The routes for a method, the closest first: its own, that of GET for HEAD, that of every method.
    #[inline]
    fn routes(&self, method: Method<'_>) -> [u32; 3] {
        let own = match method.index() {
            Some(index) => self.known[index],
            None => self.others.iter().find(|(name, _)| name == method.as_str()).map_or(NONE, |found| found.1),
        };
        match method {
            Method::Trace | Method::Connect => [NONE; 3],
            Method::Head => [own, self.known[0], self.any],
            _ => [own, NONE, self.any],
        }
    }

    /// Whether one of them is for a method.
    pub(super) fn is_for(&self, method: Method<'_>) -> bool {
        self.routes(method) != [NONE; 3]
    }

    /// The numbers of all of them.
    pub(super) fn all(&self) -> Vec<usize> {
        let others = self.others.iter().map(|(_, route)| route);
        let all = self.known.iter().chain(others).chain([&self.any]).filter(|route| **route != NONE);
        all.map(|route| *route as usize).collect()
    }

    fn allow(&self, allow: &mut Allow) {
        let has = |method: &Method<'_>| self.is_for(*method);
        for method in Method::ALL.into_iter().filter(has) {
            allow.add(method.as_str());
        }
        self.others.iter().for_each(|(name, _)| allow.add(name));
        allow.add("OPTIONS");
    }
}

/// A node of the tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) text: Text,
    pub(super) children: Vec<Node>,
    /// Which child begins with the byte `least`, and so on; [`NOBODY`] for none.
    table: Vec<u8>,
    least: u8,
    /// Whether there is a parameter or a rest.
    is_fork: bool,
    /// The stricter before the looser.
    pub(super) parameters: Vec<Parameter>,
    pub(super) rest: Option<u32>,
    pub(super) leaf: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) suffix: String,
    pub(super) class: Class,
    pub(super) node: Node,
}

impl Parameter {
    /// How long its value is in this segment.
    #[inline]
    fn takes(&self, segment: &[u8]) -> Option<usize> {
        let value = match self.suffix.len() {
            0 => segment,
            _ => segment.strip_suffix(self.suffix.as_bytes())?,
        };
        self.class.admits(value).then_some(value.len())
    }
}

/// A radix tree of routes, which are numbers here.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) root: Node,
    pub(super) leaves: Vec<Leaf>,
}

impl Tree {
    /// Adds a route; gives the number of the one that is there already.
    pub(super) fn add(&mut self, method: Option<Method<'_>>, parts: &[Part], route: usize) -> Result<(), usize> {
        let leaf = self.root.grow(&[], parts);
        let at = *leaf.get_or_insert_with(|| {
            self.leaves.push(Leaf::new());
            self.leaves.len() as u32 - 1
        });
        let place = self.leaves[at as usize].place(method);
        if *place != NONE {
            return Err(*place as usize);
        }
        *place = route as u32;
        Ok(())
    }

    /// The route for a method and path, when `skip` of those that fit are passed over.
    #[inline]
    pub(super) fn find(&self, method: Method<'_>, path: &str, skip: &mut usize, spans: &mut Spans) -> Option<usize> {
        let mut found = None;
        let visit = |leaf: u32| {
            for route in self.leaves[leaf as usize].routes(method) {
                match *skip {
                    _ if route == NONE => {}
                    0 => {
                        found = Some(route as usize);
                        return true;
                    }
                    _ => *skip -= 1,
                }
            }
            false
        };
        let depth = spans.count;
        Walk { length: path.len(), spans, visit }.on(&self.root, path.as_bytes(), depth);
        found
    }

    /// All methods of a path.
    pub(super) fn allow(&self, path: &str, allow: &mut Allow) {
        let visit = |leaf: u32| {
            self.leaves[leaf as usize].allow(allow);
            false
        };
        Walk { length: path.len(), spans: &mut Spans::default(), visit }.on(&self.root, path.as_bytes(), 0);
    }
}

/// Sees a walk.
pub(super) trait Visit<'t> {
    /// A leaf that fits; says whether it is the one.
    fn leaf(&mut self, leaf: u32) -> bool;

    /// The walk stands behind a node's text, at a byte of the path. Whoever serves does not look.
    #[inline]
    fn node(&mut self, _: &'t Node, _: usize) {}
}

impl<F: FnMut(u32) -> bool> Visit<'_> for F {
    #[inline]
    fn leaf(&mut self, leaf: u32) -> bool {
        self(leaf)
    }
}

/// A walk shows every leaf that fits the path, in order, until `visit` says that it is the one.
pub(super) struct Walk<'s, V> {
    pub(super) length: usize,
    pub(super) spans: &'s mut Spans,
    pub(super) visit: V,
}

impl<V> Walk<'_, V> {
    // ANCHOR: walk
    /// Goes on from behind a node's text, with what is left of the path.
    pub(super) fn on<'t>(&mut self, mut node: &'t Node, mut rest: &[u8], mut depth: usize) -> bool
    where
        V: Visit<'t>,
    {
        let leaf = 'node: loop {
            self.visit.node(node, self.length - rest.len());
            if rest.is_empty() {
                // A parameter and a rest have at least one byte.
                break node.leaf;
            }
            // The last choice of a node goes on in this loop; those before it come back when they fail.
            if let Some((child, behind)) = node.child(rest) {
                if !node.is_fork {
                    (node, rest) = (child, behind);
                    continue;
                }
                if self.on(child, behind, depth) {
                    return true;
                }
            } else if !node.is_fork {
                return false;
            }
            let from = self.length - rest.len();
            let (segment, behind) = rest.split_at(segment(rest));
            let mut parameters = node.parameters.iter();
            while let Some(parameter) = parameters.next() {
                let Some(length) = parameter.takes(segment) else { continue };
                self.spans.places[depth] = (from as u32, (from + length) as u32);
                if parameters.len() == 0 && node.rest.is_none() {
                    (node, rest, depth) = (&parameter.node, behind, depth + 1);
                    continue 'node;
                }
                if self.on(&parameter.node, behind, depth + 1) {
                    return true;
                }
            }
            if node.rest.is_none() {
                return false;
            }
            self.spans.places[depth] = (from as u32, self.length as u32);
            depth += 1;
            break node.rest;
        };
        self.spans.count = depth;
        leaf.is_some_and(|leaf| self.visit.leaf(leaf))
    }
    // ANCHOR_END: walk
}

impl Node {
    fn new(text: &[u8]) -> Node {
        Node { text: Text::new(text), ..Node::default() }
    }

    // ANCHOR: child
    /// The child whose text the path goes on with, and the path behind it.
    #[inline]
    fn child<'n, 'p>(&'n self, path: &'p [u8]) -> Option<(&'n Node, &'p [u8])> {
        let child = self.children.get(self.which(*path.first()?)?)?;
        Some((child, child.text.strip(path)?))
    }

    /// Which child begins with this byte; no two do.
    #[inline]
    fn which(&self, first: u8) -> Option<usize> {
        let child = usize::from(*self.table.get(usize::from(first.wrapping_sub(self.least)))?);
        (child < self.children.len()).then_some(child)
    }
    // ANCHOR_END: child

    fn push(&mut self, child: Node) {
        self.children.push(child);
        let firsts = self.children.iter().map(|child| child.text.bytes[0]);
        let (least, most) =
            firsts.clone().fold((u8::MAX, 0), |(least, most), first| (first.min(least), first.max(most)));
        self.least = least;
        self.table = vec![NOBODY; usize::from(most - least) + 1];
        // There are at most 255: no text begins with 0.
        for (at, first) in firsts.enumerate() {
            self.table[usize::from(first - least)] = at as u8;
        }
    }

    /// The place for a leaf behind this text and these parts.
    fn grow(&mut self, text: &[u8], parts: &[Part]) -> &mut Option<u32> {
        if let Some(&first) = text.first() {
            let at = self.which(first).unwrap_or_else(|| {
                self.push(Node::new(text));
                self.children.len() - 1
            });
            let child = &mut self.children[at];
            let same = child.text.bytes.iter().zip(text).take_while(|(a, b)| a == b).count();
            if same < child.text.bytes.len() {
                let mut lower = std::mem::replace(child, Node::new(&text[..same]));
                lower.text = Text::new(&lower.text.bytes[same..]);
                child.push(lower);
            }
            return child.grow(&text[same..], parts);
        }
        self.is_fork |= matches!(parts.first(), Some(Part::Rest { .. } | Part::Parameter { .. }));
        match parts.split_first() {
            None => &mut self.leaf,
            Some((Part::Rest { .. }, _)) => &mut self.rest,
            Some((Part::Literal(literal), behind)) => self.grow(literal.as_bytes(), behind),
            Some((Part::Parameter { class, suffix, .. }, behind)) => {
                let order = |other: &Parameter| before((&other.suffix, other.class), (suffix, *class));
                let at = self.parameters.binary_search_by(order).unwrap_or_else(|at| {
                    self.parameters
                        .insert(at, Parameter { suffix: suffix.clone(), class: *class, node: Node::default() });
                    at
                });
                self.parameters[at].node.grow(&[], behind)
            }
        }
    }
}

/// A text, with its first eight bytes as a number: most texts are no longer, and one comparison settles them.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    head: u64,
    mask: u64,
}

impl Text {
    fn new(bytes: &[u8]) -> Text {
        let mut head = [0; 8];
        let length = bytes.len().min(8);
        head[..length].copy_from_slice(&bytes[..length]);
        // As many bytes of ones as the head has.
        let mask = u64::MAX.checked_shr(64 - 8 * length as u32).unwrap_or(0);
        Text { bytes: bytes.to_vec(), head: u64::from_le_bytes(head), mask }
    }

    /// What is behind it in a path that begins with it.
    #[inline]
    pub(super) fn strip<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let (text, behind) = path.split_at_checked(self.bytes.len())?;
        let is_same = match path.first_chunk::<8>() {
            Some(head) if text.len() <= 8 => u64::from_le_bytes(*head) & self.mask == self.head,
            // So short that a call would cost more.
            None => text.iter().zip(&self.bytes).all(|(a, b)| a == b),
            Some(head) => u64::from_le_bytes(*head) == self.head && text[8..] == self.bytes[8..],
        };
        is_same.then_some(behind)
    }
}

/// How many bytes of the path lie before the next slash; eight are looked at together.
#[inline]
fn segment(path: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let mut at = 0;
    while let Some(chunk) = path[at..].first_chunk::<8>() {
        // A byte becomes 0 where it is a slash; the lowest byte that is 0 is the lowest whose top bit this finds.
        let zero = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(b'/'));
        let slashes = zero.wrapping_sub(ONES) & !zero & (ONES << 7);
        if slashes != 0 {
            return at + slashes.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + path[at..].iter().position(|byte| *byte == b'/').unwrap_or(path.len() - at)
}
