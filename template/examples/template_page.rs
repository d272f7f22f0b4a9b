//! A page from files: a layout, an include in a loop, a block, a helper.
//!
//! Run: cargo run --example template_page

use std::path::Path;
use wirebook_template::{Engine, Value, data};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("template_page.rs"));
    // ANCHOR: engine
    let mut engine = Engine::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/views"))?;
    engine.helper("money", |args| match args {
        [Value::Number(cents), ..] => Ok(format!("${:.2}", cents / 100.0).into()),
        _ => Err("money takes a number of cents".to_owned()),
    });
    // ANCHOR_END: engine
    // ANCHOR: data
    let data = data!({
        "title": "Tea & biscuits",
        "teas": [
            { "name": "Oolong", "cents": 450, "tags": ["half", "rolled"] },
            { "name": "Sencha \"first\"", "cents": 620, "tags": [] },
        ],
    });
    // ANCHOR_END: data
    print!("{}", engine.render_file("shop", &data)?);
    Ok(())
}
