//! Agents are seldom at hand in the processor's cache: each turn comes to others. Those of a batch are brought there together,
//! while it waits for one it waits for all of them. A loop of plain reads does that; nothing depends on it.

use std::hint::black_box;
use std::net::SocketAddr;

use super::super::device::Device;
use super::Driver;
use crate::gate::{Ear, Inbox};

/// Agents that are brought at once.
pub(super) const TOGETHER: usize = Inbox::BATCH;

impl Ear for Driver {
    fn next(&mut self, from: &mut dyn Iterator<Item = SocketAddr>) {
        self.bring(from);
    }

    fn hear(&mut self, datagram: &[u8], from: SocketAddr) {
        Driver::hear(self, datagram, from);
    }
}

impl Driver {
    /// Brings the agents at these addresses to hand, [`TOGETHER`] at the most.
    pub(super) fn bring(&self, addresses: &mut dyn Iterator<Item = SocketAddr>) {
        let mut agents = [None; TOGETHER];
        for (agent, address) in agents.iter_mut().zip(addresses) {
            let address = SocketAddr::new(address.ip().to_canonical(), address.port());
            let index = self.by_address.get(&address);
            *agent = index.and_then(|index| self.devices.get(*index as usize));
        }
        let known = || agents.iter().flatten();
        // one after the other, so that each of the loops waits but once
        known().for_each(|device| {
            black_box(device.lines());
        });
        known().for_each(|device| {
            black_box(behind(device));
        });
    }
}

/// Reads a little of what an agent points at.
fn behind(device: &Device) -> u64 {
    let lanes = device.lanes.iter().flatten().map(|lane| lane.lines());
    lanes.fold(u64::from(device.memory.is_poisoned()), |all, line| {
        all ^ line
    })
}
