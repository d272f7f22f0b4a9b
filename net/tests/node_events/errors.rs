//! The rule of errors: `error` before `close`, once each, and an error that nobody hears ends the loop.

use crate::{
    Program,
    kit::{Emits, later, mine, nobody, serve, swallow, watch, watch_some},
};
use wirebook_net::{
    next_tick,
    node::{HIGH_WATER_MARK, Socket},
    queue_microtask, set_immediate,
};

pub(crate) const PROGRAMS: &[Program] = &[
    ("refused", |log| {
        let log = log.clone();
        nobody(move |door| watch(&log, "client", &door.connect()));
    }),
    ("refused, and the queues", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.on("error", move |_| {
                next_tick(log.word("tick"));
                queue_microtask(log.word("microtask"));
                set_immediate(log.word("immediate"));
            });
        });
    }),
    ("refused with bytes waiting", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            log.say(client.write(&[0; HIGH_WATER_MARK]));
            client.end();
        });
    }),
    ("written in error", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("error", move |client, _| {
                log.say(client.write(b"x"));
                client.end();
            });
        });
    }),
    ("two listeners both hear", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            for (event, word) in [("error", "one"), ("error", "two"), ("close", "close")] {
                let say = log.word(word);
                client.on(event, move |_| say());
            }
        });
    }),
    ("unheard", |log| {
        let log = log.clone();
        nobody(move |door| watch_some(&log, "client", &door.connect(), "connect close"));
    }),
    ("unheard, given to destroy", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch_some(&log, "client", &client, "connect close");
            client.destroy_with(mine("mine"));
            log.say("main");
        });
    }),
    ("heard by once", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            let (heard, close) = (log.word("heard"), log.word("close"));
            client.once("error", move |_| heard());
            client.on("close", move |_| close());
        });
    }),
    ("a listener added before the tick hears", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            client.destroy_with(mine("mine"));
            watch(&log, "client", &client);
        });
    }),
    ("in one socket, the other goes on", |log| {
        let log = log.clone();
        nobody(move |refused| {
            let log = log.clone();
            serve(
                |socket| {
                    let socket = socket.clone();
                    later(30, move || socket.end());
                },
                move |door| {
                    watch(&log, "one", &refused.connect());
                    let two = door.connect();
                    watch_some(&log, "two", &two, "end close");
                    two.resume();
                },
            );
        });
    }),
    ("a port that cannot be", |log| watch(log, "client", &Socket::connect("127.0.0.1:99999"))),
    ("the connection is closed when error is heard", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            client.when("connect", |client, _| client.destroy_with(mine("mine")));
            let (error, close) = (log.clone(), log.word("close"));
            client.when("error", move |client, _| {
                error.say(client.is_destroyed());
                error.say(client.write(b"x"));
            });
            client.on("close", move |_| close());
        });
    }),
    ("a reset", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                socket.write(b"x");
            },
            |door| {
                let client = door.connect();
                client.pause();
                // What is unread when a connection is closed is answered by a reset.
                later(30, move || client.destroy());
            },
        );
    }),
    ("written to a peer that is gone", |log| {
        let log = log.clone();
        serve(
            |socket| socket.destroy(),
            move |door| {
                let client = door.connect_half_open();
                watch(&log, "client", &client);
                for (at, text) in [(20, &b"one"[..]), (60, b"two"), (100, b"three")] {
                    let (client, log) = (client.clone(), log.clone());
                    later(at, move || log.say(client.write(text)));
                }
            },
        );
    }),
    ("unheard, of a socket of a server", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch_some(&log, "server", socket, "end close");
                socket.destroy_with(mine("mine"));
            },
            |door| swallow(&door.connect()),
        );
    }),
    ("a connection that nobody accepted", |log| {
        let log = log.clone();
        serve(
            |socket| {
                swallow(socket);
                let socket = socket.clone();
                later(60, move || socket.destroy());
            },
            move |door| {
                door.connect().resume();
                let second = door.connect();
                watch_some(&log, "second", &second, "end error close");
                second.resume();
            },
        );
    }),
];
