//! Workers that know nothing of this crate: any program that takes its listeners as systemd gives them.
//!
//! A guest has a channel like every worker, and says nothing over it; one that does is no guest. What it says of itself it says in
//! systemd's words, over a socket of its own (`NOTIFY_SOCKET`): `READY=1`, and `WATCHDOG=1` if it wants to be missed while it serves. A guest that says
//! nothing is ready when it has lived for a while, is told to leave by SIGTERM, and gives no signs of life.

use super::{hand::Hand, master::Master, news::News, options::Guests, program::Program};
use crate::{
    host::{DAEMON, Lines, Log, Place, Source, TAKEOVER},
    supervisor::Event,
};
use std::{io, os::fd::OwnedFd, rc::Rc, time::Duration};
use wirebook_net::{self as net, Datagrams, SIGTERM, Stream, pipe::PipeReader, unix::UnixDatagram};
use wirebook_process::{Fork, Io, Spawn, activated, fork_by};

/// Longest word of a guest; what is longer is cut, as no word that is heeded is.
const MAX_WORD: usize = 4096;

/// A program that is given listeners, each with its name.
pub(super) fn fork(program: &Program, listeners: Vec<(String, OwnedFd)>) -> io::Result<Fork> {
    let spawn = activated(&program.path, &program.arguments, listeners)?;
    // It does not read its channel, and so would not see that its master is gone.
    let spawn = spawn.stdin(Io::Null).stdout(Io::Inherit).stderr(Io::Inherit).when_parent_dies(Some(SIGTERM));
    Ok(fork_by(spawn).private())
}

/// What is about the master is left out of a worker's environment.
pub(super) fn without_masters_own(spawn: Spawn) -> Spawn {
    let own = [DAEMON, TAKEOVER, "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
    own.into_iter().fold(spawn, |spawn, name| spawn.env_remove(name))
}

/// Where a guest says how it is.
pub(super) fn ear(place: Option<&Place>, worker: u64) -> io::Result<Option<UnixDatagram>> {
    place.map(|place| UnixDatagram::bind(place.notify_socket(worker))).transpose()
}

/// Whether a guest says that, as a line of its own.
fn says(words: &[u8], wanted: &[u8]) -> bool {
    words.split(|octet| *octet == b'\n').any(|word| word == wanted)
}

/// The next words of a guest; never, where it cannot be heard.
async fn hear(ear: &Option<UnixDatagram>) -> Vec<u8> {
    let mut words = vec![0; MAX_WORD];
    if let Some(ear) = ear
        && let Ok(received) = ear.recv_from(&mut words).await
    {
        words.truncate(received.length);
        return words;
    }
    std::future::pending().await
}

/// Says for a worker what it does not say itself, until it does.
pub(super) async fn attend(master: Master, hand: Rc<Hand>, guests: Guests, ear: Option<UnixDatagram>) {
    let ready = async { while !says(&hear(&ear).await, b"READY=1") {} };
    // Whether it said so, or its time is over: it counts.
    let _ = net::timeout(guests.ready_after, ready).await;
    let is_guest = || !hand.speaks.get() && hand.child.ended().is_none();
    if !is_guest() {
        return;
    }
    master.guest_is_ready(&hand);
    let beat = master.options().supervisor.beat;
    if beat.is_zero() || beat == Duration::MAX {
        return;
    }
    let mut by_itself = false;
    while is_guest() {
        match net::timeout(beat, hear(&ear)).await {
            // Whatever it says, it lives.
            Ok(words) => by_itself |= says(&words, b"WATCHDOG=1"),
            // systemd, too, expects none any more of a service that it has told to stop.
            Err(_) if by_itself && !hand.leaves.get() => continue,
            Err(_) => {}
        }
        master.happened(Event::Beat(hand.number));
    }
}

impl Master {
    fn guest_is_ready(&self, hand: &Hand) {
        let Hand { number: worker, slot, generation, .. } = *hand;
        self.happened(Event::Online(worker));
        self.happened(Event::Ready(worker));
        hand.is_ready.set(true);
        self.news(News::Ready { worker, pid: hand.child.id(), slot, generation });
    }
}

/// Logs what a worker writes, until it and all that it has started have closed it.
pub(super) async fn collect(log: Log, worker: u64, source: Source, pipe: PipeReader) {
    let mut lines = Lines::default();
    loop {
        let mut octets = net::buffer();
        let Ok(count @ 1..) = pipe.read(&mut octets).await else { break };
        lines.take(&octets[..count], |line| log.write(worker, source, line.to_owned()));
    }
    if let Some(line) = lines.rest() {
        log.write(worker, source, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word of [`MAX_WORD`] octets is heard to its end; one more is cut, and the next is whole again.
    #[test]
    fn the_longest_word_of_a_guest() {
        let heard = net::run(async {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("notify");
            let ear = Some(UnixDatagram::bind(&path)?);
            let guest = std::os::unix::net::UnixDatagram::unbound()?;
            let mut heard = Vec::new();
            for padding in [0, MAX_WORD - 8, MAX_WORD - 7, MAX_WORD, 0] {
                let word = [vec![b'X'; padding], b"\nREADY=1".to_vec()].concat();
                guest.send_to(&word, &path)?;
                let word = hear(&ear).await;
                heard.push((word.len(), says(&word, b"READY=1")));
            }
            net::stop();
            io::Result::Ok(heard)
        });
        let cut = (MAX_WORD, false);
        assert_eq!(heard.unwrap(), [(8, true), (MAX_WORD, true), cut, cut, (8, true)]);
    }
}
