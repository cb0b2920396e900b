//! Cross-validation: each example is tested on once.

use super::classes::Classes;
use super::split::Split;
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::tensor::Tensor;

/// Cuts a set into so many folds; each in turn is tested on, and the others are learnt from. Folds, their sizes
/// and, unless shuffled, their members are scikit-learn's.
///
/// ```
/// use tilewise::data::KFold;
///
/// let folds = KFold::new(3)?.split(5)?;
/// assert_eq!(folds[0].test, [0, 1]);
/// assert_eq!(folds[2].test, [4]);
/// assert_eq!(folds[2].train, [0, 1, 2, 3]);
/// # Ok::<(), tilewise::Error>(())
/// ```
#[doc(alias = "StratifiedKFold")]
#[derive(Clone, Debug)]
pub struct KFold {
    folds: usize,
    seed: Option<u64>,
}

const OP: &str = "KFold";

impl KFold {
    /// So many folds, of neighbours.
    ///
    /// # Errors
    /// Fewer than two.
    #[track_caller]
    pub fn new(folds: usize) -> Result<Self> {
        if folds < 2 {
            let message = format!("cross-validation needs two folds at least, not {folds}");
            return Err(Error::value(OP, message));
        }
        Ok(Self { folds, seed: None })
    }

    /// Folds drawn by a seed.
    pub fn shuffle(self, seed: u64) -> Self {
        Self {
            seed: Some(seed),
            ..self
        }
    }

    /// The folds of `n` examples; where they do not divide, the first have one more. The numbers of a part are
    /// in rising order.
    ///
    /// # Errors
    /// More folds than examples, or more examples than `u32` counts.
    #[track_caller]
    pub fn split(&self, n: usize) -> Result<Vec<Split>> {
        self.check(n)?;
        let order = match self.seed {
            None => (0..n as u32).collect(),
            Some(seed) => Generator::new(seed).order(n),
        };
        let (size, more) = (n / self.folds, n % self.folds);
        let mut fold_of = vec![0; n];
        for (place, row) in order.into_iter().enumerate() {
            // The first `more` folds have one example more.
            let long = more * (size + 1);
            fold_of[row as usize] = match place.checked_sub(long) {
                None => place / (size + 1),
                Some(place) => more + place / size,
            };
        }
        Ok(self.splits(&fold_of))
    }

    /// Folds with each class as often, in proportion, as in the whole. Labels are numbers, `(n)` or `(n, 1)`;
    /// waits for them. A class with fewer members than there are folds is missing in some.
    ///
    /// # Errors
    /// As [`KFold::split`]; more folds than the largest class has members, or a label that is NaN.
    #[track_caller]
    pub fn split_stratified(&self, labels: &Tensor) -> Result<Vec<Split>> {
        let classes = Classes::of(OP, labels)?;
        let n = classes.of.len();
        self.check(n)?;
        let largest = classes.counts.iter().max().copied().unwrap_or(0);
        if self.folds > largest {
            let folds = self.folds;
            let message = format!("{folds} folds need a class of as many members, not {largest}");
            return Err(Error::value(OP, message));
        }
        // The sorted labels, classes in the order in which they occur, are dealt out in turn: how many of a
        // class each fold gets.
        let mut occurring = Vec::with_capacity(classes.counts.len());
        let mut seen = vec![false; classes.counts.len()];
        for &class in &classes.of {
            if !std::mem::replace(&mut seen[class], true) {
                occurring.push(class);
            }
        }
        let mut generator = self.seed.map(Generator::new);
        let mut fold_of = vec![0; n];
        let mut dealt = 0;
        for class in occurring {
            let members = (0..n).filter(|&row| classes.of[row] == class);
            let mut folds: Vec<usize> = (dealt..dealt + classes.counts[class])
                .map(|at| at % self.folds)
                .collect();
            dealt += folds.len();
            folds.sort_unstable();
            if let Some(generator) = &mut generator {
                let order = generator.order(folds.len());
                folds = order.into_iter().map(|at| folds[at as usize]).collect();
            }
            for (row, fold) in members.zip(folds) {
                fold_of[row] = fold;
            }
        }
        Ok(self.splits(&fold_of))
    }

    #[track_caller]
    fn check(&self, n: usize) -> Result<()> {
        if self.folds > n {
            let message = format!("{} folds need as many examples, not {n}", self.folds);
            return Err(Error::value(OP, message));
        }
        if u32::try_from(n).is_err() {
            let message = format!("{n} examples are more than u32 counts");
            return Err(Error::value(OP, message));
        }
        Ok(())
    }

    fn splits(&self, fold_of: &[usize]) -> Vec<Split> {
        let split = |fold| {
            let (test, train) = (0..fold_of.len()).partition(|&row| fold_of[row] == fold);
            Split { train, test }
        };
        (0..self.folds).map(split).collect()
    }
}
