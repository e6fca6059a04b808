//! Rules against recorded devices that nobody here wrote, and against what is hostile.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use serde::Deserialize;

use super::answers::{SYS_DESCR, SYS_OBJECT_ID};
use super::{Identity, Recorded, Rules, shipped};
use crate::wire::snmp::{Oid, Value, VarBind};
use crate::wire::snmprec;

/// Where the recorded devices are; nothing, and a word, where they are not.
fn data() -> Option<PathBuf> {
    let dir = std::env::var_os("WARDWATCH_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if dir.join("devices/recordings").is_dir() {
        return Some(dir);
    }
    println!(
        "skipped: no recorded devices at {} (set WARDWATCH_DATA)",
        dir.display()
    );
    None
}

fn rules() -> &'static Rules {
    shipped().unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A device that answers this.
fn device(answers: &[(&[u32], &str)]) -> Vec<VarBind> {
    let mut all: Vec<VarBind> = answers
        .iter()
        .map(|(oid, text)| VarBind {
            oid: Oid::new(oid.to_vec()),
            value: Value::Octets(text.as_bytes().to_vec()),
        })
        .collect();
    all.sort_by(|a, b| a.oid.cmp(&b.oid));
    all
}

fn identify(object_id: &str, descr: &str) -> Identity {
    rules().identify(&Recorded(&device(&[
        (SYS_DESCR, descr),
        (SYS_OBJECT_ID, object_id),
    ])))
}

#[derive(Deserialize)]
struct Expected {
    file: String,
    os: Option<String>,
    hardware: Option<String>,
    version: Option<String>,
    serial: Option<String>,
}

/// Vendors in whose name a model may begin, or not.
const PREFIXES: [&str; 20] = [
    "cisco",
    "hp",
    "hpe",
    "dell emc",
    "dell",
    "juniper",
    "apc",
    "eaton",
    "axis",
    "canon",
    "ricoh",
    "konica minolta",
    "hikvision",
    "fortinet",
    "sharp",
    "xerox",
    "brocade",
    "aruba",
    "netgear",
    "linux",
];

/// As values are compared: case, blanks and quotes do not count, nor does the vendor before the model.
fn plain(text: &str) -> String {
    let text = text.replace('"', " ").to_lowercase();
    let mut words: &str = &text.split_whitespace().collect::<Vec<_>>().join(" ");
    for prefix in PREFIXES {
        words = words
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix(' '))
            .unwrap_or(words);
    }
    words.to_owned()
}

#[test]
fn recorded_devices_are_what_they_are() {
    let Some(data) = data() else { return };
    let text = std::fs::read_to_string(data.join("devices/expected.json")).unwrap();
    let all: Vec<Expected> = serde_json::from_str(&text).unwrap();
    let mut score: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for expected in &all {
        let file = data.join("devices/recordings").join(&expected.file);
        let recording = snmprec::parse(&std::fs::read(file).unwrap());
        let is = rules().identify(&Recorded(&recording.varbinds));
        let mut compare = |what: &'static str, want: Option<&String>, got: Option<&str>| {
            let Some(want) = want.filter(|w| !w.is_empty() && *w != "<private>") else {
                return;
            };
            let (good, of) = score.entry(what).or_default();
            *of += 1;
            if got.is_some_and(|got| plain(got) == plain(want)) {
                *good += 1;
            } else {
                println!("{what} of {}: {want:?}, and not {got:?}", expected.file);
            }
        };
        let text = |t: &Option<crate::model::Text>| t.as_ref().map(|t| t.as_str().to_owned());
        compare("os", expected.os.as_ref(), text(&is.os).as_deref());
        compare(
            "model",
            expected.hardware.as_ref(),
            text(&is.model).as_deref(),
        );
        compare(
            "version",
            expected.version.as_ref(),
            text(&is.version).as_deref(),
        );
        compare(
            "serial",
            expected.serial.as_ref(),
            text(&is.serial).as_deref(),
        );
        let known = String::from("a vendor");
        compare(
            "vendor",
            Some(&known),
            is.vendor.as_ref().map(|_| "a vendor"),
        );
    }
    for (what, percent) in [
        ("vendor", 99),
        ("os", 98),
        ("model", 92),
        ("version", 95),
        ("serial", 95),
    ] {
        let (good, of) = score[what];
        println!("{what}: {good} of {of}");
        assert!(good * 100 >= of * percent, "{what}: {good} of {of}");
    }
}

#[test]
fn texts_of_devices_long_gone_name_their_system_or_product() {
    let Some(data) = data() else { return };
    let text = std::fs::read_to_string(data.join("fingerprints/recog_snmp_sysdescr.json")).unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let words = |text: &str| -> String {
        let letters: String = text
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
            .collect();
        letters.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (mut good, mut of) = (0, 0);
    for example in all.iter().filter(|e| e["encoding"].is_null()) {
        let is = rules().identify(&Recorded(&device(&[(
            SYS_DESCR,
            example["input"].as_str().unwrap_or_default(),
        )])));
        let parts = [&is.vendor, &is.os, &is.model, &is.version];
        let ours: Vec<String> = parts
            .into_iter()
            .flatten()
            .map(|t| words(t.as_str()))
            .collect();
        let ours = ours.join(" ").replace("ers ", "ethernet routing switch ");
        let product = |key: &str| example["expected"][key].as_str().map(words);
        let hit = ["os.product", "hw.product", "os.family"]
            .iter()
            .filter_map(|key| product(key))
            .any(|p| !p.is_empty() && p.split(' ').all(|word| ours.contains(word)));
        of += 1;
        good += usize::from(hit);
    }
    println!("{good} of {of}");
    assert!(good * 100 >= of * 85, "{good} of {of}");
}

#[test]
fn the_most_specific_rule_wins() {
    for (object_id, descr, os) in [
        (
            "1.3.6.1.4.1.8072.3.2.10",
            "Linux host 5.10.0-8-amd64 #1 SMP x86_64",
            "linux",
        ),
        (
            "1.3.6.1.4.1.8072.3.2.10",
            "Linux ntnx-a-cvm 3.10.0-1160.el7.nutanix.20220817.cvm.x86_64 #1",
            "nutanix-aos",
        ),
        ("1.3.6.1.4.1.12356.101.1.1", "", "fortigate"),
        ("1.3.6.1.4.1.12356.106.1.1", "", "fortiswitch"),
        (
            "1.3.6.1.4.1.9.1.99999",
            "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E",
            "ios",
        ),
        (
            "1.3.6.1.4.1.9.1.99999",
            "Cisco IOS Software [Dublin], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.12.4",
            "iosxe",
        ),
        (
            "1.3.6.1.4.1.311.1.1.3.1.2",
            "Hardware: Intel64 - Software: Windows Version 6.3 (Build 17763 Multiprocessor Free)",
            "windows",
        ),
    ] {
        let is = identify(object_id, descr);
        assert_eq!(
            is.os.as_ref().map(crate::model::Text::as_str),
            Some(os),
            "{descr}"
        );
    }
}

#[test]
fn one_that_no_rule_knows_has_its_maker_chassis_and_version() {
    let varbinds = device(&[
        (SYS_DESCR, "Frobnicator 9000, Software Version 4.2.1"),
        (SYS_OBJECT_ID, "1.3.6.1.4.1.3.1.2"),
        (&[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 5, 7], "3"),
        (&[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11, 7], "SN-77"),
        (&[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 13, 7], " FB9000 "),
    ]);
    let is = rules().identify(&Recorded(&varbinds));
    let said = |t: &Option<crate::model::Text>| t.as_ref().map(ToString::to_string);
    assert_eq!(said(&is.vendor).as_deref(), Some("Carnegie Mellon"));
    assert_eq!(said(&is.model).as_deref(), Some("FB9000"));
    assert_eq!(said(&is.version).as_deref(), Some("4.2.1"));
    assert_eq!(said(&is.serial).as_deref(), Some("SN-77"));
    assert_eq!((is.os, said(&is.rule).as_deref()), (None, Some("generic")));
    assert_eq!(
        identify("", ""),
        Identity::default(),
        "nothing is known of nothing"
    );
}

#[test]
fn what_a_rule_would_like_to_know_is_little_and_named() {
    let of = device(&[(SYS_DESCR, ""), (SYS_OBJECT_ID, "1.3.6.1.4.1.6574.1")]);
    let needs = rules().needs(&Recorded(&of));
    assert_eq!(needs.len(), 3, "{needs:?}");
    assert!(needs.contains(&vec![1, 3, 6, 1, 4, 1, 6574, 1, 5, 1, 0]));
}

#[test]
fn each_mistake_in_a_rule_is_told_with_its_file_and_its_name() {
    for (text, want) in [
        ("[[rule]]\nos = \"a\"", "missing field"),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"toaster\"\noid = \"~1\"",
            "rule a: class: 'toaster' is no device class",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\ncolour = \"red\"",
            "unknown field",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"",
            "rule a: it never matches: say when",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~x\"",
            "rule a: oid: '~x' is no object identifier",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~1\"\nmodel = \"hardware\"",
            "rule a: model: 'hardware' is no source",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~1\"\nmodel = \"descr /(/\"",
            "rule a: model: /(/: ",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~1\"\nmodel = \"descr /x/\"",
            "has no group",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~1\"\nmodel = \"{descr\"",
            "has no }",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\nnot = \"x\"",
            "say when",
        ),
        (
            "[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~1\"\n[[rule]]\nos = \"a\"\nvendor = \"A\"\nclass = \"switch\"\noid = \"~2\"",
            "rule a: there is one of that name in f.toml",
        ),
        ("rule", "f.toml: "),
    ] {
        let mistakes = Rules::read([("f.toml", text)]).map(|_| ()).unwrap_err();
        let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        let said = said.join("\n");
        assert!(
            said.starts_with("f.toml: ") && said.contains(want),
            "{text}\n{said}"
        );
    }
    assert!(Rules::read([("f.toml", "")]).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_answer_breaks_it_and_what_it_says_is_one_short_line(
        descr in prop::collection::vec(any::<u8>(), 0..600),
        object_id in prop_oneof!["[0-9.]{0,40}", "1\\.3\\.6\\.1\\.4\\.1\\.(9|318|674|2636|8072|12356)(\\.[0-9]{1,10}){0,6}"],
        more in prop::collection::vec((prop::collection::vec(0..60u32, 1..8), prop::collection::vec(any::<u8>(), 0..80)), 0..30),
    ) {
        let mut all = device(&[(SYS_OBJECT_ID, &object_id)]);
        all.push(VarBind { oid: Oid::new(SYS_DESCR.to_vec()), value: Value::Octets(descr) });
        for (below, octets) in more {
            let oid = [&[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1][..], &below].concat();
            all.push(VarBind { oid: Oid::new(oid), value: Value::Octets(octets) });
        }
        all.sort_by(|a, b| a.oid.cmp(&b.oid));
        let is = rules().identify(&Recorded(&all));
        for value in [&is.vendor, &is.os, &is.model, &is.version, &is.serial, &is.features].into_iter().flatten() {
            prop_assert!(!value.as_str().contains('\n') && value.as_str().chars().count() <= 1_600);
        }
        let _ = rules().needs(&Recorded(&all));
    }
}
