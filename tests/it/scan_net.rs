//! ARP sweeps, listening, pings and names between network namespaces that the tests make and take away again.
//!
//! `a` is the collector's end of a veth pair, `b` the hospital's. What runs in a namespace is this test binary itself,
//! by `ip netns exec`, in the mode that an environment variable names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wardwatch::event::{ArpHow, Observation};
use wardwatch::gate::{Gate, Interface};
use wardwatch::model::{PacketKind, TouchPolicy, TouchTable};
use wardwatch::sources::Stop;
use wardwatch::sources::arp::{Pace, Sweep, kernel_neighbours, scan_plan};
use wardwatch::sources::listen::{Listener, each_packet, frame};
use wardwatch::sources::ping::{PingResult, Pinger};
use wardwatch::wire::arp::{Arp, ArpOp};

const MODE: &str = "WARDWATCH_TEST_NETNS";
const MARK: &str = "@@";

// ---- the namespaces -------------------------------------------------------------------------------------------------

struct Net {
    a: String,
    b: String,
    dir: tempfile::TempDir,
}

fn ip(args: &[&str]) -> Result<String, String> {
    run("ip", args)
}

fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let out = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    } else {
        let error = String::from_utf8_lossy(&out.stderr);
        Err(format!("{program} {}: {}", args.join(" "), error.trim()))
    }
}

fn there(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
            .any(|dir| dir.join(program).is_file())
    });
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

impl Net {
    /// `a` has 10.77.0.1/20; `b` has the given addresses of that subnet, on one interface.
    fn new(addresses: &BTreeSet<Ipv4Addr>) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!(
            "wwl{}x{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let net = Self {
            a: format!("{id}a"),
            b: format!("{id}b"),
            dir: tempfile::tempdir().unwrap(),
        };
        match net.build(addresses) {
            Ok(()) => Some(net),
            Err(error) => {
                println!("skipped: no network namespaces here ({error})");
                None
            }
        }
    }

    fn build(&self, addresses: &BTreeSet<Ipv4Addr>) -> Result<(), String> {
        ip(&["netns", "add", &self.a])?;
        ip(&["netns", "add", &self.b])?;
        let pair = [
            "link", "add", "eth0", "netns", &self.a, "type", "veth", "peer", "name", "eth0",
            "netns", &self.b,
        ];
        ip(&pair)?;
        let mut batch = String::new();
        for address in addresses {
            batch += &format!("addr add {address}/20 dev eth0\n");
        }
        let file = self.dir.path().join("addresses");
        std::fs::write(&file, batch).unwrap();
        ip(&["-n", &self.b, "-batch", &file.display().to_string()])?;
        ip(&["-n", &self.a, "addr", "add", "10.77.0.1/20", "dev", "eth0"])?;
        for ns in [&self.a, &self.b] {
            ip(&["-n", ns, "link", "set", "lo", "up"])?;
            ip(&["-n", ns, "link", "set", "eth0", "up"])?;
        }
        Ok(())
    }

    /// What `ip` says that there is in `b`: address to MAC.
    fn really_there(&self) -> BTreeMap<Ipv4Addr, String> {
        let text = ip(&["-j", "-n", &self.b, "addr", "show", "dev", "eth0"]).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let mac = json[0]["address"].as_str().unwrap().to_string();
        json[0]["addr_info"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|a| a["family"] == "inet")
            .map(|a| (a["local"].as_str().unwrap().parse().unwrap(), mac.clone()))
            .collect()
    }

    /// Runs a mode of [`child`] in a namespace.
    fn child(&self, ns: &str, mode: &str, arguments: Value) -> Vec<Value> {
        self.child_with(&[], ns, mode, arguments)
    }

    fn child_with(&self, wrapper: &[&str], ns: &str, mode: &str, arguments: Value) -> Vec<Value> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", ns]).args(wrapper);
        let out = command
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "scan_net::child", "--nocapture"])
            .env(MODE, json!({"mode": mode, "with": arguments}).to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(
            out.status.success(),
            "{mode} in {ns}: {text}\n{}",
            String::from_utf8_lossy(&out.stderr)
        );
        // the harness writes "test … " before the first line
        text.lines()
            .filter_map(|l| l.split_once(MARK))
            .map(|(_, json)| serde_json::from_str(json).unwrap())
            .collect()
    }

    /// Starts an independent witness in `b` that writes down every ARP frame.
    fn witness(&self) -> Witness {
        let file = self.dir.path().join("witness.pcap");
        let mut tcpdump = Command::new("ip")
            .args(["netns", "exec", &self.b])
            .args([
                "tcpdump", "-i", "eth0", "-n", "-U", "-B", "16384", "-Z", "root", "-w",
            ])
            .arg(&file)
            .arg("arp")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(tcpdump.stderr.take().unwrap()).lines();
        assert!(
            said.any(|l| l.unwrap().contains("listening on")),
            "tcpdump does not listen"
        );
        // keep its other words from blocking it
        std::thread::spawn(move || said.for_each(drop));
        Witness { tcpdump, file }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for ns in [&self.a, &self.b] {
            let _ = ip(&["netns", "delete", ns]);
        }
    }
}

struct Witness {
    tcpdump: Child,
    file: PathBuf,
}

impl Witness {
    /// All ARP frames that came in, once `last` has been written (or after a while).
    fn arps(mut self, least: usize) -> Vec<Arp> {
        let end = Instant::now() + Duration::from_secs(20);
        while Self::read(&self.file).len() < least && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        // an interrupt makes it write the rest
        let pid = self.tcpdump.id().to_string();
        run("kill", &["-INT", &pid]).unwrap();
        self.tcpdump.wait().unwrap();
        Self::read(&self.file)
    }

    fn read(file: &Path) -> Vec<Arp> {
        let mut out = vec![];
        if let Ok(file) = File::open(file) {
            each_packet(file, |link, _, bytes| {
                let frame = frame(link, bytes).unwrap().unwrap();
                out.push(Arp::decode(frame.payload).unwrap());
                true
            });
        }
        out
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.tcpdump.kill();
        let _ = self.tcpdump.wait();
    }
}

// ---- what runs in a namespace ----------------------------------------------------------------------------------------

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
        cap: None,
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
            "answered": s.answered, "refused": s.refused, "stopped": s.stopped, "contested": s.contested.len(),
            "micros": s.took.as_micros() as u64, "ledger": noted, "ledger_rows": ledger.len(),
        })),
        Err(error) => say(&json!({"error": error.to_string(), "ledger": noted})),
    }
}

fn listen(with: &Value) {
    let (sink, mut source) = tokio::sync::mpsc::channel(64);
    let listener = Listener::start(&Interface::find("eth0").unwrap(), sink).unwrap();
    say(&json!("listening"));
    let end = Instant::now() + Duration::from_secs(30);
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

// ---- the tests -----------------------------------------------------------------------------------------------------

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
        let sweep = &net.child(&net.a, "sweep", json!({"pace": pace}))[0];
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
    let sweep = &net.child(
        &net.a,
        "sweep",
        json!({
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
    assert_eq!(
        sweep["refused"].as_u64().unwrap() as usize,
        4093 - open.len()
    );
    let there: BTreeSet<_> = found(sweep).into_keys().collect();
    let expected: BTreeSet<_> = addresses.iter().copied().filter(|a| !quiet(a)).collect();
    assert_eq!(there, expected);
}

#[test]
fn nothing_is_asked_before_the_policy_is_known() {
    let Some(net) = Net::new(&strewn(3)) else {
        return;
    };
    let sweep = &net.child(&net.a, "sweep", json!({"no_table": true}))[0];
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
    let sweep = &net.child(&net.a, "sweep", with)[0];
    // 60 requests at 100 a second, one at a time: no machine makes that shorter than 0.59 s
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
    let sweep = &net.child(&net.a, "sweep", with)[0];
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
        let sweep = &net.child(&net.a, "sweep", json!({"pace": pace}))[0];
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
    let sweep = &net.child(&net.a, "sweep", with)[0];
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
        let ear = scope.spawn(|| net.child(&net.a, "listen", json!({"until": "dhcp"})));
        while !ear.is_finished() {
            // a new address each time, so that the kernel has to ask by ARP again
            let _ = ip(&["-n", &net.b, "neigh", "flush", "all"]);
            net.child(&net.b, "talk", json!({"to": "10.77.0.1:9", "times": 2}));
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
    let said = net.child(&net.a, "listen", json!({"until": "place"}));
    let shown = setting(&["-f", "json", "show", "chassis"]).unwrap();
    run("kill", &["-TERM", &lldpd.id().to_string()]).unwrap();
    lldpd.wait().unwrap();
    let place = said
        .iter()
        .find(|s| s.get("place").is_some())
        .unwrap_or_else(|| panic!("{said:?}"));
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
    let table = net.child_with(
        &["setpriv", "--reuid", "65534", "--clear-groups"],
        &net.a,
        "neighbours",
        json!({}),
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
    let doors = &net.child_with(&nobody, &net.a, "doors", json!({}))[0];
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
    let said = net.child_with(&nobody, &net.a, "ping", json!({"targets": [there]}));
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
    let said = net.child(
        &net.a,
        "ping",
        json!({"targets": targets, "arp": [forbidden], "wait_ms": 4000}),
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
    // and what the tests print goes out
    std::io::stdout().flush().unwrap();
}
