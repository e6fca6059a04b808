//! What is wrong with a file, and where.

use std::fmt;
use std::path::PathBuf;

use crate::model::Text;

/// One mistake, or one warning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// In which file.
    pub file: PathBuf,
    /// Line, the first is 1; zero where it is about the file as a whole.
    pub line: u32,
    /// Column in characters, the first is 1.
    pub column: u32,
    /// What is wrong, and what was meant or what to do.
    pub what: Text,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", Text::from(self.file.to_string_lossy().as_ref()))?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        // the words are ours or were escaped when they were quoted
        write!(f, " {}", self.what)
    }
}

/// Everything that is wrong, in the order of the files. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<Problem>);

/// How many mistakes are told at once.
pub(super) const PROBLEMS: usize = 100;

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().take(PROBLEMS).enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        match self.0.len().saturating_sub(PROBLEMS) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}
