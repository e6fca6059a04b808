//! A capture file (pcap or pcapng) as if it were heard.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use super::ear::Ear;
use crate::event::Observation;
use crate::model::{Text, Time};
use crate::wire::WireError;
use crate::wire::ether::Frame;

/// The buffer it starts with.
const BUFFER: usize = 256 * 1024;
/// A block beyond this is nonsense.
const BLOCK_CAP: usize = 16 * 1024 * 1024;
const TOO_LARGE: &str = "a block claims to be larger than 16 MiB";
/// Interfaces of one pcapng section that are told apart.
const INTERFACE_CAP: usize = 4096;
/// Observations handed over at once.
const BATCH: usize = 1024;

/// The file can't be read at all.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Not there, or not ours to read.
    #[error("cannot read the capture {path}: {source}")]
    Open {
        /// Which.
        path: Text,
        /// Why.
        source: std::io::Error,
    },
    /// Something else.
    #[error(
        "{path} is not a capture: neither pcap nor pcapng; make one with `tcpdump -i IF -w FILE`"
    )]
    NotACapture {
        /// Which.
        path: Text,
    },
}

/// What a capture held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureSummary {
    /// Packets read.
    pub packets: u64,
    /// Packets of a kind of link that is not understood (wireless monitor, serial …).
    pub other_links: u64,
    /// Time of the first packet.
    pub first: Option<Time>,
    /// The latest time in it.
    pub last: Option<Time>,
    /// Empty when it was read to its end; else where and why it stops. What came before is good.
    pub torn: Text,
}

/// Reads a file through an ear; observations go out in batches.
pub fn read_file(
    path: &Path,
    ear: &mut Ear,
    sink: impl FnMut(Vec<Observation>),
) -> Result<CaptureSummary, CaptureError> {
    let name = || Text::from(path.display().to_string());
    let file = File::open(path).map_err(|source| CaptureError::Open {
        path: name(),
        source,
    })?;
    read(file, ear, sink).ok_or_else(|| CaptureError::NotACapture { path: name() })
}

/// As [`read_file`], from anything. `None` when it is no capture.
pub fn read(
    from: impl Read + Send,
    ear: &mut Ear,
    mut sink: impl FnMut(Vec<Observation>),
) -> Option<CaptureSummary> {
    let mut out = Vec::new();
    let summary = each_packet(from, |link, at, bytes| {
        let Some(frame) = frame(link, bytes) else {
            return false;
        };
        ear.hear_bytes(frame, at, &mut out);
        if out.len() >= BATCH {
            sink(std::mem::take(&mut out));
        }
        true
    });
    if !out.is_empty() {
        sink(out);
    }
    summary
}

/// The frame of a packet, by kind of link (tcpdump.org/linktypes); `None` for kinds that are not understood.
pub fn frame(link: Linktype, bytes: &[u8]) -> Option<Result<Frame<'_>, WireError>> {
    match link {
        Linktype::ETHERNET => Some(Frame::ethernet(bytes)),
        Linktype::LINUX_SLL => Some(Frame::linux_cooked(bytes)),
        Linktype(276) => Some(Frame::linux_cooked2(bytes)),
        _ => None,
    }
}

/// Calls `on` for each packet with its kind of link and time; it says whether it understood the kind.
pub fn each_packet(
    from: impl Read + Send,
    mut on: impl FnMut(Linktype, Time, &[u8]) -> bool,
) -> Option<CaptureSummary> {
    let mut reader = create_reader(BUFFER, from).ok()?;
    let mut summary = CaptureSummary::default();
    let mut links = Links::default();
    let mut capacity = BUFFER;
    let why = loop {
        let stop = match reader.next() {
            Ok((used, block)) => {
                if let Some((link, at, bytes)) = links.packet(&block) {
                    summary.packets += 1;
                    summary.first.get_or_insert(at);
                    summary.last = summary.last.max(Some(at));
                    if !on(link, at, bytes) {
                        summary.other_links += 1;
                    }
                }
                reader.consume(used);
                continue;
            }
            Err(error) => Stop::from(&error),
        };
        match stop {
            Stop::End => return Some(summary),
            Stop::More if !reader.reader_exhausted() => {
                let had = reader.data().len();
                if reader.refill().is_err() {
                    break "the file cannot be read further";
                }
                // a full buffer takes nothing more, and its reader says nothing
                if reader.data().len() == had && !reader.reader_exhausted() {
                    capacity *= 2;
                    if capacity > BLOCK_CAP || !reader.grow(capacity) {
                        break TOO_LARGE;
                    }
                }
            }
            Stop::Full if capacity * 2 <= BLOCK_CAP => {
                capacity *= 2;
                if !reader.grow(capacity) {
                    break TOO_LARGE;
                }
            }
            Stop::Full => break TOO_LARGE,
            Stop::More => break "the file ends inside a packet",
            Stop::Read => break "the file cannot be read further",
            Stop::Damaged => break "a block is damaged",
        }
    };
    summary.torn = format!("torn after packet {}: {why}", summary.packets).into();
    Some(summary)
}

/// Why the reader gave no block.
enum Stop {
    End,
    More,
    Full,
    Read,
    Damaged,
}

impl From<&PcapError<&[u8]>> for Stop {
    fn from(error: &PcapError<&[u8]>) -> Self {
        match error {
            PcapError::Eof => Self::End,
            PcapError::Incomplete(_) | PcapError::UnexpectedEof => Self::More,
            PcapError::BufferTooSmall => Self::Full,
            PcapError::ReadError => Self::Read,
            _ => Self::Damaged,
        }
    }
}

/// Link types and clocks, as headers gave them.
#[derive(Default)]
struct Links {
    legacy: Option<(Linktype, bool)>,
    /// Link, ticks a second, offset in seconds.
    interfaces: Vec<(Linktype, u64, i64)>,
}

impl Links {
    fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'a>) -> Option<(Linktype, Time, &'a [u8])> {
        match block {
            PcapBlockOwned::LegacyHeader(h) => {
                self.legacy = Some((h.network, h.is_nanosecond_precision()));
                None
            }
            PcapBlockOwned::Legacy(p) => {
                let (link, nano) = self.legacy?;
                let fraction = p.ts_usec / if nano { 1_000_000 } else { 1000 };
                let at = Time(i64::from(p.ts_sec) * 1000 + i64::from(fraction));
                Some((link, at, p.data.get(..p.caplen as usize).unwrap_or(p.data)))
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.interfaces.clear();
                None
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(d)) => {
                if self.interfaces.len() < INTERFACE_CAP {
                    let ticks = d.ts_resolution().filter(|t| *t > 0).unwrap_or(1_000_000);
                    self.interfaces.push((d.linktype, ticks, d.if_tsoffset));
                }
                None
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(p)) => {
                let (link, ticks, offset) = *self.interfaces.get(p.if_id as usize)?;
                let stamp = u128::from(p.ts_high) << 32 | u128::from(p.ts_low);
                let millis = stamp * 1000 / u128::from(ticks);
                let millis = i64::try_from(millis).unwrap_or(i64::MAX);
                let at = Time(millis.saturating_add(offset.saturating_mul(1000)));
                Some((link, at, p.data.get(..p.caplen as usize).unwrap_or(p.data)))
            }
            PcapBlockOwned::NG(Block::SimplePacket(p)) => {
                let (link, _, _) = *self.interfaces.first()?;
                Some((link, Time(0), p.data))
            }
            PcapBlockOwned::NG(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mac;
    use crate::wire::arp::Arp;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    /// A pcap of `count` announcements, a second apart.
    fn pcap(count: u32) -> Vec<u8> {
        let mut out = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        out.extend([0; 8]);
        out.extend(65_535u32.to_le_bytes());
        out.extend(1u32.to_le_bytes());
        for n in 0..count {
            let ip = Ipv4Addr::from(0x0a00_0001 + n);
            let mac = Mac([0, 9, 0xfb, 0, (n >> 8) as u8, n as u8]);
            let frame = Arp::request(mac, ip, ip).frame(Mac([0xff; 6]));
            out.extend((1000 + n).to_le_bytes());
            out.extend(5000u32.to_le_bytes());
            out.extend(60u32.to_le_bytes());
            out.extend(60u32.to_le_bytes());
            out.extend(frame);
        }
        out
    }

    fn hear(bytes: &[u8]) -> (Option<CaptureSummary>, Vec<Observation>) {
        let mut heard = Vec::new();
        let mut ear = Ear::new("x.pcap".into(), None);
        let summary = read(bytes, &mut ear, |mut batch| heard.append(&mut batch));
        (summary, heard)
    }

    #[test]
    fn a_whole_capture_is_heard_with_its_times() {
        let (summary, heard) = hear(&pcap(3000));
        let summary = summary.unwrap();
        assert_eq!((summary.packets, heard.len()), (3000, 3000));
        assert_eq!(summary.first, Some(Time(1_000_005)));
        assert!(summary.torn.is_empty(), "{}", summary.torn);
    }

    #[test]
    fn a_torn_capture_gives_what_is_there_and_says_where_it_stops() {
        let bytes = pcap(3);
        let (summary, heard) = hear(&bytes[..bytes.len() - 7]);
        assert_eq!(heard.len(), 2);
        assert_eq!(
            summary.unwrap().torn.as_str(),
            "torn after packet 2: the file ends inside a packet"
        );
    }

    #[test]
    fn a_packet_that_claims_gigabytes_is_a_torn_end() {
        let mut bytes = pcap(2);
        let at = bytes.len() - 60 - 8;
        bytes[at..at + 4].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
        let (summary, heard) = hear(&bytes);
        assert_eq!(heard.len(), 1);
        assert!(!summary.unwrap().torn.is_empty());
    }

    #[test]
    fn what_is_no_capture_is_said_with_its_name() {
        assert!(hear(b"").0.is_none());
        assert!(
            hear(b"hello, this is a letter and no capture at all")
                .0
                .is_none()
        );
        let missing = read_file(
            Path::new("no-such.pcap"),
            &mut Ear::new("x".into(), None),
            |_| {},
        );
        assert!(
            missing
                .unwrap_err()
                .to_string()
                .starts_with("cannot read the capture no-such.pcap: ")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_damage_makes_it_panic_or_hang(flips in prop::collection::vec((0usize..800, any::<u8>()), 1..8), cut in 0usize..800) {
            let mut bytes = pcap(9);
            for (at, b) in flips {
                if let Some(x) = bytes.get_mut(at) {
                    *x = b;
                }
            }
            bytes.truncate(cut.max(1));
            let _ = hear(&bytes);
        }
    }
}
