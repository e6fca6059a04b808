//! What hangs behind a device, as seen from the collector.

use std::collections::BTreeSet;

use crate::engine::State;
use crate::model::DeviceId;

/// Where the collector's own cable goes to.
pub fn collector_at(state: &State) -> Option<DeviceId> {
    let name = &state.site.collector_at;
    if name.is_empty() {
        return None;
    }
    state
        .devices
        .values()
        .find(|d| d.name == *name)
        .map(|d| d.id)
}

/// Devices that can be reached only through `device`: network devices over links, and what hangs on their ports.
/// In the order of ids, `device` itself left out. Nothing where it is not known where the collector is.
pub fn behind(state: &State, device: DeviceId) -> Vec<DeviceId> {
    let Some(start) = collector_at(state) else {
        return direct(state, device);
    };
    if start == device {
        return direct(state, device);
    }
    let mut reached = BTreeSet::from([start]);
    let mut queue = vec![start];
    while let Some(at) = queue.pop() {
        for link in state.links.values() {
            if link.id.0.device != at && link.id.1.device != at {
                continue;
            }
            let next = link.id.other(at).device;
            if next != device && reached.insert(next) {
                queue.push(next);
            }
        }
    }
    let carriers: BTreeSet<DeviceId> = state
        .links
        .keys()
        .flat_map(|id| [id.0.device, id.1.device])
        .filter(|id| !reached.contains(id))
        .chain([device])
        .collect();
    let mut ids: BTreeSet<DeviceId> = carriers.clone();
    for d in state.devices.values() {
        if d.attached.is_some_and(|at| carriers.contains(&at.switch)) {
            ids.insert(d.id);
        }
    }
    ids.remove(&device);
    ids.into_iter().collect()
}

fn direct(state: &State, device: DeviceId) -> Vec<DeviceId> {
    state
        .devices
        .values()
        .filter(|d| d.attached.is_some_and(|at| at.switch == device))
        .map(|d| d.id)
        .collect()
}
