//! What is known of the node under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::cable::load_of;
use super::layout::Spot;
use super::tree::{Node, Tree};
use crate::model::{DeviceId, DeviceState, FactKey, Link, Severity};
use crate::ui::views::{phone, words};
use crate::ui::widgets::{Ink, Row, counted, load};

/// Draws it: what it is and how, whom a fault touches, its way to the collector, whom to ring.
pub fn draw(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, tree: &Tree, at: Spot) {
    let state = ink.ctx.state;
    let (Spot::Node(id) | Spot::Fold(id)) = at;
    let (Some(node), Some(device)) = (
        tree.place.get(&id).and_then(|at| tree.nodes.get(*at)),
        state.devices.get(&id),
    ) else {
        return;
    };
    if matches!(at, Spot::Fold(_)) {
        Row::new(ink, buf, area, 0)
            .put("folded behind ", ink.dim)
            .put(device.name.as_str(), ink.strong)
            .gap(2)
            .put("enter lists them", ink.dim);
        return;
    }
    let (glyph, style) = ink.state(device.state);
    let mut row = Row::new(ink, buf, area, 0);
    row.put(glyph, style)
        .gap(1)
        .put(device.name.as_str(), ink.strong)
        .gap(2);
    let calm = device.state == DeviceState::Up;
    row.put(
        crate::ui::views::device::state_words(ink, device),
        if calm { ink.dim } else { style },
    )
    .gap(2);
    let mut is = vec![words::kind(device.class).to_string()];
    for key in [
        FactKey::Location,
        FactKey::Vendor,
        FactKey::Model,
        FactKey::Firmware,
        FactKey::Serial,
    ] {
        let value = device.fact_str(key);
        if !value.is_empty() {
            is.push(value.to_string());
        }
    }
    row.put(is.join(&ink.between()), ink.text);
    let mut row = Row::new(ink, buf, area, 1);
    row.put("behind it ", ink.dim);
    let (text, style) = behind(ink, tree, node);
    row.put(text, style);
    let mut row = Row::new(ink, buf, area, 2);
    row.put("path      ", ink.dim);
    let (text, style) = path(ink, tree, node);
    row.put(text, style);
    let mut row = Row::new(ink, buf, area, 3);
    let ring: Vec<String> = phone::lines(ink, Some(device), None)
        .into_iter()
        .map(|fact| format!("{} {}", fact.label, fact.value).trim().to_string())
        .collect();
    row.put("ring      ", ink.dim)
        .put(ring.join(&ink.between()), ink.text);
    Row::new(ink, buf, area, 4).put("seen      ", ink.dim).put(
        format!("last {} ago", ink.age_words(device.last_seen)),
        ink.dim,
    );
}

/// Whom a fault of this node touches.
fn behind(ink: &Ink<'_>, tree: &Tree, node: &Node) -> (String, Style) {
    let mut sums: std::collections::BTreeMap<crate::model::DeviceClass, [u32; 4]> =
        std::collections::BTreeMap::new();
    let mut stack = vec![node];
    let mut switches = 0usize;
    while let Some(n) = stack.pop() {
        for group in &n.cells {
            let sum = sums.entry(group.class).or_default();
            for (all, n) in sum.iter_mut().zip(group.counts) {
                *all += n;
            }
        }
        for child in n.children.iter().filter_map(|c| tree.nodes.get(*c)) {
            switches += 1;
            stack.push(child);
        }
    }
    let by_class: Vec<_> = sums
        .iter()
        .map(|(class, counts)| (*class, counts.iter().sum::<u32>()))
        .collect();
    let mut text = words::classes(&by_class, 4);
    if switches > 0 {
        let more = counted(switches, "network device", "network devices");
        text = if text.is_empty() {
            more
        } else {
            format!("{text}, {more}")
        };
    }
    if text.is_empty() {
        return ("nothing seen on its ports yet".into(), ink.dim);
    }
    let unknown: u32 = sums.values().map(|c| c[3]).sum();
    if unknown > 0 {
        text = format!("{text}{}{unknown} not to be judged", ink.between());
    }
    (text, ink.text)
}

/// Its way to the collector, and whether there is another.
fn path(ink: &Ink<'_>, tree: &Tree, node: &Node) -> (String, Style) {
    let state = ink.ctx.state;
    let name = |id: DeviceId| state.devices.get(&id).map_or("", |d| d.name.as_str());
    let Some(link) = node.uplink else {
        let first = tree.roots.first().and_then(|r| tree.nodes.get(*r));
        let text = if first.map(|n| n.id) == Some(node.id) {
            "the collector is here"
        } else {
            "no cable towards the collector is known"
        };
        return (text.into(), ink.dim);
    };
    let up = link.id.other(node.id).device;
    let mut text = uplink_words(ink, node.id, &link);
    let others: Vec<&str> = node
        .others
        .iter()
        .map(|l| name(l.other(node.id).device))
        .collect();
    if others.is_empty() {
        text = format!("{text}{}single path: {} only", ink.between(), name(up));
        let style = if node.bad > 0 {
            ink.severity(Severity::Minor)
        } else {
            ink.text
        };
        return (text, style);
    }
    text = format!(
        "{text}{}also cabled to {}",
        ink.between(),
        others.join(", ")
    );
    (text, ink.text)
}

/// `uplink Te1/1/1 to dist-a Gi1/0/14, 4.1 of 10 Gb/s`
fn uplink_words(ink: &Ink<'_>, from: DeviceId, link: &Link) -> String {
    let state = ink.ctx.state;
    let other = link.id.other(from);
    let own = if link.id.0.device == from {
        link.id.0
    } else {
        link.id.1
    };
    let port = |id: DeviceId, port: Option<crate::model::IfIndex>| {
        state
            .devices
            .get(&id)
            .zip(port)
            .and_then(|(d, p)| d.interfaces.get(&p))
            .map_or_else(String::new, |i| format!(" {}", i.name))
    };
    let name = state
        .devices
        .get(&other.device)
        .map_or("", |d| d.name.as_str());
    let mut text = format!(
        "uplink{} to {name}{}",
        port(from, own.port),
        port(other.device, other.port)
    );
    match (link.up, load_of(ink, link.id)) {
        (Some(false), _) => text = format!("{text}, lost {}", ink.clock(link.since)),
        (_, Some((bps, speed))) => text = format!("{text}, {}", load(bps, speed)),
        _ => {}
    }
    text
}
