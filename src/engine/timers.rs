//! What is due without an event of its own. Every event brings the time with it, a tick only that.

use std::time::Duration;

use crate::model::Time;

use super::fold::Out;
use super::memory::Timer;
use super::state::State;

/// Most timers that one event carries out; the rest goes with the next.
const AT_ONCE: usize = 100_000;

/// What is learned so long one after the other makes one change of targets.
const SETTLE: Duration = Duration::from_secs(2);

impl State {
    /// When the next [`crate::event::Body::Tick`] is needed, if at all.
    pub fn due(&self) -> Option<Time> {
        self.memory.timers.get_min().map(|(at, _)| *at)
    }

    pub(super) fn run_timers(&mut self, out: &mut Out) {
        for _ in 0..AT_ONCE {
            match self.memory.timers.get_min() {
                Some((at, _)) if *at <= out.now => {}
                _ => return,
            }
            if let Some((_, timer)) = self.memory.timers.remove_min() {
                self.run_timer(timer, out);
            }
        }
    }

    fn run_timer(&mut self, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Hold(alert) => {
                if self.memory.held.contains(&alert) {
                    out.expired.insert(alert);
                    if let Some(device) = self.alerts.get(&alert).and_then(|a| a.device) {
                        out.judge.insert(device);
                    }
                }
            }
            Timer::AckUntil(alert) => self.acknowledge_expired(alert, out),
            Timer::AutoClose(alert) => self.auto_close(alert, out),
            Timer::Override(device) => self.override_over(device, out),
            Timer::Asked(device) => self.asked_over(device, out),
            Timer::Grace(device) => {
                let over = self
                    .memory
                    .grace
                    .get(&device)
                    .is_some_and(|(until, _)| *until <= out.now);
                if over {
                    self.memory.grace.remove(&device);
                    out.judge.insert(device);
                }
            }
            Timer::Reread(switch) => {
                let over = self
                    .memory
                    .settling
                    .get(&switch)
                    .is_some_and(|until| *until <= out.now);
                if over {
                    self.memory.settling.remove(&switch);
                    out.tables
                        .extend(self.devices.get(&switch).and_then(|d| d.address));
                }
            }
            Timer::Stale(device) => self.grow_stale(device, out),
            Timer::Quiet(device) => self.gone_quiet(device, out),
            Timer::Binding(address) => self.expire_bindings(address, out),
            Timer::Revert(run) => self.revert_due(run, out),
            Timer::Conduct(device) => self.conduct_due(device, out),
            Timer::Suspect(device) => self.judge_suspect(device, out),
            Timer::Sensors(device) => {
                out.review.insert(device);
            }
            Timer::Targets => {
                self.memory.targets_waiting = false;
                out.targets = true;
            }
        }
    }

    /// Targets are to be made anew, once for all that is learned within a short while: at a start that is much.
    pub(super) fn targets_soon(&mut self, out: &Out) {
        if !std::mem::replace(&mut self.memory.targets_waiting, true) {
            let at = out.now + SETTLE;
            self.memory.timers.insert((at, Timer::Targets));
        }
    }
}
