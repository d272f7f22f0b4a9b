//! Step two: run the template by reading it, from tag to tag; a loop reads its body once for each turn.
//!
//! Run: cargo run --release --example template_steps

use crate::data::{Data, escape};

type Scope<'d> = Vec<(String, &'d Data)>;

pub(crate) fn render(template: &str, data: &Data, out: &mut String) {
    let Data::Map(map) = data else { return };
    let mut scope: Scope<'_> = map.iter().map(|(key, value)| (key.clone(), value)).collect();
    run(template, &mut scope, out);
}

// ANCHOR: run
/// Runs up to the `<% end %>` that closes this level; gives what follows it.
fn run<'t, 'd>(mut rest: &'t str, scope: &mut Scope<'d>, out: &mut String) -> &'t str {
    while let Some((text, tag)) = rest.split_once("<%") {
        out.push_str(text);
        let Some((code, after)) = tag.split_once("%>") else { return "" };
        rest = after;
        let words: Vec<&str> = code.split_whitespace().collect();
        match words[..] {
            ["=", name] => {
                if let Some((_, value)) = scope.iter().rev().find(|(known, _)| known == name) {
                    escape(&value.show(), out);
                }
            }
            ["for", name, "of", list] => {
                let found = scope.iter().rev().find(|(known, _)| known == list).map(|(_, value)| *value);
                let Some(Data::List(items)) = found else { continue };
                for item in items {
                    scope.push((name.to_owned(), item));
                    rest = run(after, scope, out);
                    scope.pop();
                }
            }
            _ => return after,
        }
    }
    out.push_str(rest);
    ""
}
// ANCHOR_END: run
