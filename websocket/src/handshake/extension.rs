//! `Sec-WebSocket-Extensions`: its grammar, and the negotiation of permessage-deflate.
//!
//! ```abnf
//! extension-list  = 1#extension                                   ; RFC 6455 §9.1
//! extension       = extension-token *( ";" extension-param )
//! extension-param = token [ "=" (token | quoted-string) ]         ; the unquoted string must be a token too
//! ```
//!
//! Who says what (RFC 7692 §7.1), from the server's view:
//!
//! | parameter | the client offers it: | the server answers it: | unasked? |
//! |---|---|---|---|
//! | `server_no_context_takeover` | "start anew with each message, please" | "I shall" | yes |
//! | `client_no_context_takeover` | "I would start anew anyway" | "start anew with each message" | yes |
//! | `server_max_window_bits=8…15` | "use a window of at most this" | "I shall" | yes |
//! | `client_max_window_bits[=8…15]` | "you may set my window (and I use at most this)" | "use at most this" | no |

use std::borrow::Cow;

use super::is_token;
use crate::config::Deflate;
use crate::deflate::Negotiated;

/// The extension's token.
pub const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

/// Parameters that one extension may have; with more the list counts as malformed.
pub const MAX_PARAMS: usize = 16;

/// One element of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The extension's token.
    pub name: &'a str,
    /// Its parameters in order: name, and value without its quotes.
    pub params: Vec<(&'a str, Option<Cow<'a, str>>)>,
}

/// The list was not of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads one field line's list, in one pass.
///
/// ```
/// use wirebook_websocket::handshake::extension::parse;
/// let list = parse(b"permessage-deflate; client_max_window_bits=\"10\", x").unwrap();
/// assert_eq!(list[0].name, "permessage-deflate");
/// assert_eq!(list[0].params[0].1.as_deref(), Some("10"));
/// assert!(parse(b"a; =b").is_err());
/// ```
pub fn parse(value: &[u8]) -> Result<Vec<Extension<'_>>, Malformed> {
    let mut reader = Reader { rest: value };
    let mut list = Vec::new();
    loop {
        // RFC 9110 §5.6.1: a recipient accepts empty elements.
        while reader.take(b',') {}
        if reader.rest.is_empty() {
            return Ok(list);
        }
        let mut extension = Extension { name: reader.token()?, params: Vec::new() };
        while reader.take(b';') {
            if extension.params.len() == MAX_PARAMS {
                return Err(Malformed);
            }
            let name = reader.token()?;
            let value = if reader.take(b'=') { Some(reader.value()?) } else { None };
            extension.params.push((name, value));
        }
        list.push(extension);
        if !reader.rest.is_empty() && !reader.take(b',') {
            return Err(Malformed);
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Takes this byte and white space around it.
    fn take(&mut self, byte: u8) -> bool {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.strip_prefix(&[byte]) {
            Some(rest) => {
                self.rest = rest.trim_ascii_start();
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Result<&'a str, Malformed> {
        let end = self.rest.iter().position(|byte| !is_token(&[*byte])).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest.trim_ascii_start();
        if token.is_empty() { Err(Malformed) } else { std::str::from_utf8(token).map_err(|_| Malformed) }
    }

    fn value(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let Some(quoted) = self.rest.strip_prefix(b"\"") else { return self.token().map(Cow::Borrowed) };
        let mut text = Vec::new();
        let mut bytes = quoted.iter();
        loop {
            match bytes.next() {
                Some(b'"') => break,
                Some(b'\\') => text.push(*bytes.next().ok_or(Malformed)?),
                Some(byte) => text.push(*byte),
                None => return Err(Malformed),
            }
        }
        self.rest = bytes.as_slice().trim_ascii_start();
        // §9.1: the value after quoted-string unescaping MUST conform to the token ABNF.
        if !is_token(&text) {
            return Err(Malformed);
        }
        String::from_utf8(text).map(Cow::Owned).map_err(|_| Malformed)
    }
}

/// The parameters of permessage-deflate, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Params {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// In an offer it may stand without a value: `Some(None)`.
    client_max_window_bits: Option<Option<u8>>,
}

impl Params {
    /// `None`: a parameter that is unknown, twice there, or of no allowed value.
    fn read(extension: &Extension<'_>) -> Option<Params> {
        let mut params = Params::default();
        for (name, value) in &extension.params {
            let fresh = match (*name, value.as_deref()) {
                ("server_no_context_takeover", None) => {
                    !std::mem::replace(&mut params.server_no_context_takeover, true)
                }
                ("client_no_context_takeover", None) => {
                    !std::mem::replace(&mut params.client_no_context_takeover, true)
                }
                ("server_max_window_bits", Some(value)) => {
                    params.server_max_window_bits.replace(window_bits(value)?).is_none()
                }
                ("client_max_window_bits", None) => params.client_max_window_bits.replace(None).is_none(),
                ("client_max_window_bits", Some(value)) => {
                    params.client_max_window_bits.replace(Some(window_bits(value)?)).is_none()
                }
                _ => false,
            };
            if !fresh {
                return None;
            }
        }
        Some(params)
    }

    fn write(&self) -> String {
        let mut text = String::from(PERMESSAGE_DEFLATE);
        if self.server_no_context_takeover {
            text += "; server_no_context_takeover";
        }
        if self.client_no_context_takeover {
            text += "; client_no_context_takeover";
        }
        if let Some(bits) = self.server_max_window_bits {
            text += &format!("; server_max_window_bits={bits}");
        }
        match self.client_max_window_bits {
            Some(Some(bits)) => text += &format!("; client_max_window_bits={bits}"),
            Some(None) => text += "; client_max_window_bits",
            None => {}
        }
        text
    }
}

/// §7.1.2: a decimal integer without leading zeroes between 8 and 15.
fn window_bits(value: &str) -> Option<u8> {
    let canonical = !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|bits| canonical && (8..=15).contains(bits))
}

/// The server's choice: the first offer that it can keep (RFC 7692 §5.1), and the text to answer with.
pub(crate) fn choose(offers: &[Extension<'_>], wants: &Deflate) -> Option<(Negotiated, String)> {
    let wants = wants.in_range();
    let deflate = offers.iter().filter(|offer| offer.name.eq_ignore_ascii_case(PERMESSAGE_DEFLATE));
    deflate.filter_map(Params::read).find_map(|offer| {
        // ANCHOR: choose
        let own = offer.server_max_window_bits.unwrap_or(15).min(wants.own_window_bits);
        // zlib has no window of 256 bytes: such an offer is declined (§7.1.2.1).
        if own < 9 {
            return None;
        }
        let peer = offer.client_max_window_bits.map_or(15, |hint| hint.unwrap_or(15).min(wants.peer_window_bits));
        let answer = Params {
            server_no_context_takeover: offer.server_no_context_takeover || !wants.own_takeover,
            client_no_context_takeover: offer.client_no_context_takeover || !wants.peer_takeover,
            server_max_window_bits: (own < 15 || offer.server_max_window_bits.is_some()).then_some(own),
            client_max_window_bits: (peer < 15).then_some(Some(peer)),
        };
        // ANCHOR_END: choose
        let agreed = Negotiated {
            own_takeover: !answer.server_no_context_takeover,
            peer_takeover: !answer.client_no_context_takeover,
            own_window_bits: own,
            peer_window_bits: peer,
        };
        Some((agreed, answer.write()))
    })
}

/// The client's offer.
pub(crate) fn offer(wants: &Deflate) -> String {
    let wants = wants.in_range();
    Params {
        server_no_context_takeover: !wants.peer_takeover,
        client_no_context_takeover: !wants.own_takeover,
        server_max_window_bits: (wants.peer_window_bits < 15).then_some(wants.peer_window_bits),
        client_max_window_bits: Some((wants.own_window_bits < 15).then_some(wants.own_window_bits)),
    }
    .write()
}

/// The client's check of the response to [`offer`]: `Err` where the server answered with what was not offered.
pub(crate) fn confirm(answers: &[Extension<'_>], wants: Option<&Deflate>) -> Result<Option<Negotiated>, Malformed> {
    let (answer, wants) = match (answers, wants) {
        ([], _) => return Ok(None),
        ([answer], Some(wants)) if answer.name.eq_ignore_ascii_case(PERMESSAGE_DEFLATE) => (answer, wants),
        _ => return Err(Malformed),
    };
    let wants = wants.in_range();
    let params = Params::read(answer).ok_or(Malformed)?;
    let peer = params.server_max_window_bits.unwrap_or(15);
    let own = match params.client_max_window_bits {
        None => 15,
        Some(bits) => bits.ok_or(Malformed)?,
    };
    // §7.1.1.1, §7.1.2.1: what was asked for must be granted.
    if !wants.peer_takeover && !params.server_no_context_takeover || peer > wants.peer_window_bits {
        return Err(Malformed);
    }
    Ok(Some(Negotiated {
        own_takeover: wants.own_takeover && !params.client_no_context_takeover,
        peer_takeover: !params.server_no_context_takeover,
        own_window_bits: own.min(wants.own_window_bits),
        peer_window_bits: peer,
    }))
}
