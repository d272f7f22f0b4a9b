//! The widget of lanes: a page and what belongs to it, as streams of one HTTP/2 connection and over six connections of HTTP/1.1.
//!
//! Whose turn it is on the one connection is said by our own [`Connection`], which reads the priorities, and [`Lanes`], which the
//! server asks. The line between is a model: so many bytes a millisecond, all of them for one stream at a time, or shared among
//! the connections that have something to say.

use crate::live::picture::{table, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{RequestHead, ResponseHead};
use wirebook_http2::{Config, Connection, Event, Fields, Lanes, StreamId};
use wirebook_net as net;

/// Lines of a page, the first of which is the page itself.
const MAX_LINES: usize = 16;
/// KiB of one of them.
const MAX_KIB: usize = 2_000;
/// Bytes of one turn, as the server's driver has it.
const TURN: usize = 16 * 1024;
/// Connections that a browser opens to one server.
const CONNECTIONS: usize = 6;

const SPEEDS: [&str; 3] = ["1 MB a second", "4 MB a second", "250 kB a second"];
const TRIPS: [&str; 3] = ["50 ms", "10 ms", "200 ms"];

/// The lists to choose from.
pub(crate) fn choices() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let all = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    vec![("speed", "the speed of the line", all(&SPEEDS)), ("trip", "a round trip", all(&TRIPS))]
}

/// What the widget offers; the first is its picture in the book.
pub(crate) fn examples() -> Vec<(&'static str, Value)> {
    let state = |lines: &str| json!({ "lines": lines, "speed": SPEEDS[0], "trip": TRIPS[0] });
    let photos = |priority: &str| (1..=8).map(|nth| format!("photo{nth}.jpg 60 {priority}\n")).collect::<String>();
    let page = |photo: &str| format!("page.html 20\n{}style.css 30 u=1\nscript.js 40 u=2\n", photos(photo));
    vec![
        ("a page with eight photos", state(&page("u=5, i"))),
        ("photos one after the other", state(&page("u=5"))),
        ("nobody says what is urgent", state(&page(""))),
        ("a film in front of everything", state("page.html 20\nfilm.mp4 800\nstyle.css 30\nscript.js 40\n")),
        ("the film knows its place", state("page.html 20\nfilm.mp4 800 u=7\nstyle.css 30 u=1\nscript.js 40 u=2\n")),
    ]
}

/// The body of a widget's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// A line each: a name, KiB, and the field `priority`.
    lines: String,
    speed: String,
    trip: String,
}

/// The two ways, and how long each took.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Film {
    pub(crate) files: Vec<File>,
    pub(crate) one_ms: f64,
    pub(crate) two_ms: f64,
}

/// A file: over which of the six connections it came and on which stream, and when.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct File {
    pub(crate) name: String,
    kib: usize,
    priority: String,
    connection: usize,
    stream: u32,
    pub(crate) one: Way,
    pub(crate) two: Way,
}

/// Milliseconds: when it was asked for, and when pieces of it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Way {
    asked: f64,
    pieces: Vec<(f64, f64)>,
}

impl Way {
    pub(crate) fn done(&self) -> f64 {
        self.pieces.last().map_or(self.asked, |piece| piece.1)
    }

    /// A piece that follows the last one without a gap is a part of it.
    fn push(&mut self, from: f64, to: f64) {
        match self.pieces.last_mut().filter(|last| from - last.1 < 0.01) {
            Some(last) => last.1 = to,
            None => self.pieces.push((from, to)),
        }
    }
}

/// Answers a request of the widget.
pub(crate) fn answer(ask: Ask) -> Result<Film, String> {
    let place = |list: &[&str], name: &str| {
        list.iter().position(|known| *known == name).ok_or_else(|| format!("There is no choice called {name:?}."))
    };
    let speed = [1_000.0, 4_000.0, 250.0][place(&SPEEDS, &ask.speed)?];
    let trip = [50.0, 10.0, 200.0][place(&TRIPS, &ask.trip)?];
    play(&ask.lines, speed, trip)
}

/// Plays both ways: `speed` in bytes a millisecond, `trip` in milliseconds.
///
/// # Errors
///
/// One sentence where a line is no file, or there are too many.
pub(crate) fn play(lines: &str, speed: f64, trip: f64) -> Result<Film, String> {
    let mut files = parse(lines)?;
    let one_ms = over_six(&mut files, speed, trip);
    let two_ms = over_one(&mut files, speed, trip).map_err(|error| format!("{error}."))?;
    Ok(Film { files, one_ms, two_ms })
}

fn parse(lines: &str) -> Result<Vec<File>, String> {
    let lines: Vec<&str> = lines.lines().filter(|line| !line.trim().is_empty()).collect();
    if !(1..=MAX_LINES).contains(&lines.len()) {
        return Err(format!("The widget takes 1 to {MAX_LINES} lines."));
    }
    let file = |(at, line): (usize, &&str)| {
        let mut words = line.trim().splitn(3, ' ');
        let name = words.next().unwrap_or_default().chars().take(40).collect();
        let kib = words.next().and_then(|kib| kib.parse().ok()).filter(|kib| (1..=MAX_KIB).contains(kib));
        let kib = kib.ok_or_else(|| {
            format!("{line:?} is no file: write a name, 1 to {MAX_KIB} KiB, and a priority such as u=1.")
        })?;
        let priority = words.next().unwrap_or_default().trim().chars().take(20).collect();
        let (one, two) = Default::default();
        Ok(File { name, kib, priority, connection: 0, stream: 2 * at as u32 + 1, one, two })
    };
    lines.iter().enumerate().map(file).collect()
}

/// HTTP/1.1: a connection carries one answer after the other. The page comes first; then six connections, five of them new, take
/// files in their order.
fn over_six(files: &mut [File], speed: f64, trip: f64) -> f64 {
    struct Line {
        /// From when on it may ask.
        free: f64,
        file: Option<(usize, f64)>,
    }
    let mut lines: Vec<Line> = (0..CONNECTIONS).map(|_| Line { free: trip, file: None }).collect();
    let (mut next, mut now) = (0, 0.0);
    loop {
        // Nothing but the page is known before it has come.
        let known = if next == 0 || files[0].one.pieces.is_empty() || lines[0].file.is_some_and(|(file, _)| file == 0) {
            1
        } else {
            files.len()
        };
        for (at, line) in lines.iter_mut().enumerate() {
            if line.file.is_none() && next < known && line.free <= now {
                files[next].connection = at + 1;
                files[next].one.asked = now;
                line.file = Some((next, files[next].kib as f64 * 1024.0));
                line.free = now + trip;
                next += 1;
            }
        }
        let ready: Vec<usize> =
            (0..lines.len()).filter(|at| lines[*at].file.is_some() && lines[*at].free <= now).collect();
        let share = speed / ready.len().max(1) as f64;
        // The next thing that happens: a file is whole, an answer begins, or a connection may ask.
        let whole = ready.iter().filter_map(|at| lines[*at].file).map(|(_, left)| now + left / share);
        let begins = lines.iter().map(|line| line.free).filter(|free| *free > now);
        let Some(until) = whole.chain(begins).min_by(f64::total_cmp) else { return now };
        for at in ready {
            let Some((file, left)) = lines[at].file else { continue };
            let left = left - share * (until - now);
            files[file].one.push(now, until);
            lines[at].file = (left > 0.5).then_some((file, left));
            if left <= 0.5 {
                lines[at].free = until;
                // The others connect when the page is here and its files are known.
                if file == 0 {
                    lines.iter_mut().skip(1).for_each(|line| line.free = until + trip);
                }
            }
        }
        now = until;
    }
}

/// HTTP/2: all files behind the page are asked for at once, and their turns are the server's.
fn over_one(files: &mut [File], speed: f64, trip: f64) -> Result<f64, wirebook_http2::Misuse> {
    // No window is in the way here: it has a chapter and a widget of its own.
    let open =
        Config { stream_window: u32::MAX, connection_window: u32::MAX, max_out: usize::MAX, ..Config::default() };
    let (config, start) = (Arc::new(open), net::now());
    let mut client = Connection::client(config.clone(), start);
    let mut server = Connection::server(config, start);
    let (mut up, mut out) = (Vec::new(), Vec::new());
    let zeros = vec![0; TURN];
    let mut left: Vec<usize> = files.iter().map(|file| file.kib * 1024).collect();
    // The connection is there after a round trip; the page is asked for, and when it has come all others are.
    let (mut now, mut lanes, mut asked) = (trip, Lanes::default(), 0);
    loop {
        let until = if asked == 0 { 1 } else { files.len() };
        for file in files.iter_mut().take(until).skip(asked) {
            file.two.asked = now;
            request(&mut client, file, &mut up)?;
        }
        asked = until;
        now += trip;
        hear(&mut server, &std::mem::take(&mut up), &mut out)?;
        loop {
            let ready = (0..asked).filter(|at| left[*at] > 0).map(|at| StreamId::new(files[at].stream));
            let ready: Vec<_> = ready.map(|stream| (stream, server.priority(stream))).collect();
            let Some(stream) = lanes.next(ready) else { break };
            let at = (stream.number() / 2) as usize;
            let turn = left[at].min(TURN);
            out.clear();
            let taken = server.send_data(stream, &zeros[..turn], turn == left[at], &mut out)?;
            let whole = now + out.len() as f64 / speed;
            files[at].two.push(now, whole);
            (now, left[at]) = (whole, left[at] - taken.min(left[at]));
            if taken == 0 {
                return Ok(now);
            }
        }
        if asked == files.len() {
            return Ok(now);
        }
    }
}

fn request(client: &mut Connection, file: &File, up: &mut Vec<u8>) -> Result<(), wirebook_http2::Misuse> {
    let mut fields = FieldBlock::default();
    fields.push("host", "tea.example").ok();
    if !file.priority.is_empty() {
        fields.push("priority", &file.priority).ok();
    }
    let head = RequestHead::new(b"GET", b"/", fields.lines());
    let stream = StreamId::new(file.stream);
    client.send(Event::Request { stream, head, scheme: b"https", protocol: None, end: true }, up)
}

/// The server begins to answer each request.
fn hear(server: &mut Connection, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), wirebook_http2::Misuse> {
    let (mut room, mut at) = (Fields::default(), 0);
    while let Ok((used, Some(event))) = server.receive(&bytes[at..], &mut room) {
        at += used;
        if let Event::Request { stream, .. } = event {
            server
                .send(Event::Response { stream, head: ResponseHead::new(200, Default::default()), end: false }, out)?;
        }
    }
    Ok(())
}

/// The first example as a table, for the book.
pub(crate) fn drawing() -> String {
    let (_, state) = examples().swap_remove(0);
    let Ok(film) = play(state["lines"].as_str().unwrap_or_default(), 1_000.0, 50.0) else { return String::new() };
    let rows = film.files.iter().map(|file| {
        let times = [file.two.done(), file.one.done()].map(|ms| format!("{ms:.0}"));
        let cells = [text(&file.name), file.kib.to_string(), text(&file.priority)].into_iter().chain(times);
        (String::new(), cells.chain([file.connection.to_string()]).collect())
    });
    table(&["file", "KiB", "priority", "here over HTTP/2, ms", "over HTTP/1.1, ms", "on connection"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(example: usize) -> Film {
        let (_, state) = examples().swap_remove(example);
        answer(serde_json::from_value(state).unwrap()).unwrap()
    }

    fn done(film: &Film, name: &str) -> (f64, f64) {
        let file = film.files.iter().find(|file| file.name == name).expect(name);
        (file.one.done(), file.two.done())
    }

    #[test]
    fn every_file_comes_whole_both_ways_and_no_line_is_faster_than_it_is() {
        for at in 0..examples().len() {
            let film = film(at);
            let bytes: usize = film.files.iter().map(|file| file.kib * 1024).sum();
            for ms in [film.one_ms, film.two_ms] {
                assert!(ms > bytes as f64 / 1_000.0, "{at}: {ms}");
                assert!(film.files.iter().all(|file| file.one.done() <= film.one_ms && file.two.done() <= film.two_ms));
            }
            assert!(film.files.iter().all(|file| (1..=CONNECTIONS).contains(&file.connection)), "{at}");
            let busy: f64 = film.files.iter().flat_map(|file| &file.two.pieces).map(|(from, to)| to - from).sum();
            assert!((busy - bytes as f64 / 1_000.0).abs() < 5.0, "{at}: {busy}");
        }
    }

    #[test]
    fn what_is_urgent_comes_first_on_one_connection_and_waits_behind_photos_on_six() {
        let film = film(0);
        let (one, two) = done(&film, "style.css");
        assert!(two < one, "{two} and {one}");
        assert!(film.files[1..=8].iter().all(|photo| photo.two.done() > two));
        // Photos that are of use in part take turns.
        assert!(film.files[1].two.pieces.len() > 1);
        assert_eq!(self::film(1).files[1].two.pieces.len(), 1);
    }

    #[test]
    fn a_film_that_knows_its_place_lets_all_others_pass() {
        assert!(done(&film(4), "style.css").1 < done(&film(3), "style.css").1);
    }

    #[test]
    fn what_is_no_file_is_refused_in_a_sentence() {
        for lines in ["", "a", "a b", "a 0", "a 5000", &"a 1\n".repeat(17)] {
            assert!(play(lines, 1_000.0, 50.0).unwrap_err().ends_with('.'), "{lines}");
        }
    }
}
