//! A set of rows, one bit each.

use super::column::Row;
use rayon::prelude::*;

/// Words that one thread does at a time.
const AT_A_TIME: usize = 512;

/// A set of rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// All of the first `n` rows.
    pub(super) fn all(n: usize) -> Self {
        let mut words = vec![u64::MAX; n / 64];
        if !n.is_multiple_of(64) {
            words.push((1 << (n % 64)) - 1);
        }
        Self(words)
    }

    pub(super) fn none(&self) -> Self {
        Self(vec![0; self.0.len()])
    }

    /// Those of the set that pass, looked at in parallel.
    pub(super) fn keep(&self, passes: impl Fn(usize) -> bool + Sync) -> Self {
        let mut out = self.none();
        out.0.par_chunks_mut(AT_A_TIME).zip(self.0.par_chunks(AT_A_TIME)).enumerate().for_each(
            |(chunk, (to, from))| {
                for (i, (t, f)) in to.iter_mut().zip(from).enumerate() {
                    let first = (chunk * AT_A_TIME + i) * 64;
                    let mut left = *f;
                    while left != 0 {
                        let bit = left.trailing_zeros();
                        left &= left - 1;
                        *t |= u64::from(passes(first + bit as usize)) << bit;
                    }
                }
            },
        );
        out
    }

    pub(super) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
        self
    }

    pub(super) fn with(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
        self
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|w| u64::from(w.count_ones())).sum()
    }

    /// The rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.0.iter().zip(0_u32..).flat_map(|(w, n)| {
            let mut left = *w;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(n * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_rows() {
        for n in [0, 1, 63, 64, 65, 100_000] {
            let all = Bits::all(n);
            assert_eq!(all.count(), n as u64);
            let third = all.keep(|r| r % 3 == 0);
            assert_eq!(third.rows().collect::<Vec<_>>(), (0..n as u32).filter(|r| r % 3 == 0).collect::<Vec<_>>());
            assert_eq!(all.clone().without(&third).with(&third), all);
        }
    }
}
