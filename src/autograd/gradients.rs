//! What a backward walk gives, and what is done with it before a step.

use rustc_hash::FxHashMap;

use super::no_grad;
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Gradients by the variables they belong to.
///
/// Clipping and accumulation happen on the device: nothing is read back.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let w = Tensor::new([3f32, 4.], &dev)?.variable();
/// // Two batches, one step: the gradients of both, averaged, and no longer than 1.
/// let mut grads = w.square().sum(..)?.backward()?;
/// grads.accumulate(&w.sum(..)?.backward()?)?;
/// grads.scale(0.5)?;
/// assert_eq!(grads.get(&w).unwrap().to_vec::<f32>()?, [3.5, 4.5]);
/// let norm = grads.clip_norm(1.0)?;
/// assert!((norm.item::<f32>()? - 32.5f32.sqrt()).abs() < 1e-5);
/// assert!((grads.norm()?.item::<f32>()? - 1.0).abs() < 1e-5);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gradients(FxHashMap<u64, Tensor>);

impl Gradients {
    /// The gradient of a variable: of its shape and dtype. `None` if the result did not depend on it
    /// or it is not a variable.
    pub fn get(&self, variable: &Tensor) -> Option<&Tensor> {
        self.0.get(&variable.leaf()?)
    }

    /// Removes and gives the gradient of a variable.
    pub fn remove(&mut self, variable: &Tensor) -> Option<Tensor> {
        self.0.remove(&variable.leaf()?)
    }

    /// The number of variables that have a gradient.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no variable has a gradient.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds other gradients: each to that of the same variable, if there is one. So several backward passes
    /// make one step, which sees the sum of their losses.
    ///
    /// Nothing runs before the step unless [`Device::flush`] is called between the passes; that bounds the
    /// memory to what one of them needs.
    ///
    /// # Errors
    /// Gradients of one variable on different devices; these then stay as they were.
    #[track_caller]
    pub fn accumulate(&mut self, other: &Gradients) -> Result<()> {
        let mut sums = Vec::with_capacity(other.len());
        for (id, theirs) in other.sorted() {
            let sum = match self.0.get(&id) {
                Some(ours) => no_grad(|| ours.try_add(theirs))?,
                None => theirs.clone(),
            };
            sums.push((id, sum));
        }
        self.0.extend(sums);
        Ok(())
    }

    /// Multiplies every gradient by a factor: 1/n makes the sum of n passes their mean.
    ///
    /// # Errors
    /// A factor that is not finite.
    #[track_caller]
    pub fn scale(&mut self, factor: f64) -> Result<()> {
        if !factor.is_finite() {
            let message = format!("the factor must be finite, not {factor}");
            return Err(Error::value("Gradients::scale", message));
        }
        self.map(|g| g.try_mul(factor))
    }

    /// Limits every element to [−limit, limit]; NaN stays NaN.
    ///
    /// # Errors
    /// A limit that is negative or not finite.
    #[doc(alias = "clip_grad_value_")]
    #[track_caller]
    pub fn clip_value(&mut self, limit: f64) -> Result<()> {
        check_limit("Gradients::clip_value", limit)?;
        self.map(|g| g.clamp(-limit, limit))
    }

    /// Shortens all gradients by one factor so that their [`norm`](Gradients::norm) is at most `limit`, and
    /// gives the norm they had: a scalar that stays on the device. The factor is
    /// min(1, limit / (norm + 10⁻⁶)), as PyTorch's; a norm that is NaN makes every gradient NaN.
    ///
    /// # Errors
    /// A limit that is negative or not finite, or gradients on different devices.
    #[doc(alias = "clip_grad_norm_")]
    #[track_caller]
    pub fn clip_norm(&mut self, limit: f64) -> Result<Tensor> {
        check_limit("Gradients::clip_norm", limit)?;
        let norm = self.norm()?;
        let factor = no_grad(|| (limit / (&norm + 1e-6)).minimum(1.0))?;
        self.map(|g| Ok(g.try_mul(&factor)?.to_dtype(g.dtype())))?;
        Ok(norm)
    }

    /// The Euclidean norm of all gradients as one vector, in `f32`: a scalar that stays on the device.
    ///
    /// # Errors
    /// No gradients at all, or some on different devices.
    #[track_caller]
    pub fn norm(&self) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        no_grad(|| {
            for (_, g) in self.sorted() {
                let part = g.to_dtype(DType::F32).square().sum(..)?;
                sum = Some(match sum.take() {
                    Some(sum) => sum.try_add(part)?,
                    None => part,
                });
            }
            let sum = sum.ok_or_else(|| Error::value("Gradients::norm", "there is no gradient"));
            Ok(sum?.sqrt())
        })
    }

    /// The Euclidean norm of the gradient of one variable, in `f32`: a scalar that stays on the device; 0 without a
    /// gradient.
    ///
    /// # Errors
    /// A fault of the device.
    #[track_caller]
    pub fn norm_of(&self, variable: &Tensor) -> Result<Tensor> {
        match self.get(variable) {
            None => Tensor::zeros((), variable.device()),
            Some(g) => no_grad(|| Ok(g.to_dtype(DType::F32).square().sum(..)?.sqrt())),
        }
    }

    pub(super) fn insert(&mut self, id: u64, gradient: Tensor) {
        self.0.insert(id, gradient);
    }

    /// Those of the variables whose number is chosen.
    pub(crate) fn of(&self, chosen: impl Fn(u64) -> bool) -> Self {
        let these = self.0.iter().filter(|(id, _)| chosen(**id));
        Self(these.map(|(id, g)| (*id, g.clone())).collect())
    }

    /// Starts to run all that leads to the gradients, and whatever was recorded after.
    #[track_caller]
    pub(crate) fn flush(&self) -> Result<()> {
        let mut devices: Vec<&Device> = Vec::new();
        for (_, g) in self.sorted() {
            if !devices.contains(&g.device()) {
                devices.push(g.device());
            }
        }
        devices.into_iter().try_for_each(Device::flush)
    }

    /// In the order in which the variables were made: sums depend on it, and so do plans.
    fn sorted(&self) -> Vec<(u64, &Tensor)> {
        let mut list: Vec<_> = self.0.iter().map(|(id, g)| (*id, g)).collect();
        list.sort_unstable_by_key(|(id, _)| *id);
        list
    }

    /// Replaces every gradient, or none where there is an error.
    #[track_caller]
    fn map(&mut self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<()> {
        let each = |(id, g)| Ok((id, f(g)?));
        self.0 = no_grad(|| self.sorted().into_iter().map(each).collect::<Result<_>>())?;
        Ok(())
    }
}

#[track_caller]
fn check_limit(op: &'static str, limit: f64) -> Result<()> {
    if limit.is_finite() && limit >= 0.0 {
        return Ok(());
    }
    let message = format!("the limit must be at least 0 and finite, not {limit}");
    Err(Error::value(op, message))
}
