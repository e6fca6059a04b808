//! How much scheduled polls may send: to one device, into one closet, through one uplink.

use serde::{Deserialize, Serialize};

use super::{DeviceClass, Text};

/// SNMP datagrams a second that scheduled polls may send, at the most. A second's worth may go at once; what is more waits.
/// Questions of people are not held up, and count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Budgets {
    /// To one network device.
    pub device: u32,
    /// To one device of any other class: many of these have an IP stack that was an afterthought.
    pub endpoint: u32,
    /// To all devices of one closet: an access switch and what hangs on it.
    pub closet: u32,
    /// To all devices behind one uplink that the site does not name: the link by which a distribution switch hangs on the core.
    pub uplink: u32,
    /// Uplinks that the site names: the line of a branch, in the order of the file.
    pub uplinks: Vec<UplinkSpec>,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            device: 50,
            endpoint: 10,
            closet: 200,
            uplink: 1_000,
            uplinks: Vec::new(),
        }
    }
}

/// A line that the site names, because no table of a device shows how narrow it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct UplinkSpec {
    /// What it is called.
    pub name: Text,
    /// The segments behind it, by name.
    pub segments: Vec<Text>,
    /// Datagrams a second through it; as [`Budgets::uplink`] says unless said.
    pub packets: Option<u32>,
    /// Kilobits a second through it, questions and answers together; not counted unless said.
    pub kilobits: Option<u32>,
}

/// From this number on an uplink is one that topology shows: the rest of the number is the device next to the core.
pub const SEEN_UPLINKS: u32 = 1 << 31;

/// What may go through a shared line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRate {
    /// Datagrams a second.
    pub packets: u32,
    /// Octets a second, both ways; zero where they are not counted.
    pub octets: u32,
}

impl Budgets {
    /// Datagrams a second to one device of this class.
    pub fn to(&self, class: DeviceClass) -> u32 {
        if class.is_network() {
            self.device
        } else {
            self.endpoint
        }
    }

    /// What may go into a closet.
    pub fn into_closet(&self) -> LineRate {
        LineRate {
            packets: self.closet,
            octets: 0,
        }
    }

    /// The uplink of this number ([`crate::event::Target::uplink`]), where the site names it.
    pub fn named(&self, uplink: u32) -> Option<&UplinkSpec> {
        let at = uplink.checked_sub(1).filter(|_| uplink < SEEN_UPLINKS)?;
        self.uplinks.get(at as usize)
    }

    /// What may go through the uplink of this number.
    pub fn through(&self, uplink: u32) -> LineRate {
        let named = self.named(uplink);
        LineRate {
            packets: named.and_then(|u| u.packets).unwrap_or(self.uplink),
            octets: named
                .and_then(|u| u.kilobits)
                .map_or(0, |k| k.saturating_mul(125)),
        }
    }

    /// The number of the uplink before a segment, where the site names one.
    pub fn before(&self, segment: &Text) -> Option<u32> {
        let at = self
            .uplinks
            .iter()
            .position(|u| u.segments.contains(segment))?;
        u32::try_from(at + 1).ok().filter(|n| *n < SEEN_UPLINKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_the_site_names_has_its_own_rate_and_others_the_usual_one() {
        let budgets = Budgets {
            uplinks: vec![UplinkSpec {
                name: "branch".into(),
                segments: vec!["branch-lan".into()],
                packets: Some(20),
                kilobits: Some(256),
            }],
            ..Budgets::default()
        };
        assert_eq!(budgets.before(&"branch-lan".into()), Some(1));
        assert_eq!(budgets.before(&"ICU-3".into()), None);
        assert_eq!(
            budgets.through(1),
            LineRate {
                packets: 20,
                octets: 32_000
            }
        );
        for other in [0, 2, SEEN_UPLINKS, SEEN_UPLINKS | 1, u32::MAX] {
            assert_eq!(
                budgets.through(other),
                LineRate {
                    packets: 1_000,
                    octets: 0
                }
            );
        }
    }

    #[test]
    fn what_is_not_of_the_network_is_asked_more_softly() {
        let budgets = Budgets::default();
        assert_eq!(budgets.to(DeviceClass::Switch), 50);
        for class in [
            DeviceClass::InfusionPump,
            DeviceClass::LabAnalyser,
            DeviceClass::Unknown,
        ] {
            assert_eq!(budgets.to(class), 10);
        }
    }
}
