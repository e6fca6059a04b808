//! Keys in, state out: a row for each action of the registry, pressed by each of its keys in each keymap. An action without a row
//! fails the test.

use super::*;
use crate::engine::{Quarantine, Spared};
use crate::model::{Attachment, IfIndex, Link, LinkEnd, LinkId, LinkSource};
use crate::ui::Keymap;

/// What comes before: an action by its keys, or text that is typed.
#[derive(Clone, Copy)]
enum Do {
    Act(&'static str),
    Type(&'static str),
}

use Do::{Act, Type};

/// What must have come of it.
#[derive(Clone, Copy)]
enum Want {
    /// The screen holds this.
    Shows(&'static str),
    /// The last line begins so.
    Foot(&'static str),
    /// Something else is selected than before, and is in sight.
    Moves,
    /// The screen is as after these.
    As(&'static [Do]),
    /// The screen is another, and holds this.
    Turns(&'static str),
    /// The process is asked this.
    Asks(fn(&Request) -> bool),
    /// All of the screen is drawn again.
    Redraws,
}

use Want::{As, Asks, Foot, Moves, Redraws, Shows, Turns};

type Row = (&'static str, &'static [Do], Want);

const DEVICES: &[Do] = &[Act("view-devices")];
const ALERTS: &[Do] = &[Act("view-alerts")];
const RUNS: &[Do] = &[Act("view-runs")];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("view-board", DEVICES, Foot(" Board")),
    ("view-map", DEVICES, Foot(" Map")),
    ("view-alerts", DEVICES, Foot(" Alerts")),
    ("view-devices", ALERTS, Foot(" Devices")),
    ("view-runs", DEVICES, Foot(" Runs")),
    ("back", &[Act("view-devices"), Act("open")], As(DEVICES)),
    ("quit", DEVICES, Shows("Leave wardwatch?")),
    ("leave", DEVICES, Asks(|r| *r == Request::Leave)),
    ("filter", DEVICES, Shows("key:value")),
    ("read", DEVICES, Shows("Devices, as it was at")),
    ("pager", DEVICES, Asks(|r| matches!(r, Request::Pager(text) if text.contains("vent-icu3-07") && text.contains("10.31.0.1")))),
    ("filter-clear", &[Act("view-devices"), Act("filter"), Type("vent<enter>")], Turns("pump-icu3-12")),
    ("palette", DEVICES, Shows("Command")),
    ("help", DEVICES, Shows("Here")),
    ("pause", DEVICES, Shows("PAUSED")),
    ("view-previous", &[Act("view-devices"), Act("view-alerts")], Foot(" Devices")),
    ("theme-next", DEVICES, Shows("theme dark")),
    ("screenshot", DEVICES, Asks(|r| matches!(r, Request::Picture(..)))),
    ("redraw", DEVICES, Redraws),
    ("suspend", DEVICES, Asks(|r| *r == Request::Suspend)),
    ("low-bandwidth", DEVICES, Shows("slow link: one frame a second")),
    ("choose", ALERTS, Shows("1 chosen")),
    ("choose-all", ALERTS, Shows("chosen")),
    ("jump-back", &[Act("view-devices"), Act("view-alerts")], Foot(" Devices")),
    ("jump-on", &[Act("view-devices"), Act("view-alerts"), Act("jump-back")], Foot(" Alerts")),
    ("keep", DEVICES, Shows("a name for: devices")),
    ("kept", DEVICES, Shows("Kept places")),
    ("past", DEVICES, Asks(|r| *r == Request::Seek(NOW - Duration::from_mins(1)))),
    ("past-seek", DEVICES, Shows("03:07:40, -8h")),
    ("past-mark", DEVICES, Asks(|r| *r == Request::Seek(NOW - Duration::from_mins(30)))),
    ("present", &[Act("view-devices"), Act("pause")], As(DEVICES)),
    ("since", DEVICES, Shows("What changed since")),
    ("troubles", DEVICES, Shows("every source works")),
    ("quirks", DEVICES, Shows("What models can't take")),
    ("about", DEVICES, Shows(env!("CARGO_PKG_VERSION"))),
    ("cursor-down", DEVICES, Moves),
    ("cursor-up", &[Act("view-devices"), Act("cursor-down")], As(DEVICES)),
    ("cursor-right", &[Act("cursor-down")], Moves),
    ("cursor-left", &[Act("cursor-down"), Act("cursor-right")], As(&[Act("cursor-down")])),
    ("page-down", DEVICES, As(&[Act("view-devices"), Act("bottom")])),
    ("page-up", &[Act("view-devices"), Act("bottom")], As(DEVICES)),
    ("top", &[Act("view-devices"), Act("bottom")], As(DEVICES)),
    ("bottom", DEVICES, Moves),
    ("open", DEVICES, Foot(" Devices › sw-3f-02")),
    ("tab-next", &[Act("view-devices"), Act("open")], Turns("nterfaces")),
    ("tab-prev", &[Act("view-devices"), Act("open"), Act("tab-next")], As(&[Act("view-devices"), Act("open")])),
    ("map-next", &[Act("view-map")], Turns("ICU-3")),
    ("sort-next", DEVICES, Turns("by name")),
    ("sort-reverse", DEVICES, Turns("turned round")),
    ("sort-prev", &[Act("view-devices"), Act("sort-next")], Turns("worst first")),
    ("fold", &[Act("view-map")], Turns("folded")),
    ("details", ALERTS, Turns("stopped answering")),
    ("follow", &[Act("view-runs"), Act("open"), Act("page-up")], As(&[Act("view-runs"), Act("open")])),
    ("closed", ALERTS, Turns("stopped answering")),
    ("next-problem", &[Act("view-devices"), Act("bottom")], Moves),
    ("prev-problem", &[Act("view-devices"), Act("bottom")], Moves),
    ("copy", DEVICES, Asks(|r| matches!(r, Request::Copy(text) if text.as_str() == "sw-3f-02"))),
    ("copy-line", DEVICES, Asks(|r| matches!(r, Request::Copy(text) if text.as_str().contains("10.31.0.1")))),
    ("open-device", ALERTS, Foot(" Alerts › sw-3f-02")),
    ("open-segment", DEVICES, Foot(" Devices › ICU-3")),
    ("open-switch", &[Act("view-devices"), Act("filter"), Type("vent<enter>")], Foot(" Devices › sw-3f-02")),
    ("on-map", DEVICES, Turns("sw-3f-02")),
    ("history", DEVICES, Asks(|r| matches!(r, Request::Query(..)))),
    ("ledger", DEVICES, Asks(|r| matches!(r, Request::Query(_, Query::Ledger { .. })))),
    ("run", DEVICES, Shows("port-bounce")),
    ("note", DEVICES, Shows("with your name")),
    ("release", &[Act("view-devices"), Act("filter"), Type("pump<enter>")], Shows("Let it be asked again")),
    ("touch", DEVICES, Shows("Touch policy for a time")),
    ("approve-touch", &[Act("view-devices"), Act("filter"), Type("vent<enter>")], Shows("firmware recall")),
    ("acknowledge", ALERTS, Shows("Acknowledge")),
    ("unacknowledge", &[Act("view-alerts"), Act("cursor-down")], Asks(|r| matches!(r, Request::Command(Command::Unacknowledge { .. })))),
    ("close-alert", ALERTS, Shows("why is it over?")),
    ("open-alert", DEVICES, Foot(" Devices › ")),
    ("cancel-run", RUNS, Shows("Stop the run?")),
    ("open-run", RUNS, Foot(" Runs › ")),
    ("replay-faster", DEVICES, Asks(|r| *r == Request::Speed(4))),
    ("replay-slower", DEVICES, Asks(|r| *r == Request::Speed(1))),
    ("replay-forward", DEVICES, Asks(|r| *r == Request::Seek(NOW + Duration::from_mins(1)))),
    ("replay-forward-long", DEVICES, Asks(|r| *r == Request::Seek(NOW + Duration::from_mins(10)))),
    ("replay-back-long", DEVICES, Asks(|r| *r == Request::Seek(NOW - Duration::from_mins(10)))),
    ("replay-step", DEVICES, Asks(|r| *r == Request::Seek(NOW + Duration::from_secs(1)))),
    ("replay-next", DEVICES, Asks(|r| *r == Request::Seek(NOW + Duration::from_mins(30)))),
    ("replay-start", DEVICES, Asks(|r| *r == Request::Seek(NOW - Duration::from_hours(1)))),
    ("replay-end", DEVICES, Asks(|r| *r == Request::Seek(NOW + Duration::from_hours(1)))),
];

/// A hospital in which each action finds something to do.
fn seat(keymap: &Arc<Keymap>, action: &registry::Action) -> Seat {
    let mut seat = Seat::at((120, 36), |c| c.keys = Arc::clone(keymap));
    let state = Arc::make_mut(&mut seat.world.state);
    let er = Segment {
        id: SegmentId(1),
        name: Text::from("ER"),
        vlan: 320,
        ..Segment::default()
    };
    state.segments.insert(SegmentId(1), Arc::new(er));
    let vent = Arc::make_mut(state.devices.get_mut(&DeviceId(2)).unwrap());
    vent.attached = Some(Attachment {
        switch: DeviceId(1),
        port: IfIndex(7),
        vlan: 310,
        since: NOW,
        seen: NOW,
    });
    vent.touch.policy = TouchPolicy::Never;
    vent.touch.asked = Some(Arc::new(TouchOverride {
        policy: TouchPolicy::Get,
        by: Text::from("bo"),
        approved: Text::empty(),
        reason: Text::from("firmware recall"),
        since: NOW,
        until: NOW + Duration::from_hours(1),
    }));
    let alone = Quarantine {
        since: NOW,
        spared: Spared::Alone,
        confirmed: true,
        why: Text::from("restarted after it was asked"),
        after: None,
        booted: NOW,
        proven: true,
        object_id: Text::empty(),
        build: Text::empty(),
    };
    state.quarantine.insert(DeviceId(3), alone);
    let mut acked = alert(2, Severity::Minor);
    acked.device = Some(DeviceId(3));
    acked.state = AlertState::Acknowledged;
    acked.ack = Some(Acknowledgement {
        by: Text::from("ana"),
        at: NOW,
        note: Text::empty(),
        until: None,
    });
    state.alerts.insert(AlertId(2), Arc::new(acked));
    let mut over = alert(3, Severity::Minor);
    over.state = AlertState::Closed;
    over.closed = Some(NOW);
    state.alerts.insert(AlertId(3), Arc::new(over));
    let mut running = run(RunState::Running);
    running.output = (0..100).map(|n| Text::from(format!("line {n}"))).collect();
    state.runs.insert(RunId(7), Arc::new(running));
    let below = Device {
        id: DeviceId(4),
        name: Text::from("sw-er-01"),
        class: DeviceClass::Switch,
        care: CareLevel::Support,
        segment: Some(SegmentId(1)),
        state: DeviceState::Up,
        ..Device::default()
    };
    state.devices.insert(DeviceId(4), Arc::new(below));
    let end = |device| LinkEnd { device, port: None };
    let id = LinkId::new(end(DeviceId(1)), end(DeviceId(4)));
    let link = Link {
        id,
        source: LinkSource::Site,
        up: None,
        since: NOW,
        seen: NOW,
    };
    state.links.insert(id, link);
    state.revision += 1;
    let mark = |time, what| Landmark { time, what };
    seat.world.marks = Arc::new([
        mark(NOW - Duration::from_mins(30), Happened::Deed),
        mark(
            NOW + Duration::from_mins(30),
            Happened::Alert(Severity::Major),
        ),
    ]);
    if action.scope == registry::Scope::Replay {
        seat.world.live = Live::Replay(Played {
            at: NOW,
            from: NOW - Duration::from_hours(1),
            to: NOW + Duration::from_hours(1),
            speed: 2,
            ..Played::default()
        });
    }
    seat.draw();
    seat
}

/// Presses the keys; the bytes that were drawn last.
fn press(seat: &mut Seat, on: &[String]) -> (Vec<Request>, usize) {
    let (mut asked, mut drawn) = (Vec::new(), 0);
    for key in on {
        let key = keymap::parse(key).unwrap();
        asked.extend(seat.session.input(Input::Key(key), &seat.world));
        drawn = seat.draw();
        // a picture is made of the frame
        asked.extend(seat.session.requests(&seat.world));
    }
    (asked, drawn)
}

/// Every way to it: its rows of keys, or its name in the palette where it has none.
fn ways(keymap: &Keymap, name: &str) -> Vec<Vec<String>> {
    let action = registry::action(name).unwrap();
    let mut ways: Vec<Vec<String>> = keymap.of(action).map(|b| b.on.clone()).collect();
    if ways.is_empty() {
        let palette = registry::action("palette").unwrap();
        let mut row = keymap.of(palette).next().unwrap().on.clone();
        row.extend(name.chars().map(String::from));
        row.push("enter".into());
        ways.push(row);
    }
    ways
}

fn lead(seat: &mut Seat, keymap: &Keymap, before: &[Do]) {
    for step in before {
        match step {
            Act(name) => drop(press(seat, &ways(keymap, name)[0])),
            Type(text) => drop(seat.keys(text)),
        }
    }
    // what was said on the way is read
    seat.wait(6);
    seat.world.now = NOW;
    seat.session.input(Input::Repaint, &seat.world);
    seat.draw();
}

#[test]
fn every_action_does_what_it_says_by_each_of_its_keys_in_each_keymap() {
    let mut wrong = Vec::new();
    for preset in Keymap::names() {
        let keymap = Keymap::preset(preset).unwrap();
        for action in registry::ACTIONS {
            let row = ROWS.iter().find(|(name, ..)| *name == action.name);
            let (_, before, want) =
                row.unwrap_or_else(|| panic!("{} has no row in ROWS", action.name));
            for on in ways(&keymap, action.name) {
                let mut seat = self::seat(&keymap, action);
                lead(&mut seat, &keymap, before);
                let was = (seat.text(), selected(&seat));
                let (asked, drawn) = press(&mut seat, &on);
                let now = seat.text();
                let good = match want {
                    Shows(words) => now.contains(words) && !was.0.contains(words),
                    Foot(words) => seat.last().starts_with(words) && now != was.0,
                    Moves => selected(&seat) != was.1,
                    Turns(words) => now != was.0 && now.contains(words),
                    Asks(this) => asked.iter().any(this),
                    Redraws => drawn > 500 && now == was.0,
                    As(others) => {
                        let mut other = self::seat(&keymap, action);
                        lead(&mut other, &keymap, others);
                        now != was.0 && now == other.text()
                    }
                };
                if !good {
                    wrong.push(format!(
                        "{preset}: {} by {on:?}; asked {asked:?}; before:\n{}\nafter:\n{now}\n",
                        action.name, was.0
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn selected(seat: &Seat) -> Selection {
    let moment = seat.session.base.moment(&seat.world);
    seat.session.selection(&moment)
}

#[test]
fn no_row_is_of_an_action_that_is_gone() {
    for (name, ..) in ROWS {
        assert!(registry::action(name).is_some(), "{name}");
    }
}
