//! What the terminal and the system tell: keys, sizes, signals, the end.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;
use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::keys::Decoder;
use super::lend;
use super::restore;
use super::terminal::Tty;

/// A signal that a full-screen program must heed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: the terminal goes away. It is given back already.
    Hangup,
    /// SIGTERM, SIGINT or SIGQUIT: leave. The terminal is given back already.
    Terminate,
    /// SIGWINCH: another size; ask [`super::size`].
    Resize,
    /// SIGTSTP: call [`super::Terminal::suspend`].
    Suspend,
    /// SIGCONT: call [`super::Terminal::resume`] and draw the whole screen.
    Continue,
}

/// What the terminal and the system tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermEvent {
    /// A key, pasted text, the mouse.
    Input(Event),
    /// A signal.
    Signal(Signal),
    /// The terminal is no longer there.
    Gone,
}

/// Starts the threads that listen. They end when nobody listens to them any more, or with the process.
pub(super) fn listen(tty: &Arc<Tty>, to: &Sender<TermEvent>) -> io::Result<()> {
    let signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT])?;
    let (at, sender) = (tty.clone(), to.clone());
    thread::Builder::new()
        .name("term-signals".into())
        .spawn(move || heed(signals, &at, &sender))?;
    let sender = to.clone();
    thread::Builder::new()
        .name("term-keys".into())
        .spawn(move || keys(&sender))?;
    let (at, sender) = (tty.clone(), to.clone());
    thread::Builder::new()
        .name("term-watch".into())
        .spawn(move || watch(&at, &sender))?;
    Ok(())
}

fn heed(mut signals: Signals, tty: &Tty, to: &Sender<TermEvent>) {
    for signal in signals.forever() {
        if matches!(signal, SIGTERM | SIGHUP) {
            restore::end();
        }
        // typed to the other program just before it ended
        if matches!(signal, SIGINT | SIGQUIT) && lend::is_lent(true) {
            continue;
        }
        if lend::is_lent(false) {
            match signal {
                // it stopped with all of its group; so do we, or the shell would not have its terminal back
                SIGTSTP => {
                    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
                    continue;
                }
                SIGTERM | SIGHUP => lend::call_back(),
                // sizes are asked for when it has ended
                _ => continue,
            }
        }
        let signal = match signal {
            SIGWINCH => Signal::Resize,
            SIGTSTP => Signal::Suspend,
            SIGCONT => Signal::Continue,
            other => {
                restore::end();
                // whoever draws may be busy or stuck in a write: the terminal is not to wait for that
                restore::restore(tty);
                if other == SIGHUP {
                    Signal::Hangup
                } else {
                    Signal::Terminate
                }
            }
        };
        if to.send(TermEvent::Signal(signal)).is_err() {
            return;
        }
    }
}

/// How long a lone escape is waited for to become a sequence. Over a slow link a sequence may come in two parts.
const ESCAPE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 40_000_000,
};

/// Keys, until the terminal is gone.
fn keys(to: &Sender<TermEvent>) {
    let mut decoder = Decoder::default();
    let mut buffer = [0u8; 4096];
    let mut events = Vec::new();
    loop {
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        let wait = decoder.is_waiting().then_some(&ESCAPE);
        match poll(&mut fds, wait) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => break,
            Ok(0) => decoder.pause(&mut events),
            Ok(_) => {
                if fds.iter().any(|fd| gone(fd.revents())) {
                    break;
                }
                if !restore::is_entered() {
                    // suspended, or on the way out: what is typed now is not for us
                    thread::sleep(Duration::from_millis(20));
                    continue;
                }
                match rustix::io::read(stdin(), &mut buffer) {
                    Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                    Ok(0) | Err(_) => break,
                    Ok(n) => decoder.feed(buffer.get(..n).unwrap_or_default(), &mut events),
                }
            }
        }
        for event in events.drain(..) {
            if to.send(TermEvent::Input(event)).is_err() {
                return;
            }
        }
    }
    let _ = to.send(TermEvent::Gone);
}

/// Sleeps until the terminal hangs up, whatever happens to SIGHUP and to the reader of keys.
fn watch(tty: &Tty, to: &Sender<TermEvent>) {
    loop {
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::empty())];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => break,
            Ok(_) => {}
        }
        if fds.iter().any(|fd| gone(fd.revents())) {
            break;
        }
    }
    tty.set_gone();
    restore::end();
    lend::call_back();
    restore::restore(tty);
    let _ = to.send(TermEvent::Gone);
}

fn gone(seen: PollFlags) -> bool {
    seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}
