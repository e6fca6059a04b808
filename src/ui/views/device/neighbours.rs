//! Neighbours: cables to other network devices, and what hangs on its ports; for an endpoint, its switch.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::DeviceView;
use crate::model::{Device, DeviceId, DeviceState, LinkSource, Text};
use crate::ui::views::{below, index::Index, words};
use crate::ui::widgets::{Column, Ink, List, Row, empty, fit, header};
use crate::ui::{Outcome, Role};

/// On a narrow screen how it is known goes first, then since when.
const COLUMNS: [Column; 6] = [
    Column::words("ST", 2, 2, 0),
    Column::words("PORT", 12, 20, 0),
    Column::words("NEIGHBOUR", 16, 26, 0),
    Column::words("ITS PORT", 10, 20, 1),
    Column::words("LINK", 18, 34, 0),
    Column::words("KNOWN BY", 10, 20, 2),
];

/// One row.
struct Entry {
    device: DeviceId,
    port: Text,
    its_port: Text,
    link: String,
    lost: bool,
    known: &'static str,
}

/// The tab.
#[derive(Default)]
pub struct Neighbours {
    index: Index,
    list: List<usize>,
    keys: Vec<usize>,
    devices: Vec<DeviceId>,
}

impl Neighbours {
    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) {
        self.index.refresh(ink.ctx.state);
        let entries = self.entries(ink, device);
        self.keys = (0..entries.len()).collect();
        self.devices = entries.iter().map(|e| e.device).collect();
        if entries.is_empty() {
            empty(
                ink,
                buf,
                area,
                "no neighbour is known",
                "Neighbours come from LLDP, CDP, forwarding tables and the site file. Switch tables are read every 15 minutes.",
            );
            return;
        }
        let table = Rect::new(
            area.x + 1,
            area.y,
            area.width.saturating_sub(1),
            area.height,
        )
        .intersection(area);
        let fitted = fit(&COLUMNS, table.width);
        header(ink, buf, table, 0, &COLUMNS, &fitted, None);
        let rows = below(table, 1);
        let range = self.list.settle(&self.keys, usize::from(rows.height));
        for (y, at) in (0u16..).zip(range) {
            let Some(entry) = entries.get(at) else {
                break;
            };
            let neighbour = ink.ctx.state.devices.get(&entry.device);
            let (glyph, style) = ink.state(neighbour.map_or(DeviceState::Unknown, |d| d.state));
            let mut row = Row::new(ink, buf, rows, y);
            for f in &fitted {
                let (w, a) = (f.width, f.align);
                match f.index {
                    0 => row.column(glyph, w, a, style),
                    1 => row.column(ink.or_none(entry.port.as_str()), w, a, ink.text),
                    2 => {
                        let name = neighbour.map_or("", |d| d.name.as_str());
                        row.column(ink.or_none(name), w, a, ink.strong)
                    }
                    3 => row.column(ink.or_none(entry.its_port.as_str()), w, a, ink.dim),
                    4 => row.column(
                        &entry.link,
                        w,
                        a,
                        if entry.lost {
                            ink.role(Role::LinkDown)
                        } else {
                            ink.dim
                        },
                    ),
                    _ => row.column(entry.known, w, a, ink.dim),
                };
                row.gap(1);
            }
            if self.list.at() == Some(at) {
                Row::new(ink, buf, below(area, 1), y).put(ink.cursor, ink.accent);
                Row::new(ink, buf, rows, y).paint(ink.selected);
            }
        }
    }

    fn entries(&self, ink: &Ink<'_>, device: &Device) -> Vec<Entry> {
        let state = ink.ctx.state;
        let port_name = |id: DeviceId, port| -> Text {
            state
                .devices
                .get(&id)
                .zip(port)
                .and_then(|(d, p)| d.interfaces.get(&p))
                .map_or_else(Text::empty, |i| i.name.clone())
        };
        let mut entries = Vec::new();
        for link in state.links.values() {
            let own = if link.id.0.device == device.id {
                link.id.0
            } else if link.id.1.device == device.id {
                link.id.1
            } else {
                continue;
            };
            let other = link.id.other(device.id);
            let (text, lost) = match link.up {
                Some(true) => (format!("cable, up {}", ink.age_words(link.since)), false),
                Some(false) => (format!("cable, lost {}", ink.clock(link.since)), true),
                None => ("cable".to_string(), false),
            };
            entries.push(Entry {
                device: other.device,
                port: port_name(device.id, own.port),
                its_port: port_name(other.device, other.port),
                link: text,
                lost,
                known: match link.source {
                    LinkSource::Site => "site file",
                    LinkSource::LldpBoth => "LLDP, both ends",
                    LinkSource::LldpOne => "LLDP, one end",
                    LinkSource::Fdb => "forwarding table",
                },
            });
        }
        if let Some(at) = device.attached {
            entries.push(Entry {
                device: at.switch,
                port: Text::empty(),
                its_port: port_name(at.switch, Some(at.port)),
                link: format!("access port, seen {} ago", ink.age_words(at.seen)),
                lost: false,
                known: "forwarding table",
            });
        }
        for (_, port, id, ..) in self.index.on_switch(device.id) {
            let kind = state.devices.get(id).map_or("", |d| words::kind(d.class));
            entries.push(Entry {
                device: *id,
                port: port_name(device.id, Some(*port)),
                its_port: Text::empty(),
                link: kind.to_string(),
                lost: false,
                known: "forwarding table",
            });
        }
        entries
    }

    /// Moves and opens.
    pub fn act(&mut self, action: &str) -> Outcome {
        if action == "open" {
            return match self.list.at().and_then(|at| self.devices.get(at)) {
                Some(id) => Outcome::Open(Box::new(DeviceView::new(*id))),
                None => Outcome::Ignored,
            };
        }
        Outcome::consumed(self.list.act(action, &self.keys))
    }
}
