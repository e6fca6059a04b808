//! To whom a block of MAC addresses is assigned (IEEE MA-L, MA-M, MA-S), unpacked when it is first asked. It names who made the
//! network interface, which is often not who made the device: a hint, no more.

use std::sync::LazyLock;

use super::packed::Packed;
use crate::model::{Mac, Text};

/// Made by `tables/oui.py`: 6, 7 or 9 hexadecimal digits.
static BLOCKS: LazyLock<Packed> = LazyLock::new(|| {
    let table = include_bytes!("../../config/identify/oui.tsv.zst");
    Packed::read(table, |digits| {
        let block = u64::from_str_radix(digits, 16).ok()?;
        Some(key(block, digits.len()))
    })
});

/// Blocks of each size by themselves.
fn key(block: u64, digits: usize) -> u64 {
    (digits as u64) << 40 | block
}

/// Whose block it is of, the smallest first; nothing for one that somebody gave himself (locally administered), or a group.
pub fn maker_of(mac: Mac) -> Option<&'static Text> {
    let [first, ..] = mac.0;
    if first & 0x03 != 0 {
        return None;
    }
    let whole = mac
        .0
        .iter()
        .fold(0u64, |all, octet| all << 8 | u64::from(*octet));
    [9usize, 7, 6]
        .into_iter()
        .find_map(|digits| BLOCKS.get(key(whole >> (48 - 4 * digits), digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_block_names_its_holder_and_what_was_given_by_hand_nobody() {
        assert!(BLOCKS.len() > 55_000);
        for (mac, name) in [
            ("00:00:0c:12:34:56", Some("Cisco Systems")),
            ("00:09:fb:00:00:01", Some("Philips Patient Monitoring")),
            ("5c:85:7e:61:00:00", Some("ProdataKey")),
            ("02:00:0c:12:34:56", None),
            ("01:00:5e:00:00:01", None),
            ("ff:ff:ff:ff:ff:ff", None),
        ] {
            let maker = maker_of(mac.parse().unwrap());
            assert_eq!(maker.map(Text::as_str), name, "{mac}");
        }
    }
}
