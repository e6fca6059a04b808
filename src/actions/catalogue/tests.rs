use std::path::{Path, PathBuf};

use super::*;

#[allow(clippy::unnecessary_wraps)] // it stands for a search that may fail
fn everything(name: &str) -> Option<PathBuf> {
    Some(Path::new("/usr/bin").join(name))
}

fn one(text: &str) -> Result<Remediation, Vec<String>> {
    let (catalogue, errors) = Catalogue::from_texts(&[("r.toml", text)], &everything);
    match catalogue.iter().next() {
        Some(made) if errors.is_empty() => Ok(made.clone()),
        _ => Err(errors.iter().map(ToString::to_string).collect()),
    }
}

const HEAD: &str =
    "name = \"r\"\ntitle = \"t\"\nrisk = \"low\"\nconfirm = \"key\"\ntimeout_s = 5\n";

#[test]
fn what_is_shipped_is_without_errors_and_has_the_five() {
    let (catalogue, errors) = Catalogue::load(None);
    assert_eq!(errors, []);
    let names: Vec<&str> = catalogue.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        names,
        ["ping", "port-bounce", "port-shut", "snmp-get", "trace"]
    );
    for remediation in catalogue.iter() {
        assert!(
            remediation.key.is_some() && !remediation.help.is_empty(),
            "{}",
            remediation.name
        );
        assert!(
            remediation.inputs.iter().all(|i| i.default.is_some()),
            "{}",
            remediation.name
        );
    }
}

#[test]
fn every_error_names_its_place_and_what_was_meant() {
    let table: [(&str, &str, &str); 27] = [
        ("", "name = ", "r.toml:1:"),
        ("", "colour = 1", "r.toml:1:1: unknown field `colour`"),
        (HEAD, "", "r.toml:1:8: exactly one of [[program]]"),
        (
            HEAD,
            "[[program]]\nargv = []",
            "6:1: argv must begin with the program itself",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"{address}\"]",
            "7:9: argv must begin with the program itself",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"ping\", \"{adress}\"]",
            "7:17: nothing is called {adress}; there are address, device, interface",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"ping\", \"{\"]",
            "7:17: '{' is not closed",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a/b\"]",
            "7:9: a program is named by its name alone",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"./b\"]",
            "7:9: './' means a program in the site's own folder",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\ndry_argv = [\"b\"]",
            "8:13: dry_argv must begin with the same program",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\nenv = { PATH = \"x\" }",
            "8:16: 'PATH' can't be set",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\nenv = { LD_PRELOAD = \"x\" }",
            "8:22: 'LD_PRELOAD' can't be set",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\npackets = [{ kind = \"set\", count = 1 }]",
            "8:36: a program can't be let through for a SET",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\npackets = [{ kind = \"ping\", count = 0 }]",
            "8:37: it must be a whole number from 1 to 256",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\npackets = [{ kind = \"ping\", count = 200, each = 2 }]",
            "at most 256 packets",
        ),
        (
            HEAD,
            "[[program]]\nargv = [\"a\"]\npackets = [{ kind = \"ping\", count = \"{n}\" }]",
            "it must be a whole number",
        ),
        (
            HEAD,
            "[[input]]\nname = \"Who\"\ntitle = \"\"\nkind = \"oid\"\n[snmp_get]\noids = [\"1.3\"]",
            "7:8: an input's name must be",
        ),
        (
            HEAD,
            "[[input]]\nname = \"address\"\ntitle = \"\"\nkind = \"oid\"\n[snmp_get]\noids = [\"1.3\"]",
            "7:8: an input's name must be",
        ),
        (
            HEAD,
            "[[input]]\nname = \"a\"\ntitle = \"\"\nkind = \"file\"\n[snmp_get]\noids = [\"1.3\"]",
            "9:8: no kind 'file'; there are text",
        ),
        (
            HEAD,
            "[[input]]\nname = \"a\"\ntitle = \"\"\nkind = \"text\"\n[snmp_get]\noids = [\"1.3\"]",
            "needs a pattern",
        ),
        (
            HEAD,
            "[[input]]\nname = \"a\"\ntitle = \"\"\nkind = \"text\"\npattern = \"(\"\n[snmp_get]\noids = [\"1.3\"]",
            "10:11: the pattern can't be used",
        ),
        (
            HEAD,
            "[[input]]\nname = \"a\"\ntitle = \"\"\nkind = \"number\"\nmin = 5\nmax = 4\n[snmp_get]\noids = [\"1.3\"]",
            "min not above max",
        ),
        (
            HEAD,
            "[[input]]\nname = \"a\"\ntitle = \"\"\nkind = \"number\"\nmin = 1\nmax = 4\ndefault = 9\n[snmp_get]\noids = [\"1.3\"]",
            "12:11: the default is not accepted: it must be a number from 1 to 4",
        ),
        (
            HEAD,
            "[snmp_get]\noids = [\"sysDescr\"]",
            "7:9: this is no object identifier",
        ),
        (
            HEAD,
            "scope = \"colour:red\"\n[snmp_get]\noids = [\"1.3\"]",
            "6:9: no filter key 'colour'; there are",
        ),
        (
            HEAD,
            "[port]\nbounce = true\nrevert_s = 5",
            "what changes a port has risk",
        ),
        (
            "name = \"R r\"\nkey = \"F1\"\ntitle = \"\"\nrisk = \"low\"\nconfirm = \"none\"\ntimeout_s = 0\n",
            "[port]\nbounce = true\nrevert_s = 0",
            "9:12: it must be a whole number",
        ),
    ];
    for (head, rest, want) in table {
        let errors = one(&format!("{head}{rest}")).unwrap_err();
        assert!(
            errors
                .iter()
                .any(|e| e.contains(want) && e.starts_with("r.toml:")),
            "{rest}\nwanted {want}\ngot {errors:#?}"
        );
    }
}

#[test]
fn all_errors_of_a_file_are_said_at_once() {
    let text = "name = \"R r\"\nkey = \"F1\"\ntitle = \"\"\nrisk = \"low\"\nconfirm = \"none\"\ntimeout_s = 0\n[[program]]\nargv = [\"a\", \"{b}\"]";
    let errors = one(text).unwrap_err();
    assert_eq!(errors.len(), 5, "{errors:#?}");
}

#[test]
fn a_port_is_never_set_without_a_confirmation() {
    let text = HEAD.replace("\"key\"", "\"none\"") + "[port]\nbounce = true\nrevert_s = 5";
    assert!(
        one(&text)
            .unwrap_err()
            .iter()
            .any(|e| e.contains("must be confirmed"))
    );
}

#[test]
fn of_two_programs_the_one_that_is_there_is_taken_and_a_missing_one_is_known() {
    let text = format!("{HEAD}[[program]]\nargv = [\"a\"]\n[[program]]\nargv = [\"b\"]\n");
    let only = |there: &'static str| {
        move |name: &str| (name == there).then(|| PathBuf::from("/bin").join(name))
    };
    let chosen = |there| {
        let (catalogue, errors) = Catalogue::from_texts(&[("r.toml", &text)], &only(there));
        assert_eq!(errors, []);
        match &catalogue.get("r").unwrap().work {
            Work::Program(p) => (p.called.as_str().to_owned(), p.path.clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(chosen("a"), ("a".into(), Some("/bin/a".into())));
    assert_eq!(chosen("b"), ("b".into(), Some("/bin/b".into())));
    assert_eq!(chosen("c"), ("a".into(), None));
}

#[test]
fn the_site_s_folder_lays_over_what_is_shipped_and_one_bad_file_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let file = path.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .unwrap();
    };
    write(
        "ping.toml",
        &format!(
            "{}[[program]]\nargv = [\"./hello\"]",
            HEAD.replace("\"r\"", "\"ping\"")
        ),
        0o644,
    );
    write("hello", "#!/bin/sh\n", 0o755);
    write("off.toml", "name = \"port-shut\"\nenabled = false\n", 0o644);
    write(
        "rival.toml",
        &format!("key = \"b\"\n{HEAD}[snmp_get]\noids = [\"1.3\"]"),
        0o644,
    );
    write("bad.toml", "name = 7", 0o644);
    write("open.toml", HEAD, 0o666);
    write("note.txt", "not mine", 0o644);
    let (catalogue, errors) = Catalogue::load(Some(path));
    let names: Vec<&str> = catalogue.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["ping", "port-bounce", "snmp-get", "trace"]);
    match &catalogue.get("ping").unwrap().work {
        Work::Program(p) => assert_eq!(p.path.as_deref(), Some(path.join("hello").as_path())),
        other => panic!("{other:?}"),
    }
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(said[0].contains("bad.toml:1:8"), "{said:#?}");
    assert!(
        said[1].contains("open.toml:1:1: others than its owner may write"),
        "{said:#?}"
    );
    assert!(
        said[2].contains("its key is already that of 'port-bounce'"),
        "{said:#?}"
    );
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let (catalogue, errors) = Catalogue::load(Some(path));
    assert_eq!((catalogue.iter().count(), errors.len()), (5, 1));
}
