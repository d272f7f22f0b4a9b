//! The inside of an onion, and how it is walked: `koa-compose`, and no index to check, because [`Next`] can be run only once.

use super::ring::{Answering, Edge, Handler, lies_below};
use crate::context::{Answer, Context};
use std::{any::type_name, rc::Rc};

/// A layer, without the name of its type. It is implemented for all functions that [`Router::layer`](super::Router::layer) takes.
pub(super) trait Layer {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>, next: Next<'a>) -> Answering<'a>;

    /// What developers see of it.
    fn name(&self) -> &'static str {
        type_name::<Self>()
    }
}

impl<F: AsyncFn(&mut Context<'_>, Next<'_>) -> Answer> Layer for F {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>, next: Next<'a>) -> Answering<'a> {
        Box::pin(self(ctx, next))
    }
}

/// A ring of an onion, shared by all routes that it is around.
#[derive(Clone)]
pub(super) enum Ring {
    Layer(Rc<dyn Layer>),
    /// A layer around what lies at or below a path.
    Below(Rc<str>, Rc<dyn Layer>),
    Edge(Rc<dyn Edge>),
}

impl Ring {
    /// The same ring in a router that stands behind a prefix.
    pub(super) fn behind(self, prefix: &str) -> Ring {
        match self {
            Ring::Below(path, layer) => Ring::Below(format!("{prefix}{path}").into(), layer),
            ring => ring,
        }
    }

    /// Whether both are one and the same.
    pub(super) fn is(&self, other: &Ring) -> bool {
        match (self, other) {
            (Ring::Layer(a), Ring::Layer(b)) => Rc::ptr_eq(a, b),
            (Ring::Below(at, a), Ring::Below(also, b)) => at == also && Rc::ptr_eq(a, b),
            (Ring::Edge(a), Ring::Edge(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// The rings of one route, from the outside, and its handler. What a router's own rings do is around a path that has no route, too.
pub(super) struct Course {
    pub(super) rings: Box<[Ring]>,
    pub(super) handler: Rc<dyn Handler>,
    pub(super) body_limit: Option<u64>,
}

/// All that requests are led through.
pub(super) struct Onion {
    /// Rings around everything: the route is looked for inside of them.
    pub(super) rings: Box<[Ring]>,
    /// One for each route.
    pub(super) courses: Vec<Course>,
    /// For paths without a route that lie in a nested router: the first prefix that fits, the longest first.
    pub(super) scopes: Vec<(String, Course)>,
}

/// What is inside of a layer: the rest of the rings, the handler, and all that comes back from them.
///
/// It can be run once. [`run`](Self::run) takes it, so a second call does not compile; and a layer that neither runs it nor
/// answers by itself has no [`Done`](crate::Done) to give back, which does not compile either.
#[must_use = "a layer that does not run it answers by itself"]
// ANCHOR: next
pub struct Next<'a> {
    onion: &'a Onion,
    /// The rings that are left.
    rings: &'a [Ring],
    /// The route, once it is found: inside of the application's own rings.
    course: Option<&'a Course>,
}
// ANCHOR_END: next

/// Where a walk inward has to wait, or to turn.
enum Turn<'a> {
    Answer(Answer),
    Layer(&'a dyn Layer, Next<'a>),
    Handler(&'a Course),
}

// ANCHOR: leave
/// Leaves the edges that were entered, the innermost first.
fn leave(entered: &[Ring], ctx: &mut Context<'_>, mut answer: Answer) -> Answer {
    for ring in entered.iter().rev() {
        if let Ring::Edge(edge) = ring {
            answer = edge.leave(ctx, answer);
        }
    }
    answer
}
// ANCHOR_END: leave

impl<'a> Next<'a> {
    // ANCHOR: run
    /// Runs the inside, and gives what it answers.
    ///
    /// # Errors
    ///
    /// What went wrong further inside. `?` lets it pass outward.
    pub async fn run(self, ctx: &mut Context<'_>) -> Answer {
        let onion = self.onion;
        let ([outer, inner], turn) = self.enter(ctx);
        let answer = match turn {
            Turn::Answer(answer) => answer,
            Turn::Layer(layer, next) => layer.call(ctx, next).await,
            Turn::Handler(course) => match course.handler.call(ctx).await {
                Ok(_) if ctx.takes_pass() => Box::pin(onion.pass(course, ctx)).await,
                answer => answer,
            },
        };
        let answer = leave(inner, ctx, answer);
        leave(outer, ctx, answer)
    }
    // ANCHOR_END: run

    // ANCHOR: enter
    /// Goes inward until there is something to wait for; the route is looked for inside of the application's own rings. Gives the rings
    /// that were entered, the application's and the route's.
    fn enter(self, ctx: &mut Context<'_>) -> ([&'a [Ring]; 2], Turn<'a>) {
        let Next { onion, rings, course } = self;
        for (at, ring) in rings.iter().enumerate() {
            let turn = match ring {
                Ring::Edge(edge) => {
                    ctx.pass_ring(|| edge.name());
                    edge.enter(ctx).map(Turn::Answer)
                }
                Ring::Below(prefix, _) if !lies_below(ctx.path(), prefix) => None,
                Ring::Layer(layer) | Ring::Below(_, layer) => {
                    ctx.pass_ring(|| layer.name());
                    Some(Turn::Layer(&**layer, Next { onion, rings: &rings[at + 1..], course }))
                }
            };
            if let Some(turn) = turn {
                return ([&rings[..at], &[]], turn);
            }
        }
        if let Some(course) = course {
            return ([rings, &[]], Turn::Handler(course));
        }
        match onion.find(ctx) {
            Some(course) => {
                let ([inner, _], turn) = Next { onion, rings: &course.rings, course: Some(course) }.enter(ctx);
                ([rings, inner], turn)
            }
            None => ([rings, &[]], Turn::Answer(ctx.take_miss())),
        }
    }
    // ANCHOR_END: enter
}

impl Onion {
    /// The whole onion.
    pub(super) fn all(&self) -> Next<'_> {
        Next { onion: self, rings: &self.rings, course: None }
    }

    /// The route for a request, or else the router whose rings are around its path.
    fn find(&self, ctx: &mut Context<'_>) -> Option<&Course> {
        let course = match ctx.find_route() {
            Some(route) => self.courses.get(route),
            None => self.scopes.iter().find(|(prefix, _)| lies_below(ctx.path(), prefix)).map(|(_, course)| course),
        }?;
        ctx.set_body_limit(course.body_limit);
        Some(course)
    }

    /// What fits next when a handler has passed: through those of its rings that are not around us already.
    async fn pass(&self, course: &Course, ctx: &mut Context<'_>) -> Answer {
        match self.find(ctx) {
            Some(next) => {
                let alike = course.rings.iter().zip(&next.rings).take_while(|(a, b)| a.is(b)).count();
                Next { onion: self, rings: &next.rings[alike..], course: Some(next) }.run(ctx).await
            }
            None => ctx.take_miss(),
        }
    }
}
