//! What a name that is asked for means: a plan says which objects are asked, the code knows what each is good for.

use serde::{Deserialize, Serialize};

use super::super::Job;

macro_rules! roles {
    ($($role:ident $word:literal $object:literal,)*) => {
        /// What an object is to wardwatch. A closed list: what code reads. It stands in the log; none is ever taken out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Role {
            $(#[doc = concat!("`", $object, "`")] $role,)*
        }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// The word in a plan's file.
            pub fn word(self) -> &'static str {
                match self { $(Self::$role => $word,)* }
            }

            /// The object that mostly has it, by its name in its MIB.
            pub fn object(self) -> &'static str {
                match self { $(Self::$role => $object,)* }
            }
        }
    };
}

roles! {
    SysDescr "sys-descr" "sysDescr",
    SysObjectId "sys-object-id" "sysObjectID",
    SysUpTime "sys-up-time" "sysUpTime",
    SysContact "sys-contact" "sysContact",
    SysName "sys-name" "sysName",
    SysLocation "sys-location" "sysLocation",
    SysServices "sys-services" "sysServices",
    EngineId "engine-id" "snmpEngineID",
    EngineBoots "engine-boots" "snmpEngineBoots",
    IfNumber "if-number" "ifNumber",
    IfTableLastChange "if-table-last-change" "ifTableLastChange",
    IfDescr "if-descr" "ifDescr",
    IfType "if-type" "ifType",
    IfSpeed "if-speed" "ifSpeed",
    IfPhysAddress "if-phys-address" "ifPhysAddress",
    IfAdminStatus "if-admin-status" "ifAdminStatus",
    IfOperStatus "if-oper-status" "ifOperStatus",
    IfInOctets "if-in-octets" "ifInOctets",
    IfInDiscards "if-in-discards" "ifInDiscards",
    IfInErrors "if-in-errors" "ifInErrors",
    IfOutOctets "if-out-octets" "ifOutOctets",
    IfOutDiscards "if-out-discards" "ifOutDiscards",
    IfOutErrors "if-out-errors" "ifOutErrors",
    IfName "if-name" "ifName",
    IfHcInOctets "if-hc-in-octets" "ifHCInOctets",
    IfHcOutOctets "if-hc-out-octets" "ifHCOutOctets",
    IfHighSpeed "if-high-speed" "ifHighSpeed",
    IfAlias "if-alias" "ifAlias",
    IfDiscontinuity "if-discontinuity" "ifCounterDiscontinuityTime",
    IpNetToPhysical "ip-net-to-physical" "ipNetToPhysicalPhysAddress",
    IpNetToMedia "ip-net-to-media" "ipNetToMediaPhysAddress",
    BasePortIfIndex "base-port-if-index" "dot1dBasePortIfIndex",
    BridgePort "bridge-port" "dot1dTpFdbPort",
    BridgeStatus "bridge-status" "dot1dTpFdbStatus",
    VlanPort "vlan-port" "dot1qTpFdbPort",
    VlanStatus "vlan-status" "dot1qTpFdbStatus",
    VlanFdbId "vlan-fdb-id" "dot1qVlanFdbId",
    LldpLastChange "lldp-last-change" "lldpStatsRemTablesLastChangeTime",
    LldpLocPortSubtype "lldp-loc-port-subtype" "lldpLocPortIdSubtype",
    LldpLocPortId "lldp-loc-port-id" "lldpLocPortId",
    LldpLocPortDesc "lldp-loc-port-desc" "lldpLocPortDesc",
    LldpRemChassisSubtype "lldp-rem-chassis-subtype" "lldpRemChassisIdSubtype",
    LldpRemChassis "lldp-rem-chassis" "lldpRemChassisId",
    LldpRemPortSubtype "lldp-rem-port-subtype" "lldpRemPortIdSubtype",
    LldpRemPort "lldp-rem-port" "lldpRemPortId",
    LldpRemPortDesc "lldp-rem-port-desc" "lldpRemPortDesc",
    LldpRemSysName "lldp-rem-sys-name" "lldpRemSysName",
    LldpRemSysDesc "lldp-rem-sys-desc" "lldpRemSysDesc",
    LldpRemManAddr "lldp-rem-man-addr" "lldpRemManAddrIfSubtype",
    CdpAddressType "cdp-address-type" "cdpCacheAddressType",
    CdpAddress "cdp-address" "cdpCacheAddress",
    CdpDeviceId "cdp-device-id" "cdpCacheDeviceId",
    CdpDevicePort "cdp-device-port" "cdpCacheDevicePort",
    CdpPlatform "cdp-platform" "cdpCachePlatform",
    EntClass "ent-class" "entPhysicalClass",
    EntFirmware "ent-firmware" "entPhysicalFirmwareRev",
    EntSoftware "ent-software" "entPhysicalSoftwareRev",
    EntSerial "ent-serial" "entPhysicalSerialNum",
    EntVendor "ent-vendor" "entPhysicalMfgName",
    EntModel "ent-model" "entPhysicalModelName",
    PrtName "prt-name" "prtGeneralPrinterName",
    PrtSerial "prt-serial" "prtGeneralSerialNumber",
    HrDeviceType "hr-device-type" "hrDeviceType",
    HrDeviceDescr "hr-device-descr" "hrDeviceDescr",
    UpsVendor "ups-vendor" "upsIdentManufacturer",
    UpsModel "ups-model" "upsIdentModel",
    UpsSoftware "ups-software" "upsIdentUPSSoftwareVersion",
    UpsSecondsOnBattery "ups-seconds-on-battery" "upsSecondsOnBattery",
    UpsMinutes "ups-minutes" "upsEstimatedMinutesRemaining",
    UpsCharge "ups-charge" "upsEstimatedChargeRemaining",
    EntLastChange "ent-last-change" "entLastChangeTime",
    StpTopChanges "stp-top-changes" "dot1dStpTopChanges",
    Other "other" "an object that another part of wardwatch knows",
    HrStorageType "hr-storage-type" "hrStorageType",
    HrStorageDescr "hr-storage-descr" "hrStorageDescr",
    HrStorageUnits "hr-storage-units" "hrStorageAllocationUnits",
    HrStorageSize "hr-storage-size" "hrStorageSize",
    HrStorageUsed "hr-storage-used" "hrStorageUsed",
    HrProcessorLoad "hr-processor-load" "hrProcessorLoad",
}

/// How the names of a part are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartShape {
    /// Roles that a GET may ask for.
    pub get: &'static [Role],
    /// Roles that may be asked for in every answer beside the rows.
    pub beside: &'static [Role],
    /// Roles of columns.
    pub columns: &'static [Role],
    /// Roles of which one may say that the table is worth reading.
    pub hint: &'static [Role],
    /// Roles without which the part means nothing.
    pub must: &'static [Role],
    /// Its columns are not walked: they are asked by GET, at rows another part found.
    pub at_rows: bool,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident $word:literal $job:expr, $shape:expr;)*) => {
        /// A part of a plan: what is asked together. A closed list, as each is read by code of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum PartKind {
            $($(#[$doc])* $part,)*
        }

        impl PartKind {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$part,)*];

            /// The word in a plan's file.
            pub fn word(self) -> &'static str {
                match self { $(Self::$part => $word,)* }
            }

            /// The job that it belongs to; none for what is only asked when a person says so.
            pub fn job(self) -> Option<Job> {
                match self { $(Self::$part => $job,)* }
            }

            /// What may be asked in it.
            pub fn shape(self) -> PartShape {
                match self { $(Self::$part => $shape,)* }
            }
        }
    };
}

const NOTHING: PartShape = PartShape {
    get: &[],
    beside: &[],
    columns: &[],
    hint: &[],
    must: &[],
    at_rows: false,
};

const fn get(get: &'static [Role], must: &'static [Role]) -> PartShape {
    PartShape {
        get,
        must,
        ..NOTHING
    }
}

const fn walk(
    beside: &'static [Role],
    columns: &'static [Role],
    hint: &'static [Role],
    must: &'static [Role],
) -> PartShape {
    PartShape {
        beside,
        columns,
        hint,
        must,
        ..NOTHING
    }
}

use Role as R;

parts! {
    /// The system group: one GET.
    System "system" Some(Job::Status), get(
        &[R::SysUpTime, R::SysDescr, R::SysObjectId, R::SysContact, R::SysName, R::SysLocation, R::SysServices, R::EngineId, R::EngineBoots, R::StpTopChanges],
        &[R::SysUpTime, R::SysDescr, R::SysObjectId, R::SysName],
    );
    /// Status and counters of each interface.
    Counters "counters" Some(Job::Interfaces), walk(
        &[R::SysUpTime, R::IfNumber, R::IfTableLastChange],
        &[
            R::IfAdminStatus, R::IfOperStatus, R::IfHcInOctets, R::IfHcOutOctets, R::IfInErrors, R::IfOutErrors, R::IfInDiscards,
            R::IfOutDiscards, R::IfDiscontinuity,
        ],
        &[],
        &[R::SysUpTime, R::IfAdminStatus, R::IfOperStatus],
    );
    /// Counters of 32 bits, of agents that have no others.
    NarrowCounters "narrow-counters" Some(Job::Interfaces), walk(
        &[R::SysUpTime], &[R::IfInOctets, R::IfOutOctets], &[], &[R::SysUpTime, R::IfInOctets, R::IfOutOctets],
    );
    /// Names, kinds and speeds of the interfaces.
    Names "names" Some(Job::Interfaces), walk(
        &[],
        &[R::IfDescr, R::IfType, R::IfSpeed, R::IfPhysAddress, R::IfName, R::IfHighSpeed, R::IfAlias],
        &[R::IfTableLastChange],
        &[R::IfDescr],
    );
    /// The forwarding table by VLAN.
    VlanForwarding "vlan-forwarding" Some(Job::Tables), walk(&[], &[R::VlanPort, R::VlanStatus], &[], &[R::VlanPort]);
    /// Which VLAN has which forwarding database.
    Vlans "vlans" Some(Job::Tables), walk(&[], &[R::VlanFdbId], &[], &[R::VlanFdbId]);
    /// The forwarding table of bridges that do not tell VLANs apart.
    BridgeForwarding "bridge-forwarding" Some(Job::Tables), walk(&[], &[R::BridgePort, R::BridgeStatus], &[], &[R::BridgePort]);
    /// Which bridge port is which interface.
    BridgePorts "bridge-ports" Some(Job::Tables), walk(&[], &[R::BasePortIfIndex], &[R::IfTableLastChange], &[R::BasePortIfIndex]);
    /// Addresses of IPv4 and IPv6 with their MACs.
    Addresses "addresses" Some(Job::Tables), walk(&[], &[R::IpNetToPhysical], &[], &[R::IpNetToPhysical]);
    /// Addresses of agents that keep IPv4 in the old table.
    OldAddresses "old-addresses" Some(Job::Tables), walk(&[], &[R::IpNetToMedia], &[], &[R::IpNetToMedia]);
    /// What LLDP says of the neighbours.
    Lldp "lldp" Some(Job::Tables), walk(
        &[],
        &[
            R::LldpRemChassisSubtype, R::LldpRemChassis, R::LldpRemPortSubtype, R::LldpRemPort, R::LldpRemPortDesc, R::LldpRemSysName,
            R::LldpRemSysDesc,
        ],
        &[R::LldpLastChange],
        &[R::LldpRemChassisSubtype, R::LldpRemChassis],
    );
    /// The neighbours' addresses.
    LldpAddresses "lldp-addresses" Some(Job::Tables), walk(&[], &[R::LldpRemManAddr], &[], &[R::LldpRemManAddr]);
    /// What LLDP calls the device's own ports.
    LldpPorts "lldp-ports" Some(Job::Tables), walk(
        &[], &[R::LldpLocPortSubtype, R::LldpLocPortId, R::LldpLocPortDesc], &[], &[R::LldpLocPortSubtype, R::LldpLocPortId],
    );
    /// What CDP says of the neighbours.
    Cdp "cdp" Some(Job::Tables), walk(
        &[], &[R::CdpAddressType, R::CdpAddress, R::CdpDeviceId, R::CdpDevicePort, R::CdpPlatform], &[], &[R::CdpDeviceId],
    );
    /// Which physical entity is the chassis.
    Entities "entities" Some(Job::Inventory), walk(&[], &[R::EntClass], &[R::EntLastChange], &[R::EntClass]);
    /// What the chassis says of itself: asked by GET, at its row.
    Chassis "chassis" Some(Job::Inventory), PartShape {
        columns: &[R::EntVendor, R::EntModel, R::EntSerial, R::EntSoftware, R::EntFirmware],
        at_rows: true,
        ..NOTHING
    };
    /// Model, serial and firmware of those that keep them elsewhere.
    Papers "papers" Some(Job::Inventory), get(&[R::UpsVendor, R::UpsModel, R::UpsSoftware, R::PrtName, R::PrtSerial], &[]);
    /// Devices of a host, to find a printer among them.
    HostDevices "host-devices" Some(Job::Inventory), walk(&[], &[R::HrDeviceType, R::HrDeviceDescr], &[], &[R::HrDeviceType]);
    /// The battery of a UPS.
    Battery "battery" Some(Job::Ups), get(&[R::UpsSecondsOnBattery, R::UpsMinutes, R::UpsCharge], &[R::UpsSecondsOnBattery]);
    /// Sensors: what the sensor tables say.
    Sensors "sensors" Some(Job::Sensors), walk(&[], &[R::Other], &[], &[]);
    /// The system group of the measured plan.
    BenchSystem "bench-system" None, get(
        &[R::SysUpTime, R::SysName, R::SysDescr, R::IfNumber], &[R::SysUpTime, R::IfNumber],
    );
    /// The interfaces of the measured plan.
    BenchInterfaces "bench-interfaces" None, walk(
        &[R::SysUpTime], &[R::IfHcInOctets, R::IfHcOutOctets, R::IfOperStatus], &[], &[R::SysUpTime],
    );
    /// Memory and disks of a host.
    Storage "storage" Some(Job::Sensors), walk(
        &[],
        &[R::HrStorageType, R::HrStorageDescr, R::HrStorageUnits, R::HrStorageSize, R::HrStorageUsed],
        &[],
        &[R::HrStorageType, R::HrStorageUnits, R::HrStorageSize, R::HrStorageUsed],
    );
    /// Load of a host.
    Processors "processors" Some(Job::Sensors), walk(&[], &[R::HrProcessorLoad], &[], &[R::HrProcessorLoad]);
}
