//! Names of objects, each with the MIB it stands in.

use crate::wire::snmp::Oid;

pub(super) type Name = &'static [u32];

/// An instance as an identifier.
pub(super) fn oid(name: Name) -> Oid {
    Oid::new(name)
}

// SNMPv2-MIB (RFC 3418)
pub(super) const SYS_OBJECT_ID: Name = &[1, 3, 6, 1, 2, 1, 1, 2, 0];
pub(super) const SYS_UP_TIME: Name = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
// ENTITY-MIB (RFC 6933)
// Printer-MIB (RFC 3805), HOST-RESOURCES-MIB (RFC 2790)
/// hrStorageRam
pub(super) const HR_RAM: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 1, 2];
/// hrStorageFixedDisk
pub(super) const HR_FIXED_DISK: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 1, 4];
/// hrDevicePrinter
pub(super) const HR_PRINTER: Name = &[1, 3, 6, 1, 2, 1, 25, 3, 1, 5];
