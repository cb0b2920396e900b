//! Parameters.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// A trainable tensor: a variable that keeps its identity from update to update, so that gradients
/// and an optimiser's state are found under it.
///
/// An update replaces the value for all who hold a reference; tensors taken before keep the old one.
/// A clone is a copy of its own, of the same identity: a snapshot that can be put back with
/// [`Param::set`]. To share a parameter between layers, hold it in an `Arc`.
///
/// ```
/// use tilewise::prelude::*;
///
/// let dev = Device::cpu();
/// let w = nn::Param::new(&Tensor::new([2f32, 3.], &dev)?);
/// let grads = w.value().square().sum(..)?.backward()?;
/// w.set(&(w.value() - 0.5 * grads.get(&w.value()).unwrap()))?;
/// assert_eq!(w.value().to_vec::<f32>()?, [0., 0.]);
/// # Ok::<(), Error>(())
/// ```
///
/// A penalty on large values belongs to the parameter: see [`Param::penalized`].
pub struct Param {
    value: RwLock<Tensor>,
    penalty: Penalty,
}

/// What a parameter's values cost besides the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Penalty {
    l1: f64,
    l2: f64,
}

impl Param {
    /// A parameter that starts at a value; on no tape before.
    pub fn new(value: &Tensor) -> Self {
        Self {
            value: RwLock::new(value.variable()),
            penalty: Penalty::default(),
        }
    }

    /// With a cost of `l1`·Σ|w| + `l2`·Σw², which [`Module::penalty`](super::Module::penalty) adds up.
    pub fn penalized(self, l1: f64, l2: f64) -> Self {
        Self {
            penalty: Penalty { l1, l2 },
            ..self
        }
    }

    /// With a cost of `l1`·Σ|w|, beside that of the squares.
    pub(super) fn with_l1(self, l1: f64) -> Self {
        let l2 = self.penalty.l2;
        self.penalized(l1, l2)
    }

    /// With a cost of `l2`·Σw², beside that of the magnitudes.
    pub(super) fn with_l2(self, l2: f64) -> Self {
        let l1 = self.penalty.l1;
        self.penalized(l1, l2)
    }

    /// What the present values cost; `None` where nothing was asked for.
    ///
    /// # Errors
    /// A factor that is negative or not finite.
    #[track_caller]
    pub(super) fn penalty(&self) -> Result<Option<Tensor>> {
        let Penalty { l1, l2 } = self.penalty;
        if let Some(bad) = [l1, l2].into_iter().find(|l| !(l.is_finite() && *l >= 0.0)) {
            let message = format!("factors must be at least 0 and finite, not {bad}");
            return Err(Error::value("penalty", message));
        }
        let value = self.value();
        let cost = match (l1, l2) {
            (0.0, 0.0) => return Ok(None),
            (_, 0.0) => value.abs().try_mul(l1)?,
            (0.0, _) => value.square().try_mul(l2)?,
            _ => value
                .abs()
                .try_mul(l1)?
                .try_add(value.square().try_mul(l2)?)?,
        };
        cost.sum(..).map(Some)
    }

    /// The present value, as a variable.
    pub fn value(&self) -> Tensor {
        self.value
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the value. What led to the new one is not recorded for gradients.
    ///
    /// # Errors
    /// Another shape, dtype or device than the parameter has.
    #[track_caller]
    pub fn set(&self, value: &Tensor) -> Result<()> {
        let mut slot = self.value.write().unwrap_or_else(PoisonError::into_inner);
        check_replacement("Param::set", &slot, value)?;
        // A variable always has its number.
        if let Some(id) = slot.leaf() {
            *slot = value.variable_as(id);
        }
        Ok(())
    }
}

/// Whether what a layer holds may be replaced by a value.
#[track_caller]
pub(super) fn check_replacement(op: &'static str, old: &Tensor, new: &Tensor) -> Result<()> {
    old.same_device(op, new)?;
    if old.shape() != new.shape() {
        return Err(Error::new(ErrorKind::Shapes {
            op,
            lhs: old.shape_ref().clone(),
            rhs: new.shape_ref().clone(),
            message: "what a layer holds keeps its shape",
            hint: String::new(),
        }));
    }
    if old.dtype() != new.dtype() {
        let message = format!(
            "what is of {} cannot become {}; convert the value with to_dtype",
            old.dtype(),
            new.dtype()
        );
        return Err(Error::value(op, message));
    }
    Ok(())
}

impl Clone for Param {
    fn clone(&self) -> Self {
        Self {
            value: RwLock::new(self.value()),
            penalty: self.penalty,
        }
    }
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        write!(f, "Param({} {})", value.dtype(), value.shape_ref())
    }
}
