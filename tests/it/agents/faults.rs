//! Agents that misbehave: each is counted and named, slows no other, and leaves nothing half told as whole.

use std::net::{IpAddr, UdpSocket};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardwatch::event::{Job, ObsPollV1, PollOutcome};
use wardwatch::model::{AuthProtocol, TouchPolicy};
use wardwatch::sources::snmp::{
    Login, PollResult, PollerConfig, PollerStats, SnmpError, poll_once,
};
use wardwatch::wire::snmp::usm::{Authority, Incoming, UserKeys};
use wardwatch::wire::snmp::{Message, Pdu, PduKind, Value};

use super::common::{Bench, agent, bench, community, gate, oid, quick, target, user};
use super::fake::{Fake, fake, raw, serve, switch};

pub fn start(config: PollerConfig) -> Bench {
    let bench = bench(&gate(TouchPolicy::Full), config);
    bench
        .poller
        .set_logins([("v2c".into(), community("public"))].into());
    bench
}

pub async fn once(bench: &Bench, fakes: &[&Fake], plan: &str) -> Vec<PollResult> {
    let targets: Vec<_> = fakes.iter().map(|f| target(f.to, &["v2c"], &[])).collect();
    let mut out = Vec::new();
    poll_once(&bench.poller, &targets, plan, |r| out.push(r))
        .await
        .unwrap();
    out
}

/// Polls one misbehaving agent beside a good one, which must not suffer.
pub async fn beside_a_good_one(bad: &Fake, plan: &str) -> (ObsPollV1, PollerStats) {
    let good = fake([127, 78, 0, 1], switch(b"good", 3), |_, a| Some(a));
    let bench = start(quick());
    let results = once(&bench, &[bad, &good], plan).await;
    let of = |f: &Fake| {
        let found = results
            .iter()
            .find(|r| r.port == f.to.port() && r.address == f.to.ip());
        found.unwrap().poll.clone()
    };
    assert_eq!(of(&good).outcome, PollOutcome::Answered);
    if plan != "interfaces" {
        assert_eq!(of(&good).system.unwrap().name.as_str(), "good");
    }
    (of(bad), bench.poller.stats())
}

#[tokio::test]
async fn silent_agents_time_out_and_hold_up_nobody() {
    let config = PollerConfig {
        first_timeout: Duration::from_secs(2),
        ..quick()
    };
    let config = PollerConfig {
        most_timeout: Duration::from_secs(2),
        ..config
    };
    let good: Vec<Fake> = (1..=20)
        .map(|n| fake([127, 78, 1, n], switch(b"good", 2), |_, a| Some(a)))
        .collect();
    let silent: Vec<Fake> = (1..=5).map(|n| raw([127, 78, 2, n], |_| vec![])).collect();
    let bench = start(config);
    let all: Vec<&Fake> = silent.iter().chain(&good).collect();
    let results = once(&bench, &all, "all").await;
    let (first, last) = results.split_at(20);
    assert!(
        first
            .iter()
            .all(|r| r.poll.outcome == PollOutcome::Answered),
        "these came first"
    );
    assert!(last.iter().all(|r| r.poll.outcome == PollOutcome::Timeout));
    let stats = bench.poller.stats();
    assert_eq!((stats.timed_out, stats.retries), (5, 5));
    assert!(silent.iter().all(|f| f.heard.load(Ordering::Relaxed) == 2));
}

#[tokio::test]
async fn malformed_ber_is_named_and_counted() {
    let bad = raw([127, 78, 3, 1], |bytes| {
        let message = Message::decode(bytes).unwrap();
        let mib = switch(b"bad", 1);
        let mut answer = Message {
            pdu: serve(&mib, &message.pdu),
            ..message
        }
        .encode();
        let last = answer.len() - 2;
        answer[last] = 0x7f;
        vec![(answer, None)]
    });
    let (poll, stats) = beside_a_good_one(&bad, "status").await;
    assert!(
        matches!(&poll.outcome, PollOutcome::Malformed(why) if !why.is_empty()),
        "{poll:?}"
    );
    assert!(poll.system.is_none());
    assert_eq!(stats.malformed, 2, "both attempts");
}

#[tokio::test]
async fn an_answer_with_a_wrong_request_id_is_dropped_and_counted() {
    let bad = fake([127, 78, 4, 1], switch(b"bad", 1), |_, mut answer| {
        answer.request_id = answer.request_id.wrapping_add(1);
        Some(answer)
    });
    let (poll, stats) = beside_a_good_one(&bad, "status").await;
    assert_eq!(poll.outcome, PollOutcome::Timeout);
    assert_eq!(stats.unmatched, 2);
}

#[tokio::test]
async fn a_reply_from_another_address_is_dropped_and_counted() {
    let mib = switch(b"bad", 1);
    let bad = raw([127, 78, 5, 1], move |bytes| {
        let message = Message::decode(bytes).unwrap();
        let answer = Message {
            pdu: serve(&mib, &message.pdu),
            ..message
        }
        .encode();
        vec![(answer, Some(UdpSocket::bind("127.78.5.2:0").unwrap()))]
    });
    let (poll, stats) = beside_a_good_one(&bad, "status").await;
    assert_eq!(poll.outcome, PollOutcome::Timeout);
    assert_eq!(stats.unmatched, 2);
}

#[tokio::test]
async fn a_late_answer_is_counted_and_does_not_answer_the_next_question() {
    let (mut held, mut questions) = (Vec::new(), 0);
    let mib = switch(b"late", 1);
    let bad = raw([127, 78, 6, 1], move |bytes| {
        let message = Message::decode(bytes).unwrap();
        let answer = Message {
            pdu: serve(&mib, &message.pdu),
            ..message
        }
        .encode();
        held.push(answer);
        questions += 1;
        // nothing for the first question in both its attempts; then that answer before the right one
        match questions {
            1 | 2 => vec![],
            _ => held.drain(..).map(|a| (a, None)).collect(),
        }
    });
    let bench = start(quick());
    let ask = |name: &str| {
        let names = vec![oid(name)];
        bench.poller.get(
            agent(bad.to, community("public")),
            names,
            "test".into(),
            None,
        )
    };
    assert_eq!(
        ask("1.3.6.1.2.1.1.5.0").await,
        Err(SnmpError::Timeout(bad.to))
    );
    let got = ask("1.3.6.1.2.1.1.3.0").await.unwrap();
    assert_eq!(got[0].value, Value::TimeTicks(4_711));
    // a second one, for both to have come in
    ask("1.3.6.1.2.1.1.3.0").await.unwrap();
    assert_eq!(bench.poller.stats().late, 2);
}

/// A switch whose columns go round in a circle.
pub fn looping(ip: [u8; 4]) -> Fake {
    fake(ip, switch(b"loop", 8), |_, mut answer| {
        // behind port 5 comes port 2 again
        for bind in &mut answer.varbinds {
            if let [stem @ .., 6] = bind.oid.arcs()
                && stem.len() > 9
            {
                bind.oid = wardwatch::wire::snmp::Oid::new(stem.to_vec()).child(&[2]);
            }
        }
        Some(answer)
    })
}

#[tokio::test]
async fn a_walk_that_loops_ends_and_is_not_whole() {
    let bad = looping([127, 78, 7, 1]);
    let (poll, stats) = beside_a_good_one(&bad, "all").await;
    assert_eq!(poll.outcome, PollOutcome::Answered, "it lives");
    assert!(
        !poll.interfaces_whole && poll.interfaces.len() <= 8,
        "{poll:?}"
    );
    assert!(stats.malformed >= 1);

    let bench = start(quick());
    let login = community("public");
    let got = bench
        .poller
        .walk(
            agent(bad.to, login),
            oid("1.3.6.1.2.1.31.1.1.1.1"),
            1_000,
            "test".into(),
            None,
        )
        .await;
    assert!(
        matches!(&got, Err(SnmpError::Malformed(_, why)) if why.as_str().contains("increase")),
        "{got:?}"
    );
}

/// A switch whose columns have no end.
pub fn endless(ip: [u8; 4]) -> Fake {
    raw(ip, |bytes| {
        let message = Message::decode(bytes).unwrap();
        let pdu = &message.pdu;
        let mib = switch(b"endless", 1);
        let mut answer = serve(&mib, pdu);
        if pdu.kind == PduKind::GetBulk {
            // every column goes on for ever
            let once = pdu.error_status as usize;
            answer.varbinds.truncate(once);
            let mut row: Vec<_> = pdu.varbinds[once..].iter().map(|v| v.oid.clone()).collect();
            for _ in 0..pdu.error_index {
                for oid in &mut row {
                    let mut arcs = oid.arcs().to_vec();
                    match arcs.last_mut() {
                        Some(last) if is_instance(oid) => *last += 1,
                        _ => arcs.push(1),
                    }
                    *oid = wardwatch::wire::snmp::Oid::new(arcs);
                    answer.varbinds.push(wardwatch::wire::snmp::VarBind {
                        oid: oid.clone(),
                        value: Value::Integer(1),
                    });
                }
            }
        }
        vec![(
            Message {
                pdu: answer,
                ..message
            }
            .encode(),
            None,
        )]
    })
}

#[tokio::test]
async fn a_table_without_end_stops_at_its_cap_and_is_not_whole() {
    let bad = endless([127, 78, 8, 1]);
    let (poll, _) = beside_a_good_one(&bad, "interfaces").await;
    assert!(!poll.interfaces_whole);
    assert!(
        (4_000..=4_096).contains(&poll.interfaces.len()),
        "{}",
        poll.interfaces.len()
    );

    let bench = start(quick());
    let got = bench
        .poller
        .walk(
            agent(bad.to, community("public")),
            oid("1.3.6.1.2.1.2.2.1.2"),
            500,
            "test".into(),
            None,
        )
        .await;
    assert!(matches!(got, Err(SnmpError::Partial(..))), "{got:?}");
    assert!(bench.poller.stats().pdus_sent < 100);
}

/// Columns of the interface tables have 10 or 11 arcs.
fn is_instance(oid: &wardwatch::wire::snmp::Oid) -> bool {
    let column = if oid.arcs().get(6) == Some(&31) {
        11
    } else {
        10
    };
    oid.arcs().len() > column
}

#[tokio::test]
async fn escape_sequences_in_a_name_are_escaped_and_64_kb_are_cut() {
    let mut mib = switch(b"pump\x1b]0;owned\x07\xe2\x80\xae", 1);
    mib.insert(oid("1.3.6.1.2.1.1.1.0"), Value::Octets(vec![b'A'; 64_000]));
    let bad = fake([127, 78, 9, 1], mib, |_, a| Some(a));
    let (poll, _) = beside_a_good_one(&bad, "status").await;
    let system = poll.system.unwrap();
    assert_eq!(system.name.as_str(), "pump\\u{1b}]0;owned\\u{7}\\u{202e}");
    assert!(system.descr.as_str().len() < 5_000 && system.descr.as_str().ends_with('…'));
}

#[tokio::test]
async fn too_big_is_asked_again_for_less_until_it_fits() {
    let bad = fake([127, 78, 10, 1], switch(b"small", 12), |asked, answer| {
        if answer.varbinds.len() > 4 {
            return Some(Pdu {
                error_status: 1,
                varbinds: asked.varbinds.clone(),
                ..asked.response(vec![])
            });
        }
        Some(answer)
    });
    let (poll, _) = beside_a_good_one(&bad, "all").await;
    assert_eq!(poll.outcome, PollOutcome::Answered);
    assert_eq!(poll.system.unwrap().name.as_str(), "small");
    assert!(poll.interfaces_whole);
    assert_eq!(poll.interfaces.len(), 12);
    assert!(poll.interfaces.iter().all(|i| i.meta.is_some()));
}

#[tokio::test]
async fn a_truncated_getbulk_loses_no_row_and_mixes_no_two_answers() {
    let mut n = 0u32;
    let bad = fake(
        [127, 78, 11, 1],
        switch(b"short", 20),
        move |asked, mut answer| {
            n += 1;
            for bind in &mut answer.varbinds {
                match bind.value {
                    Value::TimeTicks(_) => bind.value = Value::TimeTicks(n),
                    // each answer has counters of its own
                    Value::Counter64(port) => {
                        bind.value = Value::Counter64(u64::from(n) * 1_000 + port);
                    }
                    _ => {}
                }
            }
            if asked.kind == PduKind::GetBulk {
                answer.varbinds.truncate(25);
            }
            Some(answer)
        },
    );
    let (poll, _) = beside_a_good_one(&bad, "all").await;
    assert!(poll.interfaces_whole);
    assert_eq!(poll.interfaces.len(), 20);
    for interface in &poll.interfaces {
        let counters = interface
            .counters
            .expect("both counters came in one answer");
        let expected = u64::from(counters.uptime) * 1_000 + u64::from(interface.index.0);
        assert_eq!(
            (counters.in_octets, counters.out_octets),
            (expected, expected)
        );
    }
}

#[tokio::test]
async fn an_agent_that_does_not_answer_getbulk_is_walked_with_getnext() {
    let bad = fake([127, 78, 12, 1], switch(b"old", 4), |asked, answer| {
        (asked.kind != PduKind::GetBulk).then_some(answer)
    });
    let (poll, _) = beside_a_good_one(&bad, "all").await;
    assert!(poll.interfaces_whole, "{poll:?}");
    assert_eq!(poll.interfaces.len(), 4);
    let bulks = bad
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|p| p.kind == PduKind::GetBulk)
        .count();
    assert!(bulks <= 4, "it was learned: {bulks}");
}

#[tokio::test]
async fn a_walk_that_breaks_off_is_told_but_not_as_whole() {
    let answers = AtomicU32::new(0);
    let bad = fake([127, 78, 13, 1], switch(b"dies", 60), move |_, answer| {
        (answers.fetch_add(1, Ordering::Relaxed) < 3).then_some(answer)
    });
    let (poll, _) = beside_a_good_one(&bad, "all").await;
    assert_eq!(poll.outcome, PollOutcome::Answered);
    assert!(!poll.interfaces_whole);
    assert!(!poll.interfaces.is_empty() && poll.interfaces.len() < 60);
}

#[tokio::test]
async fn no_more_questions_are_out_than_the_window_holds_and_one_for_each_agent() {
    let out = Arc::new(AtomicI64::new(0));
    let most = Arc::new(Mutex::new((0i64, 0i64)));
    let fakes: Vec<Fake> = (1..=30)
        .map(|n| {
            let (out, most) = (Arc::clone(&out), Arc::clone(&most));
            let own = AtomicI64::new(0);
            fake([127, 78, 14, n], switch(b"good", 2), move |_, answer| {
                let now = (
                    out.fetch_add(1, Ordering::SeqCst) + 1,
                    own.fetch_add(1, Ordering::SeqCst) + 1,
                );
                let mut most = most.lock().unwrap();
                *most = (most.0.max(now.0), most.1.max(now.1));
                drop(most);
                std::thread::sleep(Duration::from_millis(2));
                own.fetch_sub(1, Ordering::SeqCst);
                out.fetch_sub(1, Ordering::SeqCst);
                Some(answer)
            })
        })
        .collect();
    // long timeouts: on a busy machine a retry would be a second question at the agent
    let bench = start(PollerConfig {
        window: 4,
        first_timeout: Duration::from_secs(20),
        least_timeout: Duration::from_secs(20),
        most_timeout: Duration::from_secs(20),
        ..PollerConfig::default()
    });
    let all: Vec<&Fake> = fakes.iter().collect();
    let results = once(&bench, &all, "all").await;
    assert!(
        results
            .iter()
            .all(|r| r.poll.outcome == PollOutcome::Answered)
    );
    let most = *most.lock().unwrap();
    assert!(most.0 <= 4 && most.1 == 1, "{most:?}");
}

#[tokio::test]
async fn a_dead_agent_is_confirmed_left_alone_and_touched_once_before_it_is_asked_again() {
    let heard = AtomicU32::new(0);
    // five questions of two attempts each
    let dead = fake([127, 78, 15, 1], switch(b"back", 1), move |_, answer| {
        (heard.fetch_add(1, Ordering::Relaxed) >= 10).then_some(answer)
    });
    let mut bench = start(PollerConfig {
        breaker: Duration::from_secs(1),
        ..quick()
    });
    bench
        .poller
        .set_targets(vec![target(dead.to, &["v2c"], &[(Job::Status, 2)])].into());
    for miss in 1..=5 {
        let poll = bench.poll_of(dead.to.ip(), |_| true).await;
        assert_eq!(poll.outcome, PollOutcome::Timeout, "miss {miss} is told");
    }
    let touch = bench.poll_of(dead.to.ip(), |_| true).await;
    assert_eq!((touch.outcome, touch.system), (PollOutcome::Answered, None));
    let back = bench.poll_of(dead.to.ip(), |_| true).await;
    assert_eq!(back.system.unwrap().name.as_str(), "back");
    let asked = dead.asked.lock().unwrap();
    assert_eq!(
        asked[10].varbinds.len(),
        1,
        "the half-open touch asks for sysUpTime alone"
    );
    assert!(asked[..10].iter().all(|p| p.varbinds.len() > 5));
}

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04test";

fn v3() -> (UserKeys, Login) {
    let auth = (AuthProtocol::Sha256, "auth-secret-1");
    let keys = UserKeys::derive(Some((auth.0, auth.1.as_bytes())), None).unwrap();
    (keys, user("ana", Some(auth), None))
}

#[tokio::test]
async fn not_in_time_window_costs_a_free_retry_and_for_ever_is_a_refusal() {
    let (keys, login) = v3();
    let mut engine = Authority::new(ENGINE, 1);
    engine.add_user("ana", &keys);
    let mut questions = 0;
    let agent_3 = raw([127, 78, 16, 1], move |bytes| {
        questions += 1;
        // a restart before the fourth datagram; from the seventh on its clock runs wild
        if questions == 4 || questions >= 7 {
            let next = engine.boots() + 1;
            engine.set_boots(next);
        }
        match engine.open(bytes, 10) {
            Incoming::Report(report) => vec![(report, None)],
            Incoming::Request(request) => {
                let answer = serve(&switch(b"v3", 1), &request.message.pdu);
                vec![(engine.seal(&request, answer, 10, 1).unwrap(), None)]
            }
            Incoming::Drop(_) => vec![],
        }
    });
    let bench = start(quick());
    let ask = || {
        bench.poller.get(
            agent(agent_3.to, login.clone()),
            vec![oid("1.3.6.1.2.1.1.5.0")],
            "test".into(),
            None,
        )
    };
    // discovery and question; question; question, Report and question again
    for n in [2, 3, 5] {
        ask().await.unwrap();
        assert_eq!(agent_3.heard.load(Ordering::Relaxed), n);
    }
    assert_eq!(bench.poller.stats().retries, 0, "the retry was free");
    ask().await.unwrap();
    let got = ask().await;
    assert!(
        matches!(&got, Err(SnmpError::Refused(_, why)) if why.as_str().contains("not in time window")),
        "{got:?}"
    );
    assert_eq!(agent_3.heard.load(Ordering::Relaxed), 8, "no storm");
}

#[tokio::test]
async fn a_refused_credential_is_not_tried_again_before_it_changes() {
    let (keys, login) = v3();
    let mut engine = Authority::new(ENGINE, 1);
    engine.add_user("ana", &keys);
    let strict = raw([127, 78, 17, 1], move |bytes| {
        match engine.open(bytes, 10) {
            Incoming::Report(report) => vec![(report, None)],
            Incoming::Request(request) => {
                let answer = serve(&switch(b"v3", 1), &request.message.pdu);
                vec![(engine.seal(&request, answer, 10, 1).unwrap(), None)]
            }
            Incoming::Drop(_) => vec![],
        }
    });
    let good = fake([127, 78, 17, 2], switch(b"good", 1), |_, a| Some(a));
    let mut bench = start(quick());
    let wrong = user("ana", Some((AuthProtocol::Sha256, "guess-guess")), None);
    let logins = |v3: Login| [("v2c".into(), community("public")), ("v3".into(), v3)].into();
    bench.poller.set_logins(logins(wrong));
    let jobs = [(Job::Status, 1)];
    bench.poller.set_targets(
        vec![
            target(strict.to, &["v3"], &jobs),
            target(good.to, &["v2c"], &jobs),
        ]
        .into(),
    );
    let strict_ip: IpAddr = strict.to.ip();
    let refused = bench.poll_of(strict_ip, |_| true).await;
    assert!(
        matches!(&refused.outcome, PollOutcome::Refused(why) if why.as_str().contains("wrong authentication password"))
    );
    // three more rounds of its neighbour
    for _ in 0..3 {
        bench.poll_of(good.to.ip(), |_| true).await;
    }
    assert_eq!(
        strict.heard.load(Ordering::Relaxed),
        2,
        "a discovery and one try"
    );
    bench.poller.set_logins(logins(login));
    let poll = bench.poll_of(strict_ip, |_| true).await;
    assert_eq!(poll.outcome, PollOutcome::Answered);
    assert_eq!(poll.credential.as_str(), "v3");
}

#[tokio::test]
async fn what_fits_no_datagram_and_an_empty_password_are_errors_and_nothing_is_sent() {
    let good = fake([127, 78, 18, 1], switch(b"good", 1), |_, a| Some(a));
    let bench = start(quick());
    let empty = user("ana", Some((AuthProtocol::Sha256, "")), None);
    let got = bench
        .poller
        .get(
            agent(good.to, empty),
            vec![oid("1.3.6.1.2.1.1.5.0")],
            "test".into(),
            None,
        )
        .await;
    assert!(
        matches!(&got, Err(SnmpError::Refused(_, why)) if why.as_str().contains("password is empty")),
        "{got:?}"
    );
    // 5,000 names are asked in as many questions as they need
    let names: Vec<_> = (0..5_000)
        .map(|n| oid("1.3.6.1.2.1.2.2.1.10").child(&[n]))
        .collect();
    assert_eq!(good.heard.load(Ordering::Relaxed), 0);
    let got = bench
        .poller
        .get(
            agent(good.to, community("public")),
            names,
            "test".into(),
            None,
        )
        .await
        .unwrap();
    assert_eq!(got.len(), 5_000);
}
