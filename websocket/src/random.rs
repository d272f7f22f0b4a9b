//! Masking keys (RFC 6455 §5.3, §10.3): fresh for every frame, from a source that nobody can predict. Randomness is an
//! argument of the core, as time is; tests pass a known source.

/// Keys from a source that is asked for many at a time.
#[derive(Debug)]
pub(crate) struct Keys {
    fill: fn(&mut [u8]),
    bytes: [u8; 256],
    next: usize,
}

impl Keys {
    pub(crate) fn new(fill: fn(&mut [u8])) -> Self {
        Keys { fill, bytes: [0; 256], next: 256 }
    }

    pub(crate) fn next(&mut self) -> [u8; 4] {
        let Some(key) = self.bytes.get(self.next..).and_then(|rest| rest.first_chunk::<4>()) else {
            (self.fill)(&mut self.bytes);
            self.next = 4;
            return [self.bytes[0], self.bytes[1], self.bytes[2], self.bytes[3]];
        };
        self.next += 4;
        *key
    }
}
