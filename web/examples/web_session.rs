//! A visitor who is known again: a counter, a login that changes the id, a word that is said once.
//!
//! Run: cargo run --example web_session -- --addr 127.0.0.1:8000

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::layers::same;
use wirebook_web::session::{MemoryStore, Sessions, session};
use wirebook_web::trust::Keys;
use wirebook_web::{Answer, App, Config, Context, Options, Router};

// ANCHOR: login
async fn home(ctx: &mut Context<'_>) -> Answer {
    let session = ctx.session()?;
    let visits = session.add("visits", 1);
    let said = session.take_flash("said");
    let said = said.as_ref().and_then(|said| said.as_str()).map(|said| format!("{said}. ")).unwrap_or_default();
    let user = session.text("user").unwrap_or_else(|| "a stranger".to_owned());
    ctx.text(format!("{said}You are {user}, and this is visit {visits}.\n"))
}

async fn login(ctx: &mut Context<'_>) -> Answer {
    let form = ctx.read_fields().await?;
    let field = |name| form.get(name).and_then(|value| value.text()).unwrap_or_default();
    let (name, password) = (field("name").to_owned(), field("password").to_owned());
    ctx.ensure(same(&name, "ada") & same(&password, "open sesame"), 401, "wrong name or password")?;
    let session = ctx.session()?;
    // Another id: whoever made her come with one that he knows is left with it alone.
    session.renew().set("user", name);
    session.flash("said", "Welcome");
    ctx.status(303).redirect("/")
}

async fn logout(ctx: &mut Context<'_>) -> Answer {
    ctx.session()?.destroy();
    ctx.status(303).redirect("/")
}
// ANCHOR_END: login

pub(crate) fn app() -> terminal::Result<App> {
    // ANCHOR: config
    // From the environment, or from a file that is not in the repository: so it outlives the program, and is nobody else's.
    let config = Config::load(".env")?;
    let secret = config.get("SESSION_KEY").unwrap_or("a secret of thirty-two bytes, or of more");
    let keys = Keys::new(&[secret.as_bytes()])?;
    // ANCHOR_END: config
    Ok(Router::new()
        // Its cookie is `SameSite=Lax`: a form of another site that posts here does not bring it along.
        .layer(session(Sessions::new(MemoryStore::default(), keys)))
        .get("/", home)
        .post("/login", login)
        .post("/logout", logout)
        .into_app(Options::default())?)
}

fn main() -> terminal::Result {
    let addr = terminal::address(include_str!("web_session.rs"), "127.0.0.1:8000");
    net::run(async move {
        let server = app()?.serve(addr)?;
        let here = server.local_addr().expect("TCP has an address");
        let jar = "curl -b jar -c jar";
        let stop = net::ctrl_c();
        terminal::listening(
            here,
            &[
                &format!("{jar} http://{here}/"),
                &format!("{jar} -L -d 'name=ada&password=open sesame' http://{here}/login"),
            ],
        );
        Ok(server.until(stop).await?)
    })
}
