//! Writing to the output, and its bound.
//!
//! Writes do not look at the bound; a block does, before each of its parts and at its end, when it writes its text. So
//! the output is at most one value longer than its bound before somebody notices, and a value has a bound of its own.

use super::convert;
use super::fault::R;
use super::machine::Cx;
use crate::base::{ErrorKind, Str, number};
use crate::value::Value;

/// Bytes that are gathered before they go to a writer.
const CHUNK: usize = 16 * 1024;

/// Bytes from which on escaping a string counts as work.
const LONG: usize = 4096;

/// Appends a text so that it can stand where the program puts it, such as in HTML.
pub type Escape = fn(&mut String, &str);

/// Puts out a value that needs no conversion and costs no step; false, and nothing put out, for all others.
#[inline(always)]
pub(crate) fn simple(out: &mut String, value: &Value, escape: Option<Escape>) -> bool {
    match value {
        Value::Number(n) => number::write(out, *n),
        Value::String(s) if !s.has_halves() && s.as_str().len() < LONG => match escape {
            Some(escape) => escape(out, s.as_str()),
            None => out.push_str(s.as_str()),
        },
        _ => return false,
    }
    true
}

impl Cx<'_> {
    /// Sets the length at which the next write has to stop: the bound, or the end of a chunk.
    pub(super) fn set_mark(&mut self) {
        let left = self.limits.output.saturating_sub(self.out_flushed).saturating_add(self.out_start);
        self.out_mark = if self.sink.is_some() { left.min(CHUNK) } else { left };
    }

    /// Holds the output to its bound, and hands a full chunk on.
    #[inline]
    pub(crate) fn written(&mut self) -> R<()> {
        if self.out.len() > self.out_mark { self.overflow() } else { Ok(()) }
    }

    #[cold]
    fn overflow(&mut self) -> R<()> {
        let put_out = self.out.len() - self.out_start + self.out_flushed;
        if put_out > self.limits.output {
            let limit = self.limits.output;
            return self.fail(ErrorKind::OutputLimit, format!("more than {limit} bytes of output"));
        }
        if self.capturing == 0 { self.flush() } else { Ok(()) }
    }

    /// Hands what is gathered to the writer, if there is one.
    ///
    /// # Errors
    /// The writer's.
    pub fn flush(&mut self) -> R<()> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        if let Err(error) = sink(&self.out) {
            return self.fail(ErrorKind::Write, error.to_string());
        }
        self.out_flushed += self.out.len();
        self.out.clear();
        self.set_mark();
        Ok(())
    }

    /// Puts a value out, escaped or as it is. `null` and `undefined` are nothing.
    ///
    /// # Errors
    /// What making text of it throws; a bound that was reached.
    #[inline]
    pub fn put(&mut self, value: &Value, escape: Option<Escape>) -> R<()> {
        if simple(&mut self.out, value, escape) { Ok(()) } else { self.put_other(value, escape) }
    }

    fn put_other(&mut self, value: &Value, escape: Option<Escape>) -> R<()> {
        match value {
            Value::Undefined | Value::Null => return Ok(()),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            _ => {
                let text: Str = convert::to_str(self, value)?;
                let text = text.to_output();
                self.bytes(text.len())?;
                match escape {
                    Some(escape) => escape(&mut self.out, &text),
                    None => self.out.push_str(&text),
                }
            }
        }
        Ok(())
    }
    /// Bytes that are gathered: what is put out from here on comes after them.
    pub fn gathered(&self) -> usize {
        self.out.len()
    }

    /// Takes back what was put out since so many bytes were gathered. Only what was held can be taken; see [`Cx::hold`].
    pub fn take_since(&mut self, start: usize) -> String {
        self.out.split_off(start.min(self.out.len()))
    }

    /// Runs something whose output must not leave yet.
    pub fn hold<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.capturing += 1;
        let result = run(self);
        self.capturing -= 1;
        result
    }

    /// Runs something and takes what it put out as a string instead.
    ///
    /// # Errors
    /// Those of what it runs; a text longer than strings may be.
    pub fn capture(&mut self, run: impl FnOnce(&mut Self) -> R<()>) -> R<Str> {
        let start = self.out.len();
        let result = self.hold(run);
        let text = self.take_since(start);
        self.string_of(text.len())?;
        result?;
        Ok(text.into())
    }
}
