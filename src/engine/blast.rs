//! Who is behind whom: paths from the collector's cable over the links between network devices.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{DeviceId, LinkId};

use super::state::State;

/// The network as nodes and edges, each edge with whether its cable is known to be down.
pub(super) type Graph = BTreeMap<DeviceId, Vec<(DeviceId, bool)>>;

/// The graph, and how many steps each node is from the collector's cable. Kept until a cable changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Topology {
    pub graph: Graph,
    pub steps: BTreeMap<DeviceId, u32>,
    pub root: Option<DeviceId>,
}

impl State {
    pub(super) fn topology(&self) -> Arc<Topology> {
        match &self.memory.topology {
            Some(kept) => Arc::clone(kept),
            None => Arc::new(self.build_topology()),
        }
    }

    pub(super) fn build_topology(&self) -> Topology {
        let root = self.collector_at();
        let graph = self.graph();
        let steps = root.map_or_else(BTreeMap::new, |r| distances(&graph, r));
        Topology { graph, steps, root }
    }

    /// Network devices and what they are cabled to. A network device that no link names hangs where a forwarding table
    /// showed it.
    fn graph(&self) -> Graph {
        let linked: BTreeSet<DeviceId> = self
            .links
            .keys()
            .flat_map(|LinkId(a, b)| [a.device, b.device])
            .collect();
        let mut graph = Graph::new();
        let mut join = |a: DeviceId, b: DeviceId, down: bool| {
            graph.entry(a).or_default().push((b, down));
            graph.entry(b).or_default().push((a, down));
        };
        for (LinkId(a, b), link) in &self.links {
            join(a.device, b.device, link.up == Some(false));
        }
        for (switch, _, device) in &self.memory.hang {
            let is_node = self
                .devices
                .get(device)
                .is_some_and(|d| d.class.is_network());
            if is_node && !linked.contains(device) {
                graph.entry(*switch).or_default().push((*device, false));
                graph.entry(*device).or_default().push((*switch, false));
            }
        }
        graph
    }

    /// Every device that would be cut off if this one died, by id: network devices that no other path leads to, and what
    /// hangs on their ports and on its own.
    pub fn behind(&self, device: DeviceId) -> Vec<DeviceId> {
        let mut out: BTreeSet<DeviceId> = self.on_switch(device).map(|(_, d)| d).collect();
        let topology = self.topology();
        let graph = &topology.graph;
        if let Some(root) = topology.root {
            let whole = reach(graph, root, |_| false);
            let without = reach(graph, root, |d| d == device);
            for node in whole.difference(&without).filter(|n| **n != device) {
                out.insert(*node);
                out.extend(self.on_switch(*node).map(|(_, d)| d));
            }
        }
        out.remove(&device);
        out.into_iter().collect()
    }

    /// The neighbours of a device that are one step nearer to the collector; empty where the topology does not say.
    pub fn before(&self, device: DeviceId) -> Vec<DeviceId> {
        let topology = self.topology();
        if !topology.graph.contains_key(&device) {
            let attached = self.devices.get(&device).and_then(|d| d.attached);
            return attached.map(|a| a.switch).into_iter().collect();
        }
        let steps = &topology.steps;
        let Some(mine) = steps.get(&device) else {
            return Vec::new();
        };
        let mut out: Vec<DeviceId> = topology
            .graph
            .get(&device)
            .into_iter()
            .flatten()
            .map(|(n, _)| *n)
            .filter(|n| steps.get(n).is_some_and(|s| s < mine))
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Which network devices no living path leads to, each with the dead device to blame: the first dead one on the way.
    /// A dead device that a living path leads to is not in it: it is a root cause itself.
    pub(super) fn cut_off(&self) -> BTreeMap<DeviceId, DeviceId> {
        let mut cut = BTreeMap::new();
        let topology = self.topology();
        let graph = &topology.graph;
        let (Some(root), false) = (topology.root, self.memory.dead.is_empty()) else {
            return cut;
        };
        let whole = reach(graph, root, |_| false);
        let dead = |d: DeviceId| self.memory.dead.contains(&d);
        let mut alive = BTreeSet::new();
        if !dead(root) {
            let mut queue = VecDeque::from([root]);
            alive.insert(root);
            while let Some(at) = queue.pop_front() {
                for (next, down) in graph.get(&at).into_iter().flatten() {
                    if !down && !dead(*next) && alive.insert(*next) {
                        queue.push_back(*next);
                    }
                }
            }
        }
        // roots: dead ones beside the living, or the one the collector's cable goes to
        let mut queue: VecDeque<(DeviceId, DeviceId)> = whole
            .iter()
            .filter(|n| {
                dead(**n)
                    && (**n == root
                        || graph
                            .get(n)
                            .is_some_and(|g| g.iter().any(|(m, _)| alive.contains(m))))
            })
            .map(|n| (*n, *n))
            .collect();
        let mut seen: BTreeSet<DeviceId> = queue.iter().map(|(n, _)| *n).collect();
        while let Some((at, blame)) = queue.pop_front() {
            for (next, _) in graph.get(&at).into_iter().flatten() {
                if !alive.contains(next) && seen.insert(*next) {
                    cut.insert(*next, blame);
                    queue.push_back((*next, blame));
                }
            }
        }
        cut
    }
}

fn reach(graph: &Graph, root: DeviceId, without: impl Fn(DeviceId) -> bool) -> BTreeSet<DeviceId> {
    let mut seen = BTreeSet::new();
    if without(root) {
        return seen;
    }
    let mut queue = VecDeque::from([root]);
    seen.insert(root);
    while let Some(at) = queue.pop_front() {
        for (next, _) in graph.get(&at).into_iter().flatten() {
            if !without(*next) && seen.insert(*next) {
                queue.push_back(*next);
            }
        }
    }
    seen
}

fn distances(graph: &Graph, root: DeviceId) -> BTreeMap<DeviceId, u32> {
    let mut steps = BTreeMap::from([(root, 0)]);
    let mut queue = VecDeque::from([root]);
    while let Some(at) = queue.pop_front() {
        let mine = steps.get(&at).copied().unwrap_or(0);
        for (next, _) in graph.get(&at).into_iter().flatten() {
            if !steps.contains_key(next) {
                steps.insert(*next, mine + 1);
                queue.push_back(*next);
            }
        }
    }
    steps
}
