//! Who has which number below `1.3.6.1.4.1` (IANA private enterprise numbers), unpacked when it is first asked.

use std::sync::LazyLock;

use super::packed::Packed;
use crate::model::Text;

/// Made by `tables/enterprises.py`.
static ENTERPRISES: LazyLock<Packed> = LazyLock::new(|| {
    let table = include_bytes!("../../config/identify/enterprises.tsv.zst");
    Packed::read(table, |number| number.parse().ok())
});

/// Who has this number.
pub fn vendor_of(enterprise: u32) -> Option<&'static Text> {
    ENTERPRISES.get(u64::from(enterprise))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_names_are_those_that_people_say() {
        assert!(ENTERPRISES.len() > 60_000);
        for (number, name) in [
            (9, "Cisco"),
            (2636, "Juniper"),
            (8072, "net-snmp"),
            (3, "Carnegie Mellon"),
        ] {
            assert_eq!(vendor_of(number).map(Text::as_str), Some(name));
        }
        assert_eq!(vendor_of(u32::MAX), None);
    }
}
