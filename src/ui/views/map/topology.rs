//! The first drawing: who is cabled to whom, from the collector outwards, and what hangs at the ends.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::layout::{Layout, Placed, Spot, lay};
use super::tree::{Node, Tree};
use crate::model::{DeviceId, DeviceState, FactKey, Interface, Link, LinkId, RateState, Severity};
use crate::ui::views::index::Index;
use crate::ui::views::{below, devices::Devices, phone, words};
use crate::ui::widgets::{
    Frame, Ink, Row, counted, draw_cells, empty, frame, load, percent, rate, state_counts, width,
};
use crate::ui::{Ctx, Outcome, Role};

/// The drawing with its cursor and its folds.
#[derive(Default)]
pub struct Topology {
    tree: Tree,
    layout: Layout,
    stamp: Option<(crate::model::Seq, u64)>,
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
        let stamp = Some((ctx.state.seq, ctx.state.revision));
        if self.stamp != stamp {
            self.stamp = stamp;
            self.tree = Tree::of(ctx.state, index);
        }
    }

    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, index: &Index) {
        self.refresh(ink.ctx, index);
        if self.tree.nodes.is_empty() {
            empty(
                ink,
                buf,
                area,
                "no switch is known yet",
                "Switches come from the site file and from LLDP and CDP tables, which are read every 15 minutes once a switch \
                 answers SNMP.",
            );
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
        self.layout = lay(&self.tree, graph.width, slot, depth, &self.folded);
        self.settle_at();
        draw_graph(
            ink,
            buf,
            graph,
            &self.tree,
            &self.layout,
            size,
            slot,
            self.at,
        );
        if pane > 0 {
            let pane = Rect::new(area.x, area.bottom() - pane + 1, area.width, pane - 1);
            self.details(ink, buf, pane);
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
                if let Some(Spot::Node(id) | Spot::Fold(id)) = self.at {
                    if !self.folded.remove(&id) {
                        self.folded.insert(id);
                    }
                }
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

    fn details(&self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        let state = ink.ctx.state;
        let Some(at) = self.at else {
            return;
        };
        let (Spot::Node(id) | Spot::Fold(id)) = at;
        let (Some(node), Some(device)) = (
            self.tree
                .place
                .get(&id)
                .and_then(|at| self.tree.nodes.get(*at)),
            state.devices.get(&id),
        ) else {
            return;
        };
        if matches!(at, Spot::Fold(_)) {
            Row::new(ink, buf, area, 0)
                .put("folded behind ", ink.dim)
                .put(device.name.as_str(), ink.strong)
                .gap(2)
                .put("enter lists them", ink.dim);
            return;
        }
        let (glyph, style) = ink.state(device.state);
        let mut row = Row::new(ink, buf, area, 0);
        row.put(glyph, style)
            .gap(1)
            .put(device.name.as_str(), ink.strong)
            .gap(2);
        let calm = device.state == DeviceState::Up;
        row.put(
            crate::ui::views::device::state_words(ink, device),
            if calm { ink.dim } else { style },
        )
        .gap(2);
        let mut is = vec![words::kind(device.class).to_string()];
        for key in [
            FactKey::Location,
            FactKey::Vendor,
            FactKey::Model,
            FactKey::Firmware,
            FactKey::Serial,
        ] {
            let value = device.fact_str(key);
            if !value.is_empty() {
                is.push(value.to_string());
            }
        }
        row.put(is.join(&ink.between()), ink.text);
        let mut row = Row::new(ink, buf, area, 1);
        row.put("behind it ", ink.dim);
        let (text, style) = self.behind(ink, node);
        row.put(text, style);
        let mut row = Row::new(ink, buf, area, 2);
        row.put("path      ", ink.dim);
        let (text, style) = self.path(ink, node);
        row.put(text, style);
        let mut row = Row::new(ink, buf, area, 3);
        let ring: Vec<String> = phone::lines(ink, Some(device), None)
            .into_iter()
            .map(|fact| format!("{} {}", fact.label, fact.value).trim().to_string())
            .collect();
        row.put("ring      ", ink.dim)
            .put(ring.join(&ink.between()), ink.text);
        Row::new(ink, buf, area, 4).put("seen      ", ink.dim).put(
            format!("last {} ago", ink.age_words(device.last_seen)),
            ink.dim,
        );
    }

    /// Whom a fault of this node touches.
    fn behind(&self, ink: &Ink<'_>, node: &Node) -> (String, Style) {
        let mut sums: std::collections::BTreeMap<crate::model::DeviceClass, [u32; 4]> =
            std::collections::BTreeMap::new();
        let mut stack = vec![node];
        let mut switches = 0usize;
        while let Some(n) = stack.pop() {
            for group in &n.cells {
                let sum = sums.entry(group.class).or_default();
                for (all, n) in sum.iter_mut().zip(group.counts) {
                    *all += n;
                }
            }
            for child in n.children.iter().filter_map(|c| self.tree.nodes.get(*c)) {
                switches += 1;
                stack.push(child);
            }
        }
        let by_class: Vec<_> = sums
            .iter()
            .map(|(class, counts)| (*class, counts.iter().sum::<u32>()))
            .collect();
        let mut text = words::classes(&by_class, 4);
        if switches > 0 {
            let more = counted(switches, "network device", "network devices");
            text = if text.is_empty() {
                more
            } else {
                format!("{text}, {more}")
            };
        }
        if text.is_empty() {
            return ("nothing seen on its ports yet".into(), ink.dim);
        }
        let unknown: u32 = sums.values().map(|c| c[3]).sum();
        if unknown > 0 {
            text = format!("{text}{}{unknown} not to be judged", ink.between());
        }
        (text, ink.text)
    }

    /// Its way to the collector, and whether there is another.
    fn path(&self, ink: &Ink<'_>, node: &Node) -> (String, Style) {
        let state = ink.ctx.state;
        let name = |id: DeviceId| state.devices.get(&id).map_or("", |d| d.name.as_str());
        let Some(link) = node.uplink else {
            let text = if self
                .tree
                .roots
                .first()
                .and_then(|r| self.tree.nodes.get(*r))
                .map(|n| n.id)
                == Some(node.id)
            {
                "the collector is here"
            } else {
                "no cable towards the collector is known"
            };
            return (text.into(), ink.dim);
        };
        let up = link.id.other(node.id).device;
        let mut text = uplink_words(ink, node.id, &link);
        let others: Vec<&str> = node
            .others
            .iter()
            .map(|l| name(l.other(node.id).device))
            .collect();
        if others.is_empty() {
            text = format!("{text}{}single path: {} only", ink.between(), name(up));
            let style = if node.bad > 0 {
                ink.severity(Severity::Minor)
            } else {
                ink.text
            };
            return (text, style);
        }
        text = format!(
            "{text}{}also cabled to {}",
            ink.between(),
            others.join(", ")
        );
        (text, ink.text)
    }
}

/// `uplink Te1/1/1 to dist-a Gi1/0/14, 4.1 of 10 Gb/s`
fn uplink_words(ink: &Ink<'_>, from: DeviceId, link: &Link) -> String {
    let state = ink.ctx.state;
    let other = link.id.other(from);
    let own = if link.id.0.device == from {
        link.id.0
    } else {
        link.id.1
    };
    let port = |id: DeviceId, port: Option<crate::model::IfIndex>| {
        state
            .devices
            .get(&id)
            .zip(port)
            .and_then(|(d, p)| d.interfaces.get(&p))
            .map_or_else(String::new, |i| format!(" {}", i.name))
    };
    let name = state
        .devices
        .get(&other.device)
        .map_or("", |d| d.name.as_str());
    let mut text = format!(
        "uplink{} to {name}{}",
        port(from, own.port),
        port(other.device, other.port)
    );
    match (link.up, load_of(ink, link.id)) {
        (Some(false), _) => text = format!("{text}, lost {}", ink.clock(link.since)),
        (_, Some((bps, speed))) => text = format!("{text}, {}", load(bps, speed)),
        _ => {}
    }
    text
}

/// The greater of both directions and the speed, from whichever end knows them.
fn load_of(ink: &Ink<'_>, id: LinkId) -> Option<(u64, u64)> {
    [id.0, id.1]
        .into_iter()
        .filter_map(|end| {
            let port: &Interface = ink
                .ctx
                .state
                .devices
                .get(&end.device)?
                .interfaces
                .get(&end.port?)?;
            (port.rate == RateState::Known)
                .then(|| (port.traffic.in_bps.max(port.traffic.out_bps), port.speed))
        })
        .max()
}

/// How a cable is drawn: its glyph, its style, and what may stand beside it, the longest first.
struct Cable {
    v: &'static str,
    style: Style,
    labels: Vec<String>,
    lost: bool,
    loud: bool,
}

fn cable(ink: &Ink<'_>, link: Option<&Link>) -> Cable {
    let calm = |style| Cable {
        v: ink.g.v,
        style,
        labels: Vec::new(),
        lost: false,
        loud: false,
    };
    let Some(link) = link else {
        return calm(ink.faint);
    };
    if link.up == Some(false) {
        return Cable {
            v: ink.g.v_broken,
            style: ink.role(Role::LinkDown),
            labels: vec![format!("lost {}", ink.clock(link.since)), "lost".into()],
            lost: true,
            loud: true,
        };
    }
    let Some((bps, speed)) = load_of(ink, link.id) else {
        return calm(ink.role(Role::LinkUp));
    };
    let part = percent(bps, speed);
    let (v, role) = match part {
        90.. => (ink.g.v_double, Role::LinkSaturated),
        40..90 => (ink.g.v_thick, Role::LinkBusy),
        _ => (ink.g.v, Role::LinkUp),
    };
    // what is nearly idle says nothing
    let labels = if part >= 5 {
        vec![load(bps, speed), rate(bps), format!("{part} %")]
    } else {
        Vec::new()
    };
    Cable {
        v,
        style: ink.role(role),
        labels,
        lost: false,
        loud: part >= 90,
    }
}

fn draw_graph(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    tree: &Tree,
    layout: &Layout,
    (tall, wire): (u16, u16),
    slot: u16,
    cursor: Option<Spot>,
) {
    let box_width = slot.saturating_sub(1);
    let top = |level: usize| -> u16 {
        u16::try_from(level)
            .unwrap_or(u16::MAX)
            .saturating_mul(tall + wire)
    };
    for (at, p) in layout.placed.iter().enumerate() {
        let children: Vec<&Placed> = layout
            .placed
            .iter()
            .filter(|c| c.parent == Some(at))
            .collect();
        if !children.is_empty() {
            draw_wires(
                ink,
                buf,
                area,
                tree,
                p,
                &children,
                top(p.level) + tall,
                wire,
            );
        }
    }
    for p in &layout.placed {
        let y = top(p.level);
        let x = p.centre().saturating_sub(box_width / 2);
        let place = Rect::new(
            area.x.saturating_add(x),
            area.y.saturating_add(y),
            box_width,
            tall,
        )
        .intersection(area);
        let Some(node) = tree.nodes.get(p.node) else {
            continue;
        };
        if let Spot::Fold(_) = p.spot {
            draw_fold(ink, buf, place, tree, layout, p, cursor == Some(p.spot));
            continue;
        }
        draw_box(
            ink,
            buf,
            place,
            node,
            layout,
            p,
            tall,
            cursor == Some(p.spot),
        );
        if !p.inner {
            let under = Rect::new(
                place.x.saturating_add(1),
                area.y.saturating_add(y + tall),
                box_width.saturating_sub(1),
                area.height.saturating_sub(y + tall),
            )
            .intersection(area);
            draw_cells(ink, buf, under, &node.cells, 3, None);
        }
    }
}

fn draw_wires(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    tree: &Tree,
    parent: &Placed,
    children: &[&Placed],
    y: u16,
    wire: u16,
) {
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
            Spot::Node(_) => cable(ink, tree.nodes.get(c.node).and_then(|n| n.uplink.as_ref())),
        })
        .collect();
    let line = ink.role(Role::LinkUp);
    // from the box down to the bar, where there is a row for it
    let bar = y + wire.saturating_sub(2);
    for row in y..bar {
        Row::new(ink, buf, area, row).at(px).put(ink.g.v, line);
    }
    for x in left..=right {
        let child = ends.iter().position(|e| *e == x);
        let glyph = joint(ink, x == px, child.is_some(), x > left, x < right);
        let lost = child.is_some_and(|c| cables.get(c).is_some_and(|c| c.lost));
        let style = match child.and_then(|c| cables.get(c)) {
            Some(c) if lost => c.style,
            _ => line,
        };
        Row::new(ink, buf, area, bar).at(x).put(glyph, style);
    }
    if let ([only], [one]) = (ends.as_slice(), cables.as_slice()) {
        if *only == px {
            Row::new(ink, buf, area, bar).at(px).put(one.v, one.style);
        }
    }
    for ((x, cable), child) in ends.iter().zip(&cables).zip(children) {
        let mut row = Row::new(ink, buf, area, bar + 1);
        row.at(*x).put(cable.v, cable.style).gap(1);
        // the label stays in its own place, so that it never touches the neighbour's
        let room = (child.columns / 2).saturating_sub(3).max(10);
        if let Some(label) = cable.labels.iter().find(|l| width(l) <= room) {
            let style = if cable.loud { cable.style } else { ink.dim };
            row.put_whole(label, style);
        }
    }
}

/// The glyph where lines meet.
fn joint(ink: &Ink<'_>, up: bool, down: bool, left: bool, right: bool) -> &'static str {
    let g = ink.g;
    match (up, down, left, right) {
        (true, true, true, true) => g.cross,
        (true, true, true, false) => g.v_left,
        (true, true, false, true) => g.v_right,
        (true, true, false, false) => g.v,
        (true, false, true, true) => g.h_up,
        (true, false, true, false) => g.up_left,
        (true, false, false, true) => g.up_right,
        (false, true, true, true) => g.h_down,
        (false, true, true, false) => g.down_left,
        (false, true, false, true) => g.down_right,
        (true, false, false, false) | (false, true, false, false) => g.v,
        (false, false, _, _) => g.h,
    }
}

fn draw_box(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    place: Rect,
    node: &Node,
    layout: &Layout,
    p: &Placed,
    tall: u16,
    selected: bool,
) {
    let Some(device) = ink.ctx.state.devices.get(&node.id) else {
        return;
    };
    let (glyph, state_style) = ink.state(device.state);
    let calm = device.state == DeviceState::Up;
    let name_style = match device.state {
        DeviceState::Down => state_style,
        _ => ink.strong,
    };
    let name_style = if selected {
        name_style.patch(ink.selected)
    } else {
        name_style
    };
    // an alert is said by its sign where the state is not already louder
    let (sign, sign_style) = match node.worst {
        Some(severity) if calm && severity > Severity::Info => {
            (ink.g.severity(severity), ink.severity(severity))
        }
        _ if calm => (" ", state_style),
        _ => (glyph, state_style),
    };
    let hidden = layout.folded.get(&p.node).map_or(0, Vec::len);
    if tall < 3 {
        let mut row = Row::new(ink, buf, place, 0);
        let text = device.name.as_str();
        let pad = place.width.saturating_sub(width(text).saturating_add(2)) / 2;
        row.gap(pad)
            .put(if selected { ink.g.cursor } else { " " }, ink.accent)
            .put(text, name_style)
            .gap(1)
            .put(sign, sign_style);
        if hidden > 0 && !p.inner {
            row.put(format!("{}{hidden}", ink.g.folded), ink.dim);
        }
        return;
    }
    let border = if selected {
        ink.role(Role::BorderFocus)
    } else if device.state == DeviceState::Down {
        ink.role(Role::BorderAlert)
    } else {
        ink.ctx
            .theme
            .border(node.worst.filter(|s| *s > Severity::Info))
    };
    let inside = frame(
        ink,
        buf,
        place,
        Frame {
            style: border,
            closed: true,
        },
    );
    let mut row = Row::new(ink, buf, inside, 0);
    if sign != " " {
        row.right(sign, sign_style);
    }
    if tall < 4 && hidden > 0 && !p.inner {
        row.right(format!("{}{hidden}", ink.g.folded), ink.dim);
    }
    row.put(device.name.as_str(), name_style);
    if selected {
        Row::new(ink, buf, place, 1).put(ink.g.cursor, ink.accent);
    }
    if tall < 4 {
        return;
    }
    let mut row = Row::new(ink, buf, inside, 1);
    if device.state == DeviceState::Down {
        row.put(
            format!("silent {}", ink.age_words(device.state_since)),
            ink.text,
        );
    } else if hidden > 0 && !p.inner {
        row.put(format!("{hidden} folded"), ink.dim);
    } else if p.inner && !node.cells.is_empty() {
        let counts = node.cells.iter().fold([0u32; 4], |mut sum, g| {
            for (all, n) in sum.iter_mut().zip(g.counts) {
                *all += n;
            }
            sum
        });
        state_counts(ink, &mut row, counts);
    } else {
        let used = device.interfaces.values().filter(|i| i.is_up()).count();
        let all = device.interfaces.len();
        let text = if all > 0 {
            format!("{used} of {all} up")
        } else {
            words::kind(device.class).to_string()
        };
        row.put(text, ink.dim);
    }
}

fn draw_fold(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    place: Rect,
    tree: &Tree,
    layout: &Layout,
    p: &Placed,
    selected: bool,
) {
    let hidden = layout.folded.get(&p.node).map_or(&[][..], Vec::as_slice);
    let ill = hidden
        .iter()
        .filter_map(|at| tree.nodes.get(*at))
        .filter(|n| n.bad > 0)
        .count();
    let style = if selected {
        ink.text.patch(ink.selected)
    } else {
        ink.dim
    };
    let middle = u16::from(place.height >= 3);
    Row::new(ink, buf, place, middle)
        .put(
            if selected { ink.g.cursor } else { ink.g.folded },
            ink.accent,
        )
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
