//! What the fast variants share: they read whole, correct lines, and leave the rest to the state machine.
//!
//! A [`Kernel`] knows three things: how to read a request-line, a status-line and the field lines behind them. It never
//! says what is wrong or what is missing; where it does not like a line, for whatever reason, it stops in front of it.
//! Then [`bytewise`] goes over that line, finds out, and keeps the state for the next call. So the fast
//! path has no states, no errors and no branches for them, and all variants give the same errors.
//!
//! No byte is looked at more than twice: once by a kernel, once by the machine. The kernel runs at most once a call, and
//! never in the middle of a line, so a head that comes in crumbs costs what the machine costs.

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

/// A request head, with kernel `K`.
#[inline(always)]
pub(super) fn request<'a, K: Kernel>(
    kernel: K,
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    let mut unread = Some(kernel);
    if progress.state == State::Start {
        let window = &input[..input.len().min(limits.head())];
        // An empty line before it is for the machine, which comes back to the kernel behind the request-line.
        if let Some(line) = kernel.request_line(window)
            && line.next - 2 <= limits.line
        {
            let lines = field_lines(kernel, window, line.next, fields, limits, 0);
            if lines.done {
                return Ok(Some(RequestHead {
                    method: &input[..line.method_end],
                    target: &input[line.method_end + 1..line.target_end],
                    version: line.version,
                    fields: FieldLines::new(input, &fields.spans[..lines.count]),
                    len: lines.next,
                }));
            }
            progress.method_end = line.method_end as u16;
            progress.target_end = line.target_end as u16;
            progress.version = line.version;
            progress.advance(&lines);
            unread = None;
        }
    }
    let done = rest(unread, State::Start, input, fields, progress, limits)?;
    Ok(done.then(|| progress.request(input, fields)))
}

/// A response head, with kernel `K`.
#[inline(always)]
pub(super) fn response<'a, K: Kernel>(
    kernel: K,
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    let mut unread = Some(kernel);
    if progress.state == State::Start {
        let window = &input[..input.len().min(limits.head())];
        if let Some(line) = kernel.status_line(window)
            && line.next - 2 <= limits.line
        {
            let lines = field_lines(kernel, window, line.next, fields, limits, 0);
            if lines.done {
                return Ok(Some(ResponseHead {
                    version: line.version,
                    status: line.status,
                    reason: &input[line.reason_start..line.reason_end],
                    fields: FieldLines::new(input, &fields.spans[..lines.count]),
                    len: lines.next,
                }));
            }
            progress.method_end = line.reason_start as u16;
            progress.target_end = line.reason_end as u16;
            progress.version = line.version;
            progress.advance(&lines);
            unread = None;
        }
    }
    let done = rest(unread, State::StatusVersion, input, fields, progress, limits)?;
    Ok(done.then(|| progress.response(input, fields)))
}

/// A trailer section, with kernel `K`.
#[inline(always)]
pub(super) fn trailers<'a, K: Kernel>(
    kernel: K,
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    let mut unread = Some(kernel);
    if progress.state == State::Start {
        let window = &input[..input.len().min(limits.head())];
        progress.advance(&field_lines(kernel, window, 0, fields, limits, 0));
        unread = None;
    }
    let done = rest(unread, State::LineStart, input, fields, progress, limits)?;
    Ok(done.then(|| progress.trailers(input, fields)))
}

/// Field lines from `from` on, when `count` lines have been read before.
#[inline(always)]
fn field_lines<K: Kernel>(
    kernel: K,
    window: &[u8],
    from: usize,
    fields: &mut Fields,
    limits: &Limits,
    count: usize,
) -> Lines {
    let most = limits.fields.min(fields.spans.len());
    let lines = kernel.field_lines(window, from, &mut fields.spans[count.min(most)..most], &mut fields.scratch);
    Lines { count: count + lines.count, ..lines }
}

impl Progress {
    /// As if the machine had read these lines itself.
    fn advance(&mut self, lines: &Lines) {
        self.at = lines.next as u32;
        self.count = lines.count as u16;
        self.state = if lines.done { State::Done } else { State::LineStart };
    }
}

/// Whatever a kernel did not finish: the rest of a line that was cut, whole lines behind it, and what is wrong or missing
/// after those. Whether the head is done.
#[cold]
#[inline(never)]
fn rest<K: Kernel>(
    kernel: Option<K>,
    first: State,
    input: &[u8],
    fields: &mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<bool, Error> {
    if let Some(kernel) = kernel
        && bytewise::run(first, Stop::AtLineStart, input, fields, progress, limits)? == Reached::LineStart
    {
        let window = &input[..input.len().min(limits.head())];
        let lines = field_lines(kernel, window, progress.at as usize, fields, limits, usize::from(progress.count));
        progress.advance(&lines);
    }
    Ok(bytewise::run(first, Stop::Never, input, fields, progress, limits)? == Reached::Done)
}
