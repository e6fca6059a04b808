//! What it costs to seal and to open a message of SNMPv3 with authentication and privacy, keys cached.
//!
//! `cargo bench --bench usm`. Each line: protocols, octets of the PDU, nanoseconds to seal and to open it.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use wardwatch::model::{AuthProtocol, PrivProtocol};
use wardwatch::wire::snmp::usm::UserKeys;
use wardwatch::wire::snmp::{Outgoing, V3Flags, V3Header, seal_pdu};

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04wardwatch";
const ROUNDS: u32 = 20_000;
const RUNS: usize = 7;

/// The median of some runs, nanoseconds a round.
fn median(mut once: impl FnMut(u32)) -> u128 {
    let mut took: Vec<u128> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            (0..ROUNDS).for_each(&mut once);
            start.elapsed().as_nanos() / u128::from(ROUNDS)
        })
        .collect();
    took.sort_unstable();
    took[RUNS / 2]
}

fn main() {
    let table = [
        (AuthProtocol::Sha256, PrivProtocol::Aes128),
        (AuthProtocol::Sha512, PrivProtocol::Aes256),
        (AuthProtocol::Sha1, PrivProtocol::Aes128),
        (AuthProtocol::Md5, PrivProtocol::Des),
    ];
    println!(
        "{:<16} {:>6} {:>9} {:>9}",
        "protocols", "octets", "seal ns", "open ns"
    );
    for (auth, privacy) in table {
        let keys = UserKeys::derive(
            Some((auth, b"authentication")),
            Some((privacy, b"encryption")),
        )
        .unwrap()
        .localize(ENGINE);
        for octets in [300usize, 1_500] {
            // a PDU whose content is not looked at
            let mut pdu = vec![0xa2, 0x82, (octets >> 8) as u8, octets as u8];
            pdu.resize(octets + 4, 5);
            let head = Outgoing {
                msg_id: 1,
                max_size: 65_507,
                flags: V3Flags {
                    auth: true,
                    privacy: true,
                    reportable: true,
                },
                engine_id: ENGINE,
                boots: 7,
                time: 3_600,
                user: b"wardwatch",
                context_engine_id: ENGINE,
                context_name: b"",
            };
            let mut out = Vec::new();
            let seal = median(|n| {
                out.clear();
                seal_pdu(&head, &pdu, Some(&keys), u64::from(n), &mut out).unwrap();
                black_box(&out);
            });
            let mut scratch = Vec::new();
            let open = median(|_| {
                let header = V3Header::parse(black_box(&out)).unwrap();
                let opened = header.open_pdu(&out, Some(&keys), &mut scratch).unwrap();
                assert_eq!(opened.pdu.len(), pdu.len());
            });
            println!(
                "{:<16} {octets:>6} {seal:>9} {open:>9}",
                format!("{auth:?}/{privacy:?}")
            );
        }
    }
}
