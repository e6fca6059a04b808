//! Errors on an interface, an interface near its speed, and marked uplinks that lost their link.

use crate::model::{
    Condition, DeviceId, IfIndex, IfStatus, Impact, Interface, RateState, Severity, Text,
};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::state::State;
use super::link::{is_down, marked};

/// Polls in a row.
const POLLS: u8 = 3;
/// One error or discard a second.
const ERRORS_MILLI: u64 = 1_000;

/// A rate came: counts on how long it loses packets, and how long it is near its speed.
pub(in super::super) fn count_trouble(i: &mut Interface) {
    let load = i.traffic.in_bps.max(i.traffic.out_bps);
    let lossy = i.traffic.errors_milli > ERRORS_MILLI;
    let full = i.speed > 0 && u128::from(load) * 10 > u128::from(i.speed) * 9;
    i.lossy = if lossy { i.lossy.saturating_add(1) } else { 0 };
    i.full = if full { i.full.saturating_add(1) } else { 0 };
}

/// What the last polls say of an interface: errors, near its speed.
pub(in super::super) fn troubled(i: &Interface) -> (bool, bool) {
    let known = i.rate == RateState::Known;
    (known && i.lossy >= POLLS, known && i.full >= POLLS)
}

impl State {
    /// After a poll: `ports` are those that are in trouble, or were.
    pub(in super::super) fn review_port(&mut self, id: DeviceId, port: IfIndex, out: &mut Out) {
        let Some(i) = self.interface(id, port).cloned() else {
            return;
        };
        let part = self.port_name(id, port);
        let (errors, full) = troubled(&i);
        let uplink = self.is_uplink(id, port) || marked(&i.alias);
        let severity = if uplink {
            Severity::Major
        } else {
            Severity::Minor
        };
        let stands: Vec<Text> = self
            .on_port(id, port)
            .take(4)
            .map(|d| escaped(format!("{} hangs on it", self.name_of(d).as_str())))
            .collect();
        let finding = |condition, text: String| Finding {
            condition,
            device: Some(id),
            part: part.clone(),
            severity,
            text: escaped(text),
            details: stands.clone(),
            impact: Impact::default(),
        };
        if errors {
            let a_second = i.traffic.errors_milli / 1000;
            let text = format!("{} loses packets: {a_second} a second", part.as_str());
            self.raise(finding(Condition::InterfaceErrors, text), Stand::Open, out);
            out.judge.insert(id);
        } else if self
            .alert_of(Condition::InterfaceErrors, Some(id), &part)
            .is_some_and(|a| a.closed.is_none())
        {
            self.clear(Condition::InterfaceErrors, Some(id), &part, out);
            out.judge.insert(id);
        }
        if full {
            let share = u128::from(i.traffic.in_bps.max(i.traffic.out_bps)) * 100
                / u128::from(i.speed.max(1));
            let text = format!("{} is full: {share} % of its speed", part.as_str());
            self.raise(finding(Condition::Saturated, text), Stand::Open, out);
        } else {
            self.clear(Condition::Saturated, Some(id), &part, out);
        }
        // cables that are known have a condition of their own
        let linked = self.links.keys().any(|l| {
            [l.0, l.1]
                .iter()
                .any(|e| e.device == id && e.port == Some(port))
        });
        if !linked && marked(&i.alias) && is_down(i.oper) && i.admin != IfStatus::Down {
            let text = format!("{} lost its link ({})", part.as_str(), i.alias.as_str());
            self.raise(finding(Condition::LinkDown, text), Stand::Open, out);
        } else if !linked {
            self.clear(Condition::LinkDown, Some(id), &part, out);
        }
    }
}
