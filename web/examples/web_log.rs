//! Loggers with categories and levels, a line that somebody tried to forge, and secrets that are not written.
//!
//! Run: cargo run --example web_log

use wirebook_net as net;
use wirebook_terminal as terminal;
use wirebook_web::Clock;
use wirebook_web::log::{Access, AccessLayout, Appender, Console, Layout, Level, Log, MOST_WAITING};

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("web_log.rs"));
    net::run(async {
        // ANCHOR: log
        let console = Appender::with(Console, MOST_WAITING, Clock::from(1_795_749_258));
        let log = Log::new(Level::Info, &[(console.clone(), Layout::Basic)]).category(
            "db",
            Level::Debug,
            &[(console.clone(), Layout::Json)],
        );
        log.logger("http").info("listening");
        log.logger("http").debug("nobody asked for this");
        log.logger("db.pool").debug("3 connections");
        log.logger("auth").warn("no such user: ada\n[2026-11-27T03:14:18.000Z] [INFO] auth - admin logged in");
        console.line(&AccessLayout::Common.line(&Access {
            at: console.clock().now(),
            method: "GET".into(),
            target: "/in?name=ada&token=x7".into(),
            version: "1.1",
            status: 200,
            ..Access::default()
        }));
        log.flush().await;
        // ANCHOR_END: log
        Ok(())
    })
}
