//! Signals of the operating system, as events of the loop: Node's `process.on('SIGTERM')`.

use crate::kernel::{Direction, Registration, current};
use signal_hook::{SigId, flag, low_level};
use std::{
    fmt,
    future::Future,
    io::{self, Read},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

pub use signal_hook::consts::{
    SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGXFSZ,
};

/// A signal as the operating system numbers it, for instance [`SIGTERM`].
pub type SignalNumber = i32;

/// Catches a set of signals; awaiting what it gives says which of them came.
///
/// From this call on, until the [`Signals`] are dropped, the signals do not do what they do by default: SIGTERM no longer
/// ends the process. (After that they do nothing at all: the default does not come back.) Awaiting `&mut signals` again
/// waits for the next one. A signal that comes several times before it is seen counts once, as the operating system has
/// it. The wait holds the loop. In a simulation nobody sends signals.
///
/// ```no_run
/// use wirebook_net as net;
/// net::block_on(async {
///     let mut signals = net::signals(&[net::SIGHUP, net::SIGTERM]);
///     while (&mut signals).await? == net::SIGHUP {
///         println!("reload");
///     }
///     std::io::Result::Ok(())
/// })
/// # .unwrap();
/// ```
///
/// # Errors
/// The first wait says it when one of them cannot be caught (`InvalidInput` for SIGKILL, SIGSTOP and those that tell of a
/// fault of the program, such as SIGSEGV), when there is none in the set, or when the pipe for them cannot be made.
///
/// # Panics
/// When no loop runs on this thread.
pub fn signals(numbers: &[SignalNumber]) -> Signals {
    let alone = current(|on| on.driver.is_alone());
    Signals { caught: if alone { Ok(None) } else { catch(numbers).map(Some) } }
}

// ANCHOR: signals
/// Waits until the process is asked to stop: SIGINT (Ctrl-C at the terminal) or SIGTERM (what `kill` and every service
/// manager send).
///
/// From this call on neither ends the process by itself. The wait holds the loop, so a server's main future can be
/// `ctrl_c().await` followed by its farewell. In a simulation nobody presses the keys.
///
/// # Errors
/// As [`signals`].
///
/// # Panics
/// When no loop runs on this thread.
pub fn ctrl_c() -> impl Future<Output = io::Result<()>> {
    let mut signals = signals(&[SIGINT, SIGTERM]);
    async move { (&mut signals).await.map(drop) }
}
// ANCHOR_END: signals

/// See [`signals`].
#[must_use = "signals are only told to one who waits for them"]
pub struct Signals {
    /// `None` where nobody sends signals.
    caught: io::Result<Option<Caught>>,
}

/// One self-pipe for the set: a signal handler may do little more than write a byte to it. Which signal it was is a flag,
/// raised before the byte.
struct Caught {
    registration: Registration,
    receiver: mio::net::UnixStream,
    flags: Vec<(SignalNumber, Arc<AtomicBool>)>,
    actions: Vec<SigId>,
}

fn catch(numbers: &[SignalNumber]) -> io::Result<Caught> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
    if numbers.is_empty() {
        return Err(invalid("no signal to wait for".into()));
    }
    if let Some(number) = numbers.iter().find(|number| signal_hook::consts::FORBIDDEN.contains(number)) {
        return Err(invalid(format!("signal {number} cannot be caught")));
    }
    let (mut receiver, sender) = mio::net::UnixStream::pair()?;
    let registration = Registration::new(&mut receiver, 0)?;
    let sender = std::os::fd::OwnedFd::from(sender);
    let mut caught = Caught { registration, receiver, flags: Vec::new(), actions: Vec::new() };
    for (at, &number) in numbers.iter().enumerate() {
        if numbers[..at].contains(&number) {
            continue;
        }
        let flag = Arc::new(AtomicBool::new(false));
        // Actions run in the order in which they were registered.
        caught.actions.push(flag::register(number, flag.clone())?);
        caught.actions.push(low_level::pipe::register(number, sender.try_clone()?)?);
        caught.flags.push((number, flag));
    }
    Ok(caught)
}

impl Caught {
    fn poll(&self, context: &mut Context<'_>) -> Poll<io::Result<SignalNumber>> {
        loop {
            let raised = self.flags.iter().find(|(_, flag)| flag.swap(false, Ordering::SeqCst));
            if let Some((number, _)) = raised {
                return Poll::Ready(Ok(*number));
            }
            // The pipe is emptied before the flags are looked at again, so no signal is missed between the two.
            match self.registration.try_once(Direction::Read, || (&self.receiver).read(&mut [0; 64])) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.registration.poll_readable(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Future for Signals {
    type Output = io::Result<SignalNumber>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.caught {
            Ok(Some(caught)) => caught.poll(context),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(io::Error::new(error.kind(), error.to_string()))),
        }
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        for action in self.actions.drain(..) {
            low_level::unregister(action);
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers =
            |caught: &Option<Caught>| caught.iter().flat_map(|c| c.flags.iter().map(|f| f.0)).collect::<Vec<_>>();
        f.debug_tuple("Signals").field(&self.caught.as_ref().map(numbers)).finish()
    }
}
