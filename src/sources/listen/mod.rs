//! What can be heard on a wire, or in a capture of one.
//!
//! In: frames of an interface or a file. Out: who has which address (ARP, neighbour discovery), what stations say of
//! themselves (LLDP, CDP, DHCP), and where the wire ends. Headers and announcements only, never what people send; it
//! never sends anything.

mod capture;
mod ear;
mod live;
mod place;

pub use capture::{CaptureError, CaptureSummary, each_packet, frame, read, read_file};
pub use ear::{Ear, HeardCounts, PAIR_CAP, STATION_CAP};
pub use live::Listener;
pub use place::{PLACE_CAP, Places, WhereAmI};

#[cfg(test)]
mod data_tests;
