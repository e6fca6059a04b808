//! A device that is left alone because it restarted after it was asked.

use crate::model::{CareLevel, Condition, DeviceId, Impact, Severity, Text};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::quarantine::Spared;
use super::super::state::State;
use super::words;

impl State {
    pub(super) fn review_quarantine(&mut self, id: DeviceId, out: &mut Out) {
        let whole = Text::empty();
        let Some(q) = self.quarantine.get(&id).filter(|q| q.confirmed).cloned() else {
            self.clear(Condition::Quarantined, Some(id), &whole, out);
            return;
        };
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let then = match q.spared {
            Spared::StatusOnly => "its status is asked by one GET; nothing is walked",
            Spared::Alone => "nothing is sent to it; it is only watched",
        };
        let severity = match d.care {
            CareLevel::LifeSustaining => Severity::Critical,
            CareLevel::Clinical => Severity::Major,
            CareLevel::Support if q.spared == Spared::Alone => Severity::Major,
            _ => Severity::Minor,
        };
        let mut details = vec![
            Text::from(then),
            Text::from("it stays so until a person lets it go (release)"),
        ];
        if !q.object_id.is_empty() {
            details.push(Text::from(
                "others of its model and firmware are asked with more care",
            ));
        }
        details.extend(words::telephone(self, &d));
        let finding = Finding {
            condition: Condition::Quarantined,
            device: Some(id),
            part: whole,
            severity,
            text: escaped(format!("{}: it {}", q.spared.words(), q.why.as_str())),
            details,
            impact: Impact::default(),
        };
        self.raise(finding, Stand::Open, out);
    }
}
