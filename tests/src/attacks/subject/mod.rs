//! The servers under test: one of each layer, on a thread of its own or in a simulation, with handlers that write down
//! everything they get.

mod http1;
mod record;
mod websocket;

pub use record::{Call, Record};

use super::row::Row;
use crate::allocations::{Ledger, watch};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use wirebook_net::{self as net, Listener};

/// A running server.
#[derive(Clone)]
pub struct Subject {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its thread holds.
    pub ledger: &'static Ledger,
    /// What its handler has seen so far.
    pub record: Arc<Mutex<Record>>,
    /// The kernel's account of its thread, where there is one.
    schedule: Option<String>,
}

impl Subject {
    /// The time that the server has spent on a processor; `None` where the system does not tell.
    pub fn cpu(&self) -> Option<Duration> {
        let account = std::fs::read_to_string(self.schedule.as_ref()?).ok()?;
        account.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

/// Serves what the row's layer is, configured as the row says.
///
/// # Panics
///
/// When it asks for something unknown.
pub fn serve<L: Listener + 'static>(row: &Row, listener: L, record: &Arc<Mutex<Record>>) {
    match &*row.layer {
        "websocket" => websocket::serve(&row.config, listener, record),
        _ => http1::serve(&row.config, listener, record),
    }
}

/// Starts a server; it ends with the process.
///
/// # Panics
///
/// When there is no port.
pub fn start(row: &Row) -> Subject {
    let (send, receive) = mpsc::channel();
    let row = row.clone();
    thread::spawn(move || {
        let ledger = watch();
        net::block_on(async move {
            let listener = net::tcp::TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            let record = Arc::<Mutex<Record>>::default();
            serve(&row, listener, &record);
            let schedule = std::fs::read_link("/proc/thread-self").ok();
            let schedule = schedule.map(|path| format!("/proc/{}/schedstat", path.display()));
            let schedule = schedule.filter(|path| std::path::Path::new(path).exists());
            send.send(Subject { address, ledger, record, schedule }).expect("the test waits");
        })
    });
    receive.recv().expect("the server starts")
}
