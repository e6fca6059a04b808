//! Recordings: whole, torn, flipped, newer, hostile.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::event::Event;
use crate::log::tests::{note, poll, tick};
use crate::log::{Log as _, MemoryLog};

fn header() -> Header {
    Header {
        to: Some(Time(9_000)),
        ..Header::new("St. Anna".into(), Time(1_000))
    }
}

fn events(count: u64) -> Vec<Event> {
    (1..=count)
        .map(|n| match n % 3 {
            0 => note(n, n as i64 * 10),
            1 => tick(n, n as i64 * 10),
            _ => poll(n, n as i64 * 10, n as u32, 6),
        })
        .collect()
}

/// A recording of several frames.
fn written(path: &Path, events: &[Event], a_frame: usize) {
    let mut writer = RecordingWriter::create(path, &header()).unwrap();
    writer.snapshot(Seq(0), Time(0), b"the state").unwrap();
    for some in events.chunks(a_frame) {
        writer.append(some).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
}

fn read(path: &Path) -> Result<(Vec<Event>, u64), (Vec<Event>, LogError)> {
    let mut reader = RecordingReader::open(path).map_err(|e| (Vec::new(), e))?;
    let torn = reader.torn_bytes();
    let mut seen = Vec::new();
    for event in reader.events(Seq(0)) {
        match event {
            Ok(event) => seen.push(event),
            Err(error) => return Err((seen, error)),
        }
    }
    Ok((seen, torn))
}

#[test]
fn what_was_recorded_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("night.ward");
    let events = events(100);
    written(&path, &events, 7);
    let text = fs::read(&path).unwrap();
    let line = text.split(|b| *b == b'\n').next().unwrap();
    assert_eq!(
        String::from_utf8_lossy(line),
        format!(
            r#"{{"wardwatch-recording":1,"engine":"{}","site":"St. Anna","from":"1970-01-01T00:00:01Z","to":"1970-01-01T00:00:09Z"}}"#,
            env!("CARGO_PKG_VERSION")
        )
    );
    let mut reader = RecordingReader::open(&path).unwrap();
    assert_eq!(reader.header(), &header());
    assert_eq!(reader.span(), Some((Time(10), Time(1000))));
    assert_eq!(
        reader.first_snapshot().unwrap(),
        Some((Seq(0), Time(0), b"the state".to_vec()))
    );
    let later: Vec<Event> = reader.events(Seq(40)).map(Result::unwrap).collect();
    assert_eq!(later, events[40..]);
    assert_eq!(read(&path).unwrap(), (events, 0));
}

#[test]
fn a_recording_that_is_there_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("night.ward");
    written(&path, &events(3), 3);
    assert!(matches!(
        RecordingWriter::create(&path, &header()),
        Err(LogError::Io { .. })
    ));
    assert_eq!(read(&path).unwrap().0.len(), 3);
}

#[test]
fn a_jump_begins_with_the_newest_snapshot_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("night.ward");
    let events = events(30);
    let mut writer = RecordingWriter::create(&path, &header()).unwrap();
    for some in events.chunks(10) {
        let first = &some[0];
        let at = (Seq(first.seq.0 - 1), first.time);
        writer.snapshot(at.0, at.1, &at.0.0.to_le_bytes()).unwrap();
        writer.append(some).unwrap();
    }
    writer.finish().unwrap();
    let mut reader = RecordingReader::open(&path).unwrap();
    for (at, seq) in [(10, 0u64), (110, 10), (209, 10), (210, 20), (9999, 20)] {
        let (found, _, bytes) = reader.snapshot_before(Time(at)).unwrap().unwrap();
        assert_eq!(
            (found.0, bytes),
            (seq, seq.to_le_bytes().to_vec()),
            "at {at}"
        );
    }
    assert_eq!(reader.snapshot_before(Time(9)).unwrap(), None);
    assert_eq!(reader.events(Seq(20)).count(), 10);
}

#[test]
fn wherever_it_is_torn_the_whole_frames_are_read_and_the_rest_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("night.ward");
    let events = events(20);
    written(&path, &events, 5);
    let whole = fs::read(&path).unwrap();
    let line = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut most = 0;
    for cut in line..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (seen, torn) = read(&path).unwrap();
        assert!(seen.len() % 5 == 0 && seen.len() >= most, "cut at {cut}");
        assert_eq!(seen, events[..seen.len()]);
        most = seen.len();
        let frames_end = cut as u64 - torn;
        assert!(frames_end as usize >= line);
    }
    assert_eq!(most, 15, "the last frame is never whole here");
    for cut in 0..line {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(matches!(
            read(&path),
            Err((_, LogError::Damaged { at: 0, .. }))
        ));
    }
    let mut zeros = whole.clone();
    zeros.extend([0; 4096]);
    fs::write(&path, &zeros).unwrap();
    assert_eq!(read(&path).unwrap(), (events, 4096));
}

#[test]
fn every_flipped_bit_after_the_first_line_is_found_and_its_frame_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("night.ward");
    let events = events(9);
    written(&path, &events, 3);
    let whole = fs::read(&path).unwrap();
    let line = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    let snapshot_end = line + 49 + u32_at(&whole, line + 5);
    for at in snapshot_end..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        match read(&path) {
            Err((seen, LogError::Damaged { at: named, .. })) => {
                assert_eq!(seen, events[..seen.len()], "byte {at}");
                assert!(named as usize <= at && named as usize >= line, "byte {at}");
            }
            other => panic!("byte {at}: {other:?}"),
        }
    }
    // and in the snapshot, by whoever asks for it
    let mut flipped = whole.clone();
    flipped[line + 60] ^= 1;
    fs::write(&path, &flipped).unwrap();
    let mut reader = RecordingReader::open(&path).unwrap();
    assert!(reader.first_snapshot().is_err());
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

#[test]
fn a_newer_one_is_refused_and_a_foreign_file_is_called_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::write(&path, "{\"wardwatch-recording\":2,\"engine\":\"9\"}\n").unwrap();
    let (_, error) = read(&path).unwrap_err();
    assert!(matches!(
        error,
        LogError::Newer {
            found: 2,
            known: 1,
            ..
        }
    ));
    assert!(error.to_string().contains("newer wardwatch"), "{error}");
    for foreign in [
        "",
        "{}\n",
        "hello\n",
        "\u{1}\u{2}",
        "[1]\n",
        "{\"wardwatch-recording\":\"1\"}\n",
    ] {
        fs::write(&path, foreign).unwrap();
        let (_, error) = read(&path).unwrap_err();
        assert!(
            error.to_string().contains("not a wardwatch recording"),
            "{error}"
        );
    }
}

#[test]
fn a_window_of_a_log_is_exported() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = MemoryLog::new();
    let events = events(50);
    log.append(&events).unwrap();
    let head = Header {
        to: Some(Time(300)),
        ..header()
    };
    let path = dir.path().join("a");
    assert_eq!(export(&mut log, None, &head, &path).unwrap(), 30);
    assert_eq!(read(&path).unwrap().0, events[..30]);
    let path = dir.path().join("b");
    let snapshot = (Seq(20), Time(200), b"state".as_slice());
    assert_eq!(export(&mut log, Some(snapshot), &head, &path).unwrap(), 10);
    assert_eq!(read(&path).unwrap().0, events[20..30]);
}

#[test]
fn a_secret_given_in_plain_is_nowhere_in_the_file() {
    use crate::event::{Body, ConfigAppliedV2};
    use crate::model::{Credential, CredentialKind, PlainSecret, SecretRef, Site};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let secret = "correct-horse-battery-staple";
    let config = Event {
        seq: Seq(1),
        time: Time(1),
        body: Body::Config(Box::new(ConfigAppliedV2 {
            hash: "00".into(),
            site: Site {
                credentials: vec![Credential {
                    name: "c".into(),
                    how: CredentialKind::V2c {
                        community: SecretRef::Plain(PlainSecret::new(secret.into())),
                    },
                }],
                ..Site::default()
            },
        })),
    };
    written(&path, std::slice::from_ref(&config), 1);
    let (seen, _) = read(&path).unwrap();
    let shown = format!("{seen:?}");
    assert!(shown.contains("env:WITHHELD") && !shown.contains(secret));
    let file = fs::read(&path).unwrap();
    assert!(!file.windows(8).any(|w| w == &secret.as_bytes()[..8]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn hostile_bytes_are_refused_without_a_panic(
        tail in prop::collection::vec(any::<u8>(), 0..400),
        cut in any::<prop::sample::Index>(),
        keep in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        written(&path, &events(4), 2);
        let mut bytes = fs::read(&path).unwrap();
        if keep {
            bytes.truncate(cut.index(bytes.len()));
        } else {
            bytes = b"{\"wardwatch-recording\":1}\n".to_vec();
        }
        bytes.extend(&tail);
        fs::write(&path, &bytes).unwrap();
        let seen = match read(&path) {
            Ok((seen, _)) | Err((seen, _)) => seen,
        };
        prop_assert!(seen.len() <= 4);
    }
}
