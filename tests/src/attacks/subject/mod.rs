//! The servers under test: one of each layer, on a thread of its own or in a simulation, with handlers that write down
//! everything they get.

mod http1;
mod record;
mod websocket;

pub use record::{Call, Notes, Record};

use super::row::Row;
use crate::allocations::{Ledger, watch};
use crate::processor::Account;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread;
use wirebook_net::{self as net, Listener};

/// A running server.
#[derive(Clone)]
pub struct Subject {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its thread holds.
    pub ledger: &'static Ledger,
    /// What its handler has seen so far.
    pub record: Arc<Notes>,
    /// The kernel's account of its thread.
    pub account: Account,
}

/// Serves what the row's layer is, configured as the row says.
///
/// # Panics
///
/// When it asks for something unknown.
pub fn serve<L: Listener + 'static>(row: &Row, listener: L, record: &Arc<Notes>) {
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
            let record = Arc::<Notes>::default();
            serve(&row, listener, &record);
            let account = Account::of_this_thread();
            send.send(Subject { address, ledger, record, account }).expect("the test waits");
        })
    });
    receive.recv().expect("the server starts")
}
