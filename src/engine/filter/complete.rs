//! What a word of a filter could go on as, out of what there is.

use std::collections::BTreeMap;

use super::keys::{KEYS, Key, values};
use crate::engine::State;
use crate::model::{Device, FactKey};

/// Different values that are looked at, and that are offered.
const SEEN: usize = 2_000;
const OFFERED: usize = 60;

/// Where the last word begins: behind the last blank that stands in no quotes.
pub(super) fn last_word(typed: &str) -> usize {
    let (mut start, mut quoted) = (0, false);
    for (at, c) in typed.char_indices() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => start = at + c.len_utf8(),
            _ => {}
        }
    }
    start
}

/// Whole words: those that begin as what was typed before those that hold it, what many devices have before what few have.
pub(super) fn of_state(typed: &str, state: &State) -> Vec<String> {
    let word = typed.get(last_word(typed)..).unwrap_or("");
    let (sign, body) = match word.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", word),
    };
    let key = body.split_once(':').and_then(|(name, value)| {
        let key = KEYS.iter().find(|k| k.name.eq_ignore_ascii_case(name))?;
        Some((key, value))
    });
    let Some((key, value)) = key else {
        return super::keys::complete(word);
    };
    let (list, last) = match value.rsplit_once(',') {
        Some((list, last)) => (format!("{list},"), last),
        None => (String::new(), value),
    };
    let last = last.replace('"', "").to_lowercase();
    let mut found: Vec<(bool, u32, String)> = Vec::new();
    for (value, (devices, fixed)) in counted(key.key, &last, state) {
        let lower = value.to_lowercase();
        // a word of the language is meant as it begins
        if lower != last && (lower.starts_with(&last) || !fixed && lower.contains(&last)) {
            found.push((!lower.starts_with(&last), devices, value));
        }
    }
    found.sort_by(|a, b| (a.0, u32::MAX - a.1, &a.2).cmp(&(b.0, u32::MAX - b.1, &b.2)));
    found.truncate(OFFERED);
    let quoted = |v: &str| {
        if v.contains(char::is_whitespace) {
            format!("\"{v}\"")
        } else {
            v.to_owned()
        }
    };
    found
        .iter()
        .map(|(.., value)| format!("{sign}{}:{list}{}", key.name, quoted(value)))
        .collect()
}

/// Values with how many devices have them, and whether they are words of the language.
fn counted(key: Key, last: &str, state: &State) -> BTreeMap<String, (u32, bool)> {
    let mut out: BTreeMap<String, (u32, bool)> = BTreeMap::new();
    let fixed = values(key);
    let is_fixed = !fixed.is_empty();
    out.extend(fixed.into_iter().map(|v| (v.to_owned(), (0, true))));
    let mut add = |value: &str| {
        // what the language can't write is not offered
        if value.is_empty() || value.contains(['"', ',']) {
            return;
        }
        if let Some((devices, _)) = out.get_mut(value) {
            *devices += 1;
        } else if !is_fixed && out.len() < SEEN && value.to_lowercase().contains(last) {
            out.insert(value.to_owned(), (1, false));
        }
    };
    if key == Key::Segment {
        state.segments.values().for_each(|s| add(s.name.as_str()));
    }
    for device in state.devices.values() {
        of_device(key, device, state, &mut add);
    }
    out
}

fn of_device(key: Key, d: &Device, state: &State, add: &mut impl FnMut(&str)) {
    let mut fact = |key| add(d.fact_str(key));
    match key {
        Key::Vendor => fact(FactKey::Vendor),
        Key::Model => fact(FactKey::Model),
        Key::Os => fact(FactKey::Os),
        Key::Firmware => fact(FactKey::Firmware),
        Key::Ward => fact(FactKey::Ward),
        Key::Room => fact(FactKey::Room),
        Key::Owner => fact(FactKey::Owner),
        Key::Tag => fact(FactKey::Tag),
        Key::Serial => fact(FactKey::Serial),
        Key::Class => add(d.class.word()),
        Key::State => add(d.state.word()),
        Key::Care => add(d.care.word()),
        Key::Touch => add(d.touch.policy.word()),
        Key::Name => add(d.name.as_str()),
        Key::Address => {
            if let Some(address) = d.address {
                add(&address.to_string());
            }
        }
        Key::Mac => d.macs.iter().for_each(|m| add(&m.to_string())),
        Key::Segment | Key::Vlan => {
            let segment = d.segment.and_then(|s| state.segments.get(&s));
            match (key, segment) {
                (Key::Segment, Some(segment)) => add(segment.name.as_str()),
                (Key::Vlan, Some(segment)) if segment.vlan > 0 => add(&segment.vlan.to_string()),
                _ => {}
            }
        }
        Key::Switch => {
            let switch = d.attached.and_then(|a| state.devices.get(&a.switch));
            if let Some(switch) = switch {
                add(switch.name.as_str());
            }
        }
        Key::Port | Key::Alert | Key::Severity | Key::Seen | Key::Is | Key::Fault => {}
    }
}
