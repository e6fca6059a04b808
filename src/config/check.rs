//! What holds between tables: names that are unique, references that lead somewhere, subnets and policies that agree.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::cursor::{Cursor, name};
use super::secret;
use super::site::Draft;
use super::source::{At, Sources};
use super::word::{hint, quote};
use crate::model::{CareLevel, SecretRef, SegmentSpec, Text, TouchPolicy};

/// Runs every check over the draft.
pub(super) fn check(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let site = &draft.site;
    let names = |cursors: &[Cursor<'_, '_>], names: Vec<&Text>| -> Vec<(Text, At)> {
        let all = names.into_iter().zip(cursors);
        all.filter(|(name, _)| !name.is_empty())
            .map(|(name, c)| (name.clone(), c.at("name")))
            .collect()
    };
    unique(
        sources,
        "segment",
        names(
            &draft.segments,
            site.segments.iter().map(|s| &s.name).collect(),
        ),
    );
    unique(
        sources,
        "device",
        names(
            &draft.devices,
            site.devices.iter().map(|d| &d.name).collect(),
        ),
    );
    unique(
        sources,
        "ward",
        names(&draft.wards, site.wards.iter().map(|w| &w.name).collect()),
    );
    unique(
        sources,
        "vendor",
        names(
            &draft.vendors,
            site.vendors.iter().map(|v| &v.name).collect(),
        ),
    );
    unique(
        sources,
        "credential",
        names(
            &draft.credentials,
            site.credentials.iter().map(|c| &c.name).collect(),
        ),
    );
    let uplinks = site.budgets.uplinks.iter().map(|u| &u.name).collect();
    unique(sources, "uplink", names(&draft.uplinks, uplinks));
    let classes = site.classes.iter().map(|c| Text::from(c.class.word()));
    unique(
        sources,
        "class",
        classes
            .zip(&draft.classes)
            .map(|(n, c)| (n, c.at("name")))
            .collect(),
    );
    head(sources, draft);
    segments(sources, draft);
    devices(sources, draft);
    super::quirks::check(sources, draft);
    secrets(sources, draft);
    super::limit::check(sources, draft);
    super::wallboard::check(sources, draft);
    super::budget::check(sources, draft);
}

pub(super) fn unique(sources: &mut Sources, what: &str, names: Vec<(Text, At)>) {
    let mut seen: BTreeMap<Text, At> = BTreeMap::new();
    for (name, at) in names {
        match seen.get(&name) {
            Some(first) => {
                let first = sources.name(*first, at);
                sources.error(
                    at,
                    format!("a second {what} '{name}'; the first is in {first}"),
                );
            }
            None => {
                seen.insert(name, at);
            }
        }
    }
}

/// A name that must be one of these.
pub(super) fn known<'a>(
    sources: &mut Sources,
    at: At,
    what: &str,
    written: &Text,
    mut all: impl Iterator<Item = &'a Text> + Clone,
) {
    let names = all.clone();
    if !written.is_empty() && !all.any(|n| n == written) {
        let help = hint(written.as_str(), names.map(Text::as_str));
        sources.error(at, format!("no [[{what}]] is called '{written}'{help}"));
    }
}

fn head(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let Some(head) = &draft.head else {
        if draft.has_site {
            return;
        }
        let at = At::default();
        sources.error(
            at,
            "there is no [site]; it holds at least the name of the hospital",
        );
        return;
    };
    let site = &draft.site;
    let devices = site.devices.iter().map(|d| &d.name);
    known(
        sources,
        head.at("collector-at"),
        "device",
        &site.collector_at,
        devices,
    );
    let zone = site.time_zone.as_str();
    if !zone.is_empty() && jiff::tz::TimeZone::get(zone).is_err() {
        let at = head.at("time-zone");
        if jiff::tz::db().is_definitively_empty() {
            sources.warn(
                at,
                "this machine has no time zone database, so the time zone can't be checked",
            );
        } else {
            let all: Vec<String> = jiff::tz::db()
                .available()
                .map(|n| n.as_str().to_string())
                .collect();
            let help = hint(zone, all.iter().map(String::as_str));
            let help = if help.is_empty() {
                "; write it as Europe/Vienna".into()
            } else {
                help
            };
            sources.error(at, format!("'{zone}' is no time zone{help}"));
        }
    }
}

/// A segment that discovery is to ask, and cannot as it stands.
fn swept(sources: &mut Sources, segment: &SegmentSpec, c: &Cursor<'_, '_>) {
    let at = c.at("sweep");
    let v4 = || segment.nets.iter().filter(|net| net.addr().is_ipv4());
    let ceiling = segment.touch.unwrap_or(TouchPolicy::Full);
    if ceiling < TouchPolicy::Arp {
        sources.warn(
            at,
            format!("nothing is asked here: touch = \"{ceiling}\" allows no ARP request"),
        );
    } else if v4().next().is_none() {
        sources.warn(at, "nothing is asked here: this segment has no IPv4 subnet");
    } else if v4().any(|net| net.prefix_len() < 16) {
        sources.warn(
            at,
            "a subnet larger than a /16 is not swept; say which part as a segment of its own",
        );
    }
}

fn segments(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let site = &draft.site;
    let mut nets = Vec::new();
    for (segment, c) in site.segments.iter().zip(&draft.segments) {
        known(
            sources,
            c.at("ward"),
            "ward",
            &segment.ward,
            site.wards.iter().map(|w| &w.name),
        );
        let ceiling = segment.touch.unwrap_or(TouchPolicy::Full);
        if let Some(unknown) = segment.unknown {
            let at = c.at("unknown");
            if unknown > ceiling {
                sources.error(
                    at,
                    format!(
                        "unknown = \"{unknown}\" is laxer than this segment's touch = \"{ceiling}\""
                    ),
                );
            } else if segment.clinical && unknown > TouchPolicy::Arp {
                sources.error(
                    at,
                    format!("unknown = \"{unknown}\" in a clinical segment: what is not known may be a pump; at most \"arp\""),
                );
            } else if segment.clinical && unknown > TouchPolicy::Passive {
                sources.warn(
                    at,
                    "an ARP request will name what is not known in a clinical segment",
                );
            }
        }
        if segment.sweep_s.is_some_and(|s| s > 0) {
            swept(sources, segment, c);
        }
        if segment.nets.is_empty() && segment.vlan == 0 {
            sources.warn(
                c.at,
                format!(
                    "segment '{}' has neither nets nor a VLAN: nothing is found to be in it",
                    segment.name
                ),
            );
        }
        let places = list_places(c, "nets");
        for (i, net) in segment.nets.iter().enumerate() {
            nets.push((*net, segment, places.get(i).copied().unwrap_or(c.at)));
        }
    }
    // widest first: what a subnet lies in comes before it
    nets.sort_by_key(|(net, _, at)| (net.network(), net.prefix_len(), *at));
    let mut open: Vec<(ipnet::IpNet, &crate::model::SegmentSpec, At)> = Vec::new();
    for (net, segment, at) in nets {
        while open.last().is_some_and(|(outer, ..)| !outer.contains(&net)) {
            open.pop();
        }
        if let Some((outer, other, first)) = open.last() {
            let place = sources.name(*first, at);
            if *outer == net {
                sources.error(
                    at,
                    format!(
                        "{net} is a subnet of segment '{}' already ({place})",
                        other.name
                    ),
                );
            } else if other.name != segment.name {
                sources.warn(at, format!("{net} lies in {outer} of segment '{}' ({place}); the longer prefix decides", other.name));
            }
        }
        open.push((net, segment, at));
    }
}

/// The places of a list's items, as far as they could be read.
fn list_places(c: &Cursor<'_, '_>, key: &str) -> Vec<At> {
    match c.raw(key) {
        Some((toml::de::DeValue::Array(array), at)) => array
            .iter()
            .map(|item| At {
                byte: item.span().start,
                ..at
            })
            .collect(),
        Some((_, at)) => vec![at],
        None => Vec::new(),
    }
}

fn devices(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let site = &draft.site;
    let mut by_address: BTreeMap<IpAddr, (&Text, At)> = BTreeMap::new();
    let mut by_mac = BTreeMap::new();
    for (device, c) in site.devices.iter().zip(&draft.devices) {
        known(
            sources,
            c.at("segment"),
            "segment",
            &device.segment,
            site.segments.iter().map(|s| &s.name),
        );
        if !site.wards.is_empty() {
            known(
                sources,
                c.at("ward"),
                "ward",
                &device.ward,
                site.wards.iter().map(|w| &w.name),
            );
        }
        let credentials = list_places(c, "credentials");
        for (i, credential) in device.credentials.iter().enumerate() {
            let at = credentials.get(i).copied().unwrap_or(c.at);
            known(
                sources,
                at,
                "credential",
                credential,
                draft.credential_names.iter(),
            );
        }
        let one_then_many = |one: &str, many: &str| {
            let mut places = list_places(c, one);
            places.extend(list_places(c, many));
            places
        };
        let places = one_then_many("address", "addresses");
        for (i, address) in device.addresses.iter().enumerate() {
            let at = places.get(i).copied().unwrap_or(c.at);
            match by_address.insert(*address, (&device.name, at)) {
                None => {}
                Some((other, first)) => {
                    let first = sources.name(first, at);
                    sources.error(
                        at,
                        format!("{address} is the address of '{other}' already ({first})"),
                    );
                }
            }
        }
        let places = one_then_many("mac", "macs");
        for (i, mac) in device.macs.iter().enumerate() {
            let at = places.get(i).copied().unwrap_or(c.at);
            if let Some((other, first)) = by_mac.insert(*mac, (&device.name, at)) {
                let first = sources.name(first, at);
                sources.error(
                    at,
                    format!("{mac} is the MAC address of '{other}' already ({first})"),
                );
            }
        }
        if device.addresses.is_empty() && device.macs.is_empty() {
            let what = if c
                .raw("address")
                .or(c.raw("addresses"))
                .or(c.raw("mac"))
                .or(c.raw("macs"))
                .is_some()
            {
                None
            } else {
                Some(format!(
                    "'{}' has neither an address nor a MAC address: nothing will be known of it",
                    device.name
                ))
            };
            if let Some(what) = what {
                sources.warn(c.at, what);
            }
        }
        touch(sources, draft, device, c);
    }
}

/// A device is never touched more than its segment allows, and hardly more than its class does.
fn touch(
    sources: &mut Sources,
    draft: &Draft<'_, '_>,
    device: &crate::model::DeviceSpec,
    c: &Cursor<'_, '_>,
) {
    let site = &draft.site;
    let holds = |s: &&crate::model::SegmentSpec| {
        let inside = |a: &IpAddr| s.nets.iter().any(|n| n.contains(a));
        if device.segment.is_empty() {
            device.addresses.iter().any(inside)
        } else {
            s.name == device.segment
        }
    };
    let segment = site.segments.iter().filter(holds).max_by_key(|s| {
        let fits = s
            .nets
            .iter()
            .filter(|n| device.addresses.iter().any(|a| n.contains(a)));
        fits.map(ipnet::IpNet::prefix_len).max()
    });
    if let Some(s) = segment.filter(|s| !device.segment.is_empty() && !s.nets.is_empty()) {
        let outside = |a: &&IpAddr| !s.nets.iter().any(|n| n.contains(*a));
        if let Some(address) = device.addresses.first().filter(outside) {
            sources.warn(
                c.at("segment"),
                format!("{address} is in no subnet of segment '{}'", s.name),
            );
        }
    }
    let Some(touch) = device.touch else { return };
    let at = c.at("touch");
    if let Some(s) = segment.filter(|s| s.touch.is_some_and(|ceiling| touch > ceiling)) {
        let ceiling = s.touch.unwrap_or(TouchPolicy::Never);
        sources.error(
            at,
            format!(
                "touch = \"{touch}\" is laxer than segment '{}' allows (\"{ceiling}\")",
                s.name
            ),
        );
        return;
    }
    let class = site.classes.iter().find(|k| k.class == device.class);
    let of_class = class.and_then(|k| k.touch).unwrap_or(device.class.touch());
    let care = device
        .care
        .or(class.and_then(|k| k.care))
        .unwrap_or(device.class.care());
    if touch > of_class && care >= CareLevel::Clinical {
        sources.warn(
            at,
            format!(
                "touch = \"{touch}\" is laxer than its class {} has (\"{of_class}\"); it is {care}",
                device.class
            ),
        );
    }
}

/// Files of secrets must be there, and be closed to others. A variable may be set later, where wardwatch runs.
fn secrets(sources: &mut Sources, draft: &Draft<'_, '_>) {
    for (credential, c) in draft.site.credentials.iter().zip(&draft.credentials) {
        for key in ["community", "auth-password", "privacy-password"] {
            if c.raw(key).is_none() {
                continue;
            }
            let of_key = credential.how.secrets();
            let position = usize::from(key == "privacy-password");
            let Some(secret) = of_key.get(position) else {
                continue;
            };
            let found = secret::resolve(secret);
            match (secret, found) {
                (SecretRef::Env(variable), Err(secret::SecretError::NotSet { .. })) => sources
                    .warn(
                        c.at(key),
                        format!(
                            "the variable {} of {} {} is not set here",
                            quote(variable),
                            name(c.spec),
                            quote(credential.name.as_str())
                        ),
                    ),
                (_, Err(error)) => sources.error(c.at(key), error.to_string()),
                (_, Ok(_)) => {}
            }
        }
    }
}
