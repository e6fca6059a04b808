use std::path::{Path, PathBuf};

use super::*;
use crate::ui::color::ColorDepth;
use ratatui::style::{Color, Modifier};

const DEPTHS: [ColorDepth; 4] = [
    ColorDepth::True,
    ColorDepth::TwoHundredFiftySix,
    ColorDepth::Sixteen,
    ColorDepth::None,
];

#[test]
fn every_built_in_theme_says_how_every_role_looks_at_every_depth() {
    for name in Theme::names() {
        assert_eq!(
            Theme::built_in(name, ColorDepth::True).unwrap().name(),
            name
        );
        for depth in DEPTHS {
            let theme = Theme::built_in(name, depth).unwrap();
            assert_eq!(theme.styles.len(), Role::ALL.len());
            for role in [
                Role::Dim,
                Role::Critical,
                Role::Down,
                Role::Selection,
                Role::Stale,
            ] {
                assert_ne!(theme.style(role), Style::new(), "{name} {depth:?} {role:?}");
            }
        }
    }
    for root in ["terminal", "dark", "mono"] {
        let source = source_of(root).unwrap();
        let (_, warnings) = Theme::read(source, Path::new(root), ColorDepth::True).unwrap();
        assert_eq!(warnings, [], "{root}");
    }
}

#[test]
fn severities_and_states_are_told_apart_without_hue() {
    for name in Theme::names() {
        for depth in DEPTHS {
            let theme = Theme::built_in(name, depth).unwrap();
            // critical outweighs major or stands on a ground of its own
            let weight = |s: Style| {
                (
                    s.add_modifier.contains(Modifier::REVERSED)
                        || s.bg.is_some_and(|c| c != Color::Reset),
                    s.add_modifier.contains(Modifier::BOLD),
                    s.add_modifier.contains(Modifier::UNDERLINED),
                )
            };
            let [critical, major, minor] = [Severity::Critical, Severity::Major, Severity::Minor]
                .map(|s| weight(theme.badge(s)));
            assert!(critical > major, "{name} {depth:?}");
            assert!(major > minor, "{name} {depth:?}");
            let [down, up] = [DeviceState::Down, DeviceState::Up].map(|s| weight(theme.state(s)));
            assert!(down > up, "{name} {depth:?}");
        }
    }
}

#[test]
fn without_colours_no_theme_uses_one() {
    for name in Theme::names() {
        let theme = Theme::built_in(name, ColorDepth::None).unwrap();
        assert!(theme.styles.iter().all(|s| {
            s.fg.is_none_or(|c| c == Color::Reset) && s.bg.is_none_or(|c| c == Color::Reset)
        }));
    }
}

#[test]
fn sixteen_colours_keep_red_red() {
    let theme = Theme::built_in("dark", ColorDepth::Sixteen).unwrap();
    assert!(matches!(
        theme.style(Role::Critical).fg,
        Some(Color::Red | Color::LightRed)
    ));
    assert!(matches!(
        theme.style(Role::Major).fg,
        Some(Color::Yellow | Color::LightYellow)
    ));
}

fn corpus(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/configs/themes")
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

fn read(path: &Path, text: &str, depth: ColorDepth) -> Made {
    Theme::read(text, Path::new(path.file_name().unwrap()), depth)
}

#[test]
fn every_invalid_file_gives_all_its_mistakes_with_their_places() {
    for (path, text) in corpus("invalid") {
        let Err(errors) = read(&path, &text, ColorDepth::True) else {
            panic!("{} has no mistake", path.display());
        };
        compare(&path, &errors.to_string());
    }
    let long = "#".repeat(FILE_CAP + 1);
    let why = Theme::read(&long, Path::new("x"), ColorDepth::True).unwrap_err();
    assert_eq!(why.to_string(), "x:1:1: it is longer than 256 kB");
}

#[test]
fn every_valid_file_is_a_theme_at_every_depth_and_what_is_not_well_is_said() {
    for (path, text) in corpus("valid") {
        let (_, warnings) = read(&path, &text, ColorDepth::True).unwrap();
        let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        compare(&path, &said.join("\n"));
        for depth in DEPTHS {
            let (_, same) = read(&path, &text, depth).unwrap();
            assert_eq!(same, warnings, "they are about the file, not the terminal");
        }
    }
}

#[test]
fn a_users_file_stands_on_a_built_in_one() {
    let text = "name = 'mine'\ninherits = 'light'\n[palette]\nsky = '#112233'";
    let (mine, _) = Theme::read(text, Path::new("mine.toml"), ColorDepth::True).unwrap();
    assert_eq!(
        mine.style(Role::Accent).fg,
        Some(Color::Rgb(0x11, 0x22, 0x33))
    );
    let light = Theme::built_in("light", ColorDepth::True).unwrap();
    assert_eq!(mine.style(Role::Critical), light.style(Role::Critical));
}

#[test]
fn what_is_shipped_keeps_its_contrast() {
    for name in Theme::names() {
        let source = Theme::source(name).unwrap();
        let (theme, warnings) = Theme::read(source, Path::new(name), ColorDepth::True).unwrap();
        assert_eq!(warnings, [], "{name}");
        let ratios = Role::ALL
            .iter()
            .filter_map(|role| Some((role, contrast_milli(&theme, *role)?)));
        for (role, ratio) in ratios {
            if name == "high-contrast" {
                assert!(ratio >= 7_000, "{name} {role:?}: {ratio}/1000");
            }
            // what only decorates is still there
            assert!(ratio >= 1_500, "{name} {role:?}: {ratio}/1000");
        }
        for role in [Role::Text, Role::Strong] {
            assert!(contrast_milli(&theme, role).is_none_or(|r| r >= 7_000));
        }
    }
}

#[test]
fn what_is_read_in_truecolor_is_read_in_256_and_16_colours() {
    for name in Theme::names() {
        let full = Theme::built_in(name, ColorDepth::True).unwrap();
        for depth in [ColorDepth::TwoHundredFiftySix, ColorDepth::Sixteen] {
            let few = Theme::built_in(name, depth).unwrap();
            for role in Role::ALL {
                let shown = |c: Option<Color>| match c {
                    Some(Color::Rgb(..)) => panic!("{name} {role:?} {depth:?}"),
                    Some(Color::Indexed(_)) => assert_ne!(depth, ColorDepth::Sixteen),
                    _ => {}
                };
                shown(few.style(*role).fg);
                shown(few.style(*role).bg);
                let full = contrast_milli(&full, *role);
                let (Some(floor), Some(few)) =
                    (role.kind().floor_milli(), contrast_milli(&few, *role))
                else {
                    continue;
                };
                let floor = floor.min(3_000).min(full.unwrap_or(floor));
                assert!(few >= floor, "{name} {role:?} {depth:?}: {few}/1000");
            }
        }
    }
}
