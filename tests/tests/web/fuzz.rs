//! The twin of the web layer's fuzz targets: inputs from a seed, made of the words that each target's language has and of any bytes.

use wirebook_tests::{asked, web_fuzz::TARGETS};

/// Inputs of each target where nobody says how many; `WIREBOOK_TRIALS=20000` is what one runs before a release.
const INPUTS: u64 = 4_000;

#[test]
fn whatever_comes() {
    let inputs = asked("WIREBOOK_TRIALS", INPUTS);
    for (name, check, words) in TARGETS {
        let mut state = 42u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        for _ in 0..inputs {
            let mut input = Vec::new();
            for _ in 0..below(12) {
                match below(8) {
                    0 => input.push(below(256) as u8),
                    1 => input.push(b' ' + below(95) as u8),
                    _ => input.extend_from_slice(words[below(words.len())].as_bytes()),
                }
            }
            let caught = std::panic::catch_unwind(|| check(&input));
            assert!(caught.is_ok(), "{name} does not hold for {:?}", String::from_utf8_lossy(&input));
        }
    }
}
