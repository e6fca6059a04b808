use proptest::prelude::*;

use super::*;
use crate::model::sensor_table::Unit;
use crate::model::{SensorKind, SensorState};

fn object(role: Role, oid: &str) -> Column {
    Column {
        role,
        oid: oid.parse().unwrap(),
    }
}

fn part(interval_s: u32, oids: &[&str]) -> PollPart {
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

fn plan(name: &str, classes: &[DeviceClass], models: &[&str], part: PollPart) -> PollPlan {
    PollPlan {
        name: name.into(),
        version: 1,
        title: Text::empty(),
        job: part.kind.job(),
        classes: classes.to_vec(),
        except: Vec::new(),
        models: models.iter().map(|m| m.parse().unwrap()).collect(),
        parts: vec![part],
    }
}

const A: &str = "1.3.6.1.2.1.99.1";
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
    assert_eq!(told[0].model, Some("1.3.6.1.4.1.9.1".parse().unwrap()));
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

fn table(id: &str, of: &[u32], value: u32, rows: usize) -> SensorTable {
    SensorTable {
        id: id.into(),
        of: [of.to_vec()]
            .into_iter()
            .filter(|o| !o.is_empty())
            .collect(),
        not_of: Vec::new(),
        unless: Vec::new(),
        scalar: false,
        kind: SensorKind::Temperature,
        strip: String::new(),
        kinds: None,
        names: Vec::new(),
        title: id.into(),
        value: Some(vec![1, 3, 6, 1, 4, 1, value]),
        scale: 0,
        divide: 1,
        digits: None,
        scale_column: None,
        unit: Unit::Own,
        fahrenheit: None,
        missing: Vec::new(),
        left_of: None,
        tenths_above: None,
        rest: Vec::new(),
        state: None,
        states: Vec::new(),
        otherwise: SensorState::Unknown,
        only: Vec::new(),
        rows,
    }
}

fn with_tables(tables: impl Into<Vec<SensorTable>>) -> PollPlans {
    let sensors = plan("sensors", &[], &[], part(300, &[]));
    PollPlans::new([sensors]).with_tables(Arc::new(tables.into()))
}

const VENDOR: &[u32] = &[1, 3, 6, 1, 4, 1, 9];

#[test]
fn a_sensor_table_that_asks_for_more_is_more_and_one_that_asks_for_less_or_the_same_is_not() {
    let base = table("a", VENDOR, 5, 100);
    let but = |change: fn(&mut SensorTable)| {
        let mut other = base.clone();
        change(&mut other);
        other
    };
    let more = [
        but(|t| t.rows = 101),
        but(|t| t.state = Some(vec![1, 3, 6, 1, 4, 1, 6])),
        but(|t| t.digits = Some(vec![1, 3, 6, 1, 4, 1, 6])),
        but(|t| t.rest = vec![vec![1, 3, 6, 1, 4, 1, 6]]),
        but(|t| t.of = Vec::new()),
        but(|t| t.of.push(vec![1, 3, 6, 1, 4, 1, 10])),
        but(|t| t.value = Some(vec![1, 3, 6, 1, 4, 1, 7])),
    ];
    for after in &more {
        let (before, offered) = (with_tables([base.clone()]), with_tables([after.clone()]));
        let there = before.differences(&offered);
        assert!(there.iter().any(Difference::is_more), "{after:?}");
        assert!(there.iter().all(|d| d.is_table && d.plan.as_str() == "a"));
        assert_eq!(before.with_less(&offered), before, "{after:?}");
        assert_ne!(before.hash(), offered.hash());
    }
    let less = [
        but(|t| t.rows = 99),
        but(|t| t.of = vec![vec![1, 3, 6, 1, 4, 1, 9, 1]]),
        but(|t| t.not_of = vec![vec![1, 3, 6, 1, 4, 1, 9, 1]]),
        but(|t| t.scalar = true),
        but(|t| t.unless = vec!["b".into()]),
        // says the same in other words
        but(|t| t.title = "{name}".into()),
        but(|t| t.divide = 10),
    ];
    for after in &less {
        let (before, offered) = (with_tables([base.clone()]), with_tables([after.clone()]));
        let there = before.differences(&offered);
        assert!(!there.iter().any(Difference::is_more), "{after:?}");
        assert_eq!(before.with_less(&offered), offered, "{after:?}");
    }
    for (narrow, wide) in [
        (&less[2], &base),
        (&less[3], &base),
        (&less[4], &base),
        (&less[1], &base),
    ] {
        let back = with_tables([narrow.clone()]).differences(&with_tables([wide.clone()]));
        assert!(back.iter().any(Difference::is_more), "{narrow:?}");
    }
}

#[test]
fn each_sensor_table_is_taken_over_or_left_by_itself() {
    let (a, b) = (table("a", VENDOR, 5, 100), table("b", VENDOR, 6, 100));
    let before = with_tables([a.clone(), b.clone()]);
    let more = SensorTable {
        rows: 200,
        ..a.clone()
    };
    let new = table("c", &[], 7, 100);
    let offered = with_tables([more, new]);
    // b is gone at once; a stays as it was, and c waits
    assert_eq!(before.with_less(&offered), with_tables([a]));
    let told = before.differences(&offered);
    let words: Vec<(&str, bool)> = told
        .iter()
        .map(|d| (d.plan.as_str(), d.is_more()))
        .collect();
    assert_eq!(words, [("a", true), ("c", true), ("b", false)]);
    assert_eq!(told[0].model.as_ref().unwrap().arcs(), VENDOR);
    assert_eq!(told[1].model, None);
}

#[test]
fn what_was_asked_beside_the_plans_before_is_no_more_now() {
    let old = PollPlans::new([plan("sensors", &[], &[], part(300, &[]))]);
    let storage = |rows| PollPart {
        kind: PartKind::Storage,
        rows,
        ..part(300, &[A])
    };
    let mut sensors = plan("sensors", &[], &[], part(300, &[]));
    sensors.parts.push(storage(256));
    let tables = Arc::new(vec![table("a", VENDOR, 5, 100)]);
    let offered = PollPlans::new([sensors.clone()]).with_tables(Arc::clone(&tables));
    assert_eq!(old.differences(&offered), []);
    assert_eq!(old.with_less(&offered), offered);
    // more often than sensors were asked it is more
    sensors.parts[1].interval_s = 60;
    let oftener = PollPlans::new([sensors]).with_tables(tables);
    assert!(old.differences(&oftener).iter().any(Difference::is_more));
}

#[test]
fn plans_of_old_logs_are_read_and_hash_as_they_did() {
    let old = r#"[{"name":"ups","version":1,"title":"","job":"ups","classes":["ups"],"except":[],"models":["1.3.6.1.4.1.9"],"parts":[]}]"#;
    let plans: PollPlans = serde_json::from_str(old).unwrap();
    assert_eq!(plans.sensor_tables(), None);
    assert_eq!(
        serde_json::to_string(&plans).unwrap(),
        old,
        "and are written so"
    );
    assert_eq!(plans.canonical(), old, "old consents bear its hash");
    for plans in [
        plans.clone(),
        plans.with_tables(Arc::new(vec![table("a", VENDOR, 5, 9)])),
    ] {
        let json = serde_json::to_string(&plans).unwrap();
        assert_eq!(serde_json::from_str::<PollPlans>(&json).unwrap(), plans);
        let bytes = postcard::to_stdvec(&plans).unwrap();
        assert_eq!(postcard::from_bytes::<PollPlans>(&bytes).unwrap(), plans);
    }
}
