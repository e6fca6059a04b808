//! What the handles of the poller want of it: credentials, targets, questions.

use std::net::{IpAddr, SocketAddr};

use rustc_hash::FxHashMap;

use super::super::task::{Command, Sink, Task, With};
use super::ahead::TOGETHER;
use super::{DRAIN, Driver};
use crate::event::{Job, Target};
use crate::gate::Inbox;

/// Agents that wait for a place in the window: what comes in one turn frees no more.
const AHEAD: usize = DRAIN * Inbox::BATCH;

/// Silent ones beside which others are taken up: each costs some kilobytes until it is given up.
const SILENT: usize = 16_384;

impl Driver {
    pub(super) fn obey(&mut self, command: Command) {
        let now = self.now_ms();
        match command {
            Command::Logins(logins) => {
                self.logins.set(logins);
                for index in 0..self.devices.len() as u32 {
                    self.at(index).refused_until_ms = None;
                    self.rearm(index);
                }
            }
            Command::Targets(targets) => self.aim(&targets, now),
            Command::Plans(plans) => self.plan(plans),
            Command::Budgets(budgets) => self.allowance.set(budgets, now),
            Command::Quirks(quirks) => self.lessons.set_table(&quirks, now),
            Command::Probe(addresses) => {
                for index in self.scheduled(&addresses) {
                    let device = self.at(index);
                    if device.breaker.open_until().is_some() {
                        device.breaker.half_open(now);
                    } else if let Some(due) = device.due_mut(Job::Status) {
                        due.at_ms = now;
                    }
                    self.advance(index);
                }
            }
            Command::ReadTables(addresses) => {
                for index in self.scheduled(&addresses) {
                    let device = self.at(index);
                    if let Some(due) = device.due_mut(Job::Tables) {
                        due.at_ms = now;
                        self.advance(index);
                    }
                }
            }
            Command::Once(feed) => self.feeds.push_back(*feed),
            Command::Task(to, task) => self.submit(to, *task),
            Command::Stop => {}
        }
    }

    pub(super) fn submit(&mut self, to: SocketAddr, task: Task) {
        let index = self.index_of(to);
        let queue = &mut self.at(index).queue;
        if queue.capacity() == 0 {
            // mostly it is one alone, and room for more would be held for each agent
            queue.reserve_exact(1);
        }
        queue.push_back(task);
        self.advance(index);
    }

    /// Takes up more of those that are asked once: as many as there is room for in the window, and some that wait.
    pub(super) fn feed(&mut self) {
        let window = self.window.limit();
        let ahead = window.min(AHEAD) + self.silent.min(SILENT);
        let most = window.saturating_add(ahead);
        for at in 0..self.feeds.len() {
            let mut brought = 0;
            while let Some((to, share, class)) = self.feeds[at].next(most) {
                if brought == 0 {
                    self.bring(&mut std::iter::once(to).chain(self.feeds[at].ahead()));
                    brought = TOGETHER;
                }
                brought -= 1;
                if self.config.polite.is_some() {
                    self.settle(to, share.closet, share.uplink);
                }
                let feed = &self.feeds[at];
                let task = Task {
                    kind: feed.kind.clone(),
                    with: With::Names(share.offer),
                    cause: feed.cause.clone(),
                    permit: None,
                    sink: Sink::Once(feed.sink.clone()),
                    tries: None,
                    within: feed.within,
                    meets: feed.kind.meets().then_some(class),
                };
                self.submit(to, task);
            }
        }
        self.feeds.retain(|f| !f.is_over());
    }

    /// An agent that is asked once takes its place at its lines; one that is asked on schedule has it.
    fn settle(&mut self, to: SocketAddr, closet: u32, uplink: u32) {
        let (now, index) = (self.now_ms(), self.index_of(to));
        let device = &mut self.devices[index as usize];
        if device.target.is_none() {
            device.place = self.allowance.settle(device.place, closet, uplink, now);
        }
    }

    pub(super) fn aim(&mut self, targets: &[Target], now: u64) {
        let mut wanted: FxHashMap<SocketAddr, &Target> = FxHashMap::default();
        for target in targets {
            let to = SocketAddr::new(target.address.to_canonical(), target.port);
            wanted.insert(to, target);
        }
        for index in 0..self.devices.len() as u32 {
            let device = self.at(index);
            if device.target.is_some() && !wanted.contains_key(&device.to) {
                device.target = None;
                device.jobs.clear();
                let place = std::mem::take(&mut device.place);
                self.allowance.settle(place, 0, 0, now);
                self.retire(index);
            }
        }
        self.counters.targets.set(wanted.len() as u64);
        for (to, target) in wanted {
            let index = self.index_of(to);
            let device = &mut self.devices[index as usize];
            device.aim(target, now);
            self.rank_jobs(index);
            let device = &mut self.devices[index as usize];
            device.place = self
                .allowance
                .settle(device.place, target.closet, target.uplink, now);
            self.rearm(index);
        }
        self.count_stretched();
    }

    pub(super) fn scheduled(&self, addresses: &[IpAddr]) -> Vec<u32> {
        let addresses: Vec<IpAddr> = addresses.iter().map(IpAddr::to_canonical).collect();
        let mut found: Vec<u32> = self
            .by_address
            .iter()
            .filter(|(to, _)| addresses.contains(&to.ip()))
            .map(|(_, index)| *index)
            .collect();
        found.retain(|index| {
            self.devices
                .get(*index as usize)
                .is_some_and(|d| d.target.is_some())
        });
        found
    }
}
