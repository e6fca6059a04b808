//! Cells to bytes: one frame as the differences from the one before. A frame that changes nothing costs nothing.

use std::io::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

/// What stands on a viewer's terminal, and what should.
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    repaint: bool,
    sync: bool,
}

impl Screen {
    /// A terminal of this size, of which nothing is known yet. `sync`: it understands synchronized updates (mode 2026).
    pub fn new(width: u16, height: u16, sync: bool) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self {
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            cursor: None,
            repaint: true,
            sync,
        }
    }

    /// Its size.
    pub fn area(&self) -> Rect {
        self.next.area
    }

    /// It has another size now, or other things stand on it: the next frame is whole.
    pub fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.repaint = true;
    }

    /// Something else wrote over it: the next frame is whole.
    pub fn forget(&mut self) {
        self.repaint = true;
    }

    /// The frame to be drawn, blank, on this ground.
    pub fn blank(&mut self, ground: Style) -> &mut Buffer {
        self.next.reset();
        self.next.set_style(self.next.area, ground);
        &mut self.next
    }

    /// What stands on the terminal.
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }

    /// A row by itself with its colours, wherever the cursor stands.
    pub fn line(row: &[Cell], out: &mut Vec<u8>) {
        let mut style = Look::default();
        let mut x = 0;
        while let Some(cell) = row.get(x) {
            let look = Look::of(cell);
            if look != style {
                sgr(style, look, out);
                style = look;
            }
            out.extend_from_slice(harmless(cell.symbol()).as_bytes());
            x += columns_of(cell);
        }
        if style != Look::default() {
            out.extend_from_slice(b"\x1b[m");
        }
    }

    /// Appends what makes the terminal show the frame; says whether that was anything.
    pub fn flush(&mut self, cursor: Option<Position>, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        if self.repaint {
            self.shown.reset();
        }
        let mut pen = Pen::default();
        let mut body = Vec::new();
        let columns = usize::from(self.next.area.width).max(1);
        let mut changed = vec![false; columns];
        let rows = self.next.content.chunks_mut(columns);
        for (y, (new, old)) in rows.zip(self.shown.content.chunks(columns)).enumerate() {
            mend(new);
            if !compare(old, new, &mut changed) {
                continue;
            }
            let mut x = 0;
            while let Some(cell) = new.get(x) {
                if changed.get(x) == Some(&true) {
                    pen.put(x as u16, y as u16, cell, &mut body);
                }
                x += columns_of(cell);
            }
        }
        if pen.style != Look::default() {
            body.extend_from_slice(b"\x1b[m");
        }
        if body.is_empty() && cursor == self.cursor && !self.repaint {
            return false;
        }
        if self.sync {
            out.extend_from_slice(b"\x1b[?2026h");
        }
        if self.repaint {
            out.extend_from_slice(b"\x1b[?25l\x1b[m\x1b[2J");
        } else if self.cursor.is_some() {
            out.extend_from_slice(b"\x1b[?25l");
        }
        out.append(&mut body);
        if let Some(at) = cursor {
            // writing into a Vec can't fail
            let _ = write!(out, "\x1b[{};{}H\x1b[?25h", at.y + 1, at.x + 1);
        }
        if self.sync {
            out.extend_from_slice(b"\x1b[?2026l");
        }
        self.cursor = cursor;
        self.repaint = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        out.len() > before
    }
}

/// Columns that a cell's symbol takes.
pub(super) fn columns_of(cell: &Cell) -> usize {
    let symbol = cell.symbol();
    if symbol.len() == 1 {
        return 1;
    }
    unicode_width::UnicodeWidthStr::width(symbol).max(1)
}

/// A popup may have cut a wide character in half: what is left of it becomes a blank, as on a terminal.
fn mend(row: &mut [Cell]) {
    let mut x = 0;
    while let Some(cell) = row.get(x) {
        let columns = columns_of(cell);
        let whole = columns == 1
            || row
                .get(x + 1..x + columns)
                .is_some_and(|tail| tail.iter().all(|c| c.symbol() == " "));
        if whole {
            x += columns;
        } else {
            if let Some(cell) = row.get_mut(x) {
                cell.set_char(' ');
            }
            x += 1;
        }
    }
}

/// Marks the columns of a row that must be written again; says whether there are any. A wide character is one thing:
/// half of it can be neither kept nor overwritten.
fn compare(old: &[Cell], new: &[Cell], changed: &mut [bool]) -> bool {
    let mut any = false;
    for ((a, b), mark) in old.iter().zip(new).zip(changed.iter_mut()) {
        *mark = a != b;
        any |= *mark;
    }
    if !any {
        return false;
    }
    // what the one row joins may touch what the other joins: on until nothing is added
    let mut grew = true;
    while grew {
        grew = false;
        for row in [old, new] {
            let mut x = 0;
            while let Some(cell) = row.get(x) {
                let columns = columns_of(cell);
                let span = changed.get_mut(x..(x + columns).min(row.len()));
                let torn = |span: &&mut [bool]| span.contains(&true) && span.contains(&false);
                if let Some(span) = span.filter(|_| columns > 1).filter(torn) {
                    span.fill(true);
                    grew = true;
                }
                x += columns;
            }
        }
    }
    true
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }
}

/// The last wall: whatever got here, a terminal must not obey it.
fn harmless(symbol: &str) -> &str {
    if symbol.is_empty() || symbol.chars().any(char::is_control) {
        " "
    } else {
        symbol
    }
}

/// Where the terminal's cursor stands and what it writes with.
#[derive(Default)]
struct Pen {
    at: Option<(u16, u16)>,
    style: Look,
}

impl Pen {
    fn put(&mut self, x: u16, y: u16, cell: &Cell, out: &mut Vec<u8>) {
        match self.at {
            Some((px, py)) if py == y && px == x => {}
            Some((px, py)) if py == y && px < x => {
                let _ = match x - px {
                    1 => write!(out, "\x1b[C"),
                    n => write!(out, "\x1b[{n}C"),
                };
            }
            _ => {
                let _ = if x == 0 {
                    write!(out, "\x1b[{}H", y + 1)
                } else {
                    write!(out, "\x1b[{};{}H", y + 1, x + 1)
                };
            }
        }
        let look = Look::of(cell);
        if look != self.style {
            sgr(self.style, look, out);
            self.style = look;
        }
        out.extend_from_slice(harmless(cell.symbol()).as_bytes());
        // terminals disagree about where the cursor stands after anything but a plain character
        self.at = if columns_of(cell) == 1 {
            Some((x + 1, y))
        } else {
            None
        };
    }
}

const MODIFIERS: [(Modifier, u8); 6] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

/// The shortest way from one look to another: with a reset where something must be taken away (ECMA-48 8.3.117).
fn sgr(from: Look, to: Look, out: &mut Vec<u8>) {
    let gone = from.modifier - to.modifier;
    let base = if gone.is_empty() {
        from
    } else {
        Look::default()
    };
    let mut codes = String::new();
    if !gone.is_empty() || to == Look::default() {
        codes.push(';');
    }
    if to != Look::default() {
        for (modifier, code) in MODIFIERS {
            if to.modifier.contains(modifier) && !base.modifier.contains(modifier) {
                // writing into a String can't fail
                let _ = std::fmt::Write::write_fmt(&mut codes, format_args!("{code};"));
            }
        }
        if to.fg != base.fg {
            color_code(to.fg, 30, &mut codes);
        }
        if to.bg != base.bg {
            color_code(to.bg, 40, &mut codes);
        }
    }
    codes.pop();
    let _ = write!(out, "\x1b[{codes}m");
}

fn color_code(color: Color, base: u8, codes: &mut String) {
    let named = |n: u8| {
        if n < 8 {
            format!("{};", base + n)
        } else {
            format!("{};", base + 52 + n)
        }
    };
    let code = match color {
        Color::Reset => format!("{};", base + 9),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Indexed(n) => format!("{};5;{n};", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b};", base + 8),
    };
    codes.push_str(&code);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(screen: &mut Screen, words: &[(u16, u16, &str, Style)]) -> Vec<u8> {
        let buf = screen.blank(Style::new());
        for (x, y, word, style) in words {
            buf.set_string(*x, *y, word, *style);
        }
        let mut out = Vec::new();
        screen.flush(None, &mut out);
        out
    }

    #[test]
    fn an_unchanged_frame_is_no_byte_at_all() {
        let mut screen = Screen::new(20, 3, true);
        assert!(!frame(&mut screen, &[(0, 0, "icu", Style::new())]).is_empty());
        assert_eq!(frame(&mut screen, &[(0, 0, "icu", Style::new())]), b"");
        screen.forget();
        assert!(!frame(&mut screen, &[(0, 0, "icu", Style::new())]).is_empty());
    }

    #[test]
    fn one_changed_cell_is_a_few_bytes() {
        let mut screen = Screen::new(20, 3, false);
        frame(&mut screen, &[(4, 1, "41", Style::new())]);
        assert_eq!(
            frame(&mut screen, &[(4, 1, "42", Style::new())]),
            b"\x1b[2;6H2"
        );
        let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        assert_eq!(
            frame(&mut screen, &[(4, 1, "42", red)]),
            b"\x1b[2;5H\x1b[1;31m42\x1b[m"
        );
    }

    #[test]
    fn synchronized_updates_only_where_the_terminal_has_them() {
        for sync in [true, false] {
            let mut screen = Screen::new(5, 1, sync);
            let out = frame(&mut screen, &[(0, 0, "a", Style::new())]);
            assert_eq!(
                out.starts_with(b"\x1b[?2026h") && out.ends_with(b"\x1b[?2026l"),
                sync
            );
        }
    }

    fn look() -> impl Strategy<Value = Style> {
        let color = prop_oneof![
            Just(Color::Reset),
            Just(Color::Red),
            Just(Color::LightBlue),
            any::<u8>().prop_map(|n| Color::Indexed(16 + n % 240)),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
        ];
        (color.clone(), color, 0u16..16).prop_map(|(fg, bg, bits)| {
            let mut m = Modifier::empty();
            for (at, one) in [
                Modifier::BOLD,
                Modifier::ITALIC,
                Modifier::UNDERLINED,
                Modifier::REVERSED,
            ]
            .into_iter()
            .enumerate()
            {
                if bits >> at & 1 == 1 {
                    m |= one;
                }
            }
            Style::new().fg(fg).bg(bg).add_modifier(m)
        })
    }

    fn seen(color: Color) -> vt100::Color {
        match color {
            Color::Red => vt100::Color::Idx(1),
            Color::LightBlue => vt100::Color::Idx(12),
            Color::Indexed(n) => vt100::Color::Idx(n),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            _ => vt100::Color::Default,
        }
    }

    proptest! {
        /// A terminal that is only sent differences shows what was drawn, whatever was drawn before.
        #[test]
        fn a_real_terminal_ends_up_with_what_was_drawn(
            frames in prop::collection::vec(prop::collection::vec((0u16..24, 0u16..6, "[a-c●床 ]{0,9}", look()), 0..8), 1..6)
        ) {
            let mut screen = Screen::new(24, 6, false);
            let mut terminal = vt100::Parser::new(6.try_into().unwrap(), 24.try_into().unwrap(), 0);
            for words in frames {
                let words: Vec<_> = words.iter().map(|(x, y, w, s)| (*x, *y, w.as_str(), *s)).collect();
                terminal.process(&frame(&mut screen, &words));
                let mut y = 0;
                while y < 6 {
                    let mut x = 0;
                    while x < 24 {
                        let want = &screen.shown[(x, y)];
                        let got = terminal.screen().cell(y, x).unwrap();
                        let symbol = if got.contents().is_empty() { " " } else { got.contents() };
                        prop_assert_eq!(symbol, want.symbol(), "{} {}", x, y);
                        prop_assert_eq!(got.fgcolor(), seen(want.fg));
                        prop_assert_eq!(got.bgcolor(), seen(want.bg));
                        prop_assert_eq!(got.bold(), want.modifier.contains(Modifier::BOLD));
                        prop_assert_eq!(got.underline(), want.modifier.contains(Modifier::UNDERLINED));
                        prop_assert_eq!(got.inverse(), want.modifier.contains(Modifier::REVERSED));
                        x += unicode_width::UnicodeWidthStr::width(want.symbol()).max(1) as u16;
                    }
                    y += 1;
                }
            }
        }
    }
}
