//! Stories of sensors: a power supply, a refrigerator, a scope of addresses.

use super::world::{START, World, ip, site};
use crate::event::{ObsSensorsV1, Observation, SensorV1};
use crate::model::{
    Condition, DeviceState, LimitSpec, SENSOR_CAP, SensorKind, SensorState, Severity, Text, Time,
};

fn sensor(
    key: &str,
    name: &str,
    kind: SensorKind,
    value: Option<i64>,
    state: SensorState,
) -> SensorV1 {
    SensorV1 {
        key: key.into(),
        name: name.into(),
        kind,
        value,
        total: None,
        state,
    }
}

fn supply(n: u32, state: SensorState) -> SensorV1 {
    let (key, name) = (format!("env-supply.{n}"), format!("power supply {n}"));
    sensor(&key, &name, SensorKind::Supply, None, state)
}

fn probe(value: i64) -> SensorV1 {
    sensor(
        "probe.1",
        "probe 1",
        SensorKind::Temperature,
        Some(value),
        SensorState::Good,
    )
}

fn scope(left: i64, all: i64) -> SensorV1 {
    SensorV1 {
        total: Some(all * 1_000),
        ..sensor(
            "dhcp.10.3.10.0",
            "scope 10.3.10.0",
            SensorKind::Leases,
            Some(left * 1_000),
            SensorState::Unknown,
        )
    }
}

impl World {
    fn tell(&mut self, address: &str, sensors: Vec<SensorV1>) {
        self.tell_gone(address, sensors, &[]);
    }

    fn tell_gone(&mut self, address: &str, sensors: Vec<SensorV1>, gone: &[&str]) {
        let at = self.now;
        self.see(Observation::Sensors(ObsSensorsV1 {
            address: ip(address),
            at,
            sensors,
            gone: gone.iter().map(|k| Text::from(*k)).collect(),
        }));
    }

    fn sensor_alerts(&self) -> Vec<(Condition, Severity, String)> {
        self.state
            .alerts
            .values()
            .filter(|a| a.is_active())
            .filter(|a| {
                matches!(
                    a.condition,
                    Condition::SensorFailed | Condition::OutOfRange | Condition::ScopeFull
                )
            })
            .map(|a| (a.condition, a.severity, a.text.to_string()))
            .collect()
    }
}

fn address_of(w: &World, name: &str) -> String {
    w.device(name).address.unwrap().to_string()
}

fn world() -> World {
    let mut w = World::new();
    w.run(120);
    w
}

#[test]
fn one_of_two_power_supplies_fails_and_redundancy_is_lost_until_it_works_again() {
    let mut w = world();
    let sw = address_of(&w, "sw-a");
    w.tell(
        &sw,
        vec![supply(1, SensorState::Good), supply(2, SensorState::Good)],
    );
    assert_eq!(w.sensor_alerts(), []);
    w.tell(&sw, vec![supply(2, SensorState::Failed)]);
    let text = "power supply 2 failed; redundancy lost, 1 of 2 works";
    assert_eq!(
        w.sensor_alerts(),
        [(Condition::SensorFailed, Severity::Major, text.to_string())]
    );
    assert_eq!(w.is("sw-a"), DeviceState::Degraded);
    assert_eq!(w.why("sw-a"), "power supply 2 failed");
    assert!(
        w.told()
            .iter()
            .any(|t| t.contains("sw-a: power supply 2 failed")),
        "{:?}",
        w.told()
    );
    w.tell(&sw, vec![supply(2, SensorState::Good)]);
    assert_eq!(w.sensor_alerts(), []);
    assert_eq!(w.is("sw-a"), DeviceState::Up);
    assert!(
        w.told()
            .iter()
            .any(|t| t.contains("over: power supply 2 failed")),
        "{:?}",
        w.told()
    );
    let changes: Vec<_> = w
        .device("sw-a")
        .changes
        .iter()
        .map(|c| c.what.to_string())
        .collect();
    assert_eq!(changes.iter().filter(|c| *c == "power supply 2").count(), 2);
}

#[test]
fn a_supply_that_was_pulled_is_told_and_a_bay_that_was_always_empty_is_not() {
    let mut w = world();
    let sw = address_of(&w, "sw-a");
    w.tell(
        &sw,
        vec![supply(1, SensorState::Good), supply(2, SensorState::Absent)],
    );
    assert_eq!(w.sensor_alerts(), []);
    w.tell(&sw, vec![supply(2, SensorState::Good)]);
    w.tell(&sw, vec![supply(2, SensorState::Absent)]);
    assert_eq!(
        w.sensor_alerts()[0].2,
        "power supply 2 is no longer there; redundancy lost, 1 of 2 works"
    );
    // a new chassis does not know the bay at all
    w.tell_gone(&sw, vec![], &["env-supply.2"]);
    assert_eq!(w.sensor_alerts(), []);
}

#[test]
fn a_refrigerator_may_be_open_for_ten_minutes_and_not_longer() {
    let mut site = site();
    site.limits = vec![LimitSpec {
        name: "PROBE".into(),
        kind: Some(SensorKind::Temperature),
        low: Some(2_000),
        high: Some(8_000),
        for_s: 600,
        severity: Some(Severity::Critical),
        ..LimitSpec::default()
    }];
    let mut w = World::of(site);
    w.run(120);
    let sw = address_of(&w, "sw-a");
    w.tell(&sw, vec![probe(4_500)]);
    w.tell(&sw, vec![probe(9_400)]);
    w.run(300);
    assert_eq!(w.sensor_alerts(), []);
    w.tell(&sw, vec![probe(7_500)]);
    w.run(60);
    // it was closed in between: its time begins anew
    w.tell(&sw, vec![probe(9_400)]);
    w.run(590);
    assert_eq!(w.sensor_alerts(), []);
    w.run(15);
    let text = "probe 1 is at 9.4 °C, limit 8.0 °C for 10 min";
    assert_eq!(
        w.sensor_alerts(),
        [(Condition::OutOfRange, Severity::Critical, text.to_string())]
    );
    // back by a hair is not back
    w.tell(&sw, vec![probe(7_900)]);
    assert_eq!(w.sensor_alerts().len(), 1);
    w.tell(&sw, vec![probe(6_000)]);
    assert_eq!(w.sensor_alerts(), []);
    w.tell(&sw, vec![probe(1_000)]);
    w.run(605);
    assert_eq!(
        w.sensor_alerts()[0].2,
        "probe 1 is at 1.0 °C, lower limit 2.0 °C for 10 min"
    );
}

#[test]
fn a_scope_that_runs_out_is_told_at_a_tenth_and_again_when_hardly_any_is_left() {
    let mut w = world();
    let sw = address_of(&w, "core");
    w.tell(&sw, vec![scope(50, 200)]);
    assert_eq!(w.sensor_alerts(), []);
    w.tell(&sw, vec![scope(18, 200)]);
    let text = "scope 10.3.10.0 has 9 % left: 18 of 200 addresses left".to_string();
    assert_eq!(
        w.sensor_alerts(),
        [(Condition::ScopeFull, Severity::Minor, text)]
    );
    w.tell(&sw, vec![scope(21, 200)]);
    assert_eq!(w.sensor_alerts().len(), 1, "10 % is no way back");
    w.tell(&sw, vec![scope(0, 200)]);
    let text = "scope 10.3.10.0 has no address left: what comes new gets none".to_string();
    assert_eq!(
        w.sensor_alerts(),
        [(Condition::ScopeFull, Severity::Major, text)]
    );
    w.tell(&sw, vec![scope(60, 200)]);
    assert_eq!(w.sensor_alerts(), []);
}

#[test]
fn a_limit_of_the_site_counts_instead_of_the_tenth() {
    let mut site = site();
    site.limits = vec![LimitSpec {
        kind: Some(SensorKind::Leases),
        low: Some(30_000),
        ..LimitSpec::default()
    }];
    let mut w = World::of(site);
    w.run(120);
    let core = address_of(&w, "core");
    w.tell(&core, vec![scope(29, 30_000)]);
    assert_eq!(w.sensor_alerts()[0].1, Severity::Major);
    w.tell(&core, vec![scope(40, 30_000)]);
    assert_eq!(
        w.sensor_alerts(),
        [],
        "under a tenth, but the site knows better"
    );
}

#[test]
fn a_device_that_does_not_answer_any_more_says_nothing_of_its_fan() {
    let mut w = world();
    let sw = address_of(&w, "sw-a");
    let fan = |state| sensor("fan.1", "fan 1", SensorKind::Fan, None, state);
    w.tell(&sw, vec![fan(SensorState::Failed)]);
    assert_eq!(w.sensor_alerts().len(), 1);
    w.dead.insert("sw-a".into());
    w.run(180);
    assert_eq!(w.is("sw-a"), DeviceState::Down);
    assert_eq!(w.sensor_alerts().len(), 1, "not over, only not heard of");
}

#[test]
fn optics_that_went_dark_and_slots_that_never_worked_call_nobody() {
    let mut w = world();
    let sw = address_of(&w, "sw-a");
    w.tell(
        &sw,
        vec![
            sensor(
                "e.1",
                "Te1/1 rx",
                SensorKind::Signal,
                Some(-40_000),
                SensorState::Failed,
            ),
            sensor(
                "e.2",
                "Te1/1 module",
                SensorKind::Temperature,
                None,
                SensorState::Failed,
            ),
        ],
    );
    assert_eq!(w.sensor_alerts(), []);
}

#[test]
fn the_same_sensors_give_the_same_hash_with_or_without_a_snapshot_on_the_way() {
    let mut w = world();
    let sw = address_of(&w, "sw-a");
    w.tell(
        &sw,
        vec![
            supply(1, SensorState::Good),
            supply(2, SensorState::Failed),
            probe(9_000),
        ],
    );
    let from = crate::engine::State::from_snapshot(&w.state.to_snapshot()).unwrap();
    assert_eq!(from.hash(), w.state.hash());
    let mut again = crate::engine::State::new();
    for event in &w.events {
        again.apply(event);
    }
    assert_eq!(again.hash(), w.state.hash());
}

#[test]
fn a_device_keeps_so_many_sensors_and_counts_the_rest() {
    let mut w = world();
    let sw = address_of(&w, "sw-a");
    let many = (0..300)
        .map(|n| {
            sensor(
                &format!("t.{n:03}"),
                &format!("t{n}"),
                SensorKind::Temperature,
                Some(20_000),
                SensorState::Good,
            )
        })
        .collect();
    w.tell(&sw, many);
    assert_eq!(w.device("sw-a").sensors().len(), SENSOR_CAP);
    let dropped = w
        .state
        .dropped
        .get(&Text::from("sensors beyond the cap of a device"));
    assert_eq!(dropped, Some(&44));
}

#[test]
fn sensors_of_an_address_nobody_has_make_no_device() {
    let mut w = world();
    let before = w.state.devices.len();
    w.tell("192.0.2.77", vec![probe(5_000)]);
    assert_eq!(w.state.devices.len(), before);
    assert!(w.now > Time(START));
}
