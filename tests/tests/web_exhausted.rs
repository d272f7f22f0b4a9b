//! Uploads and files where the system has no room or no descriptors left: an answer that says so, nothing left behind, and a server that
//! goes on. Each in a process of its own, because such limits are a process's.

#[allow(dead_code)]
#[path = "web/world.rs"]
mod world;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use wirebook_web::files::Files;
use wirebook_web::multipart::Limits;
use wirebook_web::uploads::Uploads;
use wirebook_web::{App, Context, Router, post};
use world::{Reply, ask, get, quiet, with_body};

/// Set where the limits hold.
const WITHIN: &str = "WIREBOOK_WITHIN_LIMITS";

/// Runs a test within limits that a shell sets: this program is started again there for that one test, which then does its work.
fn within(limits: &str, name: &str, work: fn()) {
    if std::env::var_os(WITHIN).is_some() {
        return work();
    }
    run(Command::new("sh"), limits, name);
}

fn run(mut shell: Command, limits: &str, name: &str) {
    let script = format!("{limits}; exec \"$0\" --exact {name} --nocapture");
    let program = std::env::current_exe().expect("a test has a file");
    let output = shell.arg("-c").arg(script).arg(program).env(WITHIN, "1").output();
    let output = output.expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn site(uploads: &Uploads, folder: &Path) -> App {
    let receive = async |ctx: &mut Context<'_>| {
        let uploads = ctx.service::<Uploads>().cloned().expect("a service");
        let form = uploads.form(ctx, Limits { files: 3, ..Limits::default() }).await?;
        ctx.text(format!("{} files", form.files.len()))
    };
    let files = Files::beneath(folder).expect("a folder");
    let router = Router::new().service(uploads.clone()).route(post("/", receive).body_limit(8 << 20));
    router.files("/files", files).into_app(quiet()).expect("routes")
}

fn upload(uploads: &Uploads, folder: &Path, lengths: &[usize]) -> Reply {
    let part = |length: &usize| {
        format!("--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n{}\r\n", "x".repeat(*length))
    };
    let body = lengths.iter().map(part).collect::<String>() + "--B--\r\n";
    let kind = "content-type: multipart/form-data; boundary=B";
    ask(site(uploads, folder), with_body("POST", "/", &[kind], &body))
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").next().is_none()
}

/// web-099.
#[test]
fn a_disk_that_is_full() {
    // A file may have 51 or 102 KB, by the shell; a write beyond that fails and kills nobody.
    within("trap '' XFSZ; ulimit -f 100", "a_disk_that_is_full", files_may_not_grow);
}

/// web-099, on a disk that has 256 KiB for all files together. Only where a user may mount one; the test above is everywhere.
#[test]
fn a_small_disk_that_is_full() {
    if std::env::var_os(WITHIN).is_some() {
        return files_may_not_grow();
    }
    let disk = tempfile::tempdir().expect("a folder");
    let shell = || {
        let mut shell = Command::new("unshare");
        shell.args(["--map-root-user", "--mount", "sh"]).env("TMPDIR", disk.path());
        shell
    };
    let mount = "mount -t tmpfs -o size=256k none \"$TMPDIR\"";
    if shell().args(["-c", mount]).output().is_ok_and(|output| output.status.success()) {
        run(shell(), mount, "a_small_disk_that_is_full");
    }
}

fn files_may_not_grow() {
    let folder = tempfile::tempdir().expect("a folder");
    for named in [false, true] {
        let uploads = Uploads::beneath(folder.path()).expect("a folder");
        let uploads = if named { uploads.named() } else { uploads };
        for (lengths, status) in [(&[10_000][..], 200), (&[500_000], 507), (&[10_000, 500_000], 507), (&[10_000], 200)]
        {
            assert_eq!(upload(&uploads, folder.path(), lengths).status, status, "{lengths:?}");
            assert!(uploads.count() == 0 && is_empty(folder.path()), "{lengths:?}");
        }
    }
}

#[test]
fn no_descriptors_left() {
    within("ulimit -n 64", "no_descriptors_left", descriptors_run_out);
}

fn descriptors_run_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let site_folder = tempfile::tempdir().expect("a folder");
    fs::write(site_folder.path().join("tea.txt"), "green").expect("a file");
    let uploads = Uploads::beneath(folder.path()).expect("a folder");
    let app = || site(&uploads, site_folder.path());
    let send = |lengths: &[usize]| upload(&uploads, site_folder.path(), lengths).status;
    assert_eq!((send(&[10_000, 10_000]), get(app(), "/files/tea.txt").status), (200, 200));
    // The folder of the site takes one while the application lives, and each file one more.
    for (left, uploaded, seen) in [(1, 503, 503), (2, 503, 200), (3, 200, 200)] {
        let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        taken.truncate(taken.len() - left);
        assert_eq!(send(&[10_000, 10_000]), uploaded, "{left} left");
        assert_eq!(get(app(), "/files/tea.txt").status, seen, "{left} left");
        drop(taken);
        assert!(uploads.count() == 0 && is_empty(folder.path()), "{left} left");
    }
    assert_eq!((send(&[10_000, 10_000]), get(app(), "/files/tea.txt").status), (200, 200));
}
