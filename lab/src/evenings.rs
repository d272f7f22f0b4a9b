//! The rooms of a crate as its front page tells them: `{{#evenings CRATE}}` takes the table of rooms out of the documentation
//! of `CRATE/src/lib.rs`. A test of the house holds that table to the sources, so the book's page of evenings is true.

use std::{fs, path::Path};

/// The table, in Markdown; `root` is the checkout.
///
/// # Errors
/// Why there is none.
pub(crate) fn table(root: &Path, krate: &str) -> Result<String, String> {
    let front = root.join(krate.trim()).join("src/lib.rs");
    let text = fs::read_to_string(&front).map_err(|error| format!("{}: {error}", front.display()))?;
    let rows =
        text.lines().filter_map(|line| line.strip_prefix("//! ")).skip_while(|line| !line.starts_with("| room |"));
    let table: String = rows.take_while(|line| line.starts_with('|')).map(|line| plain(line) + "\n").collect();
    if table.is_empty() { Err(format!("{} has no table of rooms", front.display())) } else { Ok(table) }
}

/// Without the brackets of rustdoc's links, which lead nowhere in the book.
fn plain(line: &str) -> String {
    line.replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_library_tells_its_rooms() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for krate in [
            "net",
            "http1",
            "websocket",
            "sse",
            "template/script",
            "template",
            "http2",
            "http2/hpack",
            "web",
            "web/multipart",
            "cluster/process",
            "cluster",
        ] {
            let table = table(&root, krate).unwrap();
            assert!(table.lines().count() >= 3 && table.contains("lines of code") && !table.contains("[`"), "{table}");
        }
        assert!(table(&root, "lab").is_err());
    }
}
