//! What there is to choose from, in the order of the views.

use std::cmp::Reverse;

use crate::engine::State;
use crate::model::{AlertState, DeviceState, SegmentId};
use crate::ui::views::spoken;
use crate::ui::{Ctx, Matcher};

use super::Item;

/// What a view lists, that which needs a person first; and what one of it is called.
pub fn all(view: &str, filter: Option<&Matcher>, state: &State) -> (&'static str, Vec<Item>) {
    match view {
        "alerts" => {
            let mut all: Vec<_> = state
                .alerts
                .values()
                .filter(|a| a.is_active() && !matches!(a.state, AlertState::Pending))
                .filter(|a| filter.is_none_or(|f| f.alert(state, a)))
                .collect();
            all.sort_by_key(|a| {
                (
                    a.state == AlertState::Acknowledged,
                    Reverse(a.severity),
                    Reverse(a.id),
                )
            });
            ("alert", all.iter().map(|a| Item::Alert(a.id)).collect())
        }
        "runs" => {
            let all = state.runs.keys().rev();
            ("run", all.map(|id| Item::Run(*id)).collect())
        }
        "map" => {
            let all = state.segments.keys();
            ("segment", all.map(|id| Item::Segment(*id)).collect())
        }
        _ => {
            let mut all: Vec<_> = state
                .devices
                .values()
                .filter(|d| filter.is_none_or(|f| f.device(state, d)))
                .collect();
            all.sort_by_key(|d| (rank(d.state), Reverse(d.care), d.name.clone()));
            ("device", all.iter().map(|d| Item::Device(d.id)).collect())
        }
    }
}

fn rank(state: DeviceState) -> u8 {
    match state {
        DeviceState::Down => 0,
        DeviceState::Degraded => 1,
        DeviceState::Unknown => 2,
        DeviceState::Up => 3,
    }
}

/// The devices of a segment, those in trouble first.
pub fn in_segment(state: &State, id: SegmentId) -> impl Iterator<Item = Item> {
    let mut all: Vec<_> = state
        .devices
        .values()
        .filter(|d| d.segment == Some(id))
        .collect();
    all.sort_by_key(|d| (rank(d.state), d.name.clone()));
    all.into_iter()
        .map(|d| Item::Device(d.id))
        .collect::<Vec<_>>()
        .into_iter()
}

/// One of them in a line.
pub fn line(ctx: &Ctx<'_>, item: Item) -> String {
    let state = ctx.state;
    let line = match item {
        Item::Alert(id) => state.alerts.get(&id).map(|a| spoken::alert_line(ctx, a)),
        Item::Device(id) => state.devices.get(&id).map(|d| spoken::device_line(ctx, d)),
        Item::Run(id) => state.runs.get(&id).map(|r| spoken::run_line(ctx, r)),
        Item::Segment(id) => state.segments.get(&id).map(|s| {
            let of = state.devices.values().filter(|d| d.segment == Some(id));
            format!("{}: {} devices", s.name, of.count())
        }),
        Item::Act(name) => Some(name.to_owned()),
    };
    line.unwrap_or_else(|| "no longer there".into())
}

/// What wardwatch itself could not do.
pub fn troubles(state: &State) -> Vec<String> {
    let mut lines: Vec<String> = state
        .troubles
        .iter()
        .map(|(source, (why, _))| format!("{source}: {why}"))
        .collect();
    lines.extend(
        state
            .dropped
            .iter()
            .map(|(source, n)| format!("{source}: {n} dropped")),
    );
    if lines.is_empty() {
        lines.push("Every source works, nothing was dropped.".into());
    }
    lines
}
