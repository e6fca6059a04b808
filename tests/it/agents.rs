//! The poller against real agents (Debian's snmpd) and against agents that misbehave.

mod budgets;
pub mod common;
mod daemon;
mod delta;
mod fake;
mod faults;
mod late;
pub mod memory;
mod priority;
mod quirks;
mod slow;
mod snmpd;
mod strangers;
mod tables;
mod thousand;
mod v3;
