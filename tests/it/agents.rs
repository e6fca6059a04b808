//! The poller against real agents (Debian's snmpd) and against agents that misbehave.

mod common;
mod daemon;
mod fake;
mod faults;
mod quirks;
mod snmpd;
mod tables;
mod thousand;
mod v3;
