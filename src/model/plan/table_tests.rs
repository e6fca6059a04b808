//! What a change of the sensor tables means, and how they stand in a log.

use std::sync::Arc;

use super::tests::{part, plan};
use super::{Difference, PartKind, PlanOid, PollPart, PollPlans, Role, Step};
use crate::model::sensor_table::{Column, Condition, Kind, SensorTable, Unit, Word};
use crate::model::{DeviceClass, SensorKind, SensorState};

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
    for (narrow, wide) in [(&less[2], &base), (&less[3], &base), (&less[1], &base)] {
        let back = with_tables([narrow.clone()]).differences(&with_tables([wide.clone()]));
        assert!(back.iter().any(Difference::is_more), "{narrow:?}");
    }
}

#[test]
fn a_column_that_is_asked_at_each_reading_and_was_only_of_new_rows_is_more() {
    let named = SensorTable {
        names: vec![Column::Row(vec![1, 3, 6, 1, 4, 1, 6])],
        ..table("a", VENDOR, 5, 100)
    };
    let read = SensorTable {
        names: Vec::new(),
        state: Some(vec![1, 3, 6, 1, 4, 1, 6]),
        ..named.clone()
    };
    let (named, read) = (with_tables([named]), with_tables([read]));
    let steps = |a: &PollPlans, b: &PollPlans| a.differences(b)[0].steps.clone();
    let oid: PlanOid = "1.3.6.1.4.1.6".parse().unwrap();
    assert_eq!(steps(&named, &read), [Step::EachTime(oid.clone())]);
    assert_eq!(steps(&read, &named), [Step::WhenNew(oid)]);
    assert_eq!(named.with_less(&read), named);
    assert_eq!(read.with_less(&named), named);
}

#[test]
fn a_table_that_another_one_spares_no_more_is_asked_of_more() {
    let a = table("a", VENDOR, 5, 100);
    let b = SensorTable {
        unless: vec!["a".into()],
        ..table("b", VENDOR, 6, 100)
    };
    let before = with_tables([a.clone(), b.clone()]);
    // what is asked later spares nothing
    let turned = with_tables([b.clone(), a.clone()]);
    let told = before.differences(&turned);
    assert_eq!((told.len(), told[0].plan.as_str()), (1, "b"));
    assert_eq!(told[0].steps, [Step::OfMore]);
    assert_eq!(before.with_less(&turned), before);
    assert_eq!(turned.with_less(&before), before, "and back is less");
    // and so does what it no longer names
    let both = with_tables([a, table("b", VENDOR, 6, 100)]);
    assert_eq!(before.differences(&both)[0].steps, [Step::OfMore]);
    // where the one is gone, the other stands in its place
    let alone = with_tables([b]);
    assert!(!before.differences(&alone).iter().any(Difference::is_more));
    assert_eq!(before.with_less(&alone), alone);
    // and when it comes back it is new
    assert!(alone.differences(&before).iter().any(Difference::is_more));
}

#[test]
fn whom_a_table_is_about_is_told_with_it() {
    let base = SensorTable {
        not_of: vec![vec![1, 3, 6, 1, 4, 1, 9, 7]],
        ..table("a", VENDOR, 5, 100)
    };
    let narrow = SensorTable {
        of: vec![vec![1, 3, 6, 1, 4, 1, 9, 1]],
        ..base.clone()
    };
    let (wide, narrow) = (with_tables([base]), with_tables([narrow]));
    let told = wide.differences(&narrow);
    assert_eq!(told[0].steps, [Step::OfFewer]);
    assert_eq!(told[0].models, ["1.3.6.1.4.1.9".parse().unwrap()]);
    assert_eq!(told[0].except, ["1.3.6.1.4.1.9.7".parse().unwrap()]);
    assert_eq!(told[0].classes, DeviceClass::ALL);
    // a plan for one model alone asks its classes too
    let of_model = |plans: &PollPlans| {
        let sensors = plan(
            "sensors",
            &[DeviceClass::Ups],
            &["1.3.6.1.4.1.9"],
            part(300, &[]),
        );
        PollPlans::new([sensors]).with_tables(plans.sensor_tables().cloned().unwrap())
    };
    let told = of_model(&wide).differences(&of_model(&narrow));
    assert_eq!(told[0].classes, [DeviceClass::Ups]);
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
    assert_eq!(told[0].models[0].arcs(), VENDOR);
    assert_eq!(told[1].models, []);
}

#[test]
fn what_was_asked_beside_the_plans_before_is_no_more_now() {
    let old = PollPlans::new([plan("sensors", &[], &[], part(300, &[]))]);
    let storage = PollPart {
        kind: PartKind::Storage,
        rows: 256,
        ..part(300, &[])
    };
    let role = |role, oid: &str| super::Column {
        role,
        oid: oid.parse().unwrap(),
    };
    let storage = PollPart {
        columns: vec![role(Role::HrStorageUsed, "1.3.6.1.2.1.25.2.3.1.6")],
        ..storage
    };
    let tables = Arc::new(vec![table("a", VENDOR, 5, 100)]);
    let offered = |part: &PollPart| {
        let mut sensors = plan("sensors", &[], &[], super::tests::part(300, &[]));
        sensors.parts.push(part.clone());
        PollPlans::new([sensors]).with_tables(Arc::clone(&tables))
    };
    let same = offered(&storage);
    assert!(!old.differences(&same).iter().any(Difference::is_more));
    assert_eq!(old.with_less(&same), same);
    // more often than sensors were asked, more rows than the code had, another object
    let more = [
        PollPart {
            interval_s: 60,
            ..storage.clone()
        },
        PollPart {
            rows: 257,
            ..storage.clone()
        },
        PollPart {
            columns: vec![role(Role::HrStorageUsed, "1.3.6.1.4.1.9.1")],
            ..storage
        },
    ];
    for part in &more {
        let there = old.differences(&offered(part));
        assert!(there.iter().any(Difference::is_more), "{part:?}");
    }
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

#[test]
fn what_is_usual_of_a_table_is_left_out_so_that_what_comes_later_changes_no_hash() {
    let plain = SensorTable {
        title: "{name}".into(),
        rows: 256,
        ..table("a", VENDOR, 5, 256)
    };
    // frozen: consents in old logs bear the hash of exactly this
    let short = r#"{"id":"a","of":[[1,3,6,1,4,1,9]],"kind":"temperature","value":[1,3,6,1,4,1,5]}"#;
    assert_eq!(serde_json::to_string(&plain).unwrap(), short);
    assert_eq!(serde_json::from_str::<SensorTable>(short).unwrap(), plain);
    let full = SensorTable {
        not_of: vec![vec![1, 3, 6, 1, 4, 1, 9, 7]],
        unless: vec!["b".into()],
        scalar: true,
        strip: " C".into(),
        kinds: Some((
            Column::First(vec![1, 3, 6], 2),
            vec![Kind {
                is: vec![Word::Number(3), Word::Text("fan".into())],
                kind: SensorKind::Fan,
                scale: 1,
                unit: Unit::Kelvin,
            }],
        )),
        names: vec![Column::Row(vec![1, 3, 6, 2]), Column::Text],
        title: "t".into(),
        scale: -1,
        divide: 5,
        digits: Some(vec![1, 3, 6, 3]),
        scale_column: Some(vec![1, 3, 6, 4]),
        unit: Unit::Fahrenheit,
        fahrenheit: Some(Condition {
            column: Column::Arc(-1),
            is: vec![Word::Number(1)],
        }),
        missing: vec![-1],
        left_of: Some(100),
        tenths_above: Some(50),
        rest: vec![vec![1, 3, 6, 5]],
        state: Some(vec![1, 3, 6, 6]),
        states: vec![(SensorState::Good, vec![Word::Number(1)])],
        otherwise: SensorState::Failed,
        only: vec![Condition {
            column: Column::Arc(1),
            is: vec![Word::Number(2)],
        }],
        rows: 9,
        ..plain
    };
    let long = r#"{"id":"a","of":[[1,3,6,1,4,1,9]],"not-of":[[1,3,6,1,4,1,9,7]],"unless":["b"],"scalar":true,"kind":"temperature","strip":" C","kinds":[{"first":[[1,3,6],2]},[{"is":[{"number":3},{"text":"fan"}],"kind":"fan","scale":1,"unit":"kelvin"}]],"names":[{"row":[1,3,6,2]},"text"],"title":"t","value":[1,3,6,1,4,1,5],"scale":-1,"divide":5,"digits":[1,3,6,3],"scale-column":[1,3,6,4],"unit":"fahrenheit","fahrenheit":{"column":{"arc":-1},"is":[{"number":1}]},"missing":[-1],"left-of":100,"tenths-above":50,"rest":[[1,3,6,5]],"state":[1,3,6,6],"states":[["good",[{"number":1}]]],"otherwise":"failed","only":[{"column":{"arc":1},"is":[{"number":2}]}],"rows":9}"#;
    assert_eq!(serde_json::to_string(&full).unwrap(), long);
    assert_eq!(serde_json::from_str::<SensorTable>(long).unwrap(), full);
}
