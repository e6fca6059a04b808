//! One segment: its sums and its ward's number, its devices as a table, or its switch ports from left to right.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::devices::{DeviceList, Sort};
use super::index::Index;
use super::map::Ports;
use super::{below, margin};
use crate::model::{DeviceId, SegmentId, Seq};
use crate::ui::widgets::{Ink, Row, empty, rate, state_counts};
use crate::ui::{Ctx, Outcome, Place, Selection, View};

/// The view. `None` is the place of devices that are in no segment.
pub struct SegmentView {
    id: Option<SegmentId>,
    index: Index,
    list: DeviceList,
    ports: Ports,
    as_ports: bool,
    stamp: Option<(Seq, u64)>,
}

impl SegmentView {
    /// Of this segment.
    pub fn new(id: Option<SegmentId>) -> Self {
        Self {
            id,
            index: Index::default(),
            list: DeviceList::default(),
            ports: Ports::default(),
            as_ports: false,
            stamp: None,
        }
    }

    fn refresh(&mut self, ctx: &Ctx<'_>) {
        self.index.refresh(ctx.state);
        let stamp = Some((ctx.state.seq, ctx.state.revision));
        if self.stamp != stamp {
            self.stamp = stamp;
            let ids: Vec<DeviceId> = ctx
                .state
                .devices
                .values()
                .filter(|d| d.segment == self.id)
                .map(|d| d.id)
                .collect();
            self.list.scope(ids);
        }
    }

    fn head(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        let state = ink.ctx.state;
        let Some(sum) = self.index.segments.iter().find(|s| s.id == self.id) else {
            return;
        };
        let mut row = Row::new(ink, buf, area, 0);
        row.gap(1);
        row.right(
            if self.as_ports {
                "ports".to_string()
            } else {
                self.list.sorted()
            },
            ink.dim,
        )
        .keep(2);
        row.put(sum.name.as_str(), ink.strong);
        if sum.vlan > 0 {
            row.gap(1).put(format!("vlan {}", sum.vlan), ink.dim);
        }
        row.gap(3);
        state_counts(ink, &mut row, sum.counts);
        if let Some(segment) = self.id.and_then(|id| state.segments.get(&id)) {
            row.gap(3).put(
                format!("in {}  out {}", rate(segment.in_bps), rate(segment.out_bps)),
                ink.dim,
            );
        }
        let mut row = Row::new(ink, buf, area, 1);
        row.gap(1);
        if sum.blind > 0 {
            let (glyph, style) = ink.state(crate::model::DeviceState::Unknown);
            row.right(
                format!("{glyph} {} behind something that is down", sum.blind),
                style,
            )
            .keep(2);
        }
        let spec = state.site.segments.iter().find(|s| s.name == sum.name);
        if let Some(spec) = spec {
            if !spec.ward.is_empty() {
                row.put("ward", ink.dim)
                    .gap(1)
                    .put(spec.ward.as_str(), ink.text);
                let phone = state
                    .site
                    .wards
                    .iter()
                    .find(|w| w.name == spec.ward)
                    .map(|w| w.phone.as_str())
                    .filter(|p| !p.is_empty());
                row.gap(1)
                    .put(phone.unwrap_or("(no number in the site file)"), ink.strong);
                row.gap(3);
            }
            if spec.clinical {
                row.put("clinical", ink.dim).gap(3);
            }
            let nets: Vec<String> = spec.nets.iter().map(ToString::to_string).collect();
            row.put(nets.join(" "), ink.dim);
        }
    }
}

impl View for SegmentView {
    fn place(&self) -> Option<Place> {
        self.id.map(Place::Segment)
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        self.refresh(ctx);
        let body = margin(area);
        self.head(ink, buf, body);
        let rest = below(body, 3);
        self.list.refresh(ctx);
        if self.as_ports {
            self.ports.draw(ink, buf, rest, &self.index, self.id);
        } else if self.list.len(ctx).0 == 0 {
            let (headline, advice) = if self.list.len(ctx).1 > 0 {
                (
                    "no device here matches the filter",
                    "esc takes the filter away.",
                )
            } else if ctx.is_past() {
                (
                    "no device had been seen in this segment yet",
                    "This is before the first was: go on from here.",
                )
            } else {
                (
                    "no device was seen in this segment yet",
                    "Its switch and router tables are read every 15 minutes; devices appear as they are seen.",
                )
            };
            empty(ink, buf, rest, headline, advice);
        } else {
            self.list.draw(ink, buf, rest);
        }
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        self.refresh(ctx);
        match action {
            "tab-next" | "tab-prev" | "map-next" => {
                self.as_ports = !self.as_ports;
                Outcome::Consumed
            }
            _ => {
                let outcome = if self.as_ports {
                    self.ports.act(action, ctx, &self.index, self.id)
                } else {
                    self.list.act(action, ctx)
                };
                match outcome {
                    Outcome::Ignored => super::go(action, &self.selection(ctx), ctx),
                    done => done,
                }
            }
        }
    }

    fn unroll(&mut self, on: bool, ctx: &Ctx<'_>) -> usize {
        if self.as_ports {
            return 0;
        }
        self.list.unroll(on, ctx)
    }

    fn click(&mut self, at: Position) -> bool {
        !self.as_ports && self.list.click(at)
    }

    fn rest(&mut self) {
        self.index.rest();
        self.list.rest();
    }

    fn crumb(&self, ctx: &Ctx<'_>) -> String {
        self.id
            .and_then(|id| ctx.state.segments.get(&id))
            .map_or_else(|| "in no segment".to_string(), |s| s.name.to_string())
    }

    fn selection(&self, _ctx: &Ctx<'_>) -> Selection {
        Selection {
            device: if self.as_ports {
                self.ports.at().and_then(|at| at.device)
            } else {
                self.list.at()
            },
            devices: if self.as_ports {
                Vec::new()
            } else {
                self.list.chosen()
            },
            segment: self.id,
            ..Selection::default()
        }
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        if self.as_ports {
            vec!["open", "run", "tab-next"]
        } else {
            vec!["open", "run", "filter", "choose", "tab-next", "sort-next"]
        }
    }

    fn sorts(&self) -> &'static [&'static str] {
        if self.as_ports { &[] } else { &Sort::NAMES }
    }

    fn sort_by(&mut self, column: &str) -> bool {
        !self.as_ports && self.list.sort_by(column)
    }
}
