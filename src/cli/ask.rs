//! Questions to a person, line by line: on any terminal, also one that knows nothing but lines.

use std::io::{BufRead, Write};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

use super::usage;

/// Characters of an answer.
const CAP: u64 = 4_096;
/// Wrong answers to one question before it is given up.
const TRIES: u32 = 20;

/// Asks and hears.
pub struct Questions<R, W> {
    from: R,
    to: W,
}

impl<R: BufRead, W: Write> Questions<R, W> {
    /// On these.
    pub fn new(from: R, to: W) -> Self {
        Self { from, to }
    }

    /// Says something.
    pub fn say(&mut self, words: &str) -> Result<()> {
        writeln!(self.to, "{words}").wrap_err("the terminal takes no words")
    }

    /// Asks until `read` takes the answer; an end of what is typed ends it all.
    pub fn ask<T>(
        &mut self,
        question: &str,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<T> {
        for _ in 0..TRIES {
            write!(self.to, "{question} ").and_then(|()| self.to.flush())?;
            let mut line = Vec::new();
            let n = std::io::Read::take(&mut self.from, CAP).read_until(b'\n', &mut line)?;
            if n == 0 {
                let _ = writeln!(self.to);
                return Err(usage("no answer: nothing was written and nothing was sent"));
            }
            let line = String::from_utf8_lossy(&line);
            match read(line.trim()) {
                Ok(answer) => return Ok(answer),
                Err(why) => writeln!(self.to, "  {why}")?,
            }
        }
        Err(usage(
            "too many answers that could not be read: nothing was written",
        ))
    }
}
