//! A station that nobody declared, in a clinical segment; one address with two stations.

use std::net::IpAddr;
use std::time::Duration;

use crate::model::{Condition, DeviceId, Impact, Mac, Reach, Severity, Text, Time};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::memory::{Flip, Timer};
use super::super::state::State;

/// Two MACs that take turns within this are two stations on one address.
const ALTERNATE: Duration = Duration::from_mins(5);
/// So long after the last turn the conflict counts as over.
const OVER: Duration = Duration::from_mins(15);

impl State {
    pub(super) fn review_station(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let whole = Text::empty();
        let clinical = d
            .segment
            .and_then(|s| self.segments.get(&s))
            .filter(|s| s.clinical);
        let seen = d.passive.reach == Reach::Answers;
        let (Some(segment), true, false) = (clinical, seen, d.declared || d.class.is_network())
        else {
            // what can't be judged is not over
            if !self.memory.blind.contains_key(&id) && d.passive.reach != Reach::Blind {
                self.clear(Condition::UnknownStation, Some(id), &whole, out);
            }
            return;
        };
        let place = self
            .location(&d)
            .map_or(String::new(), |p| format!(", on {}", p.as_str()));
        let mut details: Vec<Text> = d
            .macs
            .iter()
            .take(4)
            .map(|m| {
                let local = if m.is_local() {
                    ", made up by the station itself"
                } else {
                    ""
                };
                Text::from(format!("MAC {m}{local}"))
            })
            .collect();
        details.extend(
            d.addresses
                .iter()
                .take(4)
                .map(|a| Text::from(format!("address {a}"))),
        );
        let text = escaped(format!(
            "a station nobody declared in {}{place}",
            segment.name.as_str()
        ));
        // a first look at a switch may show a port as an end that proves to be a cable to the next switch
        let sure = d.attached.is_none_or(|a| {
            self.macs_on_port(a.switch, a.port) <= 1 || self.memory.knows_neighbours(a.switch)
        });
        let stand = if sure {
            Stand::Open
        } else {
            let hold = Duration::from_secs(u64::from(self.site.intervals.hold_s));
            let known = self.alert_of(Condition::UnknownStation, Some(id), &whole);
            match known {
                Some(a) if out.expired.contains(&a.id) || a.is_active() => Stand::Open,
                _ => Stand::Hold(out.now + hold),
            }
        };
        let finding = Finding {
            condition: Condition::UnknownStation,
            device: Some(id),
            part: whole,
            severity: Severity::Major,
            text,
            details,
            impact: Impact::default(),
        };
        self.raise(finding, stand, out);
    }

    /// An address was seen with a MAC: does it go back and forth between two?
    pub(in super::super) fn watch_address(
        &mut self,
        address: IpAddr,
        mac: Mac,
        at: Time,
        out: &mut Out,
    ) {
        if !mac.is_station() {
            return;
        }
        let Some(last) = self.memory.flips.get(&address).copied() else {
            let flip = Flip {
                now: mac,
                before: None,
                at,
            };
            self.memory.flips.insert(address, flip);
            return;
        };
        if last.now == mac {
            return;
        }
        self.memory.flips.insert(
            address,
            Flip {
                now: mac,
                before: Some(last.now),
                at,
            },
        );
        let owner = |m: Mac| self.by_mac.get(&m).copied();
        let one_device = owner(mac).is_some() && owner(mac) == owner(last.now);
        // a router that answers for others is no second station
        let routed = [mac, last.now]
            .iter()
            .filter_map(|m| owner(*m))
            .filter_map(|d| self.devices.get(&d))
            .any(|d| d.class.is_network());
        if last.before != Some(mac) || at.since(last.at) >= ALTERNATE || one_device || routed {
            return;
        }
        let Some(device) = self.by_address.get(&address).copied() else {
            return;
        };
        let clinical = self
            .segment_of(address)
            .and_then(|s| self.segments.get(&s))
            .is_some_and(|s| s.clinical);
        let finding = Finding {
            condition: Condition::DuplicateAddress,
            device: Some(device),
            part: Text::from(address.to_string()),
            severity: if clinical {
                Severity::Major
            } else {
                Severity::Minor
            },
            text: Text::from(format!("{address} is used by two stations")),
            details: vec![
                Text::from(format!("MAC {mac}")),
                Text::from(format!("MAC {}", last.now)),
            ],
            impact: Impact::default(),
        };
        if let Some(alert) = self.raise(finding, Stand::Open, out) {
            self.memory
                .timers
                .insert((out.now + OVER, Timer::AutoClose(alert)));
        }
    }

    /// Nothing more was seen of it: an alert that no reading clears ends by itself.
    pub(in super::super) fn auto_close(&mut self, id: crate::model::AlertId, out: &mut Out) {
        let Some(alert) = self.alerts.get(&id).cloned() else {
            return;
        };
        if alert.closed.is_some() {
            return;
        }
        if alert.condition == Condition::Restarted {
            let boot = self
                .devices
                .get(&alert.device.unwrap_or_default())
                .and_then(|d| d.changes.iter().find(|c| c.what.as_str() == "restarted"))
                .map_or(Time::default(), |c| c.time);
            // it restarted again: a later timer ends it
            if out.now < boot + OVER {
                return;
            }
        }
        if alert.condition == Condition::DuplicateAddress {
            let last = alert
                .part
                .as_str()
                .parse::<IpAddr>()
                .ok()
                .and_then(|a| self.memory.flips.get(&a))
                .map_or(Time::default(), |f| f.at);
            if out.now < last + OVER {
                self.memory
                    .timers
                    .insert((last + OVER, Timer::AutoClose(id)));
                return;
            }
        }
        self.end(&alert, out);
    }

    /// A device said that it started anew.
    pub(in super::super) fn restarted(&mut self, id: DeviceId, uptime: u32, out: &mut Out) {
        let minutes = uptime / 6000;
        let up = if minutes == 0 {
            format!("{} s", uptime / 100)
        } else {
            format!("{minutes} min")
        };
        // the line stays for minutes: no age in it, the list shows one beside
        let line = format!("up for {up} when it was asked");
        self.note(
            id,
            "restarted",
            Text::empty(),
            Text::from(line.clone()),
            out,
        );
        let finding = Finding {
            condition: Condition::Restarted,
            device: Some(id),
            part: Text::empty(),
            severity: Severity::Info,
            text: Text::from("restarted"),
            details: vec![Text::from(line)],
            impact: Impact::default(),
        };
        let again = self
            .alert_of(Condition::Restarted, Some(id), &Text::empty())
            .is_some_and(|a| a.is_active());
        let Some(alert) = self.raise(finding, Stand::Open, out) else {
            return;
        };
        if again && let Some(open) = self.alerts.get(&alert).cloned() {
            // it stays for its time from now on, and says how often
            let mut open = (*open).clone();
            open.count = open.count.saturating_add(1);
            open.changed = out.now;
            open.text = Text::from(format!("restarted {} times", open.count));
            self.put_alert(open, out);
        }
        self.memory
            .timers
            .insert((out.now + OVER, Timer::AutoClose(alert)));
    }
}
