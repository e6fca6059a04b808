//! Entries of a list that a person chose together.

use std::collections::BTreeSet;

use super::List;

/// Which are chosen, whether they are shown now or not.
#[derive(Clone, Debug)]
pub struct Chosen<K>(BTreeSet<K>);

impl<K> Default for Chosen<K> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<K: Copy + Ord> Chosen<K> {
    /// Is this one chosen?
    pub fn has(&self, key: K) -> bool {
        self.0.contains(&key)
    }

    /// How many are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are chosen and shown, in the order of the list.
    pub fn shown(&self, keys: &[K]) -> Vec<K> {
        if self.0.is_empty() {
            return Vec::new();
        }
        keys.iter().filter(|key| self.has(**key)).copied().collect()
    }

    /// Only what still is stays chosen.
    pub fn retain(&mut self, is: impl Fn(K) -> bool) {
        self.0.retain(|key| is(*key));
    }

    /// Carries out `choose`, `choose-all` and, where some are chosen, `back`; says whether it was one of these.
    pub fn act(&mut self, action: &str, list: &mut List<K>, keys: &[K]) -> bool {
        match action {
            "choose" => {
                if let Some(key) = list.at() {
                    if !self.0.remove(&key) {
                        self.0.insert(key);
                    }
                    list.act("cursor-down", keys);
                }
            }
            "choose-all" => {
                if keys.iter().all(|key| self.has(*key)) {
                    for key in keys {
                        self.0.remove(key);
                    }
                } else {
                    self.0.extend(keys);
                }
            }
            "back" if !self.0.is_empty() => self.0.clear(),
            _ => return false,
        }
        true
    }

    /// How many, in words; nothing where none is.
    pub fn words(&self, keys: &[K]) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let shown = self.shown(keys).len();
        Some(match self.len() - shown {
            0 => format!("{shown} chosen"),
            hidden => format!("{shown} chosen, and {hidden} that the filter hides"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_the_other_all_and_none_and_what_is_hidden_is_counted() {
        let keys = [1, 2, 3];
        let (mut chosen, mut list) = (Chosen::default(), List::on(1));
        assert!(!chosen.act("back", &mut list, &keys));
        assert!(chosen.act("choose", &mut list, &keys));
        assert!(chosen.act("choose", &mut list, &keys));
        assert_eq!((chosen.shown(&keys), list.at()), (vec![1, 2], Some(3)));
        assert_eq!(
            chosen.words(&keys[1..]).unwrap(),
            "1 chosen, and 1 that the filter hides"
        );
        chosen.act("choose-all", &mut list, &keys);
        assert_eq!(chosen.words(&keys).unwrap(), "3 chosen");
        chosen.act("choose-all", &mut list, &keys);
        assert!(chosen.is_empty() && chosen.words(&keys).is_none());
        chosen.act("choose", &mut list, &keys);
        chosen.retain(|key| key != 3);
        assert!(chosen.is_empty());
        assert!(!chosen.act("open", &mut list, &keys));
    }
}
