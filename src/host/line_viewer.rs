//! One viewer in lines: what is typed to the speaker, what it says to standard output. Nothing of the terminal is changed.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::runtime::Handle;

use super::hub::Waker;
use super::viewer::{Back, Left, Viewer};
use crate::model::Text;
use crate::ui::Request;
use crate::ui::session::Speaker;

/// How often it is looked at whether what is known is still true.
const LOOK: Duration = Duration::from_secs(1);
/// Octets of a line; what is longer is cut.
const LINE: u64 = 4_096;

enum Msg {
    Line(String),
    End,
    Signal(i32),
    Wake,
    Said(Text),
}

impl Viewer {
    /// Speaks and listens until the person leaves, or there is nobody to listen to.
    pub fn run_in_lines(self, speaker: &mut Speaker, runtime: &Handle) -> Left {
        let (tell, told) = channel();
        read_lines(tell.clone());
        if heed_signals(tell.clone()).is_err() {
            return Left::TerminalGone;
        }
        let wake = tell.clone();
        let waker = Waker::new(move || drop(wake.send(Msg::Wake)));
        self.feed.attach(&waker);
        let mut voice = Voice::new();
        let mut lines = speaker.greet(&self.world());
        lines.extend(self.said.iter().map(ToString::to_string));
        loop {
            if voice.say(&lines, speaker.prompt()).is_err() {
                return Left::TerminalGone;
            }
            lines.clear();
            let pause = self.until.map_or(LOOK, |end| {
                LOOK.min(end.saturating_duration_since(Instant::now()))
            });
            let msg = match told.recv_timeout(pause) {
                Ok(msg) => msg,
                Err(RecvTimeoutError::Timeout) => Msg::Wake,
                Err(RecvTimeoutError::Disconnected) => return Left::TerminalGone,
            };
            if self.until.is_some_and(|end| Instant::now() >= end) || self.failed.get().is_some() {
                return Left::ByKey;
            }
            match msg {
                Msg::Wake => waker.taken(),
                Msg::Said(words) => lines.push(words.to_string()),
                Msg::End => return Left::ByKey,
                Msg::Signal(signal) => {
                    if signal == SIGTERM
                        && let Some(runner) = self.runner.get()
                    {
                        runner.hurry();
                    }
                    return Left::Terminated;
                }
                Msg::Line(line) => {
                    voice.answered();
                    let said = speaker.hear(&line, &self.world());
                    lines.extend(said.lines);
                    if said.requests.contains(&Request::Leave) {
                        let _ = voice.say(&lines, "");
                        return Left::ByKey;
                    }
                    for request in said.requests {
                        let to = tell.clone();
                        self.carry(request, runtime, move |back| {
                            // what a run does is read out of the state
                            if let Back::Said(words) = back {
                                drop(to.send(Msg::Said(words)));
                            }
                        });
                    }
                }
            }
            lines.extend(speaker.watch(&self.world()));
        }
    }
}

/// Standard output, and whether a prompt stands at its end.
struct Voice {
    terminal: bool,
    prompted: bool,
}

impl Voice {
    fn new() -> Self {
        Self {
            terminal: io::stdout().is_terminal(),
            prompted: false,
        }
    }

    /// The person ended the line.
    fn answered(&mut self) {
        self.prompted = false;
    }

    /// Lines, then the prompt, where somebody sees it.
    fn say(&mut self, lines: &[String], prompt: &str) -> io::Result<()> {
        let mut out = String::new();
        if self.prompted && !lines.is_empty() {
            out.push('\n');
            self.prompted = false;
        }
        for line in lines {
            out.push_str(line);
            out.push('\n');
        }
        if self.terminal && !self.prompted && !prompt.is_empty() {
            out.push_str(prompt);
            self.prompted = true;
        }
        if out.is_empty() {
            return Ok(());
        }
        let mut to = io::stdout().lock();
        to.write_all(out.as_bytes())?;
        to.flush()
    }
}

fn read_lines(to: Sender<Msg>) {
    std::thread::spawn(move || {
        let mut from = io::stdin().lock();
        let mut cut = false;
        loop {
            let mut line = Vec::new();
            match from.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let whole = line.ends_with(b"\n");
            // the rest of a line that is too long is no line of its own
            let rest = std::mem::replace(&mut cut, !whole);
            let line = String::from_utf8_lossy(&line).into_owned();
            if !rest && to.send(Msg::Line(line)).is_err() {
                return;
            }
        }
        let _ = to.send(Msg::End);
    });
}

fn heed_signals(to: Sender<Msg>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if to.send(Msg::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}
