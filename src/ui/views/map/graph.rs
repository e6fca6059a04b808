//! Boxes and cables of the topology, where the layout put them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cable::{Cable, cable};
use super::layout::{Layout, Placed, Spot};
use super::tree::{Node, Tree};
use crate::model::{Device, DeviceState, Severity};
use crate::ui::Role;
use crate::ui::views::{below, words};
use crate::ui::widgets::{Frame, Ink, Row, draw_cells, frame, state_counts, width};

/// Everything one drawing needs.
pub struct Graph<'g> {
    /// What to draw with.
    pub ink: &'g Ink<'g>,
    /// Where.
    pub area: Rect,
    /// The nodes.
    pub tree: &'g Tree,
    /// Their places.
    pub layout: &'g Layout,
    /// Rows of a box and of the cable below it.
    pub size: (u16, u16),
    /// Columns of a place; a box is one less.
    pub slot: u16,
    /// What the cursor is on.
    pub cursor: Option<Spot>,
}

impl Graph<'_> {
    /// Draws cables, then boxes, then what hangs at the ends.
    pub fn draw(&self, buf: &mut Buffer) {
        for (at, p) in self.layout.placed.iter().enumerate() {
            let children: Vec<&Placed> = self
                .layout
                .placed
                .iter()
                .filter(|c| c.parent == Some(at))
                .collect();
            if !children.is_empty() {
                self.wires(buf, p, &children);
            }
        }
        let tall = self.size.0;
        for p in &self.layout.placed {
            let place = self.place(p);
            let Some(node) = self.tree.nodes.get(p.node) else {
                continue;
            };
            if matches!(p.spot, Spot::Fold(_)) {
                self.fold(buf, place, p);
                continue;
            }
            self.node(buf, place, node, p);
            if !p.inner {
                let y = self.top(p.level).saturating_add(tall);
                let under = Rect::new(
                    place.x.saturating_add(1),
                    self.area.y.saturating_add(y),
                    self.slot.saturating_sub(2),
                    self.area.height.saturating_sub(y),
                )
                .intersection(self.area);
                draw_cells(self.ink, buf, under, &node.cells, 3, None);
            }
        }
    }

    /// First row of a level.
    fn top(&self, level: usize) -> u16 {
        let (tall, wire) = self.size;
        u16::try_from(level)
            .unwrap_or(u16::MAX)
            .saturating_mul(tall + wire)
    }

    fn place(&self, p: &Placed) -> Rect {
        let across = self.slot.saturating_sub(1);
        let x = p.centre().saturating_sub(across / 2);
        Rect::new(
            self.area.x.saturating_add(x),
            self.area.y.saturating_add(self.top(p.level)),
            across,
            self.size.0,
        )
        .intersection(self.area)
    }

    fn wires(&self, buf: &mut Buffer, parent: &Placed, children: &[&Placed]) {
        let (ink, area) = (self.ink, self.area);
        let y = self.top(parent.level).saturating_add(self.size.0);
        let px = parent.centre();
        let ends: Vec<u16> = children.iter().map(|c| c.centre()).collect();
        let (Some(left), Some(right)) = (
            ends.iter().copied().chain([px]).min(),
            ends.iter().copied().chain([px]).max(),
        ) else {
            return;
        };
        let cables: Vec<Cable> = children
            .iter()
            .map(|c| match c.spot {
                Spot::Fold(_) => cable(ink, None),
                Spot::Node(_) => cable(
                    ink,
                    self.tree.nodes.get(c.node).and_then(|n| n.uplink.as_ref()),
                ),
            })
            .collect();
        let line = ink.role(Role::LinkUp);
        // from the box down to the bar, where there is a row for it
        let bar = y.saturating_add(self.size.1.saturating_sub(2));
        for row in y..bar {
            Row::new(ink, buf, area, row).at(px).put(ink.g.v, line);
        }
        for x in left..=right {
            let child = ends
                .iter()
                .position(|e| *e == x)
                .and_then(|at| cables.get(at));
            let glyph = match child {
                // one cable straight down is a cable, not a bar
                Some(only) if left == right => only.v,
                _ => joint(ink, [x == px, child.is_some(), x > left, x < right]),
            };
            let style = match child {
                Some(c) if c.lost || left == right => c.style,
                _ => line,
            };
            Row::new(ink, buf, area, bar).at(x).put(glyph, style);
        }
        for ((x, cable), child) in ends.iter().zip(&cables).zip(children) {
            let mut row = Row::new(ink, buf, area, bar.saturating_add(1));
            row.at(*x).put(cable.v, cable.style).gap(1);
            // the label stays in its own place, so that it never touches the neighbour's
            let room = (child.columns / 2).saturating_sub(3).max(10);
            if let Some(label) = cable.labels.iter().find(|l| width(l) <= room) {
                let style = if cable.loud { cable.style } else { ink.dim };
                row.put_whole(label, style);
            }
        }
    }

    fn node(&self, buf: &mut Buffer, place: Rect, node: &Node, p: &Placed) {
        let ink = self.ink;
        let Some(device) = ink.ctx.state.devices.get(&node.id) else {
            return;
        };
        let selected = self.cursor == Some(p.spot);
        let (glyph, state_style) = ink.state(device.state);
        let calm = device.state == DeviceState::Up;
        let mut name = match device.state {
            DeviceState::Down => state_style,
            _ => ink.strong,
        };
        if selected {
            name = name.patch(ink.selected);
        }
        // an alert is said by its sign where the state is not already louder
        let (sign, sign_style) = match node.worst {
            Some(severity) if calm && severity > Severity::Info => {
                (ink.g.severity(severity), ink.severity(severity))
            }
            _ if calm => ("", state_style),
            _ => (glyph, state_style),
        };
        let hidden = match self.layout.folded.get(&p.node) {
            Some(hidden) if !p.inner => hidden.len(),
            _ => 0,
        };
        let folded = format!("{}{hidden}", ink.g.folded);
        if place.height < 3 {
            let text = device.name.as_str();
            let pad = place.width.saturating_sub(width(text).saturating_add(2)) / 2;
            let mut row = Row::new(ink, buf, place, 0);
            row.gap(pad)
                .put(if selected { ink.cursor } else { " " }, ink.accent)
                .put(text, name)
                .gap(1)
                .put(sign, sign_style);
            if hidden > 0 {
                row.put(folded, ink.dim);
            }
            return;
        }
        let style = if selected {
            ink.role(Role::BorderFocus)
        } else if device.state == DeviceState::Down {
            ink.role(Role::BorderAlert)
        } else {
            let worst = node.worst.filter(|s| *s > Severity::Info);
            ink.ctx.theme.border(worst)
        };
        let inside = frame(
            ink,
            buf,
            place,
            Frame {
                style,
                closed: true,
            },
        );
        let mut row = Row::new(ink, buf, inside, 0);
        row.right(sign, sign_style);
        if place.height < 4 && hidden > 0 {
            row.right(folded, ink.dim);
        }
        row.put(device.name.as_str(), name);
        if selected {
            Row::new(ink, buf, place, 1).put(ink.cursor, ink.accent);
        }
        if place.height >= 4 {
            self.second_line(buf, inside, node, device, hidden, p.inner);
        }
    }

    /// The most needed word on a node, dim unless it is down.
    fn second_line(
        &self,
        buf: &mut Buffer,
        inside: Rect,
        node: &Node,
        device: &Device,
        hidden: usize,
        inner: bool,
    ) {
        let ink = self.ink;
        let mut row = Row::new(ink, buf, inside, 1);
        if device.state == DeviceState::Down {
            let age = ink.age_words(device.state_since);
            row.put(format!("silent {age}"), ink.text);
        } else if hidden > 0 {
            row.put(format!("{hidden} folded"), ink.dim);
        } else if inner && !node.cells.is_empty() {
            let counts = node.cells.iter().fold([0u32; 4], |mut sum, g| {
                for (all, n) in sum.iter_mut().zip(g.counts) {
                    *all += n;
                }
                sum
            });
            state_counts(ink, &mut row, counts);
        } else if device.interfaces.is_empty() {
            row.put(words::kind(device.class), ink.dim);
        } else {
            let used = device.interfaces.values().filter(|i| i.is_up()).count();
            row.put(format!("{used} of {} up", device.interfaces.len()), ink.dim);
        }
    }

    fn fold(&self, buf: &mut Buffer, place: Rect, p: &Placed) {
        let ink = self.ink;
        let hidden = self
            .layout
            .folded
            .get(&p.node)
            .map_or(&[][..], Vec::as_slice);
        let ill = hidden
            .iter()
            .filter_map(|at| self.tree.nodes.get(*at))
            .filter(|n| n.bad > 0)
            .count();
        let (mark, style) = if self.cursor == Some(p.spot) {
            (ink.cursor, ink.text.patch(ink.selected))
        } else {
            (ink.g.folded, ink.dim)
        };
        let middle = u16::from(place.height >= 3);
        Row::new(ink, buf, place, middle)
            .put(mark, ink.accent)
            .gap(1)
            .put(format!("{} folded", hidden.len()), style);
        let (text, style) = if ill > 0 {
            (format!("{ill} not well"), ink.severity(Severity::Minor))
        } else {
            ("all well".to_string(), ink.faint)
        };
        Row::new(ink, buf, below(place, middle), 1)
            .gap(2)
            .put(text, style);
    }
}

/// The glyph where lines meet that come from above, below, left and right.
fn joint(ink: &Ink<'_>, lines: [bool; 4]) -> &'static str {
    let g = ink.g;
    match lines {
        [true, true, true, true] => g.cross,
        [true, true, true, false] => g.v_left,
        [true, true, false, true] => g.v_right,
        [true, false, true, true] => g.h_up,
        [true, false, true, false] => g.up_left,
        [true, false, false, true] => g.up_right,
        [false, true, true, true] => g.h_down,
        [false, true, true, false] => g.down_left,
        [false, true, false, true] => g.down_right,
        [_, _, false, false] => g.v,
        [false, false, _, _] => g.h,
    }
}
