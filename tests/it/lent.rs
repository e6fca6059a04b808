//! The terminal lent to a pager and an editor.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;

use crate::support::{PROGRAM, Pty, eventually, processes_with};

/// A program of a person's own, in a folder of this test.
fn tool(folder: &tempfile::TempDir, name: &str, script: &str) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

fn demo(seed: &str, tools: &[(&str, &PathBuf)]) -> Pty {
    let mut command = CommandBuilder::new(PROGRAM);
    command.args([
        "demo",
        "--endpoints",
        "60",
        "--scenario",
        "quiet",
        "--seed",
        seed,
    ]);
    for (name, file) in tools {
        command.env(name, file);
    }
    let pty = Pty::spawn(command, 120, 36);
    pty.expect("ICU-3");
    pty
}

#[test]
fn a_pager_reads_all_that_a_view_holds_and_an_interrupt_is_for_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let pager = tool(
        &folder,
        "pager",
        r#"wc -l < "$1"; sed -n '/FIRMWARE/p' "$1"; echo "secure $LESSSECURE"; echo READ; exec sleep 1000"#,
    );
    let mut pty = demo("7301", &[("PAGER", &pager)]);
    pty.keys("4");
    pty.expect("FIRMWARE");
    pty.keys("|");
    pty.expect("READ");
    pty.expect("secure 1");
    pty.expect_that("the shell's own screen", |s| {
        !s.parser.screen().alternate_screen()
    });
    // a size that changes meanwhile counts when the screen is ours again
    pty.resize(100, 30);
    pty.keys("\x03");
    pty.expect_that("the devices again", |s| {
        s.parser.screen().alternate_screen() && s.parser.screen().contents().contains("worst first")
    });
    pty.keys("0");
    pty.expect(env!("CARGO_PKG_VERSION"));
    pty.keys("\x03");
    let _ = pty.ended();
    pty.expect_restored();
}

#[test]
fn an_editor_writes_the_line_of_a_dialog() {
    let folder = tempfile::tempdir().unwrap();
    let editor = tool(
        &folder,
        "editor",
        r#"printf '%s, and\nthe spare is on its way\n' "$(cat "$1")" > "$1.new"; mv "$1.new" "$1""#,
    );
    let mut pty = demo("7302", &[("VISUAL", &editor)]);
    pty.keys("4");
    pty.expect("FIRMWARE");
    pty.keys("+");
    pty.expect("with your name");
    pty.keys("biomed knows\x18");
    pty.expect("biomed knows, and the spare is on its way");
    pty.keys("\x1b");
    pty.expect_that("the dialog to be closed", |s| {
        !s.parser.screen().contents().contains("with your name")
    });
    pty.keys("\x03");
    let _ = pty.ended();
    pty.expect_restored();
}

#[test]
fn one_that_dies_with_the_terminal_as_it_had_it_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pager = tool(&folder, "pager", "stty raw -echo; echo DYING; kill -9 $$");
    let mut pty = demo("7305", &[("PAGER", &pager)]);
    pty.keys("|");
    pty.expect_that("the screen again", |s| {
        s.parser.screen().alternate_screen() && String::from_utf8_lossy(&s.bytes).contains("DYING")
    });
    pty.keys("4");
    pty.expect("FIRMWARE");
    pty.keys("\x03");
    let _ = pty.ended();
    pty.expect_restored();
}

#[test]
fn what_is_missing_is_said() {
    let nowhere = PathBuf::from("/nonexistent/pager");
    let mut pty = demo("7303", &[("PAGER", &nowhere)]);
    pty.keys("|");
    pty.expect("/nonexistent/pager can't be started");
    pty.keys("\x03");
    let _ = pty.ended();
    pty.expect_restored();
}

#[test]
fn sigterm_ends_a_pager_that_will_not_end_and_leaves_the_terminal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let pager = tool(
        &folder,
        "pager",
        "trap '' TERM; echo DEAF; while :; do read x; done",
    );
    let mut pty = demo("7304", &[("PAGER", &pager)]);
    pty.keys("|");
    pty.expect("DEAF");
    pty.signal(Signal::SIGTERM);
    let (took, _) = pty.ended();
    println!("gone {took:?} after SIGTERM with a deaf pager");
    pty.expect_restored();
    eventually("no process to be left", || {
        processes_with(&["--seed", "7304"]).is_empty()
            && processes_with(&[pager.to_str().unwrap()]).is_empty()
    });
}
