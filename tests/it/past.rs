//! The past of a program that collects: wherever one goes, and however quickly, it shows what the log stands for; and in the program
//! itself, by its keys.

use std::path::Path;
use std::sync::Arc;

use wardwatch::engine::State;
use wardwatch::event::{Body, Command, Event, ObsPingV1, Observation};
use wardwatch::host::replay::{Player, fold_whole};
use wardwatch::host::tape::{Collected, Recording, Tape, state_at};
use wardwatch::host::{Feed, WithPast};
use wardwatch::log::recording::{Header, RecordingWriter};
use wardwatch::log::{Answer, Log as _, Query, Retention, SqliteLog};
use wardwatch::model::{DeviceId, Seq, Text, Time};
use wardwatch::ui::Live;

use crate::support::{Pty, eventually, switches};

const BEGIN: i64 = 1_700_000_000_000;
const EVENTS: u64 = 3_000;
/// Between two events.
const STEP: i64 = 7_000;

fn events() -> Vec<Event> {
    let config = switches(20);
    let time = |n: u64| Time(BEGIN + n as i64 * STEP);
    let pings = (1..EVENTS).map(|n| match n % 500 {
        0 => Body::Command {
            by: "ana".into(),
            command: Command::Note {
                device: DeviceId(1),
                note: "rung up".into(),
            },
        },
        _ => Body::Observation(Observation::Ping(ObsPingV1 {
            at: time(n),
            address: [10, 0, 10, (n % 20) as u8 + 1].into(),
            rtt_ms: (n / 50 % 3 != 0).then_some(n as u32 % 90),
        })),
    });
    (1..)
        .zip(std::iter::once(config).chain(pings))
        .map(|(n, body)| Event {
            seq: Seq(n),
            time: time(n),
            body,
        })
        .collect()
}

/// A log with a state at hand every so many events.
fn log(dir: &Path, events: &[Event], every: usize) {
    let mut log = SqliteLog::open(dir, Retention::default()).unwrap();
    let mut state = State::new();
    for (n, event) in events.iter().enumerate() {
        log.append(std::slice::from_ref(event)).unwrap();
        let _ = state.apply(event);
        if n % 300 == 299 {
            log.flush().unwrap();
        }
        if n % every == every - 1 {
            log.keep_snapshot(event.seq, event.time, &state.to_snapshot())
                .unwrap();
        }
    }
    log.note_end().unwrap();
}

fn hash_at(events: &[Event], to: Time) -> [u8; 32] {
    let mut state = State::new();
    for event in events.iter().take_while(|e| e.time <= to) {
        let _ = state.apply(event);
    }
    state.hash()
}

/// xorshift: the same places each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn arrived(player: &Player) -> Time {
    let mut at = Time(0);
    eventually("the jump to be over", || match player.live() {
        Live::Replay(played) => {
            at = played.at;
            played.towards.is_none()
        }
        other => panic!("{other:?}"),
    });
    at
}

fn jump_about(tape: Arc<dyn Tape>, events: &[Event]) {
    let (from, to) = (events[0].time, events[events.len() - 1].time);
    let player = Player::start(tape, (from, to), Some(to), 0, Arc::default()).unwrap();
    let mut dice = Dice(11);
    for _ in 0..40 {
        // some keys at once: only the last place counts
        let mut last = from;
        for _ in 0..=dice.below(4) {
            last = from
                + std::time::Duration::from_millis(dice.below(to.since(from).as_millis() as u64));
            player.seek(last);
        }
        assert_eq!(arrived(&player), last);
        assert_eq!(player.state().hash(), hash_at(events, last), "{last}");
    }
}

#[test]
fn wherever_one_jumps_to_in_a_log_or_a_recording_it_is_what_was() {
    let events = events();
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), &events, 400);
    jump_about(Arc::new(Collected(dir.path().into())), &events);
    let file = dir.path().join("night.wwr");
    let mut writer =
        RecordingWriter::create(&file, &Header::new("St. Anna".into(), events[0].time)).unwrap();
    for some in events.chunks(250) {
        writer.append(some).unwrap();
    }
    writer.finish().unwrap();
    let recording = Recording(file);
    let whole = fold_whole(&recording).unwrap();
    assert_eq!(whole.events, EVENTS);
    assert!(!whole.marks.is_empty() && whole.marks.is_sorted_by_key(|m| m.time));
    jump_about(Arc::new(recording), &events);
}

/// The present of a hospital whose clock stands still.
struct Present(Arc<State>, Time);

impl Feed for Present {
    fn state(&self) -> Arc<State> {
        Arc::clone(&self.0)
    }
    fn live(&self) -> Live {
        Live::Live
    }
    fn now(&self) -> Time {
        self.1
    }
    fn health(&self) -> Option<Arc<wardwatch::model::Health>> {
        None
    }
    fn attach(&self, _: &Arc<wardwatch::host::Waker>) {}
    fn seek(&self, _: Time) {}
    fn since(&self, _: Time, _: wardwatch::host::Told) {}
    fn speed(&self, _: u32) {}
    fn query(&self, _: Query, tell: Box<dyn FnOnce(Answer) + Send>) {
        tell(Answer::Deeds(Vec::new()));
    }
    fn deed(&self, _: Body, _: Box<dyn FnOnce(Text) + Send>) {}
}

#[test]
fn what_is_said_of_a_state_is_true_of_it_on_the_way_into_the_past_and_out_of_it() {
    let events = events();
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), &events, 400);
    let last = events[events.len() - 1].time;
    let mut state = State::new();
    for event in &events {
        let _ = state.apply(event);
    }
    // what is the present is in no log yet
    state.revision += 1_000;
    let present = Arc::new(state);
    let now = last + std::time::Duration::from_secs(2);
    let live = Arc::new(Present(Arc::clone(&present), now));
    let feed = WithPast::new(live, dir.path().into());
    for _ in 0..20 {
        feed.seek(last - std::time::Duration::from_secs(90));
        let mut was = false;
        eventually("the past, and the present again", || {
            let world = feed.world();
            let is_present = Arc::ptr_eq(&world.state, &present);
            match &world.live {
                Live::Live => assert!(is_present, "LIVE over what was"),
                Live::Replay(played) => {
                    assert!(played.past && !is_present, "PAST over what is");
                    assert!(world.state.time <= played.at);
                    if !was {
                        feed.speed(1_024);
                    }
                    was = true;
                }
                other => panic!("{other:?}"),
            }
            was && is_present
        });
    }
}

#[test]
fn where_the_log_is_damaged_nothing_after_it_is_shown_and_that_is_said() {
    let events = events();
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), &events, 10_000);
    // one batch in the middle of the day's file
    let telemetry = std::fs::read_dir(dir.path().join("telemetry")).unwrap();
    let day = telemetry
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.extension().is_some_and(|e| e == "db"))
        .unwrap();
    let damage = rusqlite::Connection::open(&day).unwrap();
    let batches: i64 = damage
        .query_row("SELECT count(*) FROM batch", [], |row| row.get(0))
        .unwrap();
    let middle: i64 = damage
        .query_row(
            "SELECT last_seq FROM batch ORDER BY last_seq LIMIT 1 OFFSET ?1",
            [batches / 2],
            |row| row.get(0),
        )
        .unwrap();
    damage
        .execute(
            "UPDATE batch SET data = x'00' WHERE last_seq = ?1",
            [middle],
        )
        .unwrap();
    drop(damage);
    let (from, to) = (events[0].time, events[events.len() - 1].time);
    let tape = Arc::new(Collected(dir.path().into()));
    let player = Player::start(tape, (from, to), Some(from), 0, Arc::default()).unwrap();
    player.seek(to);
    let at = arrived(&player);
    assert!(at < to, "{at}");
    assert_eq!(player.state().hash(), hash_at(&events, at));
    let said = player.said().unwrap();
    assert!(said.as_str().contains("can't be read"), "{said}");
    // and what is before it is still told
    player.seek(events[9].time);
    assert_eq!(arrived(&player), events[9].time);
    assert_eq!(player.state().hash(), hash_at(&events, events[9].time));
}

#[test]
fn the_state_of_a_time_is_told_from_the_nearest_snapshot() {
    let events = events();
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), &events, 250);
    let tape = Collected(dir.path().into());
    for n in [0, 249, 250, 1_234, EVENTS as usize - 1] {
        let at = events[n].time;
        let near = tape.before(at).unwrap();
        assert!(n as u64 + 1 - near.seq.0 <= 250 || n < 250, "{n}");
        assert_eq!(state_at(&tape, at).unwrap().hash(), hash_at(&events, at));
    }
}

#[test]
fn a_key_shows_what_was_and_another_what_is() {
    let mut pty = Pty::start(
        &["demo", "--scenario", "quiet", "--endpoints", "40"],
        120,
        36,
    );
    pty.expect("LIVE");
    pty.expect("ICU-3");
    // what was collected is written down each second
    let mut tries = 0;
    eventually("the past", || {
        tries += 1;
        pty.keys("[");
        let end = std::time::Instant::now() + std::time::Duration::from_millis(700);
        while std::time::Instant::now() < end {
            if pty.text().contains("PAST stopped") {
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        false
    });
    pty.expect("present");
    assert!(!pty.text().contains("LIVE"));
    pty.keys("4");
    pty.expect("Devices");
    // nothing is done in it
    pty.keys("r");
    pty.expect("go back to the present first");
    // a minute on is the present: this hospital is not that old
    pty.keys("]");
    pty.expect("LIVE");
    pty.keys("C-1m\r");
    pty.expect_that("what changed, or why it can't be told", |seen| {
        let text = seen.parser.screen().contents();
        text.contains(" since ") || text.contains("what is kept tells")
    });
    pty.keys("\x03");
    pty.ended();
}
