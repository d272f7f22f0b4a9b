//! `pause` and `resume`, and back-pressure both ways.

use crate::{
    Program,
    kit::{Emits, count, later, length, lengths, serve, watch, watch_some},
};
use std::{cell::Cell, rc::Rc};
use wirebook_net::{
    next_tick,
    node::{HIGH_WATER_MARK, Socket},
    queue_microtask,
};

const LARGE: usize = 10_000_000;

fn end_with(bytes: &'static [u8]) -> impl Fn(&Socket) + 'static {
    move |socket| {
        socket.write(bytes);
        socket.end();
    }
}

/// Writes now, and writes and ends later.
fn write_and_later(now: &'static [u8], milliseconds: u64, then: &'static [u8]) -> impl Fn(&Socket) + 'static {
    move |socket| {
        if !now.is_empty() {
            socket.write(now);
        }
        let socket = socket.clone();
        later(milliseconds, move || end_with(then)(&socket));
    }
}

pub(crate) const PROGRAMS: &[Program] = &[
    ("without a listener for data the bytes wait", |log| {
        let log = log.clone();
        serve(end_with(b"hello"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            later(30, move || {
                log.say("listen");
                lengths(&log, &client);
            });
        });
    }),
    ("without a listener for data an empty stream ends", |log| {
        let log = log.clone();
        serve(|socket| socket.end(), move |door| watch(&log, "client", &door.connect()));
    }),
    ("resumed without a listener the bytes are lost", |log| {
        let log = log.clone();
        serve(write_and_later(b"hello", 90, b"world"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.resume();
            let log = log.clone();
            later(50, move || {
                log.say("listen");
                lengths(&log, &client);
            });
        });
    }),
    ("paused in data and resumed later", |log| {
        let log = log.clone();
        serve(write_and_later(b"one", 20, b"four"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("data", move |client, event| {
                log.say(length(event));
                client.pause();
                let (client, log) = (client.clone(), log.clone());
                later(60, move || {
                    log.say("resume");
                    client.resume();
                });
            });
        });
    }),
    ("paused before connect nothing is read", |log| {
        let log = log.clone();
        serve(
            |socket| socket.end(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.pause();
                let log = log.clone();
                later(40, move || {
                    log.say("resume");
                    client.resume();
                });
            },
        );
    }),
    ("paused in connect nothing is read", |log| {
        let log = log.clone();
        serve(end_with(b"hello"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            lengths(&log, &client);
            client.when("connect", |client, _| client.pause());
            let log = log.clone();
            later(40, move || {
                log.say("resume");
                client.resume();
            });
        });
    }),
    ("paused with nothing waiting the end still comes", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.write(b"x");
                let socket = socket.clone();
                later(30, move || socket.end());
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("data", move |client, event| {
                    log.say(length(event));
                    client.pause();
                });
            },
        );
    }),
    ("paused with bytes waiting the end waits behind them", |log| {
        let log = log.clone();
        serve(write_and_later(b"x", 30, b"rest"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            let data = log.clone();
            client.when("data", move |client, event| {
                data.say(length(event));
                client.pause();
            });
            later(80, move || {
                log.say("resume");
                client.resume();
            });
        });
    }),
    ("a listener for data does not undo pause", |log| {
        let log = log.clone();
        serve(end_with(b"hello"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.pause();
            lengths(&log, &client);
            let log = log.clone();
            later(40, move || {
                log.say("resume");
                client.resume();
            });
        });
    }),
    ("resumed and paused at once stays paused", |log| {
        let log = log.clone();
        serve(end_with(b"hello"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            lengths(&log, &client);
            let (log, connect) = (log.clone(), log.clone());
            client.when("connect", move |client, _| {
                client.resume();
                client.pause();
                connect.say(client.is_paused());
            });
            later(40, move || {
                log.say("resume");
                client.resume();
                log.say(client.is_paused());
            });
        });
    }),
    ("is paused", |log| {
        let log = log.clone();
        serve(
            |socket| socket.end(),
            move |door| {
                let client = door.connect();
                log.say(client.is_paused());
                client.pause();
                log.say(client.is_paused());
                client.resume();
                log.say(client.is_paused());
            },
        );
    }),
    ("resume takes effect at a tick", |log| {
        let log = log.clone();
        serve(end_with(b"hello"), move |door| {
            let client = door.connect();
            lengths(&log, &client);
            client.pause();
            client.when("connect", |client, _| {
                client.resume();
                client.pause();
            });
            let log = log.clone();
            later(40, move || {
                next_tick(log.word("before"));
                client.resume();
                next_tick(log.word("after"));
                queue_microtask(log.word("microtask"));
                log.say("main");
            });
        });
    }),
    ("once is served and the rest is lost", |log| {
        let log = log.clone();
        serve(write_and_later(b"one", 30, b"three"), move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.once("data", move |event| log.say(length(event)));
        });
    }),
    ("a paused reader holds the writer back", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| {
                socket.pause();
                let (socket, log) = (socket.clone(), server.clone());
                later(60, move || {
                    log.say("resume");
                    count(&log, "server", &socket);
                    socket.resume();
                });
            },
            move |door| {
                let client = door.connect();
                watch_some(&log, "client", &client, "drain close");
                let log = log.clone();
                client.when("connect", move |client, _| log.say(client.write(&vec![0; LARGE])));
                client.when("drain", |client, _| client.end());
                client.resume();
            },
        );
    }),
    ("a reader without a listener holds the writer back", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| {
                let (socket, log) = (socket.clone(), server.clone());
                later(60, move || {
                    log.say("listen");
                    count(&log, "server", &socket);
                });
            },
            move |door| {
                let client = door.connect();
                watch_some(&log, "client", &client, "drain close");
                let log = log.clone();
                client.when("connect", move |client, _| log.say(client.write(&vec![0; LARGE])));
                client.when("drain", |client, _| client.end());
                client.resume();
            },
        );
    }),
    ("a small write needs no drain", |log| {
        let log = log.clone();
        serve(
            |socket| socket.resume(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("connect", move |client, _| {
                    log.say(client.write(&[0; HIGH_WATER_MARK - 1]));
                    let client = client.clone();
                    later(20, move || client.end());
                });
                client.resume();
            },
        );
    }),
    ("a write that the kernel does not take whole asks for one drain", |log| {
        let log = log.clone();
        serve(
            |socket| socket.resume(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("connect", move |client, _| {
                    log.say(client.write(&vec![0; LARGE]));
                    next_tick(log.word("tick"));
                    queue_microtask(log.word("microtask"));
                });
                client.when("drain", |client, _| client.end());
                client.resume();
            },
        );
    }),
    ("what the kernel took does not count", |log| {
        let log = log.clone();
        serve(
            |socket| socket.resume(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("connect", move |client, _| {
                    log.say(client.write(&[0; HIGH_WATER_MARK]));
                    log.say(client.write(b"x"));
                    let client = client.clone();
                    later(20, move || client.end());
                });
                client.resume();
            },
        );
    }),
    ("what waits for the connection counts", |log| {
        let log = log.clone();
        serve(
            |socket| socket.resume(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                log.say(client.write(&[0; HIGH_WATER_MARK - 1]));
                log.say(client.write(b"x"));
                client.resume();
                later(30, move || client.end());
            },
        );
    }),
    ("after end no drain", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| count(&server, "server", socket),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("connect", move |client, _| {
                    log.say(client.write(&vec![0; LARGE]));
                    client.end();
                });
                client.resume();
            },
        );
    }),
    ("a producer that minds drain", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| count(&server, "server", socket),
            move |door| {
                let client = door.connect();
                let left = Rc::new(Cell::new(3));
                for event in ["connect", "drain"] {
                    let (log, left) = (log.clone(), left.clone());
                    client.when(event, move |client, _| match left.get() {
                        0 => client.end(),
                        more => {
                            left.set(more - 1);
                            log.say(client.write(&vec![0; LARGE]));
                        }
                    });
                }
                client.resume();
            },
        );
    }),
    ("drain, then a small write and the end", |log| {
        let (log, server) = (log.clone(), log.clone());
        serve(
            move |socket| {
                let (socket, log) = (socket.clone(), server.clone());
                later(30, move || count(&log, "server", &socket));
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                let (connect, drain) = (log.clone(), log.clone());
                client.when("connect", move |client, _| connect.say(client.write(&vec![0; LARGE])));
                client.when("drain", move |client, _| {
                    drain.say(client.write(b"small"));
                    client.end();
                });
                client.resume();
            },
        );
    }),
];
