//! Starts a program and sees it to its end.
//!
//! No shell; stdin is empty; the environment is the plan's alone; the program leads a process group of its own, and that group is
//! ended whole: at the timeout, when a person stops the run, and when the program itself has ended but something it started
//! has not. Whoever holds the pipe open beyond that is not waited for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::cancel::Cancel;
use super::output::Partial;
use super::report::Report;
use super::{End, Limits};
use crate::model::{RunState, Text};

/// The process group of a program. What is left of it is killed when this is dropped, also when the run is.
struct Group(Pid);

impl Group {
    fn send(&self, signal: Signal) {
        // the group may have ended on its own: then there is nobody to tell
        let _ = kill_process_group(self.0, signal);
    }

    /// The leader has ended. It is not reaped by the question, so its number can't be given to another group meanwhile.
    fn leader_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(self.0), options), Ok(None))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// At work.
    Running,
    /// Asked to end, for this reason.
    Ending(RunState),
    /// Killed, for this reason.
    Killed(RunState),
    /// Ended by itself; what is still in the pipes is read.
    Draining,
}

/// Runs it. What it says goes to `report`.
pub(super) async fn run(
    argv: &[Text],
    env: &BTreeMap<Text, Text>,
    timeout: Duration,
    limits: &Limits,
    report: &mut Report<'_>,
    cancel: &mut Cancel,
) -> End {
    // before the program starts, so that its end can't be missed
    let mut children = match signal(SignalKind::child()) {
        Ok(children) => children,
        Err(error) => return End::failed(format!("the system refused: {error}")),
    };
    let mut child = match start(argv, env) {
        Ok(child) => child,
        Err(end) => return end,
    };
    let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return End::failed("the program has no output".into());
    };
    let Some(group) = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw)
        .map(Group)
    else {
        return End::failed("the program ended before it began".into());
    };
    // from here on the group is ended whatever happens to this future
    let guard = Ended(Some(group));

    let mut phase = Phase::Running;
    let mut deadline = Instant::now() + timeout;
    let mut flush = interval(limits.flush);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut out = Stream::default();
    let mut err = Stream::default();
    let mut ended = false;
    loop {
        let running = phase == Phase::Running;
        tokio::select! {
            biased;
            () = cancel.cancelled(), if running => {
                phase = Phase::Ending(RunState::Cancelled);
                guard.send(Signal::TERM);
                deadline = Instant::now() + limits.term_grace;
            }
            () = sleep_until(deadline) => match phase {
                Phase::Running => {
                    phase = Phase::Ending(RunState::TimedOut);
                    guard.send(Signal::TERM);
                    deadline = Instant::now() + limits.term_grace;
                }
                Phase::Ending(why) => {
                    phase = Phase::Killed(why);
                    guard.send(Signal::KILL);
                    deadline = Instant::now() + limits.drain;
                }
                Phase::Killed(_) | Phase::Draining => break,
            },
            _ = flush.tick() => report.flush().await,
            _ = children.recv(), if !ended => {}
            got = stdout.read(&mut out.buffer), if out.open => out.take(&got, report),
            got = stderr.read(&mut err.buffer), if err.open => err.take(&got, report),
        }
        if !ended && guard.leader_ended() {
            ended = true;
            // the program is done; what it left behind is not allowed to stay
            guard.send(Signal::KILL);
            if phase == Phase::Running {
                phase = Phase::Draining;
            }
            deadline = Instant::now() + limits.drain;
        }
        if report.bytes() > limits.flood && phase == Phase::Running {
            phase = Phase::Killed(RunState::Failed);
            guard.send(Signal::KILL);
            deadline = Instant::now() + limits.drain;
        }
        if ended && !out.open && !err.open {
            break;
        }
    }
    guard.send(Signal::KILL);
    // a process that hangs in the kernel outlives even this; nobody waits for it for ever
    let status = tokio::time::timeout(limits.reap, child.wait()).await;
    guard.reaped();
    report.close(&mut out.partial);
    report.close(&mut err.partial);
    report.flush().await;
    verdict(
        phase,
        status.ok().and_then(Result::ok),
        timeout,
        limits.flood,
    )
}

fn start(argv: &[Text], env: &BTreeMap<Text, Text>) -> Result<Child, End> {
    let os = |text: &Text| OsString::from_vec(text.unescape());
    let Some((program, arguments)) = argv.split_first() else {
        return Err(End::failed("there is no program to start".into()));
    };
    let mut command = Command::new(os(program));
    command
        .args(arguments.iter().map(os))
        .env_clear()
        .envs(env.iter().map(|(name, value)| (os(name), os(value))))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().map_err(|error| {
        End::failed(match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("{program} is not there, or the interpreter it names is not")
            }
            std::io::ErrorKind::PermissionDenied => format!("{program} may not be executed"),
            _ => format!("{program} could not be started: {error}"),
        })
    })
}

/// Ends a group that is still there when the run is dropped.
struct Ended(Option<Group>);

impl Ended {
    fn send(&self, signal: Signal) {
        if let Some(group) = &self.0 {
            group.send(signal);
            // a stopped process takes no notice of a signal until it goes on
            group.send(Signal::CONT);
        }
    }

    fn leader_ended(&self) -> bool {
        self.0.as_ref().is_none_or(Group::leader_ended)
    }

    fn reaped(mut self) {
        self.0 = None;
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.send(Signal::KILL);
    }
}

struct Stream {
    open: bool,
    partial: Partial,
    buffer: Vec<u8>,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            open: true,
            partial: Partial::default(),
            buffer: vec![0; 16 << 10],
        }
    }
}

impl Stream {
    fn take(&mut self, got: &std::io::Result<usize>, report: &mut Report<'_>) {
        match got {
            Ok(0) | Err(_) => self.open = false,
            Ok(n) => {
                if let Some(bytes) = self.buffer.get(..*n) {
                    report.feed(&mut self.partial, bytes);
                }
            }
        }
    }
}

fn verdict(phase: Phase, status: Option<ExitStatus>, timeout: Duration, flood: u64) -> End {
    use std::os::unix::process::ExitStatusExt as _;
    let exit = status.and_then(|s| s.code());
    let (state, outcome) = match phase {
        Phase::Ending(RunState::Cancelled) | Phase::Killed(RunState::Cancelled) => (
            RunState::Cancelled,
            "stopped, with everything it had started".to_owned(),
        ),
        Phase::Ending(RunState::TimedOut) | Phase::Killed(RunState::TimedOut) => (
            RunState::TimedOut,
            format!("stopped: it was not done after {} s", timeout.as_secs()),
        ),
        Phase::Ending(_) | Phase::Killed(_) => (
            RunState::Failed,
            format!("stopped: it said more than {} MiB", flood >> 20),
        ),
        Phase::Running | Phase::Draining => match (exit, status.and_then(|s| s.signal())) {
            (Some(0), _) => (RunState::Succeeded, "ended with status 0".to_owned()),
            (Some(code), _) => (RunState::Failed, format!("ended with status {code}")),
            (None, Some(signal)) => (RunState::Failed, format!("ended by signal {signal}")),
            (None, None) => (RunState::Failed, "nobody knows how it ended".to_owned()),
        },
    };
    End {
        state,
        exit,
        outcome: Text::from(outcome),
    }
}
