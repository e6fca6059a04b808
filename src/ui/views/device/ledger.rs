//! Ledger: every packet that wardwatch ever sent to this device, by kind, with time and cause.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use crate::event::LedgerRow;
use crate::log::Answer;
use crate::model::{Device, PacketKind, Time};
use crate::ui::Outcome;
use crate::ui::views::below;
use crate::ui::widgets::{Align, Ink, List, Row, clock_long, counted, empty};

/// Of how many times that packets may be missing of is told.
const GAPS: usize = 2;

/// The tab.
#[derive(Default)]
pub struct Ledger {
    /// What the log was asked.
    pub asked: Asked<LedgerRow>,
    list: List<usize>,
    keys: Vec<usize>,
}

impl Ledger {
    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) {
        let policy = policy(ink, device);
        let used = notes(ink, buf, area, device);
        let area = below(area, used);
        let Asked::Answered(rows) = &self.asked else {
            self.asked.draw(ink, buf, area, 0);
            return;
        };
        if rows.is_empty() {
            let headline = format!("no packet was ever sent to this device ({policy})");
            let advice = if device.addresses.is_empty() {
                "It has no known address, so nothing could have been. It is watched through switch and router tables."
            } else {
                "What is known of it was heard, or read from switches and routers. Every packet to it would stand here."
            };
            empty(ink, buf, area, &headline, advice);
            return;
        }
        let sent: u64 = rows.iter().map(|r| u64::from(r.count)).sum();
        let kinds: Vec<String> = [
            PacketKind::Arp,
            PacketKind::Ping,
            PacketKind::Get,
            PacketKind::Walk,
            PacketKind::Set,
            PacketKind::Reply,
        ]
        .into_iter()
        .filter_map(|kind| {
            let n: u64 = rows
                .iter()
                .filter(|r| r.kind == kind)
                .map(|r| u64::from(r.count))
                .sum();
            (n > 0).then(|| format!("{} {n}", kind.word()))
        })
        .collect();
        let mut row = Row::new(ink, buf, area, 0);
        row.put(
            counted(
                usize::try_from(sent).unwrap_or(usize::MAX),
                "packet",
                "packets",
            ),
            ink.strong,
        )
        .gap(3)
        .put(kinds.join(&ink.between()), ink.text)
        .gap(3)
        .put(policy, ink.dim);
        let list = below(area, 2);
        Row::new(ink, buf, list, 0)
            .gap(1)
            .column("LAST", 15, Align::Left, ink.dim)
            .gap(1)
            .column("KIND", 6, Align::Left, ink.dim)
            .gap(1)
            .column("COUNT", 7, Align::Right, ink.dim)
            .gap(2)
            .column("ADDRESS", 15, Align::Left, ink.dim)
            .gap(1)
            .put("CAUSE", ink.dim);
        let body = below(list, 1);
        self.keys = (0..rows.len()).collect();
        let range = self.list.settle(&self.keys, usize::from(body.height));
        for (y, at) in (0u16..).zip(range) {
            let Some(r) = rows.get(at) else {
                break;
            };
            let kind = if r.kind == PacketKind::Set {
                ink.strong
            } else {
                ink.text
            };
            Row::new(ink, buf, body, y)
                .gap(1)
                .column(
                    clock_long(r.last, ink.ctx.now, ink.ctx.zone),
                    15,
                    Align::Left,
                    ink.dim,
                )
                .gap(1)
                .column(r.kind.word(), 6, Align::Left, kind)
                .gap(1)
                .column(r.count.to_string(), 7, Align::Right, ink.text)
                .gap(2)
                .column(r.address.to_string(), 15, Align::Left, ink.dim)
                .gap(1)
                .put(r.cause.as_str(), ink.text);
            if self.list.at() == Some(at) {
                Row::new(ink, buf, body, y).put(ink.cursor, ink.accent);
            }
        }
    }

    /// Scrolls.
    pub fn act(&mut self, action: &str) -> Outcome {
        Outcome::consumed(self.list.act(action, &self.keys))
    }

    /// Takes the answer to its question.
    pub fn answer(&mut self, id: u64, answer: &Answer) {
        self.asked.hear(id, answer, |a| match a {
            Answer::Ledger(rows) => Some(rows.clone()),
            _ => None,
        });
    }
}

/// What holds, and because of what; an override with what is left of its time.
fn policy(ink: &Ink<'_>, device: &Device) -> String {
    let mut words = format!("policy {}", device.touch.policy);
    if !device.touch.because.is_empty() {
        words.push_str(", because of ");
        words.push_str(device.touch.because.as_str());
    }
    if let Some(over) = &device.touch.overridden {
        use std::fmt::Write as _;
        let _ = write!(
            words,
            " until {} ({} left): {}",
            ink.clock(over.until),
            left(ink, over.until),
            over.reason
        );
    }
    words
}

fn left(ink: &Ink<'_>, until: Time) -> String {
    let minutes = until.since(ink.ctx.now).as_secs().div_ceil(60);
    if minutes >= 60 {
        format!("{} h {} min", minutes / 60, minutes % 60)
    } else {
        format!("{minutes} min")
    }
}

/// What a person should know beside the packets: who waits for a second person, what was refused, and of which times packets
/// may be missing. Gives the rows it took.
fn notes(ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) -> u16 {
    let state = ink.ctx.state;
    let mut lines = Vec::new();
    if let Some(asked) = &device.touch.asked {
        lines.push(format!(
            "{} asked for {} until {} ({}): it waits for a second person",
            asked.by,
            asked.policy,
            ink.clock(asked.until),
            asked.reason
        ));
    }
    let refused = device
        .addresses
        .iter()
        .filter_map(|a| state.refusals.get(a));
    let (count, last) = refused.fold((0u64, Time(0)), |(n, at), (m, then)| {
        (n.saturating_add(*m), at.max(*then))
    });
    if count > 0 {
        lines.push(format!(
            "{count} refused by the gate, the last {}",
            ink.clock(last)
        ));
    }
    for gap in state.ledger_gaps.iter().take(GAPS) {
        lines.push(format!(
            "{} to {}: wardwatch ended without a word; packets of this time may be missing",
            clock_long(gap.from, ink.ctx.now, ink.ctx.zone),
            clock_long(gap.until, ink.ctx.now, ink.ctx.zone)
        ));
    }
    let more = state.ledger_gaps.len().saturating_sub(GAPS);
    if more > 0 {
        lines.push(format!("and {more} such times before"));
    }
    for (y, line) in (0u16..).zip(&lines) {
        Row::new(ink, buf, area, y).put(line, ink.text);
    }
    match u16::try_from(lines.len()).unwrap_or(u16::MAX) {
        0 => 0,
        n => n.saturating_add(1),
    }
}
