//! What a race brings: a figure for each parser on each input.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A spread above this is noise that hides a difference.
const NOISY: f64 = 0.10;

/// How one parser did on one input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lap {
    /// Who read.
    pub parser: Cow<'static, str>,
    /// What was read.
    pub input: Cow<'static, str>,
    /// Nanoseconds for one head, or for one body.
    pub ns: f64,
    /// Gigabytes a second.
    pub gbps: f64,
    /// How many times as fast as httparse.
    pub ratio: f64,
    /// How far the heats lay apart: the upper quartile over the lower one, less one.
    #[serde(skip)]
    pub spread: f64,
}

impl Lap {
    /// Whether its heats lay far apart.
    pub fn is_noisy(&self) -> bool {
        self.spread > NOISY
    }
}
