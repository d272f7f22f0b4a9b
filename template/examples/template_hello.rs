//! A template from a string, rendered with a name.
//!
//! Run: cargo run --example template_hello -- Ada

use wirebook_template::{Error, Template, data};

// ANCHOR: all
fn main() -> Result<(), Error> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "world".to_owned());
    let template = Template::compile("<p>Hello, <%= name %>!</p>")?;
    println!("{}", template.render_to_string(&data!({ "name": name }))?);
    Ok(())
}
// ANCHOR_END: all
