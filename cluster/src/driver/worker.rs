//! A worker's life: it asks for ports, says that it is ready, gives signs of life, and leaves.

use super::{
    listener::{Inbox, Listener, MAX_TAKEN},
    wire::{self, Hello, Said, Told},
};
use crate::{
    farewell::{Drain, Farewell, Leaving, Once, Phase, either},
    mail::{Mail, Peer, Word},
    messenger::Letter,
    policy,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt, io,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};
use wirebook_net::{self as net, Address, SIGINT, SIGTERM, Target, tcp::TcpListener};
use wirebook_process::{Channel, Handle, Message};

/// How long a worker that leaves by itself tries to say so, before it leaves all the same: its master may stand still.
const LAST_WORD: Duration = Duration::from_millis(100);

/// Who a worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its number; no other worker of this master ever has it. Node's `cluster.worker.id`.
    pub worker: u64,
    /// Its slot, from 0: its successor has the same.
    pub slot: usize,
    /// Which start of the program it is of: a reload makes a new one.
    pub generation: u64,
}

/// This process, as a worker of its master. Clones are the same.
#[derive(Clone)]
pub struct Worker(Rc<Inner>);

struct Inner {
    hello: Hello,
    channel: Channel,
    inboxes: RefCell<BTreeMap<u64, Rc<Inbox>>>,
    /// Raised when one was accepted from a queue that all share.
    shared: Rc<net::Signal>,
    /// How often it has asked for each address.
    asked: RefCell<BTreeMap<SocketAddr, usize>>,
    answers: RefCell<BTreeMap<u64, (Told, Option<Handle>)>>,
    last_seq: Cell<u64>,
    answered: net::Signal,
    servers: RefCell<Vec<Rc<dyn Drain>>>,
    is_ready: Cell<bool>,
    told: Cell<Why>,
    told_changed: net::Signal,
    /// Nothing will be given to it any more.
    last_came: Cell<bool>,
    leaving: Leaving,
    mail: Mail,
}

/// Why a worker leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Not,
    /// The master has told it to.
    Master,
    /// A signal has.
    Signal,
    /// The master is gone.
    Orphaned,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Worker").field(&self.identity()).finish()
    }
}

impl Worker {
    /// Says that this process runs, and hears who it is.
    pub(crate) async fn begin(channel: Channel) -> io::Result<Worker> {
        let early = || io::Error::new(io::ErrorKind::UnexpectedEof, "the master said nothing");
        let hello = loop {
            let message = channel.next_of_any().await?.ok_or_else(early)?;
            if let Some(Told::Hello(hello)) = wire::read(message.json())? {
                break hello;
            }
        };
        let worker = Worker(Rc::new(Inner {
            hello,
            channel,
            inboxes: RefCell::default(),
            shared: Rc::default(),
            asked: RefCell::default(),
            answers: RefCell::default(),
            last_seq: Cell::new(0),
            answered: net::Signal::new(),
            servers: RefCell::default(),
            is_ready: Cell::new(false),
            told: Cell::new(Why::Not),
            told_changed: net::Signal::new(),
            last_came: Cell::new(false),
            leaving: Leaving::default(),
            mail: Mail::default(),
        }));
        worker.say(&Said::Online).await?;
        // Before anything else: who is told to leave while it starts must not die of that.
        let signals = net::signals(&[SIGTERM, SIGINT]);
        net::spawn(worker.clone().hear());
        net::spawn(worker.clone().obey(signals));
        Ok(worker)
    }

    /// Who it is.
    pub fn identity(&self) -> Identity {
        let Hello { worker, slot, generation, .. } = self.0.hello;
        Identity { worker, slot, generation }
    }

    /// Its channel to the master, for messages of the program's own.
    pub fn channel(&self) -> &Channel {
        &self.0.channel
    }

    /// It is the agent.
    pub(crate) fn is_agent(&self) -> bool {
        self.0.hello.agent
    }

    /// It is to leave.
    pub(crate) fn leaves(&self) -> bool {
        self.0.told.get() != Why::Not
    }

    pub(crate) fn mail(&self) -> &Mail {
        &self.0.mail
    }

    pub(crate) async fn say(&self, said: &Said) -> io::Result<()> {
        let json: Box<serde_json::value::RawValue> = serde_json::value::RawValue::from_string(wire::to_json(said))?;
        self.0.channel.send_internal(&json, None).await
    }

    // ANCHOR: listen
    /// Asks the master for a port, and begins a server on it. The same address in several workers is the same port; port 0 is a
    /// free one, and the same one for all; to ask a second time for the same address is to ask for a second port.
    ///
    /// # Errors
    /// Those of listening there, as the master met them, among which is that there are [`MAX_PORTS`](crate::MAX_PORTS) already; when
    /// the master is gone.
    pub async fn listen<S: Drain + 'static>(
        &self,
        address: impl Address,
        serve: impl FnOnce(Listener) -> S,
    ) -> io::Result<Rc<S>> {
        let (listener, key) = self.listener(address.target()).await?;
        let server = Rc::new(serve(listener));
        self.0.servers.borrow_mut().push(server.clone());
        self.say(&Said::Listening { key }).await?;
        Ok(server)
    }
    // ANCHOR_END: listen

    fn listener(&self, target: Target) -> Once<'_, io::Result<(Listener, u64)>> {
        Box::pin(async move {
            let nowhere = || io::Error::new(io::ErrorKind::InvalidInput, "an address of TCP is needed");
            let address = *target.resolve_blocking()?.first().ok_or_else(nowhere)?;
            let index = {
                let mut asked = self.0.asked.borrow_mut();
                let times = asked.entry(address).or_default();
                std::mem::replace(times, *times + 1)
            };
            let seq = self.next_seq();
            self.say(&Said::QueryServer { seq, address, index }).await?;
            let Some((Told::Server { key, address, error, .. }, handle)) = self.answer(seq).await else {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the master is gone"));
            };
            let address = address.ok_or_else(|| io::Error::other(error.unwrap_or_default()))?;
            let queue = handle.map(TcpListener::try_from).transpose()?;
            let inbox = Inbox::new(self.0.shared.clone());
            if self.0.told.get() != Why::Not {
                inbox.close();
            } else if self.0.is_ready.get() {
                inbox.open();
            }
            self.0.inboxes.borrow_mut().insert(key, inbox.clone());
            Ok((Listener::new(inbox, address, queue, self.0.hello.shares), key))
        })
    }

    /// All workers, as the master sees them now.
    ///
    /// # Errors
    /// When the master is gone.
    pub async fn look(&self) -> io::Result<Vec<Peer>> {
        let seq = self.next_seq();
        self.say(&Said::Look { seq }).await?;
        match self.answer(seq).await {
            Some((Told::Seen { workers, .. }, _)) => Ok(workers),
            _ => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the master is gone")),
        }
    }

    fn next_seq(&self) -> u64 {
        let seq = self.0.last_seq.get() + 1;
        self.0.last_seq.set(seq);
        seq
    }

    /// The answer to a question; `None` when there will be none.
    async fn answer(&self, seq: u64) -> Option<(Told, Option<Handle>)> {
        let answered = || {
            let answer = self.0.answers.borrow_mut().remove(&seq);
            answer.map(Some).or((self.0.told.get() == Why::Orphaned).then_some(None))
        };
        self.0.answered.until(answered).await
    }

    /// Says that it serves. Only now does a worker leave that it succeeds; from here on signs of life are expected.
    ///
    /// # Errors
    /// When the master is gone.
    pub async fn ready(&self) -> io::Result<()> {
        if !self.0.is_ready.replace(true) {
            self.say(&Said::Ready).await?;
            self.0.inboxes.borrow().values().for_each(|inbox| inbox.open());
            let beat = Some(self.0.hello.beat).filter(|beat| !beat.is_zero()).unwrap_or(Duration::MAX);
            if beat != Duration::MAX || self.0.hello.shares {
                net::spawn(self.clone().beat(beat));
            }
        }
        Ok(())
    }

    // ANCHOR: beat
    /// Gives a sign of life now and then, and before its time when its share has grown: the answer is what all have on average,
    /// and who has much more lets others accept. Until it is there this one does, or it would have taken all meanwhile; and one who
    /// rests asks after each that it took nevertheless. Who is alone asks nobody, and rests for nobody.
    async fn beat(self, every: Duration) {
        let mut told = 0;
        loop {
            let has_changed = || {
                let rests = self.0.inboxes.borrow().values().any(|inbox| inbox.rests());
                let least = if rests { 1 } else { policy::asks_after(told) };
                (self.open() >= told.saturating_add(least) && !self.0.mail.is_alone()).then_some(())
            };
            if either(net::sleep(every), self.0.shared.until(has_changed)).await.is_err() {
                self.0.inboxes.borrow().values().for_each(|inbox| inbox.rest());
            }
            told = self.open();
            if self.say(&Said::Beat { open: told }).await.is_err() {
                return;
            }
        }
    }
    // ANCHOR_END: beat

    /// What it waits for when it leaves, beside its servers.
    pub(crate) fn leaves_behind(&self, last: Rc<dyn Drain>) {
        self.0.servers.borrow_mut().push(last);
    }

    /// Connections that its servers have.
    pub fn open(&self) -> usize {
        self.0.servers.borrow().iter().map(|server| server.open()).sum()
    }

    /// Asks for a successor, and to leave when that is ready: Node's suicide. [`Worker::told_to_leave`] says when.
    ///
    /// # Errors
    /// When the master is gone.
    pub async fn bow(&self) -> io::Result<()> {
        self.say(&Said::ExitedAfterDisconnect).await
    }

    /// Waits until it is to leave: the master says so, a signal does, or the master is gone.
    pub async fn told_to_leave(&self) {
        self.0.told_changed.until(|| (self.0.told.get() != Why::Not).then_some(())).await;
    }

    /// Waits until a worker without a master has had more than the time that it may take: then its program does not leave by
    /// itself.
    pub(crate) async fn outlived(&self) {
        self.0.told_changed.until(|| (self.0.told.get() == Why::Orphaned).then_some(())).await;
        net::sleep(self.0.hello.farewell.orphaned.checked_mul(2).unwrap_or(Duration::MAX)).await;
    }

    /// For a handler whose answer lasts: waits until the farewell has come to those that last, and it is this one's turn. Then a
    /// WebSocket is closed with 1001, and a stream of events is ended.
    pub async fn told_to_end(&self) {
        self.0.leaving.told_to_end().await;
    }

    /// The phase of the farewell; `None` before it.
    pub fn phase(&self) -> Option<Phase> {
        self.0.leaving.phase()
    }

    // ANCHOR: drain
    /// Leaves: leads its servers through the phases of the farewell.
    pub async fn drain(&self) {
        let Farewell { orphaned, deadline, .. } = self.0.hello.farewell;
        let alone = self.0.told.get() == Why::Orphaned;
        let deadline = if alone { deadline.min(orphaned) } else { deadline };
        let servers = self.0.servers.borrow().clone();
        let farewell = Farewell { deadline, ..self.0.hello.farewell };
        self.0.leaving.lead(&servers, self.all_taken(), farewell).await;
    }
    // ANCHOR_END: drain

    /// Waits until the master has nothing more for it, and its servers have accepted what it has taken: that is served, too.
    async fn all_taken(&self) {
        let last = || (self.0.last_came.get() || self.0.told.get() == Why::Orphaned).then_some(());
        self.0.told_changed.until(last).await;
        let inboxes: Vec<Rc<Inbox>> = self.0.inboxes.borrow().values().cloned().collect();
        for inbox in inboxes {
            inbox.accepted.until(|| (inbox.waiting() == 0).then_some(())).await;
        }
    }

    /// All that comes behind the servers: ready, told to leave, drained.
    ///
    /// # Errors
    /// As [`Worker::ready`].
    pub async fn serve(&self) -> io::Result<()> {
        self.serves().await
    }

    fn serves(&self) -> Once<'_, io::Result<()>> {
        Box::pin(async {
            self.ready().await?;
            self.told_to_leave().await;
            self.drain().await;
            Ok(())
        })
    }

    /// Reads what the master says, as long as there is a place for it.
    async fn hear(self) {
        loop {
            match self.0.channel.next_of_any().await {
                Ok(Some(message)) => self.heed(message).await,
                Ok(None) => break,
                Err(error) => {
                    eprintln!("wirebook-cluster: the channel to the master is broken: {error}");
                    break;
                }
            }
        }
        self.leave(Why::Orphaned);
        self.0.answered.raise();
        self.0.mail.end();
    }

    async fn heed(&self, message: Message<std::os::fd::OwnedFd>) {
        if let Some(key) = wire::connection_of(message.json()) {
            let inbox = self.0.inboxes.borrow().get(&key).cloned();
            if let (Some(inbox), Some(handle)) = (inbox, message.handle) {
                inbox.push(handle.carried);
                // A server that does not accept makes the master wait, and not this process grow.
                let room = || (inbox.waiting() < MAX_TAKEN || self.0.told.get() != Why::Not).then_some(());
                inbox.accepted.until(room).await;
            }
            return;
        }
        // What is not understood is for another version of this program.
        match wire::read(message.json()) {
            Ok(Some(answer @ (Told::Server { seq, .. } | Told::Seen { seq, .. }))) => {
                self.0.answers.borrow_mut().insert(seq, (answer, message.handle));
                self.0.answered.raise();
            }
            Ok(Some(Told::Mean { open })) => {
                let own = self.open();
                self.0.inboxes.borrow().values().for_each(|inbox| inbox.compare(own, open));
            }
            Ok(Some(Told::Leave)) => {
                self.0.last_came.set(true);
                self.leave(Why::Master);
            }
            Ok(Some(Told::Hurry)) => self.0.leaving.hurry(),
            Ok(Some(Told::Letter { from, action, json })) => self.0.mail.letter(Letter { from, action, json }),
            Ok(Some(Told::Run { job })) => self.0.mail.word(Word::Run(job)),
            Ok(Some(Told::Ran { worker, job })) => self.0.mail.word(Word::Ran(worker, job)),
            Ok(Some(Told::Crew(crew))) => {
                self.0.mail.crew(crew);
                if self.0.mail.is_alone() {
                    self.0.inboxes.borrow().values().for_each(|inbox| inbox.compare(0, 0));
                }
            }
            Ok(Some(Told::Hello(_)) | None) | Err(_) => {}
        }
    }

    fn leave(&self, why: Why) {
        if self.0.told.get() == Why::Not || why == Why::Orphaned {
            self.0.told.set(why);
        }
        for inbox in self.0.inboxes.borrow().values() {
            inbox.close();
            inbox.accepted.raise();
        }
        self.0.told_changed.raise();
        self.0.mail.came.raise();
    }

    /// Somebody else's SIGTERM: it leaves, and says so. The second one is for the impatient.
    async fn obey(self, mut signals: net::Signals) {
        let mut said = false;
        while (&mut signals).await.is_ok() {
            if std::mem::replace(&mut said, true) {
                self.0.leaving.hurry();
                continue;
            }
            let word = either(self.say(&Said::Leaves), net::sleep(LAST_WORD)).await;
            drop(word);
            self.leave(Why::Signal);
        }
    }
}
