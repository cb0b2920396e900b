//! Several attentions side by side.

use super::super::observe::told;
use super::{Mask, weights};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::nn::Dropout;
use crate::nn::{Init, Linear, Module, Param, Visitor};
use crate::tensor::Tensor;

/// Attention by several heads (Vaswani et al., "Attention is all you need", 2017): queries, keys and values are
/// projected, cut into `heads` parts, attended part by part, joined and projected again. Sequences are
/// (N, L, features).
///
/// [`forward`](Module::forward) is self-attention, in which each token looks at all, or with
/// [`causal`](MultiHeadAttention::causal) at those up to itself; [`attend`](MultiHeadAttention::attend) takes
/// other keys and values and a [`Mask`].
///
/// Parameters, with PyTorch's names and shapes: `in_proj_weight` (3·features, features), in which the projections of
/// queries, keys and values stand below one another, `in_proj_bias` (3·features), `out_proj.weight` (features,
/// features) and `out_proj.bias` (features). Weights come from [`Init::XavierUniform`], biases are zeros.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let attention = nn::MultiHeadAttention::new(16, 4, &dev)?;
/// let (x, memory) = (Tensor::ones([2, 5, 16], &dev)?, Tensor::ones([2, 9, 16], &dev)?);
/// assert_eq!(attention.forward(&x)?.shape(), [2, 5, 16]);
/// let seen = attention.attend(&x, &memory, &memory, &nn::Mask::new())?;
/// assert_eq!(seen.output.shape(), [2, 5, 16]);
/// assert_eq!(seen.weights.shape(), [2, 4, 5, 9]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "MultiheadAttention")]
#[derive(Clone, Debug)]
pub struct MultiHeadAttention {
    heads: usize,
    in_weight: Param,
    in_bias: Option<Param>,
    out: Linear,
    dropout: Dropout,
    causal: bool,
}

/// What attention gives. What is not used is not computed.
#[derive(Clone, Debug)]
pub struct Attended {
    /// (N, L, features).
    pub output: Tensor,
    /// What each query took of each key, (N, heads, L, S), before dropout.
    pub weights: Tensor,
}

impl MultiHeadAttention {
    /// Attention over so many features, of which each head takes its part.
    ///
    /// # Errors
    /// Features that cannot be shared out among the heads, or weights that the device cannot hold.
    #[track_caller]
    pub fn new(features: usize, heads: usize, device: &Device) -> Result<Self> {
        if heads == 0 || !features.is_multiple_of(heads) {
            let message = format!("{features} features cannot be shared out among {heads} heads");
            return Err(Error::value(OP, message));
        }
        let (in_weight, out) = device.with_generator(|generator| {
            let init = Init::XavierUniform;
            let weight = init.draw([3 * features, features], generator, device)?;
            let out = Linear::with_init(features, features, init, generator, device)?;
            Ok::<_, Error>((weight, out))
        })?;
        Ok(Self {
            heads,
            in_weight: Param::new(&in_weight),
            in_bias: Some(Param::new(&Tensor::zeros([3 * features], device)?)),
            out,
            dropout: Dropout::new(0.0)?,
            causal: false,
        })
    }

    /// Without biases.
    pub fn without_bias(self) -> Self {
        Self {
            in_bias: None,
            out: self.out.without_bias(),
            ..self
        }
    }

    /// In training each weight is dropped with probability p. 0 in a new layer.
    ///
    /// # Errors
    /// As [`Dropout::new`].
    #[track_caller]
    pub fn dropout(self, p: f64) -> Result<Self> {
        Ok(Self {
            dropout: Dropout::new(p)?,
            ..self
        })
    }

    /// Each token sees those up to itself alone, whatever the mask says besides.
    pub fn causal(self) -> Self {
        Self {
            causal: true,
            ..self
        }
    }

    /// What queries (N, L, features) take of values (N, S, features) by keys (N, S, features).
    ///
    /// # Errors
    /// Shapes that do not fit the layer, one another or the mask, or tensors on different devices.
    #[track_caller]
    pub fn attend(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        mask: &Mask,
    ) -> Result<Attended> {
        let query = self.project(query, 0, 1)?;
        let key = self.project(key, 1, 1)?;
        let value = self.project(value, 2, 1)?;
        let [query, key, value] = [query, key, value].map(|parts| self.cut(&parts, 0));
        self.attended(&query?, &key?, &value?, mask)
    }

    /// As [`attend`](MultiHeadAttention::attend) with queries, keys and values of one sequence, (N, L, features), which
    /// are projected at once.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn attend_self(&self, x: &Tensor, mask: &Mask) -> Result<Attended> {
        let parts = self.project(x, 0, 3)?;
        let [query, key, value] = [0, 1, 2].map(|at| self.cut(&parts, at));
        self.attended(&query?, &key?, &value?, mask)
    }

    /// Some of the three projections, one behind the other: (N, L, count · features).
    #[track_caller]
    fn project(&self, x: &Tensor, first: usize, count: usize) -> Result<Tensor> {
        let weight = self.in_weight.value();
        let features = weight.shape()[1];
        if x.ndim() != 3 || x.shape()[2] != features {
            let message = format!("the layer takes sequences of (N, L, {features})");
            return Err(Error::shape(OP, x.shape_ref(), message));
        }
        let (start, size) = (first * features, count * features);
        let product = x.matmul(&weight.narrow(0, start, size)?.t())?;
        match &self.in_bias {
            Some(bias) => product.try_add(bias.value().narrow(0, start, size)?),
            None => Ok(product),
        }
    }

    /// One of several projections, head by head: (N, heads, L, features / heads).
    #[track_caller]
    fn cut(&self, parts: &Tensor, at: usize) -> Result<Tensor> {
        let features = self.in_weight.value().shape()[1];
        let (batch, length) = (parts.shape()[0], parts.shape()[1]);
        let part = parts.narrow(2, at * features, features)?;
        let split = part.reshape([batch, length, self.heads, features / self.heads])?;
        split.transpose(1, 2)
    }

    #[track_caller]
    fn attended(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        mask: &Mask,
    ) -> Result<Attended> {
        if key.shape()[2] != value.shape()[2] || key.shape()[0] != value.shape()[0] {
            let message = format!(
                "keys are {} and values {}; each key has a value",
                key.shape_ref(),
                value.shape_ref()
            );
            return Err(Error::value(OP, message));
        }
        let weights = match self.causal {
            true => weights(query, key, &mask.clone().causal())?,
            false => weights(query, key, mask)?,
        };
        let taken = self.dropout.forward(&weights)?.matmul(value)?;
        let (batch, length) = (taken.shape()[0], taken.shape()[2]);
        let features = self.in_weight.value().shape()[1];
        let joined = taken.transpose(1, 2)?.reshape([batch, length, features])?;
        Ok(Attended {
            output: told(self, self.out.forward(&joined)?),
            weights,
        })
    }
}

const OP: &str = "attention";

impl Module for MultiHeadAttention {
    /// Self-attention over (N, L, features).
    ///
    /// # Errors
    /// Another shape.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.attend_self(x, &Mask::new())?.output)
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.param("in_proj_weight", &self.in_weight);
        if let Some(bias) = &self.in_bias {
            visitor.param("in_proj_bias", bias);
        }
        visitor.module("out_proj", &self.out);
        visitor.module("dropout", &self.dropout);
    }
}
