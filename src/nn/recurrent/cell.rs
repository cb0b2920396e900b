//! One step of a recurrent layer.

use super::super::observe::told;
use super::weights::Weights;
use super::{Kind, State};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::nn::{Module, Visitor};
use crate::tensor::Tensor;

/// One step of an Elman network: h' = tanh(W·x + b + U·h + c), or the positive part in the place of tanh.
///
/// Parameters, with PyTorch's names and shapes: `weight_ih` (hidden, inputs), `weight_hh` (hidden, hidden),
/// `bias_ih` and `bias_hh` (hidden), drawn uniformly between ±1/√hidden.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let cell = nn::RnnCell::new(3, 5, &dev)?;
/// let mut h = Tensor::zeros([2, 5], &dev)?;
/// for _ in 0..4 {
///     h = cell.step(&Tensor::ones([2, 3], &dev)?, &h)?;
/// }
/// assert_eq!(h.shape(), [2, 5]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RnnCell(Weights);

/// One step of a long short-term memory (Hochreiter and Schmidhuber, "Long short-term memory", 1997, with the
/// forget gate of Gers et al., 2000):
/// i, f, o = σ(…), g = tanh(…), c' = f·c + i·g, h' = o·tanh(c').
///
/// Parameters, with PyTorch's names and shapes: `weight_ih` (4·hidden, inputs), `weight_hh` (4·hidden, hidden),
/// `bias_ih` and `bias_hh` (4·hidden), drawn uniformly between ±1/√hidden; the gates stand below one
/// another in the order i, f, g, o.
#[derive(Clone, Debug)]
pub struct LstmCell(Weights);

/// One step of a gated recurrent unit (Cho et al., "Learning phrase representations using RNN
/// encoder-decoder", 2014), in the form of cuDNN and PyTorch, where the reset gate is applied to the product:
/// r, z = σ(…), n = tanh(W·x + b + r·(U·h + c)), h' = (1 − z)·n + z·h.
///
/// Parameters, with PyTorch's names and shapes: `weight_ih` (3·hidden, inputs), `weight_hh` (3·hidden, hidden),
/// `bias_ih` and `bias_hh` (3·hidden), drawn uniformly between ±1/√hidden; the gates stand below one
/// another in the order r, z, n.
#[derive(Clone, Debug)]
pub struct GruCell(Weights);

#[track_caller]
fn draw(kind: Kind, inputs: usize, hidden: usize, device: &Device) -> Result<Weights> {
    device.with_generator(|generator| Weights::draw(kind, inputs, hidden, generator, device))
}

/// The state after a step from (N, inputs) and a state of (N, hidden).
#[track_caller]
fn step(kind: Kind, weights: &Weights, x: &Tensor, state: State) -> Result<State> {
    let (inputs, hidden) = (weights.inputs(), weights.units());
    if x.ndim() != 2 || x.shape()[1] != inputs {
        let message = format!("a step takes (N, {inputs})");
        return Err(Error::shape(kind.op(), x.shape_ref(), message));
    }
    let batch = x.shape()[0];
    for part in [&state.hidden, &state.cell] {
        if part.shape() != [batch, hidden] {
            let message = format!("the state of this step is ({batch}, {hidden})");
            return Err(Error::shape(kind.op(), part.shape_ref(), message));
        }
    }
    let projected = weights.project(x)?;
    weights.stepper().step(&projected, &state)
}

impl RnnCell {
    /// The positive part in the place of tanh.
    pub fn relu(self) -> Self {
        Self(self.0.of_kind(Kind::Relu))
    }

    /// The next state, (N, hidden), for an input of (N, inputs).
    ///
    /// # Errors
    /// Other shapes, or tensors on different devices.
    #[track_caller]
    pub fn step(&self, x: &Tensor, hidden: &Tensor) -> Result<Tensor> {
        Ok(step(self.0.kind(), &self.0, x, State::of(hidden.clone()))?.hidden)
    }
}

impl LstmCell {
    /// The next hidden state and cell, each (N, hidden), for an input of (N, inputs).
    ///
    /// # Errors
    /// Other shapes, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let dev = Device::cpu();
    /// let lstm = nn::LstmCell::new(3, 5, &dev)?;
    /// let zeros = Tensor::zeros([2, 5], &dev)?;
    /// let (h, c) = lstm.step(&Tensor::ones([2, 3], &dev)?, (&zeros, &zeros))?;
    /// assert_eq!((h.shape(), c.shape()), (&[2, 5][..], &[2, 5][..]));
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn step(&self, x: &Tensor, (hidden, cell): (&Tensor, &Tensor)) -> Result<(Tensor, Tensor)> {
        let state = State {
            hidden: hidden.clone(),
            cell: cell.clone(),
        };
        let next = step(Kind::Lstm, &self.0, x, state)?;
        Ok((next.hidden, next.cell))
    }
}

impl GruCell {
    /// The next state, (N, hidden), for an input of (N, inputs).
    ///
    /// # Errors
    /// Other shapes, or tensors on different devices.
    #[track_caller]
    pub fn step(&self, x: &Tensor, hidden: &Tensor) -> Result<Tensor> {
        Ok(step(Kind::Gru, &self.0, x, State::of(hidden.clone()))?.hidden)
    }
}

/// What all cells have: how they are made, and a step from a state of zeros.
macro_rules! cells {
    ($($cell:ident, $kind:ident, $gates:literal;)*) => {$(
        impl $cell {
            /// A cell with drawn weights.
            ///
            /// # Errors
            /// Weights that the device cannot hold.
            #[track_caller]
            pub fn new(inputs: usize, hidden: usize, device: &Device) -> Result<Self> {
                draw(Kind::$kind, inputs, hidden, device).map(Self)
            }

            #[doc = concat!(
                "A cell of given weights, (", $gates, "hidden, inputs) and (", $gates,
                "hidden, hidden), and biases of (", $gates, "hidden).",
            )]
            ///
            /// # Errors
            /// Shapes that do not fit one another, numbers that are no floats, or tensors on different devices.
            #[track_caller]
            pub fn from_tensors(
                weight_ih: &Tensor,
                weight_hh: &Tensor,
                biases: Option<[&Tensor; 2]>,
            ) -> Result<Self> {
                Weights::given(Kind::$kind, weight_ih, weight_hh, biases).map(Self)
            }

            /// Without biases.
            pub fn without_bias(self) -> Self {
                Self(self.0.without_bias())
            }
        }

        impl Module for $cell {
            /// The hidden state, (N, hidden), after a step from zeros.
            ///
            /// # Errors
            /// An input that is not (N, inputs).
            #[track_caller]
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                let batch = x.shape().first().copied().unwrap_or(0);
                let start = self.0.start(batch)?;
                let y = step(self.0.kind(), &self.0, x, start)?.hidden;
                Ok(told(self, y))
            }

            fn visit(&self, visitor: &mut Visitor) {
                self.0.visit(visitor, "");
            }
        }
    )*};
}
cells! {
    RnnCell, Tanh, "";
    LstmCell, Lstm, "4·";
    GruCell, Gru, "3·";
}
