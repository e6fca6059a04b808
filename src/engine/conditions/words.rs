//! What a calm colleague says.

use crate::model::{CareLevel, Device, DeviceClass, Impact, Text};

use super::super::alerts::escaped;
use super::super::read::counted;
use super::super::state::State;

/// `; 34 devices behind it, 4 ventilators`, or nothing.
pub(super) fn behind(impact: &Impact) -> String {
    if impact.behind == 0 {
        return String::new();
    }
    let devices = if impact.behind == 1 {
        "device"
    } else {
        "devices"
    };
    let mut line = format!("; {} {devices} behind it", impact.behind);
    let near = |care: CareLevel| {
        impact
            .by_class
            .iter()
            .filter(move |(class, _)| class.is_medical() && class.care() == care)
            .map(|(class, n)| counted(*class, *n))
    };
    let mut named: Vec<String> = near(CareLevel::LifeSustaining).take(3).collect();
    if named.is_empty() {
        named = near(CareLevel::Clinical).take(2).collect();
    }
    for one in named {
        line.push_str(", ");
        line.push_str(&one);
    }
    line
}

/// For the telephone: the ward, the biomedical engineer, the vendor's line.
pub(super) fn telephone(state: &State, d: &Device) -> Vec<Text> {
    let mut lines = Vec::new();
    if let Some(ward) = state.ward(d) {
        let mut line = format!("ward {}", ward.name.as_str());
        if !ward.phone.is_empty() {
            line.push_str(": ring ");
            line.push_str(ward.phone.as_str());
        }
        lines.push(escaped(line));
        if !ward.downtime.is_empty() {
            lines.push(escaped(format!("meanwhile: {}", ward.downtime.as_str())));
        }
    }
    if d.class.is_medical() && !state.site.biomed_on_call.is_empty() {
        lines.push(escaped(format!(
            "biomedical engineer on call: {}",
            state.site.biomed_on_call.as_str()
        )));
    }
    if let Some(vendor) = state.vendor(d) {
        let mut line = format!("{}: {}", vendor.name.as_str(), vendor.phone.as_str());
        if !vendor.contract.is_empty() {
            line.push_str(", contract ");
            line.push_str(vendor.contract.as_str());
        }
        lines.push(escaped(line));
    }
    lines
}

/// By ward and by class, one line each.
pub(super) fn impact_lines(state: &State, impact: &Impact) -> Vec<Text> {
    let mut lines = Vec::new();
    for (ward, n) in impact.by_ward.iter().take(6) {
        let phone = state
            .site
            .wards
            .iter()
            .find(|w| w.name == *ward && !w.phone.is_empty())
            .map_or(String::new(), |w| format!(", ring {}", w.phone.as_str()));
        lines.push(escaped(format!("{}: {n} behind it{phone}", ward.as_str())));
    }
    let by_class: Vec<String> = impact
        .by_class
        .iter()
        .map(|(class, n)| {
            let word = counted(*class, *n);
            if word.ends_with("device") || word.ends_with("devices") {
                format!("{n} {}", DeviceClass::word(*class))
            } else {
                word
            }
        })
        .collect();
    if !by_class.is_empty() {
        lines.push(escaped(format!("behind it: {}", by_class.join(", "))));
    }
    lines
}
