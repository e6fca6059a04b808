//! Which keys are in force, by the real program: presets, files of a person's own, and what is said of bad ones.

use portable_pty::CommandBuilder;

use super::ground::{finish, program, run};
use crate::support::{PROGRAM, Pty};

fn keys_of(lines: &[serde_json::Value], action: &str) -> Vec<String> {
    let of = lines.iter().filter(|l| l["run"] == action);
    of.map(|l| l["on"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_keymap_in_force_is_listed_and_stands_in_the_manual() {
    let vim = run(&["keys"]).ended(0).lines();
    assert_eq!(keys_of(&vim, "run"), ["r"]);
    assert!(keys_of(&vim, "cursor-down").contains(&"j".into()));
    let plain = run(&["keys", "--keys", "plain", "--format", "json"])
        .ended(0)
        .json();
    let plain = plain.as_array().unwrap();
    assert_eq!(keys_of(plain, "run"), ["ctrl-x r"]);
    assert_eq!(keys_of(plain, "cursor-down"), ["down"]);
    let page = run(&["keys", "--format", "markdown"]).ended(0).out;
    assert_eq!(page, include_str!("../../../docs/KEYS.md"));
    let manual = run(&["man", "--keys", "plain"]).ended(0).out;
    assert!(manual.contains("ctrl\\-x r"), "{manual}");
    assert!(!run(&["man"]).ended(0).out.contains("ctrl\\-x r"));
}

#[test]
fn a_file_is_checked_and_one_that_was_named_and_is_wrong_is_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (good, bad) = (path("good.toml"), path("bad.toml"));
    std::fs::write(&good, "view = [ { on = 'g g', run = 'top' } ]\n").unwrap();
    std::fs::write(
        &bad,
        "view = [ { on = 'ctrl-i', run = 'top' },\n { on = 'x', run = 'tpo' } ]\n",
    )
    .unwrap();
    let ran = run(&["keys", "check", &good]).ended(0);
    assert!(
        ran.out.contains("'g' no longer does: To the first"),
        "{ran:?}"
    );
    assert!(ran.out.contains("good.toml: good; "), "{ran:?}");
    for arguments in [
        &["keys", "check", &bad][..],
        &["devices", "--keys", &bad],
        &["--keys", &bad],
    ] {
        let ran = run(arguments).ended(2);
        assert!(ran.out.is_empty(), "{ran:?}");
        let lines: Vec<&str> = ran.err.lines().collect();
        assert!(lines[0].ends_with("bad.toml:1:17: a terminal sends the same for ctrl-i and tab: write tab, or another key"), "{ran:?}");
        assert!(
            lines[1].contains(
                "bad.toml:2:20: there is no action or command 'tpo'; did you mean 'top'?"
            ),
            "{ran:?}"
        );
    }
    run(&["devices", "--keys", "emacs"]).ended(2).said(&[
        "'emacs'",
        "vim and plain",
        "./keys.toml",
    ]);
    run(&["devices", "--keys", "./nowhere.toml"])
        .ended(2)
        .said(&["./nowhere.toml", "No such file"]);
    run(&["keys", "check", "/"])
        .ended(2)
        .said(&["/: ", "directory"]);
}

#[test]
fn a_file_in_the_configuration_folder_is_in_force_and_a_wrong_one_is_said_on_the_screen() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("wardwatch");
    std::fs::create_dir(&folder).unwrap();
    let own = folder.join("keys.toml");
    let listed = || {
        let mut command = program(&["keys"]);
        command.env("XDG_CONFIG_HOME", dir.path());
        finish(command)
    };
    std::fs::write(
        &own,
        "inherits = 'plain'\ndevice = [ { on = 'alt-r', run = 'run' } ]\n",
    )
    .unwrap();
    assert_eq!(
        keys_of(&listed().ended(0).lines(), "run"),
        ["alt-r", "ctrl-x r"]
    );
    std::fs::write(
        &own,
        "view = [ { on = 'pagedown', run = 'top' } ]\ncolour = 3\n",
    )
    .unwrap();
    let ran = listed().ended(2);
    assert!(
        ran.err
            .contains("keys.toml:1:17: there is no key 'pagedown'"),
        "{ran:?}"
    );
    assert!(
        ran.err.contains("keys.toml:2:1: there is no 'colour'"),
        "{ran:?}"
    );

    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["demo", "--endpoints", "20", "--scenario", "quiet"]);
    command.env("XDG_CONFIG_HOME", dir.path());
    let mut screen = Pty::spawn(command, 120, 30);
    screen.expect("keys as shipped: ");
    screen.keys("4");
    screen.expect_that("the devices, by the keys as shipped", |seen| {
        seen.parser.screen().contents().contains("worst first")
    });
    screen.keys("\x03");
    assert_eq!(screen.ended().1, 0);
    screen.expect_restored();
}

#[test]
fn lines_of_the_palette_are_there_again_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("site.toml");
    std::fs::write(&site, "[site]\nname = \"A\"\n").unwrap();
    let start = || {
        let mut command = CommandBuilder::new(PROGRAM);
        command.arg("--site");
        command.arg(&site);
        command.arg("--state");
        command.arg(dir.path().join("state"));
        command.env("XDG_CONFIG_HOME", dir.path());
        Pty::spawn(command, 100, 30)
    };
    let mut screen = start();
    screen.expect("Board");
    screen.keys(":theme light\r");
    screen.expect("theme light");
    screen.keys("\x03");
    assert_eq!(screen.ended().1, 0);
    let mut screen = start();
    screen.expect("Board");
    screen.keys(":\x10");
    screen.expect("theme light");
    screen.keys("\x03");
    assert_eq!(screen.ended().1, 0);
}
