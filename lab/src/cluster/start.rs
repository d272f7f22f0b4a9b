//! `wirebook cluster start`: this process becomes the master, or starts one in the background.

use super::show::{self, complain};
use clap::{Args, ValueEnum};
use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};
use wirebook_cluster::{
    self as cluster, Farewell, Guests, Policy, Program, Workers,
    host::{Background, Daemon, LogOptions, Place, Side, detach},
    policy::Sticky,
    supervisor,
};
use wirebook_net as net;
use wirebook_terminal::{Complaint, Result};

/// What to start, and how.
#[derive(Args)]
pub(super) struct Options {
    /// What it is called [default: the program's name]
    #[arg(long)]
    name: Option<String>,
    /// Where to listen; may be said several times
    #[arg(long, value_name = "HOST:PORT")]
    listen: Vec<String>,
    /// How many workers [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=supervisor::MAX_WORKERS as i64))]
    workers: Option<u16>,
    /// Who accepts, where the program uses our crate; all others accept from one queue, or with reuse-port from one each
    #[arg(long, value_enum, default_value_t = Accepts::RoundRobin)]
    policy: Accepts,
    /// Go to the background when it serves
    #[arg(long)]
    daemon: bool,
    /// Where goes what workers write [default: the terminal; in the background a file beside the socket]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// How long a worker must live to count as ready, unless it says so before (READY=1 to NOTIFY_SOCKET): as in 500ms, 2s
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    ready_after: Duration,
    /// How long a worker may take to finish when it is told to leave
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    drain: Duration,
    /// The user that workers are, by name or as UID:GID
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// End when too many workers have died, with status 70; otherwise a start is tried now and then
    #[arg(long)]
    strict: bool,
    /// The program, with its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Accepts {
    RoundRobin,
    Fewest,
    Sticky,
    Shared,
    ReusePort,
}

pub(super) fn run(options: Options, json: bool) -> Result {
    let program = find(&options.program[0])?;
    let name = options.name.clone().unwrap_or_else(|| name_of(&program));
    let place = Place::new(&name).map_err(complain("Another --name, or XDG_RUNTIME_DIR=DIR, may do."))?;
    let mut log = options.log.as_ref().map(std::path::absolute).transpose()?;
    if options.daemon {
        log.get_or_insert_with(|| place.log());
    }
    let log = LogOptions { file: log, echo: !options.daemon, ..LogOptions::default() };
    let daemon = options.daemon.then(|| Daemon { output: log.file.clone(), ..Daemon::default() });
    let user = options.user.as_deref().map(user).transpose()?;
    let cluster = cluster::Options {
        workers: options.workers.map_or(Workers::Cores, |count| Workers::Count(usize::from(count))),
        policy: match options.policy {
            Accepts::RoundRobin => Policy::RoundRobin,
            Accepts::Fewest => Policy::Fewest,
            Accepts::Sticky => Policy::Sticky(Sticky::Address),
            Accepts::Shared => Policy::Shared,
            Accepts::ReusePort => Policy::ReusePort,
        },
        listen: options.listen.clone(),
        supervisor: supervisor::Options { drain: options.drain, strict: options.strict, ..Default::default() },
        farewell: Farewell { lame_duck: Duration::from_secs(1), ..Farewell::default() },
        program: Some(Program { path: program, arguments: options.program[1..].to_vec() }),
        guests: Some(Guests { ready_after: options.ready_after }),
        log: Some(log.clone()),
        user,
        place: Some(place),
        news: Some(Rc::new(|_| {})),
        ..cluster::Options::default()
    };
    let code =
        net::block_on(begin(cluster, daemon, name, log, json)).map_err(complain("--help says what is needed."))??;
    if code != 0 {
        std::process::exit(i32::from(code));
    }
    Ok(())
}

async fn begin(
    options: cluster::Options,
    daemon: Option<Daemon>,
    name: String,
    log: LogOptions,
    json: bool,
) -> Result<u8> {
    let fails = |error: io::Error| {
        let hint = match (error.kind(), &log.file) {
            (io::ErrorKind::AddrInUse, _) => {
                format!(
                    "`wirebook cluster list` shows what runs; another --name or --listen than that of {name} may do."
                )
            }
            (_, Some(file)) => format!("{} may say more.", file.display()),
            _ => "--help says what is needed.".into(),
        };
        complain(hint)(error)
    };
    let background = match daemon {
        None => Background::default(),
        Some(daemon) => match detach(&daemon).await.inspect_err(|_| net::stop()).map_err(&fails)? {
            Side::Background(background) => background,
            Side::Starter { pid, said } => {
                show::started(&name, pid, &said, json);
                net::stop();
                return Ok(0);
            }
        },
    };
    let code = cluster::govern(options, background).await.map_err(fails);
    net::stop();
    code
}

/// The file of a program: as it stands, or on the path.
fn find(program: &OsString) -> Result<PathBuf> {
    let is_program = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let named = Path::new(program);
    let found = if named.components().count() > 1 {
        Some(std::path::absolute(named)?).filter(is_program)
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders).map(|folder| folder.join(named)).find(is_program)
    };
    found.ok_or_else(|| {
        Complaint::new(
            format!("There is no program {}.", named.display()),
            "Name one on the PATH, or its file, as in ./server; behind -- its arguments follow.",
        )
    })
}

/// What a program is called when nobody says.
fn name_of(program: &Path) -> String {
    let stem = program.file_stem().unwrap_or_default().to_string_lossy();
    let fits = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    let name: String = stem.trim_start_matches('.').chars().filter(fits).take(40).collect();
    if name.is_empty() { "cluster".into() } else { name }
}

/// A time: seconds, or a number with its unit.
fn time(text: &str) -> std::result::Result<Duration, String> {
    let split = text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("the units are ms, s, m and h".into()),
    };
    let number: f64 = number.parse().map_err(|_| "a time is a number with its unit, as in 500ms or 2s".to_owned())?;
    Duration::try_from_secs_f64(number * unit).map_err(|error| error.to_string())
}

/// A user and a group, by numbers or by the name of the user.
fn user(text: &str) -> Result<(u32, u32)> {
    let numbers = |text: &str| {
        let (user, group) = text.split_once(':')?;
        Some((user.parse().ok()?, group.parse().ok()?))
    };
    let named = || {
        let users = fs::read_to_string("/etc/passwd").ok()?;
        let fields = users.lines().find(|line| line.split(':').next() == Some(text))?;
        let mut fields = fields.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    numbers(text).or_else(named).ok_or_else(|| {
        Complaint::new(
            format!("There is no user {text}."),
            "Name one of /etc/passwd, or numbers, as in --user 1000:1000.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let seconds = |text| time(text).map(|time| time.as_secs_f64());
        assert_eq!(
            [seconds("500ms"), seconds("2"), seconds("1.5s"), seconds("1m")],
            [Ok(0.5), Ok(2.0), Ok(1.5), Ok(60.0)]
        );
        for text in ["", "s", "1d", "-1s", "1e99h", "nan"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_made_of_any_program() {
        let name = |path: &str| name_of(Path::new(path));
        assert_eq!([name("/usr/bin/node"), name("a b.sh"), name("/.x/.y"), name("ä")], ["node", "ab", "y", "cluster"]);
    }
}
