//! The twin of the fuzz target `process_channel`: the same play, on bytes that are the same every time.

#[path = "../any_bytes/mod.rs"]
mod play;

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn thirty_thousand_plays() {
    let mut state = 20;
    for _ in 0..30_000 {
        let length = random(&mut state) % 200;
        let input: Vec<u8> = (0..length).map(|_| random(&mut state) as u8).collect();
        play::play(&input);
    }
}
