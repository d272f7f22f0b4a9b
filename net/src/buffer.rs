//! Buffers that the loop lends and takes back.

use crate::run;
use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

/// The length of a lent buffer in bytes.
pub const BUFFER_SIZE: usize = 16 * 1024;

/// Most returned buffers that a loop keeps for later; others are freed.
const MAX_KEPT: usize = 64;

/// Lends a buffer of [`BUFFER_SIZE`] bytes. Dropping it gives it back to this thread's loop, which lends it again.
///
/// What it holds is what its last user left there. Take one when there is something to read and give it back before
/// waiting again, and ten thousand idle connections need no buffer at all.
///
/// ```
/// # wirebook_net::run(async {
/// let mut bytes = wirebook_net::buffer();
/// bytes[..2].copy_from_slice(b"hi");
/// assert_eq!(bytes.len(), wirebook_net::BUFFER_SIZE);
/// # }).unwrap();
/// ```
pub fn buffer() -> Buffer {
    let kept = run::try_current(|on| on.buffers.borrow_mut().pop()).flatten();
    Buffer { bytes: kept.unwrap_or_else(|| vec![0; BUFFER_SIZE].into_boxed_slice()), _here: PhantomData }
}

/// A buffer lent by the loop; see [`buffer()`].
pub struct Buffer {
    bytes: Box<[u8]>,
    _here: PhantomData<*const ()>,
}

impl Deref for Buffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        run::try_current(|on| {
            let kept = &mut *on.buffers.borrow_mut();
            if kept.len() < MAX_KEPT {
                kept.push(bytes);
            }
        });
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.bytes.len())
    }
}
