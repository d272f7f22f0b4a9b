//! `destroy` in every state: nothing follows but an error that was given, and one `close`.

use crate::{
    Program,
    kit::{Emits, STRETCH, count, later, mine, nobody, serve, serve_a_while, swallow, watch, watch_some},
};
use std::time::Duration;
use wirebook_net::{next_tick, queue_microtask, set_immediate};

pub(crate) const PROGRAMS: &[Program] = &[
    ("before connecting", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.destroy();
        });
    }),
    ("twice", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.destroy();
            client.destroy();
        });
    }),
    ("while connecting", |log| {
        let log = log.clone();
        serve_a_while(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            next_tick(move || client.destroy());
        });
    }),
    ("while connecting to nobody, with nobody listening to error", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch_some(&log, "client", &client, "connect close");
            next_tick(move || client.destroy());
            later(20, log.word("later"));
        });
    }),
    ("while connecting, with bytes waiting", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            log.say(client.write(b"lost"));
            client.end();
            client.destroy();
        });
    }),
    ("in connect", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.when("connect", |client, _| client.destroy());
        });
    }),
    ("in connect, seen by the server", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                socket.resume();
            },
            |door| door.connect().when("connect", |client, _| client.destroy()),
        );
    }),
    ("in connection", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                socket.destroy();
            },
            |door| door.connect().resume(),
        );
    }),
    ("in connection, seen by the client", |log| {
        let log = log.clone();
        serve(
            |socket| socket.destroy(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.resume();
            },
        );
    }),
    ("in the first data", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.on("error", |_| {});
                socket.write(&vec![0; 3_000_000]);
            },
            move |door| {
                let client = door.connect();
                watch_some(&log, "client", &client, "connect data end error close");
                client.when("data", |client, _| client.destroy());
            },
        );
    }),
    ("in the first data, with more that waited", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.on("error", |_| {});
                socket.write(b"one");
                let socket = socket.clone();
                later(20, move || {
                    socket.write(b"two");
                    socket.end();
                });
            },
            move |door| {
                let client = door.connect();
                client.pause();
                client.when("connect", |client, _| {
                    client.resume();
                    client.pause();
                });
                let log = log.clone();
                later(60, move || {
                    watch_some(&log, "client", &client, "data end error close");
                    client.when("data", |client, _| client.pause());
                    client.resume();
                    let again = client.clone();
                    client.once("data", move |_| {
                        let (client, log) = (again.clone(), log.clone());
                        later(5, move || {
                            log.say("again");
                            client.destroy();
                            client.resume();
                        });
                    });
                });
            },
        );
    }),
    ("in end", |log| {
        let log = log.clone();
        serve(
            |socket| socket.end(),
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                client.when("end", |client, _| client.destroy());
                client.resume();
            },
        );
    }),
    ("after end", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.end();
                swallow(socket);
            },
            move |door| {
                let client = door.connect_half_open();
                watch(&log, "client", &client);
                let log = log.clone();
                client.when("end", move |client, _| {
                    let (client, log) = (client.clone(), log.clone());
                    later(10, move || {
                        log.say("now");
                        client.destroy();
                    });
                });
                client.resume();
            },
        );
    }),
    ("after one's own end", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.when("connect", |client, _| {
                client.end();
                client.destroy();
            });
        });
    }),
    ("in error", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            let sayer = log.clone();
            client.when("error", move |client, _| {
                sayer.say("destroy");
                client.destroy();
            });
            watch(&log, "client", &client);
        });
    }),
    ("in close", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.when("close", |client, _| client.destroy());
            client.destroy();
        });
    }),
    ("in drain", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.when("connect", |client, _| {
                client.write(&vec![0; 10_000_000]);
            });
            client.when("drain", |client, _| client.destroy());
        });
    }),
    ("in timeout", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.set_timeout(Some(Duration::from_millis(20 * STRETCH)));
            client.when("timeout", |client, _| client.destroy());
        });
    }),
    ("before drain", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("connect", move |client, _| {
                log.say(client.write(&vec![0; 10_000_000]));
                client.destroy();
            });
        });
    }),
    ("with an error", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.when("connect", |client, _| client.destroy_with(mine("mine")));
        });
    }),
    ("with an error, before connecting", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.destroy_with(mine("mine"));
        });
    }),
    ("with two errors", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.destroy_with(mine("first"));
            client.destroy_with(mine("second"));
        });
    }),
    ("first without an error, then with one", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.destroy();
            client.destroy_with(mine("mine"));
        });
    }),
    ("with an error in error", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            client.when("error", |client, _| client.destroy_with(mine("second")));
        });
    }),
    ("then write and end", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("connect", move |client, _| {
                client.destroy();
                log.say(client.write(b"lost"));
                client.end();
            });
        });
    }),
    ("then pause, resume and a timeout", |log| {
        let log = log.clone();
        serve(swallow, move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("connect", move |client, _| {
                client.destroy();
                client.set_timeout(Some(Duration::from_millis(1)));
                client.pause();
                client.resume();
                later(20, log.word("later"));
            });
        });
    }),
    ("and the queues", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            set_immediate(log.word("immediate"));
            queue_microtask(log.word("microtask"));
            next_tick(log.word("tick"));
            client.destroy();
            log.say("main");
        });
    }),
    ("with an error, and the queues", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let inner = log.clone();
            client.when("error", move |_, _| next_tick(inner.word("inner-tick")));
            set_immediate(log.word("immediate"));
            queue_microtask(log.word("microtask"));
            next_tick(log.word("before"));
            client.destroy_with(mine("mine"));
            next_tick(log.word("after"));
            log.say("main");
        });
    }),
    ("two in one callback", |log| {
        let log = log.clone();
        nobody(move |door| {
            let [one, two, three] = ["one", "two", "three"].map(|name| {
                let socket = door.connect();
                watch_some(&log, name, &socket, "connect end drain timeout close");
                socket.on("error", |_| {});
                socket
            });
            one.on("close", move |_| three.destroy());
            next_tick(move || {
                one.destroy();
                two.destroy();
            });
        });
    }),
    ("with bytes on their way", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                count(&log, "server", socket);
            },
            |door| {
                door.connect().when("connect", |client, _| {
                    client.write(b"sent");
                    client.destroy();
                });
            },
        );
    }),
    ("in data, and the other listener is still called", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.on("error", |_| {});
                socket.write(b"x");
            },
            move |door| {
                let client = door.connect();
                let (one, two) = (log.clone(), log.word("two"));
                client.when("data", move |client, _| {
                    one.say("one");
                    client.destroy();
                });
                client.on("data", move |_| two());
                watch(&log, "client", &client);
            },
        );
    }),
    ("in close, with an error, a write and an end", |log| {
        let log = log.clone();
        nobody(move |door| {
            let client = door.connect();
            watch(&log, "client", &client);
            let log = log.clone();
            client.when("close", move |client, _| {
                client.destroy_with(mine("late"));
                log.say(client.write(b"x"));
                client.end();
            });
            client.destroy();
        });
    }),
    ("in resumed bytes of several chunks", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.on("error", |_| {});
                socket.write(b"one");
                let socket = socket.clone();
                later(20, move || {
                    socket.write(b"two");
                });
            },
            move |door| {
                let client = door.connect();
                client.when("connect", |client, _| {
                    client.resume();
                    let client = client.clone();
                    later(5, move || client.pause());
                });
                watch(&log, "client", &client);
                let pauser = client.clone();
                client.once("data", move |_| pauser.pause());
                let log = log.clone();
                later(60, move || {
                    log.say("resume");
                    let inner = log.clone();
                    client.when("data", move |client, _| {
                        inner.say("data");
                        client.destroy();
                    });
                    client.resume();
                });
            },
        );
    }),
];
