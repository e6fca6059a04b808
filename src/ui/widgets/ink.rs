//! What a view draws with: the theme's roles and the glyphs, by meaning, for one frame.

use ratatui::style::Style;

use crate::model::{DeviceState, IfStatus, Severity, Time};
use crate::ui::{Ctx, Glyphs, Role};

use super::time;

/// The roles that every view needs as styles, the glyphs, and the frame's context.
pub struct Ink<'a> {
    /// The frame's context.
    pub ctx: &'a Ctx<'a>,
    /// The glyphs.
    pub g: &'static Glyphs,
    /// Data.
    pub text: Style,
    /// Context.
    pub dim: Style,
    /// Rules, the tail of things.
    pub faint: Style,
    /// What the eye should find first among data.
    pub strong: Style,
    /// The title of a part of a screen.
    pub heading: Style,
    /// The program's own colour: the cursor, the open tab.
    pub accent: Style,
    /// Lies over the row under the cursor; nothing where nobody is at the keyboard.
    pub selected: Style,
    /// Stands before the row under the cursor; blank where nobody is at the keyboard.
    pub cursor: &'static str,
    /// A frame around something that is well.
    pub border: Style,
}

impl<'a> Ink<'a> {
    /// For one frame.
    pub fn of(ctx: &'a Ctx<'a>) -> Self {
        let style = |role| ctx.theme.style(role);
        Self {
            ctx,
            g: ctx.glyphs,
            text: style(Role::Text),
            dim: style(Role::Dim),
            faint: style(Role::Faint),
            strong: style(Role::Strong),
            heading: style(Role::Heading),
            accent: style(Role::Accent),
            selected: if ctx.unattended {
                Style::new()
            } else {
                style(Role::Selection)
            },
            cursor: if ctx.unattended {
                " "
            } else {
                ctx.glyphs.cursor
            },
            border: style(Role::Border),
        }
    }

    /// Any other role.
    pub fn role(&self, role: Role) -> Style {
        self.ctx.theme.style(role)
    }

    /// Glyph and style of a state. Up is dim: when all is well the panel is quiet.
    pub fn state(&self, state: DeviceState) -> (&'static str, Style) {
        (self.g.state(state), self.ctx.theme.state(state))
    }

    /// Style of words about something this bad.
    pub fn severity(&self, severity: Severity) -> Style {
        self.ctx.theme.severity(severity)
    }

    /// Style of a badge: the worst stands on a ground of its own, so that it is seen without hue.
    pub fn badge(&self, severity: Severity) -> Style {
        self.ctx.theme.badge(severity)
    }

    /// A severity in at most five columns: upper case is worse.
    pub fn severity_word(severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => "CRIT",
            Severity::Major => "MAJOR",
            Severity::Minor => "minor",
            Severity::Info => "info",
        }
    }

    /// Glyph, word and style of an interface. A port that nobody uses is no fault: only its words say that it is down.
    pub fn port(&self, admin: IfStatus, oper: IfStatus) -> (&'static str, &'static str, Style) {
        match (admin, oper) {
            (_, IfStatus::Up) => (self.g.up, "up", self.role(Role::Up)),
            (IfStatus::Down, _) => (self.g.none, "off", self.faint),
            (_, IfStatus::Unknown) => (self.g.unknown, "unknown", self.role(Role::Unknown)),
            (_, IfStatus::NotPresent) => (self.g.none, "absent", self.faint),
            (_, IfStatus::LowerLayerDown) => (self.g.down, "lower", self.dim),
            (_, other) => (self.g.down, other.word(), self.dim),
        }
    }

    /// A short age: `4m`; a dash for a time that never was.
    pub fn age(&self, since: Time) -> String {
        if since == Time::default() {
            return self.g.none.to_string();
        }
        time::age(self.ctx.now.since(since))
    }

    /// An age in a sentence: `4 min`.
    pub fn age_words(&self, since: Time) -> String {
        time::age_words(self.ctx.now.since(since))
    }

    /// Local time of day; a dash for a time that never was.
    pub fn clock(&self, at: Time) -> String {
        if at == Time::default() {
            return self.g.none.to_string();
        }
        time::clock(at, self.ctx.now, self.ctx.zone)
    }

    /// The text, or a dash where there is none.
    pub fn or_none<'t>(&self, text: &'t str) -> &'t str {
        if text.is_empty() { self.g.none } else { text }
    }

    /// ` · ` between parts of a sentence.
    pub fn between(&self) -> String {
        format!(" {} ", self.g.dot)
    }
}
