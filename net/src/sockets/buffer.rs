//! Buffers that a thread lends and takes back.

use std::{
    cell::RefCell,
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

/// The length of a lent buffer in bytes.
pub const BUFFER_SIZE: usize = 16 * 1024;

/// Most returned buffers that a thread keeps for later (1 MiB of them); others are freed.
const MAX_KEPT: usize = 64;

thread_local!(static KEPT: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) });

/// Lends a buffer of [`BUFFER_SIZE`] bytes. Dropping it gives it back to this thread, which lends it again.
///
/// What it holds is what its last user left there. Take one when there is something to read and give it back before
/// waiting again, and ten thousand idle connections need no buffer at all.
///
/// ```
/// let mut bytes = wirebook_net::buffer();
/// bytes[..2].copy_from_slice(b"hi");
/// assert_eq!(bytes.len(), wirebook_net::BUFFER_SIZE);
/// ```
pub fn buffer() -> Buffer {
    let kept = KEPT.try_with(|kept| kept.borrow_mut().pop()).ok().flatten();
    Buffer { bytes: kept.unwrap_or_else(|| vec![0; BUFFER_SIZE].into_boxed_slice()), _here: PhantomData }
}

/// A lent buffer; see [`buffer()`].
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
        // A thread that ends frees what it kept, and this one too.
        let _ = KEPT.try_with(|kept| {
            let kept = &mut *kept.borrow_mut();
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
