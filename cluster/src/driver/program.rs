//! What a worker runs. A generation is a program *as it was* when the generation began: the file may be replaced meanwhile, and a
//! worker that dies must come back as what it was.

use rustix::fs::{Mode, OFlags, open};
use std::{
    env,
    ffi::OsString,
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
};
use wirebook_process::{Fork, fork_of};

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// Its arguments, without its own name.
    pub arguments: Vec<OsString>,
}

impl Program {
    /// This program, with the arguments that it was given.
    ///
    /// # Errors
    /// When the system does not say which file it is.
    pub fn this() -> io::Result<Program> {
        Ok(Program { path: env::current_exe()?, arguments: env::args_os().skip(1).collect() })
    }
}

/// A program of one generation.
#[derive(Debug)]
pub(super) struct Pinned {
    program: Program,
    /// The file, whatever its name stands for by now. Linux alone can start it; a script cannot be started so.
    file: Option<OwnedFd>,
}

impl Pinned {
    /// Holds what the file is now.
    pub(super) fn new(program: &Program) -> Pinned {
        Pinned { program: program.clone(), file: pin(&program.path) }
    }

    pub(super) fn fork(&self) -> Fork {
        let arguments = self.program.arguments.iter();
        match &self.file {
            Some(file) => {
                let name = self.program.path.clone();
                fork_of(format!("/proc/self/fd/{}", file.as_raw_fd()), arguments).with(|spawn| spawn.arg0(name))
            }
            None => fork_of(&self.program.path, arguments),
        }
    }
}

/// The first bytes of a program that Linux loads by itself.
#[cfg(target_os = "linux")]
fn pin(path: &Path) -> Option<OwnedFd> {
    use std::io::Read;
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut magic = [0; 4];
    std::fs::File::from(file.try_clone().ok()?).read_exact(&mut magic).ok()?;
    (magic == *b"\x7fELF").then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn pin(_: &Path) -> Option<OwnedFd> {
    None
}
