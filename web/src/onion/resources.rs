//! REST: the seven things that one does with a resource, as Rails named them and Egg has them.

use super::{
    endpoint::{delete, get, patch, post, put},
    router::Router,
};
use crate::context::{Answer, Context, Failure};
use std::rc::Rc;

/// A resource, such as the topics of a forum. Whatever is not written is a 404.
///
/// | method and path | function |
/// |---|---|
/// | GET `/topics` | `index` |
/// | GET `/topics/new` | `new` |
/// | POST `/topics` | `create` |
/// | GET `/topics/{id}` | `show` |
/// | GET `/topics/{id}/edit` | `edit` |
/// | PUT, PATCH `/topics/{id}` | `update` |
/// | DELETE `/topics/{id}` | `destroy` |
///
/// ```
/// use wirebook_web::{Answer, Context, Resource, Router};
///
/// struct Topics;
/// impl Resource for Topics {
///     async fn show(&self, ctx: &mut Context<'_>) -> Answer {
///         let id = ctx.param("id").unwrap_or_default().into_owned();
///         ctx.text(format!("topic {id}"))
///     }
/// }
/// let router = Router::new().resources("/topics", Topics);
/// ```
#[expect(async_fn_in_trait, reason = "a loop has one thread: no future of a handler need be `Send`")]
pub trait Resource {
    /// The list.
    async fn index(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }

    /// The form for a new one.
    #[expect(clippy::wrong_self_convention, reason = "as Rails and Egg call it")]
    async fn new(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }

    /// Makes one.
    async fn create(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }

    /// Shows the one with the parameter `id`.
    async fn show(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }

    /// The form to change it.
    async fn edit(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }

    /// Changes it.
    async fn update(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }

    /// Removes it.
    async fn destroy(&self, _: &mut Context<'_>) -> Answer {
        absent()
    }
}

fn absent() -> Answer {
    Err(Failure::of(404))
}

impl Router {
    /// Adds the seven routes of a resource: see [`Resource`].
    pub fn resources(self, path: &str, resource: impl Resource + 'static) -> Self {
        self.nest(path, routes(resource))
    }
}

/// The routes of a resource, without its prefix.
fn routes(resource: impl Resource + 'static) -> Router {
    let [index, new, create, show, edit, update, also, destroy] = [(); 8].map({
        let shared = Rc::new(resource);
        move |()| shared.clone()
    });
    Router::new()
        .route(get("/", async move |ctx| index.index(ctx).await))
        .route(get("/new", async move |ctx| new.new(ctx).await))
        .route(post("/", async move |ctx| create.create(ctx).await))
        .route(get("/{id}", async move |ctx| show.show(ctx).await))
        .route(get("/{id}/edit", async move |ctx| edit.edit(ctx).await))
        .route(put("/{id}", async move |ctx| update.update(ctx).await))
        .route(patch("/{id}", async move |ctx| also.update(ctx).await))
        .route(delete("/{id}", async move |ctx| destroy.destroy(ctx).await))
}
