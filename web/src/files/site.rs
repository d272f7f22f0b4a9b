//! Files and assets as parts of an application.

use super::assets::Assets;
use super::handled::{Handled, trouble};
use super::serve::{Asked, Files, Given};
use crate::context::{Answer, AssetPaths, Body, Context, Failure};
use crate::onion::{Next, Router};
use std::fs::File;
use std::ops::Range;
use std::rc::Rc;

impl Files {
    /// Answers with what a piece of a washed path means beneath the folder.
    ///
    /// # Errors
    ///
    /// 404 where there is nothing that anybody is given; 405 for another method than GET and HEAD; 500 for our own trouble, and 503
    /// where we may open no more files.
    pub async fn serve(&self, ctx: &mut Context<'_>, piece: &str) -> Answer {
        if !matches!(ctx.method(), "GET" | "HEAD") {
            return Err(Failure::of(405).with("allow", "GET, HEAD"));
        }
        match self.look(ctx, piece).await? {
            Some(given) => give(ctx, given, Body::File),
            None => Err(Failure::of(404)),
        }
    }

    async fn look(&self, ctx: &Context<'_>, piece: &str) -> Result<Option<Given<File>>, Failure> {
        let (conditions, codings) = (ctx.conditions(), ctx.header_list("accept-encoding"));
        // Two fields that may come once are one that says nothing.
        let range = ctx.header_list("range");
        let asked = Asked {
            method: ctx.method(),
            piece,
            path: ctx.path(),
            query: ctx.query(),
            accept_encoding: codings.as_deref(),
            range: range.as_deref(),
            conditions: conditions.borrowed(),
        };
        self.answer(&asked).await.map_err(trouble)
    }

    /// A layer that answers with what lies beneath the folder under a request's path behind `prefix`, and goes on where there is nothing, and
    /// with other methods: Koa's `koa-static`, Express's `express.static`.
    pub fn layer(self, prefix: &str) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
        let prefix = prefix.trim_end_matches('/').to_owned();
        async move |ctx, next| {
            let piece = ctx.path().strip_prefix(&*prefix).and_then(|rest| rest.strip_prefix('/'));
            let Some(piece) = piece.filter(|_| matches!(ctx.method(), "GET" | "HEAD")).map(str::to_owned) else {
                return next.run(ctx).await;
            };
            match self.look(ctx, &piece).await? {
                Some(given) => give(ctx, given, Body::File),
                None => next.run(ctx).await,
            }
        }
    }
}

fn give<C>(ctx: &mut Context<'_>, given: Given<C>, body: impl FnOnce(C, Range<u64>) -> Body) -> Answer {
    for (name, value) in given.fields {
        match name {
            "vary" => ctx.vary(&value)?,
            // What a ring further out has said of it goes before what we would say.
            "cache-control" | "content-type" if ctx.has(name) => ctx,
            _ => ctx.set(name, value)?,
        };
    }
    ctx.status(given.status);
    match given.content {
        Some((content, range)) => {
            ctx.put_body(body(content, range));
            Ok(ctx.answered())
        }
        None => ctx.empty(given.status),
    }
}

impl Router {
    /// Serves the files beneath a folder under a path.
    ///
    /// ```no_run
    /// use wirebook_web::files::Files;
    /// use wirebook_web::{Options, Router};
    ///
    /// let app = Router::new().files("/static", Files::beneath("public")?.precompressed()).into_app(Options::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn files(self, path: &str, files: impl Into<Handled>) -> Self {
        let path = path.trim_end_matches('/');
        let files = files.into();
        let root = files.clone();
        self.get(&format!("{path}/"), async move |ctx| root.serve(ctx, "").await).get(
            &format!("{path}/{{*file}}"),
            async move |ctx| {
                let piece = ctx.raw_param("file").unwrap_or_default().to_owned();
                files.serve(ctx, &piece).await
            },
        )
    }

    /// Serves assets under a path; [`Context::asset`] names them.
    pub fn assets(self, path: &str, assets: Assets) -> Self {
        let path = path.trim_end_matches('/');
        let (named, prefix) = (assets.clone(), path.to_owned());
        let paths = AssetPaths(Rc::new(move |name| format!("{prefix}/{}", named.name(name).unwrap_or(name))));
        self.service(paths).get(&format!("{path}/{{*file}}"), async move |ctx| {
            let (conditions, codings) = (ctx.conditions(), ctx.header_list("accept-encoding"));
            let range = ctx.header_list("range");
            let asked = Asked {
                method: ctx.method(),
                piece: ctx.raw_param("file").unwrap_or_default(),
                path: ctx.path(),
                query: None,
                accept_encoding: codings.as_deref(),
                range: range.as_deref(),
                conditions: conditions.borrowed(),
            };
            let Some(given) = assets.answer(&asked) else { return Err(Failure::of(404)) };
            give(ctx, given, Body::Shared)
        })
    }
}
