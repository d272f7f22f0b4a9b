//! Step one: replace `<%= name %>` in a string. There are no loops, so the loops are in Rust.
//!
//! Run: cargo run --release --example template_steps

use crate::data::{Data, escape};

// ANCHOR: replace
pub(crate) fn fill(template: &str, name: &str, html: &str) -> String {
    template.replace(&format!("<%= {name} %>"), html)
}

pub(crate) fn render(data: &Data, out: &mut String) {
    let Data::Map(map) = data else { return };
    let Some(Data::List(table)) = map.get("table") else { return };
    let mut rows = String::new();
    for row in table {
        let Data::List(row) = row else { continue };
        let mut cells = String::new();
        for cell in row {
            let mut text = String::new();
            escape(&cell.show(), &mut text);
            cells.push_str(&fill("<td><%= cell %></td>", "cell", &text));
        }
        rows.push_str(&fill("<tr><%= cells %></tr>", "cells", &cells));
    }
    out.push_str(&fill("<table><%= rows %></table>", "rows", &rows));
}
// ANCHOR_END: replace
