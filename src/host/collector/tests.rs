//! What a collector does when it goes on where another ended.

use std::sync::Mutex;

use super::*;
use crate::event::{ConfigAppliedV2, EffectKind};
use crate::log::{Retention, SqliteLog};
use crate::model::{Credential, CredentialKind, DeviceClass, DeviceSpec, SecretRef, Site};

/// Writes down what it is given.
#[derive(Clone, Default)]
struct Given(Arc<Mutex<Vec<&'static str>>>);

impl Carry for Given {
    fn carry(&mut self, effect: Effect, _state: &State) {
        let what = match effect.kind {
            EffectKind::TouchTable(table) => {
                assert!(!table.addresses.is_empty());
                "table"
            }
            EffectKind::Targets(targets) => {
                assert_eq!(targets.len(), 1);
                "targets"
            }
            _ => "other",
        };
        self.0.lock().unwrap().push(what);
    }

    fn beat(&mut self) -> Vec<Body> {
        vec![Body::Ledger(Vec::new())]
    }
}

fn site() -> Site {
    Site {
        devices: vec![DeviceSpec {
            name: "sw-1".into(),
            class: DeviceClass::Switch,
            addresses: vec!["10.0.0.2".parse().unwrap()],
            ..DeviceSpec::default()
        }],
        credentials: vec![Credential {
            name: "ro".into(),
            how: CredentialKind::V2c {
                community: SecretRef::Env("RO".into()),
            },
        }],
        ..Site::default()
    }
}

/// One life of a collecting process: what was carried out before and after its configuration, and the state at its end.
async fn live(dir: &std::path::Path) -> (usize, Vec<&'static str>, Arc<State>) {
    let (hub, inputs) = Hub::new();
    let given = Given::default();
    let collector = Collector::begin(Begin {
        hub: Arc::clone(&hub),
        log: Box::new(SqliteLog::open(dir, Retention::default()).unwrap()),
        carry: given.clone(),
        recorder: None,
    })
    .unwrap();
    let before = given.0.lock().unwrap().len();
    let config = ConfigAppliedV2 {
        hash: "one".into(),
        site: site(),
    };
    hub.input()
        .send(Input::Config(Box::new(config)))
        .await
        .unwrap();
    let (tell, told) = oneshot::channel();
    hub.input().send(Input::Stop(tell)).await.unwrap();
    collector.run(inputs).await;
    told.await.unwrap();
    let carried = given.0.lock().unwrap().clone();
    (before, carried, hub.state())
}

#[tokio::test]
async fn a_collector_that_goes_on_tells_gate_and_poller_what_stands_once_its_configuration_is_in_force()
 {
    let dir = tempfile::tempdir().unwrap();
    for life in 0..2 {
        let (before, carried, _) = live(dir.path()).await;
        assert_eq!(before, 0, "nothing goes out before the configuration");
        assert!(
            carried.contains(&"table") && carried.contains(&"targets"),
            "life {life}: {carried:?}"
        );
    }
}

#[tokio::test]
async fn the_state_that_is_left_is_that_of_the_whole_log() {
    let dir = tempfile::tempdir().unwrap();
    let (_, _, state) = live(dir.path()).await;
    let mut log = SqliteLog::open(dir.path(), Retention::default()).unwrap();
    let mut folded = State::new();
    log.read_from(Seq(0), &mut |event| {
        let _ = folded.apply(&event);
        true
    })
    .unwrap();
    assert_eq!(state.seq, folded.seq);
    assert_eq!(state.hash(), folded.hash());
}

fn gaps(state: &State) -> usize {
    state.ledger_gaps.len()
}

#[tokio::test]
async fn an_orderly_end_leaves_no_gap_in_the_ledger_and_any_other_end_one() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (_, _, state) = live(dir.path()).await;
        assert_eq!(gaps(&state), 0);
    }
    // a life that ends without a word: something was appended, and nobody noted its end
    let mut log = SqliteLog::open(dir.path(), Retention::default()).unwrap();
    let (seq, time) = log.last();
    let noted = Event {
        seq: Seq(seq.0 + 1),
        time: Time(time.0 + 7),
        body: Body::Ledger(Vec::new()),
    };
    let later = Event {
        seq: Seq(seq.0 + 2),
        time: Time(time.0 + 900),
        body: Body::Tick,
    };
    log.append(&[noted.clone(), later]).unwrap();
    log.flush().unwrap();
    drop(log);
    for _ in 0..2 {
        let (_, _, state) = live(dir.path()).await;
        assert_eq!(gaps(&state), 1, "told once, and kept");
        let gap = state.ledger_gaps[0];
        assert_eq!(gap.from, noted.time, "from the last that was written");
        assert!(gap.until >= Time(time.0 + 900));
    }
}

#[tokio::test]
async fn packets_to_protected_devices_are_noted_one_by_one_and_the_last_ones_too() {
    struct Sends(u8);
    impl Carry for Sends {
        fn carry(&mut self, _: Effect, _: &State) {}
        fn beat(&mut self) -> Vec<Body> {
            Vec::new()
        }
        fn end(&mut self) -> Vec<Body> {
            self.0 += 1;
            assert_eq!(self.0, 1);
            let row = |address: &str| crate::event::LedgerRow {
                address: address.parse().unwrap(),
                kind: crate::model::PacketKind::Reply,
                count: 1,
                first: Time(1),
                last: Time(1),
                cause: "test".into(),
            };
            vec![Body::Ledger(vec![row("10.0.0.2"), row("10.0.0.3")])]
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let (hub, inputs) = Hub::new();
    let collector = Collector::begin(Begin {
        hub: Arc::clone(&hub),
        log: Box::new(SqliteLog::open(dir.path(), Retention::default()).unwrap()),
        carry: Sends(0),
        recorder: None,
    })
    .unwrap();
    let config = ConfigAppliedV2 {
        hash: "one".into(),
        site: site(),
    };
    hub.input()
        .send(Input::Config(Box::new(config)))
        .await
        .unwrap();
    let (tell, _told) = oneshot::channel();
    hub.input().send(Input::Stop(tell)).await.unwrap();
    collector.run(inputs).await;
    let mut log = SqliteLog::open(dir.path(), Retention::default()).unwrap();
    let (mut sums, mut single) = (Vec::new(), Vec::new());
    log.read_from(Seq(0), &mut |event| {
        match event.body {
            Body::Ledger(rows) => sums.extend(rows),
            Body::Packets(rows) => single.extend(rows),
            _ => {}
        }
        true
    })
    .unwrap();
    assert_eq!((sums.len(), single.len()), (1, 1));
    // the switch may be walked; the other is known to nobody
    assert_eq!(sums[0].address.to_string(), "10.0.0.2");
    assert_eq!(single[0].address.to_string(), "10.0.0.3");
}
