//! The web layer: rings, routes, cookies, what is signed, what is kept.

use super::table::{Row, Table};

const ACCESS: &str = "web/src/log/access.rs";
const ERRORS: &str = "web/src/layers/errors.rs";
const PANIC: &str = "web/src/layers/catch_panic.rs";
const TIMEOUT: &str = "web/src/layers/timeout.rs";
const CSRF: &str = "web/src/layers/csrf.rs";
const CONDITIONAL: &str = "web/src/layers/conditional.rs";
const NEXT: &str = "web/src/onion/next.rs";
const SEND: &str = "web/src/context/send.rs";
const TREE: &str = "web/src/router/tree.rs";
const SET_COOKIE: &str = "web/src/trust/set_cookie.rs";
const COOKIE: &str = "lab/src/live/cookie.rs";
const KEYS: &str = "web/src/trust/keys.rs";
const CONTROL: &str = "web/src/message/cache_control.rs";
const DECIDE: &str = "web/src/message/conditional.rs";
const RANGE: &str = "web/src/message/range.rs";
const ACCEPT: &str = "web/src/message/accept.rs";
const REQUEST: &str = "web/src/context/request.rs";
const CONTEXT: &str = "web/src/context/mod.rs";
const FORWARDED: &str = "web/src/trust/forwarded.rs";
const PATH: &str = "web/src/router/path.rs";
const PAIRS: &str = "web/src/input/pairs.rs";
const FORM: &str = "web/src/input/form.rs";
const VIEWS: &str = "web/src/views/mod.rs";

/// Rings of an onion.
#[rustfmt::skip]
pub(crate) const ONION: Table = Table(&[
    Row("ring log", "sees what comes out of the rings further inside: a failure if nobody has made an answer of it there", "ours", ACCESS, "pub fn access_log"),
    Row("ring errors", "makes an answer of a failure that comes out of it; rings further out see the answer, those inside the failure", "ours", ERRORS, "pub fn errors"),
    Row("ring catch_panic", "makes a failure of a panic; without it the connection breaks off, and rings are not left in order", "ours", PANIC, "pub fn catch_panic"),
    Row("ring timeout", "drops what is inside of it where that waits, and answers in its place", "RFC 9110 §15.6.4", TIMEOUT, "pub fn timeout"),
    Row("ring by_origin", "an edge: on the way in it turns back what another page has asked for, and nothing inside of it runs", "ours", CSRF, "pub fn by_origin"),
    Row("ring conditional", "gives an answer a tag on the way out, and sends no body where the client has it", "RFC 9110 §13.2", CONDITIONAL, "pub fn conditional"),
    Row("ring handler", "what is innermost: it answers, fails, or passes the request on", "ours", NEXT, "Turn::Handler(course) =>"),
    Row("ring on_error", "hears of every failure that is our own fault, once, from whoever makes an answer of it", "ours", SEND, "pub fn report"),
    Row("ring writer", "the one place that writes: it comes when all rings have been left", "ours", SEND, "pub(crate) async fn finish"),
]);

/// Nodes of a tree of routes.
#[rustfmt::skip]
pub(crate) const ROUTER: Table = Table(&[
    Row("walk on", "the path goes on with this place, and what is found lies here or below", "ours", TREE, "fn on<"),
    Row("walk back", "the path goes on with this place, but neither here nor below is what fits; so the walk takes the next choice of the place above", "ours", TREE, "The last choice of a node"),
    Row("walk not", "the path does not go on with this place", "ours", TREE, "fn takes"),
    Row("walk unseen", "nobody had to look here: something that is tried earlier has been found, or the place above was not reached", "ours", TREE, "fn child"),
]);

/// What a browser asks itself about a cookie.
#[rustfmt::skip]
pub(crate) const COOKIES: Table = Table(&[
    Row("cookie read", "a name, a value, and attributes behind semicolons; what is not understood is passed over", "RFC 6265 §5.2", SET_COOKIE, "pub fn parse"),
    Row("cookie domain", "a host may set cookies for itself and for a domain above it, and for nobody else's", "RFC 6265 §5.1.3", COOKIE, "fn below"),
    Row("cookie rules", "Secure wants TLS, SameSite=None wants Secure, and a name with a prefix wants what the prefix promises", "RFC 6265 §5.3", SET_COOKIE, "pub fn kept"),
    Row("cookie end", "Max-Age goes before Expires; without either a cookie ends with the browser, and 400 days are the most", "RFC 6265 §5.3", SET_COOKIE, "Some(seconds) if seconds <= 0"),
    Row("cookie host", "without a Domain it goes back to the very host that set it, and with one to all hosts below", "RFC 6265 §5.4", COOKIE, "fn below"),
    Row("cookie path", "the path of the request lies at the cookie's or below it, and a segment is not cut", "RFC 6265 §5.1.4", COOKIE, "fn leads"),
    Row("cookie secure", "a cookie that is Secure goes over TLS alone", "RFC 6265 §5.4", SET_COOKIE, "pub secure: bool"),
    Row("cookie samesite", "whether it goes along when another site has made the request", "RFC 6265 §5.4", SET_COOKIE, "pub enum SameSite"),
    Row("cookie httponly", "with HttpOnly no script sees it, and so none can carry it away", "RFC 6265 §5.4", SET_COOKIE, "pub http_only: bool"),
]);

/// Pieces of a signed value.
#[rustfmt::skip]
pub(crate) const SIGNED: Table = Table(&[
    Row("signed version", "how the rest is made; it is signed as well, so that nobody can turn it back to a weaker way", "ours", KEYS, "for part in [&b\"v1\""),
    Row("signed value", "the value in base64url: anybody can read it, and nobody can change it", "RFC 4648 §5", KEYS, "pub fn sign"),
    Row("signed end", "when it ends, in seconds since 1970: a cookie's own Max-Age does not come back, so it is signed here", "ours", KEYS, "now < expires"),
    Row("signed code", "the code over version, name, value, end and binding, by the key of one purpose", "RFC 2104 §2", KEYS, "fn code("),
    Row("signed dot", "stands between two pieces, and in none of them", "ours", KEYS, "token.split('.')"),
]);

/// Decisions of caches and servers.
#[rustfmt::skip]
pub(crate) const CACHE: Table = Table(&[
    Row("cache kept?", "whether a cache that serves many people may keep the answer at all", "RFC 9111 §3", CONTROL, "pub fn store"),
    Row("cache lifetime", "for how long an answer is fresh from its Date: s-maxage goes before max-age, max-age before Expires, and that before a guess", "RFC 9111 §4.2.1", CONTROL, "pub fn lifetime"),
    Row("cache serves?", "a fresh copy serves; a stale one does where the request allows it and the answer does not forbid it", "RFC 9111 §4", CONTROL, "pub fn reuse"),
    Row("cache method", "the method selects nothing that conditions could be about", "RFC 9110 §13.2.1", DECIDE, "fn verdict"),
    Row("cache if-match", "perform the method only if what lies there is what the client has seen: nobody's change is lost", "RFC 9110 §13.1.1", DECIDE, "asked.if_match {"),
    Row("cache if-unmodified-since", "the same by a date, where there is no If-Match", "RFC 9110 §13.1.4", DECIDE, "asked.if_unmodified_since {"),
    Row("cache if-none-match", "the client has one of these: 304 to a reader, 412 to a writer; tags are compared weakly", "RFC 9110 §13.1.2", DECIDE, "asked.if_none_match {"),
    Row("cache if-modified-since", "the same by a date, for readers, where there is no If-None-Match", "RFC 9110 §13.1.3", DECIDE, "asked.if_modified_since {"),
    Row("cache if-range", "the range counts only if the client has the beginning of the same thing: else it gets the whole", "RFC 9110 §13.1.5", DECIDE, "asked.if_range) {"),
    Row("cache range", "a part is sent as 206, what lies behind the end is 416, and whatever is odd is ignored", "RFC 9110 §14.2", RANGE, "pub fn ranges"),
]);

/// What a handler asks of a request.
#[rustfmt::skip]
pub(crate) const READING: Table = Table(&[
    Row("read method", "a word whose case counts; agents and proxies send idempotent ones again when a connection breaks", "RFC 9110 §9.2", REQUEST, "pub fn is_idempotent"),
    Row("read path", "its one form, which every ring and handler sees: nobody can mean something else by it", "RFC 3986 §3.3", PATH, "pub fn wash"),
    Row("read query", "pairs of names and values in their order; a plus sign is a space, and nothing here is an error", "URL §5.1", PAIRS, "pub fn pairs"),
    Row("read tree", "names with brackets, taken apart; what could be read in two ways is refused, and so is what passes a bound", "ours", FORM, "pub fn form"),
    Row("read host", "which of our sites is meant, as the client says; for another than ours the answer is 421", "RFC 9110 §7.4", CONTEXT, "let hosts = &self.site.options.hosts"),
    Row("read client", "the other end of the connection; if that is a proxy of ours, whom that proxy names, and so on", "RFC 7239 §5.2", FORWARDED, "fn walk("),
    Row("read protocol", "whether the client spoke TLS, to us or to our outermost proxy", "RFC 7239 §5.4", FORWARDED, "fn secure("),
    Row("read type", "the offer whose closest range is the heaviest; a weight of 0 is a refusal", "RFC 9110 §12.5.1", ACCEPT, "pub fn types"),
    Row("read language", "the same for languages: who wants British English reads English", "RFC 9110 §12.5.4", ACCEPT, "pub fn languages"),
    Row("read coding", "the same for codings, in our own order among those that weigh the same", "RFC 9110 §12.5.3", ACCEPT, "pub fn encodings"),
]);

/// Moments of a page in parts.
#[rustfmt::skip]
pub(crate) const PIPE: Table = Table(&[
    Row("pipe ready", "a part is there; all parts are made at the same time, and this one goes out next", "ours", VIEWS, "fn poll_part"),
    Row("pipe fails", "a part has failed when the page was on its way: it is left out, and the others come", "ours", VIEWS, "Err(failure) => report(&failure)"),
    Row("pipe heard", "the visitor is told nothing, and the log has the reason", "ours", VIEWS, "let report = move"),
    Row("pipe arrives", "a chunk of a body whose length nobody knows yet; a browser shows what it has", "RFC 9112 §7.1", VIEWS, "async fn next"),
]);
