//! The files as they were read, and places in them.

use std::path::PathBuf;
use std::sync::Arc;

use super::problem::Problem;

/// A place in one of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) file: usize,
    pub(crate) byte: usize,
}

/// A file, with the places where its lines begin: a file may be large and full of mistakes.
#[derive(Debug)]
struct File {
    path: PathBuf,
    text: Arc<str>,
    lines: Vec<usize>,
}

/// The files, and what was found wrong in them so far.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: Vec<File>,
    errors: Vec<(At, String)>,
    warnings: Vec<(At, String)>,
}

impl Sources {
    pub(crate) fn add(&mut self, path: PathBuf, text: Arc<str>) -> usize {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect();
        self.files.push(File { path, text, lines });
        self.files.len() - 1
    }

    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|f| f.path.clone()).collect()
    }

    pub(crate) fn error(&mut self, at: At, what: impl Into<String>) {
        self.errors.push((at, what.into()));
    }

    pub(crate) fn warn(&mut self, at: At, what: impl Into<String>) {
        self.warnings.push((at, what.into()));
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// `name:line` of a place, to be named in a message about another one; only the line within the same file.
    pub(crate) fn name(&self, at: At, from: At) -> String {
        let (line, _) = self.line_column(at);
        if at.file == from.file {
            return format!("line {line}");
        }
        let file = self.files.get(at.file).map(|f| f.path.to_string_lossy());
        format!("{}:{line}", file.unwrap_or_default())
    }

    fn line_column(&self, at: At) -> (u32, u32) {
        let Some(file) = self.files.get(at.file) else {
            return (1, 1);
        };
        let line = file.lines.partition_point(|start| *start <= at.byte);
        let start = line
            .checked_sub(1)
            .and_then(|i| file.lines.get(i))
            .copied()
            .unwrap_or(0);
        let mut byte = at.byte.min(file.text.len());
        while !file.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = file.text.get(start..byte).unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        (line as u32, column as u32)
    }

    fn problems(&self, list: &[(At, String)]) -> Vec<Problem> {
        let mut list: Vec<&(At, String)> = list.iter().collect();
        list.sort();
        list.dedup();
        list.into_iter()
            .map(|(at, what)| {
                let (line, column) = self.line_column(*at);
                Problem {
                    file: self
                        .files
                        .get(at.file)
                        .map(|f| f.path.clone())
                        .unwrap_or_default(),
                    line,
                    column,
                    what: plain(what),
                }
            })
            .collect()
    }

    pub(crate) fn errors(&self) -> Vec<Problem> {
        self.problems(&self.errors)
    }

    pub(crate) fn warnings(&self) -> Vec<Problem> {
        self.problems(&self.warnings)
    }
}

/// A message as text: what it quotes is foreign.
fn plain(what: &str) -> crate::model::Text {
    // quoted parts went through `word::quote`, so only what a parser said can still hold control characters; the
    // backslashes of the escapes must not be escaped once more
    serde::Deserialize::deserialize(
        serde::de::value::StrDeserializer::<serde::de::value::Error>::new(what),
    )
    .unwrap_or_default()
}
