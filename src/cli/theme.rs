//! `--theme`, and `wardwatch theme`: one that is built in by its name, or a person's own out of a file.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use color_eyre::eyre::Result;
use ratatui::style::{Color, Modifier, Style};
use serde_json::json;

use super::args::{Global, ListFormat, ThemeCommand};
use super::output::Listing;
use super::{Done, usage};
use crate::model::Text;
use crate::ui::color::{self, ColorDepth};
use crate::ui::theme::{FILE_CAP, contrast_milli};
use crate::ui::{Role, Theme};

/// A person's own, in their configuration folder.
const OWN: &str = "theme.toml";

/// Which theme was chosen.
pub struct Chosen {
    /// Its name, where it is built in.
    pub name: String,
    /// The text of its file, else.
    pub own: Option<Arc<str>>,
    /// Where that is: the screen follows what is written there.
    pub file: Option<PathBuf>,
    /// Why it is not the one in the person's configuration folder: that has mistakes, and a screen in other colours is worth
    /// more than none.
    pub trouble: Option<String>,
}

impl Chosen {
    fn built_in(name: &str) -> Self {
        Self {
            name: name.into(),
            own: None,
            file: None,
            trouble: None,
        }
    }
}

/// What `--theme` says, or else the person's own file. What was named must be good.
pub fn chosen(global: &Global) -> Result<Chosen> {
    let Some(said) = &global.theme else {
        let Some(path) = own_file().filter(|path| path.exists()) else {
            return Ok(Chosen::built_in("terminal"));
        };
        return Ok(own(&path).unwrap_or_else(|e| Chosen {
            trouble: Some(format!(
                "theme as shipped: {}",
                e.to_string().lines().next().unwrap_or_default()
            )),
            // it may be put right while the screen is there
            file: Some(path),
            ..Chosen::built_in("terminal")
        }));
    };
    if is_file(said) {
        return own(Path::new(said)).map_err(|e| usage(format!("--theme {e}")));
    }
    if Theme::source(said).is_some() {
        return Ok(Chosen::built_in(said));
    }
    Err(no_such("--theme ", said))
}

fn is_file(said: &str) -> bool {
    said.contains('/') || Path::new(said).extension().is_some_and(|e| e == "toml")
}

fn no_such(by: &str, said: &str) -> color_eyre::Report {
    let known: Vec<&str> = Theme::names().collect();
    usage(format!(
        "{by}'{}': there are {}; for a file of your own write its path, such as ./mine.toml",
        Text::from(said),
        known.join(", ")
    ))
}

fn own_file() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "wardwatch")?;
    Some(dirs.config_dir().join(OWN))
}

fn text_of(path: &Path) -> Result<String> {
    let place = path.to_string_lossy();
    let bad = |e: std::io::Error| usage(format!("{}: {e}", Text::from(place.as_ref())));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(bad)?;
    // one octet more, so that a file that is too long is seen to be
    let mut file = file.take(FILE_CAP as u64 + 1);
    file.read_to_string(&mut text).map_err(bad)?;
    Ok(text)
}

fn own(path: &Path) -> Result<Chosen> {
    let text = text_of(path)?;
    let (theme, _) = Theme::read(&text, path, ColorDepth::True).map_err(usage)?;
    Ok(Chosen {
        name: theme.name().into(),
        own: Some(text.into()),
        file: Some(path.to_path_buf()),
        trouble: None,
    })
}

/// `wardwatch theme`
pub fn theme(global: &Global, command: &ThemeCommand) -> Result<Done> {
    match command {
        ThemeCommand::List { format } => list(*format)?,
        ThemeCommand::Check { which } => check(which)?,
        ThemeCommand::Inspect { which, format } => {
            let (text, place) = match which {
                Some(said) => named(said)?,
                None => in_force(global)?,
            };
            inspect(&text, &place, *format)?;
        }
    }
    Ok(Done::Done)
}

/// The text of a theme, and what its place is called.
fn named(said: &str) -> Result<(String, PathBuf)> {
    if is_file(said) {
        return Ok((text_of(Path::new(said))?, PathBuf::from(said)));
    }
    let text = Theme::source(said).ok_or_else(|| no_such("theme ", said))?;
    Ok((text.into(), PathBuf::from(said)))
}

fn in_force(global: &Global) -> Result<(String, PathBuf)> {
    let chosen = chosen(global)?;
    if let Some(trouble) = chosen.trouble {
        return Err(usage(trouble));
    }
    match (chosen.own, chosen.file) {
        (Some(text), Some(file)) => Ok((text.as_ref().into(), file)),
        _ => named(&chosen.name),
    }
}

fn list(format: Option<ListFormat>) -> Result<()> {
    let mut listing = Listing::new(&["name", "what"]);
    for name in Theme::names() {
        // the first lines of each file say what it is for
        let source = Theme::source(name).unwrap_or_default();
        let what = source.lines().next().unwrap_or_default();
        listing.row(vec![
            json!(name),
            json!(what.trim_start_matches(['#', ' '])),
        ]);
    }
    if let Some(path) = own_file().filter(|path| path.exists()) {
        let place = path.to_string_lossy();
        listing.row(vec![
            json!("theme.toml"),
            json!(format!("your own: {}", Text::from(place.as_ref()))),
        ]);
    }
    Ok(listing.print(format)?)
}

fn check(said: &str) -> Result<()> {
    let (text, place) = named(said)?;
    let (theme, warnings) = Theme::read(&text, &place, ColorDepth::True).map_err(usage)?;
    let mut out = std::io::stdout().lock();
    for warning in warnings {
        writeln!(out, "{warning}")?;
    }
    let place = place.to_string_lossy();
    writeln!(
        out,
        "{}: good; theme {}",
        Text::from(place.as_ref()),
        Text::from(theme.name())
    )?;
    Ok(())
}

fn inspect(text: &str, place: &Path, format: Option<ListFormat>) -> Result<()> {
    let read = |depth| Theme::read(text, place, depth).map_err(usage);
    let (full, _) = read(ColorDepth::True)?;
    let (many, _) = read(ColorDepth::TwoHundredFiftySix)?;
    let (few, _) = read(ColorDepth::Sixteen)?;
    let none = Theme::built_in("mono", ColorDepth::None)?;
    let mut listing = Listing::new(&[
        "role",
        "truecolor",
        "256",
        "16",
        "none",
        "contrast",
        "needs",
        "used",
    ]);
    let ratio = |milli: Option<u32>| {
        milli.map_or(serde_json::Value::Null, |m| {
            json!(format!("{}.{}", m / 1000, m % 1000 / 100))
        })
    };
    for role in Role::ALL {
        listing.row(vec![
            json!(role.word()),
            json!(look(full.style(*role))),
            json!(look(many.style(*role))),
            json!(look(few.style(*role))),
            json!(look(none.style(*role))),
            ratio(contrast_milli(&full, *role)),
            ratio(role.kind().floor_milli()),
            json!(role.used()),
        ]);
    }
    Ok(listing.print(format)?)
}

/// `#ff5f5f on #000000 bold`
fn look(style: Style) -> String {
    let shown = |c: Option<Color>| c.filter(|c| *c != Color::Reset).map(color::word);
    let mut words = Vec::new();
    words.extend(shown(style.fg));
    words.extend(shown(style.bg).map(|bg| format!("on {bg}")));
    for (modifier, word) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underline"),
        (Modifier::REVERSED, "reverse"),
    ] {
        if style.add_modifier.contains(modifier) {
            words.push(word.into());
        }
    }
    if words.is_empty() {
        return "default".into();
    }
    words.join(" ")
}
