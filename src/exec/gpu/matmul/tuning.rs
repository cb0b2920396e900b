//! Choices among the kernels of products, made by measuring, as text that can be kept.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::direction::Direction;
use super::{MatmulKernel, Product};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::plan::Kernel;

/// What the text of a [`Tuning`] starts with.
const HEADER: &str = "tilewise tuning 1";
/// What products are of.
const DTYPES: [DType; 5] = [DType::F32, DType::F16, DType::I32, DType::U32, DType::Bool];

/// Which kernel computes products of which sizes on which adapter, as [`Device::autotune`] found by
/// measuring.
///
/// Printed, it is a text of a line per choice, which [`str::parse`] reads back: kept in a file, it makes the
/// choices of one run those of the next.
///
/// ```
/// use tilewise::{Device, DeviceOptions, Tuning};
/// let text = Device::cpu().tuning().to_string();
/// let tuning: Tuning = text.parse()?;
/// let options = DeviceOptions::new().tuning(tuning);
/// # let _ = options;
/// # Ok::<(), tilewise::Error>(())
/// ```
///
/// [`Device::autotune`]: crate::Device::autotune
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tuning(BTreeMap<Case, MatmulKernel>);

/// Products that are computed by the same kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::exec::gpu) struct Case {
    /// The adapter and its driver, in a line.
    adapter: String,
    dtype: DType,
    /// How each operand lies in memory.
    layouts: [Direction; 2],
    /// The logarithms of k, columns, rows and products of a batch, rounded down.
    sizes: [u32; 4],
}

impl Tuning {
    /// The number of choices.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no choice.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These choices and those of `other`; where both have one, `other`'s.
    pub fn merge(&mut self, other: Tuning) {
        self.0.extend(other.0);
    }

    pub(in crate::exec::gpu) fn contains(&self, case: &Case) -> bool {
        self.0.contains_key(case)
    }

    pub(in crate::exec::gpu) fn insert(&mut self, case: Case, kernel: MatmulKernel) {
        self.0.insert(case, kernel);
    }

    /// The kernel for a case, or else for the one nearest to it that differs in the number of rows and of
    /// products alone: a new batch size has a kernel that is compiled.
    pub(in crate::exec::gpu) fn get(&self, case: &Case) -> Option<MatmulKernel> {
        let near = self
            .0
            .iter()
            .filter_map(|(c, k)| Some((c.distance(case)?, k)));
        let (_, kernel) = near.min_by_key(|(distance, _)| *distance)?;
        Some(*kernel)
    }
}

impl Case {
    /// How far two cases are apart that differ in rows and batch alone; `None` for others.
    fn distance(&self, other: &Self) -> Option<u32> {
        let ([k, columns, rows, batch], [k2, columns2, rows2, batch2]) = (self.sizes, other.sizes);
        let same = (k, columns, &self.layouts, &self.dtype, &self.adapter)
            == (k2, columns2, &other.layouts, &other.dtype, &other.adapter);
        same.then(|| rows.abs_diff(rows2) + batch.abs_diff(batch2))
    }
}

impl Product<'_> {
    /// The case that a product is of.
    pub(in crate::exec::gpu) fn case(&self, kernel: &Kernel, adapter: &str) -> Case {
        let (batch, [m, n]) = self.sizes(kernel);
        let sizes = [self.k, n, m, batch];
        Case {
            adapter: adapter.into(),
            dtype: self.dtype,
            layouts: self.directions(kernel),
            sizes: sizes.map(|size| size.max(1).ilog2()),
        }
    }
}

impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        for (case, kernel) in &self.0 {
            let [left, right] = case.layouts.map(Direction::word);
            let [k, columns, rows, batch] = case.sizes;
            writeln!(
                f,
                "{} {} {left} {right} {k} {columns} {rows} {batch} {}",
                kernel.name(),
                case.dtype,
                case.adapter
            )?;
        }
        Ok(())
    }
}

impl FromStr for Tuning {
    type Err = Error;

    /// # Errors
    /// A text that is no tuning, or of another version; the error names the line.
    #[track_caller]
    fn from_str(text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate();
        let wrong =
            |at: usize, what: &str| Error::value("tuning", format!("line {} {what}", at + 1));
        match lines.next() {
            Some((_, HEADER)) => {}
            _ => return Err(wrong(0, &format!("is not {HEADER:?}"))),
        }
        let mut tuning = Self::default();
        for (at, line) in lines {
            match choice(line) {
                Some((case, kernel)) => tuning.insert(case, kernel),
                None => return Err(wrong(at, &format!("is no choice of a kernel: {line:?}"))),
            }
        }
        Ok(tuning)
    }
}

/// The choice of a line.
fn choice(line: &str) -> Option<(Case, MatmulKernel)> {
    let mut words = line.splitn(9, ' ');
    let mut word = || words.next();
    let name = word()?;
    let mut known = MatmulKernel::TILED
        .into_iter()
        .chain([MatmulKernel::Cooperative]);
    let kernel = known.find(|k| k.name() == name)?;
    let dtype = word()?;
    let dtype = DTYPES.into_iter().find(|d| d.name() == dtype)?;
    let direction = |word: &str| Direction::ALL.into_iter().find(|d| d.word() == word);
    let layouts = [direction(word()?)?, direction(word()?)?];
    let size = |word: &str| word.parse::<u32>().ok().filter(|log| *log < 64);
    let sizes = [
        size(word()?)?,
        size(word()?)?,
        size(word()?)?,
        size(word()?)?,
    ];
    let adapter = word().filter(|name| !name.is_empty())?.to_owned();
    let case = Case {
        adapter,
        dtype,
        layouts,
        sizes,
    };
    Some((case, kernel))
}
