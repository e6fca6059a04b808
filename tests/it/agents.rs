//! The poller against real agents (Debian's snmpd) and against agents that misbehave.

mod common;
mod fake;
mod faults;
mod snmpd;
mod strangers;
mod tables;
mod thousand;
