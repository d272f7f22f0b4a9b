//! From a token to a session, and back when the request is answered.
//!
//! ```text
//! token ── our signature, not expired ──▶ id ── its hash ──▶ store ──▶ record
//!   └ else: a new visitor                        └ not there: a new visitor, under no id that somebody chose
//! ```

use super::handle::{Fate, Session};
use super::store::{Store, Stored};
use crate::clock::Clock;
use crate::context::Context;
use crate::trust::{Keys, Purpose, Record, SessionId, Times};
use std::io;
use std::rc::Rc;

/// Bytes of a session in a store.
pub const MOST_BYTES: usize = 64 * 1024;

/// Bytes of a token that holds the whole session: a browser keeps 4,096 of a cookie with its name and attributes.
pub const MOST_TOKEN: usize = 3800;

/// How often a save is tried when others save, too.
pub const TRIES: usize = 3;

/// What a touch must bring, in seconds: a store is not written to for every request of a busy visitor.
const LEAST_TOUCH: u64 = 60;

/// By what a visitor is known again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// A cookie.
    #[default]
    Cookie,
    /// A parameter of the query, for who takes no cookies: [`Session::token`] stands in every link. Whoever is given such a link has the
    /// session, so it is bound to something that its owner alone has, with [`Sessions::bind`].
    Query,
}

/// How a session is carried and how long it lives. The first seven have the names that koa-session gives them.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// The name of the cookie, or of the parameter of a query: `sid`.
    pub key: String,
    /// Seconds for which a token is good: a day. `None`: as long as the browser runs. 0 is over at once.
    pub max_age: Option<u64>,
    /// A cookie of the same name that is to be set already is replaced. On.
    pub overwrite: bool,
    /// No script sees the cookie. On.
    pub http_only: bool,
    /// An id is signed, so that nobody asks the store for ids that he made up. On. What is kept in a cookie is always signed.
    pub signed: bool,
    /// Each answer sets the cookie anew, so that it lasts for `max_age` from the last visit. Off.
    pub rolling: bool,
    /// An answer sets it anew when less than half of `max_age` is left. Off.
    pub renew: bool,
    /// How long a session in a store lives: 2 hours since it was used, 30 days in all.
    pub times: Times,
    /// By what a visitor is known again: a cookie.
    pub carrier: Carrier,
    /// Bytes of a session: [`MOST_BYTES`]. More is an error when it is saved; 0 saves none, `usize::MAX` is no bound.
    pub most: usize,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            key: "sid".to_owned(),
            max_age: Some(24 * 60 * 60),
            overwrite: true,
            http_only: true,
            signed: true,
            rolling: false,
            renew: false,
            times: Times::default(),
            carrier: Carrier::Cookie,
            most: MOST_BYTES,
        }
    }
}

/// What is to be done with the visitor's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Nothing.
    Same,
    /// This is the new one.
    Set(String),
    /// They are to forget it.
    Remove,
}

/// What of a request its visitor's token is bound to.
type Binding = Rc<dyn Fn(&Context<'_>) -> Vec<u8>>;

/// All sessions of a site.
#[derive(Clone)]
pub struct Sessions {
    /// `None`: each is in its visitor's cookie.
    store: Option<Rc<dyn Store>>,
    keys: Keys,
    /// How they are carried, and how long they live.
    pub options: SessionOptions,
    clock: Clock,
    bind: Binding,
}

impl Sessions {
    /// Sessions in a store; their visitors have an id.
    pub fn new(store: impl Store + 'static, keys: Keys) -> Sessions {
        Sessions::of(Some(Rc::new(store)), keys)
    }

    /// Sessions in cookies: signed, and not encrypted. Nothing is stored, so there is nothing to destroy: whoever kept an old cookie
    /// has the old session until `max_age` is over. Two requests at once do not merge. The time since the last use counts
    /// with `rolling` only.
    pub fn in_cookies(keys: Keys) -> Sessions {
        Sessions::of(None, keys)
    }

    fn of(store: Option<Rc<dyn Store>>, keys: Keys) -> Sessions {
        let bind = Rc::new(|_: &Context<'_>| Vec::new());
        Sessions { store, keys, options: SessionOptions::default(), clock: Clock::system(), bind }
    }

    /// Binds each token to something of the request that its owner's requests have and others' have not, such as User-Agent. It is not
    /// sent, and whoever steals the token needs it too.
    #[must_use]
    pub fn bind(mut self, bind: impl Fn(&Context<'_>) -> Vec<u8> + 'static) -> Self {
        self.bind = Rc::new(bind);
        self
    }

    pub(super) fn binding(&self, ctx: &Context<'_>) -> Vec<u8> {
        (self.bind)(ctx)
    }

    /// The same with other options.
    #[must_use]
    pub fn with(mut self, options: SessionOptions) -> Self {
        self.options = options;
        self
    }

    /// The same by another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The session of a token, if it is one of ours; else a new one. `binding` is what else its owner must have.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn open(&self, token: Option<&str>, binding: &[u8]) -> io::Result<Session> {
        let now = self.clock.seconds();
        if let Some(token) = token
            && let Some(session) = self.known(token, binding, now).await?
        {
            return Ok(session);
        }
        let session = Session::fresh(now);
        if self.store.is_some() && self.options.carrier == Carrier::Query {
            // Links are written before the answer is done, so the visitor has an id from the start.
            let id = new_id()?;
            self.sign(&session, id, binding);
            session.0.borrow_mut().reserved = Some(id);
        }
        Ok(session)
    }

    async fn known(&self, token: &str, binding: &[u8], now: u64) -> io::Result<Option<Session>> {
        let verified = self.keys.verify(Purpose::Session, &self.options.key, token, now, binding);
        let (id, stored) = match (&self.store, &verified) {
            (Some(store), _) => {
                let id = match (&verified, self.options.signed) {
                    (Some(verified), true) => verified.value.as_slice().try_into().ok().map(SessionId::new),
                    (None, true) => None,
                    (_, false) => SessionId::parse(token),
                };
                let Some(id) = id else { return Ok(None) };
                let Some(stored) = store.load(&id.key(), now).await? else { return Ok(None) };
                (id, stored)
            }
            // The record is in the token. Its id is nobody's: it only says that there is a session.
            (None, Some(verified)) => match Record::decode(&verified.value) {
                Some(record) => (SessionId::new([0; 16]), Stored { record, ends: u64::MAX }),
                None => return Ok(None),
            },
            (None, None) => return Ok(None),
        };
        let over = stored.record.made().saturating_add(self.options.times.absolute);
        if over <= now && over != u64::MAX {
            return Ok(None);
        }
        let session = Session::fresh(now);
        {
            let mut state = session.0.borrow_mut();
            (state.record, state.id, state.ends) = (stored.record, Some(id), stored.ends);
            state.token_ends = verified.as_ref().map_or(u64::MAX, |verified| verified.expires);
            state.is_stale = verified.is_some_and(|verified| verified.is_old);
            state.token = Some(token.to_owned());
        }
        Ok(Some(session))
    }

    /// Saves what was done to a session, and says what becomes of its token.
    ///
    /// # Errors
    ///
    /// Those of the store; `FileTooLarge` for more than a session may have; `ResourceBusy` when others saved it [`TRIES`] times meanwhile.
    pub async fn close(&self, session: &Session, binding: &[u8]) -> io::Result<Token> {
        let (fate, id) = {
            let state = session.0.borrow();
            (state.fate, state.id)
        };
        match (&self.store, fate) {
            (_, Fate::Destroy) if id.is_none() => Ok(Token::Same),
            (None, Fate::Destroy) => Ok(Token::Remove),
            (Some(store), Fate::Destroy) => {
                if let Some(id) = id {
                    store.destroy(&id.key()).await?;
                }
                Ok(Token::Remove)
            }
            (None, _) => self.close_in_cookie(session, binding),
            (Some(store), Fate::Renew) => {
                let new = self.move_on(&**store, session, id).await?;
                Ok(new.map_or(Token::Same, |id| self.token(session, id, binding)))
            }
            (Some(store), Fate::Keep) => match id {
                Some(id) => self.save(&**store, session, id, binding).await,
                None => {
                    let new = self.move_on(&**store, session, None).await?;
                    Ok(new.map_or(Token::Same, |id| self.token(session, id, binding)))
                }
            },
        }
    }

    // ANCHOR: save
    /// Does what was done here to the newest record; again, if somebody else was faster.
    async fn save(&self, store: &dyn Store, session: &Session, id: SessionId, binding: &[u8]) -> io::Result<Token> {
        let (mine, ends) = {
            let state = session.0.borrow();
            (state.record.clone(), state.ends)
        };
        let (key, now) = (id.key(), self.clock.seconds());
        let end = self.options.times.end(mine.made(), now);
        if mine.changes().is_empty() {
            if end.saturating_sub(ends) >= LEAST_TOUCH {
                store.touch(&key, end, now).await?;
            }
            return Ok(self.again(session, id, binding, now));
        }
        for _ in 0..TRIES {
            // It was destroyed, or has another id: what was done to it is nobody's. The visitor may have the new token already.
            let Some(newest) = store.load(&key, now).await? else { return Ok(Token::Same) };
            let version = newest.record.version();
            let Some(record) = mine.onto(&newest.record) else { break };
            let stored = self.bounded(Stored { record, ends: end })?;
            if store.save(&key, &stored, version, now).await? {
                return Ok(self.again(session, id, binding, now));
            }
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, "a session was saved by others at every try"))
    }
    // ANCHOR_END: save

    /// Saves under an id that nobody has, and destroys what lies under the old one. Nothing is kept of a visitor to whom nothing was done.
    async fn move_on(
        &self,
        store: &dyn Store,
        session: &Session,
        old: Option<SessionId>,
    ) -> io::Result<Option<SessionId>> {
        let (mine, reserved, is_asked) = {
            let state = session.0.borrow();
            (state.record.clone(), state.reserved, state.is_asked.get())
        };
        let now = self.clock.seconds();
        let newest = match old {
            // If it was destroyed meanwhile, what is left is what this request has done: somebody has just logged in.
            Some(old) => store.load(&old.key(), now).await?.map_or_else(|| Record::new(now), |newest| newest.record),
            None if mine.changes().is_empty() && !is_asked => return Ok(None),
            None => Record::new(mine.made()),
        };
        let record = mine.onto(&newest).unwrap_or(newest);
        let ends = self.options.times.end(record.made(), now);
        let stored = self.bounded(Stored { record, ends })?;
        let id = reserved.map_or_else(new_id, Ok)?;
        if !store.save(&id.key(), &stored, 0, now).await? {
            return Ok(None);
        }
        if let Some(old) = old {
            store.destroy(&old.key()).await?;
        }
        Ok(Some(id))
    }

    fn bounded(&self, stored: Stored) -> io::Result<Stored> {
        match stored.record.encode(self.options.most) {
            Ok(_) => Ok(stored),
            Err(large) => Err(too_large(large.bytes, self.options.most)),
        }
    }

    fn close_in_cookie(&self, session: &Session, binding: &[u8]) -> io::Result<Token> {
        let now = self.clock.seconds();
        let (record, is_new) = {
            let state = session.0.borrow();
            (state.record.clone(), state.id.is_none())
        };
        let is_due = !is_new && self.is_due(session, now);
        if record.changes().is_empty() && !is_due {
            return Ok(Token::Same);
        }
        let bytes = record.encode(self.options.most).map_err(|large| too_large(large.bytes, self.options.most))?;
        let expires = self.expires(record.made(), now);
        let token = self.keys.sign(Purpose::Session, &self.options.key, &bytes, expires, binding);
        if token.len() > MOST_TOKEN {
            return Err(too_large(token.len(), MOST_TOKEN));
        }
        session.0.borrow_mut().token = Some(token.clone());
        Ok(Token::Set(token))
    }

    /// When a token ends that is given out now.
    fn expires(&self, made: u64, now: u64) -> u64 {
        let absolute = made.saturating_add(self.options.times.absolute);
        self.options.max_age.map_or(absolute, |age| now.saturating_add(age).min(absolute))
    }

    /// Whether the visitor is to be given a token though nothing has changed.
    fn is_due(&self, session: &Session, now: u64) -> bool {
        let state = session.0.borrow();
        let left = state.token_ends.saturating_sub(now);
        let is_half_over = self.options.max_age.is_some_and(|age| left < age / 2);
        self.options.rolling || state.is_stale || self.options.renew && is_half_over
    }

    fn again(&self, session: &Session, id: SessionId, binding: &[u8], now: u64) -> Token {
        if self.is_due(session, now) { self.token(session, id, binding) } else { Token::Same }
    }

    fn token(&self, session: &Session, id: SessionId, binding: &[u8]) -> Token {
        let token = self.sign(session, id, binding);
        session.0.borrow_mut().id = Some(id);
        Token::Set(token)
    }

    /// The visitor's token for an id; the session has it from now on.
    fn sign(&self, session: &Session, id: SessionId, binding: &[u8]) -> String {
        let mut state = session.0.borrow_mut();
        let now = self.clock.seconds();
        let token = match self.options.signed {
            true => {
                let expires = self.expires(state.record.made(), now);
                self.keys.sign(Purpose::Session, &self.options.key, id.bytes(), expires, binding)
            }
            false => id.text(),
        };
        state.token = Some(token.clone());
        token
    }

    /// Removes from the store what is over, from time to time; for as long as the loop runs.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn sweep(&self) -> io::Result<usize> {
        match &self.store {
            Some(store) => store.sweep(self.clock.seconds()).await,
            None => Ok(0),
        }
    }
}

/// An id that nobody guesses.
fn new_id() -> io::Result<SessionId> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(SessionId::new(random))
}

fn too_large(bytes: usize, most: usize) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("a session of {bytes} bytes, where {most} are allowed"))
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Sessions").field("options", &self.options).finish_non_exhaustive()
    }
}
