//! Answers from another address than was asked. They are named on the device that was asked, and dropped, unless the site says that
//! its answers come from any address: then whoever has the id of the question is believed, except who was asked something himself.

use std::net::SocketAddr;

use super::super::task::With;
use super::heard::id_of;
use super::{Driver, Spot};
use crate::event::AgentFault;

/// Answers from strangers that are looked at closely, a second.
const STRANGERS: u32 = 64;
/// The UDP port of agents (RFC 3417).
const SNMP: u16 = 161;

impl Driver {
    /// A question is about to be sent: may it be answered from any address?
    pub(super) fn expect_anywhere(&mut self, (index, lane): Spot, id: i32) {
        let device = self.at(index);
        let asked_with = device.lanes.get(usize::from(lane)).and_then(Option::as_ref);
        let offered = asked_with.is_some_and(|lane| match &lane.active.task.with {
            With::Names(offer) => offer.any_address,
            With::Login(_) => false,
        });
        let scheduled = device.target.as_ref();
        if offered || scheduled.is_some_and(|t| t.answers_from_any_address) {
            self.anywhere.insert(id, index);
        }
    }

    /// A datagram from an address nobody was asked at. If it carries the id of a question, an agent answers from elsewhere: it
    /// is named, and believed only where the site says so.
    pub(super) fn elsewhere(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        now_ms: u64,
    ) -> Option<u32> {
        if let Some(asked) = self.believed(datagram, from) {
            return Some(asked);
        }
        self.counters.unmatched.add(1);
        // a flood of these must not cost much
        let (second, looked) = &mut self.strangers;
        if *second != now_ms / 1_000 {
            (*second, *looked) = (now_ms / 1_000, 0);
        }
        *looked += 1;
        if *looked > STRANGERS {
            return None;
        }
        let id = id_of(datagram)?;
        let asked = self.devices.iter().position(|device| {
            let mut flights = device
                .lanes
                .iter()
                .flatten()
                .filter_map(|l| l.flight.as_ref());
            flights.any(|f| f.sent.is_some() && f.exchange.id == id)
        })? as u32;
        self.at(asked).fault(AgentFault::WrongSource);
        self.rearm(asked);
        None
    }

    /// A datagram from the address of an agent: its own, unless nothing was asked of it and the answer of another one may come
    /// from here.
    pub(super) fn on_behalf(&mut self, index: u32, datagram: &[u8], from: SocketAddr) -> u32 {
        if self.at(index).is_asked() {
            return index;
        }
        self.believed(datagram, from).unwrap_or(index)
    }

    /// Whose answer it is, where that may come from any address.
    fn believed(&mut self, datagram: &[u8], from: SocketAddr) -> Option<u32> {
        if self.anywhere.is_empty() {
            return None;
        }
        let index = *self.anywhere.get(&id_of(datagram)?)?;
        let to = self.at(index).to;
        if from == to {
            return Some(index);
        }
        // whoever was asked something himself has no answers of others
        let ports = [from.port(), to.port(), SNMP];
        let others = ports.map(|port| SocketAddr::new(from.ip(), port));
        let mut others = others.iter().filter_map(|at| self.by_address.get(at));
        if others.any(|other| *other != index && self.devices[*other as usize].is_asked()) {
            return None;
        }
        self.counters.elsewhere.add(1);
        self.at(index).allowed_fault(AgentFault::WrongSource);
        self.rearm(index);
        Some(index)
    }
}
