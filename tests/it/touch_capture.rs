//! An independent witness: tcpdump writes down what a full run of the demo hospital sends in a network namespace of its own,
//! and nothing of it goes to a never-touch address; and the ledger says what the witness saw.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
use serde_json::Value as Json;
use wardwatch::log::{Answer, Log as _, Query, SqliteLog};
use wardwatch::model::{PacketKind, Time};
use wardwatch::sources::listen::each_packet;

use crate::support::PROGRAM;

/// Runs in the namespace: witness, demo, end of the witness. `$1` the folder, `$2` the program.
const SCRIPT: &str = r#"
ip link set lo up || exit 77
tcpdump -i lo -n -U -B 65536 -Z root -w "$1/lo.pcap" udp or icmp or arp 2>"$1/tcpdump.txt" &
witness=$!
for _ in $(seq 100); do grep -q 'listening on' "$1/tcpdump.txt" && break; sleep 0.1; done
grep -q 'listening on' "$1/tcpdump.txt" || exit 77
"$2" demo --headless --for 60s --endpoints 600 --scenario evening --state "$1/state" >"$1/demo.json"
done=$?
sleep 1
kill -INT $witness
wait $witness
exit $done
"#;

#[test]
fn a_full_run_of_the_demo_sends_nothing_to_a_never_touch_address_and_the_ledger_says_what_was_sent()
{
    if let Err(why) = Command::new("tcpdump")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
    {
        println!("skipped: tcpdump: {why}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = Command::new("unshare")
        .args(["--net", "sh", "-c", SCRIPT, "sh"])
        .arg(dir.path())
        .arg(PROGRAM)
        .stdin(Stdio::null())
        .output();
    match run {
        Ok(run) if run.status.success() => {}
        Ok(run) => {
            let said = String::from_utf8_lossy(&run.stderr);
            if run.status.code() == Some(77) || said.contains("unshare failed") {
                println!("skipped: no network namespace with a witness can be made here: {said}");
                return;
            }
            panic!("the demo failed: {said}");
        }
        Err(error) => {
            println!("skipped: unshare: {error}");
            return;
        }
    }
    let dropped = std::fs::read_to_string(dir.path().join("tcpdump.txt")).unwrap();
    assert!(
        dropped.contains("\n0 packets dropped by kernel"),
        "the witness missed packets: {dropped}"
    );
    let devices = listed(dir.path(), "devices", &["--columns", "name,address,touch"]);
    let mut never = Vec::new();
    for device in &devices {
        if device["touch"] == "never" {
            never.extend(
                device["address"]
                    .as_str()
                    .map(|a| a.parse::<IpAddr>().unwrap()),
            );
        }
    }
    assert!(never.len() > 10, "{} never-touch devices", never.len());

    let demo: Json =
        serde_json::from_slice(&std::fs::read(dir.path().join("demo.json")).unwrap()).unwrap();
    let port = agents_port(&dir.path().join("lo.pcap"));
    let mut seen: BTreeMap<IpAddr, u64> = BTreeMap::new();
    let mut all = 0u64;
    each_udp_or_icmp(&dir.path().join("lo.pcap"), |to, udp| {
        all += 1;
        assert!(!never.contains(&to), "the witness saw a packet to {to}");
        if udp.is_none_or(|(_, destination)| destination == port) {
            *seen.entry(to).or_default() += 1;
        }
    });
    let requests: u64 = seen.values().sum();
    assert!(
        requests > 1_000 && all > 2 * requests / 3,
        "only {requests} requests of {all} packets were seen: is this the demo? {demo}"
    );
    let mut noted: BTreeMap<IpAddr, u64> = BTreeMap::new();
    let (mut log, mut kinds) = (
        SqliteLog::open_read_only(&dir.path().join("state")).unwrap(),
        BTreeMap::<PacketKind, u64>::new(),
    );
    let addresses: Vec<IpAddr> = devices
        .iter()
        .filter_map(|d| d["address"].as_str()?.parse().ok())
        .chain(seen.keys().copied())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let asked = Query::Ledger {
        addresses,
        since: Time(0),
        limit: u32::MAX,
    };
    let Answer::Ledger(rows) = log.query(&asked) else {
        panic!("the log answers something else")
    };
    for row in rows {
        *noted.entry(row.address).or_default() += u64::from(row.count);
        *kinds.entry(row.kind).or_default() += u64::from(row.count);
    }
    assert_eq!(
        noted, seen,
        "ledger and witness disagree; by kind: {kinds:?}"
    );
    println!(
        "{requests} requests to {} agents, {} never-touch devices",
        seen.len(),
        never.len()
    );
}

fn listed(dir: &Path, what: &str, more: &[&str]) -> Vec<Json> {
    let mut child = Command::new(PROGRAM)
        .arg(what)
        .args(["--format", "jsonl", "--state"])
        .arg(dir.join("state"))
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let rows = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert!(child.wait().unwrap().success());
    rows
}

/// The agents' port: the destination of most datagrams that are no answer.
fn agents_port(capture: &Path) -> u16 {
    let mut to: BTreeMap<u16, std::collections::BTreeSet<IpAddr>> = BTreeMap::new();
    each_udp_or_icmp(capture, |address, udp| {
        if let Some((_, destination)) = udp {
            to.entry(destination).or_default().insert(address);
        }
    });
    to.into_iter()
        .max_by_key(|(_, addresses)| addresses.len())
        .unwrap()
        .0
}

/// Hands every packet's destination to `each`, and for UDP its ports. What passes the loopback passes it once.
fn each_udp_or_icmp(capture: &Path, mut each: impl FnMut(IpAddr, Option<(u16, u16)>)) {
    let file = std::fs::File::open(capture).unwrap();
    let read = each_packet(file, |_, _, bytes| {
        let headers = PacketHeaders::from_ethernet_slice(bytes).unwrap();
        let to: IpAddr = match headers.net {
            Some(NetHeaders::Ipv4(ip, _)) => ip.destination.into(),
            Some(NetHeaders::Ipv6(ip, _)) => ip.destination.into(),
            _ => panic!("neither IPv4 nor IPv6 on the loopback"),
        };
        let udp = match headers.transport {
            Some(TransportHeader::Udp(udp)) => Some((udp.source_port, udp.destination_port)),
            _ => None,
        };
        each(to, udp);
        true
    });
    assert!(read.is_some(), "no capture was written");
}
