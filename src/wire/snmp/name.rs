//! Object identifiers as they stand in a datagram, compared without taking them apart.

use std::cmp::Ordering;
use std::fmt;

use smallvec::SmallVec;

use super::{ARC_CAP, DecodeError, Oid};

/// The contents of an OBJECT IDENTIFIER: checked, so that every sub-identifier is whole, minimal and fits 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// Checks the contents. The empty one, which some agents send, is taken, and is `0.0`.
    #[inline]
    pub(super) fn check(octets: &'a [u8]) -> Result<Self, DecodeError> {
        // one octet an arc: most there are
        if octets.len() < ARC_CAP && octets.is_ascii() {
            return Ok(Self(octets));
        }
        Self::check_long(octets)
    }

    fn check_long(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let (mut arcs, mut length, mut sub) = (0, 0u32, 0u64);
        for octet in octets {
            // X.690, 8.19.2: a leading 0x80 is padding, and two encodings of one name would break the order
            if length == 0 && *octet == 0x80 {
                return Err(DecodeError::Oid);
            }
            // five octets at the most, so that this never overflows
            sub = if length == 0 { 0 } else { sub << 7 } | u64::from(octet & 0x7f);
            length += 1;
            if octet & 0x80 == 0 {
                // the first one holds two arcs
                let most = u64::from(u32::MAX) + if arcs == 0 { 80 } else { 0 };
                if sub > most {
                    return Err(DecodeError::Oid);
                }
                arcs += 1;
                length = 0;
            } else if length >= 5 {
                return Err(DecodeError::Oid);
            }
        }
        if length != 0 || arcs >= ARC_CAP {
            return Err(DecodeError::Oid);
        }
        Ok(Self(octets))
    }

    /// What was checked before.
    pub(super) fn checked(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The sub-identifiers: of the first two arcs one, then one an arc.
    fn subs(self) -> Subs<'a> {
        Subs(self.0)
    }

    /// What follows `root`, where it is below it or equal.
    #[inline]
    pub fn below(self, root: &NameBuf) -> Option<Index<'a>> {
        self.0.strip_prefix(root.0.as_slice()).map(Index)
    }

    /// Its arcs.
    pub fn to_oid(self) -> Oid {
        let mut arcs = Vec::with_capacity(self.0.len() + 1);
        for (at, sub) in self.subs().enumerate() {
            if at == 0 {
                let first = (sub / 40).min(2);
                arcs.push(first as u32);
                arcs.push((sub - first * 40) as u32);
            } else {
                arcs.push(sub as u32);
            }
        }
        if arcs.is_empty() {
            arcs.extend([0, 0]);
        }
        Oid::new(arcs)
    }

    /// As owned octets.
    pub fn to_buf(self) -> NameBuf {
        NameBuf(SmallVec::from_slice(self.0))
    }
}

/// As SNMP orders names (RFC 3416, 4.2.2: lexicographically by arc).
#[inline]
fn order(a: &[u8], b: &[u8]) -> Ordering {
    let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    if a[at] < 0x80 && b[at] < 0x80 && (at == 0 || a[at - 1] < 0x80) {
        return a[at].cmp(&b[at]);
    }
    // back to where the sub-identifier begins that differs
    let start = a[..at]
        .iter()
        .rposition(|octet| octet & 0x80 == 0)
        .map_or(0, |end| end + 1);
    Subs(&a[start..]).next().cmp(&Subs(&b[start..]).next())
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        order(self.0, other.0)
    }
}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_oid())
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_oid())
    }
}

/// A name of one's own, as it stands in a datagram. Those of most MIBs take no memory beside it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct NameBuf(SmallVec<[u8; 24]>);

impl NameBuf {
    /// From its arcs. What has less than two is written as if zeros followed.
    pub fn new(arcs: &[u32]) -> Self {
        let mut out = SmallVec::new();
        let first = u64::from(arcs.first().copied().unwrap_or(0));
        let second = u64::from(arcs.get(1).copied().unwrap_or(0));
        push(&mut out, first * 40 + second);
        for arc in arcs.iter().skip(2) {
            push(&mut out, u64::from(*arc));
        }
        Self(out)
    }

    /// To compare and to read.
    pub fn as_name(&self) -> Name<'_> {
        Name(&self.0)
    }

    /// Its octets.
    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The name of an instance below it.
    pub fn at(&self, index: Index<'_>) -> Self {
        let mut octets = self.0.clone();
        octets.extend_from_slice(index.0);
        Self(octets)
    }
}

impl fmt::Debug for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

impl From<&Oid> for NameBuf {
    fn from(oid: &Oid) -> Self {
        Self::new(oid.arcs())
    }
}

fn push(out: &mut SmallVec<[u8; 24]>, n: u64) {
    let mut shift = 0;
    while n >> (shift + 7) > 0 {
        shift += 7;
    }
    while shift > 0 {
        out.push((n >> shift & 0x7f) as u8 | 0x80);
        shift -= 7;
    }
    out.push((n & 0x7f) as u8);
}

/// Sub-identifiers of checked contents.
#[derive(Clone, Debug)]
struct Subs<'a>(&'a [u8]);

impl Iterator for Subs<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut sub = 0u64;
        while let Some((octet, rest)) = self.0.split_first() {
            self.0 = rest;
            sub = sub << 7 | u64::from(octet & 0x7f);
            if octet & 0x80 == 0 {
                return Some(sub);
            }
        }
        None
    }
}

/// What follows a root in a name: an index, as it stands in a datagram.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Index<'a>(&'a [u8]);

impl<'a> Index<'a> {
    /// Of octets that [`Index::octets`] gave.
    #[inline]
    pub fn of(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// As it stands there.
    #[inline]
    pub fn octets(self) -> &'a [u8] {
        self.0
    }

    /// Its arcs.
    pub fn arcs(self) -> Arcs<'a> {
        Arcs(Subs(self.0))
    }
}

impl Ord for Index<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        order(self.0, other.0)
    }
}

impl PartialOrd for Index<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The arcs of an index.
#[derive(Clone, Debug)]
pub struct Arcs<'a>(Subs<'a>);

impl Iterator for Arcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0.next().map(|sub| sub as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn arcs() -> impl Strategy<Value = Vec<u32>> {
        let arc = prop_oneof![0u32..3, 120u32..140, 16_380u32..16_390, any::<u32>()];
        (0u32..3, 0u32..40, prop::collection::vec(arc, 0..12)).prop_map(|(a, b, rest)| {
            let mut all = vec![a, b];
            all.extend(rest);
            all
        })
    }

    proptest! {
        #[test]
        fn names_are_ordered_as_their_arcs_are(a in arcs(), b in arcs(), cut in 0usize..14) {
            let near: Vec<u32> = a.iter().copied().take(cut.max(2)).collect();
            for other in [&b, &near] {
                let (x, y) = (NameBuf::new(&a), NameBuf::new(other));
                prop_assert_eq!(x.as_name().cmp(&y.as_name()), a.cmp(other));
                let (root, name) = (Oid::new(other.clone()), Oid::new(a.clone()));
                let below = x.as_name().below(&y);
                let arcs = below.map(|index| index.arcs().collect::<Vec<u32>>());
                prop_assert_eq!(arcs.as_deref(), name.suffix(&root));
                if let Some(index) = below {
                    prop_assert_eq!(y.at(index), x.clone());
                }
            }
            let x = NameBuf::new(&a);
            prop_assert_eq!(Name::check(x.octets()).unwrap().to_oid(), Oid::new(a));
        }

        #[test]
        fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(name) = Name::check(&octets) {
                let oid = name.to_oid();
                prop_assert!(oid.arcs().len() <= ARC_CAP);
                if !octets.is_empty() {
                    let back = NameBuf::from(&oid);
                    prop_assert_eq!(back.octets(), &octets[..]);
                }
            }
        }
    }

    #[test]
    fn padding_and_arcs_beyond_32_bits_are_refused_and_the_empty_name_is_not() {
        for bad in [
            &[0x2b, 0x80, 1][..],
            &[0x2b, 0x90, 0x80, 0x80, 0x80, 0],
            &[0x2b, 0x81, 0x80, 0x80, 0x80, 0x80, 0],
            &[0x2b, 0x81],
            &[1; 129],
        ] {
            assert!(Name::check(bad).is_err(), "{bad:?}");
        }
        let most = [0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(
            Name::check(&most).unwrap().to_oid(),
            Oid::new([1, 3, u32::MAX])
        );
        assert_eq!(Name::check(&[]).unwrap().to_oid(), Oid::new([0, 0]));
    }
}
