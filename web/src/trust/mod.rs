//! Whom to believe: everything here came from somebody who may lie.
//!
//! | file | holds |
//! |---|---|
//! | `cookie` | a request's cookies |
//! | `set_cookie` | cookies that are set, and what a browser makes of them |
//! | `keys` | what we signed: keys with rotation, values that cannot be moved or kept for ever |
//! | `keygrip` | the same as Koa signs it, so that both can share cookies |
//! | `csrf` | did our own page ask for this? |
//! | `session` | what is kept of a visitor, changed by two tabs at once |
//! | `forwarded` | who is behind the proxies |
//! | `target` | where a redirect may lead |

mod cookie;
pub mod csrf;
mod forwarded;
pub mod keygrip;
mod keys;
mod session;
mod set_cookie;
mod target;

pub use cookie::{Cookies, MOST_COOKIES};
pub use forwarded::{Client, Fields, MOST_HOPS, NotTrusted, Source, Trust};
pub use keys::{Keys, LEAST_KEY, Purpose, Verified, WeakKey};
pub use session::{Change, Record, SessionId, Times, TooLarge};
pub use set_cookie::{
    CookieFault, LONGEST_ATTRIBUTE, LONGEST_COOKIE, Priority, Received, Refusal, SameSite, SetCookie,
};
pub use target::{location, safe_target};
