//! The terminal room in a real pseudo-terminal: a child takes it over, and must give it back on every way out.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent};
use nix::sys::signal::{Signal as Kill, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::termios::{LocalModes, tcgetattr};
use wardwatch::term::{Signal, TermCaps, TermEvent, Terminal, size};

/// Run by the tests below in a terminal of its own; says what it is told.
#[test]
#[ignore = "the child of the tests of this file"]
fn child() {
    let mut terminal = Terminal::enter(
        TermCaps::from_env(),
        false,
        std::env::var_os("WARDWATCH_TEST_TITLE").is_some(),
    )
    .unwrap();
    let events = terminal.events();
    let say = |words: String| terminal.write(format!("{words}\r\n").as_bytes());
    say("READY".into()).unwrap();
    for event in events {
        let told = match event {
            TermEvent::Gone | TermEvent::Signal(Signal::Hangup | Signal::Terminate) => return,
            TermEvent::Signal(Signal::Resize) => say(format!("SIZE {:?}", size())),
            TermEvent::Signal(Signal::Continue) => {
                terminal.resume().unwrap();
                say("BACK".into())
            }
            TermEvent::Signal(Signal::Suspend) => {
                terminal.suspend().unwrap();
                Ok(())
            }
            TermEvent::Input(Event::Paste(text)) => say(format!("PASTE {}", text.len())),
            TermEvent::Input(Event::Key(KeyEvent { code, .. })) => match code {
                KeyCode::Char('q') => return,
                KeyCode::Char('p') => panic!("as asked for"),
                KeyCode::Char('o') => {
                    let other = std::thread::spawn(|| panic!("of another thread"));
                    assert!(other.join().is_err());
                    say("STILL HERE".into())
                }
                KeyCode::Char('f') => {
                    // more than any terminal takes at once, and nobody reads
                    say("x".repeat(4 << 20))
                }
                code => say(format!("KEY {code:?}")),
            },
            TermEvent::Input(_) => Ok(()),
        };
        if told.is_err() {
            // given back by another thread: as the program does, wait until that is done
            terminal.leave();
            // the test harness would now wait for ever to print its result to this terminal
            kill(Pid::this(), Kill::SIGKILL).unwrap();
        }
    }
}

#[test]
fn the_title_of_the_window_is_kept_once_and_brought_back_on_every_way_out() {
    for (keys, signal) in [("q", None), ("p", None), ("", Some(Kill::SIGTERM))] {
        let mut desk = Desk::new("export WARDWATCH_TEST_TITLE=1;");
        // stopped and continued in between: it is not kept a second time
        desk.signal(Kill::SIGCONT);
        desk.until("BACK");
        desk.types(keys);
        if let Some(signal) = signal {
            desk.signal(signal);
        }
        desk.ends(keys);
        desk.until("\x1b[23;0t");
        let seen = desk.seen();
        assert_eq!(seen.matches("\x1b[22;0t").count(), 1, "{seen:?}");
        assert_eq!(seen.matches("\x1b[23;0t").count(), 1, "{seen:?}");
    }
}

struct Desk {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Vec<u8>>>,
    /// The other side, held open so that its modes outlive the child.
    slave: Option<File>,
    /// Whoever holds it keeps the terminal from being read.
    reading: Arc<Mutex<()>>,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Desk {
    fn new(before: &str) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize {
                rows: 24,
                cols: 80,
                ..PtySize::default()
            })
            .unwrap();
        let exe = std::env::current_exe().unwrap();
        let mut command = CommandBuilder::new("/bin/sh");
        command.args([
            "-c",
            &format!(
                "{before} exec \"$0\" term::child --exact --ignored --nocapture --test-threads=1"
            ),
        ]);
        command.arg(exe);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(command).unwrap();
        let slave = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NOCTTY.bits() as i32)
            .open(pair.master.tty_name().unwrap())
            .unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (seen, reading) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(())));
        let (to, turn) = (seen.clone(), reading.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let ends = stop.clone();
        let handle = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !ends.load(Ordering::SeqCst) {
                drop(turn.lock().unwrap());
                match reader.read(&mut buffer) {
                    Ok(0) | Err(_) => return,
                    Ok(n) => to.lock().unwrap().extend_from_slice(&buffer[..n]),
                }
            }
        });
        let mut desk = Self {
            master: Some(pair.master),
            writer: Some(writer),
            child,
            seen,
            slave: Some(slave),
            reading,
            stop,
            reader: Some(handle),
        };
        desk.until("READY");
        desk
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn until(&mut self, words: &str) {
        let began = Instant::now();
        while !self.seen().contains(words) {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "no '{words}' in {:?}",
                self.seen()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn types(&mut self, keys: &str) {
        self.writer
            .as_mut()
            .unwrap()
            .write_all(keys.as_bytes())
            .unwrap();
    }

    fn signal(&self, signal: Kill) {
        kill(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap())
    }

    /// Waits for the end of the child; says how long that took.
    #[track_caller]
    fn ends(&mut self, why: &str) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if began.elapsed() > Duration::from_secs(10) {
                self.child.kill().unwrap();
                panic!("still there 10 s after {why}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        println!("gone {} ms after {why}", began.elapsed().as_millis());
    }

    fn is_raw(&self) -> bool {
        let modes = tcgetattr(self.slave.as_ref().unwrap()).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// The terminal is as it was found.
    #[track_caller]
    fn is_restored(&mut self) {
        self.until("\x1b[?1049l");
        let seen = self.seen();
        for mode in ["\x1b[?2004l", "\x1b[?25h"] {
            assert!(seen.contains(mode), "{seen:?}");
        }
        assert!(!self.is_raw());
    }
}

#[test]
fn a_key_ends_it_and_the_terminal_is_as_it_was() {
    let mut desk = Desk::new("");
    assert!(desk.is_raw());
    for mode in ["\x1b[?1049h", "\x1b[?2004h", "\x1b[?25l"] {
        assert!(desk.seen().contains(mode));
    }
    desk.types("\x1b[A");
    desk.until("KEY Up");
    desk.types("\x1b");
    desk.until("KEY Esc");
    desk.types("q");
    desk.ends("q");
    desk.is_restored();
}

#[test]
fn signals_end_it_and_the_terminal_is_as_it_was() {
    for signal in [Kill::SIGTERM, Kill::SIGHUP, Kill::SIGINT, Kill::SIGQUIT] {
        let mut desk = Desk::new("");
        desk.signal(signal);
        desk.ends(signal.as_str());
        desk.is_restored();
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let mut desk = Desk::new("");
    desk.types("p");
    desk.ends("a panic");
    desk.is_restored();
    let seen = desk.seen();
    let (left, told) = (
        seen.find("\x1b[?1049l").unwrap(),
        seen.find("as asked for").unwrap(),
    );
    assert!(left < told, "{seen:?}");
}

#[test]
fn a_panic_of_another_thread_is_told_afterwards_and_not_over_the_screen() {
    let mut desk = Desk::new("");
    desk.types("o");
    desk.until("STILL HERE");
    assert!(desk.is_raw());
    desk.types("q");
    desk.ends("q");
    desk.is_restored();
    let seen = desk.seen();
    let (left, told) = (
        seen.find("\x1b[?1049l").unwrap(),
        seen.find("of another thread").unwrap(),
    );
    assert!(left < told, "{seen:?}");
}

#[test]
fn a_terminal_that_is_closed_ends_it_even_where_sighup_is_ignored() {
    for before in ["", "trap '' HUP;"] {
        let mut desk = Desk::new(before);
        // the reader's end must close as well: it reads once more, sees that it is to stop, and goes
        desk.stop.store(true, Ordering::SeqCst);
        desk.types("k");
        desk.reader.take().unwrap().join().unwrap();
        desk.writer = None;
        desk.slave = None;
        desk.master = None;
        desk.ends("the terminal was closed");
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_it_from_ending() {
    let mut desk = Desk::new("");
    let hold = desk.reading.clone();
    let guard = hold.lock().unwrap();
    desk.types("f");
    std::thread::sleep(Duration::from_millis(300));
    desk.signal(Kill::SIGTERM);
    desk.ends("SIGTERM in the middle of a write");
    drop(guard);
    assert!(!desk.is_raw());
}

#[test]
fn suspended_the_terminal_is_the_shell_s_and_continued_it_is_ours_again() {
    let mut desk = Desk::new("");
    desk.signal(Kill::SIGTSTP);
    desk.is_restored();
    let began = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", desk.pid())).unwrap();
        if stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('T')
        {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "not stopped: {stat}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    desk.seen.lock().unwrap().clear();
    desk.signal(Kill::SIGCONT);
    desk.until("BACK");
    assert!(desk.is_raw());
    desk.types("q");
    desk.ends("q");
    desk.is_restored();
}

#[test]
fn sizes_and_pastes_arrive_whole() {
    let mut desk = Desk::new("");
    let size = PtySize {
        rows: 50,
        cols: 200,
        ..PtySize::default()
    };
    desk.master.as_ref().unwrap().resize(size).unwrap();
    desk.until("SIZE (200, 50)");
    desk.types(&format!("\x1b[200~{}\x1b[201~", "y".repeat(3000)));
    desk.until("PASTE 3000");
    desk.types("q");
    desk.ends("q");
}
