//! A screen in a room: views in rotation, a jump to what is new and critical and back, and a slow drift against burn-in.

use std::collections::BTreeSet;
use std::time::Duration;

use ratatui::layout::Rect;

use crate::engine::State;
use crate::model::{AlertId, AlertState, Severity, Time};

use super::config::Wallboard;

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

/// Where a wallboard stands in its rotation.
pub struct Rotation {
    views: Vec<String>,
    dwell: Duration,
    at: usize,
    since: Time,
    jump: Option<AlertId>,
    /// Critical alerts that were shown, or were there when it began.
    known: Option<BTreeSet<AlertId>>,
    revision: Option<u64>,
    began: Time,
}

impl Rotation {
    /// Begins now.
    pub fn new(config: &Wallboard, now: Time) -> Self {
        let mut views = config.views.clone();
        if views.is_empty() {
            views.push("board".into());
        }
        Self {
            views,
            // a screen that changes faster than it is read is worth nothing
            dwell: config.dwell.max(Duration::from_secs(2)),
            at: 0,
            since: now,
            jump: None,
            known: None,
            revision: None,
            began: now,
        }
    }

    /// What is to be shown now.
    pub fn scene(&mut self, state: &State, now: Time) -> Scene {
        if self.revision != Some(state.revision) {
            self.revision = Some(state.revision);
            self.look(state, now);
        }
        if now.since(self.since) >= self.dwell {
            self.since = now;
            if self.jump.take().is_none() {
                self.at = (self.at + 1) % self.views.len();
            }
        }
        match self.jump {
            Some(alert) => Scene::Alert(alert),
            None => Scene::View(self.views.get(self.at).cloned().unwrap_or_default()),
        }
    }

    fn look(&mut self, state: &State, now: Time) {
        let critical: BTreeSet<AlertId> = state
            .alerts
            .values()
            .filter(|a| a.severity == Severity::Critical && a.state == AlertState::Open)
            .map(|a| a.id)
            .collect();
        let known = self.known.as_ref();
        if let Some(new) = known.and_then(|known| critical.difference(known).last()) {
            self.jump = Some(*new);
            self.since = now;
        }
        if self.jump.is_some_and(|alert| !critical.contains(&alert)) {
            // it is over, or somebody has it: back to the rotation
            self.jump = None;
            self.since = now;
        }
        // one that closes and opens again is new again
        self.known = Some(critical);
    }

    /// When the scene or the drift moves next.
    pub fn next(&self, now: Time) -> Duration {
        let scene = self.dwell.saturating_sub(now.since(self.since));
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
    use crate::ui::session::tests::alert;
    use std::sync::Arc;

    fn at(s: i64) -> Time {
        Time(1_700_000_000_000 + s * 1000)
    }

    fn rotation() -> Rotation {
        let config = Wallboard {
            views: vec!["board".into(), "alerts".into()],
            dwell: Duration::from_secs(20),
        };
        Rotation::new(&config, at(0))
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
