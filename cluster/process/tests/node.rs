//! Node at the other end of the channel, in both directions: it starts a child of ours, which is this program, and we start a child
//! of its.
//!
//! Runs wherever there is a `node`, and passes without; in CI (`CI=true`) there must be one.

use serde_json::{Value, json};
use std::{io, process::Command};
use wirebook_net::{
    self as net, Listener, SocketKind, Stream,
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
};
use wirebook_process::{CHANNEL_FD, Channel, Handle, Io, Kind, fork_of, parent};

fn is_there() -> bool {
    let there = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "there is no node");
    if !there {
        eprintln!("SKIPPED: there is no node");
    }
    there
}

fn script(name: &str) -> String {
    format!("{}/tests/node/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Our side, when Node has started it.
#[test]
fn the_child() {
    if std::env::var_os(CHANNEL_FD).is_none() {
        return;
    }
    let result = net::block_on(async { echo(&parent()?.expect("a channel")).await });
    result.unwrap().unwrap();
    // The test harness would go on.
    std::process::exit(0);
}

async fn echo(channel: &Channel) -> io::Result<()> {
    assert_eq!(channel.next().await?.expect("a task").json(), "\"echo\"");
    while let Some(mut message) = channel.next().await? {
        let Some(handle) = message.handle.take() else {
            if message.json() == "\"listen\"" {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                channel.send_with(&listener.local_addr()?.port(), listener).await?;
            } else {
                // As it came: half a character has no place in a text of Rust's.
                channel.send(&serde_json::from_str::<&serde_json::value::RawValue>(message.json())?).await?;
            }
            continue;
        };
        let kind = SocketKind::of(&handle.carried)?;
        let said: Value = serde_json::from_str(message.json())?;
        match kind {
            SocketKind::TcpStream => TcpStream::try_from(handle)?.write_all(b"from the child").await?,
            SocketKind::TcpListener => {
                TcpListener::try_from(handle)?.accept().await?.0.write_all(b"from the child").await?;
            }
            _ => {}
        }
        channel.send(&json!({ "kind": format!("{kind:?}"), "said": said })).await?;
    }
    Ok(())
}

#[test]
fn a_parent_of_nodes_and_a_child_of_ours() {
    if !is_there() {
        return;
    }
    let mut node = Command::new("node");
    node.arg(script("parent.mjs")).arg(std::env::current_exe().unwrap());
    let output = node.args(["--exact", "the_child", "--nocapture"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout == b"judged\n", "{said}");
}

#[test]
fn a_parent_of_ours_and_a_child_of_nodes() {
    if !is_there() {
        return;
    }
    net::block_on(async {
        let fork = fork_of("node", [script("child.mjs")]).with(|spawn| spawn.stdin(Io::Null));
        let (child, channel) = fork.start().unwrap();
        let sent: Vec<Value> = (0..1000).map(|n| json!({ "n": n, "text": "ä".repeat(n % 300) })).collect();
        let sends = {
            let (channel, sent) = (channel.clone(), sent.clone());
            net::spawn(async move {
                for message in &sent {
                    channel.send(message).await.unwrap();
                }
            })
        };
        for message in &sent {
            assert_eq!(&channel.next().await.unwrap().unwrap().parse::<Value>().unwrap(), message);
        }
        sends.await.unwrap();
        let hear = async |channel: &Channel| channel.next().await.unwrap().unwrap().parse::<Value>().unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let text = async |client: TcpStream| {
            let (mut text, mut bytes) = (Vec::new(), [0; 64]);
            while let count @ 1.. = client.read(&mut bytes).await.unwrap() {
                text.extend_from_slice(&bytes[..count]);
            }
            String::from_utf8(text).unwrap()
        };
        for number in 1..=100 {
            let client = TcpStream::connect(address).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            channel.send_with(&number, server).await.unwrap();
            assert_eq!(text(client).await, "from the child");
            assert_eq!(hear(&channel).await, json!({ "kind": "net.Socket", "connections": number }));
        }
        channel.send_with("a listener", listener).await.unwrap();
        assert_eq!(hear(&channel).await, json!({ "kind": "net.Server" }));
        assert_eq!(text(TcpStream::connect(address).await.unwrap()).await, "from the child");
        for (address, kind) in [("127.0.0.1:0", "udp4"), ("[::1]:0", "udp6")] {
            let Ok(socket) = UdpSocket::bind(address) else { continue };
            channel.send_with(kind, Handle::from(socket)).await.unwrap();
            assert_eq!(hear(&channel).await, json!({ "kind": kind }));
        }
        channel.send("listen").await.unwrap();
        let message = channel.next().await.unwrap().unwrap();
        let handle = message.handle.unwrap();
        assert_eq!(handle.kind, Kind::Server);
        let theirs = TcpListener::try_from(handle).unwrap();
        let address = theirs.local_addr().unwrap();
        // Both ends listen at the one port, and either may have the connection.
        drop(theirs);
        assert_eq!(text(TcpStream::connect(address).await.unwrap()).await, "from a server of the child");
        channel.disconnect();
        assert_eq!(child.exited().await.code, Some(0));
    })
    .unwrap();
}
