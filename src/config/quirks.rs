//! `[[quirk]]`: the site's own, and those that come with wardwatch.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use super::cursor::Cursor;
use super::site::Draft;
use super::source::{At, Sources};
use super::word::quote;
use crate::model::{Quirk, QuirkSource, SKIP_CAP, Site, Text, arcs};

/// What is shipped, as it stands in `config/quirks.toml`.
const SHIPPED: &str = include_str!("../../config/quirks.toml");

/// One table. Mistakes are noted; what can be read is.
pub(super) fn quirk(sources: &mut Sources, c: Cursor<'_, '_>) -> Option<Quirk> {
    let object_id = c
        .text(sources, "object-id")
        .and_then(|(written, at)| oid(sources, "object-id", written, at));
    let number = |sources: &mut Sources, key: &str| {
        c.number(sources, key)
            .and_then(|(n, _)| u16::try_from(n).ok())
    };
    let flag = |sources: &mut Sources, key: &str| {
        let said = c.raw(key).is_some();
        let flag = c.flag(sources, key);
        said.then_some(flag)
    };
    let repetitions = number(sources, "repetitions");
    let names = number(sources, "names");
    let bulk = flag(sources, "bulk");
    let own_restarts = flag(sources, "own-restarts");
    let skip = c.raw("skip").map(|(_, at)| {
        let list = c.list(sources, "skip");
        if list.len() > SKIP_CAP {
            sources.error(at, format!("more than {SKIP_CAP} subtrees in 'skip'"));
        }
        list.into_iter()
            .filter_map(|(written, at)| oid(sources, "skip", written, at))
            .collect()
    });
    let quirk = Quirk {
        object_id: object_id?,
        firmware: c.line(sources, "firmware"),
        source: QuirkSource::Site,
        repetitions,
        names,
        next_only: bulk.map(|bulk| !bulk),
        least_interval_s: c.duration(sources, "least-interval"),
        skip,
        own_restarts,
        because: c.line(sources, "because"),
        reference: c.line(sources, "reference"),
    };
    Some(quirk)
}

/// A dotted name, without a dot in front.
fn oid(sources: &mut Sources, key: &str, written: &str, at: At) -> Option<Text> {
    let written = written.trim();
    if arcs(written).is_some() {
        return Some(Text::from(written.trim_start_matches('.')));
    }
    sources.error(
        at,
        format!(
            "'{key}': {} is no object identifier; write it in numbers, as 1.3.6.1.4.1.9.1",
            quote(written)
        ),
    );
    None
}

/// Two of one model and firmware would contradict each other; one that says nothing was meant to say something.
pub(super) fn check(sources: &mut Sources, draft: &Draft<'_, '_>) {
    let mut seen: BTreeMap<(&Text, Text), At> = BTreeMap::new();
    for (quirk, c) in draft.site.quirks.iter().zip(&draft.quirks) {
        let at = c.at("object-id");
        let firmware = Text::from(quirk.firmware.as_str().to_lowercase());
        match seen.get(&(&quirk.object_id, firmware.clone())) {
            Some(first) => {
                let first = sources.name(*first, at);
                sources.error(
                    at,
                    format!(
                        "a second quirk of {} with this firmware; the first is in {first}",
                        quirk.object_id
                    ),
                );
            }
            None => drop(seen.insert((&quirk.object_id, firmware), at)),
        }
        if quirk.is_empty() {
            sources.warn(
                c.at,
                format!("this quirk of {} says nothing", quirk.object_id),
            );
        }
    }
}

/// The quirks that come with this wardwatch.
pub fn shipped_quirks() -> &'static [Quirk] {
    static TABLE: LazyLock<Vec<Quirk>> = LazyLock::new(|| match read(SHIPPED) {
        Ok(quirks) => quirks,
        // a test holds the shipped file against this
        Err(errors) => {
            tracing::error!("config/quirks.toml: {errors}");
            Vec::new()
        }
    });
    &TABLE
}

fn read(text: &str) -> Result<Vec<Quirk>, super::ConfigErrors> {
    let whole = format!("{text}\n[site]\nname = \"shipped\"\n");
    let loaded = super::parse(Path::new("config/quirks.toml"), &whole)?;
    Ok(loaded
        .site
        .quirks
        .into_iter()
        .map(|quirk| Quirk {
            source: QuirkSource::Shipped,
            ..quirk
        })
        .collect())
}

/// The site as it is put in force: with what is shipped beside its own quirks, so that a replay uses the table of its time.
pub fn with_shipped_quirks(mut site: Site) -> Site {
    site.quirks.retain(|q| q.source != QuirkSource::Shipped);
    site.quirks.extend_from_slice(shipped_quirks());
    site
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Quirks, Showing};

    #[test]
    fn what_is_shipped_has_no_mistake_a_reason_and_a_place_to_read_it_and_only_asks_less() {
        let all = read(SHIPPED).unwrap_or_else(|errors| panic!("{errors}"));
        let headers = SHIPPED.lines().filter(|l| *l == "[[quirk]]").count();
        assert_eq!(all.len(), headers);
        for quirk in &all {
            let id = &quirk.object_id;
            assert!(!quirk.because.is_empty(), "{id}");
            assert!(quirk.reference.as_str().starts_with("https://"), "{id}");
            assert!(!quirk.is_empty(), "{id}");
            assert_ne!(quirk.next_only, Some(false), "{id} asks more");
            assert_ne!(quirk.own_restarts, Some(true), "{id} is trusted blindly");
        }
    }

    #[test]
    fn a_switch_that_is_known_to_crash_is_asked_little() {
        let table: Quirks = shipped_quirks().iter().cloned().collect();
        let hp = table
            .resolve(Showing {
                object_id: "1.3.6.1.4.1.11.2.3.7.11.104",
                descr: "HP ProCurve 1810G - 24 GE, P.2.21, eCos-2.0, CFE-2.1",
                firmware: "",
            })
            .unwrap();
        assert!(hp.next_only && hp.least_interval_s >= Some(3600));
        let other = Showing {
            object_id: "1.3.6.1.4.1.11.2.3.7.11.160",
            ..Showing::default()
        };
        assert_eq!(table.resolve(other), None);
    }

    #[test]
    fn the_site_in_force_holds_what_is_shipped_once() {
        let once = with_shipped_quirks(Site::default());
        assert_eq!(once.quirks.len(), shipped_quirks().len());
        assert_eq!(with_shipped_quirks(once.clone()), once);
    }
}
