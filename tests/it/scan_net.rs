//! ARP sweeps, listening, pings and neighbour tables between network namespaces that the tests make and take away again.
//!
//! `a` is the collector's end of a veth pair, `b` the hospital's. What runs in a namespace is this test binary itself,
//! by `ip netns exec`.

mod inside;
pub mod namespaces;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wardwatch::wire::arp::ArpOp;

use namespaces::{Net, inside, inside_as, ip, run, there};

/// So many addresses of 10.77.0.0/20, strewn, without ends and without ours.
fn strewn(count: u32) -> BTreeSet<Ipv4Addr> {
    let base = u32::from(Ipv4Addr::new(10, 77, 0, 0));
    // 1021 is prime to 4093: each step lands elsewhere
    (0..count)
        .map(|n| Ipv4Addr::from(base + 2 + (n * 1021) % 4093))
        .collect()
}

fn found(sweep: &Value) -> BTreeMap<Ipv4Addr, String> {
    sweep["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            assert_eq!(p[2], true, "heard without being asked: {p}");
            let text = |v: &Value| v.as_str().unwrap().to_string();
            (text(&p[0]).parse().unwrap(), text(&p[1]))
        })
        .collect()
}

#[test]
fn a_sweep_of_a_20_finds_exactly_who_is_there() {
    let Some(net) = Net::new(&strewn(300)) else {
        return;
    };
    for pace in ["polite", "fast"] {
        let sweep = &inside(&net.a, "sweep", &json!({"pace": pace}))[0];
        assert_eq!(found(sweep), net.really_there(), "{pace}");
        assert_eq!(sweep["planned"], 4093);
        assert_eq!(sweep["asked"], 4093);
        assert_eq!(sweep["answered"], 300);
        // the silent once more; whoever answered in time not
        let requests = sweep["requests"].as_u64().unwrap();
        assert!((4093 + 3793..=2 * 4093).contains(&requests), "{requests}");
        assert_eq!(sweep["ledger"], sweep["requests"]);
        println!(
            "{pace}: {} ms (noise)",
            sweep["micros"].as_u64().unwrap() / 1000
        );
    }
}

#[test]
fn no_packet_names_an_address_that_the_policy_protects() {
    if !there("tcpdump") {
        return;
    }
    let addresses = strewn(200);
    let Some(net) = Net::new(&addresses) else {
        return;
    };
    let list: Vec<_> = addresses.iter().copied().collect();
    let text = |a: &[Ipv4Addr]| a.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (never, passive, arp) = (&list[..20], &list[20..40], &list[40..60]);
    let witness = net.witness();
    let sweep = &inside(
        &net.a,
        "sweep",
        &json!({
            "pace": "fast", "never": text(never), "passive": text(passive), "arp": text(arp),
            "nets": {"passive": ["10.77.8.0/24"]},
        }),
    )[0];
    let requests = sweep["requests"].as_u64().unwrap() as usize;
    let seen = witness.arps(requests);
    let quiet = |a: &Ipv4Addr| {
        never.contains(a)
            || passive.contains(a)
            || (a.octets()[..3] == [10, 77, 8] && !arp.contains(a))
    };
    let asked: Vec<_> = seen
        .iter()
        .filter(|a| a.op == ArpOp::Request)
        .map(|a| a.target)
        .collect();
    assert_eq!(asked.len(), requests, "the witness saw every request");
    for a in &seen {
        assert!(!quiet(&a.target) && !quiet(&a.sender), "{a:?}");
    }
    let base = u32::from(Ipv4Addr::new(10, 77, 0, 0));
    let open: BTreeSet<_> = (2..4095)
        .map(|n| Ipv4Addr::from(base + n))
        .filter(|a| !quiet(a))
        .collect();
    assert_eq!(asked.iter().copied().collect::<BTreeSet<_>>(), open);
    // they were left out beforehand: the gate had nothing to refuse
    assert_eq!(
        sweep["left_out"].as_u64().unwrap() as usize,
        4093 - open.len()
    );
    assert_eq!(sweep["refused"], 0);
    let there: BTreeSet<_> = found(sweep).into_keys().collect();
    let expected: BTreeSet<_> = addresses.iter().copied().filter(|a| !quiet(a)).collect();
    assert_eq!(there, expected);
}

#[test]
fn nothing_is_asked_before_the_policy_is_known() {
    let Some(net) = Net::new(&strewn(3)) else {
        return;
    };
    let sweep = &inside(&net.a, "sweep", &json!({"no_table": true}))[0];
    assert_eq!(
        sweep["error"],
        "nothing is sent before the touch policy is known"
    );
    assert_eq!(sweep["ledger"], 0);
}

#[test]
fn a_pace_is_kept() {
    let Some(net) = Net::new(&strewn(3)) else {
        return;
    };
    let with = json!({"pace": 100, "targets": ["10.77.0.100-129"]});
    let sweep = &inside(&net.a, "sweep", &with)[0];
    // 60 requests at 100 a second, one at a time: no machine makes that shorter than 0.59 s
    assert_eq!(sweep["requests"], 60);
    assert!(sweep["micros"].as_u64().unwrap() >= 590_000, "{sweep}");
    // nor is a segment's own cap exceeded by those in haste
    let with = json!({"pace": "fast", "cap": 100, "targets": ["10.77.0.100-129"]});
    let sweep = &inside(&net.a, "sweep", &with)[0];
    assert_eq!(sweep["requests"], 60);
    assert!(sweep["micros"].as_u64().unwrap() >= 590_000, "{sweep}");
}

#[test]
fn a_sweep_stops_when_it_is_told_to() {
    let Some(net) = Net::new(&strewn(4093)) else {
        return;
    };
    // at 200 a second this would take twenty seconds
    let with = json!({"pace": 200, "stop_at_first": true});
    let sweep = &inside(&net.a, "sweep", &with)[0];
    assert_eq!(sweep["stopped"], true);
    assert!(
        sweep["asked"].as_u64().unwrap() < 2000,
        "{}",
        sweep["asked"]
    );
    assert!(!found(sweep).is_empty());
}

#[test]
fn four_thousand_that_answer_are_all_found() {
    let Some(net) = Net::new(&strewn(4000)) else {
        return;
    };
    for pace in ["polite", "fast"] {
        let sweep = &inside(&net.a, "sweep", &json!({"pace": pace}))[0];
        assert_eq!(sweep["answered"], 4000, "{pace}");
        assert_eq!(found(sweep), net.really_there(), "{pace}");
        println!(
            "{pace}: {} ms (noise), {} requests",
            sweep["micros"].as_u64().unwrap() / 1000,
            sweep["requests"]
        );
    }
}

#[test]
fn two_that_answer_for_one_address_are_both_reported() {
    let Some(net) = Net::new(&strewn(3)) else {
        return;
    };
    // a second station in b, on a MAC of its own, that answers for the address of the first
    for args in [
        vec![
            "link", "add", "link", "eth0", "name", "twin", "type", "macvlan", "mode", "bridge",
        ],
        vec!["addr", "add", "10.77.0.2/32", "dev", "twin"],
        vec!["link", "set", "twin", "up"],
    ] {
        let args: Vec<_> = ["-n", &net.b].into_iter().chain(args).collect();
        if let Err(error) = ip(&args) {
            println!("skipped: {error}");
            return;
        }
    }
    let with = json!({"targets": ["10.77.0.2"]});
    let sweep = &inside(&net.a, "sweep", &with)[0];
    assert_eq!(sweep["answered"], 1);
    assert_eq!(sweep["contested"], 1, "{sweep}");
    assert_eq!(sweep["found"].as_array().unwrap().len(), 2);
}

#[test]
fn a_station_that_speaks_by_itself_is_heard() {
    let Some(net) = Net::new(&strewn(1)) else {
        return;
    };
    let said = std::thread::scope(|scope| {
        let ear = scope.spawn(|| inside(&net.a, "listen", &json!({"until": "dhcp"})));
        while !ear.is_finished() {
            // a new address each time, so that the kernel has to ask by ARP again
            let _ = ip(&["-n", &net.b, "neigh", "flush", "all"]);
            inside(&net.b, "talk", &json!({"to": "10.77.0.1:9", "times": 2}));
        }
        ear.join().unwrap()
    });
    let b = net.really_there();
    let (address, mac) = b.first_key_value().unwrap();
    assert!(
        said.contains(&json!({"arp": address, "mac": mac})),
        "{said:?}"
    );
    let words = json!([["dhcp-name", "pump-07"], ["dhcp-vendor-class", "PUMP-OS1"]]);
    let heard = said
        .iter()
        .find(|s| s["mac"] == "00:09:fb:01:02:03")
        .unwrap();
    assert_eq!(heard["heard"], words);
}

#[test]
fn a_listener_says_when_its_interface_is_down_up_and_gone() {
    let Some(net) = Net::new(&strewn(1)) else {
        return;
    };
    let said = inside(&net.a, "watch", &json!({}));
    let word = |i: usize| said[i][1].as_str().unwrap_or_default();
    assert_eq!(word(0), "eth0 is down; nothing is heard there");
    assert_eq!(said[1], json!(["link set eth0 up", ""]));
    // a link that is taken away goes down first
    let end = word(said.len() - 2);
    assert!(end.starts_with("listening on eth0 ended: "), "{said:?}");
    assert_eq!(said.last().unwrap(), "over");
}

#[test]
fn a_real_lldpd_says_where_the_wire_ends() {
    if !there("lldpd") || !there("lldpcli") {
        return;
    }
    let Some(net) = Net::new(&strewn(1)) else {
        return;
    };
    let exec = |args: &[&str]| {
        let args: Vec<_> = ["netns", "exec", &net.b]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        ip(&args)
    };
    let socket = net.dir.path().join("lldpd.sock").display().to_string();
    let log = File::create(net.dir.path().join("lldpd.log")).unwrap();
    let mut lldpd = Command::new("ip")
        .args(["netns", "exec", &net.b, "lldpd", "-d", "-c", "-u", &socket])
        .args([
            "-I",
            "eth0",
            "-S",
            "Access switch, ward 3F",
            "-P",
            "WS-TEST-24",
            "-m",
            "10.77.*",
        ])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(15);
    let setting = |args: &[&str]| {
        let args: Vec<_> = ["lldpcli", "-u", &socket]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        exec(&args)
    };
    let mut ready = setting(&["configure", "system", "hostname", "sw-3f-02"]);
    while ready.is_err() && Instant::now() < end && lldpd.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(50));
        ready = setting(&["configure", "system", "hostname", "sw-3f-02"]);
    }
    if let Err(error) = ready {
        let log = std::fs::read_to_string(net.dir.path().join("lldpd.log")).unwrap_or_default();
        println!("skipped: lldpd does not run here ({error}): {log}");
        let _ = lldpd.kill();
        let _ = lldpd.wait();
        return;
    }
    // it takes the name of this machine when it is done with its start, whatever it was told before
    let named = |shown: Result<String, _>| shown.is_ok_and(|text| text.contains("sw-3f-02"));
    while !named(setting(&["show", "chassis"])) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
        setting(&["configure", "system", "hostname", "sw-3f-02"]).unwrap();
    }
    setting(&["configure", "system", "bond-slave-src-mac-type", "real"]).unwrap();
    setting(&["configure", "lldp", "tx-interval", "1"]).unwrap();
    setting(&[
        "configure",
        "ports",
        "eth0",
        "lldp",
        "portidsubtype",
        "local",
        "Gi1/0/17",
    ])
    .unwrap();
    // what lldpd takes from a bridge, which not every kernel here has: port VLAN 310
    let vlan = ["oui", "00,80,c2", "subtype", "1", "oui-info", "01,36"];
    let port = ["configure", "ports", "eth0", "lldp", "custom-tlv"];
    setting(&[&port[..], &vlan].concat()).unwrap();
    let said = std::thread::scope(|scope| {
        let ear = scope.spawn(|| inside(&net.a, "listen", &json!({"until": "place"})));
        while !ear.is_finished() {
            // its own interval begins anew with each setting and link event, so it is told to send
            let _ = setting(&["update"]);
            std::thread::sleep(Duration::from_millis(200));
        }
        ear.join().unwrap()
    });
    let shown = setting(&["-f", "json", "show", "chassis"]).unwrap();
    let ports = setting(&["show", "interfaces", "details"]);
    run("kill", &["-TERM", &lldpd.id().to_string()]).unwrap();
    lldpd.wait().unwrap();
    let place = said
        .iter()
        .find(|s| s.get("place").is_some())
        .unwrap_or_else(|| {
            let log = std::fs::read_to_string(net.dir.path().join("lldpd.log")).unwrap_or_default();
            panic!("{said:?}\n{ports:?}\n{log}")
        });
    assert_eq!(
        place["place"], "you are on sw-3f-02 Gi1/0/17, vlan 310",
        "{said:?}"
    );
    let (address, _) = net.really_there().pop_first().unwrap();
    assert_eq!(place["address"], address.to_string());
    // and the chassis is who lldpd says it is
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let chassis = &shown["local-chassis"]["chassis"]["sw-3f-02"]["id"]["value"];
    let heard = said.iter().find(|s| s.get("heard").is_some()).unwrap();
    assert_eq!(&heard["mac"], chassis, "{shown}");
    assert!(
        heard["heard"]
            .as_array()
            .unwrap()
            .contains(&json!(["sys-descr", "Access switch, ward 3F"])),
        "{heard}"
    );
}

#[test]
fn the_kernels_table_is_read_without_asking_anybody() {
    let Some(net) = Net::new(&strewn(1)) else {
        return;
    };
    for (address, mac, state) in [
        ("10.77.0.9", "00:09:fb:00:00:09", "permanent"),
        ("fd00::9", "00:09:fb:00:00:0a", "stale"),
        ("10.77.0.8", "00:09:fb:00:00:08", "failed"),
    ] {
        let add = [
            "-n", &net.a, "neigh", "add", address, "lladdr", mac, "dev", "eth0", "nud", state,
        ];
        ip(&add).unwrap();
    }
    let table = inside_as(
        &["setpriv", "--reuid", "65534", "--clear-groups"],
        &net.a,
        "neighbours",
        &json!({}),
    );
    let expected = [
        json!(["10.77.0.9", "00:09:fb:00:00:09", "eth0"]),
        json!(["fd00::9", "00:09:fb:00:00:0a", "eth0"]),
    ];
    let known: Vec<_> = table
        .iter()
        .filter(|n| n[1].as_str().unwrap().starts_with("00:09:fb"))
        .collect();
    assert_eq!(known.len(), 2, "{table:?}");
    for e in &expected {
        assert!(table.contains(e), "{table:?}");
    }
}

#[test]
fn without_privilege_each_door_says_what_it_needs() {
    if !there("setpriv") {
        return;
    }
    let Some(net) = Net::new(&strewn(1)) else {
        return;
    };
    let nobody = [
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
    ];
    let doors = &inside_as(&nobody, &net.a, "doors", &json!({}))[0];
    let word = |door: &str| doors[door].as_str().unwrap().to_string();
    for door in ["arp", "tap"] {
        assert!(word(door).contains("setcap cap_net_raw+ep"), "{doors}");
        assert!(word(door).contains("eth0"), "{doors}");
    }
    assert!(
        word("ping").contains("net.ipv4.ping_group_range"),
        "{doors}"
    );
    // and once that is set, the same user may
    let set = [
        "netns",
        "exec",
        &net.a,
        "sysctl",
        "-w",
        "net.ipv4.ping_group_range=0 2147483647",
    ];
    ip(&set).unwrap();
    let (there, _) = net.really_there().pop_first().unwrap();
    let said = inside_as(&nobody, &net.a, "ping", &json!({"targets": [there]}));
    assert_eq!(said[0]["result"], "answered", "{said:?}");
    assert_eq!(said[0]["unprivileged"], true);
}

#[test]
fn many_are_pinged_over_one_socket_and_the_forbidden_are_not() {
    let there = strewn(100);
    let Some(net) = Net::new(&there) else {
        return;
    };
    let mut targets: Vec<_> = there.iter().map(ToString::to_string).collect();
    let forbidden = targets[7].clone();
    targets.push("10.77.15.250".into());
    let said = inside(
        &net.a,
        "ping",
        &json!({"targets": targets, "arp": [forbidden], "wait_ms": 4000}),
    );
    let result = |to: &str| said.iter().find(|s| s["to"] == to).unwrap()["result"].clone();
    for t in &there {
        let t = t.to_string();
        if t == forbidden {
            assert_eq!(
                result(&t),
                format!("ping to {t} is not allowed: its touch policy is arp")
            );
        } else {
            assert_eq!(result(&t), "answered", "{t}");
        }
    }
    assert_eq!(result("10.77.15.250"), "silent");
    assert_eq!(said.last().unwrap()["ledger"], 100);
}

#[test]
fn namespaces_are_taken_away_again() {
    let Some(net) = Net::new(&strewn(1)) else {
        return;
    };
    let (a, b) = (net.a.clone(), net.b.clone());
    assert!(ip(&["netns", "list"]).unwrap().contains(&a));
    drop(net);
    let left = ip(&["netns", "list"]).unwrap();
    assert!(!left.contains(&a) && !left.contains(&b), "{left}");
}
