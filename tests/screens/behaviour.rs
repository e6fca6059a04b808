//! What a person does in a view, and what comes of it.

use std::sync::Arc;

use ratatui::style::Modifier;
use wardwatch::engine::State;
use wardwatch::log::Query;
use wardwatch::model::{Alert, Device, DeviceState, Text};
use wardwatch::ui::{ColorDepth, Matches, Outcome, Request, Role, Theme, View, ViewFilter, views};

use super::hospital::{self, ago};
use super::{Stage, text};

fn stage() -> (Stage, hospital::Named) {
    let (state, named) = hospital::small();
    (Stage::new(state), named)
}

#[test]
fn the_board_says_first_what_is_wrong_and_whom_it_touches() {
    let (stage, _) = stage();
    let mut board = views::open("board").unwrap();
    for (width, height) in [(80, 21), (120, 33), (200, 57)] {
        let shot = stage.shot(board.as_mut(), width, height);
        let top: String = shot.lines().take(7).collect::<Vec<_>>().join("\n");
        for words in [
            "sw-3f-05 stopped answering",
            "4 ventilators",
            "vent-icu3-07",
        ] {
            assert!(
                top.contains(words),
                "{width}x{height} lacks {words}:\n{top}"
            );
        }
    }
}

#[test]
fn devices_behind_a_dead_switch_are_not_red() {
    let (stage, _) = stage();
    let mut board = views::open("board").unwrap();
    let buf = stage.draw(board.as_mut(), 120, 33);
    let down = stage.theme.style(Role::Down);
    let red_cells = buf
        .content()
        .iter()
        .filter(|c| c.symbol() == "○" && Some(c.fg) == down.fg)
        .count();
    // the switch and the ventilator as cells, twice as a count of the patient line, once as a sum of their tile
    assert_eq!(red_cells, 5);
    let unknown = stage.theme.style(Role::Unknown);
    // sums of them may be loud, for a patient may hang on each; no cell is
    let sum = |cells: &[ratatui::buffer::Cell]| {
        cells[1].symbol() == " " && cells[2].symbol().starts_with(|c: char| c.is_ascii_digit())
    };
    let judged = buf
        .content()
        .windows(3)
        .filter(|c| c[0].symbol() == "◌" && Some(c[0].fg) != unknown.fg && !sum(c))
        .count();
    assert_eq!(judged, 0);
    assert!(stage.theme.style(Role::Down).fg != unknown.fg);
}

#[test]
fn severity_is_seen_without_hue() {
    let (state, _) = hospital::small();
    let mut stage = Stage::new(state);
    stage.theme = Theme::built_in("mono", ColorDepth::None).unwrap();
    let mut alerts = views::open("alerts").unwrap();
    let buf = stage.draw(alerts.as_mut(), 120, 33);
    let weight = |word: &str| {
        let shot = text(&buf);
        let (y, line) = shot
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(word))
            .unwrap();
        let x = line.find(word).unwrap();
        let x = line[..x].chars().count();
        buf[(u16::try_from(x).unwrap(), u16::try_from(y).unwrap())].modifier
    };
    assert!(weight("CRIT").contains(Modifier::REVERSED));
    assert!(weight("MAJOR").contains(Modifier::BOLD));
    assert!(!weight("minor").contains(Modifier::REVERSED));
}

#[test]
fn enter_on_the_board_opens_the_worst_alert_until_the_cursor_was_moved_to_a_tile() {
    let (stage, named) = stage();
    let mut board = views::open("board").unwrap();
    stage.draw(board.as_mut(), 120, 33);
    assert_eq!(board.selection(&stage.ctx()).alert, Some(named.root_alert));
    let opened = stage.act(board.as_mut(), &["open"]).unwrap();
    assert_eq!(opened.selection(&stage.ctx()).alert, Some(named.root_alert));
    let opened = stage.act(board.as_mut(), &["cursor-down", "open"]).unwrap();
    assert_eq!(opened.selection(&stage.ctx()).segment, Some(named.icu));
    assert_eq!(opened.crumb(&stage.ctx()), "ICU-3");
}

#[test]
fn arrows_move_between_tiles_and_down_into_the_alerts() {
    let (stage, _) = stage();
    let mut board = views::open("board").unwrap();
    stage.draw(board.as_mut(), 120, 33);
    stage.act(
        board.as_mut(),
        &["cursor-right", "cursor-right", "cursor-right"],
    );
    let at = |board: &dyn View| {
        let selection = board.selection(&stage.ctx());
        selection
            .segment
            .and_then(|id| stage.state.segments.get(&id))
            .map(|s| s.name.to_string())
    };
    assert_eq!(at(board.as_ref()), Some("Core".into()));
    stage.act(board.as_mut(), &["cursor-down"]);
    // the tile right below it, and the one below that
    assert_eq!(at(board.as_ref()), Some("Pharmacy".into()));
    stage.act(board.as_mut(), &["cursor-down"]);
    assert_eq!(at(board.as_ref()), Some("Emergency".into()));
    stage.act(board.as_mut(), &["cursor-down"]);
    assert!(board.selection(&stage.ctx()).alert.is_some());
}

#[test]
fn the_cursor_of_the_devices_stays_on_its_device_when_the_order_changes() {
    let (stage, _) = stage();
    let mut devices = views::open("devices").unwrap();
    stage.draw(devices.as_mut(), 120, 33);
    stage.act(devices.as_mut(), &["cursor-down", "cursor-down"]);
    let device = devices.selection(&stage.ctx()).device;
    assert!(device.is_some());
    for _ in 0..6 {
        stage.act(devices.as_mut(), &["sort-next"]);
        let shot = stage.shot(devices.as_mut(), 120, 33);
        assert_eq!(devices.selection(&stage.ctx()).device, device);
        assert!(shot.contains('▌'), "the cursor is out of sight:\n{shot}");
    }
}

struct Word(&'static str);

impl Matches for Word {
    fn device(&self, _state: &State, device: &Device) -> bool {
        device.name.as_str().contains(self.0)
    }
    fn alert(&self, state: &State, alert: &Alert) -> bool {
        alert
            .device
            .and_then(|id| state.devices.get(&id))
            .is_some_and(|d| self.device(state, d))
    }
}

#[test]
fn a_filter_narrows_devices_and_alerts_and_says_how_many_match() {
    let (stage, _) = stage();
    let filter = ViewFilter {
        words: "vent".into(),
        revision: 1,
        matches: Arc::new(Word("vent")),
    };
    let none = ViewFilter {
        words: "zzz".into(),
        revision: 2,
        matches: Arc::new(Word("zzz")),
    };
    let mut ctx = stage.ctx();
    ctx.filter = Some(&filter);
    for (name, expected) in [("devices", "12 of 207"), ("alerts", "1 of 7")] {
        let mut view = views::open(name).unwrap();
        let area = ratatui::layout::Rect::new(0, 0, 100, 30);
        let mut buf = ratatui::buffer::Buffer::empty(area);
        view.draw(&mut buf, area, &ctx);
        assert!(text(&buf).contains(expected), "{}", text(&buf));
        ctx.filter = Some(&none);
        buf.reset();
        view.draw(&mut buf, area, &ctx);
        assert!(text(&buf).contains("matches the filter"), "{}", text(&buf));
        ctx.filter = Some(&filter);
    }
}

#[test]
fn the_ledger_is_asked_for_every_address_since_the_beginning() {
    let (stage, named) = stage();
    let mut view = views::device_at(named.vent, views::Tab::Ledger);
    let requests = view.opened(&stage.ctx());
    let addresses = stage.state.devices[&named.vent].addresses.clone();
    match requests.as_slice() {
        [
            Request::Query(
                _,
                Query::Ledger {
                    addresses: asked,
                    since,
                    ..
                },
            ),
        ] => {
            assert!(asked.iter().eq(addresses.iter()));
            assert_eq!(since.0, 0);
        }
        other => panic!("{other:?}"),
    }
    let shot = stage.shot(view.as_mut(), 80, 21);
    assert!(shot.contains("asking the log"), "{shot}");
}

#[test]
fn a_device_without_an_address_was_never_sent_anything_and_nothing_is_asked() {
    let (mut state, named) = hospital::small();
    let device = Arc::make_mut(state.devices.get_mut(&named.vent).unwrap());
    device.addresses.clear();
    let stage = Stage::new(state);
    let mut view = views::device(named.vent);
    assert!(matches!(
        view.act("ledger", &stage.ctx()),
        Outcome::Consumed
    ));
    let shot = stage.shot(view.as_mut(), 80, 21);
    assert!(
        shot.contains("no packet was ever sent to this device"),
        "{shot}"
    );
}

#[test]
fn the_arrows_of_the_map_follow_the_cables() {
    let (stage, named) = stage();
    let mut map = views::open("map").unwrap();
    stage.draw(map.as_mut(), 200, 57);
    // it begins at the worst
    assert_eq!(map.selection(&stage.ctx()).device, Some(named.dead));
    stage.act(map.as_mut(), &["cursor-up"]);
    assert_eq!(map.selection(&stage.ctx()).device, Some(named.dist_a));
    let name = |map: &dyn View| map.crumb(&stage.ctx());
    stage.act(map.as_mut(), &["cursor-up"]);
    assert_eq!(name(map.as_ref()), "Map › core-1");
    stage.act(map.as_mut(), &["cursor-down", "cursor-left", "open"]);
    assert_eq!(name(map.as_ref()), "Map › fw-edge");
}

#[test]
fn what_is_folded_can_be_listed() {
    let (stage, _) = stage();
    let mut map = views::open("map").unwrap();
    stage.draw(map.as_mut(), 120, 33);
    assert!(stage.shot(map.as_mut(), 120, 33).contains("3 folded"));
    stage.act(map.as_mut(), &["cursor-right", "cursor-right"]);
    let mut list = stage.act(map.as_mut(), &["open"]).unwrap();
    let shot = stage.shot(list.as_mut(), 120, 33);
    assert!(shot.contains("3 devices folded behind dist-b"), "{shot}");
    assert!(shot.contains("sw-0f-01"), "{shot}");
}

#[test]
fn a_run_that_is_not_over_can_be_stopped_and_one_that_is_cannot() {
    let (stage, named) = stage();
    let mut view = views::run(named.running);
    match view.act("cancel-run", &stage.ctx()) {
        Outcome::Ask(requests) => assert_eq!(requests, [Request::CancelRun(named.running)]),
        _ => panic!("nothing was asked"),
    }
    let mut over = views::run(wardwatch::model::RunId(10));
    assert!(matches!(
        over.act("cancel-run", &stage.ctx()),
        Outcome::Ignored
    ));
}

#[test]
fn the_output_of_a_run_follows_and_scrolls_back() {
    let (stage, _) = stage();
    let mut view = views::run(wardwatch::model::RunId(10));
    let shot = stage.shot(view.as_mut(), 80, 21);
    assert!(shot.contains("icmp_seq=40 "), "{shot}");
    stage.act(view.as_mut(), &["top"]);
    let shot = stage.shot(view.as_mut(), 80, 21);
    assert!(
        shot.contains("icmp_seq=1 ") && !shot.contains("icmp_seq=40 "),
        "{shot}"
    );
    stage.act(view.as_mut(), &["follow"]);
    assert!(stage.shot(view.as_mut(), 80, 21).contains("icmp_seq=40 "));
}

#[test]
fn an_interface_under_the_cursor_is_what_a_run_works_on() {
    let (stage, named) = stage();
    let mut view = views::device_at(named.dist_a, views::Tab::Interfaces);
    stage.draw(view.as_mut(), 120, 33);
    stage.act(view.as_mut(), &["cursor-down", "cursor-down"]);
    let selection = view.selection(&stage.ctx());
    assert_eq!(selection.device, Some(named.dist_a));
    assert_eq!(selection.interface.map(|i| i.0), Some(3));
}

#[test]
fn a_new_alert_is_marked_until_it_was_looked_at() {
    let (stage, _) = stage();
    let mut view = views::open("alerts").unwrap();
    let news = |shot: &str| {
        shot.lines()
            .filter(|l| l.trim_end().ends_with("new"))
            .count()
    };
    assert_eq!(news(&stage.shot(view.as_mut(), 120, 33)), 2);
    stage.act(view.as_mut(), &["cursor-down"]);
    assert_eq!(news(&stage.shot(view.as_mut(), 120, 33)), 1);
}

#[test]
fn a_view_moves_with_the_state_and_not_before() {
    let (mut state, named) = hospital::small();
    let mut view = views::open("devices").unwrap();
    let before = Stage::new(state.clone()).shot(view.as_mut(), 120, 33);
    let device = Arc::make_mut(state.devices.get_mut(&named.dist_a).unwrap());
    device.state = DeviceState::Down;
    device.state_since = ago(5);
    device.state_why = Text::from("no answer to SNMP");
    state.revision += 1;
    state.inventory_revision += 1;
    let after = Stage::new(state).shot(view.as_mut(), 120, 33);
    assert_ne!(before, after);
    assert!(
        after.lines().take(6).any(|l| l.contains("○   dist-a")),
        "{after}"
    );
}

#[test]
fn a_rate_moves_although_the_inventory_stands_still() {
    let (mut state, _) = hospital::small();
    let mut view = views::open("board").unwrap();
    let before = Stage::new(state.clone()).shot(view.as_mut(), 120, 33);
    assert!(before.contains("840 Mb/s"), "{before}");
    let busy = |s: &&Arc<wardwatch::model::Segment>| s.out_bps == 840_000_000;
    let busy = state.segments.values().find(busy).unwrap().id;
    Arc::make_mut(state.segments.get_mut(&busy).unwrap()).out_bps = 77_000_000;
    state.revision += 1;
    let after = Stage::new(state).shot(view.as_mut(), 120, 33);
    assert!(after.contains("77 Mb/s"), "{after}");
    assert!(!after.contains("840 Mb/s"), "{after}");
}

#[test]
fn what_is_over_and_the_details_can_be_put_away() {
    let (stage, _) = stage();
    let mut view = views::open("alerts").unwrap();
    let shot = stage.shot(view.as_mut(), 120, 33);
    assert!(shot.contains("restarted") && shot.contains("biomed on call"));
    stage.act(view.as_mut(), &["closed", "details"]);
    let shot = stage.shot(view.as_mut(), 120, 33);
    assert!(
        !shot.contains("restarted") && !shot.contains("biomed on call"),
        "{shot}"
    );
}

#[test]
fn the_next_problem_is_found_in_every_list() {
    let (stage, named) = stage();
    let mut devices = views::open("devices").unwrap();
    stage.act(devices.as_mut(), &["sort-next"]);
    stage.draw(devices.as_mut(), 120, 33);
    let state = |view: &dyn View| {
        let id = view.selection(&stage.ctx()).device.unwrap();
        stage.state.devices[&id].state
    };
    for _ in 0..3 {
        stage.act(devices.as_mut(), &["next-problem"]);
        assert!(matches!(
            state(devices.as_ref()),
            DeviceState::Down | DeviceState::Degraded
        ));
    }
    let mut map = views::open("map").unwrap();
    stage.act(map.as_mut(), &["tab-next"]);
    stage.draw(map.as_mut(), 120, 33);
    stage.act(map.as_mut(), &["bottom", "next-problem"]);
    assert_eq!(map.selection(&stage.ctx()).segment, Some(named.icu));
}
