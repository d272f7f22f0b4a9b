//! The widget of shares: who gets which connection under each policy, counted by the policies' own code.
//!
//! Where the system chooses, and not we, its choice is drawn by lot: of a queue that all share it wakes the one that slept last most
//! often, and between queues of their own it spreads by the client's address. What a worker does about it is ours again.

use super::picture::table;
use serde::{Deserialize, Serialize};
use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::LazyLock;
use wirebook_cluster::policy::{MAX_PEEK, Sticky, Turn, Whose, mean, rests};

pub(super) const POLICIES: [&str; 5] = ["round_robin", "fewest", "sticky", "shared", "reuse_port"];
pub(super) const WORKERS: [u64; 3] = [2, 4, 8];
pub(super) const CONNECTIONS: [usize; 4] = [8, 80, 800, 8000];
pub(super) const KILLED: [&str; 2] = ["nobody", "worker_2"];

/// Clients that a sticky policy knows: each comes again and again.
const CLIENTS: usize = 100;
/// Of so many connections one ends, whoever has it, before the next one comes.
const ENDS: u64 = 3;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    policy: String,
    workers: String,
    connections: String,
    killed: String,
}

/// Where a client belongs is nobody's to guess, so it is another place each time that the site starts; and the same in between, for a page
/// that is loaded anew.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What the widget shows.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    shares: Vec<Share>,
    /// The largest share, as a multiple of the mean.
    largest: f64,
    /// Connections that the dead worker had.
    lost: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Share {
    worker: u64,
    /// Connections that it was given.
    given: usize,
    /// Of these, how many last.
    open: usize,
    dead: bool,
}

/// One worker of the play.
fn share(worker: u64) -> Share {
    Share { worker, given: 0, open: 0, dead: false }
}

/// Numbers that are the same each time (splitmix64).
struct Lots(u64);

impl Lots {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

/// Answers a request of the widget.
///
/// # Errors
///
/// One sentence where the body is not such a request.
pub(super) fn answer(ask: Ask) -> Result<Shown, String> {
    let Ask { policy, workers, connections, killed } = ask;
    let workers = workers.parse().ok().filter(|count| WORKERS.contains(count)).ok_or("Two, four or eight workers.")?;
    let connections = connections.parse().ok().filter(|count| CONNECTIONS.contains(count));
    let connections = connections.ok_or("Eight, eighty, eight hundred or eight thousand connections.")?;
    let policy = POLICIES.into_iter().find(|known| *known == policy).ok_or("There is no such policy.")?;
    if !KILLED.contains(&&*killed) {
        return Err("Nobody is killed, or worker 2.".into());
    }
    Ok(play(policy, workers, connections, killed != "nobody"))
}

fn play(policy: &str, workers: u64, connections: usize, kills: bool) -> Shown {
    let (mut turn, mut lots) = (Turn::default(), Lots(20));
    let mut shares: Vec<Share> = (1..=workers).map(share).collect();
    (1..=workers).for_each(|worker| turn.join(worker));
    let mut lost = 0;
    for number in 0..connections {
        if kills && number == connections / 2 {
            // Its successor is there a moment later, in the same slot.
            let dead = &mut shares[1];
            (lost, dead.dead) = (std::mem::take(&mut dead.open), true);
            turn.leave(2);
            turn.join(workers + 1);
            shares.push(share(workers + 1));
        }
        let mean = mean(shares.iter().filter(|share| !share.dead).map(|share| share.open));
        let open = |worker: u64| shares.iter().find(|share| share.worker == worker).map_or(0, |share| share.open);
        let members = turn.members().to_vec();
        let worker = match policy {
            "round_robin" => turn.next(|_| true),
            "fewest" => {
                members.iter().for_each(|worker| turn.has_open(*worker, open(*worker)));
                turn.fewest(|_| true)
            }
            "sticky" => {
                let address = IpAddr::from([10, 0, 0, lots.below(CLIENTS as u64) as u8]);
                let slot = |worker: u64| if worker > workers { 2 } else { worker as usize };
                let slots = members.iter().map(|worker| slot(*worker));
                let client = match Sticky::Address.whose(&[], true, address, &KEYS) {
                    Whose::Client(client) => client,
                    Whose::More => MAX_PEEK as u64,
                };
                let chosen = Sticky::slot(client, slots, &KEYS);
                members.iter().copied().find(|worker| Some(slot(*worker)) == chosen)
            }
            "shared" => {
                // Whoever slept last is woken half of the time, then the one before it; who has too much does not ask.
                let awake = members.iter().copied().filter(|worker| !rests(open(*worker), mean));
                let awake: Vec<u64> = awake.collect();
                let at = (0..awake.len()).find(|_| lots.below(2) == 0).unwrap_or(0);
                awake.get(at).copied()
            }
            _ => members.get(lots.below(members.len() as u64) as usize).copied(),
        };
        if let Some(share) = shares.iter_mut().find(|share| Some(share.worker) == worker) {
            share.given += 1;
            share.open += 1;
        }
        if lots.below(ENDS) == 0 {
            let open: Vec<usize> = (0..shares.len()).filter(|at| shares[*at].open > 0).collect();
            if let Some(at) = open.get(lots.below(open.len().max(1) as u64) as usize) {
                shares[*at].open -= 1;
            }
        }
    }
    let most = shares.iter().map(|share| share.given).max().unwrap_or_default();
    let largest = most as f64 * workers as f64 / connections as f64;
    Shown { shares, largest: (largest * 100.0).round() / 100.0, lost }
}

/// The first figures as a table, for the book.
pub(super) fn picture() -> String {
    let rows = play("round_robin", 4, 80, false).shares.into_iter();
    let rows = rows.map(|share| (String::new(), vec![format!("worker {}", share.worker), share.given.to_string()]));
    table(&["worker", "connections"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_turn_is_even_and_nothing_is_given_to_the_dead() {
        let given = |shown: &Shown| shown.shares.iter().map(|share| share.given).collect::<Vec<_>>();
        let even = play("round_robin", 8, 800, false);
        assert_eq!((given(&even), even.largest), (vec![100; 8], 1.0));
        for policy in POLICIES {
            for workers in WORKERS {
                for connections in CONNECTIONS {
                    let shown = play(policy, workers, connections, true);
                    assert_eq!(
                        shown.shares,
                        play(policy, workers, connections, true).shares,
                        "a link shows the same again"
                    );
                    assert_eq!(given(&shown).iter().sum::<usize>(), connections, "{policy}");
                    assert!(shown.shares[1].dead && shown.shares[1].open == 0 && shown.lost <= shown.shares[1].given);
                    assert_eq!(shown.shares.len() as u64, workers + 1);
                }
            }
        }
        assert!(play("shared", 8, 8000, false).largest <= 1.5, "who has too much lets others go first");
        assert!(play("sticky", 8, 800, false).largest > 1.0, "clients are not even");
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        let ask = |policy: &str, workers: &str, connections: &str, killed: &str| {
            let [policy, workers, connections, killed] = [policy, workers, connections, killed].map(String::from);
            answer(Ask { policy, workers, connections, killed })
        };
        assert!(ask("fewest", "4", "80", "worker_2").is_ok());
        assert!(ask("none", "4", "80", "nobody").is_err() && ask("fewest", "3", "80", "nobody").is_err());
        assert!(ask("fewest", "4", "9", "nobody").is_err() && ask("fewest", "4", "80", "all").is_err());
    }
}
