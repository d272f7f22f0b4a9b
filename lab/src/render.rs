//! `wirebook render`: a template and its data to HTML, or a look at what became of the template.

use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Instant;
use wirebook_template::{Delimiters, Engine, Error, Template, Value, text_of, tokens};
use wirebook_terminal::{Complaint, Result, fit, said, width};

/// What to render, and how.
#[derive(Args)]
pub(crate) struct Options {
    /// The template
    file: PathBuf,
    /// A JSON file with the data
    #[arg(long)]
    data: Option<PathBuf>,
    /// The directory that includes may not leave; several are searched in order [default: that of FILE]
    #[arg(long)]
    root: Vec<PathBuf>,
    /// The character inside both ends of a tag
    #[arg(long, default_value = "%")]
    delimiter: String,
    /// The character that opens a tag
    #[arg(long, default_value = "<")]
    open_delimiter: String,
    /// The character that closes a tag
    #[arg(long, default_value = ">")]
    close_delimiter: String,
    /// Drop blanks at both ends of every line, and empty lines
    #[arg(long)]
    rm_whitespace: bool,
    /// Print the tokens instead
    #[arg(long, conflicts_with_all = ["tree", "timing"])]
    tokens: bool,
    /// Print the closures instead
    #[arg(long, conflicts_with = "timing")]
    tree: bool,
    /// Print how long compiling and rendering take instead
    #[arg(long)]
    timing: bool,
}

/// Runs `wirebook render`.
///
/// # Errors
///
/// Where a file cannot be read, or the template does not compile or render.
pub(crate) fn run(options: &Options) -> Result {
    let source = &text_of(&bytes(&options.file)?);
    let compile = wirebook_template::Options {
        delimiters: Delimiters {
            open: options.open_delimiter.clone(),
            delimiter: options.delimiter.clone(),
            close: options.close_delimiter.clone(),
        },
        remove_white_space: options.rm_whitespace,
        trace: options.tree,
        ..Default::default()
    };
    if options.tokens {
        for token in tokens(source, &compile).map_err(broken)? {
            let at = token.position;
            let line = format!("{:>4}:{:<4} {:<12} {}", at.line, at.column, token.kind, token.text.escape_debug());
            println!("{}", fit(&line, width()));
        }
        return Ok(());
    }
    let roots = roots(options);
    let mut engine = Engine::in_memory();
    for root in &roots {
        engine.add_root(root).map_err(|error| {
            Complaint::new(
                format!("The root {} cannot be opened: {}.", root.display(), said(&error)),
                "name a folder with --root.",
            )
        })?;
    }
    engine.set_log(|line| eprintln!("{line}"));
    engine.set_options(compile);
    let name = options.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let started = Instant::now();
    let template = engine.compile_at(source, &name, &below(&options.file, &roots)).map_err(broken)?;
    let compiled = started.elapsed();
    for warning in template.warnings() {
        eprintln!(
            "warning: {warning}\n  at {}:{}:{}\n{}",
            warning.file, warning.position.line, warning.position.column, warning.excerpt
        );
    }
    if options.tree {
        for closure in template.closures() {
            println!("{}", fit(&format!("{}{}", "  ".repeat(closure.depth), closure.label), width()));
        }
        return Ok(());
    }
    let data = data(options)?;
    if options.timing {
        return time(&template, &data, compiled.as_secs_f64());
    }
    print!("{}", template.render_to_string(&data).map_err(broken)?);
    Ok(())
}

fn roots(options: &Options) -> Vec<PathBuf> {
    if !options.root.is_empty() {
        return options.root.clone();
    }
    let beside = options.file.parent().filter(|parent| !parent.as_os_str().is_empty());
    vec![beside.map_or_else(|| PathBuf::from("."), PathBuf::from)]
}

/// The template's path below its root, so that what it includes is looked for beside it; empty when it lies in none. Of roots
/// that lie in each other it is the outermost, which most of what `..` leads to lies in.
fn below(file: &Path, roots: &[PathBuf]) -> String {
    let Ok(file) = file.canonicalize() else { return String::new() };
    let inside = roots.iter().filter_map(|root| file.strip_prefix(root.canonicalize().ok()?).ok());
    let Some(path) = inside.max_by_key(|path| path.components().count()) else { return String::new() };
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Complaint::new(format!("{} cannot be read: {}.", path.display(), said(&error)), "name a file that exists.")
    })
}

fn read(path: &Path) -> Result<String> {
    String::from_utf8(bytes(path)?)
        .map_err(|_| Complaint::new(format!("{} is not UTF-8", path.display()), "the data is JSON, which is UTF-8"))
}

fn data(options: &Options) -> Result<Value> {
    let Some(path) = &options.data else { return Ok(Value::object()) };
    serde_json::from_str(&read(path)?).map_err(|error| {
        Complaint::new(format!("{} is no JSON: {error}", path.display()), "the data is one JSON object")
    })
}

/// The template's own error has place and caret; the hint says where to look next.
fn broken(error: Error) -> Complaint {
    Complaint::new(error.to_string(), "see the book's chapter on templates for what the language has")
}

/// The median of a hundred renders, after ten to warm up.
fn time(template: &Template, data: &Value, compiled: f64) -> Result {
    let mut out = String::new();
    let mut times = Vec::new();
    for _ in 0..110 {
        out.clear();
        let started = Instant::now();
        template.render(data, &mut out).map_err(broken)?;
        times.push(started.elapsed().as_secs_f64());
    }
    let mut times = times.split_off(10);
    times.sort_by(f64::total_cmp);
    let micro = |seconds: f64| seconds * 1e6;
    println!("compile {:.1} µs\nrender  {:.1} µs (median of 100)", micro(compiled), micro(times[times.len() / 2]));
    println!("output  {} bytes", out.len());
    Ok(())
}
