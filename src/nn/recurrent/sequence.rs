//! Recurrent layers over whole sequences.

use super::super::observe::told;
use super::weights::Weights;
use super::{Kind, State};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::nn::{Dropout, Module, Visitor};
use crate::tensor::Tensor;

/// Layers one above the other, each with one or both directions.
#[derive(Clone, Debug)]
struct Stack {
    kind: Kind,
    inputs: usize,
    hidden: usize,
    /// 1 or 2.
    directions: usize,
    biased: bool,
    /// Between the layers.
    dropout: Dropout,
    /// Layer by layer, the backward direction after the forward one.
    weights: Vec<Weights>,
    device: Device,
}

impl Stack {
    #[track_caller]
    fn new(kind: Kind, inputs: usize, hidden: usize, device: &Device) -> Result<Self> {
        let stack = Self {
            kind,
            inputs,
            hidden,
            directions: 1,
            biased: true,
            dropout: Dropout::new(0.0)?,
            weights: Vec::new(),
            device: device.clone(),
        };
        stack.drawn(1, 1)
    }

    /// The stack with new weights for so many layers and directions.
    #[track_caller]
    fn drawn(self, layers: usize, directions: usize) -> Result<Self> {
        if layers == 0 {
            return Err(Error::value(self.kind.op(), "at least one layer is needed"));
        }
        let Self { kind, hidden, .. } = self;
        let mut weights = Vec::with_capacity(layers * directions);
        self.device.with_generator(|generator| {
            for at in 0..layers * directions {
                let inputs = match at < directions {
                    true => self.inputs,
                    false => hidden * directions,
                };
                let drawn = Weights::draw(kind, inputs, hidden, generator, &self.device)?;
                weights.push(match self.biased {
                    true => drawn,
                    false => drawn.without_bias(),
                });
            }
            Ok::<(), Error>(())
        })?;
        Ok(Self {
            directions,
            weights,
            ..self
        })
    }

    fn without_bias(self) -> Self {
        let weights = self.weights.into_iter().map(Weights::without_bias);
        Self {
            biased: false,
            weights: weights.collect(),
            ..self
        }
    }

    fn layers(&self) -> usize {
        self.weights.len() / self.directions
    }

    /// The outputs of all steps, (N, L, directions · hidden), and the last states, from states of
    /// (layers · directions, N, hidden).
    #[track_caller]
    fn run(&self, x: &Tensor, start: Option<&State>) -> Result<(Tensor, State)> {
        let op = self.kind.op();
        let (inputs, hidden) = (self.inputs, self.hidden);
        let &[batch, length, features] = x.shape() else {
            let message = format!("the layer takes sequences of (N, L, {inputs})");
            return Err(Error::shape(op, x.shape_ref(), message));
        };
        if features != inputs {
            let message =
                format!("the layer takes {inputs} features in the last axis, (N, L, {inputs})");
            return Err(Error::shape(op, x.shape_ref(), message));
        }
        let wanted = [self.weights.len(), batch, hidden];
        for part in start
            .into_iter()
            .flat_map(|state| [&state.hidden, &state.cell])
        {
            x.same_device(op, part)?;
            if part.shape() != wanted {
                let message =
                    format!("the state of (layers · directions, N, hidden) is {wanted:?} here");
                return Err(Error::shape(op, part.shape_ref(), message));
            }
        }
        // Steps first, so that those of a batch lie together.
        let mut y = x.transpose(0, 1)?;
        let mut last = Vec::with_capacity(self.weights.len());
        for (layer, directions) in self.weights.chunks(self.directions).enumerate() {
            if layer > 0 {
                // What is dropped is drawn for (N, L, hidden), as for a dropout layer between two of these.
                y = self.dropout.forward(&y.transpose(0, 1)?)?.transpose(0, 1)?;
            }
            let mut outputs = Vec::with_capacity(self.directions);
            for (direction, weights) in directions.iter().enumerate() {
                let at = layer * self.directions + direction;
                let state = match start {
                    Some(state) => State {
                        hidden: state.hidden.narrow(0, at, 1)?.squeeze(0)?,
                        cell: state.cell.narrow(0, at, 1)?.squeeze(0)?,
                    },
                    None => weights.start(batch)?,
                };
                let (output, state) = sweep(weights, &y, state, direction == 1)?;
                outputs.push(output);
                last.push(state);
            }
            y = match outputs.as_slice() {
                [output] => output.clone(),
                both => Tensor::concat(&both.iter().collect::<Vec<_>>(), 2)?,
            };
        }
        debug_assert_eq!(y.shape(), [length, batch, self.directions * hidden]);
        let stacked = |part: fn(&State) -> &Tensor| {
            Tensor::stack(&last.iter().map(part).collect::<Vec<_>>(), 0)
        };
        let state = State {
            hidden: stacked(|state| &state.hidden)?,
            cell: stacked(|state| &state.cell)?,
        };
        Ok((y.transpose(0, 1)?, state))
    }

    fn visit(&self, visitor: &mut Visitor) {
        for (at, weights) in self.weights.iter().enumerate() {
            let layer = at / self.directions;
            let reverse = if at % self.directions == 1 {
                "_reverse"
            } else {
                ""
            };
            weights.visit(visitor, &format!("_l{layer}{reverse}"));
        }
        visitor.module("dropout", &self.dropout);
    }
}

/// The outputs (L, N, hidden) and the last state of one layer in one direction over (L, N, inputs).
///
/// The inputs' products are one large product before the steps. Its rows are read by the steps where they lie.
#[track_caller]
fn sweep(weights: &Weights, x: &Tensor, state: State, reverse: bool) -> Result<(Tensor, State)> {
    let (length, batch) = (x.shape()[0], x.shape()[1]);
    if length == 0 {
        let nothing = Tensor::zeros([0, batch, weights.units()], x.device())?;
        return Ok((nothing.to_dtype(x.dtype()), state));
    }
    let rows = x.reshape([length * batch, weights.inputs()])?;
    let projected = weights.project(&rows)?;
    let width = projected.shape()[1];
    let mut steps = projected.reshape([length, batch, width])?.unstack(0)?;
    if reverse {
        steps.reverse();
    }
    let stepper = weights.stepper();
    let mut state = state;
    let mut outputs = Vec::with_capacity(length);
    for step in &steps {
        state = stepper.step(step, &state)?;
        outputs.push(state.hidden.clone());
    }
    if reverse {
        outputs.reverse();
    }
    Ok((
        Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 0)?,
        state,
    ))
}

/// An Elman network over sequences, (N, L, inputs) to (N, L, hidden): see [`RnnCell`](super::RnnCell).
///
/// [`forward`](Module::forward) gives the outputs of all steps; [`forward_from`](Rnn::forward_from) takes an initial
/// state and gives the last. Batches come first, as in PyTorch with `batch_first=True`; names and shapes of the
/// parameters are PyTorch's: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, then those of the
/// backward direction, `weight_ih_l0_reverse` and so on, then those of layer 1.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let rnn = nn::Rnn::new(3, 5, &dev)?.layers(2)?.bidirectional()?;
/// let x = Tensor::ones([4, 7, 3], &dev)?;
/// let (y, h) = rnn.forward_from(&x, None)?;
/// assert_eq!(y.shape(), [4, 7, 10]);
/// assert_eq!(h.shape(), [4, 4, 5]); // (layers · directions, N, hidden)
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "RNN")]
#[derive(Clone, Debug)]
pub struct Rnn(Stack);

/// A long short-term memory over sequences, (N, L, inputs) to (N, L, hidden): see [`LstmCell`](super::LstmCell) for
/// what a step computes, and [`Rnn`] for names and shapes.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let lstm = nn::Lstm::new(3, 5, &dev)?;
/// let (first, rest) = (Tensor::ones([4, 6, 3], &dev)?, Tensor::ones([4, 1, 3], &dev)?);
/// let (y, (h, c)) = lstm.forward_from(&first, None)?;
/// let (y, _) = lstm.forward_from(&rest, Some((&h, &c)))?; // goes on where the first ended
/// assert_eq!(y.shape(), [4, 1, 5]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "LSTM")]
#[derive(Clone, Debug)]
pub struct Lstm(Stack);

/// Gated recurrent units over sequences, (N, L, inputs) to (N, L, hidden): see [`GruCell`](super::GruCell) for what
/// a step computes, and [`Rnn`] for names and shapes.
///
/// ```
/// use tilewise::prelude::*;
/// let dev = Device::cpu();
/// let gru = nn::Gru::new(3, 5, &dev)?;
/// let y = gru.forward(&Tensor::ones([4, 7, 3], &dev)?)?;
/// let last = y.slice(s![.., -1])?; // what has been made of each sequence
/// assert_eq!(last.shape(), [4, 5]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "GRU")]
#[derive(Clone, Debug)]
pub struct Gru(Stack);

macro_rules! sequences {
    ($($layer:ident $kind:ident),*) => {$(
        impl $layer {
            /// A layer in one direction, whose weights are drawn uniformly between ±1/√hidden from the
            /// device's own generator.
            ///
            /// # Errors
            /// Weights that the device cannot hold.
            #[track_caller]
            pub fn new(inputs: usize, hidden: usize, device: &Device) -> Result<Self> {
                Stack::new(Kind::$kind, inputs, hidden, device).map(Self)
            }

            /// So many layers, each of which takes the outputs of the one before; all weights are drawn
            /// anew.
            ///
            /// # Errors
            /// No layers, or weights that the device cannot hold.
            #[doc(alias = "num_layers")]
            #[track_caller]
            pub fn layers(self, count: usize) -> Result<Self> {
                let directions = self.0.directions;
                self.0.drawn(count, directions).map(Self)
            }

            /// In each layer a second direction, from the last step to the first, whose outputs stand behind
            /// those of the first: (N, L, 2·hidden). All weights are drawn anew.
            ///
            /// # Errors
            /// Weights that the device cannot hold.
            #[track_caller]
            pub fn bidirectional(self) -> Result<Self> {
                let layers = self.0.layers();
                self.0.drawn(layers, 2).map(Self)
            }

            /// In training, so large a part of what each layer but the last gives does not reach the next: see
            /// [`Dropout`].
            ///
            /// # Errors
            /// A chance that is not in 0 to 1.
            #[track_caller]
            pub fn dropout(self, p: f64) -> Result<Self> {
                let dropout = Dropout::new(p)?;
                Ok(Self(Stack { dropout, ..self.0 }))
            }

            /// Without biases.
            pub fn without_bias(self) -> Self {
                Self(self.0.without_bias())
            }
        }

        impl Module for $layer {
            /// The outputs of all steps, (N, L, directions · hidden), from a state of zeros.
            ///
            /// # Errors
            /// An input that is not (N, L, inputs).
            #[track_caller]
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                Ok(told(self, self.0.run(x, None)?.0))
            }

            fn visit(&self, visitor: &mut Visitor) {
                self.0.visit(visitor);
            }
        }
    )*};
}
sequences!(Rnn Tanh, Lstm Lstm, Gru Gru);

impl Rnn {
    /// The positive part in the place of tanh.
    #[doc(alias = "nonlinearity")]
    pub fn relu(self) -> Self {
        let weights = self.0.weights.into_iter();
        Self(Stack {
            kind: Kind::Relu,
            weights: weights.map(|weights| weights.of_kind(Kind::Relu)).collect(),
            ..self.0
        })
    }

    /// The outputs of all steps, (N, L, directions · hidden), and the last states, (layers · directions, N,
    /// hidden), from such states or zeros.
    ///
    /// # Errors
    /// Another shape of the input or of the states, or tensors on different devices.
    #[track_caller]
    pub fn forward_from(&self, x: &Tensor, state: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
        let state = state.map(|hidden| State::of(hidden.clone()));
        let (y, last) = self.0.run(x, state.as_ref())?;
        Ok((told(self, y), last.hidden))
    }
}

impl Gru {
    /// The outputs of all steps, (N, L, directions · hidden), and the last states, (layers · directions, N,
    /// hidden), from such states or zeros.
    ///
    /// # Errors
    /// Another shape of the input or of the states, or tensors on different devices.
    #[track_caller]
    pub fn forward_from(&self, x: &Tensor, state: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
        let state = state.map(|hidden| State::of(hidden.clone()));
        let (y, last) = self.0.run(x, state.as_ref())?;
        Ok((told(self, y), last.hidden))
    }
}

impl Lstm {
    /// The outputs of all steps, (N, L, directions · hidden), and the last hidden states and cells, each (layers ·
    /// directions, N, hidden), from such states or zeros.
    ///
    /// # Errors
    /// Another shape of the input or of the states, or tensors on different devices.
    #[track_caller]
    pub fn forward_from(
        &self,
        x: &Tensor,
        state: Option<(&Tensor, &Tensor)>,
    ) -> Result<(Tensor, (Tensor, Tensor))> {
        let state = state.map(|(hidden, cell)| State {
            hidden: hidden.clone(),
            cell: cell.clone(),
        });
        let (y, last) = self.0.run(x, state.as_ref())?;
        Ok((told(self, y), (last.hidden, last.cell)))
    }
}
