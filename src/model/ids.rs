//! Identities as newtypes: what is given out by the engine, in the order of the log, so that a replay gives the same.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($of:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $of);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Position of an event in the log; the first is 1.
    Seq(u64)
}
id! {
    /// A device of the inventory.
    DeviceId(u32)
}
id! {
    /// A segment: position in the site's list, those that were only seen come after.
    SegmentId(u16)
}
id! {
    /// An alert over its whole life, reopenings included.
    AlertId(u64)
}
id! {
    /// One run of a remediation.
    RunId(u64)
}
id! {
    /// `ifIndex` of the IF-MIB (RFC 2863). It may move at a reboot; `ifName` is what an interface is known by.
    IfIndex(u32)
}
