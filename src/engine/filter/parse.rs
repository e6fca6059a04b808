//! From text to a filter.

use std::str::FromStr;

use crate::model::{AgentFault, CareLevel, DeviceClass, DeviceState, Severity, Text, TouchPolicy};

use super::keys::{CONDITIONS, KEYS, Key, OVERRUN, TRAITS, values};
use super::text::Needle;
use super::{AlertWord, FaultWord, Filter, FilterError, Op, Term, Test, Trait};

pub(super) fn parse(source: &str) -> Result<Filter, FilterError> {
    let mut terms = Vec::new();
    for word in words(source)? {
        let (negated, body) = match word.strip_prefix('-') {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, word.as_str()),
        };
        terms.push(Term {
            negated,
            test: test(body)?,
        });
    }
    Ok(Filter {
        source: source.trim().to_string(),
        terms,
    })
}

/// Splits at blanks outside quotes; quotes themselves are dropped.
fn words(source: &str) -> Result<Vec<String>, FilterError> {
    let mut out = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut any) = (false, false);
    for c in source.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                any = true;
            }
            c if c.is_whitespace() && !quoted => {
                if any {
                    out.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    if quoted {
        return Err(FilterError::OpenQuote);
    }
    if any {
        out.push(word);
    }
    out.retain(|w| !w.is_empty());
    Ok(out)
}

fn test(body: &str) -> Result<Test, FilterError> {
    let at = body.find([':', '<', '>']);
    let Some(at) = at.filter(|at| *at > 0) else {
        return Ok(Test::Word(Needle::new(body)));
    };
    let (name, rest) = body.split_at(at);
    // an address or a MAC is a word, not a key
    if name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.')
        && KEYS.iter().all(|k| k.name != name)
    {
        return Ok(Test::Word(Needle::new(body)));
    }
    let Some(key) = KEYS.iter().find(|k| k.name.eq_ignore_ascii_case(name)) else {
        let known: Vec<&str> = KEYS.iter().map(|k| k.name).collect();
        return Err(FilterError::UnknownKey {
            key: name.into(),
            known: known.join(", "),
        });
    };
    let (op, value) = match rest.as_bytes() {
        [b'<', b'=', ..] => (Op::LessOrEqual, &rest[2..]),
        [b'>', b'=', ..] => (Op::MoreOrEqual, &rest[2..]),
        [b'<', ..] => (Op::Less, &rest[1..]),
        [b'>', ..] => (Op::More, &rest[1..]),
        _ => (Op::Is, &rest[1..]),
    };
    let list: Vec<&str> = value.split(',').filter(|v| !v.is_empty()).collect();
    if list.is_empty() {
        return Err(FilterError::NoValue {
            key: key.key.name(),
        });
    }
    keyed(key.key, op, &list)
}

fn keyed(key: Key, op: Op, list: &[&str]) -> Result<Test, FilterError> {
    let ordered = matches!(
        key,
        Key::Care | Key::Touch | Key::Firmware | Key::Vlan | Key::Severity | Key::Seen
    );
    if op != Op::Is && !ordered {
        return Err(FilterError::NoOrder { key: key.name() });
    }
    let needles = || list.iter().map(|v| Needle::new(v)).collect::<Vec<_>>();
    Ok(match key {
        Key::Class => {
            let mut classes = Vec::new();
            for v in list {
                let found: Vec<DeviceClass> = DeviceClass::ALL
                    .iter()
                    .copied()
                    .filter(|c| {
                        c.word().contains(&v.to_lowercase()) || c.short().eq_ignore_ascii_case(v)
                    })
                    .collect();
                if found.is_empty() {
                    return Err(bad(key, v));
                }
                classes.extend(found);
            }
            Test::Class(classes)
        }
        Key::State => Test::State(each(key, list, |w| {
            [
                DeviceState::Up,
                DeviceState::Degraded,
                DeviceState::Down,
                DeviceState::Unknown,
            ]
            .into_iter()
            .find(|s| s.word() == w)
        })?),
        Key::Care => Test::Care(
            op,
            each(key, list, |w| {
                CareLevel::ALL.into_iter().find(|c| c.word() == w)
            })?,
        ),
        Key::Touch => Test::Touch(
            op,
            each(key, list, |w| {
                TouchPolicy::ALL.into_iter().find(|t| t.word() == w)
            })?,
        ),
        Key::Severity => Test::Severity(
            op,
            each(key, list, |w| {
                Severity::ALL.into_iter().find(|s| s.word() == w)
            })?,
        ),
        Key::Alert => Test::Alert(each(key, list, alert_word)?),
        Key::Firmware => Test::Firmware(op, needles()),
        Key::Vlan => Test::Vlan(op, each(key, list, |w| u16::from_str(w).ok())?),
        Key::Seen => Test::Seen(
            if op == Op::Is { Op::MoreOrEqual } else { op },
            match list {
                [one] => age(one).ok_or_else(|| bad(key, one))?,
                _ => return Err(bad(key, &list.join(","))),
            },
        ),
        Key::Is => Test::Is(each(key, list, |w| {
            let at = TRAITS.iter().position(|t| *t == w)?;
            [
                Trait::Medical,
                Trait::Network,
                Trait::Declared,
                Trait::Clinical,
                Trait::Attached,
            ]
            .get(at)
            .copied()
        })?),
        Key::Fault => Test::Fault(each(key, list, fault_word)?),
        Key::Address => {
            let mut nets = Vec::new();
            let mut parts = Vec::new();
            for v in list {
                if v.contains('/') {
                    nets.push(v.parse().map_err(|_| bad(key, v))?);
                } else if let Ok(address) = v.parse::<std::net::IpAddr>() {
                    nets.push(ipnet::IpNet::from(address.to_canonical()));
                } else {
                    parts.push(Needle::new(v));
                }
            }
            Test::Net(nets, parts)
        }
        _ => Test::Text(key, needles()),
    })
}

fn each<T>(
    key: Key,
    list: &[&str],
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, FilterError> {
    list.iter()
        .map(|v| read(&v.to_lowercase()).ok_or_else(|| bad(key, v)))
        .collect()
}

fn bad(key: Key, value: &str) -> FilterError {
    let fixed = values(key);
    let known = match key {
        Key::Seen => "write an age such as 90s, 10m, 2h, 3d".to_string(),
        Key::Vlan => "write a number".to_string(),
        Key::Address => "write an address, a part of one, or a subnet such as 10.31.0.0/24".into(),
        _ => format!("there are {}", fixed.join(", ")),
    };
    FilterError::BadValue {
        key: key.name(),
        value: Text::from(value),
        known,
    }
}

fn alert_word(word: &str) -> Option<AlertWord> {
    use crate::model::AlertState as A;
    if word == "any" {
        return Some(AlertWord::Any);
    }
    if let Some(state) = [A::Open, A::Acknowledged, A::Pending, A::Closed]
        .into_iter()
        .find(|s| s.word() == word)
    {
        return Some(AlertWord::State(state));
    }
    let found: Vec<_> = CONDITIONS
        .iter()
        .copied()
        .filter(|c| c.word().contains(word))
        .collect();
    (!found.is_empty()).then_some(AlertWord::Condition(found))
}

fn fault_word(word: &str) -> Option<FaultWord> {
    match word {
        "any" => Some(FaultWord::Any),
        OVERRUN => Some(FaultWord::Overrun),
        _ => AgentFault::ALL
            .into_iter()
            .find(|f| f.word() == word)
            .map(FaultWord::Is),
    }
}

/// `90s`, `10m`, `2h`, `3d`, or seconds; as milliseconds.
fn age(word: &str) -> Option<u64> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at(digits);
    let n: u64 = number.parse().ok()?;
    let unit = match unit {
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    n.checked_mul(unit)
}
