//! Limits of sensors in the site file: read, checked, written.

use super::check::known;
use super::cursor::{Cursor, spell};
use super::site::{Draft, classes};
use super::source::Sources;
use super::write::Out;
use crate::model::{DeviceClass, LimitSpec, SensorKind, Severity};

fn kinds() -> Vec<(&'static str, SensorKind)> {
    SensorKind::ALL.iter().map(|k| (k.word(), *k)).collect()
}

fn severities() -> Vec<(&'static str, Severity)> {
    Severity::ALL.iter().map(|s| (s.word(), *s)).collect()
}

pub(super) fn kind_words() -> Vec<&'static str> {
    SensorKind::ALL.iter().map(|k| k.word()).collect()
}

pub(super) fn severity_words() -> Vec<&'static str> {
    Severity::ALL.iter().map(|s| s.word()).collect()
}

pub(super) fn read(sources: &mut Sources, c: Cursor<'_, '_>) -> LimitSpec {
    LimitSpec {
        device: c.line(sources, "device"),
        class: c.word(sources, "class", &classes()).map(|w| w.0),
        kind: c.word(sources, "kind", &kinds()).map(|w| w.0),
        name: c.line(sources, "name"),
        low: c.decimal(sources, "low"),
        high: c.decimal(sources, "high"),
        for_s: c.duration(sources, "for").unwrap_or(0),
        severity: c.word(sources, "severity", &severities()).map(|w| w.0),
    }
}

pub(super) fn check(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let site = &draft.site;
    for (limit, c) in site.limits.iter().zip(&draft.limits) {
        known(
            sources,
            c.at("device"),
            "device",
            &limit.device,
            site.devices.iter().map(|d| &d.name),
        );
        if c.raw("low").is_none() && c.raw("high").is_none() {
            sources.error(c.at, "a limit without 'low' and 'high' limits nothing");
        }
        if let (Some(low), Some(high)) = (limit.low, limit.high)
            && low >= high
        {
            sources.error(c.at("low"), "'low' must be less than 'high'");
        }
        if limit.kind.is_none() && limit.name.is_empty() && limit.device.is_empty() {
            sources.warn(
                c.at,
                "this limit is for sensors of every kind: degrees, volts and revolutions alike; give 'kind' or 'name'",
            );
        }
    }
}

pub(super) fn write(out: &mut Out, limits: &[LimitSpec]) {
    for l in limits {
        out.table("[[limit]]");
        out.line("device", &l.device);
        out.word("class", l.class.map(DeviceClass::word));
        out.word("kind", l.kind.map(SensorKind::word));
        out.line("name", &l.name);
        for (key, value) in [("low", l.low), ("high", l.high)] {
            if let Some(value) = value {
                out.put(key, &decimal(value));
            }
        }
        if l.for_s > 0 {
            out.word("for", Some(&spell(i64::from(l.for_s))));
        }
        out.word("severity", l.severity.map(Severity::word));
    }
}

/// 2,500 as `2.5`.
fn decimal(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let n = thousandths.unsigned_abs();
    let behind = format!("{:03}", n % 1_000);
    match behind.trim_end_matches('0') {
        "" => format!("{sign}{}", n / 1_000),
        behind => format!("{sign}{}.{behind}", n / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{parse, to_toml};
    use crate::model::{Site, Text};

    fn load(limit: &str) -> Result<Vec<LimitSpec>, String> {
        let text = format!(
            "[site]\nname = \"S\"\n[[device]]\nname = \"fridge-1\"\naddress = \"10.0.0.1\"\n[[limit]]\n{limit}"
        );
        parse(Path::new("w.toml"), &text)
            .map(|l| l.site.limits)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_refrigerator_stays_between_two_and_eight() {
        let read = load(
            "device = \"fridge-1\"\nkind = \"temperature\"\nlow = 2\nhigh = 8.5\nfor = \"10m\"\n",
        )
        .unwrap();
        let wanted = LimitSpec {
            device: "fridge-1".into(),
            kind: Some(SensorKind::Temperature),
            low: Some(2_000),
            high: Some(8_500),
            for_s: 600,
            ..LimitSpec::default()
        };
        assert_eq!(read, [wanted]);
        assert_eq!(
            load("name = \"x\"\nlow = -0.25\n").unwrap()[0].low,
            Some(-250)
        );
    }

    #[test]
    fn what_limits_nothing_or_nobody_is_a_mistake() {
        for (limit, wanted) in [
            (
                "kind = \"temperature\"\n",
                "a limit without 'low' and 'high' limits nothing",
            ),
            (
                "name = \"x\"\nlow = 8\nhigh = 2\n",
                "'low' must be less than 'high'",
            ),
            (
                "device = \"fridge-2\"\nlow = 8\n",
                "no [[device]] is called 'fridge-2'; did you mean 'fridge-1'?",
            ),
            (
                "name = \"x\"\nlow = \"8\"\n",
                "'low' must be a number such as 8 or 2.5, not text",
            ),
            (
                "name = \"x\"\nlow = 1e400\n",
                "'low' must be a number such as 8 or 2.5",
            ),
            (
                "name = \"x\"\nlow = 0.0001\n",
                "with three digits behind the point at most",
            ),
        ] {
            let error = load(limit).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_limit_comes_back_as_it_was_written(
            low in proptest::option::of(-99_999..0i64), high in 1..99_999_999i64, kind in 0..13usize, for_s in 0..86_400u32, bad in 0..4usize,
        ) {
            let limit = LimitSpec {
                name: "probe".into(),
                kind: Some(SensorKind::ALL[kind]),
                low,
                high: Some(high),
                for_s,
                severity: Some(Severity::ALL[bad]),
                ..LimitSpec::default()
            };
            let site = Site { name: Text::from("S"), limits: vec![limit], ..Site::default() };
            let again = parse(Path::new("w.toml"), &to_toml(&site)).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(again.site, site);
        }
    }
}
