//! A folder as a part of a site: what is asked, and the whole answer to it.

use super::find::{Found, Opened, Rules, find};
use super::kind::READY;
use super::reply::reply;
use super::root::{Root, Way};
use crate::message::{CacheControl, Conditions, accept};
use crate::text::percent;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use wirebook_net as net;

/// Files beneath one directory, and how they are given away. Nothing is ever listed.
///
/// ```
/// use wirebook_web::files::Files;
///
/// let files = Files::beneath("src")?.extension("html").precompressed();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Files {
    root: Root,
    rules: Arc<Rules>,
    cache: CacheControl,
    is_download: bool,
}

/// What is asked of a folder: the fields of a request that have a say in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'r> {
    /// GET or HEAD.
    pub method: &'r str,
    /// The path below the folder, washed, without a slash at its front.
    pub piece: &'r str,
    /// The whole path, washed: of a folder without a slash at its end.
    pub path: &'r str,
    /// What stands behind the `?`.
    pub query: Option<&'r str>,
    /// Accept-Encoding.
    pub accept_encoding: Option<&'r str>,
    /// Range.
    pub range: Option<&'r str>,
    /// The preconditions.
    pub conditions: Conditions<'r>,
}

impl<'r> Asked<'r> {
    /// Asks for `piece` with the fields of a request.
    pub fn new(method: &'r str, piece: &'r str, path: &'r str, field: impl Fn(&str) -> Option<&'r str>) -> Self {
        let range = field("range");
        let conditions = Conditions {
            if_match: field("if-match"),
            if_none_match: field("if-none-match"),
            if_modified_since: field("if-modified-since"),
            if_unmodified_since: field("if-unmodified-since"),
            if_range: field("if-range"),
            has_range: range.is_some(),
        };
        Asked { method, piece, path, query: None, accept_encoding: field("accept-encoding"), range, conditions }
    }
}

/// The answer to what was asked, of an open file or of what lies in memory.
#[derive(Debug)]
pub struct Given<C> {
    /// Its status.
    pub status: u16,
    /// Its fields.
    pub fields: Vec<(&'static str, String)>,
    /// Its content, and which bytes of it.
    pub content: Option<(C, Range<u64>)>,
}

impl Files {
    /// The files beneath a directory, which is opened now and held. `index.html` stands for a folder; a name that begins with a dot is
    /// none; browsers ask each time whether what they have still serves.
    ///
    /// # Errors
    ///
    /// Those of opening the directory: a folder that is not there is found out at the start.
    pub fn beneath(path: impl AsRef<Path>) -> io::Result<Files> {
        Ok(Files::of(Root::open(path)?))
    }

    /// The same, with names looked up as you say.
    ///
    /// # Errors
    ///
    /// Those of [`beneath`](Files::beneath).
    pub fn beneath_by(path: impl AsRef<Path>, way: Way) -> io::Result<Files> {
        Ok(Files::of(Root::open_with(path, way)?))
    }

    fn of(root: Root) -> Files {
        let rules =
            Rules { index: Some("index.html".to_owned()), extensions: Vec::new(), dot_files: false, ready: false };
        let cache = CacheControl { public: true, max_age: Some(0), ..CacheControl::default() };
        Files { root, rules: Arc::new(rules), cache, is_download: false }
    }

    /// What stands for a folder: `index.html`. `None`: nothing does.
    #[must_use]
    pub fn index(mut self, name: Option<&str>) -> Self {
        Arc::make_mut(&mut self.rules).index = name.map(str::to_owned);
        self
    }

    /// `/about` may be `about.html`: a name that is none is tried with this behind it. Several are tried in their order.
    #[must_use]
    pub fn extension(mut self, extension: &str) -> Self {
        Arc::make_mut(&mut self.rules).extensions.push(extension.to_owned());
        self
    }

    /// `app.css.br`, `.zst` and `.gz` beside `app.css` are the same in a coding, for whoever takes it.
    #[must_use]
    pub fn precompressed(mut self) -> Self {
        Arc::make_mut(&mut self.rules).ready = true;
        self
    }

    /// Names that begin with a dot are names, too: `.well-known`, and `.git`, and `.env`.
    #[must_use]
    pub fn dot_files(mut self) -> Self {
        Arc::make_mut(&mut self.rules).dot_files = true;
        self
    }

    /// What caches may do: by default, keep an answer and ask each time.
    #[must_use]
    pub fn cache(mut self, cache: CacheControl) -> Self {
        self.cache = cache;
        self
    }

    /// What strangers have put here is saved and never shown: a page among it would speak for our site.
    #[must_use]
    pub fn downloads(mut self) -> Self {
        self.is_download = true;
        self
    }

    /// The directory.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What a piece of a washed path means. One job for the thread pool.
    ///
    /// # Errors
    ///
    /// What is our own trouble: no more descriptors, a broken disk.
    pub async fn find(&self, piece: &str, accept_encoding: Option<&str>) -> io::Result<Found> {
        let codings = self.codings(accept_encoding);
        let (root, rules, piece) = (self.root.clone(), self.rules.clone(), piece.to_owned());
        net::spawn_blocking(move || find(&root, &rules, &piece, &codings)).await?
    }

    fn codings(&self, accept_encoding: Option<&str>) -> Vec<&'static str> {
        const OFFERS: [&str; READY.len() + 1] = ["br", "zstd", "gzip", "identity"];
        if self.rules.ready { accept::encodings(accept_encoding, &OFFERS) } else { Vec::new() }
    }

    /// The answer to a GET or HEAD; `None` where there is nothing.
    ///
    /// # Errors
    ///
    /// Those of [`find`](Files::find).
    pub async fn answer(&self, asked: &Asked<'_>) -> io::Result<Option<Given<File>>> {
        Ok(match self.find(asked.piece, asked.accept_encoding).await? {
            Found::File(opened) => Some(self.give(asked, opened)),
            Found::Folder => redirect(asked),
            Found::Nothing => None,
        })
    }

    fn give(&self, asked: &Asked<'_>, opened: Opened) -> Given<File> {
        let reply = reply(asked.method, &opened.validators, opened.length, &asked.conditions, asked.range);
        let mut fields = reply.fields;
        if reply.status < 400 {
            fields.push(("cache-control", self.cache.to_string()));
        }
        if self.rules.ready {
            fields.push(("vary", "accept-encoding".to_owned()));
        }
        fields.push(("x-content-type-options", "nosniff".to_owned()));
        if reply.bytes.is_some() {
            fields.push(("content-type", opened.media));
            fields.extend(opened.coding.map(|coding| ("content-encoding", coding.to_owned())));
            if self.is_download {
                // Without a name: the last of the URL is the file's own.
                fields.push(("content-disposition", "attachment".to_owned()));
                fields.push(("content-security-policy", "sandbox; default-src 'none'".to_owned()));
            }
        }
        Given { status: reply.status, fields, content: reply.bytes.map(|bytes| (opened.file, bytes)) }
    }
}

/// A folder's path ends with a slash, or the links on its page lead elsewhere. What begins with two slashes is another site to
/// a browser, so that leads nowhere.
fn redirect(asked: &Asked<'_>) -> Option<Given<File>> {
    let mut location = String::new();
    // The escapes that a washed path has kept stay as they are.
    percent::encode(
        asked.path.as_bytes(),
        |byte| percent::is_pchar(byte) || matches!(byte, b'/' | b'%'),
        &mut location,
    );
    location.push('/');
    if let Some(query) = asked.query {
        location.push('?');
        location.push_str(query);
    }
    let is_ours = location.starts_with('/') && !location.starts_with("//");
    is_ours.then(|| Given { status: 301, fields: vec![("location", location)], content: None })
}
