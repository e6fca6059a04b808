//! A filter held against a device or an alert.

use crate::model::{Alert, Device, FactKey, Text, Time};

use super::super::state::State;
use super::super::version::compare_versions;
use super::keys::Key;
use super::text::Needle;
use super::{AlertWord, FaultWord, Filter, Op, Test, Trait};

impl Op {
    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        self.allows(left.cmp(right))
    }

    fn allows(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Is => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::More => order.is_gt(),
            Self::MoreOrEqual => order.is_ge(),
        }
    }
}

impl Filter {
    /// Does the device match? `now` is the session's present, for ages.
    pub fn matches(&self, state: &State, device: &Device, now: Time) -> bool {
        self.terms
            .iter()
            .all(|t| device_test(&t.test, state, device, now) != t.negated)
    }

    /// Does the alert match? `alert`, `severity` and words look at the alert itself, all else at its device.
    pub fn matches_alert(&self, state: &State, alert: &Alert, now: Time) -> bool {
        let device = alert.device.and_then(|d| state.devices.get(&d));
        self.terms.iter().all(|t| {
            let own = match &t.test {
                Test::Severity(op, list) => list.iter().any(|s| op.holds(&alert.severity, s)),
                Test::Alert(words) => words.iter().any(|w| alert_is(w, alert)),
                Test::Word(needle) => {
                    needle.is_in(alert.text.as_str())
                        || needle.is_in(alert.condition.word())
                        || needle.is_in(alert.part.as_str())
                        || device.is_some_and(|d| device_test(&t.test, state, d, now))
                }
                other => device.is_some_and(|d| device_test(other, state, d, now)),
            };
            own != t.negated
        })
    }
}

fn alert_is(word: &AlertWord, alert: &Alert) -> bool {
    match word {
        AlertWord::Any => alert.is_active(),
        AlertWord::State(state) => alert.state == *state,
        AlertWord::Condition(list) => alert.is_active() && list.contains(&alert.condition),
    }
}

fn device_test(test: &Test, state: &State, d: &Device, now: Time) -> bool {
    match test {
        Test::Word(needle) => word(needle, state, d),
        Test::Text(key, needles) => needles.iter().any(|n| text(*key, n, state, d)),
        Test::Class(list) => list.contains(&d.class),
        Test::State(list) => list.contains(&d.state),
        Test::Care(op, list) => list.iter().any(|c| op.holds(&d.care, c)),
        Test::Touch(op, list) => list.iter().any(|t| op.holds(&d.touch.policy, t)),
        Test::Severity(op, list) => state
            .worst_alert(d.id)
            .is_some_and(|worst| list.iter().any(|s| op.holds(&worst, s))),
        Test::Alert(words) => state
            .device_alerts(d.id)
            .iter()
            .any(|a| words.iter().any(|w| alert_is(w, a))),
        Test::Firmware(op, list) => {
            let own = d.fact_str(FactKey::Firmware);
            !own.is_empty()
                && list.iter().any(|n| match op {
                    Op::Is => n.is_in(own),
                    _ => op.allows(compare_versions(own, &n.lower)),
                })
        }
        Test::Net(nets, parts) => d.addresses.iter().any(|a| {
            nets.iter().any(|n| n.contains(a)) || parts.iter().any(|p| p.is_in_address(*a))
        }),
        Test::Vlan(op, list) => {
            let vlan = vlan(state, d);
            vlan != 0 && list.iter().any(|v| op.holds(&vlan, v))
        }
        Test::Seen(op, age) => {
            d.last_seen != Time::default()
                && op.holds(&(now.since(d.last_seen).as_millis() as u64), age)
        }
        Test::Is(list) => list.iter().any(|t| match t {
            Trait::Medical => d.class.is_medical(),
            Trait::Network => d.class.is_network(),
            Trait::Declared => d.declared,
            Trait::Attached => d.attached.is_some(),
            Trait::Clinical => d
                .segment
                .and_then(|s| state.segments.get(&s))
                .is_some_and(|s| s.clinical),
        }),
        Test::Fault(words) => d.conduct.as_ref().is_some_and(|conduct| {
            words.iter().any(|w| match w {
                FaultWord::Any => !conduct.faults.is_empty(),
                FaultWord::Is(fault) => conduct.faults.contains_key(fault),
                FaultWord::Overrun => conduct.overruns.values().any(|o| o.in_a_row > 0),
            })
        }),
    }
}

fn vlan(state: &State, d: &Device) -> u16 {
    let learned = d.attached.map_or(0, |a| a.vlan);
    if learned != 0 {
        return learned;
    }
    d.segment
        .and_then(|s| state.segments.get(&s))
        .map_or(0, |s| s.vlan)
}

const WORDS: [FactKey; 7] = [
    FactKey::Serial,
    FactKey::Tag,
    FactKey::Room,
    FactKey::Ward,
    FactKey::Owner,
    FactKey::Vendor,
    FactKey::Model,
];

fn word(n: &Needle, state: &State, d: &Device) -> bool {
    n.is_in(d.name.as_str())
        || d.facts
            .iter()
            .any(|f| WORDS.contains(&f.key) && n.is_in(f.value.as_str()))
        || d.addresses.iter().any(|a| n.is_in_address(*a))
        || d.macs.iter().any(|m| n.is_in_mac(*m))
        || port(state, d).is_some_and(|p| n.is_in(p.alias.as_str()))
}

fn port<'a>(state: &'a State, d: &Device) -> Option<&'a crate::model::Interface> {
    let at = d.attached?;
    state.interface(at.switch, at.port)
}

fn text(key: Key, n: &Needle, state: &State, d: &Device) -> bool {
    let fact = |key: FactKey| d.fact(key).is_some_and(|t: &Text| n.is_in(t.as_str()));
    match key {
        Key::Segment => d
            .segment
            .and_then(|s| state.segments.get(&s))
            .is_some_and(|s| n.is_in(s.name.as_str())),
        Key::Vendor => fact(FactKey::Vendor),
        Key::Model => fact(FactKey::Model),
        Key::Os => fact(FactKey::Os),
        Key::Ward => fact(FactKey::Ward),
        Key::Room => fact(FactKey::Room),
        Key::Owner => fact(FactKey::Owner),
        Key::Tag => fact(FactKey::Tag),
        Key::Serial => fact(FactKey::Serial),
        Key::Name => n.is_in(d.name.as_str()),
        Key::Mac => d.macs.iter().any(|m| n.is_in_mac(*m)),
        Key::Port => {
            port(state, d).is_some_and(|p| n.is_in(p.name.as_str()) || n.is_in(p.alias.as_str()))
        }
        Key::Switch => d
            .attached
            .and_then(|a| state.devices.get(&a.switch))
            .is_some_and(|s| n.is_in(s.name.as_str())),
        // the other keys have tests of their own
        _ => false,
    }
}
