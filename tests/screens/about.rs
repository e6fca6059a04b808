//! What wardwatch says of itself, and of the agents that misbehave.

use std::sync::Arc;

use wardwatch::engine::State;
use wardwatch::model::{
    AgentFault, Conduct, Device, DeviceId, Flow, OverrunKind, Overruns, Rate, Severity, Tally, Text,
};
use wardwatch::ui::{Live, Outcome, Request, views};

use super::Stage;
use super::hospital::{self, NOW, ago};

fn stage() -> Stage {
    Stage::new(hospital::small().0)
}

fn first_line(stage: &Stage) -> String {
    let shot = stage.shot(views::about().as_mut(), 120, 33);
    shot.lines().next().unwrap().trim().to_owned()
}

fn drops(minute: u64, total: u64) -> Flow {
    Flow {
        total,
        minute,
        rate: Rate(minute * 1000 / 60),
    }
}

#[test]
fn the_first_line_is_a_verdict() {
    let mut stage = stage();
    assert_eq!(
        first_line(&stage),
        "Everything keeps its time: 1,204 agents, window 12 of 4,096, nothing dropped."
    );
    let health = stage.health.as_mut().unwrap();
    health.poller.kernel_drops = drops(2_000, 2_000);
    assert_eq!(
        first_line(&stage),
        "It does not keep up: 1,204 agents, window 12 of 4,096, 2,000 dropped since the start."
    );
    let health = stage.health.as_mut().unwrap();
    health.poller.kernel_drops = drops(0, 2_000);
    assert!(first_line(&stage).starts_with("Everything keeps its time"));
    let health = stage.health.as_mut().unwrap();
    health.poller.agents = 0;
    assert!(first_line(&stage).starts_with("Nothing is polled: no agent is asked"));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do_at_every_size() {
    let mut stage = stage();
    let health = stage.health.as_mut().unwrap();
    health.poller.kernel_drops = drops(1_204, 1_204);
    health.collector.held = 7;
    assert_eq!(health.warnings()[0].severity, Severity::Major);
    for (width, height) in [(80, 21), (120, 33), (200, 57)] {
        let shot = stage.shot(views::about().as_mut(), width, height);
        let top: String = shot.lines().take(8).collect::<Vec<_>>().join(" ");
        let top = top.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "the kernel dropped 1,204 answers in the last minute",
            "raise net.core.rmem_max, or grant CAP_NET_ADMIN",
            "the disk takes nothing: 7 events wait in memory",
        ] {
            assert!(top.contains(words), "{width}x{height} lacks {words}: {top}");
        }
    }
}

#[test]
fn everything_is_reached_on_the_smallest_screen() {
    let stage = stage();
    let mut view = views::about();
    let mut seen = stage.shot(view.as_mut(), 80, 21);
    assert!(seen.contains("more"), "{seen}");
    stage.act(view.as_mut(), &["bottom"]);
    seen += &stage.shot(view.as_mut(), 80, 21);
    for words in [
        "processor",
        "lateness",
        "most 310",
        "telemetry",
        "permits",
        "listening",
        "/etc/wardwatch/site.toml",
        "/var/lib/wardwatch",
        env!("CARGO_PKG_VERSION"),
        "MIT OR Apache-2.0",
    ] {
        assert!(seen.contains(words), "{words} is nowhere:\n{seen}");
    }
}

#[test]
fn a_recording_polls_nothing_and_says_so() {
    let mut stage = stage();
    stage.health = None;
    stage.live = Live::Replay(wardwatch::ui::Played {
        at: NOW,
        from: ago(60),
        to: NOW,
        speed: 1,
        ..wardwatch::ui::Played::default()
    });
    assert!(first_line(&stage).starts_with("This is a recording: nothing is polled here"));
    let shot = stage.shot(views::about().as_mut(), 80, 21);
    assert!(
        shot.contains("version") && !shot.contains("POLLING"),
        "{shot}"
    );
    stage.live = Live::NoCollector;
    assert!(first_line(&stage).starts_with("There is no collector"));
    stage.live = Live::Starting;
    assert!(first_line(&stage).starts_with("wardwatch is starting"));
}

#[test]
fn no_label_runs_into_its_value() {
    let stage = stage();
    for (width, height) in [(80, 60), (120, 60), (200, 57)] {
        let shot = stage.shot(views::about().as_mut(), width, height);
        for label in [
            "agents",
            "asked",
            "answered",
            "no answer",
            "again",
            "window",
            "polls",
            "lateness",
            "sockets",
            "kernel",
            "strangers",
            "malformed",
            "not taken",
            "processor",
            "used",
            "memory",
            "events",
            "one costs",
            "waiting",
            "on disk",
            "writing",
            "record",
            "telemetry",
            "a day",
            "table",
            "permits",
            "ledger",
            "listening",
            "pings",
            "names",
            "version",
            "licence",
            "site file",
            "state in",
            "last event",
            "knows",
        ] {
            assert!(shot.contains(&format!("{label} ")), "{label}:\n{shot}");
        }
    }
}

#[test]
fn the_verdict_can_be_copied_for_whoever_is_asked_for_help() {
    let stage = stage();
    match views::about().act("copy", &stage.ctx()) {
        Outcome::Ask(requests) => match requests.as_slice() {
            [Request::Copy(text)] => {
                let version = env!("CARGO_PKG_VERSION");
                let begin = format!("wardwatch {version}: Everything keeps its time");
                assert!(text.as_str().starts_with(&begin), "{text}");
            }
            other => panic!("{other:?}"),
        },
        _ => panic!("nothing was asked"),
    }
}

fn misbehaving(state: &mut State, id: DeviceId) {
    let tally = |count, first, last| Tally {
        count,
        first: ago(first),
        last: ago(last),
    };
    let device: &mut Device = Arc::make_mut(state.devices.get_mut(&id).unwrap());
    let mut conduct = Conduct::default();
    for (fault, tally) in [
        (AgentFault::WrongId, tally(14, 3_480, 20)),
        (AgentFault::Loop, tally(1, 300, 300)),
    ] {
        conduct.faults.insert(fault, tally);
    }
    conduct.overruns.insert(
        Text::from("interfaces"),
        Overruns {
            missed: tally(5, 3_000, 30),
            in_a_row: 3,
            since: ago(240),
            degraded: true,
            last: OverrunKind::Cut,
        },
    );
    device.conduct = Some(Box::new(conduct));
}

#[test]
fn what_an_agent_does_wrong_is_named_on_its_device() {
    let (mut state, named) = hospital::small();
    misbehaving(&mut state, named.dist_a);
    let stage = Stage::new(state);
    let shot = stage.shot(views::device(named.dist_a).as_mut(), 200, 57);
    for words in [
        "AGENT",
        "interfaces late 3 times in a row since 03:07; asked less often",
        "answers with ids nobody asked: 14",
        "since 02:13, last 20s ago",
        "walks do not move on: 1",
    ] {
        assert!(shot.contains(words), "{words} is not there:\n{shot}");
    }
    // one that behaves has no such heading
    let shot = stage.shot(views::device(named.dead).as_mut(), 200, 57);
    assert!(!shot.contains("AGENT"), "{shot}");
}
