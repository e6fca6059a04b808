//! Echo requests to devices that may be pinged and are not asked by SNMP: the third fact of reachability, where it is allowed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::hub::Hub;
use crate::engine::State;
use crate::event::Observation;
use crate::gate::Gate;
use crate::model::{Device, PacketKind, Reach, Text, Time};
use crate::sources::ping::Pinger;

/// Between two requests, so that a round is no burst.
const PACE: Duration = Duration::from_millis(5);
/// How long an answer is waited for.
const WAIT: Duration = Duration::from_secs(2);
/// Requests under way at once.
const UNDER_WAY: usize = 256;

/// Pings in rounds of the site's interval for endpoints, as long as somebody listens.
pub(super) async fn pings(hub: Arc<Hub>, gate: Arc<Gate>, sink: mpsc::Sender<Vec<Observation>>) {
    let pinger = match Pinger::start(&gate) {
        Ok(pinger) => pinger,
        Err(error) => {
            tracing::info!("no pings: {error}");
            hub.note_source("pings", format!("none: {error}"), false);
            return;
        }
    };
    let cause = Text::from("ping status");
    loop {
        let state = hub.state();
        let wanted = wanted(&state);
        let every = state.site.intervals.endpoint_s.max(10);
        hub.note_source(
            "pings",
            format!("{} devices, every {every} s", wanted.len()),
            true,
        );
        let round = Duration::from_secs(u64::from(every));
        let next = tokio::time::Instant::now() + round;
        let mut under_way = JoinSet::new();
        for address in wanted {
            if under_way.len() >= UNDER_WAY && !tell(under_way.join_next().await, &sink).await {
                return;
            }
            let (pinger, cause) = (pinger.clone(), cause.clone());
            under_way.spawn(async move {
                let result = pinger.ping(address, WAIT, &cause, None).await;
                result.observation(address, Time::from_clock())
            });
            tokio::time::sleep(PACE).await;
        }
        while !under_way.is_empty() {
            if !tell(under_way.join_next().await, &sink).await {
                return;
            }
        }
        tokio::time::sleep_until(next).await;
    }
}

/// Who may be pinged and is not asked otherwise. The gate judges each again.
fn wanted(state: &State) -> Vec<IpAddr> {
    let may = |d: &&Arc<Device>| {
        d.touch.policy.allows(PacketKind::Ping) && d.snmp.reach == Reach::NotAsked
    };
    state
        .devices
        .values()
        .filter(may)
        .filter_map(|d| d.address)
        .collect()
}

/// Hands one result on. `false` when nobody listens any more.
async fn tell(
    result: Option<Result<Option<crate::event::ObsPingV1>, tokio::task::JoinError>>,
    sink: &mpsc::Sender<Vec<Observation>>,
) -> bool {
    match result {
        Some(Ok(Some(seen))) => sink.send(vec![Observation::Ping(seen)]).await.is_ok(),
        _ => true,
    }
}
