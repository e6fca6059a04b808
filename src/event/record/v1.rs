//! Records of version 1, whose configuration stood in postcard. Everything else is as it is now.
//!
//! The types here are frozen: what the site file learned later is not among them, and gets its default.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use crate::event::{Body, ConfigAppliedV2, Event, LedgerRow, Observation, RunStep};
use crate::model::{
    CareLevel, ClassSpec, Credential, DeviceClass, DeviceSpec, FirmwareSpec, Intervals, LinkSpec,
    Mac, SegmentSpec, Seq, Site, Text, Time, TouchPolicy, VendorSpec, WardSpec,
};

/// Declares a frozen type, and how it becomes today's.
macro_rules! frozen {
    ($frozen:ident => $now:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Deserialize)]
        #[allow(clippy::struct_field_names)]
        struct $frozen { $($field: $kind),* }

        impl From<$frozen> for $now {
            // a type that has learned nothing since needs no default
            #[allow(clippy::needless_update)]
            fn from(was: $frozen) -> Self {
                Self { $($field: was.$field.into(),)* ..Self::default() }
            }
        }
    };
}

frozen!(SegmentV1 => SegmentSpec {
    name: Text, vlan: u16, nets: Vec<IpNet>, clinical: bool, touch: Option<TouchPolicy>, unknown: Option<TouchPolicy>,
    ward: Text,
});
frozen!(DeviceV1 => DeviceSpec {
    name: Text, addresses: Vec<IpAddr>, macs: Vec<Mac>, class: DeviceClass, care: Option<CareLevel>,
    touch: Option<TouchPolicy>, segment: Text, vendor: Text, model: Text, firmware: Text, serial: Text, ward: Text,
    room: Text, owner: Text, tag: Text, credentials: Vec<Text>, snmp_port: Option<u16>,
});
frozen!(ClassV1 => ClassSpec {
    class: DeviceClass, care: Option<CareLevel>, touch: Option<TouchPolicy>,
});
frozen!(IntervalsV1 => Intervals {
    status_s: u32, endpoint_s: u32, interfaces_s: u32, tables_s: u32, inventory_s: u32, confirm_s: u32, hold_s: u32,
});

/// Lists of what is frozen, and lists of types that have not changed since.
#[derive(Deserialize)]
struct SiteV1 {
    name: Text,
    time_zone: Text,
    segments: Vec<SegmentV1>,
    devices: Vec<DeviceV1>,
    classes: Vec<ClassV1>,
    credentials: Vec<Credential>,
    links: Vec<LinkSpec>,
    wards: Vec<WardSpec>,
    vendors: Vec<VendorSpec>,
    biomed_on_call: Text,
    collector_at: Text,
    firmware: Vec<FirmwareSpec>,
    intervals: IntervalsV1,
}

#[derive(Deserialize)]
struct ConfigAppliedV1 {
    hash: Text,
    site: SiteV1,
}

impl From<ConfigAppliedV1> for ConfigAppliedV2 {
    // what the site learns later gets its default
    #[allow(clippy::needless_update)]
    fn from(was: ConfigAppliedV1) -> Self {
        let site = was.site;
        Self {
            hash: was.hash,
            site: Site {
                name: site.name,
                time_zone: site.time_zone,
                segments: site.segments.into_iter().map(Into::into).collect(),
                devices: site.devices.into_iter().map(Into::into).collect(),
                classes: site.classes.into_iter().map(Into::into).collect(),
                credentials: site.credentials,
                links: site.links,
                wards: site.wards,
                vendors: site.vendors,
                biomed_on_call: site.biomed_on_call,
                collector_at: site.collector_at,
                firmware: site.firmware,
                intervals: site.intervals.into(),
                ..Site::default()
            },
        }
    }
}

#[derive(Deserialize)]
enum BodyV1 {
    Tick,
    Config(Box<ConfigAppliedV1>),
    Observation(Observation),
    Command {
        by: Text,
        command: crate::event::Command,
    },
    Run(RunStep),
    Ledger(Vec<LedgerRow>),
    Delivered {
        effect: (Seq, u16),
        error: Text,
    },
}

/// An event as version 1 wrote it.
#[derive(Deserialize)]
pub(super) struct EventV1 {
    seq: Seq,
    time: Time,
    body: BodyV1,
}

impl From<EventV1> for Event {
    fn from(was: EventV1) -> Self {
        Self {
            seq: was.seq,
            time: was.time,
            body: match was.body {
                BodyV1::Tick => Body::Tick,
                BodyV1::Config(applied) => Body::Config(Box::new((*applied).into())),
                BodyV1::Observation(o) => Body::Observation(o),
                BodyV1::Command { by, command } => Body::Command { by, command },
                BodyV1::Run(step) => Body::Run(step),
                BodyV1::Ledger(rows) => Body::Ledger(rows),
                BodyV1::Delivered { effect, error } => Body::Delivered { effect, error },
            },
        }
    }
}
