//! From the text of a theme file to a theme, or to every mistake in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Made, Role, Theme, contrast, source_of};
use crate::config::ConfigErrors;
use crate::config::source::{At, Sources};
use crate::config::word::{hint, one_of, quote};
use crate::ui::color::{self, ColorDepth};

/// Octets of a theme file.
pub const FILE_CAP: usize = 256 << 10;

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

const COLOURS: &str = "write #rrggbb, red, bright-red, gray-12, ansi-208 or a word of [palette]";

/// A word of the file, and where it stands.
type Word = (String, At);

/// How a role is written.
#[derive(Clone, Default)]
struct Look {
    fg: Option<Word>,
    bg: Option<Word>,
    mods: Modifier,
    at: At,
}

/// What one file says.
#[derive(Default)]
struct File {
    name: String,
    inherits: Option<&'static str>,
    palette: BTreeMap<String, (Color, At)>,
    roles: BTreeMap<&'static str, Look>,
}

pub(super) fn read(text: &str, place: &Path, depth: ColorDepth) -> Made {
    let mut sources = Sources::default();
    sources.add(place.to_path_buf(), text.into());
    if text.len() > FILE_CAP {
        sources.error(
            At::default(),
            format!("it is longer than {} kB", FILE_CAP >> 10),
        );
        return Err(ConfigErrors(sources.errors()));
    }
    let own = File::read(&mut sources, text);
    let mut chain = Vec::new();
    let mut parent = own.inherits;
    // what is built in inherits one step, which a test holds
    while let Some(source) = parent.and_then(source_of).filter(|_| chain.len() < 4) {
        let mut of_parent = Sources::default();
        of_parent.add(place.to_path_buf(), source.into());
        let file = File::read(&mut of_parent, source);
        parent = file.inherits;
        chain.push(file);
    }
    let mut palette: BTreeMap<String, Color> = BTreeMap::new();
    let mut roles: BTreeMap<&'static str, (Look, bool)> = BTreeMap::new();
    for file in chain.iter().rev() {
        palette.extend(file.palette.iter().map(|(word, (c, _))| (word.clone(), *c)));
        roles.extend(
            file.roles
                .iter()
                .map(|(word, look)| (*word, (look.clone(), false))),
        );
    }
    palette.extend(own.palette.iter().map(|(word, (c, _))| (word.clone(), *c)));
    roles.extend(
        own.roles
            .iter()
            .map(|(word, look)| (*word, (look.clone(), true))),
    );

    let mut used = BTreeSet::new();
    let mut full = Vec::with_capacity(Role::ALL.len());
    for role in Role::ALL {
        let Some((look, mine)) = roles.get(role.word()) else {
            full.push(Style::new());
            continue;
        };
        let mut colour = |word: &Option<Word>| -> Option<Color> {
            let (word, at) = word.as_ref()?;
            used.insert(word.clone());
            let found = palette.get(word).copied().or_else(|| color::parse(word));
            if found.is_none() && *mine {
                let mut known: Vec<&str> = palette.keys().map(String::as_str).collect();
                for word in color::words() {
                    known.push(word);
                }
                let what = format!(
                    "{} is no colour{}; {COLOURS}",
                    quote(word),
                    hint(word, known)
                );
                sources.error(*at, what);
            }
            found
        };
        let mut style = Style::new().add_modifier(look.mods);
        style.fg = colour(&look.fg);
        style.bg = colour(&look.bg);
        full.push(style);
    }
    if sources.has_errors() {
        return Err(ConfigErrors(sources.errors()));
    }
    let whole = Theme {
        name: own.name.clone(),
        styles: full,
    };
    warn(&mut sources, &own, &whole, &roles, &used);
    Ok((whole.brought_down(depth), sources.warnings()))
}

/// What works and is still not well.
fn warn(
    sources: &mut Sources,
    own: &File,
    theme: &Theme,
    roles: &BTreeMap<&'static str, (Look, bool)>,
    used: &BTreeSet<String>,
) {
    for (word, (_, at)) in &own.palette {
        if !used.contains(word) {
            sources.warn(*at, format!("no role uses {} of [palette]", quote(word)));
        }
    }
    let missing: Vec<&str> = Role::ALL
        .iter()
        .map(|role| role.word())
        .filter(|word| !roles.contains_key(word))
        .collect();
    if !missing.is_empty() {
        let (some, rest) = missing.split_at(missing.len().min(4));
        let rest = match rest.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let what = format!(
            "it says nothing of {}{rest}, which look like the terminal's own text; write inherits = \"dark\" or another theme",
            some.join(", ")
        );
        sources.warn(At::default(), what);
    }
    for role in Role::ALL {
        let (Some(floor), Some((look, mine))) = (role.kind().floor_milli(), roles.get(role.word()))
        else {
            continue;
        };
        let Some(ratio) = contrast::contrast_milli(theme, *role).filter(|r| *r < floor) else {
            continue;
        };
        // where the person can put it right: the role, or the word of the palette that it inherits
        let of_palette = |word: &Option<Word>| {
            let (word, _) = word.as_ref()?;
            own.palette.get(word).map(|(_, at)| *at)
        };
        let at = if *mine {
            look.at
        } else {
            of_palette(&look.fg)
                .or_else(|| of_palette(&look.bg))
                .unwrap_or_default()
        };
        let what = format!(
            "contrast of {} is {}; {} is needed to {}",
            role.word(),
            times(ratio),
            times(floor),
            if floor >= 4_500 { "read it" } else { "see it" }
        );
        sources.warn(at, what);
    }
}

/// `4.5` out of 4500.
fn times(milli: u32) -> String {
    format!("{}.{}", milli / 1000, milli % 1000 / 100)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn at(span: std::ops::Range<usize>) -> At {
    At {
        file: 0,
        byte: span.start,
    }
}

/// The entries of a table as they stand in the file.
fn in_order<'t, 's>(table: &'t DeTable<'s>) -> Vec<(&'t str, At, &'t Spanned<DeValue<'s>>)> {
    let mut all: Vec<_> = table
        .iter()
        .map(|(key, value)| (key.get_ref().as_ref(), at(key.span()), value))
        .collect();
    all.sort_by_key(|(_, at, _)| *at);
    all
}

fn text(sources: &mut Sources, name: &str, value: &Spanned<DeValue<'_>>) -> Option<Word> {
    if let DeValue::String(text) = value.get_ref() {
        return Some((text.as_ref().to_owned(), at(value.span())));
    }
    let what = format!(
        "{} must be a text, not {}",
        quote(name),
        kind(value.get_ref())
    );
    sources.error(at(value.span()), what);
    None
}

impl File {
    fn read(sources: &mut Sources, written: &str) -> Self {
        let mut file = Self::default();
        let (root, errors) = DeTable::parse_recoverable(written);
        for error in errors {
            let byte = error.span().map_or(0, |s| s.start);
            let what = error.message().trim().replace('\n', "; ");
            sources.error(At { file: 0, byte }, what);
        }
        let mut named = false;
        for (key, place, value) in in_order(root.get_ref()) {
            match (key, value.get_ref()) {
                ("name", _) => {
                    named = true;
                    let name = text(sources, key, value);
                    if name
                        .as_ref()
                        .is_some_and(|(name, _)| name.trim().is_empty())
                    {
                        sources.error(at(value.span()), "'name' is empty");
                    }
                    file.name = name.unwrap_or_default().0;
                }
                ("inherits", _) => file.inherits(sources, value),
                ("palette", DeValue::Table(table)) => file.palette(sources, table),
                ("roles", DeValue::Table(table)) => file.roles(sources, table),
                ("palette" | "roles", other) => {
                    let what = format!(
                        "'{key}' must be a table, not {}: write [{key}]",
                        kind(other)
                    );
                    sources.error(place, what);
                }
                (other, _) => {
                    let known = ["name", "inherits", "palette", "roles"];
                    let what = format!(
                        "there is no {}{}; a theme file has {}",
                        quote(other),
                        hint(other, known),
                        one_of(known)
                    );
                    sources.error(place, what);
                }
            }
        }
        if !named {
            sources.error(
                At::default(),
                "it has no name; write name = \"mine\" at its top",
            );
        }
        file
    }

    fn inherits(&mut self, sources: &mut Sources, value: &Spanned<DeValue<'_>>) {
        let Some((name, place)) = text(sources, "inherits", value) else {
            return;
        };
        self.inherits = Theme::names().find(|known| *known == name);
        if self.inherits.is_none() {
            let what = format!(
                "there is no theme {} to inherit; there are {}{}",
                quote(&name),
                one_of(Theme::names()),
                hint(&name, Theme::names())
            );
            sources.error(place, what);
        }
    }

    fn palette(&mut self, sources: &mut Sources, table: &DeTable<'_>) {
        for (word, place, value) in in_order(table) {
            let Some((said, of)) = text(sources, word, value) else {
                continue;
            };
            match color::parse(&said) {
                Some(color) => drop(self.palette.insert(word.to_owned(), (color, place))),
                None => sources.error(
                    of,
                    format!(
                        "{} is no colour{}; write #rrggbb, red, bright-red, gray-12 or ansi-208",
                        quote(&said),
                        hint(&said, color::words())
                    ),
                ),
            }
        }
    }

    fn roles(&mut self, sources: &mut Sources, table: &DeTable<'_>) {
        for (word, place, value) in in_order(table) {
            let known = || Role::ALL.iter().map(|role| role.word());
            let Some(role) = known().find(|known| *known == word) else {
                let help = match hint(word, known()) {
                    none if none.is_empty() => format!("; roles are {}", one_of(known())),
                    some => some,
                };
                sources.error(place, format!("{} is no role{help}", quote(word)));
                continue;
            };
            let mut look = Look {
                at: at(value.span()),
                ..Look::default()
            };
            match value.get_ref() {
                DeValue::String(colour) => {
                    look.fg = Some((colour.as_ref().to_owned(), look.at));
                }
                DeValue::Table(parts) => look.parts(sources, parts),
                other => {
                    let what = format!(
                        "a role is a colour, or {{ fg, bg, mods }}, not {}",
                        kind(other)
                    );
                    sources.error(look.at, what);
                }
            }
            self.roles.insert(role, look);
        }
    }
}

impl Look {
    fn parts(&mut self, sources: &mut Sources, parts: &DeTable<'_>) {
        for (key, place, value) in in_order(parts) {
            match (key, value.get_ref()) {
                ("fg", _) => self.fg = text(sources, key, value),
                ("bg", _) => self.bg = text(sources, key, value),
                ("mods", DeValue::Array(list)) => {
                    for item in list {
                        if let Some((word, place)) = text(sources, "mods", item) {
                            self.modifier(sources, &word, place);
                        }
                    }
                }
                ("mods", other) => {
                    let what = format!("'mods' must be a list, not {}", kind(other));
                    sources.error(at(value.span()), what);
                }
                (other, _) => {
                    let known = ["fg", "bg", "mods"];
                    let what = format!(
                        "a role has no {}{}; it has fg, bg and mods",
                        quote(other),
                        hint(other, known)
                    );
                    sources.error(place, what);
                }
            }
        }
    }

    fn modifier(&mut self, sources: &mut Sources, word: &str, place: At) {
        let found = MODIFIERS.iter().find(|(known, _)| *known == word);
        if let Some((_, modifier)) = found {
            self.mods |= *modifier;
            return;
        }
        let known = || MODIFIERS.iter().map(|(word, _)| *word);
        let what = format!(
            "{} is no modifier; write {}{}",
            quote(word),
            one_of(known()),
            hint(word, known())
        );
        sources.error(place, what);
    }
}

impl Theme {
    /// What a terminal of this depth can show of it.
    fn brought_down(&self, depth: ColorDepth) -> Self {
        let ground = self.style(Role::Text).bg;
        let down = |role: &Role| contrast::reduced(*role, self.style(*role), ground, depth);
        Self {
            name: self.name.clone(),
            styles: Role::ALL.iter().map(down).collect(),
        }
    }
}
