//! Bytes to types and back, without I/O.
//!
//! In: bytes, all of them hostile. Out: typed messages, or an error that says what is wrong and where. It never panics,
//! never allocates beyond what the bytes can hold, and never touches a socket.

pub mod arp;
pub mod cdp;
pub mod dhcp;
pub mod ether;
pub mod lldp;
pub mod ndp;
mod reader;
pub mod snmp;
pub mod snmprec;

pub use reader::WireError;
