//! The table: a name, the program in Rust, its twin for Node, and the order in which both speak.

use crate::Log;
use std::{cell::Cell, rc::Rc, time::Duration};
use wirebook_net::{
    self as net,
    node::{Event, Server, Socket},
};

pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) rust: fn(Log),
    pub(crate) node: &'static str,
    pub(crate) order: &'static str,
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Calls `then` from an I/O callback: when a file was read.
fn after_reading(then: impl FnOnce() + 'static) {
    net::spawn(async move {
        net::read_file("Cargo.toml").await.expect("tests run in the crate's folder");
        then();
    });
}

/// A tick that queues a tick, so many times.
fn tick_chain(left: u32, last: impl FnOnce() + 'static) {
    match left {
        0 => last(),
        left => net::next_tick(move || tick_chain(left - 1, last)),
    }
}

fn microtask_chain(left: u32, last: impl FnOnce() + 'static) {
    match left {
        0 => last(),
        left => net::queue_microtask(move || microtask_chain(left - 1, last)),
    }
}

pub(crate) const PROGRAMS: &[Program] = &[
    Program {
        name: "main, ticks, microtasks, then the loop",
        rust: |log| {
            net::set_timeout(log.word("timeout"), ms(0));
            net::queue_microtask(log.word("microtask"));
            net::next_tick(log.word("tick"));
            log.say("main");
        },
        node: "setTimeout(word('timeout'), 0); queueMicrotask(word('microtask')); \
               process.nextTick(word('tick')); say('main');",
        order: "main tick microtask timeout",
    },
    Program {
        name: "a tick queued by a tick runs before the microtasks",
        rust: |log| {
            net::queue_microtask(log.word("microtask"));
            net::next_tick(move || {
                log.say("tick");
                net::next_tick(log.word("inner tick"));
            });
        },
        node: "queueMicrotask(word('microtask')); \
               process.nextTick(() => { say('tick'); process.nextTick(word('inner tick')); });",
        order: "tick inner tick microtask",
    },
    Program {
        name: "a tick queued by a microtask waits for all microtasks",
        rust: |log| {
            let first = log.clone();
            net::queue_microtask(move || {
                first.say("one");
                net::next_tick(first.word("tick"));
                net::queue_microtask(first.word("three"));
            });
            net::queue_microtask(log.word("two"));
        },
        node: "queueMicrotask(() => { say('one'); process.nextTick(word('tick')); queueMicrotask(word('three')); }); \
               queueMicrotask(word('two'));",
        order: "one two three tick",
    },
    Program {
        name: "ticks and microtasks go on until both are empty",
        rust: |log| {
            net::set_timeout(log.word("timeout"), ms(0));
            net::next_tick(move || {
                log.say("t1");
                net::queue_microtask(move || {
                    log.say("m1");
                    net::next_tick(move || {
                        log.say("t2");
                        net::queue_microtask(log.word("m2"));
                    });
                });
            });
        },
        node: "setTimeout(word('timeout'), 0); process.nextTick(() => { say('t1'); queueMicrotask(() => { say('m1'); \
               process.nextTick(() => { say('t2'); queueMicrotask(word('m2')); }); }); });",
        order: "t1 m1 t2 m2 timeout",
    },
    Program {
        name: "a task's poll is a microtask",
        rust: |log| {
            let (one, two, three) = (log.word("one"), log.word("task"), log.word("three"));
            net::queue_microtask(one);
            net::spawn(async move { two() });
            net::queue_microtask(three);
            net::next_tick(log.word("tick"));
        },
        node: "queueMicrotask(word('one')); Promise.resolve().then(word('task')); queueMicrotask(word('three')); \
               process.nextTick(word('tick'));",
        order: "tick one task three",
    },
    Program {
        name: "a task that awaits another goes on in a later microtask",
        rust: |log| {
            let inner = log.clone();
            let outer = log.clone();
            net::spawn(async move {
                outer.say("outer");
                let joined = net::spawn(async move { inner.say("inner") });
                joined.await.expect("it does not panic");
                outer.say("outer again");
            });
            net::queue_microtask(log.word("other"));
        },
        node: "Promise.resolve().then(async () => { say('outer'); \
               await Promise.resolve().then(word('inner')); say('outer again'); }); queueMicrotask(word('other'));",
        order: "outer other inner outer again",
    },
    Program {
        name: "ticks and microtasks run between two timers",
        rust: |log| {
            let first = log.clone();
            net::set_timeout(
                move || {
                    first.say("timer one");
                    net::queue_microtask(first.word("microtask"));
                    net::next_tick(first.word("tick"));
                },
                ms(1),
            );
            net::set_timeout(log.word("timer two"), ms(1));
        },
        node: "setTimeout(() => { say('timer one'); queueMicrotask(word('microtask')); \
               process.nextTick(word('tick')); }, 1); setTimeout(word('timer two'), 1);",
        order: "timer one tick microtask timer two",
    },
    Program {
        name: "and between two immediates",
        rust: |log| {
            let first = log.clone();
            net::set_immediate(move || {
                first.say("one");
                net::queue_microtask(first.word("microtask"));
                net::next_tick(first.word("tick"));
            });
            net::set_immediate(log.word("two"));
        },
        node: "setImmediate(() => { say('one'); queueMicrotask(word('microtask')); process.nextTick(word('tick')); }); \
               setImmediate(word('two'));",
        order: "one tick microtask two",
    },
    Program {
        name: "an immediate of an immediate waits for the next turn",
        rust: |log| {
            let first = log.clone();
            net::set_immediate(move || {
                first.say("one");
                net::set_immediate(first.word("three"));
            });
            net::set_immediate(log.word("two"));
        },
        node: "setImmediate(() => { say('one'); setImmediate(word('three')); }); setImmediate(word('two'));",
        order: "one two three",
    },
    Program {
        name: "from an I/O callback the immediate comes before the timeout",
        rust: |log| {
            after_reading(move || {
                net::set_timeout(log.word("timeout"), ms(0));
                net::set_immediate(log.word("immediate"));
                log.say("read");
            });
        },
        node: "require('fs').readFile('Cargo.toml', () => { setTimeout(word('timeout'), 0); \
               setImmediate(word('immediate')); say('read'); });",
        order: "read immediate timeout",
    },
    Program {
        name: "from an I/O callback ticks and microtasks come before the immediate",
        rust: |log| {
            after_reading(move || {
                net::set_immediate(log.word("immediate"));
                net::set_immediate(log.word("immediate"));
                // In Rust this callback is a microtask already; a tick waits for the microtasks to be done.
                net::set_immediate(log.word("last"));
                net::next_tick(log.word("tick"));
            });
        },
        node: "require('fs').readFile('Cargo.toml', () => { setImmediate(word('immediate')); \
               setImmediate(word('immediate')); setImmediate(word('last')); process.nextTick(word('tick')); });",
        order: "tick immediate immediate last",
    },
    Program {
        name: "from a timer the immediate comes before the timeout",
        rust: |log| {
            net::set_timeout(
                move || {
                    net::set_timeout(log.word("timeout"), ms(0));
                    net::set_immediate(log.word("immediate"));
                },
                ms(0),
            );
        },
        node: "setTimeout(() => { setTimeout(word('timeout'), 0); setImmediate(word('immediate')); }, 0);",
        order: "immediate timeout",
    },
    Program {
        name: "a timer of a timer does not fire in the same phase",
        rust: |log| {
            let first = log.clone();
            net::set_timeout(
                move || {
                    first.say("one");
                    net::set_timeout(first.word("three"), ms(0));
                },
                ms(1),
            );
            net::set_timeout(log.word("two"), ms(1));
        },
        node: "setTimeout(() => { say('one'); setTimeout(word('three'), 0); }, 1); setTimeout(word('two'), 1);",
        order: "one two three",
    },
    Program {
        name: "timers fire by deadline, then by age; zero counts as one",
        rust: |log| {
            net::set_timeout(log.word("40"), ms(40));
            net::set_timeout(log.word("20"), ms(20));
            net::set_timeout(log.word("1"), ms(1));
            net::set_timeout(log.word("0"), ms(0));
        },
        node: "setTimeout(word('40'), 40); setTimeout(word('20'), 20); setTimeout(word('1'), 1); \
               setTimeout(word('0'), 0);",
        order: "1 0 20 40",
    },
    Program {
        name: "a timer clears the one that is due after it",
        rust: |log| {
            let victim = Rc::new(Cell::new(None));
            let killer = victim.clone();
            net::set_timeout(move || net::clear(killer.get().expect("it is set")), ms(1));
            victim.set(Some(net::set_timeout(log.word("never"), ms(1))));
            net::set_timeout(log.word("after"), ms(1));
        },
        node: "let victim; setTimeout(() => clearTimeout(victim), 1); victim = setTimeout(word('never'), 1); \
               setTimeout(word('after'), 1);",
        order: "after",
    },
    Program {
        name: "an immediate clears the one behind it",
        rust: |log| {
            let victim = Rc::new(Cell::new(None));
            let killer = victim.clone();
            net::set_immediate(move || net::clear(killer.get().expect("it is set")));
            victim.set(Some(net::set_immediate(log.word("never"))));
            net::set_immediate(log.word("after"));
        },
        node: "let victim; setImmediate(() => clearImmediate(victim)); victim = setImmediate(word('never')); \
               setImmediate(word('after'));",
        order: "after",
    },
    Program {
        name: "an interval clears itself",
        rust: |log| {
            let handle = Rc::new(Cell::new(None));
            let (inner, count) = (handle.clone(), Cell::new(0));
            handle.set(Some(net::set_interval(
                move || {
                    log.say("interval");
                    net::next_tick(log.word("tick"));
                    count.set(count.get() + 1);
                    if count.get() == 3 {
                        net::clear(inner.get().expect("it is set"));
                    }
                },
                ms(1),
            )));
        },
        node: "let count = 0; const handle = setInterval(() => { say('interval'); process.nextTick(word('tick')); \
               if (++count === 3) clearInterval(handle); }, 1);",
        order: "interval tick interval tick interval tick",
    },
    Program {
        name: "a timer without a hold does not keep the loop",
        rust: |log| {
            net::set_timeout(log.word("never"), ms(3_600_000)).unref();
            net::set_timeout(log.word("held"), ms(1));
        },
        node: "setTimeout(word('never'), 3600000).unref(); setTimeout(word('held'), 1);",
        order: "held",
    },
    Program {
        name: "ticks starve the loop",
        rust: |log| {
            net::set_immediate(log.word("immediate"));
            net::queue_microtask(log.word("microtask"));
            tick_chain(20_000, log.word("last tick"));
        },
        node: "setImmediate(word('immediate')); queueMicrotask(word('microtask')); \
               const chain = (left) => left ? process.nextTick(chain, left - 1) : say('last tick'); chain(20000);",
        order: "last tick microtask immediate",
    },
    Program {
        name: "microtasks starve the loop",
        rust: |log| {
            net::set_immediate(log.word("immediate"));
            microtask_chain(20_000, log.word("last microtask"));
            net::next_tick(log.word("tick"));
        },
        node: "setImmediate(word('immediate')); process.nextTick(word('tick')); \
               const chain = (left) => left ? queueMicrotask(() => chain(left - 1)) : say('last microtask'); \
               chain(20000);",
        order: "tick last microtask immediate",
    },
    Program {
        name: "immediates that queue immediates starve nobody",
        rust: |log| {
            fn again(fired: Rc<Cell<bool>>, log: Log) {
                match fired.get() {
                    true => log.say("stopped"),
                    false => drop(net::set_immediate(move || again(fired, log))),
                }
            }
            let fired = Rc::new(Cell::new(false));
            again(fired.clone(), log.clone());
            net::set_timeout(
                move || {
                    log.say("timeout");
                    fired.set(true);
                },
                ms(1),
            );
        },
        node: "let fired = false; const again = () => fired ? say('stopped') : setImmediate(again); again(); \
               setTimeout(() => { say('timeout'); fired = true; }, 1);",
        order: "timeout stopped",
    },
    Program {
        name: "close callbacks come after the immediates",
        rust: |log| {
            let server = Server::new();
            let closer = server.clone();
            server.on("connection", move |event| {
                let Event::Connection(socket) = event else { return };
                closer.close();
                socket.write(b"x");
                socket.on("error", |_| {});
            });
            let client = Socket::connect(server.listen("127.0.0.1:0").expect("a free port"));
            let (socket, on_close) = (client.clone(), log.clone());
            client.on("data", move |_| {
                log.say("data");
                socket.destroy();
                net::set_immediate(log.word("immediate"));
            });
            client.on("close", move |_| on_close.say("close"));
        },
        node: "const net = require('net'); const server = net.createServer((socket) => { server.close(); \
               socket.write('x'); socket.on('error', () => {}); }).listen(0, '127.0.0.1', () => { \
               const client = net.connect(server.address().port, '127.0.0.1'); \
               client.on('data', () => { say('data'); client.destroy(); setImmediate(word('immediate')); }); \
               client.on('close', word('close')); });",
        order: "data immediate close",
    },
];
