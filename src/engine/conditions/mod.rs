//! The conditions that raise alerts, one file a family. Each is looked at when the device it is about was judged.

mod conduct;
mod firmware;
mod interface;
mod link;
mod power;
mod quarantine;
mod reach;
mod sensor;
mod station;
mod words;

use crate::model::{AlertId, DeviceId};

use super::fold::Out;
use super::state::State;

pub(super) use interface::{count_trouble, troubled};
pub(super) use link::{is_down, marked};

impl State {
    /// Looks at every condition that a device's facts and state decide.
    pub(super) fn review(&mut self, id: DeviceId, out: &mut Out) {
        if !self.devices.contains_key(&id) {
            return;
        }
        self.review_reach(id, out);
        self.review_power(id, out);
        self.review_firmware(id, out);
        self.review_station(id, out);
        self.review_quarantine(id, out);
        self.review_sensors(id, out);
        self.review_links(id, out);
        self.review_conduct(id, out);
    }

    /// Held alerts of devices that this one is before: it was just judged, so they may be.
    pub(super) fn review_held(&mut self, parent: DeviceId, out: &mut Out) {
        let held: Vec<AlertId> = self.memory.held.iter().copied().collect();
        for id in held {
            let Some(device) = self.alerts.get(&id).and_then(|a| a.device) else {
                continue;
            };
            if device != parent && self.before(device).contains(&parent) {
                out.judge.insert(device);
            } else if device == parent
                || self.memory.down_links.iter().any(|l| {
                    let ends = [l.0.device, l.1.device];
                    ends.contains(&device) && ends.contains(&parent)
                })
            {
                out.review.insert(device);
            }
        }
    }
}
