//! The kernel of products that are computed here: rows of the left operand times panels of the right one.
//!
//! A panel is [`WIDTH`] columns, row after row. Some rows times one or two panels are summed up in registers, of
//! which there are as many as the processor has: each element of the result is one chain of fused
//! multiplications and additions, in order, whatever the vectors' width and the number of rows.

use pulp::Simd;

/// Columns of a panel: as many as the widest vector has lanes.
pub(super) const WIDTH: usize = 16;

/// Rows of a product, some terms of it at a time.
pub(super) struct Strip<'a, 'o> {
    /// The left operand from the first of the terms on, and the steps from row to row.
    pub(super) left: &'a [f32],
    pub(super) pitch: usize,
    /// The right one's panels, one after the other, each of as many rows as there are terms.
    pub(super) panels: &'a [f32],
    pub(super) terms: usize,
    /// The rows of the result, as long as there are columns. The terms are added to what is there, or it is
    /// written over.
    pub(super) rows: &'a mut [&'o mut [f32]],
    pub(super) add: bool,
}

impl Strip<'_, '_> {
    pub(super) fn run(self) {
        pulp::Arch::new().dispatch(self);
    }
}

impl pulp::WithSimd for Strip<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // Rows and panels whose sums fit the registers: 32 of AVX-512 and NEON, 16 of AVX2. Then the panels that
        // one row is multiplied with at a time, so that enough sums are under way.
        match S::F32_LANES {
            16 => self.tiles::<S, 8, 2, 8, 1>(simd),
            8 => self.tiles::<S, 6, 1, 4, 2>(simd),
            4 => self.tiles::<S, 4, 1, 2, 4>(simd),
            _ => self.tiles::<S, 1, 1, 1, WIDTH>(simd),
        }
    }
}

impl Strip<'_, '_> {
    /// By `R` rows and `P` panels, or by one row and `Q` panels; of `V` vectors each.
    #[inline(always)]
    fn tiles<S: Simd, const R: usize, const P: usize, const Q: usize, const V: usize>(
        &mut self,
        simd: S,
    ) {
        let count = self.rows.first().map_or(0, |row| row.len().div_ceil(WIDTH));
        let mut row = 0;
        while row < self.rows.len() {
            // A tile takes the time of some rows by themselves.
            let several = self.rows.len() - row > 2;
            let (rows, most) = if several { (R, P) } else { (1, Q) };
            let mut panel = 0;
            while panel < count {
                let beside = if panel + most <= count { most } else { 1 };
                match (several, beside == most) {
                    (true, true) => self.tile::<S, R, P, V>(simd, row, panel),
                    (true, false) => self.tile::<S, R, 1, V>(simd, row, panel),
                    (false, true) => self.tile::<S, 1, Q, V>(simd, row, panel),
                    (false, false) => self.tile::<S, 1, 1, V>(simd, row, panel),
                }
                panel += beside;
            }
            row += rows;
        }
    }

    /// `R` rows, or those that are left, from a row and a panel on.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        first: usize,
        panel: usize,
    ) {
        let terms = self.terms;
        let last = self.rows.len() - 1;
        let mut left: [&[f32]; R] = [&[]; R];
        for (i, row) in left.iter_mut().enumerate() {
            // The last one instead of those that are not there.
            *row = &self.left[(first + i).min(last) * self.pitch..][..terms];
        }
        let mut right: [&[[S::f32s; V]]; P] = [&[]; P];
        for (i, vectors) in right.iter_mut().enumerate() {
            let words = &self.panels[(panel + i) * terms * WIDTH..][..terms * WIDTH];
            *vectors = &bytemuck::cast_slice(words)[..terms];
        }
        let mut sums = [[[simd.splat_f32s(0.0); V]; P]; R];
        for term in 0..terms {
            for (row, sums) in left.iter().zip(&mut sums) {
                let element = simd.splat_f32s(row[term]);
                for (vectors, sums) in right.iter().zip(sums) {
                    for (vector, sum) in vectors[term].iter().zip(sums) {
                        *sum = simd.mul_add_e_f32s(element, *vector, *sum);
                    }
                }
            }
        }
        for (row, sums) in self.rows[first..].iter_mut().zip(&sums) {
            for (columns, sums) in row[panel * WIDTH..].chunks_mut(WIDTH).zip(sums) {
                let sums = bytemuck::cast_slice(sums);
                match columns.as_chunks_mut::<WIDTH>() {
                    ([whole], []) => store(whole, sums, self.add),
                    _ => store(columns, &sums[..columns.len()], self.add),
                }
            }
        }
    }
}

/// Writes sums, or adds them to what is there. Of whole panels the length is known, so that it is vectors.
#[inline(always)]
fn store<T: AsMut<[f32]> + ?Sized>(out: &mut T, sums: &[f32], add: bool) {
    for (out, sum) in out.as_mut().iter_mut().zip(sums) {
        *out = if add { *out + sum } else { *sum };
    }
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::{Strip, WIDTH};
    use crate::op::pointwise::tests::widths;

    /// Each width of vectors gives sums of small numbers exactly, and others with the bits of a chain of
    /// multiplications and additions, rounded together or apart.
    #[test]
    fn every_width_of_vectors_multiplies() {
        for (scale, exact) in [(1.0, true), (0.37, false)] {
            for (rows, terms, columns) in [
                (1, 9, 300_usize),
                (2, 3, 16),
                (3, 5, 17),
                (19, 8, 47),
                (8, 1, 1),
            ] {
                let value = |i: usize| ((i * 37 % 23) as f32 - 11.0) * scale;
                let left: Vec<f32> = (0..rows * terms).map(value).collect();
                let panels: Vec<f32> = (0..columns.div_ceil(WIDTH) * terms * WIDTH)
                    .map(|i| value(i + 5))
                    .collect();
                let chain = |row: usize, column: usize, step: fn(f32, f32, f32) -> f32| {
                    let (panel, at) = (column / WIDTH * terms * WIDTH, column % WIDTH);
                    let start = 0.0;
                    (0..terms).fold(start, |sum, term| {
                        step(
                            left[row * terms + term],
                            panels[panel + term * WIDTH + at],
                            sum,
                        )
                    })
                };
                for width in widths() {
                    for add in [false, true] {
                        let mut out = vec![2.0; rows * columns];
                        width.dispatch(Strip {
                            left: &left,
                            pitch: terms,
                            panels: &panels,
                            terms,
                            rows: &mut out.chunks_mut(columns).collect::<Vec<_>>(),
                            add,
                        });
                        for (i, &got) in out.iter().enumerate() {
                            let (row, column) = (i / columns, i % columns);
                            let sum = match width {
                                Arch::Scalar => chain(row, column, |a, b, c| a * b + c),
                                _ => chain(row, column, f32::mul_add),
                            };
                            let apart = chain(row, column, |a, b, c| a * b + c);
                            assert!(!exact || sum == apart);
                            let want = if add { 2.0 + sum } else { sum };
                            assert_eq!(
                                got, want,
                                "{rows}×{terms}×{columns}, {width:?}, element {i}"
                            );
                        }
                    }
                }
            }
        }
    }
}
