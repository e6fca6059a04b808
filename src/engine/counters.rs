//! From two samples of an interface's counters to a rate, or to the reason why there is none (DOMAIN B iii).
//!
//! Pure. Every path hands back the baseline for the next sample, so that no series is ever stuck.

use crate::event::IfCountersV1;
use crate::model::{CounterBaseline, Time, Traffic};

/// What a pair of samples allows to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Nothing to compare with, or the same instant of the agent twice.
    NoBaseline,
    /// The series was broken: a reboot, a discontinuity, another width, a counter that went backwards.
    Reset,
    /// Beyond what the link can carry; thrown away and counted.
    Discarded,
    /// 32-bit counters that may have wrapped unseen between two polls.
    NotMeasurable,
    /// A rate.
    Rate(Traffic),
}

/// What the agent's clock says about the time between two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuity {
    /// It ran on: this many hundredths of a second.
    Ran(u64),
    /// It started anew.
    Rebooted,
}

const WRAP: u64 = 1 << 32;
/// Octets a second beyond which no interface of this world goes, for links whose speed is not known: 1.6 Tb/s.
const FASTEST: u64 = 1_600_000_000_000;

/// Compares two readings of `sysUpTime` (RFC 3418, hundredths of a second, wraps after 497.1 days) with the time that went by
/// here. A clock that fell behind by more than its slack has restarted, unless the wrap explains it.
pub(super) fn continuity(before: (u32, Time), now: (u32, Time)) -> Continuity {
    let elapsed = now.1.since(before.1).as_millis() as u64 / 10;
    let slack = 6_000 + elapsed / 20;
    let (last, this) = (u64::from(before.0), u64::from(now.0));
    let expected = last.saturating_add(elapsed);
    if this >= last {
        // it may have rebooted and counted past the old value in a long gap
        if this.saturating_add(slack) >= expected {
            return Continuity::Ran(this - last);
        }
        return Continuity::Rebooted;
    }
    let wrapped = expected % WRAP;
    let off = wrapped.abs_diff(this).min(WRAP - wrapped.abs_diff(this));
    if expected.saturating_add(slack) >= WRAP && off <= slack {
        return Continuity::Ran(this + WRAP - last);
    }
    Continuity::Rebooted
}

/// Compares a sample with the one before it. `speed` is in bits a second, zero where not known.
pub(super) fn measure(
    before: Option<&CounterBaseline>,
    sample: &IfCountersV1,
    received: Time,
    speed: u64,
) -> (CounterBaseline, Measure) {
    let next = CounterBaseline {
        uptime: sample.uptime,
        discontinuity: sample.discontinuity,
        in_octets: sample.in_octets,
        out_octets: sample.out_octets,
        errors: sample.errors,
        wide: sample.wide,
        received,
    };
    let measure = before.map_or(Measure::NoBaseline, |b| compare(b, &next, speed));
    (next, measure)
}

fn compare(before: &CounterBaseline, now: &CounterBaseline, speed: u64) -> Measure {
    let Continuity::Ran(ran) =
        continuity((before.uptime, before.received), (now.uptime, now.received))
    else {
        return Measure::Reset;
    };
    if before.wide != now.wide || before.discontinuity != now.discontinuity {
        return Measure::Reset;
    }
    if ran == 0 {
        return Measure::NoBaseline;
    }
    if !now.wide && !fits_32_bits(ran, speed) {
        return Measure::NotMeasurable;
    }
    let delta = |a: u64, b: u64| octets(a, b, now.wide, ran, speed);
    let (Some(inward), Some(outward)) = (
        delta(before.in_octets, now.in_octets),
        delta(before.out_octets, now.out_octets),
    ) else {
        return Measure::Reset;
    };
    let (in_bps, out_bps) = (rate(inward, ran), rate(outward, ran));
    let most = if speed == 0 {
        u128::from(FASTEST)
    } else {
        u128::from(speed) * 5 / 4
    };
    if in_bps > most || out_bps > most {
        return Measure::Discarded;
    }
    // errors are a sum of four counters: where it fell, one of them was cleared and nothing is known of this interval
    let errors = now.errors.saturating_sub(before.errors);
    Measure::Rate(Traffic {
        in_bps: clamp(in_bps),
        out_bps: clamp(out_bps),
        errors_milli: clamp(per(errors, 100_000, ran)),
    })
}

/// RFC 2863, 3.1.6: a 32-bit octet counter may be trusted only when it can't wrap twice; here, when the interval is below half
/// of its wrap time. `ran` in hundredths of a second.
fn fits_32_bits(ran: u64, speed: u64) -> bool {
    speed != 0 && u128::from(ran) * u128::from(speed) * 2 / 100 < u128::from(WRAP) * 8
}

/// Octets between two readings; none where the counter went backwards and a single wrap does not explain it.
fn octets(before: u64, now: u64, wide: bool, ran: u64, speed: u64) -> Option<u64> {
    if let Some(delta) = now.checked_sub(before) {
        return Some(delta);
    }
    if wide || speed == 0 {
        return None;
    }
    let delta = (now + WRAP).checked_sub(before)?;
    (rate(delta, ran) * 10 <= u128::from(speed) * 11).then_some(delta)
}

/// Bits a second.
fn rate(octets: u64, ran: u64) -> u128 {
    per(octets, 800, ran)
}

/// `n` times `by` through `ran`. What fits is computed in 64 bits: a division of 128 bits costs several times as much.
fn per(n: u64, by: u64, ran: u64) -> u128 {
    let ran = ran.max(1);
    match n.checked_mul(by) {
        Some(n) => u128::from(n / ran),
        None => u128::from(n) * u128::from(by) / u128::from(ran),
    }
}

fn clamp(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GIGABIT: u64 = 1_000_000_000;

    fn at(s: i64) -> Time {
        Time(1_800_000_000_000 + s * 1000)
    }

    fn sample(uptime_s: u32, octets: u64) -> IfCountersV1 {
        IfCountersV1 {
            in_octets: octets,
            out_octets: octets,
            errors: 0,
            wide: true,
            discontinuity: 0,
            uptime: uptime_s * 100,
        }
    }

    fn after(first: IfCountersV1, second: IfCountersV1, gap_s: i64, speed: u64) -> Measure {
        let (base, start) = measure(None, &first, at(0), speed);
        assert_eq!(start, Measure::NoBaseline);
        let (again, result) = measure(Some(&base), &second, at(gap_s), speed);
        assert_eq!(again.in_octets, second.in_octets, "every path re-seeds");
        result
    }

    #[test]
    fn counters_become_rates_by_the_agents_own_clock() {
        // 60 s there, 61 s here: 75 MB in 60 s is 10 Mb/s
        assert_eq!(
            after(sample(1000, 0), sample(1060, 75_000_000), 61, GIGABIT),
            Measure::Rate(Traffic {
                in_bps: 10_000_000,
                out_bps: 10_000_000,
                errors_milli: 0
            })
        );
    }

    #[test]
    fn what_breaks_the_series_gives_no_rate() {
        let narrow = |uptime, octets| IfCountersV1 {
            wide: false,
            ..sample(uptime, octets)
        };
        let hole = IfCountersV1 {
            discontinuity: 7,
            ..sample(1060, 100)
        };
        let cases = [
            (
                "reboot",
                after(sample(1000, 9), sample(3, 100), 60, GIGABIT),
                Measure::Reset,
            ),
            (
                "reboot in a long gap, counted past the old uptime",
                after(sample(100, 9), sample(900, 100), 3600, GIGABIT),
                Measure::Reset,
            ),
            (
                "discontinuity",
                after(sample(1000, 9), hole, 60, GIGABIT),
                Measure::Reset,
            ),
            (
                "64 bits backwards",
                after(sample(1000, 900), sample(1060, 9), 60, GIGABIT),
                Measure::Reset,
            ),
            (
                "another width",
                after(narrow(1000, 1), sample(1060, 9), 60, GIGABIT),
                Measure::Reset,
            ),
            (
                "32 bits on a gigabit for a minute",
                after(narrow(1000, 1), narrow(1060, 9), 60, GIGABIT),
                Measure::NotMeasurable,
            ),
            (
                "32 bits, speed not known",
                after(narrow(1000, 1), narrow(1060, 9), 60, 0),
                Measure::NotMeasurable,
            ),
            (
                "faster than the link",
                after(sample(1000, 0), sample(1060, 10_000_000_000), 60, GIGABIT),
                Measure::Discarded,
            ),
            (
                "the same instant",
                after(sample(1000, 0), sample(1000, 10), 1, GIGABIT),
                Measure::NoBaseline,
            ),
            (
                "32 bits backwards beyond a wrap",
                after(
                    narrow(1000, 2_000_000_000),
                    narrow(1060, 1_000_000_000),
                    60,
                    10_000_000,
                ),
                Measure::Reset,
            ),
        ];
        for (name, got, expected) in cases {
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn a_32_bit_counter_wraps_once_when_that_is_plausible() {
        let narrow = |uptime, octets| IfCountersV1 {
            wide: false,
            ..sample(uptime, octets)
        };
        let got = after(
            narrow(1000, WRAP - 30_000_000),
            narrow(1060, 30_000_000),
            60,
            10_000_000,
        );
        assert_eq!(
            got,
            Measure::Rate(Traffic {
                in_bps: 8_000_000,
                out_bps: 8_000_000,
                errors_milli: 0
            })
        );
    }

    #[test]
    fn the_uptime_wraps_after_497_days_and_that_is_no_reboot() {
        let near = u32::MAX - 1000;
        assert_eq!(
            continuity((near, at(0)), (4999, at(60))),
            Continuity::Ran(6000)
        );
        assert_eq!(
            continuity((near, at(0)), (30, at(60))),
            Continuity::Ran(1031)
        );
        // the same fall without being near the end
        assert_eq!(
            continuity((400_000, at(0)), (4999, at(60))),
            Continuity::Rebooted
        );
        // half a year of uptime, and a reboot just now
        assert_eq!(
            continuity((2_000_000_000, at(0)), (100, at(30))),
            Continuity::Rebooted
        );
        assert_eq!(
            continuity((1000, at(0)), (7000, at(60))),
            Continuity::Ran(6000)
        );
    }

    proptest! {
        #[test]
        fn no_rate_is_above_what_the_link_can_carry(
            a in any::<u64>(), b in any::<u64>(), up in any::<u32>(), step in 0u32..1_000_000,
            speed in prop_oneof![Just(0u64), 1_000u64..400_000_000_000], wide in any::<bool>(), gap in 0i64..100_000,
        ) {
            let cap = if wide { u64::MAX } else { u64::from(u32::MAX) };
            let one = IfCountersV1 { in_octets: a & cap, out_octets: b & cap, errors: a, wide, discontinuity: 0, uptime: up };
            let two = IfCountersV1 { in_octets: b & cap, out_octets: a & cap, errors: b, wide, discontinuity: 0, uptime: up.wrapping_add(step) };
            let (base, _) = measure(None, &one, at(0), speed);
            let (next, got) = measure(Some(&base), &two, at(gap), speed);
            prop_assert_eq!(next.in_octets, two.in_octets);
            prop_assert_eq!(next.uptime, two.uptime);
            prop_assert_eq!(next.received, at(gap));
            if let Measure::Rate(t) = got {
                let most = if speed == 0 { FASTEST } else { speed / 4 * 5 + 5 };
                prop_assert!(t.in_bps <= most && t.out_bps <= most);
            }
        }

        #[test]
        fn a_reset_never_gives_a_rate(
            octets in any::<u64>(), later in any::<u64>(), ran_s in 120u32..4_000_000, up_s in 0u32..100, gap in 200i64..100_000,
        ) {
            // it ran for minutes, and after the gap it runs for less than 100 s
            let (base, _) = measure(None, &sample(ran_s + 200, octets), at(0), GIGABIT);
            let (_, got) = measure(Some(&base), &sample(up_s, later), at(gap), GIGABIT);
            prop_assert_eq!(got, Measure::Reset);
        }
    }
}
