//! One line a notice.

use std::io::{self, Write};

use super::outbox::Channel;
use crate::event::Notice;
use crate::model::Text;

/// Writes `TIME SEVERITY text` lines: to standard error of a service, or to a file.
pub struct Lines<W> {
    name: Text,
    to: W,
}

impl Lines<io::Stderr> {
    /// To standard error. Never while a viewer of this process draws there.
    pub fn stderr() -> Self {
        Self::new("stderr", io::stderr())
    }
}

impl<W: Write + Send> Lines<W> {
    /// To any writer.
    pub fn new(name: &str, to: W) -> Self {
        Self {
            name: Text::from(name),
            to,
        }
    }
}

impl<W: Write + Send> Channel for Lines<W> {
    fn name(&self) -> &Text {
        &self.name
    }

    fn tell(&mut self, notice: &Notice) -> Result<(), Text> {
        let over = if notice.recovered { " over:" } else { "" };
        // one write a line, so that lines of several writers do not mix
        let line = format!("{} {}{over} {}\n", notice.at, notice.severity, notice.text);
        self.to
            .write_all(line.as_bytes())
            .and_then(|()| self.to.flush())
            .map_err(|error| Text::from(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AlertId, Severity, Time};

    #[test]
    fn a_line_says_when_how_bad_and_what_and_carries_no_escape_sequence() {
        let mut out = Vec::new();
        let mut notice = Notice {
            alert: AlertId(1),
            severity: Severity::Major,
            recovered: false,
            at: Time(1_700_000_000_000),
            text: Text::from("sw\x1b[2J stopped answering"),
        };
        let mut lines = Lines::new("here", &mut out);
        lines.tell(&notice).unwrap();
        notice.recovered = true;
        lines.tell(&notice).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2023-11-14T22:13:20Z major sw\\u{1b}[2J stopped answering\n\
             2023-11-14T22:13:20Z major over: sw\\u{1b}[2J stopped answering\n"
        );
    }

    #[test]
    fn a_disk_that_is_full_is_said() {
        let mut room = [0u8; 4];
        let mut lines = Lines::new("here", &mut room[..]);
        let notice = Notice {
            alert: AlertId(1),
            severity: Severity::Major,
            recovered: false,
            at: Time(0),
            text: "x".into(),
        };
        assert!(lines.tell(&notice).is_err());
    }
}
