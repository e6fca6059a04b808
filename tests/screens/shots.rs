//! Pictures of every view at the three sizes (the body: three rows less than the screen).

use wardwatch::engine::{Heavy, Quarantine, Spared, State};
use wardwatch::event::{Body, Event, LedgerRow, ObsQuirkV1, Observation};
use wardwatch::log::Answer;
use wardwatch::model::{
    Change, DeviceState, Fact, FactKey, FactSource, PacketKind, Seq, Text, Time, TouchPolicy,
};
use wardwatch::ui::{Outcome, Request, View, views};

use super::hospital::{self, ago};
use super::{Stage, all_views};

const SIZES: [(u16, u16); 3] = [(80, 21), (120, 33), (200, 57)];

fn keep(name: &str, stage: &Stage, view: &mut dyn View) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(
            format!("{name}_{width}x{height}"),
            stage.shot(view, width, height)
        );
    }
}

#[test]
fn every_view_of_the_hospital_with_the_dead_icu_switch() {
    let (state, named) = hospital::small();
    let stage = Stage::new(state);
    for (name, mut view) in all_views(&named) {
        keep(name, &stage, view.as_mut());
    }
}

#[test]
fn the_other_drawings_of_the_map() {
    let (state, _) = hospital::small();
    let stage = Stage::new(state);
    let mut map = views::open("map").unwrap();
    for name in ["map-segments", "map-ports"] {
        stage.act(map.as_mut(), &["tab-next"]);
        keep(name, &stage, map.as_mut());
    }
}

#[test]
fn a_quiet_night() {
    let (mut state, _) = hospital::small();
    let ids: Vec<_> = state.devices.keys().copied().collect();
    for id in ids {
        let device = std::sync::Arc::make_mut(state.devices.get_mut(&id).unwrap());
        device.state = wardwatch::model::DeviceState::Up;
        device.state_why = Text::empty();
    }
    state.alerts.clear();
    state.runs.clear();
    state.rebuild_summaries();
    let stage = Stage::new(state);
    for name in ["board", "alerts", "runs"] {
        let mut view = views::open(name).unwrap();
        keep(&format!("quiet-{name}"), &stage, view.as_mut());
    }
}

#[test]
fn the_first_minute_says_what_to_do() {
    let stage = Stage::new(State::new());
    for (name, _) in views::ROOTS {
        let mut view = views::open(name).unwrap();
        insta::assert_snapshot!(format!("empty-{name}"), stage.shot(view.as_mut(), 80, 21));
    }
}

#[test]
fn plain_signs_where_the_terminal_knows_no_others() {
    let (state, named) = hospital::small();
    let mut stage = Stage::new(state);
    stage.unicode = false;
    for (name, mut view) in all_views(&named) {
        let shot = stage.shot(view.as_mut(), 120, 33);
        let strange: Vec<char> = shot
            .chars()
            .filter(|c| !c.is_ascii() && !"äö".contains(*c))
            .collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
        if ["board", "map"].contains(&name) {
            insta::assert_snapshot!(format!("ascii-{name}"), shot);
        }
    }
}

#[test]
fn what_the_log_answers() {
    let (state, named) = hospital::small();
    let stage = Stage::new(state);
    let mut view = views::device(named.dead);
    let ask = |view: &mut dyn View, tab: &str| -> u64 {
        match view.act(tab, &stage.ctx()) {
            Outcome::Ask(requests) => match requests.as_slice() {
                [Request::Query(id, _)] => *id,
                other => panic!("{other:?}"),
            },
            _ => panic!("nothing was asked"),
        }
    };
    let id = ask(view.as_mut(), "history");
    insta::assert_snapshot!("history-asking", stage.shot(view.as_mut(), 80, 21));
    view.answer(id + 1, &Answer::Changes(Vec::new()));
    assert!(stage.shot(view.as_mut(), 80, 21).contains("asking the log"));
    view.answer(
        id,
        &Answer::Changes(vec![Change {
            time: ago(86_400 * 9),
            what: Text::from("port"),
            before: Text::from("dist-a Gi1/0/20"),
            after: Text::from("dist-a Gi1/0/23"),
        }]),
    );
    insta::assert_snapshot!("history-answered", stage.shot(view.as_mut(), 80, 21));
    let id = ask(view.as_mut(), "history");
    view.answer(
        id,
        &Answer::NotKept {
            oldest: ago(86_400),
        },
    );
    insta::assert_snapshot!("history-not-kept", stage.shot(view.as_mut(), 80, 21));

    let id = ask(view.as_mut(), "ledger");
    let row = |kind, count, cause: &str, last: Time| LedgerRow {
        address: "10.54.0.5".parse().unwrap(),
        kind,
        count,
        first: last,
        last,
        cause: Text::from(cause),
    };
    view.answer(
        id,
        &Answer::Ledger(vec![
            row(PacketKind::Set, 2, "run 4711 port-bounce by ana", ago(30)),
            row(PacketKind::Get, 1440, "poll status", ago(270)),
            row(PacketKind::Walk, 96, "poll tables", ago(86_400)),
        ]),
    );
    insta::assert_snapshot!("ledger-answered", stage.shot(view.as_mut(), 80, 21));

    let mut vent = views::device(named.vent);
    let id = ask(vent.as_mut(), "ledger");
    vent.answer(id, &Answer::Ledger(Vec::new()));
    insta::assert_snapshot!("ledger-never", stage.shot(vent.as_mut(), 80, 21));
}

#[test]
fn a_device_that_is_left_alone_says_so_and_why() {
    let (mut state, named) = hospital::small();
    let device = std::sync::Arc::make_mut(state.devices.get_mut(&named.dead).unwrap());
    let fact = |key, value: &str| Fact {
        value: value.into(),
        first: 0,
        last: 0,
        key,
        source: FactSource::Snmp,
        confidence: 90,
    };
    device
        .facts
        .insert(fact(FactKey::SysObjectId, "1.3.6.1.4.1.11.2.3.7.11.104"));
    device
        .facts
        .insert(fact(FactKey::SysDescr, "HP ProCurve 1810G - 24 GE, P.2.14"));
    device.state = DeviceState::Degraded;
    device.state_why =
        "asked for its status only: it restarted 20 s after its tables were read".into();
    device.touch.policy = TouchPolicy::Get;
    device.touch.because = "it restarted 20 s after its tables were read".into();
    state.quarantine.insert(
        named.dead,
        Quarantine {
            since: ago(3600),
            spared: Spared::StatusOnly,
            confirmed: true,
            why: "restarted 20 s after its tables were read".into(),
            after: Some(Heavy::Tables),
            booted: ago(3630),
            proven: true,
            object_id: "1.3.6.1.4.1.11.2.3.7.11.104".into(),
            build: "HP ProCurve 1810G - 24 GE, P.2.14".into(),
        },
    );
    state.config_hash = "one".into();
    let learned = ObsQuirkV1 {
        address: "10.54.0.5".parse().unwrap(),
        at: ago(60),
        object_id: "1.3.6.1.4.1.11.2.3.7.11.104".into(),
        build: "HP ProCurve 1810G - 24 GE, P.2.14".into(),
        repetitions: Some(5),
        names: None,
        next_only: false,
        skip: Vec::new(),
        because: "silent to 10 repetitions, answers 5".into(),
    };
    let event = Event {
        seq: Seq(state.seq.0 + 1),
        time: state.time,
        body: Body::Observation(Observation::Quirk(learned)),
    };
    state.apply(&event);
    let stage = Stage::new(state);
    keep("left-alone", &stage, views::device(named.dead).as_mut());
}
