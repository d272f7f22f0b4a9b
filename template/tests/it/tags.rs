//! The tags, where the recorded pairs do not ask: line ends of two characters, delimiters that are none, and places.

use wirebook_template::{Delimiters, ErrorKind, Options, Template, Value};

fn with(source: &str, options: &Options) -> Result<String, wirebook_template::Error> {
    Template::compile_with(source, "tags.ejs", options)?.render_to_string(&Value::object())
}

#[test]
fn a_delimiter_that_is_empty_is_refused_wherever_it_stands() {
    for empty in 0..3 {
        let part = |n: usize, text: &str| if n == empty { String::new() } else { text.to_owned() };
        let delimiters = Delimiters { open: part(0, "<"), delimiter: part(1, "%"), close: part(2, ">") };
        let error = with("<%= 1 %>", &Options { delimiters, ..Options::default() }).expect_err("no mark");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Syntax, "a delimiter is empty"));
    }
}

#[test]
fn a_trimming_tag_takes_one_line_end_of_any_kind() {
    for (end, kept) in [("\r\n", ""), ("\n", ""), ("\r", ""), ("\r\n\r\n", "\r\n"), ("\n\r", "\r"), (" \n", " \n")] {
        for close in ["-%>", "_%>"] {
            let got = with(&format!("a<% 1 {close}{end}b"), &Options::default()).expect("renders");
            let kept = if close == "_%>" { kept.trim_start_matches(' ') } else { kept };
            let kept = if (close, end) == ("_%>", " \n") { "" } else { kept };
            assert_eq!(got, format!("a{kept}b"), "{close} before {end:?}");
        }
    }
}

#[test]
fn a_place_is_that_in_the_source_however_much_white_space_went() {
    let without = Options { remove_white_space: true, ..Options::default() };
    for source in [
        "a\n\n   b <%= nope %>",
        "   <%= nope %>",
        "\u{e9}\r\n  \u{2028}\t<%= nope %>",
        "\n \n\n  x  \n\n<p>\n\t\t<%= nope %>\n</p>",
        "  <%\n   1\n\n     nope\n  %>",
        "\u{feff} \u{e9}\u{2029} y\n  <%= '\u{1f600}' + nope %>",
    ] {
        let place = |options: &Options| with(source, options).expect_err("not defined").position().expect("a place");
        assert_eq!(place(&without), place(&Options::default()), "{source:?}");
    }
}
