//! What a service tells whoever watches over it, in the words of systemd (sd_notify(3)): one datagram for each, which is sent or
//! is not, and never waited for.

use std::{
    env,
    ffi::OsString,
    io,
    os::unix::{ffi::OsStrExt, net::UnixDatagram},
    process,
    time::Duration,
};

/// Who is told; nobody, where nobody wants to hear.
#[derive(Debug, Default)]
pub struct Notify(Option<UnixDatagram>);

impl Notify {
    /// Whoever `NOTIFY_SOCKET` names: a path, or an abstract name with an `@` in front. Nobody when there is no such variable, or
    /// nobody at that place.
    pub fn from_env() -> Notify {
        Notify(env::var_os("NOTIFY_SOCKET").and_then(|name| connect(&name).ok()))
    }

    /// Whether somebody wants to hear.
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    // ANCHOR: tell
    /// Tells it: lines such as `READY=1`. Whoever does not read it in time does not hear it.
    pub fn tell(&self, state: &str) {
        let Some(socket) = &self.0 else { return };
        // A service that waited for its watcher, or ended because of it, would be worse than one that is not heard.
        let _ = socket.send(state.as_bytes());
    }
    // ANCHOR_END: tell

    /// `RELOADING=1`, with the moment that systemd asks for beside it.
    pub fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let microseconds = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000);
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }
}

fn connect(name: &OsString) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match name.as_bytes() {
        [b'@', rest @ ..] => connect_abstract(&socket, rest)?,
        _ => socket.connect(name)?,
    }
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn connect_abstract(socket: &UnixDatagram, name: &[u8]) -> io::Result<()> {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    socket.connect_addr(&SocketAddr::from_abstract_name(name)?)
}

#[cfg(not(target_os = "linux"))]
fn connect_abstract(_: &UnixDatagram, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Within which time `WATCHDOG=1` has to come, again and again, if whoever started this process said so (sd_watchdog_enabled(3));
/// `None` when nobody did, or for another process.
pub fn watchdog() -> Option<Duration> {
    let read = |name| env::var(name).ok();
    if read("WATCHDOG_PID").is_some_and(|pid| pid.parse() != Ok(process::id())) {
        return None;
    }
    let microseconds = read("WATCHDOG_USEC")?.parse().ok().filter(|time| *time > 0)?;
    Some(Duration::from_micros(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_read_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let heard = UnixDatagram::bind(&path).unwrap();
        let notify = Notify(connect(&path.clone().into_os_string()).ok());
        assert!(notify.is_heard());
        for number in 0..10_000 {
            notify.tell(&format!("STATUS={number}"));
        }
        notify.reloading();
        let mut bytes = [0; 64];
        let count = heard.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"STATUS=0");
        drop(heard);
        notify.tell("READY=1");
        assert!(connect(&folder.path().join("nobody").into_os_string()).is_err());
        Notify::default().tell("READY=1");
    }
}
