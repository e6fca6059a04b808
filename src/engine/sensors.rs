//! What an agent's sensors say, taken into the device they belong to.

use std::sync::Arc;

use crate::event::{ObsSensorsV1, SensorV1};
use crate::model::{
    DeviceId, Reach, SENSOR_CAP, SENSOR_RING, Sensor, SensorKind, SensorState, Text, Time,
};

use super::fold::Out;
use super::state::State;

impl State {
    pub(super) fn sensors(&mut self, seen: &ObsSensorsV1, out: &mut Out) {
        let at = seen.at.min(out.now);
        let Some(id) = self.by_address.get(&seen.address.to_canonical()).copied() else {
            return;
        };
        let Some(d) = self.devices.get(&id) else {
            return;
        };
        let mut all: Vec<Sensor> = d.sensors().to_vec();
        let mut turned: Vec<(Text, &str, &str)> = Vec::new();
        let mut lost = 0_usize;
        let place = |all: &[Sensor], key: &Text| all.binary_search_by(|s| s.key.cmp(key));
        for key in &seen.gone {
            if let Ok(n) = place(&all, key) {
                let gone = all.remove(n);
                if matches!(gone.kind, SensorKind::Fan | SensorKind::Supply) {
                    turned.push((gone.name, gone.state.word(), ""));
                }
            }
        }
        for told in &seen.sensors {
            match place(&all, &told.key) {
                Ok(n) => {
                    if let Some(sensor) = all.get_mut(n) {
                        if sensor.state != told.state {
                            turned.push((
                                told.name.clone(),
                                sensor.state.word(),
                                told.state.word(),
                            ));
                        }
                        take(sensor, told, at);
                    }
                }
                Err(_) if all.len() >= SENSOR_CAP => lost += 1,
                Err(n) => {
                    let mut sensor = Sensor {
                        key: told.key.clone(),
                        name: told.name.clone(),
                        kind: told.kind,
                        state: told.state,
                        value: None,
                        total: None,
                        since: at,
                        at,
                        once_good: false,
                        ring: Vec::new(),
                    };
                    take(&mut sensor, told, at);
                    all.insert(n, sensor);
                }
            }
        }
        for _ in 0..lost {
            self.drop_one("sensors beyond the cap of a device");
        }
        self.edit(id, |d| {
            d.sensors = (!all.is_empty()).then(|| Arc::new(all));
        });
        for (name, before, after) in turned {
            self.note(id, name, Text::from(before), Text::from(after), out);
        }
        self.heard_sensors(id, at, out);
        out.visible = true;
        out.inventory = true;
        out.review.insert(id);
    }

    /// Whoever tells its temperature answers.
    fn heard_sensors(&mut self, id: DeviceId, at: Time, out: &mut Out) {
        let answers = self
            .devices
            .get(&id)
            .is_some_and(|d| d.snmp.reach == Reach::Answers && d.snmp.seen >= at);
        if !answers {
            self.table_answered(id, at, out);
        }
    }
}

fn take(sensor: &mut Sensor, told: &SensorV1, at: Time) {
    if sensor.state != told.state {
        sensor.state = told.state;
        sensor.since = at;
    }
    sensor.name = told.name.clone();
    sensor.kind = told.kind;
    sensor.value = told.value;
    sensor.total = told.total;
    sensor.at = at;
    let reads = told.value.is_some() && told.state == SensorState::Unknown;
    sensor.once_good |= told.state == SensorState::Good || reads;
    let drawn = matches!(
        told.kind,
        SensorKind::Temperature | SensorKind::Humidity | SensorKind::Leases
    );
    if let Some(value) = told.value.filter(|_| drawn) {
        if sensor.ring.len() >= SENSOR_RING {
            sensor.ring.remove(0);
        }
        let most = i64::from(i32::MAX);
        sensor.ring.push(value.clamp(-most, most) as i32);
    }
}
