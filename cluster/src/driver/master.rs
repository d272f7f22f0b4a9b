//! The master: it does what the supervisor orders, and tells it what happens. It runs nothing of the program's own.

use super::{
    hand::{Hand, Hands},
    news::News,
    options::Options,
    port::{Begin, MAX_PORTS, Open, Port},
    post::Post,
    program::{Pinned, Program},
    wire::{self, Said, Told},
};
use crate::{
    farewell::either,
    host::{Log, cut},
    mail::Peer,
    policy::{self, Policy},
    supervisor::{self, Event, Order, State, Supervisor},
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use wirebook_net::{self as net, Address, SIGKILL};
use wirebook_process::{Handle, Kind};

/// How long a worker whose channel has ended may take to end itself; and a channel, after its worker has.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Octets of the reason for which a worker is killed.
const MAX_REASON: usize = 512;

/// A running master. Clones are the same; dropping them changes nothing.
#[derive(Clone)]
pub struct Master(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub(super) options: Options,
    pub(super) supervisor: RefCell<Supervisor>,
    pub(super) hands: Hands,
    /// Addresses that the options name.
    named: RefCell<BTreeSet<SocketAddr>>,
    /// By what was asked for.
    pub(super) ports: RefCell<BTreeMap<(SocketAddr, usize), Rc<Port>>>,
    pub(super) last_key: Cell<u64>,
    /// What workers run, and what this process runs.
    pub(super) program: Program,
    pub(super) own_program: Program,
    pub(super) log: Option<Log>,
    pub(super) began: Instant,
    pub(super) leaving: Cell<bool>,
    /// The master that has taken this one's place.
    pub(super) replaced_by: Cell<Option<i32>>,
    /// How the last reload ended.
    pub(super) last_reload: Cell<Option<(u64, bool)>>,
    /// Raised whenever something may be different.
    pub(super) changed: net::Signal,
    /// By generation.
    pub(super) programs: RefCell<BTreeMap<u64, Rc<Pinned>>>,
    /// Raised when something has happened that the supervisor was told.
    pub(super) told: net::Signal,
    pub(super) has_news: Cell<bool>,
    pub(super) ended: Cell<Option<u8>>,
    pub(super) over: net::Signal,
    pub(super) post: Rc<Post>,
    /// It is the master of an agent, and of nobody else.
    pub(super) is_agents: bool,
    pub(super) helper: OnceCell<Master>,
    /// The supervisor's orders are obeyed.
    drives: Cell<bool>,
    /// Raised when something has happened to the agent.
    pub(super) agent_moved: net::Signal,
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Master").field("workers", &self.0.hands.borrow().len()).finish_non_exhaustive()
    }
}

impl Master {
    /// Starts a cluster on the running loop.
    ///
    /// # Errors
    /// Those of listening; when the program to start is this one, and the system does not say which file it is.
    ///
    /// # Panics
    /// When no loop runs on this thread.
    pub fn start(options: Options) -> io::Result<Master> {
        Master::begin(options, Begin::default())
    }

    /// The same, with what others have opened.
    pub(crate) fn begin(options: Options, begin: Begin) -> io::Result<Master> {
        let own_program = Program::this()?;
        let program = options.program.clone().unwrap_or_else(|| own_program.clone());
        let wanted = begin.wanted.unwrap_or_else(|| options.workers.count());
        let first = begin.generation.unwrap_or(options.supervisor.generation);
        let limits = supervisor::Options { workers: wanted, generation: first, ..options.supervisor };
        let programs = BTreeMap::from([(first, Rc::new(Pinned::new(&program)))]);
        let log = options.log.clone().map(Log::open).transpose()?;
        let master = Master(Rc::new(Inner {
            options,
            supervisor: RefCell::new(Supervisor::new(limits, net::now())),
            hands: Hands::default(),
            named: RefCell::default(),
            ports: RefCell::default(),
            last_key: Cell::new(0),
            program,
            own_program,
            log,
            began: net::now(),
            leaving: Cell::new(false),
            replaced_by: Cell::new(None),
            last_reload: Cell::new(None),
            changed: net::Signal::new(),
            programs: RefCell::new(programs),
            told: net::Signal::new(),
            has_news: Cell::new(false),
            ended: Cell::new(None),
            over: net::Signal::new(),
            is_agents: begin.of_agent.is_some(),
            post: begin.of_agent.unwrap_or_default(),
            helper: OnceCell::new(),
            drives: Cell::new(false),
            agent_moved: net::Signal::new(),
        }));
        master.0.post.join(master.0.hands.clone(), master.0.is_agents);
        if !master.0.is_agents {
            master.0.post.wants(master.wanted());
        }
        // Whoever does not begin keeps no port.
        master.open(begin.ports).inspect_err(|_| master.close_ports())?;
        net::spawn(master.clone().keep());
        Ok(master)
    }

    /// Opens its ports, and starts its agent.
    fn open(&self, passed: Vec<Open>) -> io::Result<()> {
        for Open { asked, queues, passed } in passed {
            self.add_port(asked, |key, policy, hands| Port::of(key, queues, policy, hands, passed))?;
        }
        for address in &self.0.options.listen {
            for asked in address.target().resolve_blocking()?.into_iter().take(1) {
                self.0.named.borrow_mut().insert(asked);
                self.port((asked, 0))?;
            }
        }
        if self.0.options.agent {
            // There is none yet.
            let _ = self.0.helper.set(self.start_agent()?);
        }
        Ok(())
    }

    fn close_ports(&self) {
        self.0.ports.take().values().for_each(|port| port.close());
    }

    /// Replaces all workers by those of a new generation, of what the program's file is now; the agent first.
    pub fn reload(&self) {
        match self.helper() {
            Some(agent) => agent.reload(),
            None => self.happened(Event::Reload),
        }
    }

    /// So many workers should serve: at least 1, and at most [`MAX_WORKERS`](supervisor::MAX_WORKERS); what lies outside is taken for the
    /// nearest of these. Nothing changes while all leave.
    pub fn scale(&self, workers: usize) {
        self.happened(Event::Scale(workers));
        self.0.post.wants(self.wanted());
    }

    /// Lets all leave; said twice, they break off. Who connects from now on is refused.
    pub fn leave(&self) {
        self.ports().iter().for_each(|port| port.last_call());
        self.happened(Event::Leave);
        if let Some(agent) = self.helper().filter(|_| !self.0.drives.get()) {
            agent.leave();
        }
    }

    /// Ends all at once.
    pub fn quit(&self) {
        self.happened(Event::Quit);
        if let Some(agent) = self.helper() {
            agent.quit();
        }
    }

    /// Opens the log's file anew: somebody has moved it.
    pub fn reopen_log(&self) {
        if let Some(log) = &self.0.log {
            log.reopen();
        }
    }

    /// Waits until all have ended, and says with which code this process should end.
    pub async fn ended(&self) -> u8 {
        self.0.over.until(|| self.0.ended.get()).await
    }

    pub(crate) fn news(&self, news: News) {
        if let Some(log) = &self.0.log
            && !matches!(news, News::Message { .. })
        {
            log.say(news.to_string());
        }
        if let Some(hook) = &self.0.options.news {
            hook(&news);
        }
    }

    /// Tells the supervisor. What a worker says out of place is the end of it.
    pub(crate) fn happened(&self, event: Event) {
        self.0.leaving.set(self.0.leaving.get() || matches!(event, Event::Leave | Event::Quit));
        let refused = self.0.supervisor.borrow_mut().on(event, net::now());
        if let Err(refused) = refused
            && let Event::Online(worker) | Event::Listening(worker) | Event::Ready(worker) | Event::Beat(worker) = event
        {
            self.misbehaves(worker, &refused.to_string());
        }
        // After a sign of life nothing is to be done, and nothing sooner.
        if !matches!(event, Event::Beat(_)) {
            self.wake();
        }
    }

    fn misbehaves(&self, worker: u64, reason: &str) {
        if let Some(hand) = self.hand(worker) {
            hand.leaves.set(true);
        }
        // Some of it may be what the worker said, which may be as long as a message.
        self.news(News::Broken { worker, reason: cut(reason, MAX_REASON).to_owned() });
        // One that is killed already is not killed twice.
        let _ = self.0.supervisor.borrow_mut().on(Event::Misbehaves(worker), net::now());
        self.wake();
    }

    /// Has what the supervisor orders now done.
    pub(super) fn wake(&self) {
        self.0.has_news.set(true);
        self.0.told.raise();
    }

    // ANCHOR: drive
    /// Does what the supervisor orders; wakes it when something happens, and when its time has come.
    pub(super) async fn drive(&self) -> u8 {
        self.0.drives.set(true);
        let code = self.drive_all().await;
        self.0.drives.set(false);
        code
    }

    async fn drive_all(&self) -> u8 {
        loop {
            loop {
                let order = self.0.supervisor.borrow_mut().order();
                let Some(order) = order else { break };
                if let Order::End(code) = order {
                    self.close_ports();
                    return code;
                }
                self.obey(order);
            }
            self.0.changed.raise();
            let deadline = self.0.supervisor.borrow().deadline();
            let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(net::now()));
            let told = self.0.told.until(|| self.0.has_news.replace(false).then_some(()));
            // What lies in the channels is heard before a time is up ([`net::sleep`]): it may be a sign of life, and this process the one
            // that was away.
            if net::timeout(left, told).await.is_err() {
                self.0.supervisor.borrow_mut().expire(net::now());
            }
        }
    }
    // ANCHOR_END: drive

    fn obey(&self, order: Order) {
        match order {
            Order::Start { worker, slot, generation } => {
                if let Err(error) = self.start_worker(worker, slot, generation) {
                    self.news(News::NotStarted { reason: error.to_string() });
                    // Not now: if its slot does not rest, the next start would follow within this turn, and the one after that.
                    let master = self.clone();
                    net::spawn(async move {
                        net::yield_now().await;
                        master.happened(Event::Ended(worker));
                    });
                }
            }
            Order::Leave(worker) => self.dismiss(worker),
            Order::Hurry(worker) => {
                self.tell(worker, &Told::Hurry);
                self.dismiss_guest(worker);
            }
            Order::Kill(worker) => {
                if let Some(hand) = self.hand(worker) {
                    if let Some(reason) = self.why_killed(&hand) {
                        self.news(News::Broken { worker, reason: reason.into() });
                    }
                    hand.leaves.set(true);
                    self.leave_ports(worker);
                    // That it has ended meanwhile is what is wanted.
                    let _ = hand.child.kill(SIGKILL);
                    self.0.post.tell_crew();
                }
            }
            Order::Reloaded(generation) => {
                self.close_unused(generation);
                self.0.programs.borrow_mut().retain(|known, _| *known >= generation);
                self.0.last_reload.set(Some((generation, true)));
                self.news(News::Reloaded(generation));
            }
            Order::NotReloaded(generation) => {
                self.0.last_reload.set(Some((generation, false)));
                self.news(News::NotReloaded(generation));
            }
            Order::GiveUp => self.news(News::GaveUp),
            Order::Recovered => self.news(News::Recovered),
            Order::End(_) => {}
        }
    }

    /// What is wrong with a worker that is to be killed, if that is not known yet: it was told to leave, or has broken a rule.
    fn why_killed(&self, hand: &Hand) -> Option<&'static str> {
        let state = self.0.supervisor.borrow().workers().find(|view| view.worker == hand.number)?.state;
        match state {
            State::Hung => Some("it gives no sign of life any more"),
            _ if hand.leaves.get() || self.0.leaving.get() => None,
            _ => Some("it was not ready in time"),
        }
    }

    fn hand(&self, worker: u64) -> Option<Rc<Hand>> {
        self.0.hands.borrow().get(&worker).cloned()
    }

    fn tell(&self, worker: u64, told: &Told) {
        // Who cannot be told, because it does not read, is killed when its time is up.
        let _ = self.hand(worker).map(|hand| hand.tell(told, None));
    }

    /// Gives a worker nothing more, and tells it so.
    fn dismiss(&self, worker: u64) {
        if let Some(hand) = self.hand(worker) {
            hand.leaves.set(true);
        }
        self.leave_ports(worker);
        self.tell(worker, &Told::Leave);
        self.0.post.tell_crew();
        self.dismiss_guest(worker);
    }

    fn dismiss_guest(&self, worker: u64) {
        if self.0.options.guests.is_some()
            && let Some(hand) = self.hand(worker)
        {
            hand.dismiss_guest();
        }
    }

    fn leave_ports(&self, worker: u64) {
        self.0.ports.borrow().values().for_each(|port| port.leave(worker));
    }

    /// Hears a worker until it has ended, and tidies up behind it.
    pub(super) async fn watch(self, hand: Rc<Hand>, attends: Option<net::JoinHandle<()>>) {
        let taking = net::spawn(self.clone().watch_room(hand.clone()));
        let heard = either(self.hear(&hand), hand.child.exited()).await;
        // What it said before it died is heard; and one that has closed its channel cannot serve.
        let rest = match heard {
            Ok(()) => net::timeout(LAST_WORDS, hand.child.exited()).await.is_ok(),
            Err(_) => net::timeout(LAST_WORDS, self.hear(&hand)).await.is_ok(),
        };
        // A guest may close what it does not know.
        let is_guest = attends.is_some() && !hand.speaks.get();
        if !rest && hand.child.ended().is_none() && !is_guest {
            self.misbehaves(hand.number, "its channel has ended, and it has not");
        }
        let exit = hand.child.exited().await;
        if !hand.leaves.get() {
            // What it has started dies with it, as it may hold the port. Who leaves in order may leave somebody behind that finishes.
            let _ = hand.child.kill(SIGKILL);
        }
        hand.channel.close();
        taking.abort();
        attends.inspect(|attends| attends.abort());
        self.leave_ports(hand.number);
        self.take_back(&hand);
        self.0.hands.borrow_mut().remove(&hand.number);
        self.0.post.left(&hand);
        for port in self.0.ports.borrow().values() {
            port.users.borrow_mut().remove(&hand.number);
            port.look_again();
        }
        self.news(News::Ended { worker: hand.number, exit, expected: hand.leaves.get() });
        self.happened(Event::Ended(hand.number));
    }

    /// Lets the ports know whenever a worker that had no room has some, or did not take what it was given. One that has room all the
    /// while changes nothing for them.
    async fn watch_room(self, hand: Rc<Hand>) {
        let mut before = (false, false);
        loop {
            let changed = || {
                let is_open = hand.channel.is_open();
                let now = (hand.channel.unanswered() < hand.untaken, is_open);
                let changed = std::mem::replace(&mut before, now) != now;
                (changed || (is_open && hand.channel.has_given_back())).then_some(is_open)
            };
            let is_open = hand.channel.until(changed).await;
            if is_open {
                self.take_back(&hand);
            }
            self.0.ports.borrow().values().for_each(|port| port.look_again());
        }
    }

    /// What a worker did not take is the next one's.
    fn take_back(&self, hand: &Hand) {
        for message in hand.channel.take_back() {
            let key = wire::connection_of(message.json());
            let port = self.0.ports.borrow().values().find(|port| Some(port.key) == key).cloned();
            if let (Some(port), Some(handle)) = (port, message.handle) {
                // As a rule it has no descriptor left; others have.
                port.spare(hand);
                port.take_back(handle.carried);
            }
        }
    }

    /// Reads what a worker says, until it has no more to say, or breaks a rule.
    async fn hear(&self, hand: &Rc<Hand>) {
        if let Err(error) = self.hear_all(hand).await {
            self.misbehaves(hand.number, &error.to_string());
        }
    }

    async fn hear_all(&self, hand: &Rc<Hand>) -> io::Result<()> {
        while let Some(message) = hand.channel.next_of_any().await? {
            self.0.supervisor.borrow_mut().heard(hand.number, net::now());
            if !message.is_internal() {
                self.news(News::Message { worker: hand.number, json: message.json().to_owned() });
            } else if let Some(said) = wire::read(message.json())? {
                self.heed(hand, said);
            }
        }
        Ok(())
    }

    fn heed(&self, hand: &Rc<Hand>, said: Said) {
        let worker = hand.number;
        hand.speaks.set(true);
        match said {
            Said::Online => self.happened(Event::Online(worker)),
            Said::QueryServer { seq, address, index } => self.give_port(hand, seq, (address, index)),
            Said::Listening { key } => {
                self.happened(Event::Listening(worker));
                if hand.is_ready.get() && !hand.leaves.get() {
                    self.0.ports.borrow().values().filter(|port| port.key == key).for_each(|port| port.join(worker));
                }
            }
            Said::Ready => {
                self.happened(Event::Ready(worker));
                hand.is_ready.set(true);
                if !hand.leaves.get() {
                    let ports = self.0.ports.borrow();
                    ports
                        .values()
                        .filter(|port| port.users.borrow().contains(&worker))
                        .for_each(|port| port.join(worker));
                }
                let (slot, generation, pid) = (hand.slot, hand.generation, hand.child.id());
                self.news(News::Ready { worker, pid, slot, generation });
                self.0.post.tell_crew();
            }
            Said::Beat { open } => {
                hand.open.set(open);
                self.happened(Event::Beat(worker));
                self.0.ports.borrow().values().for_each(|port| port.has_open(worker, open));
                if self.0.options.policy == Policy::Shared {
                    self.tell(worker, &Told::Mean { open: self.mean() });
                }
            }
            Said::ExitedAfterDisconnect => {
                // One that does not serve yet has nobody to wait for.
                if self.0.supervisor.borrow_mut().on(Event::Bows(worker), net::now()).is_err() {
                    self.happened(Event::Leaves(worker));
                    self.dismiss(worker);
                }
                self.wake();
            }
            Said::Leaves => {
                self.happened(Event::Leaves(worker));
                self.dismiss(worker);
            }
            Said::Look { seq } => {
                let workers =
                    self.workers().iter().map(|seen| Peer::new(seen.view, seen.pid, seen.open, net::now())).collect();
                // Who reads nothing sees nothing.
                let _ = hand.tell(&Told::Seen { seq, workers }, None);
            }
            said @ (Said::Send { .. } | Said::Run { .. } | Said::Ran { .. }) => {
                if let Err(reason) = self.0.post.say(hand, said) {
                    self.misbehaves(worker, reason);
                }
            }
        }
    }

    /// Connections of a worker, on average.
    fn mean(&self) -> usize {
        let hands = self.0.hands.borrow();
        let ready = hands.values().filter(|hand| hand.is_ready.get() && !hand.leaves.get());
        policy::mean(ready.map(|hand| hand.open.get()))
    }

    fn give_port(&self, hand: &Hand, seq: u64, asked: (SocketAddr, usize)) {
        let found = self.port(asked).and_then(|port| Ok((port.queue_for(hand.slot)?, port)));
        let told = match found {
            Ok((queue, port)) => {
                port.users.borrow_mut().insert(hand.number);
                let told = Told::Server { seq, key: port.key, address: Some(port.address), error: None };
                hand.tell(&told, queue.map(|carried| Handle { kind: Kind::Server, carried }))
            }
            Err(error) => hand.tell(&Told::Server { seq, key: 0, address: None, error: Some(error.to_string()) }, None),
        };
        // Who reads nothing gets no port, and is not ready in time.
        let _ = told;
    }

    fn port(&self, asked: (SocketAddr, usize)) -> io::Result<Rc<Port>> {
        let known = self.0.ports.borrow().get(&asked).cloned();
        if let Some(port) = known.or_else(|| self.passed_for(asked)) {
            return Ok(port);
        }
        if self.0.ports.borrow().len() >= MAX_PORTS {
            return Err(io::Error::other(format!("a cluster listens on {MAX_PORTS} ports at most")));
        }
        if !self.may_open(asked.0) {
            let text =
                format!("{} is the administrator's, and not among the addresses that the cluster names", asked.0);
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        self.add_port(asked, |key, policy, hands| Port::bind(key, asked.0, policy, hands))
    }

    // ANCHOR: may_open
    /// A worker of another user gets no port of its master that it could not open itself, except those that the program names: it
    /// has laid down its rights, and must not have them by way of somebody who has kept them.
    fn may_open(&self, address: SocketAddr) -> bool {
        self.0.options.user.is_none() || !is_privileged(address.port()) || self.0.named.borrow().contains(&address)
    }
    // ANCHOR_END: may_open

    /// The port that a service manager has opened under that number, whatever address it took: it was told to.
    fn passed_for(&self, (address, index): (SocketAddr, usize)) -> Option<Rc<Port>> {
        let fits = |port: &&Rc<Port>| port.passed && index == 0 && port.address.port() == address.port();
        self.0.ports.borrow().values().find(fits).cloned()
    }

    fn add_port(
        &self,
        asked: (SocketAddr, usize),
        open: impl FnOnce(u64, Policy, Hands) -> io::Result<Rc<Port>>,
    ) -> io::Result<Rc<Port>> {
        let key = self.0.last_key.get() + 1;
        let port = open(key, self.0.options.policy.clone(), self.0.hands.clone())?;
        self.0.last_key.set(key);
        self.0.ports.borrow_mut().insert(asked, port.clone());
        self.news(News::Listening { address: port.address });
        Ok(port)
    }

    /// Ports that nobody of the newest generation has asked for are closed: its program listens elsewhere.
    fn close_unused(&self, generation: u64) {
        let is_new = |worker: &u64| self.hand(*worker).is_some_and(|hand| hand.generation >= generation);
        self.0.ports.borrow_mut().retain(|_, port| {
            let used = port.passed || port.users.borrow().iter().any(is_new);
            if !used {
                port.close();
            }
            used
        });
    }
}

/// Whether only the administrator may listen there (ip(7), `ip_unprivileged_port_start`). 0 is any free port.
fn is_privileged(port: u16) -> bool {
    let said = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").ok();
    let first_free = said.and_then(|text| text.trim().parse().ok()).unwrap_or(1024_u32);
    port != 0 && u32::from(port) < first_free
}
