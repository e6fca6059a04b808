//! `wardwatch`, `wardwatch wallboard`, `wardwatch daemon`: the site, watched.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use color_eyre::Result;

use super::args::{DemoArgs, Global, WallboardArgs};
use super::screen::{Show, show};
use super::{Done, demo, first, open, screen, usage};
use crate::actions::catalogue::Catalogue;
use crate::config::wallboard::turn;
use crate::config::{self, Loaded};
use crate::host::consent;
use crate::host::{Host, HostConfig, Hub, LiveFeed, Resolve, WithPast};
use crate::log::Retention;
use crate::log::recording::RecordingWriter;
use crate::model::{Site, Text, TurnSpec};
use crate::notify::{Lines, Outbox};
use crate::ui::session::Wallboard;

/// `wardwatch`
pub fn watch(global: &Global) -> Result<Done> {
    if config::find(global.site.as_deref()).is_none() {
        return first::offer(global);
    }
    on_screen(global, None, None, None)
}

/// `wardwatch wallboard`
pub fn wallboard(global: &Global, args: &WallboardArgs) -> Result<Done> {
    let views: Result<Vec<TurnSpec>, String> = args.views.iter().map(|v| turn(v)).collect();
    let wallboard = Wallboard {
        name: Text::from(args.name.as_deref().unwrap_or_default()),
        views: views.map_err(|why| usage(format!("--views: {why}")))?,
        dwell: args.dwell,
        pin: args.pin,
        screen: args.screen,
    };
    if args.demo {
        enough(&wallboard, &Site::default())?;
        return demo::on_screen(global, &DemoArgs::default(), Some(wallboard));
    }
    let site = open::site(global)?.site;
    if wallboard.of(&site).is_none() && !wallboard.name.is_empty() {
        let names = || {
            let named = site.wallboards.iter().map(|b| b.name.as_str());
            named.filter(|name| !name.is_empty())
        };
        return Err(usage(match names().next() {
            None => "the site file has no [[wallboard]] with a name".to_owned(),
            Some(_) => format!(
                "the site file has no [[wallboard]] called '{}'; there are {}",
                wallboard.name,
                names().collect::<Vec<_>>().join(", ")
            ),
        }));
    }
    enough(&wallboard, &site)?;
    on_screen(global, Some(wallboard), None, None)
}

/// Each screen needs a view of its own.
fn enough(wallboard: &Wallboard, site: &Site) -> Result<()> {
    let (nth, of) = wallboard.screen;
    let views = wallboard.views_of(site).len();
    if views < usize::from(of) {
        return Err(usage(format!(
            "--screen {nth}/{of}: each screen needs a view of its own, and there are {views}"
        )));
    }
    Ok(())
}

/// Collects and shows; writes a recording as well where one is asked for.
pub fn on_screen(
    global: &Global,
    wallboard: Option<Wallboard>,
    recorder: Option<RecordingWriter>,
    until: Option<Instant>,
) -> Result<Done> {
    let loaded = open::site(global)?;
    let dir = open::state_dir(global)?;
    open::make_state_dir(&dir)?;
    screen::log_to_file(&dir);
    let runtime = demo::runtime()?;
    let (host, catalogue) = start(&dir, &loaded, recorder, Outbox::default(), runtime.handle())?;
    let watching = Watching::start(&host, &loaded, &dir, runtime.handle());
    let ears = host.listen(runtime.handle());
    let runner = Arc::new(OnceLock::new());
    let _ = runner.set(Arc::clone(host.runner()));
    let live = Arc::new(LiveFeed {
        hub: Arc::clone(host.hub()),
        runtime: runtime.handle().clone(),
    });
    let feed = Arc::new(WithPast::new(live, dir.clone()));
    let zone = loaded.site.time_zone.to_string();
    let attended = wallboard.is_none();
    let shown = Show {
        feed,
        runner,
        catalogue,
        zone: &zone,
        wallboard,
        read_only: false,
        until,
        failed: Arc::new(OnceLock::new()),
        keep: attended.then_some(&*dir),
    };
    let done = show(global, shown, runtime.handle());
    drop((watching, ears));
    // the terminal may be gone; what was promised is still carried out
    host.stop();
    runtime.shutdown_timeout(Duration::from_millis(100));
    done
}

/// `wardwatch daemon`
pub fn daemon(global: &Global) -> Result<Done> {
    collect(global, None, None)
}

/// Collects without a screen until a signal, or for a time.
pub fn collect(
    global: &Global,
    recorder: Option<RecordingWriter>,
    until: Option<Instant>,
) -> Result<Done> {
    let loaded = open::site(global)?;
    let dir = open::state_dir(global)?;
    open::make_state_dir(&dir)?;
    let runtime = demo::runtime()?;
    // a service's standard error is its journal; nothing is drawn there
    let outbox = Outbox::new(vec![Box::new(Lines::stderr())]);
    let (host, _) = start(&dir, &loaded, recorder, outbox, runtime.handle())?;
    let watching = Watching::start(&host, &loaded, &dir, runtime.handle());
    let ears = host.listen(runtime.handle());
    eprintln!(
        "wardwatch: collecting for {} into {}",
        loaded.site.name,
        dir.display()
    );
    if wait_for_signal(until) {
        // whoever ends a service does not wait long
        host.runner().hurry();
    }
    drop((watching, ears));
    host.stop();
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(Done::Done)
}

/// How long what is kept, as the site says.
pub fn retention(loaded: &Loaded) -> Retention {
    let log = &loaded.log;
    Retention {
        telemetry_days: log.telemetry_days,
        telemetry_bytes: log.telemetry_bytes,
        record_days: log.record_days,
    }
}

/// Starts collecting for a site.
pub fn start(
    dir: &Path,
    loaded: &Loaded,
    recorder: Option<RecordingWriter>,
    outbox: Outbox,
    runtime: &tokio::runtime::Handle,
) -> Result<(Host, Arc<Catalogue>)> {
    let log = Box::new(open::log(dir, retention(loaded))?);
    let catalogue = Arc::new(open::catalogue(
        loaded.files.first().and_then(|f| f.parent()),
    )?);
    let (hub, inputs) = Hub::new();
    let resolve: Resolve = Box::new(|of| config::secret::resolve(of).map_err(|e| e.to_string()));
    let host = Host::start(
        HostConfig {
            hub,
            inputs,
            log,
            site: loaded.offered(),
            resolve,
            recorder,
            catalogue: Arc::clone(&catalogue),
            outbox,
            state: dir.to_path_buf(),
            origin: loaded
                .files
                .first()
                .map_or_else(Text::empty, |f| f.display().to_string().into()),
        },
        runtime,
    )?;
    Ok((host, catalogue))
}

/// Puts a changed site file in force; a wrong one is said, and the last good one stays.
pub struct Watching {
    task: tokio::task::JoinHandle<()>,
}

impl Watching {
    /// Looks every two seconds; takes up what a person consented to meanwhile.
    pub fn start(
        host: &Host,
        loaded: &Loaded,
        state_dir: &Path,
        runtime: &tokio::runtime::Handle,
    ) -> Self {
        let reconfigure = host.reconfigure();
        let (hub, state_dir) = (Arc::clone(host.hub()), state_dir.to_path_buf());
        let mut watch = config::Watch::new(loaded);
        let task = runtime.spawn(async move {
            let mut every = tokio::time::interval(Duration::from_secs(2));
            loop {
                every.tick().await;
                let words = consent::take_up(&state_dir, &hub).await.err();
                reconfigure
                    .trouble("consent", words.unwrap_or_default())
                    .await;
                match watch.look() {
                    None => {}
                    Some(Ok(loaded)) => reconfigure.apply(loaded.offered()).await,
                    Some(Err(errors)) => {
                        tracing::error!(
                            "the site file is wrong, the last good one stays in force: {errors}"
                        );
                        reconfigure
                            .trouble("configuration", errors.to_string())
                            .await;
                    }
                }
            }
        });
        Self { task }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for SIGINT, SIGTERM or SIGHUP, or the end of a time. Says whether it was a signal.
pub fn wait_for_signal(until: Option<Instant>) -> bool {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
    }
    loop {
        if flag.load(Ordering::Relaxed) {
            return true;
        }
        if until.is_some_and(|end| Instant::now() >= end) {
            return false;
        }
        // a signal interrupts nothing here; a tenth of a second is soon enough
        std::thread::sleep(Duration::from_millis(100));
    }
}
