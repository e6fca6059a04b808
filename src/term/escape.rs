//! The key `esc` for a command that prints: the terminal stays as it is but for its lines, which are no longer waited for.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossterm::event::{Event, KeyCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

use super::keys::Decoder;

/// How soon it sees that it is to end, and how long a lone escape is waited for to become a sequence.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 40_000_000,
};

/// Listens for `esc` as long as it lives. Ctrl-c stays the signal that it is.
#[derive(Debug)]
pub struct EscapeKey {
    before: Termios,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EscapeKey {
    /// Calls `pressed` at `esc`. `None` where nobody can press it: no terminal, or this process is in its background.
    pub fn listen(pressed: impl Fn() + Send + 'static) -> Option<Self> {
        // whoever reads or changes the terminal from its background is stopped by it
        if !io::stdin().is_terminal() || tcgetpgrp(stdin()).ok()? != rustix::process::getpgrp() {
            return None;
        }
        let before = tcgetattr(stdin()).ok()?;
        let mut modes = before.clone();
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Now, &modes).ok()?;
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = std::thread::Builder::new()
            .name("term-escape".into())
            .spawn(move || read(&seen, &pressed));
        let mut key = Self {
            before,
            over,
            thread: None,
        };
        // without a thread the drop gives the terminal back
        key.thread = Some(thread.ok()?);
        Some(key)
    }
}

impl Drop for EscapeKey {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

fn read(over: &AtomicBool, pressed: &dyn Fn()) {
    let mut decoder = Decoder::default();
    let mut buffer = [0; 256];
    let mut events = Vec::new();
    while !over.load(Ordering::Acquire) {
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        match poll(&mut fds, Some(&LOOK)) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(0) => decoder.pause(&mut events),
            Ok(_) => match rustix::io::read(stdin(), &mut buffer) {
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                // the terminal is gone; its signal says so
                Ok(0) | Err(_) => return,
                Ok(n) => decoder.feed(buffer.get(..n).unwrap_or_default(), &mut events),
            },
            Err(_) => return,
        }
        let esc = |e: &Event| matches!(e, Event::Key(key) if key.code == KeyCode::Esc);
        if events.drain(..).any(|e| esc(&e)) {
            pressed();
        }
    }
}
