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
fn cell_lines(group: &ClassGroup, columns: u16, lines: u16) -> u16 {
    let per = per_line(columns);
    let need = group.cells.len().div_ceil(per);
    if need <= usize::from(lines.max(1)) {
        u16::try_from(need).unwrap_or(1).max(1)
    } else {
        1
    }
}

/// Columns of the least slot: a label, three cells and a gap.
const SLOT: u16 = 10;

/// Where a group stands: column, row, columns and rows.
struct Spot {
    x: u16,
    y: u16,
    columns: u16,
    rows: u16,
}

/// Small groups stand beside each other in slots of one width, so that labels stay in line; the order is kept.
fn spots(groups: &[ClassGroup], columns: u16, lines: u16) -> Vec<Spot> {
    let pitch = pitch(columns);
    let slots = (columns / (SLOT * pitch)).max(1);
    let slot = columns / slots;
    let mut at = 0;
    let mut y = 0;
    let mut out: Vec<Spot> = Vec::with_capacity(groups.len());
    for group in groups {
        let rows = cell_lines(group, columns, lines);
        let cells = u16::try_from(group.cells.len()).unwrap_or(u16::MAX);
        let need = LABEL.saturating_add(cells.saturating_mul(pitch));
        let wraps = group.cells.len() > per_line(columns);
        // two columns apart from what comes next, unless nothing does
        let span = if wraps || need >= columns {
            slots
        } else {
            (1..slots)
                .find(|n| need + 2 <= n * slot || (at + n == slots && need <= n * slot))
                .unwrap_or(slots)
        };
        if at > 0 && at + span > slots {
            at = 0;
            y += 1;
        }
        out.push(Spot {
            x: at * slot,
            y,
            columns: if span == slots { columns } else { span * slot },
            rows,
        });
        at += span;
        if at >= slots {
            at = 0;
            y += rows;
        }
    }
    out
}

/// Rows that groups take at a width, each in `lines` rows at the most.
pub fn cells_height(groups: &[ClassGroup], columns: u16, lines: u16) -> u16 {
    spots(groups, columns, lines)
        .last()
        .map_or(0, |spot| spot.y + spot.rows)
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
    let spots = spots(groups, area.width, lines);
    let bottom = |spot: &Spot| spot.y + spot.rows;
    let used = spots.last().map_or(0, bottom);
    let shown = if used <= area.height {
        spots.len()
    } else {
        // a row is kept for the sums of what does not fit
        spots
            .iter()
            .position(|spot| bottom(spot) >= area.height)
            .unwrap_or(spots.len())
    };
    for (spot, group) in spots.iter().zip(groups).take(shown) {
        let place = Rect::new(area.x + spot.x, area.y + spot.y, spot.columns, spot.rows);
        draw_group(ink, buf, place, group, lines, pitch(area.width), selected);
    }
    let left = groups.get(shown..).unwrap_or(&[]);
    if left.is_empty() || area.height == 0 {
        return used.min(area.height);
    }
    let y = spots
        .get(..shown)
        .and_then(<[Spot]>::last)
        .map_or(0, bottom);
    rest(ink, buf, area, y, left);
    y + 1
}

fn draw_group(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    group: &ClassGroup,
    lines: u16,
    pitch: u16,
    selected: Option<DeviceId>,
) {
    let per = usize::from((area.width.saturating_sub(LABEL) / pitch).max(1));
    let mut row = Row::new(ink, buf, area, 0);
    row.put(group.class.short(), ink.dim).at(LABEL);
    if group.cells.len().div_ceil(per) > usize::from(lines.max(1)) {
        state_counts(ink, &mut row, group.counts);
        return;
    }
    for (line, cells) in group.cells.chunks(per).enumerate() {
        let mut row = Row::new(ink, buf, area, u16::try_from(line).unwrap_or(u16::MAX));
        row.at(LABEL);
        for cell in cells {
            let (glyph, style) = ink.state(cell.state);
            let style = if selected == Some(cell.id) {
                style.patch(ink.selected)
            } else {
                style
            };
            row.put(glyph, style).gap(pitch - 1);
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
    fn small_groups_stand_beside_each_other_in_line_and_in_order() {
        let at = |sizes: &[u32], columns| -> Vec<(u16, u16)> {
            let groups: Vec<ClassGroup> = sizes.iter().map(|n| group(*n)).collect();
            let places: Vec<_> = spots(&groups, columns, 6)
                .iter()
                .map(|s| (s.x, s.y))
                .collect();
            // none lies over another, none leaves the width
            for s in spots(&groups, columns, 6) {
                assert!(s.x + s.columns <= columns.max(1), "{sizes:?} {columns}");
            }
            places
        };
        assert_eq!(
            at(&[1, 2, 7, 2, 1], 24),
            [(0, 0), (12, 0), (0, 1), (0, 2), (12, 2)]
        );
        // the second is too wide for what is left of the row
        assert_eq!(at(&[1, 5], 21), [(0, 0), (0, 1)]);
        // a group that wraps pushes what follows down by all its rows
        assert_eq!(at(&[1, 40, 1], 24), [(0, 0), (0, 1), (0, 4)]);
        assert_eq!(cells_height(&[group(1), group(40), group(1)], 24, 6), 5);
        // too narrow for two
        assert_eq!(at(&[1, 1], 16), [(0, 0), (0, 1)]);
        assert_eq!(cells_height(&[], 24, 6), 0);
        assert_eq!(cells_height(&[group(3)], 0, 6), 3);
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
