//! A hospital that answers: agents that speak real SNMP on loopback, in a process of their own.
//!
//! In: a seed, a scenario and the time that went by, or a folder of recordings. Out: a [`crate::model::Site`] and datagrams. It never
//! sends anything but answers, never binds more than loopback unless told an address that is not, and never shares state with the
//! collector: what that knows, it asked.

pub mod agent;
pub mod chance;
pub mod clock;
pub mod farm;
pub mod hospital;
pub mod house;
pub mod load;
pub mod mib;
pub mod mibs;
pub mod process;
pub mod scenario;
pub mod serve;
pub mod server;
pub mod world;
