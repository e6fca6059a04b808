//! The nouns, as plain data.
//!
//! In: nothing. Out: types that every other room speaks with. It never reads a clock (but for [`Time::from_clock`], which
//! only the edge may call), a socket or a file, and holds no behaviour beyond what a value says of itself.

mod alert;
mod budget;
mod class;
mod conduct;
mod course;
mod device;
mod fact;
mod health;
mod hex;
mod ids;
mod interface;
mod job;
mod mac;
mod plan;
mod quirk;
mod remediation;
mod segment;
mod sensor;
pub mod sensor_table;
mod severity;
mod site;
mod sorted;
mod text;
mod time;
mod touch;

pub use alert::{Acknowledgement, Alert, AlertState, Condition, Impact};
pub use budget::{Budgets, LineRate, SEEN_UPLINKS, UplinkSpec};
pub use class::{BadClass, CareLevel, DeviceClass, MOST_IN_FLIGHT};
pub use conduct::{AgentFault, Conduct, OverrunKind, Overruns, Tally};
pub use course::{COURSE, Course};
pub use device::{
    Attachment, CHANGE_RING, Device, DeviceState, INTERFACE_CAP, Reach, ReachFact, TouchOverride,
    TouchPolicyInForce,
};
pub use fact::{Change, Fact, FactKey, FactSource};
pub use health::{
    CollectorHealth, Flow, GateHealth, Health, Home, Point, PollerHealth, ProcessHealth, Rate,
    SourceHealth, TREND, Warning, grouped,
};
pub use hex::hex;
pub use ids::{AlertId, DeviceId, IfIndex, RunId, SegmentId, Seq};
pub use interface::{CounterBaseline, IfStatus, Interface, RateState, Traffic};
pub use job::Job;
pub use mac::{BadMac, Mac};
pub use plan::{
    Asked, Column, Difference, PartKind, PartShape, PlanOid, PollPart, PollPlan, PollPlans,
    Priority, Role, Step,
};
pub use quirk::{Quirk, QuirkInForce, QuirkSource, Quirks, SKIP_CAP, Showing, arcs, build, within};
pub use remediation::{Confirm, OUTPUT_LINES, Revert, Risk, Run, RunPlan, RunState, Work};
pub use segment::{Link, LinkEnd, LinkId, LinkSource, Segment};
pub use sensor::{SENSOR_CAP, SENSOR_RING, Sensor, SensorKind, SensorState};
pub use sensor_table::SensorTable;
pub use severity::Severity;
pub use site::{
    AuthProtocol, ClassSpec, Credential, CredentialKind, DeviceSpec, Discovery, FirmwareSpec,
    InterfaceRef, Intervals, LimitSpec, LinkSpec, PlainSecret, PrivProtocol, SecretRef,
    SegmentSpec, Site, Strength, TurnSpec, VendorSpec, WITHHELD, WallboardSpec, WardSpec,
};
pub use sorted::{Keyed, Sorted};
pub use text::{TEXT_CAP, Text};
pub use time::Time;
pub use touch::{PacketKind, TouchPolicy, TouchTable};
