//! Agents that can't take every question: learned once for all of their model, kept, and doubted where the line is bad.

use std::time::Duration;

use wardwatch::event::{Job, ObsQuirkV1, Observation};
use wardwatch::model::{Quirk, QuirkSource, Quirks, TouchPolicy};
use wardwatch::wire::snmp::{Pdu, PduKind};

use super::common::{Bench, bench, community, gate, oid, quick, target};
use super::fake::{Fake, fake, switch};

/// Repetitions that the agents of the test are silent beyond.
const MOST: i32 = 4;

fn weak(net: u8, change: impl Fn(&Pdu, Pdu) -> Option<Pdu> + Clone + Send + 'static) -> Vec<Fake> {
    (1..=10)
        .map(|n| fake([127, 79, net, n], switch(b"weak", 12), change.clone()))
        .collect()
}

fn start(fakes: &[Fake], quirks: Quirks) -> Bench {
    start_every(fakes, quirks, 1)
}

fn start_every(fakes: &[Fake], quirks: Quirks, seconds: u32) -> Bench {
    let bench = bench(&gate(TouchPolicy::Full), quick());
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    bench.poller.set_quirks(quirks.into());
    let jobs = [(Job::Status, 1), (Job::Interfaces, seconds)];
    let targets: Vec<_> = fakes
        .iter()
        .map(|f| target(f.to, &["v2c"], &jobs))
        .collect();
    bench.poller.set_targets(targets.into());
    bench
}

async fn lesson(bench: &mut Bench) -> ObsQuirkV1 {
    bench
        .until(|o| match o {
            Observation::Quirk(quirk) => Some(quirk.clone()),
            _ => None,
        })
        .await
}

/// Waits until each agent was asked for its interfaces a few times more.
async fn some_polls(bench: &mut Bench, fakes: &[Fake]) {
    for fake in fakes {
        for _ in 0..3 {
            bench
                .poll_of(fake.to.ip(), |p| !p.interfaces.is_empty())
                .await;
        }
    }
}

fn asked(fakes: &[Fake]) -> Vec<Pdu> {
    fakes
        .iter()
        .flat_map(|f| std::mem::take(&mut *f.asked.lock().unwrap()))
        .collect()
}

fn too_many(asked: &Pdu, answer: Pdu) -> Option<Pdu> {
    (asked.kind != PduKind::GetBulk || asked.error_index <= MOST).then_some(answer)
}

#[tokio::test]
async fn silence_to_many_repetitions_is_learned_for_the_model_and_kept_over_a_restart() {
    let fakes = weak(1, too_many);
    let mut bench = start(&fakes, Quirks::default());
    let learned = lesson(&mut bench).await;
    assert_eq!(learned.object_id.as_str(), "1.3.6.1.4.1.9.1.1");
    assert_eq!(learned.build.as_str(), "a switch of the test");
    let most = learned.repetitions.expect("it was about repetitions");
    assert!(i32::from(most) <= MOST && !learned.next_only, "{learned:?}");
    drop(bench);
    // the engine keeps it, and hands it to the next poller
    let quirk = Quirk {
        object_id: learned.object_id,
        firmware: learned.build,
        source: QuirkSource::Learned,
        repetitions: learned.repetitions,
        ..Quirk::default()
    };
    asked(&fakes);
    let mut bench = start(&fakes, [quirk].into_iter().collect());
    some_polls(&mut bench, &fakes).await;
    let bulk: Vec<i32> = asked(&fakes)
        .iter()
        .filter(|pdu| pdu.kind == PduKind::GetBulk)
        .map(|pdu| pdu.error_index)
        .collect();
    assert!(!bulk.is_empty());
    assert!(
        bulk.iter().all(|n| *n <= i32::from(most)),
        "asked for more than it takes: {bulk:?}"
    );
}

#[tokio::test]
async fn a_column_it_hangs_on_is_left_out_and_the_others_are_read() {
    let column = "1.3.6.1.2.1.31.1.1.1.15";
    let hangs = move |asked: &Pdu, answer: Pdu| {
        let root = oid(column);
        let inside = asked
            .varbinds
            .iter()
            .any(|v| v.oid == root || v.oid.suffix(&root).is_some());
        (!inside).then_some(answer)
    };
    let fakes = weak(2, hangs);
    // it takes a few timeouts until it is sure which column that is
    let mut bench = start_every(&fakes, Quirks::default(), 8);
    let learned = lesson(&mut bench).await;
    assert_eq!(learned.skip, [column.into()], "{learned:?}");
    // the rest is there all the same
    let poll = bench
        .poll_of(fakes[0].to.ip(), |p| !p.interfaces.is_empty())
        .await;
    assert_eq!(poll.interfaces.len(), 12);
}

#[tokio::test]
async fn what_the_site_says_is_kept_to() {
    let fakes = weak(3, |_, answer| Some(answer));
    let root = oid("1.3.6.1.2.1.31.1.1.1.1");
    let site = Quirk {
        object_id: "1.3.6.1.4.1.9".into(),
        firmware: "OF THE TEST".into(),
        next_only: Some(true),
        names: Some(3),
        skip: Some(vec!["1.3.6.1.2.1.31.1.1.1.1".into()]),
        ..Quirk::default()
    };
    let mut bench = start(&fakes, [site].into_iter().collect());
    some_polls(&mut bench, &fakes).await;
    some_polls(&mut bench, &fakes).await;
    let all = asked(&fakes);
    assert!(all.iter().any(|pdu| pdu.kind == PduKind::GetNext));
    // the first question to a stranger not left out
    for pdu in all {
        assert_ne!(pdu.kind, PduKind::GetBulk);
        assert!(
            pdu.kind != PduKind::Get || pdu.varbinds.len() <= 3,
            "{pdu:?}"
        );
        let spared = pdu
            .varbinds
            .iter()
            .all(|v| v.oid != root && v.oid.suffix(&root).is_none());
        assert!(spared, "{pdu:?}");
    }
}

#[tokio::test]
async fn a_network_that_loses_every_fourth_datagram_teaches_nothing() {
    let lost = |asked: &Pdu, answer: Pdu| {
        // by its id: always the same
        let chance = (asked.request_id as u32).wrapping_mul(2_654_435_761) >> 30;
        (chance != 0).then_some(answer)
    };
    let fakes = weak(4, lost);
    let mut bench = start(&fakes, Quirks::default());
    let end = tokio::time::Instant::now() + Duration::from_secs(8);
    let mut polls = 0;
    while let Ok(Some(batch)) = tokio::time::timeout_at(end, bench.seen.recv()).await {
        for observation in batch {
            assert!(
                !matches!(observation, Observation::Quirk(_)),
                "{observation:?}"
            );
            polls += usize::from(matches!(observation, Observation::Poll(_)));
        }
    }
    assert!(polls > 10, "{polls}");
}
