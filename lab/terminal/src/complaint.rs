//! Errors as a person wants them: one sentence that says what is wrong, and a hint that says what to do.

use crate::{inset, width};
use std::{error::Error, fmt, io, io::ErrorKind::*};

/// What a `main` gives: an error is printed as its sentence and its hint, and the exit status is 1.
pub type Result<T = ()> = std::result::Result<T, Complaint>;

/// What a program says before it ends with exit status 1. Every error becomes one by `?`.
pub struct Complaint {
    sentence: String,
    hint: String,
}

impl Complaint {
    /// A sentence that says what is wrong, with the thing's name in it, and one that says what to do.
    pub fn new(sentence: impl Into<String>, hint: impl Into<String>) -> Self {
        Complaint { sentence: ended(sentence.into()), hint: ended(hint.into()) }
    }
}

/// A sentence has an end, also where the words of the system or of a crate are the last in it.
fn ended(mut sentence: String) -> String {
    if !sentence.ends_with(['.', '?', '!', ':', '…']) {
        sentence.push('.');
    }
    sentence
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n hint: {}", self.sentence, self.hint)
    }
}

/// As it is printed behind `error: `, in the columns of the terminal: the standard library does so with the error of a `main`.
impl fmt::Debug for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BEHIND: usize = "error: ".len();
        let [sentence, hint] = [&self.sentence, &self.hint].map(|text| inset(text, BEHIND, width()));
        write!(f, "{sentence}\n hint: {hint}")
    }
}

impl<E: Error + 'static> From<E> for Complaint {
    fn from(error: E) -> Self {
        Complaint::new(said(&error), hint(&error))
    }
}

/// Puts a name before an error that does not say whose it is: `TcpListener::bind(addr).map_err(at(addr))`.
pub fn at<E: Error + 'static>(name: impl fmt::Display) -> impl FnOnce(E) -> Complaint {
    move |error| Complaint::new(format!("{name}: {}", said(&error)), hint(&error))
}

/// The same for what a client asked in vain. Where whoever made the error knows better what to do about it than its kind does, that is the `advice`.
pub fn asked<E: Error + 'static>(name: impl fmt::Display, advice: Option<&'static str>) -> impl FnOnce(E) -> Complaint {
    move |error| {
        let hint = advice.unwrap_or_else(|| match kind(&error) {
            Some(InvalidData) => "something else answers there: is it the right server, and the right port?",
            _ => hint(&error),
        });
        Complaint::new(format!("{name}: {}", said(&error)), hint)
    }
}

/// What the error says, without the system's number for it.
pub fn said(error: &dyn Error) -> String {
    let said = error.to_string();
    said.split_once(" (os error ").map_or(said.as_str(), |(words, _)| words).to_string()
}

/// What to do about an error of the system's: a row for each kind that people meet; for all others, where to read on.
fn hint(error: &(dyn Error + 'static)) -> &'static str {
    match kind(error) {
        Some(AddrInUse) => "another program has it; --addr 127.0.0.1:0 takes a free port.",
        Some(AddrNotAvailable) => "this machine has no such address; 127.0.0.1 is always there.",
        Some(PermissionDenied) => "ports below 1024 and others' files are the administrator's; take another.",
        Some(ConnectionRefused) => "does the server run, and at this address?",
        Some(HostUnreachable | NetworkUnreachable) => "is the name right, and does this machine have a network?",
        Some(TimedOut) => "does the server run, and at this address? It may also be busy: try again.",
        Some(ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof) => {
            "the other end has broken it off; its log may say why."
        }
        Some(NotFound) => "name one that exists.",
        _ => "--help says how this program is run.",
    }
}

/// The kind of the innermost error of the system.
fn kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence_and_what_to_do() {
        let refused = || io::Error::new(ConnectionRefused, "cannot connect to 127.0.0.1:9: connection refused");
        let said = format!("{:?}", Complaint::from(refused()));
        let hint = "\n hint: does the server run, and at this address?";
        assert_eq!(said, format!("cannot connect to 127.0.0.1:9: connection refused.{hint}"));
        assert!(at("ws://127.0.0.1:9/")(refused()).to_string().starts_with("ws://127.0.0.1:9/: cannot connect"));
        let raw = at("127.0.0.1:9")(io::Error::from_raw_os_error(13)).to_string();
        assert!(raw.starts_with("127.0.0.1:9: Permission denied.\n hint: ports below 1024"), "{raw}");
        let other = Complaint::from("x".parse::<u8>().unwrap_err());
        assert_eq!(other.to_string(), "invalid digit found in string.\n hint: --help says how this program is run.");
    }

    #[test]
    fn sentences_end() {
        let said = Complaint::new("there is no tea", "is there water?").to_string();
        assert_eq!(said, "there is no tea.\n hint: is there water?");
        assert!(Complaint::new("No tea.", "buy some").to_string().ends_with("No tea.\n hint: buy some."));
    }

    #[test]
    fn the_innermost_error_of_the_system_decides() {
        let denied = io::Error::other(Wrapped(io::Error::from(PermissionDenied)));
        assert!(Complaint::from(denied).to_string().ends_with("take another."));
    }

    /// A row each, and an error that is none of the system's.
    #[test]
    fn a_hint_fits_its_error() {
        for (kind, expected) in [
            (AddrInUse, "takes a free port."),
            (AddrNotAvailable, "127.0.0.1 is always there."),
            (PermissionDenied, "take another."),
            (ConnectionRefused, "at this address?"),
            (HostUnreachable, "is the name right"),
            (NetworkUnreachable, "have a network?"),
            (TimedOut, "try again."),
            (ConnectionReset, "its log may say why."),
            (ConnectionAborted, "its log may say why."),
            (BrokenPipe, "its log may say why."),
            (UnexpectedEof, "its log may say why."),
            (NotFound, "name one that exists."),
        ] {
            let of_a_server = Complaint::from(io::Error::from(kind)).to_string();
            let of_a_client = asked("http://a", None)(Wrapped(kind.into())).to_string();
            assert!(of_a_server.contains(expected), "{kind}: {of_a_server}");
            assert!(of_a_client.starts_with("http://a: wrapped.\n hint: ") && of_a_client.contains(expected));
        }
        let no_number = || "x".parse::<u8>().unwrap_err();
        assert!(Complaint::from(no_number()).to_string().ends_with("how this program is run."));
        assert!(asked("http://a", None)(no_number()).to_string().ends_with("how this program is run."));
        let odd = asked("http://a", None)(io::Error::from(InvalidData)).to_string();
        assert!(odd.ends_with("is it the right server, and the right port?"), "{odd}");
        let advised = asked("https://a", Some("is the clock right?"))(io::Error::from(ConnectionRefused)).to_string();
        assert!(advised.ends_with("\n hint: is the clock right?"), "{advised}");
    }

    #[derive(Debug)]
    struct Wrapped(io::Error);
    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
}
