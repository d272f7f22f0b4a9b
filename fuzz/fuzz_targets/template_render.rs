//! Any text as a template, or a hostile one, and any JSON as its data: a render ends within its bounds, and the data is as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_fuzz::hostile::{self, Choices};
use wirebook_template::{Limits, Options, Template, Value};

fuzz_target!(|input: &[u8]| {
    // Behind a zero, decisions for the generator of hostile templates; else the template, a zero and JSON.
    let (made, json) = match input {
        [0, choices @ ..] => (hostile::template(&mut Choices::new(choices)), "".into()),
        text => {
            let mut parts = text.splitn(2, |&byte| byte == 0).map(String::from_utf8_lossy);
            (parts.next().unwrap_or_default().into_owned(), parts.next().unwrap_or_default())
        }
    };
    let (source, json) = (made.as_str(), &*json);
    let data: Value = serde_json::from_str(json).unwrap_or_else(|_| {
        serde_json::from_str(r#"{"a":[1,"<",{"b":null}],"o":{"x":1},"s":"h\u00e9 \ud83d\ude00","n":0.5}"#).expect("JSON")
    });
    let limits = Limits { steps: 20_000, output: 1 << 20, memory: 4 << 20, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let show = Template::compile("<%- JSON.stringify(locals) %>").expect("compiles");
    let before = show.render_to_string(&data).ok();
    if let Ok(template) = Template::compile_with(source, "fuzz", &options)
        && let Ok(out) = template.render_to_string(&data)
    {
        assert!(out.len() <= limits.output);
        assert_eq!(template.render_to_string(&data).ok().as_deref(), Some(out.as_str()), "a second render differs");
    }
    assert_eq!(show.render_to_string(&data).ok(), before, "the data was changed");
});
