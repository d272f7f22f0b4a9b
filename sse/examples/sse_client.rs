//! An event source on the command line, which comes back when the connection breaks.
//!
//! Run: cargo run --example sse_client -- --url http://127.0.0.1:8003/events --json
//!
//! Exit status: 0 when the server ended the stream with 204, 1 when it was refused after it had been open, 2 when it never
//! opened, 64 for a mistake in the arguments. A server that is not there is asked again and again, as a browser does.

use std::process::ExitCode;

use serde_json::json;
use wirebook_net as net;
use wirebook_sse::client::{EventSource, Notice};
use wirebook_sse::{Closed, Settings};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// The event stream, as http://HOST:PORT/PATH
    #[arg(long)]
    url: String,
    /// Print each event as a line {"type","data","lastEventId"}
    #[arg(long)]
    json: bool,
    /// A field for the request, as often as you like
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Go on behind the event with this id
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    last_event_id: String,
    /// Give up after so many attempts in a row
    #[arg(long, value_name = "COUNT")]
    attempts: Option<u32>,
}

fn main() -> ExitCode {
    let arguments: Arguments = terminal::arguments(include_str!("sse_client.rs"));
    let Arguments { url, json, headers, last_event_id, attempts } = arguments;
    let field = |line: &String| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (name.to_string(), value.to_string())
    };
    let settings = Settings { last_event_id, headers: headers.iter().map(field).collect(), ..Settings::default() };
    let result = net::block_on(async move {
        net::spawn(async {
            if net::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
        let code = watch(&url, settings, json, attempts).await;
        net::stop();
        code
    });
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

// ANCHOR: watch
async fn watch(url: &str, settings: Settings, as_json: bool, attempts: Option<u32>) -> ExitCode {
    let mut source = match EventSource::with_settings(url, settings) {
        Ok(source) => source,
        Err(error) => {
            eprintln!("error: {url}: {error}");
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
                    eprintln!("{cause}; given up after {failed} attempts at {url}");
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
