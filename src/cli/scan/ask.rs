//! Who was found is asked for its name: by SNMP itself, and of the DNS.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::finds::Finds;
use super::lines::{BURST, Lines};
use super::{LOOK, Wire};
use crate::event::{Observation, PollOutcome, Target};
use crate::model::DeviceClass;
use crate::sources::Stop;
use crate::sources::dns::{Asked, DnsConfig, Resolver};
use crate::sources::snmp::{Poller, PollerConfig, poll_because, strongest_first};

/// How long names are waited for.
const NAMES: Duration = Duration::from_secs(3);

/// Ends when it is told to stop.
async fn until_stopped(stop: &Stop) {
    while !stop.is_stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Who waits for an answer at the same time, unless it is in haste.
const WINDOW: usize = 64;

impl Wire<'_> {
    /// One SNMP system GET of each that may be asked.
    pub(super) fn ask(
        &self,
        runtime: &Runtime,
        all: BTreeSet<IpAddr>,
        finds: &mut Finds,
    ) -> Result<()> {
        let _inside = runtime.enter();
        let (sink, mut rest) = mpsc::channel(16);
        runtime.spawn(async move { while rest.recv().await.is_some() {} });
        let lines = Lines::of(&all, self.words.site(), self.plan, self.pace());
        let usual = PollerConfig::default();
        let config = PollerConfig {
            window: if self.args.fast { usual.window } else { WINDOW },
            // the silent are asked once more, as a sweep does
            retries: 1,
            polite: Some(BURST),
            ..usual
        };
        let poller = Poller::start(Arc::clone(self.gate), sink, config)
            .wrap_err("opening the poller's socket")?;
        poller.set_budgets(Arc::new(lines.budgets.clone()));
        let logins = &self.words.credentials;
        poller.set_logins(logins.clone());
        let credentials = strongest_first(logins);
        let target = |address| Target {
            address,
            port: self.args.snmp_port,
            credentials: credentials.clone(),
            class: DeviceClass::Unknown,
            jobs: Vec::new(),
            confirm_s: 10,
            model: 0,
            closet: 0,
            uplink: lines.number(address),
            v2c_fallback: false,
            answers_from_any_address: false,
            in_flight: 1,
        };
        let targets: Vec<Target> = all.into_iter().map(target).collect();
        let asking = poll_because(&poller, &targets, "status", self.cause.clone(), |r| {
            if r.poll.outcome == PollOutcome::Answered {
                let found = finds.by_address.entry(r.address).or_default();
                found.how = if found.how.is_empty() {
                    "snmp"
                } else {
                    found.how
                };
                found.system.clone_from(&r.poll.system);
                finds.observations.push(Observation::Poll(Box::new(r.poll)));
            }
        });
        runtime.block_on(async {
            tokio::select! {
                _ = asking => {}
                () = until_stopped(self.stop) => poller.stop(),
            }
        });
        Ok(())
    }
}

/// Names from the DNS; loopback addresses have none worth asking for.
pub fn name_all(runtime: &Runtime, stop: &Stop, finds: &mut Finds) {
    let wanted: Vec<IpAddr> = finds
        .by_address
        .keys()
        .copied()
        .filter(|a| !a.is_loopback())
        .collect();
    if wanted.is_empty() {
        return;
    }
    let _inside = runtime.enter();
    let (sink, mut learned) = mpsc::channel(64);
    let Ok(resolver) = Resolver::start(DnsConfig::default(), sink) else {
        return;
    };
    let mut waiting = wanted
        .iter()
        .filter(|a| matches!(resolver.ask(**a), Asked::Waiting))
        .count();
    let end = tokio::time::Instant::now() + NAMES;
    runtime.block_on(async {
        while waiting > 0 {
            // those without a name are not told, so the end is a matter of time
            let batch = tokio::select! {
                batch = tokio::time::timeout_at(end, learned.recv()) => batch,
                () = until_stopped(stop) => return,
            };
            let Ok(Some(batch)) = batch else {
                return;
            };
            for observation in batch {
                let Observation::Name(named) = &observation else {
                    continue;
                };
                waiting = waiting.saturating_sub(1);
                if let Some(found) = finds.by_address.get_mut(&named.address) {
                    found.name = named.name.clone();
                }
                finds.observations.push(observation);
            }
        }
    });
}
