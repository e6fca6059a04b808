//! What a run needs from the process around it. The host implements these over its poller, its log and its clock.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use crate::event::RunStep;
use crate::gate::PermitId;
use crate::model::{Seq, Text, Time};

/// A future in a box, so that these traits can be objects.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An agent to be asked or set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Where.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// Names of the credentials to try, in this order. The secrets never come here.
    pub credentials: Vec<Text>,
    /// A community may be tried although SNMPv3 was refused.
    pub v2c_fallback: bool,
}

/// A value of a variable, as far as runs need it (RFC 2578 §7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// `INTEGER`
    Integer(i64),
    /// `Counter32`, `Gauge32`, `Counter64`
    Unsigned(u64),
    /// `TimeTicks`, hundredths of a second.
    Ticks(u32),
    /// `OCTET STRING`, `Opaque`
    Octets(Vec<u8>),
    /// `OBJECT IDENTIFIER`, dotted.
    Oid(Text),
    /// `IpAddress`
    Address(IpAddr),
    /// `NULL`
    Null,
    /// `noSuchObject` or `noSuchInstance` (RFC 3416 §4.2.1).
    Missing,
}

impl Scalar {
    /// As a whole number.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(n) => Some(*n),
            Self::Unsigned(n) => i64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// As text, where it is a string.
    pub fn text(&self) -> Option<Text> {
        match self {
            Self::Octets(bytes) => Some(Text::from_bytes(bytes)),
            _ => None,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(n) => n.fmt(f),
            Self::Unsigned(n) => n.fmt(f),
            Self::Ticks(n) => write!(f, "{}.{:02} s", n / 100, n % 100),
            Self::Octets(bytes) => Text::from_bytes(bytes).fmt(f),
            Self::Oid(oid) => oid.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Null => f.write_str("null"),
            Self::Missing => f.write_str("(the agent has no such value)"),
        }
    }
}

/// A variable with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Which, dotted.
    pub oid: Text,
    /// Its value.
    pub value: Scalar,
}

/// Why an agent gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// Silence.
    #[error("no answer")]
    Timeout,
    /// The gate let nothing out.
    #[error("{0}")]
    NotAllowed(Text),
    /// It answered with an error: `noSuchName`, `notWritable`, `authorizationError`, a wrong password.
    #[error("the agent says {0}")]
    Said(Text),
    /// Anything else.
    #[error("{0}")]
    Other(Text),
}

/// Asks and sets agents, through the gate.
pub trait Agents: Send + Sync {
    /// One GET; the bindings come in the order of `oids`. Without a permit, the touch policy alone decides.
    fn get<'a>(
        &'a self,
        agent: &'a Agent,
        oids: &'a [Text],
        cause: &'a Text,
        permit: Option<PermitId>,
    ) -> Later<'a, Result<Vec<Binding>, AgentError>>;

    /// One SET under a permit.
    fn set<'a>(
        &'a self,
        agent: &'a Agent,
        bindings: &'a [Binding],
        cause: &'a Text,
        permit: PermitId,
    ) -> Later<'a, Result<(), AgentError>>;
}

/// Writes steps to the log.
pub trait Journal: Send + Sync {
    /// Appends the step; returns its place once it is durable (invariant 12), or why it is not.
    fn record(&self, step: RunStep) -> Later<'_, Result<Seq, Text>>;
}

/// The time of a run.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Time;
    /// Waits.
    fn sleep(&self, how_long: Duration) -> Later<'_, ()>;
}

/// The clock of the process: waits by tokio, and asks the function it is given for the present.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock(pub fn() -> Time);

impl Clock for TokioClock {
    fn now(&self) -> Time {
        (self.0)()
    }

    fn sleep(&self, how_long: Duration) -> Later<'_, ()> {
        Box::pin(tokio::time::sleep(how_long))
    }
}
