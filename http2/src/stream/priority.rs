//! Which stream comes first: RFC 9218.
//!
//! A client says of each request how urgent it is, and whether pieces of its answer are of use before the whole is there. The
//! server decides: [`Lanes`] says whose turn it is.

use crate::wire::StreamId;

/// What the field `priority` and PRIORITY_UPDATE say (RFC 9218 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// 0 comes first, 7 last.
    pub urgency: u8,
    /// Pieces are of use: streams of the same urgency take turns.
    pub incremental: bool,
}

impl Default for Priority {
    fn default() -> Self {
        Priority { urgency: 3, incremental: false }
    }
}

impl Priority {
    /// Reads the value of the field: a dictionary of structured fields (RFC 8941), of which two members matter. What is not
    /// understood, or out of range, counts as not said (RFC 9218 §4).
    ///
    /// ```
    /// use wirebook_http2::Priority;
    /// assert_eq!(Priority::parse(b"u=1, i"), Priority { urgency: 1, incremental: true });
    /// assert_eq!(Priority::parse(b"u=9"), Priority::default());
    /// ```
    // ANCHOR: parse
    pub fn parse(value: &[u8]) -> Priority {
        Priority::default().overridden(value)
    }

    /// The same, where a server's response speaks of a priority that the client has given (§8): what it does not say stays.
    pub fn overridden(self, value: &[u8]) -> Priority {
        value.split(|&byte| byte == b',').fold(self, |mut priority, member| {
            // Parameters of a member mean nothing here.
            match member.split(|&byte| byte == b';').next().unwrap_or(member).trim_ascii() {
                [b'u', b'=', digit @ b'0'..=b'7'] => priority.urgency = digit - b'0',
                b"i" | b"i=?1" => priority.incremental = true,
                b"i=?0" => priority.incremental = false,
                _ => {}
            }
            priority
        })
    }
    // ANCHOR_END: parse
}

/// Whose turn it is: the most urgent stream that has something to send. Of the same urgency, those that are of use only whole
/// come one after the other in the order of their requests, the incremental ones take turns, and the two kinds alternate, so
/// that neither waits for the other's end (§10).
#[derive(Clone, Copy, Debug, Default)]
pub struct Lanes {
    /// The incremental stream that had the last turn.
    last: StreamId,
    /// Whether the last turn was an incremental stream's.
    was_incremental: bool,
}

impl Lanes {
    /// Chooses among the streams that are ready; `None` where there are none. A turn is some bytes of one stream, 16 KiB say:
    /// then ask again.
    ///
    /// ```
    /// use wirebook_http2::{Lanes, Priority, StreamId};
    /// let [one, two, three] = [1, 3, 5].map(StreamId::new);
    /// let image = Priority { incremental: true, ..Priority::default() };
    /// let style = Priority { urgency: 1, ..Priority::default() };
    /// let mut lanes = Lanes::default();
    /// assert_eq!(lanes.next([(one, image), (two, image), (three, style)]), Some(three));
    /// assert_eq!(lanes.next([(one, image), (two, image)]), Some(one));
    /// assert_eq!(lanes.next([(one, image), (two, image)]), Some(two));
    /// ```
    // ANCHOR: next
    pub fn next(&mut self, ready: impl IntoIterator<Item = (StreamId, Priority)>) -> Option<StreamId> {
        // The smallest key is next: the urgency, then whether its kind had the last turn, then its place among its kind.
        let key = |(id, priority): &(StreamId, Priority)| {
            let again = priority.incremental == self.was_incremental;
            let had_its_turn = priority.incremental && *id <= self.last;
            (priority.urgency, again, had_its_turn, *id)
        };
        let (id, priority) = ready.into_iter().min_by_key(key)?;
        self.was_incremental = priority.incremental;
        if priority.incremental {
            self.last = id;
        }
        Some(id)
    }
    // ANCHOR_END: next
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Priority = Priority { urgency: 3, incremental: true };

    fn turns(ready: &[(u32, Priority)], count: usize) -> Vec<u32> {
        let mut lanes = Lanes::default();
        let ready = || ready.iter().map(|(id, priority)| (StreamId::new(*id), *priority));
        (0..count).map(|_| lanes.next(ready()).expect("some are ready").number()).collect()
    }

    #[test]
    fn rfc9218_4_what_is_not_understood_counts_as_not_said() {
        let default = Priority::default();
        for value in ["", "u=8", "u=-1", "u=1.0", "u", "U=1", "i=1", "i=?2", "u=\"1\"", ",,", "\u{ff}"] {
            assert_eq!(Priority::parse(value.as_bytes()), default, "{value}");
        }
        assert_eq!(Priority::parse(b"i;a=1 , u=0;b"), Priority { urgency: 0, incremental: true });
        assert_eq!(Priority::parse(b"u=1, u=7, i, i=?0"), Priority { urgency: 7, incremental: false });
        assert_eq!(IMAGE.overridden(b"u=5"), Priority { urgency: 5, incremental: true });
    }

    #[test]
    fn rfc9218_10_order() {
        let whole = Priority::default();
        assert_eq!(turns(&[(3, whole), (1, whole)], 3), [1, 1, 1], "one after the other");
        assert_eq!(turns(&[(1, IMAGE), (3, IMAGE), (5, IMAGE)], 5), [1, 3, 5, 1, 3], "by turns");
        assert_eq!(turns(&[(1, IMAGE), (3, whole), (5, IMAGE)], 5), [1, 3, 5, 3, 1], "neither kind starves");
        assert_eq!(
            turns(&[(1, IMAGE), (3, Priority { urgency: 0, incremental: false })], 3),
            [3, 3, 3],
            "urgency first"
        );
        assert_eq!(Lanes::default().next([]), None);
    }
}
