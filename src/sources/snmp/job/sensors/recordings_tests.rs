//! Every recorded device of the shared data, read as the poller reads an agent, and held against what another system made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reading::{self, Reading};
use crate::config::sensors::{SensorTable, Sensors};
use crate::model::{SensorKind, SensorState};
use crate::wire::snmp::{Oid, Value};
use crate::wire::snmprec;

fn data() -> Option<PathBuf> {
    let dir = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if dir.join("devices/recordings").is_dir() {
        return Some(dir.join("devices"));
    }
    println!(
        "skipped: no recorded devices at {} (set WARDWATCH_DATA)",
        dir.display()
    );
    None
}

/// A sensor with the instance its number came from.
#[derive(Debug)]
struct Found {
    table: String,
    value_at: Option<Vec<u32>>,
    state_at: Option<Vec<u32>>,
    name: String,
    kind: SensorKind,
    reading: Reading,
}

/// All sensors of a recording.
fn sensors(catalogue: &Sensors, binds: &BTreeMap<Vec<u32>, Value>) -> Vec<Found> {
    let object_id: Vec<u32> = binds
        .get(&[1, 3, 6, 1, 2, 1, 1, 2, 0][..])
        .and_then(Value::as_oid)
        .map(|o| o.arcs().to_vec())
        .unwrap_or_default();
    let look = |oid: &[u32]| binds.get(oid).cloned();
    let mut gave: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (_, table) in catalogue.of(&object_id) {
        if table.unless.iter().any(|u| gave.contains(&u.as_str())) {
            continue;
        }
        let before = found.len();
        for index in indexes(table, binds) {
            let moving = table.moving();
            let cells: Vec<Option<Value>> = moving
                .iter()
                .map(|column| look(&[column, index.as_slice()].concat()))
                .collect();
            let cells: Vec<Option<&Value>> = cells.iter().map(Option::as_ref).collect();
            let Some(shape) = reading::shape(table, &index, &look) else {
                continue;
            };
            let Some(reading) = reading::read(table, &shape, &cells) else {
                continue;
            };
            let at = |c: &Option<Vec<u32>>| c.as_ref().map(|c| [c.as_slice(), &index].concat());
            found.push(Found {
                table: table.id.clone(),
                value_at: at(&table.value),
                state_at: at(&table.state),
                name: reading::title(table, &index, shape.kind, &look).to_string(),
                kind: shape.kind,
                reading,
            });
        }
        if found.len() > before {
            gave.push(&table.id);
        }
    }
    found
}

fn indexes(table: &SensorTable, binds: &BTreeMap<Vec<u32>, Value>) -> Vec<Vec<u32>> {
    if table.scalar {
        return vec![vec![0]];
    }
    let mut all = Vec::new();
    for column in table.moving() {
        let under = binds
            .range(column.to_vec()..)
            .take_while(|(k, _)| k.starts_with(column));
        all.extend(
            under
                .map(|(k, _)| k[column.len()..].to_vec())
                .filter(|i| !i.is_empty()),
        );
    }
    all.sort();
    all.dedup();
    all.truncate(table.rows);
    all
}

fn load(path: &Path) -> BTreeMap<Vec<u32>, Value> {
    let recording = snmprec::parse(&std::fs::read(path).unwrap());
    recording
        .varbinds
        .into_iter()
        .map(|b| (b.oid.arcs().to_vec(), b.value))
        .collect()
}

fn plausible(kind: SensorKind, value: i64) -> bool {
    let range = match kind {
        SensorKind::Temperature => -60_000..=200_000,
        SensorKind::Humidity => 0..=100_000,
        SensorKind::Percent => 0..=150_000,
        SensorKind::Fan => 0..=40_000_000,
        SensorKind::Voltage => -60_000..=700_000,
        SensorKind::Current => -1_000..=3_000_000,
        SensorKind::Power => -1_000..=500_000_000,
        SensorKind::Signal => -60_000..=20_000,
        SensorKind::Frequency => 0..=70_000,
        _ => return true,
    };
    range.contains(&value)
}

/// What the other system has under one instance: class and value.
fn expected(path: &Path) -> Vec<(Vec<u32>, String, f64)> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Vec::new();
    };
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = json["sensors"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|r| {
            let oid: Oid = r["sensor_oid"].as_str()?.parse().ok()?;
            let class = r["sensor_class"].as_str()?.to_string();
            Some((oid.arcs().to_vec(), class, r["sensor_current"].as_f64()?))
        })
        .collect()
}

/// Sensors whose number the other system has otherwise, each looked at by hand: there it is wrong, or of another moment.
const OTHERWISE: &[(&str, &str)] = &[
    // 2300 V: the agent means tenths
    ("deltaups_rfc1628string", "ups-"),
];

#[test]
fn recorded_devices_have_the_sensors_that_another_system_found_with_the_same_values() {
    let Some(dir) = data() else { return };
    let catalogue = Sensors::shipped();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir.join("recordings"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let (mut devices, mut theirs, mut both, mut total) = (0, 0, 0, 0);
    let (mut same, mut other, mut missing) = (0, Vec::new(), BTreeMap::<String, u32>::new());
    let mut wild = Vec::new();
    for path in &paths {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_string();
        let found = sensors(&catalogue, &load(path));
        devices += u32::from(!found.is_empty());
        total += found.len();
        for f in &found {
            if let Some(value) = f.reading.value
                && !plausible(f.kind, value)
            {
                wild.push(format!(
                    "{stem} {} '{}': {:?} {value}",
                    f.table, f.name, f.kind
                ));
            }
        }
        let wanted = expected(&dir.join("expected_full").join(format!("{stem}.json")));
        let counted = |class: &str| {
            matches!(
                class,
                "temperature"
                    | "humidity"
                    | "fanspeed"
                    | "voltage"
                    | "current"
                    | "power"
                    | "dbm"
                    | "frequency"
                    | "percent"
            )
        };
        let has = wanted.iter().any(|(_, class, _)| counted(class));
        theirs += u32::from(has);
        both += u32::from(has && !found.is_empty());
        if has && found.is_empty() {
            let c: Vec<&str> = wanted.iter().map(|w| w.1.as_str()).take(6).collect();
            println!("nothing found of {stem}: {c:?}");
        }
        for (oid, class, value) in wanted {
            let mine = found.iter().find(|f| f.value_at.as_ref() == Some(&oid));
            match mine {
                Some(f) if counted(&class) => {
                    let Some(got) = f.reading.value else { continue };
                    // light is told in watts there
                    let watts = class == "power" && f.kind == SensorKind::Signal;
                    let value = if watts {
                        (value * 1_000.0).max(0.000_1).log10() * 10.0
                    } else {
                        value
                    };
                    let near =
                        (got as f64 / 1_000.0 - value).abs() <= (value.abs() * 0.02).max(0.6);
                    if near {
                        same += 1;
                    } else {
                        other.push(format!(
                            "{stem} {} '{}' {class}: {got} for {value}",
                            f.table, f.name
                        ));
                    }
                }
                None if matches!(class.as_str(), "temperature" | "humidity" | "fanspeed")
                    && !found.iter().any(|f| f.state_at.as_ref() == Some(&oid)) =>
                {
                    *missing.entry(format!("{stem} {class}")).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    println!(
        "{devices} of {} devices have sensors, {total} in all; {both} of the {theirs} in which another system found some",
        paths.len()
    );
    println!("{same} values as there, {} otherwise", other.len());
    for line in &other {
        println!("otherwise: {line}");
    }
    for (what, n) in &missing {
        println!("not read: {what} {n}");
    }
    assert!(wild.is_empty(), "{wild:#?}");
    other.retain(|line| {
        !OTHERWISE
            .iter()
            .any(|(stem, table)| line.starts_with(&format!("{stem} {table}")))
    });
    assert!(other.is_empty(), "{other:#?}");
    // the others have counters, licences and pages printed, which are no sensors
    assert!(devices >= 155, "{devices}");
    assert!(both * 100 >= theirs * 85, "{both} of {theirs}");
    assert!(same >= 2_100, "{same}");
}

#[test]
fn a_failed_part_of_a_recorded_device_is_told_as_failed() {
    let Some(dir) = data() else { return };
    let catalogue = Sensors::shipped();
    let found = sensors(
        &catalogue,
        &load(&dir.join("recordings/comware_a5500.snmprec")),
    );
    let supplies: Vec<SensorState> = found
        .iter()
        .filter(|f| f.kind == SensorKind::Supply)
        .map(|f| f.reading.state)
        .collect();
    assert_eq!(supplies, [SensorState::Good, SensorState::Absent]);
}
