//! Listings, single results, filters, columns and formats.

use std::process::Stdio;

use super::ground::{evening, finish, listed, program, run};

const LISTINGS: [&str; 6] = ["devices", "segments", "links", "alerts", "runs", "quirks"];

#[test]
fn every_listing_has_the_same_rows_in_every_format() {
    for what in LISTINGS {
        let lines = listed(&[what]).ended(0).lines();
        let json = listed(&[what, "--format", "json"]).ended(0).json();
        assert_eq!(json.as_array().unwrap(), &lines, "{what}");
        let csv = listed(&[what, "--format", "csv"]).ended(0).out;
        let rows = csv::Reader::from_reader(csv.as_bytes())
            .into_records()
            .count();
        assert_eq!(rows, lines.len(), "{what}");
        let table = listed(&[what, "--format", "table"]).ended(0).out;
        assert_eq!(table.lines().count(), lines.len() + 1, "{what}");
        let found = if lines.is_empty() { 0 } else { 3 };
        listed(&[what, "--exit-code"]).ended(found);
    }
    assert!(!listed(&["segments"]).lines().is_empty());
    assert!(!listed(&["links"]).lines().is_empty());
}

#[test]
fn options_after_the_filter_are_options() {
    let csv = listed(&["devices", "class:pump firmware<99", "--format", "csv"])
        .ended(0)
        .out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let class = heads.iter().position(|h| h == "class").unwrap();
    let rows: Vec<_> = reader.into_records().map(Result::unwrap).collect();
    assert!(!rows.is_empty(), "{csv}");
    assert!(rows.iter().all(|r| &r[class] == "infusion-pump"), "{csv}");
    let columns = listed(&[
        "devices",
        "class:vent",
        "--columns",
        "class,name",
        "--format",
        "csv",
    ])
    .ended(0)
    .out;
    assert!(columns.starts_with("class,name\nventilator,"), "{columns}");
}

#[test]
fn short_class_names_find_their_class() {
    for (short, class) in [
        ("pump", "infusion-pump"),
        ("vent", "ventilator"),
        ("mon", "patient-monitor"),
        ("sw", "switch"),
    ] {
        let rows = listed(&["devices", &format!("class:{short}")])
            .ended(0)
            .lines();
        assert!(!rows.is_empty(), "{short}");
        assert!(
            rows.iter().all(|r| r["class"] == class),
            "{short}: {rows:?}"
        );
    }
}

#[test]
fn a_filter_may_begin_with_a_minus() {
    let all = listed(&["devices"]).lines().len();
    let pumps = listed(&["devices", "class:pump"]).lines().len();
    let others = listed(&["devices", "-class:pump", "--format", "jsonl"])
        .ended(0)
        .lines();
    assert_eq!(others.len(), all - pumps);
    let behind = listed(&["devices", "--format", "jsonl", "--exit-code"])
        .ended(3)
        .lines();
    assert_eq!(behind.len(), all);
}

#[test]
fn segments_and_links_are_listed_where_a_device_of_theirs_matches() {
    let with = listed(&["segments", "class:vent"]).ended(0).lines();
    let vents = listed(&["devices", "class:vent"]).lines();
    let names: Vec<&str> = with.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(!names.is_empty() && names.len() < listed(&["segments"]).lines().len());
    assert!(
        vents
            .iter()
            .all(|v| names.contains(&v["segment"].as_str().unwrap()))
    );
    let links = listed(&["links", "name:core-1"]).ended(0).lines();
    assert!(!links.is_empty());
    assert!(
        links
            .iter()
            .all(|l| l["a"] == "core-1" || l["b"] == "core-1"),
        "{links:?}"
    );
}

#[test]
fn a_wrong_word_names_those_that_exist() {
    listed(&["devices", "colour:red"])
        .ended(2)
        .said(&["'colour'", "class, segment"]);
    listed(&["devices", "class:toaster"])
        .ended(2)
        .said(&["'toaster'", "ventilator"]);
    listed(&["devices", "--columns", "colour"])
        .ended(2)
        .said(&["'colour'", "name, state"]);
    listed(&["devices", "--format", "xml"])
        .ended(2)
        .said(&["'xml'", "jsonl"]);
    listed(&["devices", "--follow", "--format", "table"])
        .ended(2)
        .said(&["--follow", "jsonl"]);
}

#[test]
fn times_are_rfc_3339_in_utc() {
    let rows = listed(&["devices", "state:up"]).lines();
    assert!(!rows.is_empty());
    for row in rows {
        let time = row["last_seen"].as_str().unwrap();
        assert!(time.ends_with('Z'), "{time}");
        time.parse::<jiff::Timestamp>().unwrap();
    }
}

#[test]
fn a_device_is_found_by_name_address_mac_and_tag_with_source_and_time_of_each_fact() {
    let row = listed(&["devices", "class:vent"]).lines().remove(0);
    for key in ["name", "address", "mac", "tag"] {
        let device = listed(&["device", row[key].as_str().unwrap()])
            .ended(0)
            .json();
        assert_eq!(device["name"], row["name"], "by {key}");
        let facts = device["facts"].as_array().unwrap();
        assert!(!facts.is_empty());
        for fact in facts {
            assert!(
                fact["source"].is_string() && fact["confidence"].is_number(),
                "{fact}"
            );
            fact["last_seen"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap();
        }
    }
    let text = listed(&["device", row["name"].as_str().unwrap(), "--format", "text"])
        .ended(0)
        .out;
    assert!(
        text.contains("life-sustaining") && text.contains("touch"),
        "{text}"
    );
    listed(&["device", "nobody"])
        .ended(2)
        .said(&["'nobody'", "wardwatch devices nobody"]);
}

#[test]
fn the_ledger_of_a_ventilator_is_empty_and_that_of_the_core_is_not() {
    let vent = listed(&["devices", "class:vent"]).lines().remove(0);
    let ran = listed(&["ledger", vent["name"].as_str().unwrap()]).ended(0);
    assert!(
        ran.out.is_empty() && ran.err.contains("no packet was ever sent"),
        "{ran:?}"
    );
    let rows = listed(&["ledger", "core-1"]).ended(0).lines();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(
            row["count"].as_u64().unwrap() > 0 && row["cause"].is_string(),
            "{row}"
        );
    }
}

#[test]
fn what_can_be_run_on_a_device_is_listed_with_the_reason_where_it_can_not() {
    let vent = listed(&["devices", "class:vent"]).lines().remove(0);
    let offers = listed(&["run", "list", vent["name"].as_str().unwrap()])
        .ended(0)
        .lines();
    let ping = offers.iter().find(|o| o["name"] == "ping").unwrap();
    assert!(
        ping["refusal"].as_str().unwrap().contains("never"),
        "{ping}"
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    for arguments in [
        vec!["devices", "--format", "csv"],
        vec!["devices", "--format", "jsonl"],
        vec!["devices", "--format", "json"],
        vec!["devices", "--format", "table"],
        vec!["man"],
        vec!["completions", "zsh"],
        vec!["config", "schema"],
    ] {
        let mut all = arguments.clone();
        all.extend(["--state", &evening().state]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = program(&all)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(
            ended.status.success() && said.is_empty(),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn nothing_collected_says_what_to_start() {
    let dir = tempfile::tempdir().unwrap();
    run(&["devices", "--state", &dir.path().display().to_string()])
        .ended(1)
        .said(&["nothing was collected here yet", "wardwatch daemon"]);
}

#[test]
fn a_machine_without_home_or_variables_still_lists() {
    let mut command = program(&["devices", "--state", &evening().state]);
    command.env_clear();
    assert!(!finish(command).ended(0).lines().is_empty());
    let mut command = program(&["devices", "--state", &evening().state]);
    command.env("WARDWATCH_SITE", "");
    finish(command).ended(0);
}
