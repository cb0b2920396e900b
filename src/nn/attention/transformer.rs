//! The block that transformers are stacks of.

use super::super::observe::told;
use super::{Mask, MultiHeadAttention};
use crate::device::Device;
use crate::error::Result;
use crate::nn::{Activation, Linear, Module, Visitor};
use crate::nn::{Dropout, LayerNorm};
use crate::tensor::Tensor;

/// Self-attention, then a network of two layers on each token, each added to what it was given; sequences of
/// (N, L, features) stay so. An encoder's block as it is, a language model's with
/// [`causal`](TransformerBlock::causal).
///
/// What is added is normalised afterwards, as in Vaswani et al. ("Attention is all you need", 2017):
/// x = norm(x + f(x)); or [beforehand](TransformerBlock::pre_norm), x = x + f(norm(x)), which trains deep stacks without
/// warm-up (Xiong et al., "On layer normalization in the transformer architecture", 2020).
///
/// Parameters, with the names and shapes of PyTorch's `TransformerEncoderLayer`: `self_attn.…` (see
/// [`MultiHeadAttention`]), `linear1.…` and `linear2.…` (see [`Linear`]), `norm1.weight`, `norm1.bias`,
/// `norm2.weight` and `norm2.bias` (features). Its defaults too: normalised afterwards, rectifier, dropout 0.1. It
/// starts the two linear layers otherwise, [`Linear`] says how ours start.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let mut model = nn::Sequential::new().then(nn::PositionalEncoding::new(64, 16, &dev)?);
/// for _ in 0..2 {
///     let block = nn::TransformerBlock::new(16, 4, 32, &dev)?;
///     model = model.then(block.pre_norm().activation(nn::Gelu).causal());
/// }
/// model.eval();
/// assert_eq!(model.forward(&Tensor::ones([2, 10, 16], &dev)?)?.shape(), [2, 10, 16]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "TransformerEncoderLayer")]
#[derive(Clone, Debug)]
pub struct TransformerBlock {
    attention: MultiHeadAttention,
    wide: Linear,
    narrow: Linear,
    norms: [LayerNorm; 2],
    /// Of what attention gives, of the wide layer, and of what the narrow one gives.
    dropouts: [Dropout; 3],
    activation: Activation,
    pre_norm: bool,
}

impl TransformerBlock {
    /// A block over so many features and heads, with so many units in the wide layer.
    ///
    /// # Errors
    /// As [`MultiHeadAttention::new`].
    #[track_caller]
    pub fn new(features: usize, heads: usize, hidden: usize, device: &Device) -> Result<Self> {
        let block = Self {
            attention: MultiHeadAttention::new(features, heads, device)?,
            wide: Linear::new(features, hidden, device)?,
            narrow: Linear::new(hidden, features, device)?,
            norms: [
                LayerNorm::new(features, device)?,
                LayerNorm::new(features, device)?,
            ],
            dropouts: dropouts(0.0)?,
            activation: Activation::Relu,
            pre_norm: false,
        };
        block.dropout(0.1)
    }

    /// Normalises what goes into attention and into the network, in the place of the sums.
    #[doc(alias = "norm_first")]
    pub fn pre_norm(self) -> Self {
        Self {
            pre_norm: true,
            ..self
        }
    }

    /// What stands between the two layers of the network.
    pub fn activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// In training weights of attention, and values within the network and before each sum, are dropped with
    /// probability p. 0.1 in a new block.
    ///
    /// # Errors
    /// As [`Dropout::new`].
    #[track_caller]
    pub fn dropout(self, p: f64) -> Result<Self> {
        Ok(Self {
            attention: self.attention.dropout(p)?,
            dropouts: dropouts(p)?,
            ..self
        })
    }

    /// Each token sees those up to itself alone.
    pub fn causal(self) -> Self {
        Self {
            attention: self.attention.causal(),
            ..self
        }
    }

    /// The block's output, (N, L, features), where some of the sequence is hidden.
    ///
    /// # Errors
    /// Another shape, or a mask that does not fit it.
    #[track_caller]
    pub fn forward_masked(&self, x: &Tensor, mask: &Mask) -> Result<Tensor> {
        let [before, after] = &self.norms;
        let y = if self.pre_norm {
            let x = x.try_add(self.attend(&before.forward(x)?, mask)?)?;
            x.try_add(self.feed(&after.forward(&x)?)?)?
        } else {
            let x = before.forward(&x.try_add(self.attend(x, mask)?)?)?;
            after.forward(&x.try_add(self.feed(&x)?)?)?
        };
        Ok(told(self, y))
    }

    #[track_caller]
    fn attend(&self, x: &Tensor, mask: &Mask) -> Result<Tensor> {
        let output = self.attention.attend_self(x, mask)?.output;
        self.dropouts[0].forward(&output)
    }

    /// The network on each token.
    #[track_caller]
    fn feed(&self, x: &Tensor) -> Result<Tensor> {
        let wide = self.activation.forward(&self.wide.forward(x)?)?;
        let narrow = self.narrow.forward(&self.dropouts[1].forward(&wide)?)?;
        self.dropouts[2].forward(&narrow)
    }
}

impl Module for TransformerBlock {
    /// # Errors
    /// An input that is not (N, L, features).
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_masked(x, &Mask::new())
    }

    fn visit(&self, visitor: &mut Visitor) {
        visitor.module("self_attn", &self.attention);
        visitor.module("linear1", &self.wide);
        visitor.module("linear2", &self.narrow);
        visitor.module("norm1", &self.norms[0]);
        visitor.module("norm2", &self.norms[1]);
        // PyTorch's names, in the order of use.
        for (name, dropout) in ["dropout1", "dropout", "dropout2"]
            .iter()
            .zip(&self.dropouts)
        {
            visitor.module(name, dropout);
        }
    }
}

/// Those within the network and before each sum.
#[track_caller]
fn dropouts(p: f64) -> Result<[Dropout; 3]> {
    Ok([Dropout::new(p)?, Dropout::new(p)?, Dropout::new(p)?])
}
