//! Pages from templates (feature `views`).
//!
//! | file | holds |
//! |---|---|
//! | `pages` | where templates lie, what a page knows, and what is said where one is missing |
//! | `pipe` | BigPipe: the page at once, its parts when they are ready |

mod pages;
mod pipe;

pub use pages::Views;
pub use pipe::PageParts;
