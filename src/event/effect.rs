//! What the engine asks the collector to do. Only the collector does it; replays and viewers discard it (invariant 13).

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::model::Job;
use crate::model::{
    AlertId, Budgets, DeviceClass, PollPlans, Quirks, Seq, Severity, Text, Time, TouchTable,
};

/// An effect with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The event that asked for it, and which of that event's effects this is.
    pub key: (Seq, u16),
    /// What.
    pub kind: EffectKind,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// Put this touch table in force.
    TouchTable(Arc<TouchTable>),
    /// Ask by these plans from now on.
    Plans(Arc<PollPlans>),
    /// Send no more than this from now on.
    Budgets(Arc<Budgets>),
    /// From now on ask these, and no others.
    Targets(Arc<Vec<Target>>),
    /// Ask no agent for more than its model can take.
    Quirks(Arc<Quirks>),
    /// Ask these at once, beside their schedule.
    Probe(Vec<IpAddr>),
    /// Read the tables of these at once.
    ReadTables(Vec<IpAddr>),
    /// Tell people.
    Notify(Notice),
}

/// An agent to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// Names of the credentials to try, in this order.
    pub credentials: Vec<Text>,
    /// What it is thought to be.
    pub class: DeviceClass,
    /// What is asked, and how often in seconds.
    pub jobs: Vec<(Job, u32)>,
    /// Seconds between the probes that confirm a miss.
    pub confirm_s: u32,
    /// Its model as the plans in force tell models apart ([`PollPlans::model`]); zero where they do not.
    pub model: u16,
    /// Those with the same number, which is not zero, share the budget of a closet; zero is none.
    pub closet: u32,
    /// The same for uplinks: from 1 those that the site names, from [`crate::model::SEEN_UPLINKS`] on those that topology shows.
    pub uplink: u32,
    /// A community may be tried although SNMPv3 was answered, or refused.
    pub v2c_fallback: bool,
    /// Its answers are believed from any address.
    pub answers_from_any_address: bool,
    /// Questions that may be out to it at once.
    pub in_flight: u8,
}

/// Something people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// About which alert.
    pub alert: AlertId,
    /// How bad.
    pub severity: Severity,
    /// It is over, rather than begins.
    pub recovered: bool,
    /// When.
    pub at: Time,
    /// One line.
    pub text: Text,
}
