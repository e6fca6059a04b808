//! Who is on a segment, by ARP.
//!
//! In: targets of a person or of the site, answers from the wire, the kernel's table. Out: addresses with their MACs. It asks through
//! the gate only, at a pace, never an address that the touch policy keeps from it, and stops when it is told to.

mod course;
mod discovery;
mod neighbours;
mod pace;
mod plan;
mod sweep;

pub use crate::gate::Interface;
pub use discovery::{Discovery, discoveries, rate_cap};
pub use neighbours::{KernelNeighbour, NEIGHBOUR_CAP, kernel_neighbours, read_table};
pub use pace::{Bucket, FAST, FAST_AGAIN, Jitter, POLITE_LEAST, POLITE_MOST, Pace, Tempo};
pub use plan::{PlanError, ScanPlan, SegmentPlan, TARGET_CAP, scan_plan};
pub use sweep::{Sweep, SweepError, SweepSummary};
