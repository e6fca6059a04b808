//! The way out: leaves the terminal as it was found, once, from whichever thread gets there first.

use std::io::Write as _;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use super::terminal::{self, Tty};

/// The terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Held while the terminal is given back: whoever comes second waits until it is done, and may then end the process.
static LEAVING: Mutex<()> = Mutex::new(());
/// The thread whose panic ends the screen, and what other threads said in theirs.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The most that is kept of panics of other threads.
const SAID_CAP: usize = 16;

/// Ends a synchronized update that was cut short, attributes, mouse, bracketed paste and the alternate screen; shows the cursor.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// Brings the title of the window back that was kept when the terminal was taken (xterm, XTWINOPS 23).
const TITLE: &[u8] = b"\x1b[23;0t";
/// The title was kept, and is to be brought back.
static TITLED: AtomicBool = AtomicBool::new(false);

/// The title of the window is to be kept; whether it is already.
pub(super) fn titled() -> bool {
    TITLED.swap(true, Ordering::SeqCst)
}

/// The process is ending: the terminal is taken no more.
static ENDING: AtomicBool = AtomicBool::new(false);

/// From now on the terminal is only given back.
pub(super) fn end() {
    ENDING.store(true, Ordering::SeqCst);
}

/// Is the process ending?
pub(super) fn is_ending() -> bool {
    ENDING.load(Ordering::SeqCst)
}

/// Held while the terminal is taken, so that nobody gives it back half-way.
pub(super) fn hold() -> std::sync::MutexGuard<'static, ()> {
    LEAVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal is ours from now on; this thread draws.
pub(super) fn entered() {
    *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
    ENTERED.store(true, Ordering::SeqCst);
    hook();
}

/// Is it ours still?
pub(super) fn is_entered() -> bool {
    ENTERED.load(Ordering::SeqCst)
}

/// Gives the terminal back. The second time it only waits for the first.
pub(super) fn restore(tty: &Tty) {
    let _one = LEAVING.lock().unwrap_or_else(PoisonError::into_inner);
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // the modes never wait for the terminal; its screen may
    let _ = crossterm::terminal::disable_raw_mode();
    // a terminal that has gone away can't be restored, and one that hangs is not waited for
    let mut leave = LEAVE.to_vec();
    if TITLED.swap(false, Ordering::SeqCst) {
        leave.extend_from_slice(TITLE);
    }
    let _ = tty.write(&leave, |waited| waited > terminal::LAST_WORDS);
    let said = std::mem::take(&mut *SAID.lock().unwrap_or_else(PoisonError::into_inner));
    for words in said {
        // eprintln would panic where the terminal is gone
        let _ = writeln!(std::io::stderr(), "{words}");
    }
}

/// A panic of the drawing thread gives the terminal back before it is told; that of another thread is told afterwards, and
/// does not write over the screen.
fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !is_entered() {
                before(info);
                return;
            }
            let own = OWNER
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_none_or(|id| id == thread::current().id());
            if own {
                if let Some(tty) = terminal::current() {
                    restore(&tty);
                }
                before(info);
            } else {
                let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
                if said.len() < SAID_CAP {
                    said.push(info.to_string());
                }
            }
        }));
    });
}
