//! Draws the pictures of the README: the demo in a session without a terminal, its screens as SVG.
//!
//! `cargo run --release --example pictures` writes `docs/pictures/*.svg`. It runs the evening scenario for about two minutes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use wardwatch::ui::picture;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// What is drawn: the seconds since the start, the keys before it, the size, the file.
const SHOTS: &[(u64, &str, (u16, u16), &str)] = &[
    (12, "1", (120, 36), "board-quiet"),
    (100, "1", (120, 36), "board"),
    (102, "2n", (120, 36), "map"),
    (105, "3", (120, 36), "alerts"),
    (108, "4", (120, 36), "devices"),
    (110, "4\r", (120, 36), "device"),
    (113, "1", (80, 24), "board-80x24"),
    (116, "1", (200, 60), "board-200x60"),
];

fn cells(n: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(n).unwrap_or(std::num::NonZeroU16::MIN)
}

/// The terminal's cells as the program has them, so that its own code draws the picture.
#[allow(clippy::disallowed_methods)]
fn cells_of(screen: &vt100::Screen) -> Buffer {
    let (rows, columns) = screen.size();
    let mut buf = Buffer::empty(Rect::new(0, 0, columns.get(), rows.get()));
    let colour = |of| match of {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(n) => Color::Indexed(n),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    for y in 0..rows.get() {
        for x in 0..columns.get() {
            let Some(from) = screen.cell(y, x) else {
                continue;
            };
            let cell = &mut buf[(x, y)];
            if from.has_contents() {
                cell.set_symbol(from.contents());
            }
            cell.fg = colour(from.fgcolor());
            cell.bg = colour(from.bgcolor());
            for (is, modifier) in [
                (from.bold(), Modifier::BOLD),
                (from.dim(), Modifier::DIM),
                (from.italic(), Modifier::ITALIC),
                (from.underline(), Modifier::UNDERLINED),
                (from.inverse(), Modifier::REVERSED),
            ] {
                if is {
                    cell.modifier |= modifier;
                }
            }
        }
    }
    buf
}

fn main() {
    let program = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "target/release/wardwatch".into());
    // a pseudo-terminal starts its program elsewhere
    let program = std::path::absolute(program).unwrap();
    let mut command = CommandBuilder::new(&program);
    command.args(["demo", "--theme", "dark", "--seed", "3"]);
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("COLORTERM", "truecolor"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
    ] {
        command.env(name, value);
    }
    let size = |(cols, rows)| PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size(SHOTS[0].2)).unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap_or_else(|e| {
        panic!(
            "{}: {e}; build it with cargo build --release",
            program.display()
        )
    });
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let screen = Arc::new(Mutex::new(vt100::Parser::new(
        cells(SHOTS[0].2.1),
        cells(SHOTS[0].2.0),
        0,
    )));
    let into = Arc::clone(&screen);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            into.lock().unwrap().process(&buffer[..n]);
        }
    });
    let start = Instant::now();
    std::fs::create_dir_all("docs/pictures").unwrap();
    for (at, keys, shape, name) in SHOTS {
        std::thread::sleep(Duration::from_secs(*at).saturating_sub(start.elapsed()));
        screen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(cells(shape.1), cells(shape.0));
        pair.master.resize(size(*shape)).unwrap();
        for key in keys.chars() {
            write!(writer, "{key}").unwrap();
            writer.flush().unwrap();
            std::thread::sleep(Duration::from_millis(200));
        }
        std::thread::sleep(Duration::from_millis(800));
        let file = format!("docs/pictures/{name}.svg");
        let cells = cells_of(screen.lock().unwrap().screen());
        std::fs::write(&file, picture::svg(&cells)).unwrap();
        println!("{file}");
    }
    let _ = write!(writer, "\x03");
    let _ = child.wait();
}
