//! Fetches a URL and prints the response, as text or JSON; refuses what must be refused.
//!
//! Run: cargo run --example http_client -- --url http://127.0.0.1:8080/ --json
//!
//! Exit status: 0 for any response, 1 where none could be had, 3 where the server's bytes are not to be trusted.

use std::fmt::Write;
use std::process::ExitCode;
use wirebook_http1::client::{Error, Options, Response, get};
use wirebook_net as net;
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// What to fetch
    #[arg(long, default_value = "http://127.0.0.1:8080/")]
    url: String,
    /// Print {"status","headers","body"}, bytes as Latin-1
    #[arg(long)]
    json: bool,
    /// Redirects to follow
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    redirects: u8,
}

/// Bytes of a body that it shows.
const MAX_BODY: usize = 64 * 1024 * 1024;

fn main() -> ExitCode {
    let Arguments { url, json, redirects } = terminal::arguments(include_str!("http_client.rs"));
    let asked = url.clone();
    match net::run(async move { fetch(&asked, redirects, json).await }) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let status = match error {
                Error::Connect(_) | Error::Connection(_) | Error::TimedOut(_) | Error::Option(_) | Error::Io(_) => 1,
                _ => 3,
            };
            eprintln!("error: {}", terminal::asked(url, None)(std::io::Error::from(error)));
            ExitCode::from(status)
        }
    }
}

// ANCHOR: fetch
async fn fetch(url: &str, max_redirects: u8, as_json: bool) -> Result<String, Error> {
    let mut response = get(url, &Options { max_redirects, ..Options::default() }).await?;
    let body = response.bytes(MAX_BODY).await?;
    Ok(if as_json { to_json(&response, &body) } else { to_text(&response, &body) })
}
// ANCHOR_END: fetch

fn to_text(response: &Response, body: &[u8]) -> String {
    let mut text = format!("{} {}\n", response.status(), response.reason().escape_ascii());
    for (name, value) in response.headers().iter() {
        text.extend([&name.escape_ascii().to_string(), ": ", &value.escape_ascii().to_string(), "\n"]);
    }
    text + "\n" + &String::from_utf8_lossy(body)
}

/// `{"status","headers":[[name,value]],"body"}`, bytes as Latin-1.
fn to_json(response: &Response, body: &[u8]) -> String {
    let headers: Vec<String> =
        response.headers().iter().map(|(name, value)| format!("[{},{}]", json(name), json(value))).collect();
    format!("{{\"status\":{},\"headers\":[{}],\"body\":{}}}\n", response.status(), headers.join(","), json(body))
}

/// Bytes as a JSON string: one character each, U+0000 to U+00FF.
fn json(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            b' '..=b'~' => text.push(byte as char),
            _ => write!(text, "\\u{:04x}", byte).expect("a String takes every write"),
        }
    }
    text + "\""
}
