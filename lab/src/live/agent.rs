//! The widget of the agent: a production agent in a simulated network of its own, acted upon step by step.

use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Options, Origin, request};
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, JoinHandle, Listener, Stream};

/// What the widget offers: a label, the steps, and how many connections the agent may open. The first is its picture.
pub(crate) const EXAMPLES: &[(&str, &str, usize)] = &[
    ("the pool fills", "ssssaasaw", 3),
    ("used again, last first", "sssaaasas", 3),
    ("a server that closes", "sacs", 2),
    ("giving up", "sssxxa", 1),
    ("four seconds", "ssaawwwww", 2),
];

/// Steps that a widget may ask for.
const MAX_STEPS: usize = 64;

/// Connections that the reader may allow.
pub(crate) const MAX_SOCKETS: usize = 8;

const ADDRESS: &str = "10.0.0.1:80";

/// Longer than a message travels.
const SETTLE: Duration = Duration::from_millis(5);

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One letter a step: `s` sends a request, `a` has the server answer, `c` has it close, `x` gives a request up, `w`
    /// waits for a second.
    steps: String,
    max_sockets: usize,
}

/// The pool after each step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Film {
    pub(crate) max_sockets: usize,
    pub(crate) frames: Vec<Frame>,
}

/// The pool at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Frame {
    pub(crate) step: String,
    pub(crate) sockets: usize,
    pub(crate) free: usize,
    pub(crate) requests: usize,
    /// Each connection that is open at the server, oldest first: its number, and the request that it carries.
    pub(crate) connections: Vec<(usize, Option<usize>)>,
    /// What became of requests in this step.
    pub(crate) news: Vec<String>,
}

/// Answers a request of the widget.
pub(super) fn answer(ask: Ask) -> Result<Film, String> {
    film(&ask.steps, ask.max_sockets)
}

/// Plays the steps, in virtual time and on a thread of its own: this one has a loop already.
///
/// # Errors
///
/// One sentence where the steps are too many or unknown.
pub(crate) fn film(steps: &str, max_sockets: usize) -> Result<Film, String> {
    if steps.len() > MAX_STEPS || !(1..=MAX_SOCKETS).contains(&max_sockets) {
        return Err(format!("The widget takes {MAX_STEPS} steps and 1 to {MAX_SOCKETS} connections."));
    }
    if let Some(unknown) = steps.chars().find(|step| !"sacxw".contains(*step)) {
        return Err(format!("There is no step {unknown:?}."));
    }
    let steps = steps.to_owned();
    let played = std::thread::spawn(move || sim::run(1, play(steps, max_sockets)));
    let film = played.join().map_err(|_| "The simulation ended early.")?;
    film.map_err(|error| error.to_string())
}

async fn play(steps: String, max_sockets: usize) -> Film {
    let server = Rc::new(Server::default());
    let news = Rc::new(RefCell::new(Vec::new()));
    let serving = server.clone();
    net::spawn(async move {
        let Ok(listener) = SimListener::bind(ADDRESS) else { return };
        for number in 1.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            net::spawn(serving.clone().converse(stream, number));
        }
    });
    let options = AgentOptions { max_sockets, ..AgentOptions::default() };
    let agent = Agent::with_connector(options, async |_: Origin| SimStream::connect(ADDRESS).await);
    let mut tasks: VecDeque<(usize, JoinHandle<()>)> = VecDeque::new();
    let (mut frames, mut sent) = (Vec::new(), 0);
    for step in steps.chars() {
        let name = match step {
            's' => {
                sent += 1;
                let asking = ask(agent.clone(), sent, news.clone());
                tasks.push_back((sent, net::spawn(asking)));
                format!("request {sent} is sent")
            }
            'a' | 'c' => server.act(step == 'c'),
            'x' => {
                tasks.retain(|(_, task)| !task.is_finished());
                match tasks.pop_back() {
                    Some((number, task)) => {
                        task.abort();
                        format!("request {number} is given up")
                    }
                    None => "there is no request to give up".into(),
                }
            }
            _ => {
                net::sleep(Duration::from_secs(1)).await;
                "a second passes".into()
            }
        };
        net::sleep(SETTLE).await;
        frames.push(Frame {
            step: name,
            sockets: agent.sockets(),
            free: agent.free(),
            requests: agent.requests(),
            connections: server.connections(),
            news: news.take(),
        });
    }
    Film { max_sockets, frames }
}

async fn ask(agent: Agent, number: usize, news: Rc<RefCell<Vec<String>>>) {
    let path = format!("/{number}");
    let options = Options { path: &path, agent: Some(&agent), ..Options::default() };
    let outcome = async {
        let mut response = request(&options).await?.end("").await?;
        response.bytes(100).await
    };
    let line = match outcome.await {
        Ok(_) => format!("request {number} is answered"),
        Err(error) => format!("request {number} fails: {error}"),
    };
    news.borrow_mut().push(line);
}

/// A server that waits for the reader's word.
#[derive(Default)]
struct Server(RefCell<Vec<Rc<Peer>>>);

struct Peer {
    number: usize,
    /// The request that it owes an answer to.
    owes: Cell<Option<usize>>,
    /// When it came to owe it: the oldest is answered first.
    since: Cell<u64>,
    word: Cell<Option<Word>>,
    spoken: net::Signal,
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Answer,
    Close,
}

impl Server {
    /// Has the connection that has waited longest answer, or one close: an idle one if there is any.
    fn act(&self, close: bool) -> String {
        let peers = self.0.borrow();
        let owing = peers.iter().filter(|peer| peer.owes.get().is_some()).min_by_key(|peer| peer.since.get());
        let idle = peers.iter().find(|peer| peer.owes.get().is_none());
        let (peer, word, text) = match (close, idle.or(owing), owing) {
            (true, Some(peer), _) => (peer, Word::Close, format!("the server closes connection {}", peer.number)),
            (false, _, Some(peer)) => {
                let request = peer.owes.get().unwrap_or_default();
                (peer, Word::Answer, format!("the server answers request {request} on connection {}", peer.number))
            }
            _ => return "the server has nothing to do".into(),
        };
        peer.word.set(Some(word));
        peer.spoken.raise();
        text
    }

    fn connections(&self) -> Vec<(usize, Option<usize>)> {
        self.0.borrow().iter().map(|peer| (peer.number, peer.owes.get())).collect()
    }

    async fn converse(self: Rc<Self>, stream: SimStream, number: usize) {
        let peer = Rc::new(Peer {
            number,
            owes: Cell::default(),
            since: Cell::default(),
            word: Cell::default(),
            spoken: net::Signal::new(),
        });
        self.0.borrow_mut().push(peer.clone());
        let mut bytes = [0; 1024];
        let started = net::now();
        loop {
            let step = poll_fn(|context| {
                if let Poll::Ready(word) = peer.spoken.poll_until(context, || peer.word.take()) {
                    return Poll::Ready(Ok(Err(word)));
                }
                match stream.try_read(&mut bytes) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        stream.poll_readable(context).map(|ready| ready.map(|()| Ok(None)))
                    }
                    read => Poll::Ready(read.map(|count| Ok(Some(count)))),
                }
            });
            match step.await {
                Ok(Err(Word::Answer)) => {
                    peer.owes.set(None);
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
                        break;
                    }
                }
                Ok(Ok(None)) => {}
                // The agent's requests are small and arrive whole: their target is their number.
                Ok(Ok(Some(count @ 1..))) => {
                    let text = String::from_utf8_lossy(&bytes[..count]);
                    let target = text.split(' ').nth(1).and_then(|target| target.strip_prefix('/')?.parse().ok());
                    peer.owes.set(target);
                    peer.since.set((net::now() - started).as_nanos() as u64);
                }
                _ => break,
            }
        }
        self.0.borrow_mut().retain(|other| other.number != number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_fills_queues_and_is_used_again() {
        let film = film("sssaawwwww", 2).expect("known steps");
        let counts: Vec<_> = film.frames.iter().map(|frame| (frame.sockets, frame.free, frame.requests)).collect();
        assert_eq!(counts[..5], [(1, 0, 0), (2, 0, 0), (2, 0, 1), (2, 0, 0), (1, 1, 0)]);
        assert_eq!(film.frames[3].connections, [(1, Some(3)), (2, Some(2))], "the queue takes over the connection");
        assert_eq!(counts[9], (1, 0, 0), "the idle one is closed");
    }

    #[test]
    fn what_the_widget_does_not_take() {
        assert!(film("z", 2).is_err() && film("s", 0).is_err() && film(&"s".repeat(65), 2).is_err());
        let closed = film("sac", 1).expect("known steps");
        assert_eq!(closed.frames[2].connections, []);
        let given_up = film("sx", 1).expect("known steps");
        assert_eq!((given_up.frames[1].sockets, &given_up.frames[1].connections), (0, &vec![]));
    }
}
