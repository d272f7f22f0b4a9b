//! What a connection takes, waits for and allows: every bound of the crate, with its default and its source.

use crate::message::fields::MAX_LIST;
use crate::wire::settings::{FIRST_FRAME_SIZE, MAX_WINDOW, Settings};
use std::time::Duration;

/// So many at once, and so many more each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once. 0: the first is one too many. `u32::MAX`: no bound.
    pub burst: u32,
    /// Each second. 0: the burst is all there will ever be.
    pub per_second: u32,
}

/// The bounds of one connection. The same for many connections, so it is shared.
///
/// A duration of zero has passed at the next [`tick`](crate::Connection::tick); [`Duration::MAX`] never passes, which
/// switches it off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Streams that the peer may have open at a time; one above is refused with REFUSED_STREAM. A stream counts until its
    /// content has been read, too. 100, the least that RFC 9113 §6.5.2 recommends. 0 takes no request; `u32::MAX` is no bound.
    pub max_concurrent_streams: u32,
    /// Bytes of one stream that may be here unread: 256 KiB. 0 takes no content; at most 2^31 - 1, and more is that much. The smaller
    /// it is, the more updates it takes, of which the peer may have a bound.
    pub stream_window: u32,
    /// Bytes of all streams that may be here unread: 1 MiB, so that four readers may stand still and the fifth goes on. At
    /// least 65,535, because a connection's window begins with that (§6.9.2); at most 2^31 - 1. What is below or above is as
    /// if it was the nearest.
    pub connection_window: u32,
    /// The largest payload of a frame: 16,384, the smallest there is (§4.2), and what is below counts as that. 2^24 - 1 at
    /// most.
    pub max_frame_size: u32,
    /// Bytes of HPACK's table for the peer's fields: 4,096, as everybody has (RFC 7541 §4.2). 0 is no table.
    pub decoder_table: u32,
    /// Bytes of HPACK's table for our fields, if the peer allows as many: 4,096, and never more. 0 is no table.
    pub encoder_table: u32,
    /// Bytes of the fields of one message, each counted as its name, its value and 32 (§10.5.1): 48 KiB, as HTTP/1's head. A
    /// request above it is answered with 431. 0 takes no field; at most 65,535.
    pub max_header_list: u32,
    /// Fields of one message, crumbs of cookies counted singly: 128, as in Node; above it, 431. `usize::MAX` is no bound of
    /// its own.
    pub max_fields: usize,
    /// Bytes of a field block, before it is decoded: 48 KiB; above it the connection ends. `usize::MAX` is no bound of its own.
    pub max_block: usize,
    /// CONTINUATION frames of a field block: 8, as in nghttp2; above it the connection ends. 0 takes none; `u32::MAX` is no
    /// bound.
    pub max_continuations: u32,
    /// Entries of one SETTINGS frame: 32, as in nghttp2. 0 takes only a SETTINGS frame that says nothing; `u32::MAX` is no bound of its own.
    pub max_settings: u32,
    /// Answers that the peer has made us owe and that are not in `out` yet: 1,000, as in nghttp2. A driver that lets them be
    /// written after each read never comes near. `usize::MAX` is no bound.
    pub max_owed: usize,
    /// Resets: those of the peer on requests that have no answer yet, and ours that it provokes (CVE-2023-44487,
    /// CVE-2025-8671); and each 64 KiB of names that references in a field block have HPACK's table copy. 200 and 33 a second, as in
    /// nghttp2 but for the burst.
    pub resets: Rate,
    /// Frames that move nothing: empty DATA, PING, SETTINGS, PRIORITY, unknown kinds, WINDOW_UPDATE, frames of streams that are
    /// over. 800 and 100 a second, so that a flood ends within a thousand frames. An answer that is complete pays one back, and
    /// so does each KiB of DATA that comes. One that goes pays two, and so does the end of what the window did not cut: the peer
    /// may open its windows for it, the stream's and the connection's. A burst of 0 takes no peer that opens one, as nearly all do.
    pub idle_frames: Rate,
    /// Time for the preface and the first SETTINGS: 10 s, as in Go. Below what a network takes, nobody is heard.
    pub preface_timeout: Duration,
    /// Time from the first byte to the last of what is used only when it is whole: a frame other than DATA, and a field block with its
    /// CONTINUATIONs. 10 s, as for a head in HTTP/1. At zero it must come in one piece; [`Duration::MAX`] waits as long as the connection
    /// lives.
    pub head_timeout: Duration,
    /// Time for the acknowledgement of our SETTINGS (§6.5.3): 10 s.
    pub settings_timeout: Duration,
    /// Time between two pieces of a message's content that is waited for: 30 s, as in HTTP/1; then the stream is cancelled.
    pub body_timeout: Duration,
    /// Bytes a second that such content must bring on average, once `body_timeout` has passed: 256; 0 switches it off.
    pub min_body_rate: u32,
    /// Time for which a client may go on with a request whose answer is complete, where nobody reads the rest: 1 s. Then, or when it has
    /// used half of the stream's window, it is told to stop (RST_STREAM with NO_ERROR, §8.1). At zero it is told at once;
    /// [`Duration::MAX`] leaves it to the window.
    pub stop_timeout: Duration,
    /// Time for which the peer may keep a window shut that somebody waits for: 30 s; then the stream is cancelled, and the
    /// connection ends if that was its last.
    pub write_timeout: Duration,
    /// Time without a stream after which the connection is ended; PING is no activity. 60 s.
    pub idle_timeout: Duration,
    /// Time between the two GOAWAYs of a shutdown, if the PING between them is not answered: 1 s.
    pub shutdown_timeout: Duration,
    /// Time for the answer to our PING: 15 s, as in Go.
    pub ping_timeout: Duration,
    /// Requests of one connection, after which it is shut down: a million; 0 and 1: each request is the last.
    /// `u32::MAX` is no bound.
    pub max_requests: u32,
    /// Bytes up to which [`send_data`](crate::Connection::send_data) fills `out`, headers of frames and all: 64 KiB, which are
    /// four full records of TLS, with nothing left over that would take a record and a write of its own. At 0 no content is ever
    /// taken, `usize::MAX` is no bound.
    pub max_out: usize,
    /// Interim responses to one request: 64. 0 takes none; `u32::MAX` is no bound.
    pub max_interim: u32,
    /// A client's streams before the server has said how many it takes: 100, as in Node. 0 waits until it has; `u32::MAX` is no bound.
    pub assumed_streams: u32,
    /// Whether a server takes extended CONNECT, for WebSockets (RFC 8441).
    pub extended_connect: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_concurrent_streams: 100,
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            max_frame_size: FIRST_FRAME_SIZE,
            decoder_table: 4096,
            encoder_table: 4096,
            max_header_list: 48 * 1024,
            max_fields: 128,
            max_block: 48 * 1024,
            max_continuations: 8,
            max_settings: 32,
            max_owed: 1000,
            resets: Rate { burst: 200, per_second: 33 },
            idle_frames: Rate { burst: 800, per_second: 100 },
            preface_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            settings_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            min_body_rate: 256,
            stop_timeout: Duration::from_secs(1),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(1),
            ping_timeout: Duration::from_secs(15),
            max_requests: 1_000_000,
            max_out: 64 * 1024,
            max_interim: 64,
            assumed_streams: 100,
            extended_connect: false,
        }
    }
}

impl Config {
    /// What a server or a client with this says in its SETTINGS.
    pub fn settings(&self, is_server: bool) -> Settings {
        Settings {
            header_table_size: self.decoder_table,
            // A server that said so would only repeat what is true of all servers.
            enable_push: is_server,
            max_concurrent_streams: if is_server { self.max_concurrent_streams } else { u32::MAX },
            initial_window_size: self.stream_window.min(MAX_WINDOW),
            max_frame_size: self.frame_size(),
            max_header_list_size: self.max_header_list.min(MAX_LIST as u32),
            enable_connect_protocol: is_server && self.extended_connect,
            no_rfc7540_priorities: true,
        }
    }

    /// What HPACK may take. The table is the one that the peer believes in before it has read our SETTINGS.
    pub(crate) fn hpack(&self) -> wirebook_hpack::Limits {
        let list = self.max_header_list.min(MAX_LIST as u32) as usize;
        wirebook_hpack::Limits { list, fields: self.max_fields, ..wirebook_hpack::Limits::default() }
    }

    /// The largest payload that we take.
    pub(crate) fn frame_size(&self) -> u32 {
        self.max_frame_size.clamp(FIRST_FRAME_SIZE, (1 << 24) - 1)
    }
}
