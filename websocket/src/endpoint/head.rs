//! Reading one message head from a stream that carries nothing else.

use std::io;

use wirebook_http1::parser::{Fields, Limits, Progress};
use wirebook_net::{self as net, Stream};

use super::fault::Fault;

/// Reads until `parse` gives something, of at most `most` bytes for a head. What was read stays in `bytes`.
pub(super) async fn read_head<T>(
    stream: &impl Stream,
    bytes: &mut Vec<u8>,
    most: usize,
    mut parse: impl FnMut(&[u8], &mut Fields, &mut Progress, &Limits) -> Option<Result<T, Fault>>,
) -> Result<T, Fault> {
    let limits = Limits { head: most, ..Limits::default() };
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    loop {
        if let Some(result) = parse(bytes, &mut fields, &mut progress, &limits) {
            return result;
        }
        if read_some(stream, bytes).await? == 0 {
            return Err(Fault::Io(io::ErrorKind::UnexpectedEof));
        }
    }
}

/// Waits for bytes and appends them; 0 at the end of the stream.
pub(super) async fn read_some(stream: &impl Stream, bytes: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        // The loop's buffer is borrowed only while there is something to read.
        stream.readable().await?;
        let mut buffer = net::buffer();
        match stream.try_read(&mut buffer) {
            Ok(count) => {
                bytes.extend_from_slice(&buffer[..count]);
                return Ok(count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
