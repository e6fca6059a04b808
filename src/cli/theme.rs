//! `--theme`: one that is built in by its name, or a person's own out of a file.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use color_eyre::eyre::Result;

use super::args::Global;
use super::usage;
use crate::model::Text;
use crate::ui::Theme;
use crate::ui::color::ColorDepth;

/// Octets of a theme file.
const CAP: u64 = 256 << 10;

/// Which theme was chosen.
pub struct Chosen {
    /// Its name, where it is built in.
    pub name: String,
    /// The text of its file, else.
    pub own: Option<Arc<str>>,
}

/// What `--theme` says, found good.
pub fn chosen(global: &Global) -> Result<Chosen> {
    let Some(said) = &global.theme else {
        return Ok(Chosen {
            name: "terminal".into(),
            own: None,
        });
    };
    let is_file = said.contains('/') || Path::new(said).extension().is_some_and(|e| e == "toml");
    if is_file {
        return own(said);
    }
    if Theme::names().any(|known| known == said) {
        return Ok(Chosen {
            name: said.clone(),
            own: None,
        });
    }
    let known: Vec<&str> = Theme::names().collect();
    Err(usage(format!(
        "--theme '{}': there are {}; for a file of your own write its path, such as ./mine.toml",
        Text::from(said.as_str()),
        known.join(", ")
    )))
}

fn own(path: &str) -> Result<Chosen> {
    let place = Text::from(path);
    let bad = |why: &dyn std::fmt::Display| usage(format!("--theme {}: {why}", place.as_str()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| bad(&e))?;
    let read = file.take(CAP + 1).read_to_string(&mut text);
    read.map_err(|e| bad(&e))?;
    if text.len() as u64 > CAP {
        return Err(bad(&format!("it is longer than {} kB", CAP >> 10)));
    }
    let theme = Theme::from_toml(&text, place.as_str(), ColorDepth::True)
        // a file from elsewhere may say anything
        .map_err(|e| usage(format!("--theme {}", Text::from(e.to_string()).as_str())))?;
    Ok(Chosen {
        name: theme.name().into(),
        own: Some(text.into()),
    })
}
