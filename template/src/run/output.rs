//! Writing to the output, and its bound.
//!
//! Writes do not look at the bound; a block does, before each of its parts and at its end, when it writes its text. So
//! the output is at most one value longer than its bound before somebody notices, and a value has a bound of its own.

use super::{Cx, R};
use crate::append::Text;
use crate::error::ErrorKind;
use crate::escape;
use crate::value::{Str, Value, convert, number};

/// Bytes that are gathered before they go to a writer.
const CHUNK: usize = 16 * 1024;

/// Bytes from which on escaping a string counts as work.
const LONG: usize = 4096;

/// Puts out a value that needs no conversion and costs no step; false, and nothing put out, for all others.
#[inline]
pub(crate) fn simple(out: &mut String, value: &Value, raw: bool) -> bool {
    match value {
        Value::Number(n) => number::write(out, *n),
        Value::String(s) if !s.has_halves() && s.as_str().len() < LONG => {
            if raw {
                out.push_str(s.as_str());
            } else {
                escape::append(out, s.as_str());
            }
        }
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
    pub(crate) fn flush(&mut self) -> R<()> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        if let Err(error) = sink(&self.out) {
            return self.fail(ErrorKind::Write, error.to_string());
        }
        self.out_flushed += self.out.len();
        self.out.clear();
        self.set_mark();
        Ok(())
    }

    /// A template's own text.
    #[inline]
    pub(crate) fn text(&mut self, text: &Text) -> R<()> {
        text.append(&mut self.out);
        self.written()
    }

    /// `<%= value %>`, or `<%- value %>` when it is raw.
    #[inline]
    pub(crate) fn put(&mut self, value: &Value, raw: bool) -> R<()> {
        if simple(&mut self.out, value, raw) { Ok(()) } else { self.put_other(value, raw) }
    }

    fn put_other(&mut self, value: &Value, raw: bool) -> R<()> {
        match value {
            Value::Undefined | Value::Null => return Ok(()),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            _ => {
                let text: Str = convert::to_str(self, value)?;
                let text = text.to_output();
                if raw {
                    self.out.push_str(&text);
                } else {
                    if text.len() >= LONG {
                        self.steps(text.len() / 128)?;
                    }
                    escape::append(&mut self.out, &text);
                }
            }
        }
        Ok(())
    }
}
