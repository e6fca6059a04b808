//! What models can't take: shipped, learned from their answers, or said by the site; and what of it holds for one agent.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Text;

/// Where a quirk is known from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum QuirkSource {
    /// It came with wardwatch.
    Shipped,
    /// The site's own agents showed it.
    Learned,
    /// The site says so.
    #[default]
    Site,
}

impl QuirkSource {
    /// The word in JSON and on screens.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Learned => "learned",
            Self::Site => "site",
        }
    }
}

/// How much the agents of one model and firmware can take. What it does not say is left as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Quirk {
    /// `sysObjectID` it begins with, dotted; whole arcs. What was learned holds for exactly this one.
    pub object_id: Text,
    /// What `sysDescr` or the firmware must contain, whatever the case; empty means any. What was learned holds for exactly
    /// this [`build`].
    pub firmware: Text,
    /// Where it is known from.
    pub source: QuirkSource,
    /// Most repetitions of a GETBULK.
    pub repetitions: Option<u16>,
    /// Most names in a GET.
    pub names: Option<u16>,
    /// It does not do GETBULK (or, where the site says so, it does after all).
    pub next_only: Option<bool>,
    /// Nothing beyond its status more often than this, seconds.
    pub least_interval_s: Option<u32>,
    /// Subtrees it hangs on, dotted: not asked.
    pub skip: Option<Vec<Text>>,
    /// It restarts by itself: that is never held against our asking.
    pub own_restarts: Option<bool>,
    /// Why, in one line.
    pub because: Text,
    /// Where that can be read; empty where nowhere.
    pub reference: Text,
}

impl Quirk {
    /// What it keeps from being asked, in words: `at most 5 repetitions, no GETBULK`.
    pub fn limits(&self) -> String {
        limits(
            (self.repetitions, self.names, self.next_only),
            self.least_interval_s,
            self.skip.as_deref(),
            self.own_restarts,
        )
    }

    /// It says nothing.
    pub fn is_empty(&self) -> bool {
        self.repetitions.is_none()
            && self.names.is_none()
            && self.next_only.is_none()
            && self.least_interval_s.is_none()
            && self.skip.is_none()
            && self.own_restarts.is_none()
    }
}

/// How many subtrees one agent is spared at the most, whoever says so.
pub const SKIP_CAP: usize = 64;

/// The build of an agent's software as [`Quirk::firmware`] of what was learned has it: its `sysDescr` without the name of
/// the one host (`Linux web01 6.1` and `Linux web02 6.1` are one build).
pub fn build(descr: &Text, name: &Text) -> Text {
    let host = host(name.as_str());
    if host.len() < 2 || !host.bytes().any(|b| b.is_ascii_alphabetic()) {
        return descr.clone();
    }
    let mut found = false;
    let words: Vec<&str> = descr
        .as_str()
        .split(' ')
        .map(|word| {
            let own = self::host(word).eq_ignore_ascii_case(host);
            found |= own;
            if own { "*" } else { word }
        })
        .collect();
    if !found {
        return descr.clone();
    }
    // its pieces were escaped already
    serde::Deserialize::deserialize(
        serde::de::value::StrDeserializer::<serde::de::value::Error>::new(&words.join(" ")),
    )
    .unwrap_or_default()
}

/// A host's name without its domain.
fn host(name: &str) -> &str {
    name.split('.').next().unwrap_or("")
}

/// A dotted name as numbers, `None` where it is none. A dot in front is taken.
pub fn arcs(dotted: &str) -> Option<Vec<u32>> {
    let dotted = dotted.strip_prefix('.').unwrap_or(dotted);
    let arcs: Option<Vec<u32>> = dotted
        .split('.')
        .map(|arc| {
            // no signs, which `parse` would take
            if arc.bytes().all(|b| b.is_ascii_digit()) {
                arc.parse().ok()
            } else {
                None
            }
        })
        .collect();
    arcs.filter(|a| (2..=128).contains(&a.len()))
}

/// What an agent shows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Showing<'a> {
    /// `sysObjectID`, dotted.
    pub object_id: &'a str,
    /// `sysDescr`, or [`build`] of it.
    pub descr: &'a str,
    /// Its firmware, where that is known beside the description.
    pub firmware: &'a str,
}

/// What holds for one agent, of all that is said of its model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuirkInForce {
    /// Most repetitions of a GETBULK.
    pub repetitions: Option<u16>,
    /// Most names in a GET.
    pub names: Option<u16>,
    /// No GETBULK.
    pub next_only: bool,
    /// Nothing beyond its status more often than this, seconds.
    pub least_interval_s: Option<u32>,
    /// Subtrees that are not asked, dotted, in order, [`SKIP_CAP`] at the most.
    pub skip: Vec<Text>,
    /// Its restarts are its own.
    pub own_restarts: bool,
    /// Whose word it is: the site's first, then learned, then shipped; the most special first.
    pub from: Vec<Arc<Quirk>>,
}

impl QuirkInForce {
    /// What it keeps from being asked, in words; empty where it keeps nothing.
    pub fn limits(&self) -> String {
        limits(
            (self.repetitions, self.names, self.next_only.then_some(true)),
            self.least_interval_s,
            Some(&self.skip)
                .filter(|s| !s.is_empty())
                .map(Vec::as_slice),
            self.own_restarts.then_some(true),
        )
    }

    /// The subtrees that are not asked, as numbers.
    pub fn skipped(&self) -> Vec<Vec<u32>> {
        self.skip.iter().filter_map(|s| arcs(s.as_str())).collect()
    }
}

fn limits(
    (repetitions, names, next_only): (Option<u16>, Option<u16>, Option<bool>),
    least_interval_s: Option<u32>,
    skip: Option<&[Text]>,
    own_restarts: Option<bool>,
) -> String {
    let mut words: Vec<String> = Vec::new();
    match next_only {
        Some(true) => words.push("GETNEXT only".into()),
        Some(false) => words.push("GETBULK after all".into()),
        None => {}
    }
    let counted = |n: usize, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    words.extend(repetitions.map(|n| {
        let n = counted(n.into(), "repetition", "repetitions");
        format!("at most {n}")
    }));
    words.extend(names.map(|n| format!("at most {} a GET", counted(n.into(), "name", "names"))));
    words.extend(least_interval_s.map(|s| format!("walked at most every {}", spell(s))));
    match skip {
        Some([]) => words.push("nothing left out".into()),
        Some(all) => words.push(format!(
            "{} left out",
            counted(all.len(), "subtree", "subtrees")
        )),
        None => {}
    }
    match own_restarts {
        Some(true) => words.push("restarts by itself".into()),
        Some(false) => words.push("its restarts count".into()),
        None => {}
    }
    words.join(", ")
}

fn spell(seconds: u32) -> String {
    match seconds {
        s if s > 0 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s > 0 && s % 3600 == 0 => format!("{} h", s / 3600),
        s if s > 0 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// All quirks that are known, to be asked by model and firmware.
///
/// The site's word stands for what it says of. Of what was shipped and what was learned the stricter holds: learning never lets
/// an agent be asked for more than was shipped. Within one source the longest `sysObjectID` decides, then the longest firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quirks {
    by_object: BTreeMap<Vec<u32>, Vec<Arc<Quirk>>>,
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(all: I) -> Self {
        let mut by_object: BTreeMap<Vec<u32>, Vec<Arc<Quirk>>> = BTreeMap::new();
        for quirk in all {
            if let Some(arcs) = arcs(quirk.object_id.as_str()) {
                by_object.entry(arcs).or_default().push(Arc::new(quirk));
            }
        }
        for list in by_object.values_mut() {
            // whatever order they came in
            list.sort();
            list.dedup();
        }
        Self { by_object }
    }
}

impl Quirks {
    /// None known.
    pub fn is_empty(&self) -> bool {
        self.by_object.is_empty()
    }

    /// All, by `sysObjectID`.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Quirk>> {
        self.by_object.values().flatten()
    }

    /// Those that hold for an agent, the strongest first.
    pub fn matching(&self, agent: Showing<'_>) -> Vec<Arc<Quirk>> {
        let Some(own) = arcs(agent.object_id) else {
            return Vec::new();
        };
        let mut found: Vec<(QuirkSource, usize, usize, &Arc<Quirk>)> = Vec::new();
        for length in 2..=own.len() {
            let Some(prefix) = own.get(..length) else {
                break;
            };
            for quirk in self.by_object.get(prefix).into_iter().flatten() {
                let holds = if quirk.source == QuirkSource::Learned {
                    let any = quirk.firmware.is_empty();
                    length == own.len() && (any || quirk.firmware.as_str() == agent.descr)
                } else {
                    let part = quirk.firmware.as_str();
                    contains(agent.descr, part) || contains(agent.firmware, part)
                };
                if holds {
                    let firmware = quirk.firmware.as_str().len();
                    found.push((quirk.source, length, firmware, quirk));
                }
            }
        }
        found.sort_by(|a, b| (b.0, b.1, b.2).cmp(&(a.0, a.1, a.2)).then(a.3.cmp(b.3)));
        found.into_iter().map(|f| Arc::clone(f.3)).collect()
    }

    /// What holds for an agent; nothing where nothing is known of its model.
    pub fn resolve(&self, agent: Showing<'_>) -> Option<QuirkInForce> {
        if self.is_empty() {
            return None;
        }
        let from = self.matching(agent);
        if from.is_empty() {
            return None;
        }
        let repetitions = pick(&from, |q| q.repetitions, u16::min);
        let names = pick(&from, |q| q.names, u16::min);
        let next_only = pick(&from, |q| q.next_only, |a, b| a | b);
        let least_interval_s = pick(&from, |q| q.least_interval_s, u32::max);
        let own_restarts = pick(&from, |q| q.own_restarts, |a, b| a & b);
        let skip = pick(&from, |q| q.skip.clone(), both);
        let mut skip = skip.unwrap_or_default();
        skip.sort();
        skip.dedup();
        skip.truncate(SKIP_CAP);
        Some(QuirkInForce {
            repetitions,
            names,
            next_only: next_only.unwrap_or(false),
            least_interval_s,
            skip,
            own_restarts: own_restarts.unwrap_or(false),
            from,
        })
    }
}

/// The site's value; else the stricter of what was learned and what was shipped.
fn pick<T>(
    from: &[Arc<Quirk>],
    of: impl Fn(&Quirk) -> Option<T>,
    stricter: impl Fn(T, T) -> T,
) -> Option<T> {
    let first = |source| {
        from.iter()
            .filter(|q| q.source == source)
            .find_map(|q| of(q))
    };
    if let Some(said) = first(QuirkSource::Site) {
        return Some(said);
    }
    // what was learned of one build is all of one kind: each of it counts
    let learned = from
        .iter()
        .filter(|q| q.source == QuirkSource::Learned)
        .filter_map(|q| of(q))
        .reduce(&stricter);
    match (learned, first(QuirkSource::Shipped)) {
        (Some(a), Some(b)) => Some(stricter(a, b)),
        (a, b) => a.or(b),
    }
}

fn both(mut a: Vec<Text>, b: Vec<Text>) -> Vec<Text> {
    a.extend(b);
    a
}

/// Without regard to case; an empty part is in everything.
fn contains(whole: &str, part: &str) -> bool {
    part.is_empty()
        || whole
            .as_bytes()
            .windows(part.len())
            .any(|w| w.eq_ignore_ascii_case(part.as_bytes()))
}

/// Is a name within one of these subtrees (whole arcs)?
pub fn within(name: &[u32], subtrees: &[Vec<u32>]) -> bool {
    subtrees.iter().any(|s| name.starts_with(s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quirk(object_id: &str, firmware: &str, source: QuirkSource) -> Quirk {
        Quirk {
            object_id: object_id.into(),
            firmware: firmware.into(),
            source,
            ..Quirk::default()
        }
    }

    fn agent<'a>(object_id: &'a str, descr: &'a str) -> Showing<'a> {
        Showing {
            object_id,
            descr,
            firmware: "",
        }
    }

    #[test]
    fn whole_arcs_are_compared_and_the_longest_decides() {
        let table: Quirks = [
            Quirk {
                repetitions: Some(5),
                ..quirk("1.3.6.1.4.1.9", "", QuirkSource::Shipped)
            },
            Quirk {
                repetitions: Some(20),
                ..quirk("1.3.6.1.4.1.9.1", "", QuirkSource::Shipped)
            },
            Quirk {
                repetitions: Some(2),
                ..quirk("1.3.6.1.4.1.9.1", "C3750E", QuirkSource::Shipped)
            },
        ]
        .into_iter()
        .collect();
        let most = |id, descr| table.resolve(agent(id, descr)).and_then(|q| q.repetitions);
        assert_eq!(most("1.3.6.1.4.1.9.1.516", "IOS"), Some(20));
        assert_eq!(most("1.3.6.1.4.1.9.6.1", "IOS"), Some(5));
        assert_eq!(
            most("1.3.6.1.4.1.9.1.516", "ios c3750e-universalk9"),
            Some(2)
        );
        assert_eq!(most("1.3.6.1.4.1.91.1", "IOS"), None, "91 is not 9");
        for hostile in ["", ".", "1", "-1.3", "1.3.+6", "1.3.6.99999999999", "a.b"] {
            assert_eq!(most(hostile, ""), None, "{hostile}");
        }
        assert_eq!(most(".1.3.6.1.4.1.9", "IOS"), Some(5), "a dot in front");
    }

    #[test]
    fn the_site_decides_and_learning_never_lifts_what_was_shipped() {
        let id = "1.3.6.1.4.1.9.1.1";
        let shipped = Quirk {
            repetitions: Some(10),
            least_interval_s: Some(300),
            skip: Some(vec!["1.3.6.1.2.1.47".into()]),
            next_only: Some(true),
            ..quirk("1.3.6.1.4.1.9", "", QuirkSource::Shipped)
        };
        let learned = Quirk {
            repetitions: Some(25),
            least_interval_s: Some(900),
            skip: Some(vec!["1.3.6.1.2.1.17".into()]),
            ..quirk(id, "IOS 12", QuirkSource::Learned)
        };
        let table: Quirks = [shipped.clone(), learned.clone()].into_iter().collect();
        let force = table.resolve(agent(id, "IOS 12")).unwrap();
        assert_eq!(force.repetitions, Some(10));
        assert_eq!(force.least_interval_s, Some(900));
        assert_eq!(
            force.skip,
            ["1.3.6.1.2.1.17".into(), "1.3.6.1.2.1.47".into()]
        );
        assert!(force.next_only);
        assert_eq!(force.from[0].source, QuirkSource::Learned);
        let site = Quirk {
            repetitions: Some(40),
            next_only: Some(false),
            skip: Some(Vec::new()),
            ..quirk("1.3.6.1.4.1", "", QuirkSource::Site)
        };
        let table: Quirks = [shipped, learned, site].into_iter().collect();
        let force = table.resolve(agent(id, "IOS 12")).unwrap();
        assert_eq!(force.repetitions, Some(40));
        assert!(!force.next_only && force.skip.is_empty());
        assert_eq!(
            force.least_interval_s,
            Some(900),
            "of which the site is silent"
        );
        assert_eq!(force.from[0].source, QuirkSource::Site);
    }

    #[test]
    fn what_was_learned_holds_for_that_build_alone() {
        let learned = Quirk {
            repetitions: Some(3),
            ..quirk("1.3.6.1.4.1.9.1.1", "IOS 12.2", QuirkSource::Learned)
        };
        let table: Quirks = [learned].into_iter().collect();
        assert!(
            table
                .resolve(agent("1.3.6.1.4.1.9.1.1", "IOS 12.2"))
                .is_some()
        );
        assert!(
            table
                .resolve(agent("1.3.6.1.4.1.9.1.1", "IOS 12.2(55)"))
                .is_none()
        );
        assert!(
            table
                .resolve(agent("1.3.6.1.4.1.9.1.1.7", "IOS 12.2"))
                .is_none()
        );
    }

    #[test]
    fn the_name_of_a_host_is_no_part_of_its_build() {
        let build = |d: &str, n: &str| build(&d.into(), &n.into()).as_str().to_string();
        assert_eq!(
            build("Linux web01 6.1.0 x86_64", "web01"),
            "Linux * 6.1.0 x86_64"
        );
        assert_eq!(build("Linux web01 6.1.0", "web"), "Linux web01 6.1.0");
        assert_eq!(
            build("Linux Web01 6.1.0", "web01.example.org"),
            "Linux * 6.1.0"
        );
        assert_eq!(build("IOS 15.2(4)E7", "15.2"), "IOS 15.2(4)E7");
        assert_eq!(build("C2960 Software", ""), "C2960 Software");
        assert_eq!(build("a \u{1b} b a", "b"), "a \\u{1b} b a");
        assert_eq!(build("a \u{1b} sw a", "sw"), "a \\u{1b} * a");
    }

    #[test]
    fn subtrees_hold_what_is_below_them() {
        let skip = vec![vec![1, 3, 6, 1, 2, 1, 17]];
        assert!(within(&[1, 3, 6, 1, 2, 1, 17, 7, 1], &skip));
        assert!(within(&[1, 3, 6, 1, 2, 1, 17], &skip));
        assert!(!within(&[1, 3, 6, 1, 2, 1, 171], &skip));
        assert!(!within(&[1, 3, 6, 1, 2, 1], &skip));
    }

    fn any_quirk() -> impl Strategy<Value = Quirk> {
        let id = prop_oneof![
            Just("1.3.6.1.4.1.9"),
            Just("1.3.6.1.4.1.9.1"),
            Just("1.3.6.1.4.1.9.1.1"),
            Just("1.3.6.1.4.1.11"),
        ];
        let source = prop_oneof![
            Just(QuirkSource::Shipped),
            Just(QuirkSource::Learned),
            Just(QuirkSource::Site)
        ];
        (
            id,
            prop_oneof![Just(""), Just("12"), Just("IOS 12")],
            source,
            prop::option::of(1u16..50),
            prop::option::of(1u32..1000),
            prop::option::of(any::<bool>()),
            prop::option::of(prop::collection::vec(
                prop_oneof![
                    Just(Text::from("1.3.6.1.2.1.17")),
                    Just("1.3.6.1.2.1.47".into())
                ],
                0..3,
            )),
        )
            .prop_map(
                |(id, firmware, source, repetitions, least, next, skip)| Quirk {
                    repetitions,
                    least_interval_s: least,
                    next_only: next,
                    skip,
                    ..quirk(id, firmware, source)
                },
            )
    }

    proptest! {
        #[test]
        fn the_order_of_the_quirks_means_nothing(
            all in prop::collection::vec(any_quirk(), 0..12), turn in 0usize..12
        ) {
            let one: Quirks = all.iter().cloned().collect();
            let mut turned = all;
            let at = turn.min(turned.len());
            turned.rotate_left(at);
            let other: Quirks = turned.into_iter().rev().collect();
            let shows = agent("1.3.6.1.4.1.9.1.1", "IOS 12");
            prop_assert_eq!(one.resolve(shows), other.resolve(shows));
        }

        #[test]
        fn one_more_lesson_never_lets_an_agent_be_asked_for_more(
            all in prop::collection::vec(any_quirk(), 0..8), more in any_quirk()
        ) {
            let shows = agent("1.3.6.1.4.1.9.1.1", "IOS 12");
            let before: Quirks = all.iter().cloned().collect();
            let more = Quirk { source: QuirkSource::Learned, ..more };
            let after: Quirks = all.into_iter().chain([more]).collect();
            if let Some(before) = before.resolve(shows) {
                let after = after.resolve(shows).unwrap();
                let most = |q: &QuirkInForce| q.repetitions.unwrap_or(u16::MAX);
                prop_assert!(most(&after) <= most(&before));
                prop_assert!(after.least_interval_s.unwrap_or(0) >= before.least_interval_s.unwrap_or(0));
                prop_assert!(after.next_only || !before.next_only);
                prop_assert!(before.skip.iter().all(|s| after.skip.contains(s)));
            }
        }

        #[test]
        fn hostile_texts_never_panic(id in ".{0,40}", descr in ".{0,40}", firmware in ".{0,9}") {
            let table: Quirks = [quirk("1.3.6", &firmware, QuirkSource::Site)].into_iter().collect();
            let _ = table.resolve(agent(&id, &descr));
            let _ = build(&descr.as_str().into(), &firmware.as_str().into());
        }
    }
}
