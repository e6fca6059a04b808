//! `.snmprec`: a recorded agent as text, one `OID|TAG|VALUE` a line (the format of snmpsim).
//!
//! Recordings come from the wild and are full of blemishes. A reader that refuses a file for one of them is of no use, so
//! nothing here fails: what can't be read is skipped, counted, and named by its line.

use std::fmt;
use std::net::Ipv4Addr;

use super::snmp::{Oid, Value, VarBind};
use crate::model::Text;

/// Variable bindings kept of one recording; more are skipped and counted.
pub const VARBIND_CAP: usize = 1_000_000;
/// Octets of one value; SNMP carries no more in a datagram.
pub const VALUE_CAP: usize = 65_000;
/// Skipped lines that are named; more are only counted.
pub const SKIPPED_CAP: usize = 1_000;

/// A recorded agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// What it answers, sorted, each name once.
    pub varbinds: Vec<VarBind>,
    /// The first [`SKIPPED_CAP`] lines that were skipped, in the order of the file.
    pub skipped: Vec<Skipped>,
    /// How many lines were skipped. Blank lines and comments are not among them.
    pub skipped_total: usize,
}

/// A line that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: SkipReason,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Not three fields.
    Fields,
    /// The name is no object identifier.
    Name(Text),
    /// A tag that says no type.
    Tag(Text),
    /// `<private>` stands where a value was.
    Masked,
    /// The value is not of its type.
    Value {
        /// The type by its SNMP name.
        kind: &'static str,
        /// The value, shortened.
        value: Text,
    },
    /// The same name stands in this earlier line, which is kept.
    Duplicate(usize),
    /// A value longer than [`VALUE_CAP`].
    Long,
    /// Beyond [`VARBIND_CAP`].
    Many,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields => f.write_str("not OID|TAG|VALUE"),
            Self::Name(name) => write!(f, "'{name}' is no object identifier"),
            Self::Tag(tag) => write!(f, "tag '{tag}' says no type"),
            Self::Masked => f.write_str("the value was masked as <private>"),
            Self::Value { kind, value } => write!(f, "'{value}' is no {kind}"),
            Self::Duplicate(line) => write!(f, "the name stands in line {line} already"),
            Self::Long => write!(f, "longer than {VALUE_CAP} octets"),
            Self::Many => write!(f, "beyond {VARBIND_CAP} names"),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl Recording {
    fn skip(&mut self, line: usize, why: SkipReason) {
        self.skipped_total += 1;
        if self.skipped.len() < SKIPPED_CAP {
            self.skipped.push(Skipped { line, why });
        }
    }
}

/// Reads a recording. It always succeeds; see [`Recording::skipped`].
pub fn parse(bytes: &[u8]) -> Recording {
    let mut recording = Recording::default();
    let mut rows: Vec<(VarBind, usize)> = Vec::new();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (at, raw) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = at + 1;
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        let start = raw.trim_ascii_start();
        if start.is_empty() || start[0] == b'#' {
            continue;
        }
        match parse_line(start) {
            Ok(_) if rows.len() == VARBIND_CAP => recording.skip(line, SkipReason::Many),
            Ok(varbind) => rows.push((varbind, line)),
            Err(why) => recording.skip(line, why),
        }
    }
    // stable, so that the first of a duplicate stays the first
    rows.sort_by(|(a, _), (b, _)| a.oid.cmp(&b.oid));
    recording.varbinds.reserve_exact(rows.len());
    let mut kept_line = 0;
    for (varbind, line) in rows {
        if recording
            .varbinds
            .last()
            .is_some_and(|l| l.oid == varbind.oid)
        {
            recording.skip(line, SkipReason::Duplicate(kept_line));
        } else {
            kept_line = line;
            recording.varbinds.push(varbind);
        }
    }
    recording.skipped.sort_by_key(|s| s.line);
    recording
}

fn parse_line(line: &[u8]) -> Result<VarBind, SkipReason> {
    let mut fields = line.splitn(3, |b| *b == b'|');
    let (Some(name), Some(tag), Some(value)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(SkipReason::Fields);
    };
    let oid = oid(name.trim_ascii()).ok_or_else(|| SkipReason::Name(shown(name)))?;
    if value.len() > 4 * VALUE_CAP {
        return Err(SkipReason::Long);
    }
    let value = parse_value(tag.trim_ascii(), value)?;
    if value.as_octets().is_some_and(|o| o.len() > VALUE_CAP) {
        return Err(SkipReason::Long);
    }
    Ok(VarBind { oid, value })
}

fn parse_value(tag: &[u8], value: &[u8]) -> Result<Value, SkipReason> {
    let masked = value.trim_ascii() == b"<private>";
    let bad = |kind| {
        if masked {
            SkipReason::Masked
        } else {
            SkipReason::Value {
                kind,
                value: shown(value),
            }
        }
    };
    Ok(match tag {
        b"2" => Value::Integer(i64::from(
            number::<i32>(value).ok_or_else(|| bad("Integer32"))?,
        )),
        // a masked text is what the agent seems to say, so it stays
        b"4" => Value::Octets(value.to_vec()),
        b"4x" => Value::Octets(hex(value).ok_or_else(|| bad("hexadecimal OCTET STRING"))?),
        b"4e" => Value::Octets(unescape(value).ok_or_else(|| bad("escaped OCTET STRING"))?),
        b"5" => Value::Null,
        b"6" => Value::Oid(oid(value.trim_ascii()).ok_or_else(|| bad("OBJECT IDENTIFIER"))?),
        b"64" => Value::Ip(
            std::str::from_utf8(value.trim_ascii())
                .ok()
                .and_then(|v| v.parse().ok())
                .ok_or_else(|| bad("IpAddress"))?,
        ),
        b"64x" => Value::Ip(address(hex(value)).ok_or_else(|| bad("hexadecimal IpAddress"))?),
        b"64e" => Value::Ip(address(unescape(value)).ok_or_else(|| bad("escaped IpAddress"))?),
        b"65" => Value::Counter32(number(value).ok_or_else(|| bad("Counter32"))?),
        b"66" => Value::Gauge32(number(value).ok_or_else(|| bad("Gauge32"))?),
        b"67" => Value::TimeTicks(number(value).ok_or_else(|| bad("TimeTicks"))?),
        b"68" => Value::Opaque(value.to_vec()),
        b"68x" => Value::Opaque(hex(value).ok_or_else(|| bad("hexadecimal Opaque"))?),
        b"70" => Value::Counter64(number(value).ok_or_else(|| bad("Counter64"))?),
        _ => return Err(SkipReason::Tag(shown(tag))),
    })
}

/// At most 40 octets of what was found, made harmless.
fn shown(raw: &[u8]) -> Text {
    Text::from_bytes(&raw[..raw.len().min(40)])
}

fn number<N: std::str::FromStr>(raw: &[u8]) -> Option<N> {
    std::str::from_utf8(raw.trim_ascii()).ok()?.parse().ok()
}

fn oid(raw: &[u8]) -> Option<Oid> {
    std::str::from_utf8(raw).ok()?.parse().ok()
}

fn address(octets: Option<Vec<u8>>) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(octets?).ok().map(Ipv4Addr::from)
}

fn hex(raw: &[u8]) -> Option<Vec<u8>> {
    let raw = raw.trim_ascii();
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let pairs = raw.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// The escapes of a Python byte string.
fn unescape(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        if *first != b'\\' {
            out.push(*first);
            rest = tail;
            continue;
        }
        let (byte, used) = match *tail.first()? {
            b'x' => (*hex(tail.get(1..3)?)?.first()?, 3),
            c @ b'0'..=b'7' => {
                let digits = tail
                    .iter()
                    .take(3)
                    .take_while(|b| (b'0'..=b'7').contains(b));
                let (value, used) =
                    digits.fold((0u32, 0), |(v, n), d| (v * 8 + u32::from(d - b'0'), n + 1));
                debug_assert!(used > 0, "{c}");
                (u8::try_from(value).ok()?, used)
            }
            b'n' => (b'\n', 1),
            b'r' => (b'\r', 1),
            b't' => (b'\t', 1),
            b'a' => (7, 1),
            b'b' => (8, 1),
            b'v' => (11, 1),
            b'f' => (12, 1),
            c @ (b'\\' | b'\'' | b'"') => (c, 1),
            _ => return None,
        };
        out.push(byte);
        rest = &tail[used..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(line: &str) -> Result<Value, SkipReason> {
        parse_line(line.as_bytes()).map(|v| v.value)
    }

    #[test]
    fn each_tag_gives_its_type() {
        let octets = |b: &[u8]| Value::Octets(b.to_vec());
        let table = [
            ("2|-7", Value::Integer(-7)),
            ("4|a|b ", octets(b"a|b ")),
            ("4|", octets(b"")),
            ("4|<private>", octets(b"<private>")),
            ("4x|00Ff", octets(&[0, 0xff])),
            ("4x|", octets(b"")),
            (r"4e|a\x00\n\101\\\'", octets(b"a\0\nA\\'")),
            ("5|", Value::Null),
            ("6|.1.3.6.1", Value::Oid("1.3.6.1".parse().unwrap())),
            ("64|10.0.0.1", Value::Ip([10, 0, 0, 1].into())),
            ("64x|0A000001", Value::Ip([10, 0, 0, 1].into())),
            (r"64e|\x0a\x00\x00\x01", Value::Ip([10, 0, 0, 1].into())),
            ("65|4294967295", Value::Counter32(u32::MAX)),
            ("66|0", Value::Gauge32(0)),
            ("67|8640000", Value::TimeTicks(8_640_000)),
            ("68|Float: 0.1", Value::Opaque(b"Float: 0.1".to_vec())),
            ("70|18446744073709551615", Value::Counter64(u64::MAX)),
        ];
        for (text, value) in table {
            assert_eq!(one(&format!("1.3.6|{text}")), Ok(value), "{text}");
        }
    }

    #[test]
    fn each_blemish_is_skipped_with_its_line_and_reason_and_the_rest_is_kept() {
        let file = b"\xef\xbb\xbf# a comment\r\n\
            1.3.6.1.2|2|2\r\n\
            \n\
            1.3.6.1.1|2|1\r\n\
            1.3.6.1.3|67|<private>\n\
            1.3.6.1.4|64|<private>\n\
            1.3.6.1.5|2|\n\
            1.3.6.1.6|4x|3462XXYY\n\
            1.3.6.1.7.|2|1\n\
            1.3.6.1.2|2|99\n\
            1.3.6.1.8|40|5\n\
            1.3.6.1.9|4xx|00\n\
            1.3.6.1.<IPADDR>|2|3\n\
            nonsense\n\
            1.3.6.1.10|65|6git3159\n\
            1.3.6.1.11|4x|123";
        let got = parse(file);
        let names: Vec<String> = got.varbinds.iter().map(|v| v.oid.to_string()).collect();
        assert_eq!(names, ["1.3.6.1.1", "1.3.6.1.2"]);
        assert_eq!(
            got.varbinds[1].value,
            Value::Integer(2),
            "the first of a duplicate wins"
        );
        let lines: Vec<String> = got.skipped.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "line 5: the value was masked as <private>",
                "line 6: the value was masked as <private>",
                "line 7: '' is no Integer32",
                "line 8: '3462XXYY' is no hexadecimal OCTET STRING",
                "line 9: '1.3.6.1.7.' is no object identifier",
                "line 10: the name stands in line 2 already",
                "line 11: tag '40' says no type",
                "line 12: tag '4xx' says no type",
                "line 13: '1.3.6.1.<IPADDR>' is no object identifier",
                "line 14: not OID|TAG|VALUE",
                "line 15: '6git3159' is no Counter32",
                "line 16: '123' is no hexadecimal OCTET STRING",
            ]
        );
        assert_eq!(got.skipped_total, 12);
    }

    #[test]
    fn named_skips_are_capped_and_all_are_counted() {
        let got = parse("x\n".repeat(SKIPPED_CAP + 500).as_bytes());
        assert_eq!(got.skipped.len(), SKIPPED_CAP);
        assert_eq!(got.skipped_total, SKIPPED_CAP + 500);
    }

    #[test]
    fn a_value_no_datagram_can_carry_is_skipped() {
        let line = format!("1.3.6|4|{}", "a".repeat(VALUE_CAP + 1));
        assert_eq!(parse(line.as_bytes()).skipped[0].why, SkipReason::Long);
    }

    proptest! {
        #[test]
        fn hostile_files_never_panic_and_come_out_sorted_without_duplicates(
            lines in proptest::collection::vec("[0-9.]{0,6}\\|(2|4|4x|4e|64|64x|64e|6|65|70)\\|\\PC{0,12}|\\PC{0,20}", 0..40),
            tail in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut file = lines.join("\n").into_bytes();
            file.push(b'\n');
            file.extend(tail);
            let got = parse(&file);
            prop_assert!(got.varbinds.windows(2).all(|w| w[0].oid < w[1].oid));
            let content = file.split(|b| *b == b'\n').count();
            prop_assert!(got.varbinds.len() + got.skipped_total <= content);
        }
    }
}
