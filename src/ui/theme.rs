//! Colours by meaning: a view asks for a [`Role`], a theme file says how it looks, the terminal says how much of that it can.
//!
//! Hue is the third word only: weight and reverse carry severity, a glyph and a word repeat it.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::model::{DeviceState, Severity};

use super::color::{self, ColorDepth};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident $word:literal,)*) => {
        /// What a cell means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $name,)*
        }

        impl Role {
            /// Every role, in the order of the enumeration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in theme files.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

roles! {
    /// Data, and the ground of the screen.
    Text "text",
    /// Context.
    Dim "dim",
    /// Even less: rules, the tail of things.
    Faint "faint",
    /// What the eye should find: names, numbers.
    Strong "strong",
    /// The title of a part of a screen.
    Heading "heading",
    /// The one colour of the program's own.
    Accent "accent",
    /// A key that can be pressed.
    Key "key",
    /// A view that is not open.
    Tab "tab",
    /// The one that is.
    TabActive "tab-active",
    /// The row or tile under the cursor.
    Selection "selection",
    /// Not yet seen.
    New "new",
    /// Text being typed.
    Input "input",
    /// What would complete it.
    Ghost "ghost",
    /// Letters that matched.
    Match "match",
    /// Severity critical, as text.
    Critical "critical",
    /// Severity critical, as a badge.
    CriticalBadge "critical-badge",
    /// Severity major, as text.
    Major "major",
    /// Severity major, as a badge.
    MajorBadge "major-badge",
    /// Severity minor, as text.
    Minor "minor",
    /// Severity minor, as a badge.
    MinorBadge "minor-badge",
    /// Severity info, as text.
    Info "info",
    /// Severity info, as a badge.
    InfoBadge "info-badge",
    /// A device that is well.
    Up "up",
    /// A device with which something is wrong.
    Degraded "degraded",
    /// A device that is gone.
    Down "down",
    /// A device that can't be judged.
    Unknown "unknown",
    /// Held back.
    Muted "muted",
    /// Around an object.
    Border "border",
    /// Around the object under the cursor.
    BorderFocus "border-focus",
    /// Around an object with a major or minor alert.
    BorderWarn "border-warn",
    /// Around an object with a critical alert.
    BorderAlert "border-alert",
    /// A link that is up.
    LinkUp "link-up",
    /// A link with much load.
    LinkBusy "link-busy",
    /// A link near its speed.
    LinkSaturated "link-saturated",
    /// A link with errors.
    LinkErrors "link-errors",
    /// A link that is down.
    LinkDown "link-down",
    /// A bar.
    Bar "bar",
    /// A bar past its mark.
    BarHigh "bar-high",
    /// A sparkline.
    Spark "spark",
    /// What is shown is what is.
    Live "live",
    /// Held still by the viewer.
    Paused "paused",
    /// A recording.
    Replay "replay",
    /// Not to be trusted as the present.
    Stale "stale",
    /// The ground of a dialog.
    Popup "popup",
    /// It worked.
    Ok "ok",
    /// It did not.
    Error "error",
}

/// A theme file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No such theme.
    #[error("there is no theme '{name}'; there are {known}")]
    NoSuch {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Not TOML, or not a theme.
    #[error("{place}: {why}")]
    Bad {
        /// Which file.
        place: String,
        /// What is wrong, with line and column.
        why: String,
    },
    /// A word that is no role.
    #[error("{place}: '{word}' is no role; roles are {known}")]
    Role {
        /// Which file.
        place: String,
        /// The word.
        word: String,
        /// What there is.
        known: String,
    },
    /// A word that is no colour.
    #[error(
        "{place}: role {role}: '{word}' is no colour; write #rrggbb, red, bright-red, gray-12, ansi-208 or a word of [palette]"
    )]
    Colour {
        /// Which file.
        place: String,
        /// Which role.
        role: String,
        /// The word.
        word: String,
    },
    /// A word that is no modifier.
    #[error(
        "{place}: role {role}: '{word}' is no modifier; write bold, dim, italic, underline or reverse"
    )]
    Modifier {
        /// Which file.
        place: String,
        /// Which role.
        role: String,
        /// The word.
        word: String,
    },
}

/// The themes that are built in: name, file.
const BUILT_IN: [(&str, &str); 7] = [
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../themes/high-contrast.toml"),
    ),
    (
        "deuteranopia",
        include_str!("../../themes/deuteranopia.toml"),
    ),
    ("tritanopia", include_str!("../../themes/tritanopia.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    name: String,
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    roles: BTreeMap<String, Look>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Look {
    Fg(String),
    Full(FullLook),
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FullLook {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    mods: Vec<String>,
}

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
    pub fn built_in(name: &str, depth: ColorDepth) -> Result<Self, ThemeError> {
        let name = match (depth, name) {
            (ColorDepth::None, known) if source_of(known).is_some() => "mono",
            (_, other) => other,
        };
        let Some(source) = source_of(name) else {
            return Err(ThemeError::NoSuch {
                name: name.into(),
                known: Self::names().collect::<Vec<_>>().join(", "),
            });
        };
        Self::from_toml(source, &format!("themes/{name}.toml"), depth)
    }

    /// A theme from a file's text; it may inherit a built-in one. `place` is named in errors.
    pub fn from_toml(source: &str, place: &str, depth: ColorDepth) -> Result<Self, ThemeError> {
        let mut chain = vec![parse(source, place)?];
        let mut places = vec![place.to_owned()];
        while let Some(parent) = chain.last().and_then(|file| file.inherits.clone()) {
            // built-in themes inherit one step; a user's file may stand on one of those
            if chain.len() > 4 {
                return Err(ThemeError::Bad {
                    place: place.into(),
                    why: "themes inherit in a circle".into(),
                });
            }
            let source = source_of(&parent).ok_or_else(|| ThemeError::NoSuch {
                name: parent.clone(),
                known: Self::names().collect::<Vec<_>>().join(", "),
            })?;
            let place = format!("themes/{parent}.toml");
            chain.push(parse(source, &place)?);
            places.push(place);
        }
        let name = chain.first().map_or_else(String::new, |f| f.name.clone());
        let mut palette = BTreeMap::new();
        let mut looks: BTreeMap<String, (Look, String)> = BTreeMap::new();
        for (file, place) in chain.into_iter().zip(places).rev() {
            palette.extend(file.palette);
            for (word, look) in file.roles {
                if !Role::ALL.iter().any(|role| role.word() == word) {
                    return Err(ThemeError::Role {
                        place,
                        word,
                        known: Role::ALL
                            .iter()
                            .map(|role| role.word())
                            .collect::<Vec<_>>()
                            .join(", "),
                    });
                }
                looks.insert(word, (look, place.clone()));
            }
        }
        let mut styles = Vec::with_capacity(Role::ALL.len());
        for role in Role::ALL {
            let style = match looks.get(role.word()) {
                Some((look, place)) => resolve(look, &palette, place, role.word(), depth)?,
                None => Style::new(),
            };
            styles.push(style);
        }
        Ok(Self { name, styles })
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

fn parse(source: &str, place: &str) -> Result<ThemeFile, ThemeError> {
    toml::from_str(source).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        let before = source.get(..at).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        ThemeError::Bad {
            place: format!("{place}:{line}:{column}"),
            why: e.message().trim_end().replace('\n', "; "),
        }
    })
}

fn resolve(
    look: &Look,
    palette: &BTreeMap<String, String>,
    place: &str,
    role: &str,
    depth: ColorDepth,
) -> Result<Style, ThemeError> {
    let full = match look {
        Look::Fg(word) => FullLook {
            fg: Some(word.clone()),
            ..FullLook::default()
        },
        Look::Full(full) => full.clone(),
    };
    let colour = |word: &String| -> Result<Color, ThemeError> {
        let word = palette.get(word).unwrap_or(word);
        color::parse(word)
            .map(|c| color::reduce(c, depth))
            .ok_or_else(|| ThemeError::Colour {
                place: place.into(),
                role: role.into(),
                word: word.clone(),
            })
    };
    let mut style = Style::new();
    if let Some(word) = &full.fg {
        style = style.fg(colour(word)?);
    }
    if let Some(word) = &full.bg {
        style = style.bg(colour(word)?);
    }
    for word in &full.mods {
        style = style.add_modifier(match word.as_str() {
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            _ => {
                return Err(ThemeError::Modifier {
                    place: place.into(),
                    role: role.into(),
                    word: word.clone(),
                });
            }
        });
    }
    // a colour that fell onto its own ground would hide what it says
    if depth != ColorDepth::None && style.fg.is_some() && style.fg == style.bg {
        style.fg = None;
        style.bg = None;
        style = style.add_modifier(Modifier::REVERSED);
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPTHS: [ColorDepth; 4] = [
        ColorDepth::True,
        ColorDepth::TwoHundredFiftySix,
        ColorDepth::Sixteen,
        ColorDepth::None,
    ];

    #[test]
    fn every_built_in_theme_says_how_every_role_looks_at_every_depth() {
        for name in Theme::names() {
            let source = source_of(name).unwrap();
            assert_eq!(parse(source, name).unwrap().name, name);
            for depth in DEPTHS {
                let theme = Theme::built_in(name, depth).unwrap();
                assert_eq!(theme.styles.len(), Role::ALL.len());
                for role in [
                    Role::Dim,
                    Role::Critical,
                    Role::Down,
                    Role::Selection,
                    Role::Stale,
                ] {
                    assert_ne!(theme.style(role), Style::new(), "{name} {depth:?} {role:?}");
                }
            }
        }
        for word in Role::ALL.iter().map(|r| r.word()) {
            for root in ["terminal", "dark", "mono"] {
                let file = parse(source_of(root).unwrap(), root).unwrap();
                assert!(file.roles.contains_key(word), "{root} leaves {word} out");
            }
        }
    }

    #[test]
    fn severities_and_states_are_told_apart_without_hue() {
        for name in Theme::names() {
            for depth in DEPTHS {
                let theme = Theme::built_in(name, depth).unwrap();
                // critical outweighs major or stands on a ground of its own
                let weight = |s: Style| {
                    (
                        s.add_modifier.contains(Modifier::REVERSED)
                            || s.bg.is_some_and(|c| c != Color::Reset),
                        s.add_modifier.contains(Modifier::BOLD),
                        s.add_modifier.contains(Modifier::UNDERLINED),
                    )
                };
                let [critical, major, minor] =
                    [Severity::Critical, Severity::Major, Severity::Minor]
                        .map(|s| weight(theme.badge(s)));
                assert!(critical > major, "{name} {depth:?}");
                assert!(major > minor, "{name} {depth:?}");
                let [down, up] =
                    [DeviceState::Down, DeviceState::Up].map(|s| weight(theme.state(s)));
                assert!(down > up, "{name} {depth:?}");
            }
        }
    }

    #[test]
    fn without_colours_no_theme_uses_one() {
        for name in Theme::names() {
            let theme = Theme::built_in(name, ColorDepth::None).unwrap();
            assert!(theme.styles.iter().all(|s| {
                s.fg.is_none_or(|c| c == Color::Reset) && s.bg.is_none_or(|c| c == Color::Reset)
            }));
        }
    }

    #[test]
    fn text_keeps_its_contrast_in_truecolor() {
        // WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for what is read, 3 for what is big or a mark; faint things only decorate
        for (name, dim_floor) in [
            ("dark", 3_000),
            ("light", 4_000),
            ("high-contrast", 7_000),
            ("deuteranopia", 3_000),
            ("tritanopia", 3_000),
        ] {
            let theme = Theme::built_in(name, ColorDepth::True).unwrap();
            let ground = theme.style(Role::Text).bg.unwrap();
            for (role, floor) in [
                (Role::Text, 7_000),
                (Role::Strong, 7_000),
                (Role::Accent, 4_500),
                (Role::Critical, 4_500),
                (Role::Major, 4_500),
                (Role::Minor, 4_500),
                (Role::Dim, dim_floor),
                (Role::CriticalBadge, 4_500),
                (Role::Paused, 4_500),
                (Role::Replay, 4_500),
                (Role::Stale, 4_500),
                (Role::Selection, 4_500),
            ] {
                let style = theme.style(role);
                let ratio =
                    color::contrast_milli(style.fg.unwrap(), style.bg.unwrap_or(ground)).unwrap();
                assert!(
                    ratio >= floor,
                    "{name} {role:?}: {ratio}/1000 below {floor}"
                );
            }
        }
    }

    #[test]
    fn sixteen_colours_keep_red_red() {
        let theme = Theme::built_in("dark", ColorDepth::Sixteen).unwrap();
        assert!(matches!(
            theme.style(Role::Critical).fg,
            Some(Color::Red | Color::LightRed)
        ));
        assert!(matches!(
            theme.style(Role::Major).fg,
            Some(Color::Yellow | Color::LightYellow)
        ));
    }

    #[test]
    fn a_wrong_file_says_what_and_where() {
        let err = |toml: &str| {
            Theme::from_toml(toml, "mine.toml", ColorDepth::True)
                .unwrap_err()
                .to_string()
        };
        assert!(err("name = 3").starts_with("mine.toml:1:8: "));
        let open = err("name = 'x'\n[roles");
        assert!(
            open.starts_with("mine.toml:2:7: ") && !open.contains('\n'),
            "{open}"
        );
        assert!(err("name = 'x'\n[roles]\ncritcal = 'red'").contains("'critcal' is no role"));
        assert!(err("name = 'x'\n[roles]\ncritical = 'rde'").contains("'rde' is no colour"));
        assert!(
            err("name = 'x'\n[roles]\ncritical = { mods = ['blink'] }")
                .contains("'blink' is no modifier")
        );
        assert!(err("name = 'x'\ninherits = 'drak'").contains("no theme 'drak'"));
        assert!(err("name = 'x'\ncolour = 1").contains("unknown field"));
    }

    #[test]
    fn a_users_file_stands_on_a_built_in_one() {
        let mine = Theme::from_toml(
            "name = 'mine'\ninherits = 'light'\n[palette]\nsky = '#112233'",
            "mine.toml",
            ColorDepth::True,
        )
        .unwrap();
        assert_eq!(
            mine.style(Role::Accent).fg,
            Some(Color::Rgb(0x11, 0x22, 0x33))
        );
        let light = Theme::built_in("light", ColorDepth::True).unwrap();
        assert_eq!(mine.style(Role::Critical), light.style(Role::Critical));
    }
}
