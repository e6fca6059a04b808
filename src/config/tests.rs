//! The reader against its own table of keys, the schema, the writer and hostile input. The corpus of files is in
//! `tests/configs`, run by `tests/it/config_files.rs`.

use std::path::Path;

use proptest::prelude::*;

use super::keys::{LINK_END, TABLES};
use super::*;
use crate::model::*;

fn read(text: &str) -> Result<Loaded, ConfigErrors> {
    parse(Path::new("wardwatch.toml"), text)
}

fn mistakes(text: &str) -> Vec<String> {
    match read(text) {
        Ok(loaded) => panic!("no mistake found: {loaded:?}"),
        Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_example_loads_and_names_every_key_there_is() {
    let loaded = read(EXAMPLE).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.site.devices.len(), 3);
    assert_eq!(loaded.site.links.len(), 1);
    for warning in &loaded.warnings {
        assert!(warning.to_string().contains("is not set here"), "{warning}");
    }
    // take the '#' away from the lines that are settings
    let settings: String = EXAMPLE
        .lines()
        .map(|l| {
            let bare = l.strip_prefix("# ").unwrap_or(l);
            let key = bare.split([' ', '=']).next().unwrap_or_default();
            let is_setting = bare.starts_with('[') && !bare.contains(' ')
                || bare.contains(" = ")
                    && TABLES.iter().any(|t| t.keys.iter().any(|k| k.name == key));
            if is_setting { bare } else { l }
        })
        .fold(String::new(), |all, line| all + line + "\n");
    let root: toml::Table = settings.parse().unwrap();
    for table in TABLES {
        let some: Vec<&toml::Table> = match &root[table.name] {
            toml::Value::Array(all) => all.iter().filter_map(|t| t.as_table()).collect(),
            one => one.as_table().into_iter().collect(),
        };
        for key in table.keys {
            assert!(
                some.iter().any(|t| t.contains_key(key.name)),
                "the example does not show {} of {}",
                key.name,
                table.name
            );
        }
    }
    // and all of it loads together, but for the second spelling of the MAC address
    let settings: String = settings
        .lines()
        .filter(|l| !l.starts_with("mac ="))
        .fold(String::new(), |a, l| a + l + "\n");
    let loaded = read(&settings).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.log.telemetry_bytes, 30_000_000_000);
    assert_eq!(
        loaded.site.intervals,
        Intervals::default(),
        "the example shows the defaults"
    );
    assert_eq!(
        LogSettings {
            telemetry_bytes: 0,
            ..loaded.log
        },
        LogSettings::default(),
        "the example shows the defaults"
    );
}

#[test]
fn the_shipped_schema_is_the_one_that_is_made_here_and_knows_every_key() {
    let made = schema();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/wardwatch.schema.json");
    if std::env::var_os("WARDWATCH_BLESS").is_some() {
        std::fs::write(&shipped, &made).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&shipped).unwrap_or_default(),
        made,
        "run with WARDWATCH_BLESS=1"
    );
    let schema: serde_json::Value = serde_json::from_str(&made).unwrap();
    for table in TABLES {
        let one = &schema["properties"][table.name];
        let one = if table.many { &one["items"] } else { one };
        for key in table.keys {
            assert!(
                one["properties"][key.name]["description"].is_string(),
                "{}",
                key.name
            );
        }
        assert_eq!(one["additionalProperties"], false);
    }
    let ends = &schema["properties"]["link"]["items"]["properties"]["a"]["oneOf"][1]["properties"];
    assert!(LINK_END.keys.iter().all(|k| ends[k.name].is_object()));
    // what the example holds fits the types of the schema
    let example: toml::Table = EXAMPLE.parse().unwrap();
    for (name, value) in &example {
        let spec = &schema["properties"][name];
        assert_eq!(spec["type"] == "array", value.is_array(), "{name}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_in_its_order() {
    let all = mistakes(
        "[site]\nname = 5\nbiomed-on-cal = \"Ana\"\n\n[[segment]]\nname = \"ICU\"\nnets = [\"10.3.10.5/24\", \"10.3\"]\nvlan = \"310\"\n\n[[device]]\nname = \"v\"\nclass = \"ventlator\"\ncredentials = [\"sit\"]\nadress = \"10.3.10.7\"\n\n[[credential]]\nname = \"site\"\nversion = \"2c\"\ncommunity = \"s3cret\"\n",
    );
    let expected = [
        "wardwatch.toml:2:8: 'name' must be text, not a number; put it in quotes",
        "wardwatch.toml:3:1: unknown key 'biomed-on-cal' in [site]; did you mean 'biomed-on-call'?",
        "wardwatch.toml:7:9: '10.3.10.5/24' is an address in a subnet; the subnet is 10.3.10.0/24",
        "wardwatch.toml:7:25: '10.3' is not a subnet; write it as 10.3.10.0/24 or 2001:db8::/64",
        "wardwatch.toml:8:8: 'vlan' must be a whole number from 1 to 4094, not text; write it without quotes",
        "wardwatch.toml:12:9: 'class' can't be 'ventlator'; did you mean 'ventilator'?",
        "wardwatch.toml:13:16: no [[credential]] is called 'sit'; did you mean 'site'?",
        "wardwatch.toml:14:1: unknown key 'adress' in [[device]]; did you mean 'address'?",
        "wardwatch.toml:19:13: 'community' must not hold the secret itself; write env:NAME or file:PATH",
    ];
    assert_eq!(all, expected);
}

#[test]
fn a_time_zone_is_known_or_the_nearest_is_named() {
    if jiff::tz::db().is_definitively_empty() {
        println!("skipped: this machine has no time zone database");
        return;
    }
    let all = mistakes("[site]\nname = \"A\"\ntime-zone = \"Europe/Viena\"\n");
    assert_eq!(
        all,
        ["wardwatch.toml:3:13: 'Europe/Viena' is no time zone; did you mean 'Europe/Vienna'?"]
    );
}

#[test]
fn syntax_errors_have_their_place_too_and_there_may_be_several() {
    let all = mistakes("[site]\nname = \"A\nx = 1\n[[device]\nname = \"b\"\n");
    assert!(all.len() >= 2, "{all:?}");
    assert!(all[0].starts_with("wardwatch.toml:2:"), "{all:?}");
    assert!(
        all.iter().any(|m| m.starts_with("wardwatch.toml:4:")),
        "{all:?}"
    );
}

#[test]
fn nesting_without_end_is_a_mistake_and_no_overflow() {
    for open in ["[", "{a=", "{a=["] {
        let all = mistakes(&format!(
            "[site]\nname = \"A\"\nx = {}",
            open.repeat(50_000)
        ));
        assert!(all[0].starts_with("wardwatch.toml:3:"), "{}", all[0]);
    }
}

#[test]
fn a_file_full_of_mistakes_is_told_in_part_with_the_number_of_the_rest() {
    let text = "[site]\nname = \"A\"\n".to_string() + &"[[device]]\nadress = 1\n".repeat(20_000);
    let errors = read(&text).unwrap_err();
    assert_eq!(errors.0.len(), 40_000);
    let said = errors.to_string();
    assert_eq!(said.lines().count(), 101);
    assert!(said.ends_with("and 39900 more"));
}

#[test]
fn a_key_with_an_escape_sequence_can_do_nothing_to_a_terminal() {
    let all = mistakes("[site]\nname = \"A\"\n\"\\u001b[2Jx\" = 1\n");
    assert!(all[0].contains("'\\u{1b}[2Jx'"), "{all:?}");
}

#[test]
fn a_site_comes_back_from_its_file_as_it_was() {
    let loaded = read(EXAMPLE).unwrap();
    let again = read(&to_toml(&loaded.site)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(again.site, loaded.site);
    assert_eq!(again.hash, loaded.hash);
    assert_eq!(hash(&again.site), loaded.hash);
    assert_eq!(loaded.hash.as_str().len(), 64);
}

#[test]
fn a_plain_secret_is_in_neither_file_nor_hash() {
    let with = |secret: &str| Site {
        name: "x".into(),
        credentials: vec![Credential {
            name: "c".into(),
            how: CredentialKind::V1 {
                community: SecretRef::Plain(PlainSecret::new(secret.into())),
            },
        }],
        ..Site::default()
    };
    assert!(!to_toml(&with("hunter2")).contains("hunter2"));
    assert_eq!(hash(&with("hunter2")), hash(&with("hunter3")));
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        "[a-zA-Z0-9][a-zA-Z0-9 ./_-]{0,15}",
        "[\\x01-\\x7fé床\\u{202e}]{0,12}x",
    ]
    .prop_map(Text::from)
}

proptest! {
    #[test]
    fn whatever_a_site_calls_its_things_it_comes_back(
        names in prop::collection::btree_set(text(), 2..12), words in prop::collection::vec(text(), 6),
        numbers in any::<[u16; 4]>(),
    ) {
        let names: Vec<Text> = names.into_iter().collect();
        let half = names.len() / 2;
        let site = Site {
            name: words[0].clone(),
            biomed_on_call: words[1].clone(),
            collector_at: names[0].clone(),
            v2c_fallback: numbers[3] % 2 == 0,
            segments: vec![SegmentSpec {
                name: words[2].clone(),
                vlan: numbers[0] % 4094 + 1,
                nets: vec!["10.0.0.0/8".parse().unwrap()],
                clinical: numbers[1] % 2 == 0,
                sweep_s: (numbers[2] % 3 > 0).then_some(u32::from(numbers[0])),
                arp_rate: (numbers[2] % 2 > 0).then_some(u32::from(numbers[3]) + 1),
                ..SegmentSpec::default()
            }],
            devices: names.iter().enumerate().map(|(i, name)| DeviceSpec {
                name: name.clone(),
                addresses: vec![[10, 1, i as u8, 1].into()],
                class: DeviceClass::ALL[usize::from(numbers[2]) % DeviceClass::ALL.len()],
                room: words[3].clone(),
                snmp_port: Some(numbers[3].max(1)),
                v2c_fallback: [None, Some(false), Some(true)][usize::from(numbers[0]) % 3],
                answers_from_any_address: [None, Some(false), Some(true)][usize::from(numbers[1]) % 3],
                in_flight: (numbers[2] % 2 == 0).then_some((numbers[2] % 4 + 1) as u8),
                ..DeviceSpec::default()
            }).collect(),
            links: vec![LinkSpec { a: (names[0].clone(), words[4].clone()), b: (names[half].clone(), Text::empty()) }],
            budgets: Budgets {
                closet: u32::from(numbers[1]) + 1,
                uplinks: vec![UplinkSpec {
                    name: words[5].clone(),
                    segments: vec![words[2].clone()],
                    packets: (numbers[0] % 2 == 0).then_some(u32::from(numbers[2]) + 1),
                    kilobits: (numbers[0] % 3 == 0).then_some(u32::from(numbers[3]) + 1),
                }],
                ..Budgets::default()
            },
            intervals: Intervals { status_s: u32::from(numbers[1] % 3595) + 5, ..Intervals::default() },
            quirks: names.iter().enumerate().map(|(i, name)| Quirk {
                object_id: format!("1.3.6.1.4.1.{i}").into(),
                firmware: name.clone(),
                repetitions: (i % 2 == 0).then_some(numbers[0] % 100 + 1),
                names: (i % 3 == 0).then_some(numbers[1] % 128 + 1),
                next_only: (i % 2 == 1).then_some(i % 4 == 1),
                least_interval_s: (i % 2 == 0).then_some(u32::from(numbers[2]) + 1),
                skip: (i % 3 == 1).then(|| (0..i % 4).map(|n| format!("1.3.{n}").into()).collect()),
                own_restarts: (i % 5 == 0).then_some(i % 2 == 0),
                because: words[5].clone(),
                reference: words[4].clone(),
                ..Quirk::default()
            }).collect(),
            discovery: Discovery { sweep_s: u32::from(numbers[2]), arp_rate: u32::from(numbers[3] % 1000) + 1 },
            ..Site::default()
        };
        // a name of blanks alone is refused, not kept
        prop_assume!(names.iter().chain(&words).all(|w| !w.as_str().trim().is_empty()));
        let written = to_toml(&site);
        let again = read(&written).map_err(|e| TestCaseError::fail(format!("{e}\n{written}")))?;
        prop_assert_eq!(again.site, site);
    }

    #[test]
    fn a_spoilt_file_gives_mistakes_with_places_or_loads_but_never_panics(
        at in any::<prop::sample::Index>(), cut in 0..40usize, with in "[\\x00-\\x7fé\\[\\]={}\"]{0,8}"
    ) {
        let mut text = EXAMPLE.to_string();
        let mut from = at.index(text.len());
        while !text.is_char_boundary(from) { from -= 1; }
        let mut to = (from + cut).min(text.len());
        while !text.is_char_boundary(to) { to += 1; }
        text.replace_range(from..to, &with);
        if let Err(errors) = read(&text) {
            prop_assert!(!errors.0.is_empty());
            let lines = text.lines().count() as u32 + 1;
            for problem in errors.0 {
                prop_assert!(problem.line >= 1 && problem.line <= lines && problem.column >= 1, "{problem}");
                prop_assert!(!problem.to_string().chars().any(char::is_control));
            }
        }
    }
}
