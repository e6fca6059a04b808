//! Firmware versions as vendors write them.

use std::cmp::Ordering;

/// Compares two versions by their numeric runs: `9.33 < 9.33.1 < 9.40 < 12`. Letters count where numbers are equal
/// (`15.2(4)E7 < 15.2(4)E8`), case and separators do not; a leading `v` is dropped.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let mut left = runs(a);
    let mut right = runs(b);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => {
                let order = compare_runs(l, r);
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

fn compare_runs(l: &str, r: &str) -> Ordering {
    let digits = |s: &str| s.as_bytes().first().is_some_and(u8::is_ascii_digit);
    match (digits(l), digits(r)) {
        (true, true) => {
            // of any length: no number type to overflow
            let (l, r) = (l.trim_start_matches('0'), r.trim_start_matches('0'));
            l.len().cmp(&r.len()).then_with(|| l.cmp(r))
        }
        // a release is newer than its own rc: 2.0 > 2.0rc1 is not decided here, letters sort before numbers
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => l
            .bytes()
            .map(|b| b.to_ascii_lowercase())
            .cmp(r.bytes().map(|b| b.to_ascii_lowercase())),
    }
}

/// Runs of digits and runs of letters; everything else separates.
fn runs(version: &str) -> impl Iterator<Item = &str> {
    let version = version.trim();
    let mut rest = version
        .strip_prefix(['v', 'V'])
        .filter(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(version);
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| c.is_alphanumeric())?;
        rest = rest.get(start..)?;
        let digit = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest
            .find(|c: char| !c.is_alphanumeric() || c.is_ascii_digit() != digit)
            .unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_compared_by_number_not_by_letter() {
        let rising = [
            "9",
            "9.4",
            "9.33",
            "9.33.1",
            "9.40",
            "12",
            "12.1(2)",
            "12.1(10)",
            "15.2(4)E7",
            "15.2(4)E8",
            "99999999999999999999999",
        ];
        for (i, a) in rising.iter().enumerate() {
            for (j, b) in rising.iter().enumerate() {
                assert_eq!(compare_versions(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(compare_versions("v2.51", "2.51"), Ordering::Equal);
        assert_eq!(compare_versions("2.05", "2.5"), Ordering::Equal);
        assert_eq!(compare_versions("VG5.1", "VG5.10"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn the_order_is_one(a in "[0-9a-c.()-]{0,8}", b in "[0-9a-c.()-]{0,8}", c in "[0-9a-c.()-]{0,8}") {
            prop_assert_eq!(compare_versions(&a, &b), compare_versions(&b, &a).reverse());
            if compare_versions(&a, &b).is_le() && compare_versions(&b, &c).is_le() {
                prop_assert!(compare_versions(&a, &c).is_le());
            }
        }
    }
}
