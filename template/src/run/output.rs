//! Writing to the output, and its bound.

use super::{Cx, R};
use crate::error::ErrorKind;
use crate::escape;
use crate::value::{Str, Value, convert, number};

/// Bytes that are gathered before they go to a writer.
const CHUNK: usize = 16 * 1024;

impl Cx<'_> {
    /// Sets the length at which the next write has to stop: the bound, or the end of a chunk.
    pub(super) fn set_mark(&mut self) {
        let left = self.limits.output.saturating_sub(self.out_flushed).saturating_add(self.out_start);
        self.out_mark = if self.sink.is_some() { left.min(CHUNK) } else { left };
    }

    /// Called after every write.
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
    pub(crate) fn write_text(&mut self, text: &str) -> R<()> {
        self.out.push_str(text);
        self.written()
    }

    /// `<%= value %>`. Numbers and booleans have nothing to escape.
    #[inline]
    pub(crate) fn echo(&mut self, value: &Value) -> R<()> {
        match value {
            Value::Number(n) => number::write(&mut self.out, *n),
            Value::String(s) if !s.has_halves() => self.escape_str(s.as_str())?,
            _ => return self.echo_other(value),
        }
        self.written()
    }

    fn escape_str(&mut self, text: &str) -> R<()> {
        if text.len() >= 4096 {
            self.steps(text.len() / 128)?;
        }
        escape::append(&mut self.out, text);
        Ok(())
    }

    fn echo_other(&mut self, value: &Value) -> R<()> {
        match value {
            Value::Undefined | Value::Null => return Ok(()),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            _ => {
                let text: Str = convert::to_str(self, value)?;
                escape::append(&mut self.out, &text.to_output());
            }
        }
        self.written()
    }

    /// `<%- value %>`.
    #[inline]
    pub(crate) fn echo_raw(&mut self, value: &Value) -> R<()> {
        match value {
            Value::Undefined | Value::Null => return Ok(()),
            Value::Number(n) => number::write(&mut self.out, *n),
            _ => {
                let text: Str = convert::to_str(self, value)?;
                self.out.push_str(&text.to_output());
            }
        }
        self.written()
    }
}
