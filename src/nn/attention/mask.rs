//! Which keys a query may see.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// What of the keys is hidden from which queries; nothing in a new one. Parts add up: a key that any of them hides
/// is hidden.
///
/// Bools say what is *hidden*, as in PyTorch's `MultiheadAttention`; its `scaled_dot_product_attention` takes them
/// the other way round.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let attention = nn::MultiHeadAttention::new(8, 2, &dev)?;
/// let x = Tensor::ones([1, 3, 8], &dev)?;
/// let padding = Tensor::new([[false, false, true]], &dev)?; // the last token is none
/// let seen = attention.attend(&x, &x, &x, &nn::Mask::new().causal().hide_keys(&padding))?;
/// let first_head = seen.weights.slice(s![0, 0])?;
/// assert_eq!(first_head.to_vec::<f32>()?, [1., 0., 0., 0.5, 0.5, 0., 0.5, 0.5, 0.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mask {
    causal: bool,
    hidden: Option<Tensor>,
    keys: Option<Tensor>,
    bias: Option<Tensor>,
}

impl Mask {
    /// Hides nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides from the query at each place the keys after that place.
    #[doc(alias = "is_causal")]
    pub fn causal(self) -> Self {
        Self {
            causal: true,
            ..self
        }
    }

    /// Hides where a tensor of bools is true; it broadcasts to (…, L, S), with the heads before these two in
    /// [`MultiHeadAttention`](super::MultiHeadAttention): (L, S), (N, 1, L, S) or (N, heads, L, S).
    #[doc(alias = "attn_mask")]
    pub fn hide(self, hidden: &Tensor) -> Self {
        Self {
            hidden: Some(hidden.clone()),
            ..self
        }
    }

    /// Hides keys from all queries where a tensor of bools, (N, S), is true: what fills short sequences of a
    /// batch up.
    #[doc(alias = "key_padding_mask")]
    pub fn hide_keys(self, padding: &Tensor) -> Self {
        Self {
            keys: Some(padding.clone()),
            ..self
        }
    }

    /// Adds to the scores before the softmax; a tensor of floats that broadcasts as in [`hide`](Mask::hide). −∞
    /// hides. Gradients flow to it, so that it may be learned.
    #[doc(alias = "attn_mask")]
    pub fn bias(self, scores: &Tensor) -> Self {
        Self {
            bias: Some(scores.clone()),
            ..self
        }
    }

    /// The softmax of scores, (…, L, S), over what is not hidden; zeros where all is.
    #[track_caller]
    pub(super) fn softmax(&self, scores: &Tensor) -> Result<Tensor> {
        let mut scores = scores.clone();
        if let Some(bias) = &self.bias {
            fits("added", bias, &scores, DType::is_float, "floats")?;
            scores = scores.try_add(bias.to_dtype(scores.dtype()))?;
        }
        let Some(hidden) = self.hidden_of(&scores)? else {
            return scores.softmax(-1);
        };
        // Low enough that its power is 0 beside any other, and finite: a row that is hidden as a whole has no
        // NaN, nor has its gradient.
        let low = match scores.dtype() {
            DType::F16 => -65504.0,
            _ => -1e30,
        };
        let weights = scores.masked_fill(&hidden, low)?.softmax(-1)?;
        weights.masked_fill(&hidden, 0.0)
    }

    /// What is hidden of scores, as bools that broadcast to them.
    #[track_caller]
    fn hidden_of(&self, scores: &Tensor) -> Result<Option<Tensor>> {
        let mut parts = Vec::new();
        if self.causal {
            let &[.., queries, keys] = scores.shape() else {
                return Ok(None);
            };
            let place = |n: usize| Tensor::arange(0, n as i64, 1, scores.device());
            parts.push(place(keys)?.gt(place(queries)?.unsqueeze(1)?)?);
        }
        if let Some(hidden) = &self.hidden {
            fits(
                "hidden",
                hidden,
                scores,
                |dtype| dtype == DType::Bool,
                "bools",
            )?;
            parts.push(hidden.clone());
        }
        if let Some(keys) = &self.keys {
            let (&[batch, .., _, size], &[n, s]) = (scores.shape(), keys.shape()) else {
                return Err(padding(keys, scores));
            };
            if scores.ndim() < 3 || (n, s) != (batch, size) || keys.dtype() != DType::Bool {
                return Err(padding(keys, scores));
            }
            let mut shape = vec![1; scores.ndim()];
            (shape[0], shape[scores.ndim() - 1]) = (n, s);
            parts.push(keys.reshape(shape)?);
        }
        if let Some(bias) = &self.bias {
            parts.push(bias.detach().eq(f64::NEG_INFINITY)?);
        }
        let mut parts = parts.into_iter();
        let Some(mut all) = parts.next() else {
            return Ok(None);
        };
        for part in parts {
            all = all.logical_or(&part)?;
        }
        Ok(Some(all))
    }
}

/// Whether a mask is of the right kind and broadcasts to the scores.
#[track_caller]
fn fits(
    what: &str,
    mask: &Tensor,
    scores: &Tensor,
    right: impl Fn(DType) -> bool,
    kind: &str,
) -> Result<()> {
    let shape = Tensor::broadcast_shapes(&[mask.shape(), scores.shape()]);
    if right(mask.dtype()) && shape.is_ok_and(|shape| shape == *scores.shape_ref()) {
        return Ok(());
    }
    let message = format!(
        "what is {what} are {kind} that broadcast to the scores {}, not {}",
        scores.shape_ref(),
        mask.dtype()
    );
    Err(Error::shape("attention", mask.shape_ref(), message))
}

#[track_caller]
fn padding(keys: &Tensor, scores: &Tensor) -> Error {
    let message = format!(
        "hidden keys are bools of (N, S) for scores of (N, …, L, S), which are {} here, not {}",
        scores.shape_ref(),
        keys.dtype()
    );
    Error::shape("attention", keys.shape_ref(), message)
}
