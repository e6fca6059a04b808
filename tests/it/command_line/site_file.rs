//! `config init|check|show|schema`, and every kind of wrong site file: file, line, column, what was meant, exit 2.

use std::os::unix::fs::PermissionsExt as _;

use super::ground::run;

#[test]
fn the_example_checks_clean_and_comes_back_from_show() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("wardwatch.toml").display().to_string();
    run(&["config", "init", &file]).ended(0);
    run(&["config", "init", &file])
        .ended(2)
        .said(&["exists", "another name"]);
    let checked = run(&["config", "check", &file]).ended(0);
    assert!(
        checked.out.contains("good") && checked.err.is_empty(),
        "{checked:?}"
    );
    let shown = run(&["config", "show", &file]).ended(0).out;
    let again = dir.path().join("again.toml");
    std::fs::write(&again, &shown).unwrap();
    let again = again.display().to_string();
    run(&["config", "check", &again]).ended(0);
    assert_eq!(run(&["config", "show", &again]).ended(0).out, shown);
    let schema = run(&["config", "schema"]).ended(0).json();
    assert!(schema["properties"]["device"].is_object(), "{schema}");
}

#[test]
fn every_mistake_is_named_with_file_line_column_and_what_was_meant() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.toml");
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let credential = |file: &str| {
        format!(
            "[site]\nname = \"A\"\n[[credential]]\nname = \"c\"\nversion = \"2c\"\ncommunity = \"file:{file}\"\n"
        )
    };
    let segment = "[[segment]]\nname = \"x\"\nnets = [\"10.0.0.0/24\"]\n";
    let two = segment.replace("10.0.0", "10.0.1");
    for (text, place, words) in [
        (
            "[site]\nname = \"A\"\nnaem = \"B\"\n".into(),
            "3:1",
            vec!["'naem'", "did you mean 'name'"],
        ),
        ("[site]\nname = 5\n".into(), "2:8", vec!["must be text"]),
        (
            "[site]\nname = \"A\"\n[[segment]]\nname = \"x\"\nnets = [\"10.0.0.0/33\"]\n".into(),
            "5:9",
            vec!["'10.0.0.0/33'", "10.3.10.0/24"],
        ),
        (
            format!("[site]\nname = \"A\"\n{segment}{two}"),
            "7:8",
            vec!["second segment 'x'", "line 4"],
        ),
        (credential("secret"), "6:13", vec!["mode 0644", "chmod 600"]),
        (credential("missing"), "6:13", vec!["no such file"]),
        ("[site\n".into(), "1:6", vec![]),
    ] {
        std::fs::write(&file, &text).unwrap();
        let shown = file.display().to_string();
        let at = format!("{shown}:{place}: ");
        let ran = run(&["config", "check", &shown]).ended(2).said(&words);
        assert!(ran.err.contains(&at), "{at} is not in {ran:?}");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
        // whoever would work with it says the same
        run(&["daemon", "--site", &shown]).ended(2).said(&[&at]);
    }
    let missing = dir.path().join("none.toml").display().to_string();
    run(&["config", "check", &missing])
        .ended(2)
        .said(&["none.toml", "config init"]);
}
