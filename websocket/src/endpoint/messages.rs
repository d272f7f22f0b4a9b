//! Serving message by message: a function is called for each, and a connection that waits for the next holds no task.
//!
//! A task with a reader waits somewhere in the middle of its handler, so the handler's state stays in memory for as
//! long. A function that has returned holds nothing. What is left of a waiting connection is what it must know: its stream,
//! where its protocol stands, and what the function itself has captured. It is parked with the loop
//! ([`net::park`]); a readable event takes one read through the function, and parks it again.
//!
//! It has no timer either: one task for all connections of a server looks from time to time which deadlines have come.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use wirebook_net::{self as net, Listener, Resume, Stream};

use super::accepted::{Accepted, Agreed, Options, start};
use super::answer::Headers;
use super::serving::{self, Connections, Server};
use crate::driver::{Reader, Writer};
use crate::event::{Code, Message};

/// A connection that was accepted, for [`serve_messages`].
pub struct Opened<S: Stream + 'static> {
    /// The half that sends; clones may go anywhere.
    pub writer: Writer<S>,
    /// The request target, as sent: path and query.
    pub target: String,
    /// The subprotocol chosen.
    pub protocol: Option<String>,
    /// The field lines of the request, as sent.
    pub headers: Headers,
}

/// Serves WebSocket connections message by message: `opened` is called for each connection and returns the function that
/// is called for each of its messages. That function is dropped when the connection has ended. Ten thousand connections
/// that wait cost less than half of what they cost with a [`Reader`] each ([`serve_on`](crate::serve_on)).
///
/// Nothing is awaited here. While more than [`Config::queue`](crate::Config::queue) bytes wait for a peer, no message of its is
/// read, so a function that answers each message with [`try_send`](Writer::try_send) always finds room. A function that
/// panics closes its connection with 1011 and harms no other. Deadlines are looked at once a second, or more often where they are
/// shorter. With [`Delivery::Chunks`](crate::Delivery::Chunks) the function is given parts, all of them as binary.
///
/// ```no_run
/// use wirebook_net::tcp::TcpListener;
/// use wirebook_websocket::{self as websocket, Message, Options};
///
/// wirebook_net::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:9000").expect("the port is free");
///     websocket::serve_messages(listener, (), Options::default(), |opened| {
///         move |message: Message<'_>| {
///             let _ = opened.writer.try_send(message);
///         }
///     });
/// })
/// .unwrap();
/// ```
pub fn serve_messages<L, A, F, M>(listener: L, address: A, options: Options, opened: F) -> Server<A>
where
    L: Listener + 'static,
    F: Fn(Opened<L::Stream>) -> M + 'static,
    M: FnMut(Message<'_>) + 'static,
{
    let (options, connections) = (Rc::new(options), Rc::new(Connections::new()));
    let shared = Rc::new(Shared { options: options.clone(), opened, connections: connections.clone() });
    serving::serve(listener, address, options, connections, move |stream, agreed| {
        net::spawn(begin(stream, agreed, shared.clone()));
    })
}

/// What all connections of a server share.
struct Shared<S, F> {
    options: Rc<Options>,
    opened: F,
    connections: Rc<Connections<S>>,
}

/// One connection. The loop holds it while it is parked, and a task while it works on it.
struct Conversation<S: Stream + 'static, F, M> {
    /// There while it is parked.
    exchange: Cell<Option<Exchange<S, M>>>,
    shared: Rc<Shared<S, F>>,
}

/// What a turn works on.
struct Exchange<S: Stream + 'static, M> {
    reader: Reader<S>,
    message: M,
}

/// What a connection does next.
enum Next {
    /// Wait for the peer to send.
    Park,
    /// Wait for the peer to read.
    Drain,
    /// Nothing more will be received.
    End(Code),
}

impl<S: Stream + 'static, F, M> Drop for Conversation<S, F, M> {
    fn drop(&mut self) {
        self.shared.connections.leave();
    }
}

/// Takes what came together with the handshake, and leaves the connection to the loop.
async fn begin<S, F, M>(stream: Rc<S>, agreed: Agreed, shared: Rc<Shared<S, F>>)
where
    S: Stream + 'static,
    F: Fn(Opened<S>) -> M + 'static,
    M: FnMut(Message<'_>) + 'static,
{
    let stream = serving::sole(stream).await;
    let accepted = start(stream, agreed, shared.options.config.clone());
    let Accepted { reader, writer, target, protocol, headers } = accepted;
    shared.connections.enter(reader.link());
    let conversation = Rc::new(Conversation { exchange: Cell::new(None), shared });
    let message = (conversation.shared.opened)(Opened { writer, target, protocol, headers });
    conversation.go_on(Exchange { reader, message }, false);
}

impl<S: Stream + 'static, F: 'static, M: FnMut(Message<'_>) + 'static> Resume for Conversation<S, F, M> {
    fn resume(self: Rc<Self>) {
        if let Some(exchange) = self.exchange.take() {
            self.go_on(exchange, true);
        }
    }
}

impl<S: Stream + 'static, F: 'static, M: FnMut(Message<'_>) + 'static> Conversation<S, F, M> {
    fn go_on(self: Rc<Self>, mut exchange: Exchange<S, M>, read: bool) {
        let link = exchange.reader.link().clone();
        // A panic ends this connection, as it would end the task of a handler.
        let turn = catch_unwind(AssertUnwindSafe(|| exchange.turn(read)));
        match turn.unwrap_or(Next::End(Code::INTERNAL_ERROR)) {
            Next::Park => {
                self.exchange.set(Some(exchange));
                net::park(link.stream.registration(), self);
            }
            Next::Drain => drop(net::spawn(async move {
                poll_fn(|context| link.poll_drained(context)).await;
                self.go_on(exchange, false);
            })),
            Next::End(code) => {
                // The application's function goes first: it may have a seat in a room.
                drop(exchange);
                net::spawn(async move {
                    link.finish(code).await;
                    drop(self);
                });
            }
        }
    }
}

impl<S: Stream + 'static, M: FnMut(Message<'_>)> Exchange<S, M> {
    /// At most one read, and every message that is there then.
    fn turn(&mut self, mut read: bool) -> Next {
        while !self.reader.link().is_full() {
            match self.reader.found(std::mem::take(&mut read)) {
                Ok(Some(message)) => {
                    (self.message)(message);
                    continue;
                }
                Ok(None) => {}
                Err(_) => return Next::End(Code::NORMAL),
            }
            let link = self.reader.link();
            link.rest();
            return if link.is_unread() { Next::End(Code::NORMAL) } else { Next::Park };
        }
        Next::Drain
    }
}
