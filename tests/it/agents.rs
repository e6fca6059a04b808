//! The poller against real agents (Debian's snmpd) and against agents that misbehave.

mod anywhere;
mod budgets;
pub mod common;
mod daemon;
mod delta;
mod fake;
mod faults;
mod full;
mod late;
pub mod memory;
mod named;
mod polite;
mod priority;
mod quirks;
mod slow;
mod snmpd;
mod strangers;
mod tables;
mod thousand;
mod told;
mod v3;
