//! The widget of cookies: a Set-Cookie as a browser reads it, whether it keeps the cookie, and whether it sends it along with a later
//! request. What the field says and which rules the cookie breaks is the production reader's word; the rest of a browser, which is
//! where it sends a cookie, is here.

use super::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wirebook_web::date;
use wirebook_web::trust::{Received, Refusal, SameSite, SetCookie};

/// The evening on which the browser of the widget lives: 27 November 2026, 20:00.
const NOW: u64 = 1_795_809_600;

/// What may make a request, and whether that is another site and whether it is a followed link.
const CAUSES: [(&str, bool, bool); 4] = [
    ("our own page", false, false),
    ("a link of another site", true, true),
    ("a form of another site", true, false),
    ("a picture in another site", true, false),
];

/// A label, the field, who sent it, what is asked for, and the cause.
const EXAMPLES: [(&str, &str, &str, &str, usize); 10] = [
    (
        "as it should be",
        "__Host-sid=x7; Path=/; Secure; HttpOnly; SameSite=Lax",
        "https://tea.example/login",
        "https://tea.example/cart",
        0,
    ),
    (
        "a form of another site",
        "sid=x7; Path=/; Secure; HttpOnly; SameSite=Lax",
        "https://tea.example/",
        "https://tea.example/pay",
        2,
    ),
    (
        "strict, and a link",
        "sid=x7; Path=/; Secure; SameSite=Strict",
        "https://tea.example/",
        "https://tea.example/cart",
        1,
    ),
    ("None without Secure", "sid=x7; Path=/; SameSite=None", "https://tea.example/", "https://tea.example/", 3),
    (
        "a prefix that promises",
        "__Host-sid=x7; Path=/; Secure; Domain=tea.example",
        "https://tea.example/",
        "https://tea.example/",
        0,
    ),
    ("Secure, in clear", "sid=x7; Path=/; Secure", "http://tea.example/", "http://tea.example/", 0),
    (
        "for all hosts below",
        "lang=de; Domain=tea.example; Path=/",
        "https://shop.tea.example/",
        "https://mail.tea.example/",
        0,
    ),
    (
        "for a domain of others",
        "lang=de; Domain=milk.example; Path=/",
        "https://tea.example/",
        "https://milk.example/",
        0,
    ),
    ("another path", "page=3; Path=/teas", "https://tea.example/teas", "https://tea.example/teasers", 0),
    ("taken away", "sid=; Path=/; Max-Age=0", "https://tea.example/logout", "https://tea.example/", 0),
];

/// What the widget can be given.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |(label, set, from, asks, by): &(&'static str, _, _, _, usize)| {
        (*label, json!({ "set": set, "from": from, "asks": asks, "by": CAUSES[*by].0 }))
    };
    EXAMPLES.iter().map(state).collect()
}

pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    vec![("by", "what makes the request", CAUSES.map(|(label, ..)| label.to_owned()).to_vec())]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// The value of a Set-Cookie.
    set: String,
    /// The URL whose answer had it.
    from: String,
    /// The URL that is asked for later.
    asks: String,
    by: String,
}

/// What the widget shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Shown {
    /// What the browser asks itself, in its order.
    pub(crate) steps: Vec<Step>,
    /// The Cookie that is sent; `None`: it is not.
    pub(crate) sent: Option<String>,
    pub(crate) verdict: String,
    /// What our own writer says of such a cookie.
    pub(crate) ours: String,
}

/// One question of a browser, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Step {
    /// `read`, `keep` or `send`.
    pub(crate) stage: &'static str,
    pub(crate) what: String,
    pub(crate) holds: bool,
    pub(crate) because: String,
    pub(crate) rule: &'static str,
    /// The row of the table of sentences.
    pub(crate) key: &'static str,
}

struct Place<'u> {
    is_secure: bool,
    host: &'u str,
    path: &'u str,
}

fn place(url: &str) -> Result<Place<'_>, String> {
    let (is_secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Err(format!("A URL begins with https:// or http://: {url}")),
    };
    let (host, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if host.is_empty() || !is_name(host) {
        return Err(format!("This is no host: {host:?}"));
    }
    Ok(Place { is_secure, host, path: path.split(['?', '#']).next().unwrap_or("/") })
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where a URL is none.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let (from, to) = (place(ask.from.trim())?, place(ask.asks.trim())?);
    let cause = CAUSES.into_iter().find(|(label, ..)| *label == ask.by).ok_or("Nothing makes such a request.")?;
    let mut browser = Browser { steps: Vec::new() };
    let cookie = browser.keep(ask.set.trim(), &from);
    let sent = cookie.as_ref().filter(|cookie| browser.send(cookie, &from, &to, cause));
    let sent = sent.map(|cookie| format!("Cookie: {}={}", cookie.name, cookie.value));
    let verdict = match (&cookie, &sent) {
        (None, _) => "It is not kept.",
        (_, None) => "It is kept, and not sent.",
        _ => "It is kept, and sent.",
    };
    Ok(Shown { ours: ours(ask.set.trim()), sent, verdict: verdict.into(), steps: browser.steps })
}

struct Browser {
    steps: Vec<Step>,
}

impl Browser {
    fn step(
        &mut self,
        stage: &'static str,
        key: &'static str,
        what: String,
        holds: bool,
        because: String,
        rule: &'static str,
    ) -> bool {
        self.steps.push(Step { stage, what, holds, because, rule, key });
        holds
    }

    /// RFC 6265bis §5.6 and §5.7.
    fn keep(&mut self, field: &str, from: &Place<'_>) -> Option<Received> {
        let cookie = match Received::parse(field, NOW) {
            Ok(cookie) => cookie,
            Err(refusal) => {
                self.step("read", "cookie read", "is it a cookie?".into(), false, refused(refusal), "RFC 6265 §5.2");
                return None;
            }
        };
        let read = format!("{} is {:?}", cookie.name, cookie.value);
        self.step("read", "cookie read", "is it a cookie?".into(), true, read, "RFC 6265 §5.2");
        let (holds, because) = match &cookie.domain {
            None => (true, format!("there is no Domain: for {} alone", from.host)),
            Some(domain) if !domain.contains('.') => (false, format!("{domain} is everybody's")),
            Some(domain) if below(from.host, domain) => (true, format!("for {domain}, and all hosts below it")),
            Some(domain) => (false, format!("{} is not {domain}, nor below it", from.host)),
        };
        if !self.step("keep", "cookie domain", "may this host set it?".into(), holds, because, "RFC 6265 §5.1.3") {
            return None;
        }
        let kept = cookie.kept(from.is_secure);
        let because = kept.err().map_or("it breaks no rule".into(), refused);
        let rule = "RFC 6265 §5.3";
        if !self.step("keep", "cookie rules", "does it keep its promises?".into(), kept.is_ok(), because, rule) {
            return None;
        }
        let lives = cookie.expires.is_none_or(|expires| expires > NOW);
        let because = match cookie.expires {
            None => "until the browser is closed".into(),
            Some(_) if !lives => "it has ended: one of this name is taken away".into(),
            Some(expires) => format!("until {}", date(expires)),
        };
        self.step("keep", "cookie end", "for how long?".into(), lives, because, "RFC 6265 §5.3").then_some(cookie)
    }

    /// RFC 6265bis §5.8.3.
    fn send(
        &mut self,
        cookie: &Received,
        from: &Place<'_>,
        to: &Place<'_>,
        (_, is_cross, is_link): (&str, bool, bool),
    ) -> bool {
        let (is_host, because) = match &cookie.domain {
            None => (to.host.eq_ignore_ascii_case(from.host), format!("it is for {} alone", from.host)),
            Some(domain) => (below(to.host, domain), format!("it is for {domain} and below")),
        };
        let mut goes = self.step("send", "cookie host", format!("to {}?", to.host), is_host, because, "RFC 6265 §5.4");
        let default = from.path.rfind('/').filter(|slash| *slash > 0).map_or("/", |slash| &from.path[..slash]);
        let path = cookie.path.as_deref().unwrap_or(default);
        let is_path = leads(to.path, path);
        goes &= self.step(
            "send",
            "cookie path",
            format!("to {}?", to.path),
            is_path,
            format!("it is for {path}"),
            "RFC 6265 §5.1.4",
        );
        let because = if cookie.secure { "it is Secure: over TLS alone" } else { "it is not Secure: in clear, too" };
        goes &= self.step(
            "send",
            "cookie secure",
            "over this connection?".into(),
            to.is_secure || !cookie.secure,
            because.into(),
            "RFC 6265 §5.4",
        );
        let (holds, because) = match (is_cross, cookie.same_site) {
            (false, _) => (true, "our own site asks"),
            (true, Some(SameSite::None)) => (true, "None: whoever asks"),
            (true, Some(SameSite::Strict)) => (false, "Strict: never for another site"),
            (true, _) if is_link => (true, "Lax: a link was followed"),
            (true, Some(SameSite::Lax)) => (false, "Lax: for a followed link alone"),
            (true, None) => (false, "nothing is said, which is Lax: for a followed link alone"),
        };
        goes &=
            self.step("send", "cookie samesite", "for whoever asks?".into(), holds, because.into(), "RFC 6265 §5.4");
        let because =
            if cookie.http_only { "HttpOnly: document.cookie does not have it" } else { "document.cookie has it" };
        self.step(
            "send",
            "cookie httponly",
            "do scripts see it?".into(),
            !cookie.http_only,
            because.into(),
            "RFC 6265 §5.4",
        );
        goes
    }
}

/// Domain-match (§5.1.3).
fn below(host: &str, domain: &str) -> bool {
    let is_address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let host = host.to_ascii_lowercase();
    host == domain || (!is_address && host.strip_suffix(domain).is_some_and(|front| front.ends_with('.')))
}

/// Path-match (§5.1.4).
fn leads(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'))
}

fn refused(refusal: Refusal) -> String {
    match refusal {
        Refusal::Control => "it has a control character".into(),
        Refusal::Empty => "it has neither name nor value".into(),
        Refusal::TooLong => "name and value have more than 4,096 bytes".into(),
        Refusal::NotSecure => "it is Secure, and came in clear".into(),
        Refusal::Rule(fault) => format!("{fault:?}: a browser says nothing, and drops it"),
    }
}

/// The same cookie from our own writer, which says beforehand what a browser would not keep.
fn ours(field: &str) -> String {
    let Ok(read) = Received::parse(field, NOW) else { return "our writer sets no such cookie".into() };
    let cookie = SetCookie {
        domain: read.domain.as_deref(),
        path: read.path.as_deref(),
        max_age: read.expires.map(|expires| expires.saturating_sub(NOW)),
        secure: read.secure,
        http_only: read.http_only,
        same_site: read.same_site,
        partitioned: read.partitioned,
        ..SetCookie::new(&read.name, &read.value)
    };
    cookie.write().unwrap_or_else(|fault| format!("our writer refuses it: {fault:?}"))
}

/// The first example, for the book.
pub(super) fn picture() -> Option<String> {
    let (_, set, from, asks, by) = EXAMPLES[0];
    let shown = answer(Ask { set: set.into(), from: from.into(), asks: asks.into(), by: CAUSES[by].0.into() }).ok()?;
    let rows = shown.steps.into_iter().map(|step| {
        let holds = if step.holds { "yes" } else { "no" };
        (String::new(), vec![step.stage.into(), text(&step.what), holds.into(), text(&step.because)])
    });
    let head = format!("<div class=\"wb-bytes\"><code>Set-Cookie: {}</code></div>", text(set));
    Some(head + &table(&["stage", "question", "answer", "because"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(example: &str) -> Shown {
        let (_, set, from, asks, by) = EXAMPLES.into_iter().find(|(label, ..)| *label == example).expect("an example");
        answer(Ask { set: set.into(), from: from.into(), asks: asks.into(), by: CAUSES[by].0.into() }).expect("URLs")
    }

    #[test]
    fn a_browser_keeps_and_sends_by_its_rules() {
        for (example, kept, sent) in [
            ("as it should be", true, true),
            ("a form of another site", true, false),
            ("strict, and a link", true, false),
            ("None without Secure", false, false),
            ("a prefix that promises", false, false),
            ("Secure, in clear", false, false),
            ("for all hosts below", true, true),
            ("for a domain of others", false, false),
            ("another path", true, false),
            ("taken away", false, false),
        ] {
            let shown = shown(example);
            assert_eq!(
                (!shown.verdict.contains("not kept"), shown.sent.is_some()),
                (kept, sent),
                "{example}: {shown:?}"
            );
        }
    }

    #[test]
    fn our_writer_refuses_what_a_browser_drops() {
        assert_eq!(shown("None without Secure").ours, "our writer refuses it: SameSiteNone");
        assert_eq!(shown("a prefix that promises").ours, "our writer refuses it: HostPrefix");
        assert_eq!(shown("as it should be").ours, "__Host-sid=x7; Path=/; Secure; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn domains_and_paths_match_at_their_borders() {
        assert!(below("a.tea.example", "tea.example") && below("TEA.example", "tea.example"));
        assert!(!below("greentea.example", "tea.example") && !below("1.2.3.4", "3.4"));
        assert!(leads("/teas/7", "/teas") && leads("/teas", "/") && leads("/teas/", "/teas/"));
        assert!(!leads("/teasers", "/teas") && !leads("/", "/teas"));
        assert!(place("ftp://a/").is_err() && place("https:///x").is_err());
    }
}
