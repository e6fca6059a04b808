//! One alert: whom to ring, whom it touches, what is known, who has it, and what hangs behind it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::device::DeviceView;
use super::devices::DeviceList;
use super::{phone, sentence, words};
use crate::model::{Alert, AlertId, AlertState, Device, DeviceId, FactKey};
use crate::ui::widgets::{Ink, Labelled, Row, empty, flow, wrap};
use crate::ui::{Ctx, Outcome, Place, Selection, View};

/// Draws the details of an alert from the top of an area; gives the rows used. The telephone comes first.
pub fn details(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, alert: &Alert) -> u16 {
    let state = ink.ctx.state;
    let device = alert
        .device
        .and_then(|id| state.devices.get(&id))
        .map(AsRef::as_ref);
    let mut y = 0;
    y += sentence_of(ink, buf, area, y, alert);
    let compact = area.height < 9;
    y += flow(
        ink,
        buf,
        area,
        y,
        if compact { 2 } else { 4 },
        &phone::lines(ink, device, Some(alert)),
    );
    if !compact {
        y += 1;
    }
    let facts = facts(ink, alert, device);
    y += flow(ink, buf, area, y, area.height.saturating_sub(y), &facts);
    for detail in &alert.details {
        for line in wrap(detail.as_str(), area.width, 3) {
            if y >= area.height {
                return y;
            }
            Row::new(ink, buf, area, y).put(line, ink.dim);
            y += 1;
        }
    }
    y
}

/// The same, read out.
pub fn read(ink: &Ink<'_>, alert: &Alert) -> Vec<String> {
    let device = alert.device.and_then(|id| ink.ctx.state.devices.get(&id));
    let device = device.map(AsRef::as_ref);
    let mut all = phone::lines(ink, device, Some(alert));
    all.extend(facts(ink, alert, device));
    let lines = all.into_iter().map(|fact| match fact.label {
        "" => fact.value,
        label => format!("{label}: {}", fact.value),
    });
    lines
        .chain(alert.details.iter().map(ToString::to_string))
        .collect()
}

/// What is known beside whom to ring.
fn facts(ink: &Ink<'_>, alert: &Alert, device: Option<&Device>) -> Vec<Labelled> {
    let state = ink.ctx.state;
    let mut facts = Vec::new();
    let mut fact = |label: &'static str, value: String| {
        if !value.is_empty() {
            facts.push(Labelled {
                label,
                value,
                style: ink.text,
            });
        }
    };
    fact("touches", touches(ink, alert));
    if let Some(device) = device {
        fact("port", words::port_of(state, device));
        let model = [
            device.fact_str(FactKey::Vendor),
            device.fact_str(FactKey::Model),
        ]
        .join(" ");
        fact(
            "device",
            format!("{} {}", words::kind(device.class), model.trim()),
        );
        if let Some(line) = phone::downtime(state, device) {
            fact("meanwhile", line.to_string());
        }
    }
    fact(
        if alert.state == AlertState::Closed {
            "was"
        } else {
            "since"
        },
        life(ink, alert),
    );
    if let Some(ack) = &alert.ack {
        let until = ack
            .until
            .map_or_else(String::new, |t| format!(" until {}", ink.clock(t)));
        let note = if ack.note.is_empty() {
            String::new()
        } else {
            format!(": {}", ack.note)
        };
        fact(
            "in hand",
            format!("{} since {}{until}{note}", ack.by, ink.clock(ack.at)),
        );
    } else if alert.state == AlertState::Open {
        fact("in hand", "nobody has it yet".into());
    }
    facts
}

fn sentence_of(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, y: u16, alert: &Alert) -> u16 {
    let state = ink.ctx.state;
    let name = alert
        .device
        .and_then(|id| state.devices.get(&id))
        .map_or("wardwatch", |d| d.name.as_str());
    let badge = if alert.is_active() {
        ink.badge(alert.severity)
    } else {
        ink.dim
    };
    let mut row = Row::new(ink, buf, area, y);
    row.put(
        format!(
            " {} {} ",
            ink.g.severity(alert.severity),
            alert.severity.word().to_uppercase()
        ),
        badge,
    )
    .gap(2)
    .put(name, ink.strong)
    .gap(1);
    let indent = row.used();
    let text = sentence::what(alert);
    let lines = wrap(&text, row.left().max(8), 3);
    for (n, line) in (0u16..).zip(&lines) {
        Row::new(ink, buf, area, y + n)
            .at(indent)
            .put(line, ink.text);
    }
    u16::try_from(lines.len()).unwrap_or(1).max(1)
}

/// `34 devices: 4 ventilators, 12 infusion pumps · 16 life-sustaining · ICU-3 30, ICU-4 4`
fn touches(ink: &Ink<'_>, alert: &Alert) -> String {
    let impact = &alert.impact;
    if impact.behind == 0 {
        return String::new();
    }
    let mut parts = vec![format!(
        "{}: {}",
        crate::ui::widgets::counted(impact.behind as usize, "device", "devices"),
        words::classes(&impact.by_class, 4)
    )];
    let cares = words::cares(impact);
    if !cares.is_empty() {
        parts.push(cares);
    }
    let wards: Vec<String> = impact
        .by_ward
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .take(4)
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    if !wards.is_empty() {
        parts.push(format!("wards {}", wards.join(", ")));
    }
    parts.join(&ink.between())
}

/// `since 03:07, 4 min · 3rd time`
fn life(ink: &Ink<'_>, alert: &Alert) -> String {
    let mut text = format!("{}, {}", ink.clock(alert.since), ink.age_words(alert.since));
    if let (AlertState::Closed, Some(at)) = (alert.state, alert.closed) {
        text = format!("from {} to {}", ink.clock(alert.since), ink.clock(at));
    }
    if alert.count > 1 {
        text = format!("{text}{}opened {} times", ink.between(), alert.count);
    }
    if alert.state == AlertState::Pending {
        text = format!("{text}{}held while its parents are asked", ink.between());
    }
    text
}

/// The view of one alert.
pub struct AlertView {
    id: AlertId,
    behind: DeviceList,
    stamp: Option<(crate::model::Seq, u64)>,
}

impl AlertView {
    /// Of this alert.
    pub fn new(id: AlertId) -> Self {
        Self {
            id,
            behind: DeviceList::default(),
            stamp: None,
        }
    }

    /// The devices behind the alert's device, or the device itself.
    fn scope(ctx: &Ctx<'_>, alert: &Alert) -> Vec<DeviceId> {
        let Some(device) = alert.device else {
            return Vec::new();
        };
        let mut ids = vec![device];
        if alert.impact.behind > 0 {
            ids.extend(ctx.state.behind(device));
        }
        ids
    }
}

impl View for AlertView {
    fn place(&self) -> Option<Place> {
        Some(Place::Alert(self.id))
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        let ink = &Ink::of(ctx);
        let Some(alert) = ctx.state.alerts.get(&self.id) else {
            empty(
                ink,
                buf,
                area,
                "this alert is no longer kept",
                "The newest 500 closed alerts are kept at hand. esc goes back.",
            );
            return;
        };
        let body = super::margin(area);
        let used = details(ink, buf, body, alert);
        let rest = super::below(body, used + 1);
        if rest.height >= 3 {
            let stamp = Some((ctx.state.seq, ctx.state.revision));
            if self.stamp != stamp {
                self.stamp = stamp;
                self.behind.scope(Self::scope(ctx, alert));
            }
            self.behind.draw(ink, buf, rest);
        }
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        let device = ctx.state.alerts.get(&self.id).and_then(|a| a.device);
        if action == "open" {
            return match self.behind.at().or(device) {
                Some(id) => Outcome::Open(Box::new(DeviceView::new(id))),
                None => Outcome::Ignored,
            };
        }
        // what is done here is done to the alert
        if action.starts_with("choose") {
            return Outcome::Ignored;
        }
        match self.behind.act(action, ctx) {
            Outcome::Ignored => super::go(action, &self.selection(ctx), ctx),
            done => done,
        }
    }

    fn crumb(&self, ctx: &Ctx<'_>) -> String {
        ctx.state
            .alerts
            .get(&self.id)
            .and_then(|a| a.device)
            .and_then(|id| ctx.state.devices.get(&id))
            .map_or_else(|| "alert".to_string(), |d| format!("alert {}", d.name))
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        let alert = ctx.state.alerts.get(&self.id);
        Selection {
            alert: Some(self.id),
            device: self.behind.at().or(alert.and_then(|a| a.device)),
            segment: alert.and_then(|a| a.segment),
            ..Selection::default()
        }
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        vec!["open", "acknowledge", "run", "back"]
    }
}
