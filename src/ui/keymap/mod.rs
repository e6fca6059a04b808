//! Keys: how they are called, and what each does.
//!
//! What there is to do stands in the registry (`actions/registry.rs`); which keys do it is said here and nowhere else, by files: two
//! presets that are built in (`keymaps/`), and a person's own, which stands on one of them. Help, the last line, the palette, the
//! manual and `docs/KEYS.md` show the keymap in force. In: the text of a file. Out: a [`Keymap`] without a contradiction, or every
//! mistake with its line and column. No keymap is ever in force that leaves without a way back (`esc`) or out (`ctrl-c`).

mod names;
mod page;
mod read;
#[cfg(test)]
mod tests;

pub use names::{name, parse, parse_row, shown};
pub use page::page;
pub use read::{FILE_CAP, Made};

use std::sync::{Arc, LazyLock};

use crate::actions::registry::{self, Action, Scope};

use super::command_line::Line;
use super::glyphs::Glyphs;
use super::views::SORTS;
use crate::config::word;
use crate::engine::Filter;

/// The presets: name, file.
const PRESETS: [(&str, &str); 2] = [
    ("vim", include_str!("../../../keymaps/vim.toml")),
    ("plain", include_str!("../../../keymaps/plain.toml")),
];

/// What is in force unless somebody says otherwise.
pub const DEFAULT: &str = "vim";

static VIM: LazyLock<Arc<Keymap>> = LazyLock::new(|| Arc::new(preset(DEFAULT)));

/// What a row of keys does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// An action of the registry.
    Action(&'static Action),
    /// A line as the palette takes it.
    Line(String),
}

/// A row of keys in a layer, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it means something.
    pub layer: Scope,
    /// The keys, one after the other; mostly one.
    pub on: Vec<String>,
    /// What it does.
    pub run: Run,
    /// That in the words of whoever wrote the file; empty where the action's own do.
    pub desc: String,
}

impl Binding {
    /// What it does, for the list of what can follow a key.
    pub fn words(&self) -> &str {
        match &self.run {
            _ if !self.desc.is_empty() => &self.desc,
            Run::Action(action) => action.title,
            Run::Line(line) => line,
        }
    }

    /// The keys as a file writes them.
    pub fn on(&self) -> String {
        self.on.join(" ")
    }
}

/// What a key means after those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// It does this.
    Run(&'a Binding),
    /// Others are to follow.
    Prefix,
    /// Nothing.
    Nothing,
}

/// Which keys do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    name: String,
    title: String,
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        VIM.as_ref().clone()
    }
}

impl Keymap {
    /// The presets' names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|(name, _)| *name)
    }

    /// The preset that is in force unless somebody says otherwise.
    pub fn standard() -> Arc<Self> {
        Arc::clone(&VIM)
    }

    /// A preset by its name.
    pub fn preset(name: &str) -> Option<Arc<Self>> {
        match name {
            DEFAULT => Some(Self::standard()),
            other if Self::names().any(|known| known == other) => Some(Arc::new(preset(other))),
            _ => None,
        }
    }

    /// Reads a file; `place` is named in the mistakes.
    pub fn read(text: &str, place: &std::path::Path) -> Made {
        read::read(text, place)
    }

    /// Its name: that of the preset, or the file's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is like, in a line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// All of it, by layer.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The rows of keys of an action, that which is shown first.
    pub fn of<'a>(&'a self, action: &'a Action) -> impl Iterator<Item = &'a Binding> {
        self.bindings
            .iter()
            .filter(move |b| matches!(b.run, Run::Action(of) if of.name == action.name))
    }

    /// The row of keys of an action as the screen shows it: short, with arrows where there are some.
    pub fn shown(&self, action: &Action, glyphs: &'static Glyphs) -> Option<String> {
        self.of(action).next().map(|b| row_shown(&b.on, glyphs))
    }

    /// What `key` means after `before`, where these layers are in force, the narrowest first. What means something elsewhere only is
    /// found too, so that it can be said why it does nothing here.
    pub fn find(&self, layers: &[Scope], before: &[String], key: &str) -> Found<'_> {
        let follows = |b: &&Binding| {
            b.on.len() > before.len()
                && b.on.starts_with(before)
                && b.on.get(before.len()).is_some_and(|next| next == key)
        };
        let at = |layer| {
            self.bindings
                .iter()
                .filter(follows)
                .filter(move |b| b.layer == layer)
        };
        let elsewhere = Scope::ALL.into_iter().filter(|s| !layers.contains(s));
        for layer in layers.iter().copied().chain(elsewhere) {
            if let Some(first) = at(layer).next() {
                return if first.on.len() == before.len() + 1 {
                    Found::Run(first)
                } else {
                    Found::Prefix
                };
            }
        }
        Found::Nothing
    }

    /// What can follow these keys: the next key, and what it does, or how many rows go on with it.
    pub fn after(&self, before: &[String]) -> Vec<(&str, String)> {
        let mut out: Vec<(&str, String)> = Vec::new();
        let longer = |b: &&Binding| b.on.len() > before.len() && b.on.starts_with(before);
        let longer: Vec<&Binding> = self.bindings.iter().filter(longer).collect();
        for binding in &longer {
            let Some(key) = binding.on.get(before.len()) else {
                continue;
            };
            let goes_on = |b: &&&Binding| {
                b.on.len() > before.len() + 1 && b.on.get(before.len()) == Some(key)
            };
            let words = match longer.iter().filter(goes_on).count() {
                0 => binding.words().to_owned(),
                more => format!("{more} more"),
            };
            if out
                .iter()
                .all(|known| *known != (key.as_str(), words.clone()))
            {
                out.push((key, words));
            }
        }
        out
    }
}

/// Keys one after the other as the screen shows them.
pub fn row_shown(on: &[String], glyphs: &'static Glyphs) -> String {
    let keys: Vec<_> = on.iter().map(|key| shown(key, glyphs)).collect();
    keys.join(" ")
}

/// The name of a layer in files.
pub fn layer_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Program => "everywhere",
        Scope::View => "view",
        Scope::Device => "device",
        Scope::Alert => "alert",
        Scope::Run => "run",
        Scope::Replay => "replay",
    }
}

/// What a word after `run` stands for.
fn run_of(words: &str) -> Result<Run, String> {
    if let Some(action) = registry::action(words) {
        return Ok(Run::Action(action));
    }
    if let Line::View(_, Some(filter)) | Line::Filter(filter) = Line::read(words)? {
        Filter::parse(&filter).map_err(|why| why.to_string())?;
    }
    if let Line::Sort(column) = Line::read(words)?
        && !SORTS.contains(&column.as_str())
    {
        let hint = word::hint(&column, SORTS);
        return Err(format!(
            "nothing is sorted by {}{hint}; there are {}",
            word::quote(&column),
            SORTS.join(", ")
        ));
    }
    Ok(Run::Line(words.to_owned()))
}

fn preset(name: &str) -> Keymap {
    let text = PRESETS.iter().find(|(known, _)| *known == name);
    let text = text.map_or("", |(_, text)| *text);
    let mut made = read::preset(text);
    name.clone_into(&mut made.name);
    made
}
