//! Reading BER without taking it apart: where elements are, and what numbers they hold. Definite lengths only, as SNMP has
//! them (RFC 3417, 8); nothing is allocated and nothing is read beyond what is given.

use std::ops::Range;

use super::DecodeError;

/// Reads elements one after the other out of a part of a datagram.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Scan<'a> {
    /// Over the whole of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            end: bytes.len(),
        }
    }

    /// Over a part of `bytes`; places stay those of the whole.
    pub(super) fn within(bytes: &'a [u8], part: Range<usize>) -> Self {
        let end = part.end.min(bytes.len());
        Self {
            bytes,
            at: part.start.min(end),
            end,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    /// Where the next element is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Leaves out so many octets.
    pub(super) fn skip(&mut self, octets: usize) {
        self.at = (self.at + octets).min(self.end);
    }

    /// The tag of the next element.
    pub(super) fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.bytes[self.at])
    }

    /// The next element: its tag and where its contents are.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(u8, Range<usize>)> {
        let rest = self.bytes.get(self.at..self.end)?;
        let (tag, first) = match rest {
            [tag, first, ..] => (*tag, *first),
            _ => return None,
        };
        let (length, header) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            long(rest, first)?
        };
        if length > rest.len() - header {
            return None;
        }
        let start = self.at + header;
        self.at = start + length;
        Some((tag, start..self.at))
    }

    /// The contents of the next element, which must have this tag.
    pub(super) fn expect(
        &mut self,
        tag: u8,
        place: &'static str,
    ) -> Result<Range<usize>, DecodeError> {
        match self.next() {
            Some((found, body)) if found == tag => Ok(body),
            _ => Err(DecodeError::Ber { place }),
        }
    }

    /// An INTEGER that fits 32 bits.
    pub(super) fn int32(&mut self, place: &'static str) -> Result<i32, DecodeError> {
        let body = self.expect(super::ber::INTEGER, place)?;
        let n = integer(&self.bytes[body]).ok_or(DecodeError::Ber { place })?;
        i32::try_from(n).map_err(|_| DecodeError::Range(place))
    }
}

/// A signed number of at most 64 bits.
#[inline]
pub(super) fn integer(octets: &[u8]) -> Option<i64> {
    let first = *octets.first()?;
    let n = big_endian(octets)?;
    // the sign fills what was not sent
    let unsent = 64 - 8 * octets.len() as u32;
    Some(if first < 0x80 {
        n as i64
    } else {
        (n << unsent) as i64 >> unsent
    })
}

/// Up to eight octets as a number.
#[inline]
fn big_endian(octets: &[u8]) -> Option<u64> {
    // a number of four octets and more as two of four, which may overlap
    let (first, last) = match *octets {
        [a] => return Some(u64::from(a)),
        [a, b] => return Some(u64::from(u16::from_be_bytes([a, b]))),
        [a, b, c] => return Some(u64::from(u32::from_be_bytes([0, a, b, c]))),
        _ => (octets.first_chunk::<4>()?, octets.last_chunk::<4>()?),
    };
    let unread = octets.len() - 4;
    let first = u64::from(u32::from_be_bytes(*first));
    (unread <= 4).then(|| first << (8 * unread) | u64::from(u32::from_be_bytes(*last)))
}

/// A length in the long form, and how many octets there are before the contents.
#[cold]
fn long(element: &[u8], first: u8) -> Option<(usize, usize)> {
    // 0x80 is the indefinite form; more than four octets no datagram needs
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return None;
    }
    let octets = element.get(2..2 + count)?;
    let length = octets.iter().fold(0, |n, o| n << 8 | usize::from(*o));
    Some((length, 2 + count))
}

/// Could [`integer`] read it?
#[inline]
pub(super) fn is_integer(octets: &[u8]) -> bool {
    matches!(octets.len(), 1..=8)
}

/// Could [`unsigned`] read it?
#[inline]
pub(super) fn is_unsigned(octets: &[u8], most: usize) -> bool {
    let length = octets.len();
    (1..=most).contains(&length) || length == most + 1 && octets.first() == Some(&0)
}

/// An unsigned number of at most `most` octets. Agents are known to leave out the zero before a high bit.
#[inline]
pub(super) fn unsigned(octets: &[u8], most: usize) -> Option<u64> {
    let octets = match octets {
        [] => return None,
        [0, rest @ ..] if rest.len() == most => rest,
        all if all.len() <= most => all,
        _ => return None,
    };
    big_endian(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_x690_writes_them() {
        let table: &[(&[u8], Option<i64>)] = &[
            (&[], None),
            (&[0], Some(0)),
            (&[0x7f], Some(127)),
            (&[0x80], Some(-128)),
            (&[0, 0x80], Some(128)),
            (&[0xff, 0x7f], Some(-129)),
            (&[0x7f; 9], None),
        ];
        for (octets, expected) in table {
            assert_eq!(integer(octets), *expected, "{octets:?}");
            assert_eq!(is_integer(octets), expected.is_some(), "{octets:?}");
        }
        for octets in [&[][..], &[0], &[1; 4], &[1; 5], &[0, 1, 1, 1, 1], &[0; 6]] {
            let read = unsigned(octets, 4).is_some();
            assert_eq!(is_unsigned(octets, 4), read, "{octets:?}");
        }
        assert_eq!(integer(&[0x80, 0, 0, 0, 0, 0, 0, 0]), Some(i64::MIN));
        assert_eq!(unsigned(&[0xff; 4], 4), Some(u64::from(u32::MAX)));
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff], 4), Some(0xffff_ffff));
        assert_eq!(unsigned(&[1, 0, 0, 0, 0], 4), None);
        assert_eq!(unsigned(&[0xff; 8], 8), Some(u64::MAX));
        assert_eq!(unsigned(&[], 8), None);
    }

    #[test]
    fn numbers_of_any_length_are_read() {
        let octets = [0x81, 2, 3, 4, 5, 6, 7, 8, 9];
        for length in 1..=9 {
            let part = &octets[..length];
            let slow = part.iter().fold(0, |n, o| n << 8 | u64::from(*o));
            assert_eq!(big_endian(part), (length <= 8).then_some(slow));
        }
        assert_eq!(big_endian(&[]), None);
    }

    #[test]
    fn lengths_that_lie_break_off_lengths_that_are_long_do_not() {
        let bytes = [0x04, 0x82, 0, 2, 7, 8, 0x05, 0];
        let mut scan = Scan::new(&bytes);
        assert_eq!(scan.next(), Some((4, 4..6)));
        assert_eq!(scan.next(), Some((5, 8..8)));
        assert!(scan.is_empty());
        for bad in [
            &[0x30, 0x80, 0, 0][..],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 3, 1, 1],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30],
        ] {
            assert_eq!(Scan::new(bad).next(), None, "{bad:?}");
        }
    }
}
