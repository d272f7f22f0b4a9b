//! A WebSocket server that echoes, with its defaults but for what a row configures.

use super::record::Notes;
use crate::attacks::row::Keys;
use std::sync::Arc;
use std::time::Duration;
use wirebook_net::{self as net, Listener};
use wirebook_websocket::handshake::{Origin, server::Policy};
use wirebook_websocket::{self as websocket, Accepted, Code, Config, Deflate, Hub, Options};

/// Broadcasts of 64 KiB, for a row about one who never reads them.
const BROADCASTS: usize = 1000;

/// What the handler does before it echoes.
#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Echoes,
    /// Closes at once with this code.
    Closes(u16),
    /// Broadcasts 64 KiB, again and again, a turn of the loop apart.
    Broadcasts,
}

fn configure(config: &Keys) -> (Options, Kind) {
    let mut settings = Config { deflate: Some(Deflate::default()), ..Config::default() };
    let mut policy = Policy::default();
    let mut kind = Kind::Echoes;
    let mut heartbeat = settings.heartbeat.expect("a heartbeat by default");
    for (key, value) in config {
        let texts = || value.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned()));
        let number = value.as_u64().unwrap_or_default();
        let millis = Duration::from_millis(number);
        match (key.as_str(), value.as_str()) {
            ("allowed_origins", _) => policy.origin = Origin::Any(texts().collect()),
            ("subprotocols", _) => policy.protocols = texts().collect(),
            ("max_message", _) => settings.limits.message = number as usize,
            ("close_timeout_ms", _) => settings.close_timeout = millis,
            ("ping_interval_ms", _) => heartbeat.interval = millis,
            ("ping_timeout_ms", _) => heartbeat.timeout = millis,
            ("server_closes", _) => kind = Kind::Closes(number as u16),
            ("handler", Some("broadcast_64KiB_every_ms")) => kind = Kind::Broadcasts,
            _ => panic!("a configuration that nobody sets: {key} = {value}"),
        }
    }
    settings.heartbeat = Some(heartbeat);
    (Options { policy, config: Arc::new(settings), ..Options::default() }, kind)
}

pub(super) fn serve<L: Listener + 'static>(config: &Keys, listener: L, record: &Arc<Notes>) {
    let (options, kind) = configure(config);
    let (hub, record) = (Hub::default(), record.clone());
    websocket::serve_on(listener, (), options, async move |connection: Accepted<L::Stream>| {
        let Accepted { mut reader, writer, .. } = connection;
        match kind {
            Kind::Closes(code) => writer.close(Code(code), "")?,
            Kind::Broadcasts => {
                let _seat = hub.join("all", &writer);
                let payload = vec![b'x'; 64 << 10];
                for _ in 0..BROADCASTS {
                    hub.broadcast("all", &payload[..]);
                    net::yield_now().await;
                }
            }
            Kind::Echoes => {}
        }
        let ended = loop {
            match reader.next().await {
                Ok(Some(message)) => match writer.send(message).await {
                    Ok(()) => {}
                    Err(error) => break Err(error.into()),
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error.into()),
            }
        };
        let code = writer.farewell().map_or(0, |close| close.code.0);
        record.write(|record| record.ends.push((code, net::now())));
        ended
    });
}
