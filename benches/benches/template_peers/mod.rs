//! The same pages in the languages of the peers.

pub(crate) mod askama_pages;
pub(crate) mod engines;
pub(crate) mod node;
pub(crate) mod results;
pub(crate) mod sailfish_pages;
