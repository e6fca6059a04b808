//! The ledger of a process that asks because a person told it to, while nobody collects: the collector, with no source that tells
//! it anything.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::collector::{Begin, Carry, Collector};
use super::effects::Hands;
use super::hub::{Hub, Input};
use super::start::HostError;
use crate::engine::State;
use crate::event::{Body, Effect};
use crate::gate::Gate;
use crate::log::Log;
use crate::model::{Text, TouchTable};
use crate::notify::Outbox;

/// Writes down what passes the gate, each second and at its end, as the collector does; it ends when it is dropped, too.
pub struct Keeper {
    hub: Arc<Hub>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Keeper {
    /// From here on the ledger is whole, or says that it is not: when this returns, a process that is killed leaves a gap.
    /// Time passes in the log with it, so `outbox` tells what falls due.
    pub fn start(log: Box<dyn Log>, gate: &Arc<Gate>, outbox: Outbox) -> Result<Self, HostError> {
        let (hub, inputs) = Hub::new();
        // it puts no site in force, so the table of the gate stays that of whoever asks
        let carry = ByHand {
            hands: Hands::new(Arc::clone(gate), None, outbox),
            gate: Arc::clone(gate),
            before: None,
        };
        let begin = Begin {
            hub: Arc::clone(&hub),
            log,
            carry,
            recorder: None,
        };
        let mut collector = Collector::begin(begin)?;
        collector.carry.before = hub.state().standing().0;
        let thread = collector.spawn(inputs)?;
        Ok(Self {
            hub,
            thread: Some(thread),
        })
    }

    /// What is known, as who collected last left it.
    pub fn state(&self) -> Arc<State> {
        self.hub.state()
    }

    /// Lets nothing out any more and writes everything down. In a word what kept it from that, if anything did. Not for a task of
    /// a runtime: it waits.
    pub fn stop(mut self) -> Result<(), Text> {
        self.end();
        match self.hub.state().troubles.get(&Text::from("log")) {
            Some((trouble, _)) => Err(trouble.clone()),
            None => Ok(()),
        }
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let (tell, told) = oneshot::channel();
        if self.hub.input().blocking_send(Input::Stop(tell)).is_ok() {
            let _ = told.blocking_recv();
        }
        let _ = thread.join();
    }
}

/// As the hands of a collector, with a gate whose table is that of the person who asks: what becomes stricter meanwhile, as when
/// the time of an override is up, holds there at once.
struct ByHand {
    hands: Hands,
    gate: Arc<Gate>,
    /// In force when it began, which whoever asks has looked at.
    before: Option<Arc<TouchTable>>,
}

impl Carry for ByHand {
    fn carry(&mut self, effect: Effect, state: &State) {
        self.hands.carry(effect, state);
    }

    fn beat(&mut self) -> Vec<Body> {
        self.hands.beat()
    }

    fn end(&mut self) -> Vec<Body> {
        self.hands.end()
    }

    fn held_back(&mut self, table: &TouchTable) {
        let Some(before) = &self.before else {
            return;
        };
        let known = before.addresses.keys().chain(table.addresses.keys());
        let stricter = known.filter_map(|address| {
            let policy = table.policy(*address);
            (policy < before.policy(*address)).then_some((*address, policy))
        });
        self.gate.limit(stricter.collect());
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::event::{Command, ConfigAppliedV2, Event, LedgerRow};
    use crate::log::{Answer, Query, Retention, SqliteLog};
    use crate::model::{
        DeviceClass, DeviceId, DeviceSpec, PacketKind, Seq, Site, Time, TouchPolicy,
    };

    const TO: &str = "10.1.1.1";

    fn gate() -> Arc<Gate> {
        let gate = Gate::new();
        gate.install(Arc::new(TouchTable {
            revision: 1,
            addresses: [(TO.parse().unwrap(), TouchPolicy::Get)].into(),
            unknown: vec![],
            elsewhere: TouchPolicy::Never,
        }));
        gate
    }

    fn send(gate: &Gate, to: &str, count: u32) -> bool {
        let (to, kind) = (to.parse().unwrap(), PacketKind::Get);
        gate.pass(to, kind, count, &"poll by ana".into(), None, Time(5))
            .is_ok()
    }

    fn rows(dir: &std::path::Path) -> Vec<LedgerRow> {
        let asked = Query::Ledger {
            addresses: vec![TO.parse().unwrap()],
            since: Time(0),
            before: Time(i64::MAX),
            limit: 100,
        };
        match SqliteLog::open_read_only(dir).unwrap().query(&asked) {
            Answer::Ledger(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    fn open(dir: &std::path::Path) -> Box<SqliteLog> {
        Box::new(SqliteLog::open(dir, Retention::default()).unwrap())
    }

    /// A site with a ventilator that `touch` says to leave alone, and one person's word that it may be asked until `until`.
    fn overridden(until: Time) -> Vec<Event> {
        let device = DeviceSpec {
            name: "vent-1".into(),
            addresses: vec![TO.parse().unwrap()],
            class: DeviceClass::Ventilator,
            touch: Some(TouchPolicy::Passive),
            ..DeviceSpec::default()
        };
        let site = Site {
            name: "St. Anna".into(),
            devices: vec![device],
            ..Site::default()
        };
        let config = Body::Config(Box::new(ConfigAppliedV2 {
            hash: crate::config::hash(&site),
            site,
        }));
        let told = Body::Command {
            by: "ana".into(),
            command: Command::OverrideTouch {
                device: DeviceId(1),
                policy: TouchPolicy::Get,
                until,
                reason: "to see its firmware".into(),
            },
        };
        let now = Time::from_clock();
        let of = |(n, body)| Event {
            seq: Seq(n),
            time: now,
            body,
        };
        (1..).zip([config, told]).map(of).collect()
    }

    #[test]
    fn an_override_whose_time_is_up_holds_no_longer_for_who_asks_by_hand() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        let until = Time::from_clock() + Duration::from_secs(2);
        log.append(&overridden(until)).unwrap();
        log.note_end().unwrap();
        drop(log);
        let gate = Gate::new();
        let keeper = Keeper::start(open(dir.path()), &gate, Outbox::default()).unwrap();
        let (table, _) = keeper.state().standing();
        let table = table.unwrap();
        let to: IpAddr = TO.parse().unwrap();
        assert_eq!(table.policy(to), TouchPolicy::Get, "{table:?}");
        gate.install(Arc::clone(&table));
        let limit = Instant::now() + Duration::from_mins(1);
        while gate.policy(to) == Some(TouchPolicy::Get) {
            assert!(Instant::now() < limit, "it holds on");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Time::from_clock() >= until);
        // whatever table they bring
        gate.install(table);
        assert_eq!(gate.policy(to), Some(TouchPolicy::Passive));
        assert!(!send(&gate, TO, 1));
        keeper.stop().unwrap();
    }

    #[test]
    fn what_passes_the_gate_stands_in_the_ledger_at_its_end_and_nothing_passes_after() {
        let dir = tempfile::tempdir().unwrap();
        for stopped in [true, false] {
            let gate = gate();
            let keeper = Keeper::start(open(dir.path()), &gate, Outbox::default()).unwrap();
            assert!(send(&gate, TO, 2) && !send(&gate, "10.1.1.2", 3));
            if stopped {
                keeper.stop().unwrap();
            } else {
                drop(keeper);
            }
            assert!(!send(&gate, TO, 1));
        }
        let sum: u32 = rows(dir.path()).iter().map(|r| r.count).sum();
        assert_eq!(sum, 4);
        let mut log = open(dir.path());
        assert!(log.ended().unwrap(), "no gap will be said of it");
        let state = crate::host::restore(log.as_mut()).unwrap();
        let other: std::net::IpAddr = "10.1.1.2".parse().unwrap();
        let refused = state.refusals.get(&other);
        assert_eq!(refused.map(|sum| sum.0), Some(6));
        assert!(state.ledger_gaps.is_empty());
    }
}
