//! When a job of an agent is due: spread over its interval by a hash, and a little off each time, so that no two agents of a
//! closet are asked in step for ever.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use rustc_hash::FxHasher;

use crate::event::Job;

fn hash(what: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    // FxHasher leaves its low bits poor
    hasher.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17
}

/// Milliseconds after the start at which a job is due for the first time: soon, and not all at once.
pub(super) fn first(address: IpAddr, job: Job, interval_ms: u64) -> u64 {
    let within = match job {
        Job::Status => 1_000,
        Job::Ups => 2_000,
        Job::Interfaces => 3_000,
        Job::Tables => 8_000,
        Job::Inventory => 15_000,
        Job::Sensors => 20_000,
    };
    hash((address, job)) % within.min(interval_ms.max(1))
}

/// Milliseconds (on the driver's clock) at which it is due next: in the agent's own phase of the interval, ±10 %, and at
/// least half an interval from now.
pub(super) fn next(address: IpAddr, job: Job, interval_ms: u64, now_ms: u64) -> u64 {
    let interval = interval_ms.max(1);
    let phase = hash((address, job)) % interval;
    let earliest = now_ms + interval / 2;
    let cycle = earliest.saturating_sub(phase).div_ceil(interval);
    let slot = phase + cycle * interval;
    let off = hash((address, job, cycle)) % (interval / 5 + 1);
    (slot + off).saturating_sub(interval / 10).max(now_ms + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_agents_are_spread_evenly() {
        let mut tenths = [0u32; 10];
        for n in 0..1_000u32 {
            let address = IpAddr::from((0x0a01_0000 + n).to_be_bytes());
            let due = next(address, Job::Status, 30_000, 300_000);
            tenths[(due % 30_000 / 3_000) as usize] += 1;
        }
        assert!(tenths.iter().all(|n| (60..150).contains(n)), "{tenths:?}");
    }

    proptest! {
        #[test]
        fn it_keeps_its_interval_and_never_comes_at_once(
            ip in any::<u32>(), interval in 1_000u64..100_000, now in 0u64..10_000_000,
        ) {
            let address = IpAddr::from(ip.to_be_bytes());
            let a = next(address, Job::Interfaces, interval, now);
            let b = next(address, Job::Interfaces, interval, a);
            prop_assert!(a > now && a - now <= interval * 17 / 10 + 1);
            prop_assert!(b - a >= interval * 79 / 100 && b - a <= interval * 121 / 100 + 1, "{} {}", b - a, interval);
            prop_assert!(first(address, Job::Status, interval) < interval);
        }
    }
}
