//! Interfaces: state, speed, rates, errors, and the last hour on one scale for all of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Device, DeviceState, IfIndex, Interface, RateState, Severity};
use crate::ui::views::{below, index::Index, words};
use crate::ui::widgets::{
    Column, Fitted, Ink, List, Row, empty, fit, header, percent, rate, spark, speed,
};
use crate::ui::{Outcome, Role};

/// On a narrow screen the sparkline goes first, then what hangs there, the alias, errors, speed.
const COLUMNS: [Column; 9] = [
    Column::words("ST", 2, 2, 0),
    Column::words("NAME", 10, 16, 0),
    Column::words("STATE", 7, 8, 6),
    Column::words("ALIAS", 10, 26, 3),
    Column::numbers("SPEED", 5, 5, 2),
    Column::numbers("IN", 9, 10, 0),
    Column::numbers("OUT", 9, 10, 0),
    Column::numbers("ERR/S", 6, 6, 1),
    Column::words("THERE", 12, 40, 4),
];

/// Columns of the sparkline, the space before it included.
const SPARK: u16 = 31;

/// The tab.
#[derive(Default)]
pub struct Interfaces {
    index: Index,
    list: List<IfIndex>,
    keys: Vec<IfIndex>,
    by_load: bool,
    scale: (Option<(crate::model::Seq, u64)>, u64),
}

impl Interfaces {
    /// It is no longer drawn.
    pub fn rest(&mut self) {
        self.index.rest();
    }

    /// The interface under the cursor.
    pub fn at(&self) -> Option<IfIndex> {
        self.list.at()
    }

    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) {
        if device.interfaces.is_empty() {
            let advice = if device.touch.policy < crate::model::TouchPolicy::Get {
                "Its touch policy lets nothing be asked of it. Its port on the switch tells what it sends and receives."
            } else {
                "Its interfaces are read once it answers SNMP."
            };
            empty(ink, buf, area, "no interface is known", advice);
            return;
        }
        self.refresh(ink, device);
        let sparks = area.width >= 110 && !ink.ctx.low_bandwidth;
        let table = Rect::new(
            area.x + 1,
            area.y,
            area.width
                .saturating_sub(1 + if sparks { SPARK } else { 0 }),
            area.height,
        )
        .intersection(area);
        let fitted = fit(&COLUMNS, table.width);
        let sorted = if self.by_load { 5 } else { 1 };
        header(ink, buf, table, 0, &COLUMNS, &fitted, Some(sorted));
        let rows = below(area, 1);
        if sparks {
            let mut row = Row::new(ink, buf, area, 0);
            let scale = match self.scale.1 {
                0 => "LAST HOUR".to_owned(),
                top => format!("LAST HOUR, FULL {}", rate(top)),
            };
            row.at(area.width - SPARK + 1).put(scale, ink.dim);
        }
        let range = self.list.settle(&self.keys, usize::from(rows.height));
        for (y, key) in (0u16..).zip(self.keys.get(range).unwrap_or(&[])) {
            let Some(port) = device.interfaces.get(key) else {
                continue;
            };
            let cells = Rect::new(table.x, rows.y, table.width, rows.height);
            let mut row = Row::new(ink, buf, cells, y);
            for f in &fitted {
                self.cell(ink, &mut row, device, port, *f);
                row.gap(1);
            }
            if sparks && port.rate == RateState::Known {
                let line = spark(ink, port.course.iter(), self.scale.1, SPARK - 1);
                Row::new(ink, buf, rows, y)
                    .at(area.width - SPARK + 1)
                    .put(line, ink.role(Role::Spark));
            }
            if self.list.at() == Some(*key) {
                Row::new(ink, buf, rows, y).put(ink.cursor, ink.accent);
                Row::new(ink, buf, cells, y).paint(ink.selected);
            }
        }
        if device.interfaces_dropped > 0 {
            Row::new(ink, buf, area, area.height.saturating_sub(1)).right(
                format!("{} more are not kept", device.interfaces_dropped),
                ink.dim,
            );
        }
    }

    fn refresh(&mut self, ink: &Ink<'_>, device: &Device) {
        let state = ink.ctx.state;
        self.index.refresh(state);
        let stamp = Some((state.seq, state.revision));
        if self.scale.0 == stamp && self.keys.len() == device.interfaces.len() {
            return;
        }
        let top = device
            .interfaces
            .values()
            .flat_map(|i| i.course.iter())
            .max()
            .unwrap_or(0);
        self.scale = (stamp, top);
        self.sort(device);
    }

    fn sort(&mut self, device: &Device) {
        self.keys = device.interfaces.keys().collect();
        if self.by_load {
            self.keys.sort_by_key(|key| {
                device
                    .interfaces
                    .get(key)
                    .map_or(0, |i| u64::MAX - i.traffic.in_bps.max(i.traffic.out_bps))
            });
        }
    }

    fn cell(
        &self,
        ink: &Ink<'_>,
        row: &mut Row<'_>,
        device: &Device,
        port: &Interface,
        place: Fitted,
    ) {
        let (column, width, align) = (place.index, place.width, place.align);
        let (glyph, word, style) = ink.port(port.admin, port.oper);
        let known = port.rate == RateState::Known;
        let load = |bps: u64| {
            if known {
                rate(bps)
            } else {
                ink.g.none.to_string()
            }
        };
        let busy = |bps: u64| {
            if known && percent(bps, port.speed) >= 90 {
                ink.role(Role::LinkSaturated)
            } else if known && bps > 0 {
                ink.text
            } else {
                ink.dim
            }
        };
        match column {
            0 => row.column(glyph, width, align, style),
            1 => row.column(
                ink.or_none(port.name.as_str()),
                width,
                align,
                if port.is_up() { ink.text } else { ink.dim },
            ),
            2 => row.column(word, width, align, style),
            3 => row.column(port.alias.as_str(), width, align, ink.dim),
            4 => row.column(speed(port.speed), width, align, ink.dim),
            5 => row.column(
                load(port.traffic.in_bps),
                width,
                align,
                busy(port.traffic.in_bps),
            ),
            6 => row.column(
                load(port.traffic.out_bps),
                width,
                align,
                busy(port.traffic.out_bps),
            ),
            7 => {
                let milli = port.traffic.errors_milli;
                let (text, style) = if !known || milli == 0 {
                    (ink.g.none.to_string(), ink.dim)
                } else if milli < 10_000 {
                    (
                        format!("{}.{}", milli / 1000, milli % 1000 / 100),
                        ink.severity(Severity::Minor),
                    )
                } else {
                    ((milli / 1000).to_string(), ink.severity(Severity::Minor))
                };
                row.column(text, width, align, style)
            }
            _ => {
                let (text, style) = self.there(ink, device, port);
                row.column(text, width, align, style)
            }
        }
        .gap(0);
    }

    /// What hangs on the port: the other end of a link, or stations.
    fn there(
        &self,
        ink: &Ink<'_>,
        device: &Device,
        port: &Interface,
    ) -> (String, ratatui::style::Style) {
        let state = ink.ctx.state;
        for id in state.links.keys() {
            let own = if id.0.device == device.id {
                id.0
            } else if id.1.device == device.id {
                id.1
            } else {
                continue;
            };
            if own.port == Some(port.index)
                && let Some(other) = state.devices.get(&id.other(device.id).device)
            {
                return (format!("{} {}", ink.g.arrow_right, other.name), ink.text);
            }
        }
        let on = self.index.on_switch(device.id);
        let from = on.partition_point(|row| row.1 < port.index);
        let to = on.partition_point(|row| row.1 <= port.index);
        let stations = on.get(from..to).unwrap_or(&[]);
        let Some(first) = stations.first().and_then(|row| state.devices.get(&row.2)) else {
            return (String::new(), ink.dim);
        };
        let (glyph, style) = ink.state(first.state);
        if stations.len() > 1 {
            return (
                format!("{glyph} {} and {} more", first.name, stations.len() - 1),
                ink.text,
            );
        }
        let style = if first.state == DeviceState::Up {
            ink.text
        } else {
            style
        };
        (
            format!("{glyph} {} {}", words::kind(first.class), first.name),
            style,
        )
    }

    /// Moves and sorts.
    pub fn act(&mut self, action: &str) -> Outcome {
        if action == "sort-next" {
            self.by_load = !self.by_load;
            self.scale.0 = None;
            return Outcome::Consumed;
        }
        Outcome::consumed(self.list.act(action, &self.keys))
    }
}
