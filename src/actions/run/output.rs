//! What a run says: kept within caps, hashed whole.
//!
//! The first lines go out as they come; of what follows only the last lines are kept, since a flood ends in the line that
//! matters. The hash is SHA-256 over every line as it was read, line ends included, in the order in which lines were completed.

use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};

use crate::model::{OUTPUT_LINES, Text, hex};

/// Lines that are kept from the end.
const TAIL_LINES: usize = 100;
/// Lines that go out as they come.
const HEAD_LINES: usize = OUTPUT_LINES - TAIL_LINES;
/// Bytes of lines that go out as they come.
const HEAD_BYTES: usize = 48 << 10;
/// Bytes of lines that are kept from the end.
const TAIL_BYTES: usize = 16 << 10;
/// A longer line is cut into several.
const LINE_CAP: usize = 2048;

/// Collects the output of one run.
#[derive(Debug, Default)]
pub(super) struct Output {
    hash: Sha256,
    bytes: u64,
    ready: Vec<Text>,
    head_lines: usize,
    head_bytes: usize,
    tail: VecDeque<Text>,
    tail_bytes: usize,
    dropped: u64,
}

/// A line of one stream that is not complete yet.
#[derive(Debug, Default)]
pub(super) struct Partial(Vec<u8>);

/// What is left when all is said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rest {
    /// Lines that were left out between what went out already and `lines`.
    pub(super) dropped: u64,
    /// The last lines.
    pub(super) lines: Vec<Text>,
    /// SHA-256 over everything.
    pub(super) hash: Text,
}

impl Output {
    /// Takes bytes of a stream.
    pub(super) fn feed(&mut self, partial: &mut Partial, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = LINE_CAP - partial.0.len();
            let end = bytes.iter().position(|b| *b == b'\n').map(|n| n + 1);
            let take = end.unwrap_or(bytes.len()).min(room);
            let (now, later) = bytes.split_at(take);
            partial.0.extend_from_slice(now);
            bytes = later;
            if end == Some(take) || partial.0.len() >= LINE_CAP {
                self.close(partial);
            }
        }
    }

    /// A stream ended: what it began to say counts as a line.
    pub(super) fn close(&mut self, partial: &mut Partial) {
        if !partial.0.is_empty() {
            let raw = std::mem::take(&mut partial.0);
            self.line(&raw);
        }
    }

    /// A line of our own.
    pub(super) fn say(&mut self, line: &str) {
        self.line(format!("{line}\n").as_bytes());
    }

    fn line(&mut self, raw: &[u8]) {
        self.hash.update(raw);
        self.bytes += raw.len() as u64;
        let bare = raw.strip_suffix(b"\n").unwrap_or(raw);
        let text = Text::from_bytes(bare.strip_suffix(b"\r").unwrap_or(bare));
        let size = text.as_str().len() + 1;
        let fits = self.head_lines < HEAD_LINES && self.head_bytes + size <= HEAD_BYTES;
        if fits && self.tail.is_empty() && self.dropped == 0 {
            self.head_lines += 1;
            self.head_bytes += size;
            self.ready.push(text);
            return;
        }
        self.tail_bytes += size;
        self.tail.push_back(text);
        while self.tail.len() > TAIL_LINES || self.tail_bytes > TAIL_BYTES {
            let Some(gone) = self.tail.pop_front() else {
                break;
            };
            self.tail_bytes -= gone.as_str().len() + 1;
            self.dropped += 1;
        }
    }

    /// How much was said, bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines that can go out now.
    pub(super) fn ready(&mut self) -> Vec<Text> {
        std::mem::take(&mut self.ready)
    }

    /// All is said.
    pub(super) fn finish(self) -> Rest {
        Rest {
            dropped: self.dropped,
            lines: self.tail.into(),
            hash: hex(&self.hash.finalize()).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_output_goes_out_whole_and_its_hash_is_that_of_its_bytes() {
        let mut output = Output::default();
        let mut partial = Partial::default();
        for chunk in ["he", "llo\r\nwor", "ld\n\nend"] {
            output.feed(&mut partial, chunk.as_bytes());
        }
        output.close(&mut partial);
        let lines: Vec<String> = output.ready().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["hello", "world", "", "end"]);
        let rest = output.finish();
        assert_eq!((rest.dropped, rest.lines.len()), (0, 0));
        assert_eq!(
            rest.hash.as_str(),
            hex(&Sha256::digest(b"hello\r\nworld\n\nend"))
        );
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
        let mut output = Output::default();
        for n in 0..100_000 {
            output.say(&format!("line {n}"));
        }
        let head = output.ready();
        let rest = output.finish();
        assert_eq!(head.len(), HEAD_LINES);
        assert_eq!(rest.lines.len(), TAIL_LINES);
        assert_eq!(rest.dropped, 100_000 - 400);
        assert_eq!(rest.lines.last().unwrap().as_str(), "line 99999");
    }

    #[test]
    fn a_line_without_end_is_cut_and_takes_no_more_than_its_cap() {
        let mut output = Output::default();
        let mut partial = Partial::default();
        output.feed(&mut partial, &vec![b'x'; 1 << 20]);
        output.close(&mut partial);
        let kept: usize = output.ready().iter().map(|t| t.as_str().len()).sum();
        let rest = output.finish();
        let tail: usize = rest.lines.iter().map(|t| t.as_str().len()).sum();
        assert!(kept <= HEAD_BYTES && tail <= TAIL_BYTES);
        assert_eq!(
            rest.hash.as_str(),
            hex(&Sha256::digest(vec![b'x'; 1 << 20]))
        );
    }

    proptest! {
        #[test]
        fn however_it_is_cut_into_reads_the_hash_and_the_lines_are_the_same(
            raw in prop::collection::vec(any::<u8>(), 0..4000), cut in 1usize..500
        ) {
            let run = |step: usize| {
                let mut output = Output::default();
                let mut partial = Partial::default();
                for chunk in raw.chunks(step) {
                    output.feed(&mut partial, chunk);
                }
                output.close(&mut partial);
                (output.bytes(), output.ready(), output.finish())
            };
            prop_assert_eq!(run(cut), run(4001));
            prop_assert_eq!(run(cut).2.hash, Text::from(hex(&Sha256::digest(&raw))));
        }
    }
}
