//! The network as a tree, seen from where the collector is: who is before whom, and what hangs where.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use crate::engine::State;
use crate::model::{DeviceClass, DeviceId, DeviceState, Link, LinkId, Severity};
use crate::ui::views::index::{Index, group_rows};
use crate::ui::widgets::ClassGroup;

/// One network device.
#[derive(Clone, Debug)]
pub struct Node {
    /// Which.
    pub id: DeviceId,
    /// The one before it, towards the collector.
    pub parent: Option<usize>,
    /// The cable to that one.
    pub uplink: Option<Link>,
    /// How many more cables lead to others: another path may lie there.
    pub others: Vec<LinkId>,
    /// Those behind it, in the order of their ids.
    pub children: Vec<usize>,
    /// Steps from the root.
    pub level: usize,
    /// What hangs on its ports, by class.
    pub cells: Vec<ClassGroup>,
    /// Its worst alert that is active.
    pub worst: Option<Severity>,
    /// How far from well, with all that hangs on it: 0 is well.
    pub bad: u8,
}

/// All of them. Several roots where parts are not connected as far as is known.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The nodes; a parent comes before its children.
    pub nodes: Vec<Node>,
    /// The first of each part, the collector's part first.
    pub roots: Vec<usize>,
    /// Where each is in `nodes`.
    pub place: BTreeMap<DeviceId, usize>,
}

fn carries(class: DeviceClass) -> bool {
    matches!(
        class,
        DeviceClass::Router
            | DeviceClass::Switch
            | DeviceClass::Firewall
            | DeviceClass::WirelessController
    )
}

impl Tree {
    /// Of a state.
    pub fn of(state: &State, index: &Index) -> Self {
        let mut links: BTreeMap<DeviceId, Vec<Link>> = BTreeMap::new();
        for link in state.links.values() {
            links.entry(link.id.0.device).or_default().push(*link);
            links.entry(link.id.1.device).or_default().push(*link);
        }
        let switches = index.attached.chunk_by(|a, b| a.0 == b.0);
        let mut members: BTreeSet<DeviceId> =
            switches.filter_map(<[_]>::first).map(|row| row.0).collect();
        for (id, cables) in &links {
            let class = state.devices.get(id).map(|d| d.class);
            // an access point or a server at the end of a cable is a cell, not a node
            if class.is_some_and(|c| carries(c) || cables.len() > 1) {
                members.insert(*id);
            }
        }
        members.retain(|id| state.devices.contains_key(id));
        let mut tree = Self::default();
        let mut rest = members.clone();
        if let Some(root) = collector(state, &rest) {
            tree.grow(root, &links, &mut rest);
        }
        for root in by_cables(state, &links, &rest) {
            if rest.contains(&root) {
                tree.grow(root, &links, &mut rest);
            }
        }
        for alert in state.alerts.values() {
            let at = alert.device.and_then(|id| tree.place.get(&id).copied());
            if alert.parent.is_some() || !alert.is_active() {
                continue;
            }
            if let Some(node) = at.and_then(|at| tree.nodes.get_mut(at)) {
                node.worst = node.worst.max(Some(alert.severity));
            }
        }
        // asked once for each station of the house
        let members: FxHashSet<DeviceId> = members.into_iter().collect();
        tree.hang(state, index, &links, &members);
        tree
    }

    fn grow(
        &mut self,
        root: DeviceId,
        links: &BTreeMap<DeviceId, Vec<Link>>,
        rest: &mut BTreeSet<DeviceId>,
    ) {
        rest.remove(&root);
        let at = self.push(root, None, None);
        self.roots.push(at);
        let mut queue = std::collections::VecDeque::from([at]);
        while let Some(at) = queue.pop_front() {
            let Some(id) = self.nodes.get(at).map(|n| n.id) else {
                continue;
            };
            let mut cables = links.get(&id).cloned().unwrap_or_default();
            // a cable that is up is the path; one that is lost is only where nothing else leads there
            cables.sort_by_key(|l| (l.up == Some(false), l.id.other(id).device));
            for link in cables {
                let other = link.id.other(id).device;
                if rest.remove(&other) {
                    let child = self.push(other, Some(at), Some(link));
                    if let Some(node) = self.nodes.get_mut(at) {
                        node.children.push(child);
                    }
                    queue.push_back(child);
                }
            }
        }
    }

    fn push(&mut self, id: DeviceId, parent: Option<usize>, uplink: Option<Link>) -> usize {
        let at = self.nodes.len();
        let level = parent
            .and_then(|p| self.nodes.get(p))
            .map_or(0, |p| p.level + 1);
        self.nodes.push(Node {
            id,
            parent,
            uplink,
            others: Vec::new(),
            children: Vec::new(),
            level,
            cells: Vec::new(),
            worst: None,
            bad: 0,
        });
        self.place.insert(id, at);
        at
    }

    /// Hangs endpoints on the nodes, notes further cables, and sums how far from well each is.
    fn hang(
        &mut self,
        state: &State,
        index: &Index,
        links: &BTreeMap<DeviceId, Vec<Link>>,
        members: &FxHashSet<DeviceId>,
    ) {
        for at in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            let id = node.id;
            let cables = links.get(&id).map_or(&[][..], Vec::as_slice);
            let ends = cables
                .iter()
                .map(|l| l.id.other(id).device)
                .filter(|other| !members.contains(other))
                .filter_map(|other| state.devices.get(&other))
                .map(|d| (d.class, d.id, d.state));
            let stations = index
                .on_switch(id)
                .iter()
                .filter(|row| !members.contains(&row.2))
                .map(|row| (row.3, row.2, row.4));
            let cells = group_rows(stations.chain(ends));
            let parent = node.parent.and_then(|p| self.nodes.get(p)).map(|p| p.id);
            let children: BTreeSet<DeviceId> = node
                .children
                .iter()
                .filter_map(|c| self.nodes.get(*c))
                .map(|c| c.id)
                .collect();
            let others: Vec<LinkId> = cables
                .iter()
                .filter(|l| {
                    let other = l.id.other(id).device;
                    members.contains(&other)
                        && (Some(other) != parent || node.uplink.is_some_and(|u| u.id != l.id))
                        && !children.contains(&other)
                })
                .map(|l| l.id)
                .collect();
            let own = match state.devices.get(&id).map(|d| d.state) {
                Some(DeviceState::Down) => 6,
                Some(DeviceState::Degraded) => 3,
                Some(DeviceState::Unknown) => 2,
                _ => 0,
            };
            let alert = match node.worst {
                Some(Severity::Critical) => 7,
                Some(Severity::Major) => 5,
                Some(Severity::Minor) => 3,
                _ => 0,
            };
            let [_, degraded, down, unknown] = cells.iter().fold([0u32; 4], |mut sum, g| {
                for (all, n) in sum.iter_mut().zip(g.counts) {
                    *all += n;
                }
                sum
            });
            let hanging = if down > 0 {
                4
            } else if degraded > 0 {
                2
            } else {
                u8::from(unknown > 0)
            };
            if let Some(node) = self.nodes.get_mut(at) {
                node.cells = cells;
                node.others = others;
                node.bad = own.max(alert).max(hanging);
            }
        }
    }
}

/// The collector's device, or the switch it hangs on, where it is among them.
fn collector(state: &State, rest: &BTreeSet<DeviceId>) -> Option<DeviceId> {
    let id = state.collector_at()?;
    if rest.contains(&id) {
        return Some(id);
    }
    let at = state.devices.get(&id).and_then(|d| d.attached)?;
    Some(at.switch).filter(|switch| rest.contains(switch))
}

/// The one with most cables first, routers before switches.
fn by_cables(
    state: &State,
    links: &BTreeMap<DeviceId, Vec<Link>>,
    rest: &BTreeSet<DeviceId>,
) -> Vec<DeviceId> {
    let router = |id| {
        let device = state.devices.get(&id);
        device.is_some_and(|d| d.class == DeviceClass::Router)
    };
    let mut all: Vec<_> = rest
        .iter()
        .map(|id| {
            let cables = links.get(id).map_or(0, Vec::len);
            (Reverse((cables, router(*id))), *id)
        })
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, id)| id).collect()
}
