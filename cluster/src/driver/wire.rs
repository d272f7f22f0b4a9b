//! What master and workers say to each other: messages of the channel's own, with the command that Node's cluster has.

use crate::{
    mail::{Crew, Peer},
    messenger::{To, Who},
};
use serde::{Deserialize, Serialize};
use std::{io, net::SocketAddr, time::Duration};

/// The variable that makes a process a worker. Node's.
pub(crate) const UNIQUE_ID: &str = "NODE_UNIQUE_ID";

/// The same for a worker that may be any program: one of Node's must not take it for Node's own.
pub(crate) const PRIVATE_UNIQUE_ID: &str = "WIREBOOK_UNIQUE_ID";

/// The command of all of them.
pub(super) const COMMAND: &str = "NODE_CLUSTER";

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "camelCase")]
pub(crate) enum Said {
    Online,
    /// It wants to listen there; of several times at one address, this is the one of that number.
    QueryServer {
        seq: u64,
        address: SocketAddr,
        index: usize,
    },
    /// It takes connections of that port.
    Listening {
        key: u64,
    },
    Ready,
    Beat {
        open: usize,
    },
    /// It wants a successor, and then to leave.
    ExitedAfterDisconnect,
    /// It leaves: a signal told it to.
    Leaves,
    /// It wants to know of all workers.
    Look {
        seq: u64,
    },
    /// It says something to others; JSON as text, because the master need not read it.
    Send {
        to: To,
        action: String,
        json: String,
    },
    /// The agent's: a worker is to run a job.
    Run {
        worker: u64,
        job: String,
    },
    /// A worker has run a job.
    Ran {
        job: String,
    },
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "camelCase")]
pub(super) enum Told {
    Hello(Hello),
    /// The answer to `queryServer`; where the worker accepts by itself, the listener rides on it.
    Server {
        seq: u64,
        key: u64,
        address: Option<SocketAddr>,
        error: Option<String>,
    },
    /// The answer to `look`.
    Seen {
        seq: u64,
        workers: Vec<Peer>,
    },
    /// How many connections a worker has on average.
    Mean {
        open: usize,
    },
    /// No connection is given to it behind this.
    Leave,
    Hurry,
    /// Somebody has said that.
    Letter {
        from: Who,
        action: String,
        json: String,
    },
    /// Run that job.
    Run {
        job: String,
    },
    /// To the agent: that worker has run it, or will not.
    Ran {
        worker: u64,
        job: String,
    },
    /// Who is there.
    Crew(Crew),
}

/// Who a worker is, and what it must know.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) worker: u64,
    pub(super) slot: usize,
    pub(super) generation: u64,
    /// It is the agent, and no worker.
    pub(super) agent: bool,
    pub(super) beat: Duration,
    pub(super) farewell: crate::farewell::Farewell,
    /// It accepts from a queue that all share.
    pub(super) shares: bool,
}

/// A message with its command.
#[derive(Serialize)]
struct Envelope<'a, T> {
    cmd: &'a str,
    #[serde(flatten)]
    what: &'a T,
}

pub(super) fn to_json(message: &impl Serialize) -> String {
    // Neither has a map whose keys are no strings.
    serde_json::to_string(&Envelope { cmd: COMMAND, what: message }).unwrap_or_default()
}

/// What one says with a message that is the cluster's; `None` for another command.
pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> io::Result<Option<T>> {
    #[derive(Deserialize)]
    struct Command {
        cmd: String,
    }
    let invalid = |error: serde_json::Error| io::Error::new(io::ErrorKind::InvalidData, error);
    let Command { cmd } = serde_json::from_str(json).map_err(invalid)?;
    if cmd != COMMAND {
        return Ok(None);
    }
    serde_json::from_str(json).map(Some).map_err(invalid)
}

const CONNECTION: &str = "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"newconn\",\"key\":";

/// A connection of that port; it rides on the message. Written and read by hand, because it is said for each.
pub(super) fn connection(key: u64) -> String {
    format!("{CONNECTION}{key}}}")
}

/// The port of a message that is a connection.
pub(super) fn connection_of(json: &str) -> Option<u64> {
    json.strip_prefix(CONNECTION)?.strip_suffix('}')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let address = "[::1]:80".parse().unwrap();
        let all = [
            Said::Online,
            Said::QueryServer { seq: 1, address, index: 0 },
            Said::Beat { open: 7 },
            Said::ExitedAfterDisconnect,
            Said::Send { to: To::One(Who::Worker(3)), action: "refresh".into(), json: "{\"a\":[1]}".into() },
            Said::Send { to: To::Random, action: String::new(), json: "null".into() },
            Said::Run { worker: 3, job: "clean".into() },
        ];
        for said in all {
            assert_eq!(read(&to_json(&said)).unwrap(), Some(said));
        }
        let crew = Crew {
            agent: Some(7),
            workers: vec![(1, 8)],
            others: vec![2],
            running: vec![(1, "clean".into())],
            whole: true,
        };
        let letter = Told::Letter { from: Who::Agent, action: "a".into(), json: "1".into() };
        for told in [
            Told::Server { seq: 1, key: 2, address: Some(address), error: None },
            Told::Crew(crew),
            letter,
            Told::Ran { worker: 1, job: "clean".into() },
        ] {
            assert_eq!(read(&to_json(&told)).unwrap(), Some(told));
        }
        assert_eq!(connection_of(&connection(u64::MAX)), Some(u64::MAX));
        assert_eq!(connection_of("{\"cmd\":\"NODE_CLUSTER\",\"act\":\"newconn\",\"key\":-1}"), None);
        assert_eq!(read::<Said>("{\"cmd\":\"NODE_OTHER\"}").unwrap(), None);
        for broken in ["{\"cmd\":\"NODE_CLUSTER\"}", "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"fly\"}", "[]", "{\"cmd\":7}"]
        {
            assert!(read::<Said>(broken).is_err(), "{broken}");
        }
        // Node's own words for the same things.
        assert_eq!(to_json(&Said::Online), "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\"}");
        assert_eq!(to_json(&Said::Listening { key: 1 }), "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\",\"key\":1}");
    }
}
