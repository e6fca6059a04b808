//! What a view is given, and what it gives back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::engine::State;
use crate::event::Command;
use crate::log::{Answer, Query};
use crate::model::{
    Alert, AlertId, Device, DeviceId, Health, IfIndex, RunId, RunPlan, SegmentId, Severity, Text,
    Time,
};

use super::picture::Picture;
use super::{Glyphs, Theme};

/// How true the screen is: line 1 says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    /// The collector has started and nothing was heard yet.
    Starting,
    /// What is shown is what is.
    Live,
    /// The viewer holds the screen still since then; the collector goes on.
    Paused(Time),
    /// What was: a recording, or the log of the program that collects.
    Replay(Played),
    /// The collector has said nothing since then.
    Stale(Time),
    /// There is no collector.
    NoCollector,
}

/// Where in what was the screen is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// The time that is shown.
    pub at: Time,
    /// The first there is.
    pub from: Time,
    /// The last.
    pub to: Time,
    /// Times real time; 0 is stopped.
    pub speed: u32,
    /// On its way to that time; what is shown is still that of `at`.
    pub towards: Option<Time>,
    /// It is the log of this site, and the present goes on; else a recording.
    pub past: bool,
}

impl Played {
    /// Where it is, or will be at once: steps are counted from there.
    pub fn place(&self) -> Time {
        self.towards.unwrap_or(self.at)
    }
}

/// Something that happened at a time, worth going there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// When.
    pub time: Time,
    /// What.
    pub what: Happened,
}

/// What happened at a [`Landmark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// An alert opened.
    Alert(Severity),
    /// A person did something.
    Deed,
}

/// Everything a view may look at for one frame.
pub struct Ctx<'a> {
    /// The state to be drawn: the newest, or the one held by pause or replay.
    pub state: &'a State,
    /// The present, for ages; in a replay, the recording's.
    pub now: Time,
    /// How true it is.
    pub live: &'a Live,
    /// How the collecting process itself is doing; nothing where none is, as in a replay.
    pub health: Option<&'a Health>,
    /// The site's zone; times are shown in it.
    pub zone: &'a TimeZone,
    /// Who looks.
    pub person: &'a Text,
    /// Nothing may be done here: a replay, a wallboard, `--read-only`.
    pub read_only: bool,
    /// Nobody is at the keyboard, as before a wallboard: no cursor is drawn.
    pub unattended: bool,
    /// One frame a second, no sparklines.
    pub low_bandwidth: bool,
    /// How roles look on this terminal.
    pub theme: &'a Theme,
    /// The signs this terminal can show.
    pub glyphs: &'static Glyphs,
    /// What the viewer filters by, where a filter is set.
    pub filter: Option<&'a ViewFilter>,
}

impl Ctx<'_> {
    /// What is shown was: a recording, or the past of this site.
    pub fn is_past(&self) -> bool {
        matches!(self.live, Live::Replay(_))
    }
}

/// A filter in force: its words, and what came of reading them. `revision` grows with each change of the words,
/// so that a view can keep its list until the state or the filter moves.
pub struct ViewFilter {
    /// As typed.
    pub words: String,
    /// Grows with each change.
    pub revision: u64,
    /// Does it match?
    pub matches: Matcher,
}

/// Whether a filter lets something through.
pub trait Matches: Send + Sync {
    /// A device of this state.
    fn device(&self, state: &State, device: &Device) -> bool;
    /// An alert of this state.
    fn alert(&self, state: &State, alert: &Alert) -> bool;
}

/// A filter that was read, shared.
pub type Matcher = Arc<dyn Matches>;

/// What is selected in a view: what actions work on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A device.
    pub device: Option<DeviceId>,
    /// Devices that the person chose together, in the order of the list; then what works on several works on these.
    pub devices: Vec<DeviceId>,
    /// One of its interfaces.
    pub interface: Option<IfIndex>,
    /// An alert.
    pub alert: Option<AlertId>,
    /// Alerts that the person chose together, in the order of the list; then what works on one works on these.
    pub alerts: Vec<AlertId>,
    /// A segment.
    pub segment: Option<SegmentId>,
    /// A run.
    pub run: Option<RunId>,
}

/// Something that a view can be opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One of the views of line 2: `board`, `map`, `alerts`, `devices`, `runs`.
    Named(&'static str),
    /// A device.
    Device(DeviceId),
    /// The packets ever sent to a device.
    Ledger(DeviceId),
    /// A segment.
    Segment(SegmentId),
    /// An alert.
    Alert(AlertId),
    /// A run.
    Run(RunId),
    /// wardwatch itself.
    About,
}

/// A confirmed wish to run a remediation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// What exactly, as it was shown.
    pub plan: RunPlan,
    /// Inputs as typed.
    pub inputs: BTreeMap<Text, Text>,
    /// Why.
    pub reason: Text,
}

/// What a session asks of the process that runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A deed for the log.
    Command(Command),
    /// Run this.
    Run(Box<RunRequest>),
    /// Stop that run's process group.
    CancelRun(RunId),
    /// Ask the log; the answer comes back with the same number.
    Query(u64, Query),
    /// To the clipboard of the terminal (OSC 52).
    Copy(String),
    /// The screen as it was shown, into files.
    Picture(Box<Picture>),
    /// To be read in the person's pager.
    Pager(String),
    /// A line to be written in the person's editor; it comes back by `Input::Edited`.
    Editor(String),
    /// What was: go there. Beyond the end of a log is the present.
    Seek(Time),
    /// The state of that time, to be compared with what is shown.
    Since(Time),
    /// Replay: times real time; 0 stops.
    Speed(u32),
    /// Suspend (ctrl-z).
    Suspend,
    /// The viewer leaves.
    Leave,
}

/// What a view made of an action or a key.
pub enum Outcome {
    /// Not mine; let the frame try.
    Ignored,
    /// Done, draw again.
    Consumed,
    /// Done; put this view on top, `esc` comes back.
    Open(Box<dyn View>),
    /// Done; ask this.
    Ask(Vec<Request>),
}

impl Outcome {
    /// Done, where something was done.
    pub fn consumed(done: bool) -> Self {
        if done { Self::Consumed } else { Self::Ignored }
    }
}

/// One view. State of its own (cursor, scroll, folds) only; what it shows comes with each frame.
pub trait View: Send {
    /// Draws into `area`. Must cope with every size, 0x0 included, and format visible rows only.
    fn draw(&mut self, buf: &mut Buffer, area: Rect, ctx: &Ctx<'_>);

    /// Carries out an action of the registry (`crate::actions`) by its name, e.g. `cursor-down`, `open`, `sort-next`.
    fn act(&mut self, action: &str, ctx: &Ctx<'_>) -> Outcome;

    /// The mouse pressed there: puts the cursor on what is drawn there. Says whether the cursor was there already, which opens it.
    fn click(&mut self, _at: Position) -> bool {
        false
    }

    /// On: for the next drawing a list begins at its first row, wherever the cursor is, and has all the room; off: it is as before.
    /// Gives how many rows the list has; none where there is no list.
    fn unroll(&mut self, _on: bool, _ctx: &Ctx<'_>) -> usize {
        0
    }

    /// It is no longer in front: what it holds of a state only to be quick goes.
    fn rest(&mut self) {}

    /// The action of the registry that opens it, where one does: asked for again, it is not opened twice.
    fn opened_by(&self) -> Option<&'static str> {
        None
    }

    /// What it was opened for; nothing for the views of line 2, which stay.
    fn place(&self) -> Option<Place> {
        None
    }

    /// The crumbs below: `Board › ICU-3`.
    fn crumb(&self, ctx: &Ctx<'_>) -> String;

    /// What actions work on.
    fn selection(&self, ctx: &Ctx<'_>) -> Selection;

    /// Called once, right after the view was put on top: what it has to ask before it can show everything.
    fn opened(&mut self, _ctx: &Ctx<'_>) -> Vec<Request> {
        Vec::new()
    }

    /// The answer to a [`Request::Query`] that this view asked with that number. Others' answers come too: compare the number.
    fn answer(&mut self, _id: u64, _answer: &Answer) {}

    /// The columns that it can be sorted by; none where it has one order.
    fn sorts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Sorts by one of them; false where there is none of that name.
    fn sort_by(&mut self, _column: &str) -> bool {
        false
    }

    /// Actions of the registry that this view understands right now; the last line shows the keys of the first ones that fit.
    /// `filter` is among them where it shows what the filter of its tab lets through; where not, that key looks for words.
    fn actions(&self, _ctx: &Ctx<'_>) -> Vec<&'static str> {
        Vec::new()
    }
}
