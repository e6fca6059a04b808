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
