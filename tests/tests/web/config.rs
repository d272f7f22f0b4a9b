//! The configuration: what a file may say, and who has the last word.

use std::fs;
use wirebook_web::{Config, ConfigError, LineFault, MOST_CONFIG, trust::Keys};

fn value(line: &str) -> String {
    let config = Config::parse(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    config.get("A").unwrap_or_else(|| panic!("{line:?} sets nothing")).to_owned()
}

#[test]
fn lines_of_every_kind() {
    for (line, wanted) in [
        ("A=1", "1"),
        ("  A = two words  ", "two words"),
        ("export A=1", "1"),
        ("export\tA=1", "1"),
        ("\u{feff}A=1", "1"),
        ("A=1\r\n", "1"),
        ("# B=2\n\nA=1", "1"),
        ("A=", ""),
        ("A=''", ""),
        ("A=#1", ""),
        ("A=1 # one", "1"),
        ("A=p#ss", "p#ss"),
        ("A=a=b==", "a=b=="),
        ("A=it's", "it's"),
        ("A=' # $B \\n '  # said", " # $B \\n "),
        (r#"A="\"\\\n\r\t$B `x` '" # said"#, "\"\\\n\r\t$B `x` '"),
        ("A=\"a\"", "a"),
        ("A=$(whoami)`id`${B}", "$(whoami)`id`${B}"),
        ("A=ü", "ü"),
    ] {
        assert_eq!(value(line), wanted, "{line:?}");
    }
    let shell = Config::parse("export = 1\nexported=2").unwrap();
    assert_eq!((shell.get("export"), shell.get("exported")), (Some("1"), Some("2")));
    assert_eq!(Config::parse("").unwrap(), Config::default());
}

#[test]
fn a_line_that_is_wrong_has_a_number_and_is_not_repeated() {
    for (line, wanted) in [
        ("A", LineFault::NoValue),
        ("A: 1", LineFault::NoValue),
        ("=1", LineFault::Name),
        ("1A=1", LineFault::Name),
        ("A-B=1", LineFault::Name),
        ("A B=1", LineFault::Name),
        ("Ä=1", LineFault::Name),
        ("A=1\nA=1", LineFault::Twice),
        ("A='secret", LineFault::Unclosed),
        ("A=\"secret", LineFault::Unclosed),
        ("A=\"secret\\", LineFault::Unclosed),
        ("A=\"secret\\\"", LineFault::Unclosed),
        ("A='secret'more", LineFault::Behind),
        ("A='secret'#more", LineFault::Behind),
        ("A=\"secret\" more", LineFault::Behind),
        ("A=\"secret\\x\"", LineFault::Escape),
        ("A=sec\0ret", LineFault::Nul),
    ] {
        let error = Config::parse(&format!("B=2\n{line}")).expect_err(line);
        let ConfigError::Line(number, fault) = error else { panic!("{line:?}: {error:?}") };
        assert_eq!((number, fault), (1 + line.lines().count(), wanted), "{line:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_environment_is_over_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".env");
    let path = std::env::var("PATH").expect("every test runs with one");
    let key = "k".repeat(32);
    fs::write(&file, format!("PATH=/nowhere\nWIREBOOK_TEST_KEY={key}\nWIREBOOK_TEST_PORT=80O0\n")).expect("a file");
    let config = Config::load(&file).unwrap();
    assert_eq!(config.get("PATH"), Some(&*path));
    // ANCHOR: key
    let keys = Keys::new(&[config.required("WIREBOOK_TEST_KEY").unwrap().as_bytes()]);
    // ANCHOR_END: key
    assert!(keys.is_ok());
    let wrong = config.value::<u16>("WIREBOOK_TEST_PORT").unwrap_err().to_string();
    assert_eq!(wrong, "WIREBOOK_TEST_PORT is no u16");
    assert_eq!(config.value::<u16>("WIREBOOK_TEST_NONE").unwrap(), None);
    let shown = format!("{config:?}");
    assert!(shown.contains("WIREBOOK_TEST_KEY") && !shown.contains(&key), "{shown}");
}

#[test]
fn a_file_that_is_not_there_is_none_and_one_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".env");
    assert_eq!(Config::load(&file).unwrap(), Config::environment());
    let lines = |more: usize| format!("#{}", " ".repeat(usize::try_from(MOST_CONFIG).unwrap() - 1 + more));
    fs::write(&file, lines(0)).expect("a file");
    assert!(Config::load(&file).is_ok());
    fs::write(&file, lines(1)).expect("a file");
    assert!(matches!(Config::load(&file), Err(ConfigError::File(_))));
    fs::write(&file, b"A=\xff").expect("a file");
    assert!(matches!(Config::load(&file), Err(ConfigError::File(_))));
    assert!(matches!(Config::load(folder.path()), Err(ConfigError::File(_))));
    assert!(matches!(Config::load("/dev/zero"), Err(ConfigError::File(_))));
}
