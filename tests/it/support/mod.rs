//! A real pseudo-terminal with the program in it, and a terminal emulator that reads what it draws.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a test waits for an outcome; never for a speed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_wardwatch");

/// The program in a terminal.
pub struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    reader: Option<std::thread::JoinHandle<()>>,
}

/// What came out of it.
pub struct Seen {
    /// The screen as a person sees it.
    pub parser: vt100::Parser,
    /// All bytes.
    pub bytes: Vec<u8>,
}

impl Pty {
    /// Starts the program with these arguments in a terminal of this size.
    pub fn start(arguments: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        Self::spawn(command, columns, rows)
    }

    /// Starts any command.
    pub fn spawn(mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        command.env("LC_ALL", "C.UTF-8");
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let seen = Arc::new(Mutex::new(Seen {
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            bytes: Vec::new(),
        }));
        let into = Arc::clone(&seen);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || stopped.load(Ordering::SeqCst) {
                    return;
                }
                let mut seen = into.lock().unwrap();
                seen.parser.process(&buffer[..n]);
                seen.bytes.extend_from_slice(&buffer[..n]);
            }
        });
        Self {
            master: Some(pair.master),
            writer: Some(writer),
            child,
            seen,
            stop,
            reader: Some(thread),
        }
    }

    /// Types.
    pub fn keys(&mut self, text: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        self.master
            .as_ref()
            .unwrap()
            .resize(size(columns, rows))
            .unwrap();
    }

    /// Waits until the text is on the screen.
    pub fn expect(&self, text: &str) {
        self.expect_that(&format!("'{text}' on the screen"), |seen| {
            seen.parser.screen().contents().contains(text)
        });
    }

    /// Waits until something is true of what came out.
    pub fn expect_that(&self, what: &str, is: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if is(&self.seen.lock().unwrap()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!(
            "waited in vain for {what}; the screen was:\n{}",
            self.text()
        );
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Looks at what came out.
    pub fn with<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    /// The program's process id.
    pub fn pid(&self) -> i32 {
        self.child.process_id().unwrap() as i32
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// The terminal goes away, as when an SSH connection drops.
    pub fn close_terminal(&mut self) {
        // the reader holds the terminal open as well: at the next byte it sees that it is to stop; another size brings one
        self.stop.store(true, Ordering::SeqCst);
        self.resize(77, 23);
        self.reader.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// Waits until the program has ended; how long that took, and its exit status.
    pub fn ended(&mut self) -> (Duration, u32) {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (start.elapsed(), status.exit_code());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!(
            "the program is still there after {PATIENCE:?}; the screen was:\n{}",
            self.text()
        );
    }

    /// The terminal is as it was before: no alternate screen, cursor shown, no bracketed paste, no mouse.
    pub fn expect_restored(&self) {
        self.expect_that("a restored terminal", |seen| {
            let screen = seen.parser.screen();
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(n: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(n).unwrap_or(std::num::NonZeroU16::MIN)
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Processes whose command line holds all of these words.
pub fn processes_with(words: &[&str]) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|n| n.parse::<i32>().ok())
        else {
            continue;
        };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if pid != std::process::id() as i32 && words.iter().all(|w| line.contains(w)) {
            found.push(pid);
        }
    }
    found
}

/// Waits until a condition holds.
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if is() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain for {what}");
}

/// A site of so many switches, `sw-1` at 10.0.10.1 and on, put in force.
pub fn switches(count: u8) -> wardwatch::event::Body {
    use wardwatch::event::{Body, ConfigAppliedV2};
    use wardwatch::model::{DeviceClass, DeviceSpec, SegmentSpec, Site};
    let site = Site {
        name: "St. Anna".into(),
        segments: vec![SegmentSpec {
            name: "core".into(),
            nets: vec!["10.0.10.0/24".parse().unwrap()],
            ..SegmentSpec::default()
        }],
        devices: (1..=count)
            .map(|n| DeviceSpec {
                name: format!("sw-{n}").into(),
                class: DeviceClass::Switch,
                addresses: vec![[10, 0, 10, n].into()],
                ..DeviceSpec::default()
            })
            .collect(),
        ..Site::default()
    };
    Body::Config(Box::new(ConfigAppliedV2 {
        hash: "a".into(),
        site,
    }))
}
