//! Colours by meaning: a view asks for a [`Role`], a theme file says how it looks, the terminal says how much of that it can.
//!
//! Hue is the third word only: weight and reverse carry severity, a glyph and a word repeat it.

mod contrast;
mod read;
#[cfg(test)]
mod tests;

use std::path::Path;

use ratatui::style::Style;

use crate::config::{ConfigErrors, Problem};
use crate::model::{DeviceState, Severity, Text};

use super::color::ColorDepth;

pub use contrast::contrast_milli;
pub use read::FILE_CAP;

macro_rules! roles {
    ($(#[doc = $doc:literal] $name:ident $word:literal $kind:ident,)*) => {
        /// What a cell means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $(#[doc = $doc] $name,)*
        }

        impl Role {
            /// Every role, in the order of the enumeration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in theme files.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it stands for on the screen, in words.
            pub fn used(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }.trim()
            }

            /// How well it must be told from its ground.
            pub fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }
        }
    };
}

roles! {
    /// Data, and the ground of the screen.
    Text "text" Read,
    /// Context.
    Dim "dim" Mark,
    /// Even less: rules, the tail of things.
    Faint "faint" Quiet,
    /// What the eye should find: names, numbers.
    Strong "strong" Read,
    /// The title of a part of a screen.
    Heading "heading" Mark,
    /// The one colour of the program's own.
    Accent "accent" Read,
    /// A key that can be pressed.
    Key "key" Read,
    /// A view that is not open.
    Tab "tab" Mark,
    /// The one that is.
    TabActive "tab-active" Read,
    /// The row or tile under the cursor.
    Selection "selection" Read,
    /// Not yet seen.
    New "new" Read,
    /// Text being typed.
    Input "input" Read,
    /// What would complete it.
    Ghost "ghost" Quiet,
    /// Letters that matched.
    Match "match" Read,
    /// Severity critical, as text.
    Critical "critical" Read,
    /// Severity critical, as a badge.
    CriticalBadge "critical-badge" Read,
    /// Severity major, as text.
    Major "major" Read,
    /// Severity major, as a badge.
    MajorBadge "major-badge" Read,
    /// Severity minor, as text.
    Minor "minor" Read,
    /// Severity minor, as a badge.
    MinorBadge "minor-badge" Read,
    /// Severity info, as text.
    Info "info" Read,
    /// Severity info, as a badge.
    InfoBadge "info-badge" Read,
    /// A device that is well.
    Up "up" Mark,
    /// A device with which something is wrong.
    Degraded "degraded" Read,
    /// A device that is gone.
    Down "down" Read,
    /// A device that can't be judged.
    Unknown "unknown" Mark,
    /// Held back.
    Muted "muted" Mark,
    /// Around an object.
    Border "border" Quiet,
    /// Around the object under the cursor.
    BorderFocus "border-focus" Mark,
    /// Around an object with a major or minor alert.
    BorderWarn "border-warn" Mark,
    /// Around an object with a critical alert.
    BorderAlert "border-alert" Mark,
    /// A link that is up.
    LinkUp "link-up" Mark,
    /// A link with much load.
    LinkBusy "link-busy" Mark,
    /// A link near its speed.
    LinkSaturated "link-saturated" Mark,
    /// A link with errors.
    LinkErrors "link-errors" Mark,
    /// A link that is down.
    LinkDown "link-down" Mark,
    /// A bar.
    Bar "bar" Mark,
    /// A bar past its mark.
    BarHigh "bar-high" Mark,
    /// A sparkline.
    Spark "spark" Mark,
    /// What is shown is what is.
    Live "live" Read,
    /// Held still by the viewer.
    Paused "paused" Read,
    /// A recording.
    Replay "replay" Read,
    /// Not to be trusted as the present.
    Stale "stale" Read,
    /// The ground of a dialog.
    Popup "popup" Read,
    /// It worked.
    Ok "ok" Read,
    /// It did not.
    Error "error" Read,
}

/// How well a role must be told from its ground (WCAG 2.2, 1.4.3 and 1.4.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is read: 4.5.
    Read,
    /// A mark, or context beside what is read: 3.
    Mark,
    /// It only decorates.
    Quiet,
}

impl Kind {
    /// The least contrast, in thousandths.
    pub fn floor_milli(self) -> Option<u32> {
        match self {
            Self::Read => Some(4_500),
            Self::Mark => Some(3_000),
            Self::Quiet => None,
        }
    }
}

/// A name that no theme has.
#[derive(Debug, thiserror::Error)]
#[error("there is no theme '{name}'; there are {known}")]
pub struct NoSuchTheme {
    /// What was asked for.
    name: String,
    /// What there is.
    known: String,
}

/// A theme and what is to be said about it, or all that is wrong with its file.
pub type Made = Result<(Theme, Vec<Problem>), ConfigErrors>;

/// The themes that are built in: name, file.
const BUILT_IN: [(&str, &str); 7] = [
    ("terminal", include_str!("../../../themes/terminal.toml")),
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    (
        "deuteranopia",
        include_str!("../../../themes/deuteranopia.toml"),
    ),
    (
        "tritanopia",
        include_str!("../../../themes/tritanopia.toml"),
    ),
    ("mono", include_str!("../../../themes/mono.toml")),
];

/// How every role looks on this terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: Vec<Style>,
}

impl Theme {
    /// Names of the built-in themes, the default first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in theme, brought down to what the terminal can show. Without colours every theme is `mono`.
    pub fn built_in(name: &str, depth: ColorDepth) -> Result<Self, NoSuchTheme> {
        let wanted = match (depth, source_of(name)) {
            (ColorDepth::None, Some(_)) => "mono",
            _ => name,
        };
        let none = || NoSuchTheme {
            name: Text::from(name).as_str().into(),
            known: Self::names().collect::<Vec<_>>().join(", "),
        };
        let source = source_of(wanted).ok_or_else(none)?;
        // what is built in is whole, which a test holds
        let made = Self::read(source, Path::new(wanted), depth);
        made.map(|(theme, _)| theme).map_err(|_| none())
    }

    /// The text of a built-in theme's file.
    pub fn source(name: &str) -> Option<&'static str> {
        source_of(name)
    }

    /// A theme out of a file's text, which may inherit a built-in one; `place` is named in what is said about it.
    pub fn read(text: &str, place: &Path, depth: ColorDepth) -> Made {
        read::read(text, place, depth)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a role looks. Patch it over what is there: a role without a ground keeps the one below.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// A severity as text.
    pub fn severity(&self, severity: Severity) -> Style {
        self.style(match severity {
            Severity::Critical => Role::Critical,
            Severity::Major => Role::Major,
            Severity::Minor => Role::Minor,
            Severity::Info => Role::Info,
        })
    }

    /// A severity as a badge.
    pub fn badge(&self, severity: Severity) -> Style {
        self.style(match severity {
            Severity::Critical => Role::CriticalBadge,
            Severity::Major => Role::MajorBadge,
            Severity::Minor => Role::MinorBadge,
            Severity::Info => Role::InfoBadge,
        })
    }

    /// A device's state.
    pub fn state(&self, state: DeviceState) -> Style {
        self.style(match state {
            DeviceState::Up => Role::Up,
            DeviceState::Degraded => Role::Degraded,
            DeviceState::Down => Role::Down,
            DeviceState::Unknown => Role::Unknown,
        })
    }

    /// The frame of an object by its worst alert.
    pub fn border(&self, worst: Option<Severity>) -> Style {
        self.style(match worst {
            Some(Severity::Critical) => Role::BorderAlert,
            Some(Severity::Major | Severity::Minor) => Role::BorderWarn,
            Some(Severity::Info) | None => Role::Border,
        })
    }
}

impl Default for Theme {
    /// `terminal` in sixteen colours; the built-in files are held to parse by a test.
    fn default() -> Self {
        Self::built_in("terminal", ColorDepth::Sixteen).unwrap_or_else(|_| Self {
            name: String::new(),
            styles: Vec::new(),
        })
    }
}

fn source_of(name: &str) -> Option<&'static str> {
    BUILT_IN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, source)| *source)
}
