//! For the telephone: the ward and its number, who is on call for medical technology, the vendor's line and contract.

use crate::engine::State;
use crate::model::{Alert, Device, FactKey, VendorSpec, WardSpec};
use crate::ui::widgets::{Ink, Labelled};

/// The ward of a device: its own, else its segment's; empty where nobody said.
pub fn ward_name<'s>(state: &'s State, device: &'s Device) -> &'s str {
    let own = device.fact_str(FactKey::Ward);
    if !own.is_empty() {
        return own;
    }
    device
        .segment
        .and_then(|id| state.segments.get(&id))
        .and_then(|segment| {
            state
                .site
                .segments
                .iter()
                .find(|spec| spec.name == segment.name)
        })
        .map_or("", |spec| spec.ward.as_str())
}

fn ward<'s>(state: &'s State, name: &str) -> Option<&'s WardSpec> {
    state
        .site
        .wards
        .iter()
        .find(|w| w.name.as_str().eq_ignore_ascii_case(name))
}

/// The vendor as the site knows it: by its name, or as the first word of a longer one.
fn vendor<'s>(state: &'s State, name: &str) -> Option<&'s VendorSpec> {
    let same = |v: &&VendorSpec| v.name.as_str().eq_ignore_ascii_case(name);
    let begins = |v: &&VendorSpec| {
        let known = v.name.as_str();
        !known.is_empty()
            && name
                .get(..known.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(known))
    };
    let all = &state.site.vendors;
    all.iter().find(same).or_else(|| all.iter().find(begins))
}

/// The facts for the telephone, of a device and, where there is one, its alert: a fault of a switch rings the wards behind it.
pub fn lines(ink: &Ink<'_>, device: Option<&Device>, alert: Option<&Alert>) -> Vec<Labelled> {
    let state = ink.ctx.state;
    let mut facts = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    if let Some(alert) = alert {
        names.extend(alert.impact.by_ward.iter().map(|(name, _)| name.as_str()));
    }
    if names.is_empty()
        && let Some(device) = device
    {
        names.push(ward_name(state, device));
    }
    names.retain(|name| !name.is_empty());
    let known: Vec<String> = names
        .iter()
        .take(4)
        .map(|name| match ward(state, name) {
            Some(w) if !w.phone.is_empty() => format!("{name} {}", w.phone),
            _ => format!("{name} (no number in the site file)"),
        })
        .collect();
    if !known.is_empty() {
        let more = names.len() - known.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        facts.push(Labelled {
            label: "ward",
            value: known.join(", ") + &more,
            style: ink.strong,
        });
    }
    let biomed = &state.site.biomed_on_call;
    if !biomed.is_empty() {
        facts.push(Labelled {
            label: "biomed on call",
            value: biomed.to_string(),
            style: ink.text,
        });
    }
    if let Some(v) = device.and_then(|d| vendor(state, d.fact_str(FactKey::Vendor))) {
        let mut value = format!("{} {}", v.name, v.phone);
        if !v.contract.is_empty() {
            value = format!("{value}{}contract {}", ink.between(), v.contract);
        }
        facts.push(Labelled {
            label: "vendor",
            value,
            style: ink.text,
        });
    }
    if facts.is_empty() {
        facts.push(Labelled {
            label: "",
            value: "whom to ring is not in the site file: add wards, vendors and biomed_on_call"
                .into(),
            style: ink.dim,
        });
    }
    facts
}

/// What the ward does meanwhile, where the site says it.
pub fn downtime<'s>(state: &'s State, device: &'s Device) -> Option<&'s str> {
    ward(state, ward_name(state, device))
        .map(|w| w.downtime.as_str())
        .filter(|line| !line.is_empty())
}
