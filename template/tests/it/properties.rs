//! What holds for every input: the escapers agree, nothing panics, bounds hold, data is as it was after a render.

use proptest::prelude::*;
use wirebook_template::{Limits, Options, Template, Value, data, escape};

fn escaped(text: &str, with: fn(&mut String, &str)) -> String {
    let mut out = String::from("kept");
    with(&mut out, text);
    out.split_off(4)
}

/// What a browser reads.
fn unescape(text: &str) -> String {
    text.replace("&#39;", "'").replace("&#34;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}

/// Pieces that templates are made of, so that random sources get past the first token.
fn source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<%",
            "<%=",
            "<%-",
            "<%_",
            "<%#",
            "<%%",
            "%%>",
            "%>",
            "-%>",
            "_%>",
            " if (",
            " for (",
            " of ",
            " in ",
            "let ",
            "const ",
            "var ",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            ";",
            ",",
            "=>",
            "=",
            "+",
            "-",
            "*",
            "/",
            "%",
            "?",
            ":",
            ".",
            "?.",
            "...",
            "a",
            "b",
            "c",
            "0",
            "1",
            "'x'",
            "\"%>\"",
            "`t${",
            "`",
            "function ",
            "return ",
            "x => ",
            "a.map(",
            ".length",
            "try ",
            "catch (e) ",
            "finally ",
            "throw ",
            "switch (a) ",
            "case 1:",
            "break",
            "continue",
            "while (",
            "do ",
            "/a+/g",
            "typeof ",
            "new Error(",
            "JSON.stringify(",
            "include('x')",
            "\n",
            " ",
            "text",
            "\u{e9}",
            "\u{1f600}",
            "\\",
            "/*",
            "*/",
            "//",
            "'",
            "\"",
            "this",
            "arguments",
            "locals",
            "delete ",
            "void ",
            "&&",
            "??",
            "++",
            "+=",
            "null",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn small() -> Options {
    let limits = Limits { steps: 5_000, output: 100_000, string: 50_000, memory: 1 << 20, ..Limits::default() };
    Options { limits, trace: true, ..Options::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn the_escapers_agree(text in "[a-z&<>\"' \u{e9}\u{1f600}]{0,200}") {
        let oracle = escaped(&text, escape::naive);
        prop_assert_eq!(&escaped(&text, escape::wordwise), &oracle);
        prop_assert_eq!(&escaped(&text, escape::append), &oracle);
    }

    #[test]
    fn escaped_text_has_no_special_character_and_unescapes_to_its_input(text in any::<String>()) {
        let out = escaped(&text, escape::append);
        prop_assert!(!out.contains(['<', '>', '"', '\'']));
        for (n, _) in out.match_indices('&') {
            prop_assert!(["&amp;", "&lt;", "&gt;", "&#34;", "&#39;"].iter().any(|entity| out[n..].starts_with(entity)));
        }
        prop_assert_eq!(unescape(&out), text);
    }

    #[test]
    fn no_source_panics(source in source()) {
        let data = data!({ "a": [1, 2, 3], "b": { "x": "y" }, "c": "text" });
        if let Ok(template) = Template::compile_with(&source, "t", &small()) {
            let _ = template.render_to_string(&data);
        }
        let _ = wirebook_template::tokens(&source, &small());
    }

    #[test]
    fn no_expression_panics(code in source()) {
        let data = data!({ "a": [1, 2, 3], "b": { "x": "y" }, "c": "text" });
        for source in [format!("<%= {code} %>"), format!("<% {code} %>")] {
            if let Ok(template) = Template::compile_with(&source, "t", &small()) {
                let _ = template.render_to_string(&data);
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Template::compile(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn integers_print_as_rust_prints_them(n in any::<i32>()) {
        let template = Template::compile("<%= n %>").unwrap();
        prop_assert_eq!(template.render_to_string(&data!({ "n": n })).unwrap(), n.to_string());
    }

    #[test]
    fn numbers_print_to_what_reads_back(n in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
        let template = Template::compile("<%= n %>").unwrap();
        let text = template.render_to_string(&data!({ "n": n })).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap(), n);
    }

    #[test]
    fn slices_are_those_of_utf16(text in "[a\u{e9}\u{1f600}]{0,12}", from in -14i32..14, to in -14i32..14) {
        let template = Template::compile("<%- s.slice(from, to) %>").unwrap();
        let units: Vec<u16> = text.encode_utf16().collect();
        let index = |n: i32| if n < 0 { (units.len() as i32 + n).max(0) } else { n.min(units.len() as i32) } as usize;
        let part = units.get(index(from)..index(to).max(index(from))).unwrap_or_default();
        let got = template.render_to_string(&data!({ "s": text.as_str(), "from": from, "to": to })).unwrap();
        prop_assert_eq!(got, String::from_utf16_lossy(part));
    }

    #[test]
    fn data_is_as_it_was_after_a_render(change in prop::sample::select(vec![
        "list.push(9)", "list.sort()", "list.reverse()", "list.length = 0", "o.x = 5", "delete o.x", "o.y = o", "list[7] = list",
        "o.inner.deep.z = list", "list.splice(0, 2)", "Object.assign(o, { q: 1 })", "list.fill(o)", "o.inner = null",
        "o.x = 1; throw 1", "o.f = () => o; while (true);",
    ])) {
        let data = data!({ "list": [3, 1, 2], "o": { "x": 1, "inner": { "deep": {} } } });
        let show = Template::compile("<%- JSON.stringify(list) %><%- JSON.stringify(o) %>").unwrap();
        let before = show.render_to_string(&data).unwrap();
        let _ = Template::compile_with(&format!("<% {change} %>"), "t", &small()).unwrap().render_to_string(&data);
        prop_assert_eq!(show.render_to_string(&data).unwrap(), before);
    }

    #[test]
    fn streams_and_strings_are_the_same_bytes(count in 0usize..3_000) {
        let template = Template::compile("<% for (let i = 0; i < n; i++) { %><p><%= i %> & <%- i %></p>\n<% } %>").unwrap();
        let data = data!({ "n": count });
        let mut written = Vec::new();
        template.render_to(&data, &mut written).unwrap();
        prop_assert_eq!(String::from_utf8(written).unwrap(), template.render_to_string(&data).unwrap());
    }
}

#[test]
fn special_characters_at_every_place_of_a_block() {
    for length in [15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 130] {
        for at in 0..length {
            for special in ["&", "<", ">", "\"", "'"] {
                let text = format!("{}{special}{}", "x".repeat(at), "y".repeat(length - at - 1));
                assert_eq!(escaped(&text, escape::append), escaped(&text, escape::naive));
                assert_eq!(escaped(&text, escape::wordwise), escaped(&text, escape::naive));
            }
        }
        let all = "&<>\"'".repeat(length);
        assert_eq!(escaped(&all, escape::append), escaped(&all, escape::naive));
    }
}

#[test]
fn a_render_gives_back_all_memory() {
    let template = Template::compile(
        "<% function f(n) { return n ? f(n - 1) : 0 } f(5); const o = {}; o.self = o; const a = [o]; o.list = a; \
         let g = () => g; const fs = []; for (let i = 0; i < 9; i++) fs.push(() => [i++, fs]); fs.forEach(h => h()); %>",
    )
    .unwrap();
    let data = Value::object();
    let resident = || {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0)
    };
    // Other tests of this process come and go, so one round may grow; a leak grows in each.
    let grows = || {
        let before = resident();
        for _ in 0..10_000 {
            template.render_to_string(&data).unwrap();
        }
        resident() > before + 64
    };
    assert!(!(0..8).all(|_| grows()), "each round leaves more than 64 pages");
}
