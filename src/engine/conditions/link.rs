//! A cable between network devices that lost its link. When the device at its other end is dead, that is the fault, and this
//! is only how it looks from here: one fault, one red thing.

use std::time::Duration;

use crate::model::{
    Condition, DeviceId, IfIndex, IfStatus, Impact, Link, LinkEnd, LinkId, Reach, Severity, Text,
};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::memory::Timer;
use super::super::state::State;

impl State {
    /// Looks at the cables of a device that are down, and at those of its ports that came back.
    pub(super) fn review_links(&mut self, id: DeviceId, out: &mut Out) {
        if !self.memory.held.is_empty() {
            self.review_held(id, out);
        }
        if self.memory.down_links.is_empty() {
            return;
        }
        let mine: Vec<LinkId> = self
            .memory
            .down_links
            .iter()
            .copied()
            .filter(|l| l.0.device == id || l.1.device == id)
            .collect();
        for link in mine {
            if let Some(link) = self.links.get(&link).copied() {
                self.review_link(&link, out);
            }
        }
    }

    /// Which end tells of a cable that is down: the one nearer to the collector, of those whose port shows it.
    fn teller(&self, link: &Link) -> Option<(DeviceId, IfIndex, DeviceId)> {
        let topology = self.topology();
        let steps = |d: DeviceId| topology.steps.get(&d).copied().unwrap_or(u32::MAX);
        let LinkId(a, b) = link.id;
        let mut ends = [(a, b), (b, a)];
        ends.sort_by_key(|(e, _)| (steps(e.device), e.device));
        ends.into_iter().find_map(|(end, far)| {
            let port = end.port?;
            let down = self
                .interface(end.device, port)
                .is_some_and(|i| is_down(i.oper));
            down.then_some((end.device, port, far.device))
        })
    }

    pub(in super::super) fn review_link(&mut self, link: &Link, out: &mut Out) {
        let Some((near, port, far)) = self.teller(link) else {
            return;
        };
        let part = self.port_name(near, port);
        let Some((since, shut)) = self
            .interface(near, port)
            .map(|i| (i.oper_since, i.admin == IfStatus::Down))
        else {
            return;
        };
        let far_name = self.name_of(far);
        let root = self
            .memory
            .blind
            .get(&far)
            .copied()
            .or_else(|| self.memory.dead.contains(&far).then_some(far));
        let parent = root.and_then(|r| self.down_alert(r));
        let stand = if let Some(parent) = parent {
            Stand::Behind(parent)
        } else {
            let known = self
                .alert_of(Condition::LinkDown, Some(near), &part)
                .map(|a| (a.id, a.since, a.is_active()));
            match known {
                Some((_, _, true)) => Stand::Open,
                _ => self.stand_beside(far, since, known.map(|(a, s, _)| (a, s)), out),
            }
        };
        let what = if shut {
            format!("{} to {} was shut", part.as_str(), far_name.as_str())
        } else {
            format!("{} to {} lost its link", part.as_str(), far_name.as_str())
        };
        let finding = Finding {
            condition: Condition::LinkDown,
            device: Some(near),
            part,
            severity: Severity::Major,
            text: escaped(what),
            details: Vec::new(),
            impact: Impact::default(),
        };
        self.raise(finding, stand, out);
    }

    /// The far end decides: when it answers after the link went, the cable is the fault; until then it may be the device.
    fn stand_beside(
        &mut self,
        far: DeviceId,
        since: crate::model::Time,
        known: Option<(crate::model::AlertId, crate::model::Time)>,
        out: &mut Out,
    ) -> Stand {
        let hold = Duration::from_secs(u64::from(self.site.intervals.hold_s));
        let twice = Duration::from_secs(u64::from(self.site.intervals.interfaces_s) * 2);
        let reach = self.devices.get(&far).map(|d| d.snmp);
        let suspect = match reach {
            Some(r) if r.reach == Reach::Answers && r.seen > since => {
                // one that has just come back: its cable is asked for again first
                let ready = r.since + twice;
                if out.now >= ready {
                    return Stand::Open;
                }
                if let Some((alert, _)) = known.filter(|(a, _)| out.expired.contains(a)) {
                    self.memory.timers.insert((ready, Timer::Hold(alert)));
                }
                return Stand::Hold(ready);
            }
            Some(r) => matches!(r.reach, Reach::Missed | Reach::Answers),
            None => false,
        };
        let Some((alert, first)) = known else {
            self.probe(&[far], out);
            return Stand::Hold(out.now + hold);
        };
        if !out.expired.contains(&alert) {
            return Stand::Hold(out.now + hold);
        }
        if suspect && out.now < first + hold * 3 {
            self.probe(&[far], out);
            self.memory
                .timers
                .insert((out.now + hold, Timer::Hold(alert)));
            return Stand::Hold(out.now + hold);
        }
        Stand::Open
    }

    /// A port's state moved, or a cable became known: is the cable up?
    pub(in super::super) fn recheck_link(&mut self, id: LinkId, out: &mut Out) {
        let Some(link) = self.links.get(&id).copied() else {
            return;
        };
        let end = |e: LinkEnd| {
            let port = self.interface(e.device, e.port?)?;
            match port.oper {
                IfStatus::Up | IfStatus::Dormant => Some(true),
                o if is_down(o) => Some(false),
                _ => None,
            }
        };
        let up = match (end(id.0), end(id.1)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), _) | (_, Some(true)) => Some(true),
            _ => None,
        };
        if up == link.up {
            return;
        }
        let now = out.now;
        if let Some(link) = self.links.get_mut(&id) {
            link.up = up;
            link.since = now;
        }
        out.paths = true;
        out.inventory = true;
        out.tables.extend(
            [id.0.device, id.1.device]
                .into_iter()
                .filter(|d| self.is_asked(*d))
                .filter_map(|d| self.devices.get(&d)?.address),
        );
        if up == Some(false) {
            self.memory.down_links.insert(id);
            out.review.insert(id.0.device);
            out.review.insert(id.1.device);
        } else {
            self.memory.down_links.remove(&id);
            self.clear_link(id, out);
        }
    }

    pub(in super::super) fn clear_link(&mut self, id: LinkId, out: &mut Out) {
        for end in [id.0, id.1] {
            if let Some(port) = end.port {
                let part = self.port_name(end.device, port);
                self.clear(Condition::LinkDown, Some(end.device), &part, out);
            }
        }
    }
}

pub(in super::super) fn is_down(oper: IfStatus) -> bool {
    matches!(
        oper,
        IfStatus::Down | IfStatus::LowerLayerDown | IfStatus::NotPresent
    )
}

/// A port that an engineer marked as one that leads to another network device.
pub(in super::super) fn marked(alias: &Text) -> bool {
    let alias = alias.as_str().to_ascii_lowercase();
    alias.contains("uplink") || alias.contains("trunk")
}
