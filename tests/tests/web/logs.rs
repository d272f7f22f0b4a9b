//! Logs: lines that nobody forges, a queue with a bound, files that are put aside. Security rule 22 of the web layer.

use super::wire::simulate;
use std::fs;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wirebook_net as net;
use wirebook_web::Clock;
use wirebook_web::log::{
    Access, AccessLayout, Appender, Every, Layout, Level, Log, LogFile, MOST_LINE, Sink, access_log, clean, is_secret,
    redact_target,
};

/// 2026-11-27 03:14:18 UTC.
const START: u64 = 1_795_749_258;

/// Keeps what it is given; fails, or panics, when it is told to.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<(String, Option<&'static str>)>>);

impl Kept {
    pub(super) fn text(&self) -> String {
        self.0.lock().expect("no panic").0.clone()
    }

    fn be(&self, what: Option<&'static str>) {
        self.0.lock().expect("no panic").1 = what;
    }
}

impl Sink for Kept {
    fn write(&mut self, lines: &[u8], _: Duration) -> io::Result<()> {
        let fault = self.0.lock().expect("no panic").1;
        match fault {
            None => {
                self.0.lock().expect("no panic").0 += str::from_utf8(lines).expect("text");
                Ok(())
            }
            Some("full") => Err(io::ErrorKind::StorageFull.into()),
            Some(other) => panic!("{other}"),
        }
    }
}

#[test]
fn rule_22_no_line_can_be_forged() {
    let forged = "x\r\n[2026-11-27T03:14:18.000Z] [INFO] auth - admin logged in\u{1b}[2J\u{2028}\u{202e}\0\u{85}";
    for layout in [Layout::Basic, Layout::Short, Layout::Json] {
        let line = layout.line(Duration::from_secs(START), Level::Warn, forged, forged);
        assert_eq!(line.matches(['\n', '\r', '\u{1b}', '\0', '\u{85}']).count(), 1, "its own end: {line:?}");
        assert!(line.ends_with('\n'));
    }
    let access = Access {
        method: forged.into(),
        target: forged.into(),
        remote: Some(forged.into()),
        user: Some("a b\"\n".into()),
        referrer: Some(forged.into()),
        agent: Some("a\" \"b\\\n".into()),
        ..Access::default()
    };
    for layout in [AccessLayout::Common, AccessLayout::Combined, AccessLayout::Dev, AccessLayout::Json] {
        let line = layout.line(&access);
        assert_eq!(line.matches(['\n', '\r', '\u{1b}', '\0', '\u{85}']).count(), 1, "{line:?}");
    }
    let line = AccessLayout::Combined.line(&access);
    assert!(line.ends_with("\"a\\\" \\\"b\\\\\\n\"\n"), "{line}");
    assert_eq!(line.split(' ').nth(2), Some("a\\x20b\\\"\\n"), "a user's name is one word");
}

#[test]
fn rule_22_what_was_escaped_can_be_had_back() {
    assert_eq!(clean("a\\n\n\u{1}", false), "a\\\\n\\n\\x01");
    assert_eq!(clean("茶 é \u{202e}", false), "茶 é \\u{202e}");
    assert_eq!(clean("\"", false), "\"");
}

#[test]
fn rule_22_secrets_are_nobodys() {
    for name in [
        "Authorization",
        "cookie",
        "SET-COOKIE",
        "proxy-authorization",
        "password",
        "new_passwd",
        "client_secret",
        "csrfToken",
        "api_key",
        "x-api-key",
        "_csrf",
        "X-XSRF-Token",
        "sid",
        "connect.sid",
        "PHPSESSION",
        "jwt",
        "sig",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "auth",
    ] {
        assert!(is_secret(name), "{name}");
    }
    for name in ["name", "accept", "host", "key", "author", "side", "design", "oauth_state"] {
        assert!(!is_secret(name), "{name}");
    }
    for (target, line) in [
        ("/in?token=x&a=1", "/in?token=[redacted]&a=1"),
        ("/in?a=1&PASSWORD=x=y", "/in?a=1&PASSWORD=[redacted]"),
        ("/in?p%61ss=x", "/in?p%61ss=[redacted]"),
        ("/in?user[password]=x", "/in?user[password]=[redacted]"),
        ("/in?token", "/in?token"),
        ("/token=x", "/token=x"),
        ("/?", "/?"),
    ] {
        assert_eq!(redact_target(target), line);
    }
    let access =
        Access { target: "/?token=s3cret".into(), referrer: Some("http://a/?pass=s3cret".into()), ..Access::default() };
    for layout in [AccessLayout::Common, AccessLayout::Combined, AccessLayout::Dev, AccessLayout::Json] {
        assert!(!layout.line(&access).contains("s3cret"), "{layout:?}");
    }
}

/// A session that stands in links stands in their addresses: under whatever name, no log has it, and no page of developers.
#[test]
fn rule_22_a_session_in_an_address_is_in_no_log() {
    use super::world::{ask, get, quiet, request};
    use wirebook_web::layers::errors;
    use wirebook_web::session::{Carrier, MemoryStore, SessionOptions, Sessions, session};
    use wirebook_web::{Environment, Options, Router, trust::Keys};
    for key in ["sid", "visitor", "v[x]"] {
        let kept = Kept::default();
        let options = SessionOptions { carrier: Carrier::Query, key: key.to_owned(), ..SessionOptions::default() };
        let keys = Keys::new(&[&[7; 32]]).expect("a key");
        let sessions = Sessions::new(Rc::new(MemoryStore::default()), keys).with(options);
        let site = || {
            let log = Appender::new(kept.clone());
            let router = Router::new().layer(access_log(log, AccessLayout::Json)).layer(session(sessions.clone()));
            let router = router.get("/", async |ctx| {
                let token = ctx.session()?.token().unwrap_or_default();
                ctx.text(token)
            });
            router.into_app(quiet()).expect("routes")
        };
        let token = get(site(), "/").body;
        assert!(token.len() > 40, "{token}");
        let path = format!("/?a=1&{}={token}", key.replace('[', "%5B"));
        let referer = format!("referer: http://example.com{path}");
        assert_eq!(ask(site(), request("GET", &path, &[&referer])).body, token);
        let text = kept.text();
        assert!(text.lines().count() == 2 && !text.contains(&token), "{key}: {text}");
        assert_eq!(text.matches("[redacted]").count(), 2, "{text}");
    }
    let router = Router::new().layer(errors()).get("/", async |ctx| ctx.fail(500, "away"));
    let site = router.into_app(Options { environment: Environment::Development, ..quiet() }).expect("routes");
    // The page shows the lines around the failure, and so around here: the secret stands in none of them.
    let secret = "7".repeat(30);
    let names = ["x-api-key: ", "x-csrf-token: ", "referer: http://a/?token="];
    let fields = names.map(|name| format!("{name}{secret}"));
    let path = format!("/?a=1&_csrf={secret}&sid={secret}");
    let page = ask(site, request("GET", &path, &["accept: text/html", &fields[0], &fields[1], &fields[2]])).body;
    assert!(page.contains("_csrf=[redacted]&amp;sid=[redacted]") && !page.contains(&secret), "{page}");
}

#[test]
fn layouts() {
    let at = Duration::from_millis(START * 1000 + 123);
    assert_eq!(Layout::Basic.line(at, Level::Info, "db", "3 rows"), "[2026-11-27T03:14:18.123Z] [INFO] db - 3 rows\n");
    assert_eq!(Layout::Short.line(at, Level::Mark, "db", "3 rows"), "[MARK] db - 3 rows\n");
    let json: serde_json::Value =
        serde_json::from_str(&Layout::Json.line(at, Level::Warn, "db", "a\n\"b\"")).expect("JSON");
    assert_eq!((json["level"].as_str(), json["message"].as_str()), (Some("warn"), Some("a\n\"b\"")));
    let access = Access {
        at,
        remote: Some("10.0.0.2".into()),
        user: Some("ada".into()),
        method: "GET".into(),
        target: "/tea?a=1".into(),
        version: "1.1",
        status: 200,
        bytes: Some(5),
        referrer: None,
        agent: Some("curl/8".into()),
        took: Duration::from_micros(1234),
        id: None,
    };
    assert_eq!(
        AccessLayout::Combined.line(&access),
        "10.0.0.2 - ada [27/Nov/2026:03:14:18 +0000] \"GET /tea?a=1 HTTP/1.1\" 200 5 \"-\" \"curl/8\"\n"
    );
    assert_eq!(AccessLayout::Dev.line(&access), "GET /tea?a=1 200 1.234 ms - 5\n");
    let json: serde_json::Value = serde_json::from_str(&AccessLayout::Json.line(&access)).expect("JSON");
    assert_eq!((json["status"].as_u64(), json["micros"].as_u64()), (Some(200), Some(1234)));
}

#[test]
fn a_line_is_bounded_at_n_and_n_plus_1() {
    let length = |bytes: usize| Layout::Short.line(Duration::ZERO, Level::Info, "", &"x".repeat(bytes)).len();
    let around = length(0);
    assert_eq!(length(MOST_LINE) - around, MOST_LINE);
    assert_eq!(length(MOST_LINE + 1) - around, MOST_LINE);
    let cut = Layout::Short.line(Duration::ZERO, Level::Info, "", &"é".repeat(MOST_LINE));
    assert_eq!(cut.len() - around, MOST_LINE, "a character is not cut in two");
}

#[test]
fn levels_and_categories() {
    assert!(Level::ALL.is_sorted());
    for level in Level::ALL {
        assert_eq!(Level::named(&level.name().to_lowercase()), Some(level));
    }
    simulate(async {
        let (all, db) = (Kept::default(), Kept::default());
        let place = |kept: &Kept| [(Appender::new(kept.clone()), Layout::Short)];
        let log = Log::new(Level::Info, &place(&all)).category("db", Level::Debug, &place(&db));
        for (category, level) in [
            ("http", Level::Debug),
            ("http", Level::Info),
            ("db", Level::Trace),
            ("db.pool", Level::Debug),
            ("dbx", Level::Warn),
            ("http", Level::All),
            ("http", Level::Off),
        ] {
            log.logger(category).log(level, "x");
        }
        let logger = log.logger("db");
        assert!(log.set_level("db", Level::Off) && !log.set_level("nothing", Level::All));
        logger.mark("unheard");
        assert!(log.set_level("db", Level::All));
        logger.trace("heard");
        log.flush().await;
        assert_eq!(all.text(), "[INFO] http - x\n[WARN] dbx - x\n");
        assert_eq!(db.text(), "[DEBUG] db.pool - x\n[TRACE] db - heard\n");
    });
}

#[test]
fn a_queue_is_bounded_and_says_what_it_dropped() {
    simulate(async {
        for (most, kept) in [(0, 0), (3, 0), (4, 1), (8, 2), (11, 2), (12, 3), (usize::MAX, 5)] {
            let sink = Kept::default();
            let appender = Appender::with(sink.clone(), most, Clock::from(START));
            (0..5).for_each(|_| appender.line("abc\n"));
            appender.flush().await;
            assert_eq!(sink.text().matches("abc\n").count(), kept, "{most}");
            assert_eq!(appender.dropped(), 5 - kept as u64, "{most}");
            if (1..5).contains(&kept) {
                assert!(sink.text().ends_with(&format!("{} lines were dropped\n", 5 - kept)), "{}", sink.text());
            }
        }
    });
}

#[test]
fn a_disk_that_is_full_costs_lines_and_nothing_else() {
    simulate(async {
        let sink = Kept::default();
        let appender = Appender::with(sink.clone(), usize::MAX, Clock::from(START));
        sink.be(Some("full"));
        appender.line("lost\n");
        appender.flush().await;
        sink.be(None);
        appender.line("kept\n");
        appender.flush().await;
        assert_eq!((sink.text().as_str(), appender.dropped()), ("kept\n", 1));
        sink.be(Some("a sink that panics"));
        appender.line("lost\n");
        appender.flush().await;
        appender.line("lost\n");
        appender.flush().await;
        assert_eq!(appender.dropped(), 3);
    });
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

#[test]
fn files_are_put_aside_by_day_and_by_hour() {
    for (every, aside) in [
        (Every::Day, vec!["app.log.2026-11-27", "app.log.2026-11-28"]),
        (Every::Hour, vec!["app.log.2026-11-27T03", "app.log.2026-11-28T04"]),
        (Every::Never, vec![]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.log");
        simulate(async move {
            let appender = Appender::with(LogFile::new(path).every(every), usize::MAX, Clock::from(START));
            for _ in 0..3 {
                appender.line("one\n");
                appender.line("two\n");
                appender.flush().await;
                net::sleep(Duration::from_secs(25 * 3600)).await;
            }
        });
        let mut wanted = vec!["app.log"];
        wanted.extend(aside);
        assert_eq!(names(folder.path()), wanted);
        let last = fs::read_to_string(folder.path().join("app.log")).expect("a file");
        assert_eq!(last.lines().count(), if every == Every::Never { 6 } else { 2 });
    }
}

#[test]
fn files_are_put_aside_by_size_and_the_oldest_go() {
    for (most, keep, files) in
        [(0, usize::MAX, 5), (7, usize::MAX, 5), (8, usize::MAX, 3), (8, 1, 2), (8, 0, 1), (u64::MAX, 0, 1)]
    {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("app.log.old"), "somebody's").expect("a file");
        fs::write(folder.path().join("app.log.2020-01-01x"), "somebody's").expect("a file");
        let path = folder.path().join("app.log");
        simulate(async move {
            let appender = Appender::with(LogFile::new(path).most(most).keep(keep), usize::MAX, Clock::from(START));
            for number in 0..5 {
                appender.line(&format!("lin{number}"));
                appender.flush().await;
            }
        });
        let names = names(folder.path());
        assert_eq!(names.len(), files + 2, "{most} {keep}: {names:?}");
        assert!(names.contains(&"app.log.old".to_owned()), "what is not ours stays");
        assert!(fs::read_to_string(folder.path().join("app.log")).expect("a file").ends_with("lin4"));
    }
}

#[test]
fn what_lies_there_from_an_earlier_day_is_put_aside_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    fs::write(&path, "yesterday\n").expect("a file");
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(START - 86_400)).expect("a date");
    let mut sink = LogFile::new(&path).every(Every::Day);
    sink.write(b"today\n", Duration::from_secs(START)).expect("a disk");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "today\n");
    assert_eq!(fs::read_to_string(folder.path().join("app.log.2026-11-26")).expect("a file"), "yesterday\n");
}

/// Two programs write to one file and put it aside: no line is lost.
#[test]
fn two_programs_share_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log");
    let mut sinks = [(); 2].map(|()| LogFile::new(&path).every(Every::Day).most(64));
    for number in 0..40_u64 {
        let at = Duration::from_secs(START + number * 7200);
        sinks[number as usize % 2].write(format!("line {number:02}\n").as_bytes(), at).expect("a disk");
    }
    let mut lines: Vec<String> = names(folder.path())
        .iter()
        .flat_map(|name| {
            let text = fs::read_to_string(folder.path().join(name)).expect("a file");
            text.lines().map(String::from).collect::<Vec<_>>()
        })
        .collect();
    lines.sort();
    assert_eq!(lines, (0..40).map(|number| format!("line {number:02}")).collect::<Vec<_>>());
}
