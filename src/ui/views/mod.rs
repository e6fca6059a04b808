//! The views, one file each.
//!
//! In: a [`Ctx`] (the state, `now`, theme, filter) and the name of an action. Out: cells of the body, a crumb, a selection,
//! and requests for the session. A view keeps its cursor, scroll and folds, and what it has sorted for the state's revision;
//! it formats the rows that are seen and no others, and it never reads a clock, a file or a socket.

mod about;
mod alert;
mod alerts;
mod board;
mod device;
mod devices;
mod index;
mod map;
mod moved;
mod phone;
mod run;
mod runs;
mod segment;
mod sentence;
pub mod spoken;
mod words;

use ratatui::layout::Rect;

use crate::model::{AlertId, DeviceId, RunId, SegmentId};
use crate::ui::{Ctx, Outcome, Request, Selection, View};

pub use device::Tab;

/// The columns that any list can be sorted by.
pub const SORTS: [&str; 6] = devices::Sort::NAMES;

/// The root views, in the order of their keys: name, title.
pub const ROOTS: [(&str, &str); 5] = [
    ("board", "Board"),
    ("map", "Map"),
    ("alerts", "Alerts"),
    ("devices", "Devices"),
    ("runs", "Runs"),
];

/// A root view by name.
pub fn open(name: &str) -> Option<Box<dyn View>> {
    Some(match name {
        "board" => Box::new(board::Board::new()),
        "map" => Box::new(map::Map::default()),
        "alerts" => Box::new(alerts::Alerts::default()),
        "devices" => Box::new(devices::Devices::default()),
        "runs" => Box::new(runs::Runs::default()),
        _ => return None,
    })
}

/// The view of a device, at its summary.
pub fn device(id: DeviceId) -> Box<dyn View> {
    Box::new(device::DeviceView::new(id))
}

/// The view of a device, at a tab.
pub fn device_at(id: DeviceId, tab: Tab) -> Box<dyn View> {
    Box::new(device::DeviceView::on(id, tab))
}

/// The view of a segment; `None` is the place of devices that are in no segment.
pub fn segment(id: Option<SegmentId>) -> Box<dyn View> {
    Box::new(segment::SegmentView::new(id))
}

/// The view of an alert.
pub fn alert(id: AlertId) -> Box<dyn View> {
    Box::new(alert::AlertView::new(id))
}

/// The view of a run.
pub fn run(id: RunId) -> Box<dyn View> {
    Box::new(run::RunView::new(id))
}

/// How wardwatch itself is doing.
pub fn about() -> Box<dyn View> {
    Box::new(about::About::default())
}

/// Some devices under a title.
pub fn devices(ids: Vec<DeviceId>, title: String) -> Box<dyn View> {
    Box::new(devices::Devices::of(ids, title))
}

/// The map with its cursor on a device, or on the switch it hangs on.
pub fn map_at(id: DeviceId) -> Box<dyn View> {
    Box::new(map::Map::on(id))
}

/// What any view does with an action about what is selected, once it has found nothing of its own to do.
fn go(action: &str, selection: &Selection, ctx: &Ctx<'_>) -> Outcome {
    let device = selection
        .device
        .and_then(|id| ctx.state.devices.get(&id))
        .map(AsRef::as_ref);
    let view: Option<Box<dyn View>> = match action {
        "open-device" => device.map(|d| self::device(d.id)),
        "history" => device.map(|d| device_at(d.id, Tab::History)),
        "ledger" => device.map(|d| device_at(d.id, Tab::Ledger)),
        "open-switch" => device
            .and_then(|d| d.attached)
            .map(|at| self::device(at.switch)),
        "open-segment" => selection
            .segment
            .or(device.and_then(|d| d.segment))
            .map(|id| segment(Some(id))),
        "open-alert" => selection
            .alert
            .or_else(|| device.and_then(|d| device::worst_alert(ctx.state, d.id)))
            .map(alert),
        "open-run" => selection.run.map(run),
        "on-map" => device.map(|d| map_at(d.id)),
        "copy" | "copy-line" => {
            let Some(d) = device else {
                return Outcome::Ignored;
            };
            if action == "copy" && !selection.devices.is_empty() {
                let of = selection.devices.iter();
                let known = of.filter_map(|id| ctx.state.devices.get(id));
                let names: Vec<&str> = known.map(|d| d.name.as_str()).collect();
                return Outcome::Ask(vec![Request::Copy(names.join(", "))]);
            }
            let address = d.address.map(|a| a.to_string()).unwrap_or_default();
            let text = if action == "copy" {
                d.name.to_string()
            } else {
                [
                    d.name.as_str(),
                    words::kind(d.class),
                    &address,
                    words::segment_name(ctx.state, d.segment),
                    &words::port_of(ctx.state, d),
                    d.state.word(),
                ]
                .join("  ")
            };
            return Outcome::Ask(vec![Request::Copy(text)]);
        }
        _ => None,
    };
    view.map_or(Outcome::Ignored, Outcome::Open)
}

/// A column free at each side, where there is room for it.
fn margin(area: Rect) -> Rect {
    if area.width < 40 {
        return area;
    }
    Rect::new(area.x + 1, area.y, area.width - 2, area.height)
}

/// What is left of an area below its first rows.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect::new(area.x, area.y + rows, area.width, area.height - rows)
}
