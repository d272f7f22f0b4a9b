//! Files: what a stranger gets of a folder, and what nobody does. Security rules 1 to 3 of the web layer.

use super::wire::{ADDRESS, rest, simulate, start};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use wirebook_net::sim::SimStream;
use wirebook_net::{self as net, Stream};
use wirebook_web::files::{Asked, Assets, Entry, Files, Given, Root, Way};
use wirebook_web::router::wash;

const SECRET: &str = "root:x:0:0";

/// A site's folder, and beside it what is nobody's business.
pub(super) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("css")).expect("folders");
    fs::create_dir_all(site.join("empty")).expect("folders");
    fs::create_dir_all(site.join(".git")).expect("folders");
    fs::write(folder.path().join("secret"), SECRET).expect("a file");
    for (name, text) in [
        ("index.html", "<p>index"),
        ("about.html", "<p>about"),
        ("1000bytes", &"x".repeat(1000)),
        ("css/app.css", "a{}"),
        ("css/index.html", "<p>css"),
        (".env", "PASSWORD=x"),
        (".git/config", "[core]"),
        ("a%b.txt", "percent"),
    ] {
        fs::write(site.join(name), text).expect("a file");
        old(&site.join(name));
    }
    symlink("../secret", site.join("out")).expect("a link");
    symlink(folder.path().join("secret"), site.join("absolute")).expect("a link");
    symlink("..", site.join("up")).expect("a link");
    symlink("about.html", site.join("inside")).expect("a link");
    symlink("/proc/self/root", site.join("magic")).expect("a link");
    assert!(Command::new("mkfifo").arg(site.join("fifo")).status().expect("mkfifo").success());
    drop(std::os::unix::net::UnixListener::bind(site.join("socket")).expect("a socket"));
    folder
}

/// Dated back, so that its date tells it from any later state.
fn old(path: &Path) {
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)).expect("a date");
}

fn site(folder: &TempDir) -> Files {
    Files::beneath(folder.path().join("site")).expect("a folder")
}

/// What a GET of a path below `/` comes to.
fn ask(files: &Files, path: &str, fields: &[(&str, &str)]) -> Option<Given<File>> {
    let washed = wash(path).ok()?.as_str().to_owned();
    ask_for(files, &washed[1..], &washed, None, fields)
}

/// What a GET comes to of a piece of a path.
fn ask_for(
    files: &Files,
    piece: &str,
    path: &str,
    query: Option<&'static str>,
    fields: &[(&str, &str)],
) -> Option<Given<File>> {
    let (files, piece, path) = (files.clone(), piece.to_owned(), path.to_owned());
    let fields: Vec<(String, String)> = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let asking = async move {
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
        let asked = Asked { query, ..Asked::new("GET", &piece, &path, field) };
        files.answer(&asked).await
    };
    net::block_on(asking).expect("a loop").expect("no trouble of ours")
}

fn field<'a, C>(answer: &'a Given<C>, name: &str) -> Option<&'a str> {
    answer.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
}

#[test]
fn rule_01_paths_that_name_nothing() {
    let folder = folder();
    let files = site(&folder);
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/css/..%2f..%2fsecret",
        "/..%5csecret",
        "/..\\secret",
        "/about.html%00.css",
        "//about.html",
        "/css//app.css",
        "/css%2Fapp.css",
        "/C:/about.html",
        "/about.html:stream",
        "/about.html/",
        "/about.html/x",
        "/.env",
        "/.git/config",
        "/css",
        "/empty/",
        "/empty",
        "/nothing",
        &format!("/{}", "x".repeat(300)),
        &format!("/{}", "x/".repeat(3000)),
    ] {
        let status = ask(&files, path, &[]).map(|answer| answer.status);
        assert_eq!(status, if path == "/css" { Some(301) } else { None }, "{path}");
    }
    assert!(ask(&files, "/about%2Ehtml", &[]).is_some(), "an escape of a plain character is the character");
    assert!(ask(&files, "/a%25b.txt", &[]).is_some(), "a percent sign is one in the name");
    assert!(ask(&files.clone().dot_files(), "/.env", &[]).is_some());
}

#[test]
fn rule_02_links_pipes_and_devices() {
    let folder = folder();
    for way in [Way::Beneath, Way::Walk] {
        let files = Files::beneath_by(folder.path().join("site"), way).expect("a folder");
        for path in [
            "/out",
            "/absolute",
            "/up/secret",
            "/up/site/about.html",
            "/magic/etc/passwd",
            "/fifo",
            "/socket",
            "/css/app.css/x",
        ] {
            assert!(ask(&files, path, &[]).is_none(), "{path} {way:?}");
        }
        assert_eq!(ask(&files, "/inside", &[]).is_some(), way == Way::Beneath, "a link that stays inside");
    }
    let devices = Root::open("/dev").expect("a folder");
    assert!(matches!(devices.get(&["null"]), Ok(Entry::Nothing)));
}

/// The safe twin: whatever has no link in it is the same to both.
#[test]
fn rule_02_a_walk_finds_what_the_kernel_finds() {
    let folder = folder();
    let ways = [Way::Beneath, Way::Walk].map(|way| Root::open_with(folder.path().join("site"), way).expect("a folder"));
    let told = |root: &Root, names: &[&str]| match root.get(names).expect("no trouble") {
        Entry::File(_, metadata) => format!("{} bytes", metadata.len()),
        other => format!("{other:?}"),
    };
    for names in [
        &[][..],
        &["css"],
        &["css", "app.css"],
        &["css", "nothing"],
        &["nothing", "app.css"],
        &["about.html", "x"],
        &["out"],
        &["up", "secret"],
        &["fifo"],
        &["socket"],
        &[".."],
        &["."],
        &[""],
        &["css/app.css"],
        &["css", "..", "about.html"],
    ] {
        assert_eq!(told(&ways[0], names), told(&ways[1], names), "{names:?}");
    }
}

/// web-014: somebody swaps a file and a link to a secret all the time.
#[test]
fn rule_02_a_link_that_is_swapped_in_is_never_followed() {
    let folder = folder();
    let path = folder.path().join("site");
    let roots = [Way::Beneath, Way::Walk].map(|way| Root::open_with(&path, way).expect("a folder"));
    fs::write(path.join("good"), "good").expect("a file");
    fs::hard_link(path.join("good"), path.join("x")).expect("a name");
    let over = Arc::new(AtomicBool::new(false));
    let swapping = {
        let (path, over) = (path.clone(), over.clone());
        std::thread::spawn(move || {
            let (aside, place) = (path.join("aside"), path.join("x"));
            while !over.load(Ordering::Relaxed) {
                // Each is renamed over the other: the place is never empty.
                symlink("../secret", &aside).expect("a link");
                fs::rename(&aside, &place).expect("a name");
                fs::hard_link(path.join("good"), &aside).expect("a name");
                fs::rename(&aside, &place).expect("a name");
            }
        })
    };
    let mut seen = 0;
    for turn in 0..10_000 {
        if let Entry::File(mut file, _) = roots[turn % 2].get(&["x"]).expect("no trouble of ours") {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut file, &mut text).expect("a file");
            assert_eq!(text, "good");
            seen += 1;
        }
    }
    over.store(true, Ordering::Relaxed);
    swapping.join().expect("it ends");
    assert!(seen > 0, "the file was never there");
}

#[test]
fn rule_02_the_directory_is_the_one_that_was_opened() {
    let folder = folder();
    let files = site(&folder);
    fs::rename(folder.path().join("site"), folder.path().join("elsewhere")).expect("a name");
    symlink(folder.path(), folder.path().join("site")).expect("a link");
    assert!(ask(&files, "/secret", &[]).is_none());
    assert!(ask(&files, "/about.html", &[]).is_some());
    assert!(Files::beneath(folder.path().join("nothing")).is_err(), "at the start, and not at the first request");
    assert!(Files::beneath(folder.path().join("secret")).is_err());
}

/// A server of a folder with one large file, of which somebody changes the length while it is sent.
fn changed_under_way(change: impl FnOnce(&File) + 'static) -> (usize, Vec<u8>) {
    const LENGTH: usize = 4 << 20;
    let folder = folder();
    let path = folder.path().join("site/big");
    fs::write(&path, vec![b'x'; LENGTH]).expect("a file");
    let files = site(&folder);
    let got = simulate(async move {
        start(async move |request, mut response| {
            let asked = Asked::new(request.method(), &request.path()[1..], request.path(), |_| None);
            let answer = files.answer(&asked).await?.expect("a file");
            for (name, value) in &answer.fields {
                response = response.header(name, value);
            }
            let (file, range) = answer.content.expect("content");
            response.end_opened(file, range).await
        });
        let stream = SimStream::connect(ADDRESS).await.expect("a connection");
        stream.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it is sent");
        let mut first = vec![0; 64];
        let count = stream.read(&mut first).await.expect("an answer");
        change(&File::options().write(true).open(&path).expect("a file"));
        let talk = rest(&stream).await;
        [&first[..count], &talk.0].concat()
    });
    let head = got.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    assert!(
        String::from_utf8_lossy(&got[..head]).contains(&format!("ontent-length: {LENGTH}\r\n")),
        "{:?}",
        &got[..head]
    );
    (LENGTH, got[head..].to_vec())
}

/// web-018.
#[test]
fn rule_03_a_file_that_shrinks_breaks_the_answer_off() {
    let (length, body) = changed_under_way(|file| file.set_len(100_000).expect("a length"));
    assert!(body.len() < length, "nothing is made up for what is missing");
    assert!(body.iter().all(|byte| *byte == b'x'));
}

/// web-019.
#[test]
fn rule_03_a_file_that_grows_is_cut() {
    let (length, body) = changed_under_way(|file| file.set_len(8 << 20).expect("a length"));
    assert_eq!(body.len(), length);
}

#[test]
fn indexes_and_extensions() {
    let folder = folder();
    let files = site(&folder).extension("htm").extension("html");
    let length = |path: &str| ask(&files, path, &[]).and_then(|answer| answer.content).map(|(_, range)| range.end);
    assert_eq!((length("/"), length("/css/"), length("/about")), (Some(8), Some(6), Some(8)));
    assert_eq!(length("/about/"), None);
    let redirect = ask(&files, "/css", &[]).expect("a redirect");
    assert_eq!((redirect.status, field(&redirect, "location")), (301, Some("/css/")));
    let bare = site(&folder).index(None);
    assert!(ask(&bare, "/", &[]).is_none() && ask(&bare, "/css", &[]).is_none(), "nothing is listed");
}

/// web-017: no redirect leads to another site.
#[test]
fn a_redirect_stays_here() {
    let folder = folder();
    let files = site(&folder);
    for path in ["//css", "//evil.example/css", "/\\css", "/%2F/css"] {
        let answer = wash(path).ok().and_then(|washed| ask_for(&files, "css", washed.as_str(), None, &[]));
        let location = answer.as_ref().and_then(|answer| field(answer, "location"));
        assert!(
            location.is_none_or(|location| !location.starts_with("//") && location.starts_with('/')),
            "{path} {location:?}"
        );
    }
    let washed = wash("/caf%C3%A9%0A/css").expect("a path");
    let answer = ask_for(&files, "css", washed.as_str(), Some("a=1"), &[]).expect("a redirect");
    assert_eq!(field(&answer, "location"), Some("/caf%C3%A9%0A/css/?a=1"));
}

#[test]
fn what_an_answer_says() {
    let folder = folder();
    let answer = ask(&site(&folder), "/css/app.css", &[]).expect("a file");
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("content-type", "text/css; charset=utf-8"),
        ("cache-control", "public, max-age=0"),
        ("x-content-type-options", "nosniff"),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(field(&answer, name), Some(value), "{name}");
    }
    // The file was written this second, so its tag is weak until its times tell it from a later state.
    assert!(field(&answer, "etag").is_some_and(|tag| tag.starts_with("W/\"")));
    // web-020: what strangers have put here is saved.
    let answer = ask(&site(&folder).downloads(), "/about.html", &[]).expect("a file");
    assert_eq!(field(&answer, "content-disposition"), Some("attachment"));
    assert_eq!(field(&answer, "x-content-type-options"), Some("nosniff"));
}

#[test]
fn conditions_and_ranges() {
    let folder = folder();
    let files = site(&folder);
    let tag = field(&ask(&files, "/1000bytes", &[]).expect("a file"), "etag").expect("a tag").to_owned();
    let status = |fields: &[(&str, &str)]| {
        let answer = ask(&files, "/1000bytes", fields).expect("a file");
        (answer.status, answer.content.map(|(_, range)| range))
    };
    assert_eq!(status(&[("if-none-match", &tag)]), (304, None));
    assert_eq!(status(&[("if-none-match", "*")]), (304, None));
    assert_eq!(status(&[("if-none-match", "\"other\"")]), (200, Some(0..1000)));
    assert_eq!(status(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]), (304, None));
    assert_eq!(status(&[("if-match", "\"other\"")]), (412, None));
    assert_eq!(status(&[("range", "bytes=0-9")]), (206, Some(0..10)));
    assert_eq!(status(&[("range", "bytes=-5")]), (206, Some(995..1000)));
    assert_eq!(status(&[("range", "bytes=1000-")]), (416, None));
    assert_eq!(status(&[("range", "bytes=0-9"), ("if-range", "\"other\"")]), (200, Some(0..1000)));
    let kept = ask(&files.clone().precompressed(), "/1000bytes", &[("if-none-match", &tag)]).expect("a file");
    assert!(
        field(&kept, "etag").is_some() && field(&kept, "vary").is_some() && field(&kept, "cache-control").is_some()
    );
}

#[test]
fn a_tag_is_another_when_the_file_is() {
    let folder = folder();
    let files = site(&folder);
    let tag = || field(&ask(&files, "/about.html", &[]).expect("a file"), "etag").expect("a tag").to_owned();
    let before = tag();
    assert_eq!(before, tag());
    // The same length and the same date, as a package has them: another file in its place.
    let path = folder.path().join("site/about.html");
    fs::write(path.with_extension("new"), "<p>abouT").expect("a file");
    old(&path.with_extension("new"));
    fs::rename(path.with_extension("new"), &path).expect("a name");
    assert_ne!(before, tag());
}

#[test]
fn ready_made_codings() {
    let folder = folder();
    let css = folder.path().join("site/css");
    for (name, text) in [("app.css.br", "brotli"), ("app.css.gz", "gzip!")] {
        fs::write(css.join(name), text).expect("a file");
    }
    let files = site(&folder).precompressed();
    let coding = |accepts: &str| {
        let answer = ask(&files, "/css/app.css", &[("accept-encoding", accepts)]).expect("a file");
        assert_eq!(field(&answer, "vary"), Some("accept-encoding"));
        assert_eq!(field(&answer, "content-type"), Some("text/css; charset=utf-8"));
        field(&answer, "content-encoding").unwrap_or("none").to_owned()
    };
    assert_eq!(coding("gzip, deflate, br"), "br");
    assert_eq!(coding("gzip, br;q=0.5"), "gzip");
    assert_eq!(coding("zstd"), "none");
    assert_eq!(coding("br;q=0, identity"), "none");
    assert_eq!(coding(""), "none");
    // One that is older than the file holds what the file was.
    old(&css.join("app.css.br"));
    fs::write(css.join("app.css"), "b{}").expect("a file");
    fs::write(css.join("app.css.gz"), "newer").expect("a file");
    assert_eq!(coding("br, gzip"), "gzip");
    assert_eq!(field(&ask(&site(&folder), "/css/app.css", &[]).expect("a file"), "vary"), None);
}

#[test]
fn assets_have_names_of_their_own_and_need_no_disk() {
    let folder = folder();
    let path = folder.path().join("site");
    fs::write(path.join("css/ready.css"), "x".repeat(2000)).expect("a file");
    fs::write(path.join("css/ready.css.br"), "ready").expect("a file");
    let assets = Assets::read(&path).expect("a folder");
    fs::remove_dir_all(&path).expect("nothing is left on the disk");
    let ask = |piece: &str, fields: &[(&str, &str)]| {
        let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        assets.answer(&Asked::new("GET", piece, "", field))
    };
    let name = assets.name("css/app.css").expect("an asset").to_owned();
    assert!(name.starts_with("css/app.") && name.ends_with(".css"));
    let printed = ask(&name, &[]).expect("an asset");
    assert_eq!(field(&printed, "cache-control"), Some("public, immutable, max-age=31536000"));
    let (bytes, range) = printed.content.as_ref().expect("content");
    assert_eq!((&bytes[..], range), (&b"a{}"[..], &(0..3)));
    let tag = field(&printed, "etag").expect("a tag");
    assert!(tag.starts_with('"'), "strong: the bytes decide it");
    assert_eq!(ask(&name, &[("if-none-match", tag)]).expect("an asset").status, 304);
    assert_eq!(field(&ask("css/app.css", &[]).expect("the plain name"), "cache-control"), Some("public, max-age=0"));
    for nothing in ["css/app.0000000000000000.css", "out", ".env", "../secret", "css", "", "css/ready.css.br", "fifo"] {
        assert!(ask(nothing, &[]).is_none(), "{nothing}");
    }
    let coding = |piece, accepts| {
        let answer = ask(piece, &[("accept-encoding", accepts)]).expect("an asset");
        assert_eq!(field(&answer, "vary"), Some("accept-encoding"));
        (
            field(&answer, "content-encoding").unwrap_or("none").to_owned(),
            field(&answer, "etag").expect("a tag").to_owned(),
        )
    };
    assert_eq!(coding("css/ready.css", "gzip, br").0, "br");
    assert_eq!(coding("css/ready.css", "gzip").0, "gzip");
    assert_eq!(coding("1000bytes", "gzip").0, "none", "too small to be compressed");
    assert_ne!(coding("css/ready.css", "gzip").1, coding("css/ready.css", "br").1);
}

#[test]
fn assets_are_bounded_at_n_and_n_plus_1() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), "12345").expect("a file");
    fs::write(folder.path().join("b"), "").expect("a file");
    for (most, fits) in [(0, false), (4, false), (5, true), (u64::MAX, true)] {
        assert_eq!(Assets::read_at_most(folder.path(), most).is_ok(), fits, "{most}");
    }
    fs::remove_file(folder.path().join("a")).expect("a file");
    assert!(Assets::read_at_most(folder.path(), 0).is_ok());
}

#[test]
fn a_handler_makes_the_answer_of_files_with_its_suffix() {
    use super::world::{app, ask, get, request};
    use std::io::Read;
    use wirebook_web::Router;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in
        [("a.up", "tea"), ("a.up.txt", "plain"), ("up", "no suffix"), ("index.up", "home"), (".up", "hidden")]
    {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    let site = || {
        let files = Files::beneath(folder.path()).expect("a folder").index(Some("index.up")).extension("up");
        let pages = files.handle(".up", async |ctx, mut opened| {
            let mut text = String::new();
            opened.file.read_to_string(&mut text)?;
            ctx.text(format!("{} {}", opened.name, text.to_uppercase()))
        });
        app(Router::new().files("/p", pages))
    };
    for (path, status, body) in [
        ("/p/a.up", 200, "a.up TEA"),
        ("/p/a", 200, "a.up TEA"),
        ("/p/", 200, "index.up HOME"),
        ("/p/a.up.txt", 200, "plain"),
        ("/p/up", 200, "no suffix"),
        ("/p/.up", 404, ""),
        ("/p/b.up", 404, ""),
        ("/p/..%2fa.up", 404, ""),
    ] {
        let reply = get(site(), path);
        assert_eq!(reply.status, status, "{path}");
        assert!(body.is_empty() || reply.body == body, "{path}: {}", reply.body);
    }
    assert_eq!(ask(site(), request("HEAD", "/p/a.up", &[])).field("content-length"), Some("8"));
    assert_eq!(ask(site(), request("POST", "/p/a.up", &[])).status, 405);
}
