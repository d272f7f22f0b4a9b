//! Who gets a message, without the message's way.
//!
//! Processes of a cluster talk by way of the master. Who speaks says to whom ([`To`]); who hears is told who spoke ([`Who`]), and that
//! is the master's word and not the speaker's. A message reaches whoever runs at that moment, those included that are starting:
//! it waits for them on their channel. Who is started later has not heard it.
//!
//! **Bounds.** A message waits on the channel of who speaks, then on the channel of each who is to hear it, and then in that one's
//! [`Inbox`]. Each is bounded. The first bound makes the speaker wait; at the other two the message is lost for the one that does
//! not read, and counted.

use std::collections::VecDeque;

/// Messages that wait in an inbox, at most.
pub const MAX_LETTERS: usize = 10_000;
/// Octets of them, at most.
pub const MAX_OCTETS: usize = 1 << 20;

/// A process of a cluster that can be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "net", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Who {
    /// The agent.
    Agent,
    /// The worker of that number.
    Worker(u64),
}

/// To whom something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "net", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum To {
    /// The agent and all workers, the speaker included. Egg's `broadcast`.
    All,
    /// All workers, the speaker included if it is one. Egg's `sendToApp`.
    Workers,
    /// The agent. Egg's `sendToAgent`.
    Agent,
    /// One worker that serves, whoever it is. Egg's `sendRandom`.
    Random,
    /// That one.
    One(Who),
    /// The process of that number. Egg's `sendTo`.
    Process(i32),
}

/// A process, as far as messages are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub who: Who,
    /// Its process.
    pub pid: i32,
    /// It serves, and has not been told to leave.
    pub serves: bool,
}

// ANCHOR: route
/// Who gets what is said. `random` is any number, by which one of several is chosen.
///
/// ```
/// use wirebook_cluster::messenger::{Member, To, Who, route};
/// let member = |who, pid, serves| Member { who, pid, serves };
/// let crew = [member(Who::Agent, 10, true), member(Who::Worker(1), 11, true), member(Who::Worker(2), 12, false)];
/// assert_eq!(route(To::All, &crew, 0).count(), 3);
/// assert!(route(To::Workers, &crew, 0).eq([Who::Worker(1), Who::Worker(2)]));
/// assert!(route(To::Random, &crew, 7).eq([Who::Worker(1)]), "the other one does not serve yet");
/// assert!(route(To::Process(12), &crew, 0).eq([Who::Worker(2)]));
/// assert_eq!(route(To::One(Who::Worker(9)), &crew, 0).count(), 0);
/// ```
pub fn route(to: To, members: &[Member], random: u64) -> impl Iterator<Item = Who> {
    let serving = members.iter().filter(|member| member.who != Who::Agent && member.serves);
    let count = serving.clone().count() as u64;
    let chosen = serving.clone().nth(random.checked_rem(count).unwrap_or(0) as usize).map(|member| member.who);
    let hears = move |member: &&Member| match to {
        To::All => true,
        To::Workers => member.who != Who::Agent,
        To::Agent => member.who == Who::Agent,
        To::Random => Some(member.who) == chosen,
        To::One(who) => member.who == who,
        To::Process(pid) => member.pid == pid,
    };
    members.iter().filter(hears).map(|member| member.who)
}
// ANCHOR_END: route

/// A message that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who has said it, by the master's word.
    pub from: Who,
    /// What it is about.
    pub action: String,
    /// What it says, as JSON.
    pub json: String,
}

/// Messages that have come and nobody has read.
///
/// ```
/// use wirebook_cluster::messenger::{Inbox, Letter, MAX_LETTERS, Who};
/// let letter = Letter { from: Who::Agent, action: "refresh".into(), json: "1".into() };
/// let mut inbox = Inbox::default();
/// assert!((0..MAX_LETTERS).all(|_| inbox.push(letter.clone())));
/// assert!(!inbox.push(letter.clone()), "one more is lost, and counted");
/// assert_eq!((inbox.missed(), inbox.pop()), (1, Some(letter)));
/// ```
#[derive(Debug, Default)]
pub struct Inbox {
    letters: VecDeque<Letter>,
    octets: usize,
    missed: u64,
}

impl Inbox {
    /// Takes a message, if there is room for it: what waits longer is not lost for what comes.
    pub fn push(&mut self, letter: Letter) -> bool {
        let octets = self.octets + letter.action.len() + letter.json.len();
        // One that is larger than all room is taken when nothing else waits: the channel has bounded it.
        let fits = self.letters.is_empty() || (self.letters.len() < MAX_LETTERS && octets <= MAX_OCTETS);
        if fits {
            self.octets = octets;
            self.letters.push_back(letter);
        } else {
            self.missed += 1;
        }
        fits
    }

    /// The oldest one.
    pub fn pop(&mut self) -> Option<Letter> {
        let letter = self.letters.pop_front()?;
        self.octets -= letter.action.len() + letter.json.len();
        Some(letter)
    }

    /// How many were lost, because nobody read those before them.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_have_their_most() {
        let letter = |octets: usize| Letter { from: Who::Agent, action: "a".into(), json: "1".repeat(octets - 1) };
        for (first, second, taken) in
            [(1, MAX_OCTETS - 1, true), (1, MAX_OCTETS, false), (MAX_OCTETS, 1, false), (2 * MAX_OCTETS, 1, false)]
        {
            let mut inbox = Inbox::default();
            assert!(inbox.push(letter(first)), "one alone is taken, however large: {first}");
            assert_eq!((inbox.push(letter(second)), inbox.missed()), (taken, u64::from(!taken)), "{first} {second}");
            while inbox.pop().is_some() {}
            assert!(inbox.push(letter(MAX_OCTETS)), "there is room again");
        }
    }
}
