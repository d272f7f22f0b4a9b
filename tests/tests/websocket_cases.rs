//! Runs every document in `tests/cases/websocket` whole, byte by byte, at every single cut and with trailing data.

use std::path::Path;

use wirebook_tests::websocket::{Case, parse};

#[test]
fn every_case_means_the_same_however_it_is_cut() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/websocket");
    let mut count = 0;
    let mut names = std::collections::HashSet::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for case in parse(&std::fs::read_to_string(&path).expect("readable")) {
            assert!(names.insert(case.name.clone()), "{} stands twice", case.name);
            check(&case);
            count += 1;
        }
    }
    assert!(count >= 60, "only {count} cases were found");
}

fn check(case: &Case) {
    let size = case.bytes.len();
    assert_eq!(case.run(&[], b""), case.events, "{} whole", case.name);
    if size <= 1024 {
        let every: Vec<usize> = (1..size).collect();
        assert_eq!(case.run(&every, b""), case.events, "{} byte by byte", case.name);
        for cut in 1..size {
            assert_eq!(case.run(&[cut], b""), case.events, "{} cut at {cut}", case.name);
        }
    } else {
        let some: Vec<usize> = (1..size).step_by(997).collect();
        assert_eq!(case.run(&some, b""), case.events, "{} in pieces", case.name);
    }
    // Half a header behind the last frame changes nothing before it.
    let trailing = case.run(&[], b"\x82");
    let ended = case.events.last().is_some_and(|line| line.starts_with("error") || line == "end");
    if !ended {
        assert_eq!(trailing, case.events, "{} with trailing data", case.name);
    }
}
