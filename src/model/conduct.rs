//! How the agent of a device behaves when it is asked: what it did wrong, and which polls missed their time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Text, Time};

/// How an agent can misbehave without being silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentFault {
    /// An answer that came after its timeout.
    Late,
    /// An answer with an id that was not asked.
    WrongId,
    /// An answer from another address than was asked.
    WrongSource,
    /// No SNMP message, or a damaged one.
    Malformed,
    /// A walk that does not increase.
    Loop,
    /// A table beyond its cap.
    Endless,
    /// An answer cut off.
    Truncated,
    /// It can't put that much into one answer.
    TooBig,
    /// The digest of an answer was wrong, or its time (RFC 3414, 3.2).
    NotAuthentic,
    /// `snmpEngineBoots` stays although it restarted: old answers could be replayed to it.
    BootsFrozen,
    /// An answer that came twice.
    Duplicate,
}

impl AgentFault {
    /// All, those first that say most of an agent.
    pub const ALL: [Self; 11] = [
        Self::NotAuthentic,
        Self::BootsFrozen,
        Self::Loop,
        Self::Endless,
        Self::Truncated,
        Self::Malformed,
        Self::WrongSource,
        Self::WrongId,
        Self::TooBig,
        Self::Duplicate,
        Self::Late,
    ];

    /// The word in JSON and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::WrongId => "wrong-id",
            Self::WrongSource => "wrong-source",
            Self::Malformed => "malformed",
            Self::Loop => "loop",
            Self::Endless => "endless",
            Self::Truncated => "truncated",
            Self::TooBig => "too-big",
            Self::NotAuthentic => "not-authentic",
            Self::BootsFrozen => "boots-frozen",
            Self::Duplicate => "duplicate",
        }
    }

    /// What it does, for a person: a number of times follows.
    pub fn says(self) -> &'static str {
        match self {
            Self::Late => "answers after its time",
            Self::WrongId => "answers with ids nobody asked",
            Self::WrongSource => "answers from an address nobody asked",
            Self::Malformed => "sends what is no SNMP",
            Self::Loop => "walks do not move on",
            Self::Endless => "tables do not end",
            Self::Truncated => "answers are cut off",
            Self::TooBig => "can't put so much into one answer",
            Self::NotAuthentic => "answers are not authentic",
            Self::BootsFrozen => "does not count its restarts",
            Self::Duplicate => "answers twice",
        }
    }
}

impl AgentFault {
    /// How often it did that, for a person: `3 answers came from another address`.
    pub fn counted(self, n: u32) -> String {
        let (one, many, did) = match self {
            Self::Late => ("answer", "answers", "came after its time"),
            Self::WrongId => ("answer", "answers", "carried another id"),
            Self::WrongSource => ("answer", "answers", "came from another address"),
            Self::Malformed => ("datagram", "datagrams", "held no SNMP"),
            Self::Loop => ("walk", "walks", "did not move on"),
            Self::Endless => ("table", "tables", "did not end"),
            Self::Truncated => ("answer", "answers", "came cut off"),
            Self::TooBig => ("answer", "answers", "could not hold so much"),
            Self::NotAuthentic => ("answer", "answers", "did not prove to be authentic"),
            Self::BootsFrozen => ("restart", "restarts", "did not count in snmpEngineBoots"),
            Self::Duplicate => ("answer", "answers", "came twice"),
        };
        format!("{n} {} {did}", if n == 1 { one } else { many })
    }
}

/// What became of a poll whose time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrunKind {
    /// The one before still ran: this one is left out.
    Skipped,
    /// It took longer than its deadline and was ended.
    Cut,
    /// It is asked less often from now on.
    Degraded,
    /// It waited too long for the budget of its device, closet or uplink.
    Budget,
    /// It keeps its time again.
    Recovered,
}

impl OverrunKind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Cut => "cut",
            Self::Degraded => "degraded",
            Self::Budget => "budget",
            Self::Recovered => "recovered",
        }
    }

    /// What became of it, for a person.
    pub fn says(self) -> &'static str {
        match self {
            Self::Skipped => "left out: the one before still ran",
            Self::Cut => "ended at its deadline",
            Self::Degraded => "asked less often from now on",
            Self::Budget => "put off: the budget of its device, closet or uplink was used up",
            Self::Recovered => "keeps its time",
        }
    }
}

/// How often something was seen, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tally {
    /// How often so far.
    pub count: u32,
    /// First seen.
    pub first: Time,
    /// Last seen.
    pub last: Time,
}

impl Tally {
    /// Seen `n` times more, the last time at `at`.
    pub fn add(&mut self, n: u32, at: Time) {
        if self.count == 0 {
            self.first = at;
        }
        self.count = self.count.saturating_add(n);
        self.last = self.last.max(at);
    }
}

/// How one kind of poll of one device keeps its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Overruns {
    /// Polls that missed their time so far.
    pub missed: Tally,
    /// Of which in a row, up to the last one.
    pub in_a_row: u16,
    /// Since when this row lasts.
    pub since: Time,
    /// It is asked less often than planned.
    pub degraded: bool,
    /// What came last.
    pub last: OverrunKind,
}

/// How the agent of a device behaves. Both maps are as small as the kinds of fault and of poll there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conduct {
    /// What it did wrong.
    pub faults: BTreeMap<AgentFault, Tally>,
    /// Polls that did not keep their time, by the word of their kind.
    pub overruns: BTreeMap<Text, Overruns>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_stands_in_the_list_once_and_is_called_as_in_json() {
        let mut seen = std::collections::BTreeSet::new();
        for fault in AgentFault::ALL {
            assert!(seen.insert(fault));
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.word());
        }
        // as many as the enum has: the last of them has the highest number
        assert_eq!(seen.len(), AgentFault::Duplicate as usize + 1);
    }

    #[test]
    fn what_was_counted_reads_as_a_sentence() {
        let all = AgentFault::ALL.map(|fault| fault.counted(3));
        for (n, words) in all.iter().enumerate() {
            assert!(words.starts_with("3 "), "{words}");
            assert!(!all[..n].contains(words), "{words}");
        }
        assert_eq!(
            AgentFault::WrongSource.counted(3),
            "3 answers came from another address"
        );
        assert_eq!(
            AgentFault::WrongId.counted(1),
            "1 answer carried another id"
        );
    }

    #[test]
    fn a_tally_keeps_its_first_and_its_last_time() {
        let mut tally = Tally::default();
        tally.add(2, Time(50));
        tally.add(1, Time(40));
        assert_eq!(
            tally,
            Tally {
                count: 3,
                first: Time(50),
                last: Time(50)
            }
        );
        tally.add(u32::MAX, Time(60));
        assert_eq!((tally.count, tally.last), (u32::MAX, Time(60)));
    }
}
