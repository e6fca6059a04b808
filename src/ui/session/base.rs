//! What every part of a session looks at: configuration, theme, filters, and which state is to be shown.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::actions::registry::Standing;
use crate::config::ConfigErrors;
use crate::engine::State;
use crate::model::{Health, Text, Time};
use crate::ui::{ColorDepth, Ctx, Glyphs, Live, Theme, ViewFilter};

use super::config::{SessionConfig, World};

/// The unchanging side of a session while one input or frame is handled.
pub struct Base {
    pub config: SessionConfig,
    pub theme: Theme,
    /// The viewer's own, where there is one.
    own: Option<Theme>,
    pub glyphs: &'static Glyphs,
    /// Filters in force, one a tab.
    pub filters: BTreeMap<&'static str, ViewFilter>,
    filter_revision: u64,
    /// What pause holds, and since when.
    pub paused: Option<Held>,
}

/// A viewer's own theme; without colours every theme is the same, and there is none.
fn own_theme(text: &str, place: &Path, depth: ColorDepth) -> Result<Option<Theme>, Text> {
    // the first mistake is enough for one line; `theme check` says them all
    let first = |e: ConfigErrors| e.to_string().lines().next().unwrap_or_default().to_owned();
    let made = Theme::read(text, place, depth).map_err(|e| Text::from(first(e)))?;
    Ok(Some(made.0).filter(|_| depth != ColorDepth::None))
}

/// What pause holds still.
pub struct Held {
    pub state: Arc<State>,
    pub health: Option<Arc<Health>>,
    pub since: Time,
}

/// What is shown at this moment: the world, or what pause or a recording makes of it.
pub struct Moment {
    pub state: Arc<State>,
    pub now: Time,
    pub live: Live,
    pub health: Option<Arc<Health>>,
    pub standing: Standing,
}

impl Base {
    pub fn new(config: SessionConfig) -> Self {
        let depth = config.caps.color;
        // a name that is not known was refused by the command line; a viewer that sends one gets the default
        let own = config.own_theme.as_deref();
        let own = own.and_then(|text| own_theme(text, Path::new("theme"), depth).ok());
        let own = own.flatten();
        let theme = Theme::built_in(&config.theme, depth)
            .or_else(|_| Theme::built_in("terminal", depth))
            .unwrap_or_default();
        Self {
            glyphs: Glyphs::of(config.caps.unicode),
            theme: own.clone().unwrap_or(theme),
            own,
            config,
            filters: BTreeMap::new(),
            filter_revision: 0,
            paused: None,
        }
    }

    /// What is to be shown of the world.
    pub fn moment(&self, world: &World) -> Moment {
        let (state, now, live) = match (&self.paused, &world.live) {
            (_, Live::Replay(played)) => (world.state.clone(), played.at, world.live.clone()),
            // that the data is old is the greater truth
            (Some(held), Live::Stale(_) | Live::NoCollector) => {
                (held.state.clone(), held.since, world.live.clone())
            }
            (Some(held), _) => (held.state.clone(), held.since, Live::Paused(held.since)),
            (None, _) => (world.state.clone(), world.now, world.live.clone()),
        };
        let health = match &self.paused {
            Some(held) => held.health.clone(),
            None => world.health.clone(),
        };
        // ages of a held screen stand still, but that of its staleness does not
        let now = if matches!(live, Live::Stale(_)) {
            world.now
        } else {
            now
        };
        let standing = Standing {
            role: self.config.role,
            read_only: self.config.read_only,
            wallboard: self.config.wallboard.is_some(),
            replay: matches!(live, Live::Replay(_)),
            past: matches!(&live, Live::Replay(played) if played.past),
        };
        Moment {
            state,
            now,
            live,
            health,
            standing,
        }
    }

    /// What a view of this tab may look at.
    pub fn ctx<'a>(&'a self, moment: &'a Moment, tab: &str) -> Ctx<'a> {
        let standing = moment.standing;
        Ctx {
            state: &moment.state,
            now: moment.now,
            live: &moment.live,
            health: moment.health.as_deref(),
            zone: &self.config.zone,
            person: &self.config.person,
            read_only: standing.read_only
                || standing.wallboard
                || standing.replay
                || !standing.role.may_act(),
            unattended: standing.wallboard,
            low_bandwidth: self.config.low_bandwidth,
            theme: &self.theme,
            glyphs: self.glyphs,
            filter: self.filters.get(tab),
        }
    }

    /// Sets the filter of a tab; empty words remove it.
    pub fn set_filter(&mut self, tab: &'static str, words: &str) -> Result<(), Text> {
        self.filter_revision += 1;
        if words.is_empty() {
            self.filters.remove(tab);
            return Ok(());
        }
        let filter = ViewFilter {
            words: words.to_owned(),
            revision: self.filter_revision,
            matches: self.config.filters.read(words)?,
        };
        self.filters.insert(tab, filter);
        Ok(())
    }

    /// The file of the viewer's own theme has changed: it is put in force where the old one was. A wrong one changes nothing.
    pub fn reload_theme(&mut self, text: &str, place: &Path) -> Result<(), Text> {
        let new = own_theme(text, place, self.config.caps.color)?;
        // one that was wrong from the start was never in force
        let in_force = self.own.as_ref().is_none_or(|own| *own == self.theme);
        if in_force && let Some(theme) = &new {
            self.theme = theme.clone();
        }
        self.own = new.or_else(|| self.own.take());
        Ok(())
    }

    /// A theme by its name; gives the name of the one in force.
    pub fn set_theme(&mut self, name: &str) -> &str {
        let depth = self.config.caps.color;
        if let Ok(theme) = Theme::built_in(name, depth) {
            self.theme = theme;
        }
        self.theme.name()
    }

    /// The next theme, the viewer's own after the last one; gives its name.
    pub fn next_theme(&mut self) -> &str {
        let depth = self.config.caps.color;
        let mut names = Theme::names();
        if self.own.as_ref() != Some(&self.theme) {
            names.find(|name| *name == self.theme.name());
        }
        let built_in = |name| Theme::built_in(name, depth).ok();
        let theme = match names.next() {
            Some(name) => built_in(name),
            None => self
                .own
                .clone()
                .or_else(|| Theme::names().next().and_then(built_in)),
        };
        if let Some(theme) = theme.filter(|_| depth != ColorDepth::None) {
            self.theme = theme;
        }
        self.theme.name()
    }
}
