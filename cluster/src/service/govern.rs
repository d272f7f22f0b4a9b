//! A master and its machine: signals, an operator at the control socket, systemd, and whoever waits for it to be ready.

use super::heritage::Heritage;
use crate::{
    driver::{Master, Options},
    farewell::either,
    host::{Background, Control, Hold, Listed, Listing, Notify, Place, Reply, Request, watchdog},
    supervisor::{MAX_WORKERS, State},
};
use std::{
    cell::{Cell, RefCell},
    future::pending,
    io,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{self as net, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
use wirebook_process::{Channel, bury_orphans};

/// How long a log may take for what is left, at the end.
const LAST_LINES: Duration = Duration::from_secs(2);

/// How long a new master waits for the old one to say that it is the master.
const LAST_WORD: Duration = Duration::from_secs(2);

type Held = Rc<RefCell<Option<Hold>>>;

// ANCHOR: govern
/// Runs a master until all has ended, and gives the code that the process should end with. On a running loop.
///
/// It begins with what it was started with: listeners of a service manager (`LISTEN_FDS`), or the place of another master. It
/// holds its name, and answers at its place. It heeds signals: TERM and INT let all leave, and said twice, break off; QUIT ends all at
/// once; HUP replaces the workers by new ones, of what the program's file is then; TTIN and TTOU are one worker more or fewer; USR1
/// opens the log anew; USR2 has this program started anew in its place. It tells systemd how it is (`NOTIFY_SOCKET`), and that it
/// lives (`WATCHDOG_USEC`). As the first process of a system it buries orphans.
///
/// # Errors
/// Those of listening; `AddrInUse` when another process has its name.
pub async fn govern(options: Options, mut background: Background) -> io::Result<u8> {
    let result = run_master(options, &mut background).await;
    match &result {
        Err(error) => background.failed(&error.to_string()).await,
        Ok(_) => background.failed("it ended before it served").await,
    }
    result
}

async fn run_master(options: Options, background: &mut Background) -> io::Result<u8> {
    let heritage = Heritage::take()?;
    let place = options.place.clone();
    let hold = match (&place, heritage.hold) {
        (Some(place), Some(number)) => Some(Hold::shared(wirebook_process::inherited(number)?, &place.pid_file())?),
        (Some(place), None) => {
            let hold = Hold::take(&place.pid_file())?;
            place.tidy();
            Some(hold)
        }
        (None, _) => None,
    };
    // Whoever hears of its first port may tell it something.
    let signals = net::signals(&[SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2]);
    let master = Master::begin(options, heritage.begin)?;
    let hold: Held = Rc::new(RefCell::new(hold));
    let heeds = net::spawn(heed(master.clone(), signals, hold.clone()));
    let buries = (std::process::id() == 1).then(|| net::spawn(bury(net::signals(&[SIGCHLD]))));
    let code = lead(&master, place.as_ref(), heritage.old, &hold, background).await;
    if code.is_err() {
        // Nobody could tell it to leave.
        master.quit();
        master.ended().await;
    }
    if let Some(log) = master.log() {
        log.flush(LAST_LINES).await;
    }
    heeds.abort();
    buries.inspect(|buries| buries.abort());
    code
}

/// Leads it until it ends: answers, and tells how it is.
async fn lead(
    master: &Master,
    place: Option<&Place>,
    old: Option<Channel>,
    hold: &Held,
    background: &mut Background,
) -> io::Result<u8> {
    let listen = || place.map(|place| Control::listen(&place.socket())).transpose();
    // One that takes another's place begins to answer when it has it.
    let early = if old.is_none() { listen()? } else { None };
    let serving = async {
        let ready = get_ready(master, background);
        let control = match old {
            None => {
                let early = early.as_ref();
                let _ = either(ready, answer_all(early, master)).await;
                return answer_and_tell(early, master).await;
            }
            Some(old) => {
                ready.await;
                // Whoever reads the new number is answered by the new one.
                let control = listen()?;
                if let Some(hold) = &mut *hold.borrow_mut() {
                    hold.write()?;
                }
                // One that is gone has left its place all the same.
                let _ = old.send("ready").await;
                let _ = net::timeout(LAST_WORD, async { while let Ok(Some(_)) = old.next().await {} }).await;
                control
            }
        };
        answer_and_tell(control.as_ref(), master).await
    };
    match either(master.ended(), serving).await {
        Ok(code) => Ok(code),
        Err(failed) => failed,
    }
}
// ANCHOR_END: govern

/// Waits until all workers serve, and tells whoever waits for it. One who waits does not wait for a miracle: when too many workers
/// have died, that is told, and all is over.
async fn get_ready(master: &Master, background: &mut Background) {
    master.until(|| master.all_ready() || (master.is_degraded() && background.is_awaited())).await;
    if master.all_ready() {
        let addresses: Vec<String> = master.addresses().iter().map(ToString::to_string).collect();
        return background.ready(&addresses.join(" ")).await;
    }
    background.failed("too many workers have died before they served").await;
    master.leave();
    pending().await
}

async fn answer_all(control: Option<&Control>, master: &Master) {
    let master = master.clone();
    match control {
        Some(control) => control.serve(async move |request, from| answer(&master, request, from).await).await,
        None => pending().await,
    }
}

async fn answer_and_tell(control: Option<&Control>, master: &Master) -> io::Result<u8> {
    let _ = either(answer_all(control, master), tell(master, &Notify::from_env())).await;
    pending().await
}

async fn heed(master: Master, mut signals: net::Signals, hold: Held) {
    let replacing = Rc::new(Cell::new(false));
    while let Ok(signal) = (&mut signals).await {
        match signal {
            SIGHUP => master.reload(),
            SIGTTIN => master.scale(master.wanted() + 1),
            SIGTTOU => master.scale(master.wanted() - 1),
            SIGQUIT => master.quit(),
            SIGUSR1 => master.reopen_log(),
            SIGUSR2 if !replacing.replace(true) => {
                let (master, hold, replacing) = (master.clone(), hold.clone(), replacing.clone());
                net::spawn(async move {
                    let held = hold.borrow_mut().take();
                    master.clone().be_replaced(held.as_ref()).await;
                    if !master.is_replaced() {
                        *hold.borrow_mut() = held;
                    }
                    replacing.set(false);
                });
            }
            SIGUSR2 => {}
            _ => master.leave(),
        }
    }
}

/// Buries whoever was left to this process.
async fn bury(mut signals: net::Signals) {
    loop {
        bury_orphans();
        if (&mut signals).await.is_err() {
            return;
        }
    }
}

/// Tells whoever watches over this process how it is.
async fn tell(master: &Master, notify: &Notify) {
    if !notify.is_heard() {
        return pending().await;
    }
    let alive = async {
        let Some(limit) = watchdog() else { return pending().await };
        loop {
            notify.tell("WATCHDOG=1");
            // Half of it, as sd_watchdog_enabled(3) has it.
            net::sleep(limit / 2).await;
        }
    };
    let said = async {
        let mut before = (false, false, String::new());
        loop {
            let status = format!("STATUS={} of {} workers serve", master.ready(), master.wanted());
            let now = (master.is_reloading(), master.is_leaving(), status);
            match () {
                // Whoever was replaced is not what is watched any more.
                () if master.is_replaced() => return pending().await,
                () if now.1 && !before.1 => notify.tell("STOPPING=1"),
                () if now.0 && !before.0 => notify.reloading(),
                () if !now.0 && (before.0 || before.2.is_empty()) => notify.tell("READY=1"),
                () => {}
            }
            if now.2 != before.2 {
                notify.tell(&now.2);
            }
            before = now;
            master.changed().await;
        }
    };
    let _: Result<(), ()> = either(alive, said).await;
}

async fn answer(master: &Master, request: Request, operator: Channel) -> io::Result<()> {
    let done = |said: String| Reply::Done { said };
    match request {
        Request::List => operator.send(&Reply::Listing(listing(master))).await,
        Request::Reload => {
            master.reload();
            master.until(|| !master.is_reloading()).await;
            let reply = match master.last_reload() {
                Some((generation, true)) => done(format!("all workers are of generation {generation}")),
                Some((generation, false)) => Reply::Refused {
                    reason: format!("generation {generation} died before it was ready, and what serves stays"),
                },
                None => Reply::Refused { reason: "all leave".into() },
            };
            operator.send(&reply).await
        }
        Request::Scale { .. } if master.is_leaving() => {
            operator.send(&Reply::Refused { reason: "all leave".into() }).await
        }
        Request::Scale { workers } if (1..=MAX_WORKERS).contains(&workers) => {
            master.scale(workers);
            let are = if workers == 1 { "worker is" } else { "workers are" };
            operator.send(&done(format!("{workers} {are} wanted"))).await
        }
        Request::Scale { .. } => {
            operator.send(&Reply::Refused { reason: format!("a cluster has 1 to {MAX_WORKERS} workers") }).await
        }
        Request::Stop { now } => {
            if now {
                master.quit()
            } else {
                master.leave()
            }
            operator.send(&done("all leave".into())).await?;
            // The end of the connection says that it is over.
            let _ = either(master.ended(), operator.next()).await;
            Ok(())
        }
        Request::Logs { lines, follow } => logs(master, lines, follow, &operator).await,
        Request::Reopen => {
            master.reopen_log();
            operator.send(&done("the log is opened anew".into())).await
        }
    }
}

async fn logs(master: &Master, lines: usize, follow: bool, operator: &Channel) -> io::Result<()> {
    let Some(log) = master.log() else {
        let reason = "what its workers write goes to its own standard output and error".into();
        return operator.send(&Reply::Refused { reason }).await;
    };
    let follower = follow.then(|| log.follow());
    for line in log.recent(lines) {
        operator.send(&Reply::Line(line)).await?;
    }
    let Some(follower) = follower else { return operator.send(&Reply::Done { said: "these are all".into() }).await };
    let lines = async {
        loop {
            operator.send(&Reply::Line(follower.next().await)).await?;
        }
    };
    // One that says anything, or goes away, has seen enough.
    match either(lines, operator.next()).await {
        Ok(result) => result,
        Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

fn listing(master: &Master) -> Listing {
    let options = master.options();
    let now = net::now();
    let state = match () {
        () if master.is_leaving() => "leaves",
        () if master.is_degraded() => "degraded",
        () if master.is_reloading() => "reloads",
        () if master.all_ready() => "serves",
        () => "starts",
    };
    let workers = master.workers().into_iter().map(|seen| Listed {
        worker: seen.view.worker,
        slot: seen.view.slot,
        generation: seen.view.generation,
        state: word(seen.view.state),
        pid: seen.pid,
        open: (!seen.is_guest).then_some(seen.open),
        up: now.saturating_duration_since(seen.view.began).as_secs_f64(),
    });
    Listing {
        name: options.place.as_ref().map_or_else(String::new, |place| place.name().to_owned()),
        pid: std::process::id(),
        program: master.command_line(),
        state: state.into(),
        policy: options.policy.to_string(),
        addresses: master.addresses(),
        wanted: master.wanted(),
        up: master.up().as_secs_f64(),
        log: master.log().and_then(|log| log.path().map(Into::into)),
        workers: workers.collect(),
    }
}

fn word(state: State) -> String {
    format!("{state:?}").to_lowercase()
}
