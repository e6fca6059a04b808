//! Mistakes of the person: one line on stderr, exit 2, nothing on stdout. And what helps: help, manual, completions, doctor.

use super::ground::run;

#[test]
fn a_mistake_on_the_command_line_is_one_line_and_exit_2() {
    for (arguments, words) in [
        (vec!["watch"], vec!["'watch'"]),
        (
            vec!["devices", "--fromat", "csv"],
            vec!["--fromat", "--format"],
        ),
        (vec!["device"], vec!["<DEVICE>"]),
        (vec!["demo", "--endpoints", "3"], vec!["20..=50000"]),
        (
            vec!["demo", "--scenario", "party", "--headless"],
            vec!["'party'", "icu-switch-dies"],
        ),
        (
            vec!["demo", "--for", "3w", "--headless"],
            vec!["'w'", "90s"],
        ),
        (
            vec!["wallboard", "--views", "board,cellar"],
            vec!["'cellar'", "alerts"],
        ),
        (
            vec!["devices", "--log-level", "loud"],
            vec!["'loud'", "debug"],
        ),
        (
            vec!["devices", "--theme", "pink"],
            vec!["'pink'", "deuteranopia"],
        ),
        (
            vec!["devices", "--theme", "./no-such-theme.toml"],
            vec!["./no-such-theme.toml", "No such file"],
        ),
        (
            vec!["devices", "--theme", "/"],
            vec!["--theme /", "directory"],
        ),
        (vec!["completions", "nosh"], vec!["'nosh'", "bash"]),
        (
            vec!["poll", "--targets", "x", "--once"],
            vec!["--community", "env:NAME"],
        ),
        (vec!["poll", "--once"], vec!["no site file", "config init"]),
        (
            vec!["poll", "--once", "--plan", "chat"],
            vec![
                "'chat'",
                "status, interfaces, tables, inventory, sensors, ups, bench, all",
            ],
        ),
        (
            vec!["scan", "224.0.0.1", "--community", "env:X"],
            vec!["'224.0.0.1'", "group or a broadcast"],
        ),
        (
            vec!["scan", "10.3.1.300"],
            vec!["'10.3.1.300'", "10.3.1.0/24"],
        ),
        (
            vec!["scan", "--interface", "none7"],
            vec!["none7", "there are"],
        ),
        (vec!["daemon"], vec!["no site file", "config init"]),
        (vec!["run", "ping", "x", "--read-only"], vec!["--read-only"]),
        (
            vec!["sim", "serve", ".", "--address", "10.0.0.0/8"],
            vec!["loopback"],
        ),
    ] {
        let ran = run(&arguments).ended(2).said(&words);
        assert!(ran.out.is_empty(), "{ran:?}");
    }
}

#[test]
fn what_needs_a_terminal_says_what_does_not() {
    run(&["demo"])
        .ended(2)
        .said(&["needs a terminal", "--headless"]);
}

#[test]
fn completions_and_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).ended(0).out;
        for word in ["wallboard", "snmp-port", "exit-code"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
    let manual = run(&["man"]).ended(0).out;
    assert!(manual.contains("WARDWATCH CONFIG CHECK"), "{manual}");
    let help = run(&["--help"]).ended(0);
    assert!(help.out.contains("ledger") && help.err.is_empty());
    assert!(run(&["--version"]).ended(0).out.starts_with("wardwatch "));
}

#[test]
fn the_doctor_finds_what_it_looks_at_in_both_formats() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().display().to_string();
    let json = run(&["doctor", "--state", &state]).ended(0).json();
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.len() >= 6);
    for check in checks {
        assert!(
            ["good", "less", "bad"].contains(&check["verdict"].as_str().unwrap()),
            "{check}"
        );
    }
    let text = run(&["doctor", "--state", &state, "--format", "text"])
        .ended(0)
        .out;
    assert!(
        text.contains("site file") && text.contains("config init"),
        "{text}"
    );
}
