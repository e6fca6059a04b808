//! Firmware older than what the site demands.

use crate::model::{Condition, DeviceId, FactKey, Impact, Severity, Text};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::state::State;
use super::super::version::compare_versions;
use super::words;

impl State {
    pub(super) fn review_firmware(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let own = d.fact_str(FactKey::Firmware).to_string();
        let model = d.fact_str(FactKey::Model).to_lowercase();
        let demand = self
            .site
            .firmware
            .iter()
            .filter(|f| f.class.is_none_or(|c| c == d.class))
            .filter(|f| {
                let part = f.model.as_str().to_lowercase();
                (part.is_empty() && f.class.is_some())
                    || (!part.is_empty() && model.contains(&part))
            })
            // of several demands the highest counts
            .max_by(|a, b| compare_versions(a.minimum.as_str(), b.minimum.as_str()))
            .filter(|f| !own.is_empty() && compare_versions(&own, f.minimum.as_str()).is_lt())
            .map(|f| f.minimum.clone());
        let whole = Text::empty();
        let Some(minimum) = demand else {
            self.clear(Condition::OldFirmware, Some(id), &whole, out);
            return;
        };
        let mut details = words::telephone(self, &d);
        if let Some(fact) = d.facts.get(&FactKey::Firmware) {
            details.insert(
                0,
                escaped(format!("{own} according to {}", fact.source.word())),
            );
        }
        let finding = Finding {
            condition: Condition::OldFirmware,
            device: Some(id),
            part: whole,
            severity: Severity::Minor,
            text: escaped(format!("firmware {own} is older than {}", minimum.as_str())),
            details,
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }
}
