//! The door for a program that is both: started by hand it is the master, and started by the master a worker.

use super::govern::govern;
use crate::{
    driver::{Options, PRIVATE_UNIQUE_ID, UNIQUE_ID, Worker},
    farewell::{Once, either},
    host::Background,
};
use std::{env, io, process::ExitCode};
use wirebook_net as net;
use wirebook_process::{parent, passed};

/// What `main` gives.
pub type Outcome = io::Result<ExitCode>;

// ANCHOR: run
/// Runs a cluster: this program as the master, which runs nothing of `serve`, and the program again for each worker, which runs
/// that.
///
/// The master is what [`govern`] runs: it heeds signals, takes listeners of a service manager, can be replaced by a new one, and
/// answers an operator where [`Options::place`] says so. A program that `wirebook cluster start` has started is a worker, too.
///
/// # Errors
/// When the loop cannot run; those of [`govern`]; a worker's, those of `serve`.
pub fn run<F>(options: Options, serve: F) -> Outcome
where
    F: AsyncFnOnce(Worker) -> io::Result<()> + 'static,
{
    if env::var_os(UNIQUE_ID).or_else(|| env::var_os(PRIVATE_UNIQUE_ID)).is_some() {
        return net::block_on(async {
            let worker = begin().await?;
            let result = either(serve(worker.clone()), worker.outlived()).await;
            net::stop();
            result.unwrap_or(Ok(())).map(|()| ExitCode::SUCCESS)
        })?;
    }
    master(options)
}
// ANCHOR_END: run

/// What a program does not say itself is compiled here.
fn begin() -> Once<'static, io::Result<Worker>> {
    Box::pin(async {
        // A worker asks its master; what it was given as a guest would outlive its farewell.
        drop(passed()?);
        let channel = parent()?.ok_or_else(|| io::Error::other("a worker has a channel to its master"))?;
        name_this_thread();
        Worker::begin(channel).await
    })
}

fn master(options: Options) -> Outcome {
    net::block_on(async {
        let code = govern(options, Background::default()).await;
        net::stop();
        code.map(ExitCode::from)
    })?
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
