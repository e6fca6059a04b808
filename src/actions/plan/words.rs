//! What a person should read before a run.

use super::port::Spot;
use crate::engine::State;
use crate::model::{Device, FactKey, RunPlan, Text};

/// `a, b, c`.
pub(super) fn list<'a>(of: impl Iterator<Item = &'a str>) -> Text {
    Text::from(of.collect::<Vec<_>>().join(", "))
}

/// What a plan sends: `4 get, 2 set to sw-3f-02`.
pub(super) fn needs(plan: &RunPlan) -> Text {
    let counts: Vec<String> = plan
        .packet_counts()
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.word()))
        .collect();
    Text::from(match (counts.is_empty(), plan.on_behalf_of) {
        (true, _) => "sends nothing".into(),
        (false, None) => counts.join(", "),
        (false, Some(_)) => format!("{} to {}", counts.join(", "), plan.device_name),
    })
}

/// A time span as it is spoken of.
pub(crate) fn span(seconds: u32) -> String {
    match seconds {
        s if s < 120 => format!("{s} s"),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{} min {} s", s / 60, s % 60),
    }
}

/// Who loses the link, what is sent, and how it comes back.
pub(super) fn port_notes(
    state: &State,
    spot: Spot<'_>,
    losing: &[&Device],
    bounce: bool,
    revert_s: u32,
) -> Vec<Text> {
    let Spot { switch, port, .. } = spot;
    let described = if port.alias.is_empty() {
        String::new()
    } else {
        format!(" ({})", port.alias)
    };
    let link = if port.is_up() {
        "has link"
    } else {
        "has no link"
    };
    let mut notes = vec![format!(
        "{} {}{described}, which {link} now, {} for {}",
        switch.name,
        port.name,
        if bounce { "goes down" } else { "is shut" },
        span(revert_s)
    )];
    if losing.is_empty() {
        notes.push("nothing was ever learned on this port".into());
    }
    for device in losing {
        let mut about = vec![device.class.word(), device.care.word()];
        about.extend(
            [FactKey::Ward, FactKey::Room]
                .iter()
                .map(|k| device.fact_str(*k))
                .filter(|s| !s.is_empty()),
        );
        if !device.declared {
            about.push("not in the register");
        }
        notes.push(format!(
            "{} loses its link: {}",
            device.name,
            about.join(", ")
        ));
        if let Some(ward) = state.ward(device).filter(|w| !w.phone.is_empty()) {
            notes.push(format!("tell {} first: {}", ward.name, ward.phone));
        }
    }
    let oid = format!("{}.{}", crate::actions::mib::IF_ADMIN_STATUS, port.index);
    notes.push(format!(
        "SET {oid} = 2 (down), and = 1 (up) after {}",
        span(revert_s)
    ));
    notes.push(format!(
        "just before, the switch is asked again; it stops unless index {} is still '{}' with description '{}'",
        port.index, port.name, port.alias
    ));
    notes.push(
        "the way back is written down before the first SET: if wardwatch is killed, its next start opens the port"
            .into(),
    );
    notes.into_iter().map(Text::from).collect()
}
