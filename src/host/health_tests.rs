//! Figures become rates, and the one that blinds the watch is told to everybody.

use super::*;

fn raw(at_ms: u64) -> Raw {
    Raw {
        at_ms,
        now: Time(1_000_000 + at_ms.cast_signed()),
        ..Raw::default()
    }
}

fn meter() -> Meter {
    Meter::new(Time(1_000_000), Home::default())
}

#[test]
fn this_process_has_used_time_and_memory() {
    let (now, peak) = memory_kib();
    assert!(cpu_us() > 0 && now > 0 && peak >= now);
}

#[test]
fn rates_are_of_the_last_minute_and_totals_of_all_time() {
    let mut meter = meter();
    let first = meter.take(&raw(0), Vec::new());
    assert_eq!(first.poller.sent, Flow::default());
    assert!(first.trend.is_empty());
    let mut last = first;
    // ten a second for a minute, then nothing for half of one
    for second in 1..=90u64 {
        let mut raw = raw(second * 1000);
        raw.stats.pdus_sent = second.min(60) * 10;
        raw.stats.answered = second.min(60) * 10;
        raw.cpu_us = second * 250_000;
        raw.events = second * 4;
        raw.fold_ns = second * 4 * 1500;
        last = meter.take(&raw, Vec::new());
    }
    let sent = last.poller.sent;
    assert_eq!((sent.total, sent.minute, sent.rate), (600, 300, Rate(5000)));
    assert_eq!(last.process.cpu_permille, 250);
    assert_eq!(last.collector.fold_ns, 1500);
    assert_eq!(last.collector.events.rate, Rate(4000));
    // a point in three measures
    assert_eq!(last.trend.len(), 30);
    assert_eq!(last.trend[0].sent, 10);
    assert_eq!(last.trend[29].sent, 0);
    assert_eq!(meter.minute.len(), 61);
}

#[test]
fn a_trend_ends_somewhere() {
    let mut meter = meter();
    let mut last = Health::default();
    for n in 0..500 {
        last = meter.take(&raw(n * 2000), Vec::new());
    }
    assert_eq!(last.trend.len(), TREND);
    assert!(meter.minute.len() <= 31);
}

#[test]
fn a_clock_that_stands_still_divides_by_nothing() {
    let mut meter = meter();
    let mut one = raw(5);
    meter.take(&one, Vec::new());
    one.stats.pdus_sent = 7;
    one.cpu_us = u64::MAX;
    let health = meter.take(&one, Vec::new());
    assert_eq!(
        (health.poller.sent.minute, health.poller.sent.rate),
        (7, Rate(0))
    );
    assert_eq!(health.process.cpu_permille, 0);
}

#[test]
fn what_the_poller_says_of_itself_is_passed_on() {
    let mut one = raw(1);
    one.stats.window = 3;
    one.stats.most_window = 310;
    one.stats.window_limit = 512;
    one.stats.targets = 1_204;
    one.stats.sockets = 2;
    one.stats.buffer_bytes = 8 << 20;
    one.stats.late_ms_p50 = 4;
    one.stats.late_ms_p99 = 90;
    let p = meter().take(&one, Vec::new()).poller;
    assert_eq!((p.window, p.window_most, p.window_limit), (3, 310, 512));
    assert_eq!((p.agents, p.sockets, p.buffer_bytes), (1_204, 2, 8 << 20));
    assert_eq!((p.late_ms_p50, p.late_ms_p99), (4, 90));
}

#[test]
fn what_a_day_takes_is_told_by_a_whole_day_or_by_ten_minutes_of_growth() {
    let mut meter = meter();
    let at = |minutes: u64, bytes: u64| {
        let mut one = raw(minutes * 60_000);
        one.size.telemetry = bytes;
        one
    };
    let day = |meter: &mut Meter, raw: Raw| meter.take(&raw, Vec::new()).collector.day_bytes;
    assert_eq!(day(&mut meter, at(0, 5_000)), None);
    assert_eq!(day(&mut meter, at(9, 14_000)), None);
    assert_eq!(day(&mut meter, at(10, 15_000)), Some(1_440_000));
    let mut whole = at(11, 15_000);
    whole.size.whole_day = Some(77);
    assert_eq!(day(&mut meter, whole), Some(77));
}

fn dropping(minute: u64, total: u64) -> Health {
    let mut health = Health::default();
    health.poller.answered.minute = 1_000;
    health.poller.kernel_drops = Flow {
        total,
        minute,
        rate: Rate(0),
    };
    health
}

fn words(input: Option<Input>) -> Option<(String, u64)> {
    match input? {
        Input::Observations(list) => match list.as_slice() {
            [Observation::Source(seen)] => Some((seen.trouble.to_string(), seen.dropped)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn that_the_kernel_drops_much_is_told_once_and_that_it_stopped_as_well() {
    let mut said = Said::default();
    assert_eq!(words(said.news(&dropping(0, 0))), None);
    assert_eq!(
        words(said.news(&dropping(3, 3))),
        None,
        "a few are asked again"
    );
    let (trouble, dropped) = words(said.news(&dropping(500, 503))).unwrap();
    assert!(trouble.contains("net.core.rmem_max"), "{trouble}");
    assert_eq!(dropped, 503);
    // whoever could not be told is told again
    said.told(false);
    assert!(said.news(&dropping(400, 700)).is_some());
    said.told(true);
    assert_eq!(words(said.news(&dropping(300, 800))), None);
    assert_eq!(
        words(said.news(&dropping(0, 800))),
        Some((String::new(), 800))
    );
}
