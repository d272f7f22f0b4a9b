//! Accepting beside others from one queue: who has more than a fair share lets the others go first.

/// Eighths of the mean beyond which a worker has too many: 1.125 times the mean.
pub const SHARE: usize = 9;

/// So few connections are nobody's burden.
pub const FEW: usize = 8;

/// Whether a worker with so many connections lets others accept, where all have `mean` on average. With few there is nothing to
/// level out.
///
/// ```
/// use wirebook_cluster::policy::rests;
/// assert!(!rests(112, 100) && !rests(113, 101) && rests(113, 100));
/// assert!(!rests(7, 0) && rests(10, 1));
/// ```
pub fn rests(open: usize, mean: usize) -> bool {
    open > FEW && open.saturating_mul(8) > mean.saturating_mul(SHARE)
}

/// How many more connections a worker takes, having `told` of so many, before it asks again what all have: enough that those who ask
/// are few however many come, and half as many as make a share unfair.
///
/// ```
/// use wirebook_cluster::policy::asks_after;
/// assert_eq!((asks_after(0), asks_after(100), asks_after(16_000)), (8, 8, 1_000));
/// ```
pub fn asks_after(told: usize) -> usize {
    FEW.max(told / 16)
}

/// How many connections a worker has on average, rounded up. What workers say of themselves is not believed further than a number
/// goes.
///
/// ```
/// use wirebook_cluster::policy::mean;
/// assert_eq!((mean([]), mean([1, 2]), mean([usize::MAX, 7])), (0, 2, usize::MAX / 2 + 1));
/// ```
pub fn mean(open: impl IntoIterator<Item = usize>) -> usize {
    let (sum, count) =
        open.into_iter().fold((0_usize, 0_usize), |(sum, count), open| (sum.saturating_add(open), count + 1));
    sum.div_ceil(count.max(1))
}
