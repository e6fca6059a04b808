//! Text from outside, made harmless at the door (invariant 4).

use std::fmt;

use ecow::EcoString;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest text kept, in bytes of its escaped form; what is cut ends in `…`.
pub const TEXT_CAP: usize = 4096;
/// The longest escape of one character: `\u{10ffff}`.
const ESCAPE: usize = 10;

/// Text that came from a person, a file or the network, with everything a terminal could obey escaped.
///
/// Control characters, escape sequences, bidi controls, zero-width and other invisible characters become
/// `\u{…}`; bytes that are not UTF-8 become `\xNN`; a backslash becomes `\\`. So the escape can be undone
/// ([`Text::unescape`]). One `Text` is one line: a line feed is escaped as well. `Display` is always safe to print.
///
/// Up to 15 bytes stand in it, more are shared by its clones.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(EcoString);

impl Text {
    /// Escapes raw bytes from the network. Trailing NUL bytes (padding in many MIBs) are dropped.
    pub fn from_bytes(raw: &[u8]) -> Self {
        let end = raw.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        if let Some(plain) = plain(&raw[..end]) {
            return Self(plain.into());
        }
        let mut out = String::with_capacity(end.min(TEXT_CAP));
        'all: for chunk in raw[..end].utf8_chunks() {
            for c in chunk.valid().chars() {
                if !push_char(&mut out, c) {
                    break 'all;
                }
            }
            for b in chunk.invalid() {
                if !push(&mut out, format_args!("\\x{b:02x}")) {
                    break 'all;
                }
            }
        }
        Self(out.into())
    }

    /// Splits at line ends (`\r\n`, `\n`, `\r`), one `Text` a line, empty ones left out, `cap` lines at the most.
    pub fn lines_from_bytes(raw: &[u8], cap: usize) -> Vec<Self> {
        raw.split(|b| *b == b'\n' || *b == b'\r')
            .filter(|l| !l.is_empty())
            .take(cap)
            .map(Self::from_bytes)
            .collect()
    }

    /// The empty text.
    pub fn empty() -> Self {
        Self(EcoString::new())
    }

    /// The escaped form: what may be shown, logged, exported and given as an argument.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes as they came (up to [`TEXT_CAP`]). For matching and for protocols, never for a screen.
    pub fn unescape(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len());
        let mut rest = &*self.0;
        while let Some(at) = rest.find('\\') {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            let tail = &rest[at + 1..];
            let (bytes, used) = unescape_one(tail);
            out.extend_from_slice(&bytes);
            rest = &tail[used..];
        }
        out.extend_from_slice(rest.as_bytes());
        out
    }
}

/// What needs no escape: most there is, and one look at it is enough.
fn plain(raw: &[u8]) -> Option<&str> {
    let printable = |b: &u8| matches!(b, 0x20..=0x7e) && *b != b'\\';
    if raw.len() <= TEXT_CAP - ESCAPE && raw.iter().all(printable) {
        std::str::from_utf8(raw).ok()
    } else {
        None
    }
}

fn unescape_one(tail: &str) -> (Vec<u8>, usize) {
    if let Some(hex) = tail.strip_prefix('x').and_then(|t| t.get(..2))
        && let Ok(b) = u8::from_str_radix(hex, 16)
    {
        return (vec![b], 3);
    }
    if let Some(body) = tail.strip_prefix("u{")
        && let Some(end) = body.find('}')
        && let Some(c) = u32::from_str_radix(&body[..end], 16)
            .ok()
            .and_then(char::from_u32)
    {
        return (c.to_string().into_bytes(), end + 3);
    }
    (vec![b'\\'], usize::from(tail.starts_with('\\')))
}

fn push(out: &mut String, what: fmt::Arguments<'_>) -> bool {
    use fmt::Write as _;
    if out.len() + ESCAPE > TEXT_CAP {
        out.push('…');
        return false;
    }
    // writing into a String can't fail
    let _ = out.write_fmt(what);
    true
}

fn push_char(out: &mut String, c: char) -> bool {
    if c == '\\' {
        push(out, format_args!("\\\\"))
    } else if must_escape(c) {
        push(out, format_args!("\\u{{{:x}}}", c as u32))
    } else {
        push(out, format_args!("{c}"))
    }
}

/// What a terminal may obey, or a reader may not see: C0, C1, DEL, line and paragraph separators, bidi controls,
/// zero-width and other default-ignorable characters, variation selectors, tags, private use, non-characters.
fn must_escape(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff
            | 0xffa0 | 0xfff0..=0xfffb | 0xfffe..=0xffff | 0xe000..=0xf8ff | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0x0010_ffff)
}

impl From<&str> for Text {
    fn from(s: &str) -> Self {
        Self::from_bytes(s.as_bytes())
    }
}

impl From<String> for Text {
    fn from(s: String) -> Self {
        Self::from(s.as_str())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    /// What was escaped once is kept as it is; what a hostile file put in beside it is escaped now.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let s = String::deserialize(from)?;
        if s.len() <= TEXT_CAP + 4 && !s.chars().any(must_escape) {
            return Ok(Self(s.into()));
        }
        Ok(Self::from(s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_bidi_and_zero_width_become_visible() {
        assert_eq!(Text::from("pump\x1b[31m").as_str(), "pump\\u{1b}[31m");
        assert_eq!(
            Text::from("a\u{202e}b\u{200b}c").as_str(),
            "a\\u{202e}b\\u{200b}c"
        );
        assert_eq!(
            Text::from_bytes(b"caf\xe9\r\n\0\0").as_str(),
            "caf\\xe9\\u{d}\\u{a}"
        );
        assert_eq!(Text::from("C:\\x").as_str(), "C:\\\\x");
        assert_eq!(Text::from("Dräger 床").as_str(), "Dräger 床");
    }

    #[test]
    fn what_needs_no_escape_is_what_it_would_be_with_one_beside_it() {
        for n in [
            0,
            1,
            15,
            16,
            TEXT_CAP - 11,
            TEXT_CAP - 10,
            TEXT_CAP - 9,
            TEXT_CAP,
        ] {
            let plain = "a".repeat(n);
            let mut slow = String::new();
            let whole = plain.chars().all(|c| push_char(&mut slow, c));
            assert_eq!(Text::from(plain.as_str()).as_str(), slow, "{n} {whole}");
        }
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        let t = Text::from_bytes(&vec![b'a'; 65_536]);
        assert!(t.as_str().len() <= TEXT_CAP + 3 && t.as_str().ends_with('…'));
    }

    proptest! {
        #[test]
        fn the_escape_can_be_undone_and_nothing_dangerous_is_left(raw in prop::collection::vec(any::<u8>(), 0..300)) {
            let t = Text::from_bytes(&raw);
            prop_assert!(!t.as_str().chars().any(must_escape));
            let end = raw.iter().rposition(|b| *b != 0).map_or(0, |l| l + 1);
            prop_assert_eq!(t.unescape(), &raw[..end]);
            let json = serde_json::to_string(&t).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), t);
        }
    }
}
