//! Compressing what goes out.
//!
//! | file | holds |
//! |---|---|
//! | `encoder` | gzip, deflate and brotli, piece by piece |
//! | `choose` | why an answer stays as it is |
//! | `layer` | the ring |

mod choose;
mod encoder;
mod layer;

pub use choose::{Facts, Why, weakened, why_not};
pub use encoder::{Coding, Encoder};
#[cfg(feature = "brotli")]
pub use layer::compress_brotli;
pub use layer::{CompressOptions, Uncompressed, compress, compress_with};
