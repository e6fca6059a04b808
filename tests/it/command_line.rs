//! The command line and its promises, by the real program: what it prints, where, and how it exits. Loopback only; every port is one
//! that the system gave.

mod agents;
mod collecting;
mod errors;
pub mod ground;
mod identify;
mod keys;
mod listings;
mod noted;
mod recordings;
mod scanning;
mod site_file;
mod touch;
