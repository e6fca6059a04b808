//! From the text of a key file to a keymap, or to every mistake in it.

use std::path::Path;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::actions::registry::{Action, Scope};
use crate::config::source::{At, Sources};
use crate::config::word::{hint, one_of, quote};
use crate::config::{ConfigErrors, Problem};

use super::{Binding, Keymap, Run, layer_word, names, run_of};

/// Octets of a key file.
pub const FILE_CAP: usize = 256 << 10;
/// Keys in a row.
const ROW: usize = 4;
/// Entries of a file.
const ENTRIES: usize = 1_000;

/// A keymap and what is to be said about it, or what is wrong.
pub type Made = Result<(Keymap, Vec<Problem>), ConfigErrors>;

/// Without these nobody finds back, or out.
const NEVER_LOST: [(&str, &str); 2] = [("esc", "back"), ("ctrl-c", "leave")];

/// What a terminal sends for one key and for another one, so that they can't be told apart.
const SAME: [(&str, &str); 5] = [
    ("ctrl-i", "tab"),
    ("ctrl-m", "enter"),
    ("ctrl-h", "backspace"),
    ("ctrl-[", "esc"),
    ("ctrl-3", "esc"),
];

/// What mostly does not arrive, and who takes it.
const EATEN: [(&str, &str); 6] = [
    ("ctrl-j", "some terminals send it for enter"),
    ("ctrl-b", "tmux takes it as its prefix"),
    ("ctrl-a", "screen takes it as its prefix"),
    ("ctrl-s", "it stops the output of many terminals"),
    ("ctrl-q", "it lets the output of many terminals go on"),
    ("alt-enter", "many terminals take it for the full screen"),
];

struct Reader<'s> {
    sources: &'s mut Sources,
    bindings: Vec<(Binding, At)>,
    unbound: Vec<(Vec<String>, At)>,
    title: String,
    inherits: Option<Arc<Keymap>>,
}

/// A preset: what is built in is whole, which a test holds.
pub(super) fn preset(text: &str) -> Keymap {
    let mut sources = Sources::default();
    let read = Reader::new(&mut sources).file(text);
    Keymap {
        name: String::new(),
        title: read.title,
        bindings: read
            .bindings
            .into_iter()
            .map(|(binding, _)| binding)
            .collect(),
    }
}

/// A file of a person's own; where it says nothing of a preset it stands on the standard one.
pub(super) fn read(text: &str, place: &Path) -> Made {
    let mut sources = Sources::default();
    sources.add(place.to_path_buf(), text.into());
    if text.len() > FILE_CAP {
        let what = format!("it is longer than {} kB", FILE_CAP >> 10);
        sources.error(At::default(), what);
        return Err(ConfigErrors(sources.errors()));
    }
    let read = Reader::new(&mut sources).file(text);
    let (title, own, unbound) = (read.title, read.bindings, read.unbound);
    let base = read.inherits.unwrap_or_else(Keymap::standard);
    let rows = own.iter().map(|(b, at)| (&b.on, *at));
    let rows: Vec<(Vec<String>, At)> = rows
        .chain(unbound.iter().map(|(on, at)| (on, *at)))
        .map(|(on, at)| (on.clone(), at))
        .collect();
    let mut bindings = base.bindings.clone();
    for (on, at) in &unbound {
        let before = bindings.len();
        // a key that begins rows takes these with it
        bindings.retain(|b| !b.on.starts_with(on));
        if bindings.len() == before {
            let words = format!("'{}' does nothing in {} anyhow", on.join(" "), base.name);
            sources.warn(*at, words);
        }
    }
    let mut lost: Vec<(At, String)> = Vec::new();
    for (binding, at) in &own {
        // of the same layer it is replaced; a shorter or longer row of keys can't stand beside it
        bindings.retain(|old| {
            let same = old.on == binding.on;
            let beside =
                !same && (old.on.starts_with(&binding.on) || binding.on.starts_with(&old.on));
            if beside {
                let words = format!("'{}' no longer does: {}", old.on(), old.words());
                lost.push((*at, words));
            }
            let replaced = same && old.layer == binding.layer;
            !(beside || replaced)
        });
    }
    for (at, words) in lost {
        sources.warn(at, words);
    }
    hidden(&mut sources, &own, &bindings);
    bindings.extend(own.into_iter().map(|(binding, _)| binding));
    // a person's own key is the one that is shown
    bindings.sort_by_key(|b| base.bindings.contains(b));
    let mut keymap = Keymap {
        name: place.to_string_lossy().into_owned(),
        title,
        bindings,
    };
    keymap.bindings.sort_by_key(|b| b.layer);
    for (key, action) in NEVER_LOST {
        let kept = keymap.bindings.iter().any(|b| {
            b.on == [key]
                && b.layer == Scope::Program
                && matches!(b.run, Run::Action(a) if a.name == action)
        });
        let elsewhere = keymap.bindings.iter().find(|b| {
            b.on.iter().any(|k| k == key)
                && !(b.on.len() == 1 && matches!(b.run, Run::Action(a) if a.name == action))
        });
        if !kept || elsewhere.is_some() {
            let what = format!(
                "{key} must do '{action}' and nothing else: without it nobody finds {}; leave {key} alone",
                if action == "leave" { "out" } else { "back" }
            );
            let place = rows.iter().find(|(on, _)| on.iter().any(|k| k == key));
            sources.error(place.map_or(At::default(), |(_, at)| *at), what);
        }
    }
    if sources.has_errors() {
        return Err(ConfigErrors(sources.errors()));
    }
    Ok((keymap, sources.warnings()))
}

/// A view is always there, so what is bound everywhere is never reached where the view has the same keys.
fn hidden(sources: &mut Sources, own: &[(Binding, At)], inherited: &[Binding]) {
    for (binding, at) in own
        .iter()
        .filter(|(b, _)| matches!(b.layer, Scope::Program | Scope::View))
    {
        let mut all = inherited.iter().chain(own.iter().map(|(b, _)| b));
        let narrower =
            all.find(|b| b.on == binding.on && !matches!(b.layer, Scope::Program | Scope::View));
        if let Some(narrower) = narrower {
            let place = narrower.layer.title().to_lowercase();
            let what = format!(
                "'{}' is still {} {place}",
                binding.on(),
                narrower.words().to_lowercase()
            );
            sources.warn(*at, what);
        }
    }
    for (binding, at) in own.iter().filter(|(b, _)| b.layer == Scope::Program) {
        let mut all = inherited.iter().chain(own.iter().map(|(b, _)| b));
        let before = all.find(|b| b.layer == Scope::View && b.on == binding.on);
        if let Some(before) = before {
            let what = format!(
                "'{}' in 'everywhere' is never reached, since 'view' has it for: {}; write yours into 'view'",
                binding.on(),
                before.words()
            );
            sources.error(*at, what);
        }
    }
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

/// May an action stand in a layer? What means something in a narrower place only does nothing in a wider one.
fn fits(action: &Action, layer: Scope) -> bool {
    action.scope == layer || matches!(action.scope, Scope::Program | Scope::View)
}

impl<'s> Reader<'s> {
    fn new(sources: &'s mut Sources) -> Self {
        Self {
            sources,
            bindings: Vec::new(),
            unbound: Vec::new(),
            title: String::new(),
            inherits: None,
        }
    }

    fn file(mut self, text: &str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let byte = error.span().map_or(0, |s| s.start);
            let what = error.message().trim().replace('\n', "; ");
            self.sources.error(At { file: 0, byte }, what);
        }
        let mut keys: Vec<_> = root.get_ref().iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in keys {
            let layer = Scope::ALL
                .into_iter()
                .find(|s| layer_word(*s) == key.get_ref().as_ref());
            match (key.get_ref().as_ref(), layer) {
                (_, Some(layer)) => self.layer(layer, value),
                ("title", _) => self.title = self.text("title", value).unwrap_or_default(),
                ("inherits", _) => self.inherits(value),
                ("unbind", _) => self.unbind(value),
                (other, _) => {
                    let known = Scope::ALL.map(layer_word);
                    let known = known.into_iter().chain(["inherits", "unbind", "title"]);
                    let hint = hint(other, known.clone());
                    let what = format!(
                        "there is no {}{hint}; a key file has {}",
                        quote(other),
                        one_of(known)
                    );
                    self.sources.error(at(key.span()), what);
                }
            }
        }
        self.doubles();
        self
    }

    fn text(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.as_ref().to_owned());
        }
        let what = format!("'{name}' must be a text, not {}", kind(value.get_ref()));
        self.sources.error(at(value.span()), what);
        None
    }

    fn inherits(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(name) = self.text("inherits", value) else {
            return;
        };
        // a copy of a preset stands for itself
        self.inherits = if name == "none" {
            Some(Arc::new(Keymap {
                name: name.clone(),
                title: String::new(),
                bindings: Vec::new(),
            }))
        } else {
            Keymap::preset(&name)
        };
        if self.inherits.is_none() {
            let what = format!(
                "there is no keymap {} to inherit; there are {}{}",
                quote(&name),
                one_of(Keymap::names().chain(["none"])),
                hint(&name, Keymap::names())
            );
            self.sources.error(at(value.span()), what);
        }
    }

    fn unbind(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(list) = value.get_ref() else {
            let what = format!(
                "'unbind' must be a list of keys, not {}",
                kind(value.get_ref())
            );
            self.sources.error(at(value.span()), what);
            return;
        };
        for item in list {
            if let Some(on) = self.row(item, false) {
                self.unbound.push((on, at(item.span())));
            }
        }
    }

    fn layer(&mut self, layer: Scope, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(list) = value.get_ref() else {
            let what = format!(
                "'{}' must be a list of {{ on = \"KEY\", run = \"ACTION\" }}, not {}",
                layer_word(layer),
                kind(value.get_ref())
            );
            self.sources.error(at(value.span()), what);
            return;
        };
        for item in list {
            if self.bindings.len() >= ENTRIES {
                let what = format!("more than {ENTRIES} keys");
                self.sources.error(at(item.span()), what);
                return;
            }
            self.entry(layer, item);
        }
    }

    fn entry(&mut self, layer: Scope, item: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = item.get_ref() else {
            let what = format!(
                "a key is written {{ on = \"KEY\", run = \"ACTION\" }}; this is {}",
                kind(item.get_ref())
            );
            self.sources.error(at(item.span()), what);
            return;
        };
        let (mut on, mut run, mut desc) = (None, None, String::new());
        let mut whole = true;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "on" => {
                    on = self.row(value, true);
                    whole &= on.is_some();
                }
                "run" => {
                    run = self.run(layer, value);
                    whole &= run.is_some();
                }
                "desc" => desc = self.text("desc", value).unwrap_or_default(),
                other => {
                    let hint = hint(other, ["on", "run", "desc"]);
                    let what = format!(
                        "there is no {}{hint}; a key has on, run and desc",
                        quote(other)
                    );
                    self.sources.error(at(key.span()), what);
                }
            }
        }
        match (on, run) {
            (Some(on), Some(run)) => {
                let desc = crate::model::Text::from(desc.as_str()).to_string();
                self.bindings.push((
                    Binding {
                        layer,
                        on,
                        run,
                        desc,
                    },
                    at(item.span()),
                ));
            }
            (None, _) if whole => self
                .sources
                .error(at(item.span()), "which key? 'on' is missing"),
            (_, None) if whole => self
                .sources
                .error(at(item.span()), "what is it to do? 'run' is missing"),
            _ => {}
        }
    }

    fn run(&mut self, layer: Scope, value: &Spanned<DeValue<'_>>) -> Option<Run> {
        let words = self.text("run", value)?;
        match run_of(&words) {
            Ok(Run::Action(action)) if !fits(action, layer) => {
                let what = format!(
                    "'{}' means something {} only: write it into '{}'",
                    action.name,
                    action.scope.title().to_lowercase(),
                    layer_word(action.scope)
                );
                self.sources.error(at(value.span()), what);
                None
            }
            Ok(run) => Some(run),
            Err(why) => {
                self.sources.error(at(value.span()), why);
                None
            }
        }
    }

    /// `"g g"`, or a list of keys; `bound`: they are to do something.
    fn row(&mut self, value: &Spanned<DeValue<'_>>, bound: bool) -> Option<Vec<String>> {
        let keys: Vec<(String, At)> = match value.get_ref() {
            DeValue::String(text) => text
                .split_whitespace()
                .map(|k| (k.to_owned(), at(value.span())))
                .collect(),
            DeValue::Array(list) => {
                let mut keys = Vec::new();
                for item in list {
                    keys.push((self.text("on", item)?, at(item.span())));
                }
                keys
            }
            other => {
                let what = format!(
                    "a key is a text such as \"ctrl-k\" or \"g g\", not {}",
                    kind(other)
                );
                self.sources.error(at(value.span()), what);
                return None;
            }
        };
        if keys.is_empty() || keys.len() > ROW {
            let what = if keys.is_empty() {
                "which key? Write one such as \"x\", \"ctrl-k\" or \"space\"".to_owned()
            } else {
                format!("{} keys in a row; {ROW} are the most", keys.len())
            };
            self.sources.error(at(value.span()), what);
            return None;
        }
        let mut whole = true;
        for (key, place) in &keys {
            if let Some(what) = wrong(key) {
                self.sources.error(*place, what);
                whole = false;
            } else if let Some((_, who)) = EATEN.iter().find(|(eaten, _)| bound && eaten == key) {
                self.sources
                    .warn(*place, format!("{key} may never arrive: {who}"));
            }
        }
        whole.then(|| keys.into_iter().map(|(key, _)| key).collect())
    }

    /// The same keys twice in a layer, and rows that begin as another one ends.
    fn doubles(&mut self) {
        for (n, (binding, place)) in self.bindings.iter().enumerate() {
            for (before, first) in self.bindings.iter().take(n) {
                if binding.on == before.on && binding.layer == before.layer {
                    let what = format!(
                        "'{}' stands in '{}' twice, first in {}: take one out",
                        binding.on(),
                        layer_word(binding.layer),
                        self.sources.name(*first, *place)
                    );
                    self.sources.error(*place, what);
                } else if binding.on != before.on
                    && (binding.on.starts_with(&before.on) || before.on.starts_with(&binding.on))
                {
                    let what = format!(
                        "'{}' and '{}' of {} can't both be: who presses the first would have done it before the second",
                        binding.on(),
                        before.on(),
                        self.sources.name(*first, *place)
                    );
                    self.sources.error(*place, what);
                }
            }
        }
    }
}

/// What is wrong with a key's name; nothing where it is one.
fn wrong(key: &str) -> Option<String> {
    if let Some((_, same)) = SAME.iter().find(|(written, _)| *written == key) {
        return Some(format!(
            "a terminal sends the same for {key} and {same}: write {same}, or another key"
        ));
    }
    let Some(event) = names::parse(key) else {
        let known = names::known();
        return Some(format!(
            "there is no key {}{}; write one as x, G, ctrl-k, alt-x, space, page-down, f5",
            quote(key),
            hint(key, known)
        ));
    };
    let letter = key
        .strip_prefix("shift-")
        .filter(|rest| rest.chars().count() == 1);
    if let Some(letter) = letter {
        return Some(format!(
            "{} is written '{}'",
            quote(key),
            letter.to_uppercase()
        ));
    }
    match names::name(&event) {
        Some(name) if name == key => not_apart(&event, key),
        Some(name) => Some(format!("{} is written {}", quote(key), quote(&name))),
        None => Some(format!("{} is no key that a terminal sends", quote(key))),
    }
}

/// Why a terminal can't send this key so that it is told from another one.
fn not_apart(event: &KeyEvent, key: &str) -> Option<String> {
    let held = |modifier| event.modifiers.contains(modifier);
    let (ctrl, alt) = (held(KeyModifiers::CONTROL), held(KeyModifiers::ALT));
    let shift = held(KeyModifiers::SHIFT);
    let same = |other: &str| {
        Some(format!(
            "a terminal sends the same for {key} and {other}: write {other}, or another key"
        ))
    };
    match event.code {
        KeyCode::Enter if ctrl || shift => same("enter"),
        KeyCode::Tab if ctrl || shift => same("tab"),
        KeyCode::BackTab if ctrl => same("shift-tab"),
        KeyCode::Backspace if ctrl || shift => same("backspace"),
        KeyCode::Char(' ') if shift => same("space"),
        KeyCode::Esc if ctrl || shift || alt => same("esc"),
        KeyCode::Char(c) if ctrl && shift && c.is_ascii_alphabetic() => same(&format!("ctrl-{c}")),
        // ctrl has codes for letters, space and four others, which arrive as ctrl-4 to ctrl-7
        KeyCode::Char(c) if ctrl && !c.is_ascii_lowercase() && !matches!(c, ' ' | '4'..='7') => {
            Some(format!(
                "a terminal has no code of its own for {key}: take ctrl and a letter, or another key"
            ))
        }
        // the beginnings of what other keys send
        KeyCode::Char('[' | 'O') if alt => Some(format!(
            "{key} is how many other keys begin: take alt and another letter"
        )),
        _ => None,
    }
}
