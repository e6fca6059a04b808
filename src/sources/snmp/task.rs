//! What the driver is told to do, and where it tells the result.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::feed::Feed;
use super::job::Kind;
use super::login::Login;
use super::once::PollResult;
use crate::event::Target;
use crate::gate::PermitId;
use crate::model::{Budgets, DeviceClass, PollPlans, Quirks, Text};
use crate::wire::snmp::usm::Stat;
use crate::wire::snmp::{VarBind, error_word};

/// Why a question of a person or a remediation got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnmpError {
    /// Silence.
    #[error("no answer from {0}; is it up, and are community and port right?")]
    Timeout(SocketAddr),
    /// It refuses.
    #[error("{0} refuses: {1}")]
    Refused(SocketAddr, Text),
    /// It answers nonsense.
    #[error("{0} answers what is no SNMP: {1}")]
    Malformed(SocketAddr, Text),
    /// The gate refuses.
    #[error("{0}")]
    NotAllowed(Text),
    /// The system refuses.
    #[error("nothing can be sent to {0}: {1}")]
    Unreachable(SocketAddr, Text),
    /// It returned an error.
    #[error("{agent} answers {} for name {index}", error_word(*status))]
    Agent {
        /// Who.
        agent: SocketAddr,
        /// `error-status`
        status: i32,
        /// `error-index`, the first name is 1.
        index: i32,
    },
    /// More than a datagram takes.
    #[error("{0} octets do not fit a datagram; ask for less at once")]
    TooLong(usize),
    /// Part of the subtree was read, and then no more.
    #[error("the walk of {0} was cut off: {1}")]
    Partial(SocketAddr, Text),
    /// The poller is not there any more.
    #[error("the poller has stopped")]
    Stopped,
}

impl SnmpError {
    /// It refuses somebody it knows: another password, level or right would be needed.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_, why) if why.as_str() != Stat::UnknownUserNames.word())
    }
}

/// Credentials that may be tried, by name and in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) names: Arc<[Text]>,
    /// Communities even where SNMPv3 was answered, or refused.
    pub(super) v2c_fallback: bool,
    /// Answers are believed from any address.
    pub(super) any_address: bool,
}

impl Offer {
    /// That of a target.
    pub(super) fn of(target: &Target) -> Self {
        Self {
            names: target.credentials.as_slice().into(),
            v2c_fallback: target.v2c_fallback,
            any_address: target.answers_from_any_address,
        }
    }

    /// Is it what the target offers?
    pub(super) fn is_of(&self, target: &Target) -> bool {
        *self.names == target.credentials[..]
            && self.v2c_fallback == target.v2c_fallback
            && self.any_address == target.answers_from_any_address
    }
}

/// With which credentials.
#[derive(Clone, Debug)]
pub(super) enum With {
    /// Those of these names, in this order.
    Names(Offer),
    /// This one.
    Login(Box<Login>),
}

/// Who is waiting.
#[derive(Debug)]
pub(super) enum Sink {
    /// The engine.
    Engine,
    /// `poll --once`: the feed that goes there.
    Once(mpsc::Sender<Vec<PollResult>>),
    /// One question.
    Reply(oneshot::Sender<Result<Vec<VarBind>, SnmpError>>),
}

/// One thing to do with one agent.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) kind: Kind,
    pub(super) with: With,
    pub(super) cause: Text,
    pub(super) permit: Option<PermitId>,
    pub(super) sink: Sink,
    /// Attempts for each question; the configured number otherwise.
    pub(super) tries: Option<u32>,
    pub(super) within: Duration,
    /// It is a stranger that is to be walked: one question first, so that a dead one is not asked many, and so that what its
    /// model can't take is not asked of it. Its class, as far as the asker knows it.
    pub(super) meets: Option<DeviceClass>,
}

/// What the handles tell the driver.
#[derive(Debug)]
pub(super) enum Command {
    Logins(BTreeMap<Text, Login>),
    Targets(Arc<Vec<Target>>),
    Plans(Arc<PollPlans>),
    Budgets(Arc<Budgets>),
    Quirks(Arc<Quirks>),
    Probe(Vec<IpAddr>),
    ReadTables(Vec<IpAddr>),
    Once(Box<Feed>),
    Task(SocketAddr, Box<Task>),
    Stop,
}
