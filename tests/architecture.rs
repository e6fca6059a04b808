//! Guards the walls of the house: which room may use which, how large a file may grow, and what may stand nowhere.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// A room and the rooms it may use (the third column of ARCHITECTURE.md). `*` is all.
const MAY_USE: &[(&str, &str)] = &[
    ("model", ""),
    ("wire", "model"),
    ("identify", "model wire"),
    ("event", "model"),
    ("config", "model"),
    ("gate", "model event config"),
    ("sources", "model event config wire gate"),
    ("log", "model event"),
    ("engine", "model event identify"),
    ("access", "model event config"),
    ("actions", "model event config access gate engine"),
    ("notify", "model event config"),
    ("ui", "model event config engine log actions access"),
    ("term", ""),
    (
        "host",
        "model wire event config gate sources log engine access actions notify ui term",
    ),
    ("sim", "model config wire"),
    ("cli", "*"),
];

/// Every `crate::room` that a file names, in use trees and in plain paths.
#[derive(Default)]
struct Rooms(BTreeSet<String>);

impl<'ast> Visit<'ast> for Rooms {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|s| s.ident == "crate")
            && let Some(room) = segments.next()
        {
            self.0.insert(room.ident.to_string());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        if path.ident == "crate" {
            first_names(&path.tree, &mut self.0);
        }
        syn::visit::visit_use_path(self, path);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        // a test may look over the wall
        let is_test = module.attrs.iter().any(|a| {
            a.path().is_ident("cfg")
                && a.meta
                    .require_list()
                    .is_ok_and(|l| l.tokens.to_string() == "test")
        });
        if !is_test {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

fn first_names(tree: &syn::UseTree, out: &mut BTreeSet<String>) {
    match tree {
        syn::UseTree::Path(p) => drop(out.insert(p.ident.to_string())),
        syn::UseTree::Name(n) => drop(out.insert(n.ident.to_string())),
        syn::UseTree::Rename(r) => drop(out.insert(r.ident.to_string())),
        syn::UseTree::Group(g) => g.items.iter().for_each(|t| first_names(t, out)),
        syn::UseTree::Glob(_) => drop(out.insert("*".into())),
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(below: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// A file of the product: its room, where it lies, its text, and its text without what is compiled for tests alone.
struct Source {
    room: String,
    path: PathBuf,
    text: String,
    code: String,
}

impl Source {
    /// The lines of code that say a word: comments say what they like.
    fn says(&self, word: &str) -> bool {
        self.code
            .lines()
            .any(|l| l.contains(word) && !l.trim_start().starts_with("//"))
    }
}

/// The text without each item under `#[cfg(test)]`: rustfmt puts the end of an item below its beginning.
fn without_tests(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let ends = [format!("{indent}}}"), format!("{indent}}};")];
        let mut first = true;
        for line in lines.by_ref() {
            if first && line.trim_start().starts_with("#[") {
                continue;
            }
            if (first && line.ends_with([';', '}'])) || ends.iter().any(|e| e == line) {
                break;
            }
            first = false;
        }
    }
    out
}

/// The files that `mod NAME;` of this one means, where they exist.
fn modules_of(path: &Path, code: &str) -> Vec<PathBuf> {
    let folder = match path.file_stem().unwrap().to_str().unwrap() {
        "mod" | "lib" | "main" => path.parent().unwrap().to_path_buf(),
        _ => path.with_extension(""),
    };
    code.lines()
        .map(str::trim_start)
        .filter(|l| !l.starts_with("//"))
        .filter_map(|l| l.strip_suffix(';'))
        .filter_map(|l| {
            let (before, name) = l.split_once("mod ")?;
            (before.is_empty() || before.starts_with("pub")).then_some(name.trim())
        })
        .flat_map(|name| {
            [
                folder.join(format!("{name}.rs")),
                folder.join(name).join("mod.rs"),
            ]
        })
        .filter(|p| p.exists())
        .collect()
}

/// Every file that the product is compiled from, found as the compiler finds it: from lib.rs and main.rs along `mod`, past
/// what stands under `#[cfg(test)]`.
fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut todo = vec![src.join("lib.rs"), src.join("main.rs")];
    let mut found = Vec::new();
    while let Some(path) = todo.pop() {
        let text = fs::read_to_string(&path).unwrap();
        let code = without_tests(&text);
        todo.extend(modules_of(&path, &code));
        let room = path.strip_prefix(&src).unwrap().components().next();
        let room = room.unwrap().as_os_str().to_string_lossy().into_owned();
        if Path::new(&room).extension().is_none() {
            found.push(Source {
                room,
                path,
                text,
                code,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[test]
fn what_is_not_a_file_of_the_product_is_a_file_of_its_tests() {
    let mut all = Vec::new();
    rust_files(&root().join("src"), &mut all);
    let product: BTreeSet<PathBuf> = sources().into_iter().map(|s| s.path).collect();
    assert!(product.len() > 300, "{} files found", product.len());
    for path in all.iter().filter(|p| !product.contains(*p)) {
        let inside = path.strip_prefix(root()).unwrap();
        let name = inside.to_string_lossy();
        let says_so = inside.parent() == Some(Path::new("src"))
            || name.contains("test")
            || name.ends_with("/fixture.rs")
            || name.ends_with("/fake.rs")
            || name.ends_with("/examples.rs")
            || name.ends_with("/bench.rs");
        assert!(says_so, "{name}: not compiled, or a test not named as one");
    }
}

#[test]
fn no_room_uses_a_room_it_may_not() {
    let mut broken = Vec::new();
    for Source {
        room, path, text, ..
    } in sources()
    {
        let allowed = MAY_USE
            .iter()
            .find(|(r, _)| *r == room)
            .unwrap_or_else(|| panic!("{room} is no room of ARCHITECTURE.md"))
            .1;
        let mut named = Rooms::default();
        named.visit_file(
            &syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        );
        for other in named.0.iter().filter(|o| **o != room && allowed != "*") {
            if !allowed.split(' ').any(|a| a == other) {
                broken.push(format!(
                    "{}: {room} may not use {other} (it may use: {allowed})",
                    path.strip_prefix(root()).unwrap().display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_engine_the_model_wire_and_the_views_know_no_clock_socket_file_process_or_chance() {
    let mut broken = Vec::new();
    for file in sources() {
        let pure = matches!(
            file.room.as_str(),
            "engine" | "model" | "wire" | "event" | "ui"
        );
        if !pure || file.path.ends_with("model/time.rs") {
            continue;
        }
        for word in [
            "SystemTime",
            "Instant::now",
            "from_clock",
            "std::net::Udp",
            "std::net::Tcp",
            "std::fs",
            "std::process",
            "getrandom",
            "thread::sleep",
            "Timestamp::now",
            "Zoned::now",
            "tokio::",
        ] {
            if file.says(word) {
                let path = file.path.strip_prefix(root()).unwrap();
                broken.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_engine_counts_without_floating_point() {
    for Source {
        room, path, code, ..
    } in sources()
    {
        let floats = code
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|w| w == "f32" || w == "f64");
        assert!(
            !(room == "engine" && floats),
            "{}: a float in the fold",
            path.display()
        );
    }
}

#[test]
fn packets_leave_through_the_gate_alone() {
    // the simulated hospital is the network, and resolvers are asked by their own crate
    for file in sources()
        .into_iter()
        .filter(|f| f.room != "gate" && f.room != "sim")
    {
        for word in [
            "UdpSocket",
            ".send_to(",
            "sendmsg",
            "RawSocket",
            "TcpStream::connect",
            "datalink::channel",
        ] {
            assert!(
                !file.says(word),
                "{} ({}): {word} belongs to src/gate",
                file.path.display(),
                file.room
            );
        }
    }
}

#[test]
fn every_room_says_what_comes_in_what_goes_out_and_what_it_must_never_do() {
    let rooms: BTreeSet<String> = sources().into_iter().map(|s| s.room).collect();
    for room in rooms {
        let text = fs::read_to_string(root().join("src").join(&room).join("mod.rs")).unwrap();
        let doc: String = text.lines().take_while(|l| l.starts_with("//!")).collect();
        for part in ["In:", "Out:", "never"] {
            assert!(
                doc.contains(part) || doc.contains(&part.to_lowercase()),
                "src/{room}/mod.rs does not say \"{part}\""
            );
        }
    }
}

#[test]
fn no_file_grows_over_800_lines() {
    let mut files = Vec::new();
    for below in ["src", "tests", "benches", "examples"] {
        rust_files(&root().join(below), &mut files);
    }
    for path in files {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 800, "{}: {lines} lines", path.display());
    }
    assert!(
        fs::read_to_string(root().join("src/main.rs"))
            .unwrap()
            .lines()
            .count()
            < 60
    );
}
