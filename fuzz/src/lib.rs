//! What the fuzz targets share.

pub mod http2;
pub mod parsers;
