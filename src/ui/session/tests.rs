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
    Segment, SegmentId, Severity, Work,
};
use crate::ui::planner::{InputSpec, Offer, RunPlanner};
use crate::ui::{ColorDepth, Theme};

const NOW: Time = Time(1_700_000_000_000);

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

fn run(state: RunState) -> Run {
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

fn state() -> State {
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
struct Two;

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
            world: World {
                state: Arc::new(state()),
                now: NOW,
                live: Live::Live,
            },
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

#[test]
fn line_one_says_how_true_the_screen_is_and_what_is_wrong() {
    let seat = Seat::at((140, 36), |_| {});
    assert_eq!(
        seat.row(0).trim_end(),
        " wardwatch ▏ St. Brigid General ▏ ● LIVE 22:13 UTC ▏ 3 devices ● 1 ○ 1 ◌ 1 ▏  ▲ 1 critical  ▏ ana (operator)"
    );
    assert!(
        seat.row(1)
            .starts_with(" 1 Board  2 Map  3 Alerts·1  4 Devices  5 Runs"),
        "{}",
        seat.row(1)
    );
    for (live, words) in [
        (Live::Starting, "starting"),
        (Live::Stale(NOW - Duration::from_secs(40)), "STALE 40 s"),
        (Live::NoCollector, "NO COLLECTOR"),
        (
            Live::Replay {
                at: NOW,
                from: NOW,
                to: NOW + Duration::from_secs(9),
                speed: 8,
            },
            "REPLAY x8 22:13:20",
        ),
    ] {
        let mut seat = Seat::new();
        seat.world.live = live;
        seat.draw();
        assert!(
            seat.row(0).contains(words) && !seat.row(0).contains("LIVE"),
            "{}",
            seat.row(0)
        );
    }
}

#[test]
fn at_80_columns_line_one_gives_way_in_its_order_and_keeps_what_is_wrong() {
    let mut seat = Seat::at((80, 24), |_| {});
    let state = Arc::make_mut(&mut seat.world.state);
    state.counts.devices = 14_820;
    state.counts.up = 14_400;
    state.counts.degraded = 180;
    state.counts.alerts_new = [0, 3, 55, 22];
    state.revision += 1;
    seat.draw();
    let one = seat.row(0);
    for words in ["LIVE 22:13", "14820", "▲ 22", "▲ 55", "○ 1", "◐ 180"] {
        assert!(one.contains(words), "{words}: {one}");
    }
    assert!(
        !one.contains("wardwatch") && one.trim_end().ends_with("▲ 3"),
        "{one}"
    );
}

#[test]
fn a_stale_body_has_no_hue_and_no_weight() {
    let mut seat = Seat::new();
    let strong = |seat: &Seat| {
        let screen = seat.terminal.screen();
        (3..34)
            .flat_map(|y| (0..120).map(move |x| (y, x)))
            .any(|(y, x)| {
                screen
                    .cell(y, x)
                    .is_some_and(|c| c.has_contents() && (c.bold() || c.inverse()))
            })
    };
    assert!(strong(&seat));
    seat.world.live = Live::Stale(NOW);
    seat.draw();
    assert!(!strong(&seat));
}

#[test]
fn digits_open_views_enter_goes_in_and_esc_comes_out_but_never_quits() {
    let mut seat = Seat::new();
    seat.keys("4");
    assert!(seat.last().starts_with(" Devices"), "{}", seat.last());
    assert_eq!(
        seat.last().matches("filter").count(),
        1,
        "a key is named once"
    );
    seat.keys("<enter>");
    assert!(seat.last().starts_with(" Devices › "), "{}", seat.last());
    seat.keys("3");
    assert!(seat.last().starts_with(" Alerts"));
    seat.keys("-");
    assert!(
        seat.last().starts_with(" Devices › "),
        "a tab is found as it was left"
    );
    assert_eq!(seat.keys("<esc><esc><esc>"), []);
    assert!(seat.last().starts_with(" Devices"));
    seat.keys("<enter>4");
    assert!(!seat.last().contains('›'), "its own digit goes to the root");
}

#[test]
fn q_asks_at_the_root_and_ctrl_c_leaves_from_anywhere() {
    let mut seat = Seat::new();
    seat.keys("4<enter>q");
    seat.hides("Leave wardwatch?");
    assert_eq!(seat.keys("q"), []);
    seat.shows("Leave wardwatch?");
    assert_eq!(seat.keys("n"), []);
    seat.hides("Leave wardwatch?");
    assert_eq!(seat.keys("qy"), [Request::Leave]);
    for before in ["", "/", ":", "?", "4<enter>r"] {
        let mut seat = Seat::new();
        seat.keys(before);
        assert_eq!(seat.keys("<ctrl-c>"), [Request::Leave], "{before}");
    }
}

#[test]
fn leaving_says_what_goes_on_and_offers_to_stop_it() {
    let mut seat = Seat::new();
    let state = Arc::make_mut(&mut seat.world.state);
    state
        .runs
        .insert(RunId(7), Arc::new(run(RunState::RevertPending)));
    seat.keys("q");
    seat.shows("leaving, it goes on in");
    assert_eq!(
        seat.keys("c"),
        [Request::CancelRun(RunId(7)), Request::Leave]
    );
}

#[test]
fn an_alert_is_acknowledged_with_a_note_and_until_when() {
    let mut seat = Seat::new();
    seat.keys("3a");
    seat.shows("Acknowledge");
    let asked = seat.keys("on my way<tab><tab><enter>");
    let until = Some(NOW + Duration::from_hours(1));
    let command = Command::Acknowledge {
        alert: AlertId(1),
        note: Text::from("on my way"),
        until,
    };
    assert_eq!(asked, [Request::Command(command)]);
    seat.hides("until");
}

#[test]
fn seven_in_the_morning_is_the_next_one_of_the_site() {
    let mut seat = Seat::new();
    let asked = seat.keys("3a<shift-tab><enter>");
    let [
        Request::Command(Command::Acknowledge {
            until: Some(until), ..
        }),
    ] = asked.as_slice()
    else {
        panic!("{asked:?}");
    };
    assert_eq!(until.to_string(), "2023-11-15T07:00:00Z");
}

#[test]
fn only_what_is_acknowledged_can_be_given_back() {
    let mut seat = Seat::new();
    assert_eq!(seat.keys("3A"), []);
    seat.shows("nobody has acknowledged it");
    let state = Arc::make_mut(&mut seat.world.state);
    let mut taken = alert(1, Severity::Critical);
    taken.state = AlertState::Acknowledged;
    taken.ack = Some(Acknowledgement {
        by: Text::from("bo"),
        at: NOW,
        note: Text::empty(),
        until: None,
    });
    state.alerts.insert(AlertId(1), Arc::new(taken));
    state.revision += 1;
    assert_eq!(
        seat.keys("A"),
        [Request::Command(Command::Unacknowledge {
            alert: AlertId(1)
        })]
    );
}

#[test]
fn closing_an_alert_wants_a_reason() {
    let mut seat = Seat::new();
    assert_eq!(seat.keys("3X<enter>"), []);
    seat.shows("say why");
    let note = Text::from("replaced");
    let close = Command::Close {
        alert: AlertId(1),
        note,
    };
    assert_eq!(seat.keys("replaced<enter>"), [Request::Command(close)]);
}

/// Opens the run dialog on the switch.
fn on_switch() -> Seat {
    let mut seat = Seat::new();
    seat.keys("4/sw-3f<enter>r");
    seat.shows("Run on sw-3f-02");
    seat
}

#[test]
fn a_run_shows_exactly_what_it_would_do_and_starts_with_y() {
    let mut seat = on_switch();
    seat.keys("p<enter>because<enter>");
    for words in [
        "ping",
        "-c",
        "10.31.0.2",
        "PATH=/usr/bin",
        "4 ping",
        "nothing is interrupted",
        "because",
    ] {
        seat.shows(words);
    }
    assert_eq!(seat.keys("<enter>"), [], "enter is pressed by habit");
    seat.shows("press y");
    let asked = seat.keys("y");
    let [Request::Run(run)] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(run.reason, Text::from("because"));
    assert_eq!(
        run.inputs,
        BTreeMap::from([(Text::from("count"), Text::from("4"))])
    );
    assert_eq!(run.plan.confirm, Confirm::Key);
    assert!(!run.plan.dry_run);
}

#[test]
fn a_risky_run_wants_a_reason_and_the_device_s_name_typed_not_pasted() {
    let mut seat = on_switch();
    seat.keys("b<enter><enter>");
    seat.shows("say why");
    seat.keys("stuck<enter>");
    assert_eq!(seat.keys("y<enter>"), []);
    seat.shows("that is not the name");
    seat.keys("<backspace>");
    let pasted = Input::Paste("sw-3f-02".into());
    assert_eq!(seat.session.input(pasted, &seat.world), []);
    assert_eq!(seat.keys("<enter>"), []);
    let asked = seat.keys("sw-3f-02<enter>");
    assert!(matches!(asked.as_slice(), [Request::Run(_)]), "{asked:?}");
}

#[test]
fn a_dry_run_needs_no_confirmation_and_what_is_refused_says_why() {
    let mut seat = on_switch();
    seat.keys("s");
    seat.shows("a ventilator hangs on it");
    seat.keys("p<enter><enter>d");
    seat.shows("nothing is changed");
    let asked = seat.keys("<enter>");
    assert!(
        matches!(asked.as_slice(), [Request::Run(run)] if run.plan.dry_run),
        "{asked:?}"
    );
}

#[test]
fn a_wrong_input_is_said_and_esc_goes_back_a_step_with_everything_kept() {
    let mut seat = on_switch();
    seat.keys("p<backspace>99<enter>why not<enter>");
    seat.shows("99 is more than 20");
    seat.keys("<up><backspace><backspace>5<down><enter>");
    seat.shows("this will be done");
    seat.keys("<esc>");
    seat.shows("why not");
    seat.keys("<esc>");
    seat.shows("Run on sw-3f-02");
    seat.keys("<esc>");
    seat.hides("Run on");
}

/// What a test changes in a configuration.
type Set = Box<dyn Fn(&mut SessionConfig)>;

#[test]
fn read_only_a_viewer_a_wallboard_and_a_replay_can_do_nothing() {
    let replay = Live::Replay {
        at: NOW,
        from: NOW,
        to: NOW,
        speed: 1,
    };
    let cases: [(&str, Set, Live); 4] = [
        ("read-only", Box::new(|c| c.read_only = true), Live::Live),
        ("operator", Box::new(|c| c.role = Role::Viewer), Live::Live),
        ("recording", Box::new(|_| {}), replay),
        (
            "wallboard",
            Box::new(|c| {
                c.wallboard = Some(Wallboard {
                    views: Vec::new(),
                    dwell: Duration::from_secs(20),
                });
            }),
            Live::Live,
        ),
    ];
    for (why, set, live) in cases {
        let mut seat = Seat::at((120, 36), |c| set(c));
        seat.world.live = live;
        for keys in [
            "3a",
            "A",
            "X",
            "4r",
            "+",
            "5x",
            ":acknowledge<enter>",
            ":run a rem<enter>",
        ] {
            assert_eq!(seat.keys(keys), [], "{why} {keys}");
            seat.keys("<esc><esc>");
        }
        seat.keys("3a");
        seat.shows(why);
        // and if a view asked all the same
        seat.session.pending.push(Request::CancelRun(RunId(1)));
        assert_eq!(seat.session.requests(&seat.world), []);
    }
}

#[test]
fn the_palette_finds_what_has_no_key_and_shows_why_not() {
    let mut seat = Seat::at((120, 36), |c| c.read_only = true);
    seat.keys(":abou");
    seat.shows("About");
    seat.keys("<enter>");
    seat.shows(env!("CARGO_PKG_VERSION"));
    seat.keys("<esc><ctrl-k>acknowl");
    seat.shows("read-only");
    seat.keys("<esc>:");
    let about = seat
        .text()
        .lines()
        .position(|l| l.contains("About"))
        .unwrap();
    let first = seat
        .text()
        .lines()
        .position(|l| l.contains("Command"))
        .unwrap()
        + 3;
    assert_eq!(about, first, "what was used last comes first");
}

#[test]
fn help_shows_every_key_and_what_works_here() {
    let mut seat = Seat::at((120, 200), |_| {});
    seat.keys("3?");
    for action in registry::ACTIONS
        .iter()
        .filter(|a| a.scope != registry::Scope::Replay)
    {
        if let Some(key) = action.keys.first() {
            let shown = keymap::shown(key, crate::ui::Glyphs::of(true));
            assert!(seat.text().contains(&shown), "{key} of {}", action.name);
        }
    }
    seat.keys("?");
    seat.hides("Goes back one step");
}

#[test]
fn a_filter_completes_says_what_is_wrong_and_is_taken_off_by_esc() {
    let mut seat = Seat::new();
    seat.keys("4");
    seat.shows("vent-icu3-07");
    seat.keys("/colour:red<enter>");
    seat.shows("no filter key 'colour'");
    seat.keys("<ctrl-u>cla<tab>");
    seat.shows("class:");
    seat.keys("switch<enter>");
    seat.hides("vent-icu3-07");
    assert!(seat.last().contains("/ class:switch"), "{}", seat.last());
    seat.keys("3");
    assert!(
        !seat.last().contains("class:switch"),
        "another view has its own"
    );
    seat.keys("4<esc>");
    seat.shows("vent-icu3-07");
}

#[test]
fn pause_holds_the_screen_and_collecting_goes_on() {
    let mut seat = Seat::new();
    seat.keys("4<space>");
    assert!(seat.row(0).contains("PAUSED 22:13"), "{}", seat.row(0));
    let state = Arc::make_mut(&mut seat.world.state);
    state.devices.clear();
    state.revision += 1;
    seat.wait(601);
    seat.shows("vent-icu3-07");
    seat.world.live = Live::Stale(NOW);
    seat.draw();
    assert!(
        seat.row(0).contains("STALE"),
        "that it is old is the greater truth"
    );
    seat.world.live = Live::Live;
    seat.keys("<space>");
    seat.hides("vent-icu3-07");
    assert!(seat.row(0).contains("LIVE 22:23"));
}

#[test]
fn a_recording_is_stopped_sped_up_and_searched() {
    let mut seat = Seat::new();
    seat.world.live = Live::Replay {
        at: NOW,
        from: NOW,
        to: NOW + Duration::from_hours(1),
        speed: 8,
    };
    assert_eq!(seat.keys("<space>"), [Request::Speed(0)]);
    assert_eq!(seat.keys(">"), [Request::Speed(16)]);
    assert_eq!(
        seat.keys("]"),
        [Request::Seek(NOW + Duration::from_mins(1))]
    );
    assert_eq!(
        seat.keys("@22:43:20<enter>"),
        [Request::Seek(NOW + Duration::from_mins(30))]
    );
    assert_eq!(seat.keys("@25:00<enter>"), []);
    seat.shows("write a time as");
    seat.keys("<esc>");
    seat.world.live = Live::Replay {
        at: NOW,
        from: NOW,
        to: NOW + Duration::from_hours(1),
        speed: 0,
    };
    assert_eq!(
        seat.keys("<space>"),
        [Request::Speed(8)],
        "at the speed of before"
    );
    assert_eq!(seat.keys("<esc>"), []);
    let mut seat = Seat::new();
    assert_eq!(seat.keys("]"), []);
    seat.shows("is for recordings");
}

#[test]
fn an_unchanged_screen_costs_no_byte_and_a_held_one_no_wake() {
    let mut seat = Seat::new();
    assert_eq!(seat.draw(), 0);
    let state = Arc::make_mut(&mut seat.world.state);
    state.revision += 1;
    assert_eq!(seat.draw(), 0, "a change that nobody sees");
    assert!(seat.session.next_wake(&seat.world).unwrap() <= Duration::from_secs(1));
    seat.keys("<space>");
    seat.wait(60);
    assert_eq!(seat.draw(), 0);
    assert_eq!(seat.session.next_wake(&seat.world), None);
    seat.keys("<ctrl-l>");
}

#[test]
fn what_is_said_goes_away_by_itself() {
    let mut seat = Seat::new();
    seat.session.input(
        Input::Said(Text::from("the run was refused: \x1b[31m")),
        &seat.world,
    );
    seat.draw();
    seat.shows("the run was refused: \\u{1b}[31m");
    seat.wait(6);
    seat.hides("the run was refused");
}

#[test]
fn an_answer_reaches_the_view_that_asked_and_no_other() {
    let mut seat = Seat::new();
    let asked = seat.keys("4<enter>L");
    let queries: Vec<_> = asked
        .iter()
        .filter_map(|r| match r {
            Request::Query(id, Query::Ledger { .. }) => Some(*id),
            _ => None,
        })
        .collect();
    let [id] = queries.as_slice() else {
        panic!("{asked:?}")
    };
    let answer = |id| Input::Answer(id, Box::new(Answer::Ledger(Vec::new())));
    let before = seat.text();
    seat.session.input(answer(id + 100), &seat.world);
    seat.draw();
    assert_eq!(seat.text(), before);
    seat.session.input(answer(*id), &seat.world);
    seat.draw();
    assert_ne!(seat.text(), before);
}

#[test]
fn a_wallboard_turns_jumps_to_what_is_new_and_shows_no_keys() {
    let mut seat = Seat::at((200, 60), |c| {
        c.wallboard = Some(Wallboard {
            views: vec!["board".into(), "devices".into()],
            dwell: Duration::from_secs(20),
        });
    });
    assert!(
        seat.last().trim_start().starts_with("Board"),
        "{}",
        seat.last()
    );
    seat.hides("? help");
    seat.wait(20);
    assert!(
        seat.last().trim_start().starts_with("Devices"),
        "{}",
        seat.last()
    );
    let state = Arc::make_mut(&mut seat.world.state);
    state
        .alerts
        .insert(AlertId(2), Arc::new(alert(2, Severity::Critical)));
    state.revision += 1;
    seat.wait(1);
    assert!(seat.last().contains("Alerts › "), "{}", seat.last());
    seat.wait(20);
    assert!(
        seat.last().trim_start().starts_with("Devices"),
        "{}",
        seat.last()
    );
    assert!(seat.terminal.screen().hide_cursor());
}

/// Invariant 5: what stands in the registry is done somewhere; a key that does nothing would be a lie of the help.
#[test]
fn every_action_is_carried_out_by_the_frame_or_by_a_view() {
    fn read(at: &std::path::Path, into: &mut String) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, into);
            } else if !path.ends_with("tests.rs") {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut source = String::new();
    read(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui"),
        &mut source,
    );
    for action in registry::ACTIONS {
        assert!(
            source.contains(&format!("\"{}\"", action.name)),
            "{}",
            action.name
        );
    }
}

#[test]
fn a_small_window_says_so_and_still_tells_the_worst() {
    let seat = Seat::at((59, 16), |_| {});
    seat.shows("60x16 needed, this is 59x16");
    seat.shows("1 critical");
}

#[test]
fn the_plain_twin_holds_nothing_but_ascii() {
    for keys in [
        "", "2", "3", "4", "5", "4<enter>", "?", ":", "3a", "4r", "q",
    ] {
        let mut seat = Seat::at((120, 36), |c| c.caps.unicode = false);
        seat.keys(keys);
        let odd: String = seat.text().chars().filter(|c| !c.is_ascii()).collect();
        assert_eq!(odd, "", "after '{keys}':\n{}", seat.text());
    }
}

#[test]
fn themes_can_be_turned_through_and_none_has_colours_where_there_are_none() {
    let mut seat = Seat::new();
    for name in Theme::names().skip(1) {
        seat.keys("T");
        seat.shows(&format!("theme {name}"));
    }
    let mut seat = Seat::at((120, 36), |c| c.caps.color = ColorDepth::None);
    seat.keys("T");
    let screen = seat.terminal.screen();
    for y in 0..36 {
        for x in 0..120 {
            let cell = screen.cell(y, x).unwrap();
            assert_eq!(
                (cell.fgcolor(), cell.bgcolor()),
                (vt100::Color::Default, vt100::Color::Default)
            );
        }
    }
}

#[test]
fn no_size_panics_in_any_view_or_dialog() {
    for keys in [
        "",
        "2",
        "3",
        "4",
        "5",
        "4<enter>",
        "3<enter>",
        ":",
        "?",
        "/cl",
        "3a",
        "4r",
        "4rp",
        "4rp<enter><enter>",
        "q",
        "@",
        "!",
    ] {
        let mut seat = Seat::at((120, 36), |_| {});
        seat.keys(keys);
        for (w, h) in [
            (0, 0),
            (1, 1),
            (0, 50),
            (50, 0),
            (2, 2),
            (59, 15),
            (60, 16),
            (61, 17),
            (80, 24),
            (200, 60),
            (300, 100),
            (60, 100),
            (300, 16),
            (1, 1),
        ] {
            seat.session.input(Input::Resize(w, h), &seat.world);
            let mut out = Vec::new();
            seat.session.draw(&seat.world, &mut out);
        }
    }
}

fn any_key() -> impl Strategy<Value = &'static str> {
    let mut keys: Vec<&'static str> = registry::ACTIONS
        .iter()
        .flat_map(|a| a.keys.iter().copied())
        .collect();
    keys.extend(["backspace", "y", "n", "p", "b", "7", "shift-tab", "delete"]);
    prop::sample::select(keys)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pressed at whatever size: no panic, and the terminal shows what a fresh one would.
    #[test]
    fn any_row_of_keys_leaves_the_screen_as_a_fresh_one_would_show_it(
        keys in prop::collection::vec(any_key(), 0..40), w in 0u16..140, h in 0u16..50, replay in any::<bool>()
    ) {
        let mut seat = Seat::at((w, h), |_| {});
        if replay {
            seat.world.live = Live::Replay { at: NOW, from: NOW, to: NOW + Duration::from_secs(9), speed: 2 };
        }
        for key in keys {
            seat.session.input(Input::Key(keymap::parse(key).unwrap()), &seat.world);
            seat.draw();
        }
        seat.draw();
        let before = seat.text();
        let cells = |n: u16| n.max(1).try_into().unwrap();
        seat.terminal = vt100::Parser::new(cells(h), cells(w), 0);
        seat.session.input(Input::Repaint, &seat.world);
        seat.draw();
        prop_assert_eq!(before, seat.text());
    }

    /// Hostile names: no control character but our own sequences ever leaves.
    #[test]
    fn hostile_names_never_reach_the_terminal_raw(raw in prop::collection::vec(any::<u8>(), 0..60), keys in prop::sample::select(vec!["", "2", "3", "4", "4<enter>", "3a", "4r", "4+"])) {
        let mut seat = Seat::new();
        let state = Arc::make_mut(&mut seat.world.state);
        let mut device = Device::clone(&state.devices[&DeviceId(1)]);
        device.name = Text::from_bytes(&raw);
        state.devices.insert(DeviceId(1), Arc::new(device));
        Arc::make_mut(&mut state.site).name = Text::from_bytes(&raw);
        state.revision += 1;
        seat.session.input(Input::Repaint, &seat.world);
        for key in keymap::parse_row(keys) {
            seat.session.input(Input::Key(key), &seat.world);
        }
        let mut out = Vec::new();
        seat.session.draw(&seat.world, &mut out);
        let mut rest = out.as_slice();
        while let Some(at) = rest.iter().position(|b| *b < 0x20 || *b == 0x7f) {
            prop_assert_eq!(rest[at], 0x1b);
            prop_assert_eq!(rest.get(at + 1), Some(&b'['));
            let end = rest[at + 2..].iter().position(|b| (0x40..=0x7e).contains(b)).unwrap() + at + 2;
            prop_assert!(rest[at + 2..end].iter().all(|b| b.is_ascii_digit() || matches!(b, b';' | b'?')));
            prop_assert!(b"HCmJhl".contains(&rest[end]));
            rest = &rest[end + 1..];
        }
        prop_assert!(!String::from_utf8(out).unwrap().chars().any(|c| c != '\x1b' && c.is_control()));
    }
}
