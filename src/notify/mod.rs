//! Effects out: what the engine wants people to be told.
//!
//! In: the engine's [`crate::event::Effect`]s. Out: the notice through every channel, and one `Delivered` event for the log, so
//! that the same notice is not told again after a restart (invariant 13). It must never hold up the collector, never tell a
//! notice twice, and never let text from the network reach a terminal raw.
//!
//! The viewers need no channel: an alert stands in the state that they draw. What is here is for a process without a viewer, a
//! line a notice for the journal of the service or a log file. Mail, webhook, syslog and pager are not there yet.

mod lines;
mod outbox;

pub use lines::Lines;
pub use outbox::{Channel, DELIVERED_KEPT, Outbox};
