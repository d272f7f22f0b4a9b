//! The word that a server ends, for streams that have no end of their own.

use super::Context;
use std::{cell::Cell, fmt, rc::Rc};
use wirebook_net as net;

/// Hears that the server closes, while a stream is sent that was made beside it. Clones hear the same.
#[derive(Clone, Default)]
pub struct Closing(Rc<Word>);

#[derive(Default)]
struct Word {
    is_said: Cell<bool>,
    changed: net::Signal,
}

impl Context<'_> {
    /// What a stream without an end listens to besides: that the server closes, and waits for the answers that are on their way. A stream that
    /// gives `None` then has said good-bye; one that goes on is broken off when the server's patience ends
    /// ([`close_timeout`](wirebook_http1::server::Options::close_timeout)). On HTTP/2 it also hears that nobody waits for the answer any more.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use wirebook_net as net;
    /// # use wirebook_web::{Answer, Context};
    /// async fn tick(ctx: &mut Context<'_>) -> Answer {
    ///     let closing = ctx.closing();
    ///     ctx.stream(async move || {
    ///         let is_over = net::timeout(Duration::from_secs(1), closing.said()).await.is_ok();
    ///         Ok((!is_over).then(|| b"tick\n".to_vec()))
    ///     })
    /// }
    /// ```
    pub fn closing(&mut self) -> Closing {
        if self.get_state::<Closing>().is_none() {
            self.state().insert(Closing::default());
        }
        self.get_state::<Closing>().cloned().unwrap_or_default()
    }
}

impl Closing {
    /// Whether it was said.
    pub fn is_said(&self) -> bool {
        self.0.is_said.get()
    }

    /// Waits until it is said.
    pub async fn said(&self) {
        self.0.changed.until(|| self.is_said().then_some(())).await;
    }

    pub(super) fn say(&self) {
        self.0.is_said.set(true);
        self.0.changed.raise();
    }
}

impl fmt::Debug for Closing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Closing({})", self.is_said())
    }
}
