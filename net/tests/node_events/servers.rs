//! Servers: `listening`, `connection`, `close`, `error`.

use crate::{
    Program,
    kit::{Door, Emits, Log, count, kind, later, listen, mine, watch, watch_some},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wirebook_net::{
    next_tick,
    node::{Event, Server, Socket},
    queue_microtask,
};

/// Calls `accepted` with the server and each socket.
fn accept(server: &Server, accepted: impl Fn(&Server, &Socket) + 'static) {
    server.when("connection", move |server, event| {
        if let Event::Connection(socket) = event {
            accepted(server, socket);
        }
    });
}

/// Listens, and then calls `listening` with where.
fn listen_then(server: &Server, listening: impl Fn(Door) + 'static) {
    let door = listen(server);
    server.once("listening", move |_| listening(door));
}

/// A server that collects its sockets until it has `wanted`, closes, and gives them to `then`.
fn collect(log: &Log, wanted: usize, then: fn(&Log, &[Socket])) {
    let (server, sockets) = (Server::new(), Rc::new(RefCell::new(Vec::new())));
    let inner = log.clone();
    accept(&server, move |server, socket| {
        sockets.borrow_mut().push(socket.clone());
        let count = sockets.borrow().len();
        watch_some(&inner, &format!("socket{count}"), socket, "close");
        if count == wanted {
            server.close();
            then(&inner, &sockets.borrow());
        }
    });
    watch_some(log, "server", &server, "close");
    listen_then(&server, move |door| {
        for _ in 0..wanted {
            door.connect().resume();
        }
    });
}

pub(crate) const PROGRAMS: &[Program] = &[
    ("listening comes later", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        listen(&server);
        next_tick(log.word("tick"));
        queue_microtask(log.word("microtask"));
        server.when("listening", |server, _| server.close());
        log.say("main");
    }),
    ("closed before listening", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        listen(&server);
        server.close();
        log.say("main");
    }),
    ("closed in listening", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        listen(&server);
        let log = log.clone();
        server.when("listening", move |server, _| {
            server.close();
            next_tick(log.word("tick"));
            log.say("main");
        });
    }),
    ("closed twice", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        listen(&server);
        server.when("listening", |server, _| {
            server.close();
            server.close();
        });
    }),
    ("closed in close", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        listen(&server);
        server.when("listening", |server, _| server.close());
        server.when("close", |server, _| server.close());
    }),
    ("closed and never listened", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        server.close();
        log.say("main");
    }),
    ("listen twice", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        listen(&server);
        log.say(kind(&server.listen("127.0.0.1:0").expect_err("it listens")));
        server.when("listening", |server, _| server.close());
    }),
    ("the address is in use", |log| {
        let (one, log) = (Server::new(), log.clone());
        let first = one.clone();
        listen_then(&one, move |door| {
            let two = Server::new();
            watch(&log, "two", &two);
            log.say(kind(&door.listen_too(&two).expect_err("it is in use")));
            first.close();
        });
    }),
    ("listen again after close", |log| {
        let server = Server::new();
        watch(log, "server", &server);
        let (closer, again) = (server.clone(), server.clone());
        listen_then(&server, move |_| closer.close());
        server.once("close", move |_| {
            let closer = again.clone();
            listen_then(&again, move |_| closer.close());
        });
    }),
    ("listening is asked", |log| {
        let (server, inner) = (Server::new(), log.clone());
        log.say(server.is_listening());
        let asked = server.clone();
        listen_then(&server, move |_| {
            inner.say(asked.is_listening());
            asked.close();
            inner.say(asked.is_listening());
        });
        log.say(server.is_listening());
    }),
    ("connection comes before connect", |log| {
        let server = Server::new();
        accept(&server, |server, socket| {
            socket.end();
            socket.resume();
            server.close();
        });
        watch(log, "server", &server);
        let log = log.clone();
        listen_then(&server, move |door| {
            let (client, connect) = (door.connect(), log.word("client:connect"));
            client.on("connect", move |_| connect());
            client.resume();
        });
    }),
    ("connection, and the queues", |log| {
        let (server, log) = (Server::new(), log.clone());
        accept(&server, move |server, socket| {
            log.say("connection");
            next_tick(log.word("tick"));
            queue_microtask(log.word("microtask"));
            let (data, end) = (log.clone(), log.word("end"));
            socket.on("data", move |_| {
                data.say("data");
                queue_microtask(data.word("data-microtask"));
                next_tick(data.word("data-tick"));
            });
            socket.on("end", move |_| end());
            server.close();
        });
        listen_then(&server, |door| {
            let client = door.connect();
            client.write(b"x");
            client.end();
            client.resume();
        });
    }),
    ("close waits for the connections", |log| {
        let (server, log) = (Server::new(), log.clone());
        let inner = log.clone();
        accept(&server, move |server, socket| {
            watch(&inner, "socket", socket);
            server.close();
            socket.resume();
        });
        watch(&log, "server", &server);
        listen_then(&server, move |door| {
            let (client, log) = (door.connect(), log.clone());
            client.resume();
            later(30, move || {
                log.say("end");
                client.end();
            });
        });
    }),
    ("close comes when the last connection is destroyed", |log| {
        let (server, inner) = (Server::new(), log.clone());
        accept(&server, move |server, socket| {
            watch(&inner, "socket", socket);
            server.close();
            let (socket, log) = (socket.clone(), inner.clone());
            later(20, move || {
                log.say("destroy");
                socket.destroy();
                next_tick(log.word("tick"));
            });
        });
        watch_some(log, "server", &server, "close");
        listen_then(&server, |door| door.connect().resume());
    }),
    ("close, and two connections", |log| {
        collect(log, 2, |log, sockets| {
            for (at, word, socket) in [(20, "first", &sockets[0]), (60, "second", &sockets[1])] {
                let (log, socket) = (log.clone(), socket.clone());
                later(at, move || {
                    log.say(word);
                    socket.destroy();
                });
            }
        });
    }),
    ("close, and all connections destroyed at once", |log| {
        collect(log, 3, |_, sockets| {
            let sockets = sockets.to_vec();
            later(20, move || sockets.iter().for_each(Socket::destroy));
        });
    }),
    ("destroyed in connection, then closed", |log| {
        let (server, inner) = (Server::new(), log.clone());
        accept(&server, move |server, socket| {
            watch(&inner, "socket", socket);
            socket.destroy();
            server.close();
            inner.say("main");
        });
        watch(log, "server", &server);
        listen_then(&server, |door| door.connect().resume());
    }),
    ("a connection after close is refused", |log| {
        let (server, inner, closed) = (Server::new(), log.clone(), log.word("server:close"));
        let closer = server.clone();
        listen_then(&server, move |door| {
            closer.close();
            watch(&inner, "client", &door.connect());
        });
        server.on("close", move |_| closed());
    }),
    ("without a listener for connection they stay open", |log| {
        let (server, inner, closed) = (Server::new(), log.clone(), log.word("server:close"));
        let closer = server.clone();
        listen_then(&server, move |door| {
            let (client, log, closer) = (door.connect(), inner.clone(), closer.clone());
            watch(&log, "client", &client);
            later(30, move || {
                log.say("end");
                client.end();
                client.resume();
                closer.close();
            });
        });
        server.on("close", move |_| closed());
    }),
    ("a socket's error is not the server's", |log| {
        let (server, inner) = (Server::new(), log.clone());
        accept(&server, move |server, socket| {
            watch(&inner, "socket", socket);
            server.close();
            socket.destroy_with(mine("mine"));
        });
        watch(log, "server", &server);
        listen_then(&server, |door| door.connect().resume());
    }),
    ("close holds nobody up", |log| {
        let (server, inner) = (Server::new(), log.clone());
        watch_some(log, "server", &server, "close");
        let closer = server.clone();
        listen_then(&server, move |_| {
            closer.close();
            later(20, inner.word("later"));
        });
    }),
    ("half-open is asked of the server", |log| {
        let (server, log) = (Server::new(), log.clone());
        server.set_allow_half_open(true);
        accept(&server, move |server, socket| {
            watch(&log, "socket", socket);
            server.close();
            let (socket, log) = (socket.clone(), log.clone());
            socket.resume();
            later(40, move || {
                log.say("end");
                socket.end();
            });
        });
        listen_then(&server, |door| {
            let client = door.connect();
            client.end();
            client.resume();
        });
    }),
    ("connections one after the other", |log| {
        let (server, seen) = (Server::new(), Cell::new(0));
        let inner = log.clone();
        accept(&server, move |server, socket| {
            seen.set(seen.get() + 1);
            inner.say(format!("connection{}", seen.get()));
            next_tick(inner.word("tick"));
            queue_microtask(inner.word("microtask"));
            count(&inner, "bytes", socket);
            if seen.get() == 3 {
                server.close();
            }
        });
        watch_some(log, "server", &server, "close");
        listen_then(&server, |door| {
            let last = door.connect();
            for client in [door.connect(), door.connect()] {
                client.end();
                client.resume();
            }
            later(40, move || {
                last.end();
                last.resume();
            });
        });
    }),
];
