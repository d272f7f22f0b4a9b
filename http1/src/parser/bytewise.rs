//! A state machine that looks at one byte at a time, and at each byte once.
//!
//! The state says what the next byte belongs to, and [`Progress`] holds it between calls: a head that arrives one byte at
//! a time costs the same as one that arrives whole. It also knows of every byte that cannot come next, which makes it the
//! place where the faster variants send whatever they do not like: they know how to be right, this one knows what is wrong.
//!
//! What it costs: for each byte a range check or two to find its kind, and where the state changes, a jump through `match`
//! with a result that is written and read again.

use super::progress::State;
use super::{
    Error, FieldSpan, Fields, Limits, MAX_EMPTY, MAX_METHOD, Progress, RequestHead, ResponseHead, Rule, Trailers,
    is_target_byte, is_token_byte, is_value_byte,
};

/// Parses a request head; `Ok(None)` until it is complete. See the [contract](super).
pub fn request<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    let reached = run(State::Start, Stop::Never, input, fields, progress, limits)?;
    Ok((reached == Reached::Done).then(|| progress.request(input, fields)))
}

/// Parses a response head; `Ok(None)` until it is complete. See the [contract](super).
pub fn response<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    let reached = run(State::StatusVersion, Stop::Never, input, fields, progress, limits)?;
    Ok((reached == Reached::Done).then(|| progress.response(input, fields)))
}

/// Parses a trailer section; `Ok(None)` until it is complete. See the [contract](super).
pub fn trailers<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<Trailers<'a>>, Error> {
    let reached = run(State::LineStart, Stop::Never, input, fields, progress, limits)?;
    Ok((reached == Reached::Done).then(|| progress.trailers(input, fields)))
}

/// When [`run`] is to stop before the head or the input ends.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stop {
    Never,
    /// At the start of a field line.
    AtLineStart,
}

/// Why [`run`] stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reached {
    EndOfInput,
    LineStart,
    Done,
}

/// Runs the machine from where it stands, from `first` if nothing has been seen.
pub(super) fn run(
    first: State,
    stop: Stop,
    input: &[u8],
    fields: &mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Reached, Error> {
    if progress.state == State::Start {
        progress.state = first;
    }
    let head = limits.head();
    let machine = Machine { input: &input[..input.len().min(head)], limits, progress };
    match machine.run(stop, fields)? {
        Reached::EndOfInput if input.len() >= head => Err(Error::at(Rule::HeadTooLarge, head)),
        reached => Ok(reached),
    }
}

struct Machine<'m> {
    input: &'m [u8],
    limits: &'m Limits,
    progress: &'m mut Progress,
}

impl Machine<'_> {
    fn run(mut self, stop: Stop, fields: &mut Fields) -> Result<Reached, Error> {
        let mut state = self.progress.state;
        let mut at = self.progress.at as usize;
        let reached = loop {
            match state {
                State::Done => break Reached::Done,
                State::LineStart if stop == Stop::AtLineStart => break Reached::LineStart,
                _ => {}
            }
            at += self.unchanged(state, at);
            let Some(&byte) = self.input.get(at) else { break Reached::EndOfInput };
            let step = match state {
                State::LineStart
                | State::Name
                | State::BeforeValue
                | State::Value
                | State::AfterValue
                | State::FieldLf
                | State::HeadLf => self.field_line(state, byte, at, fields),
                _ => self.start_line(state, byte, at),
            };
            state = step.map_err(|rule| Error::at(rule, if rule == Rule::BareCr { at - 1 } else { at }))?;
            at += 1;
        };
        self.progress.state = state;
        self.progress.at = at as u32;
        Ok(reached)
    }

    // ANCHOR: unchanged
    /// How many bytes from `at` on leave the state as it is: most, and they need no more than to be looked at.
    fn unchanged(&self, state: State, at: usize) -> usize {
        let rest = &self.input[at..];
        let line_end = usize::from(self.progress.start).saturating_add(self.limits.line);
        let line = &rest[..rest.len().min(line_end.saturating_sub(at))];
        match state {
            State::Target => run_of(line, is_target_byte),
            State::Reason => run_of(line, is_value_byte),
            State::Name => run_of(rest, is_token_byte),
            State::Value => run_of(rest, |byte| byte > b' ' && byte != 0x7F),
            _ => 0,
        }
    }
    // ANCHOR_END: unchanged

    /// The state behind a LF without CR, where a line may end.
    fn bare_lf(&self, next: State) -> Result<State, Rule> {
        if self.limits.bare_lf { Ok(next) } else { Err(Rule::BareLf) }
    }

    /// The state behind one byte of the request-line or status-line.
    #[inline(always)]
    fn start_line(&mut self, state: State, byte: u8, at: usize) -> Result<State, Rule> {
        let progress = &mut *self.progress;
        let start = usize::from(progress.start);
        if at - start >= self.limits.line
            && byte != b'\r'
            && byte != b'\n'
            && !matches!(state, State::EmptyLineLf | State::StartLineLf)
        {
            let response =
                matches!(state, State::StatusVersion | State::StatusCode | State::AfterStatusCode | State::Reason);
            return Err(if response { Rule::StatusLineTooLong } else { Rule::LineTooLong });
        }
        match state {
            State::Start | State::EmptyLineLf if byte == b'\n' => {
                progress.start = at as u16 + 1;
                let next = if at + 1 < MAX_EMPTY { State::Start } else { State::Method };
                if state == State::Start { self.bare_lf(next) } else { Ok(next) }
            }
            State::Start if byte == b'\r' => Ok(State::EmptyLineLf),
            State::EmptyLineLf | State::StartLineLf if byte != b'\n' => Err(Rule::BareCr),

            // request-line = method SP request-target SP HTTP-version
            State::Start | State::Method => match byte {
                b' ' if at > start => {
                    progress.method_end = at as u16;
                    Ok(State::Target)
                }
                _ if !is_token_byte(byte) => Err(Rule::Method),
                _ if at - start == MAX_METHOD => Err(Rule::MethodTooLong),
                _ => Ok(State::Method),
            },
            State::Target => match byte {
                _ if is_target_byte(byte) => Ok(State::Target),
                b' ' | b'\r' | b'\n' if at == usize::from(progress.method_end) + 1 => Err(Rule::Target),
                b' ' => {
                    progress.target_end = at as u16;
                    Ok(State::RequestVersion)
                }
                b'\r' | b'\n' => Err(Rule::Version),
                _ => Err(Rule::Target),
            },
            State::RequestVersion => {
                let nth = at - usize::from(progress.target_end) - 1;
                self.version(nth, byte, at).map(|()| if nth == 7 { State::RequestEnd } else { State::RequestVersion })
            }
            State::RequestEnd => match byte {
                b'\r' => Ok(State::StartLineLf),
                b'\n' => self.bare_lf(State::LineStart),
                _ => Err(Rule::Version),
            },

            // status-line = HTTP-version SP status-code SP [ reason-phrase ]
            State::StatusVersion if at == 8 && byte == b' ' => Ok(State::StatusCode),
            State::StatusVersion => self.version(at, byte, at).map(|()| State::StatusVersion),
            State::StatusCode => match byte {
                b'0'..=b'9' if at == 11 => Ok(State::AfterStatusCode),
                b'1'..=b'9' | b'0' if at > 9 || byte != b'0' => Ok(State::StatusCode),
                _ => Err(Rule::StatusCode),
            },
            State::AfterStatusCode | State::Reason => {
                progress.target_end = at as u16;
                match byte {
                    b' ' if state == State::AfterStatusCode => {
                        progress.method_end = at as u16 + 1;
                        return Ok(State::Reason);
                    }
                    _ if state == State::AfterStatusCode => progress.method_end = at as u16,
                    _ => {}
                }
                match byte {
                    b'\r' => Ok(State::StartLineLf),
                    b'\n' => self.bare_lf(State::LineStart),
                    _ if state == State::AfterStatusCode => Err(Rule::StatusCode),
                    _ if is_value_byte(byte) => Ok(State::Reason),
                    _ => Err(Rule::Reason),
                }
            }
            _ => Ok(State::LineStart), // the LF of the start-line
        }
    }

    /// Judges the `nth` byte of `HTTP/1.1`.
    fn version(&mut self, nth: usize, byte: u8, at: usize) -> Result<(), Rule> {
        match nth {
            5 if byte.is_ascii_digit() => Ok(()),
            7 if byte.is_ascii_digit() => {
                self.progress.is_http10 = match (self.input[at - 2], byte) {
                    (b'1', b'1') => false,
                    (b'1', b'0') => true,
                    _ => return Err(Rule::UnsupportedVersion),
                };
                Ok(())
            }
            0..5 | 6 if byte == b"HTTP/0."[nth] => Ok(()),
            _ => Err(Rule::Version),
        }
    }

    /// The state behind one byte of a field line or of the empty line.
    ///
    /// ```abnf
    /// field-line = field-name ":" OWS field-value OWS
    /// ```
    #[inline(always)]
    fn field_line(&mut self, state: State, byte: u8, at: usize, fields: &mut Fields) -> Result<State, Rule> {
        let span = &mut self.progress.span;
        match state {
            State::LineStart => self.line_start(byte, at, fields),
            // ANCHOR: name
            State::Name => match byte {
                _ if is_token_byte(byte) => Ok(State::Name),
                b':' => {
                    span.name_end = at as u16;
                    Ok(State::BeforeValue)
                }
                b' ' | b'\t' => Err(Rule::SpaceBeforeColon),
                b'\r' | b'\n' => Err(Rule::MissingColon),
                _ => Err(Rule::FieldName),
            },
            // ANCHOR_END: name
            State::BeforeValue | State::Value | State::AfterValue => {
                match state {
                    State::BeforeValue => (span.value_start, span.value_end) = (at as u16, at as u16),
                    State::Value => span.value_end = at as u16,
                    _ => {}
                }
                match byte {
                    b' ' | b'\t' if state == State::BeforeValue => Ok(State::BeforeValue),
                    b' ' | b'\t' => Ok(State::AfterValue),
                    b'\r' => Ok(State::FieldLf),
                    b'\n' => self.bare_lf(State::LineStart).inspect(|_| self.end_field(fields)),
                    _ if is_value_byte(byte) => Ok(State::Value),
                    _ => Err(Rule::FieldValue),
                }
            }
            _ if byte != b'\n' => Err(Rule::BareCr),
            State::HeadLf => Ok(State::Done),
            _ => {
                self.end_field(fields);
                Ok(State::LineStart)
            }
        }
    }

    fn line_start(&mut self, byte: u8, at: usize, fields: &Fields) -> Result<State, Rule> {
        let count = usize::from(self.progress.count);
        match byte {
            b'\r' => Ok(State::HeadLf),
            b'\n' => self.bare_lf(State::Done),
            _ if count >= self.limits.fields.min(fields.spans.len()) => Err(Rule::TooManyFields),
            b' ' | b'\t' => Err(if count == 0 { Rule::LeadingSpace } else { Rule::ObsoleteFold }),
            b':' => Err(Rule::EmptyName),
            _ if is_token_byte(byte) => {
                self.progress.span = FieldSpan { name_start: at as u16, ..FieldSpan::default() };
                Ok(State::Name)
            }
            _ => Err(Rule::FieldName),
        }
    }

    fn end_field(&mut self, fields: &mut Fields) {
        fields.spans[usize::from(self.progress.count)] = self.progress.span;
        self.progress.count += 1;
    }
}

/// How many bytes of this kind the input starts with.
#[inline(always)]
fn run_of(input: &[u8], kind: impl Fn(u8) -> bool) -> usize {
    input.iter().position(|&byte| !kind(byte)).unwrap_or(input.len())
}
