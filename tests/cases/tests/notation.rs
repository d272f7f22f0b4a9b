//! The notation itself: what its blocks hold, which faults it names, in which ways a case arrives.

use wirebook_cases::{Case, Way, check, folder, link, load, parse};

fn one(blocks: &str) -> Case {
    let text = format!("# Title\n\n## a_case\n\nSaid of it.\n\n{blocks}");
    parse("http1/a.md", &text).expect("of the notation").remove(0)
}

fn fault(text: &str) -> String {
    parse("http1/a.md", text).expect_err("a fault")
}

const EVENTS: &str = "```events\n1 x\n```\n";

#[test]
fn bytes_are_text_with_escapes() {
    let case = one(&format!("```bytes\nA\\r\\n\n\\t\\\\\\x00é<<ab*2>>\n```\n{EVENTS}"));
    assert_eq!(case.input[0].bytes, "A\r\n\t\\\0éabab".as_bytes());
    assert_eq!((&*case.prose, &*case.place, &*case.name), ("Said of it.", "http1/a.md:3", "a_case"));
}

#[test]
fn hex_has_text_groups_and_masks() {
    let bytes = |hex: &str| one(&format!("```hex\n{hex}\n```\n{EVENTS}")).input[0].bytes.clone();
    assert_eq!(bytes("81 05 \"Hello\\n\" # a comment"), b"\x81\x05Hello\n");
    assert_eq!(bytes("(00 ff*2)*2"), [0, 255, 255, 0, 255, 255]);
    // RFC 6455 §5.7: a masked "Hello".
    assert_eq!(bytes("81 85 key m\"Hello\""), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    assert_eq!(bytes("m[48 65]*2"), [0x7f, 0x9f, 0x48 ^ 0x21, 0x65 ^ 0x3d]);
}

#[test]
fn a_fault_has_a_place() {
    for (text, said) in [
        ("```bytes\n", "http1/a.md:1: a block before the first heading"),
        ("## a\n```bytes\nx\n", "http1/a.md:2: the block never ends"),
        ("## a\n\n```\n```\n", "http1/a.md:3: a block says what it holds: ```bytes, ```events"),
        ("## a\n```bytes\n\\q\n```\n", "http1/a.md:2: an unknown escape: \\q"),
        ("## a\n```bytes\n\\x4\n```\n", "http1/a.md:2: \"\" is no pair of hexadecimal digits"),
        ("## a\n```bytes\n<<a>>\n```\n", "http1/a.md:2: <<byte*count>> has a star"),
        ("## a\n```hex\n81 zz\n```\n", "http1/a.md:2: not understood: zz"),
        ("## a\n```hex\n(00\n```\n", "http1/a.md:2: a group ends in )"),
        ("## a\n```hex\n00*x\n```\n", "http1/a.md:2: \"\" is no count"),
        ("## a\n```bytes\nx\n```\n", "http1/a.md:1: a has no bytes or no events"),
        ("## a\n```events\n1 x\n```\n", "http1/a.md:1: a has no bytes or no events"),
    ] {
        assert_eq!(fault(text), said);
    }
}

#[test]
fn several_blocks_each_have_their_settings() {
    let case = one(&format!("```hex table=256\n82 84\n```\n```hex table=0 eof\n83\n```\n{EVENTS}"));
    let ways: Vec<_> = case.ways(b"tail").collect();
    assert_eq!(ways[0].bytes, [0x82, 0x84, 0x83]);
    assert_eq!(ways[0].stops().collect::<Vec<_>>(), [2, 3]);
    assert_eq!((ways[0].settings().get("table"), ways[0].blocks[1].settings.get("table")), (Some("256"), Some("0")));
    assert_eq!(ways[1].way, Way::Bytewise);
    assert_eq!(ways[1].stops().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((ways[1].blocks[1].start, ways[3].blocks[0].stops.clone()), (2, vec![1, 2]));
    // Behind the end of the input comes nothing.
    assert!(ways.iter().all(|input| input.way != Way::Trailing));
}

#[test]
fn what_is_no_stream_is_not_cut() {
    let case = one("```ejs delimiter=?\na\n\n```\n```json\n{}\n```\n```output\nA\n\n```\n");
    assert_eq!(case.events, ["output A", "output "]);
    let ways: Vec<_> = case.ways(b"tail").collect();
    assert_eq!(ways.len(), 1);
    assert_eq!((ways[0].text("ejs"), ways[0].text("json"), ways[0].text("yaml")), (Some("a\n"), Some("{}"), None));
}

#[test]
fn a_case_that_does_not_hold_is_shown_with_its_link() {
    let case = one("```bytes\nab\n```\n```events\n2 ab\n```\n");
    let whole = |input: &wirebook_cases::Input<'_>| vec![format!("2 {}", String::from_utf8_lossy(&input.bytes[..2]))];
    // Whole, byte by byte, cut at 0, 1 and 2, with bytes behind.
    assert_eq!(check(std::slice::from_ref(&case), b"tail", whole), Ok(6));
    let report = check(&[case], b"", |input| if input.stops().count() > 1 { vec![] } else { whole(input) });
    let report = report.expect_err("cut, nothing comes");
    assert!(report.starts_with("4 failures\n\ntests/cases/http1/a.md:3 a_case, byte by byte\n"), "{report}");
    assert!(report.contains("\n  see /http1/head.html#head.input=YWI"), "{report}");
}

#[test]
fn links_open_the_widget_of_the_protocol() {
    let blocks = format!("```hex client deflate\n81 00\n```\n{EVENTS}");
    let mut frame = one(&blocks);
    frame.place = "websocket/a.md:3".into();
    let opened = "/websocket/frames.html#frame.input=gQA&frame.client=1&frame.deflate=1";
    assert_eq!(link(&frame).as_deref(), Some(opened));
    frame.input[0].bytes = vec![0; 4097];
    assert_eq!(link(&frame), None);
    let mut template = one("```ejs\n<%= n %>\n```\n```json\n{\"n\":1}\n```\n```output\n1\n```\n");
    template.place = "template/a.md:3".into();
    let opened = "/template/closures.html#template.template=%3C%25%3D%20n%20%25%3E&template.data=%7B%22n%22%3A1%7D";
    assert_eq!(link(&template).as_deref(), Some(opened));
}

#[test]
fn a_folder_that_is_not_there_is_a_fault() {
    assert!(load("http9").is_err_and(|fault| fault.contains("http9")));
    assert!(folder("http1").join("chunked.md").exists());
}
