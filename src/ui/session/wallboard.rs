//! A screen in a room: views in rotation, a jump to what is new and critical and back, and a slow drift against burn-in.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::Rect;

use crate::engine::State;
use crate::model::{AlertId, AlertState, Severity, Site, Time, TurnSpec};

use super::config::{Wallboard, turn};

/// How long the frame stays in one corner.
const DRIFT: Duration = Duration::from_mins(3);

/// What the wallboard shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A view of the rotation.
    View(String),
    /// A critical alert that is new.
    Alert(AlertId),
}

/// How many new critical alerts are shown in turn; the others are in the list.
const SHOWN: usize = 8;
/// A screen that changes faster than it is read is worth nothing.
const LEAST: Duration = Duration::from_secs(2);

/// How long each view stays unless said.
const DWELL: Duration = Duration::from_secs(20);

/// What is shown in turn.
#[derive(Debug, PartialEq, Eq)]
struct Playlist {
    views: Vec<TurnSpec>,
    dwell: Duration,
    pin: bool,
}

impl Playlist {
    /// As the command line says, and for the rest the site.
    fn of(config: &Wallboard, site: &Site) -> Self {
        let written = config.of(site);
        let all = config.views_of(site);
        let (nth, of) = (config.screen.0.max(1), config.screen.1.max(1));
        let mine = all.into_iter().skip(usize::from(nth - 1));
        let mut views: Vec<TurnSpec> = mine.step_by(usize::from(of)).collect();
        if views.is_empty() {
            views.push(turn("board"));
        }
        let seconds = written.and_then(|b| b.dwell_s);
        let of_site = seconds.map(|s| Duration::from_secs(s.into()));
        Self {
            views,
            dwell: config.dwell.or(of_site).unwrap_or(DWELL).max(LEAST),
            pin: config.pin || written.is_some_and(|b| b.pin),
        }
    }
}

/// Where a wallboard stands in its rotation.
pub struct Rotation {
    config: Wallboard,
    /// The site by which the playlist was made.
    site: Arc<Site>,
    list: Playlist,
    at: usize,
    since: Time,
    /// New critical alerts, the one that is shown first.
    front: VecDeque<AlertId>,
    /// Critical alerts that were shown, or were there when it began.
    known: Option<BTreeSet<AlertId>>,
    revision: Option<u64>,
    began: Time,
}

impl Rotation {
    /// Begins now.
    pub fn new(config: &Wallboard, site: &Arc<Site>, now: Time) -> Self {
        Self {
            config: config.clone(),
            site: Arc::clone(site),
            list: Playlist::of(config, site),
            at: 0,
            since: now,
            front: VecDeque::new(),
            known: None,
            revision: None,
            began: now,
        }
    }

    /// Another site file is in force: what it says of this wallboard holds from now on.
    fn follow(&mut self, site: &Arc<Site>, now: Time) {
        if Arc::ptr_eq(&self.site, site) {
            return;
        }
        self.site = Arc::clone(site);
        let list = Playlist::of(&self.config, site);
        if list != self.list {
            self.list = list;
            (self.at, self.since) = (0, now);
        }
    }

    /// What is to be shown now.
    pub fn scene(&mut self, state: &State, now: Time) -> Scene {
        if self.revision != Some(state.revision) {
            self.revision = Some(state.revision);
            self.follow(&state.site, now);
            self.look(state, now);
        }
        if now.since(self.since) >= self.stay() {
            self.since = now;
            match self.front.pop_front() {
                Some(alert) if self.list.pin => self.front.push_back(alert),
                Some(_) => {}
                None => self.at = (self.at + 1) % self.list.views.len(),
            }
        }
        match self.front.front() {
            Some(alert) => Scene::Alert(*alert),
            None => Scene::View(self.turn().map(|t| t.view.to_string()).unwrap_or_default()),
        }
    }

    fn turn(&self) -> Option<&TurnSpec> {
        self.list.views.get(self.at)
    }

    /// How long what is shown now stays.
    fn stay(&self) -> Duration {
        let own = self.turn().and_then(|turn| turn.dwell_s);
        let own = own.filter(|_| self.front.is_empty());
        own.map_or(self.list.dwell, |s| Duration::from_secs(s.into()))
            .max(LEAST)
    }

    fn look(&mut self, state: &State, now: Time) {
        let critical: BTreeSet<AlertId> = state
            .alerts
            .values()
            .filter(|a| a.severity == Severity::Critical && a.state == AlertState::Open)
            .map(|a| a.id)
            .collect();
        let shown = self.front.front().copied();
        // what is over, or somebody has, gives the screen back
        self.front.retain(|alert| critical.contains(alert));
        // one that closes and opens again is new again
        if let Some(known) = self.known.replace(critical.clone()) {
            for new in critical.difference(&known) {
                self.front.push_front(*new);
            }
            self.front.truncate(SHOWN);
        }
        if self.front.front().copied() != shown {
            self.since = now;
        }
    }

    /// When the scene or the drift moves next.
    pub fn next(&self, now: Time) -> Duration {
        let scene = self.stay().saturating_sub(now.since(self.since));
        let drift = now.since(self.began).as_secs() % DRIFT.as_secs();
        scene
            .min(DRIFT.saturating_sub(Duration::from_secs(drift)))
            .max(Duration::from_millis(50))
    }

    /// The part of the screen that is used now: a cell less each way, in one of four corners.
    pub fn drift(&self, area: Rect, now: Time) -> Rect {
        if area.width < 61 || area.height < 17 {
            return area;
        }
        let turn = now.since(self.began).as_secs() / DRIFT.as_secs() % 4;
        let (dx, dy) = [(0, 0), (1, 0), (1, 1), (0, 1)]
            .get(turn as usize)
            .copied()
            .unwrap_or_default();
        Rect::new(area.x + dx, area.y + dy, area.width - 1, area.height - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WallboardSpec;
    use crate::ui::session::tests::alert;

    fn at(s: i64) -> Time {
        Time(1_700_000_000_000 + s * 1000)
    }

    fn rotation() -> Rotation {
        let config = Wallboard {
            views: vec![turn("board"), turn("alerts")],
            dwell: Some(Duration::from_secs(20)),
            ..Wallboard::default()
        };
        Rotation::new(&config, &Arc::default(), at(0))
    }

    fn view(name: &str) -> Scene {
        Scene::View(name.into())
    }

    #[test]
    fn views_turn_and_a_new_critical_alert_comes_to_the_front_and_leaves_again() {
        let mut r = rotation();
        let mut state = State::new();
        state
            .alerts
            .insert(AlertId(1), Arc::new(alert(1, Severity::Critical)));
        assert_eq!(
            r.scene(&state, at(0)),
            view("board"),
            "what was there is not new"
        );
        assert_eq!(r.scene(&state, at(20)), view("alerts"));
        state.revision += 1;
        state
            .alerts
            .insert(AlertId(2), Arc::new(alert(2, Severity::Major)));
        assert_eq!(r.scene(&state, at(21)), view("alerts"));
        state.revision += 1;
        state
            .alerts
            .insert(AlertId(3), Arc::new(alert(3, Severity::Critical)));
        assert_eq!(r.scene(&state, at(22)), Scene::Alert(AlertId(3)));
        assert_eq!(r.scene(&state, at(41)), Scene::Alert(AlertId(3)));
        assert_eq!(r.scene(&state, at(42)), view("alerts"), "back where it was");
    }

    #[test]
    fn an_alert_that_is_taken_gives_the_screen_back_at_once() {
        let mut r = rotation();
        let mut state = State::new();
        r.scene(&state, at(0));
        state.revision = 1;
        state
            .alerts
            .insert(AlertId(3), Arc::new(alert(3, Severity::Critical)));
        assert_eq!(r.scene(&state, at(1)), Scene::Alert(AlertId(3)));
        state.revision = 2;
        state.alerts.clear();
        assert_eq!(r.scene(&state, at(2)), view("board"));
    }

    fn opened(state: &mut State, ids: &[u64]) {
        state.revision += 1;
        for id in ids {
            let new = Arc::new(alert(*id, Severity::Critical));
            state.alerts.insert(AlertId(*id), new);
        }
    }

    #[test]
    fn a_view_stays_as_long_as_it_says() {
        let config = Wallboard {
            views: vec![
                TurnSpec {
                    view: "board".into(),
                    dwell_s: Some(60),
                },
                turn("map"),
            ],
            ..Wallboard::default()
        };
        let mut r = Rotation::new(&config, &Arc::default(), at(0));
        let state = State::new();
        for (second, name) in [
            (0, "board"),
            (59, "board"),
            (60, "map"),
            (79, "map"),
            (80, "board"),
        ] {
            assert_eq!(r.scene(&state, at(second)), view(name), "{second}");
        }
        assert!(r.next(at(80)) <= Duration::from_mins(1));
    }

    #[test]
    fn what_is_pinned_stays_until_somebody_has_it_and_several_are_shown_in_turn() {
        let config = Wallboard {
            views: vec![turn("board"), turn("map")],
            pin: true,
            ..Wallboard::default()
        };
        let mut r = Rotation::new(&config, &Arc::default(), at(0));
        let mut state = State::new();
        r.scene(&state, at(0));
        opened(&mut state, &[3]);
        for second in [1, 21, 500, 5_000] {
            assert_eq!(r.scene(&state, at(second)), Scene::Alert(AlertId(3)));
        }
        opened(&mut state, &[4]);
        assert_eq!(
            r.scene(&state, at(5_001)),
            Scene::Alert(AlertId(4)),
            "the newest first"
        );
        assert_eq!(r.scene(&state, at(5_021)), Scene::Alert(AlertId(3)));
        assert_eq!(r.scene(&state, at(5_041)), Scene::Alert(AlertId(4)));
        let taken = Arc::make_mut(state.alerts.get_mut(&AlertId(4)).unwrap());
        taken.state = AlertState::Acknowledged;
        state.revision += 1;
        assert_eq!(r.scene(&state, at(5_042)), Scene::Alert(AlertId(3)));
        state.alerts.clear();
        state.revision += 1;
        assert_eq!(r.scene(&state, at(5_043)), view("board"), "home");
        assert_eq!(r.scene(&state, at(5_063)), view("map"));
    }

    #[test]
    fn screens_side_by_side_show_no_view_twice_and_what_is_critical_on_each() {
        let views = ["board", "map", "alerts", "devices", "runs"];
        for of in 1..=3 {
            let mut shown = Vec::new();
            for nth in 1..=of {
                let config = Wallboard {
                    views: views.map(turn).to_vec(),
                    screen: (nth, of),
                    ..Wallboard::default()
                };
                let mut r = Rotation::new(&config, &Arc::default(), at(0));
                let mut state = State::new();
                let turns = r.list.views.len();
                for n in 0..turns {
                    shown.push(r.scene(&state, at(20 * n as i64)));
                }
                // a screen that is switched off hides nothing
                opened(&mut state, &[1, 2, 3, 4, 5, 6]);
                r.scene(&state, at(1_000));
                assert_eq!(r.front.len(), 6, "{nth} of {of}");
            }
            let mut names = views.map(view).to_vec();
            names.sort_by_key(|v| format!("{v:?}"));
            shown.sort_by_key(|v| format!("{v:?}"));
            assert_eq!(shown, names, "of {of}");
        }
    }

    fn site(boards: &[(&str, &[&str], Option<u32>, bool)]) -> Arc<Site> {
        let spec =
            |(name, views, dwell_s, pin): &(&str, &[&str], Option<u32>, bool)| WallboardSpec {
                name: (*name).into(),
                views: views.iter().map(|v| turn(v)).collect(),
                dwell_s: *dwell_s,
                pin: *pin,
            };
        Arc::new(Site {
            wallboards: boards.iter().map(spec).collect(),
            ..Site::default()
        })
    }

    #[test]
    fn the_site_file_says_what_is_shown_unless_the_command_line_does_and_a_new_one_holds_at_once() {
        let anna = site(&[
            ("", &["devices", "runs"], Some(30), false),
            ("icu", &["alerts"], None, true),
        ]);
        let mut state = State::new();
        state.site = Arc::clone(&anna);
        let mut r = Rotation::new(&Wallboard::default(), &anna, at(0));
        assert_eq!(r.scene(&state, at(0)), view("devices"));
        assert_eq!(r.scene(&state, at(29)), view("devices"));
        assert_eq!(r.scene(&state, at(30)), view("runs"));
        opened(&mut state, &[7]);
        assert_eq!(r.scene(&state, at(31)), Scene::Alert(AlertId(7)));
        // what is shown of an alert stays while the list changes
        state.site = site(&[("", &["map", "board"], None, true)]);
        state.revision += 1;
        assert_eq!(
            r.scene(&state, at(500)),
            Scene::Alert(AlertId(7)),
            "pinned now"
        );
        state.alerts.clear();
        state.revision += 1;
        assert_eq!(r.scene(&state, at(501)), view("map"));
        state.site = Arc::default();
        state.revision += 1;
        assert_eq!(r.scene(&state, at(502)), view("board"), "the usual");
        let named = Wallboard {
            name: "icu".into(),
            dwell: Some(Duration::from_secs(5)),
            ..Wallboard::default()
        };
        let list = Playlist::of(&named, &anna);
        assert_eq!(
            (list.views, list.dwell, list.pin),
            (vec![turn("alerts")], Duration::from_secs(5), true)
        );
        let own = Wallboard {
            views: vec![turn("board")],
            ..Wallboard::default()
        };
        assert_eq!(Playlist::of(&own, &anna).views, [turn("board")]);
    }

    #[test]
    fn the_frame_drifts_by_one_cell_and_stays_on_the_screen() {
        let r = rotation();
        let area = Rect::new(0, 0, 200, 60);
        let mut corners = BTreeSet::new();
        for minute in 0..40 {
            let part = r.drift(area, at(minute * 60));
            assert_eq!(part.intersection(area), part);
            corners.insert((part.x, part.y));
        }
        assert_eq!(corners.len(), 4);
    }
}
