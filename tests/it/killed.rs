//! The program killed in the middle of a remediation (invariant 10): the switches are a process of their own and go on, the port
//! stays shut, and the next start opens it, loudly.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::CommandBuilder;
use serde_json::Value as Json;
use wardwatch::model::DeviceClass;
use wardwatch::sim::hospital::{Hospital, Peer, Speaks, secret_names};
use wardwatch::wire::snmp::{Message, Pdu, PduKind, Value, Version};

use crate::support::{PROGRAM, Pty, eventually};

const COMMUNITY: &str = "kill-test-community";
const SECRETS: [(&str, &str); 3] = [
    (secret_names::COMMUNITY, COMMUNITY),
    (secret_names::AUTH, "kill-test-auth-password"),
    (secret_names::PRIVACY, "kill-test-privacy-password"),
];
const ENDPOINTS: u32 = 60;

/// The hospital as a process, a site file that describes it, and a state folder.
struct Scene {
    hospital: Child,
    port: u16,
    model: Hospital,
    folder: PathBuf,
    agent: UdpSocket,
    questions: std::cell::Cell<i32>,
}

/// One that may be shut: a workstation alone on its port, on a switch that speaks v2c.
struct Victim {
    name: String,
    switch_name: String,
    switch: Ipv4Addr,
    if_index: u32,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut hospital = with_secrets(Command::new(PROGRAM))
            .args(["sim", "hospital", "--scenario", "quiet"])
            .args(["--endpoints", &ENDPOINTS.to_string()])
            .args(["--seed", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(hospital.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Json = serde_json::from_str(&line).unwrap();
        let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        let model = Hospital::build(ENDPOINTS, seed, port);
        let folder = std::env::temp_dir().join(format!("ww-kill-{}-{seed}", std::process::id()));
        std::fs::create_dir_all(folder.join("remediations")).unwrap();
        let mut site = model.site.clone();
        site.intervals.status_s = 5;
        site.intervals.interfaces_s = 10;
        site.intervals.tables_s = 60;
        std::fs::write(
            folder.join("wardwatch.toml"),
            wardwatch::config::to_toml(&site),
        )
        .unwrap();
        let agent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        agent
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        Self {
            hospital,
            port,
            model,
            folder,
            agent,
            questions: std::cell::Cell::new(0),
        }
    }

    /// The shipped `port-shut`, but a few seconds are enough for it here.
    fn allow_short_times(&self) {
        let shipped = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/config/remediations/port-shut.toml"
        ));
        let short = shipped.replace("min = 60", "min = 2");
        assert_ne!(short, shipped);
        self.remediation("port-shut", &short);
    }

    fn remediation(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(format!("remediations/{name}.toml")), text).unwrap();
    }

    fn victim(&self) -> Victim {
        let m = &self.model;
        m.devices
            .iter()
            .filter(|d| d.class == DeviceClass::Workstation && d.through.is_none())
            .find_map(|d| {
                let port = m.ports.get(d.at?)?;
                let switch = &m.devices[port.owner];
                let alone = matches!(&port.peer, Peer::Stations(who) if who.len() == 1);
                (alone && switch.speaks == Speaks::V2c).then(|| Victim {
                    name: d.name.clone(),
                    switch_name: switch.name.clone(),
                    switch: switch.address,
                    if_index: port.if_index,
                })
            })
            .unwrap()
    }

    /// `ifAdminStatus`, asked of the switch itself and not through the program.
    fn admin(&self, of: &Victim) -> i64 {
        let number = self.questions.get() + 1;
        self.questions.set(number);
        let name = format!("1.3.6.1.2.1.2.2.1.7.{}", of.if_index);
        let message = Message {
            version: Version::V2c,
            community: COMMUNITY.as_bytes().to_vec(),
            pdu: Pdu::request(PduKind::Get, number, [name.parse().unwrap()]),
        };
        let mut buffer = [0; 2048];
        for _ in 0..5 {
            self.agent
                .send_to(&message.encode(), (of.switch, self.port))
                .unwrap();
            let Ok((n, _)) = self.agent.recv_from(&mut buffer) else {
                continue;
            };
            let answer = Message::decode(&buffer[..n]).unwrap();
            if answer.pdu.request_id == number {
                let Value::Integer(status) = answer.pdu.varbinds[0].value else {
                    panic!("{answer:?}")
                };
                return status;
            }
        }
        panic!("{} does not answer", of.switch);
    }

    fn wardwatch(&self, words: &[&str]) -> Command {
        let mut command = with_secrets(Command::new(PROGRAM));
        command
            .args(words)
            .arg("--site")
            .arg(self.folder.join("wardwatch.toml"))
            .arg("--state")
            .arg(self.folder.join("state"))
            .stdin(Stdio::null())
            .stdout(log(&self.folder, "out"))
            .stderr(log(&self.folder, "err"));
        command
    }

    fn shut(&self, victim: &Victim, seconds: u32) -> Child {
        self.wardwatch(&["run", "port-shut", &victim.name])
            .args(["--input", &format!("seconds={seconds}")])
            .args(["--reason", "it floods", "--confirm", &victim.switch_name])
            .spawn()
            .unwrap()
    }

    fn wait_until_down(&self, victim: &Victim, by: &mut Child) {
        eventually("the port to be shut", || {
            assert_eq!(by.try_wait().unwrap(), None, "{}", self.said());
            self.admin(victim) == 2
        });
    }

    fn said(&self) -> String {
        ["out", "err"]
            .map(|name| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default())
            .join("\n")
    }

    /// What a listing prints of the log as it is now.
    fn listed(&self, what: &str) -> Vec<Json> {
        let out = self
            .wardwatch(&[what, "--format", "jsonl"])
            .stdout(Stdio::piped())
            .output()
            .unwrap();
        String::from_utf8(out.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn overdue(&self) -> Option<Json> {
        let mut alerts = self.listed("alerts").into_iter();
        alerts.find(|a| a["condition"] == "revert-overdue")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.hospital.kill();
        let _ = self.hospital.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn with_secrets(mut command: Command) -> Command {
    command.envs(SECRETS);
    command
}

fn log(folder: &Path, name: &str) -> std::fs::File {
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(name))
        .unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

fn ended(child: &mut Child, patience: Duration) -> i32 {
    let end = std::time::Instant::now() + patience;
    while std::time::Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    panic!("it is still there after {patience:?}");
}

#[test]
fn killed_during_a_port_shut_the_next_start_opens_the_port_and_says_so() {
    let scene = Scene::new(7201);
    scene.allow_short_times();
    let victim = scene.victim();
    assert_eq!(scene.admin(&victim), 1);
    let mut first = scene.shut(&victim, 4);
    scene.wait_until_down(&victim, &mut first);
    first.kill().unwrap();
    first.wait().unwrap();
    // its time, and the time after which it counts as overdue
    std::thread::sleep(Duration::from_secs(20));
    assert_eq!(scene.admin(&victim), 2, "nobody was there to open it");

    let mut second = scene.wardwatch(&["daemon"]).spawn().unwrap();
    eventually("the port to be open again", || {
        assert_eq!(second.try_wait().unwrap(), None, "{}", scene.said());
        scene.admin(&victim) == 1
    });
    std::thread::sleep(Duration::from_secs(2));
    signal(&second, Signal::SIGTERM);
    assert_eq!(ended(&mut second, Duration::from_secs(20)), 0);
    let run = scene.listed("runs").remove(0);
    assert_eq!(run["state"], "interrupted", "{run}");
    let outcome = run["outcome"].as_str().unwrap();
    assert!(outcome.contains("after its time"), "{run}");
    let alert = scene.overdue().expect("no alert told of it");
    assert_eq!(alert["severity"], "critical", "{alert}");
    assert_eq!(alert["state"], "closed", "{alert}");
}

#[test]
fn a_hangup_stops_nothing_and_an_interrupt_opens_the_port_at_once() {
    let scene = Scene::new(7202);
    let victim = scene.victim();
    let mut run = scene.shut(&victim, 600);
    scene.wait_until_down(&victim, &mut run);
    signal(&run, Signal::SIGHUP);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(run.try_wait().unwrap(), None, "{}", scene.said());
    assert_eq!(scene.admin(&victim), 2);
    signal(&run, Signal::SIGINT);
    assert_eq!(
        ended(&mut run, Duration::from_secs(20)),
        130,
        "{}",
        scene.said()
    );
    assert_eq!(scene.admin(&victim), 1);
    let held = scene.listed("runs").remove(0);
    assert_eq!(held["state"], "cancelled", "{held}");
}

#[test]
fn a_viewer_whose_terminal_closes_stays_until_the_port_is_open_again() {
    let scene = Scene::new(7204);
    scene.allow_short_times();
    let victim = scene.victim();
    let (shut, seconds) = (Instant::now(), 12);
    let mut first = scene.shut(&victim, seconds);
    scene.wait_until_down(&victim, &mut first);
    // whether it is shut is asked as long as that is due; a machine that is slower than that has nothing to say of it
    let is_shut = |why: &str| {
        let admin = scene.admin(&victim);
        let due = shut.elapsed() + Duration::from_secs(1) >= Duration::from_secs(seconds.into());
        assert!(due || admin == 2, "{why}");
    };
    first.kill().unwrap();
    first.wait().unwrap();
    // what is owed is taken up by a program with a screen
    let mut command = CommandBuilder::new(PROGRAM);
    for (name, value) in SECRETS {
        command.env(name, value);
    }
    command.arg("--site");
    command.arg(scene.folder.join("wardwatch.toml"));
    command.arg("--state");
    command.arg(scene.folder.join("state"));
    let mut pty = Pty::spawn(command, 100, 30);
    pty.expect("ICU-3");
    is_shut("it was opened before its time");
    pty.close_terminal();
    std::thread::sleep(Duration::from_secs(1));
    is_shut("closing the terminal opened it");
    pty.ended();
    assert_eq!(scene.admin(&victim), 1);
    let run = scene.listed("runs").remove(0);
    assert_eq!(run["state"], "interrupted", "{run}");
}

#[test]
fn a_program_that_hangs_floods_or_is_missing_is_told_and_nothing_of_it_is_left() {
    let scene = Scene::new(7203);
    let own = |name: &str, program: &str, timeout: u32| {
        let text = format!(
            "name = \"{name}\"\ntitle = \"A test\"\nhelp = \"A test.\"\nrisk = \"low\"\nconfirm = \"none\"\ntimeout_s = {timeout}\n\n[[program]]\nargv = {program}\n"
        );
        scene.remediation(name, &text);
    };
    own("hangs", "[\"sleep\", \"7203.5\"]", 1);
    own("floods", "[\"yes\", \"7203 flood\"]", 2);
    own("missing", "[\"no-such-program-7203\"]", 5);
    own("waits", "[\"sleep\", \"7203.75\"]", 600);
    let victim = scene.victim();
    let start = |name: &str| {
        let mut command = scene.wardwatch(&["run", name, &victim.name, "--format", "json"]);
        command.stdout(Stdio::piped()).process_group(0);
        command
    };
    let hangs = start("hangs").output().unwrap();
    let said: Json = serde_json::from_slice(&hangs.stdout).unwrap();
    assert_eq!(said["state"], "timed-out", "{said}");
    assert_eq!(hangs.status.code(), Some(1));

    let floods = start("floods").output().unwrap();
    let said: Json = serde_json::from_slice(&floods.stdout).unwrap();
    assert!(
        said["state"] == "failed" || said["state"] == "timed-out",
        "{said}"
    );
    let lines = said["output"].as_array().unwrap().len();
    assert!((1..=400).contains(&lines), "{lines} lines");

    let missing = start("missing").output().unwrap();
    assert_eq!(missing.status.code(), Some(2), "{}", scene.said());
    assert!(
        scene.said().contains("no-such-program-7203"),
        "{}",
        scene.said()
    );

    let mut waits = start("waits").spawn().unwrap();
    eventually("it to run", || {
        !crate::support::processes_with(&["sleep 7203.75"]).is_empty()
    });
    signal(&waits, Signal::SIGTERM);
    assert_eq!(ended(&mut waits, Duration::from_secs(20)), 130);
    for left in ["sleep 7203.5", "yes 7203 flood", "sleep 7203.75"] {
        assert!(crate::support::processes_with(&[left]).is_empty(), "{left}");
    }
}

#[test]
fn a_killed_collector_leaves_a_gap_in_the_ledger_and_an_orderly_end_leaves_none() {
    let scene = Scene::new(7205);
    let victim = scene.victim();
    let sent = |scene: &Scene| -> (u64, Vec<Json>) {
        let out = scene
            .wardwatch(&["ledger", &victim.switch_name, "--format", "jsonl"])
            .stdout(Stdio::piped())
            .output()
            .unwrap();
        let rows: Vec<Json> = String::from_utf8(out.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let count = rows.iter().filter_map(|r| r["count"].as_u64()).sum();
        let gaps = rows.into_iter().filter(|r| r["kind"] == "gap").collect();
        (count, gaps)
    };
    let state = scene.folder.join("state/record.db");
    let alive = |least: u64| {
        eventually("packets to stand in the ledger", || {
            state.exists() && sent(&scene).0 > least
        });
    };
    let start = || scene.wardwatch(&["daemon"]).spawn().unwrap();
    let mut first = start();
    alive(0);
    signal(&first, Signal::SIGTERM);
    assert_eq!(ended(&mut first, Duration::from_secs(20)), 0);
    assert_eq!(sent(&scene).1, Vec::<Json>::new());

    let mut second = start();
    alive(sent(&scene).0);
    second.kill().unwrap();
    second.wait().unwrap();
    let mut third = start();
    alive(sent(&scene).0);
    signal(&third, Signal::SIGTERM);
    assert_eq!(ended(&mut third, Duration::from_secs(20)), 0);
    let gaps = sent(&scene).1;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(
        gaps[0]["cause"]
            .as_str()
            .unwrap()
            .contains("without a word"),
        "{gaps:?}"
    );
    assert!(
        gaps[0]["first"].as_str() < gaps[0]["last"].as_str(),
        "{gaps:?}"
    );

    let mut fourth = start();
    alive(sent(&scene).0);
    signal(&fourth, Signal::SIGTERM);
    assert_eq!(ended(&mut fourth, Duration::from_secs(20)), 0);
    assert_eq!(sent(&scene).1, gaps, "an orderly end added one");
}
