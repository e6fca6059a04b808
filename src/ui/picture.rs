//! A screen as a picture, for a ticket or a hand-over: SVG, the bytes for a terminal, and plain text.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::color;
use super::screen::{Screen, columns_of};

/// Pixels of a cell.
const CELL: (u32, u32) = (10, 20);
/// What a terminal's own ground and text look like, where the theme leaves them alone.
const PAPER: [u8; 3] = [0x0c, 0x0c, 0x10];
const INK: [u8; 3] = [0xcc, 0xcc, 0xcc];

/// What a screen showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name without an ending: `wardwatch-20260310-031100`.
    pub name: String,
    /// For documents and browsers.
    pub svg: String,
    /// For `cat` on a terminal.
    pub ansi: Vec<u8>,
    /// For mail and tickets.
    pub text: String,
}

impl Picture {
    /// Of these cells.
    pub fn of(buf: &Buffer, name: String) -> Self {
        Self {
            name,
            svg: svg(buf),
            ansi: ansi(buf),
            text: text(buf),
        }
    }
}

/// A row as its cells that stand for themselves: a wide character hides those behind it.
fn cells(row: &[Cell]) -> impl Iterator<Item = (usize, &Cell, usize)> {
    let mut x = 0;
    std::iter::from_fn(move || {
        let cell = row.get(x)?;
        let at = x;
        let columns = columns_of(cell);
        x += columns;
        Some((at, cell, columns))
    })
}

/// What may stand in a document: nothing that a terminal or a reader of XML would obey.
fn symbol(cell: &Cell) -> &str {
    let symbol = cell.symbol();
    let odd = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    if symbol.is_empty() || symbol.chars().any(odd) {
        " "
    } else {
        symbol
    }
}

fn rows(buf: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buf.content().chunks(usize::from(buf.area.width).max(1))
}

/// The signs alone, without the blanks at the ends of rows.
pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let line: String = cells(row).map(|(_, cell, _)| symbol(cell)).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Row after row with its colours, so that `cat` shows it.
pub fn ansi(buf: &Buffer) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows(buf) {
        Screen::line(row, &mut out);
        out.push(b'\n');
    }
    out
}

#[derive(Clone, PartialEq, Eq)]
struct Look {
    ink: [u8; 3],
    paper: [u8; 3],
    modifier: Modifier,
}

fn look(cell: &Cell) -> Look {
    let of = |c: Color, own| color::rgb(c).unwrap_or(own);
    let (mut ink, mut paper) = (of(cell.fg, INK), of(cell.bg, PAPER));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut paper);
    }
    let modifier = cell.modifier - Modifier::REVERSED;
    Look {
        ink,
        paper,
        modifier,
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A run of equal cells is one element held to the grid, so that lines meet whatever the font.
pub fn svg(buf: &Buffer) -> String {
    let size = buf.area;
    let (width, height) = (
        u32::from(size.width) * CELL.0,
        u32::from(size.height) * CELL.1,
    );
    let paper = hex(PAPER);
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="16" xml:space="preserve">
<rect width="{width}" height="{height}" fill="{paper}"/>"#
    );
    for (y, row) in rows(buf).enumerate() {
        let mut run: Option<(usize, usize, String, Look)> = None;
        for (x, cell, columns) in cells(row) {
            let look = look(cell);
            match &mut run {
                Some((_, wide, said, same)) if *same == look => {
                    *wide += columns;
                    said.push_str(symbol(cell));
                }
                _ => {
                    if let Some(done) = run.replace((x, columns, symbol(cell).to_owned(), look)) {
                        element(&mut out, y as u32, &done);
                    }
                }
            }
        }
        if let Some(done) = run {
            element(&mut out, y as u32, &done);
        }
    }
    out.push_str("</svg>\n");
    out
}

fn element(
    out: &mut String,
    row: u32,
    (start, columns, text, look): &(usize, usize, String, Look),
) {
    let (x, y, width) = (
        *start as u32 * CELL.0,
        row * CELL.1,
        *columns as u32 * CELL.0,
    );
    if look.paper != PAPER {
        let _ = writeln!(
            out,
            r#"<rect x="{x}" y="{y}" width="{width}" height="{}" fill="{}"/>"#,
            CELL.1,
            hex(look.paper)
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut style = String::new();
    for (modifier, said) in [
        (Modifier::BOLD, r#" font-weight="bold""#),
        (Modifier::DIM, r#" fill-opacity="0.6""#),
        (Modifier::ITALIC, r#" font-style="italic""#),
        (Modifier::UNDERLINED, r#" text-decoration="underline""#),
    ] {
        if look.modifier.contains(modifier) {
            style.push_str(said);
        }
    }
    let _ = writeln!(
        out,
        r#"<text x="{x}" y="{}" textLength="{width}" fill="{}"{style}>{escaped}</text>"#,
        y + 15,
        hex(look.ink)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    // what hostile text would be: past the door
    #[allow(clippy::disallowed_methods)]
    fn buffer() -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 3));
        let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        buf.set_string(0, 0, "a<b>&\"床x", red);
        buf.set_string(0, 1, "┌──┐", Style::new().fg(Color::Rgb(1, 2, 3)));
        buf.set_string(0, 2, "gone", Style::new().add_modifier(Modifier::REVERSED));
        // nothing should bring it here; and if it did
        buf[(6, 2)].set_symbol("\u{1b}");
        buf
    }

    #[test]
    fn the_text_is_what_is_read() {
        assert_eq!(text(&buffer()), "a<b>&\"床x\n┌──┐\ngone\n");
    }

    #[test]
    fn the_drawing_is_escaped_and_held_to_the_grid() {
        let svg = svg(&buffer());
        assert!(
            svg.contains("font-weight=\"bold\">a&lt;b&gt;&amp;\"床x</text>"),
            "{svg}"
        );
        // eight signs on nine columns: the wide one has two
        assert!(svg.contains(r##"textLength="90" fill="#cd0000""##), "{svg}");
        assert!(svg.contains(r##"fill="#010203">┌──┐</text>"##), "{svg}");
        assert!(!svg.chars().any(|c| c.is_control() && c != '\n'), "{svg}");
        let tags = |open: &str| svg.matches(open).count();
        assert_eq!(tags("<text "), tags("</text>"));
        assert_eq!((tags("<svg "), tags("</svg>")), (1, 1));
        assert_eq!(tags("<rect "), tags("\"/>"));
    }

    #[test]
    fn a_terminal_shows_it_again() {
        let buf = buffer();
        let mut terminal = vt100::Parser::new(4.try_into().unwrap(), 12.try_into().unwrap(), 0);
        let bytes = ansi(&buf);
        terminal.process(
            String::from_utf8(bytes)
                .unwrap()
                .replace('\n', "\r\n")
                .as_bytes(),
        );
        let screen = terminal.screen();
        let lines: Vec<_> = screen
            .contents()
            .lines()
            .map(|l| l.trim_end().to_owned())
            .collect();
        assert_eq!(lines.join("\n").trim_end(), text(&buf).trim_end());
        let first = screen.cell(0, 0).unwrap();
        assert!(first.bold() && first.fgcolor() == vt100::Color::Idx(1));
        assert!(screen.cell(2, 0).unwrap().inverse());
    }

    #[test]
    fn no_size_hurts() {
        for (w, h) in [(0, 0), (1, 1), (0, 5), (5, 0)] {
            let buf = Buffer::empty(Rect::new(0, 0, w, h));
            assert!(svg(&buf).ends_with("</svg>\n"));
            let _ = (text(&buf), ansi(&buf));
        }
    }
}
