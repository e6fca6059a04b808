//! A few things of a device that are found by a key each holds in itself: in one piece of memory, in the order of their keys.
//!
//! A tree takes hundreds of octets for the first of them, and a device has few. A clone is a pointer and shares the memory until one
//! of both is changed.

use std::fmt;
use std::net::IpAddr;
use std::ops::Index;

use ecow::EcoVec;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Fact, FactKey, IfIndex, Interface, Mac};

/// Knows what it is found by. The key must not change while the thing stands in a [`Sorted`].
pub trait Keyed {
    /// What it is found by.
    type Key: Ord + Copy;

    /// Its own.
    fn key(&self) -> Self::Key;
}

impl Keyed for Fact {
    type Key = FactKey;

    fn key(&self) -> FactKey {
        self.key
    }
}

impl Keyed for Interface {
    type Key = IfIndex;

    fn key(&self) -> IfIndex {
        self.index
    }
}

impl Keyed for Mac {
    type Key = Self;

    fn key(&self) -> Self {
        *self
    }
}

impl Keyed for IpAddr {
    type Key = Self;

    fn key(&self) -> Self {
        *self
    }
}

/// Things in the order of their keys, each key once.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Sorted<T>(EcoVec<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(EcoVec::new())
    }
}

impl<T: Keyed + Clone> Sorted<T> {
    fn at(&self, key: T::Key) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, Keyed::key)
    }

    /// The one with this key.
    pub fn get(&self, key: &T::Key) -> Option<&T> {
        self.at(*key).ok().and_then(|at| self.0.get(at))
    }

    /// The same to be changed; its key stays.
    pub fn get_mut(&mut self, key: &T::Key) -> Option<&mut T> {
        let at = self.at(*key).ok()?;
        self.0.make_mut().get_mut(at)
    }

    /// Is one with this key here?
    pub fn contains_key(&self, key: &T::Key) -> bool {
        self.at(*key).is_ok()
    }

    /// Puts one in its place, and hands back the one that stood there.
    pub fn insert(&mut self, one: T) -> Option<T> {
        match self.at(one.key()) {
            Ok(at) => {
                let slot = self.0.make_mut().get_mut(at)?;
                Some(std::mem::replace(slot, one))
            }
            Err(at) => {
                self.reserve(1);
                self.0.insert(at, one);
                None
            }
        }
    }

    /// Makes room for some more, and for little beyond: most are put in once and stay.
    pub fn reserve(&mut self, more: usize) {
        let wanted = self.0.len() + more;
        if wanted > self.0.capacity() {
            let spare = if self.0.len() < 16 {
                0
            } else {
                self.0.len() / 8
            };
            let mut roomy = EcoVec::with_capacity(wanted + spare);
            roomy.extend(std::mem::take(&mut self.0));
            self.0 = roomy;
        }
    }

    /// Takes the one with this key out.
    pub fn remove(&mut self, key: &T::Key) -> Option<T> {
        self.at(*key).ok().map(|at| self.0.remove(at))
    }

    /// Keeps those of which this is true.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        // what keeps all is not copied for it
        if !self.0.iter().all(&keep) {
            self.0.retain(|one| keep(one));
        }
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0 = EcoVec::new();
    }

    /// All keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = T::Key> + '_ {
        self.0.iter().map(Keyed::key)
    }

    /// All, to be changed; their keys stay.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.make_mut().iter_mut()
    }

    /// All in one piece, to be changed; their keys stay.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.0.make_mut()
    }
}

impl<T> Sorted<T> {
    /// All in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// The same, as it is said of maps.
    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one with the least key.
    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    /// All in one piece.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

impl<T: Keyed<Key = T> + Clone> Sorted<T> {
    /// Is it here?
    pub fn contains(&self, one: &T) -> bool
    where
        T: Copy,
    {
        self.contains_key(one)
    }
}

impl<T: Keyed + Clone> Index<&T::Key> for Sorted<T> {
    type Output = T;

    /// The one with this key.
    ///
    /// # Panics
    ///
    /// Where there is none, as every index does.
    #[allow(clippy::expect_used)]
    fn index(&self, key: &T::Key) -> &T {
        self.get(key).expect("it stands here")
    }
}

impl<'s, T> IntoIterator for &'s Sorted<T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'s, T: Keyed + Clone> IntoIterator for &'s mut Sorted<T> {
    type Item = &'s mut T;
    type IntoIter = std::slice::IterMut<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.values_mut()
    }
}

impl<T: Keyed + Clone> Extend<T> for Sorted<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        for one in more {
            self.insert(one);
        }
    }
}

impl<T: Keyed + Clone> FromIterator<T> for Sorted<T> {
    /// Of two with one key, the later stays.
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let mut sorted = Self::default();
        let all = all.into_iter();
        sorted.reserve(all.size_hint().0);
        sorted.extend(all);
        sorted
    }
}

impl<T: Keyed + Clone, const N: usize> From<[T; N]> for Sorted<T> {
    fn from(all: [T; N]) -> Self {
        all.into_iter().collect()
    }
}

impl<'de, T: Keyed + Clone + Deserialize<'de>> Deserialize<'de> for Sorted<T> {
    /// What a damaged file has in another order is put right.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(from)?.into_iter().collect())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sorted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn port(index: u32, kind: u32) -> Interface {
        Interface {
            index: IfIndex(index),
            kind,
            ..Interface::default()
        }
    }

    #[test]
    fn a_clone_shares_its_memory_until_one_is_changed() {
        let mut a: Sorted<Interface> = (0..24).map(|n| port(n, 6)).collect();
        let b = a.clone();
        assert_eq!(a.as_slice().as_ptr(), b.as_slice().as_ptr());
        a.retain(|_| true);
        assert_eq!(a.as_slice().as_ptr(), b.as_slice().as_ptr());
        a.get_mut(&IfIndex(3)).unwrap().kind = 7;
        assert_eq!((a[&IfIndex(3)].kind, b[&IfIndex(3)].kind), (7, 6));
    }

    #[test]
    fn it_takes_a_pointer_and_a_length_and_grows_by_little() {
        assert!(size_of::<Sorted<Interface>>() <= 16);
        let mut ports = Sorted::default();
        for n in 0..4_096 {
            ports.insert(port(n, 6));
            assert!(ports.0.capacity() <= ports.len() + ports.len() / 8 + 1);
        }
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(does in prop::collection::vec((0u8..4, 0u32..40, 0u32..9), 0..200)) {
            let mut sorted = Sorted::default();
            let mut map = BTreeMap::new();
            for (what, index, kind) in does {
                let key = IfIndex(index);
                match what {
                    0 | 1 => prop_assert_eq!(sorted.insert(port(index, kind)), map.insert(key, port(index, kind))),
                    2 => prop_assert_eq!(sorted.remove(&key), map.remove(&key)),
                    _ => {
                        sorted.retain(|p: &Interface| p.kind != kind);
                        map.retain(|_, p| p.kind != kind);
                    }
                }
                prop_assert_eq!(sorted.get(&key), map.get(&key));
                prop_assert!(sorted.iter().eq(map.values()));
                prop_assert!(sorted.keys().eq(map.keys().copied()));
            }
            let bytes = postcard::to_stdvec(&sorted).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Sorted<Interface>>(&bytes).unwrap(), sorted);
        }
    }
}
