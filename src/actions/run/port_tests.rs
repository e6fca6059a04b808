//! A port is shut for a time, and whatever fails: it is up in the end, or the log says that it is owed.

use std::sync::Arc;

use proptest::prelude::*;

use super::fake::*;
use super::*;
use crate::actions::fixture::*;
use crate::actions::mib;
use crate::model::{PacketKind, Time};

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn kinds(log: &FakeLog) -> Vec<&'static str> {
    log.steps()
        .iter()
        .filter_map(|s| match s {
            RunStep::Planned { .. } => Some("planned"),
            RunStep::Started { .. } => Some("started"),
            RunStep::RevertDue { .. } => Some("due"),
            RunStep::RevertDone { error, .. } if error.is_empty() => Some("done"),
            RunStep::RevertDone { .. } => Some("not done"),
            RunStep::Ended { .. } => Some("ended"),
            RunStep::Output { .. } => None,
        })
        .collect()
}

#[test]
fn a_bounce_goes_down_and_up_and_every_step_is_in_the_log() {
    let bench = bench(&[], Limits::default());
    let (state, outcome) = block(bench.run(DESK, "port-bounce"));
    assert_eq!(state, RunState::Succeeded);
    assert_eq!(outcome.as_str(), "Gi1/0/5 was down for 5 s and is up again");
    assert_eq!(
        kinds(&bench.log),
        ["planned", "started", "due", "done", "ended"]
    );
    assert_eq!(bench.switch.admin(), 1);
    let calls = bench.switch.port.lock().unwrap().calls.clone();
    assert_eq!(
        calls,
        [
            "get 6", "get 2", "set 2", "get 1", "get 2", "set 1", "get 2"
        ]
    );
    assert_eq!(
        bench.log.lines(),
        [
            "asked again: index 5 is Gi1/0/5 ('desk 5'), up by configuration, link up",
            "SET 1.3.6.1.2.1.2.2.1.7.5 = 2 (down)",
            "Gi1/0/5 is down; it comes up again in 5 s",
            "SET 1.3.6.1.2.1.2.2.1.7.5 = 1 (up)",
            "Gi1/0/5 is up by configuration, link up",
        ]
    );
    let rows = bench.executor.gate.drain_ledger();
    let sets: u32 = rows
        .iter()
        .filter(|r| r.kind == PacketKind::Set)
        .map(|r| r.count)
        .sum();
    assert_eq!(sets, 2);
    assert!(
        rows.iter()
            .all(|r| r.cause.as_str() == "run 1 port-bounce by ana"),
        "{rows:?}"
    );
    assert!(bench.executor.at_work().is_empty());
}

#[test]
fn the_way_back_is_durable_before_the_first_set() {
    let bench = bench(&[], Limits::default());
    // planned, started, one line of output, and then the log takes nothing any more
    *bench.log.failing.lock().unwrap() = (3..100).collect();
    let (state, outcome) = block(bench.run(DESK, "port-bounce"));
    assert_eq!(state, RunState::Failed);
    assert!(
        outcome
            .as_str()
            .contains("could not be written down (disk full), so nothing was changed"),
        "{outcome}"
    );
    assert!(
        !bench
            .switch
            .port
            .lock()
            .unwrap()
            .calls
            .iter()
            .any(|c| c.starts_with("set"))
    );
}

#[test]
fn what_changed_since_the_plan_stops_it_before_anything_is_set() {
    let octets = |s: &str| Scalar::Octets(s.as_bytes().to_vec());
    let table = [
        (
            mib::IF_NAME,
            octets("Gi1/0/6"),
            "index 5 is 'Gi1/0/6' now, not 'Gi1/0/5'",
        ),
        (
            mib::IF_ALIAS,
            octets("vent bed 3"),
            "its description is 'vent bed 3' now, not 'desk 5'",
        ),
        (mib::IF_TYPE, Scalar::Integer(161), "its ifType is 161 now"),
        (
            mib::IF_ADMIN_STATUS,
            Scalar::Integer(2),
            "its ifAdminStatus is 2 now",
        ),
        (
            mib::IF_OPER_STATUS,
            Scalar::Integer(2),
            "its link changed since it was planned",
        ),
        (
            mib::IF_NAME,
            Scalar::Missing,
            "index 5 is 'GigabitEthernet1/0/5' now",
        ),
        (
            mib::LAG_ATTACHED,
            Scalar::Integer(60),
            "it is a member of LAG interface 60",
        ),
        (
            mib::TRUNK_STATUS,
            Scalar::Integer(1),
            "the switch says that it is a trunk",
        ),
    ];
    for (column, value, words) in table {
        let bench = bench(&[], Limits::default());
        bench.switch.put(column, value);
        let (state, outcome) = block(bench.run(DESK, "port-bounce"));
        assert_eq!(state, RunState::Failed);
        assert!(outcome.as_str().starts_with(words), "{outcome}");
        assert!(outcome.as_str().ends_with("nothing was changed"));
        assert_eq!(
            kinds(&bench.log),
            ["planned", "started", "ended"],
            "{words}"
        );
    }
}

#[test]
fn a_port_that_is_in_no_lag_and_no_trunk_goes_on() {
    let bench = bench(&[], Limits::default());
    bench.switch.put(mib::LAG_ATTACHED, Scalar::Integer(0));
    bench.switch.put(mib::TRUNK_STATUS, Scalar::Integer(2));
    assert_eq!(block(bench.run(DESK, "port-bounce")).0, RunState::Succeeded);
}

#[test]
fn a_plan_that_is_no_longer_the_plan_does_not_begin() {
    let bench = bench(&[], Limits::default());
    let wish = bench.wish(DESK, "port-bounce");
    change(&mut bench.state.lock().unwrap(), SWITCH, |d| {
        if let Some(p) = d.interfaces.get_mut(&IfIndex(5)) {
            p.alias = "vent bed 3".into();
        }
    });
    let error = block(bench.executor.begin(wish)).unwrap_err().to_string();
    assert_eq!(
        error,
        "something changed since this was shown, look at it again: the port was Gi1/0/5 'desk 5', now it is Gi1/0/5 'vent bed 3'"
    );
    let wish = bench.wish(DESK, "port-bounce");
    change(&mut bench.state.lock().unwrap(), DESK, |d| {
        d.care = crate::model::CareLevel::LifeSustaining;
    });
    let error = block(bench.executor.begin(wish)).unwrap_err();
    assert!(matches!(error, StartError::Refused(Refusal::Life { .. })));
    assert!(bench.log.steps().is_empty());
}

#[test]
fn it_does_not_begin_without_a_reason_on_old_knowledge_or_twice_on_a_port() {
    let bench = bench(&[], Limits::default());
    let mut wish = bench.wish(DESK, "port-bounce");
    wish.reason = " ".into();
    assert_eq!(
        block(bench.executor.begin(wish)).unwrap_err(),
        StartError::NoReason
    );
    let first = block(bench.executor.begin(bench.wish(DESK, "port-bounce"))).unwrap();
    assert_eq!(
        block(bench.executor.begin(bench.wish(DESK, "port-shut"))).unwrap_err(),
        StartError::Busy
    );
    drop(first);
    assert!(block(bench.executor.begin(bench.wish(DESK, "port-shut"))).is_ok());
    block(bench.clock.sleep(Duration::from_secs(181)));
    assert_eq!(
        block(bench.executor.begin(bench.wish(DESK, "port-shut"))).unwrap_err(),
        StartError::Stale { age_s: 181 }
    );
}

#[test]
fn a_person_who_stops_it_gets_the_port_back_at_once() {
    let bench = bench(&[], Limits::default());
    let (canceller, listen) = cancel();
    *bench.clock.cancel.lock().unwrap() = Some(canceller);
    let (state, outcome) = block(async {
        let begun = bench
            .executor
            .begin(bench.wish(DESK, "port-shut"))
            .await
            .unwrap();
        begun.carry_out(listen).await
    });
    assert_eq!(state, RunState::Cancelled);
    assert_eq!(outcome.as_str(), "stopped; the port was opened at once");
    assert_eq!(bench.switch.admin(), 1);
    assert!(!bench.log.owes());
    assert!(bench.clock.now().since(NOW) < Duration::from_mins(1));
}

#[test]
fn stopped_before_it_began_nothing_is_asked_and_nothing_set() {
    let bench = bench(&[], Limits::default());
    let (canceller, listen) = cancel();
    canceller.cancel();
    let (state, _) = block(async {
        let begun = bench
            .executor
            .begin(bench.wish(DESK, "port-shut"))
            .await
            .unwrap();
        begun.carry_out(listen).await
    });
    assert_eq!(state, RunState::Cancelled);
    assert!(bench.switch.port.lock().unwrap().calls.is_empty());
}

#[test]
fn a_switch_that_stays_silent_leaves_a_loud_word_and_a_debt_in_the_log() {
    let bench = bench(&[], Limits::default());
    // look, look, set down, verify; then nothing
    let mut fates = vec![Fate::Fine; 4];
    fates.extend(vec![Fate::Lost; 1000]);
    bench.switch.port.lock().unwrap().fates = fates.into();
    let (state, outcome) = block(bench.run(DESK, "port-bounce"));
    assert_eq!(state, RunState::Failed);
    assert_eq!(
        outcome.as_str(),
        "Gi1/0/5 IS STILL DOWN and must be opened by hand: no answer"
    );
    assert!(bench.log.owes());
    assert!(bench.log.lines().iter().any(|l| {
        l.starts_with("STILL DOWN: Gi1/0/5 could not be opened (no answer); again in 30 s")
    }));

    // the switch comes back; the host looks once a minute
    bench.switch.port.lock().unwrap().fates.clear();
    bench.log.fold(&mut bench.state.lock().unwrap());
    let owed = bench.executor.overdue();
    assert_eq!(owed.len(), 1);
    let (_c, listen) = cancel();
    block(Arc::clone(&bench.executor).resume(owed[0].clone(), listen)).unwrap();
    assert_eq!(bench.switch.admin(), 1);
    assert!(!bench.log.owes());
}

#[test]
fn after_a_kill_the_next_start_opens_the_port_late_and_loudly() {
    let bench = bench(&[], Limits::default());
    // as a kill -9 in the middle of the waiting leaves it: down, the way back written, nothing ended
    block(bench.run(DESK, "port-bounce"));
    bench
        .log
        .steps
        .lock()
        .unwrap()
        .retain(|s| !matches!(s, RunStep::RevertDone { .. } | RunStep::Ended { .. }));
    bench.switch.put(mib::IF_ADMIN_STATUS, Scalar::Integer(2));
    bench.log.fold(&mut bench.state.lock().unwrap());
    block(bench.clock.sleep(Duration::from_secs(1000)));

    let owed = block(bench.executor.recover());
    assert_eq!(owed.len(), 1);
    assert!(owed[0].run_is_open);
    let (_c, listen) = cancel();
    block(Arc::clone(&bench.executor).resume(owed[0].clone(), listen)).unwrap();
    assert_eq!(bench.switch.admin(), 1);
    assert!(
        bench
            .log
            .lines()
            .iter()
            .any(|l| l == "OVERDUE by 1000 s: sw-3f-02 Gi1/0/5 is opened now"),
        "{:#?}",
        bench.log.lines()
    );
    let (state, _, _, outcome) = bench.log.ended().unwrap();
    assert_eq!(state, RunState::Interrupted);
    assert_eq!(
        outcome.as_str(),
        "wardwatch ended while it ran; Gi1/0/5 was opened 1000 s after its time"
    );
}

#[test]
fn a_way_back_that_is_not_due_yet_is_waited_for() {
    let bench = bench(&[], Limits::default());
    block(bench.run(DESK, "port-shut"));
    bench
        .log
        .steps
        .lock()
        .unwrap()
        .retain(|s| !matches!(s, RunStep::RevertDone { .. } | RunStep::Ended { .. }));
    for step in bench.log.steps.lock().unwrap().iter_mut() {
        if let RunStep::RevertDue { revert, .. } = step {
            revert.due = bench.clock.now() + Duration::from_mins(10);
        }
    }
    bench.switch.put(mib::IF_ADMIN_STATUS, Scalar::Integer(2));
    bench.log.fold(&mut bench.state.lock().unwrap());
    let before = bench.clock.now();
    let owed = block(bench.executor.recover());
    assert!(bench.executor.overdue().is_empty());
    let (_c, listen) = cancel();
    block(Arc::clone(&bench.executor).resume(owed[0].clone(), listen)).unwrap();
    assert!(bench.clock.now().since(before) >= Duration::from_mins(10));
    assert_eq!(bench.switch.admin(), 1);
    assert!(!bench.log.lines().iter().any(|l| l.starts_with("OVERDUE")));
}

#[test]
fn a_switch_that_numbered_its_ports_anew_is_set_by_name_never_by_the_old_number() {
    let bench = bench(&[], Limits::default());
    // look, look, set down, verify; then it restarts and index 5 is another port
    bench.switch.port.lock().unwrap().fates = vec![Fate::Fine; 4].into();
    let (canceller, listen) = cancel();
    *bench.clock.cancel.lock().unwrap() = Some(canceller);
    let begun = block(bench.executor.begin(bench.wish(DESK, "port-shut"))).unwrap();
    block(begun.carry_out(listen));
    bench
        .log
        .steps
        .lock()
        .unwrap()
        .retain(|s| !matches!(s, RunStep::RevertDone { .. } | RunStep::Ended { .. }));
    bench.log.fold(&mut bench.state.lock().unwrap());
    bench
        .switch
        .put(mib::IF_NAME, Scalar::Octets(b"Gi1/0/9".into()));
    bench.switch.put(mib::IF_ADMIN_STATUS, Scalar::Integer(2));
    let owed = pending_reverts(&bench.state.lock().unwrap());
    let (_c, listen) = cancel();
    let why = block(Arc::clone(&bench.executor).resume(owed[0].clone(), listen)).unwrap_err();
    assert!(
        why.as_str()
            .contains("index 5 is 'Gi1/0/9' now, and nothing else is touched in its place"),
        "{why}"
    );
    assert_eq!(bench.switch.admin(), 2, "the other port is left as it is");
    assert!(bench.log.owes());
    // the poller has seen the new numbers
    change(&mut bench.state.lock().unwrap(), SWITCH, |d| {
        let mut p = d.interfaces.remove(&IfIndex(5)).unwrap();
        p.index = IfIndex(105);
        d.interfaces.insert(p);
    });
    for (column, value) in [
        (mib::IF_NAME, Scalar::Octets(b"Gi1/0/5".into())),
        (mib::IF_ADMIN_STATUS, Scalar::Integer(2)),
    ] {
        bench
            .switch
            .port
            .lock()
            .unwrap()
            .values
            .insert(format!("{column}.105"), value);
    }
    let (_c, listen) = cancel();
    block(Arc::clone(&bench.executor).resume(owed[0].clone(), listen)).unwrap();
    let oid = format!("{}.105", mib::IF_ADMIN_STATUS);
    assert_eq!(
        bench.switch.port.lock().unwrap().values[&oid],
        Scalar::Integer(1)
    );
    assert_eq!(bench.switch.admin(), 2);
}

#[test]
fn a_dry_run_looks_and_sets_nothing() {
    let bench = bench(&[], Limits::default());
    let wish = Wish {
        plan: bench.plan(DESK, "port-shut", true),
        person: ana(),
        reason: Text::empty(),
    };
    let (_c, listen) = cancel();
    let (state, outcome) = block(async {
        bench
            .executor
            .begin(wish)
            .await
            .unwrap()
            .carry_out(listen)
            .await
    });
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::Succeeded, "dry run: the port is as planned")
    );
    assert_eq!(bench.switch.port.lock().unwrap().calls, ["get 6", "get 2"]);
    assert_eq!(kinds(&bench.log), ["planned", "started", "ended"]);
}

#[test]
fn a_touch_policy_that_became_stricter_stops_it_at_the_gate() {
    let bench = bench(&[], Limits::default());
    let mut strict = table(&bench.state.lock().unwrap());
    strict.revision = 2;
    for policy in strict.addresses.values_mut() {
        *policy = crate::model::TouchPolicy::Never;
    }
    bench.executor.gate.install(Arc::new(strict));
    let (state, outcome) = block(bench.run(DESK, "port-bounce"));
    assert_eq!(state, RunState::Failed);
    assert!(
        outcome.as_str().contains("its touch policy is never"),
        "{outcome}"
    );
    assert!(bench.executor.gate.drain_ledger().is_empty());
}

#[test]
fn a_value_is_asked_for_and_shown() {
    let bench = bench(&[], Limits::default());
    bench.switch.port.lock().unwrap().values.insert(
        "1.3.6.1.2.1.1.1.0".into(),
        Scalar::Octets(b"sw \x1b[2J v1".into()),
    );
    let (state, outcome) = block(bench.run(SWITCH, "snmp-get"));
    assert_eq!(
        (state, outcome.as_str()),
        (
            RunState::Succeeded,
            "sw \\u{1b}[2J v1".replace('\\', "\\\\").as_str()
        )
    );
    bench.switch.port.lock().unwrap().fates = vec![Fate::Lost].into();
    assert_eq!(block(bench.run(SWITCH, "snmp-get")).0, RunState::TimedOut);
    bench.switch.port.lock().unwrap().fates = vec![Fate::Said].into();
    let (state, outcome) = block(bench.run(SWITCH, "snmp-get"));
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::Failed, "the agent says genErr")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Invariant 10, whatever fails at whatever step, in the switch or in the log.
    #[test]
    fn after_any_failures_the_port_is_up_or_the_log_says_that_it_is_owed(
        fates in prop::collection::vec(0usize..5, 0..90),
        failing in prop::collection::vec(0usize..40, 0..12),
        stop in any::<bool>(),
        shut in any::<bool>(),
    ) {
        let bench = bench(&[], Limits { revert_attempts: 12, ..Limits::default() });
        bench.switch.port.lock().unwrap().fates = fates.iter().map(|f| ALL_FATES[*f]).collect();
        *bench.log.failing.lock().unwrap() = failing;
        let (canceller, listen) = cancel();
        if stop {
            *bench.clock.cancel.lock().unwrap() = Some(canceller);
        }
        let name = if shut { "port-shut" } else { "port-bounce" };
        let begun = block(bench.executor.begin(bench.wish(DESK, name)));
        let Ok(begun) = begun else {
            prop_assert!(bench.switch.port.lock().unwrap().calls.is_empty());
            return Ok(());
        };
        block(begun.carry_out(listen));
        let due = bench.log.steps().iter().any(|s| matches!(s, RunStep::RevertDue { .. }));
        let set = bench.switch.port.lock().unwrap().calls.iter().any(|c| c.starts_with("set"));
        prop_assert!(due || !set, "a SET without a way back in the log");
        prop_assert!(bench.switch.admin() == 1 || bench.log.owes());
        prop_assert!(bench.executor.at_work().is_empty());

        // the next start, with a switch and a disk that work again, sets it right
        bench.switch.port.lock().unwrap().fates.clear();
        bench.log.failing.lock().unwrap().clear();
        bench.log.fold(&mut bench.state.lock().unwrap());
        for owed in block(bench.executor.recover()) {
            let (_c, listen) = cancel();
            block(Arc::clone(&bench.executor).resume(owed, listen)).unwrap();
        }
        prop_assert_eq!(bench.switch.admin(), 1);
        prop_assert!(!bench.log.owes());
        prop_assert!(bench.clock.now() > Time(0));
    }
}
