//! The obvious router: every pattern against the path, one after the other. It is slow, it judges the tree, and it knows at
//! which byte each pattern failed, which is what somebody who looks at a 404 wants to know.

use super::{
    method::{Allow, Method},
    path::Path,
    pattern::{Class, Part, Pattern, before},
    routes::{Route, Router},
    tree::Spans,
};
use std::{cmp::Ordering, fmt};

/// How one pattern and the path get on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The path fits, and the method.
    Fits,
    /// The path fits; the route is for another method.
    Method,
    /// The route is for another host.
    Host,
    /// The path has another byte where the pattern has a literal.
    Literal,
    /// The path has ended, and the pattern has not.
    PathEnded,
    /// The pattern has ended, and the path has not.
    PatternEnded,
    /// A parameter's value would be empty.
    Empty,
    /// A parameter's value is not of this class.
    Class(Class),
    /// The segment does not end as the literal behind its parameter wants.
    Suffix,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Fits => out.write_str("fits"),
            Why::Method => out.write_str("is for another method"),
            Why::Host => out.write_str("is for another host"),
            Why::Literal => out.write_str("has another letter there"),
            Why::PathEnded => out.write_str("goes on where the path ends"),
            Why::PatternEnded => out.write_str("ends where the path goes on"),
            Why::Empty => out.write_str("wants a value there"),
            Why::Class(class) => write!(out, "wants {class} there"),
            Why::Suffix => out.write_str("wants the segment to end otherwise"),
        }
    }
}

/// One route that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number among the router's routes.
    pub route: usize,
    /// As `GET /users/{id}`.
    pub text: String,
    /// How far it got: the byte of the washed path at which it failed, or the path's length.
    pub at: usize,
    /// Why.
    pub why: Why,
}

/// What became of a request in the router, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The status that the router alone would answer with: 200 for a route, 204 for OPTIONS, 404, 405, 501.
    pub status: u16,
    /// What the path allows.
    pub allow: Allow,
    /// The routes that got furthest, the best first: the one that is taken stands at the top.
    pub candidates: Vec<Candidate>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.status)?;
        for Candidate { text, at, why, .. } in &self.candidates {
            write!(out, "\n  {text}: byte {at}: {why}")?;
        }
        Ok(())
    }
}

impl<T> Router<T> {
    /// Looks at every route and tells of the `most` that got furthest. This is for people; it takes time with each route.
    ///
    /// ```
    /// use wirebook_web::router::{Method, Routes, wash};
    ///
    /// let mut routes = Routes::new();
    /// routes.add("GET", "/users/{id:int}", ())?;
    /// routes.add("GET", "/users", ())?;
    /// let router = routes.build()?;
    /// let path = wash("/users/ada").unwrap();
    /// assert_eq!(
    ///     router.explain("example.com", Method::Get, &path, 4).to_string(),
    ///     "404\n  GET /users/{id:int}: byte 7: wants int there\n  GET /users: byte 6: ends where the path goes on"
    /// );
    /// # Ok::<(), wirebook_web::router::RouteError>(())
    /// ```
    pub fn explain(&self, host: &str, method: Method<'_>, path: &Path<'_>, most: usize) -> Explanation {
        let mut looked: Vec<(Candidate, Vec<Step>)> = Vec::with_capacity(self.routes.len());
        for (number, route) in self.routes.iter().enumerate() {
            let (mut at, mut why, steps) = attempt(route.pattern(), path.as_str());
            if why == Why::Fits && !is_for(route, method) {
                why = Why::Method;
            }
            if route.host().is_some_and(|site| !site.admits(host, &mut Spans::default())) {
                (at, why) = (0, Why::Host);
            }
            looked.push((Candidate { route: number, text: route.to_string(), at, why }, steps));
        }
        looked.sort_by(|(a, a_steps), (b, b_steps)| {
            let fits = |candidate: &Candidate| match candidate.why {
                Why::Fits => 0,
                Why::Method => 1,
                _ => 2,
            };
            let order = fits(a).cmp(&fits(b));
            if fits(a) < 2 {
                let by_host = by_host(&self.routes[a.route], &self.routes[b.route]);
                let by_method = is_any(&self.routes[a.route], method).cmp(&is_any(&self.routes[b.route], method));
                return order.then(by_host).then_with(|| by_steps(a_steps, b_steps)).then(by_method);
            }
            // Of two that got as far, the shorter one lacks less.
            let length = |candidate: &Candidate| self.routes[candidate.route].pattern().text().len();
            order.then(b.at.cmp(&a.at)).then_with(|| length(a).cmp(&length(b)))
        });
        let mut candidates: Vec<Candidate> = looked.into_iter().map(|(candidate, _)| candidate).collect();
        let allow = self.allow(host, path, &mut Spans::default());
        let is_known =
            !matches!(method, Method::Other(name) if self.routes.iter().all(|route| route.method() != Some(name)));
        let status = match candidates.first() {
            Some(Candidate { why: Why::Fits, .. }) => 200,
            _ if !is_known => 501,
            Some(Candidate { why: Why::Method, .. }) if method == Method::Options => 204,
            Some(Candidate { why: Why::Method, .. }) => 405,
            _ => 404,
        };
        candidates.truncate(most);
        Explanation { status, allow, candidates }
    }
}

fn is_for<T>(route: &Route<T>, method: Method<'_>) -> bool {
    match route.method() {
        Some(own) => own == method.as_str() || (method == Method::Head && own == "GET"),
        None => !matches!(method, Method::Trace | Method::Connect),
    }
}

/// How loosely a route that is for the method is for it: by its own name, HEAD by way of GET, any method.
fn is_any<T>(route: &Route<T>, method: Method<'_>) -> u8 {
    match route.method() {
        Some(own) if own == method.as_str() => 0,
        Some(_) => 1,
        None => 2,
    }
}

fn by_host<T>(a: &Route<T>, b: &Route<T>) -> Ordering {
    match (a.host(), b.host()) {
        (Some(a), Some(b)) => a.before(b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// How a pattern took a piece of the path. A literal is cut into its bytes, so that two patterns can be compared.
#[derive(Clone, Debug)]
enum Step {
    Byte,
    Parameter { suffix: String, class: Class },
    Rest,
}

/// The first step in which two patterns that both fit one path differ decides.
fn by_steps(a: &[Step], b: &[Step]) -> Ordering {
    let rank = |step: &Step| match step {
        Step::Byte => 0,
        Step::Parameter { .. } => 1,
        Step::Rest => 2,
    };
    for (a, b) in a.iter().zip(b) {
        let order = match (a, b) {
            (Step::Parameter { suffix: a, class: x }, Step::Parameter { suffix: b, class: y }) => {
                before((a, *x), (b, *y))
            }
            (a, b) => rank(a).cmp(&rank(b)),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

// ANCHOR: attempt
/// One pattern against a path: how far it gets, why not further, and how.
fn attempt(pattern: &Pattern, path: &str) -> (usize, Why, Vec<Step>) {
    let bytes = path.as_bytes();
    let (mut at, mut steps) = (0, Vec::new());
    for part in pattern.parts() {
        match part {
            Part::Literal(literal) => {
                for byte in literal.bytes() {
                    match bytes.get(at) {
                        None => return (at, Why::PathEnded, steps),
                        Some(found) if *found != byte => return (at, Why::Literal, steps),
                        Some(_) => at += 1,
                    }
                    steps.push(Step::Byte);
                }
            }
            Part::Parameter { class, suffix, .. } => {
                let end = path[at..].find('/').map_or(path.len(), |length| at + length);
                let Some(value) = path[at..end].strip_suffix(suffix.as_str()) else { return (at, Why::Suffix, steps) };
                if value.is_empty() {
                    return (at, Why::Empty, steps);
                }
                if !class.admits(value.as_bytes()) {
                    return (at, Why::Class(*class), steps);
                }
                steps.push(Step::Parameter { suffix: suffix.clone(), class: *class });
                at = end;
            }
            Part::Rest { .. } if at == path.len() => return (at, Why::Empty, steps),
            Part::Rest { .. } => {
                steps.push(Step::Rest);
                at = path.len();
            }
        }
    }
    if at < path.len() { (at, Why::PatternEnded, steps) } else { (at, Why::Fits, steps) }
}
// ANCHOR_END: attempt
