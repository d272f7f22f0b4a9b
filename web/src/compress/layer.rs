//! The ring that compresses answers on their way out.

use super::choose::{Facts, weakened, why_not};
use super::encoder::{Coding, Encoder};
use crate::context::{Answer, Body, Context, Failure, Piece, Source};
use crate::message::accept;
use crate::onion::Next;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use wirebook_net as net;

/// Bytes of a file that are read and compressed at a time; more than so many of a body are compressed on the thread pool.
const PIECE: usize = 64 * 1024;

/// What is compressed, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressOptions {
    /// Bytes of a body that are worth it: 1 KiB. 0: whatever has a byte; `u64::MAX`: only what comes in pieces.
    pub least: u64,
    /// 0 (not smaller at all) to 9 (as small as can be): 6.
    pub level: u32,
}

impl Default for CompressOptions {
    fn default() -> Self {
        CompressOptions { least: 1024, level: 6 }
    }
}

/// A handler or ring leaves this in [`Context::state`], and its answer is not compressed: for a page that has a secret of ours beside words
/// that the asker chose. How small it becomes would tell whether they are alike (BREACH, CVE-2013-3587). Tokens of forms are masked
/// anew in each answer, so they are not in need of it.
#[derive(Clone, Copy, Debug)]
pub struct Uncompressed;

/// A layer that compresses what its client takes compressed, and what is worth it.
pub fn compress() -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    compress_with(CompressOptions::default())
}

/// The same with options.
pub fn compress_with(options: CompressOptions) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    compress_by(options, &Coding::OFFERS)
}

/// The same, with brotli for whoever takes it: a page becomes a sixth smaller than with gzip, and each answer that is on its way costs up to
/// four megabytes. Files that do not change are better compressed once: see [`Files::precompressed`](crate::files::Files::precompressed).
#[cfg(feature = "brotli")]
pub fn compress_brotli(options: CompressOptions) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    compress_by(options, &["br", "gzip", "deflate", "identity"])
}

/// `offers`: codings that we make, the best first.
fn compress_by(
    options: CompressOptions,
    offers: &'static [&'static str],
) -> impl AsyncFn(&mut Context<'_>, Next<'_>) -> Answer + 'static {
    async move |ctx, next| {
        let done = next.run(ctx).await?;
        if ctx.is_open() || ctx.get_state::<Uncompressed>().is_some() {
            return Ok(done);
        }
        if ctx.status_now() == 304 {
            agree(ctx)?;
            return Ok(done);
        }
        if may(ctx, options.least) {
            // Whoever takes no coding gets another answer than who does, and a cache between has to know.
            ctx.vary("accept-encoding")?;
            let codings = accept::encodings(ctx.header_list("accept-encoding").as_deref(), offers);
            if let Some(coding) = codings.first().and_then(|name| Coding::named(name)) {
                code(ctx, coding, options.level).await?;
            }
        }
        Ok(done)
    }
}

fn may(ctx: &Context<'_>, least: u64) -> bool {
    let [content_type, content_encoding, cache_control] =
        ["content-type", "content-encoding", "cache-control"].map(|name| ctx.get(name));
    let facts = Facts {
        status: ctx.status_now(),
        content_type: content_type.as_deref(),
        content_encoding: content_encoding.as_deref(),
        cache_control: cache_control.as_deref(),
        is_part: ctx.has("content-range"),
        length: ctx.body().length(),
    };
    why_not(&facts, least).is_none()
}

/// A 304 has the tag and the Vary that the 200 would have (RFC 9110 §15.4.5): the weak tag, if that is what the client has. Of which type the
/// 200 is, a 304 does not say, so it varies, too, where the 200 would not: a cache asks once more, and is never wrong.
fn agree(ctx: &mut Context<'_>) -> Result<(), Failure> {
    ctx.vary("accept-encoding")?;
    let (asked, own) = (ctx.header_list("if-none-match"), ctx.get("etag").and_then(|tag| weakened(&tag)));
    if let (Some(asked), Some(own)) = (asked, own)
        && asked.contains(&*own)
    {
        ctx.set("etag", own)?;
    }
    Ok(())
}

async fn code(ctx: &mut Context<'_>, coding: Coding, level: u32) -> Result<(), Failure> {
    if ctx.method() == "HEAD" {
        // What GET has is of another length, and nobody knows of which: none is said. Its tag is the one that GET has.
        ctx.remove("content-length").put_body(Body::Stream(Box::new(async || Ok(None))));
        return weaken(ctx);
    }
    let body = ctx.take_body();
    let encoder = Encoder::new(coding, level);
    let coded = match body {
        Body::Stream(source) => Body::Stream(Box::new(Coded { source, encoder: Some(encoder) })),
        Body::File(file, range) => {
            let reading = FileReading { file, range, encoder };
            Body::Stream(Box::new(CodedFile(Some(reading))))
        }
        whole => match smaller(&whole, encoder).await? {
            Some(bytes) => Body::Bytes(bytes.into()),
            None => {
                ctx.put_body(whole);
                return Ok(());
            }
        },
    };
    ctx.put_body(coded);
    ctx.set("content-encoding", coding.name())?;
    for name in ["content-length", "accept-ranges", "content-md5"] {
        ctx.remove(name);
    }
    weaken(ctx)
}

fn weaken(ctx: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(weak) = ctx.get("etag").and_then(|tag| weakened(&tag)) {
        ctx.set("etag", weak)?;
    }
    Ok(())
}

/// A body that is there, compressed; `None` if it does not become smaller.
async fn smaller(body: &Body, encoder: Encoder) -> Result<Option<Vec<u8>>, Failure> {
    let bytes = body.bytes().unwrap_or_default();
    let length = bytes.len();
    let coded = if length <= PIECE {
        encoder.whole(bytes)?
    } else {
        let bytes = bytes.to_vec();
        net::spawn_blocking(move || encoder.whole(&bytes)).await.map_err(io::Error::from)??
    };
    Ok(Some(coded).filter(|coded| coded.len() < length))
}

/// Pieces of another stream, each compressed and sent at once.
struct Coded {
    source: Box<dyn Source>,
    encoder: Option<Encoder>,
}

impl Source for Coded {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Piece> + '_>> {
        Box::pin(async {
            let Some(encoder) = &mut self.encoder else { return Ok(None) };
            match self.source.next().await? {
                Some(piece) => Ok(Some(encoder.piece(&piece)?)),
                None => Ok(self.encoder.take().map(Encoder::finish).transpose()?),
            }
        })
    }
}

struct FileReading {
    file: File,
    range: Range<u64>,
    encoder: Encoder,
}

/// A file, read and compressed on the thread pool. One that becomes shorter is an error, as it is without a coding.
struct CodedFile(Option<FileReading>);

impl Source for CodedFile {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Piece> + '_>> {
        Box::pin(async {
            let Some(reading) = self.0.take() else { return Ok(None) };
            let (piece, rest) = net::spawn_blocking(move || step(reading)).await.map_err(io::Error::from)??;
            self.0 = rest;
            Ok(Some(piece))
        })
    }
}

fn step(mut reading: FileReading) -> io::Result<(Vec<u8>, Option<FileReading>)> {
    let left = reading.range.end.saturating_sub(reading.range.start);
    if left == 0 {
        return Ok((reading.encoder.finish()?, None));
    }
    let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
    reading.file.seek(SeekFrom::Start(reading.range.start))?;
    reading.file.read_exact(&mut piece)?;
    reading.range.start += piece.len() as u64;
    Ok((reading.encoder.piece(&piece)?, Some(reading)))
}
