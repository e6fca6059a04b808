//! What comes back: whose answer it is, and what becomes of the question.

use std::net::SocketAddr;

use super::super::device::{Device, lane_at};
use super::super::io::{Failure, Reply};
use super::super::rtt::Bounds;
use super::super::session::Heard;
use super::super::stats::Counters;
use super::{Driver, Spot};
use crate::event::AgentFault;
use crate::model::PacketKind;
use crate::wire::snmp::{MessageHead, V3Header, peek_version};

impl Driver {
    pub(super) fn hear(&mut self, datagram: &[u8], from: SocketAddr) {
        let (now_ms, bounds) = (self.now_ms(), self.bounds());
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        let index = match self.by_address.get(&from) {
            Some(index) if self.anywhere.is_empty() => *index,
            Some(index) => self.on_behalf(*index, datagram, from),
            None => match self.elsewhere(datagram, from, now_ms) {
                Some(index) => index,
                None => return,
            },
        };
        let device = &mut self.devices[index as usize];
        self.allowance.carried(device.place, datagram.len(), now_ms);
        let id = if device.busy() == 1 {
            None
        } else {
            id_of(datagram)
        };
        let waiting = device.lanes.iter_mut().enumerate().find_map(|(at, lane)| {
            let flight = lane.as_mut()?.flight.as_mut()?;
            // what is to be sent again may still be answered
            let ours = flight.asked && id.is_none_or(|id| flight.exchange.id == id);
            ours.then_some((at as u8, flight))
        });
        let Some((lane, flight)) = waiting else {
            stray(device, &self.counters, datagram, (now_ms, bounds));
            self.rearm(index);
            return;
        };
        let spot = (index, lane);
        let heard = flight
            .exchange
            .hear(datagram, &mut device.engine, now_ms, &mut self.scratch);
        match heard {
            Heard::Answer(answer) => {
                match flight.sent.filter(|_| flight.times == 1) {
                    Some(sent) => {
                        let took = self.clock.instant.duration_since(sent);
                        device.rtt.measured(took);
                        self.overdue.measured(took);
                        if let Some(lane) = self.lane(spot) {
                            lane.active.first_trip.get_or_insert(took);
                        }
                    }
                    // a discovery was answered meanwhile: only what ran out of time says that it is slow
                    None if flight.attempt > 0 => {
                        let waited = device.rtt.timeout(flight.attempt, bounds);
                        device.rtt.answered_again(waited);
                    }
                    None => {}
                }
                self.complete(spot, answer);
                self.advance(index);
            }
            Heard::Again => {
                flight.sent = None;
                flight.times = 0;
                self.resend.push_back(spot);
            }
            Heard::Stranger => {
                stray(device, &self.counters, datagram, (now_ms, bounds));
                self.rearm(index);
            }
            Heard::NotAuthentic => {
                self.counters.unmatched.add(1);
                device.fault(AgentFault::NotAuthentic);
                self.rearm(index);
            }
            Heard::Doubtful => {}
            Heard::Malformed(error) => {
                self.counters.malformed.add(1);
                flight.malformed = Some(error);
                device.fault(AgentFault::Malformed);
                self.rearm(index);
            }
        }
    }

    /// A question is over. [`Driver::advance`] makes something of it.
    pub(super) fn complete(&mut self, spot: Spot, answer: Result<Reply, Failure>) {
        let now = self.now_ms();
        let open_ms = self.config.breaker.as_millis() as u64;
        let device = &mut self.devices[spot.0 as usize];
        let Some(lane) = lane_at(&mut device.lanes, spot.1) else {
            return;
        };
        let Some(flight) = lane.flight.take() else {
            return;
        };
        let out = self.outstanding;
        if flight.counted {
            self.outstanding -= 1;
            self.counters.window.set(self.outstanding as u64);
        }
        self.anywhere.remove(&flight.exchange.id);
        self.silent -= usize::from(flight.silent);
        let held = flight.held;
        self.blocked -= usize::from(flight.leaving);
        match &answer {
            Ok(reply) => {
                self.counters.answered.add(1);
                self.counters.varbinds.add(reply.bindings.len() as u64);
                self.window.answered(out);
                self.counters.window_limit.set(self.window.limit() as u64);
                device.breaker.answered();
                // what a walk is silent to may be its own fault: the line is judged by GETs
                if flight.exchange.ask().kind() == PacketKind::Get {
                    device.line.note(flight.attempt == 0);
                }
            }
            Err(Failure::Timeout | Failure::Deadline) => {
                self.counters.timed_out.add(1);
                // a GETBULK that was too much for it is asked again for less before that counts
                if flight.exchange.ask().kind() == PacketKind::Get {
                    device.line.note(false);
                }
                if !flight.exchange.ask().is_bulk() {
                    device.breaker.failed(now, open_ms);
                }
            }
            Err(Failure::Malformed(_)) => {
                self.counters.failed.add(1);
                device.breaker.failed(now, open_ms);
            }
            // it was not let out: that says nothing of the agent
            Err(Failure::Held) => {}
            Err(_) => self.counters.failed.add(1),
        }
        let answered = answer.is_ok();
        lane.active.io.answer(answer);
        device.remember(&flight, answered);
        if held {
            self.no_longer_held();
        }
    }
}

/// An answer nobody waits for: late or double where it answers what was asked lately, else from nowhere.
fn stray(
    device: &mut Device,
    counters: &Counters,
    datagram: &[u8],
    (now_ms, bounds): (u64, Bounds),
) {
    let id = id_of(datagram);
    let past = device.recent.iter().find(|p| Some(p.id) == id).copied();
    let (counter, fault) = match past {
        // whoever was asked again may answer again
        Some(past) if past.answered && past.times > 1 => {
            counters.late.add(1);
            return;
        }
        Some(past) if past.answered => (&counters.duplicates, AgentFault::Duplicate),
        Some(past) => {
            if let Some(took) = past.took(now_ms) {
                device.rtt.measured(took);
                device.wait_longer(bounds);
                for lane in device.lanes.iter().flatten() {
                    lane.active.io.was_late();
                }
            }
            (&counters.late, AgentFault::Late)
        }
        None if id.is_none() => (&counters.malformed, AgentFault::Malformed),
        None => (&counters.unmatched, AgentFault::WrongId),
    };
    counter.add(1);
    device.fault(fault);
}

/// The id in a datagram, where it holds one.
pub(super) fn id_of(datagram: &[u8]) -> Option<i32> {
    if peek_version(datagram)? == 3 {
        V3Header::parse(datagram).ok().map(|h| h.msg_id)
    } else {
        MessageHead::parse(datagram).ok().map(|m| m.pdu.request_id)
    }
}
