//! The keys of the filter language, and how they are completed.

use crate::model::{AgentFault, CareLevel, DeviceClass, DeviceState, Severity, TouchPolicy};

/// A key, for help and completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterKey {
    /// As it is written.
    pub name: &'static str,
    /// One line.
    pub help: &'static str,
    pub(super) key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Class,
    Segment,
    State,
    Care,
    Touch,
    Vendor,
    Model,
    Os,
    Firmware,
    Ward,
    Room,
    Owner,
    Tag,
    Serial,
    Name,
    Address,
    Mac,
    Vlan,
    Port,
    Switch,
    Alert,
    Severity,
    Seen,
    Is,
    Fault,
}

macro_rules! keys {
    ($($key:ident $name:literal $help:literal,)*) => {
        pub(super) const KEYS: &[FilterKey] = &[$(FilterKey { name: $name, help: $help, key: Key::$key },)*];

        impl Key {
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$key => $name,)* }
            }
        }
    };
}

keys! {
    Class "class" "kind of device, or a part of it: class:pump,vent",
    Segment "segment" "segment, or a part of its name: segment:icu",
    State "state" "up, degraded, down, unknown",
    Care "care" "life-sustaining, clinical, support, admin; care>support",
    Touch "touch" "what may be sent to it: never, passive, arp, ping, get, full; touch<ping",
    Vendor "vendor" "manufacturer, or a part of it",
    Model "model" "model, or a part of it",
    Os "os" "operating system",
    Firmware "firmware" "version: firmware:2.51, firmware<9.33",
    Ward "ward" "ward or department",
    Room "room" "room",
    Owner "owner" "owner",
    Tag "tag" "biomedical tag",
    Serial "serial" "serial number",
    Name "name" "name alone",
    Address "address" "address, a part of it, or a subnet: address:10.31.0.0/24",
    Mac "mac" "MAC or its beginning, in any spelling",
    Vlan "vlan" "VLAN: vlan:310",
    Port "port" "name or alias of the switch port it hangs on",
    Switch "switch" "switch it hangs on",
    Alert "alert" "an alert of this kind is open: alert:any, alert:no-longer-seen, alert:acknowledged",
    Severity "severity" "worst open alert: severity:critical, severity>minor",
    Seen "seen" "last seen so long ago: seen>10m",
    Is "is" "medical, network, declared, clinical (its segment is), attached",
    Fault "fault" "how its agent misbehaves: fault:any, fault:loop, fault:late; fault:overrun: polls that miss their time now",
}

pub(super) const TRAITS: &[&str] = &["medical", "network", "declared", "clinical", "attached"];

/// The fixed values of a key, where it has such.
pub(super) fn values(key: Key) -> Vec<&'static str> {
    use crate::model::AlertState as A;
    match key {
        Key::Class => DeviceClass::ALL.iter().map(|c| c.word()).collect(),
        Key::State => [
            DeviceState::Up,
            DeviceState::Degraded,
            DeviceState::Down,
            DeviceState::Unknown,
        ]
        .map(DeviceState::word)
        .to_vec(),
        Key::Care => CareLevel::ALL.map(CareLevel::word).to_vec(),
        Key::Touch => TouchPolicy::ALL.map(TouchPolicy::word).to_vec(),
        Key::Severity => Severity::ALL.map(Severity::word).to_vec(),
        Key::Is => TRAITS.to_vec(),
        Key::Alert => ["any"]
            .into_iter()
            .chain([A::Open, A::Acknowledged, A::Pending].map(A::word))
            .chain(CONDITIONS.iter().map(|c| c.word()))
            .collect(),
        Key::Fault => ["any", OVERRUN]
            .into_iter()
            .chain(AgentFault::ALL.map(AgentFault::word))
            .collect(),
        _ => Vec::new(),
    }
}

/// The value of `fault` for polls that miss their time.
pub(super) const OVERRUN: &str = "overrun";

pub(super) const CONDITIONS: &[crate::model::Condition] = {
    use crate::model::Condition as C;
    &[
        C::DeviceDown,
        C::NoLongerSeen,
        C::AgentDown,
        C::CredentialsRefused,
        C::Restarted,
        C::LinkDown,
        C::InterfaceErrors,
        C::Saturated,
        C::OnBattery,
        C::OldFirmware,
        C::UnknownStation,
        C::DuplicateAddress,
        C::RevertOverdue,
        C::Collector,
        C::SensorFailed,
        C::OutOfRange,
        C::ScopeFull,
        C::WeakEngine,
        C::PollOverrun,
        C::NotAuthentic,
    ]
};

pub(super) fn complete(typed: &str) -> Vec<String> {
    let word = typed.rsplit(char::is_whitespace).next().unwrap_or("");
    let (sign, body) = match word.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", word),
    };
    let Some((name, value)) = body.split_once(':') else {
        return KEYS
            .iter()
            .filter(|k| !body.is_empty() && k.name.starts_with(&body.to_lowercase()))
            .map(|k| format!("{sign}{}:", k.name))
            .collect();
    };
    let Some(key) = KEYS.iter().find(|k| k.name.eq_ignore_ascii_case(name)) else {
        return Vec::new();
    };
    let (list, last) = match value.rsplit_once(',') {
        Some((list, last)) => (format!("{list},"), last),
        None => (String::new(), value),
    };
    let last = last.to_lowercase();
    values(key.key)
        .into_iter()
        .filter(|v| v.starts_with(&last) && **v != *last)
        .map(|v| format!("{sign}{}:{list}{v}", key.name))
        .collect()
}
