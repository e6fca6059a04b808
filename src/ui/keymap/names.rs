//! Keys as words: `a`, `G`, `ctrl-k`, `shift-tab`, `page-down`, `f1`.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::ui::Glyphs;

/// A key's name as in the registry; nothing for a key that has none, and for the release of a key.
pub fn name(key: &KeyEvent) -> Option<String> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let base = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            c.to_ascii_lowercase().to_string()
        }
        KeyCode::Char(c) => {
            // the shift is in the letter already
            shift = false;
            c.to_string()
        }
        KeyCode::BackTab => {
            shift = true;
            "tab".into()
        }
        KeyCode::F(n) => format!("f{n}"),
        code => NAMED.iter().find(|(_, known)| *known == code)?.0.to_owned(),
    };
    let mut out = String::new();
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        out.push_str("ctrl-");
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        out.push_str("alt-");
    }
    if shift {
        out.push_str("shift-");
    }
    out.push_str(&base);
    Some(out)
}

const NAMED: [(&str, KeyCode); 13] = [
    ("esc", KeyCode::Esc),
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
];

/// Names of keys that are no letters.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|(name, _)| *name).chain(["space"])
}

/// The key of a name: the other way from [`name`].
pub fn parse(word: &str) -> Option<KeyEvent> {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = word;
    for (prefix, modifier) in [
        ("ctrl-", KeyModifiers::CONTROL),
        ("alt-", KeyModifiers::ALT),
        ("shift-", KeyModifiers::SHIFT),
    ] {
        if let Some(tail) = rest.strip_prefix(prefix).filter(|tail| !tail.is_empty()) {
            modifiers |= modifier;
            rest = tail;
        }
    }
    let mut chars = rest.chars();
    let code = match (chars.next()?, chars.next()) {
        (c, None) => KeyCode::Char(c),
        ('f', Some('1'..='9')) => KeyCode::F(
            rest.get(1..)?
                .parse()
                .ok()
                .filter(|n| (1..=12).contains(n))?,
        ),
        _ if rest == "space" => KeyCode::Char(' '),
        _ if rest == "tab" && modifiers == KeyModifiers::SHIFT => KeyCode::BackTab,
        _ => NAMED.iter().find(|(known, _)| *known == rest)?.1,
    };
    Some(KeyEvent::new(code, modifiers))
}

/// A row of keys as tests and key files write it: names between `<` and `>`, all else a key a character (`/icu<enter>jj`).
pub fn parse_row(row: &str) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = row;
    while let Some(c) = rest.chars().next() {
        let named = rest
            .strip_prefix('<')
            .and_then(|tail| tail.split_once('>'))
            .and_then(|(word, tail)| Some((parse(word)?, tail)));
        if let Some((key, tail)) = named {
            keys.push(key);
            rest = tail;
        } else {
            keys.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            rest = rest.get(c.len_utf8()..).unwrap_or("");
        }
    }
    keys
}

/// A key as the screen shows it: short, with an arrow where there is one.
pub fn shown(key: &str, glyphs: &'static Glyphs) -> String {
    match key {
        "enter" if !glyphs.ascii => glyphs.enter.into(),
        "up" => glyphs.arrow_up.into(),
        "down" => glyphs.arrow_down.into(),
        "left" => glyphs.arrow_left.into(),
        "right" => glyphs.arrow_right.into(),
        other => match other.strip_prefix("ctrl-") {
            Some(letter) => format!("^{letter}"),
            None => other.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shift_of_a_letter_is_in_the_letter() {
        let g = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(name(&g).as_deref(), Some("G"));
        let release = KeyEvent {
            kind: KeyEventKind::Release,
            ..g
        };
        assert_eq!(name(&release), None);
    }

    #[test]
    fn a_row_of_keys_mixes_letters_and_names() {
        let names: Vec<_> = parse_row("/a<enter><ctrl-k><x")
            .iter()
            .filter_map(name)
            .collect();
        assert_eq!(names, ["/", "a", "enter", "ctrl-k", "<", "x"]);
    }
}
