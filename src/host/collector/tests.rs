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
