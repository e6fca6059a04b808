//! What these tests stand on: the program with a clean environment, an evening collected once, and a hospital to collect from.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use wardwatch::config;
use wardwatch::sim::hospital::Hospital;
use wardwatch::sim::house::Secrets;

use crate::support::{PROGRAM, eventually};

/// How the program ended, and what it said.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// It ended like this, or the test does.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// It failed in exactly one line that holds all of these.
    #[track_caller]
    pub fn said(self, words: &[&str]) -> Self {
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("wardwatch: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "'{word}' is not in {self:?}");
        }
        self
    }

    /// Its output as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Its output as JSON lines.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let line = |l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"));
        self.out.lines().map(line).collect()
    }
}

/// The program, told nothing by its environment.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .current_dir(nowhere())
        .env("HOME", nowhere());
    for name in ["WARDWATCH_SITE", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub fn finish(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Both at once.
pub fn run(arguments: &[&str]) -> Ran {
    finish(program(arguments))
}

/// An empty folder of these tests.
fn nowhere() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| fresh("nowhere"))
}

fn fresh(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("command-line-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// An evening of the demo, collected once for all who only read.
pub struct Evening {
    pub state: String,
    pub recording: PathBuf,
    pub printed: Value,
}

/// See [`Evening`].
pub fn evening() -> &'static Evening {
    static EVENING: OnceLock<Evening> = OnceLock::new();
    EVENING.get_or_init(|| {
        let dir = fresh("evening");
        let state = dir.join("state").display().to_string();
        let recording = dir.join("evening.wardwatch");
        let record = recording.display().to_string();
        let ran = run(&[
            "demo",
            "--headless",
            "--for",
            "8s",
            "--endpoints",
            "60",
            "--seed",
            "7301",
            "--scenario",
            "quiet",
            "--state",
            &state,
            "--record",
            &record,
        ])
        .ended(0);
        Evening {
            printed: ran.json(),
            state,
            recording,
        }
    })
}

/// A listing of the evening.
pub fn listed(arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--state", &evening().state]);
    run(&all)
}

/// The folder of real data, where there is one.
pub fn data(below: &str) -> Option<PathBuf> {
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let dir = data.join(below);
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: no {} (set WARDWATCH_DATA)", dir.display());
    None
}

/// A process that is ended with the test.
pub struct Running {
    pub child: Child,
    _input: Option<ChildStdin>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            _input: child.stdin.take(),
            child,
        }
    }

    /// Its next `count` lines.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let output = self.child.stdout.as_mut().unwrap();
        let mut lines = Vec::new();
        let mut reader = BufReader::with_capacity(1, output);
        for _ in 0..count {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "{lines:?}");
            lines.push(line.trim_end().to_string());
        }
        lines
    }

    /// A signal, then how it ended and what it said.
    pub fn end_by(&mut self, signal: nix::sys::signal::Signal) -> Ran {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).unwrap();
        self.end()
    }

    /// How it ended by itself, and what it said.
    pub fn end(&mut self) -> Ran {
        let mut code = None;
        eventually("the program to end", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        let (mut out, mut err) = (String::new(), String::new());
        self.child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        self.child
            .stderr
            .as_mut()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        Ran {
            code: code.and_then(|c| c.code()),
            out,
            err,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small hospital in a process of its own, and the site file that describes it.
pub struct House {
    _process: Running,
    pub dir: tempfile::TempDir,
    pub site: String,
    pub state: String,
    pub plan: Hospital,
    secrets: Secrets,
}

impl House {
    pub fn open(seed: u64) -> Self {
        let secrets = Secrets::generate().unwrap();
        let seed_word = seed.to_string();
        let mut command = program(&[
            "sim",
            "hospital",
            "--endpoints",
            "40",
            "--seed",
            &seed_word,
            "--scenario",
            "quiet",
            "--port",
            "0",
        ]);
        give(&secrets, &mut command);
        let mut process = Running::start(command);
        let ready: Value = serde_json::from_str(&process.lines(1)[0]).unwrap();
        let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        println!("the hospital answers on port {port}");
        let plan = Hospital::build(40, seed, port);
        let dir = tempfile::tempdir().unwrap();
        let site = dir.path().join("wardwatch.toml");
        std::fs::write(&site, config::to_toml(&plan.site)).unwrap();
        Self {
            _process: process,
            site: site.display().to_string(),
            state: dir.path().join("state").display().to_string(),
            dir,
            plan,
            secrets,
        }
    }

    /// The program at this house.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.args(["--site", &self.site, "--state", &self.state]);
        give(&self.secrets, &mut command);
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        finish(self.program(arguments))
    }
}

fn give(secrets: &Secrets, command: &mut Command) {
    use std::os::unix::ffi::OsStrExt as _;
    for (name, secret) in secrets.by_name() {
        command.env(name, std::ffi::OsStr::from_bytes(secret.bytes()));
    }
}
