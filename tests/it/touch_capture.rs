//! An independent witness: tcpdump writes down what a full run of the demo hospital sends in a network namespace of its own,
//! and nothing of it goes to a never-touch address; and the ledger says what the witness saw.

mod commands;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use etherparse::{Icmpv4Type, NetHeaders, PacketHeaders, TransportHeader};
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
    if skipped(run, "the demo") {
        return;
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
    let mut all = 0u64;
    each_udp_or_icmp(&dir.path().join("lo.pcap"), |to, _| {
        all += 1;
        assert!(!never.contains(&to), "the witness saw a packet to {to}");
    });
    let seen = captured(&dir.path().join("lo.pcap"), port);
    let requests: u64 = seen.values().sum();
    assert!(
        requests > 1_000 && all > 2 * requests / 3,
        "only {requests} requests of {all} packets were seen: is this the demo? {demo}"
    );
    let addresses = devices
        .iter()
        .filter_map(|d| d["address"].as_str()?.parse().ok())
        .chain(seen.keys().copied())
        .collect();
    let (noted, kinds) = ledger(&dir.path().join("state"), addresses);
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

/// Where no namespace with a witness can be made, that is said; what failed there ends the test.
fn skipped(run: std::io::Result<Output>, what: &str) -> bool {
    match run {
        Ok(run) if run.status.success() => false,
        Ok(run) => {
            let said = String::from_utf8_lossy(&run.stderr);
            let none = run.status.code() == Some(77) || said.contains("unshare failed");
            assert!(none, "{what} failed: {said}");
            println!("skipped: no network namespace with a witness can be made here: {said}");
            true
        }
        Err(error) => {
            println!("skipped: unshare: {error}");
            true
        }
    }
}

/// What a ledger says of these addresses: packets to each, and by kind.
fn ledger(
    state: &Path,
    addresses: BTreeSet<IpAddr>,
) -> (BTreeMap<IpAddr, u64>, BTreeMap<PacketKind, u64>) {
    let asked = Query::Ledger {
        addresses: addresses.into_iter().collect(),
        since: Time(0),
        before: Time(i64::MAX),
        limit: u32::MAX,
    };
    let Answer::Ledger(rows) = SqliteLog::open_read_only(state).unwrap().query(&asked) else {
        panic!("the log answers something else")
    };
    let (mut noted, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        *noted.entry(row.address).or_default() += u64::from(row.count);
        *kinds.entry(row.kind).or_default() += u64::from(row.count);
    }
    (noted, kinds)
}

/// Requests in a capture, by whom they go to: to the agents' port, and echo requests.
fn captured(capture: &Path, port: u16) -> BTreeMap<IpAddr, u64> {
    let mut seen = BTreeMap::new();
    each_udp_or_icmp(capture, |to, what| {
        let request = match what {
            What::Udp(destination) => destination == port,
            What::Echo => true,
            // such as the kernel's word that nobody listens on a port
            What::Other => false,
        };
        if request {
            *seen.entry(to).or_default() += 1;
        }
    });
    seen
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
    each_udp_or_icmp(capture, |address, what| {
        if let What::Udp(destination) = what {
            to.entry(destination).or_default().insert(address);
        }
    });
    to.into_iter()
        .max_by_key(|(_, addresses)| addresses.len())
        .unwrap()
        .0
}

/// What a packet is.
enum What {
    /// UDP, to a port.
    Udp(u16),
    /// An ICMP echo request.
    Echo,
    /// Any other ICMP.
    Other,
}

/// Hands every packet's destination to `each`. What passes the loopback passes it once.
fn each_udp_or_icmp(capture: &Path, mut each: impl FnMut(IpAddr, What)) {
    let file = std::fs::File::open(capture).unwrap();
    let read = each_packet(file, |_, _, bytes| {
        let headers = PacketHeaders::from_ethernet_slice(bytes).unwrap();
        let to: IpAddr = match headers.net {
            Some(NetHeaders::Ipv4(ip, _)) => ip.destination.into(),
            Some(NetHeaders::Ipv6(ip, _)) => ip.destination.into(),
            _ => panic!("neither IPv4 nor IPv6 on the loopback"),
        };
        let what = match headers.transport {
            Some(TransportHeader::Udp(udp)) => What::Udp(udp.destination_port),
            Some(TransportHeader::Icmpv4(icmp))
                if matches!(icmp.icmp_type, Icmpv4Type::EchoRequest(_)) =>
            {
                What::Echo
            }
            _ => What::Other,
        };
        each(to, what);
        true
    });
    assert!(read.is_some(), "no capture was written");
}
