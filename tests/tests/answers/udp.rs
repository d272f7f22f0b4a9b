//! The naive programs of "UDP and Unix sockets", and the answers.

use std::{cell::Cell, io, net::SocketAddr, rc::Rc, time::Duration};
use wirebook_net::{
    self as net, Datagrams,
    sim::{self, Config, Faults, SimUdpSocket},
};

// ANCHOR: naive
/// The loop of a stream, with other names: sends back what comes, until a read gives nothing.
async fn echo<D: Datagrams>(socket: D) -> io::Result<()> {
    let mut bytes = [0; 1500];
    loop {
        let received = socket.recv_from(&mut bytes).await?;
        if received.length == 0 {
            return Ok(());
        }
        socket.send_to(&bytes[..received.length], &received.from).await?;
    }
}
// ANCHOR_END: naive

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[test]
fn one_empty_datagram_stops_the_naive_server() -> io::Result<()> {
    sim::run(1, async {
        let server = net::spawn(echo(SimUdpSocket::bind("10.0.0.1:7000")?));
        let client = SimUdpSocket::bind("10.0.0.2:5000")?;
        client.send_to(b"", &at("10.0.0.1:7000")).await?;
        server.await.map_err(io::Error::other)?
    })?
}

#[test]
fn two_naive_servers_answer_each_other_for_ever() -> io::Result<()> {
    let count = Rc::new(Cell::new(0));
    let counter = count.clone();
    sim::run(1, async move {
        net::spawn(echo(SimUdpSocket::bind("10.0.0.1:7000")?));
        let other = SimUdpSocket::bind("10.0.0.2:7000")?;
        // The forged datagram says that the other server has sent it.
        other.send_to(b"hello", &at("10.0.0.1:7000")).await?;
        net::spawn(async move {
            let mut bytes = [0; 1500];
            loop {
                let received = other.recv_from(&mut bytes).await?;
                counter.set(counter.get() + 1);
                other.send_to(&bytes[..received.length], &received.from).await?;
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        });
        net::sleep(Duration::from_secs(1)).await;
        io::Result::Ok(())
    })??;
    assert!(count.get() > 1_000, "{} rounds in a second", count.get());
    Ok(())
}

// ANCHOR: cut
#[test]
fn a_datagram_that_is_longer_than_the_buffer_is_cut() -> io::Result<()> {
    sim::run(1, async {
        let receiver = SimUdpSocket::bind("10.0.0.1:7000")?;
        let sender = SimUdpSocket::bind("10.0.0.2:5000")?;
        sender.send_to(&[7; 2_000], &at("10.0.0.1:7000")).await?;
        let mut bytes = [0; 1_500];
        let received = receiver.recv_from(&mut bytes).await?;
        assert_eq!((received.length, received.truncated), (1_500, true));
        io::Result::Ok(())
    })?
}
// ANCHOR_END: cut

// ANCHOR: ask
/// Asks until an answer with this question's own number comes, and says how many attempts it took.
async fn ask<D: Datagrams>(socket: &D, server: &D::Address, number: u32) -> io::Result<u32> {
    let mut bytes = [0; 1_500];
    for attempt in 1.. {
        socket.send_to(&number.to_be_bytes(), server).await?;
        let answer = async {
            loop {
                let received = socket.recv_from(&mut bytes).await?;
                // A late answer to an earlier question has another number.
                if bytes[..received.length] == number.to_be_bytes() {
                    return io::Result::Ok(());
                }
            }
        };
        if net::timeout(Duration::from_secs(1), answer).await.is_ok() {
            return Ok(attempt);
        }
    }
    unreachable!("the numbers of attempts do not end")
}
// ANCHOR_END: ask

#[test]
fn with_half_of_the_datagrams_lost_an_answer_takes_four_attempts() -> io::Result<()> {
    let faults = Faults { loss: 0.5, ..Faults::default() };
    let attempts = sim::run(Config { faults, ..Config::from(7) }, async {
        net::spawn(echo(SimUdpSocket::bind("10.0.0.1:7000")?));
        let client = SimUdpSocket::bind("10.0.0.2:5000")?;
        let mut attempts = Vec::new();
        for number in 0..1_000 {
            attempts.push(ask(&client, &at("10.0.0.1:7000"), number).await?);
        }
        io::Result::Ok(attempts)
    })??;
    let mean = f64::from(attempts.iter().sum::<u32>()) / 1_000.0;
    assert!((3.5..4.5).contains(&mean), "both ways must come through, so one of four does: {mean}");
    let over = attempts.iter().filter(|attempts| **attempts > 24).count();
    assert!(over <= 6, "three quarters to the 24th are one in a thousand: {over}");
    Ok(())
}

// ANCHOR: in_order
/// Sends messages one by one: number and text, again each 100 ms until its number is acknowledged.
async fn send_in_order<D: Datagrams>(socket: &D, to: &D::Address, messages: &[&str]) -> io::Result<()> {
    for (number, message) in (0_u32..).zip(messages) {
        let datagram = [&number.to_be_bytes()[..], message.as_bytes()].concat();
        let acknowledged = async {
            let mut bytes = [0; 1_500];
            loop {
                let received = socket.recv_from(&mut bytes).await?;
                if bytes[..received.length] == number.to_be_bytes() {
                    return io::Result::Ok(());
                }
            }
        };
        let mut acknowledged = std::pin::pin!(acknowledged);
        loop {
            socket.send_to(&datagram, to).await?;
            if let Ok(result) = net::timeout(Duration::from_millis(100), &mut acknowledged).await {
                result?;
                break;
            }
        }
    }
    Ok(())
}

/// Receives so many messages, each once and in order.
async fn receive_in_order<D: Datagrams>(socket: &D, count: usize) -> io::Result<Vec<String>> {
    let mut messages = Vec::new();
    let mut bytes = [0; 1_500];
    while messages.len() < count {
        let received = socket.recv_from(&mut bytes).await?;
        let Some((number, text)) = bytes[..received.length].split_first_chunk::<4>() else { continue };
        let place = u32::from_be_bytes(*number) as usize;
        if place == messages.len() {
            messages.push(String::from_utf8_lossy(text).into_owned());
        }
        // A message that came again is acknowledged again: the first acknowledgement was lost.
        if place < messages.len() {
            socket.send_to(number, &received.from).await?;
        }
    }
    Ok(messages)
}
// ANCHOR_END: in_order

#[test]
fn messages_arrive_once_and_in_order_on_a_bad_network() {
    for seed in 0..50 {
        let words = ["one", "two", "three", "four", "five"];
        let received = sim::run(Config::rough(seed), async move {
            let receiver = SimUdpSocket::bind("10.0.0.1:7000")?;
            let sender = SimUdpSocket::bind("10.0.0.2:5000")?;
            net::spawn(async move { send_in_order(&sender, &at("10.0.0.1:7000"), &words).await });
            receive_in_order(&receiver, words.len()).await
        });
        assert_eq!(received.expect("a run").expect("no error"), words, "seed {seed}");
    }
}
