//! The course of an interface's load over its last polls, an octet each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many values a [`Course`] keeps.
pub const COURSE: usize = 60;

/// One unit of the least value that is told apart from nothing, bits a second.
const UNIT: u64 = 1_000;
/// Binary digits of a value behind its first one.
const DIGITS: u32 = 3;

/// The last [`COURSE`] loads of an interface, the oldest first: in bits a second, each rounded to one in sixteen (five bits
/// of exponent, three of mantissa, in thousands). A line of its course has eight steps, so that an octet says more than it shows;
/// what is computed with stands in [`super::Traffic`]. Nothing is held for one that never carried anything.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Course(Option<Box<Ring>>);

/// Values in a circle.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Ring {
    /// How many are filled.
    len: u8,
    /// Where the next goes.
    next: u8,
    #[serde(with = "values")]
    values: [u8; COURSE],
}

/// As bytes: serde knows no arrays of sixty.
mod values {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::COURSE;

    pub(super) fn serialize<S: Serializer>(of: &[u8; COURSE], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(of)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[u8; COURSE], D::Error> {
        let bytes = Vec::<u8>::deserialize(from)?;
        bytes
            .try_into()
            .map_err(|_| D::Error::custom("a course of another length"))
    }
}

impl Course {
    /// One more load, bits a second; the oldest goes.
    pub fn push(&mut self, bps: u64) {
        let code = rounded(bps);
        if self.0.is_none() && code == 0 {
            return;
        }
        let ring = self.0.get_or_insert_with(|| {
            Box::new(Ring {
                len: 0,
                next: 0,
                values: [0; COURSE],
            })
        });
        let at = usize::from(ring.next) % COURSE;
        if let Some(slot) = ring.values.get_mut(at) {
            *slot = code;
        }
        ring.next = ((at + 1) % COURSE) as u8;
        ring.len = ring.len.saturating_add(1).min(COURSE as u8);
    }

    /// All, bits a second, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.0.iter().flat_map(|ring| {
            let len = usize::from(ring.len).min(COURSE);
            let first = usize::from(ring.next) + COURSE - len;
            (first..first + len).filter_map(|at| ring.values.get(at % COURSE).map(|c| bps(*c)))
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |ring| usize::from(ring.len))
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<u64> for Course {
    fn from_iter<I: IntoIterator<Item = u64>>(all: I) -> Self {
        let mut course = Self::default();
        all.into_iter().for_each(|bps| course.push(bps));
        course
    }
}

impl fmt::Debug for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A load as an octet, rounded up so that the smallest is not nothing: below eight units as it is, above with its first four binary
/// digits.
fn rounded(bps: u64) -> u8 {
    let units = bps.div_ceil(UNIT);
    let above = (u64::BITS - units.leading_zeros()).saturating_sub(DIGITS + 1);
    let half = if above == 0 { 0 } else { 1 << (above - 1) };
    // rounding may make one digit more of it
    let units = units.saturating_add(half);
    let above = (u64::BITS - units.leading_zeros()).saturating_sub(DIGITS + 1);
    if above == 0 && units < 1 << DIGITS {
        return units as u8;
    }
    let digits = (units >> above) as u32 & ((1 << DIGITS) - 1);
    u8::try_from((above + 1) << DIGITS | digits).unwrap_or(u8::MAX)
}

/// The other way from [`rounded`].
fn bps(code: u8) -> u64 {
    let (exponent, digits) = (u32::from(code) >> DIGITS, u64::from(code) & 7);
    let units = if exponent == 0 {
        digits
    } else {
        (digits | 1 << DIGITS) << (exponent - 1)
    };
    units.saturating_mul(UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_takes_a_pointer_and_nothing_as_long_as_nothing_was_carried() {
        assert_eq!(size_of::<Course>(), 8);
        let mut quiet = Course::default();
        quiet.push(0);
        assert!(quiet.0.is_none() && quiet.is_empty());
        quiet.push(1);
        assert_eq!(quiet.iter().collect::<Vec<_>>(), [1_000]);
    }

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let course: Course = (1..=100u64).map(|n| n % 8 * 1_000).collect();
        let last: Vec<u64> = (41..=100u64).map(|n| n % 8 * 1_000).collect();
        assert_eq!(course.iter().collect::<Vec<_>>(), last);
        assert_eq!(course.len(), COURSE);
        let bytes = postcard::to_stdvec(&course).unwrap();
        assert_eq!(postcard::from_bytes::<Course>(&bytes).unwrap(), course);
    }

    #[test]
    fn the_fastest_link_there_is_fits() {
        for bps_ in [0, 1_600_000_000_000, u64::MAX] {
            let back = bps(rounded(bps_));
            assert!(
                back.abs_diff(bps_) <= bps_ / 16 || bps_ == u64::MAX,
                "{bps_} {back}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_load_comes_back_to_one_in_sixteen_and_in_order(a in 0u64..2_000_000_000_000, b in 0u64..2_000_000_000_000) {
            let back = bps(rounded(a));
            prop_assert!(back.abs_diff(a) <= a / 16 + UNIT, "{} {}", a, back);
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(rounded(less) <= rounded(more));
        }
    }
}
