//! What screens in rooms show, in the site file: read, checked, written.

use toml::de::DeValue;

use super::check::unique;
use super::cursor::{Cursor, seconds, spell};
use super::keys::{Key, Shape, Table, key, required};
use super::site::Draft;
use super::source::Sources;
use super::word::{hint, one_of, quote};
use super::write::Out;
use crate::model::{Text, TurnSpec, WallboardSpec};

/// A view that changes faster than it is read is worth nothing; one that stays for longer than a day is no rotation.
const DWELL: std::ops::RangeInclusive<i64> = 2..=86_400;

const KEYS: [Key; 4] = [
    key(
        "name",
        Shape::Text,
        "What it is called, for `wardwatch wallboard NAME`; without one it is that of screens that name none.",
    ),
    required(
        "views",
        Shape::List,
        "Which views, in this order, such as \"board:30s\", \"map\", \"alerts\", \"devices\", \"runs\".",
    ),
    key(
        "dwell",
        Shape::Duration(*DWELL.start(), *DWELL.end()),
        "How long each stays that says nothing of its own; 20s unless said.",
    ),
    key(
        "pin",
        Shape::Flag,
        "true: a new critical alert stays until somebody acknowledges it or it is over; else for one dwell.",
    ),
];

pub(super) static WALLBOARD: Table = Table {
    name: "wallboard",
    many: true,
    about: "What a screen in a room shows: views in rotation.",
    keys: &KEYS,
};

/// A view such as `board`, or `board:30s`; else what is wrong with it, in words.
pub fn turn(written: &str) -> Result<TurnSpec, String> {
    let known = || WallboardSpec::VIEWS.into_iter();
    let (view, dwell) = match written.split_once(':') {
        Some((view, dwell)) => (view.trim(), Some(dwell.trim())),
        None => (written.trim(), None),
    };
    if !known().any(|v| v == view) {
        let help = match hint(view, known()) {
            none if none.is_empty() => format!("; there are {}", one_of(known())),
            some => some,
        };
        return Err(format!("there is no view {}{help}", quote(view)));
    }
    let dwell = match dwell.map(|d| (d, seconds(d))) {
        None => None,
        Some((_, Some(s))) if DWELL.contains(&s) => u32::try_from(s).ok(),
        Some((_, Some(_))) => {
            return Err(format!(
                "{}: it stays for {} at the least and {} at the most",
                quote(written),
                spell(*DWELL.start()),
                spell(*DWELL.end())
            ));
        }
        Some((d, None)) => {
            return Err(format!(
                "{}: {} is no time; write it as board:30s or board:5m",
                quote(written),
                quote(d)
            ));
        }
    };
    Ok(TurnSpec {
        view: Text::from(view),
        dwell_s: dwell,
    })
}

/// As it is written in the file.
fn written(of: &TurnSpec) -> String {
    match of.dwell_s {
        Some(s) => format!("{}:{}", of.view.as_str(), spell(i64::from(s))),
        None => of.view.to_string(),
    }
}

pub(super) fn read(sources: &mut Sources, c: Cursor<'_, '_>) -> WallboardSpec {
    let mut views = Vec::new();
    let list = c.list(sources, "views");
    if matches!(c.raw("views"), Some((DeValue::Array(views), _)) if views.is_empty()) {
        sources.error(c.at("views"), "a wallboard without a view shows nothing");
    }
    for (view, at) in list {
        match turn(view) {
            Ok(turn) => views.push(turn),
            Err(why) => sources.error(at, why),
        }
    }
    WallboardSpec {
        name: c.line(sources, "name"),
        views,
        dwell_s: c.duration(sources, "dwell"),
        pin: c.flag(sources, "pin"),
    }
}

pub(super) fn check(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let boards = draft.site.wallboards.iter().zip(&draft.wallboards);
    unique(
        sources,
        "wallboard",
        boards
            .map(|(b, c)| (b.name.clone(), c.at("name")))
            .collect(),
    );
}

pub(super) fn write(out: &mut Out, boards: &[WallboardSpec]) {
    for b in boards {
        out.table("[[wallboard]]");
        out.line("name", &b.name);
        out.list("views", b.views.iter().map(written));
        if let Some(s) = b.dwell_s {
            out.word("dwell", Some(&spell(i64::from(s))));
        }
        if b.pin {
            out.put("pin", "true");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{parse, to_toml};
    use crate::model::Site;

    #[test]
    fn a_wallboard_comes_back_as_it_was_written() {
        let written = "[site]\nname = \"S\"\n[[wallboard]]\nviews = [\"board:90s\", \"map\"]\ndwell = \"1m\"\n\
            [[wallboard]]\nname = \"icu\"\nviews = [\"alerts\"]\npin = true\n";
        let site = parse(Path::new("s"), written).unwrap().site;
        let [all, icu] = &site.wallboards[..] else {
            panic!("{:?}", site.wallboards);
        };
        assert_eq!((all.dwell_s, all.pin), (Some(60), false));
        assert_eq!(all.views[0].dwell_s, Some(90));
        assert_eq!((icu.name.as_str(), icu.pin), ("icu", true));
        let again = parse(Path::new("s"), &to_toml(&site)).unwrap().site;
        assert_eq!(again.wallboards, site.wallboards);
        assert!(!to_toml(&Site::default()).contains("wallboard"));
    }
}
