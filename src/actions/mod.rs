//! What can be done: the registry of every action, and remediations.

pub mod registry;
