//! What can follow the keys that were pressed: shown at once, and gone with the next key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::Role;
use crate::ui::keymap::{self, Keymap};
use crate::ui::widgets::{Ink, Row, width};

/// Columns of an entry.
const ENTRY: u16 = 30;

/// Draws it at the bottom of an area.
pub fn draw(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, keys: &Keymap, chord: &[String]) {
    let after = keys.after(chord);
    let columns = (area.width.saturating_sub(2) / ENTRY).max(1);
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
    let mut row = Row::new(ink, buf, place, 0);
    row.gap(1)
        .put(keymap::row_shown(chord, ink.g), ink.role(Role::Key))
        .put(" and then", ink.dim);
    row.right("esc leaves it ", ink.dim);
    for (at, (key, words)) in (0u16..).zip(&after) {
        let (x, y) = (at / (rows - 1).max(1), at % (rows - 1).max(1) + 1);
        let entry = Rect::new(
            place.x + 1 + x * ENTRY,
            place.y + y,
            ENTRY.min(place.right().saturating_sub(place.x + 1 + x * ENTRY)),
            1,
        );
        let key = keymap::shown(key, ink.g);
        let mut row = Row::new(ink, buf, entry.intersection(place), 0);
        row.keep(1).put(&key, ink.role(Role::Key));
        row.at(width(&key).max(2) + 1).put(words, ink.text);
    }
}
