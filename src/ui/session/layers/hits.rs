//! What the words in the palette find.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Matcher, Utf32String};

use crate::actions::registry::{self, ACTIONS, Action, Standing, refusal};
use crate::model::Text;
use crate::ui::Theme;
use crate::ui::command_line::{COMMANDS, VIEWS};

use super::{Desk, Recent};

/// Names that are offered at once.
const NAMES: usize = 50;
/// Names of each kind beside actions, and the letters of one that it takes.
const FEW: usize = 8;
const BARE: usize = 2;

/// What a name written out is worth, and a part of it, beside letters that are found here and there.
const EXACT: u32 = 1_000;
const WRITTEN: u32 = 500;

/// The words stand in the action's name or title as they were written.
fn holds(action: &Action, words: &str) -> bool {
    let words = words.trim().to_lowercase();
    !words.is_empty()
        && (action.name.contains(&words) || action.title.to_lowercase().contains(&words))
}

/// What choosing it does.
pub enum Does {
    /// An action.
    Action(&'static Action),
    /// A whole line.
    Line(String),
    /// A word that wants others: it is put into the line.
    Begin(&'static str),
}

/// One row of the palette.
pub struct Hit {
    pub does: Does,
    pub title: String,
    pub tail: String,
    /// Characters of the title that matched.
    pub marks: Vec<u32>,
    pub refused: Option<Text>,
}

impl Hit {
    /// What is told of it: why it is refused, or what it does.
    pub fn words(&self) -> &str {
        self.refused.as_ref().map_or(&self.tail, Text::as_str)
    }

    fn line(line: String, tail: impl Into<String>, refused: Option<Text>) -> Self {
        Self {
            title: line.clone(),
            does: Does::Line(line),
            tail: tail.into(),
            marks: Vec::new(),
            refused,
        }
    }
}

/// Actions and commands whose title or name the words match, what was used last first.
pub fn fuzzy(text: &str, recent: &Recent, standing: Standing, matcher: &mut Matcher) -> Vec<Hit> {
    let text = text.trim_start().trim_start_matches(':');
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut hits: Vec<(u32, Hit)> = Vec::new();
    for action in ACTIONS {
        // moving the cursor is no command that somebody looks for
        if action.name.starts_with("cursor-") || action.name == "palette" {
            continue;
        }
        let title = Utf32String::from(action.title);
        let name = Utf32String::from(action.name);
        let mut marks = Vec::new();
        let by_title = pattern.indices(title.slice(..), matcher, &mut marks);
        let by_name = pattern.score(name.slice(..), matcher);
        let Some(score) = by_title.max(by_name) else {
            continue;
        };
        if by_title.is_none() {
            marks.clear();
        }
        marks.sort_unstable();
        let refused = refusal(action, standing);
        let exact = action.name == text.trim_end();
        let score = score + recent.bonus(action.name) + if exact { EXACT } else { 0 };
        // what can be done comes before what can't, but what was written out is meant
        let score = match refused {
            Some(_) => score / 4,
            None => score + 1,
        };
        let score = score + if holds(action, text) { WRITTEN } else { 0 };
        hits.push((
            score,
            Hit {
                does: Does::Action(action),
                title: action.title.into(),
                tail: action.help.into(),
                marks,
                refused,
            },
        ));
    }
    for (word, what) in COMMANDS.iter().filter(|(word, _)| *word != "-") {
        let name = Utf32String::from(*word);
        let score = pattern.score(name.slice(..), matcher);
        // behind actions of the same kind, and not in the way of one who only looks around
        if let Some(score) = score.filter(|_| !text.is_empty()) {
            hits.push((
                score,
                Hit {
                    does: Does::Begin(word),
                    title: format!("{word} …"),
                    tail: (*what).into(),
                    marks: Vec::new(),
                    refused: None,
                },
            ));
        }
    }
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.0));
    hits.into_iter().map(|(_, hit)| hit).collect()
}

/// What a line with words could become; nothing where its first word takes none.
pub fn of_line(text: &str, desk: &Desk<'_>, standing: Standing) -> Option<Vec<Hit>> {
    let line = text.trim_start().trim_start_matches(':').trim_start();
    let (first, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let refused = |name: &str| registry::action(name).and_then(|a| refusal(a, standing));
    if first == "filter" || VIEWS.contains(&first) {
        return Some(filtered(first, rest, desk, refused("filter")));
    }
    let hits: Vec<Hit> = match first {
        "theme" => Theme::names()
            .filter(|name| name.starts_with(rest))
            .map(|name| Hit::line(format!("theme {name}"), "", refused("theme-next")))
            .collect(),
        "device" => devices(rest, desk, refused("open-device").as_ref()),
        "segment" => segments(rest, desk, refused("open-segment").as_ref()),
        "go" => {
            let kept = desk.kept.iter().filter(|(name, _)| name.starts_with(rest));
            let mut hits: Vec<Hit> = kept
                .map(|(name, line)| Hit::line(format!("go {name}"), line, refused("kept")))
                .collect();
            if hits.is_empty() {
                let none = "no place that is kept is called so";
                hits.push(Hit::line(format!("go {rest}"), none, refused("kept")));
            }
            hits
        }
        "sort" => desk
            .sorts
            .iter()
            .filter(|name| name.starts_with(rest))
            .map(|name| Hit::line(format!("sort {name}"), "", refused("sort-next")))
            .collect(),
        _ => return None,
    };
    Some(hits)
}

/// Devices and segments by their names alone, where somebody wrote enough of one; before the actions where no action has the words.
pub fn bare(text: &str, mut actions: Vec<Hit>, desk: &Desk<'_>, standing: Standing) -> Vec<Hit> {
    let words = text.trim().trim_start_matches(':');
    if words.chars().count() < BARE {
        return actions;
    }
    let refused = |name: &str| registry::action(name).and_then(|a| refusal(a, standing));
    let mut names = segments(words, desk, refused("open-segment").as_ref());
    names.truncate(FEW);
    let mut of_devices = devices(words, desk, refused("open-device").as_ref());
    of_devices.truncate(FEW);
    names.append(&mut of_devices);
    let meant = |hit: &Hit| match &hit.does {
        Does::Action(action) => holds(action, words),
        Does::Line(_) | Does::Begin(_) => true,
    };
    if actions.iter().any(meant) {
        actions.append(&mut names);
        actions
    } else {
        names.append(&mut actions);
        names
    }
}

fn devices(words: &str, desk: &Desk<'_>, refused: Option<&Text>) -> Vec<Hit> {
    let all = desk.ctx.state.devices.values().map(|d| {
        let address = d.address.map(|a| a.to_string()).unwrap_or_default();
        (&d.name, format!("{}  {address}", d.class.word()))
    });
    named("device", words, all, refused)
}

fn segments(words: &str, desk: &Desk<'_>, refused: Option<&Text>) -> Vec<Hit> {
    let all = desk.ctx.state.segments.values();
    named(
        "segment",
        words,
        all.map(|s| (&s.name, String::new())),
        refused,
    )
}

/// The filter as it stands, and what its last word could become.
fn filtered(first: &str, rest: &str, desk: &Desk<'_>, refused: Option<Text>) -> Vec<Hit> {
    let (tail, wrong) = match desk.filters.read(rest.trim()) {
        Ok(_) if rest.trim().is_empty() => ("shows all, or write words of a filter", None),
        Ok(_) => ("shows what this finds", None),
        Err(why) => ("", Some(why)),
    };
    let whole = format!("{first} {rest}");
    let mut hits = vec![Hit::line(whole.trim().to_owned(), tail, refused.or(wrong))];
    let keep = desk.filters.last_word(rest);
    let kept = rest.get(..keep).unwrap_or("");
    let mut words = desk.filters.complete(rest, desk.ctx.state);
    if keep == rest.len() {
        words = desk.filters.keys();
    }
    let lines = words
        .into_iter()
        .map(|word| format!("{first} {kept}{word}"));
    hits.extend(
        lines
            .filter(|line| line != whole.trim())
            .map(|line| Hit::line(line, "", None)),
    );
    hits
}

/// Those whose name begins with the words, then those that hold them.
fn named<'a>(
    what: &str,
    words: &str,
    all: impl Iterator<Item = (&'a Text, String)>,
    refused: Option<&Text>,
) -> Vec<Hit> {
    let words = words.trim().to_lowercase();
    let (mut begin, mut hold) = (Vec::new(), Vec::new());
    for (name, tail) in all {
        let lower = name.as_str().to_lowercase();
        let list = if lower.starts_with(&words) {
            &mut begin
        } else if lower.contains(&words) {
            &mut hold
        } else {
            continue;
        };
        if list.len() < NAMES {
            let line = format!("{what} {name}");
            list.push(Hit::line(line, tail, refused.cloned()));
        }
    }
    begin.append(&mut hold);
    begin.truncate(NAMES);
    begin
}
