//! Products of features.

use super::transform::{Transform, check_features, features, fitted};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// All products of up to so many features, each with itself too: for a and b and degree 2 the columns 1, a, b,
/// a², ab, b². Their order is scikit-learn's: by degree, then as the features come.
///
/// ```
/// use tilewise::prelude::*;
/// use tilewise::data::{PolynomialFeatures, Transform};
///
/// let x = Tensor::new([[2f32, 3.]], &Device::cpu())?;
/// let mut polynomial = PolynomialFeatures::new(2);
/// let y = polynomial.fit_transform(&x)?;
/// assert_eq!(y.to_vec::<f32>()?, [1., 2., 3., 4., 6., 9.]);
/// assert_eq!(polynomial.names(&["a", "b"])?, ["1", "a", "b", "a^2", "a b", "b^2"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolynomialFeatures {
    degree: usize,
    bias: bool,
    interaction_only: bool,
    learnt: Option<Terms>,
}

/// The products of a number of features.
#[derive(Clone, Debug)]
struct Terms {
    features: usize,
    /// Of each degree from 1.
    degrees: Vec<Degree>,
}

/// The products of so many factors: each is one of a factor less, times a feature.
#[derive(Clone, Debug)]
struct Degree {
    /// The factors of each product, in rising order.
    factors: Vec<Vec<u32>>,
    /// The place of each product without its last factor among those of the degree below, and that factor.
    shorter: Tensor,
    last: Tensor,
}

impl PolynomialFeatures {
    /// Products of up to `degree` features, and the column of ones.
    pub fn new(degree: usize) -> Self {
        Self {
            degree,
            bias: true,
            interaction_only: false,
            learnt: None,
        }
    }

    /// Without the column of ones: scikit-learn's `include_bias=False`.
    pub fn without_bias(self) -> Self {
        Self {
            bias: false,
            ..self
        }
    }

    /// Products of different features alone: no squares.
    pub fn interaction_only(self) -> Self {
        Self {
            interaction_only: true,
            ..self
        }
    }

    /// The number of columns that it makes, once it is fitted.
    #[doc(alias = "n_output_features_")]
    pub fn len(&self) -> Option<usize> {
        let products = self.learnt.as_ref()?.degrees.iter();
        Some(products.map(|d| d.factors.len()).sum::<usize>() + usize::from(self.bias))
    }

    /// Whether it makes no column, once it is fitted.
    pub fn is_empty(&self) -> Option<bool> {
        Some(self.len()? == 0)
    }

    /// The power of each feature in each column, once it is fitted.
    #[doc(alias = "powers_")]
    pub fn powers(&self) -> Option<Vec<Vec<usize>>> {
        let learnt = self.learnt.as_ref()?;
        let powers = |factors: &Vec<u32>| {
            let mut powers = vec![0; learnt.features];
            for &factor in factors {
                powers[factor as usize] += 1;
            }
            powers
        };
        let ones = self.bias.then(|| vec![0; learnt.features]);
        let products = learnt.degrees.iter().flat_map(|d| &d.factors);
        Some(ones.into_iter().chain(products.map(powers)).collect())
    }

    /// The columns in words, from the features' names: `1`, `a`, `a^2`, `a b`.
    ///
    /// # Errors
    /// Nothing learnt yet, or another number of names than of features.
    #[doc(alias = "get_feature_names_out")]
    #[track_caller]
    pub fn names(&self, features: &[&str]) -> Result<Vec<String>> {
        const OP: &str = "PolynomialFeatures::names";
        let learnt = fitted(OP, &self.learnt)?.features;
        if features.len() != learnt {
            let message = format!("{} names do not fit {learnt} features", features.len());
            return Err(Error::value(OP, message));
        }
        let name = |powers: Vec<usize>| {
            let named = features.iter().zip(powers);
            let words: Vec<String> = named
                .filter(|&(_, power)| power > 0)
                .map(|(name, power)| match power {
                    1 => name.to_string(),
                    _ => format!("{name}^{power}"),
                })
                .collect();
            if words.is_empty() {
                "1".into()
            } else {
                words.join(" ")
            }
        };
        let powers = self.powers().unwrap_or_default();
        Ok(powers.into_iter().map(name).collect())
    }

    /// Whether `u32` counts all factors of all products of `n` features, of which there are C(n + d − 1, d) of
    /// each degree d, or C(n, d) where no factor occurs twice.
    fn countable(&self, n: usize) -> bool {
        let (mut factors, mut products) = (0u128, 1u128);
        for degree in 1..=self.degree {
            let more = match self.interaction_only {
                true => n.saturating_sub(degree - 1),
                false => n.saturating_add(degree - 1),
            };
            // C(m, d) from C(m − 1, d − 1), which divides evenly.
            products = products * more as u128 / degree as u128;
            factors += products * degree as u128;
            if factors > u32::MAX.into() {
                return false;
            }
            if products == 0 {
                break;
            }
        }
        true
    }
}

impl Terms {
    #[track_caller]
    fn new(features: usize, degree: usize, distinct: bool, device: &Device) -> Result<Self> {
        let mut degrees: Vec<Degree> = Vec::new();
        for _ in 0..degree {
            let (mut factors, mut shorter, mut last) = (Vec::new(), Vec::new(), Vec::new());
            let below = degrees.last().map(|d| d.factors.as_slice());
            for (place, product) in below.unwrap_or(&[Vec::new()]).iter().enumerate() {
                let least = product.last().map_or(0, |&f| f + u32::from(distinct));
                for feature in least..features as u32 {
                    factors.push([product.as_slice(), &[feature]].concat());
                    shorter.push(place as u32);
                    last.push(feature);
                }
            }
            if factors.is_empty() {
                break;
            }
            degrees.push(Degree {
                factors,
                shorter: Tensor::new(shorter, device)?,
                last: Tensor::new(last, device)?,
            });
        }
        Ok(Self { features, degrees })
    }
}

impl Transform for PolynomialFeatures {
    /// Learns the number of features alone.
    ///
    /// # Errors
    /// No matrix, or products of more factors than `u32` counts.
    #[track_caller]
    fn fit(&mut self, x: &Tensor) -> Result<()> {
        const OP: &str = "PolynomialFeatures::fit";
        let n = features(OP, x)?;
        if !self.countable(n) {
            let message = format!(
                "products of up to {} of {n} features are too many",
                self.degree
            );
            return Err(Error::value(OP, message));
        }
        self.learnt = Some(Terms::new(
            n,
            self.degree,
            self.interaction_only,
            x.device(),
        )?);
        Ok(())
    }

    #[track_caller]
    fn transform(&self, x: &Tensor) -> Result<Tensor> {
        const OP: &str = "PolynomialFeatures::transform";
        let learnt = fitted(OP, &self.learnt)?;
        check_features(OP, x, learnt.features)?;
        let x = match x.dtype() {
            DType::Bool => x.to_dtype(DType::F32),
            _ => x.clone(),
        };
        let mut blocks = Vec::with_capacity(learnt.degrees.len() + 1);
        if self.bias {
            let shape = [x.shape()[0], 1];
            blocks.push(Tensor::full(shape, 1, x.dtype(), x.device())?);
        }
        let mut below: Option<Tensor> = None;
        for degree in &learnt.degrees {
            let products = match &below {
                None => x.clone(),
                Some(below) => {
                    let last = x.take(&degree.last, 1)?;
                    below.take(&degree.shorter, 1)?.try_mul(last)?
                }
            };
            blocks.push(products.clone());
            below = Some(products);
        }
        match blocks.is_empty() {
            true => Tensor::zeros([x.shape()[0], 0], x.device()),
            false => Tensor::concat(&blocks.iter().collect::<Vec<_>>(), 1),
        }
    }
}
