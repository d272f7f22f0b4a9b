//! A file that says which process holds a name, and is locked as long as that lives: a number that is left behind by a process
//! which died says nothing, a lock does not outlive its holder.

use super::place::cannot;
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    process,
};

/// How often a file that was removed meanwhile is made anew.
const TRIES: usize = 8;

/// A name that this process holds. Dropping it lets go of it, and removes the file, unless another process has written its number
/// into it since.
#[derive(Debug)]
pub struct Hold {
    file: File,
    path: PathBuf,
}

impl Hold {
    // ANCHOR: take
    /// Takes a name, and writes this process's number into the file.
    ///
    /// # Errors
    /// `AddrInUse`, with the number, when a process that lives holds it; those of the file system, with the file.
    pub fn take(path: &Path) -> io::Result<Hold> {
        for _ in 0..TRIES {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            let mut file = options.open(path).map_err(cannot("write", path))?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                let text = format!("process {} has it", number_in(&mut file).unwrap_or(0));
                return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
            }
            // Whoever held it may have removed it between the two calls: then this is a file without a name.
            let (is, named) = (file.metadata()?, fs::symlink_metadata(path));
            if named.is_ok_and(|named| (named.dev(), named.ino()) == (is.dev(), is.ino())) {
                let mut hold = Hold { file, path: path.to_owned() };
                hold.write().map_err(cannot("write", path))?;
                return Ok(hold);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "others take it and let go of it all the time"))
    }
    // ANCHOR_END: take

    /// A name that another process has taken and shares with this one: the lock is on the open file, and both have that.
    ///
    /// # Errors
    /// Those of looking at the file.
    pub fn shared(descriptor: OwnedFd, path: &Path) -> io::Result<Hold> {
        let file = File::from(descriptor);
        file.metadata()?;
        Ok(Hold { file, path: path.to_owned() })
    }

    /// The open file, to be shared.
    ///
    /// # Errors
    /// `EMFILE`.
    pub fn share(&self) -> io::Result<OwnedFd> {
        self.file.as_fd().try_clone_to_owned()
    }

    /// Writes this process's number into it, over the one before: whoever reads meanwhile finds a number.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&mut self) -> io::Result<()> {
        let line = format!("{}\n", process::id());
        self.file.rewind()?;
        self.file.write_all(line.as_bytes())?;
        self.file.set_len(line.len() as u64)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let is_own = number_in(&mut self.file) == Some(process::id());
        let same = |named: fs::Metadata| self.file.metadata().is_ok_and(|is| is.ino() == named.ino());
        if is_own && fs::symlink_metadata(&self.path).is_ok_and(same) {
            // A file that stays is taken by the next one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn number_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_holder_and_a_file_that_was_left_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.pid");
        fs::write(&path, "4194304\n").unwrap();
        let hold = Hold::take(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", process::id()));
        let refused = Hold::take(&path).unwrap_err();
        assert_eq!(refused.to_string(), format!("process {} has it", process::id()));
        // Shared, it is held until both let go; whoever wrote last removes it.
        let other = Hold::shared(hold.share().unwrap(), &path).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(hold);
        assert!(Hold::take(&path).is_err());
        drop(other);
        assert!(path.exists(), "it is process 1's by now");
        drop(Hold::take(&path).unwrap());
        assert!(!path.exists());
    }
}
