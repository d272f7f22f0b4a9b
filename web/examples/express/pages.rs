//! Those of Express's examples that have pages, sessions or files.
//!
//! Run: cargo run --example web_express -- --program mvc

use std::cell::RefCell;
use wirebook_template::{Engine, Value, data};
use wirebook_web::layers::same;
use wirebook_web::session::{MemoryStore, SessionOptions, Sessions, session};
use wirebook_web::trust::Keys;
use wirebook_web::views::Views;
use wirebook_web::{Answer, Context, Failure, Next, Router};

/// A real one comes from where secrets are kept.
fn keys() -> Keys {
    Keys::new(&[b"a secret of thirty-two bytes, or of more"]).expect("it is long enough")
}

fn views(all: &[(&str, &str)]) -> Views {
    let mut engine = Engine::in_memory();
    for (name, source) in all {
        engine.add(name, source);
    }
    Views::new(engine)
}

pub(super) fn auth() -> Router {
    const LOGIN: &str = "<title>Login</title><h1>Login</h1><% if (message) { %><p class=\"msg\"><%= message %></p><% } %>
<form method=\"post\" action=\"/login\"><input name=\"username\"> <input type=\"password\" name=\"password\"> <button>Login</button></form>";
    async fn restrict(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
        if ctx.session()?.text("user").is_some() {
            return next.run(ctx).await;
        }
        ctx.session()?.flash("message", "Access denied!");
        ctx.redirect("/login")
    }
    let options = SessionOptions { key: "connect.sid".to_owned(), ..SessionOptions::default() };
    Router::new()
        .views(views(&[("login", LOGIN)]))
        .layer(session(Sessions::new(MemoryStore::default(), keys()).with(options)))
        .with_at("/restricted", restrict)
        .get("/", async |ctx| ctx.redirect("/login"))
        .get("/restricted", async |ctx| ctx.html("Wahoo! restricted area, click to <a href=\"/logout\">logout</a>"))
        .get("/logout", async |ctx| {
            ctx.session()?.destroy();
            ctx.redirect("/")
        })
        .get("/login", async |ctx| {
            let message = ctx.session()?.take_flash("message");
            let message = message.as_ref().and_then(|message| message.as_str()).unwrap_or_default().to_owned();
            ctx.render("login", &data!({ "message": message }))
        })
        .post("/login", async |ctx| {
            let form = ctx.read_fields().await?;
            let field = |name| form.get(name).and_then(|value| value.text()).unwrap_or_default();
            let session = ctx.session()?;
            if same(field("username"), "tj") & same(field("password"), "foobar") {
                session.renew().set("user", "tj");
                session.flash("message", "Authenticated as tj");
                return ctx.back("/");
            }
            session.flash("message", "Authentication failed, please check your username and password.");
            ctx.redirect("/login")
        })
}

pub(super) fn cookie_sessions() -> Router {
    let options = SessionOptions { key: "session".to_owned(), ..SessionOptions::default() };
    Router::new().layer(session(Sessions::in_cookies(keys()).with(options))).get("/", async |ctx| {
        let views = ctx.session()?.add("count", 1);
        ctx.text(format!("viewed {views} times\n"))
    })
}

pub(super) fn downloads() -> Router {
    const FILES: [(&str, &str); 2] =
        [("amazing.txt", "what an amazing download\n"), ("notes/groceries.txt", "- tea\n- milk\n")];
    Router::new()
        // A path that climbs is refused before any handler, as one that cannot be meant: 400. Express's says 403, and its tests ask.
        .layer(async |ctx, next| match next.run(ctx).await {
            Err(failure) if failure.status() == 400 => ctx.status(403).text("Forbidden"),
            done => done,
        })
        .get("/", async |ctx| {
            let names = FILES.iter().map(|(name, _)| *name).chain(["missing.txt"]);
            let items = names.map(|name| format!("<li>Download <a href=\"/files/{name}\">{name}</a>.</li>"));
            ctx.html(format!("<ul>{}</ul>", items.collect::<String>()))
        })
        .get("/files/{*name}", async |ctx| {
            let name = ctx.param("name").unwrap_or_default().into_owned();
            match FILES.iter().find(|(known, _)| *known == name) {
                Some((name, content)) => ctx.attachment(name.rsplit('/').next())?.text(*content),
                None => ctx.status(404).text("Cant find that file, sorry!"),
            }
        })
}

pub(super) fn ejs() -> Router {
    const USERS: &str = "<h1>Users</h1><ul id=\"users\"><% users.forEach(function (user) { %>
<li><%= user.name %> &lt;<%= user.email %>&gt;</li><% }) %>
</ul>";
    Router::new().views(views(&[("users", USERS)])).get("/", async |ctx| {
        let user = |name: &str| data!({ "name": name, "email": format!("{name}@learnboost.com") });
        let users: Vec<Value> = ["tobi", "loki", "jane"].map(user).to_vec();
        ctx.render("users", &data!({ "users": users }))
    })
}

pub(super) fn markdown() -> Router {
    const INDEX: &str = "# {title}\n\nJust an example view rendered with _markdown_.";
    /// As much of it as the example needs: a heading, and paragraphs.
    fn markdown(text: &str) -> String {
        let block = |text: &str| match text.strip_prefix("# ") {
            Some(title) => format!("<h1>{title}</h1>\n"),
            None => format!("<p>{}</p>\n", text.replacen('_', "<em>", 1).replacen('_', "</em>", 1)),
        };
        text.split("\n\n").map(block).collect()
    }
    Router::new()
        .get("/", async |ctx| ctx.html(markdown(&INDEX.replace("{title}", "Markdown Example"))))
        .get("/fail", async |_| Err(Failure::new(500, "there is no view missing.md")))
}

/// Somebody in a table.
#[derive(Clone)]
struct Person {
    name: String,
    email: String,
    pets: Vec<usize>,
}

fn person(name: &str, pets: &[usize]) -> Person {
    let email = format!("{}@vision-media.ca", name.to_lowercase());
    Person { name: name.to_owned(), email, pets: pets.to_vec() }
}

type People = RefCell<Vec<Person>>;
type Pets = RefCell<Vec<String>>;

fn people<'a>(ctx: &'a Context<'_>) -> &'a People {
    ctx.service::<People>().expect("the application lends them")
}

fn pets<'a>(ctx: &'a Context<'_>) -> &'a Pets {
    ctx.service::<Pets>().expect("the application lends them")
}

/// The one of the parameter `id`, or 404.
fn chosen<T: Clone>(ctx: &Context<'_>, all: &RefCell<Vec<T>>) -> Result<(usize, T), Failure> {
    let id = ctx.param_as::<usize>("id")?;
    let found = all.borrow().get(id).cloned();
    found.map(|found| (id, found)).ok_or_else(|| Failure::of(404))
}

/// A field such as `user[name]`. What has none broke the program's own rules, and Express answers 500.
async fn field(ctx: &mut Context<'_>, of: &str, name: &str) -> Result<String, Failure> {
    let form = if ctx.is(&["form"]).is_some() { Some(ctx.read_fields().await?) } else { None };
    let value = form.as_ref().and_then(|form| form.get(of)?.get(name)?.text());
    value.map(str::to_owned).ok_or_else(|| Failure::new(500, format!("no {of}[{name}]")))
}

/// A form's POST with `?_method=PUT` is a PUT.
async fn method_of_query(ctx: &mut Context<'_>, next: Next<'_>) -> Answer {
    if ctx.method() == "POST" && ctx.query_value("_method").as_deref() == Some("PUT") {
        ctx.set_method("PUT");
    }
    next.run(ctx).await
}

pub(super) fn mvc() -> Router {
    const FORM: &str = "<h1><%= name %></h1><form action=\"<%= place %>?_method=PUT\" method=\"post\">
<input name=\"<%= kind %>[name]\" value=\"<%= name %>\"> <button>Update</button></form>";
    const USERS: &str = "<h1>Users</h1><ul><% users.forEach(function (user, id) { %>
<li><a href=\"/user/<%= id %>\"><%= user %></a></li><% }) %>
</ul>";
    const USER: &str =
        "<h1><%= name %> <a href=\"/user/<%= id %>/edit\">edit</a></h1><ul><% pets.forEach(function (pet) { %>
<li><a href=\"/pet/<%= pet.id %>\"><%= pet.name %></a></li><% }) %>
</ul><form action=\"/user/<%= id %>/pet\" method=\"post\"><input name=\"pet[name]\"> <button>Add</button></form>";
    const PET: &str = "<h1><%= name %> <a href=\"/pet/<%= id %>/edit\">edit</a></h1>";
    Router::new()
        .views(views(&[("form", FORM), ("users", USERS), ("user", USER), ("pet", PET)]))
        .service::<People>(RefCell::new(vec![
            person("TJ", &[0, 1, 2]),
            person("Guillermo", &[3]),
            person("Nathan", &[]),
        ]))
        .service::<Pets>(RefCell::new(["Tobi", "Loki", "Jane", "Raisin"].map(str::to_owned).to_vec()))
        .layer(method_of_query)
        .get("/", async |ctx| ctx.redirect("/users"))
        .get("/users", async |ctx| {
            let names: Vec<Value> = people(ctx).borrow().iter().map(|user| user.name.as_str().into()).collect();
            ctx.render("users", &data!({ "users": names }))
        })
        .get("/user/{id}", async |ctx| {
            let (id, user) = chosen(ctx, people(ctx))?;
            let pet = |id: &usize| data!({ "id": *id as f64, "name": pets(ctx).borrow()[*id].as_str() });
            let pets: Vec<Value> = user.pets.iter().map(pet).collect();
            ctx.render("user", &data!({ "id": id as f64, "name": user.name, "pets": pets }))
        })
        .get("/user/{id}/edit", async |ctx| {
            let (id, user) = chosen(ctx, people(ctx))?;
            ctx.render("form", &data!({ "place": format!("/user/{id}"), "kind": "user", "name": user.name }))
        })
        .put("/user/{id}", async |ctx| {
            let (id, _) = chosen(ctx, people(ctx))?;
            let name = field(ctx, "user", "name").await?;
            people(ctx).borrow_mut()[id].name = name;
            ctx.back("/")
        })
        .post("/user/{id}/pet", async |ctx| {
            let (id, _) = chosen(ctx, people(ctx))?;
            let name = field(ctx, "pet", "name").await?;
            let pet = pets(ctx).borrow().len();
            pets(ctx).borrow_mut().push(name);
            people(ctx).borrow_mut()[id].pets.push(pet);
            ctx.redirect(&format!("/user/{id}"))
        })
        .get("/pet/{id}", async |ctx| {
            let (id, name) = chosen(ctx, pets(ctx))?;
            ctx.render("pet", &data!({ "id": id as f64, "name": name }))
        })
        .get("/pet/{id}/edit", async |ctx| {
            let (id, name) = chosen(ctx, pets(ctx))?;
            ctx.render("form", &data!({ "place": format!("/pet/{id}"), "kind": "pet", "name": name }))
        })
        .put("/pet/{id}", async |ctx| {
            let (id, _) = chosen(ctx, pets(ctx))?;
            let name = field(ctx, "pet", "name").await?;
            pets(ctx).borrow_mut()[id] = name;
            ctx.redirect(&format!("/pet/{id}"))
        })
}

pub(super) fn route_separation() -> Router {
    const USERS: &str = "<h1>Users</h1><ul><% users.forEach(function (user) { %><li><%= user %></li><% }) %></ul>";
    const VIEW: &str = "<h1>Viewing user <%= name %></h1><p>Email: <%= email %></p>";
    const EDIT: &str = "<h1>Editing user <%= name %></h1><form action=\"?_method=PUT\" method=\"post\">
<input name=\"user[name]\" value=\"<%= name %>\"> <input name=\"user[email]\" value=\"<%= email %>\"> <button>Save</button></form>";
    async fn view(ctx: &mut Context<'_>) -> Answer {
        let (_, user) = chosen(ctx, people(ctx))?;
        ctx.render("view", &data!({ "name": user.name, "email": user.email }))
    }
    Router::new()
        .views(views(&[("users", USERS), ("view", VIEW), ("edit", EDIT)]))
        .service::<People>(RefCell::new(vec![person("TJ", &[]), person("Tobi", &[])]))
        .layer(method_of_query)
        .get("/", async |ctx| {
            ctx.html("<h1>Route Separation Example</h1><a href=\"/users\">Users</a> <a href=\"/posts\">Posts</a>")
        })
        .get("/users", async |ctx| {
            let names: Vec<Value> = people(ctx).borrow().iter().map(|user| user.name.as_str().into()).collect();
            ctx.render("users", &data!({ "users": names }))
        })
        .get("/user/{id}", view)
        .get("/user/{id}/view", view)
        .get("/user/{id}/edit", async |ctx| {
            let (_, user) = chosen(ctx, people(ctx))?;
            ctx.render("edit", &data!({ "name": user.name, "email": user.email }))
        })
        .put("/user/{id}/edit", async |ctx| {
            let (id, _) = chosen(ctx, people(ctx))?;
            let form = ctx.read_fields().await?;
            let said = |name| form.get("user").and_then(|user| user.get(name)?.text()).unwrap_or_default().to_owned();
            people(ctx).borrow_mut()[id] = Person { name: said("name"), email: said("email"), pets: Vec::new() };
            ctx.back("/")
        })
        .get("/posts", async |ctx| ctx.html("<h1>Posts</h1><dl><dt>Foo</dt><dd>some foo bar</dd></dl>"))
}
