//! The third drawing: the switch ports of one segment from left to right, and what is behind each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{
    Device, DeviceClass, DeviceId, DeviceState, IfIndex, IfStatus, Interface, SegmentId, Severity,
};
use crate::ui::views::index::Index;
use crate::ui::views::words;
use crate::ui::widgets::{Align, Ink, Row, counted, empty, rate, speed};
use crate::ui::{Ctx, Outcome};

/// A port with what hangs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortAt {
    /// The switch.
    pub switch: DeviceId,
    /// Its port.
    pub port: IfIndex,
    /// The first station there.
    pub device: Option<DeviceId>,
    /// Stations there.
    pub stations: u32,
    /// A cable to another network device is there.
    pub uplink: bool,
    /// What hangs here is of the segment that is shown.
    pub ours: bool,
}

/// The drawing with its cursor.
#[derive(Default)]
pub struct Ports {
    switches: Vec<(DeviceId, Vec<PortAt>)>,
    stamp: Option<(u64, usize, Option<SegmentId>)>,
    at: Option<(DeviceId, IfIndex)>,
    per_row: usize,
    top: u16,
}

/// Columns of a port.
const CELL: u16 = 6;
/// Rows of a band of ports: number, sign, class, one free.
const BAND: u16 = 4;

impl Ports {
    /// The port under the cursor.
    pub fn at(&self) -> Option<PortAt> {
        let (switch, port) = self.at?;
        self.switches
            .iter()
            .find(|(id, _)| *id == switch)?
            .1
            .iter()
            .find(|p| p.port == port)
            .copied()
    }

    fn refresh(&mut self, ctx: &Ctx<'_>, index: &Index, segment: Option<SegmentId>) {
        let stamp = Some((
            ctx.state.inventory_revision,
            ctx.state.devices.len(),
            segment,
        ));
        if self.stamp == stamp {
            return;
        }
        self.stamp = stamp;
        self.switches.clear();
        for part in index.attached.chunk_by(|a, b| a.0 == b.0) {
            let Some(id) = part.first().map(|row| row.0) else {
                continue;
            };
            if !part.iter().any(|row| row.5 == segment) {
                continue;
            }
            let Some(switch) = ctx.state.devices.get(&id) else {
                continue;
            };
            let uplinks: Vec<IfIndex> = ctx
                .state
                .links
                .keys()
                .flat_map(|l| [l.0, l.1])
                .filter(|end| end.device == id)
                .filter_map(|end| end.port)
                .collect();
            let ports = switch
                .interfaces
                .values()
                .filter(|i| is_port(i) || part.iter().any(|row| row.1 == i.index))
                .map(|i| {
                    let from = part.partition_point(|row| row.1 < i.index);
                    let to = part.partition_point(|row| row.1 <= i.index);
                    let stations = part.get(from..to).unwrap_or(&[]);
                    let own = stations
                        .iter()
                        .find(|row| row.5 == segment)
                        .map(|row| row.2);
                    PortAt {
                        switch: id,
                        port: i.index,
                        device: own.or_else(|| stations.first().map(|row| row.2)),
                        stations: u32::try_from(stations.len()).unwrap_or(u32::MAX),
                        uplink: uplinks.contains(&i.index),
                        ours: own.is_some(),
                    }
                })
                .collect();
            self.switches.push((id, ports));
        }
        if self.at().is_none() {
            // the worst of our ports first
            self.at = self
                .switches
                .iter()
                .flat_map(|(_, ports)| ports)
                .filter(|p| p.ours)
                .max_by_key(|p| {
                    let device = p.device.and_then(|id| ctx.state.devices.get(&id));
                    let bad = match device.map(|d| d.state) {
                        Some(DeviceState::Down) => 3,
                        Some(DeviceState::Degraded) => 2,
                        Some(DeviceState::Unknown) => 1,
                        _ => 0,
                    };
                    (bad, std::cmp::Reverse((p.switch, p.port)))
                })
                .map(|p| (p.switch, p.port));
        }
    }

    /// Draws it.
    pub fn draw(
        &mut self,
        ink: &Ink<'_>,
        buf: &mut Buffer,
        area: Rect,
        index: &Index,
        segment: Option<SegmentId>,
    ) {
        self.refresh(ink.ctx, index, segment);
        if self.switches.is_empty() {
            empty(
                ink,
                buf,
                area,
                "no device of this segment was seen on a switch port yet",
                "Forwarding tables are read every 15 minutes from switches that may be walked.",
            );
            return;
        }
        let pane = if area.height >= 10 { 3 } else { 0 };
        let graph = Rect::new(area.x, area.y, area.width, area.height - pane);
        self.per_row = usize::from((graph.width / CELL).max(1));
        let total = self.scroll(graph.height);
        let mut y: u16 = 0;
        for (id, ports) in &self.switches {
            if y.saturating_sub(self.top) >= graph.height {
                break;
            }
            if let Some(at) = y.checked_sub(self.top) {
                title(ink, buf, graph, at, *id, ports);
            }
            y += 1;
            for band in ports.chunks(self.per_row) {
                for (n, port) in (0u16..).zip(band) {
                    let selected = self.at == Some((port.switch, port.port));
                    cell(ink, buf, graph, (n * CELL, y, self.top), port, selected);
                }
                y += BAND;
            }
        }
        if total > self.top.saturating_add(graph.height) {
            Row::new(ink, buf, graph, graph.height.saturating_sub(1))
                .right(format!("{} more below", ink.g.arrow_down), ink.accent);
        }
        if let Some(port) = self.at().filter(|_| pane > 0) {
            let pane = Rect::new(area.x, area.bottom() - pane + 1, area.width, pane - 1);
            details(ink, buf, pane, &port);
        }
    }

    /// Moves what is seen so that the cursor's band is in it; gives the rows of the whole drawing.
    fn scroll(&mut self, height: u16) -> u16 {
        let mut y: u16 = 0;
        let mut own = 0;
        for (_, ports) in &self.switches {
            let head = y;
            y = y.saturating_add(1);
            for (n, band) in ports.chunks(self.per_row.max(1)).enumerate() {
                if band.iter().any(|p| self.at == Some((p.switch, p.port))) {
                    // with the first band, its switch's name stays in sight
                    own = if n == 0 { head } else { y };
                }
                y = y.saturating_add(BAND);
            }
        }
        if own < self.top {
            self.top = own;
        } else if own + BAND + 1 > self.top.saturating_add(height) {
            self.top = (own + BAND + 1).saturating_sub(height);
        }
        self.top = self.top.min(y.saturating_sub(height));
        y
    }

    /// Left and right along the ports, up and down a row of them.
    pub fn act(
        &mut self,
        action: &str,
        ctx: &Ctx<'_>,
        index: &Index,
        segment: Option<SegmentId>,
    ) -> Outcome {
        self.refresh(ctx, index, segment);
        let flat: Vec<(DeviceId, IfIndex)> = self
            .switches
            .iter()
            .flat_map(|(_, ports)| ports)
            .map(|p| (p.switch, p.port))
            .collect();
        let here = flat.iter().position(|p| Some(*p) == self.at).unwrap_or(0);
        let last = flat.len().saturating_sub(1);
        let to = match action {
            "cursor-left" => here.saturating_sub(1),
            "cursor-right" => (here + 1).min(last),
            "cursor-up" => here.saturating_sub(self.per_row.max(1)),
            "cursor-down" => (here + self.per_row.max(1)).min(last),
            "top" => 0,
            "bottom" => last,
            "open" => {
                return match self.at() {
                    Some(PortAt {
                        device: Some(id), ..
                    }) => Outcome::Open(crate::ui::views::device(id)),
                    Some(port) => Outcome::Open(crate::ui::views::device_at(
                        port.switch,
                        crate::ui::views::Tab::Interfaces,
                    )),
                    None => Outcome::Ignored,
                };
            }
            _ => return Outcome::Ignored,
        };
        self.at = flat.get(to).copied();
        Outcome::Consumed
    }
}

/// A socket on the front of the switch, not a VLAN, a loopback or a tunnel (IANAifType-MIB: ethernetCsmacd, gigabitEthernet).
fn is_port(i: &Interface) -> bool {
    matches!(i.kind, 0 | 6 | 117)
}

fn title(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, y: u16, id: DeviceId, ports: &[PortAt]) {
    let Some(switch) = ink.ctx.state.devices.get(&id) else {
        return;
    };
    let (glyph, style) = ink.state(switch.state);
    let ours = ports.iter().filter(|p| p.ours).count();
    Row::new(ink, buf, area, y)
        .put(glyph, style)
        .gap(1)
        .put(switch.name.as_str(), ink.strong)
        .gap(2)
        .put(
            format!(
                "{} of {} in this segment",
                ours,
                counted(ports.len(), "port", "ports")
            ),
            ink.dim,
        );
}

/// The last number of a port's name: `17` of `GigabitEthernet1/0/17`.
fn number(name: &str) -> &str {
    let tail = name.rsplit(['/', ':', '.']).next().unwrap_or(name);
    let digits = tail
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(tail, |at| tail.get(at + 1..).unwrap_or(tail));
    if digits.is_empty() { tail } else { digits }
}

fn cell(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    (x, y, top): (u16, u16, u16),
    at: &PortAt,
    selected: bool,
) {
    let state = ink.ctx.state;
    let Some(port) = state
        .devices
        .get(&at.switch)
        .and_then(|sw| sw.interfaces.get(&at.port))
    else {
        return;
    };
    let device: Option<&Device> = at
        .device
        .and_then(|id| state.devices.get(&id))
        .map(AsRef::as_ref);
    let (glyph, style, word) = match device {
        _ if at.uplink => (ink.g.arrow_up, ink.dim, "link"),
        Some(d) if at.ours && !d.declared && d.class == DeviceClass::Unknown => {
            ("?", ink.severity(Severity::Major), "new")
        }
        Some(d) if at.ours => {
            let (glyph, style) = ink.state(d.state);
            (glyph, style, d.class.short())
        }
        Some(_) => (ink.g.dot, ink.faint, ""),
        None if port.is_up() => (ink.g.unknown, ink.dim, ""),
        None if port.admin == IfStatus::Down => (ink.g.blocked, ink.faint, "off"),
        None => (ink.g.none, ink.faint, ""),
    };
    let mut line = |n: u16, text: &str, style: ratatui::style::Style| {
        if let Some(row) = (y + n).checked_sub(top) {
            let mut row = Row::new(ink, buf, area, row);
            row.at(x);
            if row.left() >= CELL - 1 {
                row.column(text, CELL - 1, Align::Left, style);
            }
        }
    };
    let number_style = if selected {
        ink.text.patch(ink.selected)
    } else if at.ours {
        ink.dim
    } else {
        ink.faint
    };
    let label = number(port.name.as_str());
    if selected {
        line(0, &format!("{}{label}", ink.cursor), number_style);
    } else {
        line(0, label, number_style);
    }
    let sign = if at.stations > 1 && !at.uplink {
        format!("{glyph}{}", at.stations)
    } else {
        glyph.to_string()
    };
    line(1, &sign, style);
    line(2, word, if at.ours { ink.text } else { ink.faint });
}

fn details(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, at: &PortAt) {
    let state = ink.ctx.state;
    let Some(switch) = state.devices.get(&at.switch) else {
        return;
    };
    let Some(port) = switch.interfaces.get(&at.port) else {
        return;
    };
    let (_, word, _) = ink.port(port.admin, port.oper);
    let mut parts = vec![word.to_string()];
    if port.speed > 0 {
        parts.push(speed(port.speed));
    }
    if port.rate == crate::model::RateState::Known {
        parts.push(format!(
            "in {} out {}",
            rate(port.traffic.in_bps),
            rate(port.traffic.out_bps)
        ));
    }
    if !port.alias.is_empty() {
        parts.push(port.alias.to_string());
    }
    Row::new(ink, buf, area, 0)
        .put(switch.name.as_str(), ink.strong)
        .gap(1)
        .put(port.name.as_str(), ink.strong)
        .gap(2)
        .put(parts.join(&ink.between()), ink.text);
    let mut row = Row::new(ink, buf, area, 1);
    match at.device.and_then(|id| state.devices.get(&id)) {
        Some(d) => {
            let (glyph, style) = ink.state(d.state);
            row.put(glyph, style)
                .gap(1)
                .put(words::kind(d.class), ink.text)
                .gap(1)
                .put(d.name.as_str(), ink.strong)
                .gap(2)
                .put(crate::ui::views::device::state_words(ink, d), style);
            if let Some(address) = d.address {
                row.gap(2).put(address.to_string(), ink.dim);
            }
            if at.stations > 1 {
                row.gap(2).put(
                    format!("and {} more behind this port", at.stations - 1),
                    ink.dim,
                );
            }
        }
        None if at.uplink => {
            row.put("a cable to another network device", ink.dim);
        }
        None if port.is_up() => {
            row.put("something has link here and was not seen yet", ink.dim);
        }
        None => {
            row.put("nothing has link here", ink.dim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_port_is_called_by_its_last_number() {
        for (name, expected) in [
            ("GigabitEthernet1/0/17", "17"),
            ("Gi1/0/7", "7"),
            ("ge-0/0/12.0", "0"),
            ("eth3", "3"),
            ("Port-channel2", "2"),
            ("mgmt", "mgmt"),
            ("", ""),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
