//! Files beneath one directory, and assets in memory.
//!
//! | file | holds |
//! |---|---|
//! | `root` | a directory that is held open, and what is opened beneath it |
//! | `kind` | what a file is, by its name |
//! | `reply` | conditions and ranges of what lies there |
//! | `find` | which file a path means: index, extensions, ready-made codings |
//! | `serve` | a folder as a part of a site |
//! | `assets` | what is read at the start, named by its content, and kept |
//! | `handled` | files that a handler makes an answer of |
//! | `site` | both as parts of an application |

mod assets;
mod find;
mod handled;
mod kind;
mod reply;
mod root;
mod serve;
mod site;

pub use assets::{Assets, MOST_BYTES};
pub use find::{Found, Opened};
pub use handled::Handled;
pub use kind::media_type;
pub use reply::{Reply, reply};
pub use root::{Entry, Root, Way};
pub use serve::{Asked, Files, Given};
