//! Does the prefix of a MAC hint at a medical device? A hint keeps a device from being asked; it never says what it is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::Mac;

/// Built in; one `prefix<TAB>name` a line.
const TABLE: &str = include_str!("../../config/identify/medical-oui.tsv");

static BY_OUI: LazyLock<BTreeMap<u32, &'static str>> =
    LazyLock::new(|| TABLE.lines().filter_map(line).collect());

fn line(line: &'static str) -> Option<(u32, &'static str)> {
    let (prefix, name) = line.split_once('\t')?;
    let octets: Vec<u32> = prefix
        .split(':')
        .filter_map(|o| u32::from_str_radix(o, 16).ok())
        .collect();
    let [a, b, c] = octets.as_slice() else {
        return None;
    };
    Some((a << 16 | b << 8 | c, name))
}

/// The maker as registered, when it is one of medical devices.
pub fn maker(mac: Mac) -> Option<&'static str> {
    BY_OUI.get(&mac.oui()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_false_friends_are_not_there() {
        let lines = TABLE
            .lines()
            .filter(|l| !l.starts_with('#') && !l.is_empty())
            .count();
        assert_eq!(BY_OUI.len(), lines);
        assert_eq!(
            maker("00:09:fb:12:34:56".parse().unwrap()),
            Some("Philips Patient Monitoring")
        );
        assert_eq!(maker("00:21:7d:12:34:56".parse().unwrap()), None);
    }
}
