//! Every case of `cases/http1`, on the connection that the server runs.

use wirebook_tests::cases::{self, http1};

#[test]
fn every_case_whole_byte_by_byte_at_every_cut_and_with_trailing_bytes() {
    let cases = cases::load("http1");
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    cases::check(&cases, b"GET /behind HTTP/1.1\r\nHost: b\r\n\r\n", http1::events);
}
