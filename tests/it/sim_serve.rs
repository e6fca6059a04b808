//! The simulator against real askers: our own codec over loopback, and Debian's snmpget, snmpwalk and snmpset.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use wardwatch::model::PlainSecret;
use wardwatch::sim::agent::Faults;
use wardwatch::sim::farm::{Farm, FarmOptions};
use wardwatch::sim::hospital::Hospital;
use wardwatch::sim::house::{House, Secrets};
use wardwatch::sim::process::{SimOptions, run_with};
use wardwatch::sim::serve::serve;
use wardwatch::wire::snmp::{Message, Oid, Pdu, PduKind, Value, VarBind, Version};
use wardwatch::wire::snmprec;

fn recordings() -> Option<PathBuf> {
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let dir = data.join("devices/recordings");
    if dir.is_dir() {
        return Some(dir);
    }
    println!(
        "skipped: no recordings at {} (set WARDWATCH_DATA)",
        dir.display()
    );
    None
}

/// A manager with one socket an agent: what comes from another address does not arrive.
struct Manager {
    socket: UdpSocket,
    community: &'static [u8],
    id: i32,
}

impl Manager {
    fn new(agent: SocketAddr, community: &'static [u8]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(agent).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            socket,
            community,
            id: 0,
        }
    }

    fn ask(&mut self, mut pdu: Pdu) -> Pdu {
        self.id += 1;
        pdu.request_id = self.id;
        let request = Message {
            version: Version::V2c,
            community: self.community.to_vec(),
            pdu,
        };
        self.socket.send(&request.encode()).unwrap();
        let mut buffer = vec![0; 65_536];
        let n = self.socket.recv(&mut buffer).expect("an answer");
        let response = Message::decode(&buffer[..n]).unwrap().pdu;
        assert_eq!(response.request_id, self.id);
        response
    }

    fn get(&mut self, name: &str) -> Value {
        let pdu = Pdu::request(PduKind::Get, 0, [name.parse::<Oid>().unwrap()]);
        self.ask(pdu).varbinds.remove(0).value
    }

    fn walk(&mut self, root: &str) -> Vec<VarBind> {
        let root: Oid = root.parse().unwrap();
        self.walk_from(root.clone(), &root)
    }

    /// Everything: some recordings hold names that begin with 0.
    fn walk_all(&mut self) -> Vec<VarBind> {
        self.walk_from(Oid::new([0, 0]), &Oid::default())
    }

    fn walk_from(&mut self, mut at: Oid, root: &Oid) -> Vec<VarBind> {
        let mut all: Vec<VarBind> = Vec::new();
        loop {
            let mut pdu = Pdu::request(PduKind::GetBulk, 0, [at.clone()]);
            pdu.error_index = 500;
            let got = self.ask(pdu);
            assert_eq!(got.error_status, 0);
            assert!(!got.varbinds.is_empty());
            for varbind in got.varbinds {
                if varbind.value == Value::EndOfMibView || !varbind.oid.is_under(root) {
                    return all;
                }
                assert!(varbind.oid > at, "{} after {at}", varbind.oid);
                at = varbind.oid.clone();
                all.push(varbind);
            }
        }
    }
}

#[test]
fn every_recording_is_served_at_its_own_address_and_a_walk_gives_what_it_holds() {
    let Some(dir) = recordings() else { return };
    let served = serve(&dir, "127.20.0.0/16".parse().unwrap(), 0).unwrap();
    assert!(served.unreadable.is_empty());
    let files = std::fs::read_dir(&dir).unwrap().count();
    assert_eq!(served.agents().len(), files);
    assert!(files >= 300, "{files}");
    let (mut names, mut skipped) = (0, 0);
    for player in served.agents() {
        let file = dir.join(player.file.as_str());
        let recorded = snmprec::parse(&std::fs::read(file).unwrap());
        assert_eq!(recorded.skipped_total, player.skipped_total);
        let walked = Manager::new(player.address, b"anything").walk_all();
        let below = recorded.varbinds;
        assert_eq!(walked.len(), below.len(), "{}", player.file);
        for (a, b) in walked.iter().zip(&below) {
            assert_eq!(a, b, "{}", player.file);
        }
        names += walked.len();
        skipped += player.skipped_total;
    }
    println!("{files} recordings, {names} names walked, {skipped} lines skipped");
    assert!(skipped > 1_000, "the blemishes are counted");
    let first = &served.agents()[0];
    assert!(
        first.address.ip().is_loopback() && first.address.to_string().starts_with("127.20.0.1:")
    );
}

fn secrets() -> Secrets {
    let secret = |s: &str| PlainSecret::new(s.into());
    Secrets {
        community: secret("sesame"),
        auth: secret("authentic-1"),
        privacy: secret("private-1"),
    }
}

fn house(scenario: &str) -> House {
    House::open(
        Hospital::build(200, 7, 0),
        scenario.parse().unwrap(),
        &secrets(),
    )
    .unwrap()
}

const V2C: &[&str] = &["-v2c", "-c", "sesame"];
const V3: &[&str] = &[
    "-v3",
    "-l",
    "authPriv",
    "-u",
    "wardwatch-demo",
    "-a",
    "SHA-256",
    "-A",
    "authentic-1",
    "-x",
    "AES",
    "-X",
    "private-1",
];

/// Runs one of Debian's tools; none when it is not installed. Gives its output and whether it succeeded.
fn tool(name: &str, how: &[&str], at: SocketAddr, rest: &[&str]) -> Option<(String, bool)> {
    let out = Command::new(name)
        .args(["-On", "-t", "2", "-r", "1", "-m", ""])
        .args(how)
        .arg(at.to_string())
        .args(rest)
        .output();
    let Ok(out) = out else {
        println!("skipped: no {name} (install the package snmp)");
        return None;
    };
    let text =
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    Some((text, out.status.success()))
}

#[test]
fn debians_tools_read_the_hospital_in_every_version() {
    let house = house("quiet");
    let switch = house.address("sw-3f-02").unwrap();
    let core = house.address("core-1").unwrap();
    let name = ".1.3.6.1.2.1.1.5.0";
    let Some((text, ok)) = tool("snmpget", V2C, switch, &[name]) else {
        return;
    };
    assert!(ok && text.contains("\"sw-3f-02\""), "{text}");
    let (text, _) = tool("snmpget", &["-v1", "-c", "sesame"], switch, &[name]).unwrap();
    assert!(text.contains("\"sw-3f-02\""), "{text}");
    let (text, _) = tool("snmpget", V3, core, &[name]).unwrap();
    assert!(text.contains("\"core-1\""), "{text}");

    for (how, at, least) in [(V2C, switch, 1_000), (V3, core, 1_000)] {
        let (bulk, ok) = tool("snmpbulkwalk", how, at, &[".1.3"]).unwrap();
        assert!(ok, "{bulk}");
        let (walk, ok) = tool("snmpwalk", how, at, &[".1.3"]).unwrap();
        assert!(ok);
        assert!(bulk.lines().count() > least, "{}", bulk.lines().count());
        let names = |text: &str| -> Vec<String> {
            text.lines()
                .filter_map(|l| Some(l.split_once(" = ")?.0.to_owned()))
                .collect()
        };
        assert_eq!(names(&bulk), names(&walk));
    }

    // each refusal as the standard has it
    let (text, ok) = tool("snmpget", &["-v2c", "-c", "public"], switch, &[name]).unwrap();
    assert!(!ok && text.contains("Timeout"), "{text}");
    let (text, ok) = tool("snmpget", V2C, core, &[name]).unwrap();
    assert!(
        !ok && text.contains("Timeout"),
        "a v3 agent takes no community: {text}"
    );
    let mut wrong = V3.to_vec();
    wrong[8] = "authentic-2";
    let (text, ok) = tool("snmpget", &wrong, core, &[name]).unwrap();
    assert!(!ok && text.contains("Authentication failure"), "{text}");
    let mut unknown = V3.to_vec();
    unknown[4] = "nobody";
    let (text, ok) = tool("snmpget", &unknown, core, &[name]).unwrap();
    assert!(!ok && text.contains("Unknown user name"), "{text}");
    assert!(house.counts().wrong_community > 0);
    assert_eq!(house.counts().to_watched(), 0);
}

#[test]
fn a_set_of_if_admin_status_takes_the_station_out_of_the_tables_and_back() {
    let house = house("quiet");
    let h = &house.world().hospital;
    let switch = house.address("sw-3f-02").unwrap();
    let station = h.devices.iter().find(|d| d.name == "ws-icu3-01").unwrap();
    let port = &h.ports[station.at.unwrap()];
    let mut manager = Manager::new(switch, b"sesame");
    let learned = |manager: &mut Manager| {
        let mac: Vec<u32> = station.mac.0.map(u32::from).to_vec();
        manager
            .walk("1.3.6.1.2.1.17.7.1.2.2.1.2")
            .iter()
            .any(|v| v.oid.arcs().ends_with(&mac))
    };
    assert!(learned(&mut manager));
    let octets = |manager: &mut Manager| {
        let name = format!("1.3.6.1.2.1.31.1.1.1.6.{}", port.if_index);
        manager.get(&name).as_u64().unwrap()
    };
    let admin = format!("1.3.6.1.2.1.2.2.1.7.{}", port.if_index);
    let set = |manager: &mut Manager, value: i64| {
        if let Some((text, ok)) = tool(
            "snmpset",
            V2C,
            switch,
            &[&format!(".{admin}"), "i", &value.to_string()],
        ) {
            assert!(ok, "{text}");
        } else {
            let mut pdu = Pdu::request(PduKind::Set, 0, [admin.parse::<Oid>().unwrap()]);
            pdu.varbinds[0].value = Value::Integer(value);
            assert_eq!(manager.ask(pdu).error_status, 0);
        }
    };
    let before = octets(&mut manager);
    house.clock().jump(Duration::from_mins(1));
    assert!(octets(&mut manager) > before);
    set(&mut manager, 2);
    assert!(!learned(&mut manager));
    let oper = format!("1.3.6.1.2.1.2.2.1.8.{}", port.if_index);
    assert_eq!(manager.get(&oper), Value::Integer(2));
    let down = octets(&mut manager);
    house.clock().jump(Duration::from_mins(1));
    assert_eq!(octets(&mut manager), down);
    set(&mut manager, 1);
    assert!(learned(&mut manager));
    house.clock().jump(Duration::from_mins(1));
    assert!(octets(&mut manager) > down);
}

#[test]
fn what_is_sent_to_a_device_that_must_not_be_touched_is_counted_by_address() {
    let mut house = house("quiet");
    let vent = house.address("vent-icu3-07").unwrap();
    let ws = house.address("ws-icu3-01").unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for _ in 0..3 {
        socket.send_to(b"hello", vent).unwrap();
    }
    socket.send_to(b"hello", ws).unwrap();
    let patience = Instant::now() + Duration::from_secs(20);
    while house.counts().datagrams < 4 {
        assert!(Instant::now() < patience, "{:?}", house.counts());
        std::thread::yield_now();
    }
    house.stop();
    let counts = house.counts();
    assert_eq!(counts.to_watched(), 3);
    let std::net::IpAddr::V4(address) = vent.ip() else {
        panic!()
    };
    assert_eq!(counts.watched[&address], 3);
}

#[test]
fn the_process_says_that_it_is_ready_answers_status_and_ends_with_its_input() {
    let (input, mut to) = std::io::pipe().unwrap();
    let (from, mut output) = std::io::pipe().unwrap();
    let options = SimOptions {
        endpoints: 200,
        seed: 7,
        scenario: "quiet".parse().unwrap(),
        port: 0,
    };
    let thread =
        std::thread::spawn(move || run_with(options, &secrets(), input, &mut output).unwrap());
    let mut lines = BufReader::new(from).lines();
    let mut next =
        || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let ready = next();
    assert_eq!(ready["ready"], true);
    let port = ready["port"].as_u64().unwrap() as u16;
    let hospital = Hospital::build(200, 7, port);
    assert_eq!(ready["agents"], hospital.agents().count());
    let core = hospital
        .devices
        .iter()
        .find(|d| d.name == "sw-2f-01")
        .unwrap();
    let name = Manager::new((core.address, port).into(), b"sesame").get("1.3.6.1.2.1.1.5.0");
    assert_eq!(name, Value::Octets(b"sw-2f-01".to_vec()));
    to.write_all(b"status\n").unwrap();
    let status = next();
    assert_eq!(status["datagrams"], 1);
    assert_eq!(status["packets_to_never_touch"], 0);
    drop(to);
    let last = next();
    assert_eq!(last["answered"], 1);
    assert!(last["by_address"].as_object().unwrap().is_empty());
    thread.join().unwrap();
}

#[test]
fn two_simulations_never_share_a_port() {
    let first = house("quiet");
    let second = House::open(
        Hospital::build(200, 8, first.port()),
        "quiet".parse().unwrap(),
        &secrets(),
    );
    assert_eq!(second.err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn a_farm_answers_at_every_address_with_its_own_name() {
    let farm = Farm::start(FarmOptions::simple(
        300,
        24,
        PlainSecret::new(b"farm".to_vec()),
    ))
    .unwrap();
    for (n, at) in farm.addresses().enumerate() {
        let mut manager = Manager::new(at, b"farm");
        let name = manager.get("1.3.6.1.2.1.1.5.0");
        assert_eq!(name, Value::Octets(format!("agent-{n:06}").into_bytes()));
        if n == 0 {
            assert_eq!(manager.walk("1.3.6.1.2.1.31.1.1.1.6").len(), 24);
        }
    }
    let counts = farm.counts();
    assert!(counts.datagrams > 300);
    assert_eq!(
        (counts.unknown, counts.wrong_community, counts.absent),
        (0, 0, 0)
    );
}

#[test]
fn an_agent_that_answers_in_an_hour_holds_up_nobody_and_no_end() {
    let mut house = house("quiet");
    let late = Faults {
        delay: Duration::from_hours(1),
        ..Faults::default()
    };
    house.agent("sw-1f-01").unwrap().set_faults(late);
    let slow = Manager::new(house.address("sw-1f-01").unwrap(), b"sesame");
    let request = Message {
        version: Version::V2c,
        community: b"sesame".to_vec(),
        pdu: Pdu::request(
            PduKind::Get,
            1,
            ["1.3.6.1.2.1.1.3.0".parse::<Oid>().unwrap()],
        ),
    };
    for _ in 0..20 {
        slow.socket.send(&request.encode()).unwrap();
    }
    let mut other = Manager::new(house.address("sw-2f-01").unwrap(), b"sesame");
    for _ in 0..20 {
        other.get("1.3.6.1.2.1.1.3.0");
    }
    house.stop();
    assert_eq!(house.counts().answered, 20);
}
