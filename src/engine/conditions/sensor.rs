//! Fans and power supplies that failed, values beyond their limits, DHCP scopes that run out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{
    Alert, CareLevel, Condition, Device, DeviceClass, DeviceId, Impact, LimitSpec, Reach, Sensor,
    SensorKind, SensorState, Severity, Text,
};

use super::super::alerts::{Finding, Stand, escaped};
use super::super::fold::Out;
use super::super::memory::Timer;
use super::super::state::State;
use super::words;

/// Percent of a scope's addresses that are left: below this a person is told …
const FEW: i64 = 10;
/// … below this at once …
const HARDLY_ANY: i64 = 2;
/// … and from this on it is over.
const ENOUGH: i64 = 12;

/// What was found, by condition and by the sensor's name: two sensors of one name are one part.
type Found = BTreeMap<(Condition, Text), (Severity, String)>;

impl State {
    pub(super) fn review_sensors(&mut self, id: DeviceId, out: &mut Out) {
        let Some(d) = self.devices.get(&id).cloned() else {
            return;
        };
        let open: Vec<(Condition, Text)> = self
            .device_alerts(id)
            .iter()
            .filter(|a| is_own(a))
            .map(|a| (a.condition, a.part.clone()))
            .collect();
        if d.sensors().is_empty() && open.is_empty() {
            return;
        }
        // what is not heard of is neither worse nor over
        if self.memory.blind.contains_key(&id) || d.snmp.reach == Reach::Silent {
            return;
        }
        let mut found = Found::new();
        for sensor in d.sensors() {
            let limit = self.limit(&d, sensor);
            let was_open = |c| open.contains(&(c, sensor.name.clone()));
            if sensor.kind == SensorKind::Leases {
                scope(
                    sensor,
                    limit.as_ref(),
                    was_open(Condition::ScopeFull),
                    &mut found,
                );
            } else if let Some(limit) = &limit {
                let beyond = beyond(sensor, limit, was_open(Condition::OutOfRange));
                self.hold_limit(id, sensor, limit, beyond, &mut found, out);
            } else if let Some((condition, severity, text)) = own_word(&d, sensor) {
                put(&mut found, condition, sensor, severity, text);
            }
        }
        for (condition, part) in &open {
            if !found.contains_key(&(*condition, part.clone())) {
                self.clear(*condition, Some(id), part, out);
                out.judge.insert(id);
            }
        }
        self.forget_beyond(id, &d);
        let details = words::telephone(self, &d);
        for ((condition, part), (severity, text)) in found {
            let finding = Finding {
                condition,
                device: Some(id),
                part: part.clone(),
                severity,
                text: escaped(text),
                details: details.clone(),
                impact: Impact::default(),
            };
            if !open.contains(&(condition, part)) {
                out.judge.insert(id);
            }
            self.raise(finding, Stand::Open, out);
        }
    }

    /// The first limit of the site that fits.
    fn limit(&self, d: &Device, sensor: &Sensor) -> Option<LimitSpec> {
        if self.site.limits.is_empty() {
            return None;
        }
        let named = |part: &Text| {
            let part = part.as_str().to_lowercase();
            part.is_empty() || sensor.name.as_str().to_lowercase().contains(&part)
        };
        self.site
            .limits
            .iter()
            .filter(|l| {
                l.device.is_empty() || l.device.as_str().eq_ignore_ascii_case(d.name.as_str())
            })
            .filter(|l| l.class.is_none_or(|c| c == d.class))
            .filter(|l| l.kind.is_none_or(|k| k == sensor.kind))
            .find(|l| named(&l.name))
            .cloned()
    }

    /// A value beyond a limit calls nobody before its time is over.
    fn hold_limit(
        &mut self,
        id: DeviceId,
        sensor: &Sensor,
        limit: &LimitSpec,
        beyond: Option<String>,
        found: &mut Found,
        out: &mut Out,
    ) {
        let key = (id, sensor.name.clone());
        let Some(text) = beyond else {
            self.memory.beyond.remove(&key);
            return;
        };
        let since = *self.memory.beyond.entry(key).or_insert(sensor.at);
        let due = since + Duration::from_secs(u64::from(limit.for_s));
        if out.now < due {
            self.memory.timers.insert((due, Timer::Sensors(id)));
            return;
        }
        let held = if limit.for_s >= 60 {
            format!(" for {} min", limit.for_s / 60)
        } else {
            String::new()
        };
        let severity = limit.severity.unwrap_or(Severity::Major);
        put(found, Condition::OutOfRange, sensor, severity, text + &held);
    }

    fn forget_beyond(&mut self, id: DeviceId, d: &Device) {
        let first = (id, Text::empty());
        let gone: Vec<(DeviceId, Text)> = self
            .memory
            .beyond
            .range(first..)
            .map(|(key, _)| key)
            .take_while(|(device, _)| *device == id)
            .filter(|(_, name)| !d.sensors().iter().any(|s| s.name == *name))
            .cloned()
            .collect();
        for key in gone {
            self.memory.beyond.remove(&key);
        }
    }
}

fn is_own(alert: &Alert) -> bool {
    alert.closed.is_none()
        && matches!(
            alert.condition,
            Condition::SensorFailed | Condition::OutOfRange | Condition::ScopeFull
        )
}

fn put(found: &mut Found, condition: Condition, sensor: &Sensor, severity: Severity, text: String) {
    let slot = found
        .entry((condition, sensor.name.clone()))
        .or_insert_with(|| (severity, text.clone()));
    if severity > slot.0 {
        *slot = (severity, text);
    }
}

/// What is wrong by the device's own word.
fn own_word(d: &Device, sensor: &Sensor) -> Option<(Condition, Severity, String)> {
    let name = sensor.name.as_str();
    let failed = match sensor.state {
        SensorState::Failed => true,
        SensorState::Warning => false,
        // a supply that was there and is not any more: pulled, or dead
        SensorState::Absent
            if sensor.once_good && matches!(sensor.kind, SensorKind::Supply | SensorKind::Fan) =>
        {
            let text = format!("{name} is no longer there{}", others(d, sensor));
            return Some((Condition::SensorFailed, Severity::Minor, text));
        }
        _ => return None,
    };
    let what = if failed {
        "failed"
    } else {
        "reports a warning"
    };
    let weighty = d.care >= CareLevel::Clinical
        || (d.class.is_network() && d.class != DeviceClass::AccessPoint)
        || matches!(
            d.class,
            DeviceClass::Server | DeviceClass::Storage | DeviceClass::Ups | DeviceClass::Pdu
        );
    let bad = |is: bool| {
        if failed && is {
            Severity::Major
        } else {
            Severity::Minor
        }
    };
    match sensor.kind {
        SensorKind::Supply => Some((
            Condition::SensorFailed,
            bad(weighty),
            format!("{name} {what}{}", others(d, sensor)),
        )),
        SensorKind::Fan => Some((
            Condition::SensorFailed,
            bad(weighty && working(d, sensor) == 0),
            format!("{name} {what}{}", others(d, sensor)),
        )),
        SensorKind::Contact => {
            let lower = name.to_lowercase();
            let grave = ["leak", "water", "flood", "smoke", "fire"];
            let text = if failed { "reports an alarm" } else { what };
            Some((
                Condition::SensorFailed,
                bad(grave.iter().any(|w| lower.contains(w))),
                format!("{name} {text}"),
            ))
        }
        SensorKind::Other => Some((
            Condition::SensorFailed,
            Severity::Minor,
            format!("{name} {what}"),
        )),
        SensorKind::Temperature | SensorKind::Humidity | SensorKind::Percent => {
            match sensor.value {
                Some(value) => {
                    let how = if failed {
                        "beyond its limit"
                    } else {
                        "near its limit"
                    };
                    let text = format!(
                        "{name} is at {}, {how} by the device's own word",
                        sensor.kind.words(value)
                    );
                    Some((Condition::OutOfRange, bad(true), text))
                }
                // a thermometer that never worked is an empty slot more often than a fault; one without a number says a state
                None if sensor.once_good => Some((
                    Condition::SensorFailed,
                    bad(sensor.ring.is_empty()),
                    format!("{name} {what}"),
                )),
                None => None,
            }
        }
        // optics go dark with every cable that is pulled: shown, and a limit of the site may watch them
        SensorKind::Voltage
        | SensorKind::Current
        | SensorKind::Power
        | SensorKind::Signal
        | SensorKind::Frequency
        | SensorKind::Leases => None,
    }
}

/// Others of its kind and table that work.
fn working(d: &Device, sensor: &Sensor) -> usize {
    alike(d, sensor)
        .filter(|s| s.state == SensorState::Good)
        .count()
}

fn alike<'a>(d: &'a Device, sensor: &'a Sensor) -> impl Iterator<Item = &'a Sensor> {
    d.sensors()
        .iter()
        .filter(|s| s.kind == sensor.kind && s.table() == sensor.table() && s.key != sensor.key)
}

/// `; redundancy lost, 1 of 2 works`
fn others(d: &Device, sensor: &Sensor) -> String {
    let fitted = alike(d, sensor)
        .filter(|s| s.state != SensorState::Absent || s.once_good)
        .count()
        + 1;
    let left = working(d, sensor);
    match (sensor.kind, fitted, left) {
        (_, 1, _) => String::new(),
        (_, _, 0) => "; none of its kind works".into(),
        (SensorKind::Supply, n, 1) => format!("; redundancy lost, 1 of {n} works"),
        (_, n, 1) => format!("; 1 of {n} works"),
        (_, n, left) => format!("; {left} of {n} work"),
    }
}

/// Beyond a limit, in words. Once it is, it must come back by a margin.
fn beyond(sensor: &Sensor, limit: &LimitSpec, was: bool) -> Option<String> {
    let value = sensor.value?;
    let margin = match (was, limit.low, limit.high) {
        (false, _, _) => 0,
        (true, Some(low), Some(high)) => {
            (high.saturating_sub(low) / 10).clamp(0, usual_margin(sensor.kind))
        }
        (true, _, _) => usual_margin(sensor.kind),
    };
    let words = |n: i64| sensor.kind.words(n);
    let name = sensor.name.as_str();
    if let Some(high) = limit
        .high
        .filter(|high| value > high.saturating_sub(margin))
    {
        return Some(format!(
            "{name} is at {}, limit {}",
            words(value),
            words(high)
        ));
    }
    let low = limit.low.filter(|low| value < low.saturating_add(margin))?;
    Some(format!(
        "{name} is at {}, lower limit {}",
        words(value),
        words(low)
    ))
}

fn usual_margin(kind: SensorKind) -> i64 {
    match kind {
        SensorKind::Humidity | SensorKind::Percent => 2_000,
        SensorKind::Fan => 200_000,
        SensorKind::Power => 5_000,
        _ => 300,
    }
}

/// Does a DHCP scope run out?
fn scope(sensor: &Sensor, limit: Option<&LimitSpec>, was: bool, found: &mut Found) {
    let Some(left) = sensor.value else { return };
    let percent = sensor
        .total
        .filter(|total| *total > 0)
        .map(|total| i64::try_from(i128::from(left) * 100 / i128::from(total)).unwrap_or(100));
    let name = sensor.name.as_str();
    let counted = match sensor.total {
        Some(total) => format!("{} of {} addresses left", left / 1_000, total / 1_000),
        None => format!("{} addresses left", left / 1_000),
    };
    if let Some(least) = limit.and_then(|l| l.low) {
        let margin = if was { least / 5 } else { 0 };
        if left < least.saturating_add(margin) {
            let severity = limit.and_then(|l| l.severity).unwrap_or(Severity::Major);
            put(
                found,
                Condition::ScopeFull,
                sensor,
                severity,
                format!("{name} has {counted}"),
            );
        }
        return;
    }
    let Some(percent) = percent else { return };
    let few = if was { ENOUGH } else { FEW };
    if percent >= few {
        return;
    }
    let severity = if percent < HARDLY_ANY {
        Severity::Major
    } else {
        Severity::Minor
    };
    let text = if left <= 0 {
        format!("{name} has no address left: what comes new gets none")
    } else {
        format!("{name} has {percent} % left: {counted}")
    };
    put(found, Condition::ScopeFull, sensor, severity, text);
}
