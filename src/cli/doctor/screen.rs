//! What doctor says of the terminal: what it says of itself, what stands between, and what was made of that.

use super::{Check, Verdict};
use crate::model::Text;
use crate::term::{Colors, TermCaps, size};

/// The terminal, and what stands between it and this process.
pub fn terminal() -> Check {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let mut words: Vec<String> = ["TERM", "COLORTERM", "TERM_PROGRAM"]
        .iter()
        .filter_map(|name| Some(format!("{name}={}", set(name)?)))
        .collect();
    if set("TERM").is_none() {
        words.insert(0, "TERM not set".into());
    }
    let (columns, rows) = size();
    words.push(format!("{columns}x{rows}"));
    let between = [
        ("TMUX", "in tmux"),
        ("STY", "in screen"),
        ("SSH_CONNECTION", "by ssh"),
        ("NO_COLOR", "NO_COLOR set"),
    ];
    let between = between.iter().filter(|(name, _)| set(name).is_some());
    words.extend(between.map(|(_, words)| (*words).to_owned()));
    let caps = TermCaps::from_env();
    let (verdict, advice) = if caps.full_screen {
        (Verdict::Good, "")
    } else {
        (
            Verdict::Less,
            "no full screen here: `wardwatch --accessible` speaks in lines, and lists are printed by `wardwatch devices` and others",
        )
    };
    Check {
        what: "terminal",
        verdict,
        found: Text::from(words.join(" ")).to_string(),
        advice: advice.into(),
    }
}

/// What is drawn there.
pub fn drawn() -> Check {
    let caps = TermCaps::from_env();
    let colors = match caps.colors {
        Colors::None => "no colours",
        Colors::Sixteen => "16 colours",
        Colors::TwoHundredFiftySix => "256 colours",
        Colors::True => "24-bit colours",
    };
    let signs = if caps.unicode {
        "symbols"
    } else {
        "plain ASCII"
    };
    let sync = if caps.sync_update {
        "frames at once"
    } else {
        "frames as they come"
    };
    Check {
        what: "drawn with",
        verdict: Verdict::Good,
        found: format!("{colors}, {signs}, {sync}"),
        advice: if caps.colors == Colors::Sixteen {
            "if the terminal can do more and ssh lost it: --color 256 or --color always".into()
        } else {
            String::new()
        },
    }
}
