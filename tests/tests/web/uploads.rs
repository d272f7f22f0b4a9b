//! Uploads: whatever becomes of a client, nothing of a half file is left. Security rules 4 and 5 of the web layer.

use super::world::{ADDRESS, quiet, with_body};
use std::fs;
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::pin::Pin;
use std::process::Command;
use std::rc::Rc;
use std::task::{Context as Task, Poll};
use std::time::Duration;
use wirebook_net::sim::{self, Config, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Stream};
use wirebook_web::multipart::Limits;
use wirebook_web::uploads::Uploads;
use wirebook_web::{Answer, App, Context, Failure, Next, Router, post};

const KIND: &str = "content-type: multipart/form-data; boundary=B";

fn part(name: &str, filename: Option<&str>, content: &str) -> String {
    let filename = filename.map_or(String::new(), |filename| format!("; filename=\"{filename}\""));
    format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n{content}\r\n")
}

/// A site that keeps the first file of a form, if its field `keep` says so.
fn site(uploads: &Uploads) -> App {
    routes(uploads).into_app(quiet()).expect("routes")
}

fn routes(uploads: &Uploads) -> Router {
    Router::new().service(uploads.clone()).route(
        post("/up", async |ctx: &mut Context<'_>| {
            let uploads = ctx.service::<Uploads>().cloned().expect("a service");
            let mut form = uploads.form(ctx, Limits { files: 2, file: 1 << 20, ..Limits::default() }).await?;
            if form.field("keep").is_none() || form.files.is_empty() {
                return ctx.text(format!("{} files", form.files.len()));
            }
            let saved = form.files.remove(0);
            let label = saved.filename.clone().unwrap_or_default();
            let length = saved.length;
            let name = saved.keep().await?;
            ctx.text(format!("{name} {length} {label}"))
        })
        .body_limit(4 << 20),
    )
}

fn ask(uploads: &Uploads, body: &str) -> (u16, String) {
    let reply = super::world::ask(site(uploads), with_body("POST", "/up", &[KIND], body));
    (reply.status, reply.body)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name")).collect()
}

/// Descriptors of this process that lead into a folder, also to files that are gone from it.
fn descriptors(folder: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").expect("Linux").flatten();
    let targets = links.filter_map(|link| fs::read_link(link.path()).ok());
    targets.filter(|target| target.starts_with(folder) && target != folder).count()
}

/// In both ways of making a temporary file.
fn in_both_ways(test: impl Fn(&Path, Uploads)) {
    for named in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("uploads");
        let uploads = Uploads::beneath(&path).expect("a folder");
        test(&path, if named { uploads.named() } else { uploads });
    }
}

/// web-116: for us alone, under a name that nobody guesses.
#[test]
fn rule_04_names_and_modes() {
    in_both_ways(|folder, uploads| {
        assert_eq!(fs::metadata(folder).expect("a folder").permissions().mode() & 0o777, 0o700);
        let mut kept = Vec::new();
        for filename in
            ["x.txt", "../../etc/passwd", "..", "C:\\x", "a\\0.png", "con.txt", &"x".repeat(5000), "/etc/passwd"]
        {
            let body = part("keep", None, "1") + &part("f", Some(filename), "data") + "--B--\r\n";
            let (status, answer) = ask(&uploads, &body);
            let mut words = answer.splitn(3, ' ');
            let (name, length, label) = (words.next().expect("a name"), words.next(), words.next().expect("a label"));
            assert_eq!((status, length), (200, Some("4")), "{filename}: {answer}");
            assert_eq!(name.len(), 22, "128 bits");
            assert!(!label.contains(['/', '\\', '\0']) && label.len() <= 255 && label != "..", "{label}");
            let metadata = fs::metadata(folder.join(name)).expect("it lies in the folder");
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
            assert_eq!((metadata.nlink(), metadata.len()), (1, 4));
            kept.push(name.to_owned());
        }
        let mut there = names(folder);
        there.sort();
        kept.sort();
        assert_eq!(there, kept, "nothing else lies there");
        let looking = {
            let (uploads, name) = (uploads.clone(), kept[0].clone());
            async move {
                let outside = ["../uploads", "..", "", "x.part", "/etc/passwd"];
                for name in outside {
                    assert!(uploads.open(name).await.is_err(), "{name}");
                }
                uploads.open(&name).await.is_ok()
            }
        };
        assert!(net::block_on(looking).expect("a loop"));
    });
}

#[test]
fn rule_04_what_is_not_kept_is_gone() {
    in_both_ways(|folder, uploads| {
        let body = part("f", Some("x"), &"x".repeat(200_000)) + &part("g", Some("y"), "y") + "--B--\r\n";
        assert_eq!(ask(&uploads, &body), (200, "2 files".into()));
        assert_eq!((names(folder), uploads.count()), (vec![], 0));
    });
}

#[test]
fn rule_05_what_is_no_form_leaves_nothing() {
    in_both_ways(|folder, uploads| {
        let large = "x".repeat((1 << 20) + 1);
        let file = |content: &str| part("f", Some("x"), content);
        for (body, status) in [
            (file("half"), 400),
            (file("first") + "--B\r\nno field\r\n\r\n", 400),
            (file("first") + &file(&large) + "--B--\r\n", 413),
            (file("1") + &file("2") + &file("3") + "--B--\r\n", 413),
            (file("first") + &part("a", None, "\u{fffd}").replace('\u{fffd}', "\u{80}") + "--B--\r\n", 200),
            (file(&"x".repeat(5 << 20)) + "--B--\r\n", 413),
        ] {
            assert_eq!(ask(&uploads, &body).0, status, "{}", &body[..body.len().min(60)]);
            assert_eq!((names(folder), uploads.count()), (vec![], 0));
        }
    });
}

/// web-098: a client vanishes at any moment, on any network; a thousand of them.
#[test]
fn rule_05_a_client_that_vanishes_leaves_nothing() {
    in_both_ways(|folder, uploads| {
        let body = part("keep", None, "1")
            + &part("f", Some("x"), &"x".repeat(100_000))
            + &part("g", Some("y"), "y")
            + "--B--\r\n";
        let request: Rc<[u8]> = with_body("POST", "/up", &[KIND], &body).into_bytes().into();
        let config = |seed| Config {
            faults: Faults { reset: 0.02, window: 16 * 1024, ..Faults::rough() },
            ..Config::from(seed)
        };
        sim::explore(500, config, |_| {
            let (uploads, request) = (uploads.clone(), request.clone());
            async move {
                let server = site(&uploads).serve_on(SimListener::bind(ADDRESS).expect("a free address"));
                if let Ok(client) = SimStream::connect(ADDRESS).await {
                    let count = sim::random_below(request.len() as u64 + 1) as usize;
                    client.write_all(&request[..count]).await.ok();
                    if sim::chance(0.3) {
                        client.shutdown(Shutdown::Write).ok();
                        client.read(&mut [0; 512]).await.ok();
                    }
                    if sim::chance(0.2) {
                        net::sleep(Duration::from_secs(sim::random_below(60))).await;
                    }
                }
                server.close();
                server.closed().await;
            }
        });
        assert_eq!((uploads.count(), descriptors(folder)), (0, 0));
        let kept = names(folder);
        assert!(kept.iter().all(|name| name.len() == 22), "{kept:?}");
        for name in kept {
            // Who has sent all of it and did not wait for the answer is kept; of nobody else is there anything.
            assert_eq!(fs::metadata(folder.join(name)).expect("a file").len(), 100_000);
        }
    });
}

/// Lets a future go at the so-many-th time that it waits.
struct Cut<F> {
    future: Option<F>,
    left: usize,
}

impl<F: Future<Output = Answer> + Unpin> Future for Cut<F> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Answer> {
        let Some(future) = &mut self.future else { return Poll::Ready(Err(Failure::of(503))) };
        if let Poll::Ready(answer) = Pin::new(future).poll(task) {
            return Poll::Ready(answer);
        }
        if self.left > 0 {
            self.left -= 1;
            return Poll::Pending;
        }
        self.future = None;
        Poll::Ready(Err(Failure::of(503)))
    }
}

/// The handler is let go at its first await, at its second, and so on to its last.
#[test]
fn rule_05_a_handler_that_is_cut_at_each_await_leaves_nothing() {
    in_both_ways(|folder, uploads| {
        let body = part("keep", None, "1") + &part("f", Some("x"), &"x".repeat(100_000)) + "--B--\r\n";
        let request: Rc<[u8]> = with_body("POST", "/up", &[KIND], &body).into_bytes().into();
        for left in 0.. {
            let (there, request) = (uploads.clone(), request.clone());
            let status = super::wire::simulate(async move {
                let cut = async move |ctx: &mut Context<'_>, next: Next<'_>| {
                    Cut { future: Some(Box::pin(next.run(ctx))), left }.await
                };
                let app = routes(&there).layer(cut).into_app(quiet()).expect("routes");
                let server = app.serve_on(SimListener::bind(ADDRESS).expect("a free address"));
                let client = SimStream::connect(ADDRESS).await.expect("a connection");
                for piece in request.chunks(16 * 1024) {
                    client.write_all(piece).await.ok();
                    net::sleep(Duration::from_millis(1)).await;
                }
                let mut head = [0; 512];
                let count = client.read(&mut head).await.unwrap_or(0);
                server.close();
                server.closed().await;
                String::from_utf8_lossy(&head[..count]).get(9..12).map(str::to_owned)
            });
            // A job of the pool that nobody waits for ends when it ends.
            let ended = || uploads.count() == 0 && descriptors(folder) == 0;
            while !ended() {
                std::thread::yield_now();
            }
            if status.as_deref() == Some("200") {
                assert!(left > 5, "it waits more often than {left} times");
                assert_eq!(names(folder).len(), 1);
                break;
            }
            assert_eq!(names(folder), Vec::<String>::new(), "cut at await {left}");
        }
    });
}

/// Runs a test of this binary once more, as a process of its own with a limit of its own: `ulimit` of a shell sets it.
fn with_limit(limit: &str, test: &str) {
    let shell = format!("trap '' XFSZ; {limit}; exec \"$0\" --exact {test} --test-threads 1");
    let binary = std::env::current_exe().expect("this binary");
    let output = Command::new("sh").args(["-c", &shell]).arg(binary).env(LIMITED, "1").output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "no such test: {test}");
}

const LIMITED: &str = "WIREBOOK_LIMITED";

/// web-099: writing fails, as on a full disk: a file may have 64 KiB here. What fits is received after that.
#[test]
fn rule_04_a_file_that_the_system_will_not_have() {
    if std::env::var_os(LIMITED).is_none() {
        return with_limit("ulimit -f 128", "uploads::rule_04_a_file_that_the_system_will_not_have");
    }
    in_both_ways(|folder, uploads| {
        let body = |length| part("f", Some("x"), &"x".repeat(length)) + "--B--\r\n";
        for (length, status) in [(200_000, 507), (65_537, 507), (65_536, 200), (900_000, 507), (1000, 200)] {
            assert_eq!(ask(&uploads, &body(length)).0, status, "{length}");
            assert_eq!((names(folder), uploads.count(), descriptors(folder)), (vec![], 0, 0), "{length}");
        }
    });
}

/// No descriptor is left. It is a 503, and the next one is received when there are some again.
#[test]
fn rule_04_no_descriptor_is_left() {
    if std::env::var_os(LIMITED).is_none() {
        return with_limit("ulimit -n 48", "uploads::rule_04_no_descriptor_is_left");
    }
    in_both_ways(|folder, uploads| {
        let there = uploads.clone();
        let statuses = super::wire::simulate(async move {
            let server = site(&there).serve_on(SimListener::bind(ADDRESS).expect("a free address"));
            let mut statuses = Vec::new();
            // Once before, so that the pool's threads have what they need.
            for is_full in [false, true, true, false] {
                let mut taken = Vec::new();
                while is_full && let Ok(file) = fs::File::open("/dev/null") {
                    taken.push(file);
                }
                let client = SimStream::connect(ADDRESS).await.expect("a connection");
                let body = part("f", Some("x"), "x") + "--B--\r\n";
                client.write_all(with_body("POST", "/up", &[KIND], &body).as_bytes()).await.expect("it is sent");
                let mut head = [0; 512];
                let count = client.read(&mut head).await.expect("an answer");
                statuses.push(String::from_utf8_lossy(&head[9..12.min(count)]).into_owned());
            }
            server.close();
            server.closed().await;
            statuses
        });
        assert_eq!(statuses, ["200", "503", "503", "200"]);
        assert_eq!((names(folder), uploads.count(), descriptors(folder)), (vec![], 0, 0));
    });
}

/// The bound that we set ourselves takes the same way out as a full disk.
#[test]
fn rule_04_no_room() {
    in_both_ways(|folder, uploads| {
        let body = |length| part("f", Some("x"), &"x".repeat(length)) + "--B--\r\n";
        for (most, length, status) in
            [(0, 0, 200), (0, 1, 507), (1000, 1000, 200), (1000, 1001, 507), (u64::MAX, 5000, 200)]
        {
            let uploads = uploads.clone().most_bytes(most);
            assert_eq!(ask(&uploads, &body(length)).0, status, "{length} of {most}");
            assert_eq!((names(folder), uploads.count()), (vec![], 0));
        }
        // What one has given back the next may have.
        let uploads = uploads.most_bytes(1000);
        assert_eq!((0..3).map(|_| ask(&uploads, &body(900)).0).collect::<Vec<_>>(), [200; 3]);
    });
}

#[test]
fn rule_04_too_many_at_once() {
    in_both_ways(|folder, uploads| {
        for (most, files, status) in [(0, 0, 200), (0, 1, 503), (1, 1, 200), (1, 2, 503), (usize::MAX, 2, 200)] {
            let uploads = uploads.clone().most_open(most);
            let body = part("f", Some("x"), "x").repeat(files) + "--B--\r\n";
            assert_eq!(ask(&uploads, &body).0, status, "{files} of {most}");
            assert_eq!((names(folder), uploads.count()), (vec![], 0));
        }
    });
}

/// What a program left that died is swept away at the next start; what is being written is not.
#[test]
fn rule_04_the_sweep() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    let uploads = Uploads::beneath(&path).expect("a folder").named();
    let left = "0123456789012345678901.part";
    for name in [left, "short.part", "0123456789012345678901", "notes.txt"] {
        fs::write(path.join(name), "x").expect("a file");
    }
    let held = net::block_on({
        let uploads = uploads.clone();
        async move { uploads.begin().await.expect("room") }
    })
    .expect("a loop");
    assert_eq!(names(&path).len(), 5);
    let _again = Uploads::beneath(&path).expect("a folder");
    let there = names(&path);
    assert!(there.len() == 4 && !there.contains(&left.to_owned()), "{there:?}");
    drop(held);
    assert_eq!(names(&path).len(), 3);
}

/// A server that closes in the middle of an upload.
#[test]
fn rule_05_a_server_that_closes_leaves_nothing() {
    in_both_ways(|folder, uploads| {
        let there = uploads.clone();
        super::wire::simulate(async move {
            let server = site(&there).serve_on(SimListener::bind(ADDRESS).expect("a free address"));
            let client = SimStream::connect(ADDRESS).await.expect("a connection");
            let request = with_body("POST", "/up", &[KIND], &part("f", Some("x"), &"x".repeat(100_000)));
            client.write_all(&request.as_bytes()[..80_000]).await.expect("it is sent");
            net::sleep(Duration::from_millis(10)).await;
            assert_eq!(there.count(), 1);
            server.close();
            server.closed().await;
        });
        assert_eq!((names(folder), uploads.count(), descriptors(folder)), (vec![], 0, 0));
    });
}
