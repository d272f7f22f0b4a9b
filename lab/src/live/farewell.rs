//! The widget of the farewell: a server of HTTP/1 with connections of several kinds, which is told to leave. The server is the production
//! one, the phases are a worker's own, and the network and its time are simulated.

use super::picture::table;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};
use wirebook_cluster::{Drain, Farewell, Leaving, Phase};
use wirebook_http1::{self as http1, Outcome, Request, Response, Server};
use wirebook_net::sim::{self, SimListener, SimStream};
use wirebook_net::{self as net, Stream};

const ADDRESS: &str = "10.0.0.1:80";
/// How long the server has served when it is told to leave.
const BEFORE: Duration = Duration::from_secs(1);
/// Connections that a widget may ask for.
const MAX_CONNECTIONS: usize = 16;

/// The lists to choose from; a list's first is what is used by default.
const LAME_DUCK: [&str; 3] = ["5 s", "1 s", "0 s"];
const SPREAD: [&str; 2] = ["5 s", "0 s"];
const DEADLINE: [&str; 3] = ["30 s", "10 s", "0 s"];
const AGAIN: [&str; 2] = ["never", "after 3 s"];

/// The lists with their names.
pub(super) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let all = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    vec![
        ("lame_duck", "how long idle connections are left alone", all(&LAME_DUCK)),
        ("spread", "over how long those that last are told to end", all(&SPREAD)),
        ("deadline", "when what is left is broken off", all(&DEADLINE)),
        ("again", "a second SIGTERM", all(&AGAIN)),
    ]
}

/// What the widget offers, a letter for each connection; the first is its picture.
pub(super) fn examples() -> Vec<(&'static str, Value)> {
    let state = |connections: &str| {
        let [lame_duck, spread, deadline, again] = [LAME_DUCK[0], SPREAD[0], DEADLINE[0], AGAIN[0]];
        json!({ "connections": connections, "lame_duck": lame_duck, "spread": spread, "deadline": deadline, "again": again })
    };
    vec![
        ("one of each", state("ibrsle")),
        ("all idle", state("iiii")),
        ("clients that go on asking", state("rrrb")),
        ("six streams of events", state("llllll")),
        ("answers that take their time", state("ssse")),
    ]
}

/// What a client does, by its letter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    /// Has been answered, and idles.
    Idles,
    /// The same, and asks again after three seconds.
    ComesBack,
    /// Asks once a second.
    GoesOn,
    /// Waits for an answer that takes eight seconds.
    Slow,
    /// Hears a stream of events, which lasts.
    Lasts,
    /// Waits for an answer that never comes.
    Endless,
}

impl Habit {
    fn of(letter: char) -> Option<Habit> {
        Some(match letter {
            'i' => Habit::Idles,
            'b' => Habit::ComesBack,
            'r' => Habit::GoesOn,
            's' => Habit::Slow,
            'l' => Habit::Lasts,
            'e' => Habit::Endless,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Habit::Idles => "idles",
            Habit::ComesBack => "comes back",
            Habit::GoesOn => "asks on",
            Habit::Slow => "is slow",
            Habit::Lasts => "lasts",
            Habit::Endless => "never ends",
        }
    }

    /// What it asks for, and how long it waits then until it asks for more, if it does.
    fn asks(self) -> (&'static str, Option<Duration>) {
        match self {
            Habit::Idles => ("/quick", None),
            Habit::ComesBack => ("/quick", Some(Duration::from_secs(4))),
            Habit::GoesOn => ("/quick", Some(Duration::from_secs(1))),
            Habit::Slow => ("/slow", None),
            Habit::Lasts => ("/lasts", None),
            Habit::Endless => ("/endless", None),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    connections: String,
    lame_duck: String,
    spread: String,
    deadline: String,
    again: String,
}

/// A farewell. Times are seconds from the word to leave.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Film {
    lanes: Vec<Lane>,
    /// When each phase began.
    phases: Vec<(f64, &'static str)>,
    /// What happened, in order.
    moments: Vec<Moment>,
    end: f64,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Lane {
    name: &'static str,
    /// When it waited for an answer: from and until.
    waits: Vec<(f64, f64)>,
    end: f64,
    how: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Moment {
    at: f64,
    /// Which connection it is about, from 0; `None` for the server.
    lane: Option<usize>,
    what: String,
}

/// Answers a request of the widget.
///
/// # Errors
/// One sentence where something is not offered.
pub(super) fn answer(ask: Ask) -> Result<Film, String> {
    let known = |list: &[&str], name: &str| {
        let is_there = list.contains(&name);
        is_there.then_some(()).ok_or_else(|| format!("{name:?} is not offered: {}.", list.join(", ")))
    };
    let seconds = |list: &[&str], name: &str| {
        known(list, name)?;
        let number = name.split(' ').next().and_then(|number| number.parse().ok());
        Ok::<_, String>(Duration::from_secs(number.unwrap_or_default()))
    };
    let times = Farewell {
        lame_duck: seconds(&LAME_DUCK, &ask.lame_duck)?,
        spread: seconds(&SPREAD, &ask.spread)?,
        deadline: seconds(&DEADLINE, &ask.deadline)?,
        ..Farewell::default()
    };
    known(&AGAIN, &ask.again)?;
    let habits: Option<Vec<Habit>> = ask.connections.chars().map(Habit::of).collect();
    let habits = habits.filter(|habits| (1..=MAX_CONNECTIONS).contains(&habits.len()));
    let habits =
        habits.ok_or_else(|| format!("1 to {MAX_CONNECTIONS} connections, each one of i, b, r, s, l and e."))?;
    film(habits, times, ask.again != AGAIN[0])
}

/// Plays it on a thread of its own: this one has a loop already.
fn film(habits: Vec<Habit>, times: Farewell, again: bool) -> Result<Film, String> {
    let played = std::thread::spawn(move || sim::run(1, play(habits, times, again)));
    let film = played.join().map_err(|_| "The simulation ended early.")?;
    film.map_err(|error| error.to_string())
}

/// What is told while it happens.
struct Telling {
    began: Instant,
    film: RefCell<Film>,
}

impl Telling {
    /// Milliseconds are exact enough.
    fn now(&self) -> f64 {
        let now = net::now();
        let behind = now.saturating_duration_since(self.began).as_millis() as f64;
        (behind - self.began.saturating_duration_since(now).as_millis() as f64) / 1000.0
    }

    fn tell(&self, lane: Option<usize>, what: impl Into<String>) {
        let moment = Moment { at: self.now(), lane, what: what.into() };
        self.film.borrow_mut().moments.push(moment);
    }
}

/// A server whose phases are told.
struct Watched(Server, Rc<Telling>);

impl Drain for Watched {
    fn enter(&self, phase: Phase) {
        let (name, what) = match phase {
            Phase::LameDuck => ("lame duck", "SIGTERM: each answer is the last on its connection from now on"),
            Phase::CloseIdle => ("close idle", "connections that still idle are closed"),
            Phase::LongOnes => ("long ones", "what lasts is told to end, one after the other"),
            Phase::Deadline if self.0.connections() == 0 => ("the end", "nothing is left"),
            Phase::Deadline => ("deadline", "what is left is broken off"),
        };
        self.1.film.borrow_mut().phases.push((self.1.now(), name));
        self.1.tell(None, what);
        self.0.enter(phase);
    }

    fn open(&self) -> usize {
        self.0.open()
    }

    fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.0.gone()
    }
}

async fn play(habits: Vec<Habit>, times: Farewell, again: bool) -> Film {
    let telling = Rc::new(Telling { began: net::now() + BEFORE, film: RefCell::default() });
    let lane = |habit: &Habit| Lane { name: habit.name(), waits: Vec::new(), end: 0.0, how: "is still open" };
    telling.film.borrow_mut().lanes = habits.iter().map(lane).collect();
    let leaving = Leaving::default();
    let Ok(listener) = SimListener::bind(ADDRESS) else { return Film::default() };
    let shown = leaving.clone();
    // A connection may idle for longer than the simulation lasts: only the farewell closes any.
    let options = http1::server::Options { idle_timeout: Duration::from_secs(3600), ..Default::default() };
    let server = http1::serve_on(listener, options, async move |request: Request<'_>, response: Response<'_>| {
        reply(&shown, request, response).await
    });
    let server: Rc<dyn Drain> = Rc::new(Watched(server, telling.clone()));
    let clients: Vec<_> =
        habits.iter().enumerate().map(|(at, habit)| net::spawn(client(at, *habit, telling.clone()))).collect();
    net::sleep(BEFORE).await;
    if again {
        let (leaving, telling) = (leaving.clone(), telling.clone());
        net::spawn(async move {
            net::sleep(Duration::from_secs(3)).await;
            telling.tell(None, "SIGTERM again: somebody is impatient");
            leaving.hurry();
        });
    }
    leaving.lead(&[server], async {}, times).await;
    for client in clients {
        // It ends by itself, now at the latest.
        let _ = client.await;
    }
    let mut film = telling.film.take();
    film.end = film.moments.last().map_or(0.0, |last| last.at);
    film
}

async fn reply(leaving: &Leaving, request: Request<'_>, response: Response<'_>) -> Outcome {
    match request.path() {
        "/slow" => net::sleep(Duration::from_secs(8)).await,
        "/lasts" => leaving.told_to_end().await,
        "/endless" => pending().await,
        _ => {}
    }
    response.end("tea").await
}

async fn client(at: usize, habit: Habit, telling: Rc<Telling>) {
    let (path, pause) = habit.asks();
    let how = talk(at, path, pause, &telling).await.unwrap_or("is broken off");
    let end = telling.now();
    telling.tell(Some(at), how);
    let lane = &mut telling.film.borrow_mut().lanes[at];
    (lane.end, lane.how) = (end, how);
}

/// Asks, and asks again, until somebody closes the connection: what its end was.
async fn talk(at: usize, path: &str, pause: Option<Duration>, telling: &Telling) -> std::io::Result<&'static str> {
    let stream = SimStream::connect(ADDRESS).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut bytes = [0; 1024];
    loop {
        stream.write_all(request.as_bytes()).await?;
        let asked = telling.now();
        let wait = telling.film.borrow().lanes[at].waits.len();
        telling.film.borrow_mut().lanes[at].waits.push((asked, asked));
        let count = stream.read(&mut bytes).await;
        telling.film.borrow_mut().lanes[at].waits[wait].1 = telling.now();
        let head = String::from_utf8_lossy(&bytes[..count?]).to_ascii_lowercase();
        if head.is_empty() {
            return Ok("is broken off");
        }
        if head.contains("connection: close") {
            telling.tell(Some(at), "is answered, for the last time");
            return Ok("goes, and finds another worker");
        }
        // Before the farewell nothing is remarkable.
        if telling.now() >= 0.0 {
            telling.tell(Some(at), "is answered");
        }
        let idle = stream.read(&mut bytes);
        match net::timeout(pause.unwrap_or(Duration::MAX), idle).await {
            Ok(rest) => return rest.map(|_| "is closed while it idles"),
            Err(_) => {
                if telling.now() >= 0.0 {
                    telling.tell(Some(at), "asks");
                }
            }
        }
    }
}

/// The first farewell as a table, for the book.
pub(super) fn picture() -> Option<String> {
    let habits: Option<Vec<Habit>> = "ibrsle".chars().map(Habit::of).collect();
    let film = film(habits?, Farewell::default(), false).ok()?;
    let rows = film.moments.iter().map(|moment| {
        let who = moment.lane.map_or("the server".into(), |lane| format!("{}: {}", lane + 1, film.lanes[lane].name));
        (String::new(), vec![format!("{:.1} s", moment.at), who, moment.what.clone()])
    });
    Some(table(&["time", "who", "what happens"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(connections: &str, lame_duck: &str, spread: &str, deadline: &str, again: &str) -> Result<Film, String> {
        let [connections, lame_duck, spread, deadline, again] =
            [connections, lame_duck, spread, deadline, again].map(String::from);
        answer(Ask { connections, lame_duck, spread, deadline, again })
    }

    fn ends(film: &Film) -> Vec<(&'static str, f64)> {
        film.lanes.iter().map(|lane| (lane.how, lane.end.round())).collect()
    }

    #[test]
    fn each_kind_has_its_phase() {
        let film = play("ibrsle", "5 s", "5 s", "30 s", "never").expect("a film");
        let names: Vec<_> = film.phases.iter().map(|(at, name)| (at.round(), *name)).collect();
        assert_eq!(names, [(0.0, "lame duck"), (5.0, "close idle"), (6.0, "long ones"), (30.0, "deadline")]);
        let goes = "goes, and finds another worker";
        assert_eq!(
            ends(&film),
            [
                ("is closed while it idles", 5.0),
                (goes, 3.0),
                (goes, 0.0),
                (goes, 7.0),
                (goes, 6.0),
                ("is broken off", 30.0)
            ]
        );
    }

    #[test]
    fn a_farewell_ends_when_nothing_is_left() {
        let film = play("iiii", "5 s", "5 s", "30 s", "never").expect("a film");
        assert_eq!(film.end.round(), 5.0);
        assert!(ends(&film).iter().all(|end| *end == ("is closed while it idles", 5.0)));
        assert_eq!(film.phases.last().map(|phase| phase.1), Some("the end"));
    }

    #[test]
    fn those_that_last_do_not_end_together_unless_they_are_told_to() {
        let distinct = |spread| {
            let film = play("llllll", "0 s", spread, "30 s", "never").expect("a film");
            film.lanes.iter().map(|lane| lane.end.to_bits()).collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(distinct("5 s"), 6);
        assert_eq!(distinct("0 s"), 1);
    }

    #[test]
    fn the_second_word_and_a_deadline_of_nothing_break_off_what_is_left() {
        let film = play("se", "5 s", "5 s", "30 s", "after 3 s").expect("a film");
        assert_eq!(ends(&film), [("is broken off", 3.0); 2]);
        let film = play("se", "5 s", "5 s", "0 s", "never").expect("a film");
        assert_eq!(ends(&film), [("is broken off", 0.0); 2]);
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        for (connections, lame_duck, spread, deadline, again) in [
            ("", "5 s", "5 s", "30 s", "never"),
            ("iiiiiiiiiiiiiiiii", "5 s", "5 s", "30 s", "never"),
            ("x", "5 s", "5 s", "30 s", "never"),
            ("i", "6 s", "5 s", "30 s", "never"),
            ("i", "5 s", "1 s", "30 s", "never"),
            ("i", "5 s", "5 s", "forever", "never"),
            ("i", "5 s", "5 s", "30 s", "soon"),
        ] {
            assert!(play(connections, lame_duck, spread, deadline, again).is_err());
        }
        assert!(play("iiiiiiiiiiiiiiii", "5 s", "5 s", "30 s", "never").is_ok());
    }
}
