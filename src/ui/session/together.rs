//! What is done to several alerts that were chosen together: to how many, to which, and which are left out.

use super::Session;
use super::base::Moment;
use super::layers::{Ack, Prompt, Question, Step};
use crate::event::Command;
use crate::model::{AlertId, AlertState, Text};
use crate::ui::Request;

/// How many are named.
const NAMED: usize = 3;

impl Session {
    /// Does it to all for which it means something, and says how many it leaves out.
    pub(super) fn on_alerts(&mut self, name: &str, chosen: &[AlertId], moment: &Moment) {
        let means = |state: AlertState| match name {
            "acknowledge" => state == AlertState::Open,
            "unacknowledge" => state == AlertState::Acknowledged,
            _ => matches!(state, AlertState::Open | AlertState::Acknowledged),
        };
        let alerts = &moment.state.alerts;
        let of: Vec<AlertId> = chosen
            .iter()
            .filter(|id| alerts.get(*id).is_some_and(|a| means(a.state)))
            .copied()
            .collect();
        let left_out = chosen.len() - of.len();
        if of.is_empty() {
            self.say(Text::from(match name {
                "acknowledge" => "none of those that are chosen waits for anybody",
                "unacknowledge" => "nobody has one of those that are chosen",
                _ => "those that are chosen are over",
            }));
            return;
        }
        let mut about = named(&of, moment);
        if left_out > 0 {
            let why = match name {
                "acknowledge" => "that somebody has or that are over",
                "unacknowledge" => "that nobody has",
                _ => "that are over",
            };
            about = format!("{about}; {left_out} {why} are left out");
        }
        match name {
            "acknowledge" => self.layers.push(Box::new(Ack::new(of, about))),
            "unacknowledge" => {
                let back =
                    |alert: &AlertId| Request::Command(Command::Unacknowledge { alert: *alert });
                self.layers.push(Box::new(Question {
                    title: format!("Give {} alerts back?", of.len()),
                    lines: vec![format!("{about}. Nobody has them then.")],
                    choices: vec![
                        (&["y"], "give them back", of.iter().map(back).collect()),
                        (&["n"], "keep them", Vec::new()),
                    ],
                }));
            }
            _ => {
                let title = format!("Close {} alerts", of.len());
                let hint = format!("why are they over? {about}");
                self.close_alerts(title, hint, of);
            }
        }
    }

    /// Asks why these are over, and closes them.
    pub(super) fn close_alerts(&mut self, title: String, hint: String, of: Vec<AlertId>) {
        let done = Box::new(
            move |field: &crate::ui::field::Field, _: &super::Desk<'_>| {
                let note = field.value();
                if note.is_empty() {
                    return Err(Text::from("say why: the others will ask"));
                }
                let close = |alert: &AlertId| {
                    Request::Command(Command::Close {
                        alert: *alert,
                        note: note.clone(),
                    })
                };
                Ok(Step::Ask(of.iter().map(close).collect()))
            },
        );
        self.layers.push(Box::new(Prompt::new(title, hint, done)));
    }
}

/// How many, and the first of them.
fn named(of: &[AlertId], moment: &Moment) -> String {
    let state = &moment.state;
    let name = |id: &AlertId| {
        let alert = state.alerts.get(id)?;
        let device = alert.device.and_then(|id| state.devices.get(&id));
        let who = device.map_or("wardwatch", |d| d.name.as_str());
        Some(format!("{who} {}", alert.text))
    };
    let names: Vec<String> = of.iter().filter_map(name).collect();
    format!("{}: {}", of.len(), self::names(&names))
}

/// The first of them, and how many more there are.
pub(super) fn names(of: &[String]) -> String {
    let first: Vec<&str> = of.iter().take(NAMED).map(String::as_str).collect();
    let more = match of.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("{}{more}", first.join(", "))
}
