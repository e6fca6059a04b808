//! What was heard on its way to those who wait for it.

use std::net::SocketAddr;

use rustc_hash::FxHashMap;

use super::super::device::Device;
use super::super::feed::Feed;
use super::super::once::PollResult;
use super::Driver;

/// So much is told at once even while answers come without a pause.
const MANY: usize = 1_024;

/// Results of those who are asked once, with what their agents did wrong.
pub(super) fn results_of(
    feed: &mut Feed,
    by_address: &FxHashMap<SocketAddr, u32>,
    devices: &mut [Device],
) -> Vec<PollResult> {
    let mut results = std::mem::take(&mut feed.results);
    for result in &mut results {
        let to = SocketAddr::new(result.address, result.port);
        let device = by_address
            .get(&to)
            .and_then(|i| devices.get_mut(*i as usize));
        result.faults = device.map(Device::faults_for_once).unwrap_or_default();
    }
    results
}

impl Driver {
    /// Whoever listens is told when much has come, though more comes: a flood must keep nothing from anybody.
    pub(super) fn tell_much(&mut self) {
        if self.out.len() >= MANY
            && let Ok(place) = self.sink.try_reserve()
        {
            place.send(std::mem::take(&mut self.out));
        }
        let mut told = false;
        let much = |feed: &&mut Feed| feed.results.len() >= MANY / 4;
        for feed in self.feeds.iter_mut().filter(much) {
            let sink = feed.sink.clone();
            if let Ok(place) = sink.try_reserve() {
                place.send(results_of(feed, &self.by_address, &mut self.devices));
                told = true;
            }
        }
        if told {
            self.feeds.retain(|f| !f.is_over());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::super::super::PollerConfig;
    use super::super::super::job::Kind;
    use super::super::super::stats::Counters;
    use super::*;
    use crate::event::{ArpHow, ObsArpV1, ObsPollV1, Observation, PollOutcome};
    use crate::gate::Gate;
    use crate::model::Time;

    fn heard() -> Observation {
        Observation::Arp(ObsArpV1 {
            at: Time(1),
            address: "10.1.1.1".parse().unwrap(),
            mac: "00:09:fb:01:02:03".parse().unwrap(),
            how: ArpHow::Answer,
            interface: "eth0".into(),
        })
    }

    fn answered() -> PollResult {
        let address = "10.1.1.1".parse().unwrap();
        PollResult {
            address,
            port: 161,
            varbinds: 1,
            poll: ObsPollV1 {
                address,
                at: Time(1),
                outcome: PollOutcome::Answered,
                credential: "site".into(),
                rtt_ms: Some(1),
                uptime: Some(100),
                engine_boots: None,
                system: None,
                facts: Vec::new(),
                interfaces: Vec::new(),
                interfaces_whole: true,
            },
            tables: Vec::new(),
            faults: BTreeMap::new(),
            whole: true,
            cuts: Vec::new(),
        }
    }

    #[test]
    fn much_is_told_though_more_comes_and_little_waits_for_its_turn() {
        let (sink, mut told) = mpsc::channel(2);
        let (_orders, orders) = mpsc::unbounded_channel();
        let (config, counters) = (PollerConfig::default(), Arc::new(Counters::default()));
        let mut driver = Driver::new(Gate::new(), sink, config, counters, orders, 0).unwrap();
        let (results, mut done) = mpsc::channel(2);
        let within = Duration::from_secs(1);
        let mut feed = Feed::new(Kind::All, "test".into(), within, results);
        feed.running = 1;
        driver.feeds.push_back(feed);
        let result = answered();
        let mut rounds = |count: usize| {
            for _ in 0..count {
                driver.out.push(heard());
                driver.feeds[0].results.push(result.clone());
            }
            driver.tell_much();
        };
        rounds(MANY / 4 - 1);
        assert!(told.try_recv().is_err() && done.try_recv().is_err());
        rounds(1);
        assert_eq!(done.try_recv().unwrap().len(), MANY / 4);
        assert!(told.try_recv().is_err());
        rounds(MANY);
        assert_eq!(told.try_recv().unwrap().len(), MANY + MANY / 4);
        assert_eq!(done.try_recv().unwrap().len(), MANY);
        // who does not take it loses nothing
        for _ in 0..4 {
            rounds(MANY);
        }
        let mut all = 0;
        while let Ok(some) = told.try_recv() {
            all += some.len();
        }
        assert_eq!(all + driver.out.len(), 4 * MANY);
    }
}
