//! Devices: the inventory as a table. The same table lists the devices of a segment, behind an alert or in a fold of the map.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::device::DeviceView;
use super::index::slot;
use super::moved::{Mend, Moved};
use super::words;
use super::{below, margin};
use crate::model::{Device, DeviceId, DeviceState, FactKey};
use crate::ui::widgets::{Chosen, Column, Ink, List, Row, empty, fit, header, state_counts};
use crate::ui::{Ctx, Outcome, Selection, View, ViewFilter};

/// The columns. On a narrow screen the MAC goes first, then room, tag, firmware, vendor, model, segment, class, port, address.
const COLUMNS: [Column; 13] = [
    Column::words("ST", 3, 3, 0),
    Column::words("NAME", 14, 24, 0),
    Column::words("CLASS", 12, 19, 3),
    Column::words("VENDOR", 8, 14, 6),
    Column::words("MODEL", 10, 20, 5),
    Column::words("FIRMWARE", 8, 12, 7),
    Column::words("ADDRESS", 13, 15, 1),
    Column::words("SEGM", 8, 14, 4),
    Column::words("PORT", 17, 22, 2),
    Column::numbers("SEEN", 5, 5, 0),
    Column::words("TAG", 9, 12, 8),
    Column::words("ROOM", 8, 12, 9),
    Column::words("MAC", 17, 17, 10),
];

/// What a list of devices is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The worst first, then the closest to a patient, then by class.
    #[default]
    State,
    /// By name.
    Name,
    /// By class, the closest to a patient first.
    Class,
    /// By segment.
    Segment,
    /// By address.
    Address,
    /// Longest not seen first.
    Seen,
}

impl Sort {
    const ALL: [Self; 6] = [
        Self::State,
        Self::Name,
        Self::Class,
        Self::Segment,
        Self::Address,
        Self::Seen,
    ];

    /// What a person calls them, in the order of `ALL`; every list that can be sorted has these.
    pub const NAMES: [&str; 6] = ["state", "name", "class", "segment", "address", "seen"];

    fn column(self) -> usize {
        match self {
            Self::State => 0,
            Self::Name => 1,
            Self::Class => 2,
            Self::Address => 6,
            Self::Segment => 7,
            Self::Seen => 9,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::State => "worst first",
            Self::Name => "by name",
            Self::Class => "by class",
            Self::Segment => "by segment",
            Self::Address => "by address",
            Self::Seen => "longest unseen first",
        }
    }

    fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|s| *s == self).unwrap_or(0);
        Self::ALL
            .get((at + by) % Self::ALL.len())
            .copied()
            .unwrap_or_default()
    }

    /// Two numbers that sort as the device does: no string is compared, so that 20,000 of them sort in a frame.
    fn key(self, d: &Device) -> (u64, u64) {
        let (name, name_tail) = name_key(d.name.as_str());
        let under = |rank: u64| {
            (
                (rank << 48) | (name >> 16),
                (name << 48) | (name_tail >> 16),
            )
        };
        match self {
            Self::State => {
                let rank = match d.state {
                    DeviceState::Down => 0,
                    DeviceState::Degraded => 1,
                    DeviceState::Unknown => 2,
                    DeviceState::Up => 3,
                };
                under((rank << 12) | ((15 - d.care as u64) << 8) | d.class as u64)
            }
            Self::Name => (name, name_tail),
            Self::Class => under(d.class as u64),
            Self::Segment => under(d.segment.map_or(0xffff, |s| u64::from(s.0))),
            Self::Address => match d.address {
                Some(std::net::IpAddr::V4(a)) => (0, u64::from(a.to_bits())),
                Some(std::net::IpAddr::V6(a)) => {
                    let bits = a.to_bits();
                    // v6 after v4; no global unicast address begins with a zero word
                    ((bits >> 64) as u64 | 1, bits as u64)
                }
                None => (u64::MAX, name),
            },
            Self::Seen => (d.last_seen.0.max(0) as u64, name),
        }
    }
}

/// The first sixteen bytes of a name, small letters, as numbers.
fn name_key(name: &str) -> (u64, u64) {
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(name.bytes()) {
        *to = from.to_ascii_lowercase();
    }
    let all = u128::from_be_bytes(bytes);
    ((all >> 64) as u64, all as u64)
}

/// When a sorted and filtered list is good.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inventory: u64,
    /// What moves with each answer, where the list does.
    answers: u64,
    devices: usize,
    /// Filter, sort and its direction, scope.
    way: (u64, usize, bool, usize),
}

/// A table of devices with its cursor. It keeps its sorted ids until the state, the filter, the sort or its scope moves.
#[derive(Default)]
pub struct DeviceList {
    scope: Option<Vec<DeviceId>>,
    scoped: usize,
    sort: Sort,
    turned: bool,
    ids: Vec<DeviceId>,
    /// The same with what they are sorted by, in order.
    rows: Vec<((u64, u64), DeviceId)>,
    moved: Moved,
    counts: [u32; 4],
    stamp: Option<Stamp>,
    list: List<DeviceId>,
    chosen: Chosen<DeviceId>,
}

impl DeviceList {
    /// Only these.
    pub fn scope(&mut self, ids: Vec<DeviceId>) {
        if self.scope.as_ref() != Some(&ids) {
            self.scope = Some(ids);
            self.scoped += 1;
        }
    }

    /// Nothing is in sight, so nothing is acted on.
    pub fn select_nothing(&mut self) {
        self.list.settle(&[], 0);
    }

    /// Those that the person chose together, of those that are shown.
    pub fn chosen(&self) -> Vec<DeviceId> {
        self.chosen.shown(&self.ids)
    }

    /// How many of them, in words; nothing where none is.
    pub fn chosen_words(&self) -> Option<String> {
        self.chosen.words(&self.ids)
    }

    /// As [`View::unroll`].
    pub fn unroll(&mut self, on: bool, ctx: &Ctx<'_>) -> usize {
        self.refresh(ctx);
        self.list.unroll(on, &self.ids);
        self.ids.len()
    }

    /// The mouse pressed there; says whether the cursor was there already.
    pub fn click(&mut self, at: Position) -> bool {
        self.list.click(at, &self.ids)
    }

    /// The device under the cursor.
    pub fn at(&self) -> Option<DeviceId> {
        self.list.at()
    }

    /// How many match, and how many there are.
    pub fn len(&self, ctx: &Ctx<'_>) -> (usize, usize) {
        let all = self
            .scope
            .as_ref()
            .map_or(ctx.state.devices.len(), Vec::len);
        (self.ids.len(), all)
    }

    /// How many of those that match are up, degraded, down, unknown.
    pub fn counts(&self) -> [u32; 4] {
        self.counts
    }

    /// Sorts by the column that a person calls so; false where there is none.
    pub fn sort_by(&mut self, name: &str) -> bool {
        let mut all = Sort::NAMES.iter().zip(Sort::ALL);
        let Some((_, sort)) = all.find(|(known, _)| **known == name) else {
            return false;
        };
        self.sort = sort;
        self.turned = false;
        true
    }

    /// How it is sorted, in words.
    pub fn sorted(&self) -> String {
        let turned = if self.turned { ", turned round" } else { "" };
        format!("{}{turned}", self.sort.word())
    }

    /// The order or the filter goes by age.
    fn moves(&self, ctx: &Ctx<'_>) -> bool {
        let by_age = |f: &ViewFilter| f.words.to_ascii_lowercase().contains("seen");
        self.sort == Sort::Seen || ctx.filter.is_some_and(by_age)
    }

    /// Sorts and filters anew if anything of that moved.
    pub fn refresh(&mut self, ctx: &Ctx<'_>) {
        let stamp = Stamp {
            inventory: ctx.state.inventory_revision,
            // an order or a filter by age moves with every answer
            answers: if self.moves(ctx) {
                ctx.state.revision
            } else {
                0
            },
            devices: ctx.state.devices.len(),
            way: (
                ctx.filter.map_or(0, |f| f.revision + 1),
                self.sort.column(),
                self.turned,
                self.scoped,
            ),
        };
        if self.stamp == Some(stamp) {
            return;
        }
        // a filter may look at other things than the device, a scope is short, and an age is other with each moment
        self.chosen.retain(|id| ctx.state.devices.contains_key(&id));
        let mendable = ctx.filter.is_none() && self.scope.is_none() && !self.moves(ctx);
        let same_way = self.stamp.is_some_and(|old| old.way == stamp.way);
        self.stamp = Some(stamp);
        let (sort, mut rows, counts) = (self.sort, Mend::default(), &mut self.counts);
        let mended = mendable
            && self.moved.take(&ctx.state.devices, |old, new| {
                if !same_way {
                    return;
                }
                let key = |d: &Device| (sort.key(d), d.id);
                rows.note(old.map(key), new.map(key));
                let (was, is) = (old.map(|d| slot(d.state)), new.map(|d| slot(d.state)));
                if was != is {
                    if let Some(n) = was.and_then(|was| counts.get_mut(was)) {
                        *n = n.saturating_sub(1);
                    }
                    if let Some(n) = is.and_then(|is| counts.get_mut(is)) {
                        *n += 1;
                    }
                }
            })
            && same_way;
        if !mendable {
            self.moved.forget();
        }
        let others = if mended {
            rows.carry_out(&mut self.rows)
        } else {
            self.make(ctx);
            true
        };
        if others {
            self.ids.clear();
            let ids = self.rows.iter().map(|(_, id)| *id);
            if self.turned {
                self.ids.extend(ids.rev());
            } else {
                self.ids.extend(ids);
            }
        }
    }

    fn make(&mut self, ctx: &Ctx<'_>) {
        self.counts = [0; 4];
        self.rows.clear();
        let mut take = |d: &Device| {
            if ctx.filter.is_none_or(|f| f.matches.device(ctx.state, d)) {
                if let Some(n) = self.counts.get_mut(slot(d.state)) {
                    *n += 1;
                }
                self.rows.push((self.sort.key(d), d.id));
            }
        };
        match &self.scope {
            Some(ids) => {
                for d in ids.iter().filter_map(|id| ctx.state.devices.get(id)) {
                    take(d);
                }
            }
            None => {
                for d in ctx.state.devices.values() {
                    take(d);
                }
            }
        }
        self.rows.sort_unstable();
    }

    /// It is no longer drawn: lets go of the state it was made of.
    pub fn rest(&mut self) {
        self.moved.forget();
    }

    /// Draws headings and the rows that are seen.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) {
        let ctx = ink.ctx;
        self.refresh(ctx);
        let table = Rect::new(
            area.x.saturating_add(1),
            area.y,
            area.width.saturating_sub(1),
            area.height,
        );
        let fitted = fit(&COLUMNS, table.width);
        header(
            ink,
            buf,
            table,
            0,
            &COLUMNS,
            &fitted,
            Some(self.sort.column()),
        );
        let rows = below(table, 1);
        let range = self.list.settle_in(
            &self.ids,
            Rect {
                x: area.x,
                width: area.width,
                ..rows
            },
        );
        for (y, id) in (0u16..).zip(self.ids.get(range).unwrap_or(&[])) {
            let Some(d) = ctx.state.devices.get(id) else {
                continue;
            };
            let mut row = Row::new(ink, buf, rows, y);
            for f in &fitted {
                cell(ink, &mut row, d, f.index, f.width, f.align);
                row.gap(1);
            }
            let here = self.list.at() == Some(*id);
            let mut edge = Row::new(ink, buf, below(area, 1), y);
            match (self.chosen.has(*id), here) {
                (true, true) => edge.put("+", ink.accent),
                (true, false) => edge.put("+", ink.strong),
                (false, true) => edge.put(ink.cursor, ink.accent),
                (false, false) => &mut edge,
            };
            if here {
                Row::new(ink, buf, rows, y).paint(ink.selected);
            }
        }
    }

    /// Moves, sorts, opens.
    pub fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        self.refresh(ctx);
        if self.chosen.act(action, &mut self.list, &self.ids) {
            return Outcome::Consumed;
        }
        match action {
            "sort-next" => {
                self.sort = self.sort.step(1);
                self.turned = false;
            }
            "sort-reverse" => self.turned = !self.turned,
            "next-problem" | "prev-problem" => {
                let ids = std::mem::take(&mut self.ids);
                self.list.seek(&ids, action == "next-problem", |id| {
                    let device = ctx.state.devices.get(&id);
                    device.is_some_and(|d| {
                        matches!(d.state, DeviceState::Down | DeviceState::Degraded)
                    })
                });
                self.ids = ids;
            }
            "sort-prev" => self.sort = self.sort.step(Sort::ALL.len() - 1),
            "open" => {
                return match self.list.at() {
                    Some(id) => Outcome::Open(Box::new(DeviceView::new(id))),
                    None => Outcome::Ignored,
                };
            }
            other if self.list.act(other, &self.ids) => {}
            _ => return Outcome::Ignored,
        }
        Outcome::Consumed
    }
}

fn cell(
    ink: &Ink<'_>,
    row: &mut Row<'_>,
    d: &Device,
    column: usize,
    width: u16,
    align: crate::ui::widgets::Align,
) {
    let state = ink.ctx.state;
    let (glyph, style) = ink.state(d.state);
    let calm = d.state == DeviceState::Up;
    let data = if calm { ink.text } else { ink.strong };
    match column {
        0 => row.column(glyph, width, align, style),
        1 => row.column(ink.or_none(d.name.as_str()), width, align, data),
        2 => row.column(words::kind_in(d.class, width), width, align, ink.text),
        3 => row.column(
            ink.or_none(d.fact_str(FactKey::Vendor)),
            width,
            align,
            ink.dim,
        ),
        4 => row.column(
            ink.or_none(d.fact_str(FactKey::Model)),
            width,
            align,
            ink.text,
        ),
        5 => row.column(
            ink.or_none(d.fact_str(FactKey::Firmware)),
            width,
            align,
            ink.dim,
        ),
        6 => {
            let text = d.address.map(|a| a.to_string()).unwrap_or_default();
            row.column(ink.or_none(&text), width, align, ink.text)
        }
        7 => {
            let name = words::segment_name(state, d.segment);
            row.column(ink.or_none(name), width, align, ink.dim)
        }
        8 => {
            let port = words::port_of(state, d);
            row.column(ink.or_none(&port), width, align, ink.dim)
        }
        9 => {
            let style = if calm { ink.dim } else { style };
            row.column(ink.age(d.last_seen), width, align, style)
        }
        10 => row.column(ink.or_none(d.fact_str(FactKey::Tag)), width, align, ink.dim),
        11 => row.column(
            ink.or_none(d.fact_str(FactKey::Room)),
            width,
            align,
            ink.dim,
        ),
        _ => {
            let text = d.macs.first().map(ToString::to_string).unwrap_or_default();
            row.column(ink.or_none(&text), width, align, ink.faint)
        }
    };
}

/// The view: all devices, or some under a title.
#[derive(Default)]
pub struct Devices {
    list: DeviceList,
    title: Option<String>,
}

impl Devices {
    /// Only these, under a title such as `4 switches folded`.
    pub fn of(ids: Vec<DeviceId>, title: String) -> Self {
        let mut list = DeviceList::default();
        list.scope(ids);
        Self {
            list,
            title: Some(title),
        }
    }
}

impl View for Devices {
    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        let body = margin(area);
        self.list.refresh(ctx);
        let (shown, all) = self.list.len(ctx);
        if shown == 0 {
            self.list.select_nothing();
            let (headline, advice) = if all > 0 {
                (
                    "no device matches the filter",
                    "esc takes the filter away; / changes it. A word matches name, address, MAC, serial, tag, room, ward, \
                     owner, vendor and model.",
                )
            } else if ctx.is_past() {
                (
                    "no device was known yet",
                    "This is before the first was seen: go on from here.",
                )
            } else {
                (
                    "no device is known yet",
                    "Name devices or segments in the site file, or run 'wardwatch scan' to see what is on this wire.",
                )
            };
            empty(ink, buf, body, headline, advice);
            return;
        }
        let mut row = Row::new(ink, buf, body, 0);
        row.gap(1);
        if let Some(title) = &self.title {
            row.put(title, ink.text).gap(3);
        }
        let sum = if ctx.filter.is_some() {
            format!("{shown} of {all}")
        } else {
            crate::ui::widgets::counted(shown, "device", "devices")
        };
        row.put(sum, ink.strong).gap(3);
        row.right(self.list.sorted(), ink.dim).keep(2);
        state_counts(ink, &mut row, self.list.counts());
        if let Some(chosen) = self.list.chosen_words() {
            row.put(ink.between(), ink.dim).put(chosen, ink.strong);
        }
        self.list.draw(ink, buf, below(body, 1));
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        match self.list.act(action, ctx) {
            Outcome::Ignored => super::go(action, &self.selection(ctx), ctx),
            done => done,
        }
    }

    fn unroll(&mut self, on: bool, ctx: &Ctx<'_>) -> usize {
        self.list.unroll(on, ctx)
    }

    fn click(&mut self, at: Position) -> bool {
        self.list.click(at)
    }

    fn rest(&mut self) {
        self.list.rest();
    }

    fn crumb(&self, _ctx: &Ctx<'_>) -> String {
        self.title.clone().unwrap_or_else(|| "Devices".into())
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        let device = self.list.at();
        Selection {
            device,
            devices: self.list.chosen(),
            segment: device
                .and_then(|id| ctx.state.devices.get(&id))
                .and_then(|d| d.segment),
            ..Selection::default()
        }
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        vec!["open", "run", "filter", "choose", "sort-next"]
    }

    fn sorts(&self) -> &'static [&'static str] {
        &Sort::NAMES
    }

    fn sort_by(&mut self, column: &str) -> bool {
        self.list.sort_by(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CareLevel, Text};

    fn device(name: &str, state: DeviceState, care: CareLevel) -> Device {
        Device {
            name: Text::from(name),
            state,
            care,
            ..Device::default()
        }
    }

    #[test]
    fn the_worst_and_closest_to_a_patient_comes_first_then_by_name() {
        let mut all = [
            device("b", DeviceState::Up, CareLevel::LifeSustaining),
            device("a", DeviceState::Down, CareLevel::Admin),
            device("z", DeviceState::Down, CareLevel::LifeSustaining),
            device("A2", DeviceState::Down, CareLevel::Admin),
            device("u", DeviceState::Unknown, CareLevel::Admin),
        ];
        all.sort_by_key(|d| Sort::State.key(d));
        let names: Vec<&str> = all.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["z", "a", "A2", "u", "b"]);
    }

    #[test]
    fn addresses_sort_as_numbers_and_v6_after_v4() {
        let mut all: Vec<Device> = ["10.0.0.9", "2001:db8::1", "10.0.0.10", "192.0.2.1"]
            .iter()
            .map(|a| Device {
                address: a.parse().ok(),
                ..Device::default()
            })
            .collect();
        all.push(Device::default());
        all.sort_by_key(|d| Sort::Address.key(d));
        let shown: Vec<String> = all
            .iter()
            .map(|d| d.address.map_or("none".into(), |a| a.to_string()))
            .collect();
        assert_eq!(
            shown,
            ["10.0.0.9", "10.0.0.10", "192.0.2.1", "2001:db8::1", "none"]
        );
    }

    #[test]
    fn every_sort_is_reached_by_stepping() {
        let mut sort = Sort::State;
        for expected in &Sort::ALL[1..] {
            sort = sort.step(1);
            assert_eq!(sort, *expected);
        }
        assert_eq!(sort.step(1), Sort::State);
    }
}
