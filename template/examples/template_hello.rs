//! A template from a string, rendered with a name.
//!
//! Run: cargo run --example template_hello -- Ada

use wirebook_template::{Template, data};
use wirebook_terminal as terminal;

#[derive(clap::Args)]
struct Arguments {
    /// Who is greeted
    #[arg(default_value = "world")]
    name: String,
}

// ANCHOR: all
fn main() -> terminal::Result {
    let Arguments { name } = terminal::arguments(include_str!("template_hello.rs"));
    let template = Template::compile("<p>Hello, <%= name %>!</p>")?;
    println!("{}", template.render_to_string(&data!({ "name": name }))?);
    Ok(())
}
// ANCHOR_END: all
