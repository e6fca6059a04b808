//! The corpus of site files: `tests/configs/valid` loads (and comes back from its own writing), `tests/configs/invalid`
//! gives exactly the mistakes in the `.expected` beside it. `WARDWATCH_BLESS=1` writes the `.expected` anew: read them then.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use wardwatch::config;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/configs")
        .join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// What is said of a file, without the folder it happens to lie in; the expectation in the file beside it.
fn compare(path: &Path, folder: &Path, said: &str) {
    let said = said.replace(&format!("{}/", folder.display()), "") + "\n";
    let expected = path.with_extension("expected");
    if std::env::var_os("WARDWATCH_BLESS").is_some() {
        fs::write(&expected, &said).unwrap();
    }
    let expected =
        fs::read_to_string(&expected).unwrap_or_else(|e| panic!("{}: {e}", expected.display()));
    assert_eq!(said, expected, "{}", path.display());
}

#[test]
fn every_invalid_file_gives_all_its_mistakes_with_their_places() {
    let folder = folder("invalid");
    for path in files(&folder) {
        if path.ends_with("bad-time-zone.toml") && jiff::tz::db().is_definitively_empty() {
            println!(
                "skipped {}: this machine has no time zone database",
                path.display()
            );
            continue;
        }
        let Err(errors) = config::load(&path) else {
            panic!("{} has no mistake", path.display());
        };
        let said = errors.to_string();
        assert!(!said.contains("hunter2"), "a secret is shown: {said}");
        assert!(
            !said.chars().any(|c| c.is_control() && c != '\n'),
            "{said:?}"
        );
        compare(&path, &folder, &said);
    }
}

#[test]
fn every_valid_file_loads_with_its_warnings_and_comes_back_from_its_own_writing() {
    let folder = folder("valid");
    for path in files(&folder) {
        let loaded = config::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
        let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        compare(&path, &folder, &warnings.join("\n"));
        let written = config::to_toml(&loaded.site);
        let again =
            config::parse(&path, &written).unwrap_or_else(|errors| panic!("{errors}\n{written}"));
        assert_eq!(again.site, loaded.site, "{written}");
        assert_eq!(again.hash, loaded.hash);
    }
}

#[test]
fn a_secret_file_must_be_closed_to_others_and_not_empty_and_says_so_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("wardwatch.toml");
    let secret = dir.path().join("community");
    fs::write(
        &site,
        "[site]\nname = \"A\"\n[[credential]]\nname = \"c\"\nversion = \"2c\"\ncommunity = \"file:community\"\n",
    )
    .unwrap();
    let said = |content: &str, mode: u32| {
        fs::write(&secret, content).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        config::load(&site).map_err(|e| {
            e.to_string()
                .replace(&dir.path().display().to_string(), "DIR")
        })
    };
    assert_eq!(
        said("hunter2\n", 0o644).unwrap_err(),
        "DIR/wardwatch.toml:6:13: others may read the secret in DIR/community (mode 0644); run: chmod 600 DIR/community"
    );
    assert_eq!(
        said("\n", 0o600).unwrap_err(),
        "DIR/wardwatch.toml:6:13: the secret in file:DIR/community is empty"
    );
    let loaded = said("hunter2\n", 0o600).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert!(!config::to_toml(&loaded.site).contains("hunter2"));
}

#[test]
fn a_site_of_fifty_thousand_devices_is_read_and_a_mistake_in_its_midst_is_found() {
    use std::fmt::Write as _;
    let mut text = String::from(
        "[site]\nname = \"big\"\n[[segment]]\nname = \"all\"\nnets = [\"10.0.0.0/8\"]\n",
    );
    for i in 0..50_000u32 {
        let octets = i.to_be_bytes();
        write!(
            text,
            "[[device]]\nname = \"d{i}\"\naddress = \"10.{}.{}.{}\"\nclass = \"printer\"\n",
            octets[1], octets[2], octets[3]
        )
        .unwrap();
    }
    let loaded = config::parse(Path::new("x.toml"), &text).unwrap();
    assert_eq!(loaded.site.devices.len(), 50_000);
    let text = text.replace("10.0.100.7\"", "10.0.100.8\"");
    let errors = config::parse(Path::new("x.toml"), &text).unwrap_err();
    assert_eq!(errors.0.len(), 1);
    assert!(
        errors
            .to_string()
            .contains("10.0.100.8 is the address of 'd25607' already"),
        "{errors}"
    );
}
