//! How a device is doing: its sensors, as the tables of [`crate::config::sensors`] describe them; memory, disks and load.

mod asking;
mod host;
mod reading;
mod told;

#[cfg(test)]
mod recordings_tests;

pub(in crate::sources::snmp) use told::Told;

use super::{About, Report};
use crate::sources::snmp::io::Io;

/// Reads all of it. A device that has none of these tables says so in short answers, and is then asked for them seldom.
pub(super) async fn run(io: Io, about: About) -> Report {
    let sensors = match asking::read(&io, about).await {
        Ok(news) => news,
        Err(failure) => return super::failed(failure),
    };
    let mut report = host::run(io).await;
    report.others.extend(sensors);
    report
}
