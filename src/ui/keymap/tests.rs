use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::actions::registry::ACTIONS;

fn corpus(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/configs/keys")
        .join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    files
        .iter()
        .map(|path| (path.clone(), text(path)))
        .collect()
}

/// What is said of a file stands beside it; `WARDWATCH_BLESS=1` writes it anew: read it then.
fn compare(path: &Path, said: &str) {
    assert!(
        !said.chars().any(|c| c.is_control() && c != '\n'),
        "{said:?}"
    );
    let said = format!("{said}\n");
    let expected = path.with_extension("expected");
    if std::env::var_os("WARDWATCH_BLESS").is_some() {
        std::fs::write(&expected, &said).unwrap();
    }
    let expected = std::fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(said, expected, "{}", path.display());
}

fn name_of(path: &Path) -> &Path {
    Path::new(path.file_name().unwrap())
}

#[test]
fn every_invalid_file_gives_all_its_mistakes_with_their_places() {
    for (path, text) in corpus("invalid") {
        let Err(errors) = Keymap::read(&text, name_of(&path)) else {
            panic!("{} has no mistake", path.display());
        };
        compare(&path, &errors.to_string());
    }
    let long = "#".repeat(FILE_CAP + 1);
    let why = Keymap::read(&long, Path::new("x")).unwrap_err();
    assert_eq!(why.to_string(), "x:1:1: it is longer than 256 kB");
}

#[test]
fn every_valid_file_is_a_keymap_and_what_it_costs_is_said() {
    for (path, text) in corpus("valid") {
        let (keymap, warnings) = Keymap::read(&text, name_of(&path)).unwrap();
        let mut said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let base = if text.contains("inherits = \"plain\"") {
            Keymap::preset("plain").unwrap()
        } else {
            Keymap::standard()
        };
        let line = |b: &Binding| format!("{} {}: {}", layer_word(b.layer), b.on(), b.words());
        let old = base.bindings();
        let new = keymap.bindings();
        said.extend(
            old.iter()
                .filter(|b| !new.contains(b))
                .map(|b| format!("- {}", line(b))),
        );
        said.extend(
            new.iter()
                .filter(|b| !old.contains(b))
                .map(|b| format!("+ {}", line(b))),
        );
        compare(&path, &said.join("\n"));
    }
}

#[test]
fn presets_are_whole_without_a_contradiction_and_can_be_typed() {
    for (name, text) in PRESETS {
        // read as a person's own, every mistake would be told
        let own = format!("inherits = \"{name}\"\n{text}");
        let (own, warnings) = Keymap::read(&own, Path::new(name)).unwrap();
        let eaten = warnings
            .iter()
            .filter(|w| !w.what.as_str().contains("may never arrive"));
        assert_eq!(eaten.count(), 0, "{name}: {warnings:?}");
        let keymap = Keymap::preset(name).unwrap();
        assert!(!keymap.title().is_empty() && own.bindings().len() >= keymap.bindings().len());
        for binding in keymap.bindings() {
            for key in &binding.on {
                let event = parse(key).unwrap_or_else(|| panic!("{key} is no key"));
                assert_eq!(super::name(&event).as_deref(), Some(key.as_str()));
            }
            let (last, before) = binding.on.split_last().unwrap();
            let found = keymap.find(&[binding.layer], before, last);
            assert_eq!(found, Found::Run(binding), "{name}: {}", binding.on());
        }
    }
}

#[test]
fn every_action_that_has_a_key_in_one_preset_has_one_in_the_other() {
    let [vim, plain] = ["vim", "plain"].map(|name| Keymap::preset(name).unwrap());
    for action in ACTIONS {
        let has = |keymap: &Keymap| keymap.of(action).next().is_some();
        assert_eq!(has(&vim), has(&plain), "{}", action.name);
    }
}

#[test]
fn no_action_has_only_keys_that_terminals_or_tmux_eat() {
    for name in Keymap::names() {
        let keymap = Keymap::preset(name).unwrap();
        for action in ACTIONS.iter().filter(|a| a.name != "suspend") {
            let keys: Vec<_> = keymap.of(action).map(Binding::on).collect();
            let eaten = |key: &String| {
                matches!(
                    key.as_str(),
                    "ctrl-a" | "ctrl-b" | "ctrl-j" | "ctrl-s" | "ctrl-q"
                ) || key.starts_with("alt-")
            };
            assert!(
                keys.is_empty() || !keys.iter().all(eaten),
                "{name}: {}",
                action.name
            );
        }
    }
}

#[test]
fn in_plain_no_deed_begins_with_one_bare_key_and_nothing_is_eaten() {
    let plain = Keymap::preset("plain").unwrap();
    for binding in plain.bindings() {
        let deed = matches!(binding.run, Run::Action(action) if action.risk.is_some());
        let bare = |key: &String| parse(key).is_some_and(|k| k.modifiers.is_empty());
        assert!(
            !deed || binding.on.len() > 1 && !bare(&binding.on[0]),
            "{}",
            binding.on()
        );
        for key in &binding.on {
            assert!(
                !["ctrl-a", "ctrl-b", "ctrl-s", "ctrl-q", "ctrl-j"].contains(&key.as_str())
                    && !key.starts_with("alt-"),
                "{key}"
            );
        }
    }
}

#[test]
fn no_file_makes_it_panic_or_loses_the_way_out() {
    use proptest::prelude::*;
    let word = prop::sample::select(vec![
        "view",
        "everywhere",
        "device",
        "unbind",
        "inherits",
        "title",
        "on",
        "run",
        "desc",
        " = ",
        "[ ",
        " ]",
        "{ ",
        " }",
        ", ",
        "\n",
        "\"g g\"",
        "\"esc\"",
        "\"ctrl-c\"",
        "\"top\"",
        "\"devices x:y\"",
        "\"vim\"",
        "\"",
        "#",
        "é",
        "3",
    ]);
    proptest!(|(words in prop::collection::vec(word, 0..40))| {
        if let Ok((keymap, _)) = Keymap::read(&words.concat(), Path::new("k")) {
            for (key, name) in [("esc", "back"), ("ctrl-c", "leave")] {
                let does = match keymap.find(&[Scope::View, Scope::Program], &[], key) {
                    Found::Run(Binding { run: Run::Action(action), .. }) => action.name,
                    _ => "",
                };
                prop_assert_eq!(does, name);
            }
        }
    });
}

#[test]
fn plain_moves_without_letters_and_vim_has_both() {
    let plain = Keymap::preset("plain").unwrap();
    for action in ACTIONS.iter().filter(|a| {
        a.name.starts_with("cursor-")
            || a.name.starts_with("page-")
            || matches!(a.name, "top" | "bottom")
    }) {
        for binding in plain.of(action) {
            assert!(binding.on[0].chars().count() > 1, "{}", action.name);
        }
        let vim = Keymap::standard();
        let arrows = |b: &Binding| b.on[0].chars().count() > 1;
        assert!(vim.of(action).any(arrows), "{}", action.name);
    }
}

#[test]
fn the_narrowest_layer_wins_and_what_means_nothing_here_is_found_all_the_same() {
    let text = r#"
        view = [ { on = "x", run = "details" } ]
        device = [ { on = "x", run = "history" }, { on = "g m", run = "on-map" } ]
    "#;
    let (keymap, _) = Keymap::read(text, Path::new("k")).unwrap();
    let does = |layers: &[Scope], key: &str| match keymap.find(layers, &[], key) {
        Found::Run(Binding {
            run: Run::Action(action),
            ..
        }) => action.name,
        Found::Prefix => "…",
        _ => "",
    };
    let view = [Scope::View, Scope::Program];
    let device = [Scope::Device, Scope::View, Scope::Program];
    assert_eq!(does(&view, "x"), "details");
    assert_eq!(does(&device, "x"), "history");
    assert_eq!(
        does(&[Scope::Run, Scope::Device, Scope::View], "x"),
        "cancel-run"
    );
    assert_eq!(
        does(&view, "a"),
        "acknowledge",
        "it says that no alert is selected"
    );
    assert_eq!(does(&view, "ü"), "");
    assert_eq!(does(&view, "g"), "…", "a row of keys takes the place of g");
    let g = ["g".to_owned()];
    let after = keymap.after(&g);
    assert_eq!(after, [("m", "Show on the map".to_owned())]);
    assert_eq!(keymap.find(&device, &g, "g"), Found::Nothing);
}

#[test]
fn the_page_of_keys_is_not_stale() {
    let presets: Vec<_> = Keymap::names().filter_map(Keymap::preset).collect();
    let presets: Vec<&Keymap> = presets.iter().map(AsRef::as_ref).collect();
    let page = page(&presets);
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/KEYS.md");
    if std::env::var_os("WARDWATCH_BLESS").is_some() {
        std::fs::write(&place, &page).unwrap();
    }
    let written = std::fs::read_to_string(place).unwrap_or_default();
    assert!(
        page == written,
        "docs/KEYS.md is stale: wardwatch keys --format markdown > docs/KEYS.md"
    );
}

#[test]
fn no_key_stands_twice_in_a_layer_of_a_preset() {
    for name in Keymap::names() {
        let mut seen: BTreeMap<(Scope, String), &str> = BTreeMap::new();
        let keymap = Keymap::preset(name).unwrap();
        for binding in keymap.bindings() {
            let before = seen.insert((binding.layer, binding.on()), name);
            assert_eq!(before, None, "{name}: {}", binding.on());
        }
    }
}
