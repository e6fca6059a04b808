//! Summary: what it is, where it is, whose it is, how it is, and what it means for a patient.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::sensors;
use crate::engine::State;
use crate::model::{
    AgentFault, AlertId, Device, DeviceId, FactKey, Reach, ReachFact, Sensor, Seq, Text, Time,
    TouchPolicy,
};
use crate::ui::Outcome;
use crate::ui::views::{index, phone, sentence, words};
use crate::ui::widgets::{ClassGroup, Ink, LABEL, Section, counted, draw_sections, scrolled};

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
        self.most = draw_sections(ink, buf, area, &sections, &mut self.scroll);
    }

    /// Scrolls.
    pub fn act(&mut self, action: &str) -> Outcome {
        match scrolled(action, self.scroll, self.most) {
            Some(scroll) => self.scroll = scroll,
            None => return Outcome::Ignored,
        }
        Outcome::Consumed
    }
}

/// The whole summary, read out.
pub fn summary_read(ink: &Ink<'_>, device: &Device) -> Vec<String> {
    let state = ink.ctx.state;
    let behind = if device.class.is_network() {
        index::group(state, state.behind(device.id).into_iter())
    } else {
        Vec::new()
    };
    let sections = sections(ink, device, &behind);
    sections.iter().flat_map(Section::read).collect()
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
    all.extend(agent(ink, d));
    all.push(changes(ink, d));
    all.retain(|s| !s.is_empty());
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
    if let Some(budget) = state.budget_of(d) {
        section.say("budget", format!("{} packets/s", budget.device), ink.dim);
        let shared = |name: &Text, packets: u32| format!("{packets} packets/s, {name}");
        if let Some((switch, packets)) = &budget.closet {
            section.say("closet", shared(switch, *packets), ink.dim);
        }
        if let Some((name, packets, kilobits)) = &budget.uplink {
            let kilobits = kilobits.map_or_else(String::new, |k| format!(", {k} kbit/s"));
            section.say(
                "uplink",
                format!("{}{kilobits}", shared(name, *packets)),
                ink.dim,
            );
        }
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
    if !d.sensors().is_empty() {
        any = true;
        parts(ink, d, &mut section);
    }
    // what an older reading knew, until sensors are told one by one
    let before = [
        ("hottest", FactKey::Temperature),
        ("sensors", FactKey::SensorHealth),
    ];
    let before = before.into_iter().filter(|_| d.sensors().is_empty());
    for (label, key) in before.chain([
        ("load", FactKey::Load),
        ("memory", FactKey::Memory),
        ("disk", FactKey::Storage),
    ]) {
        let value = d.fact_str(key);
        if !value.is_empty() {
            any = true;
            section.say(label, value.to_string(), ink.text);
        }
    }
    any.then_some(section)
}

/// What its agent does wrong, and polls that miss their time.
fn agent(ink: &Ink<'_>, d: &Device) -> Option<Section> {
    let conduct = d.conduct.as_ref()?;
    let mut section = Section::new("AGENT");
    let minor = ink.severity(crate::model::Severity::Minor);
    for (job, late) in &conduct.overruns {
        let less = if late.degraded {
            "; asked less often"
        } else {
            ""
        };
        let now = late.in_a_row > 0;
        let words = if now {
            let since = ink.clock(late.since);
            format!(
                "{job} late {} times in a row since {since}{less}",
                late.in_a_row
            )
        } else if late.missed.count > 0 {
            let times = counted(late.missed.count as usize, "time", "times");
            format!("{job} was late {times}, in time again{less}")
        } else if late.degraded {
            format!("{job}{less}")
        } else {
            continue;
        };
        section.say("", words, if now { minor } else { ink.dim });
    }
    for fault in AgentFault::ALL {
        let Some(n) = conduct.faults.get(&fault) else {
            continue;
        };
        let words = format!("{}: {}", fault.says(), n.count);
        let since = format!("since {}, last {} ago", ink.clock(n.first), ink.age(n.last));
        section.note("", words, ink.text, since);
    }
    Some(section)
}

/// Sensors in a few lines: what is wrong, how many supplies and fans work, what a room or a refrigerator is at.
fn parts(ink: &Ink<'_>, d: &Device, section: &mut Section) {
    use crate::model::{SensorKind, SensorState};
    let all = sensors::sorted(d);
    let is_bad = |s: &Sensor| matches!(s.state, SensorState::Failed | SensorState::Warning);
    for sensor in all.iter().filter(|s| is_bad(s)).take(3) {
        let (glyph, style) = sensors::mark(ink, sensor);
        section.note(
            "",
            format!("{glyph} {} {}", sensor.name, sensor.words()),
            style,
            ink.age_words(sensor.since),
        );
    }
    for (label, kind) in [("supplies", SensorKind::Supply), ("fans", SensorKind::Fan)] {
        let fitted = all
            .iter()
            .filter(|s| s.kind == kind && s.state != SensorState::Absent);
        let (total, bad) = fitted.fold((0, 0), |(n, bad), s| (n + 1, bad + usize::from(is_bad(s))));
        let words = match (total, bad) {
            (0, _) => continue,
            (1, 0) => "1 works".to_string(),
            (n, 0) => format!("{n} work"),
            (n, bad) => format!("{} of {n} work", n - bad),
        };
        section.say(label, words, ink.text);
    }
    let climate = |s: &&&Sensor| {
        matches!(
            s.kind,
            SensorKind::Temperature | SensorKind::Humidity | SensorKind::Leases
        )
    };
    if all.iter().filter(climate).count() <= 4 {
        for sensor in all.iter().filter(climate).filter(|s| s.value.is_some()) {
            let label = match sensor.kind {
                SensorKind::Humidity => "humidity",
                SensorKind::Leases => "addresses",
                _ => "temp",
            };
            let course = sensors::course(ink, sensor, 12);
            section.note(
                label,
                format!("{} {}", sensor.words(), sensor.name),
                ink.text,
                course,
            );
        }
        return;
    }
    let hottest = all
        .iter()
        .filter(|s| s.kind == SensorKind::Temperature)
        .max_by_key(|s| s.value);
    if let Some(sensor) = hottest.filter(|s| s.value.is_some()) {
        section.say(
            "hottest",
            format!("{} {}", sensor.words(), sensor.name),
            ink.text,
        );
    }
    let scarcest = all
        .iter()
        .filter(|s| s.kind == SensorKind::Leases && s.total.is_some_and(|t| t > 0))
        .min_by_key(|s| s.value.unwrap_or(0).saturating_mul(1_000) / s.total.unwrap_or(1).max(1));
    if let Some(sensor) = scarcest {
        section.say(
            "addresses",
            format!("{} {}", sensor.words(), sensor.name),
            ink.text,
        );
    }
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
