//! Discovery by ARP: who is in the segments that this machine is in, asked gently and only where the site wants it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::hub::Hub;
use crate::event::{ObsSourceV1, Observation};
use crate::gate::{Gate, Interface};
use crate::model::{Text, Time};
use crate::sources::Stop;
use crate::sources::arp::{Discovery, Pace, Sweep, discoveries};

/// After a start: others who start with it, and the first touch table, go first.
const FIRST: Duration = Duration::from_secs(5);
/// How often it is looked what is due.
const LOOK: Duration = Duration::from_secs(5);
/// Sweeps under way at once, each in a segment of its own.
const UNDER_WAY: usize = 8;
/// Answers handed on at a time.
const BATCH: usize = 64;

/// Which sweep: by segment and interface.
type Place = (Text, Text);

/// Sweeps what is due, as long as somebody listens. Dropping the future stops what is under way.
pub(super) async fn sweeps(hub: Arc<Hub>, gate: Arc<Gate>, sink: mpsc::Sender<Vec<Observation>>) {
    let stop = StopOnDrop(Stop::new());
    let mut due: BTreeMap<Place, Instant> = BTreeMap::new();
    let mut busy: BTreeSet<Place> = BTreeSet::new();
    let mut under_way: JoinSet<(Place, String)> = JoinSet::new();
    let mut troubles: BTreeMap<Place, String> = BTreeMap::new();
    tokio::time::sleep(FIRST).await;
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            Some(ended) = under_way.join_next() => {
                if let Ok((place, trouble)) = ended {
                    busy.remove(&place);
                    if !tell(&mut troubles, place, trouble, &sink).await {
                        return;
                    }
                }
                continue;
            }
        }
        let state = hub.state();
        if gate
            .policy(std::net::Ipv4Addr::UNSPECIFIED.into())
            .is_none()
        {
            // no touch table yet
            continue;
        }
        if !state
            .site
            .segments
            .iter()
            .any(|s| s.sweeps_every(state.site.discovery).is_some())
        {
            due.clear();
            continue;
        }
        let Ok(interfaces) = tokio::task::spawn_blocking(Interface::list).await else {
            continue;
        };
        let wanted = discoveries(&state.site, &interfaces);
        let now = Instant::now();
        let places: BTreeSet<Place> = wanted.iter().map(place).collect();
        due.retain(|place, _| places.contains(place));
        for discovery in wanted {
            let place = place(&discovery);
            let at = due.get(&place).copied().unwrap_or(now);
            if at > now || busy.contains(&place) || under_way.len() >= UNDER_WAY {
                continue;
            }
            due.insert(
                place.clone(),
                now + Duration::from_secs(u64::from(discovery.every_s)),
            );
            busy.insert(place.clone());
            let (gate, sink, stop) = (Arc::clone(&gate), sink.clone(), stop.0.clone());
            under_way.spawn_blocking(move || {
                let trouble = sweep(&discovery, &gate, &stop, &sink);
                (place, trouble)
            });
        }
    }
}

struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn place(discovery: &Discovery) -> Place {
    let interface = discovery.interface.name.as_str().into();
    (discovery.segment.clone(), interface)
}

/// One sweep. What is wrong with it, or nothing.
fn sweep(
    discovery: &Discovery,
    gate: &Arc<Gate>,
    stop: &Stop,
    sink: &mpsc::Sender<Vec<Observation>>,
) -> String {
    let sweep = Sweep {
        segment: discovery.plan(),
        pace: Pace::PerSecond(discovery.rate),
        cap: None,
        retry: true,
        cause: Text::from("discovery"),
    };
    let mut batch = Vec::new();
    let result = sweep.run(gate, stop, |arp| {
        batch.push(Observation::Arp(arp));
        if batch.len() >= BATCH && sink.blocking_send(std::mem::take(&mut batch)).is_err() {
            stop.stop();
        }
    });
    let _ = sink.blocking_send(batch);
    match result {
        Ok(summary) => {
            tracing::debug!(
                "discovery in {}: {} of {} answered, {} left out",
                discovery.segment,
                summary.answered,
                summary.asked,
                summary.left_out
            );
            String::new()
        }
        Err(error) => error.to_string(),
    }
}

/// Says what is wrong where, and when it is well again. `false` when nobody listens any more.
async fn tell(
    troubles: &mut BTreeMap<Place, String>,
    place: Place,
    trouble: String,
    sink: &mpsc::Sender<Vec<Observation>>,
) -> bool {
    let source = Text::from(format!("discovery in {} on {}", place.0, place.1));
    let before = troubles.insert(place, trouble.clone()).unwrap_or_default();
    if before == trouble {
        return true;
    }
    let seen = ObsSourceV1 {
        at: Time::from_clock(),
        source,
        trouble: trouble.into(),
        dropped: 0,
    };
    sink.send(vec![Observation::Source(seen)]).await.is_ok()
}
