//! Headings with labelled lines below them, in as many columns as there is room for, scrolled where they are long.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Align, Ink, Row};

/// Width of the labels.
pub const LABEL: u16 = 11;
/// Between two columns.
const GAP: u16 = 3;

/// One line of a section.
struct Line {
    label: &'static str,
    value: String,
    style: Style,
    /// Said after it, where there is room.
    note: String,
    note_style: Option<Style>,
}

/// A heading with its lines.
pub struct Section {
    title: &'static str,
    /// Said beside the heading.
    aside: String,
    lines: Vec<Line>,
}

impl Section {
    /// Without a line yet.
    pub fn new(title: &'static str) -> Self {
        Self {
            title,
            aside: String::new(),
            lines: Vec::new(),
        }
    }

    /// Read out: the heading, and each line as `label: value, note`; what only an eye can read (a sparkline) is left out.
    pub fn read(&self) -> Vec<String> {
        let aside = match self.aside.as_str() {
            "" => String::new(),
            aside => format!(", {aside}"),
        };
        let mut out = vec![format!("{}{aside}.", self.title.to_lowercase())];
        for line in &self.lines {
            let mut words = match line.label {
                "" => line.value.clone(),
                label => format!("{label}: {}", line.value),
            };
            if !line.note.is_empty() && line.note_style.is_none() {
                words = format!("{words}, {}", line.note);
            }
            out.push(words);
        }
        out
    }

    /// Nothing stands below its heading.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Says something beside the heading, such as the scale of what stands below it.
    pub fn aside(&mut self, words: impl Into<String>) {
        self.aside = words.into();
    }

    /// Adds a line; one without a value is left out.
    pub fn say(&mut self, label: &'static str, value: impl Into<String>, style: Style) {
        self.note(label, value, style, String::new());
    }

    /// Adds a line with something faint after it, such as its source.
    pub fn note(
        &mut self,
        label: &'static str,
        value: impl Into<String>,
        style: Style,
        note: String,
    ) {
        self.put(label, value.into(), style, note, None);
    }

    /// Adds a line with something after it in a style of its own, such as a sparkline.
    pub fn with(
        &mut self,
        label: &'static str,
        value: impl Into<String>,
        style: Style,
        note: (String, Style),
    ) {
        self.put(label, value.into(), style, note.0, Some(note.1));
    }

    fn put(
        &mut self,
        label: &'static str,
        value: String,
        style: Style,
        note: String,
        note_style: Option<Style>,
    ) {
        if !value.is_empty() {
            self.lines.push(Line {
                label,
                value,
                style,
                note,
                note_style,
            });
        }
    }

    fn height(&self) -> u16 {
        u16::try_from(self.lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(2)
    }
}

/// How many columns an area takes, and how wide each is with the gap after it.
fn columns(area: Rect) -> (u16, u16) {
    let columns = match area.width {
        0..70 => 1,
        70..150 => 2,
        _ => 3,
    };
    (columns, (area.width + GAP) / columns)
}

/// Columns of one section in an area of this size.
pub fn section_width(area: Rect) -> u16 {
    columns(area).1.saturating_sub(GAP)
}

/// Draws them, scrolled down by `scroll` rows, which is brought back where that is too far; gives how far it may go.
pub fn draw_sections(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    sections: &[Section],
    scroll: &mut u16,
) -> u16 {
    let (columns, width) = columns(area);
    let mut heights = vec![0u16; usize::from(columns)];
    // each section goes where the least stands so far, in order: the picture stays the same while values change
    let places: Vec<(usize, u16)> = sections
        .iter()
        .map(|section| {
            let at = (0..heights.len())
                .min_by_key(|at| heights[*at])
                .unwrap_or(0);
            let y = heights[at];
            heights[at] = heights[at].saturating_add(section.height());
            (at, y)
        })
        .collect();
    let total = heights.iter().copied().max().unwrap_or(0).saturating_sub(1);
    let most = total.saturating_sub(area.height);
    *scroll = (*scroll).min(most);
    for (section, (column, y)) in sections.iter().zip(places) {
        let x = area.x + u16::try_from(column).unwrap_or(0) * width;
        let inside =
            Rect::new(x, area.y, width.saturating_sub(GAP), area.height).intersection(area);
        draw_section(ink, buf, inside, y, *scroll, section);
    }
    if *scroll < most {
        let below = most - *scroll;
        Row::new(ink, buf, area, area.height.saturating_sub(1))
            .right(format!("{} {below} more", ink.g.arrow_down), ink.accent);
    }
    most
}

fn draw_section(
    ink: &Ink<'_>,
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    scroll: u16,
    section: &Section,
) {
    if let Some(at) = y.checked_sub(scroll) {
        let mut row = Row::new(ink, buf, area, at);
        row.put(section.title, ink.heading);
        if !section.aside.is_empty() {
            row.gap(2).put(&section.aside, ink.faint);
        }
    }
    for (n, line) in (1u16..).zip(&section.lines) {
        let Some(at) = (y + n).checked_sub(scroll) else {
            continue;
        };
        let mut row = Row::new(ink, buf, area, at);
        if line.label.is_empty() {
            row.put(&line.value, line.style);
        } else {
            row.column(line.label, LABEL, Align::Left, ink.dim)
                .put(&line.value, line.style);
        }
        if !line.note.is_empty() && row.left() > 4 {
            row.gap(2)
                .put(&line.note, line.note_style.unwrap_or(ink.faint));
        }
    }
}

/// Where an action scrolls to, of `most` at the most; nothing where it is another action.
pub fn scrolled(action: &str, scroll: u16, most: u16) -> Option<u16> {
    Some(match action {
        "cursor-down" => scroll.saturating_add(1).min(most),
        "cursor-up" => scroll.saturating_sub(1),
        "page-down" => scroll.saturating_add(10).min(most),
        "page-up" => scroll.saturating_sub(10),
        "top" => 0,
        "bottom" => most,
        _ => return None,
    })
}
