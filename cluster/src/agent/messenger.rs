//! What a process says to others, and hears of them.

use crate::{
    driver::{Said, Worker},
    messenger::{Letter, To},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, io};

/// The messenger of a process. Clones are the same.
#[derive(Clone)]
pub struct Messenger(pub(super) Worker);

impl fmt::Debug for Messenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Messenger").finish()
    }
}

impl Worker {
    /// Its messenger.
    pub fn messenger(&self) -> Messenger {
        Messenger(self.clone())
    }
}

impl Letter {
    /// What it says.
    ///
    /// # Errors
    /// When it says something else than is asked for.
    pub fn data<T: DeserializeOwned>(&self) -> io::Result<T> {
        serde_json::from_str(&self.json).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl Messenger {
    /// Waits until all processes of the cluster have served, so that all can hear: Egg's `egg-ready`. False when that will never
    /// be, because the master is gone.
    pub async fn all_ready(&self) -> bool {
        let mail = self.0.mail();
        mail.came.until(|| mail.is_whole().then_some(true).or(mail.is_over().then_some(false))).await
    }

    /// Says something; waits while this process has said more than its channel holds. It is sent then, and not heard yet: nobody
    /// answers for it. What is said to nobody, as to a worker that is gone, is said.
    ///
    /// # Errors
    /// `InvalidInput` for what is no JSON, or too large for a message; `BrokenPipe` when the master is gone.
    pub async fn send(&self, to: To, action: &str, data: &(impl Serialize + ?Sized)) -> io::Result<()> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let json = serde_json::to_string(data).map_err(invalid)?;
        self.0.say(&Said::Send { to, action: action.to_owned(), json }).await
    }

    /// The next thing that somebody says to this process; `None` when the master is gone. One task at a time may wait for it.
    /// What waits is bounded ([`MAX_LETTERS`](crate::messenger::MAX_LETTERS), [`MAX_OCTETS`](crate::messenger::MAX_OCTETS)).
    pub async fn next(&self) -> Option<Letter> {
        let mail = self.0.mail();
        let next = || mail.next_letter().map(Some).or(mail.is_over().then_some(None));
        mail.came.until(next).await
    }

    /// How many were lost, because nobody asked for those before them.
    pub fn missed(&self) -> u64 {
        self.0.mail().missed()
    }

    /// The agent's process, while there is one that is ready.
    pub fn agent(&self) -> Option<i32> {
        self.0.mail().agent()
    }

    /// Workers that serve, with their processes: Egg's `egg-pids`.
    pub fn workers(&self) -> Vec<(u64, i32)> {
        self.0.mail().workers()
    }
}
