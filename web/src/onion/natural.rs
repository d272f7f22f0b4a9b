//! Natural mapping: `/controller/action/p1/p2`, by a table and not by the names of files. Nothing is loaded because somebody asked for it.

use super::{endpoint::any, ring::Answering, router::Router};
use crate::{
    context::{Answer, Context, Failure},
    router::meaning,
};
use std::{collections::HashMap, fmt, rc::Rc};

/// Controllers and their actions.
///
/// ```
/// use wirebook_web::{Natural, Router};
///
/// // /legacy/user/setting/12/1987
/// let controllers = Natural::new().action("user", "setting", async |ctx, parameters| {
///     ctx.text(format!("{parameters:?}"))
/// });
/// let router = Router::new().natural("/legacy", controllers);
/// ```
#[derive(Default)]
pub struct Natural {
    actions: HashMap<(String, String), Rc<dyn Action>>,
}

trait Action {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>, parameters: Vec<String>) -> Answering<'a>;
}

impl<F: AsyncFn(&mut Context<'_>, Vec<String>) -> Answer> Action for F {
    fn call<'a>(&'a self, ctx: &'a mut Context<'_>, parameters: Vec<String>) -> Answering<'a> {
        Box::pin(self(ctx, parameters))
    }
}

impl Natural {
    /// A table without controllers.
    pub fn new() -> Natural {
        Natural::default()
    }

    /// Adds an action. `index` is what a controller does when no action is named.
    pub fn action<F>(mut self, controller: &str, action: &str, run: F) -> Self
    where
        F: AsyncFn(&mut Context<'_>, Vec<String>) -> Answer + 'static,
    {
        self.actions.insert((controller.to_owned(), action.to_owned()), Rc::new(run));
        self
    }
}

impl fmt::Debug for Natural {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.actions.keys()).finish()
    }
}

impl Router {
    /// Adds controllers by their names: `/controller/action/p1/p2`. See [`Natural`].
    pub fn natural(self, prefix: &str, controllers: Natural) -> Self {
        self.nest(prefix, routes(controllers))
    }
}

/// The one route of a table.
fn routes(controllers: Natural) -> Router {
    Router::new().route(any("/{*natural}", async move |ctx| {
        let rest = ctx.raw_param("natural").unwrap_or_default();
        let mut words = rest.split('/').map(|word| meaning(word).into_owned());
        let controller = words.next().unwrap_or_default();
        let action = words.next().filter(|word| !word.is_empty()).unwrap_or_else(|| "index".to_owned());
        match controllers.actions.get(&(controller, action)) {
            Some(run) => run.call(ctx, words.collect()).await,
            None => Err(Failure::of(404)),
        }
    }))
}
