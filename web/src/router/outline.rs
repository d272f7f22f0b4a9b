//! The tree as somebody may look at it, with what one look-up did in it: which nodes it came to, in which order, and why it came to no
//! others. The walk is the one that serves; here it is only seen.

use super::{
    candidates::Why,
    method::Method,
    path::Path,
    routes::Router,
    tree::{Leaf, Node, Parameter, Spans, Tree, Visit, Walk},
};
use std::ptr;

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twig {
    /// How far from the root.
    pub depth: usize,
    /// What a path goes on with here: `teas/`, `{int}.json`, `{*}`; of a host's own routes, the host.
    pub text: String,
    /// The numbers of the routes that end here.
    pub routes: Vec<usize>,
    /// When the walk came here, counted from 0; `None`: it did not.
    pub came: Option<usize>,
    /// The byte of the path at which it stood then, or at which it would have gone on here.
    pub at: Option<usize>,
    /// Why the walk did not go on from here, or did not come here; [`Why::Fits`] on the way to what was found, and `None` where nobody
    /// looked.
    pub why: Option<Why>,
}

impl<T> Router<T> {
    /// The whole tree, and what a look-up does in it. This is for people; it takes time with each node.
    ///
    /// ```
    /// use wirebook_web::router::{Method, Routes, Why, wash};
    ///
    /// let mut routes = Routes::new();
    /// routes.add("GET", "/teas/new", ())?;
    /// routes.add("GET", "/teas/{name}/leaves", ())?;
    /// let (router, path) = (routes.build()?, wash("/teas/new/leaves").unwrap());
    /// let twigs = router.outline("example.com", Method::Get, &path);
    /// let shown: Vec<_> = twigs.iter().map(|twig| (twig.text.as_str(), twig.came, twig.why)).collect();
    /// assert_eq!(shown, [
    ///     ("/teas/", Some(0), Some(Why::Fits)),
    ///     ("new", Some(1), Some(Why::PatternEnded)),
    ///     ("{any text}", Some(2), Some(Why::Fits)),
    ///     ("/leaves", Some(3), Some(Why::Fits)),
    /// ]);
    /// # Ok::<(), wirebook_web::router::RouteError>(())
    /// ```
    pub fn outline(&self, host: &str, method: Method<'_>, path: &Path<'_>) -> Vec<Twig> {
        let mut seen = Vec::new();
        let mut is_found = false;
        for (site, tree) in &self.sites {
            let admits = site.as_ref().is_none_or(|site| site.admits(host, &mut Spans::default()));
            let mut watch = Watch { tree, method, came: 0, nodes: Vec::new(), leaves: Vec::new(), is_found: false };
            if admits && !is_found {
                let (text, mut spans) = (path.as_str(), Spans::default());
                Walk { length: text.len(), spans: &mut spans, visit: &mut watch }.on(&tree.root, text.as_bytes(), 0);
                is_found = watch.is_found;
            }
            let depth = usize::from(site.is_some());
            if let Some(site) = site {
                let why = (!admits).then_some(Why::Host);
                let text = site.text().to_owned();
                seen.push(Twig { depth: 0, text, routes: Vec::new(), came: None, at: None, why });
            }
            let mut drawing = Drawing { watch, path: path.as_str(), twigs: seen };
            drawing.below(&tree.root, depth);
            seen = drawing.twigs;
        }
        // Nodes are numbered from each tree's root, which is not drawn.
        let mut came: Vec<&mut usize> = seen.iter_mut().filter_map(|twig| twig.came.as_mut()).collect();
        came.sort_unstable();
        came.into_iter().enumerate().for_each(|(number, came)| *came = number);
        seen
    }
}

/// Notes where a walk comes.
struct Watch<'t> {
    tree: &'t Tree,
    method: Method<'t>,
    /// How many nodes and leaves it has come to.
    came: usize,
    /// Each node, when the walk came to it, and at which byte; each leaf, and when.
    nodes: Vec<(&'t Node, usize, usize)>,
    leaves: Vec<(u32, usize)>,
    is_found: bool,
}

impl<'t> Visit<'t> for &mut Watch<'t> {
    fn leaf(&mut self, leaf: u32) -> bool {
        self.leaves.push((leaf, self.came));
        self.came += 1;
        self.is_found |= self.tree.leaves[leaf as usize].is_for(self.method);
        self.is_found
    }

    fn node(&mut self, node: &'t Node, at: usize) {
        self.nodes.push((node, self.came, at));
        self.came += 1;
    }
}

/// Writes the tree down.
struct Drawing<'t> {
    watch: Watch<'t>,
    path: &'t str,
    twigs: Vec<Twig>,
}

impl<'t> Drawing<'t> {
    /// When the walk came to a node, and at which byte.
    fn came(&self, node: &Node) -> Option<(usize, usize)> {
        let seen = self.watch.nodes.iter().find(|(seen, ..)| ptr::eq(*seen, node));
        seen.map(|(_, came, at)| (*came, *at))
    }

    /// Draws what is below a node, in the order in which it is tried.
    fn below(&mut self, node: &'t Node, depth: usize) {
        let stood = self.came(node).map(|(_, at)| at);
        for child in &node.children {
            let text = String::from_utf8_lossy(&child.text.bytes).into_owned();
            let refusal = |at: usize| {
                let rest = &self.path.as_bytes()[at..];
                let same = rest.iter().zip(&child.text.bytes).take_while(|(a, b)| a == b).count();
                (at + same, if same == rest.len() { Why::PathEnded } else { Why::Literal })
            };
            let refused = stood.filter(|_| child.text.strip(&self.path.as_bytes()[stood.unwrap_or(0)..]).is_none());
            let refused = refused.map(refusal);
            self.twig(child, depth, text, refused);
        }
        for Parameter { suffix, class, node } in &node.parameters {
            let refused = stood.and_then(|at| Some((at, refuses(suffix, *class, &self.path[at..])?)));
            self.twig(node, depth, format!("{{{class}}}{suffix}"), refused);
        }
        if let Some(leaf) = node.rest {
            let came = self.watch.leaves.iter().find(|(seen, _)| *seen == leaf).map(|(_, came)| *came);
            let is_for = self.watch.tree.leaves[leaf as usize].is_for(self.watch.method);
            let why = match (came, stood) {
                (Some(_), _) => Some(if is_for { Why::Fits } else { Why::Method }),
                (None, Some(at)) if at == self.path.len() => Some(Why::Empty),
                _ => None,
            };
            let at = came.map(|_| self.path.len()).or(stood);
            let routes = self.watch.tree.leaves[leaf as usize].all();
            self.twigs.push(Twig { depth, text: "{*}".into(), routes, came, at, why });
        }
    }

    fn twig(&mut self, node: &'t Node, depth: usize, text: String, refused: Option<(usize, Why)>) {
        let leaf = node.leaf.map(|leaf| &self.watch.tree.leaves[leaf as usize]);
        let routes = leaf.map_or_else(Vec::new, Leaf::all);
        let came = self.came(node);
        let (at, why) = match came {
            Some((_, at)) => (Some(at), self.left(node, at)),
            None => (refused.map(|(at, _)| at), refused.map(|(_, why)| why)),
        };
        let own = self.twigs.len();
        self.twigs.push(Twig { depth, text, routes, came: came.map(|(number, _)| number), at, why });
        self.below(node, depth + 1);
        // Below it is what was found, so it is on the way there.
        let leads = self.twigs[own + 1..].iter().any(|twig| twig.why == Some(Why::Fits));
        if leads && self.watch.is_found {
            self.twigs[own].why = Some(Why::Fits);
        }
    }

    /// Why a walk left a node again; `None` where what is below it says so.
    fn left(&self, node: &Node, at: usize) -> Option<Why> {
        let is_end = node.children.is_empty() && node.parameters.is_empty() && node.rest.is_none();
        match node.leaf {
            _ if at < self.path.len() => is_end.then_some(Why::PatternEnded),
            None => Some(Why::PathEnded),
            Some(leaf) if self.watch.tree.leaves[leaf as usize].is_for(self.watch.method) => Some(Why::Fits),
            Some(_) => Some(Why::Method),
        }
    }
}

/// Why a parameter takes nothing here; `None` where it does.
fn refuses(suffix: &str, class: super::pattern::Class, rest: &str) -> Option<Why> {
    let segment = &rest[..rest.find('/').unwrap_or(rest.len())];
    let Some(value) = segment.strip_suffix(suffix) else { return Some(Why::Suffix) };
    match value.is_empty() {
        true => Some(Why::Empty),
        false => (!class.admits(value.as_bytes())).then_some(Why::Class(class)),
    }
}
