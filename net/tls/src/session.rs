//! The one file that names rustls' connections, so that another version or library touches nothing else.
//!
//! rustls decides the protocol: who may say what when, with which key, and what is an error. It is given the bytes that have come, in
//! a buffer of ours, and appends what has to be sent to another. Five things are asked of it: is the handshake over, what is in these
//! records, seal these bytes, say that we have ended, and what was agreed on.
//!
//! Of its two interfaces this uses the *unbuffered* one. The other keeps a buffer of 4 KiB for each connection that was ever read,
//! and a stream that waits shall hold none.

use crate::error::Error;
use crate::queue::Queue;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::{ClientConfig, CommonState, ProtocolVersion, ServerConfig};
use std::sync::Arc;

/// Bytes that a record adds to what is in it, at the most: header, nonce of TLS 1.2, content type of 1.3, tag.
const OVERHEAD: usize = 64;

/// One end of a connection: its keys, and where it is in the protocol.
pub(crate) enum Session {
    Server(Box<UnbufferedServerConnection>),
    Client(Box<UnbufferedClientConnection>),
}

/// What was found in what has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Bytes of the user's; there may be more.
    Plain,
    /// No whole record is left.
    More,
    /// close_notify.
    Ended,
}

/// What to do when all that has come was looked at.
#[derive(Clone, Copy)]
enum Then<'b> {
    Nothing,
    Seal(&'b [u8]),
    Close,
}

impl Session {
    pub(crate) fn server(config: &Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(Session::Server(Box::new(UnbufferedServerConnection::new(config.clone())?)))
    }

    pub(crate) fn client(config: &Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Error> {
        Ok(Session::Client(Box::new(UnbufferedClientConnection::new(config.clone(), name)?)))
    }

    fn common(&self) -> &CommonState {
        match self {
            Session::Server(connection) => connection,
            Session::Client(connection) => connection,
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.common().is_handshaking()
    }

    /// The protocol above that the two ends agreed on (RFC 7301).
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.common().alpn_protocol()
    }

    /// The version that was agreed on, as people write it.
    pub(crate) fn version(&self) -> Option<&'static str> {
        match self.common().protocol_version()? {
            ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
            ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
            _ => None,
        }
    }

    /// Looks at what has come. `plain` gets what users wrote; what the protocol owes in answer is put into `out`.
    pub(crate) fn open(
        &mut self,
        input: &mut Queue,
        out: &mut Queue,
        plain: &mut dyn FnMut(&[u8]),
    ) -> Result<Step, Error> {
        self.drive(input, out, plain, Then::Nothing)
    }

    /// Seals bytes, as one record where they fit into one. What has come is looked at before: rustls remembers how far it was in
    /// that, and must be shown the same bytes again.
    pub(crate) fn seal(
        &mut self,
        bytes: &[u8],
        input: &mut Queue,
        out: &mut Queue,
        plain: &mut dyn FnMut(&[u8]),
    ) -> Result<Step, Error> {
        self.drive(input, out, plain, Then::Seal(bytes))
    }

    /// Says that we have ended.
    pub(crate) fn close(
        &mut self,
        input: &mut Queue,
        out: &mut Queue,
        plain: &mut dyn FnMut(&[u8]),
    ) -> Result<Step, Error> {
        self.drive(input, out, plain, Then::Close)
    }

    fn drive(
        &mut self,
        input: &mut Queue,
        out: &mut Queue,
        plain: &mut dyn FnMut(&[u8]),
        then: Then<'_>,
    ) -> Result<Step, Error> {
        match self {
            Session::Server(connection) => drive(&mut **connection, input, out, plain, then),
            Session::Client(connection) => drive(&mut **connection, input, out, plain, then),
        }
    }
}

/// What both of rustls' connections can do, under one name.
trait Connection {
    type Data;
    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
    /// There is something to be encoded.
    fn has_to_say(&self) -> bool;
}

impl Connection for UnbufferedServerConnection {
    type Data = rustls::server::ServerConnectionData;
    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }
    fn has_to_say(&self) -> bool {
        self.wants_write()
    }
}

impl Connection for UnbufferedClientConnection {
    type Data = rustls::client::ClientConnectionData;
    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }
    fn has_to_say(&self) -> bool {
        self.wants_write()
    }
}

fn drive<C: Connection>(
    connection: &mut C,
    input: &mut Queue,
    out: &mut Queue,
    plain: &mut dyn FnMut(&[u8]),
    then: Then<'_>,
) -> Result<Step, Error> {
    let mut ended = false;
    loop {
        let UnbufferedStatus { mut discard, state } = connection.process(input.unread_mut());
        let step = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    plain(record.payload);
                }
                matches!(then, Then::Nothing).then_some(Step::Plain)
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                encode(out, |room| data.encode(room))?;
                None
            }
            // It is in `out`, and goes before all else.
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                None
            }
            Ok(ConnectionState::WriteTraffic(traffic)) => {
                write(traffic, out, then)?;
                Some(if ended { Step::Ended } else { Step::More })
            }
            Ok(ConnectionState::BlockedHandshake) if matches!(then, Then::Nothing) => Some(Step::More),
            Ok(ConnectionState::PeerClosed) if matches!(then, Then::Nothing) => Some(Step::Ended),
            Ok(ConnectionState::PeerClosed) => {
                ended = true;
                None
            }
            Ok(ConnectionState::Closed) if !matches!(then, Then::Seal(_)) => Some(Step::More),
            // Early data is not asked for, and the states of `Phase` leave nothing else.
            Ok(_) => return Err(Error::Protocol("a state that cannot be".into())),
            Err(error) => {
                input.consume(discard);
                last_words(connection, input, out);
                return Err(error.into());
            }
        };
        input.consume(discard);
        if let Some(step) = step {
            return Ok(step);
        }
    }
}

fn write<D>(mut traffic: WriteTraffic<'_, D>, out: &mut Queue, then: Then<'_>) -> Result<(), Error> {
    let mut least = OVERHEAD;
    if let Then::Seal(bytes) = then {
        least += bytes.len();
    }
    loop {
        let room = out.room(least);
        let written = match then {
            Then::Nothing => return Ok(()),
            Then::Seal(bytes) => traffic.encrypt(bytes, room),
            Then::Close => traffic.queue_close_notify(room),
        };
        match written {
            Ok(count) => {
                out.filled(count);
                return Ok(());
            }
            Err(EncryptError::InsufficientSize(size)) if size.required_size > least => least = size.required_size,
            Err(_) => return Err(Error::Protocol("the keys of this connection are used up".into())),
        }
    }
}

fn encode(out: &mut Queue, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) -> Result<(), Error> {
    let mut least = OVERHEAD;
    loop {
        match encode(out.room(least)) {
            Ok(count) => {
                out.filled(count);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(size)) if size.required_size > least => least = size.required_size,
            Err(error) => return Err(Error::Protocol(error.to_string())),
        }
    }
}

/// Behind an error there is an alert to be sent, which tells the peer what it was, and perhaps what was to be said before. rustls is
/// asked for no more than that: it would look at the same bytes again, and say a second time what may be said once.
fn last_words<C: Connection>(connection: &mut C, input: &mut Queue, out: &mut Queue) {
    while connection.has_to_say() {
        let Ok(ConnectionState::EncodeTlsData(mut data)) = connection.process(input.unread_mut()).state else { return };
        if encode(out, |room| data.encode(room)).is_err() {
            return;
        }
    }
}
