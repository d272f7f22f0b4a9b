//! An event source on the command line, which comes back when the connection breaks.
//!
//! Run: cargo run --example sse_client -- --url http://127.0.0.1:8003/events --json
//!
//! `--json` prints each event as a line `{"type","data","lastEventId"}`. `--header 'NAME: VALUE'`, as often as you like, adds
//! a field to the request; one that cannot be sent is a mistake in the arguments. Exit status: 0 when the server ended the stream
//! with 204, 1 when it was refused after it had been open, 2 when it never opened, 64 for a mistake in the arguments.
//! A server that is not there is asked again and again, as a browser does; `--attempts N` gives up after N in a row.

use std::process::ExitCode;

use serde_json::json;
use wirebook_net as net;
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::{Closed, Settings};

fn main() -> ExitCode {
    let argument = |name: &str| std::env::args().skip_while(|argument| argument != name).nth(1);
    let as_json = std::env::args().any(|argument| argument == "--json");
    let usage =
        "sse_client --url http://HOST:PORT/PATH [--json] [--header 'NAME: VALUE'] [--last-event-id ID] [--attempts N]";
    if std::env::args().any(|argument| argument == "--help") {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    let Some(url) = argument("--url") else {
        eprintln!("{usage}");
        return ExitCode::from(64);
    };
    let attempts = argument("--attempts").and_then(|text| text.parse().ok());
    let last_event_id = argument("--last-event-id").unwrap_or_default();
    let settings = Settings { last_event_id, headers: headers(), ..Settings::default() };
    let result = net::block_on(async move {
        net::spawn(async {
            if net::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
        let code = watch(&url, settings, as_json, attempts).await;
        net::stop();
        code
    });
    result.unwrap_or_else(|error| {
        eprintln!("sse_client: {error}");
        ExitCode::from(2)
    })
}

/// Every `--header NAME: VALUE`.
fn headers() -> Vec<(String, String)> {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.windows(2).filter(|pair| pair[0] == "--header").map(|pair| &pair[1]);
    given
        .map(|line| line.split_once(':').unwrap_or((line, "")))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

// ANCHOR: watch
async fn watch(url: &str, settings: Settings, as_json: bool, attempts: Option<u32>) -> ExitCode {
    let mut source = match EventSource::with_settings(url, settings) {
        Ok(source) => source,
        Err(error) => {
            eprintln!("sse_client: {url}: {error}");
            return ExitCode::from(64);
        }
    };
    let (mut was_open, mut failed) = (false, 0);
    loop {
        match source.next().await {
            Ok(Notice::Open) => {
                (was_open, failed) = (true, 0);
                eprintln!("open");
            }
            Ok(Notice::Event(event)) if as_json => {
                let id = event.id.unwrap_or_default();
                println!("{}", json!({"type": event.event_type, "data": event.data, "lastEventId": id}));
            }
            Ok(Notice::Event(event)) => println!("{:>8}  {}", event.event_type, event.data),
            Ok(Notice::Reconnecting { after, cause }) => {
                failed += 1;
                if attempts.is_some_and(|attempts| failed >= attempts) {
                    eprintln!("{cause}; given up after {failed} attempts");
                    return ExitCode::from(if was_open { 1 } else { 2 });
                }
                eprintln!("{cause}; again in {} ms", after.as_millis());
            }
            Err(why) => {
                eprintln!("{why}");
                return match why {
                    Closed::NoContent => ExitCode::SUCCESS,
                    _ if was_open => ExitCode::from(1),
                    _ => ExitCode::from(2),
                };
            }
        }
    }
}
// ANCHOR_END: watch
