//! Maker and model in the words of a `sysDescr` that begins with one of them.

use std::sync::LazyLock;

use regex::Regex;

/// How a text begins, whose that is, and whether the beginning is a part of the model; the longest first.
static MAKERS: LazyLock<Vec<(&str, &str, bool)>> = LazyLock::new(|| {
    let table = include_str!("../../config/identify/makers.tsv");
    let mut makers: Vec<_> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut parts = line.split('\t');
            Some((parts.next()?, parts.next()?, parts.next() == Some("+")))
        })
        .collect();
    makers.sort_by_key(|(says, ..)| std::cmp::Reverse(says.len()));
    makers
});

/// Where a model ends: at a mark, or at the words of a version.
static END: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)[,;(\n\r]|: |:$| - |\bv[._ ]?\d+\.\d|\bver[\s.:]|\bversion\b|\brev(?:ision)?\b|\brelease\b|\bfirmware\b|\bsoftware\b|\bs/w\b|\b[sfh]w[:=\s]|\bcopyright\b|\bkernel\b|\bbuilt\b|\br\d+\.\d|\bproduct version\b| /| \d+\.\d+",
    )
    .ok()
});

/// Words after a maker's name that are no model.
const FILLERS: [&str; 8] = [
    "networks",
    "systems",
    "inc",
    "inc.",
    "corporation",
    "corp.",
    "ltd.",
    "gmbh",
];

/// Characters of a model.
const MODEL_CAP: usize = 48;

/// Whose it is by how it begins, and what stands behind that.
pub(super) fn maker_and_model(descr: &str) -> Option<(&'static str, Option<String>)> {
    let text =
        descr.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | ';' | '-'));
    let text = text.strip_prefix("SNMP agent for ").unwrap_or(text);
    let (says, vendor, keeps) = MAKERS.iter().find(|(says, ..)| begins(text, says))?;
    let rest = if *keeps {
        text
    } else {
        text.get(says.len()..).unwrap_or("")
    };
    Some((vendor, model(rest)))
}

/// Begins with it, and the word ends there where it ends in a letter and the table says no part of a word.
fn begins(text: &str, says: &str) -> bool {
    let Some(head) = text.get(..says.len()) else {
        return false;
    };
    let next = text.get(says.len()..).and_then(|rest| rest.chars().next());
    let joined =
        says.ends_with(|c: char| c.is_alphabetic()) && next.is_some_and(char::is_alphabetic);
    head.eq_ignore_ascii_case(says) && !joined
}

fn model(rest: &str) -> Option<String> {
    let mut rest = rest;
    loop {
        rest = rest.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ':' | '-' | '/' | ';')
        });
        let word = rest.split([' ', ',']).next().unwrap_or("");
        if word.is_empty() || !FILLERS.iter().any(|f| word.eq_ignore_ascii_case(f)) {
            break;
        }
        rest = rest.get(word.len()..).unwrap_or("");
    }
    let end = END
        .as_ref()
        .and_then(|end| end.find(rest))
        .map_or(rest.len(), |m| m.start());
    let phrase = rest.get(..end)?.trim();
    let phrase: String = phrase.chars().take(MODEL_CAP).collect();
    (phrase.chars().filter(|c| c.is_alphanumeric()).count() > 1).then_some(phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maker_and_what_stands_behind_it() {
        for (descr, want) in [
            ("ADTRAN NetVanta834", Some(("Adtran", Some("NetVanta834")))),
            (
                "\"Lantronix EPS2 Version V3.3/4(950530)\"",
                Some(("Lantronix", Some("EPS2"))),
            ),
            (
                "Total Access 908, ADSL (2nd Gen), Version: A2",
                Some(("Adtran", Some("Total Access 908"))),
            ),
            (
                "Juniper Networks, Inc. E120 Edge Routing Switch SW Version : (1",
                Some(("Juniper", Some("E120 Edge Routing Switch"))),
            ),
            (
                "EPSON AL-C1750N; Net 98.48",
                Some(("Epson", Some("AL-C1750N"))),
            ),
            ("HPlc box", None),
            ("Brother", Some(("Brother", None))),
            ("", None),
        ] {
            let got = maker_and_model(descr);
            assert_eq!(
                got.as_ref().map(|(v, m)| (*v, m.as_deref())),
                want,
                "{descr}"
            );
        }
    }
}
