//! The polling engine.
//!
//! In: targets with their credentials, and single questions of people and remediations. Out: observations in batches, and
//! answers. One task drives all agents over a few shared sockets: a table of agents, one heap of timers, shared buffers; a job
//! is a future the driver polls itself, so that an agent costs no task, no socket and no buffer of its own. It never has more
//! than one question out to an agent (a router takes a few, others as many as the site says, four at the most) nor more than its
//! window over all, sends no more to a device, into a closet or through an uplink than the site's budgets allow, lets what the
//! plans put first go first without letting anything wait for ever, never walks an agent it does not know yet, never believes a
//! datagram whose source, id or digest is not that of the question (the source may be another one where the site says so of the
//! device), and sends nothing but through the gate.

mod again;
mod ask;
mod book;
mod breaker;
mod budget;
mod cut;
mod device;
mod doors;
mod driver;
mod engine;
mod faults;
mod feed;
mod io;
mod job;
mod judge;
mod lateness;
mod lessons;
mod login;
mod memory;
mod names;
mod once;
mod overdue;
mod pace;
mod poller;
mod rows;
mod rtt;
mod schedule;
mod session;
mod stats;
mod table;
mod task;
mod turns;
mod walk;
mod window;

pub use cut::{Cut, Reason};
pub use login::{Login, strongest_first};
pub use once::{
    PollResult, PollSummary, UnknownPlan, check_plan, plan_names, poll_because, poll_once,
};
pub use poller::{Agent, Poller, PollerConfig};
pub use stats::PollerStats;
pub use task::SnmpError;
