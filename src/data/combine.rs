//! Sets made of other sets.

use super::Dataset;
use super::dataset::check_rows;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Some examples of a set; see [`Dataset::subset`].
#[derive(Clone, Debug)]
pub struct Subset<D> {
    data: D,
    rows: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    #[track_caller]
    pub(super) fn new(data: D, rows: Vec<usize>) -> Result<Self> {
        check_rows("subset", &rows, data.len())?;
        Ok(Self { data, rows })
    }

    /// The numbers of the examples in the whole set.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        check_rows("subset", rows, self.len())?;
        let rows: Vec<usize> = rows.iter().map(|&row| self.rows[row]).collect();
        self.data.batch(&rows)
    }
}

/// The examples of a set as a function makes them; see [`Dataset::map`].
#[derive(Clone, Debug)]
pub struct Map<D, F> {
    data: D,
    function: F,
}

impl<D, F> Map<D, F> {
    pub(super) fn new(data: D, function: F) -> Self {
        Self { data, function }
    }
}

impl<D: Dataset, F> Dataset for Map<D, F>
where
    F: Fn(Tensor, Tensor) -> Result<(Tensor, Tensor)> + Send + Sync,
{
    fn len(&self) -> usize {
        self.data.len()
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let (inputs, targets) = self.data.batch(rows)?;
        (self.function)(inputs, targets)
    }
}

/// The examples of one set, then those of another; see [`Dataset::concat`].
#[derive(Clone, Debug)]
pub struct Concat<A, B> {
    first: A,
    second: B,
}

impl<A: Dataset, B: Dataset> Concat<A, B> {
    #[track_caller]
    pub(super) fn new(first: A, second: B) -> Result<Self> {
        if first.len().checked_add(second.len()).is_none() {
            let (a, b) = (first.len(), second.len());
            let message = format!("{a} and {b} examples are more than can be counted");
            return Err(Error::value("concat", message));
        }
        Ok(Self { first, second })
    }
}

impl<A: Dataset, B: Dataset> Dataset for Concat<A, B> {
    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        check_rows("concat", rows, self.len())?;
        let border = self.first.len();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for &row in rows {
            match row.checked_sub(border) {
                None => first.push(row),
                Some(row) => second.push(row),
            }
        }
        if second.is_empty() {
            return self.first.batch(&first);
        }
        if first.is_empty() {
            return self.second.batch(&second);
        }
        let a = self.first.batch(&first)?;
        let b = self.second.batch(&second)?;
        // A batch of both comes first set first: put back into the order that was asked for.
        let mut next = [0, first.len() as u32];
        let place = |&row: &usize| {
            let next = &mut next[usize::from(row >= border)];
            *next += 1;
            *next - 1
        };
        let places: Vec<u32> = rows.iter().map(place).collect();
        let places = Tensor::new(places, a.0.device())?;
        let together = |a: &Tensor, b: &Tensor| Tensor::concat(&[a, b], 0)?.take(&places, 0);
        Ok((together(&a.0, &b.0)?, together(&a.1, &b.1)?))
    }
}
