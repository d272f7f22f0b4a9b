//! The order of the rooms (DESIGN, "Rooms, evenings, tables"): arrows run downward, files import each other in no circle, a
//! room is an evening, and a front page says how long each is.
//!
//! The sources are parsed, and every path that a file names (in a `use` line or in its code) is followed to the file that
//! defines what it means; a `pub use` of a front page (`lib.rs`, `mod.rs`) is a door and is followed through. Test modules
//! (and files that are one, `tests.rs`) are left out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};
use syn::{Item, Path as Named, UseTree, Visibility, visit::Visit};
use wirebook_tests::workspace::{members, root};

/// A room: its crate (the folder, as in "template/script"), the folder or file in the crate's `src` (empty: what has no room of its own), and the lines of code
/// that it may have.
struct Room(&'static str, &'static str, usize);

/// All rooms, from the ground up. No file imports from a room that stands below its own in this list.
const ROOMS: &[Room] = &[
    Room("net", "ground", 400),
    Room("net", "kernel", 2_100),
    Room("net", "signal", 200),
    Room("net", "pool", 2_000),
    Room("net", "sockets", 2_000),
    Room("net", "node", 2_000),
    Room("net", "sim", 2_000),
    Room("net/tls", "", 2_000),
    Room("http1", "parser", 2_200),
    Room("http1", "parser/simd", 2_200),
    Room("http1", "connection", 2_200),
    Room("http1", "", 500),
    Room("http1", "server/files", 500),
    Room("http1", "server", 2_200),
    Room("http1", "agent", 2_200),
    Room("http1", "client", 2_200),
    Room("websocket", "", 2_000),
    Room("websocket", "handshake", 1_000),
    Room("websocket", "driver", 1_400),
    Room("websocket", "endpoint", 1_400),
    Room("template/script", "base", 2_000),
    Room("template/script", "regexp", 2_000),
    Room("template/script", "syntax", 2_000),
    Room("template/script", "parser", 2_000),
    Room("template/script", "value", 2_000),
    Room("template/script", "run", 2_200),
    Room("template/script", "members", 1_000),
    Room("template/script", "text", 2_000),
    Room("template/script", "builtins", 2_200),
    Room("template/script", "lookup", 1_000),
    Room("template/script", "expression", 2_200),
    Room("template/script", "compile", 2_000),
    Room("template/script", "", 400),
    // The house of EJS is one evening: 2,000 lines with all that is in it.
    Room("template", "escape", 300),
    Room("template", "", 1_700),
    Room("http2/hpack", "", 2_200),
    Room("http2", "wire", 2_200),
    Room("http2", "message", 2_200),
    Room("http2", "stream", 2_200),
    Room("http2", "", 500),
    Room("http2", "connection", 2_200),
    Room("http2", "driver", 500),
    Room("http2", "server", 2_200),
    Room("http2", "client", 2_200),
    Room("sse", "codec", 2_200),
    Room("sse", "channel", 2_200),
    Room("sse", "source", 2_200),
    Room("sse", "server", 2_200),
    Room("sse", "client", 2_200),
    Room("web/multipart", "", 1_300),
    Room("web", "text", 400),
    Room("web", "router", 2_200),
    Room("web", "message", 2_200),
    Room("web", "trust", 2_200),
    Room("web", "input", 2_200),
    Room("web", "clock", 100),
    Room("web", "config", 250),
    Room("web", "context", 2_200),
    Room("web", "bodies", 2_200),
    Room("web", "onion", 2_200),
    Room("web", "layers", 2_200),
    Room("web", "views", 2_200),
    Room("web", "files", 2_200),
    Room("web", "session", 2_200),
    Room("web", "uploads", 2_200),
    Room("web", "compress", 2_200),
    Room("web", "guard", 2_200),
    Room("web", "proxy", 2_200),
    Room("web", "log", 2_200),
    Room("cluster/process", "ipc", 1_000),
    Room("cluster/process", "driver", 2_000),
    Room("cluster", "policy", 600),
    Room("cluster", "supervisor", 900),
    Room("cluster", "messenger", 300),
    Room("cluster", "schedule", 500),
    Room("cluster", "mail", 300),
    Room("cluster", "farewell", 300),
    Room("cluster", "host", 1_200),
    Room("cluster", "driver", 2_200),
    Room("cluster", "service", 1_000),
    Room("cluster", "agent", 600),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A module's name: the crate, then the segments of its path.
type Module = Vec<String>;

/// One file of a crate.
struct Source {
    /// As in "net/src/kernel/task.rs".
    name: String,
    module: Module,
    /// Names that this file defines or declares at its top, private ones too.
    defines: BTreeSet<String>,
    /// What a name that came by `use` stands for, and whether the `use` is a door for others.
    imports: Vec<(String, Vec<String>, bool)>,
    /// Modules whose names all come by a glob.
    globs: Vec<(Vec<String>, bool)>,
    /// Paths of several segments in the code.
    paths: BTreeSet<Vec<String>>,
    lines: usize,
}

/// Finds the paths in code, outside of test modules.
#[derive(Default)]
struct Paths(BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast Named) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 || matches!(segments[0].as_str(), "crate" | "super" | "self") {
            self.0.insert(segments);
        }
        syn::visit::visit_path(self, path);
    }

    /// `pub(super)` names no file.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(item) && !matches!(item, Item::Use(_)) {
            syn::visit::visit_item(self, item);
        }
    }
}

fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(item: &Item) -> bool {
    attributes(item).iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
    })
}

/// What a `use` tree names: the name here, and the path that it stands for; or a glob.
fn flatten(tree: &UseTree, before: &[String], named: &mut Vec<(String, Vec<String>)>, globs: &mut Vec<Vec<String>>) {
    let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), named, globs),
        UseTree::Name(name) if name.ident == "self" => {
            named.push((before.last().cloned().unwrap_or_default(), before.to_vec()));
        }
        UseTree::Name(name) => named.push((name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(rename) => named.push((rename.rename.to_string(), with(&rename.ident))),
        UseTree::Glob(_) => globs.push(before.to_vec()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, named, globs)),
    }
}

/// Lines that are neither blank nor comment, up to the tests at the end.
fn lines_of_code(text: &str) -> usize {
    let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").map(str::trim);
    code.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

fn read(krate: &str, path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("a readable file");
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let inside = path.strip_prefix(root().join(krate).join("src")).expect("a file of the crate");
    let mut module: Module = vec![krate.to_string()];
    module.extend(inside.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()));
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    let mut source = Source {
        name: format!("{krate}/src/{}", inside.display()),
        module,
        defines: BTreeSet::new(),
        imports: Vec::new(),
        globs: Vec::new(),
        paths: BTreeSet::new(),
        lines: lines_of_code(&text),
    };
    let mut paths = Paths::default();
    for item in parsed.items.iter().filter(|item| !is_test(item)) {
        let defined = match item {
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Const(item) => Some(&item.ident),
            Item::Static(item) => Some(&item.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Use(item) => {
                let is_door = !matches!(item.vis, Visibility::Inherited);
                let (mut named, mut globs) = (Vec::new(), Vec::new());
                flatten(&item.tree, &[], &mut named, &mut globs);
                source.imports.extend(named.into_iter().map(|(name, path)| (name, path, is_door)));
                source.globs.extend(globs.into_iter().map(|path| (path, is_door)));
                None
            }
            _ => None,
        };
        source.defines.extend(defined.map(ToString::to_string));
        paths.visit_item(item);
    }
    source.paths = paths.0;
    source
}

/// The sources of the crates, and the look-up from a module to its file.
struct House {
    sources: Vec<Source>,
    by_module: HashMap<Module, usize>,
}

impl House {
    fn read() -> House {
        let sources: Vec<Source> = members()
            .into_iter()
            .flat_map(|krate| files(&root().join(&krate).join("src")).into_iter().map(move |path| read(&krate, &path)))
            .collect();
        let by_module = sources.iter().enumerate().map(|(at, source)| (source.module.clone(), at)).collect();
        House { sources, by_module }
    }

    /// The absolute path that `path` means in the file `from`; `None` for what is not ours.
    fn absolute(&self, from: usize, path: &[String]) -> Option<Vec<String>> {
        let source = &self.sources[from];
        let (first, rest) = path.split_first()?;
        let mut absolute = match first.as_str() {
            "crate" => vec![source.module[0].clone()],
            "self" => source.module.clone(),
            "super" => source.module[..source.module.len().checked_sub(1)?].to_vec(),
            name => match ours(name) {
                Some(krate) => vec![krate],
                // A module that is declared here, or a name that came by `use`.
                None => {
                    let child = [source.module.as_slice(), std::slice::from_ref(first)].concat();
                    if self.by_module.contains_key(&child) {
                        child
                    } else {
                        let import = source.imports.iter().find(|(name, ..)| name == first)?;
                        if import.1 == [first.clone()] {
                            return None;
                        }
                        self.absolute(from, &import.1)?
                    }
                }
            },
        };
        for segment in rest {
            if segment == "super" {
                absolute.pop();
            } else {
                absolute.push(segment.clone());
            }
        }
        Some(absolute)
    }

    /// The file that defines what an absolute path means, through the doors of front pages.
    fn defining(&self, path: &[String], depth: usize) -> Option<usize> {
        let (at, rest) = (1..=path.len())
            .rev()
            .find_map(|length| self.by_module.get(&path[..length]).map(|at| (*at, &path[length..])))?;
        let Some(name) = rest.first() else { return Some(at) };
        let source = &self.sources[at];
        if depth > 8 || source.defines.contains(name) {
            return Some(at);
        }
        if let Some((_, target, _)) = source.imports.iter().find(|(import, ..)| import == name) {
            let target = self.absolute(at, target)?;
            return self.defining(&[&target, &rest[1..]].concat(), depth + 1);
        }
        for (glob, _) in &source.globs {
            let Some(target) = self.absolute(at, glob) else { continue };
            let through = self.defining(&[target.as_slice(), rest].concat(), depth + 1);
            if let Some(found) = through.filter(|found| self.sources[*found].defines.contains(name)) {
                return Some(found);
            }
        }
        Some(at)
    }

    /// Which files a file needs. A `pub use` of a front page is a door and no need.
    fn needs(&self, from: usize) -> BTreeSet<usize> {
        let source = &self.sources[from];
        let is_front = source.name.ends_with("/mod.rs") || source.name.ends_with("/lib.rs");
        let imports = source.imports.iter().filter(|(.., door)| !(is_front && *door)).map(|(_, path, _)| path);
        let globs = source.globs.iter().filter(|(_, door)| !(is_front && *door)).map(|(path, _)| path);
        let all = imports.chain(globs).chain(&source.paths);
        let absolute = all.filter_map(|path| self.absolute(from, path));
        absolute.filter_map(|path| self.defining(&path, 0)).filter(|to| *to != from).collect()
    }

    /// The room of a file: the innermost one.
    fn room(&self, at: usize) -> Option<usize> {
        let source = &self.sources[at];
        let inside = source.name.split_once("/src/").expect("a source").1;
        let is_in = |Room(krate, room, _): &Room| {
            let here = room.is_empty() || inside.starts_with(&format!("{room}/")) || inside == format!("{room}.rs");
            *krate == source.module[0] && here
        };
        let rooms = ROOMS.iter().enumerate().filter(|(_, room)| is_in(room));
        rooms.max_by_key(|(_, room)| room.1.len()).map(|(at, _)| at)
    }
}

/// The folder of a crate of ours, by the name that code calls it.
fn ours(name: &str) -> Option<String> {
    let krate = name.strip_prefix("wirebook_")?;
    ROOMS.iter().map(|room| room.0).find(|room| room.rsplit('/').next() == Some(krate)).map(String::from)
}

#[test]
fn arrows_between_rooms_run_downward() {
    let house = House::read();
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for from in 0..house.sources.len() {
        for to in house.needs(from) {
            if let (Some(upper), Some(lower)) = (house.room(from), house.room(to)) {
                arrows += usize::from(upper != lower);
                if lower > upper {
                    wrong.push(format!("{} imports from {}", house.sources[from].name, house.sources[to].name));
                }
            }
        }
    }
    assert!(arrows > 20, "only {arrows} arrows were found");
    assert!(wrong.is_empty(), "these arrows run up:\n{}", wrong.join("\n"));
}

/// Sets of files that reach each other, by Tarjan's algorithm.
fn circles(needs: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    struct Walk<'a> {
        needs: &'a [BTreeSet<usize>],
        number: Vec<Option<usize>>,
        low: Vec<usize>,
        stack: Vec<usize>,
        on_stack: Vec<bool>,
        next: usize,
        found: Vec<Vec<usize>>,
    }
    impl Walk<'_> {
        fn visit(&mut self, at: usize) {
            (self.number[at], self.low[at]) = (Some(self.next), self.next);
            self.next += 1;
            self.stack.push(at);
            self.on_stack[at] = true;
            for &to in &self.needs[at] {
                match self.number[to] {
                    None => {
                        self.visit(to);
                        self.low[at] = self.low[at].min(self.low[to]);
                    }
                    Some(number) if self.on_stack[to] => self.low[at] = self.low[at].min(number),
                    Some(_) => {}
                }
            }
            if Some(self.low[at]) == self.number[at] {
                let from = self.stack.iter().position(|&other| other == at).expect("it is on the stack");
                let set = self.stack.split_off(from);
                set.iter().for_each(|&member| self.on_stack[member] = false);
                if set.len() > 1 {
                    self.found.push(set);
                }
            }
        }
    }
    let count = needs.len();
    let mut walk = Walk {
        needs,
        number: vec![None; count],
        low: vec![0; count],
        stack: Vec::new(),
        on_stack: vec![false; count],
        next: 0,
        found: Vec::new(),
    };
    for at in 0..count {
        if walk.number[at].is_none() {
            walk.visit(at);
        }
    }
    walk.found
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let house = House::read();
    let needs: Vec<BTreeSet<usize>> = (0..house.sources.len()).map(|from| house.needs(from)).collect();
    assert!(needs.iter().map(BTreeSet::len).sum::<usize>() > 50);
    let found = circles(&needs);
    let told: Vec<String> = found
        .iter()
        .map(|set| {
            let arrows = set.iter().flat_map(|from| needs[*from].iter().map(move |to| (*from, *to)));
            let inside = arrows.filter(|(_, to)| set.contains(to));
            let lines: Vec<String> = inside
                .map(|(from, to)| format!("  {} needs {}", house.sources[from].name, house.sources[to].name))
                .collect();
            lines.join("\n")
        })
        .collect();
    assert!(told.is_empty(), "circles:\n{}", told.join("\n\n"));
}

#[test]
fn the_search_for_circles_finds_them() {
    let needs = [[1], [2], [0], [0]].map(BTreeSet::from);
    let found: Vec<BTreeSet<usize>> = circles(&needs).into_iter().map(BTreeSet::from_iter).collect();
    assert_eq!(found, [BTreeSet::from([0, 1, 2])]);
}

#[test]
fn a_room_is_an_evening_and_its_front_page_says_how_long() {
    let house = House::read();
    let mut lines: BTreeMap<usize, usize> = BTreeMap::new();
    for at in 0..house.sources.len() {
        if let Some(room) = house.room(at) {
            *lines.entry(room).or_default() += house.sources[at].lines;
        }
    }
    for (at, Room(krate, room, most)) in ROOMS.iter().enumerate() {
        let has = *lines.get(&at).unwrap_or_else(|| panic!("{krate}/{room} has no files"));
        assert!(has <= *most, "{krate}/{room} has {has} lines of code, more than {most}");
        // A row of the table in lib.rs: the room's name in backticks, and the number of lines at the end.
        let front = fs::read_to_string(root().join(krate).join("src/lib.rs")).expect("a front page");
        let row = front.lines().find(|line| {
            line.starts_with("//! |") && (line.contains(&format!("`{room}/`")) || line.contains(&format!("[`{room}`]")))
        });
        let row = row.unwrap_or_else(|| panic!("{krate}/src/lib.rs does not tell of {room}"));
        let said = row.trim_end_matches([' ', '|']).rsplit('|').next().expect("a cell").trim().replace(',', "");
        let said: usize = said.parse().unwrap_or_else(|_| panic!("{krate}: {row:?} does not end with a number"));
        assert!(has.abs_diff(said) * 10 <= said, "{krate}/src/lib.rs says that {room} has {said} lines; it has {has}");
    }
}

/// A house that could serve other templates than EJS does not speak of it.
#[test]
fn script_knows_nothing_of_ejs() {
    for path in files(&root().join("template/script/src")) {
        let text = fs::read_to_string(&path).expect("a readable file");
        assert!(!text.contains("EJS"), "{} speaks of EJS", path.display());
    }
}
