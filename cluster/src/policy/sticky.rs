//! The same client to the same slot: whose a connection is, from the first bytes that it sends. They are looked at and not read
//! (`MSG_PEEK`), so the worker finds every byte where it was.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
};

/// Bytes that are looked at, at most.
pub const MAX_PEEK: usize = 4096;

/// What names a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sticky {
    /// Its address: the whole of IPv4, and the first 64 bits of IPv6, of which a client has as many others as it likes.
    Address,
    /// The parameter of that name in the request's target, such as `sid`; its address while it has none.
    Query(String),
    /// The cookie of that name; its address while it has none.
    Cookie(String),
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Nothing yet: more bytes are to come.
    More,
    /// This number stands for the client.
    Client(u64),
}

impl Sticky {
    /// Whose connection it is that begins with `head`; `complete` when no more will come. `keys` must be the same for all
    /// connections, and be nobody's but this cluster's: who knows them can choose a slot.
    pub fn whose(&self, head: &[u8], complete: bool, peer: IpAddr, keys: &RandomState) -> Whose {
        let address = || Whose::Client(keys.hash_one(network(peer)));
        let found = match self {
            Sticky::Address => return address(),
            Sticky::Query(name) => query(head, name.as_bytes()),
            Sticky::Cookie(name) => cookie(head, name.as_bytes()),
        };
        match found {
            Some(value) => Whose::Client(keys.hash_one(value)),
            None if complete || head.len() >= MAX_PEEK || ends_its_search(self, head) => address(),
            None => Whose::More,
        }
    }

    /// Which of these slots a client has. When a slot goes, only its own clients move (rendezvous hashing).
    pub fn slot(client: u64, slots: impl IntoIterator<Item = usize>, keys: &RandomState) -> Option<usize> {
        slots.into_iter().max_by_key(|slot| keys.hash_one((client, *slot)))
    }
}

/// The whole of what is searched is there, and it is not in it.
fn ends_its_search(sticky: &Sticky, head: &[u8]) -> bool {
    match sticky {
        Sticky::Address => true,
        Sticky::Query(_) => head.contains(&b'\n'),
        Sticky::Cookie(_) => {
            head.windows(4).any(|four| four == b"\r\n\r\n") || head.windows(2).any(|two| two == b"\n\n")
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        },
        v4 => v4,
    }
}

/// Lines that are whole.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = head.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    head[..whole].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The value of a parameter in the target of the first line.
fn query<'h>(head: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let target = lines(head).next()?.split(|byte| *byte == b' ').nth(1)?;
    let at = target.iter().position(|byte| *byte == b'?')?;
    let target = target[at + 1..].split(|byte| *byte == b'#').next()?;
    pairs(target, b'&').find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// The value of a cookie.
fn cookie<'h>(head: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let fields = lines(head).skip(1).take_while(|line| !line.is_empty());
    let mut cookies = fields.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        line[..colon].eq_ignore_ascii_case(b"cookie").then(|| &line[colon + 1..])
    });
    let value =
        cookies.find_map(|line| pairs(line, b';').find(|(found, _)| found.trim_ascii() == name).map(|(_, v)| v));
    value.map(<[u8]>::trim_ascii).filter(|value| !value.is_empty())
}

fn pairs(text: &[u8], between: u8) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(move |byte| *byte == between).filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        Some((&pair[..at], &pair[at + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    #[test]
    fn the_same_client_wherever_its_bytes_are_cut() {
        let keys = RandomState::new();
        let head = b"GET /io?EIO=4&sid=abc HTTP/1.1\r\nhost: a\r\nCookie: a=b; io=xyz; c=d\r\n\r\n";
        for (sticky, known_from) in [(Sticky::Query("sid".into()), 32), (Sticky::Cookie("io".into()), 67)] {
            let whole = sticky.whose(head, true, PEER, &keys);
            assert_ne!(whole, Sticky::Address.whose(head, true, PEER, &keys));
            for cut in 0..head.len() {
                let early = sticky.whose(&head[..cut], false, PEER, &keys);
                assert_eq!(early, if cut < known_from { Whose::More } else { whole }, "{cut}");
            }
        }
    }

    #[test]
    fn who_has_no_name_has_an_address() {
        let keys = RandomState::new();
        let address = Sticky::Address.whose(b"", false, PEER, &keys);
        for head in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"GET /?sid= HTTP/1.1\r\ncookie: io=\r\n\r\n", b"\x16\x03\x01", b""]
        {
            for sticky in [Sticky::Query("sid".into()), Sticky::Cookie("io".into())] {
                assert_eq!(sticky.whose(head, true, PEER, &keys), address);
            }
        }
        // Nobody can keep the master looking.
        assert_eq!(Sticky::Cookie("io".into()).whose(&[b'a'; MAX_PEEK], false, PEER, &keys), address);
        assert_eq!(Sticky::Cookie("io".into()).whose(&[b'a'; MAX_PEEK - 1], false, PEER, &keys), Whose::More);
        let v6 = |text: &str| Sticky::Address.whose(b"", true, text.parse().unwrap(), &keys);
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
        assert_eq!(v6("::ffff:127.0.0.1"), v6("127.0.0.1"));
    }

    #[test]
    fn only_the_clients_of_a_slot_that_goes_move() {
        let keys = RandomState::new();
        for client in 0..500 {
            let before = Sticky::slot(client, 0..4, &keys).unwrap();
            let after = Sticky::slot(client, (0..4).filter(|slot| *slot != 2), &keys).unwrap();
            assert!(before == 2 || before == after);
        }
        let counts =
            (0..4).map(|slot| (0..4000).filter(|client| Sticky::slot(*client, 0..4, &keys) == Some(slot)).count());
        assert!(counts.into_iter().all(|count| (800..1200).contains(&count)));
        assert_eq!(Sticky::slot(1, [], &keys), None);
    }
}
