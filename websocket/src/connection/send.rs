//! Events in, bytes out.

use super::Connection;
use crate::error::SendError;
use crate::event::{Chunk, Close, Code, Event, Kind};
use crate::frame::{Header, MAX_CONTROL, MAX_HEADER, Opcode, RSV1};
use crate::mask;
use crate::state::Input;

impl Connection {
    /// Appends the bytes of `event` to `out`.
    ///
    /// # Errors
    /// The event has no place here, or may not be sent; `out` is then as it was.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Instant};
    /// use wirebook_websocket::{Config, Connection, Event, Message};
    /// let mut server = Connection::server(Arc::new(Config::default()), None, Instant::now());
    /// let mut out = Vec::new();
    /// server.send(Event::Message(Message::text("Hello")), &mut out).unwrap();
    /// assert_eq!(out, b"\x81\x05Hello");
    /// ```
    #[inline]
    pub fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
        match event {
            Event::Message(message) => self.send_message(message.kind(), message.as_bytes(), out),
            Event::Chunk(chunk) => self.send_chunk(chunk, out),
            Event::Ping(payload) => self.send_control(Opcode::Ping, payload, out),
            Event::Pong(payload) => self.send_control(Opcode::Pong, payload, out),
            Event::Close(close) => self.send_close(&close, out),
        }
    }

    /// A whole message; as [`send`](Self::send), without the wrapping.
    #[inline]
    pub fn send_message(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.may_send_message()?;
        if self.plain {
            let header = Header { fin: true, rsv: 0, opcode: opcode(kind), mask: None, length: payload.len() as u64 };
            write(header, payload, out);
            return Ok(());
        }
        self.send_shaped(opcode(kind), payload, out);
        Ok(())
    }

    /// Masked, compressed, or in fragments.
    #[inline(never)]
    fn send_shaped(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let mut deflated = Vec::new();
        let compressed = self.deflate.as_mut().is_some_and(|deflate| deflate.compress(payload, &mut deflated));
        let (rsv, payload) = if compressed { (RSV1, &deflated[..]) } else { (0, payload) };
        let size = self.config.fragment.unwrap_or(usize::MAX).max(1);
        let mut fragments = payload.chunks(size).peekable();
        if fragments.peek().is_none() {
            self.write(true, rsv, opcode, payload, out);
        }
        let (mut rsv, mut opcode) = (rsv, opcode);
        while let Some(fragment) = fragments.next() {
            self.write(fragments.peek().is_none(), rsv, opcode, fragment, out);
            (rsv, opcode) = (0, Opcode::Continuation);
        }
    }

    /// The header alone of a whole message whose payload the caller writes itself, from where it lies. `false` where that
    /// cannot be (a client masks, a message may be compressed or fragmented): then [`send_message`](Self::send_message).
    pub fn send_header(&mut self, kind: Kind, length: usize, out: &mut Vec<u8>) -> Result<bool, SendError> {
        self.may_send_message()?;
        if !self.plain {
            return Ok(false);
        }
        let header = Header { fin: true, rsv: 0, opcode: opcode(kind), mask: None, length: length as u64 };
        let (bytes, size) = header.to_bytes();
        out.extend_from_slice(&bytes[..size]);
        Ok(true)
    }

    /// A frame that was encoded for many receivers at once is about to be sent as it is.
    ///
    /// # Errors
    /// No whole message may be sent now.
    pub fn may_send_message(&self) -> Result<(), SendError> {
        match self.sending {
            _ if !self.conversation.allows(Input::Send) => Err(SendError::Closed),
            Some(_) => Err(SendError::MessageUnfinished),
            None => Ok(()),
        }
    }

    /// A part of a message; parts go out as they are, uncompressed, one frame each.
    fn send_chunk(&mut self, chunk: Chunk<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.conversation.step(Input::Send).map_err(|_| SendError::Closed)?;
        let opcode = match self.sending {
            None => opcode(chunk.kind),
            Some(kind) if kind == chunk.kind => Opcode::Continuation,
            Some(_) => return Err(SendError::MessageUnfinished),
        };
        self.write(chunk.last, 0, opcode, &chunk.payload, out);
        self.sending = if chunk.last { None } else { Some(chunk.kind) };
        Ok(())
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL {
            return Err(SendError::ControlTooLong);
        }
        self.conversation.step(Input::Send).map_err(|_| SendError::Closed)?;
        self.write(true, 0, opcode, payload, out);
        Ok(())
    }

    pub(super) fn send_close(&mut self, close: &Close<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
        let reason = close.reason.as_bytes();
        if close.code != Code::NO_STATUS && !close.code.is_sendable() {
            return Err(SendError::CloseCode);
        }
        if reason.len() > MAX_CONTROL - 2 {
            return Err(SendError::ControlTooLong);
        }
        self.conversation.step(Input::SendClose).map_err(|_| SendError::Closed)?;
        let mut payload = [0; MAX_CONTROL];
        let size = if close.code == Code::NO_STATUS {
            0
        } else {
            payload[..2].copy_from_slice(&close.code.0.to_be_bytes());
            payload[2..2 + reason.len()].copy_from_slice(reason);
            2 + reason.len()
        };
        self.write(true, 0, Opcode::Close, &payload[..size], out);
        self.timer.ending();
        Ok(())
    }

    /// One frame, masked where this is a client.
    pub(super) fn write(&mut self, fin: bool, rsv: u8, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let mask = self.keys.as_mut().map(|keys| keys.next());
        write(Header { fin, rsv, opcode, mask, length: payload.len() as u64 }, payload, out);
    }
}

#[inline]
fn write(header: Header, payload: &[u8], out: &mut Vec<u8>) {
    let (bytes, size) = header.to_bytes();
    out.reserve(MAX_HEADER + payload.len());
    // All fourteen bytes and then fewer: a copy whose length is known costs a move, another costs a call.
    let start = out.len() + size;
    out.extend_from_slice(&bytes);
    out.truncate(start);
    out.extend_from_slice(payload);
    if let Some(key) = header.mask {
        mask::apply(&mut out[start..], key, 0);
    }
}

fn opcode(kind: Kind) -> Opcode {
    match kind {
        Kind::Text => Opcode::Text,
        Kind::Binary => Opcode::Binary,
    }
}
