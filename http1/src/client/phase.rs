//! Where a request stands, and every move from there.
//!
//! ```text
//!   Prepared ──Head──▶ Sending ─────────────Accept──▶ Answered ──Take──▶ Both
//!      │                ▲   │  └──Refuse──┐               │               │
//!      │           Continue └──Break──▶ Broken            └──Break─┐    Break
//!      │                │                 │ Accept, Refuse         ▼      ▼
//!      └─HeadExpecting▶ Expecting ──Accept, Refuse──▶ Refused ──Take──▶ Over
//!      ▲                                                │
//!      └──────────────────────Repeat────────────────────┘
//! ```

use crate::agent::error::Error;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its head is not encoded: method, target and fields lie in the buffers.
    Prepared,
    /// Its head is out, and its body waits for `100 Continue` (RFC 9110 §10.1.1).
    Expecting,
    /// Its body is on the way, or all of it is out.
    Sending,
    /// The connection takes no more of it. The server may have said why before it closed.
    Broken,
    /// The final head lies in the buffers, and the server wants the rest of the body, if there is any.
    Answered,
    /// The final head lies in the buffers, and the rest of the body is not sent.
    Refused,
    /// The response was taken while the body goes on: the exchange goes both ways at once.
    Both,
    /// The response was taken, and the rest of the body is not sent.
    Over,
}

/// What moves a request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Its head was encoded.
    Head,
    /// Its head was encoded, with an expectation.
    HeadExpecting,
    /// 100 came, or its time is up.
    Continue,
    /// A write failed.
    Break,
    /// A final head came that lets the body go on: 2xx, 101.
    Accept,
    /// A final head came to which the rest of the body means nothing: 3xx, 4xx, 5xx.
    Refuse,
    /// The expectation was refused: once more without it (RFC 9110 §15.5.18).
    Repeat,
    /// The caller has the response.
    Take,
}

impl Phase {
    // ANCHOR: next
    /// The phase that follows; `None` where there is no such move.
    const fn next(self, by: Move) -> Option<Phase> {
        use {Move::*, Phase::*};
        Some(match (self, by) {
            (Prepared, Head) => Sending,
            (Prepared, HeadExpecting) => Expecting,
            (Expecting, Continue) => Sending,
            // A body that was not begun when the answer came is not begun any more.
            (Expecting, Accept | Refuse) => Refused,
            (Sending, Accept) => Answered,
            (Sending, Refuse) => Refused,
            (Expecting | Sending, Break) => Broken,
            (Broken, Accept | Refuse) => Refused,
            (Answered, Break) => Refused,
            (Refused, Repeat) => Prepared,
            (Answered, Take) => Both,
            (Refused, Take) => Over,
            (Both, Break) => Over,
            _ => return None,
        })
    }
    // ANCHOR_END: next
}

/// The phase of one request; nothing but [`step`](Self::step) changes it.
pub(super) struct Standing {
    phase: Phase,
}

impl Standing {
    pub(super) const fn new() -> Standing {
        Standing { phase: Phase::Prepared }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Moves on.
    ///
    /// # Errors
    ///
    /// [`Error::Aborted`] where there is no such move.
    pub(super) fn step(&mut self, by: Move) -> Result<(), Error> {
        self.phase = self.phase.next(by).ok_or(Error::Aborted)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Move::*;
    use Phase::*;

    const PHASES: [Phase; 8] = [Prepared, Expecting, Sending, Broken, Answered, Refused, Both, Over];
    const MOVES: [Move; 8] = [Head, HeadExpecting, Continue, Break, Accept, Refuse, Repeat, Take];

    #[test]
    fn every_phase_is_reached_and_all_lead_to_an_end() {
        let mut reached = vec![Prepared];
        let mut at = 0;
        while let Some(phase) = reached.get(at).copied() {
            for next in MOVES.into_iter().filter_map(|by| phase.next(by)) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            at += 1;
        }
        assert!(PHASES.iter().all(|phase| reached.contains(phase)), "{reached:?}");
        for by in MOVES {
            assert!(PHASES.iter().any(|phase| phase.next(by).is_some()), "{by:?} has no row");
            assert_eq!(Over.next(by), None, "{by:?}");
        }
    }

    #[test]
    fn an_answer_is_taken_once_and_only_when_it_is_there() {
        for phase in PHASES {
            assert_eq!(phase.next(Take).is_some(), matches!(phase, Answered | Refused), "{phase:?}");
            let answered = matches!(phase, Expecting | Sending | Broken);
            assert_eq!(phase.next(Accept).is_some() && phase.next(Refuse).is_some(), answered, "{phase:?}");
        }
        let mut standing = Standing::new();
        assert!(standing.step(Take).is_err());
        assert_eq!(standing.phase(), Prepared);
    }
}
