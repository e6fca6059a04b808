//! What runs in a namespace: this test binary again, in the mode that an environment variable names.

use std::collections::BTreeMap;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wardwatch::event::{ArpHow, Observation};
use wardwatch::gate::{Gate, Interface};
use wardwatch::model::{PacketKind, TouchPolicy, TouchTable};
use wardwatch::sources::Stop;
use wardwatch::sources::arp::{Pace, Sweep, kernel_neighbours, scan_plan};
use wardwatch::sources::listen::Listener;
use wardwatch::sources::ping::{PingResult, Pinger};

/// Names the mode and its arguments, as JSON.
pub const MODE: &str = "WARDWATCH_TEST_NETNS";
/// Stands before each line of JSON that is said.
pub const MARK: &str = "@@";

fn say(value: &Value) {
    println!("{MARK}{value}");
}

/// Not a test: the entry of the processes that the tests start in a namespace.
#[test]
fn child() {
    let Ok(text) = std::env::var(MODE) else {
        return;
    };
    let json: Value = serde_json::from_str(&text).unwrap();
    let with = &json["with"];
    match json["mode"].as_str().unwrap() {
        "sweep" => sweep(with),
        "listen" => listen(with),
        "talk" => talk(with),
        "ping" => ping(with),
        "neighbours" => neighbours(),
        "doors" => doors(),
        "watch" => watch(),
        other => panic!("no mode {other}"),
    }
}

fn gate_of(with: &Value) -> Arc<Gate> {
    let mut table = TouchTable {
        revision: 1,
        addresses: BTreeMap::new(),
        unknown: vec![],
        elsewhere: TouchPolicy::Full,
    };
    for (policy, word) in TouchPolicy::ALL.map(|p| (p, p.word())) {
        for address in with[word].as_array().into_iter().flatten() {
            let address: IpAddr = address.as_str().unwrap().parse().unwrap();
            table.addresses.insert(address, policy);
        }
        for net in with["nets"][word].as_array().into_iter().flatten() {
            table
                .unknown
                .push((net.as_str().unwrap().parse().unwrap(), policy));
        }
    }
    let gate = Gate::new();
    if with["no_table"] != true {
        gate.install(Arc::new(table));
    }
    gate
}

fn sweep(with: &Value) {
    let gate = gate_of(with);
    let targets: Vec<String> = with["targets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| t.as_str().unwrap().to_string())
        .collect();
    let plan = scan_plan(&targets, Some("eth0"), &Interface::list()).unwrap();
    let sweep = Sweep {
        segment: plan.near[0].clone(),
        pace: match &with["pace"] {
            Value::Number(n) => Pace::PerSecond(n.as_u64().unwrap() as u32),
            Value::String(s) if s == "fast" => Pace::Fast,
            _ => Pace::Polite,
        },
        cap: with["cap"].as_u64().map(|n| n as u32),
        retry: true,
        cause: "scan by the test".into(),
    };
    let stop = Stop::new();
    let mut found = vec![];
    let result = sweep.run(&gate, &stop, |pair| {
        if with["stop_at_first"] == true {
            stop.stop();
        }
        found.push(json!([pair.address, pair.mac, pair.how == ArpHow::Answer]));
    });
    let ledger = gate.drain_ledger();
    let noted: u32 = ledger
        .iter()
        .filter(|r| r.kind == PacketKind::Arp && r.cause.as_str() == "scan by the test")
        .map(|r| r.count)
        .sum();
    match result {
        Ok(s) => say(&json!({
            "found": found, "planned": plan.near[0].targets.len(), "asked": s.asked, "requests": s.requests,
            "answered": s.answered, "answered_again": s.answered_again, "left_out": s.left_out, "refused": s.refused, "stopped": s.stopped, "contested": s.contested.len(),
            "micros": s.took.as_micros() as u64, "ledger": noted, "ledger_rows": ledger.len(),
        })),
        Err(error) => say(&json!({"error": error.to_string(), "ledger": noted})),
    }
}

fn listen(with: &Value) {
    let (sink, mut source) = tokio::sync::mpsc::channel(64);
    let listener = Listener::start(&Interface::find("eth0").unwrap(), sink).unwrap();
    say(&json!("listening"));
    let end = Instant::now() + Duration::from_mins(1);
    let wanted = with["until"].as_str().unwrap();
    loop {
        while let Ok(batch) = source.try_recv() {
            for o in batch {
                match o {
                    Observation::Heard(h) => {
                        say(&json!({"heard": h.facts, "mac": h.mac, "address": h.address}));
                    }
                    Observation::Arp(a) => say(&json!({"arp": a.address, "mac": a.mac})),
                    other => say(&json!({"other": format!("{other:?}")})),
                }
            }
        }
        let counts = listener.counts();
        let place = listener.where_am_i();
        let done = match wanted {
            "place" => place.is_some(),
            "dhcp" => counts.dhcp > 0 && counts.arp > 0,
            other => panic!("no end {other}"),
        };
        if done || Instant::now() > end {
            if let Some(p) = place {
                say(&json!({
                    "place": p.to_string(), "switch": p.switch, "port": p.port, "vlan": p.vlan,
                    "address": p.address, "protocol": format!("{:?}", p.protocol),
                }));
            }
            // what was heard last is still on its way
            listener.stop();
            while let Ok(batch) = source.try_recv() {
                for o in batch {
                    match o {
                        Observation::Heard(h) => {
                            say(&json!({"heard": h.facts, "mac": h.mac, "address": h.address}));
                        }
                        Observation::Arp(a) => say(&json!({"arp": a.address, "mac": a.mac})),
                        _ => {}
                    }
                }
            }
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Listens, has its interface taken down, put up and taken away, and says what it says of that.
fn watch() {
    use std::process::Command;
    let (sink, mut source) = tokio::sync::mpsc::channel(64);
    let _listener = Listener::start(&Interface::find("eth0").unwrap(), sink).unwrap();
    let steps = [
        ("link set eth0 down", "is down"),
        ("link set eth0 up", ""),
        ("link delete eth0", "ended"),
    ];
    for (step, expected) in steps {
        let done = Command::new("ip").args(step.split(' ')).status().unwrap();
        assert!(done.success(), "{step}");
        while let Some(batch) = source.blocking_recv() {
            let words: Vec<_> = batch
                .iter()
                .filter_map(|o| match o {
                    Observation::Source(s) => Some(s.trouble.as_str()),
                    _ => None,
                })
                .collect();
            for w in &words {
                say(&json!([step, w]));
            }
            if words.iter().any(|w| w.contains(expected)) {
                break;
            }
        }
    }
    // and then it is over
    while source.blocking_recv().is_some() {}
    say(&json!("over"));
}

/// A pump that wants an address, and then speaks to `to`.
fn talk(with: &Value) {
    let socket = UdpSocket::bind("0.0.0.0:68").unwrap();
    socket.set_broadcast(true).unwrap();
    let mut message = vec![0; 236];
    message[..3].copy_from_slice(&[1, 1, 6]);
    message[28..34].copy_from_slice(&[0, 9, 0xfb, 1, 2, 3]);
    message.extend([0x63, 0x82, 0x53, 0x63]);
    message.extend(b"\x35\x01\x01\x0c\x07pump-07\x3c\x08PUMP-OS1\xff");
    // until the listener hears: it is told when it does by being stopped
    for _ in 0..with["times"].as_u64().unwrap() {
        socket.send_to(&message, "10.77.15.255:67").unwrap();
        let _ = socket.send_to(b"hello", with["to"].as_str().unwrap());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ping(with: &Value) {
    let gate = gate_of(with);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pinger = match Pinger::start(&gate) {
            Ok(pinger) => pinger,
            Err(error) => return say(&json!({"error": error.to_string()})),
        };
        let targets: Vec<IpAddr> = with["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_str().unwrap().parse().unwrap())
            .collect();
        let all = targets.iter().map(|t| {
            let pinger = pinger.clone();
            let t = *t;
            let wait = Duration::from_millis(with["wait_ms"].as_u64().unwrap_or(10_000));
            tokio::spawn(async move { (t, pinger.ping(t, wait, &"test".into(), None).await) })
        });
        for task in all.collect::<Vec<_>>() {
            let (to, result) = task.await.unwrap();
            let result = match result {
                PingResult::Answered(_) => json!("answered"),
                PingResult::Silent => json!("silent"),
                PingResult::NotSent(e) => json!(e.to_string()),
            };
            say(&json!({"to": to, "result": result, "unprivileged": pinger.is_unprivileged()}));
        }
    });
    let pings: u32 = gate.drain_ledger().iter().map(|r| r.count).sum();
    say(&json!({"ledger": pings}));
}

fn neighbours() {
    for n in kernel_neighbours(&Interface::list()).unwrap() {
        say(&json!([n.address, n.mac, n.interface]));
    }
}

/// Which doors open for whoever runs this.
fn doors() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _in = runtime.enter();
    let gate = Gate::new();
    let word = |r: Result<(), String>| r.err().unwrap_or_else(|| "open".into());
    say(&json!({
        "arp": word(gate.arp(&Interface::find("eth0").unwrap()).map(drop).map_err(|e| e.to_string())),
        "tap": word(wardwatch::gate::Tap::open(&Interface::find("eth0").unwrap()).map(drop).map_err(|e| e.to_string())),
        "ping": word(gate.ping(false).map(drop).map_err(|e| e.to_string())),
    }));
}
