//! A PDU as it came: its numbers read, its bindings found and checked, their values read when somebody wants them. Two
//! allocations for an answer, however many bindings it has.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use snmp2::snmp as tag;

use super::ber::{INTEGER, OCTETS, SEQUENCE};
use super::scan::{Scan, is_integer, is_unsigned};
use super::{DATAGRAM_CAP, DecodeError, Name, Oid, PduKind, ValueRef, VarBind, Version};

const NULL: u8 = 5;
const NAME: u8 = 6;

/// What stands before the bindings of a PDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PduHead {
    /// What it is.
    pub kind: PduKind,
    /// `request-id`
    pub request_id: i32,
    /// `error-status`
    pub error_status: i32,
    /// `error-index`, the first binding is 1.
    pub error_index: i32,
    list: Range<usize>,
}

impl PduHead {
    /// Reads it out of `bytes`, where the PDU is all there is in `part`.
    pub(super) fn read(bytes: &[u8], part: Range<usize>) -> Result<Self, DecodeError> {
        let mut outer = Scan::within(bytes, part);
        let octet = outer.peek().ok_or(DecodeError::Ber { place: "PDU" })?;
        let kind = PduKind::from_tag(octet).ok_or(DecodeError::PduType(octet))?;
        let body = outer.expect(octet, "PDU")?;
        if !outer.is_empty() {
            return Err(DecodeError::Ber { place: "message" });
        }
        let mut body = Scan::within(bytes, body);
        let head = Self {
            kind,
            request_id: body.int32("request-id")?,
            error_status: body.int32("error-status")?,
            error_index: body.int32("error-index")?,
            list: body.expect(SEQUENCE, "variable-bindings")?,
        };
        if body.is_empty() {
            Ok(head)
        } else {
            Err(DecodeError::Ber { place: "PDU" })
        }
    }

    /// Reads a PDU that stands alone, as it comes out of a scoped PDU (RFC 3412, 6.8).
    pub fn parse(pdu: &[u8]) -> Result<Self, DecodeError> {
        Self::read(pdu, 0..pdu.len())
    }

    /// Its bindings; `bytes` are those it was read from.
    pub fn bindings(&self, bytes: &[u8]) -> Result<Bindings, DecodeError> {
        Bindings::read(bytes.get(self.list.clone()).unwrap_or_default())
    }
}

/// A message of version 1 or 2c up to its bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageHead {
    /// Its version.
    pub version: Version,
    community: Range<usize>,
    /// What it carries.
    pub pdu: PduHead,
}

impl MessageHead {
    /// Reads it. What follows the message in the datagram is ignored, as agents pad.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > DATAGRAM_CAP {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        let body = Scan::new(bytes).expect(SEQUENCE, "message")?;
        let mut scan = Scan::within(bytes, body.clone());
        let version = match scan.int32("version")? {
            0 => Version::V1,
            1 => Version::V2c,
            other => return Err(DecodeError::Version(i64::from(other))),
        };
        let community = scan.expect(OCTETS, "community")?;
        let pdu = PduHead::read(bytes, community.end..body.end)?;
        Ok(Self {
            version,
            community,
            pdu,
        })
    }

    /// Its community; `bytes` are those it was read from.
    pub fn community<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.community.clone()).unwrap_or_default()
    }
}

/// Where a binding is; a datagram has less than 64 KiB.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: u16,
    name_len: u16,
    value: u16,
    value_len: u16,
    tag: u8,
}

impl Place {
    fn is_exception(&self) -> bool {
        matches!(
            self.tag,
            tag::SNMP_NOSUCHOBJECT | tag::SNMP_NOSUCHINSTANCE | tag::SNMP_ENDOFMIBVIEW
        )
    }
}

/// Bindings, each checked, in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Room of bindings that are gone, for those to come: they come and go by the ten thousand, mostly one after the other, and of this
/// size an allocator takes its time.
const SPARES: usize = 4;
/// Lists of so many octets take such room, all the same: a device's ports in one answer.
const SPARED: RangeInclusive<usize> = 512..=2_048;
/// Their places; in a list of more bindings they grow, and are not kept.
const SPARED_PLACES: usize = 160;

thread_local! {
    static SPARE: RefCell<Vec<(Vec<u8>, Vec<Place>)>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Bindings {
    fn drop(&mut self) {
        let room = (self.bytes.capacity(), self.places.capacity());
        if room != (*SPARED.end(), SPARED_PLACES) {
            return;
        }
        // of a thread that ends nothing is kept
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push((
                    std::mem::take(&mut self.bytes),
                    std::mem::take(&mut self.places),
                ));
            }
        });
    }
}

/// Empty room for a list of bindings of so many octets.
fn room(octets: usize) -> (Vec<u8>, Vec<Place>) {
    if !SPARED.contains(&octets) {
        // a binding takes at least 6 octets, and mostly three times as many
        let places = (octets / 14).min(1_024);
        return (Vec::with_capacity(octets), Vec::with_capacity(places));
    }
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    let (mut bytes, mut places) = spare.ok().flatten().unwrap_or_else(|| {
        let places = Vec::with_capacity(SPARED_PLACES);
        (Vec::with_capacity(*SPARED.end()), places)
    });
    bytes.clear();
    places.clear();
    (bytes, places)
}

impl Bindings {
    /// As an agent would send them.
    #[cfg(test)]
    pub(crate) fn of(varbinds: impl IntoIterator<Item = VarBind>) -> Self {
        let pdu = super::Pdu {
            kind: PduKind::Response,
            request_id: 1,
            error_status: 0,
            error_index: 0,
            varbinds: varbinds.into_iter().collect(),
        }
        .to_octets();
        PduHead::parse(&pdu).unwrap().bindings(&pdu).unwrap()
    }

    /// All of a list, or none: a malformed one makes what follows it worthless.
    fn read(list: &[u8]) -> Result<Self, DecodeError> {
        if list.len() > DATAGRAM_CAP {
            return Err(DecodeError::TooLong(list.len()));
        }
        let (mut bytes, mut places) = room(list.len());
        let mut scan = Scan::new(list);
        while !scan.is_empty() {
            if let Some(place) = short(list, &mut scan) {
                places.push(place);
                continue;
            }
            let index = places.len() + 1;
            let bad = DecodeError::VarBind { index };
            let Some((SEQUENCE, body)) = scan.next() else {
                return Err(bad);
            };
            let mut body = Scan::within(list, body);
            let Some((NAME, name)) = body.next() else {
                return Err(bad);
            };
            Name::check(&list[name.clone()])?;
            let Some((tag, value)) = body.next() else {
                return Err(bad);
            };
            if !body.is_empty() {
                return Err(bad);
            }
            if let Some(wrong) = check(tag, &list[value.clone()]) {
                return Err(match wrong {
                    Wrong::Tag => DecodeError::ValueType(tag),
                    Wrong::Contents => bad,
                    Wrong::Name => DecodeError::Oid,
                });
            }
            places.push(Place {
                name: name.start as u16,
                name_len: name.len() as u16,
                value: value.start as u16,
                value_len: value.len() as u16,
                tag,
            });
        }
        bytes.extend_from_slice(list);
        Ok(Self { bytes, places })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    #[inline]
    fn part(&self, start: u16, length: u16) -> &[u8] {
        let start = usize::from(start);
        self.bytes
            .get(start..start + usize::from(length))
            .unwrap_or_default()
    }

    /// The name of a binding, the first is 0.
    pub fn name(&self, at: usize) -> Option<Name<'_>> {
        let place = self.places.get(at)?;
        Some(Name::checked(self.part(place.name, place.name_len)))
    }

    /// Is the value noSuchObject, noSuchInstance or endOfMibView?
    pub fn is_exception(&self, at: usize) -> bool {
        self.places.get(at).is_some_and(Place::is_exception)
    }

    /// The value of a binding, the first is 0.
    #[inline]
    pub fn value(&self, at: usize) -> Option<ValueRef<'_>> {
        let place = self.places.get(at)?;
        Some(ValueRef::checked(
            place.tag,
            self.part(place.value, place.value_len),
        ))
    }

    /// A binding: its name, and its value where that is no exception.
    #[inline]
    pub fn get(&self, at: usize) -> Option<(Name<'_>, Option<ValueRef<'_>>)> {
        let place = self.places.get(at)?;
        let name = Name::checked(self.part(place.name, place.name_len));
        let value = self.part(place.value, place.value_len);
        let value = ValueRef::checked(place.tag, value);
        Some((name, (!place.is_exception()).then_some(value)))
    }

    /// Octets that they took in the datagram.
    pub fn octets(&self) -> usize {
        self.bytes.len()
    }

    /// Octets of memory that they take.
    pub fn weight(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Place>()
    }

    /// All of them, taken apart.
    pub fn to_varbinds(&self) -> Vec<VarBind> {
        (0..self.len())
            .filter_map(|at| {
                Some(VarBind {
                    oid: self.name(at).map_or_else(Oid::default, Name::to_oid),
                    value: self.value(at)?.to_value(),
                })
            })
            .collect()
    }
}

/// The next binding, where all its lengths are in the short form and nothing is wrong with it; else it is looked at again.
#[inline]
fn short(list: &[u8], scan: &mut Scan<'_>) -> Option<Place> {
    let start = scan.at();
    let rest = list.get(start..)?;
    let [SEQUENCE, length @ 0..0x80, NAME, name_len @ 0..0x80, ..] = *rest else {
        return None;
    };
    let body = rest.get(4..2 + usize::from(length))?;
    let (name, value) = body.split_at_checked(usize::from(name_len))?;
    let [tag, value_len @ 0..0x80, ref value @ ..] = *value else {
        return None;
    };
    if value.len() != usize::from(value_len) || check(tag, value).is_some() {
        return None;
    }
    Name::check(name).ok()?;
    scan.skip(2 + usize::from(length));
    let name = start + 4;
    Some(Place {
        name: name as u16,
        name_len: u16::from(name_len),
        value: (name + usize::from(name_len) + 2) as u16,
        value_len: u16::from(value_len),
        tag,
    })
}

enum Wrong {
    Tag,
    Contents,
    Name,
}

/// What is wrong with a value.
#[inline]
fn check(tag: u8, octets: &[u8]) -> Option<Wrong> {
    let ok = match tag {
        OCTETS | tag::TYPE_OPAQUE => true,
        INTEGER => is_integer(octets),
        tag::TYPE_COUNTER32 | tag::TYPE_UNSIGNED32 | tag::TYPE_TIMETICKS => is_unsigned(octets, 4),
        tag::TYPE_COUNTER64 => is_unsigned(octets, 8),
        NAME => return Name::check(octets).err().map(|_| Wrong::Name),
        tag::TYPE_IPADDRESS => octets.len() == 4,
        NULL | tag::SNMP_NOSUCHOBJECT | tag::SNMP_NOSUCHINSTANCE | tag::SNMP_ENDOFMIBVIEW => {
            octets.is_empty()
        }
        // nested BER has no place here; it is named by its tag and never printed
        _ => return Some(Wrong::Tag),
    };
    (!ok).then_some(Wrong::Contents)
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    #[test]
    fn room_that_was_used_before_shows_nothing_of_it() {
        let list = |n: u32, octet: u8| {
            Bindings::of((0..n).map(|arc| VarBind {
                oid: Oid::new([1, 3, arc]),
                value: Value::Octets(vec![octet; 20]),
            }))
        };
        for n in [40, 25, 60, 30] {
            let (one, other) = (list(n, b'a'), list(n + 1, b'b'));
            let clone = one.clone();
            drop(one);
            for (held, n, octet) in [(&clone, n, b'a'), (&other, n + 1, b'b')] {
                assert_eq!(held.len() as u32, n);
                let binds = held.to_varbinds();
                assert!(
                    binds
                        .iter()
                        .all(|b| b.value == Value::Octets(vec![octet; 20]))
                );
            }
        }
    }
}
