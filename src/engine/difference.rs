//! What is other in one state than in an earlier one: who came and went, moved, changed, which alerts opened and closed.

use crate::model::{Alert, AlertId, Device, DeviceId, FactKey, Text, Time};

use super::state::State;

/// What is compared of a device beside what it is and where.
const FACTS: [(FactKey, &str); 6] = [
    (FactKey::Firmware, "firmware"),
    (FactKey::Model, "model"),
    (FactKey::Vendor, "vendor"),
    (FactKey::Serial, "serial"),
    (FactKey::Ward, "ward"),
    (FactKey::Room, "room"),
];

/// One thing that is other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The device it is about; none for an alert about wardwatch itself.
    pub device: Option<DeviceId>,
    /// The alert it is about.
    pub alert: Option<AlertId>,
    /// What: `appeared`, `gone`, `state`, `port`, `firmware`, `alert` …
    pub what: &'static str,
    /// What it was; empty where it was not there.
    pub before: Text,
    /// What it is; empty where it is there no more.
    pub after: Text,
    /// When, where that is known.
    pub at: Option<Time>,
}

/// What is other in `after` than in `before`: devices in the order of their names, then alerts.
pub fn differences(before: &State, after: &State) -> Vec<Difference> {
    let mut out = Vec::new();
    let mut ids: Vec<DeviceId> = before
        .devices
        .keys()
        .chain(after.devices.keys())
        .copied()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let name = |id: &DeviceId| {
        let device = after.devices.get(id).or_else(|| before.devices.get(id));
        device.map(|d| d.name.clone()).unwrap_or_default()
    };
    ids.sort_by_cached_key(name);
    for id in ids {
        match (before.devices.get(&id), after.devices.get(&id)) {
            (Some(was), Some(is)) if std::sync::Arc::ptr_eq(was, is) => {}
            (Some(was), Some(is)) => of_device((before, was), (after, is), &mut out),
            (None, Some(is)) => out.push(Difference {
                device: Some(id),
                alert: None,
                what: "appeared",
                before: Text::empty(),
                after: Text::from(is.class.word()),
                at: Some(is.first_seen).filter(|at| *at != Time::default()),
            }),
            (Some(was), None) => out.push(Difference {
                device: Some(id),
                alert: None,
                what: "gone",
                before: was.name.clone(),
                after: Text::empty(),
                at: None,
            }),
            (None, None) => {}
        }
    }
    let mut alerts: Vec<AlertId> = before
        .alerts
        .keys()
        .chain(after.alerts.keys())
        .copied()
        .collect();
    alerts.sort_unstable();
    alerts.dedup();
    for id in alerts {
        of_alert(before.alerts.get(&id), after.alerts.get(&id), &mut out);
    }
    out
}

fn of_device(
    (before, was): (&State, &Device),
    (after, is): (&State, &Device),
    out: &mut Vec<Difference>,
) {
    let mut differ = |what: &'static str, before: Text, after: Text, at: Option<Time>| {
        if before != after {
            out.push(Difference {
                device: Some(is.id),
                alert: None,
                what,
                before,
                after,
                at,
            });
        }
    };
    let word = |w: &str| Text::from(w);
    differ("name", was.name.clone(), is.name.clone(), None);
    differ(
        "state",
        word(was.state.word()),
        word(is.state.word()),
        Some(is.state_since),
    );
    differ("class", word(was.class.word()), word(is.class.word()), None);
    differ("care", word(was.care.word()), word(is.care.word()), None);
    differ(
        "touch",
        word(was.touch.policy.word()),
        word(is.touch.policy.word()),
        None,
    );
    let address = |d: &Device| d.address.map_or_else(Text::empty, |a| a.to_string().into());
    differ("address", address(was), address(is), None);
    differ("segment", segment(before, was), segment(after, is), None);
    differ("port", port(before, was), port(after, is), None);
    for (key, what) in FACTS {
        differ(what, word(was.fact_str(key)), word(is.fact_str(key)), None);
    }
    let ports = |d: &Device| d.interfaces.len();
    if ports(was) != ports(is) && ports(was) > 0 {
        let n = |d: &Device| Text::from(ports(d).to_string());
        differ("interfaces", n(was), n(is), None);
    }
}

fn segment(state: &State, device: &Device) -> Text {
    let segment = device.segment.and_then(|id| state.segments.get(&id));
    segment.map(|s| s.name.clone()).unwrap_or_default()
}

/// `sw-3f-02 Gi1/0/17`
fn port(state: &State, device: &Device) -> Text {
    let Some(at) = device.attached else {
        return Text::empty();
    };
    let switch = state.name_of(at.switch);
    let port = state.port_name(at.switch, at.port);
    // both are text already: what was escaped is not escaped once more
    super::alerts::escaped(format!("{switch} {port}"))
}

fn of_alert(
    was: Option<&std::sync::Arc<Alert>>,
    is: Option<&std::sync::Arc<Alert>>,
    out: &mut Vec<Difference>,
) {
    let stands = |a: Option<&std::sync::Arc<Alert>>| match a {
        Some(a) if a.opened.is_some() => Text::from(a.state.word()),
        _ => Text::empty(),
    };
    let severity = |a: &Alert| Text::from(a.severity.word());
    let Some(is) = is else {
        // the oldest closed ones are not kept for ever; one that stood open is never simply gone
        return;
    };
    let alike = |what, before: Text, after: Text, at| Difference {
        device: is.device,
        alert: Some(is.id),
        what,
        before,
        after,
        at,
    };
    let (before, after) = (stands(was), stands(Some(is)));
    if before != after {
        out.push(alike("alert", before, after, Some(is.changed)));
    } else if let Some(was) = was.filter(|was| was.severity != is.severity) {
        out.push(alike(
            "severity",
            severity(was),
            severity(is),
            Some(is.changed),
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        AlertState, Attachment, Condition, DeviceClass, DeviceState, Impact, Segment, SegmentId,
        Severity,
    };

    fn state() -> State {
        let mut state = State::new();
        for (id, name) in [(1, "sw-1"), (2, "pump-2"), (3, "pump-3")] {
            let device = Device {
                id: DeviceId(id),
                name: name.into(),
                class: DeviceClass::InfusionPump,
                state: DeviceState::Up,
                ..Device::default()
            };
            state.devices.insert(device.id, Arc::new(device));
        }
        let icu = Segment {
            name: "ICU".into(),
            ..Segment::default()
        };
        state.segments.insert(SegmentId(0), Arc::new(icu));
        state
    }

    fn edit(state: &mut State, id: u32, change: impl FnOnce(&mut Device)) {
        change(Arc::make_mut(state.devices.get_mut(&DeviceId(id)).unwrap()));
    }

    fn lines(before: &State, after: &State) -> Vec<String> {
        differences(before, after)
            .iter()
            .map(|d| {
                let id = d.device.map_or(0, |id| id.0);
                format!("{id} {} {}>{}", d.what, d.before, d.after)
            })
            .collect()
    }

    #[test]
    fn nothing_differs_from_itself() {
        assert!(differences(&state(), &state()).is_empty());
        assert!(differences(&State::new(), &State::new()).is_empty());
    }

    #[test]
    fn who_came_went_moved_and_changed_is_told_in_the_order_of_names() {
        let (before, mut after) = (state(), state());
        edit(&mut after, 2, |d| {
            d.state = DeviceState::Down;
            d.segment = Some(SegmentId(0));
            d.attached = Some(Attachment {
                switch: DeviceId(1),
                port: crate::model::IfIndex(7),
                vlan: 0,
                since: Time(0),
                seen: Time(0),
            });
            d.address = Some([10, 3, 1, 2].into());
        });
        after.devices.remove(&DeviceId(3));
        let new = Device {
            id: DeviceId(4),
            name: "a-new-one".into(),
            ..Device::default()
        };
        after.devices.insert(DeviceId(4), Arc::new(new));
        assert_eq!(
            lines(&before, &after),
            [
                "4 appeared >unknown",
                "2 state up>down",
                "2 address >10.3.1.2",
                "2 segment >ICU",
                "2 port >sw-1 port 7",
                "3 gone pump-3>",
            ]
        );
        // and the other way round
        let back = lines(&after, &before);
        assert!(
            back.contains(&"3 appeared >infusion-pump".into()),
            "{back:?}"
        );
        assert!(back.contains(&"2 state down>up".into()), "{back:?}");
    }

    #[test]
    fn alerts_that_open_close_and_get_worse_are_told() {
        let alert = |id, state, severity, opened| {
            Arc::new(Alert {
                id: AlertId(id),
                condition: Condition::DeviceDown,
                device: Some(DeviceId(1)),
                part: Text::empty(),
                segment: None,
                severity,
                state,
                text: "stopped answering".into(),
                details: Vec::new(),
                since: Time(0),
                opened,
                changed: Time(9),
                closed: None,
                count: 1,
                ack: None,
                impact: Impact::default(),
                root: true,
                parent: None,
            })
        };
        let open = Some(Time(5));
        let (mut before, mut after) = (state(), state());
        for (id, was, is) in [
            (1, None, Some((AlertState::Open, Severity::Major, open))),
            (
                2,
                Some((AlertState::Open, Severity::Major, open)),
                Some((AlertState::Closed, Severity::Major, open)),
            ),
            (
                3,
                Some((AlertState::Open, Severity::Minor, open)),
                Some((AlertState::Open, Severity::Critical, open)),
            ),
            (4, Some((AlertState::Closed, Severity::Minor, open)), None),
            // what never opened is nobody's news
            (5, None, Some((AlertState::Pending, Severity::Minor, None))),
        ] {
            for (state, of) in [(&mut before, was), (&mut after, is)] {
                if let Some((stands, severity, opened)) = of {
                    state
                        .alerts
                        .insert(AlertId(id), alert(id, stands, severity, opened));
                }
            }
        }
        assert_eq!(
            lines(&before, &after),
            [
                "1 alert >open",
                "1 alert open>closed",
                "1 severity minor>critical"
            ]
        );
    }
}
