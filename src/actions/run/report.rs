//! What a run says, on its way to the log.

use super::output::{Output, Partial};
use super::seams::Journal;
use crate::event::RunStep;
use crate::model::{RunId, Text};

/// The voice of one run.
pub(super) struct Report<'a> {
    run: RunId,
    journal: &'a dyn Journal,
    output: Output,
    /// Lines that the log did not take; said with the next that it takes.
    lost: u64,
}

impl<'a> Report<'a> {
    pub(super) fn new(run: RunId, journal: &'a dyn Journal) -> Self {
        Self {
            run,
            journal,
            output: Output::default(),
            lost: 0,
        }
    }

    pub(super) fn feed(&mut self, partial: &mut Partial, bytes: &[u8]) {
        self.output.feed(partial, bytes);
    }

    pub(super) fn close(&mut self, partial: &mut Partial) {
        self.output.close(partial);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.output.bytes()
    }

    /// Says a line of our own, at once.
    pub(super) async fn say(&mut self, line: impl AsRef<str>) {
        self.output.say(line.as_ref());
        self.flush().await;
    }

    /// Lines that are complete go to the log. A log that takes nothing (a full disk) does not stop a run: above all not a way back.
    pub(super) async fn flush(&mut self) {
        let lines = self.output.ready();
        if !lines.is_empty() {
            self.record(lines, 0).await;
        }
    }

    async fn record(&mut self, lines: Vec<Text>, dropped: u64) {
        let count = lines.len() as u64;
        let step = RunStep::Output {
            run: self.run,
            lines,
            dropped: dropped + self.lost,
        };
        match self.journal.record(step).await {
            Ok(_) => self.lost = 0,
            Err(_) => self.lost += dropped + count,
        }
    }

    /// The last lines go out; the hash over everything comes back.
    pub(super) async fn finish(mut self) -> Text {
        self.flush().await;
        let rest = std::mem::take(&mut self.output).finish();
        if !rest.lines.is_empty() || rest.dropped > 0 || self.lost > 0 {
            self.record(rest.lines, rest.dropped).await;
        }
        rest.hash
    }
}
