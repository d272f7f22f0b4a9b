//! What a row of the sentences is, and how the line of source that it names is found.

use serde_json::{Map, Value, json};

/// What it is about, the sentence, the section that holds the rule, and the place in our code that follows it: a file, and
/// a text whose first line there is meant.
pub(crate) struct Row(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
);

/// The sentences of one protocol, in one language.
#[derive(Clone, Copy, Default)]
pub(crate) struct Table(pub(super) &'static [Row]);

macro_rules! sources {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../", $path)))),*]
    };
}

/// The files that rows name.
const SOURCES: &[(&str, &str)] = sources!(
    "cluster/process/src/ipc/channel.rs"
    "cluster/process/src/ipc/error.rs"
    "cluster/process/src/ipc/frame.rs"
    "cluster/process/src/ipc/message.rs"
    "cluster/src/farewell/mod.rs"
    "cluster/src/policy/mod.rs"
    "cluster/src/supervisor/state.rs"
    "http1/src/agent/connection.rs"
    "http1/src/agent/pool.rs"
    "http1/src/server/connections.rs"
    "http2/src/stream/priority.rs"
    "http1/src/parser/split.rs"
    "http1/src/parser/bytewise.rs"
    "http1/src/parser/table.rs"
    "http1/src/parser/swar.rs"
    "http1/src/parser/simd/mod.rs"
    "http1/src/parser/chunked.rs"
    "http1/src/parser/fields.rs"
    "http1/src/parser/error.rs"
    "http1/src/connection/error.rs"
    "http1/src/connection/framing.rs"
    "http1/src/connection/target.rs"
    "http1/src/connection/receive.rs"
    "http1/src/connection/state.rs"
    "websocket/src/frame.rs"
    "websocket/src/error.rs"
    "websocket/src/mask/mod.rs"
    "websocket/src/connection/receive.rs"
    "websocket/src/connection/unfinished.rs"
    "sse/src/channel.rs"
    "sse/src/source/connection.rs"
    "sse/src/codec/line.rs"
    "sse/src/codec/decoder/by_line.rs"
    "web/multipart/src/delimiter.rs"
    "web/multipart/src/head.rs"
    "web/multipart/src/event.rs"
    "web/multipart/src/decoder.rs"
    "web/multipart/src/error.rs"
    "web/src/log/access.rs"
    "web/src/layers/errors.rs"
    "web/src/layers/catch_panic.rs"
    "web/src/layers/timeout.rs"
    "web/src/layers/csrf.rs"
    "web/src/layers/conditional.rs"
    "web/src/onion/next.rs"
    "web/src/context/send.rs"
    "web/src/router/tree.rs"
    "web/src/trust/set_cookie.rs"
    "web/src/trust/keys.rs"
    "web/src/message/cache_control.rs"
    "web/src/message/conditional.rs"
    "web/src/message/range.rs"
    "web/src/message/accept.rs"
    "web/src/context/request.rs"
    "web/src/context/mod.rs"
    "web/src/trust/forwarded.rs"
    "web/src/router/path.rs"
    "web/src/input/pairs.rs"
    "web/src/input/form.rs"
    "web/src/views/mod.rs"
    "lab/src/live/cookie.rs"
    "lab/race/src/contestants.rs"
    "template/src/escape/mod.rs"
    "net/src/kernel/event_loop.rs"
    "net/src/kernel/alive.rs"
    "template/script/src/base/error.rs"
    "template/script/src/expression/access.rs"
    "template/script/src/expression/call.rs"
    "template/script/src/expression/expr.rs"
    "template/script/src/compile/loops.rs"
    "template/script/src/compile/output.rs"
    "template/script/src/compile/stmt.rs"
    "http2/src/wire/header.rs"
    "http2/src/wire/frame.rs"
    "http2/src/wire/settings.rs"
    "http2/src/wire/error.rs"
    "http2/src/stream/state.rs"
    "http2/src/connection/receive.rs"
    "http2/src/connection/block.rs"
    "http2/src/connection/budget.rs"
    "http2/src/connection/clock.rs"
    "http2/src/stream/window.rs"
    "net/tls/src/record.rs"
    "http2/src/event.rs"
    "http2/hpack/src/error.rs"
    "http2/hpack/src/representation.rs"
);

impl Row {
    /// `path:line`; `None` where the text is not in the file any more, which a test says.
    pub(super) fn source(&self) -> Option<String> {
        let Row(_, _, _, path, text) = self;
        let (_, source) = SOURCES.iter().find(|(known, _)| known == path)?;
        Some(format!("{path}:{}", 1 + source[..source.find(text)?].matches('\n').count()))
    }
}

impl Table {
    /// The row of this key.
    pub(crate) fn get(self, key: &str) -> Option<&'static Row> {
        self.0.iter().find(|row| row.0 == key)
    }

    /// The key itself if it has a row, and else the first word of it: of an unknown field's name, `field`.
    pub(crate) fn key(self, key: String) -> String {
        match (self.get(&key), key.split_once(' ')) {
            (None, Some((kind, _))) => kind.into(),
            _ => key,
        }
    }

    /// The section that holds the rule of this key; nothing where there is no row.
    pub(crate) fn rule(self, key: &str) -> &'static str {
        self.get(key).map_or("", |row| row.2)
    }

    /// All of it by key, for the page.
    pub(crate) fn json(self) -> Value {
        let rows = self.0.iter().map(|row| {
            let about = json!({ "say": row.1, "rule": row.2, "source": row.source() });
            (row.0.to_string(), about)
        });
        Value::Object(rows.collect::<Map<_, _>>())
    }
}
