//! Lines in, lines and requests out.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::model::{Severity, Time};
use crate::ui::session::tests::{NOW, Two, alert, state};

struct Caller {
    speaker: Speaker,
    world: World,
}

impl Caller {
    fn at(set: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut config = SessionConfig::new((80, 24), Text::from("ana"));
        config.planner = Arc::new(Two);
        config.caps.unicode = false;
        set(&mut config);
        let mut caller = Self {
            speaker: Speaker::new(config),
            world: World::new(Arc::new(state()), NOW, Live::Live),
        };
        caller.speaker.greet(&caller.world);
        caller
    }

    fn new() -> Self {
        Self::at(|_| {})
    }

    fn says(&mut self, line: &str) -> Said {
        let said = self.speaker.hear(line, &self.world);
        for line in &said.lines {
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert!(!line.is_empty());
        }
        said
    }

    /// All lines one after the other; the requests of all.
    fn row(&mut self, lines: &[&str]) -> (String, Vec<Request>) {
        let (mut heard, mut asked) = (String::new(), Vec::new());
        for line in lines {
            let said = self.says(line);
            heard = said.lines.join("\n");
            asked.extend(said.requests);
        }
        (heard, asked)
    }

    fn change(&mut self, with: impl FnOnce(&mut crate::engine::State)) {
        let state = Arc::make_mut(&mut self.world.state);
        state.revision += 1;
        with(state);
    }

    fn news(&mut self, s: u64) -> Vec<String> {
        self.world.now = self.world.now + Duration::from_secs(s);
        self.speaker.watch(&self.world)
    }
}

#[test]
fn a_summary_comes_first_and_enter_says_it_again() {
    let mut c = Caller::new();
    let first = c.speaker.greet(&c.world).join("\n");
    assert!(first.contains("LIVE."), "{first}");
    assert!(first.contains("St. Brigid General: 3 devices, 1 up, 0 degraded, 1 down, 1 unknown."));
    assert!(first.contains("1 alert is open: 1 critical"));
    assert!(c.row(&[""]).0.contains("3 devices"));
}

#[test]
fn lists_have_numbers_a_number_opens_and_what_can_be_done_has_numbers_too() {
    let mut c = Caller::new();
    let (list, _) = c.row(&["alerts"]);
    assert!(
        list.starts_with("1 alert\n1. CRITICAL sw-3f-02: stopped answering, ICU-3"),
        "{list}"
    );
    let (page, _) = c.row(&["1"]);
    assert!(page.contains("in hand: nobody has it yet"), "{page}");
    assert!(page.contains("1. Acknowledge"), "{page}");
    let (_, asked) = c.row(&["1", "I go", "2"]);
    let until = Some(NOW + Duration::from_mins(30));
    assert_eq!(
        asked,
        [Request::Command(Command::Acknowledge {
            alert: AlertId(1),
            note: Text::from("I go"),
            until
        })]
    );
    let (list, _) = c.row(&["devices class:ventilator"]);
    assert_eq!(
        list,
        "1 device\n1. vent-icu3-07: ventilator, unknown, 10.31.0.2, ICU-3"
    );
    let (page, _) = c.row(&["1"]);
    assert!(page.contains("care level: life-sustaining"), "{page}");
    assert!(c.row(&["7"]).0.contains("to choose from"));
    assert!(
        c.row(&["devices colour:red"])
            .0
            .contains("no filter key 'colour'")
    );
    assert!(
        c.row(&["devices class:mr"])
            .0
            .contains("No device that this finds")
    );
    assert!(c.row(&["flap"]).0.contains("? is help"));
}

#[test]
fn a_run_goes_through_the_same_plan_and_confirmation_as_on_the_screen() {
    let mut c = Caller::new();
    let (pick, _) = c.row(&["device sw-3f-02", "run"]);
    assert!(pick.contains("1. ping: one line of it, risk low"), "{pick}");
    assert!(
        pick.contains("not here: a ventilator hangs on it"),
        "{pick}"
    );
    assert!(c.row(&["3"]).0.starts_with("Not here: a ventilator"));
    let (why, _) = c.row(&["1", "99", "because"]);
    assert!(why.contains("99 is more than 20"), "{why}");
    let (sure, asked) = c.row(&["", ""]);
    assert!(
        sure.contains("runs: ping") && sure.contains("Type yes"),
        "{sure}"
    );
    assert!(asked.is_empty());
    let (left, asked) = c.row(&["y"]);
    assert!(left.contains("nothing was started") && asked.is_empty());
    let (_, asked) = c.row(&["run", "1", "", "", "yes"]);
    assert!(
        matches!(asked.as_slice(), [Request::Run(run)] if run.plan.remediation.as_str() == "ping")
    );
    // the name of the device, and why
    assert!(c.row(&["run", "2", "", ""]).0.contains("Say why"));
    let (sure, _) = c.row(&["it hangs"]);
    assert!(
        sure.contains("Type the name of the device, sw-3f-02"),
        "{sure}"
    );
    assert!(c.row(&["yes"]).1.is_empty());
    let (_, asked) = c.row(&["run", "2", "", "it hangs", "sw-3f-02"]);
    assert!(matches!(asked.as_slice(), [Request::Run(run)] if run.reason.as_str() == "it hangs"));
}

#[test]
fn who_may_only_look_is_told_why_and_nothing_is_asked() {
    let mut c = Caller::at(|c| c.read_only = true);
    let (page, _) = c.row(&["alerts", "1"]);
    assert!(
        page.contains("No ack: this terminal is read-only"),
        "{page}"
    );
    for line in ["acknowledge", "note", "run", "close-alert"] {
        let said = c.says(line);
        assert!(said.requests.is_empty(), "{line}");
        assert!(
            said.lines[0].contains("read-only"),
            "{line}: {:?}",
            said.lines
        );
    }
}

#[test]
fn what_is_new_is_announced_the_worst_first_and_a_storm_is_counted() {
    let mut c = Caller::new();
    assert!(c.news(1).is_empty(), "what was there is not new");
    c.change(|s| {
        let minor = alert(2, Severity::Minor);
        let critical = alert(3, Severity::Critical);
        s.alerts.insert(AlertId(2), Arc::new(minor));
        s.alerts.insert(AlertId(3), Arc::new(critical));
    });
    let news = c.news(1);
    assert_eq!(news.len(), 2);
    assert!(
        news[0].contains("CRITICAL") && news[1].contains("MINOR"),
        "{news:?}"
    );
    c.change(|s| {
        let over = crate::model::Alert::clone(&s.alerts[&AlertId(3)]);
        let over = crate::model::Alert {
            state: AlertState::Closed,
            ..over
        };
        s.alerts.insert(AlertId(3), Arc::new(over));
    });
    assert!(c.news(1)[0].ends_with("ICU-3, over"));
    c.world.live = Live::Stale(c.world.now);
    assert!(c.news(40)[0].contains("STALE: nothing was heard from the collector for 40 s"));
    assert!(c.news(5).is_empty(), "said once");
    c.change(|s| {
        for id in 10..510 {
            s.alerts
                .insert(AlertId(id), Arc::new(alert(id, Severity::Minor)));
        }
    });
    assert_eq!(c.news(20).len(), 8);
    assert!(c.news(1).is_empty());
    let later = c.news(10);
    assert_eq!(later, ["492 more lines were not read out; type alerts."]);
}

#[test]
fn who_is_leaving_while_a_run_goes_on_is_asked() {
    let mut c = Caller::new();
    assert_eq!(c.row(&["q"]).1, [Request::Leave]);
    c.change(|s| {
        s.runs.insert(
            RunId(7),
            Arc::new(crate::ui::session::tests::run(
                crate::model::RunState::Running,
            )),
        );
    });
    let (why, asked) = c.row(&["q"]);
    assert!(why.contains("Type yes to leave") && asked.is_empty());
    assert!(c.row(&["no"]).1.is_empty());
    assert_eq!(c.row(&["q", "yes"]).1, [Request::Leave]);
}

#[test]
fn hostile_names_and_lines_are_never_read_out_raw() {
    let mut c = Caller::new();
    c.change(|s| {
        let mut device = crate::model::Device::clone(&s.devices[&DeviceId(1)]);
        device.name = Text::from_bytes(b"sw\x1b[2J\xe2\x80\xae\n");
        s.devices.insert(DeviceId(1), Arc::new(device));
    });
    for line in [
        "devices",
        "1",
        "alerts",
        "1",
        "device \u{1b}[2J",
        &"x".repeat(5_000),
        "note",
        "\u{7}",
    ] {
        c.says(line);
    }
    c.world.now = Time(0);
    c.news(0);
}
