//! The same witness over what people start by hand: `poll`, `scan` and `run`, at a hospital in the namespace. Nothing goes to a
//! never-touch address, although they are named; and each packet that the witness saw stands in the ledger of the site.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use wardwatch::config;
use wardwatch::engine::State;
use wardwatch::event::{Body, ConfigAppliedV2, Event};
use wardwatch::model::{Seq, Site, Time, TouchPolicy};
use wardwatch::sim::hospital::{Hospital, Speaks, secret_names};
use wardwatch::sim::house::Secrets;

use super::{captured, each_udp_or_icmp, ledger, skipped};
use crate::scan_net::namespaces::there;
use crate::support::PROGRAM;

/// Nobody else is in the namespace.
const PORT: u16 = 1161;
const ENDPOINTS: u32 = 40;
const SEED: u64 = 7431;

/// `$1` the folder, `$2` the program. The hospital ends when this shell does: it holds the other end of its input.
const BEGIN: &str = r#"
ip link set lo up || exit 77
mkfifo "$1/input"
"$2" sim hospital --endpoints 40 --seed 7431 --scenario quiet --port 1161 <"$1/input" >"$1/ready" &
exec 9>"$1/input"
for _ in $(seq 200); do [ -s "$1/ready" ] && break; sleep 0.05; done
[ -s "$1/ready" ] || exit 78
seen() {
  name=$1; folder=$2; shift 2
  tcpdump -i lo -n -U --immediate-mode -B 16384 -Z root -w "$folder/$name.pcap" udp or icmp or arp 2>"$folder/$name.tcpdump" &
  witness=$!
  for _ in $(seq 200); do grep -q 'listening on' "$folder/$name.tcpdump" && break; sleep 0.05; done
  grep -q 'listening on' "$folder/$name.tcpdump" || exit 77
  "$@" >"$folder/$name.out" 2>"$folder/$name.err"
  echo $? >"$folder/$name.code"
  sleep 1
  kill -INT $witness
  wait $witness
}
"#;

/// A command as the witness saw it.
struct Case<'a> {
    name: &'a str,
    words: Vec<&'a str>,
    /// At the site, with a state folder of its own; else at no site.
    at_site: bool,
}

/// The site as the engine has it: whom it never touches.
fn never(site: Site) -> BTreeSet<IpAddr> {
    let mut state = State::new();
    let hash = config::hash(&site);
    let config = Body::Config(Box::new(ConfigAppliedV2 { hash, site }));
    for (seq, body) in [(1, config), (2, Body::Tick)] {
        let (seq, time) = (Seq(seq), Time::from_clock());
        let _ = state.apply(&Event { seq, time, body });
    }
    let devices = state.devices.values();
    devices
        .filter(|d| d.touch.policy == TouchPolicy::Never)
        .flat_map(|d| d.addresses.iter().copied())
        .collect()
}

fn script(dir: &Path, cases: &[Case<'_>]) -> String {
    let mut script = String::from(BEGIN);
    for case in cases {
        let _ = write!(script, "seen {} \"$1\" \"$2\"", case.name);
        for word in &case.words {
            let _ = write!(script, " '{word}'");
        }
        if case.at_site {
            let dir = dir.display();
            let _ = write!(
                script,
                " --site {dir}/site.toml --state {dir}/{}.state",
                case.name
            );
        }
        script.push('\n');
    }
    script
}

#[test]
fn commands_of_people_send_nothing_to_a_never_touch_address_and_stand_in_the_ledger() {
    if !there("tcpdump") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let plan = Hospital::build(ENDPOINTS, SEED, PORT);
    std::fs::write(dir.path().join("site.toml"), config::to_toml(&plan.site)).unwrap();
    let never = never(plan.site.clone());
    assert!(never.len() > 5, "{} never-touch devices", never.len());

    // those who answer a community, and all those that nobody may touch
    let answering = plan.devices.iter().filter(|d| d.speaks == Speaks::V2c);
    let answering: BTreeSet<IpAddr> = answering.map(|d| d.address.into()).collect();
    let named: BTreeSet<IpAddr> = answering.union(&never).copied().collect();
    let with_port = |of: &BTreeSet<IpAddr>| {
        let lines: Vec<String> = of.iter().map(|a| format!("{a}:{PORT}")).collect();
        lines.join("\n")
    };
    let file = |name: &str, text: String| {
        let file = dir.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let targets = file("targets", with_port(&named));
    let sound: BTreeSet<IpAddr> = answering.difference(&never).copied().collect();
    let of_nobody = file("of-nobody", with_port(&sound));
    let addresses: Vec<String> = named.iter().map(ToString::to_string).collect();
    let community = format!("env:{}", secret_names::COMMUNITY);
    let port = PORT.to_string();
    let switch = plan.devices.iter().find(|d| d.speaks == Speaks::V2c);
    let switch = &switch.unwrap().name;

    let list = |plan: &'static str, file| {
        let mut words = vec!["poll", "--targets", file, "--community", &community];
        words.extend(["--plan", plan, "--once", "--summary"]);
        words
    };
    let mut scan = vec!["scan", "--community", &community, "--snmp-port", &port];
    scan.extend(["--listen", "0s"]);
    scan.extend(addresses.iter().map(String::as_str));
    let mut run = vec!["run", "snmp-get", switch, "--yes", "--reason", "witness"];
    run.extend(["--input", "oid=1.3.6.1.2.1.1.5.0"]);
    let at_site = |name, words| Case {
        name,
        words,
        at_site: true,
    };
    let cases = [
        at_site("targets", list("all", &targets)),
        at_site(
            "filter",
            vec!["poll", "--plan", "interfaces", "--once", "--summary"],
        ),
        at_site("scan", scan),
        at_site("run", run),
        Case {
            name: "lab",
            words: list("bench", &of_nobody),
            at_site: false,
        },
    ];
    let mut command = Command::new("unshare");
    command
        .args(["--net", "sh", "-c", &script(dir.path(), &cases), "sh"])
        .arg(dir.path())
        .arg(PROGRAM)
        .current_dir(dir.path())
        .env("HOME", dir.path())
        .env_remove("WARDWATCH_SITE")
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null());
    for (name, secret) in Secrets::generate().unwrap().by_name() {
        command.env(name, String::from_utf8_lossy(secret.bytes()).as_ref());
    }
    if skipped(command.output(), "a command") {
        return;
    }
    for case in &cases {
        let read = |what: &str| {
            let file = dir.path().join(format!("{}.{what}", case.name));
            std::fs::read_to_string(file).unwrap()
        };
        let (out, err) = (read("out"), read("err"));
        assert_eq!(read("code"), "0\n", "{}: {out}{err}", case.name);
        let dropped = read("tcpdump");
        assert!(dropped.contains("\n0 packets dropped"), "{dropped}");

        let capture = dir.path().join(format!("{}.pcap", case.name));
        let seen: BTreeMap<IpAddr, u64> = captured(&capture, PORT);
        each_udp_or_icmp(&capture, |to, _| {
            assert!(!never.contains(&to), "{}: a packet to {to}", case.name);
        });
        let requests: u64 = seen.values().sum();
        println!("{}: {requests} to {} devices", case.name, seen.len());
        assert!(
            seen.len() > 3 || case.name == "run",
            "{}: {seen:?}",
            case.name
        );
        if case.words.contains(&"--summary") {
            let sums: Json = serde_json::from_str(&out).unwrap();
            assert_eq!(sums["pdus_sent"], requests, "{}: {sums}", case.name);
        }
        if case.at_site {
            let asked = seen.keys().chain(&named).copied().collect();
            let (noted, kinds) = ledger(&dir.path().join(format!("{}.state", case.name)), asked);
            assert_eq!(noted, seen, "{}, by kind: {kinds:?}", case.name);
        }
        // whom they could not ask is said
        if ["targets", "scan"].contains(&case.name) {
            assert!(err.contains("kept from being asked"), "{err}");
        }
    }
    let left = dir.path().join(".local");
    assert!(!left.exists(), "a poll of no site made a folder");
}
