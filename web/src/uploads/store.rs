//! Files of forms, streamed to a folder.

use super::temporary::{Temporary, has_nameless, random_name, sweep};
use crate::bodies::Part;
use crate::context::{Context, Failure};
use crate::files::Root;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;
use wirebook_multipart::Limits;
use wirebook_net as net;

/// Bytes that are gathered before they are written.
const PIECE: usize = 64 * 1024;

/// A folder for what strangers send. What is being received has no name, or one that nobody guesses; it is for us alone (0600); and it is gone
/// when its handler ends in any way but by keeping it.
///
/// ```no_run
/// # use wirebook_web::{Answer, Context, multipart::Limits, uploads::Uploads};
/// async fn avatar(ctx: &mut Context<'_>) -> Answer {
///     let uploads = ctx.service::<Uploads>().cloned().expect("it was lent to the application");
///     let form = uploads.form(ctx, Limits { files: 1, ..Limits::default() }).await?;
///     for saved in form.files {
///         let name = saved.keep().await?;
///         println!("{name}");
///     }
///     ctx.empty(204)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Uploads {
    root: Root,
    nameless: bool,
    most_open: usize,
    most_bytes: u64,
    used: Rc<Used>,
}

#[derive(Debug, Default)]
struct Used {
    open: Cell<usize>,
    bytes: Cell<u64>,
}

/// Temporary files of one loop at a time.
pub const MOST_OPEN: usize = 64;

impl Uploads {
    /// Uploads to a folder, which is made, for us alone, if it is not there. What an earlier program left half is swept away now.
    ///
    /// # Errors
    ///
    /// Those of making, opening and reading the folder.
    pub fn beneath(folder: impl AsRef<Path>) -> io::Result<Uploads> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let root = Root::open(folder)?;
        sweep(&root)?;
        Ok(Uploads {
            root,
            nameless: has_nameless(),
            most_open: MOST_OPEN,
            most_bytes: u64::MAX,
            used: Rc::new(Used::default()),
        })
    }

    /// So many temporary files at a time, or 503: [`MOST_OPEN`]. 0 allows none; `usize::MAX` is no bound.
    #[must_use]
    pub fn most_open(mut self, files: usize) -> Self {
        self.most_open = files;
        self
    }

    /// So many bytes in temporary files at a time, or 507: no bound. 0 allows none; `u64::MAX` is no bound.
    #[must_use]
    pub fn most_bytes(mut self, bytes: u64) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Gives every temporary file a name, though the system could do without: for tests, and for folders on a network.
    #[must_use]
    pub fn named(mut self) -> Self {
        self.nameless = false;
        self
    }

    /// Begins a file.
    ///
    /// # Errors
    ///
    /// 503 for too many, here or in the system; 507 for a disk that is full.
    pub async fn begin(&self) -> Result<Upload, Failure> {
        let permit = Permit::take(&self.used, self.most_open)?;
        let (root, nameless) = (self.root.clone(), self.nameless);
        let temporary = pool(move || Temporary::make(&root, nameless)).await?;
        let most_bytes = self.most_bytes;
        Ok(Upload { temporary: Some(temporary), waiting: Vec::new(), length: 0, most_bytes, permit })
    }

    /// Receives a part's content.
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Uploads::begin), of writing and of [`Part::chunk`]. Whatever it is, nothing is left.
    pub async fn save(&self, part: &mut Part<'_, '_>) -> Result<Saved, Failure> {
        let mut upload = self.begin().await?;
        while let Some(piece) = part.chunk().await? {
            upload.write(piece).await?;
        }
        let saved = upload.finish().await?;
        Ok(Saved {
            field: part.name().to_owned(),
            filename: part.filename().map(str::to_owned),
            content_type: part.content_type().map(str::to_owned),
            ..saved
        })
    }

    /// Receives a whole form: its fields into memory, its files into the folder.
    ///
    /// # Errors
    ///
    /// Those of [`Context::multipart`] and [`save`](Uploads::save), and 400 for a field that is not UTF-8. Whatever it is, nothing is left.
    pub async fn form(&self, ctx: &mut Context<'_>, limits: Limits) -> Result<UploadedForm, Failure> {
        let mut parts = ctx.multipart(limits)?;
        let mut form = UploadedForm::default();
        while let Some(mut part) = parts.next().await? {
            if part.is_file() {
                form.files.push(self.save(&mut part).await?);
            } else {
                let value = part.bytes().await?;
                let value = String::from_utf8(value).map_err(|_| Failure::new(400, "a field is not UTF-8"))?;
                form.fields.push((part.name().to_owned(), value));
            }
        }
        Ok(form)
    }

    /// What lies in the folder under a name that [`Saved::keep`] gave. Other names are nobody's.
    ///
    /// # Errors
    ///
    /// Those of opening it; `NotFound`.
    pub async fn open(&self, name: &str) -> io::Result<File> {
        let (root, name) = (self.root.clone(), name.to_owned());
        net::spawn_blocking(move || match root.get(&[&name])? {
            crate::files::Entry::File(file, _) if is_kept(&name) => Ok(file),
            _ => Err(io::ErrorKind::NotFound.into()),
        })
        .await?
    }

    /// Temporary files that are open now.
    pub fn count(&self) -> usize {
        self.used.open.get()
    }
}

fn is_kept(name: &str) -> bool {
    name.len() == 22 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// One of so many files, and its bytes; given back when it is dropped.
#[derive(Debug)]
struct Permit {
    used: Rc<Used>,
    bytes: u64,
}

impl Permit {
    fn take(used: &Rc<Used>, most: usize) -> Result<Permit, Failure> {
        let open = used.open.get();
        if open >= most && most != usize::MAX {
            return Err(Failure::new(503, "too many uploads at once").with("retry-after", "10"));
        }
        used.open.set(open + 1);
        Ok(Permit { used: used.clone(), bytes: 0 })
    }

    fn charge(&mut self, bytes: u64, most: u64) -> Result<(), Failure> {
        let all = self.used.bytes.get().saturating_add(bytes);
        if all > most {
            return Err(Failure::new(507, "no room for the upload").exposed(true));
        }
        self.used.bytes.set(all);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.used.open.set(self.used.open.get() - 1);
        self.used.bytes.set(self.used.bytes.get() - self.bytes);
    }
}

/// A file that is being received.
#[derive(Debug)]
pub struct Upload {
    /// Away while it is written.
    temporary: Option<Temporary>,
    waiting: Vec<u8>,
    length: u64,
    most_bytes: u64,
    permit: Permit,
}

impl Upload {
    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// 507 for a disk that is full, 500 for one that is broken. Nothing more can be added then.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.permit.charge(bytes.len() as u64, self.most_bytes)?;
        self.length += bytes.len() as u64;
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let bytes = std::mem::take(&mut self.waiting);
        let Some(mut temporary) = self.temporary.take() else {
            return Err(Failure::new(500, "the upload has failed before"));
        };
        // Whoever drops us meanwhile drops what the job gives back, and the file with it.
        let written = pool(move || temporary.write(&bytes).map(|()| (temporary, bytes))).await;
        let (temporary, mut bytes) = written?;
        bytes.clear();
        (self.temporary, self.waiting) = (Some(temporary), bytes);
        Ok(())
    }

    /// All of it has come.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Upload::write).
    pub async fn finish(mut self) -> Result<Saved, Failure> {
        self.flush().await?;
        let Upload { temporary, length, permit, .. } = self;
        let temporary = temporary.ok_or_else(|| Failure::new(500, "the upload has failed before"))?;
        Ok(Saved { field: String::new(), filename: None, content_type: None, length, temporary, _permit: permit })
    }
}

/// A file that was received, and is gone when this is dropped.
#[derive(Debug)]
pub struct Saved {
    /// The name of the form's field.
    pub field: String,
    /// What it is called at the sender's: a label, without folders, and never a place.
    pub filename: Option<String>,
    /// What the sender says that it is. Nobody has checked it.
    pub content_type: Option<String>,
    /// Its bytes.
    pub length: u64,
    temporary: Temporary,
    _permit: Permit,
}

impl Saved {
    /// Gives it a name in the folder, for good: 22 characters that nobody guesses. Who goes away before he hears the name leaves no file.
    ///
    /// # Errors
    ///
    /// Those of naming it; it is gone then.
    pub async fn keep(self) -> Result<String, Failure> {
        let Saved { temporary, .. } = self;
        let named = pool(move || temporary.rename(&random_name()?)).await?;
        named.release().ok_or_else(|| Failure::new(500, "the upload has no name"))
    }

    /// The open file, at its end.
    pub fn file(&self) -> &File {
        self.temporary.file()
    }
}

/// What a form said.
#[derive(Debug, Default)]
pub struct UploadedForm {
    /// Names and values, in their order.
    pub fields: Vec<(String, String)>,
    /// Its files, in their order.
    pub files: Vec<Saved>,
}

impl UploadedForm {
    /// The first field of a name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

async fn pool<T: Send + 'static>(job: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    let done = net::spawn_blocking(job).await.unwrap_or_else(|error| Err(error.into()));
    done.map_err(|error| Failure::new(status(&error), error.to_string()).caused_by(error))
}

/// A full disk and a full table of descriptors pass, and are not the handler's fault.
fn status(error: &io::Error) -> u16 {
    let is_full = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(|errno| errno.raw_os_error());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => 507,
        _ if error.raw_os_error().is_some_and(|raw| is_full.contains(&raw)) => 503,
        _ => 500,
    }
}
