//! Entering, writing and leaving.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::caps::TermCaps;
use super::events::{self, TermEvent};
use super::lend;
use super::restore;

/// How long a frame may wait for a terminal that takes nothing before it is asked again whether to go on.
const PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};
/// How long the way out waits for such a terminal.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(150);

/// The terminal's writing side, opened anew: so that writing never blocks without end, and nobody else's descriptor is changed.
#[derive(Debug)]
pub(super) struct Tty {
    file: File,
    gone: AtomicBool,
    /// One writes at a time: a frame must not come between the last words.
    writing: Mutex<()>,
}

/// The terminal that is ours; for the panic hook.
static CURRENT: Mutex<Option<Arc<Tty>>> = Mutex::new(None);

pub(super) fn current() -> Option<Arc<Tty>> {
    CURRENT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

impl Tty {
    fn open() -> io::Result<Self> {
        let name = rustix::termios::ttyname(io::stdout().as_fd(), Vec::new())?;
        let file = OpenOptions::new()
            .write(true)
            .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32)
            .open(std::ffi::OsStr::from_bytes(name.as_bytes()))?;
        Ok(Self {
            file,
            gone: AtomicBool::new(false),
            writing: Mutex::new(()),
        })
    }

    pub(super) fn set_gone(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }

    /// Writes all of it, waiting while the terminal takes nothing; until the terminal is gone, or `stop` says so.
    pub(super) fn write(&self, bytes: &[u8], stop: impl Fn(Duration) -> bool) -> io::Result<()> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = bytes;
        let began = Instant::now();
        while !rest.is_empty() {
            if self.gone.load(Ordering::SeqCst) || stop(began.elapsed()) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            match (&self.file).write(rest) {
                Ok(0) => return Err(io::ErrorKind::BrokenPipe.into()),
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let mut fds = [PollFd::new(&self.file, PollFlags::OUT)];
                    // whatever it says, the loop looks again
                    let _ = poll(&mut fds, Some(&PATIENCE));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// Columns and rows of the terminal; 80x24 where it does not say.
pub fn size() -> (u16, u16) {
    match crossterm::terminal::size() {
        Ok((0, _) | (_, 0)) | Err(_) => (80, 24),
        Ok(size) => size,
    }
}

/// The terminal of this process, taken over. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    tty: Arc<Tty>,
    events: Option<Receiver<TermEvent>>,
    mouse: bool,
    title: bool,
    /// As it was found.
    modes: Option<Termios>,
}

/// Cursor and keypad keys as they are at first: a pager that is killed leaves them otherwise.
const KEYPAD: &[u8] = b"\x1b[?1l\x1b>";

impl Terminal {
    /// Takes the terminal over: raw, alternate screen, bracketed paste, no cursor. Call it from the thread that will draw:
    /// a panic there gives the terminal back, those of others wait until the end to be told.
    /// `title`: the title of the window is kept before it is changed, and brought back on the way out.
    pub fn enter(caps: TermCaps, mouse: bool, title: bool) -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::other(
                "this needs a terminal; for a pipe or a file use a command that prints, e.g. wardwatch devices",
            ));
        }
        if !caps.full_screen {
            return Err(io::Error::other(
                "this terminal can't show a full screen (TERM is unset or 'dumb'): --accessible speaks in lines here; or set TERM, or use a command that prints",
            ));
        }
        let tty = Arc::new(Tty::open()?);
        let (sender, receiver) = channel();
        let terminal = Self {
            tty,
            events: Some(receiver),
            mouse,
            title,
            modes: tcgetattr(io::stdin()).ok(),
        };
        // listening first: a signal while entering is not lost
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(terminal.tty.clone());
        events::listen(&terminal.tty, &sender)?;
        terminal.take()?;
        Ok(terminal)
    }

    fn take(&self) -> io::Result<()> {
        let taken = {
            let _held = restore::hold();
            if restore::is_ending() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            restore::entered();
            crossterm::terminal::enable_raw_mode().and_then(|()| {
                let mouse: &[u8] = if self.mouse {
                    b"\x1b[?1000h\x1b[?1006h"
                } else {
                    b""
                };
                // kept once, however often the terminal is taken before it is given back
                let title: &[u8] = if self.title && !restore::titled() {
                    b"\x1b[22;0t"
                } else {
                    b""
                };
                self.tty.write(
                    &[title, b"\x1b[?1049h\x1b[?2004h\x1b[?25l", mouse].concat(),
                    |_| restore::is_ending(),
                )
            })
        };
        if taken.is_err() {
            restore::restore(&self.tty);
        }
        taken
    }

    /// Keys, signals, the end of the terminal. The first call gets them all; later ones a receiver that stays silent.
    pub fn events(&mut self) -> Receiver<TermEvent> {
        self.events.take().unwrap_or_else(|| channel().1)
    }

    /// Writes one frame. While the terminal takes nothing this waits, so that frames are skipped and never queued; when the
    /// terminal was given back or is gone, it is an error.
    pub fn write(&self, frame: &[u8]) -> io::Result<()> {
        if !restore::is_entered() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        // given back while waiting: the rest of the frame must not land on the shell's screen
        self.tty.write(frame, |_| !restore::is_entered())
    }

    /// Gives the terminal to the shell and stops this process until it is continued; then takes it again. The whole screen
    /// is to be drawn afterwards.
    pub fn suspend(&self) -> io::Result<()> {
        restore::restore(&self.tty);
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::signal::SIGTSTP)?;
        self.take()
    }

    /// Lends the terminal to a program that a person reads or writes a file with, and takes it again when that has ended. The
    /// whole screen is to be drawn afterwards, at the size that [`size`] says then.
    pub fn lend(&self, argv: &[OsString], file: &Path) -> io::Result<io::Result<ExitStatus>> {
        // typed from here on it is the other program's
        let lending = lend::begin();
        restore::restore(&self.tty);
        let ended = lend::run(argv, file);
        // one that was killed leaves the terminal as it had it, and what is taken now is what is given back in the end
        if let Some(modes) = &self.modes {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
        }
        let _ = self.tty.write(KEYPAD, |waited| waited > LAST_WORDS);
        self.take()?;
        drop(lending);
        Ok(ended)
    }

    /// After SIGCONT: makes sure that the terminal is ours and in the right mode. The whole screen is to be drawn afterwards.
    pub fn resume(&self) -> io::Result<()> {
        if !restore::is_entered() {
            return self.take();
        }
        // stopped by SIGSTOP, the shell has changed modes behind our back; raw again from where the shell left it
        let _ = crossterm::terminal::disable_raw_mode();
        self.take()
    }

    /// The process was told to end.
    pub fn is_ending(&self) -> bool {
        restore::is_ending()
    }

    /// Gives the terminal back now; writing is an error from here on.
    pub fn leave(&self) {
        restore::restore(&self.tty);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
