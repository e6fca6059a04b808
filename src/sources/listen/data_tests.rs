//! Every capture of the shared data, held against what tshark says of the same packets.

use std::fmt;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::*;
use crate::model::{Mac, Text, Time};
use crate::wire::arp::{Arp, ArpOp};
use crate::wire::cdp::Cdp;
use crate::wire::dhcp::Dhcp;
use crate::wire::ether::Frame;
use crate::wire::lldp::Lldp;

fn data() -> Option<PathBuf> {
    let dir = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if dir.join("pcap").is_dir() {
        return Some(dir);
    }
    println!(
        "skipped: no captures at {} (set WARDWATCH_DATA)",
        dir.display()
    );
    None
}

fn captures(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            captures(&path, out);
        } else if path
            .extension()
            .is_some_and(|e| e == "pcap" || e == "pcapng")
        {
            out.push(path);
        }
    }
    out.sort();
}

/// All leaves of one packet, duplicates kept, as tshark repeats keys.
struct Leaves(Vec<(String, String)>);

impl Leaves {
    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn malformed(&self) -> bool {
        self.0.iter().any(|(k, _)| k.starts_with("_ws.malformed"))
    }
}

impl<'de> Deserialize<'de> for Leaves {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Vec<(String, String)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON of tshark")
            }
            fn visit_str<E>(self, s: &str) -> Result<Self::Value, E> {
                Ok(vec![(String::new(), s.to_string())])
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(vec![])
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut a: A) -> Result<Self::Value, A::Error> {
                let mut out = vec![];
                while let Some(Leaves(mut v)) = a.next_element()? {
                    out.append(&mut v);
                }
                Ok(out)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut a: A) -> Result<Self::Value, A::Error> {
                let mut out = vec![];
                while let Some((key, Leaves(v))) = a.next_entry::<String, Leaves>()? {
                    out.extend(
                        v.into_iter()
                            .map(|(k, v)| (if k.is_empty() { key.clone() } else { k }, v)),
                    );
                }
                Ok(out)
            }
        }
        from.deserialize_any(Walk).map(Leaves)
    }
}

fn tshark(capture: &Path) -> Option<Vec<Leaves>> {
    let gz = format!("{}.tshark.json.gz", capture.display());
    if !Path::new(&gz).exists() {
        return None;
    }
    let out = Command::new("gzip").arg("-dc").arg(&gz).output().ok()?;
    assert!(out.status.success(), "{gz}");
    Some(serde_json::from_slice(&out.stdout).unwrap())
}

/// `1593322064.860864000`, cut to milliseconds.
fn millis(epoch: &str) -> Time {
    let (seconds, fraction) = epoch.split_once('.').unwrap();
    Time(seconds.parse::<i64>().unwrap() * 1000 + fraction[..3].parse::<i64>().unwrap())
}

fn same(what: &str, place: &str, theirs: Option<&str>, ours: impl fmt::Display) {
    if let Some(theirs) = theirs {
        assert_eq!(format!("{ours}"), theirs, "{what} of {place}");
    }
}

/// tshark writes names with its own escapes; only plain ones are compared.
fn same_text(what: &str, place: &str, theirs: Option<&str>, ours: &Text) {
    let plain = |s: &&str| s.is_ascii() && !s.contains('\\') && !s.bytes().any(|b| b < 0x20);
    same(what, place, theirs.filter(plain), ours);
}

#[derive(Debug, Default)]
struct Seen {
    arp: usize,
    lldp: usize,
    cdp: usize,
    dhcp: usize,
}

fn compare_arp(place: &str, frame: &Frame<'_>, t: &Leaves, seen: &mut Seen) {
    let ours = Arp::decode(frame.payload);
    let is = |key, value| t.get(key) == Some(value);
    let normal = is("arp.hw.size", "6")
        && is("arp.proto.size", "4")
        && is("arp.proto.type", "0x0800")
        && (is("arp.opcode", "1") || is("arp.opcode", "2"))
        && (is("arp.hw.type", "1") || is("arp.hw.type", "6"));
    if !normal || t.malformed() {
        assert!(ours.is_err(), "{place} should be refused: {ours:?}");
        return;
    }
    let ours = ours.unwrap_or_else(|e| panic!("{place}: {e}"));
    let op = if ours.op == ArpOp::Request { 1 } else { 2 };
    same("opcode", place, t.get("arp.opcode"), op);
    same("sender", place, t.get("arp.src.hw_mac"), ours.sender_mac);
    same("sender", place, t.get("arp.src.proto_ipv4"), ours.sender);
    same("target", place, t.get("arp.dst.hw_mac"), ours.target_mac);
    same("target", place, t.get("arp.dst.proto_ipv4"), ours.target);
    seen.arp += 1;
}

fn compare_lldp(place: &str, frame: &Frame<'_>, t: &Leaves, seen: &mut Seen) {
    let ours = Lldp::decode(frame.payload);
    if !t.has("lldp.time_to_live") || t.has("lldp.bad_type") {
        assert!(ours.is_err(), "{place} should be refused: {ours:?}");
        return;
    }
    let ours = ours.unwrap_or_else(|e| panic!("{place}: {e}"));
    same("ttl", place, t.get("lldp.time_to_live"), ours.ttl);
    same(
        "chassis",
        place,
        t.get("lldp.chassis.id.mac"),
        ours.chassis.text(),
    );
    same("port", place, t.get("lldp.port.id.mac"), ours.port.text());
    same_text("port", place, t.get("lldp.port.id"), &ours.port.text());
    same_text("name", place, t.get("lldp.tlv.system.name"), &ours.name);
    same(
        "vlan",
        place,
        t.get("lldp.ieee.802_1.port_vlan.id"),
        ours.pvid.unwrap_or(0),
    );
    if t.malformed() {
        assert!(ours.broken > 0, "{place}: the broken part is counted");
    }
    seen.lldp += 1;
}

fn compare_cdp(place: &str, frame: &Frame<'_>, t: &Leaves, seen: &mut Seen) {
    let ours = Cdp::decode(frame.payload).unwrap_or_else(|e| panic!("{place}: {e}"));
    same("version", place, t.get("cdp.version"), ours.version);
    same("ttl", place, t.get("cdp.ttl"), ours.ttl);
    same_text("device", place, t.get("cdp.deviceid"), &ours.device);
    same_text("port", place, t.get("cdp.portid"), &ours.port);
    same_text("platform", place, t.get("cdp.platform"), &ours.platform);
    same_text(
        "domain",
        place,
        t.get("cdp.vtp_management_domain"),
        &ours.vtp_domain,
    );
    same(
        "vlan",
        place,
        t.get("cdp.native_vlan"),
        ours.native_vlan.unwrap_or(0),
    );
    let duplex = u8::from(ours.full_duplex.unwrap_or_default());
    same("duplex", place, t.get("cdp.duplex"), duplex);
    let mut addresses = ours.addresses.iter().chain(&ours.management);
    for theirs in t.all("cdp.nrgyz.ip_address") {
        same("address", place, Some(theirs), addresses.next().unwrap());
    }
    seen.cdp += 1;
}

fn compare_dhcp(place: &str, frame: &Frame<'_>, t: &Leaves, seen: &mut Seen) {
    let Some(udp) = frame.udp() else {
        panic!("{place}: no UDP found");
    };
    let ours = match Dhcp::decode(udp.payload) {
        Ok(ours) => ours,
        Err(error) => {
            assert!(t.malformed() || !t.has("dhcp.cookie"), "{place}: {error}");
            return;
        }
    };
    let ip = |a: Option<Ipv4Addr>| a.unwrap_or(Ipv4Addr::UNSPECIFIED);
    let id = format!("0x{:08x}", ours.transaction);
    same("id", place, t.get("dhcp.id"), id);
    same(
        "mac",
        place,
        t.get("dhcp.hw.mac_addr"),
        ours.client.unwrap_or(Mac([0; 6])),
    );
    same(
        "client",
        place,
        t.get("dhcp.ip.client"),
        ip(ours.client_address),
    );
    same("yours", place, t.get("dhcp.ip.your"), ip(ours.your_address));
    same("relay", place, t.get("dhcp.ip.relay"), ip(ours.relay));
    if !t.malformed() {
        same(
            "asked",
            place,
            t.get("dhcp.option.requested_ip_address"),
            ip(ours.requested),
        );
        same_text("host", place, t.get("dhcp.option.hostname"), &ours.host);
        same_text(
            "class",
            place,
            t.get("dhcp.option.vendor_class_id"),
            &ours.vendor_class,
        );
        same(
            "server",
            place,
            t.get("dhcp.option.dhcp_server_id"),
            ip(ours.server),
        );
        let lease = t.get("dhcp.option.ip_address_lease_time");
        same("lease", place, lease, ours.lease.unwrap_or(0));
        let asked = t.all("dhcp.option.request_list_item").count();
        assert_eq!(ours.parameters.len(), asked, "parameters of {place}");
    }
    seen.dhcp += 1;
}

#[test]
fn every_capture_says_what_tshark_says_it_says() {
    let Some(dir) = data() else { return };
    if Command::new("gzip").arg("--version").output().is_err() {
        println!("skipped: no gzip to read the expected values");
        return;
    }
    let mut files = vec![];
    captures(&dir.join("pcap"), &mut files);
    let mut seen = Seen::default();
    for file in files {
        let Some(expected) = tshark(&file) else {
            continue;
        };
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // tshark was asked for some packets only; their numbers tell which
        let mut number = 0;
        each_packet(File::open(&file).unwrap(), |link, at, bytes| {
            number += 1;
            let n = number.to_string();
            let Some(t) = expected.iter().find(|t| t.get("frame.number") == Some(&n)) else {
                return true;
            };
            let place = format!("{name} packet {n}");
            assert_eq!(
                Some(at),
                t.get("frame.time_epoch").map(millis),
                "time of {place}"
            );
            let Some(frame) = frame(link, bytes) else {
                return false;
            };
            let Ok(frame) = frame else {
                assert!(t.malformed() || bytes.len() < 14, "{place}");
                return true;
            };
            let protocols = t.get("frame.protocols").unwrap();
            let has = |p: &str| protocols.split(':').any(|x| x == p);
            if has("arp") {
                compare_arp(&place, &frame, t, &mut seen);
            } else if has("lldp") {
                compare_lldp(&place, &frame, t, &mut seen);
            } else if has("cdp") {
                compare_cdp(&place, &frame, t, &mut seen);
            } else if has("dhcp") && !has("icmp") {
                compare_dhcp(&place, &frame, t, &mut seen);
            }
            true
        });
    }
    println!("{seen:?}");
    assert!(
        seen.arp > 50 && seen.lldp > 0 && seen.cdp > 0 && seen.dhcp > 50,
        "{seen:?}"
    );
}

#[test]
fn every_capture_is_read_to_its_end_or_says_where_it_is_torn() {
    let Some(dir) = data() else { return };
    let mut files = vec![];
    captures(&dir, &mut files);
    let (mut read, mut torn) = (0, 0);
    for file in &files {
        let mut ear = Ear::new("capture".into(), None);
        match read_file(file, &mut ear, |_| {}) {
            Ok(s) => {
                read += 1;
                torn += usize::from(!s.torn.is_empty());
                let heard = ear.counts();
                assert_eq!(
                    heard.frames + s.other_links,
                    s.packets,
                    "{}",
                    file.display()
                );
            }
            Err(e) => println!("{e}"),
        }
    }
    println!("{read} of {} read, {torn} torn", files.len());
    assert!(read * 10 > files.len() * 9, "{read} of {}", files.len());
}

#[test]
fn a_switch_in_a_capture_says_where_the_wire_ends() {
    let Some(dir) = data() else { return };
    let mut ear = Ear::new("3560_CDP.pcap".into(), None);
    let path = dir.join("pcap/tcpdump/3560_CDP.pcap");
    let summary = read_file(&path, &mut ear, |_| {}).unwrap();
    let place = ear.where_am_i(summary.last.unwrap()).unwrap();
    assert_eq!(
        place.to_string(),
        "you are on Switch GigabitEthernet0/5, vlan 1"
    );
    assert_eq!(place.address.unwrap().to_string(), "192.168.0.1");
    assert!(place.forwards);
}

#[test]
fn no_damage_to_a_real_frame_makes_it_panic() {
    let Some(dir) = data() else { return };
    let mut files = vec![];
    captures(&dir.join("pcap"), &mut files);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut chance = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize
    };
    let mut ear = Ear::new("capture".into(), None);
    let mut out = vec![];
    for file in &files {
        let mut left = 200;
        each_packet(File::open(file).unwrap(), |link, at, bytes| {
            for _ in 0..if left > 0 { 16 } else { 0 } {
                let mut bytes = bytes.to_vec();
                for _ in 0..=chance() % 4 {
                    // headers are where the lengths are
                    let within = if chance() % 2 == 0 { 64 } else { bytes.len() };
                    let at = chance() % within.clamp(1, bytes.len().max(1));
                    if let Some(b) = bytes.get_mut(at) {
                        *b = chance() as u8;
                    }
                }
                if chance() % 8 == 0 {
                    bytes.truncate(chance() % (bytes.len() + 1));
                }
                if let Some(frame) = frame(link, &bytes) {
                    ear.hear_bytes(frame, at, &mut out);
                    out.clear();
                }
            }
            left -= i32::from(left > 0);
            true
        });
    }
    println!("{:?}", ear.counts());
    assert!(ear.counts().broken > 0 && ear.counts().dhcp > 0);
}
