//! What nobody else may see of a request, by its name: fields of a message, keys of a form, parameters of a query. Logs and the page for
//! developers ask the same table.

use super::percent;
use std::borrow::Cow;

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";

/// Names that are secrets as a whole: fields of a message, and what a session, a signature or the token of a form is called in a query.
const SECRET_NAMES: [&str; 9] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "auth", "jwt", "sid", "connect.sid", "sig"];

/// Parts of a name that say that what it names is a secret.
const SECRET_WORDS: [&str; 12] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "csrf",
    "xsrf",
    "session",
    "credential",
    "signature",
];

/// Whether what has this name is nobody's business: a field of a message, a key of a form, a parameter of a query.
///
/// ```
/// use wirebook_web::log::is_secret;
///
/// assert!(is_secret("Set-Cookie") && is_secret("user[password]") && is_secret("X-CSRF-Token") && is_secret("sid"));
/// assert!(!is_secret("name") && !is_secret("author") && !is_secret("side"));
/// ```
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.contains(&&*name) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// A request's target with every secret of its query replaced. Names are read as a form's would be: `p%61ss` is `pass`.
///
/// ```
/// assert_eq!(wirebook_web::log::redact_target("/in?name=Ada&to%6Ben=x7"), "/in?name=Ada&to%6Ben=[redacted]");
/// ```
pub fn redact_target(target: &str) -> Cow<'_, str> {
    redact(target, is_secret)
}

/// The same with secrets of your own.
pub(crate) fn redact(target: &str, is_secret: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let Some((path, query)) = target.split_once('?') else { return Cow::Borrowed(target) };
    let is_hidden = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
        is_secret(&String::from_utf8_lossy(&percent::decode(name.as_bytes())))
    };
    if !query.split('&').any(is_hidden) {
        return Cow::Borrowed(target);
    }
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_hidden(pair) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    };
    Cow::Owned(format!("{path}?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&")))
}
