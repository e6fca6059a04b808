//! What a session is made with, and what it is told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::notices::Notify;
use crate::access::Role as Rank;
use crate::engine::State;
use crate::log::Answer;
use crate::model::{Health, RunId, Site, Text, Time, TurnSpec, WallboardSpec};
pub use crate::ui::Place;
use crate::ui::language::{FilterLanguage, SiteFilters};
use crate::ui::planner::{NoPlanner, RunPlanner};
use crate::ui::{ColorDepth, Keymap, Landmark, Live, View, views};

/// What a viewer's terminal can do. It comes over the socket with a viewer, so it is plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Colours.
    pub color: ColorDepth,
    /// It shows UTF-8, and its ambiguous signs are one column wide.
    pub unicode: bool,
    /// It knows synchronized updates (mode 2026); one that does not ignores them.
    pub sync_update: bool,
    /// It takes text for the clipboard (OSC 52).
    pub clipboard: bool,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            color: ColorDepth::Sixteen,
            unicode: true,
            sync_update: false,
            clipboard: true,
        }
    }
}

/// A screen in a room with nobody at the keyboard: what the command line says of it, and for the rest the site file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallboard {
    /// Which of the site's wallboards; empty for the one without a name.
    pub name: Text,
    /// Views in rotation, of all screens together; as the site says where there are none.
    pub views: Vec<TurnSpec>,
    /// How long each stays that says nothing of its own; as the site says unless said.
    pub dwell: Option<Duration>,
    /// A new critical alert stays until somebody has it or it is over, also where the site does not say so.
    pub pin: bool,
    /// Which of how many screens this is: views are dealt out, so that none is shown twice.
    pub screen: (u8, u8),
}

impl Default for Wallboard {
    fn default() -> Self {
        Self {
            name: Text::empty(),
            views: Vec::new(),
            dwell: None,
            pin: false,
            screen: (1, 1),
        }
    }
}

impl Wallboard {
    /// What the site file says of it.
    pub fn of<'a>(&self, site: &'a Site) -> Option<&'a WallboardSpec> {
        site.wallboards.iter().find(|b| b.name == self.name)
    }

    /// What all screens together show.
    pub fn views_of(&self, site: &Site) -> Vec<TurnSpec> {
        let of_site = self.of(site).map(|b| &b.views[..]).unwrap_or_default();
        let said = [&self.views[..], of_site]
            .into_iter()
            .find(|views| !views.is_empty());
        said.map_or_else(
            || ["board", "map", "alerts"].map(turn).to_vec(),
            <[_]>::to_vec,
        )
    }
}

/// A view of a wallboard that stays as long as the others.
pub fn turn(view: &str) -> TurnSpec {
    TurnSpec {
        view: view.into(),
        dwell_s: None,
    }
}

/// Makes the view of a place; nothing where there is none.
pub type Factory = fn(&Place) -> Option<Box<dyn View>>;

/// The views of the program.
pub fn place(place: &Place) -> Option<Box<dyn View>> {
    Some(match *place {
        Place::Named(name) => return views::open(name),
        Place::Device(id) => views::device(id),
        Place::Ledger(id) => views::device_at(id, views::Tab::Ledger),
        Place::Segment(id) => views::segment(Some(id)),
        Place::Alert(id) => views::alert(id),
        Place::Run(id) => views::run(id),
        Place::About => views::about(),
    })
}

/// Everything a session is made with.
#[derive(Clone)]
pub struct SessionConfig {
    /// Columns and rows.
    pub size: (u16, u16),
    /// What the terminal can do.
    pub caps: Caps,
    /// Name of the theme.
    pub theme: String,
    /// A theme of the viewer's own in place of that: the text of its file, found good.
    pub own_theme: Option<Arc<str>>,
    /// Which keys do what.
    pub keys: Arc<Keymap>,
    /// Signs to somebody who does not look.
    pub notify: Notify,
    /// Lines that the person wrote into the palette before, the newest first.
    pub lines: Vec<String>,
    /// Places that the person keeps: a name, and the line of the palette that goes there.
    pub kept: Vec<(String, String)>,
    /// Who looks.
    pub person: Text,
    /// What they may do.
    pub role: Rank,
    /// Nothing may be done here.
    pub read_only: bool,
    /// A wallboard.
    pub wallboard: Option<Wallboard>,
    /// One frame a second, no sparklines.
    pub low_bandwidth: bool,
    /// Times are shown in it.
    pub zone: TimeZone,
    /// The catalogue of remediations.
    pub planner: Arc<dyn RunPlanner>,
    /// The filter language.
    pub filters: Arc<dyn FilterLanguage>,
    /// The views.
    pub views: Factory,
    /// The view that is open first: a name of line 2.
    pub start: String,
}

impl SessionConfig {
    /// A plain session of this size for somebody; the rest is to be set as needed.
    pub fn new(size: (u16, u16), person: Text) -> Self {
        Self {
            size,
            caps: Caps::default(),
            theme: "terminal".into(),
            own_theme: None,
            keys: Keymap::standard(),
            notify: Notify::default(),
            lines: Vec::new(),
            kept: Vec::new(),
            person,
            role: Rank::Operator,
            read_only: false,
            wallboard: None,
            low_bandwidth: false,
            zone: TimeZone::UTC,
            planner: Arc::new(NoPlanner),
            filters: Arc::new(SiteFilters),
            views: place,
            start: "board".into(),
        }
    }
}

/// The world at this moment.
pub struct World {
    /// The newest state.
    pub state: Arc<State>,
    /// The wall clock of whoever runs the session. In a replay the views are given the recording's time instead.
    pub now: Time,
    /// How true the state is.
    pub live: Live,
    /// How the collecting process is doing; nothing where none is.
    pub health: Option<Arc<Health>>,
    /// The newest state, where what is shown is the past of it.
    pub present: Option<Arc<State>>,
    /// What happened that is worth going to, in order.
    pub marks: Arc<[Landmark]>,
}

impl World {
    /// Of a state, with nothing known beside it.
    pub fn new(state: Arc<State>, now: Time, live: Live) -> Self {
        Self {
            state,
            now,
            live,
            health: None,
            present: None,
            marks: Arc::default(),
        }
    }
}

/// What a session is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// Columns and rows.
    Resize(u16, u16),
    /// Text put in at once.
    Paste(String),
    /// What was written in an editor, in place of what is in the line.
    Edited(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The answer to the query of that number.
    Answer(u64, Box<Answer>),
    /// A run that this viewer asked for has begun: its pane opens.
    Began(RunId),
    /// The state of the time that was asked for by [`Request::Since`](crate::ui::Request::Since).
    Since(Time, Arc<State>),
    /// Something to be said to the person: a command failed, a run was refused.
    Said(Text),
    /// The file of the viewer's own theme, read again after it changed.
    Theme(PathBuf, Arc<str>),
    /// The terminal was given back to the shell and is ours again, or another program wrote over it.
    Repaint,
}
