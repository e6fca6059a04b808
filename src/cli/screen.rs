//! Puts a session on this process's terminal.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;

use super::args::{ColorChoice, Global, NotifyBy};
use super::{Done, usage};
use crate::access::Person;
use crate::actions::catalogue::Catalogue;
use crate::host::{Feed, Left, Planner, Runner, Viewer};
use crate::model::Text;
use crate::term::{Colors, TermCaps, Terminal, size};
use crate::ui::ColorDepth;
use crate::ui::session::{Caps, Desktop, Notify, Session, SessionConfig, Speaker, Wallboard, Wrap};

static LEVEL: OnceLock<LevelFilter> = OnceLock::new();

/// The screen is ours: log lines wait for [`log_to_file`].
pub fn log_to_file_later(level: LevelFilter) {
    let _ = LEVEL.set(level);
}

/// From now on, log lines go to `wardwatch.log` of the state folder.
pub fn log_to_file(state: &Path) {
    let level = LEVEL.get().copied().unwrap_or(LevelFilter::WARN);
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(state.join("wardwatch.log"));
    if let Ok(file) = file {
        let _ = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_target(false)
            .with_writer(Arc::new(file))
            .try_init();
    }
}

/// What is put on the screen.
pub struct Show<'a> {
    /// Where states come from.
    pub feed: Arc<dyn Feed>,
    /// Who runs remediations; none in a replay. It may come later than the first frame.
    pub runner: Arc<OnceLock<Arc<Runner>>>,
    /// What can be run.
    pub catalogue: Arc<Catalogue>,
    /// The site's zone by its IANA name; empty is this machine's.
    pub zone: &'a str,
    /// Views in rotation.
    pub wallboard: Option<Wallboard>,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Ends by itself then.
    pub until: Option<Instant>,
    /// Set when what feeds the screen could not start.
    pub failed: Arc<OnceLock<Text>>,
    /// The state folder in which the lines of the palette are kept; none where nothing is to stay.
    pub keep: Option<&'a Path>,
}

/// Draws, or speaks, until the person leaves.
pub fn show(global: &Global, show: Show<'_>, runtime: &Handle) -> Result<Done> {
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if !terminal && !global.accessible {
        return Err(usage(
            "this needs a terminal; for scripts there are --headless, `wardwatch devices`, `wardwatch alerts` and others",
        ));
    }
    let told = TermCaps::from_env();
    let mut person = Person::of_this_process()?;
    let read_only = global.read_only || show.read_only || show.wallboard.is_some();
    if read_only {
        person = person.looking_only();
    }
    let mut config = SessionConfig::new(size(), person.name.clone());
    config.caps = capabilities(global, told);
    let theme = super::theme::chosen(global)?;
    config.theme = theme.name;
    config.own_theme = theme.own;
    let pictures = super::open::state_dir(global)
        .ok()
        .filter(|dir| dir.is_dir());
    let keys = super::keys::chosen(global)?;
    config.keys = Arc::clone(&keys.keymap);
    config.notify = notify(global);
    let title = config.notify.title;
    config.role = person.role;
    config.read_only = read_only;
    config.wallboard = show.wallboard;
    config.low_bandwidth = global.low_bandwidth;
    config.zone = zone(show.zone);
    config.planner = Arc::new(Planner::new(show.catalogue, person.clone()));
    let name = person.name.clone();
    if let Some(state) = show.keep {
        config.lines = super::lines::load(state, name.as_str());
    }
    let (mut kept_said, mut kept_before) = (None, Vec::new());
    if let Some(state) = show.keep {
        match super::lines::load_kept(state, name.as_str()) {
            Ok(kept) => {
                kept_before.clone_from(&kept);
                config.kept = kept;
            }
            Err(why) => kept_said = Some(why),
        }
    }
    let viewer = Viewer {
        said: [keys.said(), theme.trouble, kept_said.clone()]
            .into_iter()
            .flatten()
            .map(Text::from)
            .collect(),
        theme: theme.file,
        pictures: pictures.map_or_else(|| PathBuf::from("."), |dir| dir.join("pictures")),
        feed: show.feed,
        runner: show.runner,
        person,
        clipboard: told.clipboard,
        low_bandwidth: global.low_bandwidth,
        until: show.until,
        lent: std::cell::Cell::new(false),
        failed: Arc::clone(&show.failed),
    };
    let left = if global.accessible {
        // what is spoken has no rotation, and no signs that only an eye can read
        config.wallboard = None;
        config.caps.unicode = false;
        config.caps.color = ColorDepth::None;
        viewer.run_in_lines(&mut Speaker::new(config), runtime)
    } else {
        let mut terminal =
            Terminal::enter(told, global.mouse, title).wrap_err("taking over the terminal")?;
        let mut session = Session::new(config);
        let left = viewer.run(&mut session, &mut terminal, runtime);
        drop(terminal);
        if let Some(state) = show.keep
            && let Err(why) = super::lines::save(state, name.as_str(), session.lines())
        {
            tracing::warn!("the lines of the palette are not kept: {why}");
        }
        // a file that could not be read is not written over
        if let Some(state) = show.keep.filter(|_| kept_said.is_none())
            && let Err(why) =
                super::lines::save_kept(state, name.as_str(), &kept_before, session.kept_places())
        {
            tracing::warn!("the places are not kept: {why}");
        }
        left
    };
    if let Some(why) = show.failed.get() {
        return Err(color_eyre::eyre::eyre!("{why}"));
    }
    match left {
        Left::ByKey => Ok(Done::Done),
        Left::Terminated | Left::TerminalGone => Ok(Done::Interrupted),
        Left::Panicked => {
            let _ = writeln!(
                std::io::stderr(),
                "wardwatch: drawing the screen panicked; what was collected is safe in the log"
            );
            Err(color_eyre::eyre::eyre!(
                "the screen ended with a panic; please report it with the lines above"
            ))
        }
    }
}

fn capabilities(global: &Global, told: TermCaps) -> Caps {
    let color = match global.color {
        ColorChoice::Auto => match told.colors {
            Colors::None => ColorDepth::None,
            Colors::Sixteen => ColorDepth::Sixteen,
            Colors::TwoHundredFiftySix => ColorDepth::TwoHundredFiftySix,
            Colors::True => ColorDepth::True,
        },
        ColorChoice::Always => ColorDepth::True,
        ColorChoice::C256 => ColorDepth::TwoHundredFiftySix,
        ColorChoice::C16 => ColorDepth::Sixteen,
        ColorChoice::Never => ColorDepth::None,
    };
    Caps {
        color,
        unicode: told.unicode && !global.ascii,
        sync_update: told.sync_update,
        clipboard: told.clipboard,
    }
}

/// Which signs were asked for, as this terminal takes them.
fn notify(global: &Global) -> Notify {
    let asked = |by| global.notify.contains(&by);
    let var = |name: &str| std::env::var(name).unwrap_or_default().to_ascii_lowercase();
    let seven = ["foot", "rxvt"].iter().any(|t| var("TERM").starts_with(t));
    let how = if seven { Desktop::Seven } else { Desktop::Nine };
    Notify {
        bell: asked(NotifyBy::Bell),
        desktop: asked(NotifyBy::Desktop).then_some(how),
        title: asked(NotifyBy::Title),
        wrap: match (var("TMUX").is_empty(), var("STY").is_empty()) {
            (false, _) => Wrap::Tmux,
            (true, false) => Wrap::Screen,
            (true, true) => Wrap::None,
        },
        quiet: global.quiet,
    }
}

fn zone(name: &str) -> TimeZone {
    if name.is_empty() {
        TimeZone::system()
    } else {
        TimeZone::get(name).unwrap_or_else(|_| TimeZone::system())
    }
}
