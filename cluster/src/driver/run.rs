//! The door for a program that is both: started by hand it is the master, and started by the master a worker.

use super::{drain::either, master::Master, options::Options, wire::UNIQUE_ID, worker::Worker};
use std::{env, io, process::ExitCode};
use wirebook_net::{self as net, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU};
use wirebook_process::parent;

/// What `main` gives.
pub type Outcome = io::Result<ExitCode>;

// ANCHOR: run
/// Runs a cluster: this program as the master, which runs nothing of `serve`, and the program again for each worker, which runs
/// that.
///
/// The master heeds signals: TERM and INT let all leave, and said twice, break off; QUIT ends all at once; HUP replaces the
/// workers by new ones, of what the program's file is then; TTIN and TTOU are one worker more or fewer.
///
/// # Errors
/// When the loop cannot run; a worker's, those of `serve`.
pub fn run<F>(options: Options, serve: F) -> Outcome
where
    F: AsyncFnOnce(Worker) -> io::Result<()> + 'static,
{
    if env::var_os(UNIQUE_ID).is_some() {
        return net::block_on(async {
            let channel = parent()?.ok_or_else(|| io::Error::other("a worker has a channel to its master"))?;
            name_this_thread();
            let worker = Worker::begin(channel).await?;
            let result = either(serve(worker.clone()), worker.outlived()).await;
            net::stop();
            result.unwrap_or(Ok(())).map(|()| ExitCode::SUCCESS)
        })?;
    }
    net::block_on(async {
        let master = Master::start(options)?;
        let signals = net::signals(&[SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTTIN, SIGTTOU]);
        net::spawn(heed(master.clone(), signals));
        let code = master.ended().await;
        net::stop();
        Ok(ExitCode::from(code))
    })?
}
// ANCHOR_END: run

async fn heed(master: Master, mut signals: net::Signals) {
    while let Ok(signal) = (&mut signals).await {
        match signal {
            SIGHUP => master.reload(),
            SIGTTIN => master.scale(master.wanted() + 1),
            SIGTTOU => master.scale(master.wanted() - 1),
            SIGQUIT => master.quit(),
            _ => master.leave(),
        }
    }
}

/// A program that was started by a descriptor is called by its number in `ps`, until it says otherwise.
fn name_this_thread() {
    #[cfg(target_os = "linux")]
    if let Some(name) = env::args_os().next()
        && let Some(name) = std::path::Path::new(&name).file_name().and_then(|name| name.to_str())
        && let Ok(name) = std::ffi::CString::new(name.as_bytes())
    {
        // Fifteen letters at most are kept; a name that is refused is none that matters.
        let _ = rustix::thread::set_name(&name);
    }
}
