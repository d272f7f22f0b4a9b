//! What strangers send, on the disk.
//!
//! | file | holds |
//! |---|---|
//! | `temporary` | a file that is gone when nobody needs it |
//! | `store` | parts of forms, streamed into such files |

mod store;
mod temporary;

pub use store::{MOST_OPEN, Saved, Upload, UploadedForm, Uploads};
