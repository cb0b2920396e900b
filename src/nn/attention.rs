//! Attention: weighted means of values, by how well queries fit keys.

mod mask;
mod multi_head;
mod position;
mod transformer;

pub use self::mask::Mask;
pub use self::multi_head::{Attended, MultiHeadAttention};
pub use self::position::{PositionalEncoding, sinusoidal_positions};
pub use self::transformer::TransformerBlock;

use crate::error::{Error, ErrorKind, Result};
use crate::tensor::Tensor;

/// softmax(Q·Kᵀ/√d)·V (Vaswani et al., "Attention is all you need", 2017): queries of (…, L, d), keys of (…, S, d)
/// and values of (…, S, v) give (…, L, v). What stands before the last two axes broadcasts.
///
/// A query that a mask leaves no key gives zeros, and no gradient.
///
/// # Errors
/// Shapes that do not fit one another or the mask, numbers that are no floats, or tensors on different devices.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let q = Tensor::new([[1f32, 0.], [0., 1.]], &dev)?;
/// let v = Tensor::new([[2f32], [4.]], &dev)?;
/// let y = nn::scaled_dot_product_attention(&q, &q, &v, &nn::Mask::new().causal())?;
/// // The first may see itself alone.
/// assert_eq!(y.slice(s![0])?.to_vec::<f32>()?, [2.]);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn scaled_dot_product_attention(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    mask: &Mask,
) -> Result<Tensor> {
    weights(query, key, mask)?.matmul(value)
}

/// How much each query takes of each key's value, (…, L, S).
#[track_caller]
fn weights(query: &Tensor, key: &Tensor, mask: &Mask) -> Result<Tensor> {
    const OP: &str = "attention";
    for tensor in [query, key] {
        if !tensor.dtype().is_float() {
            return Err(Error::new(ErrorKind::DType {
                op: OP,
                dtype: tensor.dtype(),
                expected: "queries and keys are floats",
            }));
        }
    }
    let (&[.., _, features], &[.., _, other]) = (query.shape(), key.shape()) else {
        return Err(unfit(query, key));
    };
    if features != other {
        return Err(unfit(query, key));
    }
    let scale = 1.0 / (features.max(1) as f64).sqrt();
    let scores = query.matmul(&key.transpose(-1, -2)?)?.try_mul(scale)?;
    mask.softmax(&scores)
}

#[track_caller]
fn unfit(query: &Tensor, key: &Tensor) -> Error {
    Error::new(ErrorKind::Shapes {
        op: "attention",
        lhs: query.shape_ref().clone(),
        rhs: key.shape_ref().clone(),
        message: "queries are (…, L, d) and keys (…, S, d)",
        hint: String::new(),
    })
}
