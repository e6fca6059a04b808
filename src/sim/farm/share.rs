//! Which agents of the farm: so many of a hundred, drawn from a seed, the same on every machine.

use crate::sim::chance::hash;

/// Odd and no multiple of five: they turn the hundred places of a block without two falling on one.
const TURNS: [u64; 8] = [1, 3, 7, 13, 27, 39, 61, 83];

/// So many of each hundred agents, exactly, in places that look like chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    percent: u8,
    seed: u64,
}

impl Share {
    /// `salt` tells one drawing of a farm from another.
    pub(super) fn new(percent: u8, seed: u64, salt: u64) -> Self {
        Self {
            percent: percent.min(100),
            seed: hash(seed, &[salt]),
        }
    }

    /// Is this agent among them?
    pub(super) fn has(self, number: u32) -> bool {
        match self.percent {
            0 => false,
            100 => true,
            percent => {
                let (block, place) = (u64::from(number / 100), u64::from(number % 100));
                let draw = hash(self.seed, &[block]);
                let turn = TURNS.get((draw % 8) as usize).copied().unwrap_or(1);
                (place * turn + (draw >> 8) % 100) % 100 < u64::from(percent)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_hundred_exactly_so_many() {
        for percent in [0, 1, 2, 10, 30, 99, 100] {
            let share = Share::new(percent, 7, 3);
            for block in 0..50 {
                let n = (block * 100..block * 100 + 100)
                    .filter(|n| share.has(*n))
                    .count();
                assert_eq!(n, usize::from(percent));
            }
        }
    }

    #[test]
    fn two_shares_are_drawn_apart_and_the_same_seed_draws_the_same() {
        let of = |seed, salt| -> Vec<u32> {
            let share = Share::new(10, seed, salt);
            (0..1_000).filter(|n| share.has(*n)).collect()
        };
        assert_eq!(of(1, 1), of(1, 1));
        assert_ne!(of(1, 1), of(2, 1));
        let both = of(1, 1).iter().filter(|n| of(1, 2).contains(n)).count();
        assert!(both < 40, "{both} of 100 in both");
    }
}
