//! Content codings, piece by piece (RFC 9110 §8.4.1).

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use std::io::{self, Write};

/// The window of brotli, as a power of two: 256 KiB, so that an encoder holds less than four megabytes.
#[cfg(feature = "brotli")]
const WINDOW: u32 = 18;

/// A coding that is made while an answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, which is what the name `deflate` means; some have sent RFC 1951 without it, and no reader is sure.
    Deflate,
    /// RFC 7932.
    #[cfg(feature = "brotli")]
    Brotli,
}

impl Coding {
    /// What we offer, the best first; and no coding at all.
    pub const OFFERS: [&str; 3] = ["gzip", "deflate", "identity"];

    /// The coding of a name.
    pub fn named(name: &str) -> Option<Coding> {
        match name {
            "gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Deflate),
            #[cfg(feature = "brotli")]
            "br" => Some(Coding::Brotli),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            #[cfg(feature = "brotli")]
            Coding::Brotli => "br",
        }
    }
}

/// Makes a coding of pieces.
pub struct Encoder(Inner);

enum Inner {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
}

impl Encoder {
    /// An encoder of a level, 0 (none) to 9 (the smallest); more is 9. Brotli has eleven, and gets one that takes about as long.
    ///
    /// ```
    /// use wirebook_web::compress::{Coding, Encoder};
    ///
    /// let mut encoder = Encoder::new(Coding::Gzip, 6);
    /// let mut coded = encoder.piece(&[b'a'; 10_000])?;
    /// coded.extend(encoder.finish()?);
    /// assert!(coded.len() < 100);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(coding: Coding, level: u32) -> Encoder {
        let level = level.min(9);
        Encoder(match coding {
            Coding::Gzip => Inner::Gzip(GzEncoder::new(Vec::new(), Compression::new(level))),
            Coding::Deflate => Inner::Deflate(ZlibEncoder::new(Vec::new(), Compression::new(level))),
            #[cfg(feature = "brotli")]
            Coding::Brotli => {
                let encoder = brotli::CompressorWriter::new(Vec::new(), 4096, level * 2 / 3, WINDOW);
                Inner::Brotli(Box::new(encoder))
            }
        })
    }

    /// What is to be sent for a piece, all of it: whoever reads it has the whole piece, though more is to come. That costs a few bytes for each
    /// piece, and keeps nobody waiting for what is there.
    ///
    /// # Errors
    ///
    /// None that a buffer in memory has.
    pub fn piece(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        match &mut self.0 {
            Inner::Gzip(encoder) => {
                encoder.write_all(piece)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Inner::Deflate(encoder) => {
                encoder.write_all(piece)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            #[cfg(feature = "brotli")]
            Inner::Brotli(encoder) => {
                encoder.write_all(piece)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    /// All that is left, and the end.
    ///
    /// # Errors
    ///
    /// As [`piece`](Encoder::piece).
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.0 {
            Inner::Gzip(encoder) => encoder.finish(),
            Inner::Deflate(encoder) => encoder.finish(),
            #[cfg(feature = "brotli")]
            Inner::Brotli(encoder) => Ok(encoder.into_inner()),
        }
    }

    /// The whole of something at once.
    ///
    /// # Errors
    ///
    /// As [`piece`](Encoder::piece).
    pub fn whole(mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match &mut self.0 {
            Inner::Gzip(encoder) => encoder.write_all(bytes)?,
            Inner::Deflate(encoder) => encoder.write_all(bytes)?,
            #[cfg(feature = "brotli")]
            Inner::Brotli(encoder) => encoder.write_all(bytes)?,
        }
        self.finish()
    }
}
