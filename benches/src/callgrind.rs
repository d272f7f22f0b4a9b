//! Instructions, counted by valgrind's callgrind: a busy machine makes times long, and leaves these alone.

use std::{error::Error, process::Command};

/// What valgrind says that it is; `None` where there is none.
pub fn version() -> Option<String> {
    let output = Command::new("valgrind").arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Instructions of this program when it is started again with these arguments; `None` if valgrind does not know one of them.
///
/// # Errors
/// When it does not start, or fails.
pub fn instructions(arguments: &[&str]) -> Result<Option<u64>, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(arguments)
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim());
    match collected {
        Some(count) if output.status.success() => Ok(Some(count.parse()?)),
        _ if text.contains("Unrecognised instruction") => Ok(None),
        _ => Err(format!("{arguments:?} under callgrind: {text}").into()),
    }
}
