//! Answers questions about the web layer's pure functions, a line of JSON for each, so that npm's packages can be asked the same.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use wirebook_web::input::{FORM, Limits, form};
use wirebook_web::message::{
    Conditions, Disposition, ETag, Media, Ranges, Validators, Verdict, accept, decide, disposition, ranges,
};
use wirebook_web::router::{Found, Method, Routes, Spans, wash};
use wirebook_web::seconds;
use wirebook_web::trust::keygrip::Keygrip;
use wirebook_web::trust::{Cookies, Fields, SetCookie, Trust};

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&asked))?;
    }
    out.flush()
}

fn answer(asked: &Value) -> Value {
    let text = |name: &str| asked[name].as_str();
    let must = |name: &str| text(name).unwrap_or_default();
    let texts =
        |name: &str| -> Vec<&str> { asked[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect() };
    match must("judge") {
        "cookie" => Cookies::new(must("field")).iter().fold(json!({}), |mut all, (name, value)| {
            all.as_object_mut().expect("a map").entry(name).or_insert_with(|| value.into());
            all
        }),
        "set-cookie" => {
            let cookie = SetCookie {
                path: text("path"),
                domain: text("domain"),
                max_age: asked["maxAge"].as_u64(),
                secure: asked["secure"] == true,
                http_only: asked["httpOnly"] == true,
                same_site: None,
                ..SetCookie::new(must("name"), must("value"))
            };
            cookie.write().map_or(Value::Null, Value::from)
        }
        "keygrip" => {
            let secrets: Vec<&[u8]> = texts("keys").into_iter().map(str::as_bytes).collect();
            let keys = Keygrip::new(&secrets).expect("keys");
            let (name, value) = (must("name"), must("value"));
            json!({ "signed": keys.sign(name, value), "verified": keys.verify(name, value, must("signature")) })
        }
        "types" => accept::types(text("field"), &texts("offers")).into(),
        "languages" => accept::languages(text("field"), &texts("offers")).into(),
        "charsets" => accept::charsets(text("field"), &texts("offers")).into(),
        "encodings" => accept::encodings(text("field"), &texts("offers")).into(),
        "fresh" => {
            let ours = Validators {
                etag: text("etag").and_then(ETag::parse),
                modified: text("modified").and_then(seconds),
                is_missing: false,
            };
            let asked = Conditions {
                if_none_match: text("ifNoneMatch"),
                if_modified_since: text("ifModifiedSince"),
                ..Conditions::default()
            };
            (decide("GET", &ours, &asked).verdict == Verdict::NotModified).into()
        }
        "range" => match ranges(must("field"), asked["size"].as_u64().unwrap_or_default(), usize::MAX) {
            Ranges::Whole => "whole".into(),
            Ranges::Unsatisfiable => "unsatisfiable".into(),
            Ranges::Parts(parts) => parts.iter().map(|part| json!([part.start(), part.end()])).collect(),
        },
        "attachment" => disposition::attachment(text("name")).into(),
        "disposition" => Disposition::parse(must("field"))
            .map_or(Value::Null, |found| json!({ "type": found.kind, "filename": found.filename })),
        "proxy" => {
            let trust = Trust::cidrs(&texts("trust")).expect("networks");
            let fields = Fields { x_forwarded_for: text("field"), ..Fields::default() };
            trust.client(must("peer").parse().expect("an address"), &fields).ip.to_string().into()
        }
        "type" => Media::parse(must("field"))
            .and_then(|media| texts("types").into_iter().find(|pattern| media.is(pattern)))
            .into(),
        "qs" => match form(must("text"), &Limits { list: 100, ..FORM }) {
            Ok(value) => value.to_json(),
            Err(fault) => format!("{fault:?}").into(),
        },
        "path" => path(must("pattern"), must("path")),
        other => panic!("{other}"),
    }
}

/// The parameters that a path has by a pattern; `false` where it does not fit.
fn path(pattern: &str, path: &str) -> Value {
    let mut routes = Routes::new();
    routes.add("GET", pattern, ()).expect("a pattern");
    let (router, mut spans) = (routes.build().expect("a router"), Spans::default());
    let Ok(path) = wash(path) else { return "refused".into() };
    let Found::Route(found) = router.find("", Method::Get, &path, &mut spans) else { return false.into() };
    found
        .params()
        .map(|(name, value)| (name.to_owned(), Value::from(value.into_owned())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
