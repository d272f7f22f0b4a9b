//! The commands that talk to a master that runs.

use super::show::{self, complain};
use std::{future::Future, io, time::Duration};
use wirebook_cluster::{
    host::{Hold, Listing, Place, Reply, Request, ask, visible},
    supervisor::MAX_WORKERS,
};
use wirebook_net as net;
use wirebook_process::Channel;
use wirebook_terminal::{Complaint, Result};

/// How long a master may take for an answer that needs nothing to happen.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How long its name may be held that has said that all is over.
const LAST: Duration = Duration::from_secs(2);

fn block_on<T: 'static>(future: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let stopped = async {
        let result = future.await;
        net::stop();
        result
    };
    net::block_on(stopped).map_err(complain("`ulimit -n` may be too small."))?
}

pub(super) fn list(json: bool) -> Result {
    let listings = block_on(async { all().await })?;
    show::list(&listings, json);
    Ok(())
}

pub(super) fn describe(name: Option<String>, json: bool) -> Result {
    let listing = block_on(async move {
        let place = find(name).await?;
        listing(&place).await.map_err(gone(&place))
    })?;
    show::describe(&listing, json);
    Ok(())
}

pub(super) fn reload(name: Option<String>, json: bool) -> Result {
    command(name, Request::Reload, json)
}

/// Either may be said first: `scale 4 web` or `scale web 4`.
pub(super) fn scale(first: String, second: Option<String>, json: bool) -> Result {
    let number = |text: &String| text.parse::<usize>().ok();
    let (said, name) = match &second {
        Some(behind) if number(&first).is_none() => (behind.clone(), Some(first)),
        _ => (first, second),
    };
    let Some(workers) = number(&said).filter(|workers| (1..=MAX_WORKERS).contains(workers)) else {
        let hint = format!("A cluster has 1 to {MAX_WORKERS} workers: `wirebook cluster scale 4`, or `scale 4 web`.");
        return Err(Complaint::new(format!("{said} is no number of workers."), hint));
    };
    command(name, Request::Scale { workers }, json)
}

pub(super) fn reopen(name: Option<String>, json: bool) -> Result {
    command(name, Request::Reopen, json)
}

/// Asks for something to be done, and says that it was.
fn command(name: Option<String>, request: Request, json: bool) -> Result {
    let (name, said) = block_on(async move {
        let place = find(name).await?;
        // What is done at once is answered at once; a reload lasts as long as its workers need to start.
        let limit = if matches!(request, Request::Reload) { Duration::MAX } else { AT_ONCE };
        let (_, said) = told(&place, &request, limit).await?;
        Ok((place.name().to_owned(), said))
    })?;
    show::done(&name, &said, json);
    Ok(())
}

/// Tells a master to do something: the connection, and what it says when that is done.
async fn told(place: &Place, request: &Request, limit: Duration) -> Result<(Channel, String)> {
    let asked = async {
        let channel = ask(&place.socket(), request).await.map_err(gone(place))?;
        let said = done(place, &channel).await?;
        Ok((channel, said))
    };
    net::timeout(limit, asked).await.map_err(|_| silent(place.name()))?
}

pub(super) fn stop(name: Option<String>, now: bool, json: bool) -> Result {
    let name = block_on(async move {
        let place = find(name).await?;
        let (channel, _) = told(&place, &Request::Stop { now }, AT_ONCE).await?;
        // The connection ends with the master.
        while let Ok(Some(_)) = channel.next().await {}
        let free = async {
            while Hold::take(&place.pid_file()).is_err() {
                net::sleep(Duration::from_millis(10)).await;
            }
        };
        // Whoever starts another one under that name now will be told if that cannot be.
        let _ = net::timeout(LAST, free).await;
        Ok(place.name().to_owned())
    })?;
    show::done(&name, "all have ended", json);
    Ok(())
}

pub(super) fn logs(name: Option<String>, lines: usize, follow: bool, json: bool) -> Result {
    block_on(async move {
        let place = find(name).await?;
        let channel = ask(&place.socket(), &Request::Logs { lines, follow }).await.map_err(gone(&place))?;
        loop {
            match next(&channel).await.map_err(gone(&place))? {
                Reply::Line(line) => show::line(&line, json),
                Reply::Refused { reason } => return Err(refused(&place, &reason)),
                Reply::Done { .. } | Reply::Listing(_) => return Ok(()),
            }
        }
    })
}

/// The next answer; an error when there is none.
async fn next(channel: &Channel) -> io::Result<Reply> {
    let ended = || io::Error::new(io::ErrorKind::UnexpectedEof, "the master has ended");
    channel.next().await?.ok_or_else(ended)?.parse()
}

async fn done(place: &Place, channel: &Channel) -> Result<String> {
    match next(channel).await.map_err(gone(place))? {
        Reply::Done { said } => Ok(said),
        Reply::Refused { reason } => Err(refused(place, &reason)),
        Reply::Listing(_) | Reply::Line(_) => Err(refused(place, "it answers something else")),
    }
}

async fn listing(place: &Place) -> io::Result<Listing> {
    let ask = async {
        let channel = ask(&place.socket(), &Request::List).await?;
        match next(&channel).await? {
            Reply::Listing(listing) => Ok(listing),
            other => Err(io::Error::other(format!("it answers {other:?}"))),
        }
    };
    net::timeout(AT_ONCE, ask).await?
}

/// All that answer; of the others is told that they do not.
async fn all() -> Result<Vec<Listing>> {
    let (mut listings, mut silences) = (Vec::new(), Vec::new());
    for name in Place::names().map_err(complain("XDG_RUNTIME_DIR=DIR names another folder."))? {
        let place = Place::new(&name).map_err(complain("XDG_RUNTIME_DIR=DIR names another folder."))?;
        match listing(&place).await {
            Ok(listing) => listings.push(listing),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => silences.push(silent(&name)),
            // A socket that nobody listens at was left by one that was killed.
            Err(_) => {}
        }
    }
    match silences.pop() {
        Some(silence) if listings.is_empty() => Err(silence),
        last => {
            silences.into_iter().chain(last).for_each(|silence| eprintln!("error: {silence:?}"));
            Ok(listings)
        }
    }
}

/// The place of that name; of the only one that runs, if nobody names one.
async fn find(name: Option<String>) -> Result<Place> {
    let name = match name {
        Some(name) => name,
        None => {
            let names: Vec<String> = all().await?.into_iter().map(|listing| listing.name).collect();
            match &names[..] {
                [name] => name.clone(),
                [] => {
                    let hint = "`wirebook cluster start --help` says how to start one.";
                    return Err(Complaint::new("No cluster of this user runs.", hint));
                }
                _ => {
                    let sentence = format!("Several clusters run: {}.", names.join(", "));
                    return Err(Complaint::new(sentence, "Name one of them behind the command."));
                }
            }
        }
    };
    Place::new(&name).map_err(complain("`wirebook cluster list` shows the names that there are."))
}

/// Nobody is at a place.
fn gone(place: &Place) -> impl FnOnce(io::Error) -> Complaint {
    let name = place.name().to_owned();
    move |error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            Complaint::new(format!("No cluster {name} runs."), "`wirebook cluster list` shows those that do.")
        }
        io::ErrorKind::TimedOut => silent(&name),
        _ => complain(format!("`wirebook cluster describe {name}` shows whether it still runs."))(error),
    }
}

/// Somebody is there, and says nothing.
fn silent(name: &str) -> Complaint {
    let sentence = format!("{name} does not answer: its master is stopped, or very busy.");
    Complaint::new(sentence, "Its socket is held, so it lives; SIGCONT wakes a process that was stopped.")
}

fn refused(place: &Place, reason: &str) -> Complaint {
    let name = place.name();
    Complaint::new(format!("{name}: {}.", visible(reason)), format!("`wirebook cluster logs {name}` may say more."))
}
