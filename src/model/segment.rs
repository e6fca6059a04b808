//! Segments (a VLAN or subnet) and links between network devices.

use serde::{Deserialize, Serialize};

use super::{DeviceId, IfIndex, SegmentId, Text, Time};

/// A segment as the engine holds it; what the site says of it stands in [`super::SegmentSpec`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segment {
    /// Its identity.
    pub id: SegmentId,
    /// What it is called.
    pub name: Text,
    /// VLAN, zero where not known.
    pub vlan: u16,
    /// Medical devices are at home here.
    pub clinical: bool,
    /// Bits a second out of and into the ports of its members, as far as they are polled.
    pub out_bps: u64,
    /// See `out_bps`.
    pub in_bps: u64,
}

/// How a link is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkSource {
    /// The site says so.
    Site,
    /// LLDP or CDP heard by both ends.
    LldpBoth,
    /// LLDP or CDP heard by one end.
    LldpOne,
    /// A forwarding table.
    Fdb,
}

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkEnd {
    /// The device.
    pub device: DeviceId,
    /// Its port, where known.
    pub port: Option<IfIndex>,
}

/// A cable between two network devices; the end with the lower device id comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkId(pub LinkEnd, pub LinkEnd);

impl LinkId {
    /// The canonical form: a cable has no direction.
    pub fn new(a: LinkEnd, b: LinkEnd) -> Self {
        if a <= b { Self(a, b) } else { Self(b, a) }
    }

    /// The other end as seen from a device.
    pub fn other(&self, from: DeviceId) -> LinkEnd {
        if self.0.device == from {
            self.1
        } else {
            self.0
        }
    }
}

/// What is known of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// Its ends.
    pub id: LinkId,
    /// How it is known.
    pub source: LinkSource,
    /// Both ports are up, as far as they are polled; `None` while not known.
    pub up: Option<bool>,
    /// Since when.
    pub since: Time,
    /// Last confirmed.
    pub seen: Time,
}
