//! Sessions in files: one for each, beneath a folder that is held open. Several programs may share the folder.
//!
//! A file is written under another name and renamed into its place, so whoever reads finds a whole one. The comparison before it
//! needs that nobody else is between the two: whoever changes anything has a lock on the folder's `.lock`, which the system takes
//! back even from a program that dies. Nothing is forced to the disk: what a power cut leaves half is no session.

use super::memory::is_over;
use super::store::{Later, Store, Stored};
use crate::files::{Entry, Root};
use crate::text::to_base64;
use crate::trust::Record;
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, flock, openat, renameat, unlinkat};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use wirebook_net as net;

/// Bytes of a session's file that are read: what a session may have, and room for its end. What has more is none of ours.
const MOST_READ: u64 = 1 << 20;

/// A store of one file for each session.
#[derive(Debug)]
pub struct FileStore {
    root: Root,
}

impl FileStore {
    /// Sessions in a folder, which is made, for us alone, if it is not there.
    ///
    /// # Errors
    ///
    /// Those of making and opening it.
    pub fn beneath(folder: impl AsRef<Path>) -> io::Result<FileStore> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(FileStore { root: Root::open(folder)? })
    }

    /// A job for the thread pool.
    fn job<'a, T: Send + 'static>(&self, job: impl FnOnce(Root) -> io::Result<T> + Send + 'static) -> Later<'a, T> {
        let root = self.root.clone();
        Box::pin(async move { net::spawn_blocking(move || job(root)).await? })
    }
}

impl Store for FileStore {
    fn load<'a>(&'a self, key: &'a str, now: u64) -> Later<'a, Option<Stored>> {
        let key = key.to_owned();
        self.job(move |root| read(&root, &key, now))
    }

    fn save<'a>(&'a self, key: &'a str, stored: &'a Stored, version: u64, now: u64) -> Later<'a, bool> {
        let (key, stored) = (key.to_owned(), stored.clone());
        self.job(move |root| {
            let _lock = lock(&root)?;
            let there = read(&root, &key, now)?.map_or(0, |there| there.record.version());
            if there != version {
                return Ok(false);
            }
            write(&root, &key, &stored).map(|()| true)
        })
    }

    fn touch<'a>(&'a self, key: &'a str, ends: u64, now: u64) -> Later<'a, ()> {
        let key = key.to_owned();
        self.job(move |root| {
            let _lock = lock(&root)?;
            match read(&root, &key, now)? {
                Some(there) => write(&root, &key, &Stored { ends, ..there }),
                None => Ok(()),
            }
        })
    }

    fn destroy<'a>(&'a self, key: &'a str) -> Later<'a, ()> {
        let key = key.to_owned();
        self.job(move |root| {
            let _lock = lock(&root)?;
            remove(&root, &key)
        })
    }

    /// Also what a program left that died while it wrote: nobody writes while we have the lock.
    fn sweep(&self, now: u64) -> Later<'_, usize> {
        self.job(move |root| {
            let _lock = lock(&root)?;
            let mut removed = 0;
            for entry in Dir::read_from(root.directory())? {
                let entry = entry?;
                let Ok(name) = entry.file_name().to_str() else { continue };
                let is_over = is_key(name) && read(&root, name, now)?.is_none();
                if is_over || name.ends_with(UNFINISHED) {
                    unlinkat(root.directory(), name, AtFlags::empty())?;
                    removed += usize::from(is_over);
                }
            }
            Ok(removed)
        })
    }
}

/// How the name ends of a file that is being written.
const UNFINISHED: &str = ".tmp";

/// The hash of an id, in base64url: 43 letters, digits, `-` and `_`. No other name is looked for.
fn is_key(name: &str) -> bool {
    name.len() == 43 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Waits until nobody else changes anything; until the file is dropped.
fn lock(root: &Root) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(root.directory(), ".lock", flags, Mode::RUSR | Mode::WUSR)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file.into())
}

fn read(root: &Root, key: &str, now: u64) -> io::Result<Option<Stored>> {
    if !is_key(key) {
        return Ok(None);
    }
    let Entry::File(file, _) = root.get(&[key])? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MOST_READ).read_to_end(&mut bytes)?;
    let parsed = bytes.iter().position(|byte| *byte == b'\n').and_then(|at| {
        let ends = str::from_utf8(&bytes[..at]).ok()?.parse().ok()?;
        Some(Stored { record: Record::decode(&bytes[at + 1..])?, ends })
    });
    Ok(parsed.filter(|stored| !is_over(stored.ends, now)))
}

fn write(root: &Root, key: &str, stored: &Stored) -> io::Result<()> {
    if !is_key(key) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a session's key is the hash of its id"));
    }
    let most = usize::try_from(MOST_READ).unwrap_or(usize::MAX) - 64;
    let record = stored.record.encode(most).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let name = format!("{}{UNFINISHED}", to_base64(&random));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(openat(root.directory(), &*name, flags, Mode::RUSR | Mode::WUSR)?);
    let written = fill(file, stored.ends, &record);
    let placed = written.and_then(|()| Ok(renameat(root.directory(), &*name, root.directory(), key)?));
    if placed.is_err() {
        unlinkat(root.directory(), &*name, AtFlags::empty()).unwrap_or_default();
    }
    placed
}

fn fill(mut file: File, ends: u64, record: &[u8]) -> io::Result<()> {
    file.write_all(format!("{ends}\n").as_bytes())?;
    file.write_all(record)
}

fn remove(root: &Root, key: &str) -> io::Result<()> {
    match unlinkat(root.directory(), key, AtFlags::empty()) {
        Err(errno) if errno != rustix::io::Errno::NOENT => Err(errno.into()),
        _ => Ok(()),
    }
}
