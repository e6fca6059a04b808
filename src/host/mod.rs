//! The process that collects.
//!
//! In: observations from sources, deeds of people, configuration. Out: the log, the published state, effects carried out. One
//! owner folds; a viewer, a source or a run can only hand things in and read the newest state. It must never acknowledge
//! what is not durable, and never let a slow viewer or a full disk stop the watch.

mod agents;
mod collector;
pub mod consent;
mod ears;
mod effects;
mod frames;
mod health;
mod held;
mod hub;
mod keeper;
mod lend;
mod line_viewer;
mod past;
mod picture;
mod pings;
mod planner;
pub mod replay;
mod runner;
mod start;
mod sweeps;
pub mod tape;
#[cfg(test)]
mod tests;
mod theme_file;
mod viewer;

pub use agents::PollerAgents;
pub use collector::{Begin, Carry, Collector, restore};
pub use ears::Ears;
pub use hub::{Hub, INPUT_CAP, Input, Waker};
pub use keeper::Keeper;
pub use past::WithPast;
pub use planner::Planner;
pub use runner::{Runner, wish};
pub use start::{Host, HostConfig, HostError, LiveFeed, Reconfigure, Resolve, logins};
pub use viewer::{Feed, Left, Told, Viewer};
