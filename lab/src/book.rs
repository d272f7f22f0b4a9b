//! The book: rendered with the mdBook libraries, so that nobody installs a tool, and held in memory as pages.

use crate::{diagram, evenings, figures, limits, live, prose, snippet, source};
use mdbook_core::book::{Book, BookItem};
use mdbook_driver::MDBook;
use mdbook_driver::builtin_preprocessors::{IndexPreprocessor, LinkPreprocessor};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use sha1::{Digest, Sha1};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use wirebook_terminal::Complaint;

/// A file of the rendered book.
pub(crate) struct Page {
    pub(crate) mime: String,
    /// A strong entity tag with its quotes (RFC 9110 §8.8.3), made from the content.
    pub(crate) etag: String,
    pub(crate) bytes: Vec<u8>,
}

/// The rendered book by path: `/`, `/net/event-loop.html`, … Pages are never let go: a book is rendered once in a program's life, and
/// what goes out may borrow from it for as long as it likes.
pub(crate) struct Pages(HashMap<String, &'static Page>);

impl Pages {
    pub(crate) fn get(&self, path: &str) -> Option<&'static Page> {
        self.0.get(path).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Where the book's sources are: the folder given, `book/` here or in a folder above, or that of the checkout from which
/// this program was built.
pub(crate) fn find(given: Option<PathBuf>) -> Result<PathBuf, Complaint> {
    let is_book = |folder: &PathBuf| folder.join("book.toml").is_file();
    if let Some(folder) = given {
        return Some(folder.clone()).filter(is_book).ok_or_else(|| {
            Complaint::new(
                format!("There is no book.toml in {}.", folder.display()),
                "Name the folder that holds book.toml and src/, as in --book book.",
            )
        });
    }
    let here = std::env::current_dir().unwrap_or_default();
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let candidates = here.ancestors().map(Path::to_path_buf).chain([built_from]);
    candidates.map(|folder| folder.join("book")).find(is_book).ok_or_else(|| {
        Complaint::new(
            "The sources of the book are not in this folder nor in one above it.",
            "Run this in a checkout of Wirebook, or name the folder with --book DIR.",
        )
    })
}

/// Renders the book in `root` and reads the result.
pub(crate) fn render(root: &Path) -> Result<Pages, Complaint> {
    // mdBook renders into a folder. It is ours alone, because two sites may start at once, and gone afterwards.
    let out = tempfile::tempdir().map_err(|error| cannot_render(root, &error))?;
    print(root, out.path())?;
    read(root, out.path())
}

/// Reads the book that lies rendered in `shared`; who comes first has to render it. Two who do so at once do not meet: the folder
/// appears whole.
pub(crate) fn render_once(root: &Path, shared: &Path) -> Result<Pages, Complaint> {
    if !shared.is_dir() {
        let failed = |error: &dyn std::fmt::Display| cannot_render(root, error);
        let out = tempfile::tempdir_in(shared.parent().unwrap_or(root)).map_err(|error| failed(&error))?;
        print(root, out.path())?;
        match fs::rename(out.path(), shared) {
            Ok(()) => drop(out.keep()),
            // Somebody else was first, and his is as good.
            Err(_) if shared.is_dir() => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    read(root, shared)
}

fn cannot_render(root: &Path, error: &dyn std::fmt::Display) -> Complaint {
    Complaint::new(
        format!("The book in {} cannot be rendered: {error:#}.", root.display()),
        "Look at book.toml and at the chapter that is named; `git status` shows what has changed.",
    )
}

fn print(root: &Path, out: &Path) -> Result<(), Complaint> {
    let failed = |error: &dyn std::fmt::Display| cannot_render(root, error);
    let mut book = MDBook::load(root).map_err(|error| failed(&error))?;
    // Ours must see the includes, so book.toml leaves out the preprocessors that mdBook would run first.
    let cited = Rc::new(RefCell::new(BTreeSet::new()));
    book.with_preprocessor(Text { cited: cited.clone() });
    book.with_preprocessor(LinkPreprocessor::new()).with_preprocessor(IndexPreprocessor::new());
    book.with_preprocessor(Pictures);
    book.config.build.build_dir = out.to_path_buf();
    book.build().map_err(|error| failed(&error))?;
    copy_modules(&root.join("theme"), &out.join("theme")).map_err(|error| failed(&error))?;
    write_sources(&root.join(".."), &cited.borrow(), out).map_err(|error| failed(&error))
}

fn read(root: &Path, out: &Path) -> Result<Pages, Complaint> {
    let mut pages = HashMap::new();
    read_pages(out, "/", &mut pages).map_err(|error| cannot_render(root, &error))?;
    Ok(Pages(pages))
}

/// A page for each file of the sources that a chapter cites.
fn write_sources(root: &Path, cited: &BTreeSet<PathBuf>, out: &Path) -> std::io::Result<()> {
    for name in cited {
        let text = fs::read_to_string(root.join(name))?;
        let to = out.join("source").join(format!("{}.html", name.display()));
        let up = "../".repeat(name.components().count());
        fs::create_dir_all(to.parent().unwrap_or(out))?;
        fs::write(to, source::page(name, &text, &up))?;
    }
    Ok(())
}

/// The widgets' modules refer to each other by relative path, so they keep their names.
fn copy_modules(from: &Path, to: &Path) -> std::io::Result<()> {
    for part in ["kit", "widgets"] {
        let Ok(entries) = fs::read_dir(from.join(part)) else { continue };
        fs::create_dir_all(to.join(part))?;
        for entry in entries {
            let path = entry?.path();
            fs::copy(&path, to.join(part).join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn read_pages(folder: &Path, prefix: &str, pages: &mut HashMap<String, &'static Page>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            read_pages(&path, &format!("{prefix}{name}/"), pages)?;
            continue;
        }
        let bytes = fs::read(&path)?;
        let etag = Sha1::digest(&bytes)[..10].iter().fold("\"".to_string(), |text, byte| format!("{text}{byte:02x}"));
        let mime = mime_guess::from_path(&path).first_or_octet_stream();
        let mime = match mime.type_() {
            mime_guess::mime::TEXT => format!("{mime}; charset=utf-8"),
            _ => mime.to_string(),
        };
        let page: &'static Page = Box::leak(Box::new(Page { mime, etag: etag + "\"", bytes }));
        if name == "index.html" {
            pages.insert(prefix.to_string(), page);
        }
        pages.insert(format!("{prefix}{name}"), page);
    }
    Ok(())
}

/// Gives each chapter its links to the glossary and to RFCs, and its code the captions.
struct Text {
    /// The files that the captions lead to, from the checkout's root.
    cited: Rc<RefCell<BTreeSet<PathBuf>>>,
}

impl Preprocessor for Text {
    fn name(&self) -> &str {
        "wirebook-text"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> mdbook_core::errors::Result<Book> {
        let source = context.root.join(&context.config.book.src);
        let terms = prose::terms(&fs::read_to_string(source.join("glossary.md")).unwrap_or_default());
        let mut wrong = None;
        book.for_each_mut(|item| {
            let BookItem::Chapter(chapter) = item else { return };
            let Some(path) = &chapter.source_path else { return };
            let up = "../".repeat(path.components().count() - 1);
            let file = source.join(path);
            let folder = file.parent().unwrap_or(&source);
            let cited = &mut self.cited.borrow_mut();
            let content = match path.ends_with("glossary.md") {
                true => chapter.content.clone(),
                false => prose::link(&chapter.content, &terms, &up),
            };
            match snippet::place(&content, folder, &context.root.join(".."), &up, cited) {
                Ok(content) => chapter.content = content,
                Err(why) => wrong = Some((why, chapter.name.clone())),
            }
        });
        told(book, wrong)
    }
}

/// The book, or what is wrong in which chapter.
fn told(book: Book, wrong: Option<(String, String)>) -> mdbook_core::errors::Result<Book> {
    match wrong {
        None => Ok(book),
        Some((why, chapter)) => Err(mdbook_core::errors::Error::msg(format!("chapter {chapter:?}: {why}"))),
    }
}

/// Replaces `{{#widget NAME}}` by the widget's picture of its first example, made by the production code: what a reader
/// sees without the server or without JavaScript, and what the live widget starts from. `{{#diagram NAME}}` becomes a
/// picture of a state table, `{{#figures FILE PATH}}` a table of what a bench has measured, and
/// `{{#evenings CRATE}}` the table of a crate's rooms, and `{{#limits CRATE}}` that of its limits.
struct Pictures;

impl Preprocessor for Pictures {
    fn name(&self) -> &str {
        "wirebook-pictures"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> mdbook_core::errors::Result<Book> {
        let root = context.root.join("..");
        let mut wrong = None;
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item {
                match place_pictures(&chapter.content, &root) {
                    Ok(content) => chapter.content = content,
                    Err(why) => wrong = Some((why, chapter.name.clone())),
                }
            }
        });
        told(book, wrong)
    }
}

/// The directives that are ours; mdBook has others.
const DIRECTIVES: [&str; 5] = ["{{#widget ", "{{#diagram ", "{{#figures ", "{{#evenings ", "{{#limits "];

/// Replaces our directives; the error says what is wrong with one.
fn place_pictures(content: &str, root: &Path) -> Result<String, String> {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = DIRECTIVES.iter().filter_map(|directive| rest.find(directive)).min() {
        out.push_str(&rest[..at]);
        let (directive, tail) = rest[at + 3..].split_once("}}").ok_or("an unclosed {{#")?;
        let (kind, name) = directive.split_once(' ').unwrap_or((directive, ""));
        let picture = match kind {
            "figures" => Some(figures::table(&root.join("benches/results"), name)?),
            "evenings" => Some(evenings::table(root, name)?),
            "limits" => Some(limits::table(root, name)?),
            "widget" => live::picture(name.trim()),
            _ => diagram::picture(name.trim()),
        };
        out.push_str(&picture.ok_or_else(|| format!("there is no picture for {directive:?}"))?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// The Markdown files below a folder, for tests that hold something of all chapters.
#[cfg(test)]
pub(crate) fn chapters(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let paths = paths.flat_map(|path| if path.is_dir() { chapters(&path) } else { vec![path] });
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_renders_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("book");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("book.toml"), "[book]\ntitle = \"Tea\"\n").unwrap();
        fs::write(root.join("src/SUMMARY.md"), "[Tea](tea.md)\n").unwrap();
        let say = |text: &str| fs::write(root.join("src/tea.md"), text).unwrap();
        let (shared, later) = (folder.path().join("generation 1"), folder.path().join("generation 2"));
        let shows = |pages: &Pages, text: &str| {
            String::from_utf8_lossy(&pages.get("/tea.html").expect("a page").bytes).contains(text)
        };
        say("green");
        assert!(shows(&render_once(&root, &shared).unwrap_or_else(|why| panic!("{why}")), "green"));
        say("black");
        assert!(shows(&render_once(&root, &shared).unwrap_or_else(|why| panic!("{why}")), "green"), "it lies there");
        assert!(shows(&render_once(&root, &later).unwrap_or_else(|why| panic!("{why}")), "black"), "another start");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }

    #[test]
    fn every_caption_leads_to_its_line() {
        let pages =
            render(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../book")).unwrap_or_else(|why| panic!("{why}"));
        let html = pages.0.iter().filter(|(path, _)| path.ends_with(".html") && !path.starts_with("/source/"));
        let mut count = 0;
        for (path, page) in html.filter(|(path, _)| **path != "/print.html") {
            let text = String::from_utf8_lossy(&page.bytes);
            assert!(!text.contains("{{#"), "{path}: a directive is left");
            for caption in text.split("class=\"wb-caption\"><a href=\"").skip(1) {
                let link = caption.split('"').next().unwrap_or_default().trim_start_matches("../");
                let (file, line) = link.split_once('#').unwrap_or_default();
                let there = pages.get(&format!("/{file}")).unwrap_or_else(|| panic!("{path}: {link}"));
                assert!(String::from_utf8_lossy(&there.bytes).contains(&format!("id=\"{line}\"")), "{path}: {link}");
                count += 1;
            }
        }
        assert!(count > 50, "{count}");
        let chapter = pages.get("/http1/head.html").expect("a chapter");
        let chapter = String::from_utf8_lossy(&chapter.bytes);
        assert!(chapter.contains("https://www.rfc-editor.org/rfc/rfc9112#section-"));
        assert!(chapter.contains("href=\"../glossary.html#request\""));
    }
}
