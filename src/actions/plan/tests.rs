use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::access::Role;
use crate::actions::fixture::*;
use crate::model::{IfStatus, LinkEnd, Reach, Revert, Run, RunId, RunState, Time, TouchPolicy};

fn catalogue() -> Catalogue {
    let extra = r#"
name = "hello"
scope = "class:switch"
title = "Say hello"
risk = "low"
confirm = "none"
timeout_s = 5
[[input]]
name = "word"
title = "What"
kind = "text"
pattern = "[^;]*"
[[input]]
name = "at"
title = "Where"
kind = "interface"
default = "Gi1/0/5"
[[program]]
argv = ["echo", "--to={address}", "{word}", "{at}"]
env = { WORD = "{word}" }
"#;
    let files = [
        (
            "ping",
            include_str!("../../../config/remediations/ping.toml"),
        ),
        (
            "get",
            include_str!("../../../config/remediations/snmp-get.toml"),
        ),
        (
            "bounce",
            include_str!("../../../config/remediations/port-bounce.toml"),
        ),
        (
            "shut",
            include_str!("../../../config/remediations/port-shut.toml"),
        ),
        ("hello", extra),
    ];
    let (catalogue, errors) =
        Catalogue::from_texts(&files, &|n| Some(PathBuf::from("/usr/bin").join(n)));
    assert_eq!(errors, []);
    catalogue
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<Text, Text> {
    pairs
        .iter()
        .map(|(n, v)| (Text::from(*n), Text::from(*v)))
        .collect()
}

fn try_plan(
    state: &State,
    device: DeviceId,
    interface: Option<u32>,
    remediation: &str,
    inputs: &[(&str, &str)],
) -> Result<RunPlan, Refusal> {
    let inputs = given(inputs);
    let person = ana();
    let ask = Ask {
        device,
        interface: interface.map(IfIndex),
        remediation,
        inputs: &inputs,
        person: &person,
        dry_run: false,
    };
    plan(state, &catalogue(), &Own::default(), &ask)
}

fn refusal(state: &State, port: u32) -> String {
    try_plan(state, SWITCH, Some(port), "port-bounce", &[])
        .unwrap_err()
        .to_string()
}

#[test]
fn a_workstation_s_port_is_bounced_on_its_switch_and_the_plan_says_everything() {
    let plan = try_plan(&hospital(), DESK, None, "port-bounce", &[]).unwrap();
    assert_eq!((plan.device, plan.on_behalf_of), (SWITCH, Some(DESK)));
    assert_eq!(plan.device_name.as_str(), "sw-3f-02");
    let notes: Vec<&str> = plan.notes.iter().map(Text::as_str).collect();
    assert_eq!(
        notes,
        [
            "sw-3f-02 Gi1/0/5 (desk 5), which has link now, goes down for 5 s",
            "ws-5 loses its link: workstation, admin",
            "SET 1.3.6.1.2.1.2.2.1.7.5 = 2 (down), and = 1 (up) after 5 s",
            "just before, the switch is asked again; it stops unless index 5 is still 'Gi1/0/5' with description 'desk 5'",
            "the way back is written down before the first SET: if wardwatch is killed, its next start opens the port",
        ]
    );
    assert_eq!(
        plan.packet_counts(),
        [(PacketKind::Get, 4), (PacketKind::Set, 2)].into()
    );
    assert_eq!(plan.confirm, Confirm::Key);
    assert_eq!(plan.timeout_s, 65);
    assert!(matches!(
        plan.work,
        Work::IfAdmin {
            bounce: true,
            revert_s: 5,
            ..
        }
    ));
}

#[test]
fn what_a_patient_depends_on_is_confirmed_by_name_and_its_ward_is_told_first() {
    let plan = try_plan(
        &hospital(),
        MONITOR,
        None,
        "port-bounce",
        &[("seconds", "10")],
    )
    .unwrap();
    assert_eq!(plan.confirm, Confirm::TypeName);
    assert_eq!(plan.care, CareLevel::Clinical);
    assert!(
        plan.notes
            .iter()
            .any(|n| n.as_str() == "tell ICU-3 first: 4711")
    );
    assert!(!confirmed(&plan, "y"));
    assert!(confirmed(&plan, "sw-3f-02"));
}

#[test]
fn a_station_that_nobody_declared_can_be_taken_off_the_net() {
    let plan = try_plan(
        &hospital(),
        ROGUE,
        None,
        "port-shut",
        &[("seconds", "7200")],
    )
    .unwrap();
    assert!(
        plan.notes[0].as_str().ends_with("is shut for 2 h"),
        "{:?}",
        plan.notes
    );
    assert!(plan.notes[1].as_str().contains("not in the register"));
    assert_eq!(plan.timeout_s, 7260);
}

#[test]
fn a_port_may_be_chosen_on_the_switch_by_selection_or_by_name() {
    let state = hospital();
    let by_selection = try_plan(&state, SWITCH, Some(5), "port-bounce", &[]).unwrap();
    let by_name = try_plan(
        &state,
        SWITCH,
        None,
        "port-bounce",
        &[("interface", "Gi1/0/5")],
    )
    .unwrap();
    assert_eq!(by_selection.work, by_name.work);
    assert_eq!(
        try_plan(&state, SWITCH, None, "port-bounce", &[]),
        Err(Refusal::NoPort {
            device: "sw-3f-02".into()
        })
    );
    assert!(matches!(
        try_plan(
            &state,
            SWITCH,
            None,
            "port-bounce",
            &[("interface", "Gi9/9/9")]
        ),
        Err(Refusal::NoSuchPort { .. })
    ));
}

#[test]
fn a_port_with_no_link_and_nobody_on_it_may_be_shut() {
    assert!(try_plan(&hospital(), SWITCH, Some(12), "port-shut", &[]).is_ok());
}

#[test]
fn ports_that_must_not_be_touched_are_refused_in_calm_words() {
    let state = hospital();
    let table = [
        (
            21,
            "pump-icu3-12 hangs on Gi1/0/21 of sw-3f-02, and it is life-sustaining; such a port is never touched from here",
        ),
        (
            17,
            "vent-icu3-07 hangs on Gi1/0/17 of sw-3f-02, and it is life-sustaining; such a port is never touched from here",
        ),
        (
            6,
            "2 stations hang on Gi1/0/6 on sw-3f-02 (tel-6, ws-6); only ports with one are touched",
        ),
        (
            22,
            "srv-two-macs on Gi1/0/22 of sw-3f-02 is known with 2 MAC addresses, so more than one station may hang there",
        ),
        (7, "Gi1/0/7 on sw-3f-02 is an uplink: it leads to ap-7"),
        (
            8,
            "Gi1/0/8 on sw-3f-02 is described as 'Uplink spare', which sounds like uplink; change the description if that is no longer true",
        ),
        (
            9,
            "Gi1/0/9 on sw-3f-02 has link, but no station was learned there: nobody can tell who would lose it (a trunk or a LAG member looks like this too)",
        ),
        (
            10,
            "Gi1/0/10 on sw-3f-02 is down by configuration, not up; somebody did that on purpose",
        ),
        (
            48,
            "Gi1/0/48 on sw-3f-02 is on the way of wardwatch itself (the cable from core-1 arrives here)",
        ),
        (
            60,
            "Gi1/0/60 on sw-3f-02 is no Ethernet access port (ifType 161): it may be a LAG, a VLAN or a stack interface",
        ),
        (99, "sw-3f-02 has no interface 99"),
    ];
    for (port, words) in table {
        assert_eq!(refusal(&state, port), words);
        let shut = try_plan(&state, SWITCH, Some(port), "port-shut", &[]).unwrap_err();
        assert_eq!(shut.to_string(), words, "shut refuses what bounce refuses");
    }
}

#[test]
fn a_life_sustaining_device_is_protected_wherever_it_was_last_learned() {
    let mut state = hospital();
    // long gone, its port without link: it may be plugged in again at any moment
    change(&mut state, VENT, |d| {
        if let Some(at) = &mut d.attached {
            at.seen = Time(0);
        }
    });
    change(&mut state, SWITCH, |d| {
        if let Some(p) = d.interfaces.get_mut(&IfIndex(17)) {
            p.oper = IfStatus::Down;
        }
    });
    assert!(matches!(
        try_plan(&state, VENT, None, "port-bounce", &[]),
        Err(Refusal::Life { .. })
    ));
    // by the word of the site, whatever its class says
    let mut state = hospital();
    change(&mut state, DESK, |d| d.care = CareLevel::LifeSustaining);
    assert!(matches!(
        try_plan(&state, DESK, None, "port-bounce", &[]),
        Err(Refusal::Life { .. })
    ));
}

#[test]
fn uplinks_are_known_by_their_cables_from_either_end_and_an_unplaced_cable_stops_all() {
    let mut state = hospital();
    cable(&mut state, (SWITCH, Some(5)), (DeviceId(14), None));
    assert!(refusal(&state, 5).contains("is an uplink: it leads to ws-6"));
    let mut state = hospital();
    cable(&mut state, (CORE, Some(2)), (SWITCH, None));
    assert!(
        refusal(&state, 5)
            .contains("a cable from sw-3f-02 to core-1 is known, but not on which port it is")
    );
}

#[test]
fn wardwatch_does_not_cut_itself_off() {
    let state = hospital();
    let own = Own {
        addresses: [std::net::IpAddr::from([10, 31, 0, 12])].into(),
        ..Own::default()
    };
    let inputs = BTreeMap::new();
    let person = ana();
    let ask = Ask {
        device: DESK,
        interface: None,
        remediation: "port-bounce",
        inputs: &inputs,
        person: &person,
        dry_run: false,
    };
    let said = plan(&state, &catalogue(), &own, &ask)
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        "Gi1/0/5 on sw-3f-02 is on the way of wardwatch itself (it is ws-5, where wardwatch runs)"
    );

    let mut state = hospital();
    let mut site = (*state.site).clone();
    site.collector_at = Text::empty();
    state.site = std::sync::Arc::new(site.clone());
    assert!(refusal(&state, 5).contains("collector_at"));
    site.collector_at = "nobody".into();
    state.site = std::sync::Arc::new(site);
    assert!(refusal(&state, 5).contains("no device is called nobody"));
    let mut state = hospital();
    state.links.clear();
    assert!(refusal(&state, 5).contains("no cables from core-1 to it are known"));
    // on the collector's own switch there is no way to know
    assert!(
        try_plan(&state, CORE, Some(2), "port-bounce", &[])
            .unwrap_err()
            .to_string()
            .contains("no station was learned")
    );
}

#[test]
fn a_ring_protects_both_of_its_equally_short_ways() {
    let mut state = hospital();
    let mut other = device(DeviceId(30), "sw-3f-01", crate::model::DeviceClass::Switch);
    other.snmp.reach = Reach::Answers;
    state.devices.insert(other.id, other.into());
    cable(&mut state, (CORE, Some(2)), (DeviceId(30), Some(1)));
    let far = DeviceId(31);
    let mut last = device(far, "sw-3f-03", crate::model::DeviceClass::Switch);
    last.snmp = state.devices.get(&SWITCH).unwrap().snmp;
    last.interfaces = (1..4).map(|i| port(i, "")).collect();
    state.devices.insert(far, last.into());
    cable(&mut state, (DeviceId(30), Some(2)), (far, Some(1)));
    cable(&mut state, (SWITCH, Some(12)), (far, Some(2)));
    for port in [1, 2] {
        let said = try_plan(&state, far, Some(port), "port-bounce", &[]).unwrap_err();
        assert!(matches!(said, Refusal::OwnPath { .. }), "{said}");
    }
    let ends: Vec<LinkEnd> = state.links.keys().map(|l| l.0).collect();
    assert_eq!(ends.len(), 4);
}

#[test]
fn what_is_stale_or_silent_is_left_alone() {
    let mut state = hospital();
    state.time = Time(NOW.0 + 181_000);
    assert_eq!(
        refusal(&state, 5),
        "what is known of Gi1/0/5 on sw-3f-02 is 181 s old; wait for the next poll"
    );
    let mut state = hospital();
    change(&mut state, SWITCH, |d| d.snmp.reach = Reach::Missed);
    assert_eq!(
        refusal(&state, 5),
        "sw-3f-02 does not answer now, so nobody can tell what its port is doing"
    );
    let mut state = hospital();
    change(&mut state, SWITCH, |d| {
        if let Some(p) = d.interfaces.get_mut(&IfIndex(5)) {
            p.oper = IfStatus::Unknown;
        }
    });
    assert!(matches!(
        try_plan(&state, DESK, None, "port-bounce", &[]),
        Err(Refusal::SwitchSilent { .. })
    ));
}

#[test]
fn a_port_with_a_run_or_an_open_way_back_is_busy() {
    let mut state = hospital();
    let plan = try_plan(&state, DESK, None, "port-shut", &[]).unwrap();
    let mut run = Run {
        id: RunId(7),
        plan,
        by: "ben".into(),
        reason: "test".into(),
        state: RunState::Failed,
        planned: NOW,
        started: Some(NOW),
        ended: Some(NOW),
        exit: None,
        output: imbl::Vector::new(),
        output_dropped: 0,
        output_hash: Text::empty(),
        revert: Some(Revert {
            due: NOW,
            interface_index: 5,
            interface_name: "Gi1/0/5".into(),
            admin_status: 1,
            done: None,
        }),
        outcome: Text::empty(),
    };
    state.runs.insert(run.id, run.clone().into());
    assert_eq!(
        refusal(&state, 5),
        "port-shut by ben is still at work on Gi1/0/5 of sw-3f-02"
    );
    assert!(try_plan(&state, SWITCH, Some(12), "port-bounce", &[]).is_ok());
    if let Some(revert) = &mut run.revert {
        revert.done = Some(NOW);
    }
    state.runs.insert(run.id, run.into());
    assert!(try_plan(&state, DESK, None, "port-bounce", &[]).is_ok());
}

#[test]
fn the_touch_policy_holds_for_everything_that_is_sent() {
    let state = hospital();
    assert_eq!(
        try_plan(&state, VENT, None, "ping", &[])
            .unwrap_err()
            .to_string(),
        "vent-icu3-07 must not get a ping: its touch policy is never (class ventilator)"
    );
    assert!(try_plan(&state, MONITOR, None, "ping", &[]).is_err());
    assert!(try_plan(&state, DESK, None, "ping", &[]).is_ok());
    assert!(matches!(
        try_plan(&state, DESK, None, "snmp-get", &[]),
        Err(Refusal::Touch {
            kind: PacketKind::Get,
            policy: TouchPolicy::Ping,
            ..
        })
    ));
    let plan = try_plan(
        &state,
        SWITCH,
        None,
        "snmp-get",
        &[("oid", ".1.3.6.1.2.1.1.5.0")],
    )
    .unwrap();
    assert_eq!(
        plan.work,
        Work::SnmpGet {
            oids: vec!["1.3.6.1.2.1.1.5.0".into()]
        }
    );
    let mut strict = hospital();
    change(&mut strict, SWITCH, |d| d.touch.policy = TouchPolicy::Ping);
    assert!(matches!(
        try_plan(&strict, DESK, None, "port-bounce", &[]),
        Err(Refusal::Touch { .. })
    ));
}

#[test]
fn a_program_gets_exact_arguments_and_an_environment_of_its_own() {
    let state = hospital();
    let plan = try_plan(&state, DESK, None, "ping", &[("count", "007")]).unwrap();
    let Work::Program {
        argv,
        env,
        dry_argv,
    } = &plan.work
    else {
        panic!()
    };
    let argv: Vec<&str> = argv.iter().map(Text::as_str).collect();
    assert_eq!(
        argv,
        ["/usr/bin/ping", "-n", "-c", "7", "-W", "2", "10.31.0.12"]
    );
    assert_eq!(env.len(), 2);
    assert!(dry_argv.is_none());
    assert_eq!(plan.packet_counts(), [(PacketKind::Ping, 7)].into());

    // whatever is typed stays one argument
    let hostile = "a b; rm -rf /".replace(';', "&");
    let plan = try_plan(&state, SWITCH, None, "hello", &[("word", &hostile)]).unwrap();
    let Work::Program { argv, env, .. } = &plan.work else {
        panic!()
    };
    assert_eq!(argv.len(), 4);
    assert_eq!(argv[2].unescape(), hostile.as_bytes());
    assert_eq!(argv[3].as_str(), "Gi1/0/5");
    assert_eq!(
        env.get(&Text::from("WORD")).unwrap().unescape(),
        hostile.as_bytes()
    );
}

#[test]
fn inputs_that_are_not_accepted_are_refused() {
    type Given<'a> = &'a [(&'a str, &'a str)];
    let state = hospital();
    let table: [(DeviceId, &str, Given<'_>, &str); 8] = [
        (
            DESK,
            "ping",
            &[("count", "21")],
            "count: it must be a number from 1 to 20",
        ),
        (
            DESK,
            "ping",
            &[("flood", "1")],
            "flood: ping does not ask for it",
        ),
        (
            DESK,
            "ping",
            &[("interface", "x")],
            "interface: ping does not ask for it",
        ),
        (SWITCH, "hello", &[], "word: it must be text matching [^;]*"),
        (
            SWITCH,
            "hello",
            &[("word", "a;b")],
            "word: it must be text matching",
        ),
        (
            SWITCH,
            "hello",
            &[("word", "-rf")],
            "the arguments can't be made: the value of {word} begins with '-'",
        ),
        (
            SWITCH,
            "hello",
            &[("word", "")],
            "the arguments can't be made: the value of {word} is empty",
        ),
        (
            SWITCH,
            "hello",
            &[("word", "a"), ("at", "Gi7")],
            "at: sw-3f-02 has no interface Gi7",
        ),
    ];
    for (device, remediation, inputs, words) in table {
        let said = try_plan(&state, device, None, remediation, inputs)
            .unwrap_err()
            .to_string();
        assert!(said.starts_with(words), "{said}");
    }
    assert_eq!(
        try_plan(&state, DESK, None, "reboot", &[])
            .unwrap_err()
            .to_string(),
        "there is no remediation 'reboot'; there are hello, ping, port-bounce, port-shut, snmp-get"
    );
    assert!(matches!(
        try_plan(&state, DESK, None, "hello", &[]),
        Err(Refusal::Scope { .. })
    ));
    assert!(matches!(
        try_plan(&state, LOOSE, None, "port-bounce", &[]),
        Err(Refusal::NotAttached { .. })
    ));
    assert!(matches!(
        try_plan(&state, DeviceId(999), None, "ping", &[]),
        Err(Refusal::NoSuchDevice)
    ));
}

#[test]
fn a_missing_program_is_said_before_anybody_confirms() {
    let files = [(
        "ping",
        include_str!("../../../config/remediations/ping.toml"),
    )];
    let (catalogue, _) = Catalogue::from_texts(&files, &|_| None);
    let state = hospital();
    let offers = offers(&state, &catalogue, &Own::default(), DESK, None, &ana());
    assert_eq!(
        offers[0].refusal.as_ref().unwrap().as_str(),
        "ping is not installed here; install it (Debian: apt install iputils-ping)"
    );
}

#[test]
fn offers_leave_out_other_classes_and_say_why_not() {
    let state = hospital();
    let names = |device, interface: Option<u32>, person: &Person| -> Vec<(String, bool)> {
        offers(
            &state,
            &catalogue(),
            &Own::default(),
            device,
            interface.map(IfIndex),
            person,
        )
        .into_iter()
        .map(|o| (o.name.as_str().to_owned(), o.refusal.is_none()))
        .collect()
    };
    let yes = |n: &str| (n.to_owned(), true);
    let no = |n: &str| (n.to_owned(), false);
    assert_eq!(
        names(DESK, None, &ana()),
        [
            yes("ping"),
            yes("port-bounce"),
            yes("port-shut"),
            no("snmp-get")
        ]
    );
    assert_eq!(
        names(SWITCH, None, &ana()),
        [
            yes("hello"),
            yes("ping"),
            yes("port-bounce"),
            yes("port-shut"),
            yes("snmp-get")
        ]
    );
    assert_eq!(names(SWITCH, Some(48), &ana())[2], no("port-bounce"));
    assert!(names(VENT, None, &ana()).iter().all(|(_, can)| !can));
    let viewer = Person {
        name: "wall".into(),
        role: Role::Viewer,
    };
    assert!(names(DESK, None, &viewer).iter().all(|(_, can)| !can));
    let asked = offers(&state, &catalogue(), &Own::default(), SWITCH, None, &ana());
    assert_eq!(asked[2].inputs[0].name.as_str(), PORT_INPUT);
}

#[test]
fn a_dry_run_declares_no_set_and_no_packet_of_a_program_that_is_not_started() {
    let state = hospital();
    let inputs = BTreeMap::new();
    let person = ana();
    let dry = |remediation| {
        let ask = Ask {
            device: DESK,
            interface: None,
            remediation,
            inputs: &inputs,
            person: &person,
            dry_run: true,
        };
        plan(&state, &catalogue(), &Own::default(), &ask).unwrap()
    };
    assert_eq!(
        dry("port-bounce").packet_counts(),
        [(PacketKind::Get, 2)].into()
    );
    assert!(dry("ping").packets.is_empty());
    assert_eq!(dry("port-shut").confirm, Confirm::None);
}

#[test]
fn the_same_question_has_the_same_hash_and_another_one_has_another() {
    let state = hospital();
    let of = |s: &str| {
        plan_hash(&try_plan(&state, DESK, None, "port-bounce", &[("seconds", s)]).unwrap())
    };
    assert_eq!(of("5"), of("5"));
    assert_ne!(of("5"), of("6"));
    assert_eq!(of("5").as_str().len(), 64);
}
