//! The only door through which a packet leaves for a device (invariant 3).
//!
//! In: touch tables from the engine, packets from sources and remediations with their cause. Out: packets on the wire and
//! rows of the ledger, and for listeners what passes by. It never sends before it holds its first table, and never what the
//! table, or a permit for a remediation, does not allow; what it refuses is counted and said.

mod door;
mod filter;
mod interface;
mod ledger;
mod ping;
mod raw;
mod udp;

pub use door::{Gate, Permit, PermitId, Refusal, SendError, is_host};
pub use interface::Interface;
pub use ping::{Echo, PingDoor, PingError};
pub use raw::{ArpDoor, Asked, RawError, Tap};
pub use udp::{Ear, Errand, Fate, Inbox, Outbox, UdpDoor, Wire};
