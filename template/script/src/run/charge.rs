//! The bounds of a run: steps, memory, the length of a string, the native stack.
//!
//! **Time** is steps. A closure that turns, calls or visits takes one ([`Cx::step`]), work on something long takes as many as
//! [`rate`] says. What was made since the last look costs time as well, at [`rate::MADE`] bytes a step, so that nothing that
//! makes values can be done for nothing. **Memory** is what the values of this thread weigh now, less what they weighed at
//! the start (see `base/memory.rs`): it is looked at every [`STRIDE`] steps, and asked before something large is made.

use super::fault::R;
use super::machine::Cx;
use crate::base::{ErrorKind, Str, memory};
use crate::value::Value;

/// Steps between two looks at the memory.
const STRIDE: u64 = 64;

/// What a step pays for.
pub(crate) mod rate {
    /// Bytes of a string that are read, copied or compared.
    pub(crate) const BYTES: usize = 128;
    /// Elements of a list that are copied or compared.
    pub(crate) const ITEMS: usize = 8;
    /// Bytes of values that are made.
    pub(crate) const MADE: usize = 256;
    /// Instructions of a regular expression's matcher.
    pub(crate) const TRIES: u64 = 16;
    /// Characters of a regular expression that is compiled.
    pub(crate) const PATTERN: usize = 2;
}

impl Cx<'_> {
    /// One unit of work.
    #[inline]
    pub(crate) fn step(&mut self) -> R<()> {
        if self.steps.is_multiple_of(STRIDE) {
            return self.step_and_look();
        }
        self.steps -= 1;
        Ok(())
    }

    #[cold]
    fn step_and_look(&mut self) -> R<()> {
        self.look()?;
        if self.steps == 0 {
            return self.step_limit();
        }
        self.steps -= 1;
        Ok(())
    }

    #[cold]
    fn step_limit(&mut self) -> R<()> {
        let limit = self.limits.steps;
        self.fail(ErrorKind::StepLimit, format!("more than {limit} steps"))
    }

    /// `count` units of work at once.
    ///
    /// # Errors
    /// When that is more than is left, or memory has reached its bound.
    #[inline]
    pub fn steps(&mut self, count: usize) -> R<()> {
        let count = count as u64;
        if count > self.steps {
            self.steps = 0;
            return self.step_limit();
        }
        let looked = self.steps / STRIDE;
        self.steps -= count;
        if looked != self.steps / STRIDE { self.look() } else { Ok(()) }
    }

    /// Takes the time that making took, and looks at the memory. Called once in a while: the frequent path has no room for it.
    #[inline(never)]
    fn look(&mut self) -> R<()> {
        let made = memory::made();
        let steps = (made.wrapping_sub(self.memory_made) / rate::MADE) as u64;
        self.memory_made = self.memory_made.wrapping_add(steps as usize * rate::MADE);
        if steps > self.steps {
            self.steps = 0;
            return self.step_limit();
        }
        self.steps -= steps;
        // What is held may have shrunk below the base, when a run drops what it was given.
        let held = memory::held() as isize - self.memory_base as isize;
        let waiting = if self.capturing > 0 { self.out.len() } else { 0 } + self.frames();
        if (held + waiting as isize).max(0) as usize > self.limits.memory { self.memory_limit() } else { Ok(()) }
    }

    pub(crate) fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Bytes that may still be held.
    pub(crate) fn room_left(&self) -> usize {
        self.limits.memory.saturating_sub(memory::held().saturating_sub(self.memory_base) + self.frames())
    }

    /// Bytes of the frames of all functions that run.
    fn frames(&self) -> usize {
        self.stack.len() * memory::cost::ITEM
    }

    /// What a list in the source of a program costs whenever it is walked: a program may be long, and what it does between
    /// two turns of a loop is not free.
    #[inline]
    pub(crate) fn toll(&mut self, toll: usize) -> R<()> {
        if toll > 0 { self.steps(toll) } else { Ok(()) }
    }

    /// A frame of so many slots.
    #[inline]
    pub(super) fn frame(&mut self, slots: usize) -> R<()> {
        if slots >= 32 { self.large_frame(slots) } else { Ok(()) }
    }

    fn large_frame(&mut self, slots: usize) -> R<()> {
        if slots * memory::cost::ITEM > self.room_left() {
            return self.fail(ErrorKind::Range, "Maximum call stack size exceeded");
        }
        self.steps(slots / rate::ITEMS)
    }

    /// Reading, copying or comparing so many bytes of text.
    ///
    /// # Errors
    /// As [`Cx::steps`].
    #[inline]
    pub fn bytes(&mut self, bytes: usize) -> R<()> {
        if bytes >= rate::BYTES { self.steps(bytes / rate::BYTES) } else { Ok(()) }
    }

    /// Copying or comparing so many elements of a list, and room for as many when they are kept.
    pub(crate) fn items(&mut self, count: usize) -> R<()> {
        if count < rate::ITEMS {
            return Ok(());
        }
        self.room_for(count.saturating_mul(memory::cost::ITEM))?;
        self.steps(count / rate::ITEMS)
    }

    /// Work on a string of so many bytes, and its bound; to be asked before it is made.
    ///
    /// # Errors
    /// When it is longer than strings may be, or there is no room for it.
    pub fn string_of(&mut self, bytes: usize) -> R<()> {
        self.length_of(bytes)?;
        self.room_for(bytes)?;
        self.bytes(bytes)
    }

    /// The bound of a string's length.
    #[inline]
    pub(crate) fn length_of(&mut self, bytes: usize) -> R<()> {
        if bytes > self.limits.string { self.length_limit() } else { Ok(()) }
    }

    #[cold]
    fn length_limit(&mut self) -> R<()> {
        let limit = self.limits.string;
        self.fail(ErrorKind::MemoryLimit, format!("value too large: a string of more than {limit} bytes"))
    }

    /// Comparing two values: long strings take their time.
    #[inline]
    pub(crate) fn comparing(&mut self, a: &Value, b: &Value) -> R<()> {
        match (a, b) {
            (Value::String(a), Value::String(b)) => self.bytes(a.as_str().len().min(b.as_str().len())),
            _ => Ok(()),
        }
    }

    /// The two strings joined; in place, and for the price of what is added, when nobody else holds the left one.
    #[inline]
    pub(crate) fn joined(&mut self, left: Str, right: &Str) -> R<Str> {
        let length = left.as_str().len() + right.as_str().len();
        self.length_of(length)?;
        if length >= rate::BYTES {
            let anew = left.is_shared() || right.has_halves();
            let copied = if anew { length } else { right.as_str().len() };
            self.room_for(copied)?;
            self.bytes(copied)?;
        }
        Ok(left.concat(right))
    }

    /// Whether so many bytes may be held on top of what is; to be asked before they are.
    pub(crate) fn room_for(&mut self, bytes: usize) -> R<()> {
        if bytes > 4096 && bytes > self.room_left() {
            return self.memory_limit();
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn memory_limit(&mut self) -> R<()> {
        let limit = self.limits.memory;
        self.fail(ErrorKind::MemoryLimit, format!("value too large: values of more than {limit} bytes"))
    }

    /// Fails when the native stack has grown past its bound.
    ///
    /// # Errors
    /// JavaScript's RangeError.
    pub fn check_stack(&mut self) -> R<()> {
        if self.stack_top.used() > self.limits.stack {
            return self.fail(ErrorKind::Range, "Maximum call stack size exceeded");
        }
        Ok(())
    }
}
