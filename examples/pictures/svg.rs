//! A terminal's screen as SVG: one run of equal cells is one text element held to the grid.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

const CELL: (u32, u32) = (10, 20);
const PAPER: &str = "#0c0c10";
const INK: &str = "#cccccc";
const NAMED: [&str; 16] = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
    "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
];

#[derive(Clone, PartialEq, Eq)]
struct Look {
    ink: String,
    paper: String,
    bold: bool,
    dim: bool,
    underline: bool,
}

/// The whole screen.
pub fn screen(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (u32::from(columns) * CELL.0, u32::from(rows) * CELL.1);
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="16" xml:space="preserve">
<rect width="{width}" height="{height}" fill="{PAPER}"/>"#
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let Some(first) = screen.cell(row, column) else {
                break;
            };
            let (look, start, mut text) = (look_of(first), column, String::new());
            while column < columns {
                let Some(cell) = screen.cell(row, column).filter(|c| look_of(c) == look) else {
                    break;
                };
                if !cell.is_wide_continuation() {
                    text.push_str(if cell.has_contents() {
                        cell.contents()
                    } else {
                        " "
                    });
                }
                column += 1;
            }
            run(&mut out, row, start, column - start, &text, &look);
        }
    }
    out.push_str("</svg>\n");
    out
}

fn run(out: &mut String, row: u16, start: u16, cells: u16, text: &str, look: &Look) {
    let (x, y, width) = (
        u32::from(start) * CELL.0,
        u32::from(row) * CELL.1,
        u32::from(cells) * CELL.0,
    );
    if look.paper != PAPER {
        let _ = writeln!(
            out,
            r#"<rect x="{x}" y="{y}" width="{width}" height="{}" fill="{}"/>"#,
            CELL.1, look.paper
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
    if look.bold {
        style.push_str(r#" font-weight="bold""#);
    }
    if look.dim {
        style.push_str(r#" fill-opacity="0.6""#);
    }
    if look.underline {
        style.push_str(r#" text-decoration="underline""#);
    }
    let _ = writeln!(
        out,
        r#"<text x="{x}" y="{}" textLength="{width}" fill="{}"{style}>{escaped}</text>"#,
        y + 15,
        look.ink
    );
}

fn look_of(cell: &Cell) -> Look {
    let (mut ink, mut paper) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), PAPER));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut paper);
    }
    Look {
        ink,
        paper,
        bold: cell.bold(),
        dim: cell.dim(),
        underline: cell.underline(),
    }
}

fn colour(of: Color, default: &str) -> String {
    match of {
        Color::Default => default.to_string(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Idx(i @ 0..=15) => NAMED[usize::from(i)].to_string(),
        Color::Idx(i @ 16..=231) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * u32::from(n) };
            let n = i - 16;
            format!(
                "#{:02x}{:02x}{:02x}",
                level(n / 36),
                level(n / 6 % 6),
                level(n % 6)
            )
        }
        Color::Idx(i) => {
            let grey = 8 + 10 * u32::from(i - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}
