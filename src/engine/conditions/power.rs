//! A UPS on battery.

use crate::model::{Condition, DeviceId, FactKey, Impact, Severity, Text};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::state::State;
use super::words;

impl State {
    pub(super) fn review_power(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let Some(seconds) = d.fact(FactKey::UpsSecondsOnBattery) else {
            return;
        };
        let seconds: u64 = seconds.as_str().parse().unwrap_or(0);
        let whole = Text::empty();
        if seconds == 0 {
            self.clear(Condition::OnBattery, Some(id), &whole, out);
            return;
        }
        // a UPS that can't be judged any more has said its last word
        if self.memory.blind.contains_key(&id) {
            return;
        }
        let left: Option<u64> = d.fact_str(FactKey::UpsMinutesLeft).parse().ok();
        let charge = d.fact_str(FactKey::UpsCharge);
        let mut text = "on battery".to_string();
        if let Some(left) = left {
            text = format!("{text}; {left} min left");
        }
        let mut details = vec![escaped(format!("{seconds} s on battery"))];
        if !charge.is_empty() {
            details.push(escaped(format!("charge {charge} %")));
        }
        details.extend(words::telephone(self, &d));
        let finding = Finding {
            condition: Condition::OnBattery,
            device: Some(id),
            part: whole,
            severity: if left.is_some_and(|m| m <= 10) {
                Severity::Critical
            } else {
                Severity::Major
            },
            text: escaped(text),
            details,
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }
}
