//! Scanning what is at hand, chain by chain.

use super::super::fold::Fold;
use crate::op::reduce::Loop;

/// Elements that are combined one after the other before the chain meets what came before it.
pub(super) const CHAIN: usize = 64;
/// Columns that run side by side.
const WIDE: usize = 16;
/// Chains of a row that run side by side, so that none waits for its own additions.
const BESIDE: usize = 16;

/// A scan down columns, some rows at a time.
pub(super) struct Chain {
    fold: Fold,
    /// Of each column all before the chain, the chain so far, and whether the scan began anew in it
    /// and at all.
    base: Vec<u32>,
    local: Vec<u32>,
    begun: Vec<u32>,
    ever: Vec<u32>,
    /// Rows of the chain so far.
    rows: usize,
}

impl Chain {
    pub(super) fn new(fold: Fold, width: usize) -> Self {
        let identity = fold.op.scan_identity(fold.dtype);
        Self {
            fold,
            base: vec![identity; width],
            local: vec![identity; width],
            begun: vec![0; width],
            ever: vec![0; width],
            rows: 0,
        }
    }

    /// Scans the next rows in place. Marks of where the scan begins anew, if there are any, become
    /// marks of whether it has.
    pub(super) fn rows(&mut self, values: &mut [u32], heads: &mut [u32]) {
        self.fold.run(Rows(self, values, heads));
    }
}

struct Rows<'a>(&'a mut Chain, &'a mut [u32], &'a mut [u32]);

impl Loop for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
        let Self(chain, values, heads) = self;
        let identity = chain.fold.op.scan_identity(chain.fold.dtype);
        let width = chain.base.len();
        let mut heads = heads.chunks_exact_mut(width);
        // Rows up to the end of the chain.
        let mut rest = values;
        while !rest.is_empty() {
            let rows = (CHAIN - chain.rows).min(rest.len() / width);
            let (values, behind) = rest.split_at_mut(rows * width);
            rest = behind;
            match heads.len() {
                0 => plain(&mut chain.local, &chain.base, values, combine),
                _ => chain.marked(values, heads.by_ref().take(rows), combine),
            }
            chain.rows += rows;
            if chain.rows == CHAIN {
                chain.rows = 0;
                chain.base.copy_from_slice(&values[(rows - 1) * width..]);
                chain.local.fill(identity);
                chain.begun.fill(0);
            }
        }
    }
}

/// Rows of one chain.
#[inline(always)]
fn plain(
    local: &mut [u32],
    base: &[u32],
    values: &mut [u32],
    combine: impl Fn(u32, u32) -> u32 + Copy,
) {
    let width = base.len();
    // Vectors of columns stay in registers down the rows.
    let (whole, rest) = (width / WIDE * WIDE, width % WIDE);
    for column in (0..whole).step_by(WIDE) {
        let mut sums: [u32; WIDE] = std::array::from_fn(|c| local[column + c]);
        let before: [u32; WIDE] = std::array::from_fn(|c| base[column + c]);
        for row in values.chunks_exact_mut(width) {
            let Some(row) = row[column..].first_chunk_mut::<WIDE>() else {
                return;
            };
            for c in 0..WIDE {
                sums[c] = combine(sums[c], row[c]);
                row[c] = combine(before[c], sums[c]);
            }
        }
        local[column..][..WIDE].copy_from_slice(&sums);
    }
    for column in whole..whole + rest {
        let (mut sum, before) = (local[column], base[column]);
        for row in values.chunks_exact_mut(width) {
            sum = combine(sum, row[column]);
            row[column] = combine(before, sum);
        }
        local[column] = sum;
    }
}

impl Chain {
    /// Rows of one chain, with marks.
    #[inline(always)]
    fn marked<'h>(
        &mut self,
        values: &mut [u32],
        heads: impl Iterator<Item = &'h mut [u32]>,
        combine: impl Fn(u32, u32) -> u32 + Copy,
    ) {
        for (values, heads) in values.chunks_exact_mut(self.base.len()).zip(heads) {
            let columns = self.local.iter_mut().zip(&self.base).zip(values);
            let marks = self.begun.iter_mut().zip(&mut self.ever).zip(heads);
            for (((local, &base), value), ((begun, ever), head)) in columns.zip(marks) {
                let begins = *head != 0;
                *local = if begins {
                    *value
                } else {
                    combine(*local, *value)
                };
                *begun |= *head;
                *value = if *begun != 0 {
                    *local
                } else {
                    combine(base, *local)
                };
                *ever |= *head;
                *head = *ever;
            }
        }
    }
}

/// Scans at most a span of a row in place: to the bit as a [`Chain`] of one column would.
pub(super) fn beside(fold: Fold, values: &mut [u32]) {
    struct Row<'a>(&'a mut [u32]);
    impl Loop for Row<'_> {
        type Output = ();

        #[inline(always)]
        fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
            let (groups, rest) = self.0.as_chunks_mut::<{ BESIDE * CHAIN }>();
            for group in groups {
                let mut local: [u32; BESIDE] = std::array::from_fn(|c| group[c * CHAIN]);
                for i in 1..CHAIN {
                    for (c, local) in local.iter_mut().enumerate() {
                        *local = combine(*local, group[c * CHAIN + i]);
                        group[c * CHAIN + i] = *local;
                    }
                }
            }
            for chain in rest.chunks_mut(CHAIN) {
                let mut local = chain[0];
                for value in &mut chain[1..] {
                    local = combine(local, *value);
                    *value = local;
                }
            }
            let mut chains = self.0.chunks_mut(CHAIN);
            let mut base = chains.next().and_then(|c| c.last().copied()).unwrap_or(0);
            for chain in chains {
                for value in chain.iter_mut() {
                    *value = combine(base, *value);
                }
                base = chain[chain.len() - 1];
            }
        }
    }
    fold.run(Row(values));
}

/// Combines what came before rows with each of them, where the scan has not begun anew since.
pub(super) fn take_in(fold: Fold, before: &[u32], values: &mut [u32], begun: &[u32]) {
    struct TakeIn<'a>(&'a [u32], &'a mut [u32], &'a [u32]);
    impl Loop for TakeIn<'_> {
        type Output = ();

        #[inline(always)]
        fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) {
            let Self(before, values, begun) = self;
            if let (&[before], []) = (before, begun) {
                for value in values {
                    *value = combine(before, *value);
                }
                return;
            }
            let mut begun = begun.chunks_exact(before.len());
            for row in values.chunks_exact_mut(before.len()) {
                let columns = row.iter_mut().zip(before);
                match begun.next() {
                    None => {
                        for (value, &before) in columns {
                            *value = combine(before, *value);
                        }
                    }
                    Some(begun) => {
                        for ((value, &before), &begun) in columns.zip(begun) {
                            let whole = combine(before, *value);
                            *value = if begun != 0 { *value } else { whole };
                        }
                    }
                }
            }
        }
    }
    fold.run(TakeIn(before, values, begun));
}
