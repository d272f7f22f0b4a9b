//! What each part, byte, bit, event, state and error is, in a sentence: one table for each protocol, in English.
//!
//! A row stands for a key: `part`'s own, or a kind and a name, as in `field host`, `state empty line`, `error Unmasked`.
//! Another language is another set of tables with the same keys.

mod channel;
mod http1;
mod http2;
mod leaving;
mod multipart;
mod others;
mod running;
mod table;
mod web;
mod websocket;

pub(crate) use channel::CHANNEL;
pub(crate) use http1::HTTP1;
pub(crate) use http2::{FLOODS_TABLE, HPACK_TABLE, HTTP2, LANES_TABLE, RECORDS_TABLE, WINDOWS_TABLE};
pub(crate) use leaving::{AGENT, FAREWELL, SHARES};
pub(crate) use multipart::MULTIPART;
pub(crate) use others::{LOOP, SSE, TEMPLATE};
pub(crate) use running::{FEED, RACE, READER, WORKERS};
pub(crate) use table::Table;
pub(crate) use web::{CACHE, COOKIES, ONION, PIPE, READING, ROUTER, SIGNED};
pub(crate) use websocket::WEBSOCKET;

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: [Table; 27] = [
        AGENT,
        CHANNEL,
        FAREWELL,
        HTTP1,
        FLOODS_TABLE,
        HPACK_TABLE,
        HTTP2,
        LANES_TABLE,
        RECORDS_TABLE,
        SHARES,
        WINDOWS_TABLE,
        MULTIPART,
        WEBSOCKET,
        SSE,
        LOOP,
        TEMPLATE,
        ONION,
        ROUTER,
        COOKIES,
        SIGNED,
        CACHE,
        READING,
        PIPE,
        FEED,
        RACE,
        READER,
        WORKERS,
    ];

    #[test]
    fn every_row_names_a_line_that_is_there() {
        for row in TABLES.iter().flat_map(|table| table.0) {
            assert!(row.source().is_some(), "{}: {:?} is not in {}", row.0, row.4, row.3);
        }
    }

    #[test]
    fn a_sentence_is_one_and_a_key_has_one() {
        for table in TABLES {
            for (index, row) in table.0.iter().enumerate() {
                assert!(row.1.len() > 20 && !row.1.ends_with('.') && !row.1.contains(". "), "{}: {}", row.0, row.1);
                assert!(table.0[..index].iter().all(|other| other.0 != row.0), "{} twice", row.0);
            }
        }
    }

    /// The variants of an enum, read off its source, so that none can be added without a sentence.
    fn variants(source: &str, name: &str) -> Vec<String> {
        let body =
            source.split(&format!("pub enum {name} {{\n")).nth(1).expect("the enum").split("\n}").next().unwrap();
        let names = body.lines().map(str::trim).filter(|line| line.starts_with(|char: char| char.is_ascii_uppercase()));
        names.map(|line| line.split(|char: char| !char.is_alphanumeric()).next().unwrap().to_string()).collect()
    }

    #[test]
    fn every_error_of_the_crates_has_a_sentence() {
        let sources = [
            (CHANNEL, include_str!("../../../../cluster/process/src/ipc/error.rs"), "Violation"),
            (HTTP1, include_str!("../../../../http1/src/parser/error.rs"), "Rule"),
            (HTTP1, include_str!("../../../../http1/src/connection/error.rs"), "Violation"),
            (HTTP2, include_str!("../../../../http2/src/wire/error.rs"), "Violation"),
            (HTTP2, include_str!("../../../../http2/hpack/src/error.rs"), "Violation"),
            (MULTIPART, include_str!("../../../../web/multipart/src/error.rs"), "Violation"),
            (WEBSOCKET, include_str!("../../../../websocket/src/error.rs"), "Error"),
        ];
        for (table, source, name) in sources {
            let variants = variants(source, name);
            assert!(variants.len() > 8, "{name}: {variants:?}");
            for variant in variants.iter().filter(|variant| !matches!(&***variant, "Syntax" | "Compression")) {
                assert!(table.get(&format!("error {variant}")).is_some(), "{name}::{variant}");
            }
        }
    }
}
