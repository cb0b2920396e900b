//! Iteration spaces: walking a shape in row-major order through several layouts at once.

use crate::layout::Layout;
use crate::shape::{MAX_RANK, Shape};

/// A shape and layouts over it, with the dimensions that all layouts walk evenly made one.
pub(crate) struct Space {
    /// Sizes, outermost first; at least one.
    pub(crate) dims: Vec<usize>,
    /// Per layout: its offset and a stride per dimension.
    pub(crate) paths: Vec<(isize, Vec<isize>)>,
}

impl Space {
    pub(crate) fn new<'a>(shape: &Shape, layouts: impl Iterator<Item = &'a Layout>) -> Self {
        let layouts: Vec<&Layout> = layouts.collect();
        let mut dims: Vec<usize> = Vec::new();
        let mut strides: Vec<Vec<isize>> = vec![Vec::new(); layouts.len()];
        for (axis, &size) in shape.dims().iter().enumerate() {
            if size == 1 {
                continue;
            }
            let even = !dims.is_empty()
                && layouts
                    .iter()
                    .zip(&strides)
                    .all(|(l, s)| s[s.len() - 1] == l.strides()[axis] * size as isize);
            if even {
                if let Some(last) = dims.last_mut() {
                    *last *= size;
                }
            } else {
                dims.push(size);
            }
            for (layout, strides) in layouts.iter().zip(&mut strides) {
                let stride = layout.strides()[axis];
                match strides.last_mut() {
                    Some(last) if even => *last = stride,
                    _ => strides.push(stride),
                }
            }
        }
        if dims.is_empty() {
            dims.push(1);
            strides.iter_mut().for_each(|s| s.push(0));
        }
        let paths = layouts
            .iter()
            .zip(strides)
            .map(|(l, s)| (l.offset() as isize, s))
            .collect();
        Self { dims, paths }
    }

    /// Whether the space is one line for every path.
    pub(crate) fn is_line(&self) -> bool {
        self.dims.len() == 1
    }

    /// The element of a number, by dimension.
    pub(crate) fn index(&self, mut number: usize) -> [usize; MAX_RANK] {
        let mut index = [0; MAX_RANK];
        for (d, &size) in self.dims.iter().enumerate().skip(1).rev() {
            index[d] = number % size;
            number /= size;
        }
        index[0] = number;
        index
    }

    /// Where the path, started at `offset`, has the element of that index.
    pub(crate) fn place(&self, path: usize, offset: isize, index: &[usize; MAX_RANK]) -> isize {
        let strides = self.paths[path].1.iter().zip(index);
        offset + strides.map(|(s, &i)| s * i as isize).sum::<isize>()
    }

    /// Visits elements `start..start + len` as rows of the innermost dimension: the place in the visit,
    /// the number of rows and their length, and for the path, started at `offset`, its place and
    /// strides from row to row and along one. A row that is cut is visited by itself.
    pub(crate) fn rows_from(
        &self,
        path: usize,
        offset: isize,
        start: usize,
        len: usize,
        mut visit: impl FnMut(usize, [usize; 2], isize, [isize; 2]),
    ) {
        let strides = &self.paths[path].1;
        let inner = self.dims.len() - 1;
        let (size, stride) = (self.dims[inner], strides[inner]);
        let mut done = 0;
        while done < len {
            let mut index = self.index(start + done);
            let place = self.place(path, offset, &index);
            let column = std::mem::take(&mut index[inner]);
            let left = len - done;
            let rows = match inner.checked_sub(1) {
                Some(outer) if column == 0 => (self.dims[outer] - index[outer]).min(left / size),
                _ => 0,
            };
            let (shape, step) = match rows {
                0 => ([1, (size - column).min(left)], 0),
                _ => ([rows, size], strides[inner - 1]),
            };
            visit(done, shape, place, [step, stride]);
            done += shape[0] * shape[1];
        }
    }

    /// Visits elements `start..start + len` as runs: the place in the visit, the run's length, and
    /// for the path its place and stride.
    pub(crate) fn runs(
        &self,
        path: usize,
        start: usize,
        len: usize,
        visit: impl FnMut(usize, usize, isize, isize),
    ) {
        self.runs_from(path, self.paths[path].0, start, len, visit);
    }

    /// [`Space::runs`] of a path that starts elsewhere.
    pub(crate) fn runs_from(
        &self,
        path: usize,
        offset: isize,
        start: usize,
        len: usize,
        mut visit: impl FnMut(usize, usize, isize, isize),
    ) {
        let each = |done, run, [place]: [isize; 1], [stride]: [isize; 1]| {
            visit(done, run, place, stride);
        };
        self.runs_of([path], [offset], (start, len), each);
    }

    /// [`Space::runs`] of several paths, which start at the offsets.
    pub(crate) fn runs_of<const N: usize>(
        &self,
        paths: [usize; N],
        offsets: [isize; N],
        (start, len): (usize, usize),
        mut visit: impl FnMut(usize, usize, [isize; N], [isize; N]),
    ) {
        let strides = paths.map(|path| &self.paths[path].1[..]);
        let inner = self.dims.len() - 1;
        let (size, stride) = (self.dims[inner], strides.map(|s| s[inner]));
        // Where the first run starts, by division; the others follow by carrying.
        let mut index = self.index(start);
        let mut column = std::mem::take(&mut index[inner]);
        let mut rows: [isize; N] =
            std::array::from_fn(|n| self.place(paths[n], offsets[n], &index));
        let mut done = 0;
        while done < len {
            let run = (size - column).min(len - done);
            let places = std::array::from_fn(|n| rows[n] + column as isize * stride[n]);
            visit(done, run, places, stride);
            done += run;
            column = 0;
            for d in (0..inner).rev() {
                index[d] += 1;
                let back = match index[d] < self.dims[d] {
                    true => 0,
                    false => std::mem::take(&mut index[d]) as isize,
                };
                for (row, strides) in rows.iter_mut().zip(&strides) {
                    *row += strides[d] * (1 - back);
                }
                if back == 0 {
                    break;
                }
            }
        }
    }
}
