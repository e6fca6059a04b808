//! `[budgets]` and `[[uplink]]`: how much scheduled polls may send, and the lines that the site knows to be narrow.

use std::fmt::Write as _;

use super::check::known;
use super::cursor::Cursor;
use super::keys::{self, Shape};
use super::site::Draft;
use super::source::Sources;
use crate::model::{Budgets, Text, UplinkSpec};

/// The numbers of `[budgets]`; what it does not say stays as it is.
pub(super) fn read(sources: &mut Sources, c: Cursor<'_, '_>, budgets: &mut Budgets) {
    for (key, slot) in [
        ("device", &mut budgets.device),
        ("endpoint", &mut budgets.endpoint),
        ("closet", &mut budgets.closet),
        ("uplink", &mut budgets.uplink),
    ] {
        if let Some(n) = number(sources, c, key) {
            *slot = n;
        }
    }
}

/// One `[[uplink]]`.
pub(super) fn uplink(sources: &mut Sources, c: Cursor<'_, '_>) -> UplinkSpec {
    let segments = c.list(sources, "segments");
    if segments.is_empty()
        && let Some((_, at)) = c.get("segments")
    {
        sources.error(at, "an uplink has at least one segment behind it");
    }
    UplinkSpec {
        name: c.line(sources, "name"),
        segments: segments
            .into_iter()
            .map(|(name, _)| Text::from(name))
            .collect(),
        packets: number(sources, c, "packets"),
        kilobits: number(sources, c, "kilobits"),
    }
}

fn number(sources: &mut Sources, c: Cursor<'_, '_>, key: &str) -> Option<u32> {
    let (n, _) = c.number(sources, key)?;
    u32::try_from(n).ok()
}

/// What holds between budgets, uplinks and segments.
pub(super) fn check(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let site = &draft.site;
    let uplinks = site.budgets.uplinks.iter().zip(&draft.uplinks);
    for (at, (uplink, c)) in uplinks.enumerate() {
        for segment in &uplink.segments {
            let place = c.at("segments");
            let names = site.segments.iter().map(|s| &s.name);
            known(sources, place, "segment", segment, names);
            let earlier = site.budgets.uplinks.iter().take(at);
            if let Some(first) = earlier.into_iter().find(|u| u.segments.contains(segment)) {
                sources.error(
                    place,
                    format!(
                        "segment '{segment}' is behind '{}' already; a packet goes through one line",
                        first.name
                    ),
                );
            }
        }
        if uplink.packets.is_none() && uplink.kilobits.is_none() {
            sources.warn(
                c.at("name"),
                format!(
                    "'{}' says neither packets nor kilobits, so it takes {} packets a second as any other uplink",
                    uplink.name, site.budgets.uplink
                ),
            );
        }
    }
    let Some(c) = draft.budgets else { return };
    let b = &site.budgets;
    for (key, n, wide, of) in [
        ("closet", b.closet, b.device, "device"),
        ("uplink", b.uplink, b.closet, "closet"),
    ] {
        if n < wide {
            sources.warn(
                c.at(key),
                format!("{key} = {n} is less than {of} = {wide}: one {of} alone can use it up"),
            );
        }
    }
}

/// The budgets in a line, for a person.
pub fn budgets_in_words(b: &Budgets) -> String {
    let mut line = format!(
        "polls send at most {} packets a second to a network device, {} to any other, {} into a closet, {} through an uplink",
        b.device, b.endpoint, b.closet, b.uplink
    );
    for uplink in &b.uplinks {
        let mut limits = Vec::new();
        limits.extend(uplink.packets.map(|n| n.to_string()));
        limits.extend(uplink.kilobits.map(|k| format!("{k} kbit/s")));
        if !limits.is_empty() {
            let _ = write!(line, ", {} through {}", limits.join(" and "), uplink.name);
        }
    }
    line
}

const PACKETS: Shape = Shape::Number(1, 1_000_000);

pub(super) static BUDGETS: keys::Table = keys::Table {
    name: "budgets",
    many: false,
    about: "How many SNMP packets a second scheduled polls may send, at the most; what is more waits. Questions of people are not held up.",
    keys: &[
        keys::key(
            "device",
            PACKETS,
            "To one switch, router, firewall, access point or controller; 50 unless said.",
        ),
        keys::key(
            "endpoint",
            PACKETS,
            "To one device of any other class; 10 unless said.",
        ),
        keys::key(
            "closet",
            PACKETS,
            "To an access switch and everything that hangs on it; 200 unless said.",
        ),
        keys::key(
            "uplink",
            PACKETS,
            "To everything behind one link of the core; 1000 unless said.",
        ),
    ],
};

pub(super) static UPLINK: keys::Table = keys::Table {
    name: "uplink",
    many: true,
    about: "A line that is narrow, such as that of a branch, with the segments behind it.",
    keys: &[
        keys::required("name", Shape::Text, "What it is called; unique."),
        keys::required("segments", Shape::List, "The segments behind it, by name."),
        keys::key(
            "packets",
            PACKETS,
            "SNMP packets a second through it; as [budgets] uplink unless said.",
        ),
        keys::key(
            "kilobits",
            Shape::Number(1, 10_000_000),
            "Kilobits a second through it, questions and answers together; not counted unless said.",
        ),
    ],
};
