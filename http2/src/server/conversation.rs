//! A connection's own task: it reads and writes for all requests on it, and keeps its time.
//!
//! A connection that rests has none: it is parked, as HTTP/1's are, with a timer for what it must not miss.

use super::call::{Shared, answer_soon};
use super::line::{Asks, Line};
use crate::driver::{Desk, Read, Turns, linger};
use crate::state::Leaving;
use crate::wire::Code;
use crate::{Error, Event};
use std::cell::Cell;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use wirebook_http1::server::host::{Inbox, call as tell};
use wirebook_http1::server::{Outcome, Request, Response, Trouble};
use wirebook_net::{self as net, Resume, Stream};

/// The connection leaves the table, however its task ends.
pub(super) struct Guard(Rc<Line>);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.stream.is_secure() {
            // Dropping a socket says that it ended. Dropping TLS does not (RFC 8446 §6.1).
            let _ = self.0.stream.shutdown(Shutdown::Write);
        }
        self.0.leave();
    }
}

/// A connection that is parked.
struct Resting<H> {
    guard: Cell<Option<Guard>>,
    shared: Rc<Shared<H>>,
}

impl<H> Resume for Resting<H>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    fn resume(self: Rc<Self>) {
        if let Some(guard) = self.guard.take() {
            guard.0.woken();
            start(guard, self.shared.clone(), Inbox::default());
        }
    }
}

/// Begins with a connection. `inbox` is what has come already.
pub(super) fn begin<H>(line: Rc<Line>, shared: Rc<Shared<H>>, inbox: Inbox)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    start(Guard(line), shared, inbox);
}

/// Gives a connection a task.
fn start<H>(guard: Guard, shared: Rc<Shared<H>>, inbox: Inbox)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let task = net::spawn(converse(guard, shared.clone(), inbox));
    shared.tasks.started(task);
}

/// Leaves a connection to itself until something comes, or it is time for something.
fn rest<H>(guard: Guard, shared: Rc<Shared<H>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let line = guard.0.clone();
    let record = Rc::new(Resting { guard: Cell::new(Some(guard)), shared });
    let due = line.link.core().deadline();
    let timer = due.map(|due| {
        let line = line.clone();
        net::set_timeout(move || line.rouse(), due.saturating_duration_since(net::now()))
    });
    line.rests(net::park(line.stream.registration(), record), timer);
}

/// How a task leaves its connection.
enum Left {
    /// It is over.
    Over,
    /// It is, and the client may still have something to say, that is to be read and thrown away.
    Lingers,
    /// It has nothing to do.
    Rests,
}

/// Until it rests or is over.
async fn converse<H>(guard: Guard, shared: Rc<Shared<H>>, inbox: Inbox)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let line = guard.0.clone();
    let options = &line.common.options;
    let mut turns = Turns::new(inbox, &options.http2, options.http.write_timeout);
    match hold(&line, &shared, &mut turns).await {
        Ok(Left::Rests) => rest(guard, shared),
        Ok(Left::Lingers) => {
            let mut time = line.common.connections.linger_time(&options.http);
            if line.common.connections.is_closing() {
                // What has been said since the last stream is our farewell alone, which may get lost.
                time = time.saturating_sub(line.link.core().idle_time());
            }
            Box::pin(linger(&*line.stream, options.http.linger_timeout, time)).await;
        }
        Ok(Left::Over) | Err(_) => {}
    }
}

/// Until it rests or is over.
///
/// # Errors
///
/// Those of the stream, and `TimedOut` where the client takes nothing for too long.
// ANCHOR: hold
async fn hold<H>(line: &Rc<Line>, shared: &Rc<Shared<H>>, turns: &mut Turns) -> io::Result<Left>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    loop {
        match turn(line, shared, turns)? {
            Read::Eof => return Ok(Left::Over),
            Read::All if line.link.is_over() => return Ok(Left::Lingers),
            Read::All if turns.rest(&line.link) && line.has_rest() => return Ok(Left::Rests),
            Read::All => turns.wait(&line.link).await?,
        }
    }
}

/// One turn: what has come, what it is answered, and what can be written of that.
fn turn<H>(line: &Rc<Line>, shared: &Rc<Shared<H>>, turns: &mut Turns) -> io::Result<Read>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    line.link.tick();
    look_up(line);
    let read = turns.read(&line.link, |desk| receive(line, shared, desk));
    line.link.tick();
    turns.write(&line.link)?;
    line.share_room();
    read
}
// ANCHOR_END: hold

/// Whether the server closes, or retires: then a connection says farewell the next time that something happens on it, and one that
/// idles is left to its client.
fn look_up(line: &Line) {
    if line.common.connections.gives_last_answers() && line.link.core().leaving() == Leaving::No {
        line.link.core().shutdown();
        line.notify_all();
    }
}

/// Has everything received that is in the inbox.
fn receive<H>(line: &Rc<Line>, shared: &Rc<Shared<H>>, Desk { inbox, fields }: &mut Desk)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    loop {
        let (used, event) = match line.link.core().receive(inbox.unread(), fields) {
            Ok(received) => received,
            Err(error) => return fail(line, error),
        };
        let Some(event) = event else {
            inbox.consume(used);
            return;
        };
        match event {
            Event::Request { stream, end, .. } => match line.open(stream, Asks { end }, fields) {
                Some(call) => answer_soon(shared, call),
                None => {
                    let refused = Event::Reset { stream, code: Code::REFUSED_STREAM };
                    line.link.say(|core, out| core.send(refused, out)).ok();
                }
            },
            Event::Data { stream, bytes, end } => match (line.pipes.get(stream), line.call(stream)) {
                (Some(pipe), _) => pipe.receive(bytes, end),
                (None, Some(call)) => call.receive(bytes, end),
                (None, None) => line.link.say(|core, out| core.release(stream, out)),
            },
            Event::Trailers { stream, fields } => match (line.pipes.get(stream), line.call(stream)) {
                (Some(pipe), _) => pipe.receive(b"", true),
                (None, Some(call)) => call.receive_trailers(fields),
                (None, None) => {}
            },
            Event::Reset { stream, code } => {
                line.abandon(stream, format_args!("the client has reset the stream: {code}"));
                line.link.say(|core, out| core.release(stream, out));
            }
            Event::StreamError(error) => {
                if let Some(stream) = error.stream {
                    line.abandon(stream, error);
                }
                tell(&line.common.hooks().client_error, &trouble(error));
            }
            Event::Room(_) | Event::Settings(_) => line.link.wake(),
            _ => {}
        }
        inbox.consume(used);
    }
}

/// The client has broken a rule: it is told, and nothing else of it counts.
fn fail(line: &Line, error: Error) {
    tell(&line.common.hooks().client_error, &trouble(error));
    line.abandon_all();
    line.link.wake();
}

/// As hooks are told of it.
fn trouble(error: Error) -> Trouble {
    Trouble::Stream(error.violation.row().2)
}
