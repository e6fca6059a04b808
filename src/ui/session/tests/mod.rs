//! Keys in, requests and screens out, as a terminal shows them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::access::Role;
use crate::engine::State;
use crate::log::{Answer, Query};
use crate::model::{
    Acknowledgement, Alert, AlertId, AlertState, CareLevel, Condition, Confirm, Device,
    DeviceClass, DeviceId, DeviceState, Impact, PacketKind, Risk, Run, RunId, RunPlan, RunState,
    Segment, SegmentId, Severity, TouchOverride, TouchPolicy, Work,
};
use crate::ui::planner::{InputSpec, Offer, RunPlanner};
use crate::ui::{ColorDepth, Happened, Landmark, Played, Theme};

mod around;
mod deeds;
mod finding;
mod frame;
mod itself;
mod keys;
mod limits;
mod outcomes;
mod passing;
mod past;
mod wall;

pub const NOW: Time = Time(1_700_000_000_000);

pub fn alert(id: u64, severity: Severity) -> Alert {
    Alert {
        id: AlertId(id),
        condition: Condition::DeviceDown,
        device: Some(DeviceId(1)),
        part: Text::empty(),
        segment: Some(SegmentId(0)),
        severity,
        state: AlertState::Open,
        text: Text::from("stopped answering"),
        details: Vec::new(),
        since: NOW,
        opened: Some(NOW),
        changed: NOW,
        closed: None,
        count: 1,
        ack: None,
        impact: Impact::default(),
        root: true,
        parent: None,
    }
}

fn plan(confirm: Confirm) -> RunPlan {
    RunPlan {
        remediation: Text::from("ping"),
        title: Text::from("asks whether it answers"),
        device: DeviceId(1),
        device_name: Text::from("sw-3f-02"),
        address: Some([10, 31, 0, 2].into()),
        on_behalf_of: None,
        inputs: BTreeMap::new(),
        work: Work::Program {
            argv: ["ping", "-c", "4", "10.31.0.2"].map(Text::from).to_vec(),
            env: BTreeMap::from([(Text::from("PATH"), Text::from("/usr/bin"))]),
            dry_argv: None,
        },
        packets: vec![PacketKind::Ping; 4],
        risk: Risk::Low,
        care: CareLevel::Support,
        confirm,
        timeout_s: 20,
        notes: vec![Text::from("nothing is interrupted")],
        dry_run: false,
    }
}

pub fn run(state: RunState) -> Run {
    Run {
        id: RunId(7),
        plan: plan(Confirm::Key),
        by: Text::from("ana"),
        reason: Text::empty(),
        state,
        planned: NOW,
        started: Some(NOW),
        ended: None,
        exit: None,
        output: imbl::Vector::new(),
        output_dropped: 0,
        output_hash: Text::empty(),
        revert: None,
        outcome: Text::empty(),
    }
}

pub fn state() -> State {
    let mut state = State::new();
    state.revision = 1;
    state.time = NOW;
    Arc::make_mut(&mut state.site).name = Text::from("St. Brigid General");
    state.segments.insert(
        SegmentId(0),
        Arc::new(Segment {
            name: Text::from("ICU-3"),
            vlan: 310,
            clinical: true,
            ..Segment::default()
        }),
    );
    for (id, name, class, at) in [
        (1, "sw-3f-02", DeviceClass::Switch, DeviceState::Down),
        (
            2,
            "vent-icu3-07",
            DeviceClass::Ventilator,
            DeviceState::Unknown,
        ),
        (
            3,
            "pump-icu3-12",
            DeviceClass::InfusionPump,
            DeviceState::Up,
        ),
    ] {
        let device = Device {
            id: DeviceId(id),
            name: Text::from(name),
            class,
            care: class.care(),
            segment: Some(SegmentId(0)),
            state: at,
            address: Some([10, 31, 0, id as u8].into()),
            addresses: [[10, 31, 0, id as u8].into()].into(),
            ..Device::default()
        };
        state.devices.insert(device.id, Arc::new(device));
    }
    state
        .alerts
        .insert(AlertId(1), Arc::new(alert(1, Severity::Critical)));
    state.counts.devices = 3;
    state.counts.up = 1;
    state.counts.down = 1;
    state.counts.unknown = 1;
    state.counts.alerts_open = 1;
    state.counts.alerts_new = [0, 0, 0, 1];
    state
}

/// Two remediations: one that is confirmed by a key, one by the device's name.
pub struct Two;

impl RunPlanner for Two {
    fn offers(&self, _: &State, _: &Selection) -> Vec<Offer> {
        let offer = |name: &str, key, risk, confirm, refused: Option<&str>| Offer {
            name: Text::from(name),
            key: Some(key),
            title: Text::from("one line of it"),
            risk,
            confirm,
            needs: Text::from("4 pings"),
            inputs: vec![InputSpec {
                name: Text::from("count"),
                title: Text::from("how many"),
                hint: Text::from("1 to 20"),
                choices: Vec::new(),
                default: Text::from("4"),
                required: true,
            }],
            dry_run: true,
            refused: refused.map(Text::from),
        };
        vec![
            offer("ping", 'p', Risk::Low, Confirm::Key, None),
            offer("port-bounce", 'b', Risk::Medium, Confirm::TypeName, None),
            offer(
                "port-shut",
                's',
                Risk::High,
                Confirm::TypeName,
                Some("a ventilator hangs on it"),
            ),
        ]
    }

    fn plan(
        &self,
        _: &State,
        _: &Selection,
        name: &Text,
        inputs: &BTreeMap<Text, Text>,
        _: &Text,
        dry_run: bool,
    ) -> Result<RunPlan, Text> {
        if inputs.get(&Text::from("count")) == Some(&Text::from("99")) {
            return Err(Text::from("how many: 99 is more than 20"));
        }
        let confirm = if name.as_str() == "ping" {
            Confirm::Key
        } else {
            Confirm::TypeName
        };
        Ok(RunPlan {
            inputs: inputs.clone(),
            dry_run,
            ..plan(confirm)
        })
    }
}

/// A person before a terminal.
struct Seat {
    session: Session,
    terminal: vt100::Parser,
    world: World,
}

impl Seat {
    fn at(size: (u16, u16), set: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut config = SessionConfig::new(size, Text::from("ana"));
        config.planner = Arc::new(Two);
        set(&mut config);
        let cells = |n: u16| n.max(1).try_into().unwrap();
        let mut seat = Self {
            session: Session::new(config),
            terminal: vt100::Parser::new(cells(size.1), cells(size.0), 0),
            world: World::new(Arc::new(state()), NOW, Live::Live),
        };
        seat.draw();
        seat
    }

    fn new() -> Self {
        Self::at((120, 36), |_| {})
    }

    fn draw(&mut self) -> usize {
        let mut out = Vec::new();
        let drawn = self.session.draw(&self.world, &mut out);
        assert_eq!(drawn, !out.is_empty());
        self.terminal.process(&out);
        out.len()
    }

    fn keys(&mut self, row: &str) -> Vec<Request> {
        let mut asked = Vec::new();
        for key in keymap::parse_row(row) {
            asked.extend(self.session.input(Input::Key(key), &self.world));
            self.draw();
        }
        asked
    }

    fn text(&self) -> String {
        let all = self.terminal.screen().contents();
        let lines: Vec<_> = all.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    fn row(&self, y: u16) -> String {
        let all = self.text();
        all.lines().nth(usize::from(y)).unwrap_or("").to_owned()
    }

    fn last(&self) -> String {
        self.text().lines().last().unwrap_or("").to_owned()
    }

    fn wait(&mut self, s: u64) {
        self.world.now = self.world.now + Duration::from_secs(s);
        self.draw();
    }

    #[track_caller]
    fn shows(&self, words: &str) {
        assert!(
            self.text().contains(words),
            "no '{words}' in\n{}",
            self.text()
        );
    }

    #[track_caller]
    fn hides(&self, words: &str) {
        assert!(
            !self.text().contains(words),
            "'{words}' in\n{}",
            self.text()
        );
    }
}
