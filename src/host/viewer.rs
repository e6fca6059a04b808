//! One viewer on this process's terminal: its keys to the session, the session's bytes to its terminal.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crossterm::event::{Event, KeyEventKind};
use tokio::runtime::Handle;

use super::frames::Frames;
use super::hub::Waker;
use super::lend;
use super::runner::{Runner, wish};
use super::theme_file;
use crate::access::Person;
use crate::engine::State;
use crate::event::Body;
use crate::log::{Answer, Query};
use crate::model::{Health, RunId, Text, Time};
use crate::term::{Signal, TermEvent, Terminal, clipboard};
use crate::ui::session::{Input, Session, World};
use crate::ui::{Landmark, Live, Request};

/// Characters of what was copied that are said.
const COPIED: usize = 60;

/// Where a viewer's states come from: the collector, or a recording.
pub trait Feed: Send + Sync {
    /// The newest state.
    fn state(&self) -> Arc<State>;
    /// How true it is.
    fn live(&self) -> Live;
    /// The present; in a replay, the recording's.
    fn now(&self) -> Time;
    /// How the collecting process is doing; nothing where none is, as in a replay.
    fn health(&self) -> Option<Arc<Health>>;
    /// Calls back when there is a newer state.
    fn attach(&self, waker: &Arc<Waker>);
    /// What happened that is worth going to, in order.
    fn marks(&self) -> Arc<[Landmark]> {
        Arc::default()
    }
    /// What came of an order and has not been said yet.
    fn said(&self) -> Option<Text> {
        None
    }
    /// All of it at one moment: what is said of the state is true of that state.
    fn world(&self) -> World {
        World {
            health: self.health(),
            marks: self.marks(),
            ..World::new(self.state(), self.now(), self.live())
        }
    }
    /// Go there in what was; beyond the end of a log is the present.
    fn seek(&self, to: Time);
    /// The state of that time, by `tell`, on any thread.
    fn since(&self, time: Time, tell: Told);
    /// Replay: times real time.
    fn speed(&self, times: u32);
    /// Asks the log; the answer comes back by `tell`, on any thread.
    fn query(&self, query: Query, tell: Box<dyn FnOnce(Answer) + Send>);
    /// Hands a person's deed to the collector; `tell` hears what went wrong.
    fn deed(&self, body: Body, tell: Box<dyn FnOnce(Text) + Send>);
}

/// Hears the state of a time, or why it can't be told.
pub type Told = Box<dyn FnOnce(Result<Arc<State>, Text>) + Send>;

/// Why a viewer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// By a key.
    ByKey,
    /// By SIGTERM or SIGINT.
    Terminated,
    /// The terminal went away.
    TerminalGone,
    /// Drawing failed; the words are on stderr.
    Panicked,
}

enum Msg {
    Term(TermEvent),
    Wake,
    Answer(u64, Answer),
    Began(RunId),
    Said(Text),
    Since(Time, Arc<State>),
    Theme(PathBuf, Arc<str>),
    Repaint,
}

impl Msg {
    /// Does a person wait to see it?
    fn is_awaited(&self) -> bool {
        match self {
            Self::Term(TermEvent::Input(event)) => !matches!(event, Event::Resize(..)),
            Self::Answer(..) | Self::Began(_) | Self::Said(_) | Self::Since(..) | Self::Repaint => {
                true
            }
            Self::Term(_) | Self::Wake | Self::Theme(..) => false,
        }
    }
}

/// What a viewer needs beside its terminal.
pub struct Viewer {
    /// Where states come from.
    pub feed: Arc<dyn Feed>,
    /// Who runs remediations; none in a replay, and none before the collector has started.
    pub runner: Arc<OnceLock<Arc<Runner>>>,
    /// Said to the person at the start: what of theirs is not in force.
    pub said: Vec<Text>,
    /// The file of the person's own theme: when it changes the screen follows.
    pub theme: Option<PathBuf>,
    /// Where pictures of the screen go.
    pub pictures: PathBuf,
    /// Who looks.
    pub person: Person,
    /// The terminal takes text for its clipboard.
    pub clipboard: bool,
    /// One frame a second.
    pub low_bandwidth: bool,
    /// Ends by itself then.
    pub until: Option<Instant>,
    /// The terminal is or was another program's, and what is still in the queue was typed for that.
    pub lent: Cell<bool>,
    /// Set when what feeds the viewer could not start: the viewer ends.
    pub failed: Arc<OnceLock<Text>>,
}

impl Viewer {
    /// Draws until the person leaves or the terminal goes away.
    pub fn run(self, session: &mut Session, terminal: &mut Terminal, runtime: &Handle) -> Left {
        let (tell, told) = channel();
        forward(terminal.events(), tell.clone());
        let wake = tell.clone();
        let waker = Waker::new(move || drop(wake.send(Msg::Wake)));
        self.feed.attach(&waker);
        for words in self.said.clone() {
            let _ = tell.send(Msg::Said(words));
        }
        if let Some(file) = self.theme.clone() {
            let (tell, place) = (tell.clone(), file.clone());
            theme_file::watch(file, move |text| {
                tell.send(Msg::Theme(place.clone(), text)).is_ok()
            });
        }
        let mut frames = Frames::new(self.low_bandwidth, Instant::now());
        let mut bytes = Vec::with_capacity(64 * 1024);
        let mut dirty = true;
        // somebody waits for what their key does
        let mut keyed = false;
        loop {
            let world = self.world();
            if dirty && frames.wait(Instant::now(), keyed).is_zero() {
                bytes.clear();
                // a screen that is held still looks once a second by itself
                if !session.is_held() {
                    waker.taken();
                }
                let drawn = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    session.draw(&world, &mut bytes)
                }));
                let Ok(drawn) = drawn else {
                    return Left::Panicked;
                };
                if drawn && terminal.write(&bytes).is_err() {
                    return Left::TerminalGone;
                }
                let signs = session.notices(&world);
                if !signs.is_empty() && terminal.write(&signs).is_err() {
                    return Left::TerminalGone;
                }
                frames.drawn(Instant::now(), if drawn { bytes.len() } else { 0 });
                (dirty, keyed) = (false, false);
                // a wallboard's views turn by themselves
                let asked = session.requests(&world);
                if let Some(left) = asked
                    .into_iter()
                    .find_map(|r| self.of_terminal(r, session, terminal, runtime, &tell))
                {
                    return left;
                }
            }
            let pause = if dirty {
                frames.wait(Instant::now(), keyed)
            } else {
                session.next_wake(&world)
            };
            let pause = self.until.map_or(pause, |end| {
                pause.min(end.saturating_duration_since(Instant::now()))
            });
            let first = match told.recv_timeout(pause) {
                Ok(msg) => Some(msg),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Left::TerminalGone,
            };
            if self.until.is_some_and(|end| Instant::now() >= end) {
                return Left::ByKey;
            }
            if self.failed.get().is_some() {
                return Left::ByKey;
            }
            dirty = true;
            for msg in first
                .into_iter()
                .chain(std::iter::from_fn(|| told.try_recv().ok()))
            {
                keyed |= msg.is_awaited();
                if let Some(left) = self.take(msg, session, terminal, runtime, &tell) {
                    return left;
                }
            }
        }
    }

    pub(super) fn world(&self) -> World {
        self.feed.world()
    }

    fn take(
        &self,
        msg: Msg,
        session: &mut Session,
        terminal: &mut Terminal,
        runtime: &Handle,
        tell: &Sender<Msg>,
    ) -> Option<Left> {
        let input = match msg {
            // what came of an order is said with the frame that shows it
            Msg::Wake => Input::Said(self.feed.said()?),
            // typed while another program had the terminal, or before it had: nobody meant this screen
            Msg::Term(TermEvent::Input(_)) if self.lent.get() => return None,
            Msg::Term(TermEvent::Input(event)) => input(event)?,
            Msg::Term(TermEvent::Gone | TermEvent::Signal(Signal::Hangup)) => {
                return Some(Left::TerminalGone);
            }
            Msg::Term(TermEvent::Signal(Signal::Terminate)) => {
                // whoever ends the service waits for a minute or so: what is shut is opened now, not at its time
                if let Some(runner) = self.runner.get() {
                    runner.hurry();
                }
                return Some(Left::Terminated);
            }
            Msg::Term(TermEvent::Signal(Signal::Resize)) => {
                let (columns, rows) = crate::term::size();
                Input::Resize(columns, rows)
            }
            Msg::Term(TermEvent::Signal(Signal::Suspend)) => match terminal.suspend() {
                Ok(()) => Input::Repaint,
                Err(_) => return Some(Left::TerminalGone),
            },
            Msg::Term(TermEvent::Signal(Signal::Continue)) => match terminal.resume() {
                Ok(()) => Input::Repaint,
                Err(_) => return Some(Left::TerminalGone),
            },
            Msg::Answer(id, answer) => Input::Answer(id, Box::new(answer)),
            Msg::Began(run) => Input::Began(run),
            Msg::Said(words) => Input::Said(words),
            Msg::Since(time, state) => Input::Since(time, state),
            Msg::Theme(place, text) => Input::Theme(place, text),
            Msg::Repaint => {
                self.lent.set(false);
                Input::Repaint
            }
        };
        let requests = session.input(input, &self.world());
        requests
            .into_iter()
            .find_map(|r| self.of_terminal(r, session, terminal, runtime, tell))
    }

    /// Why it ended, where the terminal was not had back.
    fn left(&self, left: Left, terminal: &Terminal) -> Left {
        if !terminal.is_ending() {
            return left;
        }
        // as with a signal that came while it was ours
        if let Some(runner) = self.runner.get() {
            runner.hurry();
        }
        Left::Terminated
    }

    /// Carries out a request, also those that are for the terminal.
    fn of_terminal(
        &self,
        request: Request,
        session: &mut Session,
        terminal: &mut Terminal,
        runtime: &Handle,
        tell: &Sender<Msg>,
    ) -> Option<Left> {
        match request {
            Request::Copy(text) => {
                let words = match clipboard(&text) {
                    _ if !self.clipboard => {
                        "this terminal has no clipboard that could be reached (OSC 52)".to_owned()
                    }
                    None => format!(
                        "{} octets are too many for a terminal's clipboard",
                        text.len()
                    ),
                    Some(bytes) if terminal.write(&bytes).is_ok() => {
                        let octets = text.len();
                        let shown: String = text.chars().take(COPIED).collect();
                        let more = if shown.len() < octets {
                            format!("… ({octets} octets)")
                        } else {
                            String::new()
                        };
                        format!("sent to the clipboard of your terminal: {shown}{more}")
                    }
                    Some(_) => "the terminal took no copy".to_owned(),
                };
                drop(tell.send(Msg::Said(words.into())));
            }
            Request::Pager(text) => {
                self.lent.set(true);
                let read = lend::read(terminal, &text, |words| {
                    drop(tell.send(Msg::Said(words)));
                });
                if let Err(left) = read {
                    return Some(self.left(left, terminal));
                }
                drop(tell.send(Msg::Term(TermEvent::Signal(Signal::Resize))));
                drop(tell.send(Msg::Repaint));
            }
            Request::Editor(text) => {
                self.lent.set(true);
                let written = lend::write(terminal, &text, |words| {
                    drop(tell.send(Msg::Said(words)));
                });
                match written {
                    Err(left) => return Some(self.left(left, terminal)),
                    // at once: what has come in meanwhile is not to find the line as it was
                    Ok(Some(text)) => drop(session.input(Input::Edited(text), &self.world())),
                    Ok(None) => {}
                }
                drop(tell.send(Msg::Term(TermEvent::Signal(Signal::Resize))));
                drop(tell.send(Msg::Repaint));
            }
            Request::Suspend => {
                if terminal.suspend().is_err() {
                    return Some(Left::TerminalGone);
                }
                drop(tell.send(Msg::Term(TermEvent::Signal(Signal::Continue))));
            }
            Request::Leave => return Some(Left::ByKey),
            other => {
                let to = tell.clone();
                self.carry(other, runtime, move |back| {
                    let msg = match back {
                        Back::Answer(id, answer) => Msg::Answer(id, answer),
                        Back::Began(run) => Msg::Began(run),
                        Back::Said(words) => Msg::Said(words),
                        Back::Since(time, state) => Msg::Since(time, state),
                    };
                    drop(to.send(msg));
                });
            }
        }
        None
    }

    /// Carries out what is asked of the process and not of the terminal; `tell` hears what comes of it, on any thread.
    pub(super) fn carry(
        &self,
        request: Request,
        runtime: &Handle,
        tell: impl Fn(Back) + Clone + Send + 'static,
    ) {
        let to = tell.clone();
        let say = move |words: Text| to(Back::Said(words));
        match request {
            Request::Command(command) => {
                let body = Body::Command { by: self.person.name.clone(), command };
                self.feed.deed(body, Box::new(say));
            }
            Request::Run(run) => match self.runner.get() {
                Some(runner) => {
                    let began = move |id| tell(Back::Began(id));
                    runner.start(runtime, wish(*run, self.person.clone()), began, say);
                }
                None => say("nothing can be run here: this is a recording, or the collector is not there yet".into()),
            },
            Request::CancelRun(id) => {
                if let Some(runner) = self.runner.get() {
                    runner.cancel(id);
                }
            }
            Request::Query(id, query) => {
                self.feed.query(query, Box::new(move |answer| tell(Back::Answer(id, answer))));
            }
            Request::Picture(picture) => say(super::picture::write(&self.pictures, &picture)),
            Request::Seek(to) => self.feed.seek(to),
            Request::Since(time) => {
                let to = move |read| match read {
                    Ok(state) => tell(Back::Since(time, state)),
                    Err(why) => tell(Back::Said(why)),
                };
                self.feed.since(time, Box::new(to));
            }
            Request::Speed(times) => self.feed.speed(times),
            Request::Copy(_)
            | Request::Pager(_)
            | Request::Editor(_)
            | Request::Suspend
            | Request::Leave => {}
        }
    }
}

/// What comes of a request.
pub(super) enum Back {
    Answer(u64, Answer),
    Began(RunId),
    Said(Text),
    Since(Time, Arc<State>),
}

/// What a session understands of a terminal's event.
fn input(event: Event) -> Option<Input> {
    match event {
        // kitty-style terminals tell releases as well
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(key)),
        Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        _ => None,
    }
}

/// Terminal events into the viewer's one channel.
fn forward(events: Receiver<TermEvent>, to: Sender<Msg>) {
    std::thread::spawn(move || {
        for event in events {
            if to.send(Msg::Term(event)).is_err() {
                return;
            }
        }
        let _ = to.send(Msg::Term(TermEvent::Gone));
    });
}
