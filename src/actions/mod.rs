//! Everything a person can do: the registry of actions, and remediations from plan to way back.
//!
//! In: the state, the catalogue, a person and what they ask for. Out: plans that can be shown and hashed, steps of runs for
//! the log, packets through the gate alone. It never starts a shell, never acts on a plan other than the one that was
//! confirmed, and never leaves a port shut without a way back that is durable.

pub mod catalogue;
#[cfg(test)]
pub(crate) mod fixture;
mod mib;
pub mod plan;
pub mod registry;
pub mod run;
