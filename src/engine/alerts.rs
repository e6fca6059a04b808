//! The life of an alert: pending, open, acknowledged, closed, and open again. One condition of one part of one device is one
//! alert, however often it comes.

use std::sync::Arc;

use crate::event::{Command, Notice};
use crate::model::{
    Acknowledgement, Alert, AlertId, AlertState, Condition, DeviceId, Impact, SegmentId, Severity,
    Text, Time,
};

use super::fold::Out;
use super::memory::Timer;
use super::state::State;

/// Closed alerts that are kept.
const CLOSED_KEPT: usize = 500;
/// Alerts of any state.
const ALERT_CAP: usize = 50_000;

/// What a condition found.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub condition: Condition,
    pub device: Option<DeviceId>,
    pub part: Text,
    pub severity: Severity,
    pub text: Text,
    pub details: Vec<Text>,
    /// Whom it touches, beside the device itself.
    pub impact: Impact,
}

/// How a finding stands to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// They are told.
    Open,
    /// Not before this time, unless what is before the device is judged sooner.
    Hold(Time),
    /// Another alert says it all; this one is counted there.
    Behind(AlertId),
}

impl State {
    pub(super) fn alert_of(
        &self,
        condition: Condition,
        device: Option<DeviceId>,
        part: &Text,
    ) -> Option<&Arc<Alert>> {
        self.memory
            .fingerprints
            .get(&(condition, device, part.clone()))
            .and_then(|id| self.alerts.get(id))
    }

    /// The condition holds.
    pub(super) fn raise(
        &mut self,
        finding: Finding,
        stand: Stand,
        out: &mut Out,
    ) -> Option<AlertId> {
        let known = self
            .alert_of(finding.condition, finding.device, &finding.part)
            .cloned();
        let segment = finding
            .device
            .and_then(|d| self.devices.get(&d))
            .and_then(|d| d.segment);
        let mut alert = if let Some(old) = known {
            if old.state == AlertState::Closed {
                if self
                    .memory
                    .hushed
                    .get(&old.id)
                    .is_some_and(|s| finding.severity <= *s)
                {
                    return Some(old.id);
                }
                self.memory.hushed.remove(&old.id);
                Alert {
                    state: AlertState::Pending,
                    since: out.now,
                    opened: None,
                    closed: None,
                    ack: None,
                    parent: None,
                    root: false,
                    impact: Impact::default(),
                    ..(*old).clone()
                }
            } else {
                (*old).clone()
            }
        } else {
            if self.alerts.len() >= ALERT_CAP {
                self.drop_one("alerts beyond the cap");
                return None;
            }
            self.memory.next_alert += 1;
            let id = AlertId(self.memory.next_alert);
            self.memory.fingerprints.insert(
                (finding.condition, finding.device, finding.part.clone()),
                id,
            );
            Alert {
                id,
                condition: finding.condition,
                device: finding.device,
                part: finding.part.clone(),
                segment,
                severity: finding.severity,
                state: AlertState::Pending,
                text: finding.text.clone(),
                details: Vec::new(),
                since: out.now,
                opened: None,
                changed: out.now,
                closed: None,
                count: 0,
                ack: None,
                impact: Impact::default(),
                root: false,
                parent: None,
            }
        };
        let id = alert.id;
        let worse = finding.severity > alert.severity && alert.opened.is_some();
        alert.segment = segment;
        alert.severity = finding.severity;
        alert.text = finding.text;
        alert.details = finding.details;
        alert.root = finding.impact.behind > 0;
        alert.impact = finding.impact;
        match (stand, alert.state) {
            (Stand::Open, AlertState::Pending) => self.open(&mut alert, out),
            (Stand::Open, AlertState::Acknowledged) if worse => {
                alert.ack = None;
                self.open(&mut alert, out);
            }
            (Stand::Open, AlertState::Open) if worse => self.tell(&alert, false, out),
            (Stand::Hold(until), AlertState::Pending) => {
                alert.parent = None;
                if self.memory.held.insert(id).is_none() {
                    self.memory.timers.insert((until, Timer::Hold(id)));
                }
            }
            (Stand::Behind(parent), state) if state != AlertState::Closed => {
                if self.memory.told.contains(&id) && alert.parent.is_none() {
                    // told before its root was known: it must not happen, so it is counted
                    self.counts.child_alerts_notified =
                        self.counts.child_alerts_notified.saturating_add(1);
                }
                if alert.state != AlertState::Pending {
                    alert.changed = out.now;
                }
                alert.state = AlertState::Pending;
                alert.parent = Some(parent);
                alert.ack = None;
                self.memory.held.remove(&id);
            }
            _ => {}
        }
        self.put_alert(alert, out);
        Some(id)
    }

    /// The condition no longer holds.
    pub(super) fn clear(
        &mut self,
        condition: Condition,
        device: Option<DeviceId>,
        part: &Text,
        out: &mut Out,
    ) {
        let Some(alert) = self.alert_of(condition, device, part).cloned() else {
            return;
        };
        self.memory.hushed.remove(&alert.id);
        if alert.state != AlertState::Closed {
            self.end(&alert, out);
        }
    }

    /// Closes an alert; who was told of it is told that it is over.
    pub(super) fn end(&mut self, alert: &Alert, out: &mut Out) {
        let mut alert = alert.clone();
        alert.state = AlertState::Closed;
        alert.closed = Some(out.now);
        alert.changed = out.now;
        self.memory.held.remove(&alert.id);
        if self.memory.told.remove(&alert.id).is_some() {
            self.tell(&alert, true, out);
        }
        self.put_alert(alert, out);
        while self.memory.closed.len() > CLOSED_KEPT {
            let Some((_, oldest)) = self.memory.closed.remove_min() else {
                break;
            };
            self.remove_alert(oldest);
        }
    }

    fn open(&mut self, alert: &mut Alert, out: &mut Out) {
        alert.state = AlertState::Open;
        alert.opened = Some(out.now);
        alert.changed = out.now;
        alert.parent = None;
        alert.count = alert.count.saturating_add(1);
        self.memory.held.remove(&alert.id);
        if alert.device.is_some_and(|d| {
            self.memory.blind.contains_key(&d) && alert.condition == Condition::DeviceDown
        }) {
            self.counts.child_alerts_notified = self.counts.child_alerts_notified.saturating_add(1);
        }
        self.tell(alert, false, out);
    }

    fn tell(&mut self, alert: &Alert, recovered: bool, out: &mut Out) {
        let name = alert.device.map_or_else(Text::empty, |d| self.name_of(d));
        let text = match (name.is_empty(), recovered) {
            (true, false) => alert.text.as_str().to_string(),
            (true, true) => format!("over: {}", alert.text.as_str()),
            (false, false) => format!("{}: {}", name.as_str(), alert.text.as_str()),
            (false, true) => format!("{}: over: {}", name.as_str(), alert.text.as_str()),
        };
        if !recovered {
            self.memory.told.insert(alert.id);
        }
        out.notices.push(Notice {
            alert: alert.id,
            severity: alert.severity,
            recovered,
            at: out.now,
            text: escaped(text),
        });
    }

    /// Puts an alert in its place, with the sums and indexes that hang on it.
    pub(super) fn put_alert(&mut self, alert: Alert, out: &mut Out) {
        let old = self.alerts.get(&alert.id).cloned();
        if old.as_deref() == Some(&alert) {
            return;
        }
        if let Some(old) = &old {
            self.count_alert(old, false);
            if let Some(closed) = old.closed {
                self.memory.closed.remove(&(closed, old.id));
            }
        }
        if let Some(closed) = alert.closed {
            self.memory.closed.insert((closed, alert.id));
        }
        if let Some(device) = alert.device {
            self.memory.device_alerts.insert((device, alert.id));
        }
        self.count_alert(&alert, true);
        self.alerts.insert(alert.id, Arc::new(alert));
        out.inventory = true;
    }

    /// A device went to another segment, and its alerts with it.
    pub(super) fn alerts_follow(
        &mut self,
        id: DeviceId,
        segment: Option<SegmentId>,
        out: &mut Out,
    ) {
        for alert in self.device_alerts(id) {
            let mut alert = (*alert).clone();
            alert.segment = segment;
            self.put_alert(alert, out);
        }
    }

    fn remove_alert(&mut self, id: AlertId) {
        let Some(alert) = self.alerts.remove(&id) else {
            return;
        };
        self.count_alert(&alert, false);
        if let Some(device) = alert.device {
            self.memory.device_alerts.remove(&(device, id));
        }
        let key = (alert.condition, alert.device, alert.part.clone());
        if self.memory.fingerprints.get(&key) == Some(&id) {
            self.memory.fingerprints.remove(&key);
        }
    }

    /// An acknowledgement is over: a person is needed again.
    pub(super) fn acknowledge_expired(&mut self, id: AlertId, out: &mut Out) {
        let Some(alert) = self.alerts.get(&id).cloned() else {
            return;
        };
        let due = alert
            .ack
            .as_ref()
            .and_then(|a| a.until)
            .is_some_and(|until| until <= out.now);
        if alert.state == AlertState::Acknowledged && due {
            let mut alert = (*alert).clone();
            alert.ack = None;
            self.open(&mut alert, out);
            self.put_alert(alert, out);
        }
    }

    /// What a person did to alerts, devices and policies.
    pub(super) fn command(&mut self, by: &Text, command: &Command, out: &mut Out) {
        match command {
            Command::Acknowledge { alert, note, until } => {
                let Some(alert) = self.alerts.get(alert).filter(|a| a.is_active()).cloned() else {
                    return;
                };
                let mut alert = (*alert).clone();
                alert.state = AlertState::Acknowledged;
                alert.changed = out.now;
                alert.ack = Some(Acknowledgement {
                    by: by.clone(),
                    at: out.now,
                    note: note.clone(),
                    until: *until,
                });
                if let Some(until) = until {
                    self.memory
                        .timers
                        .insert((*until, Timer::AckUntil(alert.id)));
                }
                self.put_alert(alert, out);
            }
            Command::Unacknowledge { alert } => {
                let Some(alert) = self
                    .alerts
                    .get(alert)
                    .filter(|a| a.state == AlertState::Acknowledged)
                    .cloned()
                else {
                    return;
                };
                let mut alert = (*alert).clone();
                alert.state = AlertState::Open;
                alert.changed = out.now;
                alert.ack = None;
                self.put_alert(alert, out);
            }
            Command::Close { alert, note } => {
                let Some(alert) = self.alerts.get(alert).filter(|a| a.is_active()).cloned() else {
                    return;
                };
                let mut alert = (*alert).clone();
                alert.details.push(escaped(format!(
                    "closed by {}: {}",
                    by.as_str(),
                    note.as_str()
                )));
                self.memory.hushed.insert(alert.id, alert.severity);
                self.end(&alert, out);
            }
            Command::Note { device, note } => {
                if self.devices.contains_key(device) {
                    let what = escaped(format!("note by {}", by.as_str()));
                    self.note(*device, what, Text::empty(), note.clone(), out);
                }
            }
            Command::ApproveTouch { device, policy } => {
                self.approve_touch(by, *device, *policy, out);
            }
            Command::AcceptPlans { hash } => self.accept_plans(by, hash, out),
            Command::Release { device, reason } => self.release(by, *device, reason, out),
            Command::OverrideTouch {
                device,
                policy,
                reason,
                until,
            } => {
                self.override_touch(by, *device, (*policy, *until), reason, out);
            }
        }
    }
}

/// A line put together of texts that are escaped already: escaping them once more would double their backslashes.
pub(super) fn escaped(line: String) -> Text {
    // deserialising keeps what was escaped, and escapes whatever was not
    use serde::Deserialize as _;
    use serde::de::IntoDeserializer as _;
    let parsed: Result<Text, serde::de::value::Error> =
        Text::deserialize(line.as_str().into_deserializer());
    parsed.unwrap_or_else(|_| Text::from(line))
}
