//! What this terminal can do, as far as the environment says. Nothing is asked of the terminal: an answer may never come.

use std::ffi::OsString;

/// How many colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colors {
    /// None.
    None,
    /// 16.
    Sixteen,
    /// 256.
    TwoHundredFiftySix,
    /// 24 bits.
    True,
}

/// What a terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermCaps {
    /// Colours.
    pub colors: Colors,
    /// UTF-8, with ambiguous signs one column wide.
    pub unicode: bool,
    /// Synchronized updates (mode 2026), or at least ignores them in silence.
    pub sync_update: bool,
    /// The alternate screen and bracketed paste.
    pub full_screen: bool,
    /// Text for the clipboard (OSC 52), or at least it is ignored in silence.
    pub clipboard: bool,
}

/// Terminals with 24 bits and synchronized updates, by a part of `TERM` or `TERM_PROGRAM`.
const MODERN: [&str; 9] = [
    "kitty",
    "alacritty",
    "foot",
    "wezterm",
    "ghostty",
    "contour",
    "iterm",
    "rio",
    "direct",
];

impl TermCaps {
    /// From this process's environment.
    pub fn from_env() -> Self {
        Self::from_vars(|name| std::env::var_os(name))
    }

    /// From variables: `TERM`, `TERM_PROGRAM`, `COLORTERM`, `NO_COLOR`, `WT_SESSION`, `LC_ALL`, `LC_CTYPE`, `LANG`, `TMUX`.
    pub fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let get = |name: &str| {
            let value = var(name)?.to_string_lossy().to_ascii_lowercase();
            (!value.is_empty()).then_some(value)
        };
        let term = get("TERM").unwrap_or_default();
        let program = get("TERM_PROGRAM").unwrap_or_default();
        let modern = MODERN
            .iter()
            .any(|name| term.contains(name) || program.contains(name))
            || get("WT_SESSION").is_some();
        let dumb = term.is_empty() || term == "dumb" || term == "unknown";
        Self {
            colors: colors(&term, modern, &get),
            unicode: !dumb && unicode(&term, &get),
            sync_update: modern || term.starts_with("xterm") || term.starts_with("tmux"),
            full_screen: !dumb,
            // a console has none, and screen keeps it to itself
            clipboard: !dumb
                && term != "linux"
                && !term.starts_with("vt")
                && (!term.starts_with("screen") || get("TMUX").is_some()),
        }
    }
}

fn colors(term: &str, modern: bool, get: &impl Fn(&str) -> Option<String>) -> Colors {
    // https://no-color.org: present and not empty
    if get("NO_COLOR").is_some() || term.is_empty() || term == "dumb" {
        return Colors::None;
    }
    let said = get("COLORTERM");
    if said.is_some_and(|said| said == "truecolor" || said == "24bit") || modern {
        // screen takes no 24 bits, whatever the terminal around it can do
        return if term.starts_with("screen") {
            Colors::TwoHundredFiftySix
        } else {
            Colors::True
        };
    }
    if term.contains("256") {
        return Colors::TwoHundredFiftySix;
    }
    let serial_line = ["vt1", "vt2", "vt3", "vt4", "vt5"];
    if serial_line.iter().any(|vt| term.starts_with(vt))
        || term.ends_with("-m")
        || term.ends_with("-mono")
    {
        return Colors::None;
    }
    Colors::Sixteen
}

fn unicode(term: &str, get: &impl Fn(&str) -> Option<String>) -> bool {
    // the console of the kernel has 512 glyphs, and half-filled circles are not among them
    if term == "linux" || term.starts_with("vt") {
        return false;
    }
    // the first that is set counts (POSIX 8.2)
    let Some(locale) = get("LC_ALL")
        .or_else(|| get("LC_CTYPE"))
        .or_else(|| get("LANG"))
    else {
        return false;
    };
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    // there the signs between narrow and wide are often drawn wide (UAX 11)
    let wide = ["ja", "ko", "zh"].iter().any(|language| {
        locale
            .strip_prefix(language)
            .is_some_and(|rest| rest.starts_with(['_', '.']))
    });
    utf8 && !wide
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(vars: &[(&str, &str)]) -> TermCaps {
        TermCaps::from_vars(|name| {
            let hit = vars.iter().find(|(known, _)| *known == name);
            hit.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn colours_are_those_the_terminal_says_and_none_where_a_person_wants_none() {
        for (vars, want) in [
            (
                &[("TERM", "xterm-256color")][..],
                Colors::TwoHundredFiftySix,
            ),
            (
                &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
                Colors::True,
            ),
            (
                &[
                    ("TERM", "xterm-256color"),
                    ("COLORTERM", "truecolor"),
                    ("NO_COLOR", "1"),
                ],
                Colors::None,
            ),
            (
                &[("TERM", "xterm-256color"), ("NO_COLOR", "")],
                Colors::TwoHundredFiftySix,
            ),
            (&[("TERM", "xterm")], Colors::Sixteen),
            (
                &[("TERM", "screen-256color"), ("COLORTERM", "truecolor")],
                Colors::TwoHundredFiftySix,
            ),
            (&[("TERM", "xterm-kitty")], Colors::True),
            (&[("TERM", "linux")], Colors::Sixteen),
            (&[("TERM", "vt100")], Colors::None),
            (&[("TERM", "dumb")], Colors::None),
            (&[], Colors::None),
        ] {
            assert_eq!(caps(vars).colors, want, "{vars:?}");
        }
    }

    #[test]
    fn what_else_a_terminal_can_do_is_known_by_its_name() {
        // TERM, others: frames at once, a full screen, a clipboard
        for (vars, want) in [
            (&[("TERM", "xterm-256color")][..], (true, true, true)),
            (
                &[("TERM", "tmux-256color"), ("TMUX", "/x")],
                (true, true, true),
            ),
            (
                &[("TERM", "screen-256color"), ("TMUX", "/x")],
                (false, true, true),
            ),
            (&[("TERM", "screen")], (false, true, false)),
            (&[("TERM", "foot")], (true, true, true)),
            (&[("TERM", "linux")], (false, true, false)),
            (&[("TERM", "vt100")], (false, true, false)),
            (&[("TERM", "vt220")], (false, true, false)),
            (&[("TERM", "ansi")], (false, true, true)),
            (&[("TERM", "no-such-terminal")], (false, true, true)),
            (&[("TERM", "dumb")], (false, false, false)),
            (&[("TERM", "unknown")], (false, false, false)),
            (&[], (false, false, false)),
        ] {
            let caps = caps(vars);
            let has = (caps.sync_update, caps.full_screen, caps.clipboard);
            assert_eq!(has, want, "{vars:?}");
        }
    }

    #[test]
    fn signs_are_plain_where_utf8_is_not_sure_or_ambiguous_ones_are_wide() {
        for (vars, want) in [
            (&[("TERM", "xterm"), ("LANG", "en_IE.UTF-8")][..], true),
            (&[("TERM", "xterm"), ("LANG", "C.utf8")], true),
            (
                &[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_IE.UTF-8")],
                false,
            ),
            (
                &[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "en_IE.UTF-8")],
                true,
            ),
            (&[("TERM", "xterm"), ("LANG", "ja_JP.UTF-8")], false),
            (&[("TERM", "linux"), ("LANG", "en_IE.UTF-8")], false),
            (&[("TERM", "xterm")], false),
            (&[("TERM", "dumb"), ("LANG", "en_IE.UTF-8")], false),
        ] {
            assert_eq!(caps(vars).unicode, want, "{vars:?}");
        }
    }
}
