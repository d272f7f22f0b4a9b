//! The hostile-input catalogue of this layer, `tests/attacks/websocket.jsonl`: one test for each row, over a real socket.
//!
//! The server under test runs with its defaults behind an echo handler, on a loop and thread of its own whose
//! allocations are counted; the attacker is a plain blocking socket. Of the outcomes that the catalogue permits the server
//! takes the strict one (`expect`) in every row.

mod attacker;
mod client;
mod row;
mod server;
mod special;

use wirebook_tests::allocations::Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

macro_rules! rows {
    ($($id:ident)*) => {
        $(#[test] fn $id() { row::run(stringify!($id)) })*
        const ALL: &[&str] = &[$(stringify!($id)),*];
    };
}

rows! {
    ws_001 ws_002 ws_003 ws_005 ws_008 ws_011 ws_012 ws_013 ws_014 ws_015 ws_016 ws_017
    ws_018 ws_019 ws_020 ws_021 ws_023 ws_025 ws_027 ws_029 ws_031 ws_033 ws_034 ws_035
    ws_036 ws_038 ws_039 ws_041 ws_042 ws_043 ws_044 ws_045 ws_047 ws_048 ws_051 ws_052
    ws_053 ws_054 ws_055 ws_056 ws_057 ws_059 ws_062 ws_063 ws_064 ws_065 ws_066 ws_068
    ws_070 ws_071 ws_072 ws_073 ws_074 ws_075 ws_077 ws_078 ws_079 ws_081 ws_082 ws_083
    ws_085 ws_086 ws_088 ws_089 ws_090 ws_091 ws_092 ws_094 ws_096 ws_097 ws_099 ws_101
    ws_102 ws_104 ws_105 ws_110 ws_112 ws_113 ws_114 ws_115 ws_116 ws_117 ws_118
}

#[test]
fn every_row_is_run() {
    let ids: Vec<String> = row::all().iter().map(|row| row["id"].as_str().unwrap_or("").replace('-', "_")).collect();
    assert_eq!(ids, ALL);
}

/// Rows of our own.
#[test]
fn own_deflate_bomb_costs_the_limit() {
    special::deflate_bomb();
}

#[test]
fn own_idle_connection_costs_little() {
    special::idle_plain();
}
