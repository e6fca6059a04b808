//! The network in, observations out.
//!
//! In: what agents answer, what is heard on a wire, what resolvers say. Out: [`crate::event::Observation`]s in batches over
//! a bounded channel, reduced (what changed, plus counters). A source never judges what it saw, never keeps history, never
//! sends but through the gate, and counts what it drops.

pub mod arp;
pub mod dns;
pub mod listen;
pub mod ping;
pub mod snmp;
mod stop;

pub use stop::Stop;
