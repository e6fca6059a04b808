//! The signs of the screens, each with a plain twin for a terminal that can't be trusted with more than ASCII.
//! All are one column wide; none is an emoji.

use ratatui::symbols::border;

use crate::model::{DeviceState, Severity};

/// One set of signs. Each is one column wide (`crumb` three).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// This is the plain set.
    pub ascii: bool,
    /// ● up.
    pub up: &'static str,
    /// ◐ degraded.
    pub degraded: &'static str,
    /// ○ down.
    pub down: &'static str,
    /// ◌ unknown.
    pub unknown: &'static str,
    /// ◇ muted, held back.
    pub muted: &'static str,
    /// ▲ alert.
    pub alert: &'static str,
    /// ~ away: a device that moves about and may be gone.
    pub away: &'static str,
    /// Before the word LIVE.
    pub live: &'static str,
    /// Before the word PAUSED.
    pub paused: &'static str,
    /// Before the word REPLAY.
    pub replay: &'static str,
    /// ✓ done.
    pub done: &'static str,
    /// ✗ failed.
    pub failed: &'static str,
    /// ▌ beside the row under the cursor.
    pub cursor: &'static str,
    /// ▏ between parts of a line.
    pub bar: &'static str,
    /// · between words.
    pub dot: &'static str,
    /// – nothing known.
    pub none: &'static str,
    /// … cut.
    pub ellipsis: &'static str,
    /// › with a blank on both sides, between crumbs.
    pub crumb: &'static str,
    /// ↑.
    pub arrow_up: &'static str,
    /// ↓.
    pub arrow_down: &'static str,
    /// ←.
    pub arrow_left: &'static str,
    /// →.
    pub arrow_right: &'static str,
    /// ▲ sorted upwards.
    pub sort_up: &'static str,
    /// ▾ sorted downwards, and: less than wanted.
    pub sort_down: &'static str,
    /// ▸ folded.
    pub folded: &'static str,
    /// ▾ unfolded.
    pub unfolded: &'static str,
    /// ⏎ the enter key.
    pub enter: &'static str,
    /// Eighths of a column from low to full, for sparklines; the first is blank.
    pub spark: [&'static str; 9],
    /// The full part of a bar.
    pub bar_full: &'static str,
    /// The empty part of a bar.
    pub bar_empty: &'static str,
    /// ─.
    pub h: &'static str,
    /// │.
    pub v: &'static str,
    /// ┌.
    pub down_right: &'static str,
    /// ┐.
    pub down_left: &'static str,
    /// └.
    pub up_right: &'static str,
    /// ┘.
    pub up_left: &'static str,
    /// ├.
    pub v_right: &'static str,
    /// ┤.
    pub v_left: &'static str,
    /// ┬.
    pub h_down: &'static str,
    /// ┴.
    pub h_up: &'static str,
    /// ┼.
    pub cross: &'static str,
    /// ━ a link with much load.
    pub h_thick: &'static str,
    /// ┃.
    pub v_thick: &'static str,
    /// ═ a link near its speed.
    pub h_double: &'static str,
    /// ║.
    pub v_double: &'static str,
    /// ╌ a link that is down.
    pub h_broken: &'static str,
    /// ╎.
    pub v_broken: &'static str,
    /// ╳ blocked.
    pub blocked: &'static str,
}

/// For terminals with UTF-8.
pub static UNICODE: Glyphs = Glyphs {
    ascii: false,
    up: "●",
    degraded: "◐",
    down: "○",
    unknown: "◌",
    muted: "◇",
    alert: "▲",
    away: "~",
    live: "●",
    paused: "║",
    replay: "▸",
    done: "✓",
    failed: "✗",
    cursor: "▌",
    bar: "▏",
    dot: "·",
    none: "–",
    ellipsis: "…",
    crumb: " › ",
    arrow_up: "↑",
    arrow_down: "↓",
    arrow_left: "←",
    arrow_right: "→",
    sort_up: "▴",
    sort_down: "▾",
    folded: "▸",
    unfolded: "▾",
    enter: "⏎",
    spark: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    bar_full: "█",
    bar_empty: "░",
    h: "─",
    v: "│",
    down_right: "┌",
    down_left: "┐",
    up_right: "└",
    up_left: "┘",
    v_right: "├",
    v_left: "┤",
    h_down: "┬",
    h_up: "┴",
    cross: "┼",
    h_thick: "━",
    v_thick: "┃",
    h_double: "═",
    v_double: "║",
    h_broken: "╌",
    v_broken: "╎",
    blocked: "╳",
};

/// For all others. Status letters differ from each other without colour: `o` up, `%` degraded, `X` down, `?` unknown.
pub static ASCII: Glyphs = Glyphs {
    ascii: true,
    up: "o",
    degraded: "%",
    down: "X",
    unknown: "?",
    muted: "z",
    alert: "!",
    away: "~",
    live: "*",
    paused: "=",
    replay: ">",
    done: "+",
    failed: "x",
    cursor: ">",
    bar: "|",
    dot: "-",
    none: "-",
    ellipsis: ">",
    crumb: " > ",
    arrow_up: "^",
    arrow_down: "v",
    arrow_left: "<",
    arrow_right: ">",
    sort_up: "^",
    sort_down: "v",
    folded: "+",
    unfolded: "-",
    enter: "~",
    spark: [" ", ".", ".", ":", "-", "=", "+", "*", "#"],
    bar_full: "#",
    bar_empty: ".",
    h: "-",
    v: "|",
    down_right: "+",
    down_left: "+",
    up_right: "+",
    up_left: "+",
    v_right: "+",
    v_left: "+",
    h_down: "+",
    h_up: "+",
    cross: "+",
    h_thick: "=",
    v_thick: "|",
    h_double: "#",
    v_double: "#",
    h_broken: ".",
    v_broken: ":",
    blocked: "x",
};

impl Glyphs {
    /// The set for a terminal.
    pub fn of(unicode: bool) -> &'static Self {
        if unicode { &UNICODE } else { &ASCII }
    }

    /// The sign of a device's state.
    pub fn state(&self, state: DeviceState) -> &'static str {
        match state {
            DeviceState::Up => self.up,
            DeviceState::Degraded => self.degraded,
            DeviceState::Down => self.down,
            DeviceState::Unknown => self.unknown,
        }
    }

    /// The sign of a severity: a triangle where a person should act, a dot where not.
    pub fn severity(&self, severity: Severity) -> &'static str {
        if severity == Severity::Info {
            self.dot
        } else {
            self.alert
        }
    }

    /// The corners and sides of a box, as ratatui's `Block` takes them.
    pub fn border(&self) -> border::Set<'static> {
        border::Set {
            top_left: self.down_right,
            top_right: self.down_left,
            bottom_left: self.up_right,
            bottom_right: self.up_left,
            vertical_left: self.v,
            vertical_right: self.v,
            horizontal_top: self.h,
            horizontal_bottom: self.h,
        }
    }

    /// A level from 0 to `full` as one of the nine blocks; anything above zero shows at least the lowest.
    pub fn spark(&self, level: u64, full: u64) -> &'static str {
        let step = if level == 0 || full == 0 {
            0
        } else {
            (u128::from(level.min(full)) * 8).div_ceil(u128::from(full)) as usize
        };
        self.spark.get(step).copied().unwrap_or(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn all(g: &Glyphs) -> Vec<&'static str> {
        let mut all = vec![
            g.up,
            g.degraded,
            g.down,
            g.unknown,
            g.muted,
            g.alert,
            g.away,
            g.live,
            g.paused,
            g.replay,
            g.done,
            g.failed,
            g.cursor,
            g.bar,
            g.dot,
            g.none,
            g.ellipsis,
            g.arrow_up,
            g.arrow_down,
            g.arrow_left,
            g.arrow_right,
            g.sort_up,
            g.sort_down,
            g.folded,
            g.unfolded,
            g.enter,
            g.bar_full,
            g.bar_empty,
            g.h,
            g.v,
            g.down_right,
            g.down_left,
            g.up_right,
            g.up_left,
            g.v_right,
            g.v_left,
            g.h_down,
            g.h_up,
            g.cross,
            g.h_thick,
            g.v_thick,
            g.h_double,
            g.v_double,
            g.h_broken,
            g.v_broken,
            g.blocked,
        ];
        all.extend(g.spark);
        all
    }

    #[test]
    fn every_sign_is_one_column_and_the_plain_ones_are_ascii() {
        for g in [&UNICODE, &ASCII] {
            for sign in all(g) {
                assert_eq!(sign.width(), 1, "{sign}");
                assert_eq!(sign.chars().count(), 1, "{sign}");
            }
            assert_eq!(g.crumb.width(), 3);
        }
        assert!(all(&ASCII).iter().all(|s| s.is_ascii()) && ASCII.crumb.is_ascii());
    }

    #[test]
    fn the_states_are_told_apart_by_their_sign_alone() {
        for g in [&UNICODE, &ASCII] {
            let signs = [
                g.up, g.degraded, g.down, g.unknown, g.muted, g.alert, g.away,
            ];
            let different: std::collections::BTreeSet<_> = signs.iter().collect();
            assert_eq!(different.len(), signs.len());
        }
    }

    #[test]
    fn a_little_is_never_drawn_as_nothing() {
        assert_eq!(UNICODE.spark(0, 100), " ");
        assert_eq!(UNICODE.spark(1, u64::MAX), "▁");
        assert_eq!(UNICODE.spark(100, 100), "█");
        assert_eq!(UNICODE.spark(200, 100), "█");
        assert_eq!(UNICODE.spark(5, 0), " ");
    }
}
