use super::*;
use crate::model::{DeviceClass, Job, PartKind, Priority, Role};

fn texts(files: &[(&str, &str)]) -> Result<PollPlans, String> {
    let files = files.iter().map(|(p, t)| (PathBuf::from(p), Arc::from(*t)));
    read(&Intervals::default(), files).map_err(|e| e.to_string())
}

fn wrong(text: &str) -> String {
    texts(&[("polls/x.toml", text)]).unwrap_err()
}

const GOOD: &str = r#"
name = "x"
job = "ups"
classes = ["ups"]
[[part]]
name = "battery"
interval = "30s"
get = [ { role = "ups-seconds-on-battery", oid = "1.3.6.1.2.1.33.1.2.2.0" } ]
"#;

#[test]
fn every_shipped_plan_is_read_and_every_file_is_shipped() {
    let plans = load(None, &Intervals::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(plans.iter().count(), SHIPPED.len());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/polls");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| format!("polls/{}", e.unwrap().file_name().to_string_lossy()))
        .collect();
    names.sort();
    let mut listed: Vec<&str> = SHIPPED.iter().map(|(path, _)| *path).collect();
    listed.sort_unstable();
    assert_eq!(names, listed);
    for ((path, _), plan) in SHIPPED.iter().zip(plans.iter()) {
        assert_eq!(*path, format!("polls/{}.toml", plan.name));
    }
}

#[test]
fn the_shipped_plans_ask_each_class_what_it_is_for() {
    let plans = shipped(&Intervals::default());
    let jobs = |class| -> Vec<(Job, u32)> {
        Job::ALL
            .iter()
            .filter_map(|j| Some((*j, plans.interval(class, 0, *j)?)))
            .collect()
    };
    assert_eq!(
        jobs(DeviceClass::Switch),
        [
            (Job::Status, 30),
            (Job::Interfaces, 60),
            (Job::Tables, 900),
            (Job::Inventory, 21_600),
            (Job::Sensors, 300)
        ]
    );
    assert_eq!(
        jobs(DeviceClass::Ups),
        [
            (Job::Status, 30),
            (Job::Inventory, 21_600),
            (Job::Ups, 30),
            (Job::Sensors, 300)
        ]
    );
    assert_eq!(
        jobs(DeviceClass::Printer),
        [
            (Job::Status, 60),
            (Job::Interfaces, 60),
            (Job::Inventory, 21_600),
            (Job::Sensors, 300)
        ]
    );
    for class in DeviceClass::ALL {
        for asked in plans.asked(*class, 0) {
            assert!(
                asked.part.deadline_s <= asked.part.interval_s * 6 / 10,
                "{asked:?}"
            );
            // the sensor tables have rows of their own
            let counted = asked.part.kind == PartKind::Sensors || asked.part.rows > 0;
            assert!(!asked.part.walks() || counted, "{asked:?}");
        }
        // one GET, and no more, says whether it lives
        let status = plans.asked(*class, 0);
        assert!(
            status
                .iter()
                .any(|a| a.part.kind == PartKind::System && !a.part.walks())
        );
    }
}

#[test]
fn an_interval_by_name_is_the_sites() {
    let intervals = Intervals {
        interfaces_s: 17,
        inventory_s: 7_200,
        ..Intervals::default()
    };
    let plans = shipped(&intervals);
    let asked = plans.asked(DeviceClass::Switch, 0);
    let part = |kind| asked.iter().find(|a| a.part.kind == kind).unwrap().part;
    assert_eq!(part(PartKind::Counters).interval_s, 17);
    assert_eq!(part(PartKind::Counters).deadline_s, 10);
    assert_eq!(part(PartKind::Entities).interval_s, 7_200);
}

#[test]
fn a_file_of_the_site_takes_the_place_of_a_shipped_plan_or_takes_it_away() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path
    };
    put("ours.toml", &GOOD.replace("\"x\"", "\"ups\""));
    put("off.toml", "name = \"bench\"\nenabled = false\n");
    put("note.txt", "no plan");
    let plans = load(Some(dir.path()), &Intervals::default()).unwrap();
    assert_eq!(plans.get("ups").unwrap().parts[0].get.len(), 1);
    assert!(plans.get("bench").is_none());
    assert!(plans.get("status").is_some());

    let open = put("open.toml", GOOD);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o666)).unwrap();
    let error = load(Some(dir.path()), &Intervals::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("open.toml: others than its owner"),
        "{error}"
    );
    std::fs::remove_file(open).unwrap();
    // a folder that is not there is no mistake
    assert!(load(Some(&dir.path().join("none")), &Intervals::default()).is_ok());
}

#[test]
fn two_plans_for_the_same_devices_are_refused_by_name() {
    let other = GOOD.replace("\"x\"", "\"y\"");
    let error = texts(&[("polls/x.toml", GOOD), ("polls/y.toml", &other)]).unwrap_err();
    assert!(
        error.contains("'x' and 'y' both ask 'battery' of the class ups"),
        "{error}"
    );
}

#[test]
fn parts_of_one_job_are_asked_together() {
    let text = r#"
name = "slow-papers"
job = "inventory"
classes = ["printer"]
[[part]]
name = "papers"
interval = "7d"
get = [ { role = "prt-serial", oid = "1.3.6.1.2.1.43.5.1.1.17.1" } ]
"#;
    let files = SHIPPED.iter().map(own).chain([("x".into(), text.into())]);
    let error = read(&Intervals::default(), files).unwrap_err().to_string();
    assert!(
        error.contains("the job inventory is asked of the class printer at different intervals"),
        "{error}"
    );
}

#[test]
fn a_plan_cannot_say_which_sensors_are_read() {
    let text = r#"
name = "x"
job = "sensors"
[[part]]
name = "sensors"
interval = "5m"
columns = [ { role = "other", oid = "1.3.6.1.2.1.99.1.1.1.4" } ]
"#;
    assert!(wrong(text).contains("7:11: which sensors are read the sensor tables say"));
}

#[test]
fn every_mistake_is_named_with_its_place_and_what_was_meant() {
    let table: &[(&str, &str, &str)] = &[
        (
            "interval = \"30s\"",
            "interval = \"2s\"",
            "7:12: 'interval' is 2s; it must be from 5s to 30d",
        ),
        (
            "interval = \"30s\"",
            "interval = \"statis\"",
            "7:12: 'interval' must be a duration such as 30s, 5m, 6h or 1d, or one of the site's: status,",
        ),
        (
            "interval = \"30s\"",
            "intervall = \"30s\"",
            "7:1: unknown key 'intervall' in [[part]]; did you mean 'interval'?",
        ),
        (
            "interval = \"30s\"",
            "interval = \"30s\"\ndeadline = \"40s\"",
            "8:12: 'deadline' is longer than the interval of 30s",
        ),
        (
            "interval = \"30s\"",
            "interval = \"30s\"\nwhole = \"1h\"",
            "8:9: 'whole' means something with a 'hint' only",
        ),
        (
            "interval = \"30s\"",
            "interval = \"30s\"\nrows = 5",
            "8:8: 'rows' means something with 'columns' only",
        ),
        (
            "interval = \"30s\"",
            "interval = \"30s\"\ncounters = true",
            "8:12: counters need 'sys-up-time' in 'beside'",
        ),
        (
            "interval = \"30s\"",
            "interval = \"30s\"\npriority = 1",
            "8:1: unknown key 'priority' in [[part]]",
        ),
        (
            "job = \"ups\"",
            "job = \"ups\"\npriority = 10",
            "4:12: 'priority' is 10; it must be from 0 to 9",
        ),
        (
            "job = \"ups\"",
            "job = \"ups\"\npriority = \"1\"",
            "4:12: 'priority' must be a whole number from 0 to 9, not text; write it without quotes",
        ),
        (
            "job = \"ups\"",
            "priority = 1",
            "3:12: 'priority' means something with a 'job' only",
        ),
        (
            "\"battery\"",
            "\"batery\"",
            "6:8: 'name' can't be 'batery'; did you mean 'battery'?",
        ),
        (
            "\"battery\"",
            "\"system\"",
            "'system' is a part of the job status, and this is the job ups",
        ),
        (
            "\"ups-seconds-on-battery\"",
            "\"ups-second-on-battery\"",
            "8:18: 'battery' reads no 'ups-second-on-battery' in get; did you mean 'ups-seconds-on-battery'?",
        ),
        (
            "1.3.6.1.2.1.33.1.2.2.0",
            "1.3.6.1.x",
            "an object identifier is numbers with dots between",
        ),
        (
            "ups-seconds-on-battery",
            "ups-charge",
            "'battery' means nothing without 'ups-seconds-on-battery'",
        ),
        (
            "classes = [\"ups\"]",
            "classes = [\"upps\"]",
            "4:12: 'upps' is no device class; did you mean 'ups'?",
        ),
        (
            "classes = [\"ups\"]",
            "models = [\"cisco\"]",
            "4:11: 'cisco': an object identifier is numbers",
        ),
        (
            "job = \"ups\"",
            "job = \"upps\"",
            "3:7: 'job' can't be 'upps'",
        ),
        (
            "name = \"x\"",
            "name = \"X y\"",
            "2:8: name must be lower-case letters",
        ),
        ("name = \"x\"", "", "1:1: a poll plan has no 'name'"),
        ("get = [", "columns = [", "'battery' has no 'columns'"),
        (
            "get = [",
            "get = [ 5,",
            "8:9: 'get' must hold { role, oid }, not a number",
        ),
        (
            "[[part]]",
            "[part]",
            "'part' must be [[part]] tables, not a table",
        ),
        ("[[part]]", "[[part", "polls/x.toml:"),
    ];
    texts(&[("polls/x.toml", GOOD)]).unwrap();
    for (from, to, wanted) in table {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(&text, GOOD, "{from}");
        let error = wrong(&text);
        assert!(error.contains(wanted), "{to}\n  {error}\n  {wanted}");
    }
}

#[test]
fn an_object_that_stands_twice_is_a_mistake() {
    let twice = GOOD.replace(
        "} ]",
        "}, { role = \"ups-charge\", oid = \"1.3.6.1.2.1.33.1.2.2.0\" } ]",
    );
    assert!(wrong(&twice).contains("'ups-charge' stands here twice"));
}

#[test]
fn every_role_is_read_by_some_part_and_every_word_is_its_own() {
    let mut words: Vec<&str> = Role::ALL.iter().map(|r| r.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Role::ALL.len());
    for role in Role::ALL {
        assert_eq!(serde_json::to_value(role).unwrap(), role.word());
        let read = PartKind::ALL.iter().any(|k| {
            let shape = k.shape();
            [shape.get, shape.beside, shape.columns, shape.hint]
                .iter()
                .any(|all| all.contains(role))
        });
        assert!(read, "{}", role.word());
    }
    for kind in PartKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
    }
}

#[test]
fn which_poll_goes_first_stands_in_its_file_and_changes_nothing_of_what_is_asked() {
    let plans = shipped(&Intervals::default());
    let said: Vec<(&str, Option<u8>)> = plans
        .iter()
        .map(|p| (p.name.as_str(), p.priority.map(Priority::number)))
        .collect();
    let wanted = [
        ("addresses", Some(8)),
        ("bench", None),
        ("forwarding", Some(8)),
        ("interfaces", Some(3)),
        ("inventory", Some(6)),
        ("neighbours", Some(8)),
        ("sensors", Some(4)),
        ("sensors-rooms", Some(2)),
        ("status", Some(0)),
        ("status-infrastructure", Some(0)),
        ("ups", Some(1)),
    ];
    assert_eq!(said, wanted);
    let priority = |text: &str| {
        let plans = texts(&[("polls/x.toml", text)]).unwrap();
        (
            plans.iter().next().unwrap().priority().number(),
            plans.hash(),
        )
    };
    let (number, hash) = priority(GOOD);
    assert_eq!(number, 1, "what is usual for its job");
    let first = GOOD.replace("job = \"ups\"", "job = \"ups\"\npriority = 0");
    assert_eq!(priority(&first), (0, hash));
}

#[test]
fn what_is_shipped_takes_little_room_in_a_log() {
    let json = serde_json::to_string(&shipped(&Intervals::default())).unwrap();
    assert!(json.len() < 100_000, "{} octets", json.len());
    let packed = zstd::bulk::compress(json.as_bytes(), 3).unwrap();
    assert!(packed.len() < 16_000, "{} octets", packed.len());
}
