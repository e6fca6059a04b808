//! From files to a site that holds together, or to everything that is wrong with them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check;
use super::cursor::kind;
use super::keys::INCLUDE;
use super::plans;
use super::problem::{ConfigErrors, Problem};
use super::sensors::{self, Sensors};
use super::site::{Draft, LogSettings};
use super::source::{At, Sources};
use super::word::quote;
use crate::model::{PollPlans, Site, Text, hex};

/// The largest file that is read, bytes.
const CAP: u64 = 64 << 20;
/// How many files a site may include.
const FILES: usize = 1000;

/// A configuration that may be put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The site.
    pub site: Site,
    /// SHA-256 over the site as JSON, hexadecimal; see [`hash`].
    pub hash: Text,
    /// What deserves a look, but keeps nothing from working.
    pub warnings: Vec<Problem>,
    /// The files it came from, the site file first.
    pub files: Vec<PathBuf>,
    /// How long what is kept.
    pub log: LogSettings,
    /// The poll plans: what is shipped, overlaid by the folder `polls` beside the site file, with the site's intervals put in; with
    /// the sensor tables, overlaid by the folder `sensors`.
    pub polls: PollPlans,
}

impl Loaded {
    /// The site as it is put in force, with the poll plans that it offers.
    pub fn offered(&self) -> Site {
        Site {
            polls: self.polls.clone(),
            ..self.site.clone()
        }
    }
}

/// The hash of a site: SHA-256 over it as JSON, hexadecimal. Secrets given in plain do not count.
pub fn hash(site: &Site) -> Text {
    let json = serde_json::to_vec(&*site.without_plain_secrets()).unwrap_or_default();
    hex(&Sha256::digest(json)).into()
}

/// Loads a site file and what it includes.
pub fn load(path: &Path) -> Result<Loaded, ConfigErrors> {
    let text = read(path).map_err(|mut problem| {
        if !path.exists() {
            problem.what = format!(
                "{}; 'wardwatch config init' writes an example",
                problem.what
            )
            .as_str()
            .into();
        }
        ConfigErrors(vec![problem])
    })?;
    load_text(path, text.into())
}

/// Loads a site from a text, as if it stood in `path`; what it includes is read from beside there.
pub fn parse(path: &Path, text: &str) -> Result<Loaded, ConfigErrors> {
    load_text(path, text.into())
}

fn load_text(path: &Path, text: Arc<str>) -> Result<Loaded, ConfigErrors> {
    let mut sources = Sources::default();
    sources.add(path.to_path_buf(), Arc::clone(&text));
    let mut texts = vec![text];
    let mut unreadable = Vec::new();
    // the includes of the site file are wanted before its tables are read, so it is parsed twice; the first time is cheap
    let included: Vec<(PathBuf, At)> = match texts.first() {
        Some(text) => {
            let (root, errors) = DeTable::parse_recoverable(text);
            if errors.is_empty() {
                includes(&mut sources, path, root.get_ref())
            } else {
                Vec::new()
            }
        }
        None => Vec::new(),
    };
    for (file, at) in included {
        match read(&file) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                sources.add(file, Arc::clone(&text));
                texts.push(text);
            }
            Err(problem) if problem.line == 0 => {
                sources.error(
                    at,
                    format!(
                        "{} can't be included: {}",
                        quote(&file.to_string_lossy()),
                        problem.what
                    ),
                );
            }
            Err(problem) => unreadable.push(problem),
        }
    }
    let roots: Vec<Spanned<DeTable<'_>>> = texts
        .iter()
        .enumerate()
        .map(|(file, text)| {
            let (root, errors) = DeTable::parse_recoverable(text);
            for error in errors {
                let byte = error.span().map_or(0, |s| s.start);
                sources.error(
                    At { file, byte },
                    error.message().trim().replace('\n', "; "),
                );
            }
            root
        })
        .collect();
    let folders = sources
        .paths()
        .iter()
        .map(|p| {
            // whoever reads the secret later may stand in another folder
            let file = std::path::absolute(p).unwrap_or_else(|_| p.clone());
            file.parent().unwrap_or(Path::new("")).to_path_buf()
        })
        .collect();
    let mut draft = Draft::new(folders);
    // what stands in a file that is no TOML was not meant as it was read
    if !sources.has_errors() && unreadable.is_empty() {
        for (file, root) in roots.iter().enumerate() {
            draft.read(&mut sources, file, root.get_ref());
        }
        draft.resolve_links(&mut sources);
        check::check(&mut sources, &draft);
    }
    let mut errors = sources.errors();
    errors.extend(unreadable);
    let folder = path.parent().unwrap_or(Path::new("")).join(plans::FOLDER);
    let polls = match plans::load(Some(&folder), &draft.site.intervals) {
        Ok(polls) => polls,
        Err(wrong) => {
            errors.extend(wrong.0);
            PollPlans::default()
        }
    };
    let folder = path.parent().unwrap_or(Path::new("")).join(sensors::FOLDER);
    let (sensors, wrong) =
        Sensors::load(Some(&folder).filter(|f| f.is_dir()).map(PathBuf::as_path));
    errors.extend(wrong.into_iter().map(Problem::from));
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    Ok(Loaded {
        polls: polls.with_tables(sensors.tables()),
        hash: hash(&draft.site),
        site: draft.site,
        warnings: sources.warnings(),
        files: sources.paths(),
        log: draft.log,
    })
}

fn includes(sources: &mut Sources, path: &Path, root: &DeTable<'_>) -> Vec<(PathBuf, At)> {
    let Some(value) = root.get(INCLUDE) else {
        return Vec::new();
    };
    let place = |byte| At { file: 0, byte };
    let DeValue::Array(list) = value.get_ref() else {
        sources.error(
            place(value.span().start),
            format!(
                "'include' must be a list of files, not {}",
                kind(value.get_ref())
            ),
        );
        return Vec::new();
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files: Vec<(PathBuf, At)> = Vec::new();
    for item in list {
        let at = place(item.span().start);
        match item.get_ref() {
            DeValue::String(file) if !file.is_empty() => {
                let file = folder.join(&**file);
                if file == path || files.iter().any(|f| f.0 == file) {
                    sources.error(
                        at,
                        format!("{} is read already", quote(&file.to_string_lossy())),
                    );
                } else if files.len() == FILES {
                    sources.error(at, format!("more than {FILES} files"));
                    break;
                } else {
                    files.push((file, at));
                }
            }
            other => sources.error(
                at,
                format!("'include' must be a list of files; here is {}", kind(other)),
            ),
        }
    }
    files
}

fn read(path: &Path) -> Result<String, Problem> {
    let whole = |what: String| Problem {
        file: path.to_path_buf(),
        line: 0,
        column: 0,
        what: what.into(),
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(CAP + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            whole(match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".into(),
                std::io::ErrorKind::PermissionDenied => "permission denied".into(),
                _ => error.to_string(),
            })
        })?;
    if bytes.len() as u64 > CAP {
        return Err(whole(format!("larger than {} MiB", CAP >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..good).unwrap_or_default();
        let start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |i| i + 1);
        let line = before.split(|b| *b == b'\n').count();
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default())
            .chars()
            .count()
            + 1;
        Problem {
            file: path.to_path_buf(),
            line: line as u32,
            column: column as u32,
            what: "not UTF-8; save the file as UTF-8".into(),
        }
    })
}
