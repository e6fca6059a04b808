//! The first drawing: who is cabled to whom, from the collector outwards, and what hangs at the ends.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::graph::Graph;
use super::layout::{Layout, Spot, lay};
use super::pane;
use super::tree::Tree;
use crate::model::DeviceId;
use crate::ui::views::devices::Devices;
use crate::ui::views::index::Index;
use crate::ui::widgets::{Ink, counted, empty};
use crate::ui::{Ctx, Outcome};

/// The state that the tree was made of.
type Stamp = Option<(u64, usize)>;

/// The drawing with its cursor and its folds.
#[derive(Default)]
pub struct Topology {
    tree: Tree,
    layout: Layout,
    stamp: Stamp,
    /// What the layout was made for: the state, width, place, depth, folds.
    made: Option<(Stamp, u16, u16, usize, usize)>,
    at: Option<Spot>,
    folded: BTreeSet<DeviceId>,
}

/// How tall the parts are, from the roomiest to the tightest: rows of a box and of its cable, and the rows of cells that must
/// be left at the end.
const SIZES: [((u16, u16), u16); 6] = [
    ((4, 3), 3),
    ((4, 2), 3),
    ((3, 2), 2),
    ((3, 2), 1),
    ((1, 2), 3),
    ((1, 2), 0),
];

impl Topology {
    /// With the cursor on a device.
    pub fn on(id: DeviceId) -> Self {
        Self {
            at: Some(Spot::Node(id)),
            ..Self::default()
        }
    }

    /// The device under the cursor.
    pub fn device(&self) -> Option<DeviceId> {
        match self.at {
            Some(Spot::Node(id)) => Some(id),
            _ => None,
        }
    }

    /// What the title says beside the tabs.
    pub fn sum(&self, ink: &Ink<'_>) -> String {
        let folded: usize = self.layout.folded.values().map(Vec::len).sum();
        let mut parts = vec![counted(
            self.tree.nodes.len(),
            "network device",
            "network devices",
        )];
        if self.layout.levels > 1 {
            parts.push(format!("depth {}", self.layout.levels));
        }
        if folded > 0 {
            parts.push(format!("{folded} folded"));
        }
        if self.tree.roots.len() > 1 {
            parts.push(format!("{} parts not connected", self.tree.roots.len()));
        }
        parts.join(&ink.between())
    }

    fn refresh(&mut self, ctx: &Ctx<'_>, index: &Index) {
        let stamp = Some((ctx.state.inventory_revision, ctx.state.devices.len()));
        if self.stamp != stamp {
            self.stamp = stamp;
            self.tree = Tree::of(ctx.state, index);
        }
    }

    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, index: &Index) {
        self.refresh(ink.ctx, index);
        if self.tree.nodes.is_empty() {
            let (headline, advice) = if ink.ctx.is_past() {
                (
                    "no switch was known yet",
                    "This is before the first was: go on from here.",
                )
            } else {
                (
                    "no switch is known yet",
                    "Switches come from the site file and from LLDP and CDP tables, which are read every 15 minutes once a \
                     switch answers SNMP.",
                )
            };
            empty(ink, buf, area, headline, advice);
            return;
        }
        let pane = if area.height >= 26 {
            6
        } else if area.height >= 16 {
            4
        } else if area.height >= 10 {
            2
        } else {
            0
        };
        let graph = Rect::new(area.x, area.y, area.width, area.height - pane);
        let slot = match area.width {
            0..60 => 13,
            60..110 => 15,
            110..170 => 18,
            _ => 20,
        };
        self.settle_at();
        let deepest = self
            .tree
            .nodes
            .iter()
            .map(|n| n.level + 1)
            .max()
            .unwrap_or(1);
        let fits = |levels: usize, (tall, cable): (u16, u16), cells: u16| {
            let levels = u16::try_from(levels).unwrap_or(u16::MAX);
            levels
                .saturating_mul(tall)
                .saturating_add(levels.saturating_sub(1).saturating_mul(cable))
                .saturating_add(cells)
                <= graph.height
        };
        let mut depth = deepest;
        let size = loop {
            let found = SIZES
                .into_iter()
                .find(|(size, cells)| fits(depth, *size, *cells))
                .map(|(size, _)| size);
            match found {
                Some(size) => break size,
                None if depth > 1 => depth -= 1,
                None => break (1, 1),
            }
        };
        let made = (self.stamp, graph.width, slot, depth, self.folded.len());
        if self.made.as_ref() != Some(&made) {
            self.layout = lay(&self.tree, graph.width, slot, depth, &self.folded);
            self.made = Some(made);
        }
        self.settle_at();
        Graph {
            ink,
            area: graph,
            tree: &self.tree,
            layout: &self.layout,
            size,
            slot,
            cursor: self.at,
        }
        .draw(buf);
        if pane > 0 {
            let place = Rect::new(area.x, area.bottom() - pane + 1, area.width, pane - 1);
            if let Some(at) = self.at {
                pane::draw(ink, buf, place, &self.tree, at);
            }
        }
    }

    /// The cursor stands on something that is shown; if not, on what it is folded into, or on the worst.
    fn settle_at(&mut self) {
        let shown = |spot: Spot, layout: &Layout| layout.placed.iter().any(|p| p.spot == spot);
        if self.layout.placed.is_empty() || self.at.is_some_and(|at| shown(at, &self.layout)) {
            return;
        }
        let mut node = match self.at {
            Some(Spot::Node(id) | Spot::Fold(id)) => self.tree.place.get(&id).copied(),
            None => None,
        };
        while let Some(at) = node {
            let Some(n) = self.tree.nodes.get(at) else {
                break;
            };
            for spot in [Spot::Node(n.id), Spot::Fold(n.id)] {
                if shown(spot, &self.layout) {
                    self.at = Some(spot);
                    return;
                }
            }
            node = n.parent;
        }
        self.at = self
            .layout
            .placed
            .iter()
            .filter(|p| matches!(p.spot, Spot::Node(_)))
            .max_by_key(|p| {
                let bad = self.tree.nodes.get(p.node).map_or(0, |n| n.bad);
                (bad, std::cmp::Reverse(p.node))
            })
            .map(|p| p.spot);
    }

    /// Arrows along the cables, `open`, `fold`.
    pub fn act(&mut self, action: &str, ctx: &Ctx<'_>, index: &Index) -> Outcome {
        self.refresh(ctx, index);
        let at = self
            .layout
            .placed
            .iter()
            .position(|p| Some(p.spot) == self.at);
        let Some(at) = at else {
            self.settle_at();
            return Outcome::Consumed;
        };
        let to = match action {
            "cursor-up" => self.layout.placed.get(at).and_then(|p| p.parent),
            "cursor-down" => self.child(at),
            "cursor-left" => self.beside(at, false),
            "cursor-right" => self.beside(at, true),
            "top" => Some(0),
            "next-problem" | "prev-problem" => self.problem(at, action == "next-problem"),
            "open" => return self.open(ctx),
            "fold" => {
                if let Some(Spot::Node(id) | Spot::Fold(id)) = self.at
                    && !self.folded.remove(&id)
                {
                    self.folded.insert(id);
                }
                self.made = None;
                return Outcome::Consumed;
            }
            _ => return Outcome::Ignored,
        };
        if let Some(p) = to.and_then(|to| self.layout.placed.get(to)) {
            self.at = Some(p.spot);
        }
        Outcome::Consumed
    }

    fn child(&self, at: usize) -> Option<usize> {
        let centre = self.layout.placed.get(at)?.centre();
        (0..self.layout.placed.len())
            .filter(|to| self.layout.placed.get(*to).and_then(|p| p.parent) == Some(at))
            .min_by_key(|to| {
                self.layout
                    .placed
                    .get(*to)
                    .map_or(u16::MAX, |p| p.centre().abs_diff(centre))
            })
    }

    fn beside(&self, at: usize, right: bool) -> Option<usize> {
        let own = self.layout.placed.get(at)?;
        (0..self.layout.placed.len())
            .filter(|to| {
                self.layout.placed.get(*to).is_some_and(|p| {
                    p.level == own.level && if right { p.x > own.x } else { p.x < own.x }
                })
            })
            .min_by_key(|to| {
                self.layout
                    .placed
                    .get(*to)
                    .map_or(u16::MAX, |p| p.x.abs_diff(own.x))
            })
    }

    fn problem(&self, at: usize, on: bool) -> Option<usize> {
        let n = self.layout.placed.len();
        (1..n)
            .map(|by| if on { (at + by) % n } else { (at + n - by) % n })
            .find(|to| {
                self.layout
                    .placed
                    .get(*to)
                    .and_then(|p| self.tree.nodes.get(p.node))
                    .is_some_and(|node| node.bad > 1)
            })
    }

    fn open(&self, ctx: &Ctx<'_>) -> Outcome {
        match self.at {
            Some(Spot::Node(id)) => Outcome::Open(crate::ui::views::device(id)),
            Some(Spot::Fold(id)) => {
                let hidden = self
                    .tree
                    .place
                    .get(&id)
                    .and_then(|at| self.layout.folded.get(at))
                    .map_or(&[][..], Vec::as_slice);
                let ids: Vec<DeviceId> = hidden
                    .iter()
                    .filter_map(|at| self.tree.nodes.get(*at))
                    .map(|n| n.id)
                    .collect();
                let name = ctx.state.devices.get(&id).map_or("", |d| d.name.as_str());
                let title = format!(
                    "{} folded behind {name}",
                    counted(ids.len(), "device", "devices")
                );
                Outcome::Open(Box::new(Devices::of(ids, title)))
            }
            None => Outcome::Ignored,
        }
    }
}
