//! Which credentials a device is offered, in which order, and what is remembered of them.

use std::time::Duration;

use super::world::{World, ip, site};
use crate::engine::State;
use crate::event::{Body, ObsPollV1, Observation, PollOutcome, Target};
use crate::model::{
    AuthProtocol, ClassSpec, Credential, CredentialKind, DeviceClass, PrivProtocol, SecretRef,
    Site, Text,
};

const CORE: &str = "10.0.0.1";

fn v3(name: &str, auth: Option<AuthProtocol>, privacy: Option<PrivProtocol>) -> Credential {
    let env = || SecretRef::Env("S".into());
    Credential {
        name: name.into(),
        how: CredentialKind::V3 {
            user: "ana".into(),
            auth: auth.map(|a| (a, env())),
            privacy: privacy.map(|p| (p, env())),
            context: Text::empty(),
        },
    }
}

/// v2c before v3, as somebody wrote them who did not think of the order.
fn mixed() -> Site {
    let mut site = site();
    site.credentials
        .push(v3("v3", Some(AuthProtocol::Sha256), None));
    site
}

fn target<'w>(world: &'w World, address: &str) -> &'w Target {
    let found = world.targets.iter().find(|t| t.address == ip(address));
    found.unwrap()
}

fn offered(world: &World, address: &str) -> Vec<String> {
    let target = target(world, address);
    target.credentials.iter().map(ToString::to_string).collect()
}

fn answers(world: &mut World, address: &str, credential: &str) {
    let at = world.now;
    world.see(Observation::Poll(Box::new(ObsPollV1 {
        address: ip(address),
        at,
        outcome: PollOutcome::Answered,
        credential: credential.into(),
        rtt_ms: None,
        uptime: None,
        engine_boots: None,
        system: None,
        facts: Vec::new(),
        interfaces: Vec::new(),
        interfaces_whole: false,
    })));
}

fn minutes(world: &mut World, minutes: u64) {
    for _ in 0..minutes * 6 {
        world.now = world.now + Duration::from_secs(10);
        world.apply(Body::Tick);
    }
}

#[test]
fn the_strongest_credential_comes_first_and_equals_keep_their_order() {
    let mut site = site();
    let community = site.credentials[0].how.clone();
    let CredentialKind::V2c { community: secret } = &community else {
        panic!("the site's is of v2c");
    };
    let sha1 = Some(AuthProtocol::Sha1);
    site.credentials = vec![
        Credential {
            name: "v1".into(),
            how: CredentialKind::V1 {
                community: secret.clone(),
            },
        },
        Credential {
            name: "first".into(),
            how: community.clone(),
        },
        v3("open", None, None),
        v3("md5", Some(AuthProtocol::Md5), None),
        Credential {
            name: "again".into(),
            how: community,
        },
        v3("des", Some(AuthProtocol::Sha512), Some(PrivProtocol::Des)),
        v3("sha512", Some(AuthProtocol::Sha512), None),
        v3("aes256", sha1, Some(PrivProtocol::Aes256)),
        v3("cisco", sha1, Some(PrivProtocol::Aes256c)),
        v3("aes128", sha1, Some(PrivProtocol::Aes128)),
    ];
    site.devices[1].credentials = vec!["again".into(), "md5".into(), "aes128".into()];
    let w = World::of(site);
    assert_eq!(
        offered(&w, CORE),
        [
            "aes256", "cisco", "aes128", "des", "sha512", "md5", "open", "first", "again", "v1"
        ]
    );
    assert_eq!(offered(&w, "10.0.0.2"), ["aes128", "md5", "again"]);
}

#[test]
fn what_worked_comes_first_after_a_minute_and_after_a_restart() {
    let mut w = World::of(mixed());
    assert_eq!(offered(&w, CORE), ["v3", "ro"]);
    answers(&mut w, CORE, "ro");
    assert_eq!(
        offered(&w, CORE),
        ["v3", "ro"],
        "new targets go out together, not for each device"
    );
    minutes(&mut w, 2);
    assert_eq!(offered(&w, CORE), ["ro", "v3"]);
    assert_eq!(offered(&w, "10.0.0.2"), ["v3", "ro"], "of this one alone");

    let again = State::from_snapshot(&w.state.to_snapshot()).unwrap();
    let id = again.device_at(ip(CORE)).unwrap().id;
    assert_eq!(again.credential_of(id).map(Text::as_str), Some("ro"));
    w.state = again;
    w.targets.clear();
    let site = mixed();
    w.configure(site);
    minutes(&mut w, 1);
    assert_eq!(
        w.state.credential_of(id).map(Text::as_str),
        Some("ro"),
        "the same configuration forgets nothing"
    );
}

#[test]
fn a_device_that_answered_v3_is_never_offered_a_community_again() {
    let mut w = World::of(mixed());
    answers(&mut w, CORE, "v3");
    minutes(&mut w, 2);
    assert_eq!(offered(&w, CORE), ["v3"]);
    assert!(!target(&w, CORE).v2c_fallback);
    // another configuration does not make it forget that
    let mut other = mixed();
    other
        .credentials
        .push(v3("new", Some(AuthProtocol::Sha512), None));
    w.configure(other);
    assert_eq!(offered(&w, CORE), ["new", "v3"]);
    assert_eq!(offered(&w, "10.0.0.2"), ["new", "v3", "ro"]);
    // but a site that lists nothing else for it has decided
    let mut other = mixed();
    other.devices[0].credentials = vec!["ro".into()];
    w.configure(other);
    assert_eq!(offered(&w, CORE), ["ro"]);
}

#[test]
fn a_community_for_a_device_that_speaks_v3_is_allowed_by_device_class_or_site() {
    let allowed = |change: fn(&mut Site)| {
        let mut site = mixed();
        change(&mut site);
        let mut w = World::of(site);
        answers(&mut w, CORE, "v3");
        minutes(&mut w, 2);
        (target(&w, CORE).v2c_fallback, offered(&w, CORE).len())
    };
    assert_eq!(allowed(|_| ()), (false, 1));
    assert_eq!(allowed(|s| s.v2c_fallback = true), (true, 2));
    assert_eq!(
        allowed(|s| s.devices[0].v2c_fallback = Some(true)),
        (true, 2)
    );
    assert_eq!(
        allowed(|s| s.classes.push(ClassSpec {
            class: DeviceClass::Router,
            v2c_fallback: Some(true),
            ..ClassSpec::default()
        })),
        (true, 2)
    );
    // the nearer word counts
    assert_eq!(
        allowed(|s| {
            s.v2c_fallback = true;
            s.devices[0].v2c_fallback = Some(false);
        }),
        (false, 1)
    );
    assert_eq!(
        allowed(|s| {
            s.v2c_fallback = true;
            s.classes.push(ClassSpec {
                class: DeviceClass::Router,
                v2c_fallback: Some(false),
                ..ClassSpec::default()
            });
        }),
        (false, 1)
    );
}

#[test]
fn device_and_class_say_whether_answers_come_from_any_address_and_how_much_is_asked_at_once() {
    let said = |change: fn(&mut Site)| {
        let mut site = mixed();
        change(&mut site);
        let w = World::of(site);
        let core = target(&w, CORE);
        (core.answers_from_any_address, core.in_flight)
    };
    let class = |any_address, in_flight| ClassSpec {
        class: DeviceClass::Router,
        answers_from_any_address: any_address,
        in_flight,
        ..ClassSpec::default()
    };
    for (any_address, in_flight) in [(None, None), (Some(false), Some(4))] {
        let mut site = mixed();
        site.classes.push(class(any_address, in_flight));
        let w = World::of(site);
        assert!(!target(&w, CORE).answers_from_any_address);
        assert_eq!(target(&w, CORE).in_flight, 4, "a router, as ever");
        assert_eq!(target(&w, "10.0.0.2").in_flight, 1, "and all others");
    }
    let mut site = mixed();
    site.classes.push(class(Some(true), Some(2)));
    let w = World::of(site.clone());
    let core = target(&w, CORE);
    assert_eq!((core.answers_from_any_address, core.in_flight), (true, 2));
    let other = target(&w, "10.0.0.2");
    assert_eq!(
        (other.answers_from_any_address, other.in_flight),
        (false, 1)
    );
    // the nearer word counts
    site.devices[0].answers_from_any_address = Some(false);
    site.devices[0].in_flight = Some(1);
    let w = World::of(site);
    let core = target(&w, CORE);
    assert_eq!((core.answers_from_any_address, core.in_flight), (false, 1));
    assert_eq!(
        said(|s| s.devices[0].answers_from_any_address = Some(true)),
        (true, 4)
    );
}

#[test]
fn other_credentials_are_a_reason_to_try_the_strongest_again() {
    let mut w = World::of(mixed());
    answers(&mut w, CORE, "ro");
    answers(&mut w, "10.0.0.2", "ro");
    minutes(&mut w, 2);
    assert_eq!(offered(&w, CORE), ["ro", "v3"]);
    // of one device
    let mut other = mixed();
    other.devices[0].credentials = vec!["ro".into(), "v3".into()];
    w.configure(other.clone());
    assert_eq!(offered(&w, CORE), ["v3", "ro"]);
    assert_eq!(offered(&w, "10.0.0.2"), ["ro", "v3"]);
    // of the site
    other
        .credentials
        .push(v3("new", Some(AuthProtocol::Sha512), None));
    w.configure(other);
    assert_eq!(offered(&w, "10.0.0.2"), ["new", "v3", "ro"]);
}
