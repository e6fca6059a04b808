use std::net::IpAddr;
use std::path::Path;

use clap::Parser as _;

use super::super::args::{Cli, Command};
use super::*;
use crate::model::TouchPolicy;

const SITE: &str = r#"
[site]
name = "St. Anna"
[[segment]]
name = "ICU"
nets = ["127.55.0.0/24"]
[[credential]]
name = "site"
version = "2c"
community = "env:TEST_COMMUNITY"
[[device]]
name = "sw-1"
address = "127.55.0.1"
class = "switch"
credentials = ["site"]
"#;

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
}

fn asked(words: &[&str]) -> (Global, PollArgs) {
    let words = ["wardwatch", "poll"].iter().chain(words);
    let cli = Cli::try_parse_from(words).unwrap();
    match cli.command {
        Some(Command::Poll(args)) => (cli.global, args),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_round_goes_by_the_site_file_as_it_is_then() {
    let dir = tempfile::tempdir().unwrap();
    let (site, targets) = (dir.path().join("site.toml"), dir.path().join("targets"));
    let state = dir.path().join("state").display().to_string();
    write(&site, SITE);
    write(&targets, "127.55.0.1\n");
    let (site_word, targets_word) = (site.display().to_string(), targets.display().to_string());
    let site_words = ["--site", &site_word, "--state", &state];
    let list = ["--targets", &targets_word, "--community", "x"];
    let sw: IpAddr = "127.55.0.1".parse().unwrap();
    for words in [site_words.to_vec(), [&site_words[..], &list].concat()] {
        write(&site, SITE);
        let (global, args) = &asked(&words);
        let config = config_of(global);
        assert!(config.polite.is_some(), "the budgets of the site hold");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let inside = runtime.enter();
        let gate = Gate::new();
        let (sink, _observations) = mpsc::channel(16);
        let poller = Poller::start(Arc::clone(&gate), sink, config).unwrap();
        drop(inside);
        let loaded = whom::site_of(global, args).unwrap();
        let noted = Noted::open(global, loaded.as_ref(), &gate).unwrap();
        let round = Round {
            global,
            args,
            gate: &gate,
            poller: &poller,
            noted: &noted,
        };
        let begin = |nth| {
            let loaded = whom::site_of(global, args)?;
            round.begin(nth, loaded.as_ref(), &mut Vec::new())
        };
        let whom = begin(1).unwrap();
        assert_eq!((whom.targets.len(), whom.kept.len()), (1, 0), "{words:?}");
        assert!(gate.policy(sw) >= Some(TouchPolicy::Get));
        write(&site, &format!("{SITE}touch = \"never\"\n"));
        let whom = begin(2).unwrap();
        assert_eq!(gate.policy(sw), Some(TouchPolicy::Never));
        let kept: Vec<&String> = whom.kept.values().collect();
        assert_eq!(kept, ["sw-1 127.55.0.1 (never)"]);
        write(&site, "[site]\nname = 7\n");
        let error = begin(3).err().unwrap().to_string();
        assert!(error.contains("site.toml:2"), "{error}");
        write(&site, SITE);
        begin(4).unwrap();
        assert!(gate.policy(sw) >= Some(TouchPolicy::Get), "{words:?}");
    }
}
