//! The collector with a disk that fills and empties again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::{Begin, Carry, Collector, Hub, Input};
use crate::engine::State;
use crate::event::{Body, Command, ConfigAppliedV2, Effect, Event, ObsNameV1, Observation};
use crate::log::{Answer, Log, LogError, MemoryLog, Query};
use crate::model::{Change, DeviceId, DeviceSpec, Seq, Site, Text, Time};

/// A log on a disk that can be full.
struct Disk {
    log: MemoryLog,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> Result<(), LogError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(LogError::Full {
                place: "record.db".into(),
            });
        }
        Ok(())
    }
}

impl Log for Disk {
    fn append(&mut self, events: &[Event]) -> Result<(), LogError> {
        self.room()?;
        self.log.append(events)
    }
    fn flush(&mut self) -> Result<(), LogError> {
        self.room()?;
        self.log.flush()
    }
    fn last(&self) -> (Seq, Time) {
        self.log.last()
    }
    fn read_from(
        &mut self,
        after: Seq,
        each: &mut dyn FnMut(Event) -> bool,
    ) -> Result<(), LogError> {
        self.log.read_from(after, each)
    }
    fn snapshot(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LogError> {
        self.log.snapshot()
    }
    fn keep_snapshot(&mut self, at: Seq, time: Time, bytes: &[u8]) -> Result<(), LogError> {
        self.room()?;
        self.log.keep_snapshot(at, time, bytes)
    }
    fn snapshot_before(&mut self, time: Time) -> Result<Option<(Seq, Time, Vec<u8>)>, LogError> {
        self.log.snapshot_before(time)
    }
    fn whole_after(&self) -> Result<Seq, LogError> {
        self.log.whole_after()
    }
    fn earliest(&mut self) -> Result<Option<Time>, LogError> {
        self.log.earliest()
    }
    fn note_changes(&mut self, changes: &[(DeviceId, Change)]) -> Result<(), LogError> {
        self.room()?;
        self.log.note_changes(changes)
    }
    fn query(&mut self, query: &Query) -> Answer {
        self.log.query(query)
    }
    fn retain(&mut self, now: Time) -> Result<(), LogError> {
        self.log.retain(now)
    }
}

struct Nobody;

impl Carry for Nobody {
    fn carry(&mut self, _: Effect, _: &State) {}
    fn beat(&mut self) -> Vec<Body> {
        Vec::new()
    }
}

fn named(name: &str) -> Observation {
    Observation::Name(ObsNameV1 {
        at: Time(1),
        address: "10.0.0.7".parse().unwrap(),
        name: name.into(),
    })
}

fn note(words: &str) -> Body {
    Body::Command {
        by: "ana".into(),
        command: Command::Note {
            device: DeviceId(0),
            note: words.into(),
        },
    }
}

async fn until(hub: &Hub, what: &str, is: impl Fn(&State) -> bool) {
    for _ in 0..1000 {
        if is(&hub.state()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain for {what}");
}

#[test]
fn a_full_disk_is_said_refuses_deeds_keeps_showing_and_loses_nothing_once_there_is_room() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (hub, inputs) = Hub::new();
        let full = Arc::new(AtomicBool::new(false));
        let log = Box::new(Disk {
            log: MemoryLog::new(),
            full: Arc::clone(&full),
        });
        let collector = Collector::begin(Begin {
            hub: Arc::clone(&hub),
            log,
            carry: Nobody,
            recorder: None,
        })
        .unwrap();
        let work = tokio::spawn(collector.run(inputs));

        let device = DeviceSpec {
            name: "pump-1".into(),
            addresses: vec!["10.0.0.7".parse().unwrap()],
            ..DeviceSpec::default()
        };
        let site = Site {
            name: "t".into(),
            devices: vec![device],
            ..Site::default()
        };
        let config = ConfigAppliedV2 {
            hash: "h".into(),
            site,
        };
        hub.input()
            .send(Input::Config(Box::new(config)))
            .await
            .unwrap();
        until(&hub, "the site", |s| !s.config_hash.is_empty()).await;
        assert!(hub.durable(note("before")).await.is_ok());

        full.store(true, Ordering::SeqCst);
        let refused = hub.durable(note("while full")).await.unwrap_err();
        assert!(refused.as_str().contains("no space left"), "{refused}");
        hub.input()
            .send(Input::Observations(vec![named("seen-while-full")]))
            .await
            .unwrap();
        until(&hub, "what was seen while the disk was full", |s| {
            s.devices.values().any(|d| {
                d.facts
                    .values()
                    .any(|f| f.value.as_str() == "seen-while-full")
            })
        })
        .await;
        until(&hub, "the trouble", |s| {
            s.troubles.contains_key(&Text::from("log"))
        })
        .await;

        full.store(false, Ordering::SeqCst);
        until(&hub, "the end of the trouble", |s| {
            !s.troubles.contains_key(&Text::from("log"))
        })
        .await;
        let seq = hub.durable(note("after")).await.unwrap();
        let kept = match hub
            .query(Query::Deeds {
                before: Time(i64::MAX),
                limit: 10,
            })
            .await
        {
            Answer::Deeds(kept) => kept,
            other => panic!("{other:?}"),
        };
        let notes: Vec<String> = kept
            .iter()
            .filter_map(|e| match &e.body {
                Body::Command {
                    command: Command::Note { note, .. },
                    ..
                } => Some(note.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(notes, ["after", "before"]);
        assert!(kept.iter().any(|e| e.seq == seq));

        let (tell, told) = oneshot::channel();
        hub.input().send(Input::Stop(tell)).await.unwrap();
        told.await.unwrap();
        work.await.unwrap();
        assert!(hub.ended());
    });
}
