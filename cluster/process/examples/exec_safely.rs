//! Counts the lines of a file with a hostile name in three ways, and none of them lets the name be read as a command.
//!
//! Run: cargo run --example exec_safely

use std::{fs, time::Duration};
use wirebook_net as net;
use wirebook_process::{ExecError, exec, exec_file};
use wirebook_terminal as terminal;

fn main() -> terminal::Result {
    terminal::no_arguments(include_str!("exec_safely.rs"));
    let folder = tempfile::tempdir()?;
    // ANCHOR: name
    let name = "; echo pwned #.txt";
    // ANCHOR_END: name
    let path = folder.path().join(name);
    fs::write(&path, "one\ntwo\nthree\n")?;
    net::run(async move {
        // ANCHOR: three
        let out = exec_file("wc", ["-l".as_ref(), path.as_os_str()]).run().await?;
        println!("exec_file   {}", first_word(&out.stdout));
        let out = exec("cat -- \"$1\" | wc -l", [&path]).run().await?;
        println!("exec        {}", first_word(&out.stdout));
        let out = exec_file("wc", ["-l"]).input(fs::read(&path)?).run().await?;
        println!("by its input {}", first_word(&out.stdout));
        // ANCHOR_END: three
        // ANCHOR: bounds
        let run = exec_file("sleep", ["1000"]).timeout(Duration::from_millis(50));
        if let Err(ExecError::TimedOut(out)) = run.run().await {
            println!("one that sleeps: {}", out.exit.map_or("gone".into(), |exit| exit.to_string()));
        }
        if let Err(ExecError::OutputTooLong(out)) = exec_file("yes", [""; 0]).run().await {
            println!("one that never stops: killed after {} bytes", out.stdout.len());
        }
        // ANCHOR_END: bounds
        std::io::Result::Ok(())
    })?;
    Ok(())
}

fn first_word(said: &[u8]) -> String {
    String::from_utf8_lossy(said).split_whitespace().next().unwrap_or_default().to_owned()
}
