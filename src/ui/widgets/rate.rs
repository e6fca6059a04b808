//! Rates, speeds and counts with their units. Whole-number arithmetic only: no floats in a view.

/// Bits a second with two significant places at the most: `0 b/s`, `640 kb/s`, `1.2 Mb/s`, `12 Mb/s`.
pub fn rate(bps: u64) -> String {
    let (number, unit) = scaled(bps);
    format!("{number} {unit}b/s")
}

/// An interface's speed: `10G`, `2.5G`, `100M`; nothing for none.
pub fn speed(bps: u64) -> String {
    if bps == 0 {
        return String::new();
    }
    let (number, unit) = scaled(bps);
    format!("{number}{}", if unit == "k" { "k" } else { unit })
}

/// Load against speed in one phrase with one unit: `4.1 of 10 Gb/s`.
pub fn load(bps: u64, speed: u64) -> String {
    if speed == 0 {
        return rate(bps);
    }
    let (div, unit) = scale(speed);
    let part = if bps / div >= 10 || bps.saturating_mul(10) / div == 0 {
        (bps / div).to_string()
    } else {
        tenths(bps, div)
    };
    let whole = if speed.is_multiple_of(div) {
        (speed / div).to_string()
    } else {
        tenths(speed, div)
    };
    format!("{part} of {whole} {unit}b/s")
}

/// Whole percent of a speed, 0 where there is none.
pub fn percent(bps: u64, speed: u64) -> u64 {
    bps.saturating_mul(100).checked_div(speed).unwrap_or(0)
}

fn scale(bps: u64) -> (u64, &'static str) {
    match bps {
        0..1_000 => (1, ""),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, "G"),
        _ => (1_000_000_000_000, "T"),
    }
}

fn scaled(bps: u64) -> (String, &'static str) {
    let (div, unit) = scale(bps);
    let number = if div > 1 && bps / div < 10 {
        tenths(bps, div)
    } else {
        (bps / div).to_string()
    };
    (number, unit)
}

/// One place after the point, left out when it is zero.
fn tenths(value: u64, div: u64) -> String {
    let tenths = u128::from(value) * 10 / u128::from(div);
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// Bytes with two significant places at the most: `640 B`, `1.2 MB`, `12 GB`. Decimal, as disks are sold.
pub fn bytes(n: u64) -> String {
    let (number, unit) = scaled(n);
    format!("{number} {unit}B")
}

/// `1 device`, `12 devices`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_carry_two_places_at_the_most() {
        for (bps, text) in [
            (0, "0 b/s"),
            (999, "999 b/s"),
            (1_000, "1 kb/s"),
            (1_250, "1.2 kb/s"),
            (12_400_000, "12 Mb/s"),
            (840_000_000, "840 Mb/s"),
            (4_100_000_000, "4.1 Gb/s"),
            (u64::MAX, "18446744 Tb/s"),
        ] {
            assert_eq!(rate(bps), text);
        }
    }

    #[test]
    fn a_load_shares_the_unit_of_the_speed() {
        assert_eq!(load(4_100_000_000, 10_000_000_000), "4.1 of 10 Gb/s");
        assert_eq!(load(120_000_000, 1_000_000_000), "0.1 of 1 Gb/s");
        assert_eq!(load(0, 1_000_000_000), "0 of 1 Gb/s");
        assert_eq!(load(3_000_000, 0), "3 Mb/s");
        assert_eq!(load(20, 2_500_000_000), "0 of 2.5 Gb/s");
        assert_eq!(speed(2_500_000_000), "2.5G");
        assert_eq!(percent(9, 0), 0);
        assert_eq!(percent(940_000_000, 1_000_000_000), 94);
    }
}
