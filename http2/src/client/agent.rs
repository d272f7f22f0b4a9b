//! One connection for each origin, shared by all requests to it.

use super::error::Error;
use super::response::Response;
use super::session::Session;
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use wirebook_net::Signal;

/// Requests that the server has not looked at are made again so many times.
const MOST_AGAIN: usize = 1;

/// Makes connections, keeps one for each origin, and makes requests again of which the server knows nothing.
///
/// How an origin is connected to is the caller's to say, once: in clear text, over TLS, through a simulation. Two requests at the same
/// time wait for the same connection.
///
/// ```no_run
/// use wirebook_http2::client::{Agent, Session};
/// use wirebook_net as net;
///
/// net::run(async {
///     let agent = Agent::new(async |origin: String| Session::connect(origin.as_str()).await);
///     let mut answer = agent.send("127.0.0.1:8000", "GET", "/tea", &[("accept", "*/*")], b"").await?;
///     println!("{} {:?}", answer.status(), answer.bytes(1024).await?);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Agent<C> {
    connect: C,
    origins: RefCell<HashMap<String, Rc<Origin>>>,
}

/// What is known of one origin.
#[derive(Default)]
struct Origin {
    state: RefCell<State>,
    changed: Signal,
}

#[derive(Default)]
enum State {
    #[default]
    None,
    Connecting,
    Open(Session),
}

/// Whoever gives up connecting lets others try.
struct Connecting<'o>(&'o Origin);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        let state = &mut *self.0.state.borrow_mut();
        if matches!(state, State::Connecting) {
            *state = State::None;
        }
        self.0.changed.raise();
    }
}

impl<C, F> Agent<C>
where
    C: Fn(String) -> F,
    F: Future<Output = Result<Session, Error>>,
{
    /// One that connects in that way.
    pub fn new(connect: C) -> Self {
        Agent { connect, origins: RefCell::default() }
    }

    /// Makes a request. One that the server has surely not looked at is made again, once, whatever its method.
    ///
    /// # Errors
    ///
    /// Those of connecting, and of [`Request::send`](super::Request::send).
    pub async fn send(
        &self,
        origin: &str,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, Error> {
        // ANCHOR: again
        let mut again = 0;
        loop {
            let session = self.session(origin).await?;
            let request = session.request(method, target);
            let request = fields.iter().fold(request, |request, (name, value)| request.header(name, value));
            match request.send(body).await {
                Err(error) if error.is_unprocessed() && again < MOST_AGAIN => again += 1,
                result => return result,
            }
        }
        // ANCHOR_END: again
    }

    /// The connection to an origin, made if there is none that takes requests.
    ///
    /// # Errors
    ///
    /// Those of connecting.
    pub async fn session(&self, origin: &str) -> Result<Session, Error> {
        // ANCHOR: once
        let place = self.origins.borrow_mut().entry(origin.to_owned()).or_default().clone();
        let mine = place.changed.until(|| {
            let state = &mut *place.state.borrow_mut();
            match state {
                State::Open(session) if session.is_open() => Some(Some(session.clone())),
                State::Connecting => None,
                _ => {
                    *state = State::Connecting;
                    Some(None)
                }
            }
        });
        if let Some(session) = mine.await {
            return Ok(session);
        }
        let connecting = Connecting(&place);
        let session = (self.connect)(origin.to_owned()).await?;
        place.state.replace(State::Open(session.clone()));
        drop(connecting);
        Ok(session)
        // ANCHOR_END: once
    }

    /// Ends all connections, when their requests are answered.
    pub fn close(&self) {
        for origin in self.origins.take().into_values() {
            if let State::Open(session) = &*origin.state.borrow() {
                session.close();
            }
        }
    }
}
