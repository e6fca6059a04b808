//! What goes wrong on the farm, as it is asked for: a kind, how much of it, and at how many agents.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::model::Text;
use crate::sim::agent::Faults;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// Nobody answers.
    Dead,
    /// Requests are lost, so many of a hundred.
    Loss,
    /// Answers come late, milliseconds.
    Delay,
    /// Answers come when nobody waits for them any more, milliseconds.
    Late,
    /// Answers come twice.
    Duplicate,
    /// Answers carry another request id.
    WrongId,
    /// Answers come from an address that was not asked.
    WrongSource,
    /// Behind the last row of a column comes its first again.
    Loop,
    /// Columns have no end.
    Endless,
    /// Responses of more bindings than this are tooBig.
    TooBig,
    /// A GETBULK gives so many bindings at the most.
    Truncated,
    /// Restarts every so many seconds, and snmpEngineBoots never rises.
    BootsFrozen,
    /// sysUpTime wraps after so many seconds.
    UptimeWrap,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Dead,
        Self::Loss,
        Self::Delay,
        Self::Late,
        Self::Duplicate,
        Self::WrongId,
        Self::WrongSource,
        Self::Loop,
        Self::Endless,
        Self::TooBig,
        Self::Truncated,
        Self::BootsFrozen,
        Self::UptimeWrap,
    ];

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Loss => "loss",
            Self::Delay => "delay",
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::WrongId => "wrong-id",
            Self::WrongSource => "wrong-source",
            Self::Loop => "loop",
            Self::Endless => "endless",
            Self::TooBig => "too-big",
            Self::Truncated => "truncated",
            Self::BootsFrozen => "boots-frozen",
            Self::UptimeWrap => "uptime-wrap",
        }
    }

    /// How much of it, where nothing is said; `None` where there is no more or less of it.
    pub fn usual(self) -> Option<u32> {
        match self {
            Self::Loss | Self::UptimeWrap => Some(10),
            Self::Delay => Some(200),
            Self::Late => Some(15_000),
            Self::TooBig => Some(30),
            Self::Truncated => Some(25),
            Self::BootsFrozen => Some(60),
            _ => None,
        }
    }
}

/// A fault of a part of the farm, written `KIND[:AMOUNT][=PERCENT]`: `dead=10`, `loss:30`, `delay:500=20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// How much, in the unit of its kind; zero where there is none.
    pub amount: u32,
    /// Agents of a hundred that have it.
    pub percent: u8,
}

impl Fault {
    /// Adds itself to the faults of an agent.
    pub(super) fn add_to(self, faults: &mut Faults) {
        let amount = u64::from(self.amount);
        match self.kind {
            FaultKind::Dead => faults.silent = true,
            FaultKind::Loss => faults.loss_permille = (amount * 10) as u16,
            FaultKind::Delay | FaultKind::Late => {
                faults.delay = faults.delay.max(Duration::from_millis(amount));
            }
            FaultKind::Duplicate => faults.duplicate = true,
            FaultKind::WrongId => faults.wrong_id = true,
            FaultKind::WrongSource => faults.wrong_source = true,
            FaultKind::Loop => faults.looping = true,
            FaultKind::Endless => faults.endless = true,
            FaultKind::TooBig => faults.too_big = Some(self.amount as usize),
            FaultKind::Truncated => faults.truncated = Some(self.amount as usize),
            FaultKind::BootsFrozen => faults.boots_frozen = Some(Duration::from_secs(amount)),
            FaultKind::UptimeWrap => faults.uptime_wraps = Some(Duration::from_secs(amount)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word())?;
        if self.kind.usual().is_some() {
            write!(f, ":{}", self.amount)?;
        }
        write!(f, "={}", self.percent)
    }
}

/// Text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFault {
    /// No such kind.
    #[error("'{given}' is no fault; there are: {}", FaultKind::ALL.map(FaultKind::word).join(", "))]
    Kind {
        /// What was given.
        given: Text,
    },
    /// A number that is none, or too large.
    #[error(
        "'{0}' is no {1}; write a fault as KIND, KIND:AMOUNT, KIND=PERCENT or KIND:AMOUNT=PERCENT"
    )]
    Number(Text, &'static str),
    /// An amount where there is no more or less.
    #[error("there is no more or less of '{0}'; write it as {0} or {0}=PERCENT")]
    Amount(&'static str),
}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let (what, percent) = match text.split_once('=') {
            None => (text, 100),
            Some((what, percent)) => {
                let bad = || BadFault::Number(percent.into(), "percentage from 0 to 100");
                let n: u8 = percent.trim_end_matches('%').parse().map_err(|_| bad())?;
                if n > 100 {
                    return Err(bad());
                }
                (what, n)
            }
        };
        let (word, amount) = match what.split_once(':') {
            None => (what, None),
            Some((word, amount)) => (word, Some(amount)),
        };
        let kind = FaultKind::ALL
            .into_iter()
            .find(|k| k.word() == word)
            .ok_or_else(|| BadFault::Kind { given: word.into() })?;
        let amount = match (amount, kind.usual()) {
            (None, usual) => usual.unwrap_or(0),
            (Some(_), None) => return Err(BadFault::Amount(kind.word())),
            (Some(text), Some(_)) => {
                let most = if kind == FaultKind::Loss {
                    100
                } else {
                    86_400_000
                };
                text.parse()
                    .ok()
                    .filter(|n| *n <= most)
                    .ok_or_else(|| BadFault::Number(text.into(), "amount"))?
            }
        };
        Ok(Self {
            kind,
            amount,
            percent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_as_it_is_written() {
        let fault = |s: &str| s.parse::<Fault>().unwrap();
        for kind in FaultKind::ALL {
            let usual = fault(kind.word());
            assert_eq!(
                (usual.kind, usual.percent, usual.amount),
                (kind, 100, kind.usual().unwrap_or(0))
            );
            assert_eq!(fault(&usual.to_string()), usual);
        }
        assert_eq!(fault("delay:500=20%").to_string(), "delay:500=20");
        for (text, says) in [
            ("slow", "is no fault; there are: dead, loss"),
            ("dead=101", "percentage from 0 to 100"),
            ("dead:3", "no more or less"),
            ("loss:101", "is no amount"),
            ("delay:x", "KIND:AMOUNT=PERCENT"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
