//! What is other than it was at a time: the page that says it, for the view it was asked from.

use std::sync::Arc;

use super::Session;
use super::base::Moment;
use super::layers::Lines;
use crate::engine::{Difference, State, differences};
use crate::model::Time;
use crate::ui::widgets::clock;

/// How many lines are made; of more the number is said.
const MOST: usize = 2_000;

impl Session {
    /// Opens the page.
    pub(super) fn since(&mut self, time: Time, before: &Arc<State>, moment: &Moment) {
        let tab = self.stacks.tab();
        let ctx = self.base.ctx(moment, tab);
        let (from, to) = if before.time <= moment.state.time {
            (&**before, &*moment.state)
        } else {
            (&*moment.state, &**before)
        };
        let about = |d: &Difference| {
            let Some(filter) = ctx.filter else {
                return true;
            };
            let is = |state: &State| {
                let device = d.device.and_then(|id| state.devices.get(&id));
                let alert = d.alert.and_then(|id| state.alerts.get(&id));
                match (alert, device) {
                    (Some(alert), _) => filter.matches.alert(state, alert),
                    (None, Some(device)) => filter.matches.device(state, device),
                    (None, None) => false,
                }
            };
            is(to) || is(from)
        };
        let found: Vec<Difference> = differences(from, to).into_iter().filter(about).collect();
        let mut lines: Vec<(String, String)> = found
            .iter()
            .take(MOST)
            .map(|d| said(d, from, to, &|at| clock(at, moment.now, ctx.zone)))
            .collect();
        if found.len() > MOST {
            lines.push((
                String::new(),
                format!("and {} more: a filter finds them", found.len() - MOST),
            ));
        }
        if lines.is_empty() {
            lines.push((String::new(), "nothing is other than it was".into()));
        }
        let filter = match ctx.filter {
            Some(filter) => format!(" of {}", filter.words),
            None => String::new(),
        };
        let title = format!(
            "{}{filter} since {}",
            match found.len() {
                1 => "1 change".to_owned(),
                n => format!("{n} changes"),
            },
            clock(time, moment.now, ctx.zone)
        );
        self.layers.push(Box::new(Lines::new(title, lines)));
    }
}

/// Who, and what was and is.
fn said(
    d: &Difference,
    from: &State,
    to: &State,
    clock: &dyn Fn(Time) -> String,
) -> (String, String) {
    let device = d
        .device
        .and_then(|id| to.devices.get(&id).or_else(|| from.devices.get(&id)));
    let who = device.map_or_else(String::new, |device| device.name.to_string());
    let text = d
        .alert
        .and_then(|id| to.alerts.get(&id).or_else(|| from.alerts.get(&id)));
    let what = match text {
        Some(alert) => format!("{} ({})", alert.text, d.what),
        None => d.what.to_owned(),
    };
    let change = match (d.before.as_str(), d.after.as_str()) {
        ("", after) => after.to_owned(),
        (before, "") => format!("was {before}"),
        (before, after) => format!("was {before}, now {after}"),
    };
    let at =
        d.at.map_or_else(String::new, |at| format!(" {}", clock(at)));
    (who, format!("{what}: {change}{at}"))
}
