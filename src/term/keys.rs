//! Bytes of a terminal to keys, pastes and the mouse (ECMA-48; xterm's ctlseqs; mode 2004; mode 1006).
//!
//! Our own, since crossterm's reader spins when the terminal goes away and forgets what does not fit its buffer.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// The longest sequence that is waited for.
const SEQUENCE_CAP: usize = 64;
/// The longest paste; what is beyond it is dropped.
const PASTE_CAP: usize = 64 * 1024;
const PASTE_END: &[u8] = b"\x1b[201~";

/// What was read and not yet understood.
#[derive(Debug, Default)]
pub struct Decoder {
    rest: Vec<u8>,
    paste: Option<Vec<u8>>,
    /// What comes now belongs to nobody.
    swallow: Option<Swallow>,
}

/// The rest of something that a terminal said of itself, late or in parts: it must never act as keys.
#[derive(Debug)]
struct Swallow {
    until: Until,
    octets: usize,
    pauses: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// BEL, or ESC and a backslash (ECMA-48, 8.3.143).
    Terminator,
    /// The final byte of a control sequence.
    Final,
}

/// Octets of such a thing, at the most: then it is given up.
const SWALLOW_CAP: usize = 8 * 1024;
/// Pauses within it: a second, over a slow link.
const SWALLOW_PAUSES: u32 = 25;

enum Found {
    /// So many bytes make this.
    Event(usize, Option<Event>),
    /// The bytes are a beginning.
    More,
    /// So many bytes begin a paste.
    Paste(usize),
    /// So many bytes begin a string of the terminal's own: an answer to a question that another program asked.
    String(usize),
}

impl Decoder {
    /// Takes bytes, gives what they mean.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        self.rest.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            if self.paste.is_some() {
                match self.in_paste(at, out) {
                    Some(next) => at = next,
                    None => return,
                }
            }
            if self.swallow.is_some() {
                at += self.swallowed(at);
                if self.swallow.is_some() {
                    break;
                }
            }
            let rest = self.rest.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match next(rest) {
                Found::More if rest.len() < SEQUENCE_CAP => break,
                Found::More => {
                    at += rest.len();
                    self.begin(Until::Final);
                }
                Found::String(n) => {
                    at += n;
                    self.begin(Until::Terminator);
                }
                Found::Paste(n) => {
                    at += n;
                    self.paste = Some(Vec::new());
                }
                Found::Event(n, event) => {
                    at += n.max(1);
                    out.extend(event);
                }
            }
        }
        self.rest.drain(..at.min(self.rest.len()));
    }

    /// Nothing came for a moment: a lone escape is the key of that name, and a cut sequence is nothing.
    pub fn pause(&mut self, out: &mut Vec<Event>) {
        if let Some(swallow) = &mut self.swallow {
            swallow.pauses += 1;
            if swallow.pauses >= SWALLOW_PAUSES {
                self.swallow = None;
                self.rest.clear();
            }
            return;
        }
        if self.paste.is_none() && !self.rest.is_empty() {
            match self.rest.as_slice() {
                b"\x1b" => out.push(key(KeyCode::Esc, KeyModifiers::NONE)),
                [0x1b, b'[', _, ..] => self.begin(Until::Final),
                // alt with a letter that could have begun a string
                [0x1b, letter] if begins_string(*letter) => {
                    out.push(key(KeyCode::Char(*letter as char), KeyModifiers::ALT));
                }
                _ => {}
            }
            self.rest.clear();
        }
    }

    fn begin(&mut self, until: Until) {
        self.swallow = Some(Swallow {
            until,
            octets: 0,
            pauses: 0,
        });
    }

    /// How many bytes from `at` on belong to what is swallowed.
    fn swallowed(&mut self, at: usize) -> usize {
        let Some(swallow) = &mut self.swallow else {
            return 0;
        };
        let rest = self.rest.get(at..).unwrap_or_default();
        let end = match swallow.until {
            Until::Terminator => {
                let bell = rest.iter().position(|b| *b == 7).map(|n| n + 1);
                let st = rest.windows(2).position(|w| w == b"\x1b\\").map(|n| n + 2);
                bell.into_iter().chain(st).min()
            }
            // what is no part of a sequence ends it too, and is read for itself
            Until::Final => rest
                .iter()
                .position(|b| !(0x20..=0x3f).contains(b))
                .map(|n| n + usize::from(rest.get(n).is_some_and(|b| (0x40..=0x7e).contains(b)))),
        };
        // the escape of a terminator may be the last that came
        let cut = swallow.until == Until::Terminator && rest.last() == Some(&0x1b);
        let taken = end.unwrap_or(rest.len() - usize::from(cut));
        swallow.octets += taken;
        swallow.pauses = 0;
        if end.is_some() || swallow.octets > SWALLOW_CAP {
            self.swallow = None;
        }
        taken
    }

    /// Something is waited for that may never come.
    pub fn is_waiting(&self) -> bool {
        self.swallow.is_some() || (self.paste.is_none() && !self.rest.is_empty())
    }

    /// Moves bytes from `at` into the paste; where the paste ends, or nothing while it goes on.
    fn in_paste(&mut self, at: usize, out: &mut Vec<Event>) -> Option<usize> {
        let rest = self.rest.get(at..).unwrap_or_default();
        let end = rest.windows(PASTE_END.len()).position(|w| w == PASTE_END);
        // the end itself may be cut
        let take = end.unwrap_or(rest.len().saturating_sub(PASTE_END.len() - 1));
        let paste = self.paste.get_or_insert_default();
        let room = PASTE_CAP.saturating_sub(paste.len());
        paste.extend_from_slice(rest.get(..take.min(room)).unwrap_or_default());
        if end.is_none() {
            self.rest.drain(..at + take);
            return None;
        }
        let whole = self.paste.take().unwrap_or_default();
        out.push(Event::Paste(String::from_utf8_lossy(&whole).into_owned()));
        Some(at + take + PASTE_END.len())
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn next(bytes: &[u8]) -> Found {
    match bytes {
        [0x1b] => Found::More,
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, b'O', rest @ ..] => match rest.first() {
            None => Found::More,
            Some(last) => Found::Event(3, letter(*last).map(|code| key(code, KeyModifiers::NONE))),
        },
        // alone it may be alt with that letter: a moment tells
        [0x1b, letter] if begins_string(*letter) => Found::More,
        [0x1b, letter, ..] if begins_string(*letter) => Found::String(2),
        // two escapes: the first is a key
        [0x1b, 0x1b, ..] => Found::Event(1, Some(key(KeyCode::Esc, KeyModifiers::NONE))),
        [0x1b, rest @ ..] => match plain(rest) {
            Found::Event(n, Some(Event::Key(one))) => Found::Event(
                n + 1,
                Some(key(one.code, one.modifiers | KeyModifiers::ALT)),
            ),
            Found::Event(n, _) => Found::Event(n + 1, None),
            other => other,
        },
        _ => plain(bytes),
    }
}

/// OSC, DCS, APC, PM, SOS (ECMA-48, 8.3).
fn begins_string(letter: u8) -> bool {
    matches!(letter, b']' | b'P' | b'_' | b'^' | b'X')
}

/// A character or a control.
fn plain(bytes: &[u8]) -> Found {
    let Some(&first) = bytes.first() else {
        return Found::More;
    };
    let ctrl = |c: u8| {
        Found::Event(
            1,
            Some(key(KeyCode::Char(c as char), KeyModifiers::CONTROL)),
        )
    };
    let named = |code| Found::Event(1, Some(key(code, KeyModifiers::NONE)));
    match first {
        b'\r' => named(KeyCode::Enter),
        b'\t' => named(KeyCode::Tab),
        // old terminals send ^H for the key above enter
        0x7f | 0x08 => named(KeyCode::Backspace),
        0 => ctrl(b' '),
        1..=26 => ctrl(first + b'a' - 1),
        27..=31 => ctrl(first - 0x1c + b'4'),
        32..=126 => named(KeyCode::Char(first as char)),
        _ => utf8(bytes, first),
    }
}

fn utf8(bytes: &[u8], first: u8) -> Found {
    let n = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Found::Event(1, None),
    };
    let head = bytes.get(..n.min(bytes.len())).unwrap_or_default();
    match std::str::from_utf8(head) {
        Ok(text) => {
            let code = text.chars().next().map(KeyCode::Char);
            Found::Event(n, code.map(|code| key(code, KeyModifiers::NONE)))
        }
        Err(e) if e.error_len().is_none() && bytes.len() < n => Found::More,
        Err(_) => Found::Event(1, None),
    }
}

/// After `ESC [`: parameters, intermediates, a final byte.
fn csi(rest: &[u8]) -> Found {
    let Some(end) = rest.iter().position(|b| (0x40..=0x7e).contains(b)) else {
        return match rest.iter().position(|b| !(0x20..=0x3f).contains(b)) {
            // broken by something that belongs to no sequence
            Some(at) => Found::Event(2 + at, None),
            None => Found::More,
        };
    };
    let whole = end + 3;
    let (Some(body), Some(&last)) = (rest.get(..end), rest.get(end)) else {
        return Found::More;
    };
    if body.iter().any(|b| !(0x20..=0x3f).contains(b)) {
        return Found::Event(2, None);
    }
    // the console of the kernel: ESC [ [ A is F1
    if last == b'[' && body.is_empty() {
        return match rest.get(1) {
            None => Found::More,
            Some(n @ b'A'..=b'E') => {
                Found::Event(4, Some(key(KeyCode::F(n - b'A' + 1), KeyModifiers::NONE)))
            }
            Some(_) => Found::Event(4, None),
        };
    }
    let body = std::str::from_utf8(body).unwrap_or_default();
    if let Some(mouse) = body.strip_prefix('<') {
        return Found::Event(whole, self::mouse(mouse, last));
    }
    // private ones are answers, never keys
    if body.starts_with(['?', '>', '=']) {
        return Found::Event(whole, None);
    }
    let mut numbers = body.split(';').map(|n| {
        // a colon parts what belongs to one number (the kitty protocol)
        n.split(':')
            .next()
            .unwrap_or("")
            .parse::<u32>()
            .unwrap_or(0)
    });
    let first = numbers.next().unwrap_or(0);
    let modifiers = modifiers(numbers.next().unwrap_or(1));
    let code = match (last, first) {
        (b'~', 200) => return Found::Paste(whole),
        (b'~', 1 | 7) => Some(KeyCode::Home),
        (b'~', 2) => Some(KeyCode::Insert),
        (b'~', 3) => Some(KeyCode::Delete),
        (b'~', 4 | 8) => Some(KeyCode::End),
        (b'~', 5) => Some(KeyCode::PageUp),
        (b'~', 6) => Some(KeyCode::PageDown),
        (b'~', n @ 11..=15) => Some(KeyCode::F(n as u8 - 10)),
        (b'~', n @ 17..=21) => Some(KeyCode::F(n as u8 - 11)),
        (b'~', n @ 23..=24) => Some(KeyCode::F(n as u8 - 12)),
        (b'Z', _) => Some(KeyCode::BackTab),
        (b'u', 27) => Some(KeyCode::Esc),
        (b'u', 13) => Some(KeyCode::Enter),
        (b'u', 9) => Some(KeyCode::Tab),
        (b'u', 127) => Some(KeyCode::Backspace),
        (b'u', n) => char::from_u32(n)
            .filter(|c| !c.is_control())
            .map(KeyCode::Char),
        // where the cursor stands (CPR) looks like F3 with modifiers; those have a 1 before them
        (last, 0 | 1) => letter(last),
        _ => None,
    };
    Found::Event(whole, code.map(|code| key(code, modifiers)))
}

/// The keys that a letter stands for, after `ESC [` or `ESC O`.
fn letter(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

/// xterm's: one more than the sum of shift 1, alt 2, ctrl 4.
fn modifiers(n: u32) -> KeyModifiers {
    let bits = n.saturating_sub(1);
    let mut out = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ] {
        if bits & bit != 0 {
            out |= modifier;
        }
    }
    out
}

/// After `ESC [ <`: button, column, row from 1.
fn mouse(body: &str, last: u8) -> Option<Event> {
    let mut numbers = body.split(';').map(|n| n.parse::<u16>().ok());
    let (button, x, y) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let kind = match (button & !0b1_1100, last) {
        (64, b'M') => MouseEventKind::ScrollUp,
        (65, b'M') => MouseEventKind::ScrollDown,
        (0, b'M') => MouseEventKind::Down(MouseButton::Left),
        (0, b'm') => MouseEventKind::Up(MouseButton::Left),
        (1, b'M') => MouseEventKind::Down(MouseButton::Middle),
        (2, b'M') => MouseEventKind::Down(MouseButton::Right),
        _ => return None,
    };
    Some(Event::Mouse(MouseEvent {
        kind,
        column: x.checked_sub(1)?,
        row: y.checked_sub(1)?,
        modifiers: KeyModifiers::NONE,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Event> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        decoder.feed(bytes, &mut out);
        decoder.pause(&mut out);
        out
    }

    /// Bytes in parts, with a moment between them.
    fn parts(parts: &[&[u8]]) -> Vec<Event> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for part in parts {
            decoder.feed(part, &mut out);
            decoder.pause(&mut out);
        }
        out
    }

    #[test]
    fn what_a_terminal_says_of_itself_is_never_a_key_whole_or_in_parts() {
        for answer in [
            &b"\x1b[?64;1;2;6;9;15;18;21;22c"[..],
            b"\x1b[>41;354;0c",
            b"\x1b[24;80R",
            b"\x1b[?24;80R",
            b"\x1b[?2026;2$y",
            b"\x1b[?0u",
            b"\x1b[4;600;800t",
            b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
            b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
            b"\x1b]52;c;YWJj\x07",
            b"\x1bP>|XTerm(379)\x1b\\",
            b"\x1bP1+r524742=382F382F38\x1b\\",
            b"\x1b_Gi=31;OK\x1b\\",
            b"\x1b^x\x1b\\",
            b"\x1bXx\x1b\\",
        ] {
            let j = [key(KeyCode::Char('j'), KeyModifiers::NONE)];
            assert_eq!(all(&[answer, b"j"].concat()), j, "{answer:?}");
            // cut anywhere behind what makes it one, with a pause in between
            for cut in 3..answer.len() {
                let (one, two) = answer.split_at(cut);
                assert_eq!(parts(&[one, two, b"j"]), j, "{answer:?} cut at {cut}");
            }
            let mut decoder = Decoder::default();
            let mut out = Vec::new();
            for byte in answer.chunks(1) {
                decoder.feed(byte, &mut out);
            }
            decoder.feed(b"j", &mut out);
            assert_eq!(out, j, "{answer:?} byte by byte");
        }
    }

    #[test]
    fn what_begins_like_an_answer_and_never_ends_does_not_hold_the_keys_for_ever() {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        decoder.feed(b"\x1b]11;rgb", &mut out);
        for _ in 0..SWALLOW_PAUSES {
            assert!(decoder.is_waiting());
            decoder.pause(&mut out);
        }
        assert!(!decoder.is_waiting());
        decoder.feed(b"q", &mut out);
        assert_eq!(out, [key(KeyCode::Char('q'), KeyModifiers::NONE)]);
        let flood = [b"\x1bP".as_slice(), &[b'x'; SWALLOW_CAP + 2]].concat();
        assert!(parts(&[&flood, b"q"]).contains(&out[0]));
        // alt with such a letter, pressed by a person
        let alt = |c| key(KeyCode::Char(c), KeyModifiers::ALT);
        assert_eq!(parts(&[b"\x1bP", b"\x1b]"]), [alt('P'), alt(']')]);
    }

    #[test]
    fn keys_are_those_that_terminals_send() {
        const C: KeyModifiers = KeyModifiers::CONTROL;
        const N: KeyModifiers = KeyModifiers::NONE;
        for (bytes, code, modifiers) in [
            (&b"a"[..], KeyCode::Char('a'), N),
            ("ä".as_bytes(), KeyCode::Char('ä'), N),
            ("床".as_bytes(), KeyCode::Char('床'), N),
            (b"\x1b", KeyCode::Esc, N),
            (b"\r", KeyCode::Enter, N),
            (b"\t", KeyCode::Tab, N),
            (b"\x1b[Z", KeyCode::BackTab, N),
            (b"\x7f", KeyCode::Backspace, N),
            (b"\x03", KeyCode::Char('c'), C),
            (b"\x0b", KeyCode::Char('k'), C),
            (b"\x1a", KeyCode::Char('z'), C),
            (b"\x1b[A", KeyCode::Up, N),
            (b"\x1bOB", KeyCode::Down, N),
            (b"\x1b[1;5C", KeyCode::Right, C),
            (b"\x1b[5~", KeyCode::PageUp, N),
            (b"\x1b[6~", KeyCode::PageDown, N),
            (b"\x1b[3~", KeyCode::Delete, N),
            (b"\x1bOP", KeyCode::F(1), N),
            (b"\x1b[[A", KeyCode::F(1), N),
            (b"\x1b[24~", KeyCode::F(12), N),
            (b"\x1b[107;5u", KeyCode::Char('k'), C),
            (b"\x1bx", KeyCode::Char('x'), KeyModifiers::ALT),
        ] {
            assert_eq!(all(bytes), [key(code, modifiers)], "{bytes:?}");
        }
        assert_eq!(all(b"\x1b\x1b[A").len(), 2);
    }

    #[test]
    fn a_paste_is_one_event_and_holds_its_escapes() {
        let pasted = all(b"\x1b[200~one\r\x1b[Atwo\x1b[201~q");
        assert_eq!(
            pasted,
            [
                Event::Paste("one\r\x1b[Atwo".into()),
                key(KeyCode::Char('q'), KeyModifiers::NONE)
            ]
        );
        let mut long = b"\x1b[200~".to_vec();
        long.extend(vec![b'x'; 200_000]);
        long.extend(PASTE_END);
        assert!(matches!(all(&long).as_slice(), [Event::Paste(text)] if text.len() == PASTE_CAP));
    }

    #[test]
    fn the_mouse_counts_from_zero() {
        let [Event::Mouse(wheel)] = all(b"\x1b[<65;10;3M")[..] else {
            panic!()
        };
        assert_eq!(
            (wheel.kind, wheel.column, wheel.row),
            (MouseEventKind::ScrollDown, 9, 2)
        );
        assert!(all(b"\x1b[<0;0;0M").is_empty());
    }

    proptest! {
        /// However the bytes arrive, and whatever they are: the same events, and nothing is kept without end.
        #[test]
        fn bytes_mean_the_same_however_they_are_cut(
            pieces in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 1..8),
                prop::sample::select(vec![&b"\x1b[A"[..], b"\x1b[200~", b"\x1b[201~", b"\x1b[1;5C", b"\xe5\xba\x8a", b"\x1b[<65;10;3M"]).prop_map(<[u8]>::to_vec),
            ], 0..20),
            cuts in prop::collection::vec(1usize..9, 1..40)
        ) {
            let bytes = pieces.concat();
            let mut whole = Vec::new();
            let mut decoder = Decoder::default();
            decoder.feed(&bytes, &mut whole);
            prop_assert!(decoder.rest.len() <= SEQUENCE_CAP);
            let mut parts = Vec::new();
            let mut decoder = Decoder::default();
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (head, tail) = rest.split_at((*cut).min(rest.len()));
                decoder.feed(head, &mut parts);
                rest = tail;
            }
            // a sequence that never ends is given up by its length, and that depends on how it came
            if bytes.len() < SEQUENCE_CAP {
                prop_assert_eq!(whole, parts);
            }
        }
    }
}
