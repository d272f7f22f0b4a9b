//! Leaving the terminal: the program starts itself again in a session of its own, waits until that one is well, and ends. Whoever
//! becomes its parent then (the first process of the system) will bury it.
//!
//! The old recipe forks twice in one process, and whatever threads and descriptors it had are then in an unknown state. A program
//! that is started anew begins like any other, and the one that started it can tell its terminal how it went.

use super::place::cannot;
use rustix::process::setsid;
use serde::{Deserialize, Serialize};
use std::{env, fs::OpenOptions, io, os::fd::OwnedFd, os::unix::fs::OpenOptionsExt, path::PathBuf, time::Duration};
use wirebook_net::{self as net, SIGKILL, SIGTERM};
use wirebook_process::{Channel, Child, Io, KILL_AFTER, fork_of, parent};

/// The variable by which the one in the background knows that it is.
pub(crate) const DAEMON: &str = "WIREBOOK_DAEMON";
/// The variable in which a master tells the one that takes its place what it has.
pub(crate) const TAKEOVER: &str = "WIREBOOK_TAKEOVER";

/// How a program goes to the background.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// Where its standard output and error go; `/dev/null` by default.
    pub output: Option<PathBuf>,
    /// How long it has until it says that it is ready; then it is ended. 60 s. Zero is at once, [`Duration::MAX`] never.
    pub start_timeout: Duration,
    /// How long it has to end after SIGTERM, when it was not ready in time; then it is sent SIGKILL. 5 s. Zero is at once,
    /// [`Duration::MAX`] never.
    pub kill_after: Duration,
}

impl Default for Daemon {
    fn default() -> Self {
        Daemon { output: None, start_timeout: Duration::from_secs(60), kill_after: KILL_AFTER }
    }
}

/// Which of the two this process is.
#[derive(Debug)]
pub enum Side {
    /// It has started the other, which is ready and said this, and has nothing more to do.
    Starter {
        /// The other's process.
        pid: i32,
        /// What it said.
        said: String,
    },
    /// It is in the background.
    Background(Background),
}

/// What the one in the background owes to who started it.
#[derive(Debug, Default)]
pub struct Background(Option<Channel>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Word {
    Ready(String),
    Failed(String),
}

impl Background {
    /// Whether somebody waits for its word.
    pub fn is_awaited(&self) -> bool {
        self.0.is_some()
    }

    /// Says that it is ready, and something to show for it; then nobody waits for it any more.
    pub async fn ready(&mut self, said: &str) {
        self.tell(Word::Ready(said.into())).await;
    }

    /// Says that it cannot become ready.
    pub async fn failed(&mut self, reason: &str) {
        self.tell(Word::Failed(reason.into())).await;
    }

    async fn tell(&mut self, word: Word) {
        if let Some(channel) = self.0.take() {
            // Who started it may have been ended meanwhile, and then needs not be told.
            let _ = channel.send(&word).await;
            channel.disconnect();
        }
    }
}

// ANCHOR: detach
/// Goes to the background. On a running loop, and before anything that must not exist twice.
///
/// The one in the background is of a session of its own, without a terminal, and reads nothing. It stays in the folder in which it
/// was started, because the paths of its command line are meant from there.
///
/// # Errors
/// Of the starter: those of starting; that it ended, or failed, or was not ready in time, in its own words where it had some.
pub async fn detach(options: &Daemon) -> io::Result<Side> {
    if env::var_os(TAKEOVER).is_some() {
        // Whose place it takes was in the background.
        return Ok(Side::Background(Background(None)));
    }
    if env::var_os(DAEMON).is_some() {
        // It leads no group, and so this cannot fail (setsid(2)).
        setsid()?;
        return Ok(Side::Background(Background(parent()?)));
    }
    let output: OwnedFd = match &options.output {
        Some(path) => {
            OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(cannot("write", path))?.into()
        }
        None => OpenOptions::new().write(true).open("/dev/null")?.into(),
    };
    let error = output.try_clone()?;
    let fork = fork_of(env::current_exe()?, env::args_os().skip(1)).private();
    let fork = fork.with(|spawn| {
        let name = env::args_os().next().unwrap_or_default();
        let spawn = spawn.env(DAEMON, "1").arg0(name).stdin(Io::Null);
        spawn.stdout(Io::Descriptor(output)).stderr(Io::Descriptor(error))
    });
    let (child, channel) = fork.start()?;
    let word = net::timeout(options.start_timeout, async {
        match channel.next().await.map(|message| message.and_then(|message| message.parse().ok())) {
            Ok(Some(word)) => word,
            // How it ended says more than that its channel has; and whoever says nothing more and lives on has no more time for that.
            _ => Word::Failed(child.exited().await.to_string()),
        }
    });
    let word = match word.await {
        Ok(word) => word,
        Err(_) => {
            end(&child, options.kill_after).await?;
            Word::Failed("it was not ready in time".into())
        }
    };
    match word {
        Word::Ready(said) => Ok(Side::Starter { pid: child.id(), said }),
        Word::Failed(reason) => Err(io::Error::other(reason)),
    }
}
// ANCHOR_END: detach

/// Ends what must not live on unseen.
async fn end(child: &Child, kill_after: Duration) -> io::Result<()> {
    for signal in [SIGTERM, SIGKILL] {
        // That it has ended meanwhile is what is wanted.
        child.kill(signal)?;
        if net::timeout(kill_after, child.exited()).await.is_ok() {
            break;
        }
    }
    Ok(())
}
