//! `daemon`, `record` and `run` at a hospital that answers: reload, a second collector, signals, a full disk, remediations.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use wardwatch::model::DeviceClass;

use super::ground::{House, Running};
use crate::support::{PROGRAM, eventually};

/// What a process says on stderr, as it says it.
fn heard(of: &mut Running) -> Arc<Mutex<String>> {
    let said = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&said);
    let stream = of.child.stderr.take().unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = into.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    });
    said
}

/// How it ended after a signal.
fn stopped(of: &mut Running, signal: Signal) -> Option<i32> {
    let pid = nix::unistd::Pid::from_raw(of.child.id() as i32);
    nix::sys::signal::kill(pid, signal).unwrap();
    let mut code = None;
    eventually("the collector to end", || {
        code = of.child.try_wait().unwrap();
        code.is_some()
    });
    code.and_then(|c| c.code())
}

fn up(house: &House) -> usize {
    let ran = house.run(&["devices", "state:up"]);
    if ran.code == Some(0) {
        ran.lines().len()
    } else {
        0
    }
}

#[test]
fn a_daemon_keeps_the_last_good_site_is_alone_and_ends_well() {
    let house = House::open(7411);
    let mut daemon = Running::start(house.program(&["daemon"]));
    let said = heard(&mut daemon);
    eventually("devices that are up", || up(&house) > 5);
    let pid = daemon.child.id().to_string();
    house
        .run(&["daemon"])
        .ended(1)
        .said(&[&pid, "one process collects"]);
    house.run(&["run", "ping", "core-1"]).ended(1).said(&[&pid]);

    let good = std::fs::read_to_string(&house.site).unwrap();
    let before = house.run(&["devices"]).ended(0).lines().len();
    std::fs::write(&house.site, format!("{good}\n[[device]]\nnaem = \"x\"\n")).unwrap();
    eventually("the trouble on stderr", || {
        said.lock().unwrap().contains("'naem'")
    });
    assert!(
        said.lock()
            .unwrap()
            .contains("last good one stays in force")
    );
    eventually("the trouble among the alerts", || {
        house
            .run(&["alerts"])
            .lines()
            .iter()
            .any(|a| a["condition"] == "collector" && a["text"].as_str().unwrap().contains("naem"))
    });
    assert_eq!(house.run(&["devices"]).ended(0).lines().len(), before);

    let more =
        "\n[[device]]\nname = \"added-later\"\naddress = \"127.20.250.250\"\nclass = \"printer\"\n";
    std::fs::write(&house.site, format!("{good}{more}")).unwrap();
    eventually("the new device", || {
        !house
            .run(&["devices", "name:added-later"])
            .ended(0)
            .lines()
            .is_empty()
    });
    eventually("the end of the trouble", || {
        house.run(&["alerts", "alert:collector"]).lines().is_empty()
    });
    assert_eq!(
        stopped(&mut daemon, Signal::SIGTERM),
        Some(0),
        "{}",
        said.lock().unwrap()
    );
    assert!(up(&house) > 5, "what was collected is still there");
    let vent = house
        .plan
        .site
        .devices
        .iter()
        .find(|d| d.class == DeviceClass::Ventilator)
        .unwrap();
    let ledger = house.run(&["ledger", vent.name.as_str()]).ended(0);
    assert!(ledger.out.is_empty(), "{ledger:?}");
}

#[test]
fn a_remediation_runs_dry_and_for_real_and_stands_in_the_lists() {
    let house = House::open(7412);
    let switch = house
        .plan
        .site
        .devices
        .iter()
        .find(|d| d.class == DeviceClass::Switch)
        .unwrap()
        .name
        .to_string();
    let get = house
        .run(&[
            "run",
            "snmp-get",
            &switch,
            "--yes",
            "--reason",
            "test",
            "--input",
            "oid=1.3.6.1.2.1.1.5.0",
        ])
        .ended(0)
        .json();
    assert_eq!(get["state"], "succeeded", "{get}");
    assert!(get["output"].to_string().contains(&switch), "{get}");

    let vent = house
        .plan
        .site
        .devices
        .iter()
        .find(|d| d.class == DeviceClass::Ventilator)
        .unwrap();
    house
        .run(&["run", "ping", vent.name.as_str(), "--yes"])
        .ended(2)
        .said(&["never"]);
    house
        .run(&["run", "party", &switch, "--yes"])
        .ended(2)
        .said(&["party"]);
    house
        .run(&["run", "ping", "nobody", "--yes"])
        .ended(2)
        .said(&["'nobody'"]);

    // a printer hangs on an access port alone
    let printer = house
        .plan
        .site
        .devices
        .iter()
        .find(|d| d.class == DeviceClass::Printer)
        .unwrap();
    let bounce = [
        "run",
        "port-bounce",
        printer.name.as_str(),
        "--input",
        "seconds=3",
    ];
    let with = |more: &[&str]| {
        let mut all = bounce.to_vec();
        all.extend(more);
        house.run(&all)
    };
    let dry = with(&["--dry-run"]).ended(0).json();
    assert_eq!(
        (&dry["dry_run"], &dry["state"]),
        (&true.into(), &"succeeded".into()),
        "{dry}"
    );
    with(&[]).ended(2).said(&["--yes"]);
    let real = with(&["--yes", "--reason", "printer hangs"])
        .ended(0)
        .json();
    assert_eq!(real["state"], "succeeded", "{real}");

    let runs = house.run(&["runs"]).ended(0).lines();
    assert!(
        runs.iter()
            .any(|r| r["reason"] == "printer hangs" && r["state"] == "succeeded"),
        "{runs:?}"
    );
    assert!(
        house
            .run(&["runs", &format!("name:{switch}")])
            .ended(0)
            .lines()
            .len()
            < runs.len()
    );
}

#[test]
fn a_recording_of_a_time_ends_by_itself_and_replays_whole() {
    let house = House::open(7413);
    let file = house
        .dir
        .path()
        .join("night.wardwatch")
        .display()
        .to_string();
    house.run(&["record", &file, "--for", "3s"]).ended(0);
    let replayed = house.run(&["replay", &file, "--headless"]).ended(0).json();
    assert_eq!(replayed["whole"], true);
    assert!(replayed["up"].as_u64().unwrap() > 0, "{replayed}");
    house
        .run(&["record", &file, "--for", "3s"])
        .ended(2)
        .said(&["exists"]);
}

#[test]
fn plans_that_ask_for_more_wait_while_it_collects_until_a_person_consents() {
    let house = House::open(7419);
    let mut daemon = Running::start(house.program(&["daemon"]));
    let said = heard(&mut daemon);
    eventually("devices that are up", || up(&house) > 5);
    let diff = ["config", "diff", "--exit-code", "--format", "json"];
    let same = house.run(&diff).ended(0).json();
    assert_eq!(same["needs_consent"], false, "{same}");

    let site = std::fs::read_to_string(&house.site).unwrap();
    let more = "\n[intervals]\ninterfaces = \"20s\"\n";
    std::fs::write(&house.site, format!("{site}{more}")).unwrap();
    let waits = || {
        house
            .run(&["alerts", "alert:collector"])
            .lines()
            .iter()
            .any(|a| a["text"].as_str().unwrap().contains("config diff"))
    };
    eventually("the word that something waits", waits);
    let shown = house.run(&diff);
    assert_ne!(shown.code, Some(0), "{shown:?}");
    let shown = shown.json();
    assert_eq!(shown["needs_consent"], true, "{shown}");
    assert_ne!(shown["in_force"], shown["offered"]);

    house.run(&["config", "diff", "--accept"]).ended(0);
    eventually("the plans to come into force", || {
        house.run(&diff).code == Some(0)
    });
    eventually("the end of the trouble", || !waits());
    let now = house.run(&diff).ended(0).json();
    assert_eq!(now["in_force"], shown["offered"], "{now}");
    assert_eq!(
        stopped(&mut daemon, Signal::SIGTERM),
        Some(0),
        "{}",
        said.lock().unwrap()
    );
    // and what was consented to is remembered
    house.run(&diff).ended(0);
}

#[test]
fn a_new_sensor_table_waits_for_consent_and_one_that_goes_does_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::open(7422);
    let mut daemon = Running::start(house.program(&["daemon"]));
    eventually("devices that are up", || up(&house) > 5);
    let diff = ["config", "diff", "--exit-code", "--format", "json"];
    house.run(&diff).ended(0);

    let folder = std::path::Path::new(&house.site)
        .parent()
        .unwrap()
        .join("sensors");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    };
    let own =
        "[[table]]\nid = \"own\"\nkind = \"temperature\"\nvalue = \"1.3.6.1.4.1.4000000.1.1\"\n";
    put("own.toml", own);
    let shown = house.run(&diff);
    assert_ne!(shown.code, Some(0), "{shown:?}");
    let shown = shown.json();
    assert_eq!(shown["needs_consent"], true, "{shown}");
    assert_eq!(shown["differences"][0]["sensor_table"], "own", "{shown}");
    eventually("the word that something waits", || {
        let ran = house.run(&["alerts", "alert:collector"]);
        ran.lines()
            .iter()
            .any(|a| a["text"].as_str().unwrap().contains("config diff"))
    });
    house.run(&["config", "diff", "--accept"]).ended(0);
    eventually("the table to come into force", || {
        house.run(&diff).code == Some(0)
    });

    // asking for less waits for nobody
    put("own.toml", "[[table]]\nid = \"own\"\nenabled = false\n");
    eventually("the table to go", || {
        let shown = house.run(&diff);
        shown.code == Some(0)
    });
    stopped(&mut daemon, Signal::SIGTERM);
}

#[test]
fn what_is_collected_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::open(7414);
    house.run(&["poll", "class:switch", "--once"]).ended(0);
    let mut daemon = Running::start(house.program(&["daemon"]));
    eventually("the log", || up(&house) > 0);
    let mut folders = vec![std::path::PathBuf::from(&house.state)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let about = entry.metadata().unwrap();
            assert_eq!(
                about.permissions().mode() & 0o077,
                0,
                "{}",
                entry.path().display()
            );
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    assert_eq!(
        std::fs::metadata(&house.state)
            .unwrap()
            .permissions()
            .mode()
            & 0o077,
        0
    );
    // a terminal that hangs up ends it as well
    assert_eq!(stopped(&mut daemon, Signal::SIGHUP), Some(0));
}

#[test]
fn a_full_disk_is_said_and_what_was_kept_stays() {
    let house = House::open(7415);
    std::fs::create_dir(&house.state).unwrap();
    // a file system of its own, seen by the child alone; it goes with it
    let script = "mount -t tmpfs -o size=1m wardwatch-test \"$1\" || exit 77; shift
        head -c 900000 /dev/zero > \"$1/ballast\"; \"$2\" daemon --site \"$3\" --state \"$1\" & d=$!
        for i in $(seq 200); do sleep 0.1; grep -q 'no space left' \"$4\" && break; done
        \"$2\" devices --state \"$1\" --format csv --columns name,state | head -n 3; echo \"listed\"
        rm \"$1/ballast\"; for i in $(seq 100); do sleep 0.1; \"$2\" devices state:up --state \"$1\" --exit-code >/dev/null 2>&1; [ $? = 3 ] && break; done
        \"$2\" devices state:up --state \"$1\" --format csv --columns name | tail -n 1; kill -TERM $d; wait $d; echo \"ended $?\"";
    let log = house.dir.path().join("stderr");
    let mut command = Command::new("unshare");
    let like = house.program(&[]);
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let ran = command
        .args([
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            &house.state,
            &house.state,
            PROGRAM,
            &house.site,
        ])
        .arg(&log)
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .output();
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    let ran = match ran {
        Ok(ran) if ran.status.code() == Some(77) || said.contains("unshare failed") => {
            println!("skipped: no small file system can be mounted here: {said}");
            return;
        }
        Ok(ran) => ran,
        Err(error) => {
            println!("skipped: unshare: {error}");
            return;
        }
    };
    let out = String::from_utf8_lossy(&ran.stdout);
    println!("{out}{said}");
    assert!(said.contains("no space left"), "{out}{said}");
    assert!(out.contains("ended 0"), "{out}{said}");
    assert!(!said.contains("panicked"), "{said}");
}
