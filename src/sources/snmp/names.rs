//! Names of objects, each with the MIB it stands in.

use crate::wire::snmp::Oid;

pub(super) type Name = &'static [u32];

/// An instance as an identifier.
pub(super) fn oid(name: Name) -> Oid {
    Oid::new(name)
}

// SNMPv2-MIB (RFC 3418)
pub(super) const SYS_DESCR: Name = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
pub(super) const SYS_OBJECT_ID: Name = &[1, 3, 6, 1, 2, 1, 1, 2, 0];
pub(super) const SYS_UP_TIME: Name = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
pub(super) const SYS_CONTACT: Name = &[1, 3, 6, 1, 2, 1, 1, 4, 0];
pub(super) const SYS_NAME: Name = &[1, 3, 6, 1, 2, 1, 1, 5, 0];
pub(super) const SYS_LOCATION: Name = &[1, 3, 6, 1, 2, 1, 1, 6, 0];
pub(super) const SYS_SERVICES: Name = &[1, 3, 6, 1, 2, 1, 1, 7, 0];
// SNMP-FRAMEWORK-MIB (RFC 3411)
pub(super) const ENGINE_ID: Name = &[1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0];
pub(super) const ENGINE_BOOTS: Name = &[1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0];
// IF-MIB (RFC 2863)
pub(super) const IF_NUMBER: Name = &[1, 3, 6, 1, 2, 1, 2, 1, 0];
pub(super) const IF_TABLE_LAST_CHANGE: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 5, 0];
pub(super) const IF_DESCR: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 2];
pub(super) const IF_TYPE: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 3];
pub(super) const IF_SPEED: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 5];
pub(super) const IF_PHYS_ADDRESS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 6];
pub(super) const IF_ADMIN_STATUS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 7];
pub(super) const IF_OPER_STATUS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 8];
pub(super) const IF_IN_OCTETS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 10];
pub(super) const IF_IN_DISCARDS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 13];
pub(super) const IF_IN_ERRORS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 14];
pub(super) const IF_OUT_OCTETS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 16];
pub(super) const IF_OUT_DISCARDS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 19];
pub(super) const IF_OUT_ERRORS: Name = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 20];
pub(super) const IF_NAME: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1];
pub(super) const IF_HC_IN_OCTETS: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6];
pub(super) const IF_HC_OUT_OCTETS: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10];
pub(super) const IF_HIGH_SPEED: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15];
pub(super) const IF_ALIAS: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18];
pub(super) const IF_DISCONTINUITY: Name = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 19];
// IP-MIB (RFC 4293) and RFC1213-MIB
pub(super) const IP_NET_TO_PHYSICAL: Name = &[1, 3, 6, 1, 2, 1, 4, 35, 1, 4];
pub(super) const IP_NET_TO_MEDIA: Name = &[1, 3, 6, 1, 2, 1, 4, 22, 1, 2];
// BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363)
pub(super) const BASE_PORT_IF_INDEX: Name = &[1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2];
pub(super) const D_FDB_PORT: Name = &[1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 2];
pub(super) const D_FDB_STATUS: Name = &[1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 3];
pub(super) const Q_FDB_PORT: Name = &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 2];
pub(super) const Q_FDB_STATUS: Name = &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 3];
pub(super) const Q_VLAN_FDB_ID: Name = &[1, 3, 6, 1, 2, 1, 17, 7, 1, 4, 2, 1, 3];
// LLDP-MIB (IEEE 802.1AB-2005)
pub(super) const LLDP_LOC_PORT_SUBTYPE: Name = &[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 2];
pub(super) const LLDP_LOC_PORT_ID: Name = &[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 3];
pub(super) const LLDP_LOC_PORT_DESC: Name = &[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 4];
pub(super) const LLDP_REM_CHASSIS_SUBTYPE: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 4];
pub(super) const LLDP_REM_CHASSIS: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 5];
pub(super) const LLDP_REM_PORT_SUBTYPE: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 6];
pub(super) const LLDP_REM_PORT: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 7];
pub(super) const LLDP_REM_PORT_DESC: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 8];
pub(super) const LLDP_REM_SYS_NAME: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 9];
pub(super) const LLDP_REM_SYS_DESC: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 10];
/// lldpRemManAddrIfSubtype: the address itself stands in the index.
pub(super) const LLDP_REM_MAN_ADDR: Name = &[1, 0, 8802, 1, 1, 2, 1, 4, 2, 1, 3];
// CISCO-CDP-MIB
pub(super) const CDP_ADDRESS_TYPE: Name = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 3];
pub(super) const CDP_ADDRESS: Name = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 4];
pub(super) const CDP_DEVICE_ID: Name = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 6];
pub(super) const CDP_DEVICE_PORT: Name = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 7];
pub(super) const CDP_PLATFORM: Name = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 8];
// ENTITY-MIB (RFC 6933)
pub(super) const ENT_CLASS: Name = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 5];
pub(super) const ENT_FIRMWARE: Name = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 9];
pub(super) const ENT_SOFTWARE: Name = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 10];
pub(super) const ENT_SERIAL: Name = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11];
pub(super) const ENT_VENDOR: Name = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 12];
pub(super) const ENT_MODEL: Name = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 13];
// Printer-MIB (RFC 3805), HOST-RESOURCES-MIB (RFC 2790)
pub(super) const PRT_NAME: Name = &[1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 16, 1];
pub(super) const PRT_SERIAL: Name = &[1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1];
pub(super) const HR_DEVICE_TYPE: Name = &[1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 2];
pub(super) const HR_DEVICE_DESCR: Name = &[1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 3];
pub(super) const HR_STORAGE_TYPE: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 3, 1, 2];
pub(super) const HR_STORAGE_DESCR: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 3, 1, 3];
pub(super) const HR_STORAGE_UNITS: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 3, 1, 4];
pub(super) const HR_STORAGE_SIZE: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 3, 1, 5];
pub(super) const HR_STORAGE_USED: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 3, 1, 6];
/// hrStorageRam
pub(super) const HR_RAM: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 1, 2];
/// hrStorageFixedDisk
pub(super) const HR_FIXED_DISK: Name = &[1, 3, 6, 1, 2, 1, 25, 2, 1, 4];
/// hrProcessorLoad
pub(super) const HR_LOAD: Name = &[1, 3, 6, 1, 2, 1, 25, 3, 3, 1, 2];
/// hrDevicePrinter
pub(super) const HR_PRINTER: Name = &[1, 3, 6, 1, 2, 1, 25, 3, 1, 5];
// UPS-MIB (RFC 1628)
pub(super) const UPS_VENDOR: Name = &[1, 3, 6, 1, 2, 1, 33, 1, 1, 1, 0];
pub(super) const UPS_MODEL: Name = &[1, 3, 6, 1, 2, 1, 33, 1, 1, 2, 0];
pub(super) const UPS_SOFTWARE: Name = &[1, 3, 6, 1, 2, 1, 33, 1, 1, 3, 0];
pub(super) const UPS_SECONDS_ON_BATTERY: Name = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 2, 0];
pub(super) const UPS_MINUTES: Name = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 3, 0];
pub(super) const UPS_CHARGE: Name = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 4, 0];
