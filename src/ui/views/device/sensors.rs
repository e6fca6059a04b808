//! Sensors: what the device measures and how its parts are, what is wrong first.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::{Device, Sensor, SensorKind, SensorState, Severity, Text};
use crate::ui::Outcome;
use crate::ui::views::below;
use crate::ui::widgets::{Align, Ink, List, Row, counted, empty, spark};

/// Width of a value with its unit.
const VALUE: u16 = 16;
/// Width of the line of a value's course.
const COURSE: u16 = 24;

/// The tab.
#[derive(Default)]
pub struct Sensors {
    list: List<usize>,
    keys: Vec<usize>,
}

/// Glyph and style of a sensor. What is well is dim.
pub fn mark(ink: &Ink<'_>, sensor: &Sensor) -> (&'static str, Style) {
    match sensor.state {
        SensorState::Failed => (ink.g.down, ink.severity(Severity::Major)),
        SensorState::Warning => (ink.g.degraded, ink.severity(Severity::Minor)),
        SensorState::Good => (ink.g.up, ink.dim),
        SensorState::Unknown => (ink.g.up, ink.faint),
        SensorState::Absent => (ink.g.none, ink.faint),
    }
}

/// What is wrong first, then what matters most, then by name.
pub fn sorted(device: &Device) -> Vec<&Sensor> {
    let mut all: Vec<&Sensor> = device.sensors().iter().collect();
    let place = |kind| SensorKind::ALL.iter().position(|k| *k == kind);
    let bad = |s: &Sensor| match s.state {
        SensorState::Failed => 2,
        SensorState::Warning => 1,
        _ => 0,
    };
    all.sort_by_cached_key(|s| {
        (
            Reverse(bad(s)),
            place(s.kind),
            natural(&s.name),
            s.key.clone(),
        )
    });
    all
}

/// `fan 2` before `fan 10`.
fn natural(name: &Text) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name.as_str();
    while !rest.is_empty() {
        let words = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(words);
        let digits = behind
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(behind.len());
        let (number, behind) = behind.split_at(digits);
        parts.push((word.trim().to_lowercase(), number.parse().unwrap_or(0)));
        rest = behind;
    }
    parts
}

/// The last values as blocks between the least and the greatest of them.
pub fn course(ink: &Ink<'_>, sensor: &Sensor, columns: u16) -> String {
    let (Some(low), Some(high)) = (sensor.ring.iter().min(), sensor.ring.iter().max()) else {
        return String::new();
    };
    if sensor.ring.len() < 2 {
        return String::new();
    }
    // a tenth of a degree is no mountain
    let span = high.abs_diff(*low).max(2_000);
    let values = sensor.ring.iter().map(|v| u64::from(v.abs_diff(*low)));
    spark(ink, values, u64::from(span), columns)
}

impl Sensors {
    /// Draws it.
    pub fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect, device: &Device) {
        let all = sorted(device);
        if all.is_empty() {
            empty(
                ink,
                buf,
                area,
                "no sensor is known of this device",
                "Sensors are read where SNMP walks are allowed (touch full): ENTITY-SENSOR-MIB and the tables of many vendors.",
            );
            return;
        }
        let count = |state| all.iter().filter(|s| s.state == state).count();
        let (failed, warning) = (count(SensorState::Failed), count(SensorState::Warning));
        let mut row = Row::new(ink, buf, area, 0);
        row.put(counted(all.len(), "sensor", "sensors"), ink.strong);
        if failed > 0 {
            row.gap(3)
                .put(format!("{failed} failed"), ink.severity(Severity::Major));
        }
        if warning > 0 {
            row.gap(3).put(
                format!("{warning} near a limit"),
                ink.severity(Severity::Minor),
            );
        }
        if failed + warning == 0 {
            row.gap(3).put("nothing is wrong with them", ink.dim);
        }
        let list = below(area, 2);
        let wide = area.width >= 100;
        let name = if wide {
            40
        } else {
            26.min(area.width.saturating_sub(VALUE + 26)).max(12)
        };
        let mut head = Row::new(ink, buf, list, 0);
        head.gap(3)
            .column("SENSOR", name, Align::Left, ink.dim)
            .gap(1)
            .column("KIND", 11, Align::Left, ink.dim)
            .gap(1)
            .column("READS", VALUE, Align::Right, ink.dim)
            .gap(2)
            .column("SINCE", 5, Align::Right, ink.dim);
        if wide {
            head.gap(2).put("COURSE", ink.dim);
        }
        let body = below(list, 1);
        self.keys = (0..all.len()).collect();
        let range = self.list.settle(&self.keys, usize::from(body.height));
        for (y, at) in (0u16..).zip(range) {
            let Some(sensor) = all.get(at) else {
                break;
            };
            let (glyph, style) = mark(ink, sensor);
            let loud = matches!(sensor.state, SensorState::Failed | SensorState::Warning);
            let value = if loud { style } else { ink.text };
            let mut row = Row::new(ink, buf, body, y);
            row.gap(1)
                .put(glyph, style)
                .gap(1)
                .column(
                    sensor.name.as_str(),
                    name,
                    Align::Left,
                    if loud { style } else { ink.text },
                )
                .gap(1)
                .column(sensor.kind.word(), 11, Align::Left, ink.dim)
                .gap(1)
                .column(reads(sensor), VALUE, Align::Right, value)
                .gap(2)
                .column(ink.age(sensor.since), 5, Align::Right, ink.dim);
            if wide {
                row.gap(2).put(course(ink, sensor, COURSE), ink.dim);
            }
            if self.list.at() == Some(at) {
                Row::new(ink, buf, body, y).put(ink.cursor, ink.accent);
            }
        }
    }

    /// Scrolls.
    pub fn act(&mut self, action: &str) -> Outcome {
        Outcome::consumed(self.list.act(action, &self.keys))
    }
}

/// Its value; what the device says of it stands beside where that is no good news.
fn reads(sensor: &Sensor) -> String {
    let words = sensor.words();
    match (sensor.value, sensor.state) {
        (Some(_), SensorState::Failed | SensorState::Warning) => {
            format!("{words} {}", sensor.state.word())
        }
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_a_person_counts() {
        let mut names: Vec<Text> = ["fan 10", "fan 2", "Fan 1", "PSU 1", "fan"]
            .map(Text::from)
            .to_vec();
        names.sort_by_key(natural);
        let names: Vec<&str> = names.iter().map(Text::as_str).collect();
        assert_eq!(names, ["fan", "Fan 1", "fan 2", "fan 10", "PSU 1"]);
    }
}
