//! The kernel's neighbour table, by rtnetlink (RFC 3549): who is there without asking, and without any privilege.

use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::event::{ArpHow, ObsArpV1};
use crate::gate::Interface;
use crate::model::{Mac, Text, Time};

/// Entries read at the most.
pub const NEIGHBOUR_CAP: usize = 1 << 17;

const AF_NETLINK: i32 = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWNEIGH: u16 = 28;
const RTM_GETNEIGH: u16 = 30;
/// `NLM_F_REQUEST | NLM_F_DUMP`
const DUMP: u16 = 0x301;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
/// States in which the MAC is known to be right or was lately: reachable, stale, delay, probe, permanent.
const KNOWN: u16 = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelNeighbour {
    /// `ifindex`
    pub interface: u32,
    /// The address, IPv4 or IPv6.
    pub address: IpAddr,
    /// Its MAC.
    pub mac: Mac,
}

/// Reads the table as observations.
pub fn kernel_neighbours(interfaces: &[Interface]) -> io::Result<Vec<ObsArpV1>> {
    let at = Time::from_clock();
    let name = |index: u32| -> Text {
        interfaces
            .iter()
            .find(|i| i.index == index)
            .map_or_else(Text::empty, |i| i.name.as_str().into())
    };
    Ok(read_table()?
        .into_iter()
        .map(|n| ObsArpV1 {
            at,
            address: n.address,
            mac: n.mac,
            how: ArpHow::NeighbourTable,
            interface: name(n.interface),
        })
        .collect())
}

/// Reads the table.
pub fn read_table() -> io::Result<Vec<KernelNeighbour>> {
    let socket = Socket::new(Domain::from(AF_NETLINK), Type::RAW, Some(Protocol::from(0)))?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut request = Vec::with_capacity(28);
    request.extend(28u32.to_ne_bytes());
    request.extend(RTM_GETNEIGH.to_ne_bytes());
    request.extend(DUMP.to_ne_bytes());
    request.extend(1u32.to_ne_bytes());
    request.extend([0; 16]);
    // no address: to the kernel
    socket.send(&request)?;
    let mut table = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = (&socket).read(&mut buffer)?;
        let messages = buffer.get(..length).unwrap_or_default();
        if length == 0 || parse(messages, &mut table)? || table.len() >= NEIGHBOUR_CAP {
            return Ok(table);
        }
    }
}

/// Adds the entries of one read; `true` when the dump is over.
fn parse(mut messages: &[u8], table: &mut Vec<KernelNeighbour>) -> io::Result<bool> {
    while let Some((head, _)) = messages.split_at_checked(16) {
        let length = word(head, 0) as usize;
        let kind = half(head, 4);
        let Some(body) = messages.get(16..length) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        match kind {
            NLMSG_DONE => return Ok(true),
            NLMSG_ERROR => {
                let code = word(body, 0).cast_signed();
                return if code == 0 {
                    Ok(true)
                } else {
                    Err(io::Error::from_raw_os_error(code.saturating_neg()))
                };
            }
            RTM_NEWNEIGH => table.extend(neighbour(body)),
            _ => {}
        }
        messages = messages
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Ok(false)
}

/// `struct ndmsg`, then attributes.
fn neighbour(body: &[u8]) -> Option<KernelNeighbour> {
    let (head, mut attributes) = body.split_at_checked(12)?;
    if half(head, 8) & KNOWN == 0 {
        return None;
    }
    let (mut address, mut mac) = (None, None);
    while let Some((head, _)) = attributes.split_at_checked(4) {
        let length = usize::from(half(head, 0));
        let value = attributes.get(4..length)?;
        match half(head, 2) & 0x3fff {
            NDA_DST => {
                address = <[u8; 4]>::try_from(value)
                    .map(IpAddr::from)
                    .or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from))
                    .ok();
            }
            NDA_LLADDR => mac = Mac::from_octets(value).filter(|m| m.is_station()),
            _ => {}
        }
        attributes = attributes
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Some(KernelNeighbour {
        interface: word(head, 4),
        address: address.filter(|a| !a.is_multicast())?,
        mac: mac?,
    })
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u32::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut out = (value.len() as u16 + 4).to_ne_bytes().to_vec();
        out.extend(kind.to_ne_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn message(kind: u16, state: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
        let body = attributes.concat();
        let mut out = (28 + body.len() as u32).to_ne_bytes().to_vec();
        out.extend(kind.to_ne_bytes());
        out.extend([0; 10]);
        out.extend([2, 0, 0, 0]);
        out.extend(7u32.to_ne_bytes());
        out.extend(state.to_ne_bytes());
        out.extend([0, 0]);
        out.extend(body);
        out
    }

    #[test]
    fn known_entries_are_taken_and_failed_ones_are_not() {
        let address = attribute(NDA_DST, &[10, 0, 0, 9]);
        let mac = attribute(NDA_LLADDR, &[0, 9, 0xfb, 1, 2, 3]);
        let bytes = [
            message(RTM_NEWNEIGH, 0x04, &[address.clone(), mac.clone()]),
            message(RTM_NEWNEIGH, 0x20, &[address.clone(), mac]),
            message(RTM_NEWNEIGH, 0x02, &[address]),
            message(NLMSG_DONE, 0, &[]),
        ]
        .concat();
        let mut table = vec![];
        assert!(parse(&bytes, &mut table).unwrap());
        assert_eq!(
            table,
            [KernelNeighbour {
                interface: 7,
                address: "10.0.0.9".parse().unwrap(),
                mac: Mac([0, 9, 0xfb, 1, 2, 3])
            }]
        );
    }

    #[test]
    fn the_kernel_of_this_machine_answers() {
        match read_table() {
            Ok(table) => assert!(table.iter().all(|n| n.interface > 0)),
            Err(error) => println!("skipped: no rtnetlink here: {error}"),
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_hang(raw in prop::collection::vec(any::<u8>(), 0..200), length in 0u32..64) {
            let _ = parse(&raw, &mut vec![]);
            let mut raw = raw;
            if let Some(head) = raw.get_mut(..4) {
                head.copy_from_slice(&length.to_ne_bytes());
            }
            let _ = parse(&raw, &mut vec![]);
        }
    }
}
