//! Real programs: what they say, how they end, and that nothing of them stays.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::fake::*;
use super::*;
use crate::actions::fixture::*;
use crate::model::{PacketKind, hex};

fn limits() -> Limits {
    Limits {
        term_grace: Duration::from_millis(200),
        drain: Duration::from_millis(300),
        flush: Duration::from_millis(20),
        flood: 1 << 20,
        ..Limits::default()
    }
}

/// A remediation called `it` with these lines of TOML in its program.
fn remediation(program: &str, timeout_s: u32) -> String {
    format!(
        "name = \"it\"\ntitle = \"it\"\nrisk = \"low\"\nconfirm = \"none\"\ntimeout_s = {timeout_s}\n[[program]]\n{program}\n"
    )
}

fn sh(script: &str, timeout_s: u32) -> String {
    remediation(
        &format!("argv = [\"sh\", \"-c\", '''{script}''']"),
        timeout_s,
    )
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn run(text: &str) -> (Bench, RunState, String) {
    let bench = bench(&[("it.toml", text)], limits());
    let (state, outcome) = block(bench.run(DESK, "it"));
    (bench, state, outcome.to_string())
}

/// The first line of the output, once it is there.
async fn first_line(bench: &Bench) -> String {
    for _ in 0..1000 {
        if let Some(line) = bench.log.lines().first() {
            return line.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no output within 10 s");
}

/// A process that is gone, or waits only to be collected by whoever started it.
async fn gone(pid: &str) -> bool {
    for _ in 0..1000 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
        if status.is_err() || status.is_ok_and(|s| s.contains("State:\tZ")) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[test]
fn what_it_said_its_status_and_the_hash_of_its_output_are_in_the_log() {
    let (bench, state, outcome) = run(&remediation(
        "argv = [\"printf\", '%s\\n', \"a b\", \"$(id)\", \"*\"]",
        10,
    ));
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::Succeeded, "ended with status 0")
    );
    assert_eq!(
        bench.log.lines(),
        ["a b", "$(id)", "*"],
        "no shell had a look at it"
    );
    let (_, exit, hash, _) = bench.log.ended().unwrap();
    assert_eq!(exit, Some(0));
    assert_eq!(hash.as_str(), hex(&Sha256::digest(b"a b\n$(id)\n*\n")));
}

#[test]
fn a_status_a_signal_and_both_streams_are_told() {
    let (bench, state, outcome) = run(&sh("echo oops >&2; exit 3", 10));
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::Failed, "ended with status 3")
    );
    assert_eq!(bench.log.lines(), ["oops"]);
    assert_eq!(bench.log.ended().unwrap().1, Some(3));
    let (bench, state, outcome) = run(&sh("kill -9 $$", 10));
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::Failed, "ended by signal 9")
    );
    assert_eq!(bench.log.ended().unwrap().1, None);
}

#[test]
fn the_environment_is_the_plan_s_alone_and_stdin_is_empty() {
    let (bench, ..) = run(&remediation(
        "argv = [\"env\"]\nenv = { WHO = \"{device}\" }",
        10,
    ));
    let mut lines = bench.log.lines();
    lines.sort();
    assert_eq!(
        lines,
        [
            format!("PATH={}", super::super::catalogue::programs::PATH),
            "WHO=ws-5".into()
        ]
    );
    let (_, state, _) = run(&remediation("argv = [\"cat\"]", 10));
    assert_eq!(state, RunState::Succeeded);
    let (bench, ..) = run(&remediation("argv = [\"pwd\"]", 10));
    assert_eq!(bench.log.lines(), ["/"]);
}

#[test]
fn escape_sequences_in_the_output_are_shown_not_obeyed() {
    let (bench, ..) = run(&remediation(
        "argv = [\"printf\", '\\033]0;title\\007\\r\\n']",
        10,
    ));
    assert_eq!(bench.log.lines(), ["\\u{1b}]0;title\\u{7}"]);
}

#[test]
fn a_program_that_is_not_there_is_said_and_started_is_nothing() {
    let (bench, state, outcome) = run(&remediation(
        "argv = [\"wardwatch-nothing-of-the-kind\"]",
        10,
    ));
    assert_eq!(state, RunState::Failed);
    assert_eq!(
        outcome,
        "/nowhere/wardwatch-nothing-of-the-kind is not there, or the interpreter it names is not"
    );
    assert!(bench.log.lines().is_empty());
}

#[test]
fn a_flood_is_stopped_and_counted_and_its_end_is_kept() {
    let (bench, state, outcome) = run(&remediation("argv = [\"yes\", \"all is well\"]", 30));
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::Failed, "stopped: it said more than 1 MiB")
    );
    let kept = bench.log.lines().len();
    assert!(kept <= crate::model::OUTPUT_LINES, "{kept}");
    let dropped: u64 = bench
        .log
        .steps()
        .iter()
        .map(|s| match s {
            RunStep::Output { dropped, .. } => *dropped,
            _ => 0,
        })
        .sum();
    assert!(dropped > 1000, "{dropped}");
}

#[test]
fn one_that_ignores_sigterm_is_killed_after_its_time() {
    let (bench, state, outcome) = run(&sh("trap \"\" TERM; echo $$; while :; do sleep 1; done", 1));
    assert_eq!(
        (state, outcome.as_str()),
        (RunState::TimedOut, "stopped: it was not done after 1 s")
    );
    let pid = bench.log.lines()[0].clone();
    assert!(block(gone(&pid)));
}

#[test]
fn one_that_was_stopped_by_a_signal_still_ends_after_its_time() {
    // as a program that reads the terminal from the background is
    let (_, state, _) = run(&sh("kill -STOP $$; echo woken", 1));
    assert_eq!(state, RunState::TimedOut);
}

#[test]
fn cancel_ends_the_program_and_everything_it_started() {
    let bench = bench(
        &[("it.toml", &sh("sleep 1000 & echo $!; wait", 600))],
        limits(),
    );
    let (canceller, listen) = cancel();
    let (state, pid) = block(async {
        let begun = bench.executor.begin(bench.wish(DESK, "it")).await.unwrap();
        let work = tokio::spawn(begun.carry_out(listen));
        let pid = first_line(&bench).await;
        assert!(Path::new(&format!("/proc/{pid}")).exists());
        canceller.cancel();
        let state = work.await.unwrap().0;
        assert!(gone(&pid).await);
        (state, pid)
    });
    assert_eq!(state, RunState::Cancelled, "{pid}");
}

#[test]
fn what_a_program_leaves_behind_neither_stays_nor_holds_the_run() {
    let (bench, state, _) = run(&sh("sleep 1000 & echo $!", 600));
    assert_eq!(state, RunState::Succeeded);
    assert!(block(gone(&bench.log.lines()[0])));
}

#[test]
fn one_that_left_the_group_with_the_pipe_in_its_hand_is_not_waited_for() {
    if super::super::catalogue::programs::find("setsid").is_none() {
        println!("skipped: no setsid here");
        return;
    }
    // it ends by itself after a while; the run is over long before
    let (bench, state, _) = run(&sh("setsid sleep 60 & echo $!", 600));
    assert_eq!(state, RunState::Succeeded);
    assert_eq!(bench.log.lines().len(), 1);
    let pid: i32 = bench.log.lines()[0].parse().unwrap();
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    );
}

#[test]
fn a_run_that_is_dropped_leaves_no_process() {
    let bench = bench(
        &[("it.toml", &sh("sleep 1000 & echo $!; wait", 600))],
        limits(),
    );
    block(async {
        let begun = bench.executor.begin(bench.wish(DESK, "it")).await.unwrap();
        let (_c, listen) = cancel();
        let work = tokio::spawn(begun.carry_out(listen));
        let pid = first_line(&bench).await;
        work.abort();
        assert!(work.await.unwrap_err().is_cancelled());
        assert!(gone(&pid).await);
    });
    assert!(bench.executor.at_work().is_empty());
}

#[test]
fn its_packets_pass_the_gate_and_stand_in_the_ledger_before_it_starts() {
    let text = remediation(
        "argv = [\"true\", \"{address}\"]\npackets = [{ kind = \"ping\", count = 4 }]",
        10,
    );
    let (bench, state, _) = run(&text);
    assert_eq!(state, RunState::Succeeded);
    let rows = bench.executor.gate.drain_ledger();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].kind, rows[0].count, rows[0].cause.as_str()),
        (PacketKind::Ping, 4, "run 1 it by ana")
    );

    // the table became stricter between the plan and the start
    let mut strict = table(&bench.state.lock().unwrap());
    strict.revision = 2;
    strict
        .addresses
        .values_mut()
        .for_each(|p| *p = crate::model::TouchPolicy::Arp);
    bench.executor.gate.install(Arc::new(strict));
    let (state, outcome) = block(bench.run(DESK, "it"));
    assert_eq!(state, RunState::Failed);
    assert_eq!(
        outcome.as_str(),
        "ping to 10.31.0.12 is not allowed: its touch policy is arp"
    );
    assert!(bench.executor.gate.drain_ledger().is_empty());
}

#[test]
fn a_dry_run_without_a_command_of_its_own_starts_nothing_and_one_with_starts_that() {
    let dry = |text: &str| {
        let bench = bench(&[("it.toml", text)], limits());
        let wish = Wish {
            plan: bench.plan(DESK, "it", true),
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
        assert_eq!(state, RunState::Succeeded);
        (bench.log.lines(), outcome.to_string())
    };
    let (lines, outcome) = dry(&remediation("argv = [\"echo\", \"real\"]", 10));
    assert_eq!(outcome, "dry run: nothing was started");
    assert!(lines[1] == "argument 1: real", "{lines:?}");
    let (lines, _) = dry(&remediation(
        "argv = [\"echo\", \"real\"]\ndry_argv = [\"echo\", \"dry\"]",
        10,
    ));
    assert_eq!(lines, ["dry"]);
}

#[test]
fn a_log_that_takes_nothing_lets_no_program_start() {
    let bench = bench(&[("it.toml", &sh("echo started", 10))], limits());
    *bench.log.failing.lock().unwrap() = vec![1];
    let (state, outcome) = block(bench.run(DESK, "it"));
    assert_eq!(
        (state, outcome.as_str()),
        (
            RunState::Failed,
            "the log did not take its start: disk full"
        )
    );
    assert!(bench.log.lines().is_empty());
    *bench.log.failing.lock().unwrap() = (0..100).collect();
    let error = block(bench.executor.begin(bench.wish(DESK, "it"))).unwrap_err();
    assert!(matches!(error, StartError::NotWritten { .. }));
}

#[test]
fn lines_the_log_did_not_take_are_counted_in_the_next_that_it_takes() {
    let bench = bench(
        &[(
            "it.toml",
            &sh("echo one; sleep 0.3; echo two; sleep 0.3; echo three", 10),
        )],
        limits(),
    );
    // planned, started, then the first line
    *bench.log.failing.lock().unwrap() = vec![2];
    block(bench.run(DESK, "it"));
    let output: Vec<(usize, u64)> = bench
        .log
        .steps()
        .iter()
        .filter_map(|s| match s {
            RunStep::Output { lines, dropped, .. } => Some((lines.len(), *dropped)),
            _ => None,
        })
        .collect();
    let lines: usize = output.iter().map(|o| o.0).sum();
    let dropped: u64 = output.iter().map(|o| o.1).sum();
    assert_eq!(lines as u64 + dropped, 3, "{output:?}");
    assert!(dropped >= 1);
}
