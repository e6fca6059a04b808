//! One viewer's session: what came in, what is open, what is shown. [`Session::input`] takes keys and sizes,
//! [`Session::draw`] gives bytes; both are handed the world, neither has a clock or a terminal.

mod base;
mod config;
mod footer;
mod header;
mod layers;
mod line;
mod notices;
mod paint;
mod perform;
mod places;
mod replay;
mod since;
pub mod speech;
mod stack;
#[cfg(test)]
mod tests;
mod together;
mod wall;
mod wallboard;
mod which;

pub use config::{Caps, Factory, Input, Place, SessionConfig, Wallboard, World, place, turn};
pub use notices::{Desktop, Notify, Quiet, Wrap};
pub use speech::{Said, Speaker};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use crate::actions::registry::{self, Scope, refusal};
use crate::event::Command;
use crate::model::{Text, Time};
use crate::ui::command_line::Line;
use crate::ui::field::FIELD_CAP;
use crate::ui::keymap::{Found, Run};
use crate::ui::screen::Screen;
use crate::ui::{Live, Outcome, Request, Selection, View, keymap};

use base::{Base, Moment};
use layers::{Desk, Layer, Recent, Step};
use stack::Stacks;
use wallboard::{Rotation, Scene};

/// How long something said stays.
const TOAST: Duration = Duration::from_secs(5);
/// Columns and rows that are drawn at the most.
const MOST: (u16, u16) = (1_000, 400);
/// How many things said wait.
const TOASTS: usize = 8;
/// How many questions to the log may be open.
const QUERIES: usize = 64;

/// Something said to the person.
struct Toast {
    words: Text,
    /// Set when it is first drawn.
    until: Option<Time>,
}

/// One viewer's session.
pub struct Session {
    base: Base,
    screen: Screen,
    stacks: Stacks,
    layers: Vec<Box<dyn Layer>>,
    recent: Recent,
    /// Keys that wait for those that follow.
    chord: Vec<String>,
    notices: notices::Notices,
    toasts: VecDeque<Toast>,
    /// Speed of a replay before it was stopped.
    resume: u32,
    /// Open questions to the log: who asked, and by what number.
    queries: BTreeMap<u64, (u64, u64)>,
    next_query: u64,
    rotation: Option<Rotation>,
    jumps: places::Jumps,
    scene: Option<Scene>,
    spots: header::TabSpots,
    pending: Vec<Request>,
    /// A picture is wanted of the next frame.
    picture: bool,
    /// What the last frame was drawn from; nothing when something else changed since.
    stamp: Option<(u64, i64, Live)>,
}

impl Session {
    /// A session of which nothing is drawn yet.
    pub fn new(mut config: SessionConfig) -> Self {
        config.size = sane(config.size);
        let (width, height) = config.size;
        let first = tab_named(&config.start).unwrap_or("board");
        let lines = std::mem::take(&mut config.lines);
        Self {
            screen: Screen::new(width, height, config.caps.sync_update),
            base: Base::new(config),
            stacks: Stacks::new(first),
            layers: Vec::new(),
            recent: Recent::with(lines),
            chord: Vec::new(),
            notices: notices::Notices::default(),
            toasts: VecDeque::new(),
            resume: 1,
            queries: BTreeMap::new(),
            next_query: 1,
            rotation: None,
            jumps: places::Jumps::default(),
            scene: None,
            spots: Vec::new(),
            pending: Vec::new(),
            picture: false,
            stamp: None,
        }
    }

    /// What was written into the palette, the newest first.
    pub fn lines(&self) -> &[String] {
        self.recent.lines()
    }

    /// Takes what came in; gives what is asked of the process. Draw afterwards.
    pub fn input(&mut self, input: Input, world: &World) -> Vec<Request> {
        self.stamp = None;
        let moment = self.base.moment(world);
        match input {
            Input::Key(key) => self.key(&key, world, &moment),
            Input::Resize(width, height) => {
                let (width, height) = sane((width, height));
                self.base.config.size = (width, height);
                self.screen.resize(width, height);
            }
            Input::Repaint => {
                self.screen.forget();
                self.notices.forget_title();
            }
            Input::Paste(text) => {
                if let Some(mut layer) = self.layers.pop() {
                    self.with_desk(&moment, |desk| layer.paste(&text, desk));
                    self.layers.push(layer);
                    if text.len() > FIELD_CAP {
                        let words = format!(
                            "{} kB were pasted; a line takes {FIELD_CAP} bytes, the rest was left out",
                            text.len().div_ceil(1024)
                        );
                        self.say(Text::from(words));
                    }
                }
            }
            Input::Edited(text) => {
                let field = self.layers.last_mut().and_then(|layer| layer.field());
                if field.is_none() {
                    self.say(Text::from(format!(
                        "no line is open for what was written: {text}"
                    )));
                } else if let Some(field) = field {
                    let left_out = field.replace(&text);
                    if left_out > 0 {
                        let words = format!(
                            "a line takes {FIELD_CAP} bytes; the last {left_out} were left out"
                        );
                        self.say(Text::from(words));
                    }
                }
            }
            Input::Mouse(mouse) => self.mouse(mouse, world, &moment),
            Input::Answer(id, answer) => {
                let asked = self.queries.remove(&id);
                let open = asked.and_then(|(serial, own)| Some((self.stacks.find(serial)?, own)));
                if let Some((open, own)) = open {
                    open.view.answer(own, &answer);
                }
            }
            Input::Began(run) => {
                // whoever is in the midst of typing is not interrupted
                if self.layers.is_empty() {
                    self.open_place(&Place::Run(run), &moment);
                }
            }
            Input::Said(words) => self.say(words),
            Input::Since(time, before) => self.since(time, &before, &moment),
            Input::Theme(place, text) => match self.base.reload_theme(&text, &place) {
                Ok(()) => self.say("theme read again".into()),
                Err(why) => self.say(Text::from(format!("the theme before stays: {why}"))),
            },
        }
        self.note_place();
        self.requests(world)
    }

    /// What is asked of the process since the last time; also to be called after [`Session::draw`] of a wallboard, whose
    /// views change by themselves. What may not be done here was taken out.
    pub fn requests(&mut self, world: &World) -> Vec<Request> {
        let standing = self.base.moment(world).standing;
        let mut out = Vec::new();
        for request in std::mem::take(&mut self.pending) {
            // views and dialogs have asked before; this wall stands even if one forgot to
            let action = deed(&request).and_then(registry::action);
            match action.and_then(|action| refusal(action, standing)) {
                Some(why) => self.say(why),
                None => out.push(request),
            }
        }
        out
    }

    /// A bell, a notice, a title for whoever does not look: to be written beside the frames, also while the screen is held still.
    pub fn notices(&mut self, world: &World) -> Vec<u8> {
        let config = &self.base.config;
        // who looks at the past is told of the present
        let (state, now) = match (&world.live, &world.present) {
            (Live::Live, _) => (&world.state, world.now),
            (Live::Replay(_), Some(present)) => (present, world.now),
            (Live::Stale(_) | Live::NoCollector, _) => {
                return self.notices.no_data(&config.notify, &world.state);
            }
            _ => return Vec::new(),
        };
        self.notices.look(&config.notify, state, now, &config.zone)
    }

    /// Does the person hold the screen still?
    pub fn is_held(&self) -> bool {
        self.base.paused.is_some()
    }

    /// When a frame may look different although nothing came in: ages, the clock, a rotation, data that grows old.
    pub fn next_wake(&self, world: &World) -> Duration {
        let into = world.now.0.rem_euclid(1000) as u64;
        let second = Duration::from_millis(1000 - into);
        let turn = self.rotation.as_ref().map(|r| r.next(world.now));
        turn.map_or(second, |turn| turn.min(second))
    }

    /// Says something to the person.
    fn say(&mut self, words: Text) {
        if self.toasts.back().is_some_and(|last| last.words == words) {
            self.toasts.pop_back();
        }
        if self.toasts.len() >= TOASTS {
            self.toasts.pop_front();
        }
        self.toasts.push_back(Toast { words, until: None });
    }

    fn key(&mut self, key: &KeyEvent, world: &World, moment: &Moment) {
        let name = keymap::name(key);
        let Some(name) = name.as_deref() else { return };
        // what was said was read
        self.toasts.retain(|toast| toast.until.is_none());
        if let Some(mut layer) = self.layers.pop() {
            match name {
                "ctrl-c" => self.pending.push(Request::Leave),
                "esc" => {
                    if layer.back() {
                        self.layers.push(layer);
                    }
                }
                _ if self.over_layers(name) => self.layers.push(layer),
                "ctrl-x" if let Some(field) = layer.field() => {
                    let text = field.text().to_owned();
                    self.layers.push(layer);
                    // an editor can do more than write a line
                    if moment.standing.read_only {
                        self.say(
                            "this terminal is read-only (--read-only): no editor is started".into(),
                        );
                    } else {
                        self.pending.push(Request::Editor(text));
                    }
                }
                _ => {
                    let step = self.with_desk(moment, |desk| layer.key(key, desk));
                    self.step(step, layer, world, moment);
                }
            }
            return;
        }
        self.bound(name, world, moment);
    }

    /// What works over every dialog as well: drawing again, and suspending, by a key that types nothing.
    fn over_layers(&mut self, name: &str) -> bool {
        let control = name.starts_with("ctrl-") || name.starts_with('f') && name.len() > 1;
        let keys = Arc::clone(&self.base.config.keys);
        let Found::Run(binding) = keys.find(&[Scope::Program], &[], name) else {
            return false;
        };
        match &binding.run {
            Run::Action(action) if control && action.name == "redraw" => self.screen.forget(),
            Run::Action(action) if control && action.name == "suspend" => {
                self.pending.push(Request::Suspend);
            }
            _ => return false,
        }
        true
    }

    /// What the keymap says of a key, after those before it.
    fn bound(&mut self, name: &str, world: &World, moment: &Moment) {
        let before = match name {
            // the way out is never part of a row
            "ctrl-c" => {
                self.chord.clear();
                Vec::new()
            }
            "esc" if !self.chord.is_empty() => return self.chord.clear(),
            _ => std::mem::take(&mut self.chord),
        };
        let keys = Arc::clone(&self.base.config.keys);
        match keys.find(&self.in_force(moment), &before, name) {
            Found::Run(binding) => match &binding.run {
                Run::Action(action) => self.perform(action, world, moment),
                Run::Line(line) => match Line::read(line) {
                    Ok(line) => self.line(line, world, moment),
                    Err(why) => self.say(Text::from(why)),
                },
            },
            Found::Prefix => {
                self.chord = before;
                self.chord.push(name.to_owned());
            }
            Found::Nothing if before.is_empty() => {}
            Found::Nothing => {
                let mut row = before;
                row.push(name.to_owned());
                let row = keymap::row_shown(&row, self.base.glyphs);
                self.say(Text::from(format!("{row} does nothing")));
            }
        }
    }

    /// The layers of the keymap that are in force, the narrowest first.
    fn in_force(&self, moment: &Moment) -> Vec<Scope> {
        let selection = self.selection(moment);
        let alert = selection
            .alert
            .or_else(|| perform::alert_of(&selection, moment));
        [
            (moment.standing.replay, Scope::Replay),
            (selection.run.is_some(), Scope::Run),
            (alert.is_some(), Scope::Alert),
            (selection.device.is_some(), Scope::Device),
            (true, Scope::View),
            (true, Scope::Program),
        ]
        .into_iter()
        .filter_map(|(holds, scope)| holds.then_some(scope))
        .collect()
    }

    fn step(&mut self, step: Step, layer: Box<dyn Layer>, world: &World, moment: &Moment) {
        match step {
            Step::Stay => self.layers.push(layer),
            Step::Close => {}
            Step::Ask(requests) => self.pending.extend(requests),
            Step::AskOn(requests) => {
                self.layers.push(layer);
                self.pending.extend(requests);
            }
            Step::Perform(action) => {
                self.recent.used(action.name);
                self.recent.wrote(action.name.to_owned());
                self.perform(action, world, moment);
            }
            Step::Line(written, line) => {
                self.recent.wrote(written);
                self.line(line, world, moment);
            }
            Step::Filter(words) => {
                if let Err(why) = self.base.set_filter(self.stacks.tab(), &words) {
                    self.say(why);
                }
            }
            Step::Keep(name, line) => self.kept(&name, line),
            Step::Forget(name) => self.forget(&name),
            Step::Go(line) => {
                if let Err(why) = self.go_exactly(&line, world, moment) {
                    self.say(why);
                }
            }
            Step::Say(words) => {
                self.layers.push(layer);
                self.say(words);
            }
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, world: &World, moment: &Moment) {
        let at = Position::new(mouse.column, mouse.row);
        let action = match mouse.kind {
            MouseEventKind::ScrollDown => "cursor-down",
            MouseEventKind::ScrollUp => "cursor-up",
            MouseEventKind::Down(MouseButton::Left) if at.y == 1 => {
                let hit = self
                    .spots
                    .iter()
                    .find(|(_, from, to)| (*from..*to).contains(&at.x));
                let tab =
                    hit.and_then(|(name, ..)| header::TABS.iter().find(|(_, n, _)| n == name));
                tab.map_or("", |(action, ..)| action)
            }
            MouseEventKind::Down(MouseButton::Left) if self.layers.is_empty() => {
                let open = self.stacks.top();
                let again = open.is_some_and(|open| open.view.click(at));
                if again { "open" } else { "" }
            }
            _ => return,
        };
        if let Some(action) = registry::action(action).filter(|_| self.layers.is_empty()) {
            self.perform(action, world, moment);
        }
    }

    /// Hands the topmost view an action and does what it asks for.
    fn act(&mut self, action: &str, moment: &Moment) -> bool {
        let ctx = self.base.ctx(moment, self.stacks.tab());
        let Some(open) = self.stacks.top() else {
            return false;
        };
        let serial = open.serial;
        let outcome = open.view.act(action, &ctx);
        self.apply(outcome, serial, moment)
    }

    fn apply(&mut self, outcome: Outcome, serial: u64, moment: &Moment) -> bool {
        match outcome {
            Outcome::Ignored => return false,
            Outcome::Consumed => {}
            Outcome::Open(view) => self.open(view, moment),
            Outcome::Ask(requests) => self.ask(requests, serial),
        }
        true
    }

    /// Requests of a view; its questions to the log get numbers that no other view has.
    fn ask(&mut self, requests: Vec<Request>, serial: u64) {
        for request in requests {
            let request = match request {
                Request::Query(own, query) => {
                    let id = self.next_query;
                    self.next_query += 1;
                    while self.queries.len() >= QUERIES {
                        self.queries.pop_first();
                    }
                    self.queries.insert(id, (serial, own));
                    Request::Query(id, query)
                }
                other => other,
            };
            self.pending.push(request);
        }
    }

    /// Puts a view on top, and asks what it needs.
    fn open(&mut self, view: Box<dyn View>, moment: &Moment) {
        let serial = self.stacks.push(view);
        let ctx = self.base.ctx(moment, self.stacks.tab());
        if let Some(open) = self.stacks.top() {
            let requests = open.view.opened(&ctx);
            self.ask(requests, serial);
        }
    }

    /// Puts the view of a place on top, if there is one.
    fn open_place(&mut self, place: &Place, moment: &Moment) -> bool {
        let view = (self.base.config.views)(place);
        let opened = view.is_some();
        if let Some(view) = view {
            self.open(view, moment);
        }
        opened
    }

    /// Brings a tab to the front, opening its first view where it has none.
    fn show(&mut self, tab: &'static str, moment: &Moment) {
        self.stacks.show(tab);
        if !self.stacks.has(tab) {
            self.open_place(&Place::Named(tab), moment);
        }
    }

    fn selection(&self, moment: &Moment) -> Selection {
        let ctx = self.base.ctx(moment, self.stacks.tab());
        let open = self.stacks.peek();
        open.map(|open| open.view.selection(&ctx))
            .unwrap_or_default()
    }

    fn with_desk<R>(&self, moment: &Moment, work: impl FnOnce(&Desk<'_>) -> R) -> R {
        let selection = self.selection(moment);
        let ctx = self.base.ctx(moment, self.stacks.tab());
        work(&Desk {
            ctx: &ctx,
            selection: &selection,
            planner: &*self.base.config.planner,
            filters: &*self.base.config.filters,
            keys: &self.base.config.keys,
            kept: &self.base.config.kept,
            sorts: self.stacks.peek().map_or(&[], |open| open.view.sorts()),
        })
    }
}

/// A terminal may say anything of its size; no wall is larger than this, and nobody reads what lies beyond.
fn sane((width, height): (u16, u16)) -> (u16, u16) {
    (width.min(MOST.0), height.min(MOST.1))
}

/// The name of a view of line 2 as the table has it.
fn tab_named(name: &str) -> Option<&'static str> {
    header::TABS
        .iter()
        .map(|(_, tab, _)| *tab)
        .find(|tab| *tab == name)
}

/// The action that a request is the deed of; nothing for what only looks.
fn deed(request: &Request) -> Option<&'static str> {
    Some(match request {
        Request::Command(command) => match command {
            Command::Acknowledge { .. } => "acknowledge",
            Command::Unacknowledge { .. } => "unacknowledge",
            Command::Close { .. } => "close-alert",
            Command::Note { .. } => "note",
            Command::OverrideTouch { .. } => "touch",
            Command::ApproveTouch { .. } => "approve-touch",
            Command::Release { .. } => "release",
            Command::AcceptPlans { .. } => "run",
        },
        Request::Run(_) => "run",
        Request::CancelRun(_) => "cancel-run",
        Request::Query(..)
        | Request::Copy(_)
        | Request::Picture(_)
        | Request::Pager(_)
        | Request::Editor(_)
        | Request::Seek(_)
        | Request::Since(_)
        | Request::Speed(_)
        | Request::Suspend
        | Request::Leave => return None,
    })
}
