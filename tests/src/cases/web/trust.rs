//! Cookies, origins, proxies, and where a redirect leads.

use wirebook_cases::Settings;
use wirebook_web::trust::csrf::{Provenance, origin};
use wirebook_web::trust::{
    Cookies, Fields, Priority, Received, SameSite, SetCookie, Source, Trust, location, safe_target,
};

pub(super) fn answer(kind: &str, settings: &Settings, line: &str) -> Option<String> {
    Some(match kind {
        "cookies" => {
            let pairs: Vec<String> = Cookies::new(line).iter().map(|(name, value)| format!("{name}={value}")).collect();
            if pairs.is_empty() { "none".to_owned() } else { pairs.join(" | ") }
        }
        "set-cookie" => set(line),
        "received" => received(settings, line),
        "csrf" => csrf(line),
        "forwarded" => forwarded(settings, line),
        "target" => safe_target(line).map_or("none".to_owned(), str::to_owned),
        "location" => location(line),
        _ => return None,
    })
}

/// `NAME VALUE word…`: attributes as the struct calls them; `-` takes one away.
fn set(line: &str) -> String {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let mut cookie = SetCookie::new(next(), next());
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "path" => cookie.path = Some(value),
            "-path" => cookie.path = None,
            "domain" => cookie.domain = Some(value),
            "max-age" => cookie.max_age = Some(value.parse().expect("a number")),
            "expires" => cookie.expires = Some(value.parse().expect("a number")),
            "secure" => cookie.secure = true,
            "-http-only" => cookie.http_only = false,
            "-same-site" => cookie.same_site = None,
            "strict" => cookie.same_site = Some(SameSite::Strict),
            "none" => cookie.same_site = Some(SameSite::None),
            "partitioned" => cookie.partitioned = true,
            "high" => cookie.priority = Some(Priority::High),
            other => panic!("{other}"),
        }
    }
    cookie.write().unwrap_or_else(|fault| format!("{fault:?}"))
}

/// A Set-Cookie at 1,000,000,000 seconds, over TLS unless the block says `clear`.
fn received(settings: &Settings, line: &str) -> String {
    let cookie = match Received::parse(line, 1_000_000_000) {
        Ok(cookie) => cookie,
        Err(refusal) => return format!("{refusal:?}"),
    };
    if let Err(refusal) = cookie.kept(!settings.has("clear")) {
        return format!("{refusal:?}");
    }
    let Received { name, value, domain, path, expires, secure, http_only, same_site, partitioned } = cookie;
    let mut out = format!("{name}={value}");
    let words = [
        domain.map(|domain| format!("domain {domain}")),
        path.map(|path| format!("path {path}")),
        expires.map(|seconds| format!("until {seconds}")),
        secure.then(|| "secure".to_owned()),
        http_only.then(|| "http-only".to_owned()),
        same_site.map(|same_site| format!("{same_site:?}")),
        partitioned.then(|| "partitioned".to_owned()),
    ];
    words.into_iter().flatten().for_each(|word| out += &format!("; {word}"));
    out
}

/// `METHOD site=… origin=… cookie`, asked of example.com; https://app.example.net is on the list.
fn csrf(line: &str) -> String {
    let mut words = line.split(' ');
    let mut asked =
        Provenance { method: words.next().unwrap_or_default(), host: "example.com", ..Provenance::default() };
    for word in words {
        match word.split_once('=') {
            Some(("site", site)) => asked.sec_fetch_site = Some(site),
            Some(("origin", origin)) => asked.origin = Some(origin),
            Some(("host", host)) => asked.host = host,
            None if word == "cookie" => asked.has_credentials = true,
            _ => panic!("{line}"),
        }
    }
    let found = origin(&asked, &["https://app.example.net"]);
    format!("{} {found:?}", if found.passes() { "passes" } else { "403" })
}

/// `for: … | proto: … | host: … | forwarded: …`; who is trusted, the peer and the notation are settings.
fn forwarded(settings: &Settings, line: &str) -> String {
    let words: Vec<&str> = settings.get("trust").map_or(Vec::new(), |words| words.split(',').collect());
    let mut trust = Trust::cidrs(&words).expect("networks");
    if settings.has("rfc7239") {
        trust = trust.source(Source::Forwarded);
    }
    if let Some(hops) = settings.get("hops") {
        trust = trust.hops(hops.parse().expect("a number"));
    }
    let mut fields = Fields::default();
    for (name, value) in line.split(" | ").filter_map(|field| field.split_once(": ")) {
        match name {
            "for" => fields.x_forwarded_for = Some(value),
            "proto" => fields.x_forwarded_proto = Some(value),
            "host" => fields.x_forwarded_host = Some(value),
            "forwarded" => fields.forwarded = Some(value),
            other => panic!("{other}"),
        }
    }
    let client = trust.client(settings.get("peer").expect("a peer").parse().expect("an address"), &fields);
    let secure = match client.secure {
        Some(true) => " https",
        Some(false) => " http",
        None => "",
    };
    let host = client.host.map(|host| format!(" {host}")).unwrap_or_default();
    format!("{} behind {}{secure}{host}", client.ip, client.hops)
}
