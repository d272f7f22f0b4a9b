//! How often somebody may ask.

use crate::context::{Answer, Context, Failure};
use crate::onion::Edge;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::time::{Duration, Instant};
use wirebook_net as net;

/// Askers that are remembered at a time.
pub const MOST_ASKERS: usize = 10_000;

/// A while of a hundred years is for ever, and can be reckoned with.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Who asks, in bytes; nothing: whoever it is.
type Key = Rc<dyn Fn(&Context<'_>) -> Vec<u8>>;

/// An edge that lets each asker in so many times in a while, and answers with 429 otherwise.
///
/// Of each asker one moment is kept: when they will have paid for all that they asked so far, each request costing its share of the while
/// (the generic cell rate algorithm). Somebody who is no further ahead than the whole while may ask. So a burst is as long as the
/// number, and after it one may ask again at an even pace, with no moment at which all of it is forgotten at once.
///
/// ```
/// use wirebook_web::{guard::RateLimit, post};
///
/// let login = post("/login", async |ctx| ctx.empty(204)).edge(RateLimit::per_minute(10));
/// ```
#[derive(Clone)]
pub struct RateLimit {
    times: u32,
    per: Duration,
    most: usize,
    key: Key,
    paid: Rc<RefCell<HashMap<Vec<u8>, Instant>>>,
}

impl RateLimit {
    /// So many times a minute, for each address.
    pub fn per_minute(times: u32) -> RateLimit {
        RateLimit::new(times, Duration::from_secs(60))
    }

    /// So many times in a while, for each address. 0 times is never; `u32::MAX` times, or a while of
    /// nothing, is as often as one likes; `Duration::MAX` is once and for all.
    ///
    /// An IPv6 address counts as its network of 64 bits: that is what one customer has (RFC 6177).
    pub fn new(times: u32, per: Duration) -> RateLimit {
        let key: Key = Rc::new(|ctx| match ctx.ip() {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).octets().to_vec(),
            None => Vec::new(),
        });
        RateLimit { times, per: per.min(LONGEST), most: MOST_ASKERS, key, paid: Rc::default() }
    }

    /// For each of something else, such as the name that somebody tries to log in with.
    #[must_use]
    pub fn by(mut self, key: impl Fn(&Context<'_>) -> Vec<u8> + 'static) -> Self {
        self.key = Rc::new(key);
        self
    }

    /// Remembers so many askers. When there are more, those are forgotten who may ask the most. 0 remembers nobody, and lets everybody in;
    /// `usize::MAX` is no bound.
    #[must_use]
    pub fn most(mut self, askers: usize) -> Self {
        self.most = askers;
        self
    }

    /// Whether this asker may ask now; if not, how long they have to wait.
    ///
    /// # Errors
    ///
    /// The time after which they may.
    pub fn take(&self, key: &[u8]) -> Result<(), Duration> {
        if self.times == u32::MAX || self.per.is_zero() || self.most == 0 {
            return Ok(());
        }
        let Some(share) = self.per.checked_div(self.times) else { return Err(self.per) };
        let now = net::now();
        let mut paid = self.paid.borrow_mut();
        let until = paid.get(key).map_or(now, |until| (*until).max(now));
        let next = until + share;
        let ahead = next.saturating_duration_since(now);
        // Shares are rounded down, so that so many of them are never more than the while.
        if ahead > self.per {
            return Err(ahead - self.per);
        }
        if paid.len() >= self.most && !paid.contains_key(key) {
            forget(&mut paid, now);
        }
        paid.insert(key.to_vec(), next);
        Ok(())
    }
}

/// Forgets who has paid; if that is nobody, the quarter that is least ahead.
fn forget(paid: &mut HashMap<Vec<u8>, Instant>, now: Instant) {
    let before = paid.len();
    paid.retain(|_, until| *until > now);
    if paid.len() == before {
        let mut times: Vec<Instant> = paid.values().copied().collect();
        let at = times.len() / 4;
        let (_, quarter, _) = times.select_nth_unstable(at);
        let (quarter, mut left) = (*quarter, at + 1);
        paid.retain(|_, until| {
            let goes = *until <= quarter && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }
}

impl Edge for RateLimit {
    fn enter(&self, ctx: &mut Context<'_>) -> Option<Answer> {
        let wait = self.take(&(self.key)(ctx)).err()?;
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        Some(Err(Failure::of(429).with("retry-after", seconds.to_string())))
    }
}
