//! Summary: what it is, where it is, whose it is, how it is, and what it means for a patient.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::State;
use crate::model::{AlertId, Device, DeviceId, FactKey, Reach, ReachFact, Seq, Time, TouchPolicy};
use crate::ui::Outcome;
use crate::ui::views::{index, phone, sentence, words};
use crate::ui::widgets::{Align, ClassGroup, Ink, Row};

/// One line of a section.
struct Line {
    label: &'static str,
    value: String,
    style: Style,
    /// Where it is from, dim, after it.
    note: String,
}

/// A heading with its lines.
struct Section {
    title: &'static str,
    lines: Vec<Line>,
}

impl Section {
    fn new(title: &'static str) -> Self {
        Self {
            title,
            lines: Vec::new(),
        }
    }

    fn say(&mut self, label: &'static str, value: impl Into<String>, style: Style) {
        self.note(label, value, style, String::new());
    }

    fn note(&mut self, label: &'static str, value: impl Into<String>, style: Style, note: String) {
        let value = value.into();
        if !value.is_empty() {
            self.lines.push(Line {
                label,
                value,
                style,
                note,
            });
        }
    }

    fn height(&self) -> u16 {
        u16::try_from(self.lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(2)
    }
}

/// Width of the labels.
const LABEL: u16 = 11;

/// The tab.
#[derive(Default)]
pub struct Summary {
    scroll: u16,
    most: u16,
    /// What is behind it, by class, and when that was found: behind a core stands the whole house, so it is counted anew
    /// every two seconds at the most.
    behind: Option<(Seq, u64, Time, Vec<ClassGroup>)>,
}

impl Summary {
    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) {
        let (state, now) = (ink.ctx.state, ink.ctx.now);
        let old = self.behind.as_ref().is_none_or(|(seq, revision, at, _)| {
            // a state from before (a seek in a recording) is never shown with what came later
            (*seq, *revision) > (state.seq, state.revision)
                || ((*seq, *revision) != (state.seq, state.revision)
                    && now.since(*at).as_millis() >= 2000)
        });
        if old && device.class.is_network() {
            let groups = index::group(state, state.behind(device.id).into_iter());
            self.behind = Some((state.seq, state.revision, now, groups));
        }
        let behind = self.behind.as_ref().map_or(&[][..], |b| &b.3);
        let sections = sections(ink, device, behind);
        let columns = match area.width {
            0..70 => 1,
            70..150 => 2,
            _ => 3,
        };
        let gap = 3;
        let width = (area.width + gap) / columns;
        let mut heights = vec![0u16; usize::from(columns)];
        // each section goes where the least stands so far, in order: the picture stays the same while values change
        let places: Vec<(usize, u16)> = sections
            .iter()
            .map(|section| {
                let at = (0..heights.len())
                    .min_by_key(|at| heights[*at])
                    .unwrap_or(0);
                let y = heights[at];
                heights[at] += section.height();
                (at, y)
            })
            .collect();
        let total = heights.iter().copied().max().unwrap_or(0).saturating_sub(1);
        self.most = total.saturating_sub(area.height);
        self.scroll = self.scroll.min(self.most);
        for (section, (column, y)) in sections.iter().zip(places) {
            let x = area.x + u16::try_from(column).unwrap_or(0) * width;
            let inside =
                Rect::new(x, area.y, width.saturating_sub(gap), area.height).intersection(area);
            draw_section(ink, buf, inside, y, self.scroll, section);
        }
        if self.scroll < self.most {
            let below = self.most - self.scroll;
            Row::new(ink, buf, area, area.height.saturating_sub(1))
                .right(format!("{} {below} more", ink.g.arrow_down), ink.accent);
        }
    }

    /// Scrolls.
    pub fn act(&mut self, action: &str) -> Outcome {
        self.scroll = match action {
            "cursor-down" => self.scroll.saturating_add(1).min(self.most),
            "cursor-up" => self.scroll.saturating_sub(1),
            "page-down" => self.scroll.saturating_add(10).min(self.most),
            "page-up" => self.scroll.saturating_sub(10),
            "top" => 0,
            "bottom" => self.most,
            _ => return Outcome::Ignored,
        };
        Outcome::Consumed
    }
}

fn draw_section(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    scroll: u16,
    section: &Section,
) {
    if let Some(at) = y.checked_sub(scroll) {
        Row::new(ink, buf, area, at).put(section.title, ink.heading);
    }
    for (n, line) in (1u16..).zip(&section.lines) {
        let Some(at) = (y + n).checked_sub(scroll) else {
            continue;
        };
        let mut row = Row::new(ink, buf, area, at);
        if line.label.is_empty() {
            row.put(&line.value, line.style);
        } else {
            row.column(line.label, LABEL, Align::Left, ink.dim)
                .put(&line.value, line.style);
        }
        if !line.note.is_empty() && row.left() > 4 {
            row.gap(2).put(&line.note, ink.faint);
        }
    }
}

/// The worst active alert of a device.
pub fn worst_alert(state: &State, id: DeviceId) -> Option<AlertId> {
    state
        .alerts
        .values()
        .filter(|a| a.device == Some(id) && a.is_active())
        .max_by_key(|a| (a.severity, a.since))
        .map(|a| a.id)
}

fn sections(ink: &Ink<'_>, d: &Device, behind: &[ClassGroup]) -> Vec<Section> {
    let mut all = vec![
        alerts(ink, d),
        patient(ink, d),
        place(ink, d),
        identity(ink, d),
        reach(ink, d),
        care(ink, d),
    ];
    if d.class.is_network() {
        all.push(behind_it(ink, behind));
    }
    if let Some(power) = power(ink, d) {
        all.push(power);
    }
    all.extend(health(ink, d));
    all.push(changes(ink, d));
    all.retain(|s| !s.lines.is_empty());
    all
}

fn alerts(ink: &Ink<'_>, d: &Device) -> Section {
    let mut section = Section::new("ALERTS");
    let mut open: Vec<_> = ink
        .ctx
        .state
        .alerts
        .values()
        .filter(|a| a.device == Some(d.id) && a.is_active() && index::listed(a))
        .collect();
    open.sort_by_key(|a| (std::cmp::Reverse(a.severity), a.id));
    for alert in open.iter().take(6) {
        section.note(
            "",
            format!(
                "{} {} {}",
                ink.g.severity(alert.severity),
                Ink::severity_word(alert.severity),
                sentence::what(alert)
            ),
            ink.severity(alert.severity),
            words::hands(ink, alert, false),
        );
    }
    if open.is_empty() {
        section.say("", "none open", ink.dim);
    }
    section
}

fn patient(ink: &Ink<'_>, d: &Device) -> Section {
    let mut section = Section::new("PATIENT");
    section.say(
        "care level",
        d.care.word(),
        if d.care == crate::model::CareLevel::LifeSustaining {
            ink.strong
        } else {
            ink.text
        },
    );
    let may = match d.touch.policy {
        TouchPolicy::Never => "never: no packet is sent to it",
        TouchPolicy::Passive => "passive: it is watched, nothing is sent",
        TouchPolicy::Arp => "arp: only ARP requests",
        TouchPolicy::Ping => "ping: ARP and echo",
        TouchPolicy::Get => "get: a few SNMP GETs",
        TouchPolicy::Full => "full: walks too",
    };
    section.say("touch", may, ink.text);
    section.say("because", d.touch.because.as_str(), ink.dim);
    if let Some(line) = phone::downtime(ink.ctx.state, d) {
        section.say("meanwhile", line, ink.text);
    }
    section
}

fn place(ink: &Ink<'_>, d: &Device) -> Section {
    let state = ink.ctx.state;
    let mut section = Section::new("PLACE");
    let port = words::port_of(state, d);
    match d.attached {
        Some(at) if !port.is_empty() => {
            let vlan = if at.vlan > 0 {
                format!(" vlan {}", at.vlan)
            } else {
                String::new()
            };
            section.note(
                "port",
                format!("{port}{vlan}"),
                ink.strong,
                format!("seen {}", ink.age(at.seen)),
            );
            if let Some(port) = state
                .devices
                .get(&at.switch)
                .and_then(|sw| sw.interfaces.get(&at.port))
            {
                let (glyph, word, _) = ink.port(port.admin, port.oper);
                let since = if port.oper_since == Time::default() {
                    String::new()
                } else {
                    format!(" since {}", ink.clock(port.oper_since))
                };
                section.note(
                    "link",
                    format!("{glyph} {word}{since}"),
                    ink.text,
                    port.alias.to_string(),
                );
            }
        }
        _ if !d.class.is_network() => {
            section.say("port", "not seen on any switch port yet", ink.dim);
        }
        _ => {}
    }
    section.say("segment", words::segment_name(state, d.segment), ink.text);
    section.say("ward", phone::ward_name(state, d), ink.text);
    for (label, key) in [
        ("room", FactKey::Room),
        ("location", FactKey::Location),
        ("owner", FactKey::Owner),
        ("contact", FactKey::Contact),
    ] {
        fact(ink, &mut section, d, label, key);
    }
    section
}

fn identity(ink: &Ink<'_>, d: &Device) -> Section {
    let mut section = Section::new("IDENTITY");
    section.note(
        "class",
        words::kind(d.class),
        ink.text,
        if d.declared {
            String::new()
        } else {
            "not in the site file".into()
        },
    );
    for (label, key) in [
        ("vendor", FactKey::Vendor),
        ("model", FactKey::Model),
        ("firmware", FactKey::Firmware),
        ("system", FactKey::Os),
        ("serial", FactKey::Serial),
        ("tag", FactKey::Tag),
        ("dns", FactKey::DnsName),
        ("dhcp name", FactKey::DhcpName),
        ("describes", FactKey::SysDescr),
    ] {
        fact(ink, &mut section, d, label, key);
    }
    let addresses: Vec<String> = d
        .address
        .iter()
        .chain(d.addresses.iter().filter(|a| Some(**a) != d.address))
        .take(4)
        .map(ToString::to_string)
        .collect();
    section.say("address", addresses.join(" "), ink.text);
    let macs: Vec<String> = d.macs.iter().take(3).map(ToString::to_string).collect();
    section.say("mac", macs.join(" "), ink.text);
    section
}

/// A fact with its source, and every source that disagrees (invariant 8).
fn fact(ink: &Ink<'_>, section: &mut Section, d: &Device, label: &'static str, key: FactKey) {
    let Some(fact) = d.facts.get(&key) else {
        return;
    };
    section.note(
        label,
        fact.value.as_str(),
        ink.text,
        fact.source.word().to_string(),
    );
    for other in d.conflicts.iter().filter(|c| c.key == key).take(3) {
        section.note(
            "",
            format!(
                "{:LABEL$}{} says {}",
                "",
                other.source.word(),
                other.value,
                LABEL = usize::from(LABEL)
            ),
            ink.severity(crate::model::Severity::Minor),
            String::new(),
        );
    }
}

fn reach(ink: &Ink<'_>, d: &Device) -> Section {
    let mut section = Section::new("REACHED BY");
    for (label, fact) in [("ping", d.ping), ("snmp", d.snmp), ("watching", d.passive)] {
        let (text, style) = reach_words(ink, fact);
        section.say(label, text, style);
    }
    if let Some(ms) = d.rtt_ms {
        section.say("round trip", format!("{ms} ms"), ink.dim);
    }
    if let Some((ticks, at)) = d.uptime {
        let up = std::time::Duration::from_secs(u64::from(ticks) / 100);
        section.note(
            "running",
            crate::ui::widgets::age_words(up + ink.ctx.now.since(at)),
            ink.dim,
            String::new(),
        );
    }
    section.say("first seen", when(ink, d.first_seen), ink.dim);
    section.say("last seen", when(ink, d.last_seen), ink.dim);
    section
}

/// How carefully it is asked, and why.
fn care(ink: &Ink<'_>, d: &Device) -> Section {
    let state = ink.ctx.state;
    let mut section = Section::new("ASKED WITH CARE");
    if let Some(q) = state.quarantine.get(&d.id) {
        let words = if q.confirmed {
            q.spared.words()
        } else {
            "spared while its restart is judged"
        };
        section.say(
            "",
            format!("{words} since {}", ink.clock(q.since)),
            ink.state(crate::model::DeviceState::Degraded).1,
        );
        section.say("", format!("it {}", q.why), ink.text);
    }
    let Some(quirk) = state.quirk_in_force(d) else {
        return section;
    };
    section.say("", quirk.limits(), ink.text);
    for from in quirk.from.iter().take(3) {
        section.say(from.source.word(), from.because.as_str(), ink.dim);
    }
    section
}

fn when(ink: &Ink<'_>, at: Time) -> String {
    if at == Time::default() {
        "never".into()
    } else {
        format!("{}, {} ago", ink.clock(at), ink.age_words(at))
    }
}

fn reach_words(ink: &Ink<'_>, fact: ReachFact) -> (String, Style) {
    let since = if fact.since == Time::default() {
        String::new()
    } else {
        format!(" {}", ink.age_words(fact.since))
    };
    match fact.reach {
        Reach::NotAsked => ("not asked".into(), ink.dim),
        Reach::Answers => (
            format!("answers, last {} ago", ink.age(fact.seen)),
            ink.text,
        ),
        Reach::Missed => (
            format!("missed {}, being confirmed", fact.misses),
            ink.severity(crate::model::Severity::Minor),
        ),
        Reach::Silent => (
            format!("silent{since}"),
            ink.state(crate::model::DeviceState::Down).1,
        ),
        Reach::Refuses => (
            format!("refuses{since}"),
            ink.state(crate::model::DeviceState::Degraded).1,
        ),
        Reach::Blind => (format!("not to be judged{since}"), ink.dim),
    }
}

fn behind_it(ink: &Ink<'_>, behind: &[ClassGroup]) -> Section {
    let mut section = Section::new("BEHIND IT");
    if behind.is_empty() {
        section.say("", "nothing seen on its ports yet", ink.dim);
        return section;
    }
    for group in behind {
        let [up, degraded, down, unknown] = group.counts;
        let not_up: Vec<String> = [
            (ink.g.degraded, degraded),
            (ink.g.down, down),
            (ink.g.unknown, unknown),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(glyph, n)| format!("{glyph} {n}"))
        .collect();
        let all = up + degraded + down + unknown;
        section.note(
            "",
            words::kinds(group.class, all as usize),
            ink.text,
            not_up.join("  "),
        );
    }
    section
}

fn power(ink: &Ink<'_>, d: &Device) -> Option<Section> {
    let mut section = Section::new("POWER");
    let on_battery = d
        .fact_str(FactKey::UpsSecondsOnBattery)
        .parse::<u64>()
        .ok()?;
    if on_battery == 0 {
        section.say("", "on mains", ink.text);
    } else {
        section.say(
            "on battery",
            crate::ui::widgets::age_words(std::time::Duration::from_secs(on_battery)),
            ink.state(crate::model::DeviceState::Degraded).1,
        );
    }
    for (label, key, unit) in [
        ("charge", FactKey::UpsCharge, "%"),
        ("left", FactKey::UpsMinutesLeft, " min"),
    ] {
        let value = d.fact_str(key);
        if !value.is_empty() {
            section.say(label, format!("{value}{unit}"), ink.text);
        }
    }
    Some(section)
}

fn health(ink: &Ink<'_>, d: &Device) -> Option<Section> {
    let mut section = Section::new("HEALTH");
    let mut any = false;
    for (label, key) in [
        ("hottest", FactKey::Temperature),
        ("sensors", FactKey::SensorHealth),
        ("load", FactKey::Load),
        ("memory", FactKey::Memory),
        ("disk", FactKey::Storage),
    ] {
        let value = d.fact_str(key);
        if !value.is_empty() {
            any = true;
            section.say(label, value.to_string(), ink.text);
        }
    }
    any.then_some(section)
}

fn changes(ink: &Ink<'_>, d: &Device) -> Section {
    let mut section = Section::new("LATEST CHANGES");
    for change in d.changes.iter().take(4) {
        section.say(
            "",
            format!(
                "{}  {}",
                ink.clock(change.time),
                super::history::change_words(ink, change)
            ),
            ink.dim,
        );
    }
    section
}
