//! How much of the native stack has been used since a place: what bounds every recursion, whatever a frame costs in this
//! build. The address of a local variable is the measure.

/// A place on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack(usize);

impl Stack {
    /// The place where this is called.
    #[inline]
    pub(crate) fn here() -> Stack {
        let marker = 0u8;
        Stack(&raw const marker as usize)
    }

    /// Bytes between that place and this one.
    #[inline]
    pub(crate) fn used(self) -> usize {
        self.0.abs_diff(Stack::here().0)
    }
}
