//! `set_timeout`: once for each silence, armed again by what moves.

use crate::{
    Program,
    kit::{Emits, Log, STRETCH, later, serve, swallow, watch, watch_some},
};
use std::time::Duration;
use wirebook_net::node::Socket;

fn quiet(log: &Log, then: fn(&Log, &Socket)) {
    let log = log.clone();
    serve(swallow, move |door| {
        let client = door.connect();
        watch(&log, "client", &client);
        client.resume();
        then(&log, &client);
    });
}

fn limit(socket: &Socket, milliseconds: u64) {
    socket.set_timeout(Some(Duration::from_millis(milliseconds * STRETCH)));
}

fn end_later(socket: &Socket, milliseconds: u64) {
    let socket = socket.clone();
    later(milliseconds, move || socket.end());
}

fn write_later(socket: &Socket, milliseconds: u64) {
    let socket = socket.clone();
    later(milliseconds, move || {
        socket.write(b"x");
    });
}

pub(crate) const PROGRAMS: &[Program] = &[
    ("one silence is told once", |log| {
        quiet(log, |log, client| {
            limit(client, 20);
            let (client, log) = (client.clone(), log.clone());
            later(120, move || {
                log.say("end");
                client.end();
            });
        });
    }),
    ("switched off by zero", |log| {
        quiet(log, |_, client| {
            limit(client, 20);
            limit(client, 0);
            end_later(client, 80);
        });
    }),
    ("switched off by nothing", |log| {
        quiet(log, |_, client| {
            limit(client, 20);
            client.set_timeout(None);
            end_later(client, 80);
        });
    }),
    ("zero from the start", |log| {
        quiet(log, |_, client| {
            limit(client, 0);
            end_later(client, 30);
        });
    }),
    ("set twice is one timeout", |log| {
        quiet(log, |_, client| {
            limit(client, 20);
            limit(client, 40);
            end_later(client, 150);
        });
    }),
    ("set twice, the second counts", |log| {
        quiet(log, |log, client| {
            limit(client, 20);
            limit(client, 80);
            later(50, log.word("not-yet"));
            end_later(client, 160);
        });
    }),
    ("a write arms it again", |log| {
        quiet(log, |log, client| {
            limit(client, 30);
            later(100, log.word("write"));
            write_later(client, 100);
            end_later(client, 200);
        });
    }),
    ("set again in its own listener", |log| {
        quiet(log, |_, client| {
            limit(client, 20);
            let again = client.clone();
            client.once("timeout", move |_| limit(&again, 20));
            end_later(client, 120);
        });
    }),
    ("switched off in its own listener", |log| {
        quiet(log, |_, client| {
            limit(client, 20);
            let off = client.clone();
            client.once("timeout", move |_| {
                limit(&off, 0);
                off.write(b"x");
            });
            end_later(client, 100);
        });
    }),
    ("writes put it off", |log| {
        quiet(log, |log, client| {
            limit(client, 80);
            [30, 60, 90, 120].iter().for_each(|at| write_later(client, *at));
            later(140, log.word("not-yet"));
            end_later(client, 290);
        });
    }),
    ("bytes that come put it off", |log| {
        let log = log.clone();
        serve(
            |socket| {
                [30, 60, 90, 120].iter().for_each(|at| write_later(socket, *at));
                end_later(socket, 290);
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                limit(&client, 80);
                later(140, log.word("not-yet"));
                client.resume();
            },
        );
    }),
    ("the connection stays open", |log| {
        quiet(log, |log, client| {
            limit(client, 20);
            let (timeout, end) = (log.clone(), log.clone());
            client.when("timeout", move |client, _| {
                timeout.say(client.write(b"x"));
                limit(client, 0);
            });
            let client = client.clone();
            later(60, move || {
                end.say("end");
                client.end();
            });
        });
    }),
    ("destroy takes it back", |log| {
        quiet(log, |log, client| {
            limit(client, 20);
            client.when("connect", |client, _| client.destroy());
            later(60, log.word("later"));
        });
    }),
    ("it does not hold the loop", |log| {
        let log = log.clone();
        serve(
            |socket| {
                limit(socket, 60_000);
                socket.end();
                socket.resume();
            },
            move |door| {
                let client = door.connect();
                limit(&client, 60_000);
                watch(&log, "client", &client);
                client.resume();
            },
        );
    }),
    ("on the server's side", |log| {
        let log = log.clone();
        serve(
            move |socket| {
                watch(&log, "server", socket);
                limit(socket, 20);
                socket.when("timeout", |socket, _| socket.end());
                socket.resume();
            },
            |door| door.connect().resume(),
        );
    }),
    ("the longest never comes", |log| {
        quiet(log, |_, client| {
            client.set_timeout(Some(Duration::MAX));
            end_later(client, 20);
        });
    }),
    ("one millisecond", |log| {
        quiet(log, |_, client| {
            client.when("connect", |client, _| limit(client, 1));
            end_later(client, 60);
        });
    }),
    ("less than one millisecond", |log| {
        quiet(log, |_, client| {
            client.when("connect", |client, _| client.set_timeout(Some(Duration::from_nanos(1))));
            end_later(client, 60);
        });
    }),
    ("bytes that come while paused put it off", |log| {
        let log = log.clone();
        serve(
            |socket| {
                [30, 60, 90, 120].iter().for_each(|at| write_later(socket, *at));
                end_later(socket, 290);
            },
            move |door| {
                let client = door.connect();
                watch(&log, "client", &client);
                limit(&client, 80);
                let pauser = client.clone();
                client.once("data", move |_| pauser.pause());
                later(140, log.word("not-yet"));
                later(300, move || client.resume());
            },
        );
    }),
    ("a write that does not move does not put it off", |log| {
        let log = log.clone();
        serve(
            |socket| {
                socket.pause();
                let socket = socket.clone();
                later(120, move || socket.destroy());
            },
            move |door| {
                let client = door.connect();
                watch_some(&log, "client", &client, "connect timeout drain close");
                client.on("error", |_| {});
                client.when("connect", |client, _| {
                    limit(client, 50);
                    client.write(&vec![0; 10_000_000]);
                });
                client.resume();
            },
        );
    }),
];
