//! How counters move: a closed formula of the time, so that any moment can be asked for at once.
//!
//! Rates follow a day curve and two slow waves of chance; the sum never falls, whatever the seed.

use super::chance::hash;

/// Thousandths of the usual rate by hour of the day.
const DAY: [u64; 24] = [
    520, 480, 460, 450, 460, 520, 700, 980, 1_250, 1_400, 1_450, 1_400, 1_300, 1_380, 1_420, 1_350,
    1_220, 1_100, 1_050, 1_000, 930, 820, 700, 600,
];

/// The simulated day at the start of the simulation, milliseconds: 19:10.
const START_OF_DAY_MS: u64 = (19 * 60 + 10) * 60_000;
const HOUR_MS: u64 = 3_600_000;

/// Milliseconds warped by the day curve: an hour at 1,400 thousandths counts 84 minutes.
fn warped(ms: u64) -> u64 {
    let day: u64 = DAY.iter().sum::<u64>() * HOUR_MS / 1_000;
    let whole = ms / (24 * HOUR_MS) * day;
    let rest = ms % (24 * HOUR_MS);
    let hour = (rest / HOUR_MS) as usize;
    let hours: u64 = DAY.iter().take(hour).sum::<u64>() * HOUR_MS / 1_000;
    whole + hours + rest % HOUR_MS * DAY.get(hour).copied().unwrap_or(1_000) / 1_000
}

/// A wave of chance between 0 and 1000, straight between its points `period` apart, times `period`: what is rounded here would
/// fall later.
fn wave(key: u64, at: u64, period: u64) -> u64 {
    let n = at / period;
    let (a, b) = (hash(key, &[n]) % 1_001, hash(key, &[n + 1]) % 1_001);
    let part = at % period;
    a * (period - part) + b * part
}

/// Octets counted after `active_ms` of a line that is used with `rate` octets a second on a usual evening.
/// Never falls with `active_ms`; within a factor of nine around the rate over any stretch, times the day curve.
pub fn octets(rate: u64, key: u64, active_ms: u64) -> u64 {
    let at = warped(active_ms + START_OF_DAY_MS);
    // slopes: each wave at the most 0.4 of the steady one, up or down
    let waves: u128 = [(20_000u64, 1u64), (240_000, 2)]
        .into_iter()
        .map(|(period, salt)| u128::from(wave(key ^ salt << 56, at, period)) * 2)
        .sum();
    (u128::from(rate) * (u128::from(at) * 5_000 + waves) / 5_000_000) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_holds_its_curve_and_a_night_is_calmer_than_a_morning() {
        let hour = |h: u64| warped((h + 1) * HOUR_MS) - warped(h * HOUR_MS);
        assert_eq!(hour(3), HOUR_MS * 450 / 1_000);
        assert_eq!(hour(3 + 24), hour(3));
        assert!(hour(10) > 3 * hour(3));
    }

    #[test]
    fn the_rate_over_a_minute_stays_near_the_usual_one_and_is_not_flat() {
        let rate = 1_000_000;
        let minutes: Vec<u64> = (0..120)
            .map(|m| (octets(rate, 5, (m + 1) * 60_000) - octets(rate, 5, m * 60_000)) / 60)
            .collect();
        assert!(
            minutes.iter().all(|r| (rate / 10..rate * 2).contains(r)),
            "{minutes:?}"
        );
        let (low, high) = (minutes.iter().min().unwrap(), minutes.iter().max().unwrap());
        assert!(high - low > rate / 5, "{low} {high}");
    }

    #[test]
    fn a_counter_does_not_fall_by_what_a_wave_is_rounded() {
        let (rate, key, at) = (48, 7_136_450_381_338_217_753, 664_596_867);
        assert!(octets(rate, key, at + 52) >= octets(rate, key, at));
    }

    proptest! {
        #[test]
        fn counters_never_fall(rate in 1u64..1_250_000_000, key: u64, at in 0u64..40_000_000_000, step in 1u64..400_000) {
            prop_assert!(octets(rate, key, at + step) >= octets(rate, key, at));
        }
    }
}
