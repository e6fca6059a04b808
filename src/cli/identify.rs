//! `wardwatch identify FILE.snmprec...`: what recorded devices are.

use std::path::Path;

use color_eyre::Result;
use serde_json::{Value, json};

use super::args::IdentifyArgs;
use super::output::Listing;
use super::{Done, usage};
use crate::identify::{self, Recorded, Rules};
use crate::model::{DeviceClass, Text};
use crate::wire::snmp::Oid;
use crate::wire::snmprec::{self, Recording};

/// Octets of a recording.
const FILE_CAP: u64 = 256 * 1024 * 1024;

/// Prints it.
pub fn identify(args: &IdentifyArgs) -> Result<Done> {
    let own;
    let rules = match &args.rules {
        Some(folder) => {
            own = of_folder(folder)?;
            &own
        }
        None => identify::shipped().map_err(said)?,
    };
    let mut list = Listing::new(&[
        "file",
        "vendor",
        "os",
        "model",
        "version",
        "serial",
        "features",
        "class",
        "sys_name",
        "sys_object_id",
        "rule",
        "confidence",
        "skipped_lines",
    ]);
    let mut failed = false;
    for file in &args.files {
        match read(file) {
            Ok(recording) => list.row(row(file, &recording, rules)),
            Err(why) => {
                eprintln!("wardwatch: {}: {why}", file.display());
                failed = true;
            }
        }
    }
    list.print(args.format)?;
    if failed {
        return Err(color_eyre::eyre::eyre!("not every file could be read"));
    }
    Ok(Done::Done)
}

fn read(file: &Path) -> std::io::Result<Recording> {
    let size = std::fs::metadata(file)?.len();
    if size > FILE_CAP {
        return Err(std::io::Error::other(format!(
            "{size} octets are more than a recording may have ({FILE_CAP})"
        )));
    }
    Ok(snmprec::parse(&std::fs::read(file)?))
}

/// `sysName.0` and `sysObjectID.0` as they were answered.
fn answered(recording: &Recording, arc: u32) -> Option<Text> {
    let oid = Oid::new(vec![1, 3, 6, 1, 2, 1, 1, arc, 0]);
    let text = identify::Answers::text(&Recorded(&recording.varbinds), oid.arcs())?.into_owned();
    Some(Text::from(text)).filter(|text| !text.is_empty())
}

fn row(file: &Path, recording: &Recording, rules: &Rules) -> Vec<Value> {
    let is = rules.identify(&Recorded(&recording.varbinds));
    vec![
        json!(Text::from(file.to_string_lossy().into_owned())),
        json!(is.vendor),
        json!(is.os),
        json!(is.model),
        json!(is.version),
        json!(is.serial),
        json!(is.features),
        json!(is.class.map(DeviceClass::word)),
        json!(answered(recording, 5)),
        json!(answered(recording, 2)),
        json!(is.rule),
        json!(is.rule.as_ref().map(|_| is.confidence)),
        json!(recording.skipped_total),
    ]
}

/// The rules of a folder, in place of those that are shipped.
fn of_folder(folder: &Path) -> Result<Rules> {
    let unread = |e: std::io::Error| usage(format!("--rules {}: {e}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(&path)
                .map_err(|e| usage(format!("{}: {e}", path.display())))?;
            files.push((path.display().to_string(), text));
        }
    }
    if files.is_empty() {
        return Err(usage(format!(
            "--rules {}: there is no .toml file in it",
            folder.display()
        )));
    }
    files.sort();
    let files = files.iter().map(|(f, t)| (f.as_str(), t.as_str()));
    Rules::read(files).map_err(|mistakes| said(&mistakes))
}

fn said(mistakes: &[identify::RuleError]) -> color_eyre::Report {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    usage(lines.join("\n"))
}
