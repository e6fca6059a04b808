//! What is asked of an agent, one file a job. A job asks through its [`Io`] and hands back a [`Report`]; it knows no socket,
//! no timer and no retry.

mod bench;
mod facts;
mod interfaces;
mod neighbours;
pub(super) mod sensors;
mod status;
mod tables;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::LazyLock;

use super::ask::Ask;
use super::io::{Failure, Io};
use super::walk;
use crate::event::{IfSampleV1, Job, Observation, SysGroupV1};
use crate::model::{FactKey, Text, Time};
use crate::wire::snmp::{Oid, Readable, VarBind};

/// What a job found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The system group, if it is not what it was.
    pub(super) system: Option<SysGroupV1>,
    /// `sysUpTime` of the last answer that carried one.
    pub(super) uptime: Option<u32>,
    /// `snmpEngineBoots`
    pub(super) boots: Option<u32>,
    /// How often the spanning tree changed so far.
    pub(super) top_changes: Option<u64>,
    /// Facts that are not what they were.
    pub(super) facts: Vec<(FactKey, Text)>,
    pub(super) interfaces: Vec<IfSampleV1>,
    pub(super) interfaces_whole: bool,
    /// Tables, each an observation of its own.
    pub(super) others: Vec<Observation>,
    /// What an ad hoc question gave.
    pub(super) varbinds: Vec<VarBind>,
    /// Why it ended early.
    pub(super) failure: Option<Failure>,
}

/// A job under way.
pub(super) type Running = Pin<Box<dyn Future<Output = Report> + Send>>;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// On schedule.
    Job(Job),
    /// One GET of sysUpTime: does it live?
    Touch,
    /// The plan `bench`.
    Bench,
    /// Everything, once.
    All,
    /// For a person or a remediation.
    Get(Vec<Oid>),
    /// For a person or a remediation.
    Set(Vec<VarBind>),
    /// For a person or a remediation: a subtree, so many rows at the most.
    Walk(Oid, usize),
}

impl Report {
    /// With what was found before, when it was met.
    pub(super) fn after(mut self, before: Self) -> Self {
        self.system = self.system.or(before.system);
        self.uptime = self.uptime.or(before.uptime);
        self.boots = self.boots.or(before.boots);
        self.facts.splice(..0, before.facts);
        self
    }
}

impl Kind {
    /// It needs more than GETs.
    pub(super) fn walks(&self) -> bool {
        !matches!(
            self,
            Self::Job(Job::Status | Job::Ups) | Self::Touch | Self::Get(_) | Self::Set(_)
        )
    }

    /// A person may name whoever they like: is it walked, and would one question tell whether that is worth it? The measured
    /// plan begins with one anyhow.
    pub(super) fn meets(&self) -> bool {
        self.walks() && *self != Self::Bench
    }

    /// For the ledger.
    pub(super) fn cause(&self) -> Text {
        static STATUS: LazyLock<Text> = LazyLock::new(|| Kind::Job(Job::Status).word().into());
        // nine of ten tasks are this one
        match self {
            Self::Job(Job::Status) => STATUS.clone(),
            other => other.word().into(),
        }
    }

    /// The same as a word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Job(Job::Status) => "poll status",
            Self::Job(Job::Interfaces) => "poll interfaces",
            Self::Job(Job::Tables) => "poll tables",
            Self::Job(Job::Inventory) => "poll inventory",
            Self::Job(Job::Ups) => "poll ups",
            Self::Job(Job::Sensors) => "poll sensors",
            Self::Touch => "poll probe",
            Self::Bench => "poll bench",
            Self::All => "poll all",
            Self::Get(_) => "get",
            Self::Set(_) => "set",
            Self::Walk(..) => "walk",
        }
    }
}

/// Whom a job is about, and when it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub(super) address: IpAddr,
    /// The driver's monotonic milliseconds.
    pub(super) now_ms: u64,
    /// The wall clock, for what is told.
    pub(super) at: Time,
}

/// Begins.
pub(super) fn begin(kind: Kind, io: Io, about: About) -> Running {
    match kind {
        Kind::Job(Job::Status) => Box::pin(status::run(io)),
        Kind::Job(Job::Interfaces) => Box::pin(interfaces::run(io, about)),
        Kind::Job(Job::Tables) => Box::pin(tables(io, about)),
        Kind::Job(Job::Inventory) => Box::pin(facts::inventory(io, about)),
        Kind::Job(Job::Ups) => Box::pin(facts::ups(io)),
        Kind::Job(Job::Sensors) => Box::pin(sensors::run(io, about)),
        Kind::Touch => Box::pin(status::touch(io)),
        Kind::Bench => Box::pin(bench::run(io)),
        Kind::All => Box::pin(all(io, about)),
        Kind::Get(names) => Box::pin(async move {
            match walk::get(&io, &names).await {
                Ok(values) => Report {
                    varbinds: names
                        .into_iter()
                        .zip(values)
                        .map(|(oid, value)| VarBind { oid, value })
                        .collect(),
                    ..Report::default()
                },
                Err(failure) => failed(failure),
            }
        }),
        Kind::Set(binds) => Box::pin(set(io, binds)),
        Kind::Walk(root, cap) => Box::pin(async move {
            let (varbinds, table) = walk::subtree(&io, root, cap).await;
            Report {
                varbinds,
                interfaces_whole: table.whole,
                failure: table.failure,
                ..Report::default()
            }
        }),
    }
}

pub(super) fn failed(failure: Failure) -> Report {
    Report {
        failure: Some(failure),
        ..Report::default()
    }
}

async fn set(io: Io, binds: Vec<VarBind>) -> Report {
    match io.ask(Ask::set(binds)).await {
        Ok(reply) if reply.error_status == 0 => Report {
            varbinds: reply.bindings.to_varbinds(),
            ..Report::default()
        },
        Ok(reply) => failed(Failure::Agent {
            status: reply.error_status,
            index: reply.error_index,
        }),
        Err(failure) => failed(failure),
    }
}

async fn tables(io: Io, about: About) -> Report {
    let mut report = tables::run(&io, about).await;
    if report.failure.is_none() || matches!(report.failure, Some(Failure::Malformed(_))) {
        let more = neighbours::run(&io, about).await;
        report.others.extend(more.others);
        report.failure = report.failure.or(more.failure);
    }
    report
}

/// Everything of one that was met.
async fn all(io: Io, about: About) -> Report {
    let mut report = interfaces::run(io.clone(), about).await;
    for part in 0..4 {
        if report.failure.as_ref().is_some_and(Failure::is_silence) {
            // whoever fell silent is asked no more
            break;
        }
        let more = match part {
            0 => facts::inventory(io.clone(), about).await,
            1 => facts::ups(io.clone()).await,
            2 => sensors::run(io.clone(), about).await,
            _ => tables(io.clone(), about).await,
        };
        report.facts.extend(more.facts);
        report.others.extend(more.others);
        report.failure = report.failure.or(more.failure);
    }
    report
}

/// An octet string as text; anything else is none.
pub(super) fn text<'a>(value: Option<impl Readable<'a>>) -> Text {
    match value.and_then(Readable::octets) {
        Some(octets) => Text::from_bytes(octets),
        None => Text::empty(),
    }
}

/// A 32-bit number of any type.
pub(super) fn number32<'a>(value: Option<impl Readable<'a>>) -> Option<u32> {
    u32::try_from(value?.number()?).ok()
}
