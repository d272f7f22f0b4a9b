//! What a master begins with that others have opened: ports from a service manager, or all that another master has whose place it
//! takes.
//!
//! **Taking a master's place.** The old one starts the new one with copies of all queues, and tells it in one variable what they
//! are. The new one starts workers of its own. When they serve it says so, and the old one leaves. Until then the old one has changed
//! nothing, so if the new one dies before, nothing has happened. Meanwhile both accept from the same queues, and no connection is
//! anywhere but in a queue, or somebody's.

use crate::{
    driver::{Begin, Master, News, Open, Program},
    farewell::either,
    host::{Hold, Notify, TAKEOVER},
    supervisor::Event,
};
use serde::{Deserialize, Serialize};
use std::{
    env, io,
    net::SocketAddr,
    os::fd::{AsRawFd, RawFd},
    time::Duration,
};
use wirebook_net::{self as net, SIGKILL, SIGTERM, tcp::TcpListener};
use wirebook_process::{Channel, fork_of, inherited, parent, passed};

/// How long a new master has for its word that it serves, beyond the time that each worker has.
const PATIENCE: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Heritage {
    pub(super) begin: Begin,
    /// The name that is held.
    pub(super) hold: Option<RawFd>,
    /// Whose place this one takes.
    pub(super) old: Option<Channel>,
}

#[derive(Serialize, Deserialize)]
struct State {
    generation: u64,
    wanted: usize,
    ports: Vec<Port>,
    hold: Option<RawFd>,
}

#[derive(Serialize, Deserialize)]
struct Port {
    asked: SocketAddr,
    index: usize,
    passed: bool,
    queues: Vec<(usize, RawFd)>,
}

impl Heritage {
    /// What this process was started with. On a running loop; once.
    ///
    /// # Errors
    /// `InvalidInput` when something was passed that is no listener of TCP, or was not passed at all.
    pub(super) fn take() -> io::Result<Heritage> {
        let Some(state) = env::var_os(TAKEOVER) else { return Heritage::passed() };
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let state: State = serde_json::from_str(&state.to_string_lossy()).map_err(invalid)?;
        let mut ports = Vec::new();
        for Port { asked, index, passed, queues } in state.ports {
            let queue = |(slot, number)| Ok((slot, TcpListener::from_fd(inherited(number)?)?));
            let queues = queues.into_iter().map(queue).collect::<io::Result<_>>()?;
            ports.push(Open { asked: (asked, index), queues, passed });
        }
        let (generation, wanted) = (Some(state.generation.saturating_add(1)), Some(state.wanted));
        Ok(Heritage {
            begin: Begin { ports, generation, wanted, ..Begin::default() },
            hold: state.hold,
            old: parent()?,
        })
    }

    fn passed() -> io::Result<Heritage> {
        let mut ports = Vec::new();
        for passed in passed()? {
            let queue = TcpListener::from_fd(passed.descriptor).map_err(|error| {
                io::Error::new(error.kind(), format!("{:?} was passed and is no listener of TCP: {error}", passed.name))
            })?;
            ports.push(Open { asked: (queue.local_addr()?, 0), queues: vec![(0, queue)], passed: true });
        }
        Ok(Heritage { begin: Begin { ports, ..Begin::default() }, ..Heritage::default() })
    }
}

impl Master {
    // ANCHOR: take_over
    /// Has this program started anew, from what its file is now, to take this master's place.
    pub(super) async fn be_replaced(self, hold: Option<&Hold>) {
        if self.is_replaced() || std::process::id() == 1 {
            let reason = "neither process 1 nor a replaced master can be replaced".into();
            return self.news(News::NotReplaced { reason });
        }
        match self.start_successor(hold).await {
            Ok((pid, channel)) => {
                self.set_replaced(pid);
                self.news(News::Replaced { pid });
                Notify::from_env().tell(&format!("MAINPID={pid}"));
                // Its end says to the new one that whoever watches knows it by now.
                drop(channel);
                for port in self.ports() {
                    port.hand_over().await;
                }
                self.happened(Event::Leave);
            }
            Err(error) => self.news(News::NotReplaced { reason: error.to_string() }),
        }
    }
    // ANCHOR_END: take_over

    async fn start_successor(&self, hold: Option<&Hold>) -> io::Result<(i32, Channel)> {
        let mut kept = Vec::new();
        let mut ports = Vec::new();
        for (asked, port) in self.ports_by_name() {
            let copies = port.copies()?;
            let queues = copies.iter().map(|(slot, queue)| (*slot, queue.as_raw_fd())).collect();
            ports.push(Port { asked: asked.0, index: asked.1, passed: port.passed, queues });
            kept.extend(copies.into_iter().map(|(_, queue)| queue));
        }
        let hold = hold.map(Hold::share).transpose()?;
        let number = hold.as_ref().map(AsRawFd::as_raw_fd);
        kept.extend(hold);
        let state = State { generation: self.newest_generation(), wanted: self.wanted(), ports, hold: number };
        let Program { path, arguments } = self.own_program();
        let fork = fork_of(path, arguments).private().with(|spawn| {
            let spawn = spawn.arg0(path).env(TAKEOVER, serde_json::to_string(&state).unwrap_or_default());
            // systemd goes on watching, and means the new one by then.
            let spawn = spawn.env_remove("WATCHDOG_PID");
            kept.into_iter().fold(spawn, |spawn, descriptor| spawn.keep(descriptor))
        });
        let (child, channel) = fork.start()?;
        let patience =
            self.options().supervisor.start_timeout.saturating_mul(u32::try_from(self.wanted()).unwrap_or(u32::MAX));
        let word = either(channel.next(), self.until(|| self.is_leaving()));
        let said = net::timeout(patience.saturating_add(PATIENCE), word).await;
        if let Ok(Ok(Ok(Some(_)))) = said {
            return Ok((child.id(), channel));
        }
        let reason = match said {
            Ok(Err(())) => "all leave".into(),
            Ok(_) if net::timeout(PATIENCE, child.exited()).await.is_ok() => child.exited().await.to_string(),
            _ => "it did not serve in time".into(),
        };
        for signal in [SIGTERM, SIGKILL] {
            if child.ended().is_none() {
                child.kill(signal)?;
                let _ = net::timeout(PATIENCE, child.exited()).await;
            }
        }
        Err(io::Error::other(reason))
    }
}
