//! What is done by a person: acknowledging, closing, running, and who may not.

use super::*;

#[test]
fn an_alert_is_acknowledged_with_a_note_and_until_when() {
    let mut seat = Seat::new();
    seat.keys("3a");
    seat.shows("Acknowledge");
    let asked = seat.keys("on my way<tab><tab><enter>");
    let until = Some(NOW + Duration::from_hours(1));
    let command = Command::Acknowledge {
        alert: AlertId(1),
        note: Text::from("on my way"),
        until,
    };
    assert_eq!(asked, [Request::Command(command)]);
    seat.hides("until");
}

#[test]
fn seven_in_the_morning_is_the_next_one_of_the_site() {
    let mut seat = Seat::new();
    let asked = seat.keys("3a<shift-tab><enter>");
    let [
        Request::Command(Command::Acknowledge {
            until: Some(until), ..
        }),
    ] = asked.as_slice()
    else {
        panic!("{asked:?}");
    };
    assert_eq!(until.to_string(), "2023-11-15T07:00:00Z");
}

#[test]
fn only_what_is_acknowledged_can_be_given_back() {
    let mut seat = Seat::new();
    assert_eq!(seat.keys("3A"), []);
    seat.shows("nobody has acknowledged it");
    let state = Arc::make_mut(&mut seat.world.state);
    let mut taken = alert(1, Severity::Critical);
    taken.state = AlertState::Acknowledged;
    taken.ack = Some(Acknowledgement {
        by: Text::from("bo"),
        at: NOW,
        note: Text::empty(),
        until: None,
    });
    state.alerts.insert(AlertId(1), Arc::new(taken));
    state.revision += 1;
    assert_eq!(
        seat.keys("A"),
        [Request::Command(Command::Unacknowledge {
            alert: AlertId(1)
        })]
    );
}

#[test]
fn closing_an_alert_wants_a_reason() {
    let mut seat = Seat::new();
    assert_eq!(seat.keys("3X<enter>"), []);
    seat.shows("say why");
    let note = Text::from("replaced");
    let close = Command::Close {
        alert: AlertId(1),
        note,
    };
    assert_eq!(seat.keys("replaced<enter>"), [Request::Command(close)]);
}

/// Opens the run dialog on the switch.
fn on_switch() -> Seat {
    let mut seat = Seat::new();
    seat.keys("4/sw-3f<enter>r");
    seat.shows("Run on sw-3f-02");
    seat
}

#[test]
fn a_run_shows_exactly_what_it_would_do_and_starts_with_y() {
    let mut seat = on_switch();
    seat.keys("p<enter>because<enter>");
    for words in [
        "ping",
        "-c",
        "10.31.0.2",
        "PATH=/usr/bin",
        "4 ping",
        "nothing is interrupted",
        "because",
    ] {
        seat.shows(words);
    }
    assert_eq!(seat.keys("<enter>"), [], "enter is pressed by habit");
    seat.shows("press y");
    let asked = seat.keys("y");
    let [Request::Run(run)] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(run.reason, Text::from("because"));
    assert_eq!(
        run.inputs,
        BTreeMap::from([(Text::from("count"), Text::from("4"))])
    );
    assert_eq!(run.plan.confirm, Confirm::Key);
    assert!(!run.plan.dry_run);
}

#[test]
fn a_risky_run_wants_a_reason_and_the_device_s_name_typed_not_pasted() {
    let mut seat = on_switch();
    seat.keys("b<enter><enter>");
    seat.shows("say why");
    seat.keys("stuck<enter>");
    assert_eq!(seat.keys("y<enter>"), []);
    seat.shows("that is not the name");
    seat.keys("<backspace>");
    let pasted = Input::Paste("sw-3f-02".into());
    assert_eq!(seat.session.input(pasted, &seat.world), []);
    assert_eq!(seat.keys("<enter>"), []);
    let asked = seat.keys("sw-3f-02<enter>");
    assert!(matches!(asked.as_slice(), [Request::Run(_)]), "{asked:?}");
}

#[test]
fn a_dry_run_needs_no_confirmation_and_what_is_refused_says_why() {
    let mut seat = on_switch();
    seat.keys("s");
    seat.shows("a ventilator hangs on it");
    seat.keys("p<enter><enter>d");
    seat.shows("nothing is changed");
    let asked = seat.keys("<enter>");
    assert!(
        matches!(asked.as_slice(), [Request::Run(run)] if run.plan.dry_run),
        "{asked:?}"
    );
}

#[test]
fn a_wrong_input_is_said_and_esc_goes_back_a_step_with_everything_kept() {
    let mut seat = on_switch();
    seat.keys("p<backspace>99<enter>why not<enter>");
    seat.shows("99 is more than 20");
    seat.keys("<up><backspace><backspace>5<down><enter>");
    seat.shows("this will be done");
    seat.keys("<esc>");
    seat.shows("why not");
    seat.keys("<esc>");
    seat.shows("Run on sw-3f-02");
    seat.keys("<esc>");
    seat.hides("Run on");
}

/// What a test changes in a configuration.
type Set = Box<dyn Fn(&mut SessionConfig)>;

#[test]
fn read_only_a_viewer_a_wallboard_and_a_replay_can_do_nothing() {
    let replay = Live::Replay(Played {
        at: NOW,
        from: NOW,
        to: NOW,
        speed: 1,
        ..Played::default()
    });
    let cases: [(&str, Set, Live); 4] = [
        ("read-only", Box::new(|c| c.read_only = true), Live::Live),
        ("operator", Box::new(|c| c.role = Role::Viewer), Live::Live),
        ("recording", Box::new(|_| {}), replay),
        (
            "wallboard",
            Box::new(|c| {
                c.wallboard = Some(Wallboard {
                    views: Vec::new(),
                    dwell: Some(Duration::from_secs(20)),
                    ..Wallboard::default()
                });
            }),
            Live::Live,
        ),
    ];
    for (why, set, live) in cases {
        let mut seat = Seat::at((120, 36), |c| set(c));
        seat.world.live = live;
        for keys in [
            "3a",
            "A",
            "X",
            "4r",
            "+",
            "5x",
            ":acknowledge<enter>",
            ":run a rem<enter>",
        ] {
            assert_eq!(seat.keys(keys), [], "{why} {keys}");
            seat.keys("<esc><esc>");
        }
        seat.keys("3a");
        seat.shows(why);
        // and if a view asked all the same
        seat.session.pending.push(Request::CancelRun(RunId(1)));
        assert_eq!(seat.session.requests(&seat.world), []);
    }
}

#[test]
fn a_touch_policy_is_said_for_a_time_with_a_reason() {
    let mut seat = Seat::new();
    seat.keys("4/pump<enter>t");
    seat.shows("Touch policy for a time");
    assert_eq!(seat.keys("<enter>"), []);
    seat.shows("say why");
    // from passive over arp and ping to get, and from one hour to two
    let asked = seat.keys("<down><down><down><tab>biomed asked<enter>");
    let command = Command::OverrideTouch {
        device: DeviceId(3),
        policy: TouchPolicy::Get,
        reason: Text::from("biomed asked"),
        until: NOW + Duration::from_hours(2),
    };
    assert_eq!(asked, [Request::Command(command)]);
}

#[test]
fn the_second_person_sees_who_asked_for_what_and_why_and_says_yes_with_y() {
    let mut seat = Seat::new();
    assert_eq!(seat.keys("4/vent<enter>="), []);
    seat.shows("nobody asked");
    let state = Arc::make_mut(&mut seat.world.state);
    let vent = Arc::make_mut(state.devices.get_mut(&DeviceId(2)).unwrap());
    vent.touch.policy = TouchPolicy::Never;
    vent.touch.asked = Some(Arc::new(TouchOverride {
        policy: TouchPolicy::Get,
        by: Text::from("bo"),
        approved: Text::empty(),
        reason: Text::from("firmware recall"),
        since: NOW,
        until: NOW + Duration::from_hours(1),
    }));
    state.revision += 1;
    seat.keys("t");
    seat.shows("Touch policy for a time");
    seat.keys("<down>");
    seat.shows("lifted by two people");
    seat.keys("<esc>=");
    for words in ["bo", "get", "firmware recall", "Whoever"] {
        seat.shows(words);
    }
    let approve = Command::ApproveTouch {
        device: DeviceId(2),
        policy: TouchPolicy::Get,
    };
    assert_eq!(seat.keys("y"), [Request::Command(approve)]);
}
