//! Map: three drawings of one network. Topology (who is cabled to whom), segments (a cell a device), and one segment's
//! switch ports from left to right. `tab` goes on to the next, arrows move along what is drawn, `open` goes in.

mod cable;
mod graph;
mod layout;
mod pane;
mod ports;
mod topology;
mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use ports::Ports;

use super::board::{draw_tiles, tile_columns};
use super::index::Index;
use super::segment::SegmentView;
use super::{below, margin};
use crate::model::{DeviceId, SegmentId};
use crate::ui::widgets::{Ink, List, Row, Tile, empty};
use crate::ui::{Ctx, Outcome, Role, Selection, View};
use topology::Topology;

/// Which drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Drawing {
    #[default]
    Topology,
    Segments,
    Ports,
}

impl Drawing {
    const ALL: [Self; 3] = [Self::Topology, Self::Segments, Self::Ports];

    fn title(self) -> &'static str {
        match self {
            Self::Topology => "topology",
            Self::Segments => "segments",
            Self::Ports => "ports",
        }
    }

    fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|d| *d == self).unwrap_or(0);
        Self::ALL.get((at + by) % 3).copied().unwrap_or_default()
    }
}

/// The view.
#[derive(Default)]
pub struct Map {
    drawing: Drawing,
    index: Index,
    topology: Topology,
    segments: List<Option<SegmentId>>,
    columns: usize,
    ports: Ports,
}

impl Map {
    /// With the cursor on a network device, or on the switch that a device hangs on.
    pub fn on(id: DeviceId) -> Self {
        Self {
            topology: Topology::on(id),
            ..Self::default()
        }
    }

    fn keys(&self) -> Vec<Option<SegmentId>> {
        self.index.segments.iter().map(|s| s.id).collect()
    }

    fn title(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        let mut row = Row::new(ink, buf, area, 0);
        for drawing in Drawing::ALL {
            let style = if drawing == self.drawing {
                ink.role(Role::TabActive)
            } else {
                ink.role(Role::Tab)
            };
            row.put(
                if drawing == self.drawing {
                    ink.g.cursor
                } else {
                    " "
                },
                ink.accent,
            )
            .put(drawing.title(), style)
            .gap(1);
        }
        row.gap(3);
        let sum = match self.drawing {
            Drawing::Topology => self.topology.sum(ink),
            Drawing::Segments => {
                crate::ui::widgets::counted(self.index.segments.len(), "segment", "segments")
            }
            Drawing::Ports => self
                .segments
                .at()
                .and_then(|id| self.index.segments.iter().find(|s| s.id == id))
                .map_or_else(String::new, |s| {
                    if s.vlan > 0 {
                        format!("{} vlan {}", s.name, s.vlan)
                    } else {
                        s.name.to_string()
                    }
                }),
        };
        row.put(sum, ink.dim);
    }

    fn draw_segments(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        if self.index.segments.is_empty() {
            let (headline, advice) = if ink.ctx.is_past() {
                (
                    "no segment was known yet",
                    "This is before the site file named one: go on from here.",
                )
            } else {
                (
                    "no segment is known yet",
                    "Name the segments in the site file: VLAN, subnets, whether they are clinical.",
                )
            };
            empty(ink, buf, area, headline, advice);
            return;
        }
        let at = self.segments.at();
        let tiles: Vec<Tile<'_>> = self
            .index
            .segments
            .iter()
            .map(|s| Tile {
                name: s.name.as_str(),
                vlan: s.vlan,
                groups: &s.groups,
                counts: s.counts,
                worst: s.worst,
                cut_off: s.cut_off(),
                out_bps: s.id.map(|_| s.out_bps),
                selected: at == Some(s.id),
                device: None,
            })
            .collect();
        let columns = tile_columns(area, &tiles);
        draw_tiles(ink, buf, area, &tiles, columns);
        self.columns = columns;
    }
}

impl View for Map {
    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        self.index.refresh(ctx.state);
        let keys = self.keys();
        self.segments.settle(&keys, keys.len());
        let body = margin(area);
        let gap = if body.height >= 24 { 2 } else { 1 };
        let rest = below(body, gap);
        match self.drawing {
            Drawing::Topology => self.topology.draw(ink, buf, rest, &self.index),
            Drawing::Segments => self.draw_segments(ink, buf, rest),
            Drawing::Ports => {
                let segment = self.segments.at().flatten();
                self.ports.draw(ink, buf, rest, &self.index, segment);
            }
        }
        self.title(ink, buf, body);
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        self.index.refresh(ctx.state);
        let keys = self.keys();
        self.segments.settle(&keys, keys.len());
        match action {
            "tab-next" | "map-next" => {
                self.drawing = self.drawing.step(1);
                return Outcome::Consumed;
            }
            "tab-prev" => {
                self.drawing = self.drawing.step(2);
                return Outcome::Consumed;
            }
            _ => {}
        }
        let outcome = match self.drawing {
            Drawing::Topology => self.topology.act(action, ctx, &self.index),
            Drawing::Ports => {
                let segment = self.segments.at().flatten();
                self.ports.act(action, ctx, &self.index, segment)
            }
            Drawing::Segments => self.act_segments(action, &keys),
        };
        match outcome {
            Outcome::Ignored => super::go(action, &self.selection(ctx), ctx),
            done => done,
        }
    }

    fn rest(&mut self) {
        self.index.rest();
    }

    fn crumb(&self, ctx: &Ctx<'_>) -> String {
        let name = match self.drawing {
            Drawing::Topology => self
                .topology
                .device()
                .and_then(|id| ctx.state.devices.get(&id))
                .map(|d| d.name.to_string()),
            Drawing::Segments | Drawing::Ports => self
                .segments
                .at()
                .flatten()
                .and_then(|id| ctx.state.segments.get(&id))
                .map(|s| s.name.to_string()),
        };
        match name {
            Some(name) => format!("Map{}{name}", ctx.glyphs.crumb),
            None => "Map".into(),
        }
    }

    fn selection(&self, _ctx: &Ctx<'_>) -> Selection {
        match self.drawing {
            Drawing::Topology => Selection {
                device: self.topology.device(),
                ..Selection::default()
            },
            Drawing::Segments => Selection {
                segment: self.segments.at().flatten(),
                ..Selection::default()
            },
            Drawing::Ports => {
                let port = self.ports.at();
                Selection {
                    device: port.and_then(|p| p.device.or(Some(p.switch))),
                    interface: port.filter(|p| p.device.is_none()).map(|p| p.port),
                    segment: self.segments.at().flatten(),
                    ..Selection::default()
                }
            }
        }
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        match self.drawing {
            Drawing::Topology => vec!["open", "tab-next", "fold", "next-problem", "run"],
            _ => vec!["open", "tab-next", "run"],
        }
    }
}

impl Map {
    fn act_segments(&mut self, action: &str, keys: &[Option<SegmentId>]) -> Outcome {
        let row = self.segments.row();
        let columns = self.columns.max(1);
        let to = match action {
            "cursor-left" => row.saturating_sub(1),
            "cursor-right" => row + 1,
            "cursor-up" => row.checked_sub(columns).unwrap_or(row),
            "cursor-down" => row + columns,
            "open" => {
                return match self.segments.at() {
                    Some(id) => Outcome::Open(Box::new(SegmentView::new(id))),
                    None => Outcome::Ignored,
                };
            }
            "next-problem" | "prev-problem" => {
                let sums = &self.index.segments;
                self.segments.seek(keys, action == "next-problem", |id| {
                    sums.iter()
                        .any(|s| s.id == id && (s.worst.is_some() || s.blind > 0))
                });
                return Outcome::Consumed;
            }
            other => {
                return if self.segments.act(other, keys) {
                    Outcome::Consumed
                } else {
                    Outcome::Ignored
                };
            }
        };
        if let Some(key) = keys.get(to.min(keys.len().saturating_sub(1))) {
            self.segments = List::on(*key);
        }
        Outcome::Consumed
    }
}
