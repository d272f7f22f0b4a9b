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
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

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

/// What one thread holds, readable from others: see [`watch`].
#[derive(Debug, Default)]
pub struct Ledger {
    held: AtomicI64,
    peak: AtomicI64,
}

impl Ledger {
    /// Bytes that the thread holds now. What it freed of other threads' memory counts against it.
    pub fn held(&self) -> i64 {
        self.held.load(Relaxed)
    }

    /// The most bytes that it held at one time since the last [`mark`](Self::mark).
    pub fn peak(&self) -> i64 {
        self.peak.load(Relaxed)
    }

    /// Begins a new peak, and says what is held.
    pub fn mark(&self) -> i64 {
        let held = self.held();
        self.peak.store(held, Relaxed);
        held
    }
}

/// Opens a ledger for this thread's memory from now on. It lives as long as the process.
pub fn watch() -> &'static Ledger {
    let ledger = Box::leak(Box::default());
    LEDGER.set(Some(ledger));
    ledger
}

/// Runs `work`, whose memory is the test's own and stands in no ledger. It must be freed in the same way, or elsewhere.
pub fn unwatched<T>(work: impl FnOnce() -> T) -> T {
    let ledger = LEDGER.replace(None);
    let value = work();
    LEDGER.set(ledger);
    value
}

thread_local! {
    static LEDGER: Cell<Option<&'static Ledger>> = const { Cell::new(None) };
    // Constants need no allocation of their own when they are first touched.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

/// Runs `work` and says what it cost.
///
/// # Panics
/// Where [`Counting`] is not the global allocator: everything would cost nothing.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(0u8)));
    assert!(ALLOCATIONS.get() > before, "a program that measures has `Counting` as its global allocator");
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
    if let Ok(Some(ledger)) = LEDGER.try_with(Cell::get) {
        let held = ledger.held.fetch_add(bytes, Relaxed) + bytes;
        ledger.peak.fetch_max(held, Relaxed);
    }
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
