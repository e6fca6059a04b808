//! Names that are known, unknown or being asked for; bounded, with a life for each.

use std::net::IpAddr;
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::model::Text;

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Its name.
    Name(Text),
    /// It has none.
    Nameless,
    /// No server gave an answer.
    Unanswered,
    /// The question is on its way.
    Asked,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    until: Duration,
    /// What was reported last; empty when it was that there is no name any more.
    reported: Option<Text>,
}

/// Time comes from the caller, as a duration since any start.
#[derive(Debug)]
pub struct Cache {
    entries: FxHashMap<IpAddr, Entry>,
    cap: usize,
}

impl Cache {
    /// For so many addresses.
    pub fn new(cap: usize) -> Self {
        Self {
            entries: FxHashMap::default(),
            cap: cap.max(16),
        }
    }

    /// What is known and still good.
    pub fn get(&self, address: IpAddr, now: Duration) -> Option<&Known> {
        self.entries
            .get(&address)
            .filter(|e| e.until > now)
            .map(|e| &e.known)
    }

    /// The name, also when its life is over: better an old one than none on a screen.
    pub fn name(&self, address: IpAddr) -> Option<&Text> {
        self.entries
            .get(&address)?
            .reported
            .as_ref()
            .filter(|t| !t.is_empty())
    }

    /// Notes what was learned. Gives back what is to be reported: a new name, or that there is none any more.
    pub fn put(
        &mut self,
        address: IpAddr,
        known: Known,
        until: Duration,
        now: Duration,
    ) -> Option<Text> {
        if !self.entries.contains_key(&address) && self.entries.len() >= self.cap {
            self.make_room(now);
        }
        let entry = self.entries.entry(address).or_insert(Entry {
            known: Known::Asked,
            until,
            reported: None,
        });
        let report = match &known {
            Known::Name(name) if entry.reported.as_ref() != Some(name) => Some(name.clone()),
            Known::Nameless if entry.reported.as_ref().is_some_and(|r| !r.is_empty()) => {
                Some(Text::empty())
            }
            _ => None,
        };
        if report.is_some() {
            entry.reported.clone_from(&report);
        }
        entry.known = known;
        entry.until = until;
        report
    }

    /// How many addresses it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Holds it none?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Drops what is out of date; where that isn't enough, the sixteenth that ends first.
    fn make_room(&mut self, now: Duration) {
        self.entries.retain(|_, e| e.until > now);
        if self.entries.len() < self.cap {
            return;
        }
        let mut ends: Vec<_> = self.entries.values().map(|e| e.until).collect();
        let share = ends.len() / 16;
        let (_, end, _) = ends.select_nth_unstable(share);
        let end = *end;
        let mut left = share + 1;
        self.entries.retain(|_, e| {
            let goes = e.until <= end && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn ip(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from(n).into()
    }

    #[test]
    fn a_name_is_reported_when_new_or_changed_or_gone_and_not_each_time() {
        let mut c = Cache::new(100);
        let name = |s: &str| Known::Name(s.into());
        assert_eq!(c.put(ip(1), name("a"), S, Duration::ZERO), Some("a".into()));
        assert_eq!(c.put(ip(1), name("a"), S * 3, S * 2), None);
        assert_eq!(c.put(ip(1), name("b"), S * 5, S * 4), Some("b".into()));
        assert_eq!(
            c.put(ip(1), Known::Unanswered, S * 7, S * 6),
            None,
            "a dead server takes no name away"
        );
        assert_eq!(c.name(ip(1)), Some(&"b".into()));
        assert_eq!(
            c.put(ip(1), Known::Nameless, S * 9, S * 8),
            Some(Text::empty())
        );
        assert_eq!(c.put(ip(1), Known::Nameless, S * 11, S * 10), None);
        assert_eq!(c.name(ip(1)), None);
        assert_eq!(
            c.put(ip(2), Known::Nameless, S, Duration::ZERO),
            None,
            "never had one"
        );
    }

    #[test]
    fn what_is_out_of_date_is_asked_again() {
        let mut c = Cache::new(100);
        c.put(ip(1), Known::Nameless, S * 5, Duration::ZERO);
        assert_eq!(c.get(ip(1), S * 4), Some(&Known::Nameless));
        assert_eq!(c.get(ip(1), S * 5), None);
    }

    #[test]
    fn it_never_holds_more_than_its_cap_and_keeps_what_lives_longest() {
        let mut c = Cache::new(1000);
        for n in 0..10_000u32 {
            c.put(ip(n), Known::Nameless, S * (10 + n), S);
            assert!(c.len() <= 1000);
        }
        assert!(c.get(ip(9_999), S).is_some());
        assert!(c.get(ip(0), S).is_none());
    }

    #[test]
    fn equal_ends_do_not_empty_it() {
        let mut c = Cache::new(1000);
        for n in 0..1001u32 {
            c.put(ip(n), Known::Nameless, S * 10, S);
        }
        assert!(c.len() > 900, "{}", c.len());
    }
}
