//! Device cells: one glyph a device, grouped by class. A group that does not fit becomes its counts, so that no fault
//! can hide behind an edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ink, Row, width};
use crate::model::{DeviceClass, DeviceId, DeviceState};

/// One device as a cell shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Which.
    pub id: DeviceId,
    /// How it is.
    pub state: DeviceState,
}

/// The devices of one class, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassGroup {
    /// The class.
    pub class: DeviceClass,
    /// Its devices.
    pub cells: Vec<Cell>,
    /// How many are up, degraded, down, unknown.
    pub counts: [u32; 4],
}

/// Columns of the label before the cells, the space after it included.
const LABEL: u16 = 6;

/// Columns from one cell to the next: apart where there is much room, so that a wall screen is read from afar.
fn pitch(columns: u16) -> u16 {
    if columns >= 42 { 2 } else { 1 }
}

fn per_line(columns: u16) -> usize {
    usize::from((columns.saturating_sub(LABEL) / pitch(columns)).max(1))
}

/// Rows that a group takes at a width, `lines` at the most; more than that becomes one row of counts.
pub fn cell_lines(group: &ClassGroup, columns: u16, lines: u16) -> u16 {
    let per = per_line(columns);
    let need = group.cells.len().div_ceil(per);
    if need <= usize::from(lines.max(1)) {
        u16::try_from(need).unwrap_or(1).max(1)
    } else {
        1
    }
}

/// Draws groups from the top, each in `lines` rows at the most; gives the rows used. If the groups do not fit into the area,
/// what is left over is summed in its last row. The cell of `selected` is reversed.
pub fn draw_cells(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    groups: &[ClassGroup],
    lines: u16,
    selected: Option<DeviceId>,
) -> u16 {
    let area = area.intersection(buf.area);
    let mut y = 0;
    for (at, group) in groups.iter().enumerate() {
        let need = cell_lines(group, area.width, lines);
        let last = at + 1 == groups.len();
        if y + need > area.height || (!last && y + need == area.height) {
            if y < area.height {
                rest(ink, buf, area, y, &groups[at..]);
                y += 1;
            }
            return y;
        }
        draw_group(ink, buf, area, y, group, lines, selected);
        y += need;
    }
    y
}

fn draw_group(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    group: &ClassGroup,
    lines: u16,
    selected: Option<DeviceId>,
) {
    let per = per_line(area.width);
    let mut row = Row::new(ink, buf, area, y);
    row.put(group.class.short(), ink.dim).at(LABEL);
    if group.cells.len().div_ceil(per) > usize::from(lines.max(1)) {
        state_counts(ink, &mut row, group.counts);
        return;
    }
    for (line, cells) in group.cells.chunks(per).enumerate() {
        let mut row = Row::new(ink, buf, area, y + u16::try_from(line).unwrap_or(u16::MAX));
        row.at(LABEL);
        for cell in cells {
            let (glyph, style) = ink.state(cell.state);
            let style = if selected == Some(cell.id) {
                style.patch(ink.selected)
            } else {
                style
            };
            row.put(glyph, style).gap(pitch(area.width) - 1);
        }
    }
}

fn rest(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, y: u16, groups: &[ClassGroup]) {
    let mut counts = [0u32; 4];
    for group in groups {
        for (sum, n) in counts.iter_mut().zip(group.counts) {
            *sum += n;
        }
    }
    let mut row = Row::new(ink, buf, area, y);
    row.put("more", ink.dim).at(LABEL);
    state_counts(ink, &mut row, counts);
}

/// Counts by state, zero left out: `● 480 ◐ 2 ○ 1`. What no longer fits is left out whole, the calmest first.
pub fn state_counts(ink: &Ink<'_>, row: &mut Row<'_>, counts: [u32; 4]) {
    use DeviceState::{Degraded, Down, Unknown, Up};
    let mut parts: Vec<(DeviceState, u32)> = [Up, Degraded, Down, Unknown]
        .into_iter()
        .zip(counts)
        .filter(|(_, n)| *n > 0)
        .collect();
    let columns = |parts: &[(DeviceState, u32)]| -> u16 {
        parts
            .iter()
            .map(|(_, n)| width(&n.to_string()) + 3)
            .sum::<u16>()
            .saturating_sub(1)
    };
    for calm in [Up, Unknown, Degraded] {
        if columns(&parts) <= row.left() {
            break;
        }
        parts.retain(|(state, _)| *state != calm);
    }
    for (at, (state, n)) in parts.iter().enumerate() {
        if at > 0 {
            row.gap(1);
        }
        let (glyph, style) = ink.state(*state);
        row.put(glyph, style).gap(1).put(n.to_string(), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(n: u32) -> ClassGroup {
        ClassGroup {
            class: DeviceClass::Ventilator,
            cells: (0..n)
                .map(|id| Cell {
                    id: DeviceId(id),
                    state: DeviceState::Up,
                })
                .collect(),
            counts: [n, 0, 0, 0],
        }
    }

    #[test]
    fn a_group_wraps_until_it_is_too_many_and_then_takes_one_row() {
        assert_eq!(cell_lines(&group(10), 16, 3), 1);
        assert_eq!(cell_lines(&group(11), 16, 3), 2);
        assert_eq!(cell_lines(&group(30), 16, 3), 3);
        assert_eq!(cell_lines(&group(31), 16, 3), 1);
        assert_eq!(cell_lines(&group(0), 16, 3), 1);
        assert_eq!(cell_lines(&group(3), 0, 3), 3);
    }
}
