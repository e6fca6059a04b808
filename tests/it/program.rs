//! The program in a real terminal: every view, every size, and every way out.

use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;

use crate::support::{PROGRAM, Pty, eventually, processes_with};

/// A small hospital of its own for each test: the seed tells its processes apart.
fn demo(seed: &str, columns: u16, rows: u16) -> Pty {
    Pty::start(
        &[
            "demo",
            "--endpoints",
            "60",
            "--seed",
            seed,
            "--scenario",
            "quiet",
        ],
        columns,
        rows,
    )
}

fn nothing_is_left_of(seed: &str) {
    eventually("no process to be left", || {
        processes_with(&["--seed", seed]).is_empty()
    });
}

#[test]
fn every_view_opens_by_its_key_and_q_leaves_with_the_terminal_restored() {
    let mut pty = demo("7101", 120, 36);
    pty.expect("ICU-3");
    pty.expect_that("an alternate screen", |s| {
        s.parser.screen().alternate_screen()
    });
    for (key, word) in [
        ("2", "core"),
        ("3", "lert"),
        ("4", "FIRMWARE"),
        ("1", "ICU-3"),
    ] {
        pty.keys(key);
        pty.expect(word);
    }
    pty.keys("?");
    pty.expect("Shows the keys that work here");
    pty.keys("\x1b");
    pty.expect_that("the help to be closed", |s| {
        !s.parser.screen().contents().contains("Shows the keys")
    });
    pty.keys("q");
    pty.keys("y");
    let (took, code) = pty.ended();
    println!("left by q after {took:?}");
    assert_eq!(code, 0);
    pty.expect_restored();
    nothing_is_left_of("7101");
}

#[test]
fn shrinking_to_one_cell_and_growing_again_redraws_everything() {
    let mut pty = demo("7102", 200, 60);
    pty.expect("ICU-3");
    for (columns, rows) in [
        (120, 36),
        (80, 24),
        (60, 16),
        (40, 10),
        (10, 3),
        (2, 2),
        (1, 1),
        (3, 40),
        (200, 1),
        (200, 60),
    ] {
        pty.resize(columns, rows);
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    pty.expect("ICU-3");
    pty.keys("4");
    pty.expect("FIRMWARE");
    pty.keys("\x03");
    let (_, code) = pty.ended();
    assert!(code == 0 || code == 130, "{code}");
    pty.expect_restored();
    nothing_is_left_of("7102");
}

#[test]
fn sigterm_restores_the_terminal_and_leaves_no_process() {
    let mut pty = demo("7103", 80, 24);
    pty.expect("ICU-3");
    pty.signal(Signal::SIGTERM);
    let (took, _) = pty.ended();
    println!("gone {took:?} after SIGTERM");
    pty.expect_restored();
    nothing_is_left_of("7103");
}

#[test]
fn a_terminal_that_goes_away_takes_the_program_with_it_even_when_sighup_is_ignored() {
    let mut command = CommandBuilder::new("sh");
    command.args([
        "-c",
        "trap '' HUP; exec \"$0\" demo --endpoints 60 --seed 7104 --scenario quiet",
        PROGRAM,
    ]);
    let mut pty = Pty::spawn(command, 80, 24);
    pty.expect("ICU-3");
    pty.close_terminal();
    let (took, _) = pty.ended();
    println!("gone {took:?} after the terminal closed");
    nothing_is_left_of("7104");
}

#[test]
fn an_idle_screen_writes_nothing() {
    let mut pty = demo("7106", 120, 36);
    pty.expect("ICU-3");
    pty.keys(" ");
    pty.expect("PAUSED");
    // paused, only the clock of the header may move: at most one small write a minute
    std::thread::sleep(std::time::Duration::from_millis(500));
    let before = pty.with(|s| s.bytes.len());
    std::thread::sleep(std::time::Duration::from_secs(3));
    let after = pty.with(|s| s.bytes.len());
    assert!(
        after - before <= 400,
        "{} bytes in three seconds",
        after - before
    );
    pty.keys("\x03");
    pty.ended();
    pty.expect_restored();
}
