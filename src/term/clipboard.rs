//! Text to the clipboard of the terminal, over SSH too (OSC 52).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most that terminals take, in bytes of text.
const CAP: usize = 50_000;

/// The bytes that put text into the terminal's clipboard; none where it is too long, since half of it would be worse.
pub fn clipboard(text: &str) -> Option<Vec<u8>> {
    let fits = text.len() <= CAP;
    fits.then(|| format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text)).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_hold_nothing_that_ends_the_sequence() {
        let sequence = clipboard("a\x1b\\b");
        assert_eq!(sequence.as_deref(), Some(&b"\x1b]52;c;YRtcYg==\x1b\\"[..]));
        assert_eq!(clipboard(&"x".repeat(CAP + 1)), None);
    }
}
