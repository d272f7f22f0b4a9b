//! The emitter's rules, and Node's event names over sockets.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wirebook_net::{
    self as net, EventEmitter, MAX_LISTENERS,
    node::{Event, HIGH_WATER_MARK, Server, Socket},
    sim::{self, SimListener, SimStream},
};

/// What the simulated network holds of one direction.
const WINDOW: usize = 64 * 1024;

type Words = Rc<RefCell<Vec<String>>>;
type Listener = Box<dyn Fn(&u32)>;

fn words() -> (Words, impl Fn(&str) -> Listener) {
    let words = Rc::new(RefCell::new(Vec::new()));
    let writer = words.clone();
    let sayer = move |word: &str| -> Listener {
        let (words, word) = (writer.clone(), word.to_owned());
        Box::new(move |number| words.borrow_mut().push(format!("{word}{number}")))
    };
    (words, sayer)
}

#[test]
fn listeners_are_called_in_order_and_once_means_once() {
    let (words, say) = words();
    let emitter = EventEmitter::new();
    emitter.on("x", say("a"));
    emitter.once("x", say("b"));
    let c = emitter.on("x", say("c"));
    assert_eq!(emitter.emit("x", &1), Ok(true));
    assert!(emitter.off(c));
    assert!(!emitter.off(c));
    assert_eq!(emitter.emit("x", &2), Ok(true));
    assert_eq!(*words.borrow(), ["a1", "b1", "c1", "a2"]);
    assert_eq!(emitter.listener_count("x"), 1);
    emitter.remove_all("x");
    assert_eq!(emitter.emit("x", &3), Ok(false));
}

#[test]
fn an_emission_calls_those_who_were_there_when_it_began() {
    let emitter = Rc::new(EventEmitter::<u32>::new());
    let calls = Rc::new(Cell::new(0));
    let (inner, counter) = (emitter.clone(), calls.clone());
    let victim = Rc::new(Cell::new(None));
    let to_remove = victim.clone();
    emitter.on("x", move |_| {
        let counter = counter.clone();
        inner.on("x", move |_| counter.set(counter.get() + 100));
        inner.off(to_remove.get().unwrap());
    });
    let counter = calls.clone();
    victim.set(Some(emitter.on("x", move |_| counter.set(counter.get() + 1))));
    emitter.emit("x", &0).unwrap();
    assert_eq!(calls.get(), 1, "the removed one is still called, the added one is not");
    emitter.emit("x", &0).unwrap();
    assert_eq!(calls.get(), 101);
}

#[test]
fn a_once_listener_that_emits_again_is_not_called_again() {
    let emitter = Rc::new(EventEmitter::<u32>::new());
    let calls = Rc::new(Cell::new(0));
    let (inner, counter) = (emitter.clone(), calls.clone());
    emitter.once("x", move |_| {
        counter.set(counter.get() + 1);
        inner.emit("x", &0).unwrap();
    });
    emitter.emit("x", &0).unwrap();
    assert_eq!(calls.get(), 1);
}

#[test]
fn an_error_without_a_listener_is_an_error() {
    let emitter = EventEmitter::new();
    assert!(emitter.emit("error", &1).is_err());
    emitter.on("error", |_| {});
    assert_eq!(emitter.emit("error", &1), Ok(true));
}

#[test]
fn the_eleventh_listener_is_suspected_to_be_a_leak() {
    let emitter = EventEmitter::<u32>::new();
    for _ in 0..MAX_LISTENERS {
        emitter.on("x", |_| {});
    }
    assert!(!emitter.leak_suspected("x"));
    emitter.on("x", |_| {});
    assert!(emitter.leak_suspected("x"));
    emitter.set_max_listeners(0);
    for _ in 0..100 {
        emitter.on("y", |_| {});
    }
    assert!(!emitter.leak_suspected("y"));
}

/// All of the names, in a simulated conversation: the order is Node's, whose server closes with `destroy` of its last
/// socket, and the socket itself in the closing phase.
#[test]
fn the_events_of_a_conversation() {
    let log = Rc::new(RefCell::new(Vec::<String>::new()));
    let told = log.clone();
    sim::run(1, async move {
        let say = move |text: String| told.borrow_mut().push(text);
        let server = Server::new();
        let (on_listening, on_close, on_connection) = (say.clone(), say.clone(), say.clone());
        server.on("listening", move |_| on_listening("listening".into()));
        server.on("close", move |_| on_close("server close".into()));
        let closer = server.clone();
        server.on("connection", move |event| {
            let Event::Connection(socket) = event else { unreachable!() };
            on_connection("connection".into());
            closer.close();
            for name in ["end", "close"] {
                let say = on_connection.clone();
                socket.on(name, move |_| say(format!("server's {name}")));
            }
            let (echo, say) = (socket.clone(), on_connection.clone());
            socket.on("data", move |event| {
                let Event::Data(bytes) = event else { unreachable!() };
                say(format!("data {}", String::from_utf8_lossy(bytes)));
                echo.write(bytes);
            });
        });
        server.listen_on(SimListener::bind("10.0.0.1:1").unwrap());
        let client = Socket::connect_by(SimStream::connect("10.0.0.1:1"));
        for name in ["connect", "end", "close", "drain", "timeout"] {
            let say = say.clone();
            client.on(name, move |_| say(format!("client's {name}")));
        }
        let writer = client.clone();
        client.on("connect", move |_| assert!(writer.write(b"hi")));
        let ender = client.clone();
        client.on("data", move |_| ender.end());
        net::sleep(Duration::from_secs(5)).await;
    })
    .unwrap();
    let expected = [
        "listening",
        "connection",
        "client's connect",
        "data hi",
        "server's end",
        "server close",
        "server's close",
        "client's end",
        "client's close",
    ];
    assert_eq!(log.take(), expected);
}

#[test]
fn a_full_buffer_asks_to_wait_for_drain() {
    let drained = Rc::new(Cell::new(0));
    let counter = drained.clone();
    sim::run(1, async move {
        let server = Server::new();
        server.on("connection", |event| {
            let Event::Connection(socket) = event else { unreachable!() };
            socket.on("data", |_| {});
        });
        server.listen_on(SimListener::bind("10.0.0.1:1").unwrap());
        let client = Socket::connect_by(SimStream::connect("10.0.0.1:1"));
        let counter = counter.clone();
        client.on("drain", move |_| counter.set(counter.get() + 1));
        net::sleep(Duration::from_secs(1)).await;
        // What the network takes at once does not count.
        assert!(client.write(&[0; HIGH_WATER_MARK]));
        assert!(!client.write(&[0; WINDOW]));
        assert!(!client.write(&[0; 1]), "it is full already");
        net::sleep(Duration::from_secs(1)).await;
        assert!(client.write(b"small"));
        net::sleep(Duration::from_secs(1)).await;
    })
    .unwrap();
    assert_eq!(drained.get(), 1);
}

#[test]
fn a_timeout_tells_and_does_not_close() {
    let timeouts = Rc::new(Cell::new(0));
    let counter = timeouts.clone();
    sim::run(1, async move {
        let server = Server::new();
        server.listen_on(SimListener::bind("10.0.0.1:1").unwrap());
        let client = Socket::connect_by(SimStream::connect("10.0.0.1:1"));
        client.set_timeout(Some(Duration::from_secs(10)));
        let counter = counter.clone();
        client.on("timeout", move |_| counter.set(counter.get() + 1));
        net::sleep(Duration::from_secs(35)).await;
        assert!(client.write(b"still open"));
        client.destroy();
        net::sleep(Duration::from_secs(100)).await;
    })
    .unwrap();
    assert_eq!(timeouts.get(), 1, "one silence is told once");
}

#[test]
fn an_unheard_error_ends_the_loop() {
    let result = sim::run(1, async {
        Socket::connect_by(SimStream::connect("10.0.0.1:1"));
        net::sleep(Duration::from_secs(5)).await;
    });
    assert!(result.unwrap_err().to_string().contains("unheard error event"));
}

#[test]
fn servers_of_events_run_on_tcp_too() {
    net::block_on(async {
        let server = Server::new();
        let closer = server.clone();
        server.on("connection", move |event| {
            let Event::Connection(socket) = event else { unreachable!() };
            socket.write(b"welcome");
            socket.end();
            closer.close();
        });
        let client = Socket::connect(server.listen("127.0.0.1:0").unwrap());
        client.on("data", |event| assert!(matches!(event, Event::Data(bytes) if **bytes == *b"welcome")));
    })
    .unwrap();
}
