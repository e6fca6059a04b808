//! Down, no longer seen, agent dead, credentials refused.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{
    AlertId, CareLevel, Condition, Device, DeviceClass, DeviceId, DeviceState, FactKey, Impact,
    Reach, Severity, Text, Time,
};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::memory::Timer;
use super::super::state::State;
use super::words;

impl State {
    pub(super) fn review_reach(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let verdict = self.verdict(&d);
        if self.waits_after(&d, &verdict, out.now).is_some() {
            return;
        }
        let whole = Text::empty();
        // how it is watched decides what it is called when it is gone
        let watched_only = matches!(d.snmp.reach, Reach::NotAsked | Reach::Blind)
            && matches!(d.ping.reach, Reach::NotAsked | Reach::Blind);
        let (condition, other) = if watched_only {
            (Condition::NoLongerSeen, Condition::DeviceDown)
        } else {
            (Condition::DeviceDown, Condition::NoLongerSeen)
        };
        self.clear(other, Some(id), &whole, out);
        if verdict.state == DeviceState::Down {
            let stand = self.stand(&d, condition, out);
            let finding = self.down(&d, condition, &verdict.why);
            self.raise(finding, stand, out);
        } else if !(watched_only && self.memory.blind.contains_key(&id)) {
            // what can't be judged is not over
            self.clear(condition, Some(id), &whole, out);
        }
        self.review_agent(&d, verdict.agent_dead, out);
    }

    fn down(&self, d: &Device, condition: Condition, why: &Text) -> Finding {
        let impact = self.impact(d.id);
        let what = match condition {
            Condition::NoLongerSeen => {
                let how = if why.as_str() == "no longer seen" {
                    String::new()
                } else {
                    format!("; {}", why.as_str())
                };
                format!("no longer seen{how}")
            }
            _ => "stopped answering".to_string(),
        };
        let mut details = Vec::new();
        if condition == Condition::DeviceDown {
            details.push(escaped(format!(
                "{}, asked {} times",
                why.as_str(),
                d.snmp.misses.max(d.ping.misses)
            )));
        }
        if let Some(place) = self.location(d) {
            details.push(escaped(format!("hangs on {}", place.as_str())));
        }
        details.extend(words::impact_lines(self, &impact));
        details.extend(words::telephone(self, d));
        Finding {
            condition,
            device: Some(d.id),
            part: Text::empty(),
            severity: down_severity(d, &impact),
            text: escaped(format!("{what}{}", words::behind(&impact))),
            details,
            impact,
        }
    }

    /// May people be told, or is something before the device to be judged first?
    fn stand(&mut self, d: &Device, condition: Condition, out: &mut Out) -> Stand {
        if let Some(root) = self.memory.blind.get(&d.id).copied()
            && let Some(parent) = self.down_alert(root)
        {
            return Stand::Behind(parent);
        }
        let known = self
            .alert_of(condition, Some(d.id), &Text::empty())
            .map(|a| (a.id, a.since, a.is_active()));
        if known.is_some_and(|(_, _, active)| active) {
            return Stand::Open;
        }
        let failing = if condition == Condition::NoLongerSeen {
            d.passive.since
        } else if d.snmp.reach == Reach::Silent {
            self.first_miss(d)
        } else {
            d.ping.seen
        };
        let before = self.before(d.id);
        self.stand_behind(
            &before,
            failing,
            known.map(|(id, since, _)| (id, since)),
            out,
        )
    }

    /// The same, given who is before: open when one of them answered after the fault began, or none can be asked.
    pub(super) fn stand_behind(
        &mut self,
        before: &[DeviceId],
        failing: Time,
        known: Option<(AlertId, Time)>,
        out: &mut Out,
    ) -> Stand {
        let hold = Duration::from_secs(u64::from(self.site.intervals.hold_s));
        let mut asked = false;
        let mut suspect = false;
        for id in before {
            let Some(p) = self.devices.get(id) else {
                continue;
            };
            match p.snmp.reach {
                Reach::Answers if p.snmp.seen >= failing => return Stand::Open,
                Reach::Answers => asked = true,
                Reach::Missed => {
                    asked = true;
                    suspect = true;
                }
                _ => {}
            }
        }
        if !asked {
            return Stand::Open;
        }
        let Some((alert, since)) = known else {
            self.probe(before, out);
            return Stand::Hold(out.now + hold);
        };
        if !out.expired.contains(&alert) {
            return Stand::Hold(out.now + hold);
        }
        // the one before it is still being confirmed: once more, but not without end
        if suspect && out.now < since + hold * 3 {
            self.probe(before, out);
            self.memory
                .timers
                .insert((out.now + hold, Timer::Hold(alert)));
            return Stand::Hold(out.now + hold);
        }
        Stand::Open
    }

    /// Asks these at once, but for those that are being confirmed anyway.
    pub(in super::super) fn probe(&self, who: &[DeviceId], out: &mut Out) {
        for id in who {
            let fresh = Duration::from_secs(2);
            if let Some(d) = self.devices.get(id).filter(|_| self.is_asked(*id))
                && d.snmp.reach == Reach::Answers
                && out.now.since(d.snmp.seen) > fresh
            {
                out.probe.extend(d.address);
            }
        }
    }

    /// The alert that says that a device is down.
    pub(super) fn down_alert(&self, id: DeviceId) -> Option<AlertId> {
        [Condition::DeviceDown, Condition::NoLongerSeen]
            .into_iter()
            .filter_map(|c| self.alert_of(c, Some(id), &Text::empty()))
            .find(|a| a.closed.is_none())
            .map(|a| a.id)
    }

    fn review_agent(&mut self, d: &Device, agent_dead: bool, out: &mut Out) {
        let refused = d.snmp.reach == Reach::Refuses;
        let said = self.memory.agent_says.get(&d.id).cloned();
        let nonsense = said
            .as_ref()
            .is_some_and(|s| s.as_str().starts_with("answers nonsense"));
        let severity = if d.class.is_network() {
            Severity::Major
        } else {
            Severity::Minor
        };
        let finding = |condition, text: Text| Finding {
            condition,
            device: Some(d.id),
            part: Text::empty(),
            severity,
            text,
            details: vec!["what it carries goes on; it can't be watched closely".into()],
            impact: Impact::default(),
        };
        if self.memory.blind.contains_key(&d.id) {
            return;
        }
        if agent_dead || (refused && nonsense) {
            let text = if agent_dead {
                d.state_why.clone()
            } else {
                said.clone().unwrap_or_default()
            };
            self.raise(finding(Condition::AgentDown, text), Stand::Open, out);
        } else {
            self.clear(Condition::AgentDown, Some(d.id), &Text::empty(), out);
        }
        if refused && !nonsense {
            let text = said.unwrap_or_else(|| "refuses its credentials".into());
            self.raise(
                finding(Condition::CredentialsRefused, text),
                Stand::Open,
                out,
            );
        } else {
            self.clear(
                Condition::CredentialsRefused,
                Some(d.id),
                &Text::empty(),
                out,
            );
        }
    }

    /// Whom a dead device keeps from being judged.
    pub(in super::super) fn impact(&self, root: DeviceId) -> Impact {
        let mut impact = Impact::default();
        if !self.memory.dead.contains(&root) {
            return impact;
        }
        let mut care: BTreeMap<CareLevel, u32> = BTreeMap::new();
        let mut class: BTreeMap<DeviceClass, u32> = BTreeMap::new();
        let mut ward: BTreeMap<Text, u32> = BTreeMap::new();
        for (id, blamed) in &self.memory.blind {
            if *blamed != root {
                continue;
            }
            let Some(d) = self.devices.get(id) else {
                continue;
            };
            impact.behind += 1;
            *care.entry(d.care).or_default() += 1;
            *class.entry(d.class).or_default() += 1;
            let name = self.ward(d).map_or_else(
                || d.fact(FactKey::Ward).cloned().unwrap_or_default(),
                |w| w.name.clone(),
            );
            if !name.is_empty() {
                *ward.entry(name).or_default() += 1;
            }
        }
        impact.by_care = care.into_iter().rev().collect();
        impact.by_class = class.into_iter().collect();
        impact.by_ward = ward.into_iter().collect();
        impact
    }
}

/// How bad it is that a device is gone, with those behind it.
fn down_severity(d: &Device, impact: &Impact) -> Severity {
    let own = match d.care {
        CareLevel::LifeSustaining => Severity::Critical,
        CareLevel::Clinical => Severity::Major,
        _ if d.class.is_network() && d.class != DeviceClass::AccessPoint => Severity::Major,
        _ if matches!(
            d.class,
            DeviceClass::Ups | DeviceClass::Server | DeviceClass::Storage
        ) =>
        {
            Severity::Major
        }
        _ => Severity::Minor,
    };
    let worst = impact.by_care.first().map(|(care, _)| *care);
    own.max(match worst {
        Some(CareLevel::LifeSustaining) => Severity::Critical,
        Some(CareLevel::Clinical) => Severity::Major,
        _ => Severity::Info,
    })
}
