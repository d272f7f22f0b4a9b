//! What differs from machine to machine: an address, a password, a key. It comes from the environment, and on a developer's machine
//! from a file beside the program, `.env`.
//!
//! ```text
//! # a comment, also behind a space at the end of a line
//! PORT=8000
//! export ORIGIN = https://tea.example      # the word `export` is for shells
//! KEY='as it is: \n $PORT # all of it'
//! GREETING="with \n, \r, \t, \" and \\, and nothing else"
//! ```
//!
//! It is the file of `dotenv`, and stricter. A line that is none of these is an error with its number, where `dotenv` drops it: a password
//! that is not there is found at the start, and not at night. A name stands once, a value has one line, and a `#` without a space before
//! it belongs to the value, where `dotenv` cuts a password short. Nothing stands for something else: a `$` is a `$`.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt, fs,
    io::{self, Read},
    path::Path,
    str::FromStr,
};

/// Bytes of a file, at most: 1 MiB. What is larger is another file.
pub const MOST_CONFIG: u64 = 1 << 20;

/// Names and values. It shows nobody its values, for some are secrets.
///
/// ```
/// use wirebook_web::Config;
///
/// let file = Config::parse("PORT=8000\nDEBUG=no # not here")?;
/// let ours = Config::parse("PORT=80")?.over(file);
/// assert_eq!(ours.value("PORT")?, Some(80_u16));
/// assert_eq!(ours.get("DEBUG"), Some("no"));
/// assert_eq!(ours.required("KEY").unwrap_err().to_string(), "KEY is not set");
/// # Ok::<(), wirebook_web::ConfigError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Config(BTreeMap<String, String>);

impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Config ")?;
        out.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why there is no configuration. It says where, and never what stands there.
#[derive(Debug)]
pub enum ConfigError {
    /// The file is there and cannot be read, or has more than [`MOST_CONFIG`] bytes.
    File(io::Error),
    /// A line of the file, from 1, and what is wrong with it.
    Line(usize, LineFault),
    /// Nobody has set a name that the program needs.
    Missing(String),
    /// A value is not of the type that the program wants: the name, and the type.
    Type(String, &'static str),
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// There is no `=`.
    NoValue,
    /// A name is `[A-Za-z_][A-Za-z0-9_]*`, as in a shell.
    Name,
    /// The name stands in the file already. Which one is meant?
    Twice,
    /// A quote that nothing closes. A value has one line.
    Unclosed,
    /// After the closing quote comes something that is no comment.
    Behind,
    /// A backslash before something else than `n r t " \`.
    Escape,
    /// A NUL: no environment can have it.
    Nul,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::File(error) => write!(out, "the configuration cannot be read: {error}"),
            ConfigError::Line(number, fault) => write!(out, "line {number} of the configuration: {fault}"),
            ConfigError::Missing(name) => write!(out, "{name} is not set"),
            ConfigError::Type(name, kind) => write!(out, "{name} is no {kind}"),
        }
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            LineFault::NoValue => "there is no `=`",
            LineFault::Name => "a name has letters, digits and `_`, and begins with no digit",
            LineFault::Twice => "the name stands above already",
            LineFault::Unclosed => "a quote is not closed",
            LineFault::Behind => "there is something behind the closing quote",
            LineFault::Escape => "in double quotes a backslash stands before `n`, `r`, `t`, `\"` or `\\`",
            LineFault::Nul => "there is a NUL",
        })
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ConfigError::File(error) => Some(error),
            _ => None,
        }
    }
}

impl Config {
    /// The environment over a file: what is set in both is the environment's, because whoever starts the program is nearer to it than
    /// a file. A file that is not there is no error, for in production there is none.
    ///
    /// # Errors
    ///
    /// A file that is there and is wrong.
    // ANCHOR: load
    pub fn load(file: impl AsRef<Path>) -> Result<Config, ConfigError> {
        let below = match read(file.as_ref()) {
            Ok(text) => Config::parse(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default(),
            Err(error) => return Err(ConfigError::File(error)),
        };
        Ok(Config::environment().over(below))
    }
    // ANCHOR_END: load

    /// The environment alone. Names and values that are not UTF-8 are left out.
    pub fn environment() -> Config {
        let pairs = std::env::vars_os();
        Config(pairs.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect())
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// The first line that is wrong.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let mut values = BTreeMap::new();
        for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            let pair = pair(line).map_err(|fault| ConfigError::Line(index + 1, fault))?;
            if let Some((name, value)) = pair
                && values.insert(name.to_owned(), value).is_some()
            {
                return Err(ConfigError::Line(index + 1, LineFault::Twice));
            }
        }
        Ok(Config(values))
    }

    /// This one, and what it lacks from another.
    #[must_use]
    pub fn over(self, below: Config) -> Config {
        let mut values = below.0;
        values.extend(self.0);
        Config(values)
    }

    /// A value as it stands there. One that is empty is set, to nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A value that the program cannot do without.
    ///
    /// # Errors
    ///
    /// It is not set.
    pub fn required(&self, name: &str) -> Result<&str, ConfigError> {
        self.get(name).ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// A value as a number, an address, or whatever else is read from a text; `None` if it is not set.
    ///
    /// # Errors
    ///
    /// It is set to something else. The error does not repeat it.
    pub fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, ConfigError> {
        let read =
            |text: &str| text.parse().map_err(|_| ConfigError::Type(name.to_owned(), std::any::type_name::<T>()));
        self.get(name).map(read).transpose()
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // One byte more than is allowed tells that there are more; a device tells no length beforehand.
    fs::File::open(path)?.take(MOST_CONFIG + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_CONFIG {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 1 MiB"));
    }
    Ok(text)
}

/// The name and the value of a line; `None` if it has neither.
fn pair(line: &str) -> Result<Option<(&str, String)>, LineFault> {
    let line = line.trim();
    if line.contains('\0') {
        return Err(LineFault::Nul);
    }
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = line.split_once('=').ok_or(LineFault::NoValue)?;
    let name = name.trim();
    let name = name.strip_prefix("export").filter(|name| name.starts_with([' ', '\t'])).unwrap_or(name).trim_start();
    let is_word = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || !name.bytes().all(is_word) {
        return Err(LineFault::Name);
    }
    Ok(Some((name, value(rest.trim_start())?)))
}

fn value(text: &str) -> Result<String, LineFault> {
    let (value, behind) = if let Some(quoted) = text.strip_prefix('\'') {
        let (value, behind) = quoted.split_once('\'').ok_or(LineFault::Unclosed)?;
        (value.to_owned(), behind)
    } else if let Some(quoted) = text.strip_prefix('"') {
        escaped(quoted)?
    } else {
        return Ok(plain(text).to_owned());
    };
    // A comment needs its space here, too: `"a"#b` is more likely a slip than a remark.
    let is_clean = behind.is_empty() || behind.starts_with([' ', '\t']) && plain(behind.trim_start()).is_empty();
    if is_clean { Ok(value) } else { Err(LineFault::Behind) }
}

/// Up to a comment: a `#` at the beginning or after a space, so that `#` may be part of a password.
fn plain(text: &str) -> &str {
    let is_comment = |&(at, _): &(usize, &str)| at == 0 || text[..at].ends_with([' ', '\t']);
    let end = text.match_indices('#').find(is_comment).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end()
}

/// Up to the closing quote, and what is behind it.
fn escaped(text: &str) -> Result<(String, &str), LineFault> {
    let mut value = String::new();
    let mut rest = text.chars();
    loop {
        value.push(match rest.next().ok_or(LineFault::Unclosed)? {
            '"' => return Ok((value, rest.as_str())),
            '\\' => match rest.next().ok_or(LineFault::Unclosed)? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                same @ ('"' | '\\') => same,
                _ => return Err(LineFault::Escape),
            },
            other => other,
        });
    }
}
