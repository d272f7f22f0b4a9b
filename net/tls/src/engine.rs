//! What a stream is without the stream below: rustls' state, the bytes that wait in each direction, and what may be done with them.
//!
//! Everything here tries, and nothing waits: it is given the stream below, and says [`io::ErrorKind::WouldBlock`]. Waiting is in
//! `stream.rs`.

use crate::error::Error;
use crate::queue::Queue;
use crate::session::{Session, Step};
use crate::state::{Input, Phase, State};
use crate::waiting::For;
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Stream};

/// Bytes that one write seals: two records of the largest size. More would wait sealed where the peer reads slowly.
pub const MAX_SEALED: usize = 32 * 1024;

/// Bytes of a handshake that wait for the rest of their message. A certificate with its chain is a tenth of that.
pub const MAX_HANDSHAKE: usize = 64 * 1024;

/// Bytes in a record while a connection is cold: as many as travel in one packet over Ethernet, so that the first ones can be opened
/// before the others have come.
pub const SMALL_RECORD: usize = 1_400;

/// Bytes after which it is warm, and records have their full length. It is cold again when it has written nothing for [`COOLING`].
pub const WARM_AFTER: usize = 64 * 1024;

/// How long a socket that is full is waited for when the stream has ended, so that close_notify and what is before it arrive.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// See [`WARM_AFTER`].
const COOLING: Duration = Duration::from_secs(1);

/// Bytes in a record at the most (RFC 8446 §5.1).
const MAX_RECORD: usize = 16 * 1024;

/// Records that one write makes at the most: small ones, and up to two whose length is what was left.
const MAX_RECORDS: usize = MAX_SEALED / SMALL_RECORD + 2;

/// Least room for a read. With the longest record less a byte before it, it is within what is lent.
const LEAST_READ: usize = 8 * 1024;

/// What a client that speaks HTTP in clear text is told, in its own words.
const SPEAK_TLS: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 37\r\nconnection: close\r\n\r\n\
    400: this port speaks TLS, use https\n";

/// All but the stream below.
pub(crate) struct Engine {
    pub(crate) session: Session,
    pub(crate) phase: Phase,
    pub(crate) failure: Option<Box<Error>>,
    /// What came and was not opened.
    inbound: Queue,
    /// All of `inbound` was looked at: no whole record is in it.
    looked: bool,
    /// What was opened and not read.
    plain: Queue,
    /// What is sealed and not written.
    outbound: Queue,
    /// Bytes that went out of `outbound` so far.
    sent: u64,
    owed: Option<Box<Owed>>,
    /// Bytes written since the connection was cold, and when the last were.
    warm: usize,
    wrote: Option<Instant>,
    /// When the handshake began.
    began: Option<Instant>,
    handshake_timeout: Duration,
}

/// What was sealed, and not yet said to be written.
struct Owed {
    /// The bytes, to hold the caller to them.
    bytes: Vec<u8>,
    /// For each record: the value of `sent` when it is out, and its bytes.
    records: VecDeque<(u64, usize)>,
}

/// How far the handshake is.
pub(crate) enum Progress {
    Done,
    Waits(For),
}

impl Engine {
    pub(crate) fn new(session: Session, handshake_timeout: Duration) -> Self {
        Engine {
            session,
            phase: Phase::new(),
            failure: None,
            inbound: Queue::default(),
            looked: true,
            plain: Queue::default(),
            outbound: Queue::default(),
            sent: 0,
            owed: None,
            warm: 0,
            wrote: None,
            began: None,
            handshake_timeout,
        }
    }

    /// Bytes of room that it owns.
    pub(crate) fn buffered(&self) -> usize {
        [&self.inbound, &self.plain, &self.outbound].map(Queue::capacity).iter().sum()
    }

    /// Something is here that a reader can have without waiting.
    pub(crate) fn holds(&self) -> bool {
        match self.phase.now() {
            State::Handshake => false,
            State::Open | State::WeEnded => !self.plain.is_empty() || !self.looked,
            State::TheyEnded | State::Torn | State::Ended | State::Failed => true,
        }
    }

    pub(crate) fn time_left(&self) -> Duration {
        match self.began {
            Some(began) if self.handshake_timeout != Duration::MAX => {
                self.handshake_timeout.saturating_sub(net::now().saturating_duration_since(began))
            }
            _ => self.handshake_timeout,
        }
    }

    /// The error that ends the stream; what the peer is told of it has been put behind what is to be written.
    pub(crate) fn fail(&mut self, error: Error) -> io::Error {
        if self.phase.step(Input::Error) {
            self.failure = Some(Box::new(error.clone()));
            // What was sealed for a peer that broke the rules will not be offered again.
            self.owed = None;
            (self.plain, self.inbound) = Default::default();
        }
        error.into()
    }

    /// An error of TLS, of which the peer is told as far as it listens.
    fn fail_aloud<S: Stream>(&mut self, inner: &S, error: Error) -> io::Error {
        let error = self.fail(error);
        let _ = self.flush(inner);
        error
    }

    /// Writes what is sealed; true when all is out.
    fn flush<S: Stream>(&mut self, inner: &S) -> io::Result<bool> {
        while !self.outbound.is_empty() {
            match inner.try_write(self.outbound.unread()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.outbound.consume(count);
                    self.sent += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        self.outbound.rest();
        Ok(true)
    }

    /// One read of the stream below; false at its end.
    fn fill<S: Stream>(&mut self, inner: &S) -> io::Result<bool> {
        let count = match inner.try_read(self.inbound.room(LEAST_READ)) {
            Err(error) => {
                self.inbound.rest();
                return Err(error);
            }
            Ok(count) => count,
        };
        self.inbound.filled(count);
        self.looked &= count == 0;
        Ok(count > 0)
    }

    /// Opens the next record; what of it does not fit into `buffer` is kept. Says how many bytes are in `buffer`.
    fn open(&mut self, buffer: &mut [u8]) -> Result<(Step, usize), Error> {
        let Engine { session, inbound, plain, outbound, .. } = self;
        let mut count = 0;
        let step = session.open(inbound, outbound, &mut |bytes| {
            let direct = bytes.len().min(buffer.len() - count);
            buffer[count..count + direct].copy_from_slice(&bytes[..direct]);
            count += direct;
            if direct < bytes.len() {
                plain.push(&bytes[direct..]);
            }
        })?;
        self.looked = step != Step::Plain;
        Ok((step, count))
    }

    /// Moves the handshake on as far as it goes without waiting.
    pub(crate) fn advance<S: Stream>(&mut self, inner: &S) -> io::Result<Progress> {
        if self.phase.now() != State::Handshake {
            return Ok(Progress::Done);
        }
        self.began.get_or_insert_with(net::now);
        loop {
            if !self.flush(inner)? {
                return self.waits(For::Writing);
            }
            if !self.session.is_handshaking() {
                let agreed = self.phase.step(Input::Agreed);
                debug_assert!(agreed, "a handshake ends once");
                self.inbound.rest();
                return Ok(Progress::Done);
            }
            if let Some(error) = self.not_tls() {
                return Err(self.fail_aloud(inner, error));
            }
            match self.open(&mut []) {
                Ok((Step::Plain, _)) => continue,
                // The peer says goodbye before it has said who it is.
                Ok((Step::Ended, _)) => return Err(self.fail_aloud(inner, Error::Truncated)),
                Ok((Step::More, _)) if !self.outbound.is_empty() || !self.session.is_handshaking() => continue,
                Ok((Step::More, _)) if self.inbound.len() > MAX_HANDSHAKE => {
                    return Err(self.fail_aloud(inner, Error::TooLarge));
                }
                Ok((Step::More, _)) => {}
                Err(error) => return Err(self.fail_aloud(inner, error)),
            }
            match self.fill(inner) {
                Ok(true) => {}
                Ok(false) => return Err(self.fail(Error::Truncated)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.waits(For::Reading),
                Err(error) => return Err(error),
            }
        }
    }

    fn waits(&mut self, what: For) -> io::Result<Progress> {
        // Whoever only tries, and never waits, is told here.
        if self.handshake_timeout > Duration::ZERO && self.time_left().is_zero() {
            return Err(self.fail(Error::TimedOut));
        }
        Ok(Progress::Waits(what))
    }

    /// Whether the first byte that comes is none of TLS: a handshake's record, or an alert.
    fn not_tls(&mut self) -> Option<Error> {
        let first = *self.inbound.unread().first()?;
        if self.session.version().is_some() || matches!(first, 20..=23) {
            return None;
        }
        let http = first.is_ascii_uppercase();
        if http && matches!(self.session, Session::Server(_)) {
            self.outbound.push(SPEAK_TLS.as_bytes());
        }
        Some(Error::NotTls { http })
    }

    /// For an operation on the user's bytes: the handshake first.
    fn agreed<S: Stream>(&mut self, inner: &S) -> io::Result<()> {
        match self.advance(inner)? {
            Progress::Done => Ok(()),
            Progress::Waits(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    // ANCHOR: read
    pub(crate) fn read<S: Stream>(&mut self, inner: &S, buffer: &mut [u8]) -> io::Result<usize> {
        self.agreed(inner)?;
        let mut count = self.plain.read(buffer);
        let result = loop {
            match self.phase.now() {
                State::Open | State::WeEnded if count == buffer.len() || count > 0 && self.looked => break Ok(count),
                State::Open | State::WeEnded => {}
                _ if count > 0 => break Ok(count),
                State::Torn => break Err(Error::Truncated.into()),
                State::Failed => break Err(self.failed()),
                _ => break Ok(0),
            }
            if !self.looked {
                match self.open(&mut buffer[count..]) {
                    Ok((step, more)) => {
                        count += more;
                        if step == Step::Ended {
                            let _ = self.phase.step(Input::TheyEnd);
                        }
                    }
                    Err(error) => drop(self.fail_aloud(inner, error)),
                }
                continue;
            }
            match self.fill(inner) {
                Ok(true) => {}
                Ok(false) => _ = self.phase.step(Input::Cut),
                Err(error) => break Err(error),
            }
        };
        // What the protocol owes, an answer to a change of keys, goes out when it can; a writer that waits has it before its own.
        if self.owed.is_none() {
            let _ = self.flush(inner);
        }
        if self.looked {
            self.inbound.rest();
        }
        self.plain.rest();
        result
    }
    // ANCHOR_END: read

    fn failed(&self) -> io::Error {
        self.failure.as_deref().cloned().map_or_else(|| io::ErrorKind::NotConnected.into(), io::Error::from)
    }

    // ANCHOR: write
    pub(crate) fn write<S: Stream>(&mut self, inner: &S, bytes: &[u8]) -> io::Result<usize> {
        self.agreed(inner)?;
        match self.phase.now() {
            State::Open | State::TheyEnded | State::Torn => {}
            State::Failed => return Err(self.failed()),
            _ => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        if self.owed.is_some() {
            return self.go_on(inner, bytes);
        }
        if !self.flush(inner)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut records = [(0, 0); MAX_RECORDS];
        let mut count = 0;
        let mut sealed = 0;
        while sealed < bytes.len().min(MAX_SEALED) && count < MAX_RECORDS {
            let length = self.record_length().min(bytes.len() - sealed).min(MAX_SEALED - sealed);
            if let Err(error) = self.seal(&bytes[sealed..sealed + length]) {
                return Err(self.fail_aloud(inner, error));
            }
            sealed += length;
            records[count] = (self.sent + self.outbound.len() as u64, length);
            count += 1;
        }
        if self.flush(inner)? {
            return Ok(sealed);
        }
        self.owed = Some(Box::new(Owed { bytes: bytes[..sealed].to_vec(), records: records[..count].to_vec().into() }));
        self.settle(bytes.len())
    }

    /// Goes on with a write that did not fit; it must be offered the bytes that were sealed.
    fn go_on<S: Stream>(&mut self, inner: &S, bytes: &[u8]) -> io::Result<usize> {
        let owed = self.owed.as_ref().map_or(&[][..], |owed| &owed.bytes);
        let same = owed.len().min(bytes.len());
        if owed[..same] != bytes[..same] {
            return Err(Error::OtherBytes.into());
        }
        self.flush(inner)?;
        self.settle(bytes.len())
    }

    /// Counts the records that are out whole, of `offered` bytes.
    fn settle(&mut self, offered: usize) -> io::Result<usize> {
        let Some(owed) = &mut self.owed else { return Err(io::ErrorKind::WouldBlock.into()) };
        let mut count = 0;
        while let Some((end, length)) = owed.records.front_mut()
            && *end <= self.sent
        {
            let part = (*length).min(offered - count);
            (count, *length) = (count + part, *length - part);
            if *length > 0 {
                break;
            }
            owed.records.pop_front();
        }
        owed.bytes.drain(..count);
        if owed.records.is_empty() {
            self.owed = None;
        }
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }
    // ANCHOR_END: write

    fn record_length(&mut self) -> usize {
        let now = net::now();
        if self.wrote.is_none_or(|wrote| now.saturating_duration_since(wrote) >= COOLING) {
            self.warm = 0;
        }
        self.wrote = Some(now);
        if self.warm < WARM_AFTER { SMALL_RECORD } else { MAX_RECORD }
    }

    fn seal(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Engine { session, inbound, plain, outbound, .. } = self;
        let step = session.seal(bytes, inbound, outbound, &mut |bytes| plain.push(bytes))?;
        self.warm = self.warm.saturating_add(bytes.len());
        self.was_looked_at(step);
        Ok(())
    }

    /// rustls has looked at all that has come.
    fn was_looked_at(&mut self, step: Step) {
        self.looked = true;
        if step == Step::Ended {
            let _ = self.phase.step(Input::TheyEnd);
        }
    }

    pub(crate) fn end<S: Stream + 'static>(&mut self, inner: &Rc<S>, how: Shutdown) -> io::Result<()> {
        let before = self.phase.now();
        if how != Shutdown::Write {
            // Whatever comes now is nobody's.
            (self.plain, self.inbound, self.looked) = (Queue::default(), Queue::default(), true);
            let _ = self.phase.step(Input::TheyEnd);
        }
        if how != Shutdown::Read && self.phase.step(Input::WeEnd) {
            self.owed = None;
            if matches!(before, State::Open | State::TheyEnded | State::Torn) {
                let Engine { session, inbound, plain, outbound, .. } = self;
                let step = session.close(inbound, outbound, &mut |bytes| plain.push(bytes))?;
                self.was_looked_at(step);
            }
            if !self.flush(inner)? && how == Shutdown::Write {
                return say_later(inner, mem::take(&mut self.outbound));
            }
        }
        inner.shutdown(how)
    }
}

// ANCHOR: say_later
/// The socket is full, and nobody asks this stream again that has said all: a task says the rest, and then ends the socket's half.
fn say_later<S: Stream + 'static>(inner: &Rc<S>, rest: Queue) -> io::Result<()> {
    // Where the loop has ended there is nobody to wait.
    if let Poll::Ready(result) = inner.poll_writable(&mut Context::from_waker(Waker::noop())) {
        result?;
    }
    let inner = inner.clone();
    net::spawn(net::timeout(CLOSE_TIMEOUT, async move {
        inner.write_all(rest.unread()).await?;
        inner.shutdown(Shutdown::Write)
    }));
    Ok(())
}
// ANCHOR_END: say_later
