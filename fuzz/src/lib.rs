//! What the fuzz targets share.

pub mod http2;
pub mod parsers;
#[path = "../../tests/src/web_fuzz.rs"]
pub mod web;
