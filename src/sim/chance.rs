//! Chance that is none: numbers out of a seed, the same on every machine.

/// A number for these keys; the same keys give the same number (splitmix64 over each).
pub fn hash(seed: u64, keys: &[u64]) -> u64 {
    keys.iter()
        .fold(mix(seed), |state, key| mix(state ^ mix(*key)))
}

fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A row of numbers out of one seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// From zero up to, not including, `sides`; zero for none.
    pub fn below(&mut self, sides: usize) -> usize {
        if sides == 0 {
            0
        } else {
            (self.roll() % sides as u64) as usize
        }
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_row_on_every_machine() {
        let mut dice = Dice::new(7);
        let row: Vec<usize> = (0..8).map(|_| dice.below(1000)).collect();
        let mut again = Dice::new(7);
        assert_eq!(row, (0..8).map(|_| again.below(1000)).collect::<Vec<_>>());
        assert_ne!(hash(7, &[1, 2]), hash(7, &[2, 1]));
        assert_eq!(hash(0, &[]), 0xe220_a839_7b1d_cdaf, "splitmix64 of zero");
    }
}
