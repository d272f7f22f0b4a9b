//! A thousand networks in which connections are slow, cut in pieces and broken off at any moment, and an application between them.

use super::world::*;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::sim::{self, Config, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::layers::{catch_panic, errors, timeout};
use wirebook_web::multipart::Limits;
use wirebook_web::{Answer, App, Context, Router, post};

/// Counts what it is dropped with.
struct Held(Rc<std::cell::Cell<usize>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

async fn parts(ctx: &mut Context<'_>) -> Answer {
    let mut parts = ctx.multipart(Limits::default())?;
    let mut bytes = 0;
    while let Some(mut part) = parts.next().await? {
        wait().await;
        while let Some(piece) = part.chunk().await? {
            bytes += piece.len();
        }
    }
    ctx.text(format!("{bytes} bytes"))
}

fn subject(held: Rc<std::cell::Cell<usize>>) -> App {
    let router = Router::new()
        .layer(async move |ctx, next| {
            held.set(held.get() + 1);
            let _held = Held(held.clone());
            next.run(ctx).await
        })
        .layer(errors())
        .layer(catch_panic())
        .layer(timeout(Duration::from_secs(600)))
        .route(post("/parts", parts).body_limit(1 << 20))
        .post("/json", async |ctx| {
            let value: serde_json::Value = ctx.read_json().await?;
            ctx.json(&value)
        })
        .get("/stream", async |ctx| {
            let mut left = 5;
            ctx.stream(async move || {
                net::sleep(Duration::from_millis(10)).await;
                left -= 1;
                Ok((left > 0).then(|| vec![b's'; 3000]))
            })
        });
    app(router)
}

fn asked(kind: u64) -> (Vec<u8>, &'static str) {
    let body = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n".to_owned()
        + &"x\r\n-".repeat(500)
        + "\r\n--B--\r\n";
    match kind {
        0 => (
            with_body("POST", "/parts", &["content-type: multipart/form-data; boundary=B"], &body).into_bytes(),
            "2000 bytes",
        ),
        1 => (with_body("POST", "/json", &["content-type: application/json"], "[1,2,3]").into_bytes(), "[1,2,3]"),
        _ => (request("GET", "/stream", &[]).into_bytes(), "sss\r\n0\r\n\r\n"),
    }
}

/// Sends up to `cut` bytes, and then either goes or reads what comes.
async fn ask(kind: u64, cut: Option<u64>) -> Option<String> {
    let client = SimStream::connect(ADDRESS).await.ok()?;
    let (bytes, _) = asked(kind);
    let end = cut.map_or(bytes.len(), |cut| (cut as usize).min(bytes.len()));
    client.write_all(&bytes[..end]).await.ok()?;
    if cut.is_some() {
        net::sleep(Duration::from_millis(sim::random_below(50))).await;
        return None;
    }
    let (mut text, mut piece) = (String::new(), [0; 2048]);
    loop {
        if text.ends_with(asked(kind).1) {
            return Some(text);
        }
        match client.read(&mut piece).await {
            Ok(count @ 1..) => text.push_str(&String::from_utf8_lossy(&piece[..count])),
            _ => return Some(text),
        }
    }
}

#[test]
fn a_thousand_networks_leave_no_request_behind_and_nobody_without_his_own_answer() {
    let config = |seed| Config {
        faults: sim::Faults { reset: 0.0, refuse: 0.0, ..sim::Faults::rough() },
        ..Config::rough(seed)
    };
    sim::explore(1000, config, |seed| async move {
        let held = Rc::new(std::cell::Cell::new(0));
        let server = subject(held.clone()).serve_on(SimListener::bind(ADDRESS).expect("a free address"));
        let rude = (0..4)
            .map(|number| net::spawn(ask((seed + number) % 3, Some(sim::random_below(1200)))))
            .collect::<Vec<_>>();
        let polite = (0..3).map(|kind| net::spawn(ask(kind, None))).collect::<Vec<_>>();
        for (kind, client) in polite.into_iter().enumerate() {
            let text = client.await.expect("a client").expect("an answer");
            let whole = text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with(asked(kind as u64).1);
            assert!(whole, "seed {seed}, {kind}: {text}");
        }
        for client in rude {
            client.await.expect("a client");
        }
        server.close();
        server.closed().await;
        assert_eq!(held.get(), 0, "seed {seed}: a request was left behind");
    });
}
