//! The last line: where one is, and the keys that work here and now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::actions::registry::{self, Standing, refusal};
use crate::ui::widgets::{Ink, Row, width};
use crate::ui::{Keymap, Role};

/// A key and its word.
pub type Hint = (String, String);

/// Keys of actions, in this order, those that are refused left out.
pub fn hints(ink: &Ink<'_>, keys: &Keymap, actions: &[&str], standing: Standing) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    for name in actions {
        let Some(action) = registry::action(name) else {
            continue;
        };
        let Some(key) = keys.shown(action, ink.g) else {
            continue;
        };
        if refusal(action, standing).is_none() && hints.iter().all(|(known, _)| *known != key) {
            hints.push((key, action.short.to_owned()));
        }
    }
    hints
}

/// Draws the line. Where there is too little room the last hints but two give way first, then the crumb is cut.
pub fn draw(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    line: Rect,
    crumb: &str,
    filter: Option<&str>,
    hints: &[Hint],
) {
    let crumb_room =
        width(crumb).min(line.width / 2) + filter.map_or(0, |words| width(words).min(30) + 4);
    let room = line.width.saturating_sub(crumb_room + 3);
    let of = |(key, word): &Hint| width(key) + 1 + width(word) + 2;
    let mut shown: Vec<&Hint> = hints.iter().collect();
    while shown.iter().map(|hint| of(hint)).sum::<u16>() > room && !shown.is_empty() {
        // command and help stand last and stay longest
        let at = if shown.len() > 2 { shown.len() - 3 } else { 0 };
        shown.remove(at);
    }
    let total: u16 = shown.iter().map(|hint| of(hint)).sum();
    let mut row = Row::new(ink, buf, line, 0);
    row.gap(1).keep(total + 1);
    row.put(crumb, ink.dim);
    if let Some(words) = filter {
        row.gap(2)
            .put("/ ", ink.role(Role::Key))
            .put(words, ink.text);
    }
    let mut row = Row::new(ink, buf, line, 0);
    row.at(line.width.saturating_sub(total));
    for (key, word) in shown {
        row.put(key, ink.role(Role::Key))
            .gap(1)
            .put(word, ink.dim)
            .gap(2);
    }
}
