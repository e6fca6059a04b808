//! Words for people: kinds of devices, who is touched by a fault, the parts of an alert's sentence.

use crate::engine::State;
use crate::model::{
    Alert, AlertState, CareLevel, Device, DeviceClass, DeviceId, IfIndex, Impact, SegmentId,
};
use crate::ui::widgets::{Ink, counted, width};

/// `1 ventilator`, `12 infusion pumps`.
pub fn kinds(class: DeviceClass, n: usize) -> String {
    let (one, many) = kind_words(class);
    counted(n, one, many)
}

/// A kind as it stands before a name: `ventilator`, `CT scanner`.
pub fn kind(class: DeviceClass) -> &'static str {
    kind_words(class).0
}

/// A kind in a column of that width: the word, or a shorter one where it has no room.
pub fn kind_in(class: DeviceClass, columns: u16) -> &'static str {
    use DeviceClass as C;
    let whole = kind(class);
    if width(whole) <= columns {
        return whole;
    }
    match class {
        C::Anaesthesia => "anaesthesia",
        C::Dialysis => "dialysis",
        C::Telemetry => "telemetry",
        C::Ultrasound => "ultrasound",
        C::MedicationCabinet => "med cabinet",
        C::NurseCall => "nurse call",
        C::Medical => "medical",
        C::WirelessController => "WLAN control",
        C::Storage => "storage",
        C::Door => "door",
        C::Building => "building",
        C::Unknown => "unknown",
        _ => whole,
    }
}

fn kind_words(class: DeviceClass) -> (&'static str, &'static str) {
    use DeviceClass as C;
    match class {
        C::Ventilator => ("ventilator", "ventilators"),
        C::Anaesthesia => ("anaesthesia machine", "anaesthesia machines"),
        C::InfusionPump => ("infusion pump", "infusion pumps"),
        C::Dialysis => ("dialysis machine", "dialysis machines"),
        C::PatientMonitor => ("monitor", "monitors"),
        C::Telemetry => ("telemetry unit", "telemetry units"),
        C::Ct => ("CT scanner", "CT scanners"),
        C::Mr => ("MR scanner", "MR scanners"),
        C::Xray => ("X-ray unit", "X-ray units"),
        C::Ultrasound => ("ultrasound unit", "ultrasound units"),
        C::Pacs => ("PACS server", "PACS servers"),
        C::LabAnalyser => ("analyser", "analysers"),
        C::MedicationCabinet => ("medication cabinet", "medication cabinets"),
        C::Refrigerator => ("refrigerator", "refrigerators"),
        C::NurseCall => ("nurse call unit", "nurse call units"),
        C::Bed => ("bed", "beds"),
        C::Medical => ("medical device", "medical devices"),
        C::Router => ("router", "routers"),
        C::Switch => ("switch", "switches"),
        C::Firewall => ("firewall", "firewalls"),
        C::WirelessController => ("wireless controller", "wireless controllers"),
        C::AccessPoint => ("access point", "access points"),
        C::Ups => ("UPS", "UPS units"),
        C::Pdu => ("PDU", "PDUs"),
        C::Sensor => ("sensor", "sensors"),
        C::Server => ("server", "servers"),
        C::Storage => ("storage system", "storage systems"),
        C::Workstation => ("workstation", "workstations"),
        C::Phone => ("phone", "phones"),
        C::Printer => ("printer", "printers"),
        C::Camera => ("camera", "cameras"),
        C::Door => ("door controller", "door controllers"),
        C::Building => ("building controller", "building controllers"),
        C::Unknown => ("unknown device", "unknown devices"),
    }
}

/// `4 ventilators, 12 infusion pumps`, closest to the patient first; what is beyond `most` kinds is summed.
pub fn classes(by_class: &[(DeviceClass, u32)], most: usize) -> String {
    let mut parts: Vec<String> = by_class
        .iter()
        .take(most)
        .map(|(class, n)| kinds(*class, *n as usize))
        .collect();
    let rest: u32 = by_class.iter().skip(most).map(|(_, n)| n).sum();
    if rest > 0 {
        parts.push(format!("{rest} more"));
    }
    parts.join(", ")
}

/// `16 life-sustaining, 12 clinical`.
pub fn cares(impact: &Impact) -> String {
    impact
        .by_care
        .iter()
        .filter(|(care, n)| *n > 0 && *care >= CareLevel::Clinical)
        .map(|(care, n)| format!("{n} {care}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The first clause of an alert's text, and what comes after it.
pub fn clauses(text: &str) -> (&str, &str) {
    match text.split_once(';') {
        Some((first, rest)) => (first.trim_end(), rest.trim_start()),
        None => (text, ""),
    }
}

/// Name of a segment, or nothing.
pub fn segment_name(state: &State, id: Option<SegmentId>) -> &str {
    id.and_then(|id| state.segments.get(&id))
        .map_or("", |s| s.name.as_str())
}

/// Where an alert is felt: the ward that loses most behind its device, otherwise the segment it is in.
pub fn place<'a>(state: &'a State, alert: &'a Alert) -> &'a str {
    alert
        .impact
        .by_ward
        .iter()
        .filter(|(ward, n)| *n > 0 && !ward.is_empty())
        // the first of equals: wards come in the order of their names
        .max_by_key(|(ward, n)| (*n, std::cmp::Reverse(ward)))
        .map_or_else(
            || segment_name(state, alert.segment),
            |(ward, _)| ward.as_str(),
        )
}

/// `sw-3f-02 Gi1/0/17`: the port a device hangs on, or the far end of a network device's only way on; nothing where it is not
/// known.
pub fn port_of(state: &State, device: &Device) -> String {
    let Some((switch, port)) = device
        .attached
        .map(|at| (at.switch, at.port))
        .or_else(|| only_cable(state, device))
    else {
        return String::new();
    };
    let Some(switch) = state.devices.get(&switch) else {
        return String::new();
    };
    match switch.interfaces.get(&port) {
        Some(port) if !port.name.is_empty() => format!("{} {}", switch.name, port.name),
        _ => format!("{} port {port}", switch.name),
    }
}

fn only_cable(state: &State, device: &Device) -> Option<(DeviceId, IfIndex)> {
    if !device.class.is_network() {
        return None;
    }
    // an access point at the end of a cable leads nowhere
    let leads = |id: &DeviceId| {
        state
            .devices
            .get(id)
            .is_some_and(|d| d.class.is_network() && d.class != DeviceClass::AccessPoint)
    };
    let mut cables = state.links.keys().filter(|id| {
        (id.0.device == device.id || id.1.device == device.id) && leads(&id.other(device.id).device)
    });
    let only = cables.next()?;
    if cables.next().is_some() {
        return None;
    }
    let far = only.other(device.id);
    Some((far.device, far.port?))
}

/// Who has an alert, or that nobody has: `new`, `open 30m`, `ana until 04:00`.
pub fn hands(ink: &Ink<'_>, alert: &Alert, fresh: bool) -> String {
    match alert.state {
        AlertState::Pending => "checking".to_string(),
        AlertState::Closed => match alert.closed {
            Some(at) => format!("over {}", ink.clock(at)),
            None => "over".to_string(),
        },
        AlertState::Open if fresh => "new".to_string(),
        AlertState::Open => format!("open {}", ink.age(alert.opened.unwrap_or(alert.since))),
        AlertState::Acknowledged => match &alert.ack {
            Some(ack) => match ack.until {
                Some(until) => format!("{} until {}", ack.by, ink.clock(until)),
                None => ack.by.to_string(),
            },
            None => "acknowledged".to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_fits_its_narrowest_column() {
        for class in DeviceClass::ALL {
            for columns in [12, 14, 19] {
                let word = kind_in(*class, columns);
                assert!(width(word) <= columns.max(13), "{word}");
            }
        }
        assert_eq!(kind_in(DeviceClass::Anaesthesia, 19), "anaesthesia machine");
        assert_eq!(kind_in(DeviceClass::Anaesthesia, 18), "anaesthesia");
    }

    #[test]
    fn kinds_are_counted_in_words() {
        assert_eq!(kinds(DeviceClass::Ventilator, 1), "1 ventilator");
        assert_eq!(kinds(DeviceClass::Switch, 2), "2 switches");
        let by_class = [
            (DeviceClass::Ventilator, 4),
            (DeviceClass::InfusionPump, 12),
            (DeviceClass::Workstation, 6),
            (DeviceClass::Printer, 2),
        ];
        assert_eq!(
            classes(&by_class, 2),
            "4 ventilators, 12 infusion pumps, 8 more"
        );
        assert_eq!(classes(&by_class[..1], 2), "4 ventilators");
        assert_eq!(classes(&[], 2), "");
    }

    #[test]
    fn a_text_falls_into_what_happened_and_what_follows() {
        assert_eq!(
            clauses("stopped answering; 12 devices behind it"),
            ("stopped answering", "12 devices behind it")
        );
        assert_eq!(clauses("on battery"), ("on battery", ""));
    }
}
