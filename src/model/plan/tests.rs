use proptest::prelude::*;

use super::*;

fn object(role: Role, oid: &str) -> Column {
    Column {
        role,
        oid: oid.parse().unwrap(),
    }
}

pub(super) fn part(interval_s: u32, oids: &[&str]) -> PollPart {
    PollPart {
        kind: PartKind::Sensors,
        interval_s,
        deadline_s: interval_s * 6 / 10,
        rows: 100,
        bytes: 10_000,
        hint: None,
        whole_s: 0,
        unhinted_s: 0,
        counters: false,
        get: Vec::new(),
        beside: Vec::new(),
        columns: oids.iter().map(|o| object(Role::Other, o)).collect(),
    }
}

pub(super) fn plan(
    name: &str,
    classes: &[DeviceClass],
    models: &[&str],
    part: PollPart,
) -> PollPlan {
    PollPlan {
        name: name.into(),
        version: 1,
        title: Text::empty(),
        job: part.kind.job(),
        classes: classes.to_vec(),
        except: Vec::new(),
        models: models.iter().map(|m| m.parse().unwrap()).collect(),
        priority: None,
        parts: vec![part],
    }
}

pub(super) const A: &str = "1.3.6.1.2.1.99.1";
const B: &str = "1.3.6.1.2.1.99.2";

#[test]
fn the_more_particular_plan_counts_a_model_before_a_class_and_a_class_before_all() {
    let plans = PollPlans::new([
        plan("all", &[], &[], part(300, &[A])),
        plan("switches", &[DeviceClass::Switch], &[], part(60, &[A])),
        plan("a-model", &[], &["1.3.6.1.4.1.9.1"], part(600, &[A])),
        plan("its-kind", &[], &["1.3.6.1.4.1.9.1.516"], part(900, &[A])),
    ]);
    let interval = |class, object: &str| plans.interval(class, plans.model(object), Job::Sensors);
    let cases = [
        (DeviceClass::Printer, "", 300),
        (DeviceClass::Printer, "1.3.6.1.4.1.11.2", 300),
        (DeviceClass::Switch, "1.3.6.1.4.1.11.2", 60),
        (DeviceClass::Switch, "1.3.6.1.4.1.9.1.7", 600),
        (DeviceClass::Switch, "1.3.6.1.4.1.9.1.516", 900),
        (DeviceClass::Printer, "1.3.6.1.4.1.9.1.516.2", 900),
        // arcs, not characters
        (DeviceClass::Switch, "1.3.6.1.4.1.9.10", 60),
        (DeviceClass::Switch, "1.3.6.1.4.1.9.1.5160", 600),
        (DeviceClass::Switch, "nonsense", 60),
    ];
    for (class, object, wanted) in cases {
        assert_eq!(interval(class, object), Some(wanted), "{class} {object}");
    }
    assert_eq!(plans.interval(DeviceClass::Switch, 0, Job::Ups), None);
}

#[test]
fn a_plan_is_not_for_those_it_excepts() {
    let mut one = plan("all", &[], &[], part(300, &[A]));
    one.except = vec![DeviceClass::Ups];
    let plans = PollPlans::new([one]);
    assert_eq!(plans.interval(DeviceClass::Ups, 0, Job::Sensors), None);
    assert!(plans.interval(DeviceClass::Pdu, 0, Job::Sensors).is_some());
}

#[test]
fn two_plans_that_claim_the_same_are_named() {
    let both = PollPlans::new([
        plan(
            "one",
            &[DeviceClass::Switch, DeviceClass::Router],
            &[],
            part(60, &[A]),
        ),
        plan("two", &[DeviceClass::Switch], &[], part(60, &[A])),
    ]);
    let rivals = both.rivals();
    assert_eq!(rivals.len(), 1);
    assert_eq!(rivals[0].3, DeviceClass::Switch);
    let apart = PollPlans::new([
        plan("one", &[], &[], part(60, &[A])),
        plan("two", &[DeviceClass::Switch], &[], part(60, &[A])),
    ]);
    assert_eq!(apart.rivals(), []);
}

#[test]
fn each_step_to_more_is_more_and_each_step_to_less_is_not() {
    let base = part(300, &[A]);
    let hinted = PollPart {
        hint: Some(object(Role::IfTableLastChange, B)),
        whole_s: 21_600,
        unhinted_s: 300,
        ..base.clone()
    };
    let more = [
        (base.clone(), part(299, &[A])),
        (base.clone(), part(300, &[A, B])),
        (base.clone(), part(900, &[B])),
        (
            base.clone(),
            PollPart {
                rows: 101,
                ..base.clone()
            },
        ),
        (
            base.clone(),
            PollPart {
                bytes: 10_001,
                ..base.clone()
            },
        ),
        // looking at a hint is asking for an object more
        (base.clone(), hinted.clone()),
        (hinted.clone(), base.clone()),
        (
            hinted.clone(),
            PollPart {
                whole_s: 21_599,
                ..hinted.clone()
            },
        ),
    ];
    let less = [
        (base.clone(), base.clone()),
        (base.clone(), part(301, &[A])),
        (part(300, &[A, B]), base.clone()),
        (
            base.clone(),
            PollPart {
                rows: 99,
                bytes: 9_999,
                ..base.clone()
            },
        ),
        (
            base.clone(),
            PollPart {
                deadline_s: 1,
                ..base.clone()
            },
        ),
        (
            hinted.clone(),
            PollPart {
                whole_s: 21_601,
                ..hinted.clone()
            },
        ),
    ];
    let of = |part: &PollPart| PollPlans::new([plan("p", &[], &[], part.clone())]);
    for (before, after) in &more {
        let told = of(before).differences(&of(after));
        assert!(
            told.iter().any(Difference::is_more),
            "{before:?}\n{after:?}"
        );
        assert_eq!(of(before).with_less(&of(after)), of(before));
    }
    for (before, after) in &less {
        let told = of(before).differences(&of(after));
        assert!(!told.iter().any(Difference::is_more), "{told:?}");
        assert_eq!(of(before).with_less(&of(after)), of(after));
    }
}

#[test]
fn a_wider_selector_asks_more_of_those_it_did_not_reach() {
    let before = PollPlans::new([plan("p", &[DeviceClass::Switch], &[], part(300, &[A]))]);
    let after = PollPlans::new([plan(
        "p",
        &[DeviceClass::Switch, DeviceClass::Printer],
        &[],
        part(300, &[A]),
    )]);
    let told = before.differences(&after);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].classes, [DeviceClass::Printer]);
    assert_eq!(
        told[0].steps,
        [Step::Begins {
            interval_s: 300,
            objects: 1
        }]
    );
    assert_eq!(before.with_less(&after), before);
    assert_eq!(after.with_less(&before), before);
}

#[test]
fn what_is_less_comes_at_once_while_what_is_more_waits() {
    let before = PollPlans::new([
        plan("one", &[DeviceClass::Switch], &[], part(300, &[A])),
        plan("two", &[DeviceClass::Router], &[], part(300, &[A])),
    ]);
    let after = PollPlans::new([
        plan("one", &[DeviceClass::Switch], &[], part(60, &[A])),
        plan("two", &[DeviceClass::Router], &[], part(900, &[A])),
    ]);
    let now = before.with_less(&after);
    assert_eq!(
        now.interval(DeviceClass::Switch, 0, Job::Sensors),
        Some(300)
    );
    assert_eq!(
        now.interval(DeviceClass::Router, 0, Job::Sensors),
        Some(900)
    );
}

#[test]
fn a_plan_that_goes_and_lets_a_hungrier_one_through_waits() {
    let gentle = plan("gentle", &[DeviceClass::Printer], &[], part(3_600, &[A]));
    let before = PollPlans::new([plan("all", &[], &[], part(60, &[A])), gentle]);
    let after = PollPlans::new([plan("all", &[], &[], part(60, &[A]))]);
    assert_eq!(before.with_less(&after), before);
    let told = before.differences(&after);
    assert_eq!(told[0].classes, [DeviceClass::Printer]);
    assert_eq!(told[0].steps, [Step::Interval(3_600, 60)]);
}

#[test]
fn a_change_for_one_model_is_told_for_that_model_alone() {
    let before = PollPlans::new([plan("all", &[], &[], part(60, &[A]))]);
    let after = PollPlans::new([
        plan("all", &[], &[], part(60, &[A])),
        plan("slow", &[], &["1.3.6.1.4.1.9.1"], part(600, &[A])),
    ]);
    let told = before.differences(&after);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].models, ["1.3.6.1.4.1.9.1".parse().unwrap()]);
    assert_eq!(told[0].classes.len(), DeviceClass::ALL.len());
    assert!(!told[0].is_more());
}

#[test]
fn the_canonical_form_does_not_hang_on_the_order_of_files() {
    let one = plan("one", &[], &[], part(60, &[A]));
    let two = plan("two", &[DeviceClass::Switch], &[], part(60, &[A]));
    let ab = PollPlans::new([one.clone(), two.clone()]);
    let ba = PollPlans::new([two, one]);
    assert_eq!(ab.canonical(), ba.canonical());
    assert_eq!(ab.hash(), ba.hash());
    let read: PollPlans = serde_json::from_str(&ab.canonical()).unwrap();
    assert_eq!(read, ab);
}

#[test]
fn identifiers_are_read_or_refused() {
    for good in [
        "1.3.6",
        ".1.3.6",
        "2.999.1",
        "0.39",
        "1.0.8802.1.1.2.1.2.1.0",
    ] {
        let oid: PlanOid = good.parse().unwrap();
        assert_eq!(oid.to_string(), good.trim_start_matches('.'));
    }
    for bad in [
        "",
        "1",
        "3.1",
        "1.40",
        "1..3",
        "1.3.x",
        "1.3.4294967296",
        "1.3.+6",
        " 1.3",
        "1.3.",
    ] {
        assert!(bad.parse::<PlanOid>().is_err(), "{bad}");
    }
    assert!(
        "1.3.6.1"
            .parse::<PlanOid>()
            .unwrap()
            .begins(&[1, 3, 6, 1, 4])
    );
}

fn any_plans() -> impl Strategy<Value = PollPlans> {
    let class = prop::sample::select(vec![
        DeviceClass::Switch,
        DeviceClass::Printer,
        DeviceClass::Ups,
    ]);
    let classes = prop::collection::vec(class, 0..3);
    let models = prop::collection::vec(
        prop::sample::select(vec!["1.3.6.1.4.1.9", "1.3.6.1.4.1.9.1", "1.3.6.1.4.1.11"]),
        0..2,
    );
    let oids = prop::collection::vec(prop::sample::select(vec![A, B, "1.3.6.1.4.1.1"]), 1..3);
    let one = (
        prop::sample::select(vec!["a", "b", "c"]),
        classes,
        models,
        prop::sample::select(vec![60u32, 300, 900]),
        oids,
        prop::sample::select(vec![100u32, 200]),
    )
        .prop_map(|(name, classes, models, interval, oids, rows)| {
            let part = PollPart {
                rows,
                ..part(interval, &oids)
            };
            plan(name, &classes, &models, part)
        });
    prop::collection::vec(one, 1..5).prop_map(PollPlans::new)
}

proptest! {
    #[test]
    fn nobody_is_asked_for_more_without_consent(before in any_plans(), after in any_plans()) {
        let now = before.with_less(&after);
        for difference in before.differences(&now) {
            prop_assert!(!difference.is_more(), "{difference:?}");
        }
        // device by device, without the code that tells differences
        for class in [DeviceClass::Switch, DeviceClass::Printer, DeviceClass::Ups, DeviceClass::Router] {
            for object in ["", "1.3.6.1.4.1.9.5", "1.3.6.1.4.1.9.1.7", "1.3.6.1.4.1.11.3"] {
                let asked = |plans: &PollPlans| -> Vec<PollPart> {
                    plans.asked(class, plans.model(object)).iter().map(|a| a.part.clone()).collect()
                };
                let had = asked(&before);
                for part in asked(&now) {
                    let was = had.iter().find(|p| p.kind == part.kind);
                    prop_assert!(was.is_some_and(|was| was.interval_s <= part.interval_s && was.rows >= part.rows
                        && part.columns.iter().all(|c| was.columns.iter().any(|w| w.oid == c.oid))), "{class} {object}");
                }
            }
        }
        // what was consented to is whole
        prop_assert_eq!(after.with_less(&after), after.clone());
        prop_assert!(after.differences(&after).is_empty());
    }
}

#[test]
fn who_goes_first_is_told_and_asks_nobody_for_more() {
    let plans = |priority: Option<u8>| {
        let sensors = PollPlan {
            priority: priority.map(Priority::from),
            ..plan("sensors", &[DeviceClass::Ups], &[], part(300, &[A]))
        };
        PollPlans::new([sensors])
    };
    let (unsaid, first) = (plans(None), plans(Some(0)));
    let told = unsaid.differences(&first);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].steps, [Step::Priority(4.into(), 0.into())]);
    assert_eq!(
        (told[0].part, &told[0].classes[..]),
        (None, &[DeviceClass::Ups][..])
    );
    assert!(!told[0].is_more());
    assert_eq!(unsaid.with_less(&first), first, "at once");
    assert_eq!(unsaid.hash(), first.hash(), "nobody consents to it");
    assert!(unsaid.asks_like(&first));
    // that which is usual, said or not, is no difference
    assert_eq!(unsaid.differences(&plans(Some(4))), []);
}

#[test]
fn a_job_goes_by_the_lowest_number_among_the_plans_that_have_a_part_of_it_for_the_device() {
    let with =
        |name: &str, classes: &[DeviceClass], kind: PartKind, priority: Option<u8>| PollPlan {
            job: kind.job(),
            priority: priority.map(Priority::from),
            ..plan(
                name,
                classes,
                &[],
                PollPart {
                    kind,
                    ..part(300, &[A])
                },
            )
        };
    let plans = PollPlans::new([
        with("addresses", &[], PartKind::Addresses, None),
        with("cables", &[DeviceClass::Switch], PartKind::Lldp, Some(5)),
        with("fast", &[DeviceClass::Router], PartKind::Addresses, Some(9)),
    ]);
    let priority = |class| plans.priority(class, 0, Job::Tables).map(Priority::number);
    assert_eq!(priority(DeviceClass::Printer), Some(8), "what is usual");
    assert_eq!(priority(DeviceClass::Switch), Some(5));
    assert_eq!(
        priority(DeviceClass::Router),
        Some(9),
        "the plan for all does not count here"
    );
    assert_eq!(plans.priority(DeviceClass::Switch, 0, Job::Ups), None);
}

#[test]
fn a_number_beyond_the_last_is_the_last() {
    assert_eq!(Priority::from(200).number(), Priority::LAST);
    assert_eq!(serde_json::from_str::<Priority>("200").unwrap().number(), 9);
    assert_eq!(serde_json::to_string(&Priority::from(3)).unwrap(), "3");
}
