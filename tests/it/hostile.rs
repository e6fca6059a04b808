//! Bad input for the decoders: real datagrams, frames and recordings, and each of them spoilt in many ways, always the same.
//! The fuzzers in `fuzz/` start from the same seeds and feed the same entry points.

#[path = "../../fuzz/entries.rs"]
mod entries;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use wardwatch::sources::listen::{each_packet, frame};
use wardwatch::wire::ether::{ETHERTYPE_ARP, ETHERTYPE_LLDP, Protocol};
use wardwatch::wire::snmp::{Message, Pdu, PduKind, V3Flags, V3Message, Version};
use wardwatch::wire::snmprec;

/// Seeds of one kind at the most.
const SEEDS: usize = 1500;
/// Of one capture at the most.
const OF_A_FILE: usize = 60;
/// Spoilt inputs: fixed, the same on each machine.
const SPOILT: usize = 60_000;
/// The same of recordings, which take longer.
const SPOILT_RECORDINGS: usize = 6_000;

/// What each entry point is fed.
#[derive(Default)]
struct Seeds {
    snmp: BTreeSet<Vec<u8>>,
    snmprec: BTreeSet<Vec<u8>>,
    frames: BTreeSet<Vec<u8>>,
}

fn data() -> Option<PathBuf> {
    let dir = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if dir.join("pcap").is_dir() {
        return Some(dir);
    }
    println!(
        "no captures at {} (set WARDWATCH_DATA): made-up seeds alone",
        dir.display()
    );
    None
}

fn files(dir: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|e| endings.iter().any(|w| e == *w))
            {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn seeds() -> Seeds {
    let mut seeds = made_up();
    let Some(dir) = data() else {
        return seeds;
    };
    for file in files(&dir, &["pcap", "pcapng"]) {
        let (mut snmp, mut frames) = (0, 0);
        let Ok(file) = File::open(file) else {
            continue;
        };
        each_packet(file, |link, _, bytes| {
            let Some(Ok(frame)) = frame(link, bytes) else {
                return false;
            };
            let udp = frame.udp();
            let port = |ports: &[u16]| {
                udp.as_ref()
                    .is_some_and(|u| ports.contains(&u.from_port) || ports.contains(&u.to_port))
            };
            if port(&[161, 162, 10_161]) && snmp < OF_A_FILE {
                snmp += usize::from(
                    seeds
                        .snmp
                        .insert(udp.as_ref().map_or(vec![], |u| u.payload.to_vec())),
                );
            }
            let spoken = matches!(
                frame.protocol,
                Protocol::EtherType(ETHERTYPE_ARP | ETHERTYPE_LLDP) | Protocol::Snap(..)
            );
            if (spoken || port(&[67, 68]) || frames < 4) && frames < OF_A_FILE {
                frames += usize::from(seeds.frames.insert(bytes.to_vec()));
            }
            true
        });
    }
    for file in files(&dir.join("devices/recordings"), &["snmprec"]) {
        let Ok(text) = std::fs::read(file) else {
            continue;
        };
        seeds
            .snmprec
            .insert(text.iter().take(4096).copied().collect());
        // as the device would have said it
        let recording = snmprec::parse(&text);
        let step = (recording.varbinds.len() / 4).max(1);
        for some in recording
            .varbinds
            .chunks(step)
            .filter_map(|c| c.get(..c.len().min(12)))
        {
            let mut pdu = Pdu::request(PduKind::Response, 77, []);
            pdu.varbinds = some.to_vec();
            seeds.snmp.insert(v2c(&pdu));
            seeds.snmp.extend(v3(&pdu, V3Flags::default()));
        }
    }
    seeds
}

fn v2c(pdu: &Pdu) -> Vec<u8> {
    Message {
        version: Version::V2c,
        community: b"public".to_vec(),
        pdu: pdu.clone(),
    }
    .encode()
}

fn v3(pdu: &Pdu, flags: V3Flags) -> Option<Vec<u8>> {
    let message = V3Message {
        msg_id: 9,
        max_size: 65_507,
        flags,
        engine_id: entries::ENGINE.to_vec(),
        boots: 7,
        time: 1000,
        user: entries::USER.to_vec(),
        context_engine_id: entries::ENGINE.to_vec(),
        context_name: vec![],
        pdu: pdu.clone(),
    };
    message.seal(Some(entries::local_keys()), 5).ok()
}

/// What no capture holds: each kind of value, each level of security, and what is made to hurt.
fn made_up() -> Seeds {
    let text = b"1.3.6.1.2.1.1.1.0|4|a\n1.3.6.1.2.1.1.3.0|67|5\n1.3.6.1.9.0|2|-5\n1.3.6.1.9.1|4x|00ff\n1.3.6.1.9.2|5|\n\
        1.3.6.1.9.3|6|1.3.6.1\n1.3.6.1.9.4|64|10.0.0.1\n1.3.6.1.9.5|65|4294967295\n1.3.6.1.9.6|66|4294967295\n\
        1.3.6.1.9.7|68x|9f780400000000\n1.3.6.1.9.8|70|18446744073709551615\n1.3.6.1.4294967295|2|1\n";
    let mut seeds = Seeds::default();
    seeds.snmprec.insert(text.to_vec());
    seeds.frames.insert(vec![0; 64]);
    let mut pdu = Pdu::request(PduKind::Response, i32::MIN, []);
    pdu.varbinds = snmprec::parse(text).varbinds;
    seeds.snmp.insert(v2c(&pdu));
    for (auth, privacy) in [(false, false), (true, false), (true, true)] {
        let flags = V3Flags {
            auth,
            privacy,
            reportable: true,
        };
        seeds.snmp.extend(v3(&pdu, flags));
    }
    seeds.snmp.extend(bombs(0));
    seeds
}

/// Datagrams made to cost time, memory or the stack; those that can are responses with this `request-id`.
pub fn bombs(id: i32) -> Vec<Vec<u8>> {
    let message = |pdu: &[u8]| {
        let mut body = vec![2, 1, 1, 4, 6];
        body.extend(b"public");
        body.extend(pdu);
        tlv(0x30, &body)
    };
    let response = |list: &[u8]| {
        let mut body = integer(id);
        body.extend([2, 1, 0, 2, 1, 0]);
        body.extend(list);
        message(&tlv(0xa2, &body))
    };
    let binding = |name: &[u8], value: &[u8]| tlv(0x30, &tlv(0x30, &[name, value].concat()));
    let name = [6, 3, 0x2b, 6, 1];
    let mut nest = vec![];
    for _ in 0..10_000 {
        nest = tlv(0x30, &nest);
    }
    vec![
        // SEQUENCEs in one another: as the message, as the list, as a value
        nest.clone(),
        response(&nest),
        response(&binding(&name, &nest)),
        // indefinite lengths, once and all the way down
        [0x30, 0x80].repeat(30_000),
        response(&[0x30, 0x80, 0x30, 0x80, 6, 1, 0x2b, 5, 0, 0, 0, 0, 0]),
        // lengths beyond everything
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1],
        vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0xff],
        response(&binding(&name, &[4, 0x84, 0x7f, 0xff, 0xff, 0xff])),
        // no name, an endless sub-identifier, one of 2^32, one of 2^32 - 1, one with leading zeros
        response(&binding(&[6, 0], &[5, 0])),
        response(&binding(
            &tlv(6, &[&[0x2b], &[0xff; 200][..], &[0x7f]].concat()),
            &[5, 0],
        )),
        response(&binding(&[6, 6, 0x2b, 0x90, 0x80, 0x80, 0x80, 0], &[5, 0])),
        response(&binding(
            &[6, 6, 0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f],
            &[5, 0],
        )),
        response(&binding(&[6, 3, 0x2b, 0x80, 1], &[5, 0])),
        // more arcs than there may be
        response(&binding(&tlv(6, &[1; 129]), &[5, 0])),
        // thousands of the smallest bindings
        response(&tlv(0x30, &[0x30, 4, 6, 0, 5, 0].repeat(10_000))),
        // integers too wide for what they are
        response(&binding(&name, &tlv(2, &[0x7f; 9]))),
        response(&binding(&name, &tlv(0x41, &[1, 0, 0, 0, 0]))),
        response(&binding(&name, &tlv(0x46, &[0xff; 9]))),
        // empty values where there is no such thing
        response(&binding(&name, &[2, 0])),
        response(&binding(&name, &[0x40, 0])),
    ]
}

/// In as few octets as it takes (X.690, 8.3.2).
fn integer(n: i32) -> Vec<u8> {
    let octets = n.to_be_bytes();
    let spare = |w: &[u8]| (w[0] == 0 && w[1] < 0x80) || (w[0] == 0xff && w[1] >= 0x80);
    let from = octets.windows(2).take_while(|w| spare(w)).count();
    tlv(2, &octets[from..])
}

fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    let mut out = vec![tag];
    match body.len() {
        0..=127 => out.push(body.len() as u8),
        128..=255 => out.extend([0x81, length[3]]),
        256..=65_535 => out.extend([0x82, length[2], length[3]]),
        _ => out.extend([&[0x84][..], &length].concat()),
    }
    out.extend(body);
    out
}

/// Chance that is the same each time (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n.max(1)
    }

    fn byte(&mut self) -> u8 {
        // what lengths, tags and numbers are made of comes often
        const LIKELY: [u8; 16] = [
            0, 1, 2, 4, 5, 6, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xa2, 0xfe, 0xff,
        ];
        match self.below(2) {
            0 => LIKELY[self.below(LIKELY.len())],
            _ => self.below(256) as u8,
        }
    }

    /// One to four small injuries.
    fn spoil(&mut self, all: &[&Vec<u8>]) -> Vec<u8> {
        let mut bytes = all[self.below(all.len())].clone();
        bytes.truncate(8192);
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] = self.byte(),
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => bytes.insert(at, self.byte()),
                4 if at < bytes.len() => drop(bytes.remove(at)),
                5 => {
                    // a piece of another
                    let other = all[self.below(all.len())];
                    let from = self.below(other.len() + 1);
                    let piece = &other[from..(from + self.below(64)).min(other.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                _ => {
                    // a piece twice
                    let piece = bytes[at..(at + self.below(64)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    }
}

fn feed(seeds: &BTreeSet<Vec<u8>>, spoilt: usize, chance: u64, entry: fn(&[u8])) -> usize {
    let every = (seeds.len() / SEEDS).max(1);
    let some: Vec<&Vec<u8>> = seeds.iter().step_by(every).collect();
    for seed in &some {
        entry(seed);
        // a datagram cut anywhere in its first part
        for end in 0..seed.len().min(40) {
            entry(&seed[..end]);
        }
    }
    let mut chance = Chance(chance);
    for _ in 0..spoilt {
        entry(&chance.spoil(&some));
    }
    some.len()
}

#[test]
fn spoilt_datagrams_of_real_agents_are_understood_or_refused() {
    println!(
        "{} seeds",
        feed(&seeds().snmp, SPOILT, 0x5eed, entries::snmp)
    );
}

#[test]
fn spoilt_frames_of_real_captures_are_understood_or_refused() {
    println!(
        "{} seeds",
        feed(&seeds().frames, SPOILT, 0xf4a3e, entries::frames)
    );
}

#[test]
fn spoilt_recordings_are_read_as_far_as_they_go() {
    println!(
        "{} seeds",
        feed(&seeds().snmprec, SPOILT_RECORDINGS, 0x4ec, entries::snmprec)
    );
}

#[test]
fn what_is_made_to_hurt_is_refused_by_name() {
    let words: Vec<String> = bombs(1)
        .iter()
        .map(|bomb| match Message::decode(bomb) {
            Ok(message) => format!("{} bindings", message.pdu.varbinds.len()),
            Err(error) => error.to_string(),
        })
        .collect();
    let wide = "an object identifier with more than 128 arcs, or an arc over 32 bits";
    let first = "malformed variable binding 1";
    assert_eq!(
        words,
        [
            "malformed BER in version",
            first,
            "value of type 0x30 in a variable binding",
            "malformed BER in message",
            "malformed BER in variable-bindings",
            "malformed BER in message",
            "malformed BER in message",
            "malformed BER in message",
            first,
            // an empty name is 0.0, which was never asked for
            "1 bindings",
            wide,
            wide,
            // 4294967295 is an arc
            "1 bindings",
            wide,
            wide,
            "10000 bindings",
            first,
            first,
            first,
            first,
            first,
        ]
    );
}

/// `fuzz/seed` calls it.
#[test]
fn seeds_are_written_for_the_fuzzers() {
    let Some(to) = std::env::var_os("WARDWATCH_SEEDS").map(PathBuf::from) else {
        return;
    };
    let seeds = seeds();
    for (target, all) in [
        ("snmp", seeds.snmp),
        ("snmprec", seeds.snmprec),
        ("frames", seeds.frames),
    ] {
        let folder = to.join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (at, bytes) in all.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{at:05}")), bytes).unwrap();
        }
    }
}
