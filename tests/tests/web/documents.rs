//! XML that came, and JSON in the clothes of a script.

use super::world::*;
use wirebook_web::input::{Element, MOST_ATTRIBUTES, XmlFault, xml};
use wirebook_web::{Limits, Options, Parsed, Router};

#[allow(dead_code, reason = "its `main` serves over TCP")]
#[path = "../../../web/examples/web_json_xml.rs"]
mod web_json_xml;

const XML: &str = "content-type: application/xml";

/// As the package `xml2js` has it.
fn json(text: &str) -> Result<String, XmlFault> {
    xml(text, 32).map(|document| document.to_json().to_string())
}

#[test]
fn documents_as_json() {
    for (document, expected) in [
        ("<a/>", r#"{"a":""}"#),
        ("<a></a>", r#"{"a":""}"#),
        ("<a>tea</a>", r#"{"a":"tea"}"#),
        ("<a> tea </a>", r#"{"a":" tea "}"#),
        ("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>é</a>\n", r#"{"a":"é"}"#),
        ("<a b='1' c=\"&lt;&#x41;\"/>", r#"{"a":{"$":{"b":"1","c":"<A"}}}"#),
        ("<a b='1'>x</a>", r#"{"a":{"$":{"b":"1"},"_":"x"}}"#),
        ("<a><b>1</b><c/><b>2</b></a>", r#"{"a":{"b":["1","2"],"c":[""]}}"#),
        ("<a>x<b/>y</a>", r#"{"a":{"_":"xy","b":[""]}}"#),
        ("<a>\n  <b>1</b>\n</a>", r#"{"a":{"b":["1"]}}"#),
        ("<a>&amp;&lt;&gt;&apos;&quot;&#65;&#x1F375;</a>", r#"{"a":"&<>'\"A🍵"}"#),
        ("<a><![CDATA[<b>&amp;]]></a>", r#"{"a":"<b>&amp;"}"#),
        ("<a>1<!-- 2 -->3<?php 4 ?>5</a>", r#"{"a":"135"}"#),
        ("<a>1\r\n2\r3</a>", r#"{"a":"1\n2\n3"}"#),
        ("<a b='1\n2'/>", r#"{"a":{"$":{"b":"1 2"}}}"#),
        ("<x:a xmlns:x='urn:y'/>", r#"{"x:a":{"$":{"xmlns:x":"urn:y"}}}"#),
        ("<__proto__><constructor>1</constructor></__proto__>", r#"{"__proto__":{"constructor":["1"]}}"#),
    ] {
        assert_eq!(json(document).as_deref(), Ok(expected), "{document}");
    }
}

#[test]
fn documents_that_are_refused() {
    use XmlFault::*;
    for (document, fault) in [
        ("", Broken),
        ("tea", Broken),
        ("<a>", Broken),
        ("</a>", Broken),
        ("<a></b>", Broken),
        ("<a><b></a></b>", Broken),
        ("<a/><b/>", Broken),
        ("<a/>tea", Broken),
        ("<a/>&amp;", Broken),
        ("<a/><![CDATA[]]>", Broken),
        ("<a b/>", Broken),
        ("<a b=1/>", Broken),
        ("<a b='1' b='2'/>", Broken),
        ("<a b='<'/>", Broken),
        ("<1/>", Broken),
        ("<a>]]></a>", Broken),
        ("<a>\0</a>", Broken),
        ("<a>\u{ffff}</a>", Broken),
        ("<a><!-- -- --></a>", Broken),
        ("<a><?xml version='1.0'?></a>", Broken),
        (" <?xml version='1.0'?><a/>", Broken),
        ("<?xml version='9.9'?><a/>", Broken),
        ("<?xml encoding='utf-8'?><a/>", Broken),
        ("<?xml version='1.0' encoding='utf-16'?><a/>", Encoding),
        ("<!DOCTYPE a><a/>", Doctype),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", Doctype),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", Doctype),
        ("<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;'>]><a>&c;</a>", Doctype),
        ("<a>&b;</a>", Entity),
        ("<a>&nbsp;</a>", Entity),
        ("<a b='&c;'/>", Entity),
        ("<a>&#0;</a>", Entity),
        ("<a>&#xD800;</a>", Entity),
        ("<a>&#xFFFF;</a>", Entity),
        ("<a b='&#1;'/>", Entity),
    ] {
        assert_eq!(xml(document, 32), Err(fault), "{document}");
        // Nothing that is cut off is a document.
        for end in document.char_indices().map(|(at, _)| at) {
            let cut = xml(&document[..end], 32);
            assert!(cut.is_err() || document[..end].ends_with('>'), "{}", &document[..end]);
        }
    }
}

#[test]
fn bounds_of_documents() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    for (limit, depth, fits) in
        [(0, 1, false), (1, 1, true), (1, 2, false), (32, 32, true), (32, 33, false), (usize::MAX, 128, true)]
    {
        assert_eq!(xml(&nested(depth), limit).is_ok(), fits, "{depth} in {limit}");
    }
    assert_eq!(xml(&nested(129), usize::MAX), Err(XmlFault::Depth), "a stack has an end");
    let attributes = |count: usize| {
        let all: String = (0..count).map(|number| format!(" a{number}=''")).collect();
        xml(&format!("<a{all}/>"), 1)
    };
    assert_eq!(attributes(MOST_ATTRIBUTES).unwrap().attributes().count(), 64);
    assert_eq!(attributes(MOST_ATTRIBUTES + 1), Err(XmlFault::Attributes));
    // Each is compared with all before it: a few hundred thousand of them must not be.
    assert_eq!(attributes(100_000), Err(XmlFault::Attributes));
    assert!(XmlFault::ALL.iter().all(|fault| matches!(fault.status(), 400 | 415)));
}

#[test]
fn what_a_tree_tells() {
    let order = xml("<order id='7'>for <b>Ada</b><tea>green</tea><tea>black</tea></order>", 32).unwrap();
    let teas: Vec<String> = order.children().filter(|child| child.name() == "tea").map(Element::text).collect();
    assert_eq!((order.name(), order.attribute("id"), order.attribute("x")), ("order", Some("7"), None));
    assert_eq!((teas, order.text()), (vec!["green".into(), "black".into()], "for Adagreenblack".into()));
    assert_eq!((order.nodes().len(), order.child("milk")), (4, None));
}

#[test]
fn bodies_of_xml_over_the_wire() {
    let router = || {
        let limits = Limits { xml: 40, xml_depth: 2, ..Limits::default() };
        let router = Router::new().post("/", async |ctx| match ctx.read_body().await? {
            Parsed::Xml(document) => ctx.json(&document.to_json()),
            _ => ctx.fail(500, "another kind"),
        });
        let router = router.post("/xml", async |ctx| {
            let document = ctx.read_xml().await?;
            ctx.text(document.name().to_owned())
        });
        router.into_app(Options { limits, ..quiet() }).unwrap()
    };
    for (kind, body, status, said) in [
        ("application/xml", "<a><b/></a>", 200, r#"{"a":{"b":[""]}}"#),
        ("text/xml; charset=utf-8", "<a/>", 200, r#"{"a":""}"#),
        ("application/atom+xml", "<a/>", 200, r#"{"a":""}"#),
        ("application/xml", "<a><b><c/></b></a>", 400, "the XML is nested too deep"),
        ("application/xml", "<!DOCTYPE a><a/>", 400, "XML with a document type is not read"),
        ("application/xml", "<a>", 400, "the XML is not well-formed"),
        ("application/xml", "<?xml version='1.0' encoding='x'?><a/>", 415, "only UTF-8 is read"),
        ("application/xml; charset=utf-16", "<a/>", 415, "only UTF-8 is read"),
        ("application/xml", "<a>012345678901234567890123456789012</a>", 200, ""),
        ("application/xml", "<a>0123456789012345678901234567890123</a>", 413, ""),
    ] {
        let reply = ask(router(), with_body("POST", "/", &[&format!("content-type: {kind}")], body));
        assert_eq!(reply.status, status, "{body}: {}", reply.body);
        assert!(reply.body.contains(said), "{body}: {}", reply.body);
    }
    assert_eq!(ask(router(), with_body("POST", "/xml", &[XML], "<tea/>")).body, "tea");
    assert_eq!(ask(router(), with_body("POST", "/xml", &["content-type: text/plain"], "<tea/>")).status, 415);
}

#[test]
fn a_script_that_gives_json_to_a_function() {
    let router = || {
        let value = serde_json::json!({ "a": "\u{2028}</script>\u{2029}" });
        app(Router::new().get("/", async move |ctx| ctx.jsonp(&value)))
    };
    let reply = get(router(), "/?callback=show");
    assert_eq!(
        reply.body, r#"/**/ typeof show === 'function' && show({"a":"\u2028</script>\u2029"});"#,
        "ends of lines of old scripts are escaped"
    );
    assert_eq!(reply.field("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(reply.field("x-content-type-options"), Some("nosniff"));
    // What names nothing in a script is not there.
    for (asked, name) in [
        ("a.b%5B0%5D", "a.b[0]"),
        ("foo%3Bbar()", "foobar"),
        ("%3Cscript%3E", "script"),
        ("$_9", "$_9"),
        ("a%0D%0Ab", "ab"),
        ("%C3%A9x", "x"),
    ] {
        let body = get(router(), &format!("/?callback={asked}")).body;
        assert!(body.starts_with(&format!("/**/ typeof {name} === 'function' && {name}({{")), "{asked}: {body}");
    }
    let long = |length: usize| get(router(), &format!("/?callback={}", "x".repeat(length))).status;
    assert_eq!((long(64), long(65)), (200, 400));
    assert_eq!(get(router(), "/?callback=()").status, 400);
    for asked in ["/", "/?callback=", "/?jsonp=x"] {
        let reply = get(router(), asked);
        assert_eq!(reply.field("content-type"), Some("application/json"), "{asked}");
        assert_eq!(reply.body, "{\"a\":\"\u{2028}</script>\u{2029}\"}", "{asked}");
    }
}

#[test]
fn the_example() {
    let app = || web_json_xml::app().unwrap();
    let json = "content-type: application/json";
    assert_eq!(ask(app(), with_body("POST", "/", &[json], r#"{"tea":1}"#)).body, r#"{"tea":1}"#);
    assert_eq!(ask(app(), with_body("POST", "/", &[XML], "<tea>green</tea>")).body, r#"{"tea":"green"}"#);
    for (kind, body, status, said) in [
        (json, "{", 400, "Invalid JSON"),
        (XML, "<tea>", 400, "Invalid XML"),
        ("content-type: text/plain", "x", 415, ""),
    ] {
        let reply = ask(app(), with_body("POST", "/", &[kind], body));
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.body.contains(said), "{}", reply.body);
    }
    assert!(get(app(), "/tea?callback=show").body.ends_with(r#"show({"minutes":3,"tea":"green"});"#));
}
