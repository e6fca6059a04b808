//! wardwatch watches a hospital's network from a terminal, and never disturbs patient care.
//!
//! `ARCHITECTURE.md` is the plan of the house: one room a module, each room's first paragraph says what comes in, what goes
//! out and what it must never do. `tests/architecture.rs` holds the walls.

pub mod access;
pub mod actions;
pub mod cli;
pub mod config;
pub mod engine;
pub mod event;
pub mod gate;
pub mod host;
pub mod identify;
pub mod log;
pub mod model;
pub mod notify;
pub mod sim;
pub mod sources;
pub mod term;
pub mod ui;
pub mod wire;
