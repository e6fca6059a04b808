//! What was told of an agent's sensors, so that only news is told: a log is no place for the noise of thermometers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reading::{Reading, Shape};
use crate::config::sensors::{SensorTable, Sensors};
use crate::event::SensorV1;
use crate::model::{SensorKind, SensorState, Text};

/// Sensors of one agent that are told.
pub(in crate::sources::snmp) const MOST: usize = 256;
/// A value that moved less than its step is told all the same when it stays moved for so many readings.
const DRIFT: u8 = 3;
/// Whole readings in a row after which a sensor that is not there is told to be gone.
const MISSED: u8 = 2;

/// A row that is a sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    shape: Shape,
    key: Text,
    name: Text,
    /// What was told last.
    told: Option<Reading>,
    /// Readings in a row whose value was not the one told.
    drift: u8,
    /// Readings in a row that it was not there.
    missed: u8,
}

/// A row: its table's place in the catalogue, and its index.
pub(super) type Row = (u16, Box<[u32]>);

/// What is remembered of one agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sources::snmp) struct Told {
    /// The catalogue that the places of tables go by.
    by: Option<Arc<Sensors>>,
    /// Rows that were looked at; nothing for those that are no sensors.
    rows: BTreeMap<Row, Option<Box<Known>>>,
    /// Tables that were empty at the last readings, and for how many more they are left alone.
    empty: BTreeMap<u16, u8>,
    /// Readings until what stays the same is asked again.
    fresh: u8,
}

/// Readings for which a table that was empty is left alone.
const LEFT_ALONE: u8 = 24;
/// Readings after which names and kinds are asked again: some six hours.
const FRESH: u8 = 72;
/// Rows that are remembered, sensors or not.
const ROWS: usize = 4_000;

impl Told {
    /// Tables have their places in this catalogue from now on. Sensors of a table that is not there any more are no longer found, and
    /// told to be gone as others are.
    pub(super) fn follow(&mut self, catalogue: &Arc<Sensors>) {
        let Some(before) = self.by.replace(Arc::clone(catalogue)) else {
            return;
        };
        if Arc::ptr_eq(&before, catalogue) || before == *catalogue {
            return;
        }
        let now: BTreeMap<&str, (u16, &SensorTable)> = (0..)
            .zip(catalogue.iter())
            .map(|(at, table)| (table.id.as_str(), (at, table)))
            .collect();
        // a place that no table has
        let nowhere = |at: u16| u16::MAX - at.min(u16::MAX - at);
        let places: Vec<(u16, bool)> = (0..)
            .zip(before.iter())
            .map(|(at, table)| match now.get(table.id.as_str()) {
                Some((to, same)) => (*to, *same == table),
                None => (nowhere(at), false),
            })
            .collect();
        let place = |at: u16| {
            places
                .get(usize::from(at))
                .copied()
                .unwrap_or((nowhere(at), false))
        };
        self.rows = std::mem::take(&mut self.rows)
            .into_iter()
            .map(|((at, index), known)| ((place(at).0, index), known))
            .collect();
        self.empty = std::mem::take(&mut self.empty)
            .into_iter()
            .filter_map(|(at, left)| {
                let (to, same) = place(at);
                same.then_some((to, left))
            })
            .collect();
        // what rows are is asked anew
        self.fresh = 0;
    }

    /// A reading begins. What stays the same is forgotten from time to time: boards are exchanged.
    pub(super) fn begin(&mut self) {
        if self.fresh == 0 {
            self.fresh = FRESH;
            self.rows
                .retain(|_, known| known.as_ref().is_some_and(|k| k.told.is_some()));
        }
        self.fresh -= 1;
    }

    /// Names and kinds are asked anew at this reading.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh == FRESH - 1
    }

    /// Is a table asked now? One that was empty is left alone for a while.
    pub(super) fn asks(&mut self, table: u16) -> bool {
        match self.empty.get_mut(&table) {
            Some(0) | None => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }

    /// How a table that was read whole came out.
    pub(super) fn was(&mut self, table: u16, empty: bool) {
        let first = (table, Box::default());
        // one that had sensors a moment ago is asked on: its agent may have just restarted
        let had = self
            .rows
            .range(first..)
            .take_while(|((at, _), _)| *at == table)
            .any(|(_, known)| known.is_some());
        if empty && !had {
            self.empty.insert(table, LEFT_ALONE);
        } else {
            self.empty.remove(&table);
        }
    }

    /// Was the row looked at before?
    pub(super) fn knows(&self, row: &Row) -> bool {
        self.rows.contains_key(row)
    }

    /// What a row is; nothing where it is no sensor.
    pub(super) fn learn(&mut self, row: Row, what: Option<(Shape, Text, Text)>) {
        if self.rows.len() >= ROWS && !self.rows.contains_key(&row) {
            return;
        }
        let before = self.rows.remove(&row).flatten();
        let known = what.map(|(shape, key, name)| {
            // another name is news
            let told = before
                .filter(|b| b.name == name && b.shape == shape)
                .and_then(|b| b.told);
            Box::new(Known {
                shape,
                key,
                name,
                told,
                drift: 0,
                missed: 0,
            })
        });
        self.rows.insert(row, known);
    }

    /// The shape of a row that is a sensor.
    pub(super) fn shape(&self, row: &Row) -> Option<Shape> {
        self.rows.get(row)?.as_ref().map(|k| k.shape.clone())
    }

    /// What is news among the readings, and which sensors are gone. `whole`: nothing of any table was cut off.
    pub(super) fn news(
        &mut self,
        mut readings: Vec<(Row, Reading)>,
        whole: bool,
    ) -> (Vec<SensorV1>, Vec<Text>) {
        // what is broken first, then what matters most: the cap keeps it
        readings.sort_by_key(|(row, reading)| {
            let kind = self
                .rows
                .get(row)
                .and_then(Option::as_ref)
                .map(|k| k.shape.kind);
            let place = kind.and_then(|kind| SensorKind::ALL.iter().position(|k| *k == kind));
            (!is_bad(reading.state), place, row.clone())
        });
        let mut news = Vec::new();
        let mut seen = BTreeSet::new();
        for (row, reading) in readings.into_iter().take(MOST) {
            let Some(Some(known)) = self.rows.get_mut(&row) else {
                continue;
            };
            known.missed = 0;
            seen.insert(row);
            if !known.is_news(reading) {
                continue;
            }
            known.told = Some(reading);
            known.drift = 0;
            news.push(SensorV1 {
                key: known.key.clone(),
                name: known.name.clone(),
                kind: known.shape.kind,
                value: reading.value,
                total: reading.total,
                state: reading.state,
            });
        }
        let mut gone = Vec::new();
        if whole {
            // a table that came back has the same keys
            let here: BTreeSet<Text> = seen
                .iter()
                .filter_map(|row| Some(self.rows.get(row)?.as_ref()?.key.clone()))
                .collect();
            for (row, known) in &mut self.rows {
                let Some(known) = known else { continue };
                if known.told.is_none() || seen.contains(row) {
                    continue;
                }
                known.missed += 1;
                if known.missed >= MISSED {
                    known.told = None;
                    known.missed = 0;
                    if !here.contains(&known.key) {
                        gone.push(known.key.clone());
                    }
                }
            }
        }
        (news, gone)
    }
}

fn is_bad(state: SensorState) -> bool {
    matches!(state, SensorState::Warning | SensorState::Failed)
}

impl Known {
    fn is_news(&mut self, now: Reading) -> bool {
        let Some(told) = self.told else { return true };
        if (told.state, told.total) != (now.state, now.total) {
            return true;
        }
        let (Some(before), Some(value)) = (told.value, now.value) else {
            return told.value != now.value;
        };
        if before == value {
            self.drift = 0;
            return false;
        }
        if value.abs_diff(before) >= step(self.shape.kind, before) {
            return true;
        }
        // what decides over a refrigerator is told to the last digit, if a little later
        let slow = matches!(
            self.shape.kind,
            SensorKind::Temperature | SensorKind::Humidity | SensorKind::Leases
        );
        self.drift = if slow {
            self.drift.saturating_add(1)
        } else {
            0
        };
        self.drift >= DRIFT
    }
}

/// By how much a value must move to be told, thousandths.
fn step(kind: SensorKind, before: i64) -> u64 {
    let percent = |n: u64| before.unsigned_abs() / 100 * n;
    match kind {
        SensorKind::Temperature | SensorKind::Signal => 500,
        SensorKind::Humidity | SensorKind::Percent | SensorKind::Leases => percent(1).max(1_000),
        SensorKind::Voltage => percent(1).max(20),
        SensorKind::Fan => percent(5).max(100_000),
        SensorKind::Power => percent(5).max(2_000),
        SensorKind::Current => percent(5).max(50),
        SensorKind::Frequency => percent(1).max(200),
        SensorKind::Supply | SensorKind::Contact | SensorKind::Other => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sensors::Sensors;
    use crate::wire::snmp::Value;

    /// A thermometer or fan of a table of the test, as row `n`.
    fn learned(told: &mut Told, n: u32, kind: &str) {
        let text =
            format!("[[table]]\nid = \"t\"\nkind = \"{kind}\"\nvalue = \"1.3.6.1.4.1.99.1\"\n");
        let (all, errors) = Sensors::from_texts(&[("t.toml", &text)]);
        assert_eq!(errors, []);
        let shape =
            super::super::reading::shape(all.iter().next().unwrap(), &[n], &|_: &[u32]| {
                None::<Value>
            });
        let what = (
            shape.unwrap(),
            format!("t.{n}").into(),
            format!("t {n}").into(),
        );
        told.learn((0, [n].into()), Some(what));
    }

    fn at(n: u32, value: i64, state: SensorState) -> (Row, Reading) {
        let reading = Reading {
            value: Some(value),
            state,
            total: None,
        };
        ((0, [n].into()), reading)
    }

    fn values(news: &(Vec<SensorV1>, Vec<Text>)) -> Vec<i64> {
        news.0.iter().filter_map(|s| s.value).collect()
    }

    #[test]
    fn noise_is_not_told_a_step_is_and_a_slow_drift_is_after_a_while() {
        let mut told = Told::default();
        learned(&mut told, 1, "temperature");
        let mut read = |value| values(&told.news(vec![at(1, value, SensorState::Good)], true));
        assert_eq!(read(4_000), [4_000]);
        assert!(read(4_300).is_empty());
        assert!(read(4_000).is_empty());
        assert_eq!(read(4_500), [4_500]);
        // it stays where it went: the third reading tells
        assert!(read(4_700).is_empty());
        assert!(read(4_800).is_empty());
        assert_eq!(read(4_700), [4_700]);
    }

    #[test]
    fn sensors_of_a_table_that_went_are_told_gone_and_others_keep_what_was_told() {
        fn of(ids: &[&str]) -> Arc<Sensors> {
            let one = |id: &&str| {
                format!("[[table]]\nid = \"{id}\"\nkind = \"fan\"\nvalue = \"1.3.6.1.4.1.99.1\"\n")
            };
            let text: String = ids.iter().map(one).collect();
            Arc::new(Sensors::from_texts(&[("t.toml", &text)]).0)
        }
        let mut told = Told::default();
        told.follow(&of(&["t", "u"]));
        learned(&mut told, 1, "fan");
        told.news(vec![at(1, 4_000_000, SensorState::Good)], true);

        // another place, and the same row
        told.follow(&of(&["u", "t"]));
        told.begin();
        assert!(told.is_fresh(), "what a row is may have changed");
        let moved = |mut found: (Row, Reading)| {
            found.0.0 = 1;
            found
        };
        let same = moved(at(1, 4_000_000, SensorState::Good));
        assert_eq!(told.news(vec![same], true), (Vec::new(), Vec::new()));

        told.follow(&of(&["u"]));
        assert_eq!(told.news(Vec::new(), true).1, []);
        assert_eq!(told.news(Vec::new(), true).1, [Text::from("t.1")]);
    }

    #[test]
    fn a_state_that_turns_is_told_at_once() {
        let mut told = Told::default();
        learned(&mut told, 1, "fan");
        let mut read = |state| told.news(vec![at(1, 4_000_000, state)], true).0.len();
        assert_eq!(read(SensorState::Good), 1);
        assert_eq!(read(SensorState::Good), 0);
        assert_eq!(read(SensorState::Failed), 1);
    }

    #[test]
    fn a_sensor_is_gone_when_two_whole_readings_lack_it_and_not_before() {
        let mut told = Told::default();
        learned(&mut told, 1, "temperature");
        told.news(vec![at(1, 20_000, SensorState::Good)], true);
        assert_eq!(told.news(Vec::new(), true).1, []);
        assert_eq!(
            told.news(Vec::new(), false).1,
            [],
            "cut off, so nothing is known"
        );
        assert_eq!(told.news(Vec::new(), true).1, [Text::from("t.1")]);
        assert_eq!(told.news(Vec::new(), true).1, [], "told once");
        // and it comes back as news
        assert_eq!(
            values(&told.news(vec![at(1, 20_000, SensorState::Good)], true)),
            [20_000]
        );
    }

    #[test]
    fn what_is_broken_is_kept_where_there_are_too_many() {
        let mut told = Told::default();
        let rows: Vec<u32> = (0..300).collect();
        for n in &rows {
            learned(&mut told, *n, "temperature");
        }
        let state = |n: u32| {
            if n == 299 {
                SensorState::Failed
            } else {
                SensorState::Good
            }
        };
        let readings = rows.iter().map(|n| at(*n, 20_000, state(*n))).collect();
        let (news, _) = told.news(readings, true);
        assert_eq!(news.len(), MOST);
        assert_eq!(news[0].key.as_str(), "t.299");
    }

    #[test]
    fn an_empty_table_is_left_alone_for_a_while_unless_it_had_sensors() {
        let mut told = Told::default();
        told.was(7, true);
        let asked = (0..=LEFT_ALONE).filter(|_| told.asks(7)).count();
        assert_eq!(asked, 1);
        learned(&mut told, 1, "temperature");
        told.was(0, true);
        assert!(told.asks(0), "its agent may have just restarted");
    }
}
