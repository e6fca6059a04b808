//! A device: whom to ring first, then its tabs. Summary, interfaces, history, ledger, neighbours.

mod asked;
mod head;
mod history;
mod interfaces;
mod ledger;
mod neighbours;
mod sensors;
mod summary;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{below, margin};
use crate::log::{Answer, Query};
use crate::model::{DeviceId, Time};
use crate::ui::widgets::{Ink, empty};
use crate::ui::{Ctx, Outcome, Place, Request, Selection, View};
use asked::Asked;
pub use head::state_words;
pub use summary::{summary_read, worst_alert};

/// The tabs, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What it is, where, whose, how it is.
    #[default]
    Summary,
    /// Its interfaces.
    Interfaces,
    /// What it measures, and how its parts are.
    Sensors,
    /// Every change seen.
    History,
    /// Every packet sent to it.
    Ledger,
    /// What it is cabled to, and what hangs on it.
    Neighbours,
}

impl Tab {
    const ALL: [Self; 6] = [
        Self::Summary,
        Self::Interfaces,
        Self::Sensors,
        Self::History,
        Self::Ledger,
        Self::Neighbours,
    ];

    fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|t| *t == self).unwrap_or(0);
        Self::ALL
            .get((at + by) % Self::ALL.len())
            .copied()
            .unwrap_or_default()
    }

    fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Interfaces => "Interfaces",
            Self::Sensors => "Sensors",
            Self::History => "History",
            Self::Ledger => "Ledger",
            Self::Neighbours => "Neighbours",
        }
    }
}

/// Rows asked of the log at once.
const ASK: u32 = 500;

/// The view.
pub struct DeviceView {
    id: DeviceId,
    tab: Tab,
    summary: summary::Summary,
    interfaces: interfaces::Interfaces,
    sensors: sensors::Sensors,
    history: history::History,
    ledger: ledger::Ledger,
    neighbours: neighbours::Neighbours,
    asked: u64,
}

impl DeviceView {
    /// Of this device, at its summary.
    pub fn new(id: DeviceId) -> Self {
        Self::on(id, Tab::Summary)
    }

    /// Of this device, at a tab.
    pub fn on(id: DeviceId, tab: Tab) -> Self {
        Self {
            id,
            tab,
            summary: summary::Summary::default(),
            interfaces: interfaces::Interfaces::default(),
            sensors: sensors::Sensors::default(),
            history: history::History::default(),
            ledger: ledger::Ledger::default(),
            neighbours: neighbours::Neighbours::default(),
            asked: 0,
        }
    }

    /// What the open tab has to ask of the log.
    fn ask(&mut self, ctx: &Ctx<'_>) -> Vec<Request> {
        let Some(device) = ctx.state.devices.get(&self.id) else {
            return Vec::new();
        };
        // the number tells this view's questions from those of others: device, then count
        let number = (u64::from(self.id.0) << 24) | ((self.asked + 1) & 0x00ff_ffff);
        let query = match self.tab {
            Tab::History => {
                self.history.asked = Asked::Waiting(number);
                Query::Changes {
                    device: self.id,
                    before: Time(i64::MAX),
                    limit: ASK,
                }
            }
            Tab::Ledger => {
                if device.addresses.is_empty() {
                    self.ledger.asked = Asked::Answered(Vec::new());
                    return Vec::new();
                }
                self.ledger.asked = Asked::Waiting(number);
                Query::Ledger {
                    addresses: device.addresses.iter().copied().collect(),
                    since: Time(0),
                    before: Time(i64::MAX),
                    limit: ASK,
                }
            }
            _ => return Vec::new(),
        };
        self.asked += 1;
        vec![Request::Query(number, query)]
    }

    fn go(&mut self, tab: Tab, ctx: &Ctx<'_>) -> Outcome {
        self.tab = tab;
        let requests = self.ask(ctx);
        if requests.is_empty() {
            Outcome::Consumed
        } else {
            Outcome::Ask(requests)
        }
    }
}

impl View for DeviceView {
    fn place(&self) -> Option<Place> {
        Some(match self.tab {
            Tab::Ledger => Place::Ledger(self.id),
            _ => Place::Device(self.id),
        })
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ink = &Ink::of(ctx);
        let body = margin(area);
        let Some(device) = ctx.state.devices.get(&self.id) else {
            empty(
                ink,
                buf,
                body,
                "this device is no longer known",
                "It was not declared by the site and has not been seen for a long time. esc goes back.",
            );
            return;
        };
        let used = head::draw(ink, buf, body, device, self.tab);
        let rest = below(body, used);
        match self.tab {
            Tab::Summary => self.summary.draw(ink, buf, rest, device),
            Tab::Interfaces => self.interfaces.draw(ink, buf, rest, device),
            Tab::Sensors => self.sensors.draw(ink, buf, rest, device),
            Tab::History => self.history.draw(ink, buf, rest, device),
            Tab::Ledger => self.ledger.draw(ink, buf, rest, device),
            Tab::Neighbours => self.neighbours.draw(ink, buf, rest, device),
        }
    }

    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome {
        match action {
            "tab-next" | "cursor-right" => return self.go(self.tab.step(1), ctx),
            "tab-prev" | "cursor-left" => {
                return self.go(self.tab.step(Tab::ALL.len() - 1), ctx);
            }
            "history" => return self.go(Tab::History, ctx),
            "ledger" => return self.go(Tab::Ledger, ctx),
            "open-device" => return Outcome::Ignored,
            _ => {}
        }
        let outcome = match self.tab {
            Tab::Summary => self.summary.act(action),
            Tab::Interfaces => self.interfaces.act(action),
            Tab::Sensors => self.sensors.act(action),
            Tab::History => self.history.act(action),
            Tab::Ledger => self.ledger.act(action),
            Tab::Neighbours => self.neighbours.act(action),
        };
        match outcome {
            Outcome::Ignored => super::go(action, &self.selection(ctx), ctx),
            done => done,
        }
    }

    fn rest(&mut self) {
        self.interfaces.rest();
    }

    fn crumb(&self, ctx: &Ctx<'_>) -> String {
        ctx.state
            .devices
            .get(&self.id)
            .map_or_else(|| "device".to_string(), |d| d.name.to_string())
    }

    fn selection(&self, ctx: &Ctx<'_>) -> Selection {
        let device = ctx.state.devices.get(&self.id);
        Selection {
            device: Some(self.id),
            interface: if self.tab == Tab::Interfaces {
                self.interfaces.at()
            } else {
                None
            },
            alert: if self.tab == Tab::Summary {
                summary::worst_alert(ctx.state, self.id)
            } else {
                None
            },
            segment: device.and_then(|d| d.segment),
            ..Selection::default()
        }
    }

    fn opened(&mut self, ctx: &Ctx<'_>) -> Vec<Request> {
        self.ask(ctx)
    }

    fn answer(&mut self, id: u64, answer: &Answer) {
        self.history.answer(id, answer);
        self.ledger.answer(id, answer);
    }

    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        let mut actions = vec!["tab-next", "run"];
        match self.tab {
            Tab::Summary => actions.extend(["acknowledge", "ledger", "open-switch"]),
            Tab::Interfaces => actions.extend(["sort-next", "copy"]),
            Tab::Neighbours => actions.insert(0, "open"),
            Tab::Sensors | Tab::History | Tab::Ledger => actions.push("page-down"),
        }
        actions
    }
}
