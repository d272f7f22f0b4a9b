//! What the fast variants share: they read whole, correct lines, and leave the rest to the state machine.
//!
//! A [`Kernel`] knows three things: how to read a request-line, a status-line and the field lines behind them. It never
//! says what is wrong or what is missing; where it does not like a line, for whatever reason, it stops in front of it.
//! Then [`bytewise`] goes over that line, finds out, and keeps the state for the next call. So the fast
//! path has no states, no errors and no branches for them, and all variants give the same errors.
//!
//! When a head is not whole, the kernel's first pass is in vain. The machine reads the start-line, the kernel the whole
//! lines behind it, the machine the last line, and after that no byte of them is looked at again: the kernel never runs in
//! the middle of a line, and once a call, so a head that comes in crumbs costs what the machine costs.

use super::bytewise::{self, Reached, Stop};
use super::progress::State;
use super::{Error, FieldLines, FieldSpan, Fields, Limits, Progress, RequestHead, ResponseHead, Trailers, Version};

/// A whole, correct request-line.
pub(super) struct RequestLine {
    pub method_end: usize,
    pub target_end: usize,
    pub version: Version,
    /// Behind its CRLF.
    pub next: usize,
}

/// A whole, correct status-line.
pub(super) struct StatusLine {
    pub version: Version,
    pub status: u16,
    pub reason_start: usize,
    pub reason_end: usize,
    /// Behind its CRLF.
    pub next: usize,
}

/// Whole, correct field lines.
pub(super) struct Lines {
    /// How many.
    pub count: usize,
    /// Behind the last of them; behind the empty line if that was reached.
    pub next: usize,
    /// Whether the empty line was reached.
    pub done: bool,
}

/// How a variant reads lines that are whole and correct and end with CRLF.
pub(super) trait Kernel: Copy {
    /// The request-line at the start of `input`.
    fn request_line(self, input: &[u8]) -> Option<RequestLine>;

    /// The status-line at the start of `input`.
    fn status_line(self, input: &[u8]) -> Option<StatusLine>;

    /// The field lines from `from` on, into `spans`, as many as fit. `scratch` is for the kernel's own use.
    fn field_lines(self, input: &[u8], from: usize, spans: &mut [FieldSpan], scratch: &mut [u16]) -> Lines;
}

/// Where the parts of a whole head lie: two registers. The head itself, 80 bytes of slices, is made where it is wanted and
/// not handed from function to function through memory.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    /// Four times 16 bits: of a request, the end of the method, of the target, the number of fields and the minor version;
    /// of a response, the start and the end of the reason, the number of fields, and the status with the minor version above
    /// its ten bits.
    parts: u64,
    /// Bytes of the head; 0 if there is no whole one.
    len: u32,
}

impl Whole {
    const NONE: Whole = Whole { parts: 0, len: 0 };

    #[inline(always)]
    fn new(parts: [usize; 4], len: usize) -> Whole {
        let [first, second, third, fourth] = parts.map(|part| u64::from(part as u16));
        Whole { parts: first | second << 16 | third << 32 | fourth << 48, len: len as u32 }
    }

    /// The four parts, if there is a whole head.
    #[inline(always)]
    fn parts(self) -> Option<[usize; 4]> {
        let part = |nth: u32| usize::from((self.parts >> (16 * nth)) as u16);
        (self.len != 0).then(|| [part(0), part(1), part(2), part(3)])
    }
}

/// Who reads whole heads: a kernel, or whoever picks one at run time.
pub(super) trait Reader: Copy {
    fn whole_request(self, input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole;
    fn whole_response(self, input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole;
    /// Field lines from `from` on, behind `count` others.
    fn more_lines(self, input: &[u8], from: usize, count: usize, fields: &mut Fields, limits: &Limits) -> Lines;
}

impl<K: Kernel> Reader for K {
    #[inline(always)]
    fn whole_request(self, input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
        let window = &input[..input.len().min(limits.head())];
        let Some(line) = self.request_line(window) else { return Whole::NONE };
        if line.next - 2 > limits.line {
            return Whole::NONE;
        }
        let lines = self.more_lines(window, line.next, 0, fields, limits);
        let parts = [line.method_end, line.target_end, lines.count, line.version as usize];
        if lines.done { Whole::new(parts, lines.next) } else { Whole::NONE }
    }

    #[inline(always)]
    fn whole_response(self, input: &[u8], fields: &mut Fields, limits: &Limits) -> Whole {
        let window = &input[..input.len().min(limits.head())];
        let Some(line) = self.status_line(window) else { return Whole::NONE };
        if line.next - 2 > limits.line {
            return Whole::NONE;
        }
        let lines = self.more_lines(window, line.next, 0, fields, limits);
        let status = usize::from(line.status) | (line.version as usize) << 10;
        let parts = [line.reason_start, line.reason_end, lines.count, status];
        if lines.done { Whole::new(parts, lines.next) } else { Whole::NONE }
    }

    #[inline(always)]
    fn more_lines(self, input: &[u8], from: usize, count: usize, fields: &mut Fields, limits: &Limits) -> Lines {
        let most = limits.fields.min(fields.spans.len());
        let lines = self.field_lines(input, from, &mut fields.spans[count.min(most)..most], &mut fields.scratch);
        Lines { count: count + lines.count, ..lines }
    }
}

fn version(minor: usize) -> Version {
    if minor == Version::Http11 as usize { Version::Http11 } else { Version::Http10 }
}

/// A request head.
#[inline(always)]
pub(super) fn request<'a, R: Reader>(
    reader: R,
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    if progress.state == State::Start {
        let whole = reader.whole_request(input, fields, limits);
        if let Some([method_end, target_end, count, minor]) = whole.parts() {
            return Ok(Some(RequestHead {
                method: &input[..method_end],
                target: &input[method_end + 1..target_end],
                version: version(minor),
                fields: FieldLines::new(input, &fields.spans[..count]),
                len: whole.len as usize,
            }));
        }
    }
    let done = resume(reader, State::Start, input, fields, progress, limits)?;
    Ok(done.then(|| progress.request(input, fields)))
}

/// A response head.
#[inline(always)]
pub(super) fn response<'a, R: Reader>(
    reader: R,
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    if progress.state == State::Start {
        let whole = reader.whole_response(input, fields, limits);
        if let Some([start, end, count, status]) = whole.parts() {
            return Ok(Some(ResponseHead {
                version: version(status >> 10),
                status: (status & 0x3FF) as u16,
                reason: &input[start..end],
                fields: FieldLines::new(input, &fields.spans[..count]),
                len: whole.len as usize,
            }));
        }
    }
    let done = resume(reader, State::StatusVersion, input, fields, progress, limits)?;
    Ok(done.then(|| progress.response(input, fields)))
}

/// A trailer section: too small and too rare for a fast path of its own.
#[inline(always)]
pub(super) fn trailers<'a, R: Reader>(
    reader: R,
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    let done = resume(reader, State::LineStart, input, fields, progress, limits)?;
    Ok(done.then(|| progress.trailers(input, fields)))
}

/// What was not a whole, correct head at once: the start-line or the rest of a line that was cut, then whole lines, then
/// what is wrong or missing after those. Whether the head is done.
#[cold]
#[inline(never)]
fn resume<R: Reader>(
    reader: R,
    first: State,
    input: &[u8],
    fields: &mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<bool, Error> {
    if bytewise::run(first, Stop::AtLineStart, input, fields, progress, limits)? == Reached::LineStart {
        let window = &input[..input.len().min(limits.head())];
        let lines = reader.more_lines(window, progress.at as usize, usize::from(progress.count), fields, limits);
        progress.at = lines.next as u32;
        progress.count = lines.count as u16;
        progress.state = if lines.done { State::Done } else { State::LineStart };
    }
    Ok(bytewise::run(first, Stop::Never, input, fields, progress, limits)? == Reached::Done)
}
