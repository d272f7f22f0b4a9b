//! The 22 security rules of the web layer, and the tests that hold them. A test of a rule names it: `rule_08_…`. This list and the tests are
//! compared, so that no rule is without a test, and no test goes by another name.

use std::path::Path;

/// What each rule says, and the files of this folder that have its tests.
const RULES: [(&str, &[&str]); 22] = [
    ("a path is washed once; guard and handler see the same bytes", &["rules", "files"]),
    ("files lie beneath a directory that is held open, and are regular", &["files"]),
    ("a file's length is what it was when it was opened", &["files"]),
    ("uploads have names that nobody can guess, and leave nothing behind", &["uploads"]),
    ("a form with files that is malformed is a 400, and dropping it frees all", &["uploads"]),
    ("names of forms and JSON are plain keys", &["rules"]),
    ("another charset is a 415, and text/plain is no JSON", &["rules"]),
    ("a cookie that is set wrongly is not set", &["rules_trust"]),
    ("a code covers name, value, time and owner; old keys are replaced", &["rules_trust", "sessions"]),
    ("a session's id is ours, stored hashed, new at login, and dead when destroyed", &["sessions", "site"]),
    ("requests at once lose no change of a session", &["sessions", "site"]),
    ("another page changes nothing; reading is free", &["rules"]),
    ("a redirect leads to a place of ours", &["rules"]),
    ("a host is ours, and links go by the origin that we were given", &["rules_trust"]),
    ("only proxies of ours say who is behind them", &["rules_trust"]),
    ("CORS goes by a list, never with credentials for everybody", &["rules"]),
    ("a guard of a router is around all of its routes; no pattern explodes", &["rules"]),
    ("a proxy passes one message on, and nobody sends it where only we may go", &["proxies"]),
    ("what must not be compressed is not", &["compress"]),
    ("what is one person's lies in no shared cache", &["rules_trust"]),
    ("a panic is a 500; only developers see more than an id", &["rules_trust"]),
    ("nobody forges a line of a log, and secrets stand in none", &["logs"]),
];

#[test]
fn every_rule_has_a_test_that_names_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web");
    let main = std::fs::read_to_string(folder.join("main.rs")).expect("the list of modules");
    let mut found = vec![Vec::new(); RULES.len()];
    for entry in std::fs::read_dir(&folder).expect("this folder") {
        let path = entry.expect("an entry").path();
        let Some(module) = path.file_stem().and_then(|name| name.to_str()).filter(|_| path.is_file()) else { continue };
        let source = std::fs::read_to_string(&path).expect("a source");
        let lines: Vec<&str> = source.lines().collect();
        for pair in lines.windows(2) {
            let Some(rest) = pair[1].strip_prefix("fn rule_") else { continue };
            assert_eq!(pair[0], "#[test]", "{module}: rule_{rest}");
            assert!(main.contains(&format!("mod {module};")), "{module} is no part of this binary");
            let number: usize = rest[..2].parse().expect("a rule's number has two digits");
            let places = found.get_mut(number.wrapping_sub(1)).expect("there are 22 rules");
            if !places.contains(&module.to_owned()) {
                places.push(module.to_owned());
            }
        }
    }
    for (number, ((rule, listed), mut found)) in RULES.into_iter().zip(found).enumerate() {
        let mut listed = listed.to_vec();
        listed.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, listed, "rule {}: {rule}", number + 1);
    }
}
