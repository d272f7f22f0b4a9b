//! The widget of the book in which bytes play.

use crate::Case;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Bytes of input that a link carries at most: what a browser's address bar and a chat still take.
const MAX_INPUT: usize = 4096;

/// The page of the book, from its root, on which the case plays in its widget; `None` where it is too large for a link, or
/// its protocol has no widget.
pub fn link(case: &Case) -> Option<String> {
    let protocol = case.place.split('/').next()?;
    let first = case.input.first()?;
    if protocol == "template" {
        let json = case.block("json").map_or(&b"{}"[..], |block| &block.bytes);
        let [source, data] = [&first.bytes, json].map(|text| std::str::from_utf8(text).ok());
        let [source, data] = [source?, data?].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        let fits = first.settings.iter().next().is_none() && first.bytes.len() + json.len() <= MAX_INPUT;
        return fits.then(|| format!("/template/closures.html#template.template={source}&template.data={data}"));
    }
    let mut link = link_to(protocol, &case.input.iter().flat_map(|block| block.bytes.clone()).collect::<Vec<_>>())?;
    for role in ["client", "deflate"].into_iter().filter(|role| first.settings.has(role)) {
        link += &format!("&frame.{role}=1");
    }
    Some(link)
}

/// The same for bytes that stand in no case, such as those of a hostile row.
pub fn link_to(protocol: &str, bytes: &[u8]) -> Option<String> {
    let (page, widget) = match protocol {
        "http1" => ("http1/head", "head"),
        "websocket" => ("websocket/frames", "frame"),
        "sse" => ("sse/event-stream", "event-stream"),
        _ => return None,
    };
    let input = URL_SAFE_NO_PAD.encode(bytes);
    (bytes.len() <= MAX_INPUT).then(|| format!("/{page}.html#{widget}.input={input}"))
}
