//! A line as the palette takes it: an action by its name, a view with a filter, a theme, a column to sort by, a device or a segment
//! by its name.

use crate::actions::registry::{self, ACTIONS, Action};
use crate::config::word;

use super::theme::Theme;

/// The views that a line opens by their names.
pub const VIEWS: [&str; 5] = ["board", "map", "alerts", "devices", "runs"];

/// What takes words, and of what kind, for help and completion.
pub const COMMANDS: [(&str, &str); 7] = [
    ("go", "NAME: goes to a place that is kept"),
    ("device", "NAME, ADDRESS or TAG: opens the device"),
    ("segment", "NAME: opens the segment"),
    ("filter", "WORDS: filters what is shown"),
    ("sort", "COLUMN: sorts what is shown"),
    ("theme", "NAME: changes the colours"),
    ("-", "goes to the last view"),
];

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// An action of the registry.
    Action(&'static Action),
    /// A view, and what is to be shown of it; no words leave its filter as it is.
    View(&'static str, Option<String>),
    /// A theme that is built in.
    Theme(String),
    /// The device of a name, an address or a tag.
    Device(String),
    /// The segment of a name.
    Segment(String),
    /// The place that is kept by that name.
    Go(String),
    /// What is shown of the view that is open.
    Filter(String),
    /// By which column the view that is open is sorted.
    Sort(String),
}

impl Line {
    /// Reads it, or says why it is none.
    pub fn read(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let line = line.strip_prefix(':').unwrap_or(line).trim_start();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if let Some(view) = VIEWS.into_iter().find(|view| *view == first) {
            return Ok(Self::View(
                view,
                (!rest.is_empty()).then(|| rest.to_owned()),
            ));
        }
        let of = |make: fn(String) -> Self| match rest {
            "" => Err(format!("{first} of what? Write {first} NAME")),
            words => Ok(make(words.to_owned())),
        };
        match first {
            "-" if rest.is_empty() => Self::action("view-previous"),
            "device" => of(Self::Device),
            "segment" => of(Self::Segment),
            "sort" => of(Self::Sort),
            "go" => of(Self::Go),
            "filter" => Ok(Self::Filter(rest.to_owned())),
            "theme" if Theme::names().any(|name| name == rest) => Ok(Self::Theme(rest.to_owned())),
            "theme" => Err(format!(
                "theme {}: there are {}",
                word::quote(rest),
                Theme::names().collect::<Vec<_>>().join(", ")
            )),
            name if rest.is_empty() => Self::action(name),
            name => match registry::action(name) {
                Some(_) => Err(format!("{name} takes no words")),
                None => Self::action(name),
            },
        }
    }

    fn action(name: &str) -> Result<Self, String> {
        registry::action(name).map(Self::Action).ok_or_else(|| {
            let known = ACTIONS.iter().map(|a| a.name);
            let commands = COMMANDS.iter().map(|(name, _)| *name);
            let hint = match name {
                "" => return "write an action, a view or a command".to_owned(),
                name => word::hint(name, known.chain(VIEWS).chain(commands)),
            };
            format!("there is no action or command {}{hint}", word::quote(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_action_a_view_with_a_filter_or_a_command() {
        let action = |name| Ok(Line::Action(registry::action(name).unwrap()));
        let of = |words: &str| Some(words.to_owned());
        for (line, want) in [
            ("acknowledge", action("acknowledge")),
            (":-", action("view-previous")),
            ("devices", Ok(Line::View("devices", None))),
            (
                " : devices  class:pump -state:up ",
                Ok(Line::View("devices", of("class:pump -state:up"))),
            ),
            ("theme dark", Ok(Line::Theme("dark".into()))),
            (
                "device vent-icu3-07",
                Ok(Line::Device("vent-icu3-07".into())),
            ),
            ("segment ICU 3", Ok(Line::Segment("ICU 3".into()))),
            ("filter", Ok(Line::Filter(String::new()))),
            ("sort name", Ok(Line::Sort("name".into()))),
            ("device", Err("device of what? Write device NAME".into())),
            (
                "acknowlege",
                Err(
                    "there is no action or command 'acknowlege'; did you mean 'acknowledge'?"
                        .into(),
                ),
            ),
            ("run ping", Err("run takes no words".into())),
            ("", Err("write an action, a view or a command".into())),
        ] {
            assert_eq!(Line::read(line), want, "{line}");
        }
        let why = Line::read("theme pink").unwrap_err();
        assert!(
            why.starts_with("theme 'pink': there are terminal, dark"),
            "{why}"
        );
    }
}
