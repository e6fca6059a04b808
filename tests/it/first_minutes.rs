//! The first minutes, and the program without a screen: a choice where there is no site file, six questions, and a session in lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::CommandBuilder;

use crate::support::{PATIENCE, PROGRAM, Pty, eventually, processes_with};

/// The program in an empty folder, with nobody's configuration.
fn program_in(dir: &Path, arguments: &[&str]) -> Pty {
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(arguments);
    command.cwd(dir);
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(name, dir);
    }
    command.env_remove("WARDWATCH_SITE");
    Pty::spawn(command, 100, 40)
}

/// There may be one of the machine's own.
fn has_a_site_file() -> bool {
    Path::new("/etc/wardwatch/wardwatch.toml").exists()
}

#[test]
fn without_a_site_file_nothing_starts_by_itself_and_six_questions_write_one() {
    if has_a_site_file() {
        println!("skipped: this machine has a site file");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut pty = program_in(dir.path(), &[]);
    pty.expect("nothing is watched and nothing was sent");
    pty.keys("7\r");
    pty.expect("write 1, 2, 3 or q");
    pty.keys("3\r");
    pty.expect("1. What is the site called?");
    for (answer, next) in [
        ("St. Anna\r", "2. Which subnets"),
        (
            "ICU=10.3.10.0/24,core=10.0.10.0/24\r",
            "3. In which of them",
        ),
        ("ICU\r", "4. How do the switches"),
        ("community\r", "where is the community?"),
        ("hunter2\r", "never the secret"),
        ("\r", "5. Which switches"),
        ("10.0.10.1\r", "6. Whom does the ward ring"),
        ("Ana, 4712\r", "wardwatch.toml: good"),
    ] {
        pty.keys(answer);
        pty.expect(next);
    }
    assert_eq!(pty.ended().1, 0);
    let file = std::fs::read_to_string(dir.path().join("wardwatch.toml")).unwrap();
    assert!(file.contains("name = \"St. Anna\"") && !file.contains("hunter2"));
    let in_force = file
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    assert_eq!(in_force.filter(|l| l.starts_with('[')).count(), 5, "{file}");
    // a second time nothing is asked and nothing lost
    let mut again = program_in(dir.path(), &["config", "init"]);
    again.expect("exists; a site file is never overwritten");
    assert_eq!(again.ended().1, 2);
    let check = program_in(dir.path(), &["config", "check"]);
    check.expect("2 segments, 1 devices, 1 credentials");
}

#[test]
fn whoever_leaves_the_questions_has_written_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut pty = program_in(dir.path(), &["config", "init", "mine.toml"]);
    pty.expect("1. What is the site called?");
    pty.keys("St. Anna\r");
    pty.expect("2. Which subnets");
    pty.keys("\x04");
    assert_eq!(pty.ended().1, 2);
    assert!(!dir.path().join("mine.toml").exists());
}

/// The program in lines, on pipes.
struct InLines {
    child: Child,
    keys: Option<ChildStdin>,
    lines: Receiver<String>,
    seed: &'static str,
}

impl InLines {
    fn start(seed: &'static str) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["demo", "--accessible", "--endpoints", "60"])
            .args(["--scenario", "quiet", "--seed", seed])
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = channel();
        let from = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in from.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let keys = child.stdin.take();
        Self {
            child,
            keys,
            lines,
            seed,
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.keys.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line with one of these in it.
    fn until(&mut self, words: &[&str]) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|why| panic!("no {words:?}: {why}"));
            assert!(!line.chars().any(char::is_control), "{line:?}");
            if words.iter().any(|words| line.contains(words)) {
                return line;
            }
        }
    }

    fn ended(mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        let seed = self.seed;
        eventually("no process to be left", || {
            processes_with(&["--seed", seed]).is_empty()
        });
        code
    }
}

#[test]
fn in_lines_it_announces_lists_opens_and_leaves_and_writes_no_control_character() {
    let mut lines = InLines::start("7301");
    lines.until(&["wardwatch "]);
    // it is in the site file, so that it is there as soon as that is in force
    lines.say("devices class:ventilator");
    while !lines.until(&["1. vent-", "No device"]).contains("vent-") {
        lines.say("devices class:ventilator");
    }
    for (line, words) in [
        ("1", "care level: life-sustaining"),
        ("run", "not here: "),
        ("back", "nothing was done"),
        ("nonsense", "? is help"),
    ] {
        lines.say(line);
        lines.until(&[words]);
    }
    lines.say("q");
    assert_eq!(lines.ended(), Some(0));
}

#[test]
fn in_lines_a_signal_and_the_end_of_what_is_typed_both_end_it() {
    let mut lines = InLines::start("7302");
    lines.until(&["wardwatch "]);
    kill(Pid::from_raw(lines.child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(lines.ended(), Some(130));
    let mut lines = InLines::start("7303");
    lines.until(&["wardwatch "]);
    lines.keys = None;
    assert_eq!(lines.ended(), Some(0));
}
