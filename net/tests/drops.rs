//! Every future of this crate, dropped at every await: what is left works on, nothing hangs, no descriptor stays. A process of its
//! own, because its descriptors are counted.

use std::{
    fs,
    future::{Future, poll_fn},
    io,
    net::{Shutdown, SocketAddr},
    path::PathBuf,
    pin::Pin,
    task::Poll,
    time::Duration,
};
use wirebook_net::{
    self as net, Datagrams, Idle, Listener, Stream,
    sim::{self, Config, SimListener, SimStream, SimUdpSocket},
    tcp::{ConnectOptions, TcpListener, TcpStream},
    udp::UdpSocket,
    unix::{UnixDatagram, UnixListener, UnixStream},
};

/// More waits than any scenario here has.
const MOST_WAITS: usize = 5_000;

type Story = Pin<Box<dyn Future<Output = io::Result<()>>>>;

type Scenario<A> = (&'static str, fn(A) -> Story);

/// Runs `future` until it has waited `waits` times, and drops it where it then stands. True when it came to its end.
async fn cut_short(future: Story, waits: usize) -> bool {
    let (mut future, mut left) = (Some(future), waits);
    poll_fn(move |context| {
        let polled = future.as_mut().expect("polled until ready").as_mut().poll(context);
        match polled {
            Poll::Ready(result) => {
                result.expect("undisturbed, the scenario succeeds");
                Poll::Ready(true)
            }
            Poll::Pending if left == 0 => {
                future = None;
                Poll::Ready(false)
            }
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        }
    })
    .await
}

async fn echo_server<L: Listener>(listener: L) {
    while let Ok((stream, _)) = listener.accept().await {
        net::spawn(async move {
            let mut bytes = net::buffer();
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                if stream.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// A conversation that waits in every operation of a stream.
async fn converse<S: Stream + 'static>(stream: S, length: usize) -> io::Result<()> {
    let stream = Idle::new(stream, Duration::from_secs(600));
    stream.writable().await?;
    stream.write_all(b"ping").await?;
    stream.readable().await?;
    let mut bytes = net::buffer();
    let count = net::timeout(Duration::from_secs(600), stream.read(&mut bytes)).await??;
    assert!((1..=4).contains(&count));
    net::sleep(Duration::from_millis(1)).await;
    let (reader, writer) = net::split(stream);
    // Dropping its half ends the stream.
    let writing = net::spawn(async move { writer.write_all(&vec![7; length]).await });
    let mut rest = 4 + length - count;
    while rest > 0 {
        rest -= reader.read(&mut bytes).await?;
    }
    assert_eq!(reader.read(&mut bytes).await?, 0);
    writing.await??;
    net::yield_now().await;
    net::spawn(async { net::yield_now().await }).await?;
    Ok(())
}

/// Somebody else is served as if nothing had happened.
async fn somebody_else<S: Stream>(stream: S) {
    stream.write_all(b"still there?").await.unwrap();
    let mut bytes = [0; 16];
    let mut count = 0;
    while count < 12 {
        count += net::timeout(Duration::from_secs(60), stream.read(&mut bytes)).await.unwrap().unwrap();
    }
    stream.shutdown(Shutdown::Both).ok();
}

const SIMULATED: &[Scenario<()>] = &[
    ("stream", |()| Box::pin(async { converse(SimStream::connect("10.0.0.1:7").await?, 3_000).await })),
    ("accept", |()| {
        Box::pin(async {
            let listener = SimListener::bind("10.0.0.2:0")?;
            let address = listener.local_addr()?;
            let client = net::spawn(async move {
                net::sleep(Duration::from_millis(1)).await;
                SimStream::connect(address).await
            });
            let (server, _) = listener.accept().await?;
            drop(listener);
            client.await??.write_all(b"x").await?;
            server.read(&mut [0; 4]).await.map(drop)
        })
    }),
    ("datagrams", |()| {
        Box::pin(async {
            // The rough network loses some, so it goes on asking.
            let (one, two) = (SimUdpSocket::bind("10.0.0.3:0")?, SimUdpSocket::bind("10.0.0.4:0")?);
            let to = two.local_addr()?;
            let receiving = net::spawn(async move { two.recv_from(&mut [0; 8]).await.map(drop) });
            while !receiving.is_finished() {
                one.send_to(b"again", &to).await?;
                net::sleep(Duration::from_millis(50)).await;
            }
            receiving.await?
        })
    }),
    ("join, abort and pool", |()| {
        Box::pin(async {
            assert_eq!(net::spawn_blocking(|| 2).await?, 2);
            let sleeping = net::spawn(net::sleep(Duration::from_secs(5)));
            assert!(net::timeout(Duration::from_secs(1), std::future::pending::<()>()).await.is_err());
            sleeping.abort();
            assert!(sleeping.await.is_err());
            Ok(())
        })
    }),
];

#[test]
fn every_future_can_be_dropped_at_every_await_in_the_simulation() {
    for (name, scenario) in SIMULATED {
        let mut waits = 0;
        while !sim::run(Config::rough(waits as u64), async move {
            let server = net::spawn(echo_server(SimListener::bind("10.0.0.1:7").unwrap()));
            let finished = cut_short(scenario(()), waits).await;
            somebody_else(SimStream::connect("10.0.0.1:7").await.unwrap()).await;
            server.abort();
            finished
        })
        .unwrap_or_else(|error| panic!("{name}, dropped after {waits} waits: {error}"))
        {
            waits += 1;
            assert!(waits < MOST_WAITS, "{name} never ends");
        }
        assert!(waits > 0, "{name} never waited");
    }
}

/// What the real scenarios talk to.
#[derive(Clone)]
struct World {
    tcp: SocketAddr,
    unix: PathBuf,
}

impl World {
    fn beside(&self, name: &str) -> PathBuf {
        self.unix.with_file_name(name)
    }
}

const REAL: &[Scenario<World>] = &[
    ("tcp", |world| Box::pin(async move { converse(TcpStream::connect(world.tcp).await?, 300_000).await })),
    ("tcp by name", |world| {
        Box::pin(async move {
            let options = ConnectOptions { timeout: Some(Duration::from_secs(60)), ..ConnectOptions::default() };
            TcpStream::connect_with(format!("localhost:{}", world.tcp.port()), &options).await.map(drop)
        })
    }),
    ("unix", |world| Box::pin(async move { converse(UnixStream::connect(&world.unix).await?, 300_000).await })),
    ("accept", |_| {
        Box::pin(async {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let address = listener.local_addr()?;
            let client = net::spawn(async move {
                net::sleep(Duration::from_millis(1)).await;
                TcpStream::connect(address).await
            });
            listener.accept().await?;
            client.await?.map(drop)
        })
    }),
    ("datagrams", |_| {
        Box::pin(async {
            let (one, two) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
            let to = two.local_addr()?;
            let receiving = net::spawn(async move { two.recv_from(&mut [0; 8]).await.map(drop) });
            net::yield_now().await;
            one.send_to(b"x", &to).await?;
            receiving.await?
        })
    }),
    ("unix datagrams", |world| {
        Box::pin(async move {
            let path = world.beside("datagrams");
            let receiver = UnixDatagram::bind(&path)?;
            let sending = net::spawn(async move {
                // More than its queue takes, so that sending waits too.
                for _ in 0..100 {
                    UnixDatagram::unbound()?.send_to(b"x", &Some(path.clone())).await?;
                }
                io::Result::Ok(())
            });
            for _ in 0..100 {
                receiver.recv_from(&mut [0; 8]).await?;
            }
            sending.await?
        })
    }),
    ("pool", |world| {
        Box::pin(async move {
            let path = world.beside("file");
            net::write_file(&path, "content").await?;
            net::stat(&path).await?;
            net::read_file(&path).await?;
            net::lookup("localhost", 80).await?;
            net::spawn_blocking(|| std::thread::sleep(Duration::from_millis(2))).await?;
            assert!(net::timeout(Duration::from_millis(1), net::ctrl_c()).await.is_err());
            Ok(())
        })
    }),
];

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn every_future_can_be_dropped_at_every_await_on_real_sockets() {
    let directory = std::env::temp_dir().join(format!("wirebook-drops-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let unix = directory.join("socket");
    let run = |name: &str, scenario: fn(World) -> Story, waits| {
        let unix = unix.clone();
        net::block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let world = World { tcp: listener.local_addr().unwrap(), unix };
            let servers =
                [net::spawn(echo_server(listener)), net::spawn(echo_server(UnixListener::bind(&world.unix).unwrap()))];
            let finished = cut_short(scenario(world.clone()), waits).await;
            somebody_else(TcpStream::connect(world.tcp).await.unwrap()).await;
            somebody_else(UnixStream::connect(&world.unix).await.unwrap()).await;
            servers.iter().for_each(net::JoinHandle::abort);
            // What the scenario left behind ends with its streams, not with the loop.
            net::stop();
            finished
        })
        .unwrap_or_else(|error| panic!("{name}, dropped after {waits} waits: {error}"))
    };
    // What is opened once for the process is open before anything is counted.
    run("warm-up", REAL[6].1, MOST_WAITS);
    let before = descriptors();
    for (name, scenario) in REAL {
        let mut waits = 0;
        while !run(name, *scenario, waits) {
            waits += 1;
            assert!(waits < MOST_WAITS, "{name} never ends");
        }
        assert!(waits > 0, "{name} never waited");
    }
    assert_eq!(descriptors(), before);
    fs::remove_dir_all(directory).unwrap();
}
