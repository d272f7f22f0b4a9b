//! The lines of the appendix "From Node to here", `book/src/from-node.md`: every line of code in its tables is a line of
//! this file, so it compiles and runs. The last test holds the two together.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{BufMut, Bytes, BytesMut};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest, Sha1};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    env, fs,
    io::{self, IsTerminal, Read, Write},
    net::{IpAddr, Shutdown},
    path::{Path, PathBuf, absolute},
    process::{self, Command, Stdio},
    rc::Rc,
    sync::LazyLock,
    thread,
    time::{Duration, Instant, SystemTime},
};
use wirebook_http1::{
    self as http1, Request, Response,
    client::{Agent, AgentOptions, Options, Url},
};
use wirebook_net::{
    self as net, Datagrams, EventEmitter, Idle, Listener, Stream,
    node::{Event, Server, Socket},
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
    unix::{UnixListener, UnixStream},
};

/// What may fail in many ways, as in a program's `main`.
type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn process() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let home = env::var("HOME");
    let folder = env::current_dir()?;
    let id = process::id();
    let system = (env::consts::OS, env::consts::ARCH);
    let code = process::ExitCode::from(1);
    let started = Instant::now();
    io::stdout().write_all(b"no line end")?;
    eprintln!("to standard error");
    let is_terminal = io::stdin().is_terminal();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    drop((arguments, home, folder, id, system, code, started.elapsed(), is_terminal, status));
    net::block_on(async {
        net::next_tick(|| println!("before any microtask"));
        let signals = net::signals(&[net::SIGTERM, net::SIGHUP]);
        drop(signals);
        net::stop();
    })?;
    Ok(())
}

#[test]
fn a_panic_in_a_task_is_told_to_who_waits_for_it() -> Outcome {
    net::block_on(async {
        let caught = net::spawn(async { panic!("uncaught") }).await.is_err();
        assert!(caught);
    })?;
    Ok(())
}

#[test]
fn buffer() -> Outcome {
    let text = "tea";
    let zeros = vec![0; 1024];
    let bytes = text.as_bytes().to_vec();
    let length = text.len();
    let both = [&zeros[..], &bytes[..]].concat();
    let text = String::from_utf8(bytes)?;
    let with_marks = String::from_utf8_lossy(&both);
    let mut target = [0; 8];
    target[..3].copy_from_slice(&both[1024..1027]);
    let shared = Bytes::from(both.clone()).slice(1024..);
    let mut builder = BytesMut::new();
    builder.put_u16(65_535);
    let number = u16::from_be_bytes([builder[0], builder[1]]);
    let encoded = BASE64_STANDARD.encode(b"tea");
    let decoded = BASE64_STANDARD.decode("dGVh")?;
    let hex: String = b"tea".iter().map(|byte| format!("{byte:02x}")).collect();
    let at = both.windows(3).position(|window| window == b"tea");
    assert_eq!((length, &*text, &*shared, number, &*encoded), (3, "tea", &b"tea"[..], 65_535, "dGVh"));
    assert_eq!((&*decoded, &*hex, at, &target[..3]), (&b"tea"[..], "746561", Some(1024), &b"tea"[..]));
    assert!(with_marks.ends_with("tea"));
    Ok(())
}

#[test]
fn path() -> Outcome {
    let path = Path::new("views").join("page.ejs");
    let extension = path.extension();
    let name = path.file_name();
    let folder = path.parent();
    let whole = absolute("views/page.ejs")?;
    let real = fs::canonicalize(".")?;
    let parts: Vec<_> = path.components().collect();
    let separator = std::path::MAIN_SEPARATOR;
    assert_eq!((extension.unwrap(), name.unwrap()), ("ejs".as_ref(), "page.ejs".as_ref()));
    assert_eq!((folder.unwrap(), parts.len(), separator), (Path::new("views"), 2, '/'));
    assert!(whole.is_absolute() && real.is_absolute());
    Ok(())
}

#[test]
fn url_and_querystring() -> Outcome {
    let url = Url::parse("http://example.org:8000/tea?kind=green")?;
    let next = url.join("../cups")?;
    let query = "kind=green&cups=2";
    let pairs: HashMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let plain = percent_decode_str("green%20tea").decode_utf8()?;
    let escaped = utf8_percent_encode("green tea", NON_ALPHANUMERIC).to_string();
    assert_eq!((&*next.path, pairs["cups"], &*plain, &*escaped), ("/cups", "2", "green tea", "green%20tea"));
    Ok(())
}

#[test]
fn files() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tea.txt");
    net::block_on(async move {
        net::write_file(&path, "green").await?;
        let bytes = net::read_file(&path).await?;
        let length = net::stat(&path).await?.len();
        let same = fs::read("Cargo.toml")?;
        let there = path.exists();
        let copy: PathBuf = path.with_extension("copy");
        net::spawn_blocking(move || fs::rename("old.txt", "new.txt")).await?.unwrap_err();
        fs::copy(&path, &copy)?;
        let names: Vec<_> = fs::read_dir(folder.path())?.flatten().map(|entry| entry.file_name()).collect();
        let mut file = fs::File::open(&path)?;
        let mut piece = [0; 3];
        let count = file.read(&mut piece)?;
        fs::OpenOptions::new().append(true).open(&path)?.write_all(b" tea")?;
        fs::create_dir_all(folder.path().join("a/b"))?;
        fs::remove_file(&copy)?;
        assert_eq!((&*bytes, length, there, names.len(), count), (&b"green"[..], 5, true, 2, 3));
        assert!(!same.is_empty());
        assert_eq!(net::read_file(&path).await?, b"green tea");
        io::Result::Ok(())
    })??;
    Ok(())
}

#[test]
fn net_by_events() -> Outcome {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let log = heard.clone();
    net::block_on(async move {
        let server = Server::new();
        server.on("connection", |event| {
            let Event::Connection(socket) = event else { return };
            let echo = socket.clone();
            socket.on("data", move |event| {
                let Event::Data(bytes) = event else { return };
                echo.write(bytes);
            });
        });
        let address = server.listen("127.0.0.1:0")?;
        let client = Socket::connect(address);
        client.write(b"tea");
        client.set_timeout(Some(Duration::from_secs(60)));
        client.once("data", {
            let client = client.clone();
            move |_| client.end()
        });
        client.on("error", |event| eprintln!("{event:?}"));
        client.pause();
        client.resume();
        client.set_allow_half_open(false);
        let open = (server.is_listening(), server.connections());
        assert_eq!(open, (true, 0));
        let doomed = Socket::connect(address);
        doomed.destroy();
        client.on("end", move |_| log.borrow_mut().push("end"));
        client.on("close", move |_| server.close());
        io::Result::Ok(())
    })??;
    assert_eq!(*heard.borrow(), ["end"]);
    Ok(())
}

#[test]
fn net_by_await() -> Outcome {
    net::run(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let stream = TcpStream::connect(address).await?;
        let (accepted, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        stream.set_keepalive(Some(Duration::from_secs(60)))?;
        stream.write_all(b"tea").await?;
        let mut bytes = net::buffer();
        let count = accepted.read(&mut bytes).await?;
        accepted.write_all(&bytes[..count]).await?;
        stream.shutdown(Shutdown::Write)?;
        let idle = Idle::new(stream, Duration::from_secs(60));
        assert_eq!((count, idle.get_ref().local_addr()?), (3, peer));
        let (reader, writer) = net::split(accepted);
        drop((reader, writer));
        let addresses = net::lookup("localhost", 80).await?;
        assert!(!addresses.is_empty());
        io::Result::Ok(())
    })?;
    Ok(())
}

#[test]
fn unix_sockets() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tea.sock");
    net::run(async move {
        let listener = UnixListener::bind(&path)?;
        let stream = UnixStream::connect(&path).await?;
        drop((listener, stream));
        io::Result::Ok(())
    })?;
    Ok(())
}

#[test]
fn dgram() -> Outcome {
    net::run(async {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let other = UdpSocket::bind("127.0.0.1:0")?;
        let address = other.local_addr()?;
        socket.send_to(b"tea", &address).await?;
        let mut bytes = [0; 1500];
        let received = other.recv_from(&mut bytes).await?;
        socket.set_broadcast(true)?;
        socket.set_ttl(8)?;
        socket.connect(received.from).unwrap_or_default();
        let joined = other.join_multicast_v4([224, 0, 0, 251].into(), [127, 0, 0, 1].into());
        assert_eq!(&bytes[..received.length], b"tea");
        drop(joined);
        io::Result::Ok(())
    })?;
    Ok(())
}

/// What a handler of the table has to answer.
async fn answer(mut request: Request<'_>, response: Response<'_>) -> http1::Outcome {
    let asked = (request.method(), request.path(), request.query());
    let agent = request.header("user-agent").unwrap_or_default();
    assert_eq!((asked.0.is_empty(), agent.len()), (false, 0));
    let body = request.bytes(1024 * 1024).await?;
    let mut response = response.status(200).header("content-type", "text/plain");
    response.write("tea ").await?;
    response.end(body).await
}

#[test]
fn http() -> Outcome {
    net::run(async {
        let server = http1::serve("127.0.0.1:0", answer)?;
        let port = server.local_addr().map_or(0, |address| address.port());
        let agent = Agent::new(AgentOptions { max_sockets: 5, ..AgentOptions::default() });
        let options = Options { method: "POST", host: "127.0.0.1", port, agent: Some(&agent), ..Options::default() };
        let mut response = http1::request(&options).await?.end("please").await?;
        let (status, kind) = (response.status(), response.header("content-type"));
        assert_eq!((status, kind), (200, Some(&b"text/plain"[..])));
        let body = response.bytes(1024 * 1024).await?;
        assert_eq!(body, b"tea please");
        let mut same = http1::get(&format!("http://127.0.0.1:{port}/"), &Options::default()).await?;
        while let Some(piece) = same.chunk().await? {
            assert_eq!(piece, b"tea ");
        }
        let with_password = Options { auth: Some("tea:pot"), ..options };
        let by_path = Options { socket_path: Some(Path::new("/tmp/x.sock")), ..options };
        let from_here = Options { local_address: Some([127, 0, 0, 1].into()), ..options };
        let alone = Options { agent: None, ..options };
        for options in [with_password, from_here, alone] {
            let mut response = http1::request(&options).await?.end("please").await?;
            assert_eq!(response.bytes(1024).await?, b"tea please");
        }
        assert!(http1::request(&by_path).await.is_err(), "nobody listens there");
        let limits = http1::server::Options { max_connections: 1000, ..Default::default() };
        let open = server.connections();
        assert!(open <= limits.max_connections);
        let waiting = (agent.sockets(), agent.requests());
        let reason = http1::reason(404);
        assert_eq!((waiting, reason), ((0, 0), "Not Found"));
        agent.close_idle();
        server.close();
        net::stop();
        io::Result::Ok(())
    })?;
    Ok(())
}

#[test]
fn events() -> Outcome {
    let emitter: EventEmitter<String> = EventEmitter::new();
    let listener = emitter.on("tea", |kind| println!("{kind}"));
    emitter.once("tea", |kind| println!("the first is {kind}"));
    let heard = emitter.emit("tea", &"green".to_string())?;
    let count = emitter.listener_count("tea");
    emitter.off(listener);
    emitter.set_max_listeners(20);
    emitter.remove_all("tea");
    assert_eq!((heard, count), (true, 1));
    Ok(())
}

#[test]
fn child_processes() -> Outcome {
    let output = Command::new("echo").arg("tea").output()?;
    let shell = Command::new("sh").arg("-c").arg("echo tea | tr a-z A-Z").output()?;
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    child.stdin.take().ok_or("no pipe")?.write_all(b"tea")?;
    let status = child.wait()?;
    let cores = thread::available_parallelism()?;
    assert_eq!((&*output.stdout, &*shell.stdout, status.success()), (&b"tea\n"[..], &b"TEA\n"[..], true));
    net::block_on(async {
        let later = net::spawn_blocking(|| Command::new("echo").arg("tea").output()).await;
        assert!(later.is_ok_and(|output| output.is_ok()));
    })?;
    assert!(cores.get() > 0);
    Ok(())
}

#[test]
fn crypto_and_zlib() -> Outcome {
    let digest = Sha1::digest(b"tea");
    let mut random = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"tea")?;
    let packed = packed.finish()?;
    let mut plain = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut plain)?;
    assert_eq!((digest.len(), &*plain), (20, "tea"));
    Ok(())
}

#[test]
fn util_and_json() -> Outcome {
    let name = "tea";
    println!("{name}");
    let now = SystemTime::now();
    assert!(now > SystemTime::UNIX_EPOCH);
    let ip = "127.0.0.1".parse::<IpAddr>();
    assert!(ip.is_ok_and(|ip| ip.is_loopback()));
    let text = format!("{name} for {}", 2);
    let seen = format!("{:?}", Some(name));
    let value: serde_json::Value = serde_json::from_str(r#"{"cups":2}"#)?;
    let json = serde_json::to_string(&value)?;
    assert_eq!((&*text, &*seen, &*json), ("tea for 2", "Some(\"tea\")", r#"{"cups":2}"#));
    Ok(())
}

// `global`, in one place and for all threads.
static NAMES: LazyLock<HashMap<u16, &str>> = LazyLock::new(|| HashMap::from([(80, "http")]));

#[test]
fn timers_and_promises() -> Outcome {
    assert_eq!(NAMES[&80], "http");
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    let called = move || counter.set(counter.get() + 1);
    net::block_on(async move {
        let timer = net::set_timeout(called.clone(), Duration::from_millis(1));
        let interval = net::set_interval(|| {}, Duration::from_secs(1)).unref();
        net::set_immediate(called.clone());
        net::queue_microtask(called);
        net::sleep(Duration::from_millis(5)).await;
        net::clear(timer);
        net::clear(interval);
        let task = net::spawn(async { 42 });
        let result = task.await;
        assert!(matches!(result, Ok(42)));
        let late = net::timeout(Duration::from_millis(1), net::sleep(Duration::from_secs(1))).await;
        assert!(late.is_err());
        let heavy = net::spawn_blocking(|| (1..=10).sum::<u32>()).await;
        assert!(matches!(heavy, Ok(55)));
    })?;
    assert_eq!(calls.get(), 3);
    Ok(())
}

#[test]
fn every_line_of_the_appendix_is_a_line_of_this_file() {
    let here: HashSet<&str> = include_str!("from_node.rs").lines().map(str::trim).collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src/from-node.md");
    let page = fs::read_to_string(page).unwrap();
    let mut lines = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| in Node")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, meaning, code] = cells[..] else { panic!("not three cells: {row}") };
        if code == "–" {
            assert!(!meaning.is_empty(), "neither code nor a reason: {row}");
            continue;
        }
        let code = code.strip_prefix('`').and_then(|code| code.strip_suffix('`')).unwrap_or_default();
        let code = code.replace("\\|", "|");
        assert!(here.contains(&*code) && !code.starts_with("//"), "no line of from_node.rs: {code}");
        lines += 1;
    }
    assert!(lines > 80, "only {lines} lines of code");
}
