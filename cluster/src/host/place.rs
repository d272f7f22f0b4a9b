//! Where a running cluster is found: a folder that is this user's alone, and in it a few files for each name.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};
use wirebook_net::unix::remove_left;

/// The longest name.
const MAX_NAME: usize = 40;

/// The place of a cluster of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    /// The place of a name, in the folder of this user: `$XDG_RUNTIME_DIR/wirebook-cluster`, or `/tmp/wirebook-cluster-UID` where
    /// there is no such variable. The folder is made when it is not there.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none: 1 to 40 letters, digits, `.`, `_` and `-`, and no dot in front.
    /// `PermissionDenied` when the folder is somebody else's, or open to others.
    pub fn new(name: &str) -> io::Result<Place> {
        Place::within(&folder(), name)
    }

    /// The same, in a folder of the caller's.
    ///
    /// # Errors
    /// As [`Place::new`].
    pub fn within(folder: &Path, name: &str) -> io::Result<Place> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if name.is_empty() || name.len() > MAX_NAME || name.starts_with('.') || !name.chars().all(fits) {
            let text =
                format!("{name:?} is no name: 1 to {MAX_NAME} letters, digits, dots, _ and -, without a dot in front");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        make_private(folder)?;
        Ok(Place { folder: folder.to_owned(), name: name.to_owned() })
    }

    /// The names of all that have a socket in the folder of this user, in order. Whether anybody is there only asking tells.
    ///
    /// # Errors
    /// As [`Place::new`]; those of reading the folder.
    pub fn names() -> io::Result<Vec<String>> {
        let folder = folder();
        make_private(&folder)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".socket").map(String::from));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.file("socket")
    }

    /// The file that says which process is there, and is locked while it is.
    pub fn pid_file(&self) -> PathBuf {
        self.file("pid")
    }

    /// Where what workers write goes, when nobody says otherwise.
    pub fn log(&self) -> PathBuf {
        self.file("log")
    }

    /// Where a worker of that number says how it is, in systemd's words. Two masters may have one of that number, while one takes
    /// the other's place.
    pub fn notify_socket(&self, worker: u64) -> PathBuf {
        self.file(&format!("{}.{worker}.notify", std::process::id()))
    }

    /// Removes the sockets that masters of this name have left which were killed. For whoever has just taken the name. A socket at which
    /// somebody listens stays, as that of a master does which was replaced and still waits for its workers.
    pub(crate) fn tidy(&self) {
        let found = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let own = found.filter(|entry| entry.file_name().to_str().is_some_and(|name| self.is_of_a_process(name)));
        for entry in own {
            // One that stays is in nobody's way.
            let _ = remove_left(&entry.path());
        }
    }

    /// Whether that is the name of a socket of one process: where it hears a worker ([`Place::notify_socket`]), or what was to become
    /// the control socket.
    fn is_of_a_process(&self, file: &str) -> bool {
        let Some(rest) = file.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('.')) else { return false };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        match &rest.split('.').collect::<Vec<_>>()[..] {
            [pid, worker, "notify"] => is_number(pid) && is_number(worker),
            ["socket", pid] => is_number(pid),
            _ => false,
        }
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", self.name))
    }
}

fn folder() -> PathBuf {
    match env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute()) {
        Some(runtime) => runtime.join("wirebook-cluster"),
        None => env::temp_dir().join(format!("wirebook-cluster-{}", user())),
    }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

// ANCHOR: private
/// Makes a folder for this user alone. One that is there already is looked at: in /tmp anybody may have made it, or a link.
fn make_private(folder: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(io::Error::new(error.kind(), format!("cannot make {}: {error}", folder.display())));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == user() && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    let text = format!("{} is not a folder of this user's alone", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}
// ANCHOR_END: private

/// An error of the file system as the user reads it: what could not be done with which file. The kind stays.
pub(super) fn cannot(what: &str, path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{
        fs::{PermissionsExt, symlink},
        net::{UnixDatagram, UnixListener},
    };

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("clusters");
        assert_eq!(Place::within(&folder, "web").unwrap().socket(), folder.join("web.socket"));
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        for mode in [0o710, 0o701, 0o777] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Place::within(&folder, "web").unwrap_err().kind(), io::ErrorKind::PermissionDenied, "{mode:o}");
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let link = home.path().join("link");
        symlink(&folder, &link).unwrap();
        assert_eq!(Place::within(&link, "web").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        fs::write(home.path().join("file"), "").unwrap();
        assert!(Place::within(&home.path().join("file"), "web").is_err());
    }

    #[test]
    fn what_the_dead_have_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let place = Place::within(folder.path(), "web").unwrap();
        let bind = |name: &str| UnixDatagram::bind(folder.path().join(name)).unwrap();
        let listen = |name: &str| UnixListener::bind(folder.path().join(name)).unwrap();
        let left = ["web.1.7.notify", "web.4194304.18446744073709551615.notify", "web.socket.12"];
        drop((bind(left[0]), bind(left[1]), listen(left[2])));
        // Somebody listens; another name's; no such name at all; no socket.
        let living = (bind("web.1.8.notify"), listen("web.socket.13"));
        let others = [
            "web.socket",
            "web.5.1.7.notify",
            "other.1.7.notify",
            "web2.1.7.notify",
            "web.1.x.notify",
            "web..7.notify",
        ];
        others.iter().for_each(|name| drop(bind(name)));
        fs::write(folder.path().join("web.1.9.notify"), "").unwrap();
        symlink(folder.path().join("web.socket"), folder.path().join("web.1.10.notify")).unwrap();
        place.tidy();
        let has = |name: &str| fs::symlink_metadata(folder.path().join(name)).is_ok();
        assert!(!left.iter().any(|name| has(name)));
        let kept = ["web.1.8.notify", "web.socket.13", "web.1.9.notify", "web.1.10.notify"];
        assert!(kept.iter().chain(&others).all(|name| has(name)));
        drop(living);
        place.tidy();
        assert!(!has(kept[0]) && !has(kept[1]));
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("clusters");
        for name in ["", ".", "..", ".web", "a/b", "../a", "a b", "a\n", "ä", &"a".repeat(41)] {
            assert_eq!(Place::within(&folder, name).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name:?}");
        }
        for name in ["a", "web-1.example_2", &"a".repeat(40)] {
            assert!(Place::within(&folder, name).is_ok(), "{name:?}");
        }
    }
}
