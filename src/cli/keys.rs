//! `--keys`, and `wardwatch keys`: which keys do what.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use color_eyre::eyre::Result;
use serde_json::json;

use super::args::{Global, KeysArgs, KeysCommand, KeysFormat, ListFormat};
use super::output::Listing;
use super::{Done, usage};
use crate::model::Text;
use crate::ui::Keymap;
use crate::ui::keymap::{self, FILE_CAP, Made, Run};

/// A person's own, in their configuration folder.
const OWN: &str = "keys.toml";

/// Which keymap is in force.
pub struct Chosen {
    /// It.
    pub keymap: Arc<Keymap>,
    /// Every mistake of the file in the person's configuration folder, for which it is not in force: at three in the morning a
    /// screen with the keys as shipped is worth more than none, or than half of a person's own.
    pub trouble: Option<String>,
}

impl Chosen {
    /// The trouble in one line, for the screen.
    pub fn said(&self) -> Option<String> {
        let mistakes = self.trouble.as_ref()?;
        let first = mistakes.lines().next().unwrap_or_default();
        Some(format!("keys as shipped: {first}"))
    }
}

/// What `--keys` says, or else the person's own file. What was named must be good.
pub fn chosen(global: &Global) -> Result<Chosen> {
    let plain = |keymap| Chosen {
        keymap,
        trouble: None,
    };
    let Some(said) = &global.keys else {
        let Some(own) = own().filter(|own| own.exists()) else {
            return Ok(plain(Keymap::standard()));
        };
        return Ok(match read(&own).map_err(|e| e.to_string()) {
            Ok(Ok((keymap, _))) => plain(Arc::new(keymap)),
            Ok(Err(errors)) => trouble(&errors.to_string()),
            Err(why) => trouble(&why),
        });
    };
    let is_file = said.contains('/') || Path::new(said).extension().is_some_and(|e| e == "toml");
    if is_file {
        let (keymap, _) = read(Path::new(said))?.map_err(usage)?;
        return Ok(plain(Arc::new(keymap)));
    }
    Keymap::preset(said).map(plain).ok_or_else(|| {
        let known: Vec<&str> = Keymap::names().collect();
        usage(format!(
            "--keys '{}': there are {}; for a file of your own write its path, such as ./keys.toml",
            Text::from(said.as_str()),
            known.join(" and ")
        ))
    })
}

fn trouble(why: &str) -> Chosen {
    Chosen {
        keymap: Keymap::standard(),
        trouble: Some(why.to_owned()),
    }
}

fn own() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "wardwatch")?;
    Some(dirs.config_dir().join(OWN))
}

fn read(path: &Path) -> Result<Made> {
    let bad = |e: std::io::Error| {
        let place = path.to_string_lossy();
        usage(format!("{}: {e}", Text::from(place.as_ref())))
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(bad)?;
    // one octet more, so that a file that is too long is seen to be
    let mut file = file.take(FILE_CAP as u64 + 1);
    file.read_to_string(&mut text).map_err(bad)?;
    Ok(Keymap::read(&text, path))
}

/// Lists the keymap in force, writes the page of both presets, or checks a file.
pub fn keys(global: &Global, args: &KeysArgs) -> Result<Done> {
    let mut out = std::io::stdout().lock();
    if let Some(KeysCommand::Check { file }) = &args.command {
        let (keymap, warnings) = read(file)?.map_err(usage)?;
        for warning in warnings {
            writeln!(out, "{warning}")?;
        }
        let place = file.to_string_lossy();
        let of = keymap.bindings().len();
        writeln!(out, "{}: good; {of} keys", Text::from(place.as_ref()))?;
        return Ok(Done::Done);
    }
    let format = match args.format {
        Some(KeysFormat::Markdown) => {
            let presets: Vec<_> = Keymap::names().filter_map(Keymap::preset).collect();
            let presets: Vec<&Keymap> = presets.iter().map(AsRef::as_ref).collect();
            write!(out, "{}", keymap::page(&presets))?;
            return Ok(Done::Done);
        }
        Some(KeysFormat::Table) => Some(ListFormat::Table),
        Some(KeysFormat::Json) => Some(ListFormat::Json),
        Some(KeysFormat::Jsonl) => Some(ListFormat::Jsonl),
        Some(KeysFormat::Csv) => Some(ListFormat::Csv),
        None => None,
    };
    drop(out);
    let chosen = chosen(global)?;
    if let Some(trouble) = chosen.trouble {
        return Err(usage(trouble));
    }
    let mut listing = Listing::new(&["layer", "on", "run", "does"]);
    for binding in chosen.keymap.bindings() {
        let run = match &binding.run {
            Run::Action(action) => action.name,
            Run::Line(line) => line,
        };
        listing.row(vec![
            json!(keymap::layer_word(binding.layer)),
            json!(binding.on()),
            json!(run),
            json!(binding.words()),
        ]);
    }
    listing.print(format)?;
    Ok(Done::Done)
}
