//! A counting allocator, for tests that bound memory.
//!
//! ```
//! use wirebook_tests::allocations::{Counting, measure};
//!
//! #[global_allocator]
//! static COUNTING: Counting = Counting;
//!
//! let (kept, cost) = measure(|| vec![0u8; 1000]);
//! assert_eq!((cost.allocations, cost.peak_bytes), (1, 1000));
//! drop(kept);
//! ```
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting what each thread asks of it.
pub struct Counting;

/// What a piece of code cost its thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Calls of the allocator that gave new memory or grew old.
    pub allocations: u64,
    /// The most bytes that were held at one time, above what was held at the start.
    pub peak_bytes: i64,
    /// The bytes still held at the end, above what was held at the start.
    pub kept_bytes: i64,
}

thread_local! {
    // Constants need no allocation of their own when they are first touched.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

/// Runs `work` and says what it cost. Zero for everything unless [`Counting`] is the global allocator.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (allocations, held) = (ALLOCATIONS.get(), HELD.get());
    PEAK.set(held);
    let value = work();
    let cost = Cost {
        allocations: ALLOCATIONS.get() - allocations,
        peak_bytes: PEAK.get() - held,
        kept_bytes: HELD.get() - held,
    };
    (value, cost)
}

fn note(allocations: u64, bytes: i64) {
    // A thread that ends frees its last memory after its counters are gone.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, -(layout.size() as i64));
        // SAFETY: the pointer came from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
