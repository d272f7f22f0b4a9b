//! Rooms and broadcasts: one message to many connections, encoded once.
//!
//! A broadcast encodes the frame into one [`Bytes`] and gives every receiver a share of it; nothing is copied for each. A
//! receiver that reads too slowly costs at most its queue bound, and then what [`Overflow`] says.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use wirebook_net::Stream;

use crate::connection::Role;
use crate::driver::{Link, Writer, parts};
use crate::error::SendError;
use crate::event::{Code, Message};
use crate::frame::{Header, MAX_HEADER, Opcode};

/// What happens to a receiver whose queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It misses the message.
    Drop,
    /// It is closed with 1013, "try again later". What waits for it is still written.
    #[default]
    Disconnect,
}

/// Rooms of connections. Clones are the same hub.
///
/// ```no_run
/// # use wirebook_websocket::{Hub, Reader, Writer, Fault};
/// # async fn handler(hub: Hub, mut reader: Reader, writer: Writer) -> Result<(), Fault> {
/// let seat = hub.join("lobby", &writer);
/// while let Some(message) = reader.next().await? {
///     hub.broadcast_except("lobby", message, &seat);
/// }
/// # Ok(()) } // dropping the seat leaves the room
/// ```
#[derive(Clone, Default)]
pub struct Hub {
    rooms: Rc<RefCell<HashMap<Rc<str>, Vec<Member>>>>,
    next: Rc<Cell<u64>>,
    overflow: Overflow,
    bound: Option<usize>,
}

struct Member {
    id: u64,
    outlet: Rc<dyn Outlet>,
}

/// A place in a room; dropping it leaves the room.
pub struct Seat {
    id: u64,
    room: Rc<str>,
    rooms: Weak<RefCell<HashMap<Rc<str>, Vec<Member>>>>,
}

impl Hub {
    /// An empty hub that does this with slow receivers. `bound` is how many bytes may wait for each; `None` takes the
    /// connection's own [`Config::queue`](crate::Config::queue). A message for which nothing waits is always taken, whatever its
    /// size and the bound: with 0 it is the only one. With `usize::MAX` nobody is too slow.
    pub fn new(overflow: Overflow, bound: Option<usize>) -> Self {
        Hub { overflow, bound, ..Hub::default() }
    }

    /// Puts a connection into a room.
    pub fn join<S: Stream + 'static>(&self, room: &str, writer: &Writer<S>) -> Seat {
        let mut rooms = self.rooms.borrow_mut();
        let room: Rc<str> = match rooms.get_key_value(room) {
            Some((name, _)) => name.clone(),
            None => room.into(),
        };
        let id = self.next.get();
        self.next.set(id + 1);
        rooms.entry(room.clone()).or_default().push(Member { id, outlet: Rc::new(writer.link().clone()) });
        Seat { id, room, rooms: Rc::downgrade(&self.rooms) }
    }

    /// How many connections are in a room.
    pub fn members(&self, room: &str) -> usize {
        self.rooms.borrow().get(room).map_or(0, Vec::len)
    }

    /// Sends to everybody in a room; says how many it was queued for.
    pub fn broadcast<'a>(&self, room: &str, message: impl Into<Message<'a>>) -> usize {
        self.send(room, &message.into(), None)
    }

    /// Sends to everybody in a room but one.
    pub fn broadcast_except<'a>(&self, room: &str, message: impl Into<Message<'a>>, except: &Seat) -> usize {
        self.send(room, &message.into(), Some(except.id))
    }

    /// Sends to everybody in every room; a member of two rooms gets it twice.
    pub fn broadcast_all<'a>(&self, message: impl Into<Message<'a>>) -> usize {
        let message = message.into();
        let rooms: Vec<Rc<str>> = self.rooms.borrow().keys().cloned().collect();
        rooms.iter().map(|room| self.send(room, &message, None)).sum()
    }

    /// Starts the closing handshake with everybody in every room: for a server that stops, with
    /// [`Code::GOING_AWAY`].
    pub fn close_all(&self, code: Code, reason: &str) {
        let rooms = self.rooms.borrow();
        rooms.values().flatten().for_each(|member| member.outlet.close(code, reason));
    }

    fn send(&self, room: &str, message: &Message<'_>, except: Option<u64>) -> usize {
        let rooms = self.rooms.borrow();
        let Some(members) = rooms.get(room) else { return 0 };
        let frame = encode(message);
        let receivers = members.iter().filter(|member| Some(member.id) != except);
        receivers.filter(|member| member.outlet.deliver(&frame, message, self.bound, self.overflow)).count()
    }
}

/// A whole, unmasked, uncompressed frame: the one form that every client takes, whatever was negotiated.
fn encode(message: &Message<'_>) -> Bytes {
    let (kind, payload) = parts(message);
    let opcode = if kind == crate::Kind::Text { Opcode::Text } else { Opcode::Binary };
    let mut head = [0; MAX_HEADER];
    let size = Header { fin: true, rsv: 0, opcode, mask: None, length: payload.len() as u64 }.encode(&mut head);
    let mut frame = Vec::with_capacity(size + payload.len());
    frame.extend_from_slice(&head[..size]);
    frame.extend_from_slice(payload);
    frame.into()
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(rooms) = self.rooms.upgrade() else { return };
        let mut rooms = rooms.borrow_mut();
        if let Some(members) = rooms.get_mut(&self.room) {
            // Ids only ever grow, so the list is sorted.
            if let Ok(at) = members.binary_search_by_key(&self.id, |member| member.id) {
                members.remove(at);
            }
            if members.is_empty() {
                rooms.remove(&self.room);
            }
        }
    }
}

/// A connection, whatever its stream.
trait Outlet {
    fn deliver(&self, frame: &Bytes, message: &Message<'_>, bound: Option<usize>, overflow: Overflow) -> bool;
    fn close(&self, code: Code, reason: &str);
}

impl<S: Stream + 'static> Outlet for Rc<Link<S>> {
    fn deliver(&self, frame: &Bytes, message: &Message<'_>, bound: Option<usize>, overflow: Overflow) -> bool {
        let role = self.with_connection(|connection| connection.role());
        let bound = bound.unwrap_or_else(|| self.queue());
        let sent = match role {
            Role::Server => self.send_shared(frame.clone(), bound),
            // A client masks every frame with a key of its own, so its frames cannot be shared.
            Role::Client if self.waiting() > bound => Ok(false),
            Role::Client => {
                let (kind, payload) = parts(message);
                self.send(kind, payload).map(|_| true)
            }
        };
        match (sent, overflow) {
            (Ok(true), _) => true,
            (Ok(false), Overflow::Disconnect) => {
                let _: Result<(), SendError> = Link::close(self, Code::TRY_AGAIN, "too slow");
                false
            }
            _ => false,
        }
    }

    fn close(&self, code: Code, reason: &str) {
        // Refused where it closes already, or cannot be sent.
        let _ = Link::close(self, code, reason);
    }
}
