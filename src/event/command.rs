//! What a person does.

use serde::{Deserialize, Serialize};

use crate::model::{AlertId, DeviceId, Text, Time, TouchPolicy};

/// A deed of a person that changes the state. Runs have their own steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// I have it.
    Acknowledge {
        /// Which.
        alert: AlertId,
        /// Why, or what is being done.
        note: Text,
        /// It opens again then.
        until: Option<Time>,
    },
    /// I no longer have it.
    Unacknowledge {
        /// Which.
        alert: AlertId,
    },
    /// Over, although wardwatch still sees it; it opens again if it gets worse.
    Close {
        /// Which.
        alert: AlertId,
        /// Why.
        note: Text,
    },
    /// A word to the history of a device.
    Note {
        /// Which.
        device: DeviceId,
        /// The word.
        note: Text,
    },
    /// Let a device be touched more, or less, than its policy says, for a time. Never lifts `never`.
    OverrideTouch {
        /// Which.
        device: DeviceId,
        /// To what.
        policy: TouchPolicy,
        /// Why.
        reason: Text,
        /// Until when.
        until: Time,
    },
    /// The second person's yes to an override of `never` that another asked for with [`Command::OverrideTouch`].
    ApproveTouch {
        /// Which.
        device: DeviceId,
        /// To what, as it was asked for.
        policy: TouchPolicy,
    },
    /// Let a device be asked again that was left alone because it restarted after it was asked.
    Release {
        /// Which.
        device: DeviceId,
        /// Why.
        reason: Text,
    },
    /// Poll plans may ask for what they say now.
    AcceptPlans {
        /// SHA-256 over the plans in their canonical form, hexadecimal.
        hash: Text,
    },
}
