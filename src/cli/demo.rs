//! `wardwatch demo`: a simulated hospital in a process of its own, and the terminal program watching it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, eyre};
use serde_json::{Value, json};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;

use super::args::{DemoArgs, Global};
use super::screen::{Show, show};
use super::{Done, open, record, rows, screen, usage};
use crate::actions::catalogue::Catalogue;
use crate::host::{Host, HostConfig, Hub, Input, LiveFeed, Resolve, WithPast};
use crate::log::Retention;
use crate::model::{SecretRef, Text};
use crate::notify::Outbox;
use crate::sim::hospital::Hospital;
use crate::sim::house::Secrets;
use crate::sim::scenario::Scenario;
use crate::ui::session::Wallboard;

/// How long the simulated hospital may take to open its sockets.
const READY: Duration = Duration::from_secs(30);

/// Runs the demo.
pub fn demo(global: &Global, args: &DemoArgs) -> Result<Done> {
    args.scenario.parse::<Scenario>().map_err(usage)?;
    if args.headless {
        headless(global, args)
    } else {
        on_screen(global, args, None)
    }
}

/// The demo on the screen; as a wallboard where views are named.
pub fn on_screen(global: &Global, args: &DemoArgs, wallboard: Option<Wallboard>) -> Result<Done> {
    let runtime = runtime()?;
    let (hub, inputs) = Hub::new();
    let (runner, failed) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    let catalogue = Arc::new(open::catalogue(None)?);
    let live = Arc::new(LiveFeed {
        hub: Arc::clone(&hub),
        runtime: runtime.handle().clone(),
    });
    let folder = state_dir(global)?;
    let feed = Arc::new(WithPast::new(live, folder.0.clone()));
    // the first frame must not wait for the hospital
    let begin = Begin {
        folder,
        args: args.clone(),
        hub: Arc::clone(&hub),
        inputs,
        catalogue: Arc::clone(&catalogue),
    };
    let starting = {
        let (runner, failed, handle, hub) = (
            Arc::clone(&runner),
            Arc::clone(&failed),
            runtime.handle().clone(),
            Arc::clone(&hub),
        );
        std::thread::spawn(move || match begin.start(&handle) {
            Ok(running) => {
                let _ = runner.set(Arc::clone(running.host.runner()));
                Some(running)
            }
            Err(error) => {
                let _ = failed.set(Text::from(format!("{error:#}")));
                hub.end();
                None
            }
        })
    };
    let until = args.duration.map(|d| Instant::now() + d);
    let done = show(
        global,
        Show {
            feed,
            runner,
            catalogue,
            zone: "",
            wallboard,
            read_only: false,
            until,
            failed,
            keep: None,
        },
        runtime.handle(),
    );
    if let Ok(Some(running)) = starting.join() {
        running.stop();
    }
    runtime.shutdown_timeout(Duration::from_millis(100));
    done
}

fn headless(global: &Global, args: &DemoArgs) -> Result<Done> {
    let runtime = runtime()?;
    let (hub, inputs) = Hub::new();
    let catalogue = Arc::new(open::catalogue(None)?);
    let mut running = Begin {
        folder: state_dir(global)?,
        args: args.clone(),
        hub: Arc::clone(&hub),
        inputs,
        catalogue,
    }
    .start(runtime.handle())?;
    let end = Instant::now() + args.duration.unwrap_or(Duration::from_mins(2));
    let interrupted = super::watch::wait_for_signal(Some(end));
    let counted = running.hospital.status()?;
    let sent = running.host.poller().stats().pdus_sent;
    running.stop();
    let state = hub.state();
    let mut line = rows::sums(&state);
    for (name, value) in [
        ("packets_sent", json!(sent)),
        (
            "packets_to_never_touch",
            counted["packets_to_never_touch"].clone(),
        ),
        ("datagrams_received", counted["datagrams"].clone()),
        ("events", json!(state.seq)),
        ("state_hash", json!(state.hash_hex())),
    ] {
        line.insert(name.to_string(), value);
    }
    let line = Value::Object(line);
    writeln!(std::io::stdout(), "{line}")?;
    Ok(if interrupted {
        Done::Interrupted
    } else {
        Done::Done
    })
}

/// The runtime that sources work on: two threads are plenty.
pub fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("sources")
        .enable_all()
        .build()
        .wrap_err("starting the runtime")
}

struct Begin {
    /// Where the state lives, and what is to be removed of it at the end.
    folder: (PathBuf, Option<PathBuf>),
    args: DemoArgs,
    hub: Arc<Hub>,
    inputs: mpsc::Receiver<Input>,
    catalogue: Arc<Catalogue>,
}

struct Running {
    host: Host,
    hospital: HospitalProcess,
    /// Removed at the end, when the demo made it itself.
    scratch: Option<PathBuf>,
}

impl Begin {
    fn start(self, runtime: &Handle) -> Result<Running> {
        let secrets = Secrets::generate().wrap_err("drawing secrets for the simulated hospital")?;
        let (hospital, port) = HospitalProcess::start(&self.args, &secrets)?;
        let (dir, scratch) = self.folder;
        screen::log_to_file(&dir);
        let built = Hospital::build(self.args.endpoints, self.args.seed, port);
        let resolve: Resolve = Box::new(move |of| {
            let known = secrets.by_name();
            let found = known
                .iter()
                .find(|(name, _)| matches!(of, SecretRef::Env(n) if n == name));
            found
                .map(|(_, secret)| (*secret).clone())
                .ok_or_else(|| format!("{of:?} is no secret of the demo"))
        });
        let site = built.site;
        let log = Box::new(open::log(&dir, Retention::default())?);
        let recorder = self
            .args
            .record
            .as_deref()
            .map(|file| record::recorder(file, &site))
            .transpose()?;
        let host = Host::start(
            HostConfig {
                hub: self.hub,
                inputs: self.inputs,
                log,
                site,
                resolve,
                recorder,
                catalogue: self.catalogue,
                outbox: Outbox::default(),
                state: dir,
                origin: "none: the demo makes its own hospital".into(),
            },
            runtime,
        )?;
        Ok(Running {
            host,
            hospital,
            scratch,
        })
    }
}

impl Running {
    fn stop(self) {
        self.host.stop();
        self.hospital.stop();
        if let Some(scratch) = self.scratch {
            let _ = std::fs::remove_dir_all(scratch);
        }
    }
}

/// `--state`, or a folder of the demo's own that only this user can read and that is removed at the end.
fn state_dir(global: &Global) -> Result<(PathBuf, Option<PathBuf>)> {
    use std::os::unix::fs::DirBuilderExt as _;
    if let Some(dir) = &global.state {
        open::make_state_dir(dir)?;
        return Ok((dir.clone(), None));
    }
    for attempt in 0..100 {
        let dir =
            std::env::temp_dir().join(format!("wardwatch-demo-{}-{attempt}", std::process::id()));
        match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => return Ok((dir.clone(), Some(dir))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).wrap_err_with(|| format!("making {}", dir.display())),
        }
    }
    Err(eyre!(
        "no free name for a folder in {}; say --state DIR",
        std::env::temp_dir().display()
    ))
}

/// The hospital's own process. It ends when its standard input closes, so it never outlives this one.
struct HospitalProcess {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl HospitalProcess {
    fn start(args: &DemoArgs, secrets: &Secrets) -> Result<(Self, u16)> {
        let program = std::env::current_exe().wrap_err("finding this program")?;
        let mut command = Command::new(program);
        for (name, secret) in secrets.by_name() {
            use std::os::unix::ffi::OsStrExt as _;
            command.env(name, std::ffi::OsStr::from_bytes(secret.bytes()));
        }
        // a Ctrl-C is for this process alone; the hospital ends when its input does
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .args([
                "sim",
                "hospital",
                "--endpoints",
                &args.endpoints.to_string(),
                "--seed",
                &args.seed.to_string(),
                "--scenario",
                &args.scenario,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C and a terminal that goes away are not for it: a port may still have to be opened
            .process_group(0)
            .spawn()
            .wrap_err("starting the simulated hospital")?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(eyre!("the simulated hospital has no pipes"));
        };
        let mut this = Self {
            child,
            orders,
            answers: BufReader::new(answers),
        };
        let start = Instant::now();
        let ready = this.line()?;
        let port = ready["port"]
            .as_u64()
            .and_then(|p| u16::try_from(p).ok())
            .filter(|_| ready["ready"] == true && start.elapsed() < READY);
        let port =
            port.ok_or_else(|| eyre!("the simulated hospital did not open its sockets: {ready}"))?;
        Ok((this, port))
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).wrap_err("the simulated hospital ended early")
    }

    /// What it counted so far.
    fn status(&mut self) -> Result<Value> {
        // its closed pipe is a failure here, unlike that of who reads this program's output
        writeln!(self.orders, "status")
            .and_then(|()| self.orders.flush())
            .map_err(|e| eyre!("the simulated hospital ended early: {e}"))?;
        self.line()
    }

    fn stop(self) {
        let Self {
            mut child,
            orders,
            answers,
        } = self;
        drop(orders);
        drop(answers);
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}
