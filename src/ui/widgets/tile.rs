//! A segment as a tile: its name in the upper edge, a cell a device, its sums in the lower edge. Where there is no room,
//! one row with the sums.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{ClassGroup, Frame, Ink, Row, cells_height, draw_cells, frame, rate, width};
use crate::model::{DeviceId, DeviceState, Severity};

/// How much of a tile is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSize {
    /// Cells, each class in so many rows at the most.
    Cells(u16),
    /// One row of sums.
    Counts,
}

/// What a tile shows.
pub struct Tile<'a> {
    /// Name of the segment.
    pub name: &'a str,
    /// VLAN, zero where there is none.
    pub vlan: u16,
    /// Its devices by class.
    pub groups: &'a [ClassGroup],
    /// How many are up, degraded, down, unknown.
    pub counts: [u32; 4],
    /// The worst alert here that nobody has, and how many there are.
    pub worst: Option<(Severity, u32)>,
    /// Most of it can't be judged because something before it is down.
    pub cut_off: bool,
    /// Bits a second out of it, where known.
    pub out_bps: Option<u64>,
    /// Under the cursor.
    pub selected: bool,
    /// The device under the cursor, where the cursor is that fine.
    pub device: Option<DeviceId>,
}

impl Tile<'_> {
    /// Rows it needs at a width.
    pub fn height(&self, columns: u16, size: TileSize) -> u16 {
        match size {
            TileSize::Counts => 1,
            TileSize::Cells(lines) => {
                cells_height(self.groups, columns.saturating_sub(4), lines).max(1) + 2
            }
        }
    }

    /// Draws it.
    pub fn draw(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, size: TileSize) {
        match size {
            TileSize::Counts => self.draw_counts(ink, buf, area),
            TileSize::Cells(lines) => self.draw_whole(ink, buf, area, lines),
        }
    }

    fn border(&self, ink: &Ink<'_>) -> Style {
        match self.worst {
            Some((severity @ (Severity::Critical | Severity::Major), _)) => ink.severity(severity),
            _ => ink.border,
        }
    }

    fn name_style(&self, ink: &Ink<'_>) -> Style {
        let loud = self
            .worst
            .is_some_and(|(severity, _)| severity >= Severity::Major);
        let style = if loud || self.cut_off {
            ink.strong
        } else {
            ink.text
        };
        if self.selected {
            style.patch(ink.selected)
        } else {
            style
        }
    }

    fn draw_whole(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, lines: u16) {
        let border = self.border(ink);
        let inside = frame(
            ink,
            buf,
            area,
            Frame {
                style: border,
                closed: false,
            },
        );
        let mut top = Row::new(ink, buf, area, 0);
        top.keep(3).at(1);
        if self.selected {
            top.put(ink.cursor, ink.accent);
        } else {
            top.put(" ", border);
        }
        top.put(self.name, self.name_style(ink));
        let vlan = format!(" vlan {}", self.vlan);
        if self.vlan > 0 && width(&vlan) <= top.left() {
            top.put(vlan, ink.dim);
        }
        top.put(" ", border);
        draw_cells(ink, buf, inside, self.groups, lines, self.device);
        if area.height >= 2 {
            let bottom = Rect::new(
                inside.x,
                area.bottom().saturating_sub(1),
                inside.width,
                area.height.min(1),
            );
            self.sums(ink, &mut Row::new(ink, buf, bottom, 0));
        }
    }

    fn draw_counts(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        let mut row = Row::new(ink, buf, area, 0);
        row.put(if self.selected { ink.cursor } else { " " }, ink.accent)
            .gap(1);
        let name = row.left() / 2;
        row.column(self.name, name, super::Align::Left, self.name_style(ink));
        row.gap(1);
        self.sums(ink, &mut row);
    }

    /// `▲ 1  46 of 49  ◌ 3      12 Mb/s`
    fn sums(&self, ink: &Ink<'_>, row: &mut Row<'_>) {
        // nothing measured yet, or nothing sent: there is no rate to tell
        if let Some(bps) = self.out_bps.filter(|bps| *bps > 0) {
            let text = rate(bps);
            // sums come first: the rate is shown only where both have room
            if row.left() >= 24 {
                row.right(text, ink.dim);
                row.keep(1);
            }
        }
        if let Some((severity, n)) = self.worst {
            row.put(format!("{} {n}", ink.g.alert), ink.severity(severity))
                .gap(2);
        }
        let [up, degraded, down, unknown] = self.counts;
        let all = up + degraded + down + unknown;
        if all == 0 {
            row.put("no device", ink.dim);
            return;
        }
        let style = if up == all { ink.dim } else { ink.text };
        row.put(format!("{up} of {all}"), style);
        for (state, n) in [
            (DeviceState::Down, down),
            (DeviceState::Degraded, degraded),
            (DeviceState::Unknown, unknown),
        ] {
            let (glyph, style) = ink.state(state);
            let cut = state == DeviceState::Unknown && self.cut_off;
            let style = if cut { ink.strong } else { style };
            let mut text = format!("{glyph} {n}");
            if cut && width(&text) + 10 <= row.left() {
                text.push_str(" cut off");
            }
            if n > 0 && width(&text) + 2 <= row.left() {
                row.gap(2).put(text, style);
            }
        }
    }
}
