//! One WebSocket connection after its handshake, without a socket, a clock or a task. RFC 6455 §5–§8.
//!
//! A driver does this, and decides nothing:
//! 1. It reads bytes behind those it still holds and calls [`receive`](Connection::receive) with all of them, again and
//!    again, dropping what was consumed, until `None` asks for more.
//! 2. It answers an event with [`send`](Connection::send), which appends to one `out` buffer; when `receive` has nothing
//!    more, one write carries all answers.
//! 3. On an error it calls [`fail`](Connection::fail), writes what that appended, and ends the transport.
//! 4. It calls [`expire`](Connection::expire) when [`deadline`](Connection::deadline) has come.
//!
//! **In place, or gathered.** A data frame that is a whole message, not compressed and not longer than
//! [`Limits::in_place`](crate::Limits::in_place), stays in the caller's buffer until its last byte is there: it is
//! unmasked and checked where it lies as the bytes come in (`Frame::seen` says how far), and the event borrows it.
//! Control frames likewise. So `receive` may return `None` with some bytes unmasked already; the caller must present the
//! same bytes again with more behind them, which any read buffer does. Everything else is consumed at once and gathered
//! in an `Assembly`. Either way text fails at its first bad byte and a limit at the first byte beyond it, not at the
//! end of the frame. What was checked while it came proves nothing later, because the caller has had its buffer since: text
//! is called text when it was checked whole, in the call that hands it over.
//!
//! `receive.rs` and `send.rs` are the two directions, `unfinished.rs` is a frame that is not all there; what both share is here: the settings, the time, and the end.

mod receive;
mod send;
mod unfinished;

use std::sync::Arc;
use std::time::Instant;

use crate::config::{Config, Delivery};
use crate::deflate::{Deflate, Negotiated};
use crate::error::Error;
use crate::event::{Close, Kind};
use crate::frame::Opcode;
use crate::message::Assembly;
use crate::random::Keys;
use crate::state::{Conversation, Input, NoRow, State};
use crate::timer::Timer;
pub use receive::Closes;
use unfinished::Frame;

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Its frames are masked.
    Client,
    /// Its frames are not.
    Server,
}

/// One connection. See the [module](self) for how to drive it.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    conversation: Conversation,
    role: Role,
    /// A message is being sent in chunks.
    sending: Option<Kind>,
    /// The frame whose payload is under way, once its header is consumed.
    frame: Option<Frame>,
    message: Option<Box<Assembly>>,
    deflate: Option<Box<Deflate>>,
    keys: Option<Box<Keys>>,
    /// A server that delivers whole messages, and whose limits all allow [`BRIEF`] bytes.
    brief: bool,
    /// A server that sends every message as one frame, uncompressed.
    plain: bool,
    timer: Timer,
}

/// The longest payload that a header with a 16-bit length can have.
const BRIEF: usize = 0xffff;

impl Connection {
    /// The server's end. `deflate` is what the handshake agreed on; `now` starts the heartbeat.
    pub fn server(config: Arc<Config>, deflate: Option<Negotiated>, now: Instant) -> Self {
        Connection::new(Role::Server, config, deflate, None, now)
    }

    /// The client's end. `fill` writes unpredictable bytes, of which the masking keys are made (RFC 6455 §10.3).
    pub fn client(config: Arc<Config>, deflate: Option<Negotiated>, fill: fn(&mut [u8]), now: Instant) -> Self {
        Connection::new(Role::Client, config, deflate, Some(Box::new(Keys::new(fill))), now)
    }

    fn new(
        role: Role,
        config: Arc<Config>,
        deflate: Option<Negotiated>,
        keys: Option<Box<Keys>>,
        now: Instant,
    ) -> Self {
        let wants = config.deflate.unwrap_or_default();
        let limits = &config.limits;
        let least = limits.in_place.min(limits.message).min(usize::try_from(limits.frame).unwrap_or(usize::MAX));
        Connection {
            brief: role == Role::Server && config.delivery == Delivery::Messages && least >= BRIEF,
            plain: role == Role::Server && deflate.is_none() && config.fragment.is_none(),
            timer: Timer::new(now),
            config,
            conversation: Conversation::new(),
            role,
            sending: None,
            frame: None,
            message: None,
            deflate: deflate.map(|agreed| Box::new(Deflate::new(agreed, wants))),
            keys,
        }
    }

    /// Where the conversation stands.
    pub fn state(&self) -> State {
        self.conversation.state()
    }

    /// Whether the peer is owed a Close frame, to which nothing can be added any more: it has said its own, or has failed.
    pub fn owes_close(&self) -> bool {
        self.conversation.allows(Input::SendClose) && !self.conversation.allows(Input::Send)
    }

    /// Whether all is said in both directions: what is left is to write what waits, and to end the transport.
    pub fn is_over(&self) -> bool {
        !self.conversation.allows(Input::SendClose) && !self.conversation.allows(Input::ReceiveClose)
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The settings it was made with.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Whether permessage-deflate was agreed on.
    pub fn compresses(&self) -> bool {
        self.deflate.is_some()
    }

    /// Answers an error: appends the Close frame that it earns, where one can still be sent, and closes (RFC 6455 §7.1.7).
    pub fn fail(&mut self, error: Error, out: &mut Vec<u8>) {
        // Where there is no row for it, the peer is not heard any more, or has failed before.
        let _ = self.broken();
        match error.close_code() {
            Some(code) => {
                let reason = error.reason(&self.config.limits);
                // After our own Close frame this is refused, and rightly.
                let _ = self.send_close(&Close::new(code, &reason), out);
            }
            None => self.advance(Input::End),
        }
        self.timer.ending();
    }

    /// When [`expire`](Self::expire) is next to be called.
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        self.timer.deadline(&self.config)
    }

    /// Tells the time. Appends a ping to `out` where the heartbeat asks for one; starts the clock of a Close frame just
    /// sent.
    ///
    /// # Errors
    /// The peer is gone ([`Error::HeartbeatTimeout`]) or does not finish ([`Error::CloseTimeout`]): end the transport.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<u8>) -> Result<(), Error> {
        let ping = self.timer.expire(now, &self.config).inspect_err(|_| self.advance(Input::End))?;
        if ping && self.conversation.step(Input::Send).is_ok() {
            self.write(true, 0, Opcode::Ping, b"", out);
        }
        Ok(())
    }

    /// The driver knows that the peer lives, though no bytes of its were received: it took some of ours that had to wait. Its
    /// time to finish begins anew.
    pub fn progress(&mut self) {
        self.timer.progress();
    }

    /// The peer is not judged by its silence, because it is this end that does not listen.
    pub fn excuse(&mut self) {
        self.timer.heard();
    }

    fn broken(&mut self) -> Result<(), NoRow> {
        self.frame = None;
        self.message = None;
        self.conversation.step(Input::Fail)
    }

    /// Moves where the table surely has a row: `End` has one everywhere, `ReceiveClose` wherever bytes are heard at
    /// all.
    fn advance(&mut self, input: Input) {
        let moved = self.conversation.step(input);
        debug_assert!(moved.is_ok(), "{input:?} in {:?}", self.conversation);
    }
}
