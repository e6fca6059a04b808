//! What doctor says of the machine and of what was collected.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::{Check, Verdict};
use crate::log::{SqliteLog, StateLock};
use crate::model::Text;

/// Octets of the end of the program's own log that are looked at.
const TAIL: u64 = 64 << 10;
/// Complaints that are shown.
const COMPLAINTS: usize = 3;

fn check(what: &'static str, verdict: Verdict, found: impl Into<String>, advice: &str) -> Check {
    Check {
        what,
        verdict,
        found: found.into(),
        advice: advice.into(),
    }
}

/// Distribution and kernel.
pub fn system() -> Check {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|l| l.strip_prefix("PRETTY_NAME="))
        .map_or("unknown system", |name| name.trim_matches('"'));
    let kernel = super::sysctl("kernel.osrelease");
    let found = format!("{name}, kernel {kernel}, {}", std::env::consts::ARCH);
    check("system", Verdict::Good, Text::from(found).to_string(), "")
}

/// Is the clock kept right by somebody? What is logged bears its times.
pub fn clock() -> Check {
    // systemd-timesyncd leaves this when it is in step; chrony and ntpd have sockets of their own
    let kept = [
        ("/run/systemd/timesync/synchronized", "systemd-timesyncd"),
        ("/run/chrony/chronyd.sock", "chrony"),
        ("/run/chrony/chronyd.pid", "chrony"),
        ("/run/ntpd.pid", "ntpd"),
    ];
    match kept.iter().find(|(path, _)| Path::new(path).exists()) {
        Some((_, by)) => check("clock", Verdict::Good, format!("kept by {by}"), ""),
        None => check(
            "clock",
            Verdict::Less,
            "no time service was found on this machine",
            "the log bears this machine's times: let chrony or systemd-timesyncd keep them",
        ),
    }
}

/// Who collects for the state folder now.
pub fn collector(state: &Path) -> Check {
    match StateLock::holder(state) {
        Some(pid) => check(
            "collector",
            Verdict::Good,
            format!("process {pid} collects here"),
            "",
        ),
        None => check("collector", Verdict::Good, "nobody collects here now", ""),
    }
}

/// What the log holds, and whether it can be read.
pub fn log(state: &Path) -> Check {
    if !state.join("record.db").exists() {
        return check("log", Verdict::Good, "nothing was collected here yet", "");
    }
    let oldest = SqliteLog::open_read_only(state).and_then(|log| log.oldest());
    match oldest {
        Ok(oldest) => {
            let since = oldest.map_or_else(|| "empty".to_owned(), |at| format!("since {at}"));
            let octets = size(state);
            let found = format!("{since}, {} MB", octets.div_ceil(1_000_000));
            check("log", Verdict::Good, found, "")
        }
        Err(why) => check(
            "log",
            Verdict::Bad,
            Text::from(why.to_string()).to_string(),
            "end whoever collects there, keep a copy of the folder, and start again: a torn end is cut off by itself",
        ),
    }
}

fn size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|file| file.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|of| of.len())
        .sum()
}

/// The last complaints of the program itself.
pub fn complaints(state: &Path) -> Check {
    let said = tail(&state.join("wardwatch.log")).unwrap_or_default();
    let last: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("ERROR") || line.contains("WARN"))
        .collect();
    let last = last
        .get(last.len().saturating_sub(COMPLAINTS)..)
        .unwrap_or(&[]);
    if last.is_empty() {
        return check(
            "own log",
            Verdict::Good,
            "no complaint in wardwatch.log",
            "",
        );
    }
    let last: Vec<String> = last
        .iter()
        .map(|line| Text::from(*line).to_string())
        .collect();
    check(
        "own log",
        Verdict::Less,
        last.join("; "),
        "the whole of it is wardwatch.log in the state folder",
    )
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut octets = Vec::new();
    file.take(TAIL).read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_complaints_are_shown_escaped_and_no_more_than_three() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(complaints(dir.path()).verdict, Verdict::Good);
        let lines: Vec<String> = (0..5)
            .map(|n| format!("2026-01-01T00:00:0{n}Z ERROR number {n} \u{1b}[2J\n2026 INFO x"))
            .collect();
        std::fs::write(dir.path().join("wardwatch.log"), lines.join("\n")).unwrap();
        let check = complaints(dir.path());
        assert_eq!(check.found.matches("ERROR").count(), 3);
        assert!(check.found.contains("number 4 \\u{1b}[2J") && !check.found.contains("number 1"));
    }

    #[test]
    fn a_folder_without_a_log_is_no_trouble_and_one_with_another_file_in_its_place_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(log(dir.path()).verdict, Verdict::Good);
        std::fs::write(dir.path().join("record.db"), "this is no database").unwrap();
        assert_eq!(log(dir.path()).verdict, Verdict::Bad);
    }
}
