//! The network in, observations out.
//!
//! In: what agents answer, what passes by on a wire, what resolvers say. Out: batches of observations on a bounded
//! channel; what is dropped is counted. Nothing here sends a packet to a device but through the gate.

pub mod arp;
pub mod dns;
pub mod listen;
pub mod ping;
mod stop;

pub use stop::Stop;
