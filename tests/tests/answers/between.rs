//! Why a descriptor's number is not enough, and the answers of "Between processes".

use std::{
    fs,
    io::Write,
    os::fd::AsRawFd,
    process::{Command, Stdio},
};
use wirebook_net::{
    self as net,
    sim::{self, SimHandle, SimStream},
};
use wirebook_process::{Channel, Framing, Handle, Kind, Limits, Violation, ipc::frame::Frames};

// ANCHOR: number
/// Tells a child the number of an open file, and asks it what it has there.
fn tell_a_number(file: &fs::File) -> String {
    let mut child = Command::new("sh");
    child.arg("-c").arg("read number; readlink /proc/$$/fd/$number || echo nothing");
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", file.as_raw_fd()).unwrap();
    String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).trim().to_owned()
}
// ANCHOR_END: number

#[test]
fn a_number_means_nothing_elsewhere() {
    let file = fs::File::open("/dev/null").unwrap();
    assert_ne!(tell_a_number(&file), "/dev/null");
}

// ANCHOR: frames
/// The lines of a channel, which arrive in any pieces and are at most `most` bytes long.
#[derive(Default)]
struct Lines {
    left: Vec<u8>,
}

impl Lines {
    fn receive(&mut self, piece: &[u8], most: usize) -> Result<Vec<String>, Violation> {
        let mut lines = Vec::new();
        for &byte in piece {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.left);
                lines.push(String::from_utf8(line).map_err(|_| Violation::NotUtf8)?);
            } else if self.left.len() == most {
                return Err(Violation::MessageTooLong);
            } else {
                self.left.push(byte);
            }
        }
        Ok(lines)
    }
}
// ANCHOR_END: frames

#[test]
fn an_hour_of_lines() {
    let text = b"{\"a\":1}\n\n[1,2,3]\nlonger than sixteen bytes\n";
    for cut in 0..text.len() {
        let (mut own, mut theirs) = (Lines::default(), Frames::new(Framing::Lines, 16));
        let (mut at, mut found) = (0, Vec::new());
        let mut failed = None;
        for stop in [cut, text.len()] {
            loop {
                match theirs.next(&text[at..stop]) {
                    Ok(Some((used, line))) => {
                        at += used;
                        found.push(String::from_utf8_lossy(line).into_owned());
                    }
                    Ok(None) => break,
                    Err(violation) => {
                        failed = Some(violation);
                        break;
                    }
                }
            }
        }
        let mut lines = Vec::new();
        let mut error = None;
        for piece in [&text[..cut], &text[cut..]] {
            for byte in piece {
                match own.receive(&[*byte], 16) {
                    Ok(more) => lines.extend(more),
                    Err(violation) => error = error.or(Some(violation)),
                }
            }
        }
        assert_eq!((found, failed), (lines[..3].to_vec(), error), "cut at {cut}");
    }
}

// ANCHOR: deal
/// Gives connections to children in turn. What a child that is gone had not taken goes to the next.
struct Dealer {
    children: Vec<Channel<SimStream>>,
    next: usize,
}

impl Dealer {
    async fn deal(&mut self, mut waiting: Vec<Handle<SimHandle>>) -> usize {
        let mut dealt = 0;
        while let Some(connection) = waiting.pop() {
            if self.children.is_empty() {
                return dealt;
            }
            self.next = (self.next + 1) % self.children.len();
            let child = self.children[self.next].clone();
            // A copy, as the system would make one: `send_with` closes what it cannot send.
            let copy = Handle { kind: connection.kind, carried: connection.carried.clone() };
            let sent = child.send_with("yours", copy).await.is_ok();
            child.answered().await;
            if sent && child.is_open() {
                dealt += 1;
                continue;
            }
            let back = child.take_back().into_iter().filter_map(|message| message.handle);
            if sent {
                waiting.extend(back)
            } else {
                waiting.push(connection)
            }
            self.children.remove(self.next);
        }
        dealt
    }
}
// ANCHOR_END: deal

#[test]
fn an_evening_of_dealing() {
    sim::explore(50, sim::Config::rough, |_| async {
        let mut children = Vec::new();
        let mut counts = Vec::new();
        for number in 0..3 {
            let (here, there) = SimStream::pair();
            let new = |stream| Channel::new(stream, Framing::Lines, Limits::default());
            let (here, there) = (new(here), new(there));
            // The parent hears answers by asking for the next message.
            let hears = here.clone();
            net::spawn(async move { while let Ok(Some(_)) = hears.next().await {} });
            counts.push(net::spawn(async move {
                let mut taken = 0;
                while let Ok(Some(message)) = there.next().await {
                    if number == 1 && taken == 2 {
                        // It dies; that it has this one was said.
                        there.close();
                    }
                    taken += usize::from(message.handle.is_some());
                }
                taken
            }));
            children.push(here);
        }
        let connection = |number: u32| Handle { kind: Kind::Socket, carried: SimHandle::new(number) };
        let mut dealer = Dealer { children, next: 0 };
        dealer.deal((0..30).map(connection).collect()).await;
        assert!(dealer.children.len() >= 2);
        dealer.children.iter().for_each(Channel::disconnect);
        let mut taken = 0;
        for count in counts {
            taken += count.await.unwrap();
        }
        // The one whose answer was lost with its child may have been dealt twice.
        assert!((30..=31).contains(&taken), "{taken}");
    });
}
