//! The user-based security model, against the vectors of the RFCs and against itself on the other side.

use proptest::prelude::*;

use super::*;
use crate::model::{AuthProtocol, PrivProtocol};
use crate::wire::snmp::{
    EncodeError, Outgoing, V3Flags, V3Header, V3Message, Value, VarBind, seal_pdu,
};

const ENGINE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, b| {
        write!(out, "{b:02x}").unwrap();
        out
    })
}

fn keys(auth: AuthProtocol, privacy: Option<PrivProtocol>) -> UserKeys {
    UserKeys::derive(
        Some((auth, b"maplesyrup")),
        privacy.map(|p| (p, &b"maplesyrup"[..])),
    )
    .unwrap()
}

#[test]
fn keys_are_those_of_rfc_3414_a3_and_of_the_same_algorithm_with_sha2() {
    let table = [
        (AuthProtocol::Md5, "526f5eed9fcce26f8964c2930787d82b"),
        (
            AuthProtocol::Sha1,
            "6695febc9288e36282235fc7151f128497b38f3f",
        ),
        // RFC 7860 gives none: made with Python's hashlib after RFC 3414, A.2
        (
            AuthProtocol::Sha224,
            "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674",
        ),
        (
            AuthProtocol::Sha256,
            "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b",
        ),
        (
            AuthProtocol::Sha384,
            "3b298f16164a11184279d5432bf169e2d2a48307de02b3d3f7e2b4f36eb6f0455a53689a3937eea07319a633d2ccba78",
        ),
        (
            AuthProtocol::Sha512,
            "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099ad1ea87a8db096714d9788bd544047c9021e4229ce27e4c0a69250adfcffbb0b",
        ),
    ];
    for (protocol, key) in table {
        assert_eq!(
            hex(&keys(protocol, None).bound(&ENGINE).0.unwrap().1),
            key,
            "{protocol:?}"
        );
    }
}

#[test]
fn both_ways_to_a_longer_privacy_key_are_known() {
    let table = [
        (
            AuthProtocol::Sha1,
            PrivProtocol::Aes256,
            "6695febc9288e36282235fc7151f128497b38f3f505e07eb9af25568fa1f5dbe",
        ),
        (
            AuthProtocol::Sha1,
            PrivProtocol::Aes256c,
            "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c",
        ),
        (
            AuthProtocol::Md5,
            PrivProtocol::Aes256,
            "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f4b09192be10dfaec",
        ),
        (
            AuthProtocol::Md5,
            PrivProtocol::Aes256c,
            "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12",
        ),
    ];
    for (auth, privacy, key) in table {
        let local = |privacy| hex(&keys(auth, Some(privacy)).bound(&ENGINE).1.unwrap().1);
        assert_eq!(local(privacy), key, "{auth:?} {privacy:?}");
        let short = if privacy == PrivProtocol::Aes256 {
            PrivProtocol::Aes192
        } else {
            PrivProtocol::Aes192c
        };
        assert_eq!(local(short), key[..48], "{auth:?} {short:?}");
    }
}

#[test]
fn an_empty_password_is_an_error_not_a_panic() {
    assert_eq!(
        UserKeys::derive(Some((AuthProtocol::Sha1, b"")), None).unwrap_err(),
        KeyError::EmptyPassword("authentication")
    );
    assert_eq!(
        UserKeys::derive(
            Some((AuthProtocol::Sha1, b"x")),
            Some((PrivProtocol::Des, b""))
        )
        .unwrap_err(),
        KeyError::EmptyPassword("privacy")
    );
    assert_eq!(
        UserKeys::derive(None, Some((PrivProtocol::Des, b"x"))).unwrap_err(),
        KeyError::PrivacyWithoutAuth
    );
}

#[test]
fn keys_are_never_printed() {
    let user = keys(AuthProtocol::Sha1, Some(PrivProtocol::Aes128));
    let said = format!("{user:?} {:?}", user.localize(&ENGINE));
    assert_eq!(
        said,
        "UserKeys { auth: Some(Sha1), privacy: Some(Aes128), .. } LocalKeys { auth: Some(Sha1), privacy: Some(Aes128), .. }"
    );
}

fn request(level: V3Flags) -> V3Message {
    V3Message {
        msg_id: 4711,
        max_size: 65_507,
        flags: V3Flags {
            reportable: true,
            ..level
        },
        engine_id: ENGINE.to_vec(),
        boots: 3,
        time: 1_000,
        user: b"ana".to_vec(),
        context_engine_id: ENGINE.to_vec(),
        context_name: b"".to_vec(),
        pdu: Pdu::request(PduKind::Get, 99, ["1.3.6.1.2.1.1.3.0".parse().unwrap()]),
    }
}

const AUTH: V3Flags = V3Flags {
    auth: true,
    privacy: false,
    reportable: false,
};
const PRIV: V3Flags = V3Flags {
    auth: true,
    privacy: true,
    reportable: false,
};

const HASHES: [AuthProtocol; 6] = [
    AuthProtocol::Md5,
    AuthProtocol::Sha1,
    AuthProtocol::Sha224,
    AuthProtocol::Sha256,
    AuthProtocol::Sha384,
    AuthProtocol::Sha512,
];
const CIPHERS: [PrivProtocol; 6] = [
    PrivProtocol::Des,
    PrivProtocol::Aes128,
    PrivProtocol::Aes192,
    PrivProtocol::Aes256,
    PrivProtocol::Aes192c,
    PrivProtocol::Aes256c,
];

#[test]
fn every_hash_with_every_cipher_goes_there_and_back() {
    for hash in HASHES {
        for cipher in CIPHERS {
            let user = keys(hash, Some(cipher));
            let mut agent = Authority::new(ENGINE, 3);
            agent.add_user("ana", &user);
            let local = user.localize(&ENGINE);
            let sent = request(PRIV);
            let bytes = sent.seal(Some(&local), 7).unwrap();
            let Incoming::Request(got) = agent.open(&bytes, 1_010) else {
                panic!("{hash:?} {cipher:?}");
            };
            assert_eq!(got.message, sent);
            let answer = got.message.pdu.response(vec![VarBind {
                oid: "1.3.6.1.2.1.1.3.0".parse().unwrap(),
                value: Value::TimeTicks(101_000),
            }]);
            let bytes = agent.seal(&got, answer.clone(), 1_010, 8).unwrap();
            let back = V3Header::parse(&bytes)
                .unwrap()
                .open(&bytes, Some(&local))
                .unwrap();
            assert_eq!((back.pdu, back.msg_id, back.time), (answer, 4711, 1_010));
            assert!(
                !bytes.windows(4).any(|w| w == [0x43, 3, 1, 0x8a]),
                "the value is encrypted"
            );
        }
    }
}

fn stat_of(incoming: Incoming, keys: Option<&LocalKeys>) -> (Stat, V3Message) {
    let Incoming::Report(bytes) = incoming else {
        panic!("no report: {incoming:?}");
    };
    let message = V3Header::parse(&bytes).unwrap().open(&bytes, keys).unwrap();
    assert_eq!(message.msg_id, 4711);
    (Stat::of(&message.pdu).unwrap(), message)
}

#[test]
fn reports_are_decoded_and_say_what_was_wrong() {
    let user = keys(AuthProtocol::Sha256, None);
    let local = user.localize(&ENGINE);
    let mut agent = Authority::new(ENGINE, 3);
    agent.add_user("ana", &user);

    let discovery = V3Message {
        engine_id: vec![],
        user: vec![],
        ..request(V3Flags::default())
    };
    let (stat, message) = stat_of(agent.open(&discovery.seal(None, 0).unwrap(), 5), None);
    assert_eq!(
        (stat, message.engine_id),
        (Stat::UnknownEngineIds, ENGINE.to_vec())
    );

    let stranger = V3Message {
        user: b"eve".to_vec(),
        ..request(AUTH)
    };
    let (stat, _) = stat_of(
        agent.open(&stranger.seal(Some(&local), 0).unwrap(), 1_000),
        None,
    );
    assert_eq!(stat, Stat::UnknownUserNames);

    let other = UserKeys::derive(Some((AuthProtocol::Sha256, b"walnutsyrup")), None).unwrap();
    let bytes = request(AUTH)
        .seal(Some(&other.localize(&ENGINE)), 0)
        .unwrap();
    assert_eq!(
        stat_of(agent.open(&bytes, 1_000), None).0,
        Stat::WrongDigests
    );

    let bytes = request(AUTH).seal(Some(&local), 0).unwrap();
    let (stat, message) = stat_of(agent.open(&bytes, 1_151), Some(&local));
    assert!(
        message.flags.auth,
        "only an authentic one may set the clock"
    );
    assert_eq!(
        (stat, message.boots, message.time),
        (Stat::NotInTimeWindows, 3, 1_151)
    );
    assert!(matches!(agent.open(&bytes, 1_150), Incoming::Request(_)));

    let both = keys(AuthProtocol::Sha256, Some(PrivProtocol::Aes128)).localize(&ENGINE);
    let bytes = request(PRIV).seal(Some(&both), 0).unwrap();
    assert_eq!(
        stat_of(agent.open(&bytes, 1_000), None).0,
        Stat::UnsupportedSecLevels
    );

    agent.add_user(
        "ana",
        &keys(AuthProtocol::Sha256, Some(PrivProtocol::Aes128)),
    );
    let wrong = UserKeys::derive(
        Some((AuthProtocol::Sha256, b"maplesyrup")),
        Some((PrivProtocol::Aes128, b"walnutsyrup")),
    )
    .unwrap();
    let bytes = request(PRIV)
        .seal(Some(&wrong.localize(&ENGINE)), 0)
        .unwrap();
    assert_eq!(
        stat_of(agent.open(&bytes, 1_000), None).0,
        Stat::DecryptionErrors
    );
    assert_eq!(agent.count(Stat::DecryptionErrors), 1);
}

#[test]
fn a_forged_time_does_not_open_so_it_can_not_be_committed() {
    let local = keys(AuthProtocol::Sha1, None).localize(&ENGINE);
    let forged = V3Message {
        boots: 99,
        time: 9_999,
        ..request(AUTH)
    };
    let stranger = UserKeys::derive(Some((AuthProtocol::Sha1, b"guess")), None).unwrap();
    let bytes = forged.seal(Some(&stranger.localize(&ENGINE)), 0).unwrap();
    let header = V3Header::parse(&bytes).unwrap();
    assert_eq!(header.boots, 99, "the header says so");
    assert_eq!(
        header.open(&bytes, Some(&local)),
        Err(UsmError::WrongDigest)
    );
}

#[test]
fn engine_time_goes_on_between_polls_past_150_seconds() {
    let mut clock = EngineClock::new(3, 1_000, 50_000);
    assert_eq!(clock.now(50_000 + 400_000), (3, 1_400));
    assert!(clock.is_timely(3, 1_251, 50_000 + 400_000));
    assert!(!clock.is_timely(3, 1_249, 50_000 + 400_000));
    assert!(!clock.is_timely(2, 5_000, 50_000));
    assert!(!clock.commit(3, 999, 60_000), "never backwards");
    assert!(clock.commit(4, 5, 60_000), "the agent was restarted");
    assert_eq!(clock.now(61_000), (4, 6));
}

#[test]
fn boots_that_are_used_up_are_outside_of_every_window() {
    const MOST: u32 = i32::MAX as u32;
    let mut clock = EngineClock::new(MOST - 1, 100, 0);
    assert!(!clock.is_latched() && clock.is_timely(MOST - 1, 100, 0));
    assert!(!clock.is_timely(MOST, 1, 0));
    assert!(clock.commit(MOST, 1, 0));
    assert!(clock.is_latched() && !clock.is_timely(MOST, 1, 0));
    // and the agent reports it, whoever asks
    let user = keys(AuthProtocol::Sha256, None);
    let mut agent = Authority::new(ENGINE, MOST);
    agent.add_user("ana", &user);
    let local = user.localize(&ENGINE);
    let asked = V3Message {
        boots: MOST,
        ..request(AUTH)
    };
    let (stat, _) = stat_of(
        agent.open(&asked.seal(Some(&local), 0).unwrap(), 1_000),
        Some(&local),
    );
    assert_eq!(stat, Stat::NotInTimeWindows);
}

#[test]
fn a_start_with_the_same_boots_is_seen_and_a_clock_a_little_behind_is_none() {
    let clock = EngineClock::new(3, 10_000, 0);
    assert!(clock.is_frozen(3, 7, 0));
    assert!(!clock.is_frozen(4, 7, 0), "its boots rose, as they should");
    assert!(!clock.is_frozen(3, 9_851, 1_000));
    assert!(clock.is_frozen(3, 9_850, 1_000));
}

#[test]
fn sealing_without_a_key_is_an_error() {
    assert_eq!(
        request(AUTH).seal(None, 0),
        Err(EncodeError::Usm(UsmError::NoKeys))
    );
    let local = keys(AuthProtocol::Md5, None).localize(&ENGINE);
    assert_eq!(
        request(PRIV).seal(Some(&local), 0),
        Err(EncodeError::Usm(UsmError::NoKeys))
    );
}

#[test]
fn a_key_is_computed_once_for_a_credential_and_engine() {
    let user = keys(AuthProtocol::Sha1, Some(PrivProtocol::Aes256c));
    let mut cache = KeyCache::default();
    let first = cache.get(&user, &ENGINE);
    assert!(std::sync::Arc::ptr_eq(&first, &cache.get(&user, &ENGINE)));
    cache.get(&user, b"other");
    assert_eq!(cache.len(), 2);
}

#[test]
fn a_flood_of_engine_ids_does_not_grow_the_key_cache_nor_drive_out_what_is_in_use() {
    let user = keys(AuthProtocol::Sha1, None);
    let mut cache = KeyCache::default();
    let first = cache.get_within(8, &user, &ENGINE);
    for n in 0..1_000u32 {
        cache.get_within(8, &user, &n.to_be_bytes());
        if n % 5 == 0 {
            let again = cache.get_within(8, &user, &ENGINE);
            assert!(std::sync::Arc::ptr_eq(&first, &again), "after {n} others");
        }
        assert!(cache.len() <= 16);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_change_of_an_authentic_message_opens_or_panics(at in any::<prop::sample::Index>(), with in 1u8..) {
        let local = LOCAL.with(Clone::clone);
        let mut bytes = request(PRIV).seal(Some(&local), 1).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        if let Ok(header) = V3Header::parse(&bytes) {
            if header.flags.auth {
                prop_assert!(header.open(&bytes, Some(&local)).is_err());
            } else {
                let _ = header.open(&bytes, None);
            }
        }
    }
}

thread_local! {
    static LOCAL: LocalKeys = keys(AuthProtocol::Sha1, Some(PrivProtocol::Aes128)).localize(&ENGINE);
}

fn any_octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_sealed_is_what_is_opened_whatever_the_lengths_and_it_is_appended(
        ids in (any::<i32>(), any::<i32>()),
        clock in (0..=i32::MAX as u32, 0..=i32::MAX as u32),
        names in (any_octets(40), any_octets(40), any_octets(40), any_octets(300)),
        body in any_octets(2_000),
        level in 0..3,
        cipher in 0..CIPHERS.len(),
        before in any_octets(20),
        salt in any::<u64>(),
    ) {
        let local = CIPHER_KEYS.with(|all| all[cipher].clone());
        let (engine_id, user, context_engine_id, context_name) = &names;
        let head = Outgoing {
            msg_id: ids.0,
            max_size: ids.1,
            flags: V3Flags { auth: level > 0, privacy: level > 1, reportable: ids.0 % 2 == 0 },
            engine_id,
            boots: clock.0,
            time: clock.1,
            user,
            context_engine_id,
            context_name,
        };
        let varbinds = vec![VarBind {
            oid: "1.3.6.1.2.1.1.1.0".parse().unwrap(),
            value: Value::Octets(body),
        }];
        let sent = Pdu { varbinds, ..Pdu::request(PduKind::Response, ids.1, []) };
        let mut out = before.clone();
        seal_pdu(&head, &sent.to_octets(), Some(&local), salt, &mut out).unwrap();
        prop_assert_eq!(&out[..before.len()], &before[..]);
        let bytes = &out[before.len()..];
        let header = V3Header::parse(bytes).unwrap();
        let back = header.open(bytes, Some(&local)).unwrap();
        prop_assert_eq!((back.msg_id, back.max_size, back.flags), (head.msg_id, head.max_size, head.flags));
        prop_assert_eq!((back.boots, back.time), clock);
        prop_assert_eq!((back.engine_id, back.user, back.context_engine_id, back.context_name), names);
        prop_assert_eq!(back.pdu, sent);
    }
}

thread_local! {
    static CIPHER_KEYS: Vec<LocalKeys> = CIPHERS
        .iter()
        .map(|cipher| keys(AuthProtocol::Sha512, Some(*cipher)).localize(&ENGINE))
        .collect();
}

#[test]
fn what_can_not_be_sealed_leaves_the_buffer_as_it_was() {
    let local = keys(AuthProtocol::Sha256, None).localize(&ENGINE);
    let head = |flags| Outgoing {
        msg_id: 1,
        max_size: 65_507,
        flags,
        engine_id: &ENGINE,
        boots: 1,
        time: 1,
        user: b"ana",
        context_engine_id: &ENGINE,
        context_name: b"",
    };
    let mut out = b"before".to_vec();
    let huge = vec![0u8; 70_000];
    assert!(matches!(
        seal_pdu(&head(AUTH), &huge, Some(&local), 0, &mut out),
        Err(EncodeError::TooLong(_))
    ));
    // the user has no privacy key
    assert_eq!(
        seal_pdu(&head(PRIV), &[], Some(&local), 0, &mut out),
        Err(EncodeError::Usm(UsmError::NoKeys))
    );
    // RFC 3412, 6.4: there is no privacy without authentication
    let odd = V3Flags {
        auth: false,
        privacy: true,
        reportable: false,
    };
    assert_eq!(
        seal_pdu(&head(odd), &[], Some(&local), 0, &mut out),
        Err(EncodeError::Usm(UsmError::NoKeys))
    );
    assert_eq!(out, b"before");
}

#[test]
fn a_digest_of_another_length_is_a_wrong_digest() {
    let local = keys(AuthProtocol::Sha256, None).localize(&ENGINE);
    let other = keys(AuthProtocol::Sha1, None).localize(&ENGINE);
    let bytes = request(AUTH).seal(Some(&other), 0).unwrap();
    let header = V3Header::parse(&bytes).unwrap();
    assert_eq!(
        header.open(&bytes, Some(&local)),
        Err(UsmError::WrongDigest)
    );
}
