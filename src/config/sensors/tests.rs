use super::*;
use crate::model::{SensorKind, SensorState};

#[test]
fn everything_that_is_shipped_is_right_and_every_id_stands_once() {
    let (all, errors) = Sensors::load(None);
    assert_eq!(errors, []);
    assert!(all.iter().count() > 200, "{}", all.iter().count());
    let mut ids: Vec<&str> = all.iter().map(|t| t.id.as_str()).collect();
    ids.sort_unstable();
    let before = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), before);
    let count = SHIPPED
        .iter()
        .map(|(_, text)| text.matches("[[table]]").count());
    assert_eq!(
        count.sum::<usize>(),
        before,
        "an id of two files: the later took the place of the earlier"
    );
    for table in all.iter() {
        for other in &table.unless {
            let at = |id: &str| all.iter().position(|t| t.id == id);
            assert!(
                at(other) < at(&table.id) && at(other).is_some(),
                "{}: {other}",
                table.id
            );
        }
    }
}

#[test]
fn a_table_is_asked_of_its_vendor_alone() {
    let all = Sensors::shipped();
    let ids = |oid: &[u32]| -> Vec<String> { all.of(oid).map(|(_, t)| t.id.clone()).collect() };
    let cisco = ids(&[1, 3, 6, 1, 4, 1, 9, 1, 1208]);
    assert!(cisco.iter().any(|t| t == "cisco-env-temp"));
    assert!(cisco.iter().any(|t| t == "entity"));
    assert!(!cisco.iter().any(|t| t.starts_with("junos")));
    let unknown = ids(&[1, 3, 6, 1, 4, 1, 4_000_000]);
    assert!(
        unknown.iter().all(
            |t| ["entity", "entity-state", "lm-temp", "lm-fan", "lm-volt"].contains(&t.as_str())
                || t.starts_with("ups-")
        ),
        "{unknown:?}"
    );
}

#[test]
fn the_site_takes_the_place_of_what_is_shipped_or_takes_it_away() {
    let (all, errors) = Sensors::from_texts(&[
        (
            "a.toml",
            "[[table]]\nid = \"fridge\"\nkind = \"temperature\"\nvalue = \"1.3.6.1.4.1.99.1\"\n",
        ),
        (
            "b.toml",
            "[[table]]\nid = \"fridge\"\nkind = \"temperature\"\nvalue = \"1.3.6.1.4.1.99.2\"\nscale = -1\n",
        ),
    ]);
    assert_eq!(errors, []);
    let only: Vec<&SensorTable> = all.iter().collect();
    assert_eq!(only.len(), 1);
    assert_eq!((only[0].kind, only[0].scale), (SensorKind::Temperature, -1));
    let (all, _) = Sensors::from_texts(&[
        (
            "a.toml",
            "[[table]]\nid = \"fridge\"\nkind = \"temperature\"\nvalue = \"1.3.6.1.4.1.99.1\"\n",
        ),
        ("b.toml", "[[table]]\nid = \"fridge\"\nenabled = false\n"),
    ]);
    assert_eq!(all.iter().count(), 0);
}

#[test]
fn each_mistake_is_told_with_its_place() {
    let table = [
        (
            "[[table]]\nid = \"a\"\nvalue = \"1.3.6.1\"\n",
            "a.toml:1:1: table 'a': what does it measure? give 'kind', or 'kind-column' with [[table.kinds]]",
        ),
        (
            "\n[[table]]\nid = \"a\"\nkind = \"fan\"\n",
            "a.toml:2:1: table 'a': it has neither 'value' nor 'state'",
        ),
        (
            "[[table]]\nid = \"a\"\nkind = \"fan\"\nstate = \"1.3.6.1.2\"\n",
            "a.toml:1:1: table 'a': 'state' and what its values mean (good, warning, failed, absent) belong together",
        ),
        (
            "[[table]]\nid = \"a\"\nkind = \"fan\"\nvalue = \"2.3\"\n",
            "a.toml:1:1: table 'a': '2.3' is no object identifier; write it as 1.3.6.1.4.1.9",
        ),
        (
            "[[table]]\nid = \"a\"\nkind = \"fun\"\n",
            "a.toml:3:8: unknown variant `fun`",
        ),
        (
            "[[table]]\nid = \"a\"\nkinds = 1\n",
            "a.toml:3:9: invalid type: integer `1`, expected a sequence",
        ),
    ];
    for (text, wanted) in table {
        let (_, errors) = Sensors::from_texts(&[("a.toml", text)]);
        assert!(errors[0].to_string().starts_with(wanted), "{}", errors[0]);
    }
}

#[test]
fn words_have_stars() {
    for (pattern, text, fits) in [
        ("ok", "ok", true),
        ("ok", "okay", false),
        ("*temp*", "cpu temp 1", true),
        ("*temp*", "temp", true),
        ("ps*status", "ps1 status", true),
        ("ps?", "ps1", true),
        ("ps?", "ps12", false),
        ("*", "", true),
        ("*.value", "input 1.value", true),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "axxbyy", false),
    ] {
        assert_eq!(
            Word::Text(pattern.into()).is(None, text),
            fits,
            "{pattern} {text}"
        );
    }
    assert!(Word::Number(3).is(Some(3), ""));
}

#[test]
fn a_state_without_a_meaning_is_not_good() {
    let (all, _) = Sensors::load(None);
    assert!(
        all.iter()
            .all(|t| t.otherwise != SensorState::Good || t.state.is_none())
    );
}
