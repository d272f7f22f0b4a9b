//! Standard error, as a master may use it: it may be a pipe that nobody empties, or a terminal that somebody has stopped, and a
//! master that waits for it accepts nothing and buries nobody.

use super::lines::{cut, visible};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    sync::atomic::{AtomicU64, Ordering},
};

/// Octets of a line with its end, and what is said before it. A pipe that may be written to takes so many at once (pipe(7): `PIPE_BUF`).
const MAX_SAID: usize = 4096;
/// Of these, for how many were left out.
const MAX_LEFT_OUT: usize = 128;

/// Lines that could not be written, since the last that could.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// A line on standard error, at a terminal as [`visible`], and cut where it is very long. If nobody has read what is there already, it is
/// left out, and the next one that can be written says how many were.
pub fn complain(text: &str) {
    let error = io::stderr();
    let is_terminal = error.is_terminal();
    complain_to(error, is_terminal, &LEFT_OUT, text);
}

fn complain_to(mut to: impl AsFd + Write, is_terminal: bool, left_out: &AtomicU64, text: &str) {
    if !may_write(&to) {
        left_out.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let mut said = match left_out.swap(0, Ordering::Relaxed) {
        0 => String::new(),
        count => format!("{count} lines are left out: nobody read those before them\n"),
    };
    debug_assert!(said.len() < MAX_LEFT_OUT);
    let text = if is_terminal { visible(text) } else { text.into() };
    said.push_str(cut(&text, MAX_SAID - MAX_LEFT_OUT));
    said.push('\n');
    // Who is gone hears nothing.
    let _ = to.write_all(said.as_bytes());
}

/// Whether it takes something without a wait. What has an error does: the write says so at once.
fn may_write(to: &impl AsFd) -> bool {
    let mut asked = [PollFd::new(to, PollFlags::OUT)];
    poll(&mut asked, Some(&Timespec::default())).is_ok_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn nobody_waits_for_a_full_pipe() {
        let (mut reader, writer) = io::pipe().unwrap();
        let left_out = AtomicU64::new(0);
        let say = |text: &str| complain_to(writer.try_clone().unwrap(), false, &left_out, text);
        let long = "ä".repeat(1 << 20);
        let mut written = 0;
        while left_out.load(Ordering::Relaxed) == 0 {
            say(&long);
            written += 1;
        }
        (0..9).for_each(|_| say("lost"));
        let mut bytes = vec![0; 1 << 20];
        let count = reader.read(&mut bytes).unwrap();
        let text = std::str::from_utf8(&bytes[..count]).expect("cut at a letter");
        assert_eq!(text.lines().count(), written - 1);
        assert!(text.lines().all(|line| line.len() == MAX_SAID - MAX_LEFT_OUT));
        say("heard");
        let count = reader.read(&mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"10 lines are left out: nobody read those before them\nheard\n");
        drop(reader);
        say("nobody");
        assert_eq!(left_out.load(Ordering::Relaxed), 0, "who is gone is not waited for, and not counted");
    }

    #[test]
    fn a_terminal_is_told_nothing_by_a_line() {
        for (is_terminal, wanted) in [(true, "^[[2J\n"), (false, "\x1b[2J\n")] {
            let (mut reader, writer) = io::pipe().unwrap();
            complain_to(writer, is_terminal, &AtomicU64::new(0), "\x1b[2J");
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, wanted);
        }
    }
}
