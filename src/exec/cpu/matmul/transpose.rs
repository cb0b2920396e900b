//! Transposing the right operand of a product where it lies column after column.
//!
//! The library reads such an operand an element at a time and on one thread, which takes as long as a
//! third of a product of 512 rows. Here some columns and rows at once are turned in the first level of
//! cache.

use crate::exec::cpu::tasks;

/// Rows that are turned at once, a line of cache of each column, and columns.
const ROWS: usize = 16;
const COLUMNS: usize = 8;
/// What an element costs, in the unit of [`tasks::share`].
const COST: usize = 4;

/// Writes rows, `pitch` apart, of a matrix whose columns lie in order, `stride` apart. There are as many
/// rows as `rows` has room for; `threads` says whether several may share them.
pub(super) fn to_rows(
    columns: &[f32],
    stride: usize,
    count: usize,
    rows: &mut [f32],
    pitch: usize,
    threads: bool,
) {
    let share = match threads {
        true => tasks::share(rows.len() / pitch, count * COST, ROWS),
        false => rows.len() / pitch,
    };
    let arch = pulp::Arch::new();
    tasks::each(
        rows.chunks_mut(share * pitch).enumerate(),
        |(task, rows)| {
            for (block, rows) in rows.chunks_mut(ROWS * pitch).enumerate() {
                arch.dispatch(Strip {
                    columns: &columns[task * share + block * ROWS..],
                    stride,
                    count,
                    rows,
                    pitch,
                });
            }
        },
    );
}

/// Some rows of all columns.
struct Strip<'a> {
    columns: &'a [f32],
    stride: usize,
    count: usize,
    rows: &'a mut [f32],
    pitch: usize,
}

impl pulp::WithSimd for Strip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            columns,
            stride,
            count,
            rows,
            pitch,
        } = self;
        let full = match rows.len() == ROWS * pitch {
            true => count / COLUMNS * COLUMNS,
            false => 0,
        };
        for at in (0..full).step_by(COLUMNS) {
            turn(&columns[at * stride..], stride, &mut rows[at..], pitch);
        }
        for (row, out) in rows.chunks_mut(pitch).enumerate() {
            for (column, out) in (full..count).zip(&mut out[full..count]) {
                *out = columns[column * stride + row];
            }
        }
    }
}

/// Turns a block in registers. In loops, since the standard library's functions over arrays are not
/// always inlined, and then know of no wide vectors.
#[inline(always)]
fn turn(columns: &[f32], stride: usize, rows: &mut [f32], pitch: usize) {
    let mut lines = [&[0.0; ROWS]; COLUMNS];
    for (i, line) in lines.iter_mut().enumerate() {
        let column = columns[i * stride..].first_chunk();
        *line = column.expect("a column is as long as there are rows");
    }
    let mut block = [[0.0; COLUMNS]; ROWS];
    for (i, row) in block.iter_mut().enumerate() {
        for (element, line) in row.iter_mut().zip(lines) {
            *element = line[i];
        }
    }
    for (out, row) in rows.chunks_mut(pitch).zip(&block) {
        out[..COLUMNS].copy_from_slice(row);
    }
}
