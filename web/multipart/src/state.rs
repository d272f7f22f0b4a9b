//! The places in a form and every move between them, readable alone. Both directions keep to this table: what the decoder may
//! meet next is what the encoder may write next.
//!
//! ```text
//! multipart-body := [preamble CRLF] dash-boundary transport-padding CRLF body-part *encapsulation
//!                   close-delimiter transport-padding [CRLF epilogue]                    RFC 2046 §5.1.1
//! ```

/// Where in a form a reader or writer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary: the head of a part comes, or the two hyphens that say that none does.
    Head,
    /// In the content of a part.
    Data,
    /// Behind the last boundary.
    Epilogue,
    /// The body is over.
    Ended,
    /// It broke a rule.
    Failed,
}

/// What moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The first boundary.
    Opening,
    /// The fields of a part and the empty line.
    Fields,
    /// The boundary that ends a part.
    Delimiter,
    /// Two hyphens behind a boundary.
    Close,
    /// The body is over.
    Eof,
    /// A rule or a limit was broken.
    Violation,
}

/// Every move there is.
// ANCHOR: table
pub const TABLE: &[(State, Step, State)] = &[
    (State::Preamble, Step::Opening, State::Head),
    (State::Head, Step::Fields, State::Data),
    (State::Data, Step::Delimiter, State::Head),
    (State::Head, Step::Close, State::Epilogue),
    (State::Epilogue, Step::Eof, State::Ended),
    (State::Preamble, Step::Violation, State::Failed),
    (State::Head, Step::Violation, State::Failed),
    (State::Data, Step::Violation, State::Failed),
    (State::Epilogue, Step::Violation, State::Failed),
];
// ANCHOR_END: table

impl State {
    /// All states, in the order in which a form meets them.
    pub const ALL: [State; 6] =
        [State::Preamble, State::Head, State::Data, State::Epilogue, State::Ended, State::Failed];

    /// The state behind a step, or `None` where the table has none.
    ///
    /// ```
    /// use wirebook_multipart::state::{State, Step};
    /// assert_eq!(State::Data.after(Step::Delimiter), Some(State::Head));
    /// assert_eq!(State::Data.after(Step::Close), None);
    /// ```
    pub fn after(self, step: Step) -> Option<State> {
        TABLE.iter().find(|(from, on, _)| (*from, *on) == (self, step)).map(|&(_, _, to)| to)
    }
}

impl Step {
    /// All steps.
    pub const ALL: [Step; 6] = [Step::Opening, Step::Fields, Step::Delimiter, Step::Close, Step::Eof, Step::Violation];
}

/// A move that the table does not have. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchMove;

/// The state of one form. Its field is seen in this file alone, and [`step`](Self::step) is what writes it.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    state: State,
}

impl Life {
    pub(crate) const fn begin() -> Self {
        Life { state: State::Preamble }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    // ANCHOR: step
    /// Goes where the table leads, or nowhere.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), NoSuchMove> {
        self.state = self.state.after(step).ok_or(NoSuchMove)?;
        Ok(())
    }
    // ANCHOR_END: step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_leads_where_the_table_says_or_nowhere() {
        for state in State::ALL {
            for step in Step::ALL {
                let mut life = Life { state };
                let rows: Vec<State> =
                    TABLE.iter().filter(|row| (row.0, row.1) == (state, step)).map(|row| row.2).collect();
                match rows[..] {
                    [] => {
                        assert_eq!(life.step(step), Err(NoSuchMove));
                        assert_eq!(life.state(), state);
                    }
                    [to] => {
                        assert_eq!(life.step(step), Ok(()));
                        assert_eq!(life.state(), to);
                    }
                    _ => panic!("{state:?} and {step:?} have two rows"),
                }
            }
        }
    }
}
