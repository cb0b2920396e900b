//! A grid of points over two features, and what a predictor says of each.

use super::decision::Predictor;
use super::values::Matrix;
use crate::autograd::no_grad;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Which points are predicted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Over {
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
    /// Points in each direction.
    pub(crate) resolution: usize,
    pub(crate) features: (usize, usize),
}

/// What was said of each point, row by row from the lowest y.
#[derive(Clone, Debug, Default)]
pub(crate) enum Answers {
    #[default]
    None,
    /// The classes themselves.
    Classes(Vec<f64>),
    /// How much the second class is meant.
    Score(Vec<f64>),
    /// How much each class is meant: a row for each point.
    Scores(Matrix),
}

/// How many rows are predicted at once.
const BATCH: usize = 8192;

impl Over {
    /// Asks the predictor for all points, a batch at a time; features that are not shown are at the data's mean.
    pub(crate) fn predict(
        &self,
        predictor: &Predictor,
        data: &Matrix,
        device: &Device,
    ) -> Result<Answers> {
        const OP: &str = "decision_surface";
        let n = self.resolution;
        let mean = |column: usize| {
            let values = data.column(column);
            let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
            (values.iter().sum::<f64>() / values.len().max(1) as f64) as f32
        };
        let others: Vec<f32> = (0..data.columns).map(mean).collect();
        let at = |(low, high): (f64, f64), i: usize| {
            (low + (high - low) * i as f64 / (n - 1) as f64) as f32
        };
        let (mut values, mut columns, mut whole) = (vec![], None, false);
        for start in (0..n * n).step_by(BATCH) {
            let count = BATCH.min(n * n - start);
            let mut rows = Vec::with_capacity(count * data.columns);
            for point in start..start + count {
                let first = rows.len();
                rows.extend_from_slice(&others);
                rows[first + self.features.0] = at(self.x, point % n);
                rows[first + self.features.1] = at(self.y, point / n);
            }
            let x = Tensor::from_slice(&rows, [count, data.columns], device)?;
            let said = no_grad(|| predictor(&x))?.detach();
            let width = match *said.shape() {
                [rows] if rows == count => 1,
                [rows, width] if rows == count && width > 0 => width,
                _ => {
                    let message = format!(
                        "of {count} rows a predictor says ({count}), ({count}, 1) or ({count}, classes)"
                    );
                    return Err(Error::shape(OP, said.shape_ref(), message));
                }
            };
            whole = !said.dtype().is_float();
            if *columns.get_or_insert(width) != width || (whole && width > 1) {
                let message = "classes are one integer a row, scores one or a float for each class";
                return Err(Error::shape(OP, said.shape_ref(), message));
            }
            values.extend(said.to_vec::<f64>()?);
        }
        Ok(match (whole, columns) {
            (true, _) => Answers::Classes(values),
            (false, Some(columns)) if columns > 1 => Answers::Scores(Matrix {
                rows: n * n,
                columns,
                values,
            }),
            _ => Answers::Score(values),
        })
    }
}

/// The class of each point, and how much it is meant.
pub(crate) struct Grid {
    /// Points in each direction.
    pub(crate) side: usize,
    /// How much each class is meant, point by point; the largest is said, and NaN says none.
    scores: Vec<Vec<f64>>,
    said: Vec<Option<usize>>,
}

impl Grid {
    /// What answers mean for labels in ascending order, to which those are added that only a predictor knows.
    pub(crate) fn new(answers: &Answers, threshold: f64, labels: &mut Vec<f64>) -> Self {
        let whole_up_to = |labels: &[f64], k: usize| {
            labels
                .iter()
                .all(|v| v.fract() == 0.0 && *v >= 0.0 && *v < k as f64)
        };
        let as_classes = |labels: &mut Vec<f64>, k: usize| {
            if whole_up_to(labels, k) {
                *labels = (0..k).map(|class| class as f64).collect();
            }
            while labels.len() < k {
                let next = labels.last().map_or(0.0, |last| last + 1.0);
                labels.push(next);
            }
        };
        let scores: Vec<Vec<f64>> = match answers {
            Answers::None => vec![],
            Answers::Classes(values) => {
                labels.extend(values.iter().copied().filter(|v| !v.is_nan()));
                labels.sort_by(f64::total_cmp);
                labels.dedup();
                // A half where it is and where it is not, so that lines lie between the points.
                let part = |label: f64| move |v: &f64| if *v == label { 0.5 } else { -0.5 };
                let of = |label: &f64| values.iter().map(part(*label)).collect();
                labels.iter().map(of).collect()
            }
            Answers::Score(values) => {
                as_classes(labels, 2);
                let above = |v: &f64| v - threshold;
                let second: Vec<f64> = values.iter().map(above).collect();
                // A score at the threshold is of the first.
                let first = second
                    .iter()
                    .map(|v| if *v == 0.0 { 0.0 } else { -v })
                    .collect();
                vec![first, second]
            }
            Answers::Scores(matrix) => {
                as_classes(labels, matrix.columns);
                (0..matrix.columns)
                    .map(|class| matrix.column(class))
                    .collect()
            }
        };
        let points = scores.first().map_or(0, Vec::len);
        let largest = |point: usize| {
            let of = |class: &usize| scores[*class][point];
            if scores.iter().any(|scores| scores[point].is_nan()) {
                return None;
            }
            // The first of equals.
            (0..scores.len())
                .reduce(|best, class| if of(&class) > of(&best) { class } else { best })
        };
        let said = (0..points).map(largest).collect();
        Self {
            side: (points as f64).sqrt().round() as usize,
            scores,
            said,
        }
    }

    pub(crate) fn class(&self, row: usize, column: usize) -> Option<usize> {
        self.said[row * self.side + column]
    }

    /// The classes that are said somewhere.
    pub(crate) fn classes(&self) -> Vec<usize> {
        (0..self.scores.len())
            .filter(|class| self.said.contains(&Some(*class)))
            .collect()
    }

    /// By how much a class is meant more than the best of the others: above 0 where it is said.
    pub(crate) fn lead(&self, class: usize) -> Matrix {
        let lead = |point: usize| {
            let own = self.scores[class][point];
            let others = self
                .scores
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != class);
            let best = others
                .map(|(_, scores)| scores[point])
                .fold(f64::NEG_INFINITY, f64::max);
            match self.said[point] {
                Some(_) if best == f64::NEG_INFINITY => 1.0,
                Some(_) => own - best,
                None => f64::NAN,
            }
        };
        Matrix {
            rows: self.side,
            columns: self.side,
            values: (0..self.said.len()).map(lead).collect(),
        }
    }
}
