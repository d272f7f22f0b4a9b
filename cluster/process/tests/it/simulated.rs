//! Two ends of a channel in the simulated network: a thousand seeds with every cut, resets, lost handles and slow readers; and
//! every single cut of one conversation.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    net::Shutdown,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, Carrier, Stream,
    sim::{self, Config, Fault, Faults, SimHandle, SimStream},
};
use wirebook_process::{Channel, Framing, Handle, Kind, Limits};

type Sim = Channel<SimStream>;

fn pair(framing: Framing, limits: Limits) -> (Sim, Sim) {
    let (one, other) = SimStream::pair();
    (Channel::new(one, framing, limits), Channel::new(other, framing, limits))
}

/// A connection, by its number.
struct Connection(u32);

fn handle(number: u32) -> Handle<SimHandle> {
    Handle { kind: Kind::Socket, carried: SimHandle::new(Connection(number)) }
}

fn number(handle: &Handle<SimHandle>) -> u32 {
    handle.carried.get::<Connection>().expect("a connection").0
}

const MESSAGES: u32 = 60;

/// Both ends send messages, every third with a handle, and disconnect.
async fn conversation(window: usize, framing: Framing) -> Result<(), String> {
    let (one, other) = pair(framing, Limits { window, queue_bytes: 300, retries: usize::MAX, ..Limits::default() });
    let talk = |channel: Sim| async move {
        for at in 0..MESSAGES {
            let sent =
                if at.is_multiple_of(3) { channel.send_with(&at, handle(at)).await } else { channel.send(&at).await };
            if sent.is_err() {
                break;
            }
        }
        // One who leaves hears nothing more; so it waits for the other's last word.
        channel.answered().await;
    };
    let heard: [Rc<RefCell<Vec<u32>>>; 2] = Default::default();
    let hear = |channel: Sim, heard: Rc<RefCell<Vec<u32>>>| async move {
        while let Ok(Some(message)) = channel.next().await {
            if sim::chance(0.1) {
                net::sleep(Duration::from_millis(3)).await;
            }
            let said: u32 = message.parse().unwrap();
            assert_eq!(message.handle.is_some(), said.is_multiple_of(3));
            // That it is this message's, and no other's.
            assert_eq!(message.handle.as_ref().map_or(said, number), said);
            heard.borrow_mut().push(said);
        }
    };
    let talks = [net::spawn(talk(one.clone())), net::spawn(talk(other.clone()))];
    let hears = [net::spawn(hear(one.clone(), heard[0].clone())), net::spawn(hear(other.clone(), heard[1].clone()))];
    for talk in talks {
        talk.await.unwrap();
    }
    while heard.iter().any(|heard| heard.borrow().len() < MESSAGES as usize) {
        net::sleep(Duration::from_millis(1)).await;
    }
    one.disconnect();
    other.disconnect();
    for hear in hears {
        hear.await.unwrap();
    }
    let heard = heard.map(|heard| heard.take());
    if !one.take_back().is_empty() || !other.take_back().is_empty() {
        return Err("a handle was answered and is back".into());
    }
    for heard in heard {
        let mut sorted = heard.clone();
        sorted.sort_unstable();
        if window == 1 && sorted != heard {
            return Err(format!("out of order: {heard:?}"));
        }
        if sorted != (0..MESSAGES).collect::<Vec<_>>() {
            return Err(format!("twice, or never: {heard:?}"));
        }
    }
    Ok(())
}

/// Row net-42's kind: one who sends without an end has no more of the room than others, whose words may be longer; and one who gives up
/// waiting holds nobody up.
#[test]
fn net_42_a_flood_and_others_words() {
    let config = Config { faults: Faults::default(), ..Config::from(1) };
    let run = sim::run(config, async {
        let (one, other) = pair(Framing::Lines, Limits { queue_bytes: 100, ..Limits::default() });
        let sent = Rc::new(Cell::new(0));
        let (flooding, counted) = (one.clone(), sent.clone());
        let flood = net::spawn(async move {
            while flooding.send("flood").await.is_ok() {
                counted.set(counted.get() + 1);
            }
        });
        net::sleep(Duration::from_millis(50)).await;
        // One more waits already.
        let before = sent.get() + 1;
        let say = |word: u32| {
            let channel = one.clone();
            net::spawn(async move { channel.send(&format!("{word} is longer than those")).await })
        };
        let mut words: Vec<_> = (0..4).map(say).collect();
        net::sleep(Duration::from_millis(50)).await;
        words.remove(1).abort();
        assert_eq!(one.try_send("at once").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let mut heard = Vec::new();
        for _ in 0..before + 10 {
            heard.push(other.next().await.unwrap().unwrap().json().to_owned());
        }
        for (heard, word) in heard[before..].iter().zip(["\"0", "\"2", "\"3"]) {
            assert!(heard.starts_with(word), "{heard}");
        }
        flood.abort();
        one.close();
    });
    run.unwrap();
}

/// Handles that come together are answered together, before the first of them is the program's; what comes behind them waits.
#[test]
fn what_comes_together_is_answered_together() {
    const ANSWER: &[u8] = b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n";
    let config = Config { faults: Faults::default(), ..Config::from(1) };
    sim::run(config, async {
        for count in [1, 2, 15, 16, 17, 40] {
            let (raw, end) = SimStream::pair();
            let channel = Channel::new(end, Framing::Lines, Limits { window: 64, ..Limits::default() });
            let handles: Vec<SimHandle> = (0..count).map(|number| SimHandle::new(Connection(number))).collect();
            let wrapped = |number| format!("{{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{number}}}\n");
            let said = (0..count).map(wrapped).collect::<String>() + "\"behind\"\n";
            let sent = raw.send_with(said.as_bytes(), &handles.iter().collect::<Vec<_>>()).await.unwrap();
            raw.write_all(&said.as_bytes()[sent..]).await.unwrap();
            let (mut answered, mut bytes) = (0, [0; 4096]);
            for at in 0..count {
                let message = channel.next().await.unwrap().unwrap();
                assert_eq!(message.handle.as_ref().map(number), Some(at));
                net::sleep(Duration::from_millis(50)).await;
                if let Ok(read) = raw.try_read(&mut bytes) {
                    answered += read / ANSWER.len();
                }
                assert_eq!(answered as u32, count.min((at / 16 + 1) * 16), "{at} of {count}");
            }
            assert_eq!(channel.next().await.unwrap().unwrap().json(), "\"behind\"");
        }
    })
    .unwrap();
}

/// What was not answered is the peer's still, and so it is not the program's.
#[test]
fn a_broken_rule_behind_a_handle_leaves_it_to_its_sender() {
    sim::run(1, async {
        let (raw, end) = SimStream::pair();
        let channel = Channel::new(end, Framing::Lines, Limits { window: 64, ..Limits::default() });
        let said = b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\nno json\n";
        assert_eq!(raw.send_with(said, &[&SimHandle::new(Connection(1))]).await.unwrap(), said.len());
        assert!(channel.next().await.is_err());
        let mut bytes = [0; 64];
        assert_eq!(raw.read(&mut bytes).await.unwrap(), 0, "no answer, and the end");
    })
    .unwrap();
}

fn explore(seeds: u64, window: usize, framing: Framing, faults: fn() -> Faults) {
    let config = |seed| Config { faults: faults(), ..Config::from(seed) };
    sim::explore(seeds, config, |_| async move {
        if let Err(fault) = conversation(window, framing).await {
            panic!("{fault}");
        }
    });
}

#[test]
fn a_thousand_rough_networks() {
    explore(400, 1, Framing::Lines, Faults::rough);
    explore(300, 1, Framing::Lengths, Faults::rough);
    explore(300, 16, Framing::Lines, Faults::rough);
}

/// Row net-38: each read that brings a handle may find no room for it; it is asked for again, and comes in its order.
#[test]
fn handles_that_are_lost_are_sent_again() {
    explore(300, 1, Framing::Lines, || Faults { cut_handles: 0.5, ..Faults::rough() });
    // With a window the system must take a message whole, as it does with small ones, or a message's bytes might come in a read
    // with handles of others.
    explore(300, 16, Framing::Lines, || Faults {
        cut_handles: 0.5,
        latency_max: Duration::from_millis(20),
        ..Faults::default()
    });
}

/// A handle is never lost and never has two owners who both know that it is theirs: when the stream breaks anywhere, each one is
/// with the receiver, or is taken back by the sender; those that are both are the one whose answer was on its way.
#[test]
fn a_reset_loses_no_handle() {
    let seen = Rc::new(RefCell::new(BTreeMap::<&str, u32>::new()));
    let counts = seen.clone();
    sim::explore(500, Config::rough, move |seed| {
        let counts = counts.clone();
        async move {
            let (one, other) = SimStream::pair();
            one.script([(sim::random_below(3000), Fault::Reset)]);
            let (one, other) =
                (Sim::new(one, Framing::Lines, Limits::default()), Sim::new(other, Framing::Lines, Limits::default()));
            let heard = net::spawn(async move {
                let mut heard = Vec::new();
                while let Ok(Some(message)) = other.next().await {
                    heard.extend(message.handle.as_ref().map(number));
                }
                heard
            });
            let reader = {
                let one = one.clone();
                net::spawn(async move { while let Ok(Some(_)) = one.next().await {} })
            };
            let mut given = Vec::new();
            for at in 0..30 {
                if one.send_with(&at, handle(at)).await.is_err() {
                    break;
                }
                given.push(at);
            }
            one.answered().await;
            one.close();
            let heard = heard.await.unwrap();
            reader.await.unwrap();
            let back: Vec<u32> = one.take_back().iter().filter_map(|back| back.handle.as_ref()).map(number).collect();
            for at in &given {
                let owners = usize::from(heard.contains(at)) + usize::from(back.contains(at));
                assert!(owners >= 1, "seed {seed}: {at} is nobody's: heard {heard:?}, back {back:?}");
                *counts.borrow_mut().entry(if owners == 1 { "one" } else { "unsure" }).or_default() += 1;
            }
            assert!(heard.iter().filter(|at| back.contains(at)).count() <= 1, "seed {seed}: {heard:?} {back:?}");
        }
    });
    let seen = seen.borrow();
    assert!(seen["one"] > 1000 && seen.get("unsure").is_some(), "both happen: {seen:?}");
}

/// Row net-40: one conversation, cut before every single byte, with the rest later. A thousand messages in a write are in
/// `core.rs`.
#[test]
fn net_40_every_cut_of_a_conversation() {
    let talk = |cut: Option<u64>| {
        sim::run(1, async move {
            let (one, other) = SimStream::pair();
            if let Some(cut) = cut {
                one.script([(cut, Fault::Cut), (cut, Fault::Delay(Duration::from_secs(1)))]);
            }
            let (one, other) =
                (Sim::new(one, Framing::Lines, Limits::default()), Sim::new(other, Framing::Lines, Limits::default()));
            let reader = {
                let one = one.clone();
                net::spawn(async move { while let Ok(Some(_)) = one.next().await {} })
            };
            one.send("plain").await.unwrap();
            one.send_with(&1, handle(1)).await.unwrap();
            one.send(&[1, 2, 3]).await.unwrap();
            one.send_with("last", handle(2)).await.unwrap();
            let mut said = Vec::new();
            for _ in 0..4 {
                let message = other.next().await.unwrap().unwrap();
                said.push(format!("{} {:?}", message.json(), message.handle.as_ref().map(number)));
            }
            one.answered().await;
            one.disconnect();
            assert!(other.next().await.unwrap().is_none());
            reader.await.unwrap();
            said
        })
        .unwrap()
    };
    let whole = talk(None);
    assert_eq!(whole, ["\"plain\" None", "1 Some(1)", "[1,2,3] None", "\"last\" Some(2)"]);
    for cut in 0..150 {
        assert_eq!(talk(Some(cut)), whole, "cut before byte {cut}");
    }
}

/// Row net-42: a peer that reads nothing costs what the bounds say, and its end is told.
#[test]
fn net_42_a_peer_that_reads_nothing() {
    sim::run(1, async {
        let (one, other) = pair(Framing::Lines, Limits { queue_bytes: 10_000, ..Limits::default() });
        let full = (0..1_000_000).map(|number| one.try_send(&number)).find_map(Result::err).unwrap();
        assert_eq!(full.kind(), std::io::ErrorKind::WouldBlock);
        assert!(one.waiting().0 <= 10_000);
        // One who waits for room is told when the peer is gone.
        let waits = {
            let one = one.clone();
            net::spawn(async move {
                while one.send("one more").await.is_ok() {}
                one.send("too late").await
            })
        };
        net::sleep(Duration::from_secs(60)).await;
        other.close();
        let error: std::io::Error = waits.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    })
    .unwrap();
}

/// Who reads a flood lets others have their turns: they would be missed, and their timers late.
#[test]
fn a_flood_is_read_in_turns_with_what_others_do() {
    sim::run(1, async {
        let (one, other) = pair(Framing::Lines, Limits::default());
        for _ in 0..1000 {
            one.send("flood").await.unwrap();
        }
        // All has come.
        net::sleep(Duration::from_secs(1)).await;
        let turns = Rc::new(Cell::new(0));
        let counted = turns.clone();
        let others = net::spawn(async move {
            loop {
                net::yield_now().await;
                counted.set(counted.get() + 1);
            }
        });
        for _ in 0..1000 {
            other.next().await.unwrap().unwrap();
        }
        let had = turns.get();
        assert!((10..1000).contains(&had), "{had} turns");
        others.abort();
    })
    .unwrap();
}

/// Row net-41, over a stream: what is said before the garbage is heard, then the fault, then the end.
#[test]
fn net_41_garbage() {
    for (garbage, fault) in [
        (&b"\xff\xfe\n"[..], "UTF-8"),
        (b"{\"a\":\n", "not JSON"),
        (&[b'['; 2_000_000], "too long"),
        (&[&[b'['; 1000][..], b"\n"].concat(), "too deep"),
        (b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n", "not sent"),
    ] {
        let garbage = garbage.to_vec();
        sim::run(1, async move {
            let (stream, other) = SimStream::pair();
            let channel = Sim::new(other, Framing::Lines, Limits::default());
            stream.write_all(b"1\n").await.unwrap();
            let writes = net::spawn(async move {
                let _ = stream.write_all(&garbage).await;
                let _ = stream.shutdown(Shutdown::Write);
                stream
            });
            assert_eq!(channel.next().await.unwrap().unwrap().json(), "1");
            let error = channel.next().await.unwrap_err();
            assert!(error.to_string().contains(fault), "{error}");
            assert!(channel.next().await.is_err() || channel.next().await.unwrap().is_none());
            assert!(!channel.is_open() && channel.send("x").await.is_err());
            drop(writes.await);
        })
        .unwrap();
    }
}
