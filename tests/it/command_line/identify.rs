//! What recorded devices are, by the real program.

use super::ground::run;

const SWITCH: &str = "1.3.6.1.2.1.1.1.0|4|Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E6, RELEASE SOFTWARE (fc1)\n\
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1.1208\n1.3.6.1.2.1.1.5.0|4|sw-1\n1.3.6.1.2.1.47.1.1.1.1.5.1|2|3\n\
1.3.6.1.2.1.47.1.1.1.1.11.1|4|<private>\n1.3.6.1.2.1.47.1.1.1.1.13.1|4|WS-C2960X-48FPS-L\nnonsense\n";

#[test]
fn each_file_is_one_line_with_what_is_known_and_null_where_nothing_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (switch, empty) = (path("switch.snmprec"), path("empty.snmprec"));
    std::fs::write(&switch, SWITCH).unwrap();
    std::fs::write(&empty, "").unwrap();
    let lines = run(&["identify", &switch, &empty]).ended(0).lines();
    assert_eq!(lines.len(), 2);
    let is = &lines[0];
    for (key, value) in [
        ("vendor", "Cisco"),
        ("os", "ios"),
        ("model", "WS-C2960X-48FPS-L"),
        ("version", "15.2(2)E6"),
        ("class", "switch"),
        ("sys_name", "sw-1"),
        ("sys_object_id", "1.3.6.1.4.1.9.1.1208"),
        ("rule", "ios"),
    ] {
        assert_eq!(is[key], value, "{is}");
    }
    assert!(
        is["serial"].is_null(),
        "what was taken out is no serial number: {is}"
    );
    assert_eq!(
        (&is["confidence"], &is["skipped_lines"]),
        (&95.into(), &1.into())
    );
    assert!(is["file"].as_str().unwrap().ends_with("switch.snmprec"));
    for (key, value) in lines[1].as_object().unwrap() {
        let known = key == "file" || key == "skipped_lines";
        assert_eq!(value.is_null(), !known, "{key}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_and_the_others_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("switch.snmprec").display().to_string();
    std::fs::write(&good, SWITCH).unwrap();
    let ran = run(&["identify", "/nonexistent.snmprec", &good]).ended(1);
    assert!(
        ran.err.contains("/nonexistent.snmprec: No such file"),
        "{ran:?}"
    );
    assert_eq!(ran.lines().len(), 1);
}

#[test]
fn rules_of_one_s_own_are_tried_and_their_mistakes_are_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("switch.snmprec").display().to_string();
    std::fs::write(&file, SWITCH).unwrap();
    let folder = dir.path().join("rules");
    std::fs::create_dir(&folder).unwrap();
    let rules = folder.display().to_string();
    let with = || run(&["identify", "--rules", &rules, &file]);
    assert!(with().ended(2).err.contains("there is no .toml file in it"));
    let rule =
        "[[rule]]\nos = 'mine'\nvendor = 'Mine'\nclass = 'switch'\noid = '~9'\nmodel = '= M1'\n";
    std::fs::write(folder.join("a.toml"), rule).unwrap();
    let is = &with().ended(0).lines()[0];
    assert_eq!((&is["os"], &is["model"]), (&"mine".into(), &"M1".into()));
    std::fs::write(folder.join("b.toml"), rule.replace("switch", "toaster")).unwrap();
    let ran = with().ended(2);
    assert!(ran.err.contains("b.toml: rule mine: "), "{ran:?}");
    assert!(ran.out.is_empty());
}
