//! Everything a person can do, once (invariant 5): keys, palette, help, manual page, completions and every refusal are made
//! from this table. Read-only and wallboard are decided in [`refusal`] and nowhere else.

use crate::access::Role;
use crate::model::{Risk, Text};

/// Where an action means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everywhere: the frame carries it out.
    Program,
    /// In every view: cursor, tabs, sorting.
    View,
    /// Where a device is selected.
    Device,
    /// Where an alert is selected.
    Alert,
    /// Where a run is selected.
    Run,
    /// While a recording is shown.
    Replay,
}

impl Scope {
    /// All, in the order of the help.
    pub const ALL: [Self; 6] = [
        Self::Program,
        Self::View,
        Self::Device,
        Self::Alert,
        Self::Run,
        Self::Replay,
    ];

    /// The heading in help and manual page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Program => "Everywhere",
            Self::View => "In a view",
            Self::Device => "On a device",
            Self::Alert => "On an alert",
            Self::Run => "On a run",
            Self::Replay => "In a replay",
        }
    }
}

/// One thing a person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name in palette, completions and key files: kebab-case, never renamed.
    pub name: &'static str,
    /// One or two words for the last line of the screen.
    pub short: &'static str,
    /// A few words for the palette.
    pub title: &'static str,
    /// A sentence for help and manual page.
    pub help: &'static str,
    /// Where it means something.
    pub scope: Scope,
    /// How much it can break; nothing where it only looks.
    pub risk: Option<Risk>,
    /// The least role that may do it.
    pub role: Role,
}

const fn look(
    scope: Scope,
    name: &'static str,
    short: &'static str,
    title: &'static str,
    help: &'static str,
) -> Action {
    Action {
        name,
        short,
        title,
        help,
        scope,
        risk: None,
        role: Role::Viewer,
    }
}

const fn deed(
    scope: Scope,
    risk: Risk,
    name: &'static str,
    short: &'static str,
    title: &'static str,
    help: &'static str,
) -> Action {
    Action {
        name,
        short,
        title,
        help,
        scope,
        risk: Some(risk),
        role: Role::Operator,
    }
}

use Scope::{Alert, Device, Program, Replay, Run, View};

/// The table. Which keys they have is said by the keymap (`keymaps/`); every action is reached by the palette.
#[rustfmt::skip]
pub const ACTIONS: &[Action] = &[
    // views
    look(Program, "view-board", "board", "Board", "Opens the board: patient safety, a tile for each segment, the newest alerts."),
    look(Program, "view-map", "map", "Map", "Opens the map: who is cabled to whom, the segments, the ports of one segment."),
    look(Program, "view-alerts", "alerts", "Alerts", "Opens the list of alerts, those that need a person first."),
    look(Program, "view-devices", "devices", "Devices", "Opens the inventory."),
    look(Program, "view-runs", "runs", "Runs", "Opens the runs of remediations: who ran what, and how it went."),
    // the program
    look(Program, "back", "back", "Back", "Goes back one step. Never quits."),
    look(Program, "quit", "quit", "Back, or quit", "Goes back one step; at the root it asks whether to leave."),
    look(Program, "leave", "leave", "Leave at once", "Leaves at once and restores the terminal. In the pane of a run it stops the run instead."),
    look(Program, "filter", "filter", "Filter", "Asks for a filter: words, key:value, key>n, -key:value. Tab completes, enter keeps it, an empty one removes it."),
    look(Program, "read", "read", "Read it all", "Shows all that this view holds as one page, held still; / looks for words in it, n goes to the next. Where nothing is filtered the key of the filter does so too."),
    look(Program, "pager", "pager", "Hand it to your pager", "Hands all that this view holds to your pager ($PAGER, else less), and comes back when that ends."),
    look(Program, "filter-clear", "all", "Remove the filter", "Shows everything again."),
    look(Program, "palette", "command", "Command palette", "Finds any action by its name."),
    look(Program, "help", "help", "Help", "Shows the keys that work here, and what they do."),
    look(Program, "pause", "pause", "Pause", "Holds the screen still; collecting goes on. In a recording it stops and goes on."),
    look(Program, "past", "-1 min", "A minute back", "Goes a minute back in time, in what is recorded or from the present: every view shows what was then."),
    look(Program, "past-seek", "go to", "Go to a time", "Asks for a time (03:07, 03:07:40, -8h, +5m, 2026-11-23 03:07) and shows what was then, in every view."),
    look(Program, "past-mark", "last mark", "Back to what happened last", "Goes back to the last alert that opened, or the last deed of a person."),
    look(Program, "present", "present", "Back to the present", "Leaves the past, or a screen that is held still, and shows what is."),
    look(Program, "since", "since", "What changed since", "Asks for a time (03:07, -8h) and lists what is other since: who came and went, moved, changed; alerts."),
    look(Program, "jump-back", "back to", "Back to the place before", "Goes back to where you were before: the view, its filter, and what was open in it."),
    look(Program, "jump-on", "on to", "On to the place after", "Goes on again to where you came back from."),
    look(Program, "keep", "keep", "Keep this place", "Keeps this view with its filter, or the device or segment that is open, by a name."),
    look(Program, "kept", "kept", "Kept places", "Lists the places that are kept, to go to one or to take one away."),
    look(Program, "view-previous", "last view", "Last view", "Goes to the view that was open before this one."),
    look(Program, "theme-next", "theme", "Next theme", "Changes the colours: terminal, dark, light, high-contrast, deuteranopia, tritanopia, mono."),
    look(Program, "redraw", "redraw", "Draw again", "Draws the whole screen again, after another program wrote over it."),
    look(Program, "screenshot", "picture", "Picture of the screen", "Writes the screen as it is into files, as SVG, for a terminal and as text, and says where."),
    look(Program, "suspend", "suspend", "Suspend", "Puts wardwatch aside and gives the shell back; `fg` returns."),
    look(Program, "low-bandwidth", "slow link", "Slow link on or off", "One frame a second and no sparklines, for a slow link."),
    look(Program, "troubles", "troubles", "What wardwatch could not do", "Lists sources that fail and what was dropped."),
    look(Program, "quirks", "quirks", "What models can't take", "Lists what is known of models that can't take every question: shipped, learned, and the site's own word."),
    look(Program, "about", "about", "About wardwatch", "Shows how wardwatch itself is doing: processor, memory, what is asked and lost, the log; and its version, site and files."),
    // moving
    look(View, "cursor-down", "down", "Down", "Moves to the next one."),
    look(View, "cursor-up", "up", "Up", "Moves to the one before."),
    look(View, "cursor-left", "left", "Left", "Moves to the left, or along a link."),
    look(View, "cursor-right", "right", "Right", "Moves to the right, or along a link."),
    look(View, "page-down", "page down", "A page down", "Moves a page down."),
    look(View, "page-up", "page up", "A page up", "Moves a page up."),
    look(View, "top", "first", "To the first", "Moves to the first one."),
    look(View, "bottom", "last", "To the last", "Moves to the last one."),
    look(View, "open", "open", "Open", "Opens what is under the cursor."),
    look(View, "tab-next", "next tab", "Next tab or drawing", "Goes to the next tab of a device, or the next drawing of the map."),
    look(View, "tab-prev", "tab before", "Tab or drawing before", "Goes to the tab or drawing before."),
    look(View, "map-next", "drawing", "Next drawing of the map", "Goes from the topology to the segments to the ports of one segment."),
    look(View, "sort-next", "sort", "Sort by the next column", "Sorts by the next column."),
    look(View, "sort-reverse", "turn", "Turn the order round", "Turns the order round."),
    look(View, "sort-prev", "sort back", "Sort by the column before", "Sorts by the column before."),
    look(View, "fold", "fold", "Fold", "Folds or unfolds what is under the cursor."),
    look(View, "details", "details", "Details", "Shows or hides the details of what is under the cursor."),
    look(View, "follow", "follow", "Follow", "Keeps the newest in sight."),
    look(View, "closed", "closed", "Closed alerts", "Shows or hides what is over."),
    look(View, "next-problem", "next problem", "Next that needs a person", "Moves to the next one that needs a person."),
    look(View, "prev-problem", "problem before", "The one before that needs a person", "Moves back to the one that needs a person."),
    look(View, "choose", "choose", "Choose this one too", "Chooses several alerts or devices, one after the other: what is then done is done to all that are chosen; esc lets them go."),
    look(View, "choose-all", "choose all", "Choose all that are shown", "Chooses all that the filter shows, or lets them go."),
    look(View, "copy", "copy", "Copy", "Copies what is under the cursor to the clipboard of your terminal (OSC 52)."),
    look(View, "copy-line", "copy all", "Copy the line", "Copies the whole line under the cursor."),
    // a device
    look(Device, "open-device", "device", "Open the device", "Opens the device that this is about."),
    look(Device, "open-segment", "segment", "Open its segment", "Opens the segment it is in."),
    look(Device, "open-switch", "switch", "Open its switch", "Opens the switch it hangs on."),
    look(Device, "on-map", "on the map", "Show on the map", "Shows it on the map."),
    look(Device, "history", "history", "History", "Shows every change seen, with before and after."),
    look(Device, "ledger", "packets", "Packets ever sent to it", "Shows every packet that wardwatch ever sent to it, by kind, with time and cause."),
    deed(Device, Risk::Low, "run", "run", "Run a remediation", "Lists what can be run against it, with risk and needs; nothing starts before you confirm."),
    deed(Device, Risk::Low, "note", "note", "Write a note", "Writes a line into the history of the device, with your name."),
    deed(Device, Risk::Low, "release", "let go", "Let it be asked again", "Lets a device be asked again that is left alone because it restarted after it was asked; asks why."),
    deed(Device, Risk::Medium, "touch", "touch", "Touch policy for a time", "Lets a device be touched more, or less, than its policy says, for a day at the most; asks why. What is never touched takes a second person."),
    deed(Device, Risk::Medium, "approve-touch", "approve", "Approve a touch policy", "Says yes to what another person asked for a device that is never touched; whoever asked can't."),
    // an alert
    deed(Alert, Risk::Low, "acknowledge", "ack", "Acknowledge", "Says that you have it, with a note and until when; the others see it."),
    deed(Alert, Risk::Low, "unacknowledge", "un-ack", "Give back", "Says that you no longer have it."),
    deed(Alert, Risk::Low, "close-alert", "close", "Close", "Closes it although it is still seen; it opens again when it gets worse."),
    look(Alert, "open-alert", "alert", "Open the alert", "Opens the alert: reasons, whom it touches, whom to ring."),
    // a run
    deed(Run, Risk::Low, "cancel-run", "stop", "Stop the run", "Stops the run with all its processes. What must be put back is put back."),
    look(Run, "open-run", "run", "Open the run", "Opens the run: its plan, its output, its way back."),
    // a recording
    look(Replay, "replay-faster", "faster", "Faster", "Doubles the speed at which what was goes on."),
    look(Replay, "replay-slower", "slower", "Slower", "Halves the speed at which what was goes on."),
    look(Replay, "replay-forward", "+1 min", "A minute on", "Goes a minute on."),
    look(Replay, "replay-forward-long", "+10 min", "Ten minutes on", "Goes ten minutes on."),
    look(Replay, "replay-back-long", "-10 min", "Ten minutes back", "Goes ten minutes back."),
    look(Replay, "replay-step", "step", "A second on", "Stops, and goes one second on."),
    look(Replay, "replay-next", "next mark", "On to what happened next", "Goes on to the next alert that opened, or the next deed of a person."),
    look(Replay, "replay-start", "start", "To the start", "Goes to the first that is kept."),
    look(Replay, "replay-end", "end", "To the end", "Goes to the end; of the past of this site the end is the present."),
];

/// An action by its name.
pub fn action(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|a| a.name == name)
}

/// What a viewer is allowed, as far as refusals go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the person may do.
    pub role: Role,
    /// Nothing may be done here: `--read-only`.
    pub read_only: bool,
    /// A screen in a room, with nobody before it.
    pub wallboard: bool,
    /// What was is shown: there is nothing to act on.
    pub replay: bool,
    /// And it is that of the site itself, whose present goes on.
    pub past: bool,
}

/// Why this may not be done here by this person; nothing when it may. The one place where this is decided.
pub fn refusal(action: &Action, standing: Standing) -> Option<Text> {
    let needs_to_act = action.role.may_act() || action.risk.is_some();
    let why = if standing.wallboard && !WALLBOARD.contains(&action.name) {
        "this is a wallboard: it shows, and nothing can be done on it".to_owned()
    } else if !standing.replay && action.scope == Replay {
        "this is for what was; what is shown here is the present".to_owned()
    } else if !needs_to_act {
        return None;
    } else if standing.past {
        "this is the past: go back to the present first".to_owned()
    } else if standing.replay {
        "this is a recording: what it shows is over".to_owned()
    } else if standing.read_only {
        "this terminal is read-only (--read-only)".to_owned()
    } else if standing.role < action.role {
        format!(
            "this needs the role {}; yours is {}",
            action.role, standing.role
        )
    } else {
        return None;
    };
    Some(Text::from(why))
}

/// What is left on a wallboard: to leave it, to draw it again, to change its colours.
const WALLBOARD: &[&str] = &["leave", "quit", "redraw", "suspend", "theme-next"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_has_one_name_and_a_help() {
        let mut names = BTreeSet::new();
        for a in ACTIONS {
            assert!(names.insert(a.name), "{} twice", a.name);
            assert!(
                a.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{}",
                a.name
            );
            assert!(a.short.is_ascii() && a.help.is_ascii(), "{}", a.name);
            assert!(a.help.ends_with('.') && !a.title.is_empty() && !a.short.is_empty());
        }
    }

    #[test]
    fn nothing_that_changes_anything_gets_past_read_only_a_wallboard_or_a_replay() {
        let operator = Standing {
            role: Role::Operator,
            ..Standing::default()
        };
        for a in ACTIONS {
            let acts = a.risk.is_some();
            assert_eq!(acts, a.role == Role::Operator, "{}", a.name);
            if a.scope != Replay {
                assert_eq!(refusal(a, operator), None, "{}", a.name);
                assert_eq!(
                    refusal(
                        a,
                        Standing {
                            read_only: true,
                            ..operator
                        }
                    )
                    .is_some(),
                    acts,
                    "{}",
                    a.name
                );
                assert_eq!(
                    refusal(
                        a,
                        Standing {
                            role: Role::Viewer,
                            ..operator
                        }
                    )
                    .is_some(),
                    acts,
                    "{}",
                    a.name
                );
            }
            assert_eq!(
                refusal(
                    a,
                    Standing {
                        replay: true,
                        ..operator
                    }
                )
                .is_some(),
                acts,
                "{}",
                a.name
            );
            if acts {
                assert!(
                    refusal(
                        a,
                        Standing {
                            wallboard: true,
                            ..operator
                        }
                    )
                    .is_some(),
                    "{}",
                    a.name
                );
            }
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let run = action("run").unwrap();
        let why = refusal(run, Standing::default()).unwrap();
        assert_eq!(
            why.as_str(),
            "this needs the role operator; yours is viewer"
        );
        let seek = action("replay-start").unwrap();
        assert!(
            refusal(seek, Standing::default())
                .unwrap()
                .as_str()
                .contains("the present")
        );
    }
}
