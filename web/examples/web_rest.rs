//! A list of teas as a resource: what one does with it is seven functions, and JSON in both directions.
//!
//! Run: cargo run --example web_rest -- --addr 127.0.0.1:8000

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::layers::{catch_panic, conditional, errors, request_id};
use wirebook_web::{Answer, App, Context, Failure, Options, Resource, Router, router::RouteError};

// ANCHOR: teas
#[derive(Clone, Deserialize, Serialize)]
struct Tea {
    name: String,
    minutes: u8,
}

#[derive(Default)]
struct Teas {
    known: RefCell<BTreeMap<u64, Tea>>,
}

impl Resource for Teas {
    async fn index(&self, ctx: &mut Context<'_>) -> Answer {
        ctx.json(&*self.known.borrow())
    }

    async fn create(&self, ctx: &mut Context<'_>) -> Answer {
        let tea: Tea = ctx.read_json().await?;
        let id = self.known.borrow().keys().max().map_or(1, |id| id + 1);
        self.known.borrow_mut().insert(id, tea.clone());
        ctx.location(&format!("/teas/{id}"))?.status(201).json(&tea)
    }

    async fn show(&self, ctx: &mut Context<'_>) -> Answer {
        let id = ctx.param_as("id")?;
        let tea = self.known.borrow().get(&id).cloned().ok_or_else(|| Failure::new(404, "no such tea"))?;
        ctx.json(&tea)
    }

    async fn update(&self, ctx: &mut Context<'_>) -> Answer {
        let id = ctx.param_as("id")?;
        let tea: Tea = ctx.read_json().await?;
        ctx.ensure(self.known.borrow().contains_key(&id), 404, "no such tea")?;
        self.known.borrow_mut().insert(id, tea.clone());
        ctx.json(&tea)
    }

    async fn destroy(&self, ctx: &mut Context<'_>) -> Answer {
        let id: u64 = ctx.param_as("id")?;
        ctx.ensure(self.known.borrow_mut().remove(&id).is_some(), 404, "no such tea")?;
        ctx.empty(204)
    }
}

pub(crate) fn app() -> Result<App, RouteError> {
    Router::new()
        .edge(request_id())
        .layer(errors())
        .layer(catch_panic())
        .layer(conditional())
        .resources("/teas", Teas::default())
        .into_app(Options::default())
}
// ANCHOR_END: teas

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_rest.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let add = format!("curl --json '{{\"name\":\"green\",\"minutes\":3}}' http://{here}/teas");
        let stop = net::ctrl_c();
        terminal::listening(here, &[&add, &format!("curl http://{here}/teas")]);
        Ok(server.until(stop).await?)
    })
}
