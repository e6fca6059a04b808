//! What can follow the keys that were pressed: shown at once, and gone with the next key. What is refused, or means nothing, here is dim.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::actions::registry::{Scope, Standing, refusal};
use crate::ui::Role;
use crate::ui::keymap::{self, Found, Keymap, Run};
use crate::ui::widgets::{Ink, Row, width};

/// Columns of an entry, at the least.
const ENTRY: u16 = 24;

/// Draws it at the bottom of an area.
pub fn draw(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    (keys, chord): (&Keymap, &[String]),
    (layers, standing): (&[Scope], Standing),
) {
    let after = keys.after(chord);
    let wide =
        |(key, words): &(&str, String)| width(&keymap::shown(key, ink.g)).max(2) + width(words) + 3;
    // as wide as the widest, so that none is cut
    let entry = after.iter().map(wide).max().unwrap_or(0);
    let entry = entry.clamp(ENTRY, area.width.saturating_sub(2).max(ENTRY));
    let columns = (area.width.saturating_sub(2) / entry).max(1);
    let rows = (after.len() as u16).div_ceil(columns) + 1;
    let height = rows.min(area.height);
    let place = Rect::new(
        area.x,
        area.bottom().saturating_sub(height),
        area.width,
        height,
    );
    let place = place.intersection(buf.area);
    for y in place.top()..place.bottom() {
        for x in place.left()..place.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    buf.set_style(place, ink.text.patch(ink.role(Role::Popup)));
    // a line, so that it is told from the rows above on a terminal without grounds
    Row::new(ink, buf, place, 0).repeat(ink.g.h, place.width, ink.role(Role::BorderFocus));
    let mut row = Row::new(ink, buf, place, 0);
    row.right(format!(" esc leaves it {}", ink.g.h), ink.dim);
    row.put(ink.g.h, ink.role(Role::BorderFocus))
        .put(" ", ink.text)
        .put(keymap::row_shown(chord, ink.g), ink.role(Role::Key))
        .put(" and then ", ink.dim);
    for (at, (key, words)) in (0u16..).zip(&after) {
        let (x, y) = (at / (rows - 1).max(1), at % (rows - 1).max(1) + 1);
        let left = place.x + 1 + x * entry;
        let room = entry.min(place.right().saturating_sub(left));
        let spot = Rect::new(left, place.y + y, room, 1);
        let refused = match keys.find(layers, chord, key) {
            // what it is for is not here
            Found::Run(binding) if !layers.contains(&binding.layer) => true,
            Found::Run(binding) => match &binding.run {
                Run::Action(action) => refusal(action, standing).is_some(),
                Run::Line(_) => false,
            },
            Found::Prefix | Found::Nothing => false,
        };
        let (style, text) = if refused {
            (ink.faint, ink.faint)
        } else {
            (ink.role(Role::Key), ink.text)
        };
        let key = keymap::shown(key, ink.g);
        let mut row = Row::new(ink, buf, spot.intersection(place), 0);
        row.keep(1).put(&key, style);
        row.at(width(&key).max(2) + 1).put(words, text);
    }
}
