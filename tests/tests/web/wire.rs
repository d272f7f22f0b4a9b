//! A server in the simulated network, and bytes sent to it.

use std::time::Duration;
use wirebook_http1::server::{Hooks, Options};
use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net::Stream;
use wirebook_net::sim::{self, Config, SimListener, SimStream};

pub(crate) const ADDRESS: &str = "10.0.0.1:80";

/// What came back on a connection, to its end.
pub(crate) struct Talk(pub(crate) Vec<u8>);

/// Starts a server of this handler; to be called in a simulation.
pub(crate) fn start<H>(handler: H)
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let hooks = Hooks { handler_error: None, ..Hooks::default() };
    let options = Options { hooks, idle_timeout: Duration::from_secs(1), ..Options::default() };
    drop(http1::serve_on(SimListener::bind(ADDRESS).expect("a free address"), options, handler));
}

/// Reads until the server closes or breaks off.
pub(crate) async fn rest(stream: &SimStream) -> Talk {
    let (mut all, mut bytes) = (Vec::new(), vec![0; 16 * 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        all.extend_from_slice(&bytes[..count]);
    }
    Talk(all)
}

/// Runs in virtual time, with the same seed each time.
pub(crate) fn simulate<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    sim::run(Config { limit: Duration::from_secs(400 * 24 * 3600), ..Config::from(1) }, future)
        .unwrap_or_else(|error| panic!("{error}"))
}
