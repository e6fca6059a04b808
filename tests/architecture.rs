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
    ("event", "model"),
    ("config", "model"),
    ("gate", "model event config"),
    ("sources", "model event config wire gate"),
    ("log", "model event"),
    ("engine", "model event"),
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
        if segments.next().is_some_and(|s| s.ident == "crate") {
            if let Some(room) = segments.next() {
                self.0.insert(room.ident.to_string());
            }
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

fn sources() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files.sort();
    let room_of = |p: &Path| {
        p.strip_prefix(&src)
            .unwrap()
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned()
    };
    files
        .into_iter()
        .map(|p| (room_of(&p), p.clone(), fs::read_to_string(&p).unwrap()))
        .filter(|(room, ..)| !room.ends_with(".rs"))
        .collect()
}

#[test]
fn no_room_uses_a_room_it_may_not() {
    let mut broken = Vec::new();
    for (room, path, text) in sources() {
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
    for (room, path, text) in sources() {
        let pure = matches!(room.as_str(), "engine" | "model" | "wire" | "event" | "ui");
        if !pure || path.ends_with("model/time.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap();
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
            if code
                .lines()
                .any(|l| l.contains(word) && !l.trim_start().starts_with("//"))
            {
                broken.push(format!(
                    "{}: {word}",
                    path.strip_prefix(root()).unwrap().display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_engine_counts_without_floating_point() {
    for (room, path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap();
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
    for (room, path, text) in sources()
        .into_iter()
        .filter(|(room, ..)| room != "gate" && room != "sim")
    {
        let code = text.split("#[cfg(test)]").next().unwrap();
        for word in [
            "UdpSocket",
            ".send_to(",
            "sendmsg",
            "RawSocket",
            "TcpStream::connect",
            "datalink::channel",
        ] {
            let used = code
                .lines()
                .any(|l| l.contains(word) && !l.trim_start().starts_with("//"));
            assert!(
                !used,
                "{} ({room}): {word} belongs to src/gate",
                path.display()
            );
        }
    }
}

#[test]
fn every_room_says_what_comes_in_what_goes_out_and_what_it_must_never_do() {
    for (room, _) in MAY_USE {
        let text = fs::read_to_string(root().join("src").join(room).join("mod.rs")).unwrap();
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
    for below in ["src", "tests", "benches"] {
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
