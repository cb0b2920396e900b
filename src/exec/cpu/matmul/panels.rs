//! Products that are computed here, from panels of the right operand ([`tile`](super::tile)).
//!
//! Packing a panel reads the right operand through whatever view it is: the windows of a convolution are never
//! written out but for the few panels that are being multiplied. Where there are few columns, which the library
//! is not made for, all are packed once and threads share the rows; so it is with some more where the right operand
//! lies column after column, which for the library is transposed first. Else threads share the columns.

use std::ops::Range;

use super::blocks::Operand;
use super::row::{COLUMNS, sum_up};
use super::tile::{Strip, WIDTH};
use super::{scratch, transpose};
use crate::exec::cpu::space::Space;
use crate::exec::cpu::tasks;
use crate::layout::Layout;
use crate::shape::Shape;

/// Columns up to which a product has few, and where they lie one after the other.
const NARROW: usize = 4 * WIDTH;
const ACROSS: usize = 8 * WIDTH;
/// Rows from which a product with few columns is computed here.
const TALL: usize = 32;
/// Terms that are added at a time: so many rows of two panels stay in the second level of cache.
const TERMS: usize = 512;
/// Elements that are packed at a time where threads share the columns, and panels at most.
const PACKED: usize = 1 << 15;
const BESIDE: usize = 16;
/// Results up to which threads share the terms, and parts of these at most.
const SUMS: usize = 1 << 15;
const PARTS: usize = 16;

/// A right operand of which panels are packed.
pub(super) struct Panels {
    /// Where each row begins, from the operand's first element on.
    rows: Vec<isize>,
    /// Where the columns lie from there.
    columns: Space,
    count: usize,
    /// The steps from column to column where each is in order by itself.
    across: Option<usize>,
}

impl Panels {
    /// The right operand of `m` rows, if it is to be packed: a view of more dimensions than a matrix has, of which
    /// the first ones are its `k` rows, or a matrix of few columns that meets rows which lie in order.
    pub(super) fn new(view: &Layout, [m, k]: [usize; 2], left: [isize; 2]) -> Option<Self> {
        let (dims, strides) = (view.dims(), view.strides());
        let size = |dims: &[usize]| dims.iter().product::<usize>();
        let at = (1..dims.len())
            .find(|&i| size(&dims[..i]) == k && dims.len() > 2)
            .unwrap_or(1);
        let part = |range: Range<usize>| {
            let shape = Shape::of(&dims[range.clone()]);
            let layout = Layout::from_parts(shape.clone(), &strides[range], 0);
            Space::new(&shape, std::iter::once(&layout))
        };
        let count = size(&dims[at..]);
        let across = match (dims.len(), strides) {
            (2, &[1, step]) if step >= k as isize => Some(step as usize),
            _ => None,
        };
        let few = if across.is_some() { ACROSS } else { NARROW };
        let narrow = m >= TALL && (2..=few).contains(&count) && left[1] == 1;
        if dims.len() == 2 && !narrow {
            return None;
        }
        let mut rows = Vec::with_capacity(k);
        part(0..at).runs(0, 0, k, |_, run, place, stride| {
            rows.extend((0..run as isize).map(|i| place + i * stride));
        });
        Some(Self {
            rows,
            columns: part(at..dims.len()),
            count,
            across,
        })
    }

    fn is_narrow(&self) -> bool {
        self.count <= NARROW || self.across.is_some()
    }

    /// What a row of a narrow product takes, or a column of another of `m` rows, in the unit of [`tasks::share`].
    fn cost(&self, m: usize) -> usize {
        let side = if self.is_narrow() { self.count } else { m };
        self.rows.len() * (1 + side / 8)
    }

    /// Whether the product of `m` rows is worth several threads.
    pub(super) fn is_large(&self, m: usize) -> bool {
        let side = if self.is_narrow() { m } else { self.count };
        tasks::share(side, self.cost(m), 1) < side
    }

    /// Writes the product of `m` rows with the operand. `threads` says whether several may share it.
    pub(super) fn multiply(
        &self,
        a: &Operand<'_>,
        b: &Operand<'_>,
        m: usize,
        out: &mut [f32],
        threads: bool,
    ) {
        if a.steps[1] == 1 && a.steps[0] >= 0 {
            return self.product((a.onward(), a.steps[0] as usize), b, m, out, threads);
        }
        let k = self.rows.len();
        let element = |i: usize| a.element(i / k, i % k);
        let rows: Vec<f32> = (0..m * k).map(element).collect();
        self.product((&rows, k), b, m, out, threads);
    }

    fn product(
        &self,
        left: (&[f32], usize),
        b: &Operand<'_>,
        m: usize,
        out: &mut [f32],
        threads: bool,
    ) {
        let mut rows: Vec<&mut [f32]> = out.chunks_mut(self.count).collect();
        let cost = self.cost(m);
        let share = |len: usize, step: usize| match threads {
            true => tasks::share(len, cost, step),
            false => len,
        };
        if self.is_narrow() {
            let k = self.rows.len();
            let least = k.div_ceil(PARTS).max(2 * TERMS);
            let terms = tasks::share(k, self.cost(m) / k * m, TERMS);
            let terms = terms.max(least).next_multiple_of(TERMS);
            return match threads && terms < k && m * self.count <= SUMS {
                true => self.by_terms(left, b, &mut rows, terms),
                false => self.by_rows(left, b, &mut rows, share(m, TALL / 2)),
            };
        }
        let share = share(self.count, 2 * WIDTH);
        if let [row] = &mut rows[..]
            && self.in_order()
        {
            return tasks::each(row.chunks_mut(share).enumerate(), |(i, out)| {
                self.row(left.0, b, i * share, out);
            });
        }
        let mut parts: Vec<_> = rows.into_iter().map(|row| row.chunks_mut(share)).collect();
        let tasks: Vec<Vec<&mut [f32]>> = (0..self.count.div_ceil(share))
            .map(|_| parts.iter_mut().filter_map(Iterator::next).collect())
            .collect();
        tasks::each(tasks.into_iter().enumerate(), |(i, mut rows)| {
            self.by_columns(left, b, i * share, 0..self.rows.len(), &mut rows);
        });
    }

    /// Whether the columns lie in order, run by run.
    fn in_order(&self) -> bool {
        self.columns.paths[0].1.last() == Some(&1)
    }

    /// Some columns of the product of one row, from one on: nothing is packed for it.
    fn row(&self, left: &[f32], b: &Operand<'_>, column: usize, out: &mut [f32]) {
        let len = out.len();
        self.columns
            .runs_from(0, b.at, column, len, |done, run, place, _| {
                for (i, sums) in out[done..done + run].chunks_mut(COLUMNS).enumerate() {
                    let place = place + (i * COLUMNS) as isize;
                    let row = |term: usize| &b.values[(place + self.rows[term]) as usize..];
                    sum_up(0..self.rows.len(), |term| left[term], row, sums);
                }
            });
    }

    /// All columns, packed once for as many terms as the scratch memory holds.
    fn by_rows(
        &self,
        (left, pitch): (&[f32], usize),
        b: &Operand<'_>,
        rows: &mut [&mut [f32]],
        share: usize,
    ) {
        let width = self.count.next_multiple_of(WIDTH);
        let most = scratch::MOST / width / TERMS * TERMS;
        for first in (0..self.rows.len()).step_by(most) {
            let all = most.min(self.rows.len() - first);
            scratch::with(all * width, |packed| {
                let pack = |(i, packed): (usize, &mut [f32])| {
                    self.pack(b, (first + i * TERMS, packed.len() / width), 0, packed);
                };
                let panels = packed.chunks_mut(TERMS * width).enumerate();
                match share < rows.len() {
                    true => tasks::each(panels, pack),
                    false => panels.for_each(pack),
                }
                let packed = &*packed;
                tasks::each(rows.chunks_mut(share).enumerate(), |(task, rows)| {
                    for (i, panels) in packed.chunks(TERMS * width).enumerate() {
                        let term = first + i * TERMS;
                        let strip = Strip {
                            left: &left[task * share * pitch + term..],
                            pitch,
                            panels,
                            terms: panels.len() / width,
                            rows,
                            add: term > 0,
                        };
                        strip.run();
                    }
                });
            });
        }
    }

    /// Some terms of all results by each task, whose sums are added in order: of few results, so that each element
    /// of the operands is read once, by one thread.
    fn by_terms(
        &self,
        left: (&[f32], usize),
        b: &Operand<'_>,
        rows: &mut [&mut [f32]],
        share: usize,
    ) {
        let (k, size) = (self.rows.len(), rows.len() * self.count);
        let mut others = vec![0.0; (k.div_ceil(share) - 1) * size];
        let own: Vec<&mut [f32]> = rows.iter_mut().map(|row| &mut **row).collect();
        let others_rows = others
            .chunks_mut(size)
            .map(|sums| sums.chunks_mut(self.count).collect());
        let tasks: Vec<Vec<&mut [f32]>> = std::iter::once(own).chain(others_rows).collect();
        tasks::each(tasks.into_iter().enumerate(), |(i, mut rows)| {
            let terms = i * share..k.min((i + 1) * share);
            self.by_columns(left, b, 0, terms, &mut rows);
        });
        for sums in others.chunks(size) {
            for (row, sums) in rows.iter_mut().zip(sums.chunks(self.count)) {
                row.iter_mut().zip(sums).for_each(|(sum, v)| *sum += v);
            }
        }
    }

    /// Some columns from one on, panel by panel, as far as some terms are concerned.
    fn by_columns(
        &self,
        (left, pitch): (&[f32], usize),
        b: &Operand<'_>,
        column: usize,
        all: Range<usize>,
        rows: &mut [&mut [f32]],
    ) {
        let columns = rows.first().map_or(0, |row| row.len());
        let terms = TERMS.min(all.len());
        let most = WIDTH * (PACKED / (terms * WIDTH)).clamp(2, BESIDE);
        scratch::with(terms * most, |packed| {
            for at in (0..columns).step_by(most) {
                let width = most.min(columns - at);
                let mut part: Vec<&mut [f32]> = rows
                    .iter_mut()
                    .map(|row| &mut row[at..at + width])
                    .collect();
                for term in all.clone().step_by(terms) {
                    let terms = terms.min(all.end - term);
                    let packed = &mut packed[..terms * width.next_multiple_of(WIDTH)];
                    self.pack(b, (term, terms), column + at, packed);
                    let strip = Strip {
                        left: &left[term..],
                        pitch,
                        panels: packed,
                        terms,
                        rows: &mut part,
                        add: term > all.start,
                    };
                    strip.run();
                }
            }
        });
    }

    /// Packs as many panels as there is room for, from a column on, of some terms: the first, and how many.
    fn pack(
        &self,
        b: &Operand<'_>,
        (first, terms): (usize, usize),
        column: usize,
        packed: &mut [f32],
    ) {
        let rows = &self.rows[first..][..terms];
        let columns = (packed.len() / terms).min(self.count - column);
        if !columns.is_multiple_of(WIDTH) {
            let last = columns / WIDTH * terms * WIDTH;
            packed[last..].fill(0.0);
        }
        if let Some(step) = self.across {
            let panels = packed.chunks_mut(terms * WIDTH).enumerate();
            for (column, panel) in panels.map(|(i, panel)| (column + i * WIDTH, panel)) {
                let columns = &b.onward()[column * step + first..];
                let count = WIDTH.min(self.count - column);
                transpose::to_rows(columns, step, count, panel, WIDTH, false);
            }
            return;
        }
        let arch = pulp::Arch::new();
        self.columns
            .runs_from(0, b.at, column, columns, |done, run, place, stride| {
                let mut at = done;
                while at < done + run {
                    let (panel, from) = (at / WIDTH, at % WIDTH);
                    let len = (WIDTH - from).min(done + run - at);
                    let panel = &mut packed[panel * terms * WIDTH..][..terms * WIDTH];
                    arch.dispatch(Lines {
                        values: b.values,
                        place: place + (at - done) as isize * stride,
                        stride,
                        rows,
                        lines: panel.as_chunks_mut().0,
                        part: from..from + len,
                    });
                    at += len;
                }
            });
    }
}

/// Columns of a panel, which lie evenly spaced.
struct Lines<'a> {
    values: &'a [f32],
    /// Where the first one is in a row that begins at 0.
    place: isize,
    stride: isize,
    /// Where the rows begin.
    rows: &'a [isize],
    lines: &'a mut [[f32; WIDTH]],
    part: Range<usize>,
}

impl pulp::WithSimd for Lines<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { values, stride, .. } = self;
        for (line, row) in self.lines.iter_mut().zip(self.rows) {
            let place = self.place + row;
            if stride == 1 && self.part.len() == WIDTH {
                let source = values[place as usize..].first_chunk();
                *line = *source.expect("the operand lies in its memory");
                continue;
            }
            for (i, value) in line[self.part.clone()].iter_mut().enumerate() {
                *value = values[(place + i as isize * stride) as usize];
            }
        }
    }
}
