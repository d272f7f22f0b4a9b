//! The control socket: a Unix socket in a private folder, for this user and the administrator. Lines of JSON as on any channel,
//! with its bounds.

use super::{
    lines::MAX_LINE,
    place::cannot,
    words::{Reply, Request},
};
use rustix::process::geteuid;
use std::{
    cell::Cell,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, Carrier, Listener,
    unix::{UnixListener, UnixStream},
};
use wirebook_process::{Channel, Framing, Limits, ipc};

/// Operators that are heard at a time; the next one is turned away.
pub const MAX_OPERATORS: usize = 32;
/// How long the master rests that cannot accept one, for want of a descriptor or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long one may be silent that is connected and has asked nothing.
pub const ASK_LIMIT: Duration = Duration::from_secs(30);

/// What goes over the socket: questions are short, and no handle has any business here.
const LIMITS: Limits = Limits {
    // The longest line of a worker, of signs that JSON writes in six octets each.
    message: 8 * MAX_LINE,
    depth: 8,
    fields: 16,
    window: 0,
    retries: 0,
    queue_bytes: 8 * MAX_LINE,
    queue_messages: 256,
};

/// The master's side. Dropping it removes the socket, unless another process has put its own there.
#[derive(Debug)]
pub struct Control {
    listener: Rc<UnixListener>,
    path: PathBuf,
    made: (u64, u64),
}

impl Control {
    /// Takes the place of whatever is at `path`; whoever held the name before has to be gone, or gives it up ([`Hold`](super::Hold)
    /// sees to that). At no moment is there none.
    ///
    /// # Errors
    /// Those of listening, and of putting the socket in its place; with the path.
    pub fn listen(path: &Path) -> io::Result<Control> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(format!(".{}", std::process::id()));
        let listener = UnixListener::bind_with_mode(&aside, 0o600)?;
        let made = identity(Path::new(&aside))?;
        fs::rename(&aside, path).map_err(cannot("make", path))?;
        Ok(Control { listener: Rc::new(listener), path: path.to_owned(), made })
    }

    /// Has `answer` answer whoever may ask; each connection is a task.
    pub async fn serve(&self, answer: impl AsyncFn(Request, Channel) -> io::Result<()> + 'static) {
        let answer = Rc::new(answer);
        let open = Rc::new(Cell::new(0));
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                net::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            if !may_ask(&stream) || open.get() >= MAX_OPERATORS {
                continue;
            }
            open.set(open.get() + 1);
            let (open, answer) = (open.clone(), answer.clone());
            net::spawn(async move {
                // An operator that goes away, or says what is not understood, is nobody else's trouble.
                let _ = talk(Channel::new(stream, Framing::Lines, LIMITS), &*answer).await;
                open.set(open.get() - 1);
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.made) {
            // One that stays is replaced by the next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

// ANCHOR: may_ask
/// The folder lets nobody else in; the kernel says once more who is there.
fn may_ask(stream: &UnixStream) -> bool {
    stream.peer_credentials().is_ok_and(|peer| peer.uid == 0 || peer.uid == geteuid().as_raw())
}
// ANCHOR_END: may_ask

async fn talk<C: Carrier + 'static>(
    channel: Channel<C>,
    answer: &impl AsyncFn(Request, Channel<C>) -> io::Result<()>,
) -> io::Result<()>
where
    C::Carried: ipc::Handle,
{
    while let Some(message) = net::timeout(ASK_LIMIT, channel.next()).await?? {
        match message.parse() {
            Ok(request) => answer(request, channel.clone()).await?,
            Err(error) => channel.send(&Reply::Refused { reason: error.to_string() }).await?,
        }
    }
    Ok(())
}

/// Asks whoever is at `path`; the answers come over the channel, as [`Reply`].
///
/// # Errors
/// `NotFound` and `ConnectionRefused` when nobody is there; `PermissionDenied`, also when whoever is there is another user.
pub async fn ask(path: &Path, request: &Request) -> io::Result<Channel> {
    let stream = UnixStream::connect(path).await?;
    if !may_ask(&stream) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user answers there"));
    }
    let channel = Channel::new(stream, Framing::Lines, LIMITS);
    channel.send(request).await?;
    Ok(channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirebook_net::sim;

    /// Whoever has asked nothing is let go at [`ASK_LIMIT`], and not a moment before; each question gives it that time anew.
    #[test]
    fn who_asks_nothing_is_let_go() {
        let (limit, moment) = (ASK_LIMIT, Duration::from_millis(1));
        for (asks, wanted) in
            [(vec![], limit), (vec![limit - moment], limit * 2 - moment), (vec![limit + moment], limit)]
        {
            let lasted = sim::run(20, async move {
                let (ours, theirs) = sim::SimStream::pair();
                let channel = |stream| Channel::new(stream, Framing::Lines, LIMITS);
                let (ours, theirs) = (channel(ours), channel(theirs));
                let operator = net::spawn(async move {
                    for pause in asks {
                        net::sleep(pause).await;
                        let _ = theirs.send(&Request::List).await;
                    }
                    net::sleep(limit * 3).await;
                });
                let began = net::now();
                let ended = talk(ours, &async |_, _| Ok(())).await;
                assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
                operator.abort();
                net::now() - began
            });
            assert!((wanted..wanted + 5 * moment).contains(&lasted.unwrap()));
        }
    }
}
