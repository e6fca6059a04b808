//! Pictures of every view at the three sizes (the body: three rows less than the screen).

use wardwatch::engine::State;
use wardwatch::event::LedgerRow;
use wardwatch::log::Answer;
use wardwatch::model::{Change, PacketKind, Text, Time};
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
