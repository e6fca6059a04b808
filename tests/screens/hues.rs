//! What a person sees who sees no hue, and what becomes of colours where a terminal has few.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use wardwatch::model::{DeviceState, Severity};
use wardwatch::ui::widgets::Ink;
use wardwatch::ui::{ColorDepth, Theme};

use super::{Stage, all_views, hospital, text};

const DEPTHS: [(&str, ColorDepth); 4] = [
    ("true", ColorDepth::True),
    ("256", ColorDepth::TwoHundredFiftySix),
    ("16", ColorDepth::Sixteen),
    ("none", ColorDepth::None),
];

/// Signs and weight, no hue: what is left in a black and white photograph.
fn without_hue(cell: &Cell) -> (String, Modifier) {
    (cell.symbol().to_owned(), cell.modifier)
}

/// Runs of looks, a row a line, rows that are alike counted; and what the looks are.
fn style_map(buf: &Buffer) -> String {
    let mut looks: BTreeMap<String, char> = BTreeMap::new();
    let mut letters = ('a'..='z').chain('A'..='Z').chain('0'..='9');
    let mut rows: Vec<(String, usize)> = Vec::new();
    for row in buf.content().chunks(usize::from(buf.area.width).max(1)) {
        let mut line = String::new();
        let mut run: Option<(char, usize)> = None;
        let say = |line: &mut String, (letter, n): (char, usize)| {
            let _ = write!(line, "{letter}{n} ");
        };
        for cell in row {
            let of = |c: Color| format!("{c:?}");
            let key = format!("{} on {} {:?}", of(cell.fg), of(cell.bg), cell.modifier);
            let letter = *looks
                .entry(key)
                .or_insert_with(|| letters.next().unwrap_or('?'));
            run = match run {
                Some((same, n)) if same == letter => Some((same, n + 1)),
                other => {
                    if let Some(done) = other {
                        say(&mut line, done);
                    }
                    Some((letter, 1))
                }
            };
        }
        if let Some(done) = run {
            say(&mut line, done);
        }
        let line = line.trim_end().to_owned();
        match rows.last_mut() {
            Some((same, n)) if *same == line => *n += 1,
            _ => rows.push((line, 1)),
        }
    }
    let mut out = String::new();
    for (line, n) in rows {
        let _ = writeln!(out, "{n}x {line}");
    }
    for (look, letter) in looks {
        let _ = writeln!(out, "{letter}: {look}");
    }
    out
}

#[test]
fn colours_of_every_view_at_every_depth() {
    let (state, named) = hospital::small();
    let mut stage = Stage::new(state);
    for (depth_name, depth) in DEPTHS {
        stage.theme = Theme::built_in("dark", depth).unwrap();
        let mut all = String::new();
        for (name, mut view) in all_views(&named) {
            for (width, height) in [(80, 21), (120, 33), (200, 57)] {
                let buf = stage.draw(view.as_mut(), width, height);
                for cell in buf.content() {
                    let fits = |c: Color| match (depth, c) {
                        (ColorDepth::None, c) => c == Color::Reset,
                        (ColorDepth::Sixteen, c) => {
                            !matches!(c, Color::Rgb(..) | Color::Indexed(_))
                        }
                        (ColorDepth::TwoHundredFiftySix, c) => !matches!(c, Color::Rgb(..)),
                        _ => true,
                    };
                    assert!(
                        fits(cell.fg) && fits(cell.bg),
                        "{name} {depth_name}: {cell:?}"
                    );
                }
                // the smallest is kept whole, of the others which looks there are
                let map = style_map(&buf);
                let kept: String = match width {
                    80 => map,
                    _ => map
                        .lines()
                        .filter(|l| l.contains(" on "))
                        .fold(String::new(), |all, l| {
                            all + l.split_once(": ").map_or(l, |(_, look)| look) + "\n"
                        }),
                };
                let _ = write!(all, "== {name} {width}x{height}\n{kept}");
            }
        }
        insta::assert_snapshot!(format!("colours_{depth_name}"), all);
    }
}

#[test]
fn depth_changes_no_sign_and_no_place() {
    let (state, named) = hospital::small();
    let mut stage = Stage::new(state);
    for (width, height) in [(80, 21), (120, 33), (200, 57)] {
        let shots: Vec<Vec<String>> = DEPTHS
            .iter()
            .map(|(_, depth)| {
                stage.theme = Theme::built_in("dark", *depth).unwrap();
                let views = all_views(&named);
                let shot = |(_, mut view): (_, Box<dyn wardwatch::ui::View>)| {
                    text(&stage.draw(view.as_mut(), width, height))
                };
                views.into_iter().map(shot).collect()
            })
            .collect();
        for other in &shots[1..] {
            assert_eq!(other, &shots[0], "{width}x{height}");
        }
    }
}

/// Signs are the first word, so they alone must tell states and severities apart; and a word or weight repeats it.
#[test]
fn states_and_severities_have_signs_and_weight_of_their_own() {
    for unicode in [true, false] {
        for name in Theme::names() {
            let (state, _) = hospital::small();
            let mut stage = Stage::new(state);
            stage.theme = Theme::built_in(name, ColorDepth::True).unwrap();
            stage.unicode = unicode;
            let ctx = stage.ctx();
            let ink = Ink::of(&ctx);
            let states = [
                DeviceState::Up,
                DeviceState::Degraded,
                DeviceState::Down,
                DeviceState::Unknown,
            ];
            let mut signs: Vec<&str> = states.iter().map(|s| ink.state(*s).0).collect();
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), 4, "{name} {unicode}: {signs:?}");
            let severities = [
                Severity::Critical,
                Severity::Major,
                Severity::Minor,
                Severity::Info,
            ];
            let mut words: Vec<&str> = severities.iter().map(|s| Ink::severity_word(*s)).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), 4);
        }
    }
}

/// One alert, of each severity in turn, and one device, in each state in turn: every view that shows the one or the other looks
/// different in black and white.
#[test]
fn no_view_tells_severity_or_state_by_hue_alone() {
    type Bare = Vec<(String, Modifier)>;
    let (whole, named) = hospital::small();
    let shots_of = |stage: &mut Stage| -> Vec<(&'static str, Bare, String)> {
        let mut out = Vec::new();
        for (name, mut view) in all_views(&named) {
            let hue = |stage: &Stage, view: &mut dyn wardwatch::ui::View| {
                let buf = stage.draw(view, 200, 57);
                format!(
                    "{:?}",
                    buf.content()
                        .iter()
                        .map(|c| (c.fg, c.bg))
                        .collect::<Vec<_>>()
                )
            };
            stage.theme = Theme::built_in("dark", ColorDepth::True).unwrap();
            let colours = hue(stage, view.as_mut());
            stage.theme = Theme::built_in("mono", ColorDepth::None).unwrap();
            let buf = stage.draw(view.as_mut(), 200, 57);
            let bare = buf.content().iter().map(without_hue).collect();
            out.push((name, bare, colours));
        }
        out
    };
    let severity = |severity| {
        let mut state = whole.clone();
        for alert in whole.alerts.values() {
            let mut alert = alert.as_ref().clone();
            alert.severity = severity;
            state.alerts.insert(alert.id, std::sync::Arc::new(alert));
        }
        state.rebuild_summaries();
        shots_of(&mut Stage::new(state))
    };
    let device = |at| {
        let mut state = whole.clone();
        let ids: Vec<_> = state.devices.keys().copied().collect();
        for id in ids {
            std::sync::Arc::make_mut(state.devices.get_mut(&id).unwrap()).state = at;
        }
        state.rebuild_summaries();
        shots_of(&mut Stage::new(state))
    };
    let severities = [
        Severity::Critical,
        Severity::Major,
        Severity::Minor,
        Severity::Info,
    ]
    .map(severity);
    let states = [
        DeviceState::Up,
        DeviceState::Degraded,
        DeviceState::Down,
        DeviceState::Unknown,
    ]
    .map(device);
    let mut compared = 0;
    for group in [&severities, &states] {
        for (at, one) in group.iter().enumerate() {
            for other in &group[at + 1..] {
                for (a, b) in one.iter().zip(other) {
                    if a.2 != b.2 {
                        compared += 1;
                        assert!(a.1 != b.1, "{}: hue is all that tells", a.0);
                    }
                }
            }
        }
    }
    // views without either are not counted
    assert!(compared > 30, "{compared}");
}

/// The pictures of the README are drawn by the program's own code: one of an older drawing would begin otherwise.
#[test]
fn the_pictures_of_the_readme_are_drawn_by_this_code() {
    use ratatui::layout::Rect;
    use wardwatch::ui::picture;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("docs/pictures")).unwrap() {
        let path = entry.unwrap().path();
        let svg = std::fs::read_to_string(&path).unwrap();
        let size = |key: &str| -> u16 {
            let rest = svg.split_once(&format!("{key}=\"")).unwrap().1;
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        let blank = picture::svg(&Buffer::empty(Rect::new(
            0,
            0,
            size(" width") / 10,
            size("height") / 20,
        )));
        let head = blank.strip_suffix("</svg>\n").unwrap();
        assert!(svg.starts_with(head), "{}: draw it again", path.display());
        assert!(svg.ends_with("</svg>\n"), "{}", path.display());
        let count = |what: &str| svg.matches(what).count();
        assert_eq!(count("<text "), count("</text>"), "{}", path.display());
        seen += 1;
    }
    for (at, _) in readme.match_indices("docs/pictures/") {
        let name: String = readme[at..]
            .chars()
            .take_while(|c| !") \"\n".contains(*c))
            .collect();
        assert!(root.join(&name).exists(), "{name}");
    }
    assert!(seen > 0);
}
