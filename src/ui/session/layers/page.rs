//! All that a view holds as one page, held still: to be read, searched, and handed on.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::Request;
use crate::ui::keymap;
use crate::ui::picture;
use crate::ui::widgets::{Ink, Row};

use super::search::{Looked, Search};
use super::{Desk, Layer, Step, moved, reading, scrolled};

/// Rows of a page at the most.
pub const PAGE_ROWS: u16 = 2_000;
/// Rows of a page beside those of its list.
pub const PAGE_MARGIN: usize = 8;

/// A page.
pub struct Page {
    title: String,
    cells: Buffer,
    /// What is read in each row.
    lines: Vec<String>,
    /// Rows of its list that have no room here.
    beyond: usize,
    top: usize,
    rows: usize,
    search: Search,
}

impl Page {
    /// What was drawn into a buffer that is as high as a page may be. Blank rows, of which such a height has many, are one.
    /// `search`: words are looked for at once.
    pub fn new(title: String, drawn: &Buffer, beyond: usize, search: bool) -> Self {
        let (kept, lines) = rows_of(drawn);
        let mut cells = Buffer::empty(Rect {
            height: kept.len() as u16,
            ..drawn.area
        });
        let columns = usize::from(drawn.area.width).max(1);
        for (to, from) in cells.content.chunks_mut(columns).zip(kept) {
            if let Some(row) = drawn.content.chunks(columns).nth(from) {
                to.clone_from_slice(row);
            }
        }
        Self {
            title,
            cells,
            lines,
            beyond,
            top: 0,
            rows: 1,
            search: if search {
                Search::begun(beyond > 0)
            } else {
                Search::of(beyond > 0)
            },
        }
    }

    /// As text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.title);
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        if self.beyond > 0 {
            text.push('\n');
            text.push_str(&self.more());
            text.push('\n');
        }
        text
    }

    /// What has no room here, and where it is.
    fn more(&self) -> String {
        format!(
            "{} more are not on this page: a filter finds them",
            self.beyond
        )
    }
}

/// Which rows are kept, and what is read in them.
fn rows_of(drawn: &Buffer) -> (Vec<usize>, Vec<String>) {
    let text = picture::text(drawn);
    let mut kept: Vec<(usize, &str)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let blank = line.trim().is_empty();
        let before = kept.last().is_none_or(|(_, line)| line.trim().is_empty());
        if !(blank && before) {
            kept.push((at, line));
        }
    }
    if kept.last().is_some_and(|(_, line)| line.trim().is_empty()) {
        kept.pop();
    }
    kept.into_iter()
        .map(|(at, line)| (at, line.to_owned()))
        .unzip()
}

impl Layer for Page {
    fn draw(&mut self, ink: &Ink<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let area = area.intersection(buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
        buf.set_style(area, ink.text);
        let inside = Rect {
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(1),
            height: area.height.saturating_sub(1),
            ..area
        };
        self.rows = usize::from(inside.height);
        self.top = self.top.min(self.lines.len().saturating_sub(self.rows));
        let columns = usize::from(self.cells.area.width).max(1);
        let page = self.cells.content.chunks(columns).skip(self.top);
        for (y, row) in page.take(self.rows).enumerate() {
            let y = y as u16;
            for (x, cell) in (inside.x..inside.right()).zip(row) {
                if let Some(to) = buf.cell_mut((x, inside.y + y)) {
                    to.clone_from(cell);
                }
            }
            self.search
                .mark(ink, buf, inside, y, self.top + usize::from(y));
        }
        let last = self.lines.len();
        let to = (self.top + self.rows).min(last);
        let edge = Rect {
            y: inside.bottom(),
            height: 1,
            ..inside
        };
        let said = match last {
            0 => "nothing ".to_owned(),
            _ if self.beyond > 0 => format!("{} to {to}; {} ", self.top + 1, self.more()),
            _ => format!("{} to {to} of {last} ", self.top + 1),
        };
        let mut row = Row::new(ink, buf, edge, 0);
        row.right(said, ink.dim);
        if !self.search.is_open() {
            row.put(&self.title, ink.dim);
        }
        self.search.foot(ink, buf, inside)
    }

    fn key(&mut self, key: &KeyEvent, desk: &Desk<'_>) -> Step {
        let name = keymap::name(key).unwrap_or_default();
        let name = reading(desk.keys, &name);
        if let Looked::At(line) = self.search.key(key, name, &self.lines, self.top) {
            if let Some(line) = line {
                self.top = scrolled(line, self.lines.len(), self.rows);
            }
            return Step::Stay;
        }
        match name {
            "close" => Step::Close,
            "pager" => Step::AskOn(vec![Request::Pager(self.text())]),
            _ => {
                let steps = self.lines.len().saturating_sub(self.rows) + 1;
                if let Some(top) = moved(name, self.top, steps, self.rows) {
                    self.top = top;
                }
                Step::Stay
            }
        }
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.search.is_typing() {
            vec![("enter", "done"), ("esc", "back")]
        } else {
            vec![
                ("down", "more"),
                ("/", "search"),
                ("n", "next"),
                ("|", "pager"),
                ("esc", "back"),
            ]
        }
    }

    fn back(&mut self) -> bool {
        self.search.back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    // what a view has drawn: past the door
    #[allow(clippy::disallowed_methods)]
    fn rows_without_anything_are_one_between_others_and_none_at_the_ends() {
        let mut drawn = Buffer::empty(Rect::new(0, 0, 8, 40));
        for (y, word) in [(3, "one"), (4, "two"), (9, "床"), (30, "four")] {
            drawn.set_string(1, y, word, ratatui::style::Style::default());
        }
        let page = Page::new("t".into(), &drawn, 0, false);
        assert_eq!(page.text(), "t\n\n one\n two\n\n 床\n\n four\n");
        assert_eq!(page.cells.area.height, 6);
        assert_eq!(page.cells[(1, 5)].symbol(), "f");
        let none = Buffer::empty(Rect::new(0, 0, 0, 0));
        assert_eq!(Page::new("t".into(), &none, 0, true).text(), "t\n\n");
        let more = Page::new("t".into(), &none, 48_000, true).text();
        assert!(more.ends_with("48000 more are not on this page: a filter finds them\n"));
    }
}
