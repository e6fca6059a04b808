//! SNMPv3 as it goes wrong: restarts, wrong credentials, forgeries; and when a community may be told.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use wardwatch::engine::State;
use wardwatch::event::{
    AgentFault, Body, ConfigAppliedV2, Event, Job, Observation, PollOutcome, Target,
};
use wardwatch::gate::Gate;
use wardwatch::model::{
    AuthProtocol, Condition, DeviceClass, DeviceSpec, FactKey, PrivProtocol, SegmentSpec, Seq,
    Site, Text, Time, TouchPolicy,
};
use wardwatch::sources::snmp::Login;
use wardwatch::wire::snmp::usm::{Authority, Incoming, Stat, UserKeys};
use wardwatch::wire::snmp::{Pdu, PduKind, V3Flags, V3Header, V3Message, Value, VarBind};

use super::common::{Bench, bench, community, gate, quick, target, user};
use super::daemon::snmpd;
use super::fake::{Fake, raw, serve, switch};

const AUTH: &str = "auth-secret-1";
const PRIVACY: &str = "priv-secret-1";
const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04test";
const STATUS: [(Job, u32); 1] = [(Job::Status, 1)];

fn sha256aes(name: &str, auth: &str, privacy: &str) -> Login {
    user(
        name,
        Some((AuthProtocol::Sha256, auth)),
        Some((PrivProtocol::Aes128, privacy)),
    )
}

fn good() -> Login {
    sha256aes("sha256aes", AUTH, PRIVACY)
}

/// A poller with these credentials and targets.
fn start(gate: &Arc<Gate>, logins: &[(&str, Login)], targets: Vec<Target>) -> Bench {
    let bench = bench(gate, quick());
    bench.poller.set_logins(
        logins
            .iter()
            .map(|(n, l)| (Text::from(*n), l.clone()))
            .collect(),
    );
    bench.poller.set_targets(targets.into());
    bench
}

/// Packets that went out so far.
fn sent(gate: &Gate) -> u32 {
    gate.drain_ledger().iter().map(|row| row.count).sum()
}

fn allowing(target: Target) -> Target {
    Target {
        v2c_fallback: true,
        ..target
    }
}

#[tokio::test]
async fn a_restart_of_snmpd_between_two_polls_is_one_free_retry_and_its_boots_rise() {
    let Some(mut snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let to = snmpd.to;
    let targets = vec![target(to, &["v3"], &STATUS)];
    let mut bench = start(&gate, &[("v3", good())], targets);
    let before = bench.poll_of(to.ip(), |_| true).await;
    assert_eq!(before.outcome, PollOutcome::Answered);
    let boots = before.engine_boots.unwrap();
    for round in 1..=2 {
        snmpd.restart(true);
        // while it was away it may have been asked in vain
        let after = bench
            .poll_of(to.ip(), |p| {
                p.outcome == PollOutcome::Answered && p.engine_boots != Some(boots + round - 1)
            })
            .await;
        assert_eq!(after.engine_boots, Some(boots + round));
        assert_eq!(after.credential.as_str(), "v3");
    }
}

#[tokio::test]
async fn a_snmpd_with_another_engine_id_is_discovered_anew() {
    let Some(mut snmpd) = snmpd() else { return };
    let gate = gate(TouchPolicy::Full);
    let to = snmpd.to;
    let targets = vec![target(to, &["v3"], &STATUS)];
    let mut bench = start(&gate, &[("v3", good())], targets);
    let engine_id = |p: &wardwatch::event::ObsPollV1| {
        let facts = p.facts.iter();
        let id = facts.filter(|(key, _)| *key == FactKey::EngineId);
        id.map(|(_, id)| id.clone()).next()
    };
    let before = bench.poll_of(to.ip(), |p| engine_id(p).is_some()).await;
    snmpd.restart(false);
    let other = |p: &wardwatch::event::ObsPollV1| {
        engine_id(p).is_some_and(|id| Some(id) != engine_id(&before))
    };
    let after = bench.poll_of(to.ip(), other).await;
    assert_eq!(after.outcome, PollOutcome::Answered);
    assert_eq!(after.credential.as_str(), "v3");
}

#[tokio::test]
async fn a_wrong_password_is_named_after_one_try_without_a_storm_and_no_community_is_told() {
    let Some(snmpd) = snmpd() else { return };
    let to = snmpd.to;
    for (wrong, word) in [
        (
            sha256aes("sha256aes", "auth-wrong-1", PRIVACY),
            "wrong authentication password (usmStatsWrongDigests)",
        ),
        (
            // snmpd knows it without any password
            sha256aes("nobody", AUTH, PRIVACY),
            "security level not supported (usmStatsUnsupportedSecLevels)",
        ),
    ] {
        let gate = gate(TouchPolicy::Full);
        let logins = [("v2c", community("public")), ("v3", wrong.clone())];
        let targets = vec![target(to, &["v3", "v2c"], &STATUS)];
        let mut bench = start(&gate, &logins, targets);
        let poll = bench.poll_of(to.ip(), |_| true).await;
        let PollOutcome::Refused(why) = &poll.outcome else {
            panic!("{word}: {poll:?}");
        };
        assert_eq!(why.as_str(), word);
        assert_eq!(sent(&gate), 2, "a discovery and one try");
        // two more rounds, as its schedule would have them
        let quiet = tokio::time::timeout(
            std::time::Duration::from_millis(2_200),
            bench.poll_of(to.ip(), |_| true),
        )
        .await;
        assert!(quiet.is_err(), "{word}: {quiet:?}");
        assert_eq!(sent(&gate), 0);

        // where the site allows it, the community works
        let targets = vec![allowing(target(to, &["v3", "v2c"], &STATUS))];
        let mut bench = start(&gate, &logins, targets);
        let poll = bench.poll_of(to.ip(), |_| true).await;
        assert_eq!(poll.outcome, PollOutcome::Answered, "{word}");
        assert_eq!(poll.credential.as_str(), "v2c");
    }
}

#[tokio::test]
async fn an_agent_that_does_not_know_the_user_is_asked_as_it_was_set_up() {
    let Some(snmpd) = snmpd() else { return };
    let to = snmpd.to;
    let eve = sha256aes("eve", AUTH, PRIVACY);
    let open = gate(TouchPolicy::Full);
    let logins = [("v2c", community("public")), ("v3", eve.clone())];
    let targets = vec![target(to, &["v3", "v2c"], &STATUS)];
    let mut bench = start(&open, &logins, targets);
    let poll = bench.poll_of(to.ip(), |_| true).await;
    assert_eq!(poll.outcome, PollOutcome::Answered);
    assert_eq!(poll.credential.as_str(), "v2c");

    // where nothing else is listed, that is the word
    let gate = gate(TouchPolicy::Full);
    let mut bench = start(&gate, &[("v3", eve)], vec![target(to, &["v3"], &STATUS)]);
    let poll = bench.poll_of(to.ip(), |_| true).await;
    let PollOutcome::Refused(why) = &poll.outcome else {
        panic!("{poll:?}");
    };
    assert_eq!(why.as_str(), "unknown user (usmStatsUnknownUserNames)");
    assert_eq!(sent(&gate), 2);
}

/// An agent of the test that speaks v3: what it says first, before its own answer, is up to `before`; its boots and time are
/// what `clock` says.
fn speaker(
    ip: [u8; 4],
    clock: impl Fn() -> (u32, u32) + Send + 'static,
    mut before: impl FnMut(&V3Header<'_>) -> Option<Vec<Vec<u8>>> + Send + 'static,
) -> Fake {
    let keys = UserKeys::derive(
        Some((AuthProtocol::Sha256, AUTH.as_bytes())),
        Some((PrivProtocol::Aes128, PRIVACY.as_bytes())),
    )
    .unwrap();
    let mut engine = Authority::new(ENGINE, 1);
    engine.add_user("sha256aes", &keys);
    let mut salt = 0;
    raw(ip, move |bytes| {
        let Ok(header) = V3Header::parse(bytes) else {
            return vec![];
        };
        let Some(mut back) = before(&header) else {
            return vec![];
        };
        let (boots, time) = clock();
        engine.set_boots(boots);
        match engine.open(bytes, time) {
            Incoming::Report(report) => back.push(report),
            Incoming::Request(request) => {
                salt += 1;
                let answer = serve(&switch(b"v3", 1), &request.message.pdu);
                back.push(engine.seal(&request, answer, time, salt).unwrap());
            }
            Incoming::Drop(_) => {}
        }
        back.into_iter().map(|bytes| (bytes, None)).collect()
    })
}

#[tokio::test]
async fn who_answered_v3_and_falls_silent_is_told_no_community_unless_that_is_allowed() {
    // within its deadline there is time for both
    let unhurried = [(Job::Status, 4)];
    let mute = Arc::new(AtomicBool::new(false));
    let silent = |mute: &Arc<AtomicBool>| {
        let mute = Arc::clone(mute);
        move |_: &V3Header<'_>| (!mute.load(Ordering::Relaxed)).then(Vec::new)
    };
    let strict = speaker([127, 79, 1, 1], || (1, 10), silent(&mute));
    let lax = speaker([127, 79, 1, 2], || (1, 10), silent(&mute));
    let gate = gate(TouchPolicy::Full);
    let logins = [("v2c", community("public")), ("v3", good())];
    let mut bench = start(
        &gate,
        &logins,
        vec![
            target(strict.to, &["v3", "v2c"], &unhurried),
            allowing(target(lax.to, &["v3", "v2c"], &unhurried)),
        ],
    );
    let mut polls = async |outcome: PollOutcome, least: u32| {
        let mut counts = [0; 2];
        while counts.iter().any(|n| *n < least) {
            bench
                .until(|o| match o {
                    Observation::Poll(poll) if poll.outcome == outcome => {
                        counts[usize::from(poll.address == lax.to.ip())] += 1;
                        Some(())
                    }
                    _ => None,
                })
                .await;
        }
    };
    polls(PollOutcome::Answered, 1).await;
    mute.store(true, Ordering::Relaxed);
    // all else is tried after three misses
    polls(PollOutcome::Timeout, 4).await;
    assert!(strict.asked.lock().unwrap().is_empty());
    assert!(!lax.asked.lock().unwrap().is_empty());
}

/// A Report as anybody can send it who saw the question.
fn forged(to: &V3Header<'_>, engine_id: &[u8], stat: Stat) -> Vec<u8> {
    V3Message {
        msg_id: to.msg_id,
        max_size: 65_507,
        flags: V3Flags::default(),
        engine_id: engine_id.to_vec(),
        boots: 99,
        time: 99_999,
        user: to.user.to_vec(),
        context_engine_id: engine_id.to_vec(),
        context_name: vec![],
        pdu: Pdu {
            varbinds: vec![VarBind {
                oid: stat.oid(),
                value: Value::Counter32(1),
            }],
            ..Pdu::request(PduKind::Report, 0, [])
        },
    }
    .seal(None, 0)
    .unwrap()
}

#[tokio::test]
async fn forged_and_replayed_messages_before_each_answer_stop_nothing() {
    // the first two datagrams, discovery and question, are answered in peace
    let mut heard = 0;
    let recorded: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let stranger = UserKeys::derive(Some((AuthProtocol::Sha256, b"guess-guess")), None).unwrap();
    let agent = speaker(
        [127, 79, 2, 1],
        || (3, 1_000),
        move |header| {
            heard += 1;
            if heard <= 2 {
                return Some(vec![]);
            }
            let mut all: Vec<Vec<u8>> = [
                (ENGINE, Stat::NotInTimeWindows),
                (ENGINE, Stat::WrongDigests),
                (ENGINE, Stat::UnknownUserNames),
                (&b"\x80\x00\x00\x00evil"[..], Stat::WrongDigests),
                (&b"\x80\x00\x00\x00evil"[..], Stat::UnknownEngineIds),
            ]
            .into_iter()
            .map(|(engine_id, stat)| forged(header, engine_id, stat))
            .collect();
            // boots and time of the future, signed with a guess
            let guess = V3Message {
                msg_id: header.msg_id,
                max_size: 65_507,
                flags: V3Flags {
                    auth: true,
                    ..V3Flags::default()
                },
                engine_id: ENGINE.to_vec(),
                boots: 99,
                time: 5,
                user: b"sha256aes".to_vec(),
                context_engine_id: ENGINE.to_vec(),
                context_name: vec![],
                pdu: Pdu::request(PduKind::Response, header.msg_id, []),
            };
            all.push(guess.seal(Some(&stranger.localize(ENGINE)), 1).unwrap());
            let mut recorded = recorded.lock().unwrap();
            all.extend(recorded.iter().cloned());
            recorded.clone_from(&all);
            recorded.truncate(8);
            Some(all)
        },
    );
    let gate = gate(TouchPolicy::Full);
    let targets = vec![target(agent.to, &["v3"], &STATUS)];
    let mut bench = start(&gate, &[("v3", good())], targets);
    let mut told = 0;
    let mut polls = 0;
    while polls < 4 || told == 0 {
        bench
            .until(|o| {
                match o {
                    Observation::Poll(poll) => {
                        assert_eq!(poll.outcome, PollOutcome::Answered, "{poll:?}");
                        assert_eq!(poll.engine_boots, Some(3));
                        polls += 1;
                    }
                    Observation::Agent(faults) => {
                        let forgeries = |(fault, n): &(AgentFault, u32)| {
                            (*fault == AgentFault::NotAuthentic).then_some(*n)
                        };
                        told += faults.faults.iter().find_map(forgeries).unwrap_or(0);
                    }
                    _ => {}
                }
                Some(())
            })
            .await;
    }
}

#[tokio::test]
async fn an_engine_that_starts_again_with_the_same_boots_is_named() {
    let time = Arc::new(AtomicU32::new(9_000));
    let clock = {
        let time = Arc::clone(&time);
        move || (7, time.load(Ordering::Relaxed))
    };
    let agent = speaker([127, 79, 3, 1], clock, |_| Some(vec![]));
    let gate = gate(TouchPolicy::Full);
    let targets = vec![target(agent.to, &["v3"], &STATUS)];
    let mut bench = start(&gate, &[("v3", good())], targets);
    bench
        .poll_of(agent.to.ip(), |p| p.outcome == PollOutcome::Answered)
        .await;
    time.store(3, Ordering::Relaxed);
    let told = bench
        .until(|o| match o {
            Observation::Agent(told) => told
                .faults
                .contains(&(AgentFault::BootsFrozen, 1))
                .then(|| o.clone()),
            Observation::Poll(poll) => {
                assert_eq!(poll.outcome, PollOutcome::Answered);
                None
            }
            _ => None,
        })
        .await;
    // folded, that is an alert on the device
    let site = Site {
        segments: vec![SegmentSpec {
            name: "core".into(),
            nets: vec!["127.79.0.0/16".parse().unwrap()],
            ..SegmentSpec::default()
        }],
        devices: vec![DeviceSpec {
            name: "sw-1".into(),
            class: DeviceClass::Switch,
            addresses: vec![agent.to.ip()],
            ..DeviceSpec::default()
        }],
        ..Site::default()
    };
    let config = ConfigAppliedV2 {
        hash: "a".into(),
        site,
    };
    let mut state = State::new();
    let bodies = [Body::Config(Box::new(config)), Body::Observation(told)];
    for (body, n) in bodies.into_iter().zip(1..) {
        let _ = state.apply(&Event {
            seq: Seq(n),
            time: Time::from_clock(),
            body,
        });
    }
    let alert = state.alerts.values().find(|a| a.is_active()).unwrap();
    assert_eq!(alert.condition, Condition::WeakEngine);
    let device = state.find_device("sw-1").unwrap();
    assert_eq!(alert.device, Some(device.id));
}
