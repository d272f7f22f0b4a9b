//! `end`, half-open both ways, and what may still be written.

use crate::{
    Program,
    kit::{Emits, count, later, serve, serve_a_while, serve_half_open, swallow, watch, watch_some},
};
use wirebook_net::{next_tick, queue_microtask};

pub(crate) const PROGRAMS: &[Program] = &[
    ("the client ends", |log| {
        let log = log.clone();
        serve(
            |socket| socket.resume(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.when("connect", |client, _| client.end());
                client.resume();
            },
        );
    }),
    ("the client ends, seen by the server", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                socket.resume();
            },
            |door| {
                let client = door.connect();
                client.when("connect", |client, _| client.end());
                client.resume();
            },
        );
    }),
    ("the server ends", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.end();
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.resume();
            },
        );
    }),
    ("the server ends, seen by the server", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                socket.end();
                socket.resume();
            },
            |door| door.connect().resume(),
        );
    }),
    ("both end at once", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.end();
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.end();
                client.resume();
            },
        );
    }),
    ("twice", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                count(&log, "server", socket);
                let closed = log.word("close");
                socket.on("close", move |_| closed());
            },
            |door| {
                let client = door.connect();
                client.when("connect", |client, _| {
                    client.write(b"once");
                    client.end();
                    client.end();
                });
                client.resume();
            },
        );
    }),
    ("written and ended while connecting", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| {
                watch(&server, "server", socket);
                count(&server, "server", socket);
            },
            move |door| {
                let client = door.connect();
                log.say(client.write(b"hello"));
                client.end();
                client.resume();
            },
        );
    }),
    ("bytes before the end all arrive", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| count(&server, "server", socket),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("connect", move |client, _| {
                    log.say(client.write(&vec![0; 5_000_000]));
                    client.end();
                });
                client.resume();
            },
        );
    }),
    ("a server that stays half-open answers late", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve_half_open(
            move |socket| {
                watch_some(&server, "server", socket, "end error");
                let log = server.clone();
                socket.when("end", move |socket, _| {
                    let (socket, log) = (socket.clone(), log.clone());
                    later(20, move || {
                        log.say("answer");
                        socket.write(b"late");
                        socket.end();
                    });
                });
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                count(&log, "client", &client);
                client.end();
            },
        );
    }),
    ("a server that stays half-open never ends by itself", |log| {
        let log = log.clone();
        serve_half_open(
            move |socket| {
                watch(&log, "server", socket);
                let log = log.clone();
                socket.when("end", move |socket, _| {
                    let (socket, log) = (socket.clone(), log.clone());
                    later(40, move || {
                        log.say("still-open");
                        log.say(socket.write(b"x"));
                        socket.destroy();
                    });
                });
                socket.resume();
            },
            |door| {
                let client = door.connect();
                client.end();
                swallow(&client);
            },
        );
    }),
    ("a client that stays half-open goes on", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| {
                count(&server, "server", socket);
                socket.end();
            },
            move |door| {
                let client = door.connect_half_open();
                watch_some(&log, "client", &client, "connect end error");
                let log = log.clone();
                client.when("end", move |client, _| {
                    let (client, log) = (client.clone(), log.clone());
                    later(20, move || {
                        log.say("goes-on");
                        client.write(b"late");
                        client.end();
                    });
                });
                client.resume();
            },
        );
    }),
    ("half-open, and ended before the peer", |log| {
        let log = log.clone();
        serve_half_open(
            |socket| {
                let socket = socket.clone();
                later(20, move || socket.end());
            },
            move |door| {
                let client = door.connect_half_open();
                watch(&log, "client", &client);
                client.end();
                client.resume();
            },
        );
    }),
    ("half-open is switched on in data", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.write(b"x");
                socket.end();
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.when("data", |client, _| client.set_allow_half_open(true));
                let log = log.clone();
                client.when("end", move |client, _| {
                    let (client, log) = (client.clone(), log.clone());
                    later(20, move || {
                        log.say("still-open");
                        client.end();
                    });
                });
            },
        );
    }),
    ("what is written in end still goes", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| {
                let log = server.clone();
                socket.when("end", move |socket, _| log.say(socket.write(b"last")));
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                count(&log, "client", &client);
                client.end();
            },
        );
    }),
    ("written after end", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("connect", move |client, _| {
                client.end();
                log.say(client.write(b"late"));
                log.say("main");
            });
            client.resume();
        });
    }),
    ("written after end, twice", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("connect", move |client, _| {
                client.end();
                log.say(client.write(b"late"));
                log.say(client.write(b"later"));
            });
            client.resume();
        });
    }),
    ("written after end, while connecting", |log| {
        let log = log.clone();
        serve_a_while(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.end();
            log.say(client.write(b"late"));
        });
    }),
    ("written after both have ended", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.end();
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("end", move |client, _| {
                    let (client, log) = (client.clone(), log.clone());
                    next_tick(move || next_tick(move || log.say(client.write(b"late"))));
                });
                client.resume();
            },
        );
    }),
    ("and the queues", |log| {
        let log = log.clone();
        serve(
            |socket| socket.end(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let (connect, end) = (log.clone(), log.clone());
                client.on("connect", move |_| {
                    next_tick(connect.word("tick"));
                    queue_microtask(connect.word("microtask"));
                });
                client.on("end", move |_| {
                    queue_microtask(end.word("end-microtask"));
                    next_tick(end.word("end-tick"));
                });
                client.resume();
            },
        );
    }),
    ("data, end and close are three callbacks", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.write(b"bytes");
                socket.end();
            },
            move |door| {
                let client = door.connect();
                for words in [
                    ["data", "data-microtask", "data-tick"],
                    ["end", "end-microtask", "end-tick"],
                    ["close", "close-microtask", "close-tick"],
                ] {
                    let log = log.clone();
                    client.on(words[0], move |_| {
                        log.say(words[0]);
                        queue_microtask(log.word(words[1]));
                        next_tick(log.word(words[2]));
                    });
                }
            },
        );
    }),
    ("one side sends and the other ends", |log| {
        let log = log.clone();
        serve(
            |socket| {
                for text in [&b"one"[..], b"two", b"three"] {
                    socket.write(text);
                }
                socket.end();
            },
            move |door| {
                let client = door.connect();
                client.end();
                count(&log, "client", &client);
                watch(&log, "client", &client);
            },
        );
    }),
];
