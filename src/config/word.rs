//! Words: how they are quoted, and which one was meant.

use crate::model::Text;

/// A word out of a file as a message may show it, cut where it is long.
pub(crate) fn quote(word: &str) -> String {
    let shown = Text::from(word);
    let mut short: String = shown.as_str().chars().take(60).collect();
    if short.len() < shown.as_str().len() {
        short.push('…');
    }
    format!("'{short}'")
}

/// How many words are compared: a hint is not worth a pause.
const CANDIDATES: usize = 5000;

/// The known word that is nearest to what was written, if one is near enough.
pub(crate) fn meant<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if written.len() > 64 {
        return None;
    }
    let simple = |s: &str| s.to_lowercase().replace(['_', ' '], "-");
    let written = simple(written);
    known
        .into_iter()
        .take(CANDIDATES)
        .filter(|k| k.len() <= 64 && k.len().abs_diff(written.len()) <= 8)
        .map(|k| (distance(&written, &simple(k)), k))
        .filter(|(d, k)| *d <= (k.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// `; did you mean 'x'?`, or nothing.
pub(crate) fn hint<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    meant(written, known).map_or(String::new(), |k| format!("; did you mean {}?", quote(k)))
}

/// `a, b or c`.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_string(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let width = b.len() + 1;
    let mut rows = vec![0usize; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let cell = |i: usize, j: usize| rows.get(i * width + j).copied().unwrap_or(0);
            let value = if i == 0 || j == 0 {
                i + j
            } else {
                let same = a.get(i - 1) == b.get(j - 1);
                let mut best = (cell(i - 1, j) + 1)
                    .min(cell(i, j - 1) + 1)
                    .min(cell(i - 1, j - 1) + usize::from(!same));
                if i > 1 && j > 1 && a.get(i - 1) == b.get(j - 2) && a.get(i - 2) == b.get(j - 1) {
                    best = best.min(cell(i - 2, j - 2) + 1);
                }
                best
            };
            if let Some(slot) = rows.get_mut(i * width + j) {
                *slot = value;
            }
        }
    }
    rows.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant_or_none() {
        let known = ["address", "addresses", "name", "snmp-port", "ventilator"];
        for (written, word) in [
            ("adress", Some("address")),
            ("snmp_port", Some("snmp-port")),
            ("SNMP-Port", Some("snmp-port")),
            ("anme", Some("name")),
            ("ventlator", Some("ventilator")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(meant(written, known), word, "{written}");
        }
    }

    #[test]
    fn what_is_quoted_can_do_nothing_to_a_terminal() {
        assert_eq!(quote("a\u{1b}[2J"), "'a\\u{1b}[2J'");
        assert!(quote(&"x".repeat(500)).chars().count() < 70);
    }
}
