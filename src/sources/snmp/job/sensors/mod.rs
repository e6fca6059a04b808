//! How a device is doing: its sensors, as the tables of [`crate::config::sensors`] describe them; memory, disks and load.

mod host;
mod reading;
mod told;

#[cfg(test)]
mod recordings;

use super::Report;
use crate::sources::snmp::io::Io;

/// Reads all of it. A device that has none of these tables says so in short answers.
pub(super) async fn run(io: Io) -> Report {
    host::run(io).await
}
