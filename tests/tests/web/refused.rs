//! What cannot be written: each file in `refused/` is compiled against the crate, and has to fail with the error that its first line names.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};
use wirebook_tests::workspace::root;

/// The crate as it was built for this test: the newest that lies beside it.
fn library() -> PathBuf {
    let test = env::current_exe().expect("a test knows its file");
    let files = fs::read_dir(test.parent().expect("a folder")).expect("a folder");
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libwirebook_web-") && name.ends_with(".rlib")
    };
    let all = files.map(|file| file.expect("a file").path()).filter(ours);
    all.max_by_key(|path| fs::metadata(path).and_then(|about| about.modified()).expect("a time"))
        .expect("the crate was built")
}

/// Compiles one file; gives what the compiler says if it refuses.
fn compile(file: &Path, library: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rustc = Command::new(option_env!("RUSTC").unwrap_or("rustc"));
    rustc.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--color", "never"]);
    rustc.arg("--extern").arg(format!("wirebook_web={}", library.display()));
    rustc.arg("-L").arg(format!("dependency={}", library.parent().expect("a folder").display()));
    rustc.arg("--out-dir").arg(folder.path()).arg(file);
    let output = rustc.output().expect("rustc starts");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn a_second_next_a_forgotten_one_and_a_silent_handler_do_not_compile() {
    let library = library();
    let mut refused = 0;
    for entry in fs::read_dir(root().join("tests/tests/web/refused")).expect("a folder") {
        let path = entry.expect("a file").path();
        let source = fs::read_to_string(&path).expect("a file");
        let said = compile(&path, &library);
        if path.ends_with("accepted.rs") {
            assert_eq!(said, Ok(()));
            continue;
        }
        let wanted = source.lines().next().and_then(|line| line.strip_prefix("// ")).expect("the error's name");
        let (code, words) = wanted.split_once(": ").expect("a code and words");
        let said = said.expect_err("it compiles");
        let errors = said.matches("\nerror").count() + usize::from(said.starts_with("error"));
        assert!(said.contains(&format!("error[{code}]")) && said.contains(words), "{}:\n{said}", path.display());
        // The error is the one of this kind and not a slip of ours; the last line counts them.
        assert_eq!(errors, 2, "{}:\n{said}", path.display());
        refused += 1;
    }
    assert_eq!(refused, 6);
}
