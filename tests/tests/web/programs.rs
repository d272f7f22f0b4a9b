//! What the examples of files, sessions, uploads and proxies answer.

use super::world::*;
use wirebook_http1::client::{Agent, AgentOptions, Origin};
use wirebook_http1::server::Options as HttpOptions;
use wirebook_net::sim::{SimListener, SimStream};
use wirebook_web::log::{Appender, Console};
use wirebook_web::proxy;

#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_proxy.rs"]
mod web_proxy;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_session.rs"]
mod web_session;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_session_query.rs"]
mod web_session_query;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_static.rs"]
mod web_static;
#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_uploads.rs"]
mod web_uploads;

#[test]
fn a_folder_as_a_site() {
    let folder = super::files::folder();
    let site = || web_static::app(&folder.path().join("site"), Appender::with(Console, 0, Default::default())).unwrap();
    assert_eq!(get(site(), "/").body, "<p>index");
    assert_eq!(get(site(), "/about").body, "<p>about");
    assert_eq!(ask(site(), request("GET", "/1000bytes", &["range: bytes=0-9"])).body, "x".repeat(10));
    for path in ["/.env", "/out", "/fifo", "/%2e%2e/secret", "/..%2fsecret"] {
        let reply = get(site(), path);
        assert!(reply.status >= 400 && !reply.body.contains("root:"), "{path}");
    }
}

#[test]
fn a_login() {
    // One application, one connection: the store lives as long as they do.
    let form = "content-type: application/x-www-form-urlencoded";
    let right = "name=ada&password=open+sesame";
    let said =
        talk(web_session::app().unwrap(), request("GET", "/", &[]) + &with_body("POST", "/login", &[form], right));
    let said = String::from_utf8(said).expect("text");
    assert!(said.contains("You are a stranger, and this is visit 1."), "{said}");
    assert!(said.contains("303 See Other") && said.matches("set-cookie: sid=v1.").count() == 2, "{said}");
    let visits = [("GET", "/", "", ""), ("POST", "/login", form, right), ("GET", "/", "", ""), ("GET", "/", "", "")];
    let said: Vec<String> = visit(web_session::app().unwrap(), &visits).into_iter().map(|reply| reply.body).collect();
    assert_eq!(said[2], "Welcome. You are ada, and this is visit 2.\n", "the word is said once");
    assert_eq!(said[3], "You are ada, and this is visit 3.\n");
    let wrong = ask(web_session::app().unwrap(), with_body("POST", "/login", &[form], "name=ada&password=x"));
    assert_eq!((wrong.status, wrong.field("set-cookie")), (401, None));
}

#[test]
fn a_session_in_links() {
    let reply = get(web_session_query::app().unwrap(), "/");
    let token = reply.body.split("?sid=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(token.starts_with("v1.") && reply.field("set-cookie").is_none());
    // Another store does not know it.
    assert!(get(web_session_query::app().unwrap(), &format!("/?sid={token}")).body.contains("<p>1 "));
}

#[test]
fn files_of_strangers() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = || web_uploads::app(folder.path()).unwrap();
    let body = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x.html\"\r\n\r\n<script>\r\n--B--\r\n";
    let kind = "content-type: multipart/form-data; boundary=B";
    let reply = ask(site(), with_body("POST", "/", &[kind], body));
    assert_eq!(reply.status, 201);
    let (path, rest) = reply.body.split_once(' ').expect("a path");
    assert_eq!(rest, "8 bytes \"x.html\"\n");
    let file = get(site(), path);
    assert_eq!((file.body.as_str(), file.field("content-disposition")), ("<script>", Some("attachment")));
    assert_eq!(file.field("content-type"), Some("application/octet-stream"));
    assert_eq!(get(site(), "/files/").status, 404, "nothing is listed");
}

#[test]
fn a_server_behind() {
    let agent = Agent::with_connector(AgentOptions::default(), async |origin: Origin| {
        // It begins with the first connection: then there is a network.
        let listener = SimListener::bind((&*origin.host, origin.port))?;
        drop(wirebook_http1::serve_on(listener, HttpOptions::default(), async |request, response| {
            response.end(format!("{} {:?}", request.path(), request.authority())).await
        }));
        SimStream::connect((&*origin.host, origin.port)).await
    });
    let behind = proxy::to("http://10.0.0.7").unwrap().agent(agent);
    let reply = get(web_proxy::app(behind).unwrap(), "/api-nebula/hello");
    assert_eq!((reply.status, reply.body.as_str()), (200, "/api/hello Some(\"10.0.0.7\")"));
}
