//! Recurrent layers: cells, which take a step, and sequences of steps.

mod cell;
mod sequence;
mod weights;

pub use self::cell::{GruCell, LstmCell, RnnCell};
pub use self::sequence::{Gru, Lstm, Rnn};

use crate::error::Result;
use crate::tensor::Tensor;

/// What a recurrent layer computes in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tanh,
    Relu,
    Lstm,
    Gru,
}

impl Kind {
    /// The operation that errors name.
    fn op(self) -> &'static str {
        match self {
            Self::Tanh | Self::Relu => "rnn",
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }

    /// How many values a step computes of the products for each unit.
    fn gates(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }

    /// The new state from the products with the input and with the old state, biases included, both
    /// (N, gates · hidden).
    ///
    /// All gates come from two products, and what follows is elementwise: a kernel for the product with the
    /// state, which adds the other, and one for the rest.
    #[track_caller]
    fn step(self, from_input: &Tensor, from_state: &Tensor, state: &State) -> Result<State> {
        let gate = |all: &Tensor, at: usize| {
            let size = state.hidden.shape()[1];
            all.narrow(1, at * size, size)
        };
        Ok(match self {
            Self::Tanh => State::of(from_input.try_add(from_state)?.tanh()),
            Self::Relu => State::of(from_input.try_add(from_state)?.relu()),
            Self::Lstm => {
                let all = from_input.try_add(from_state)?;
                let (input, forget) = (gate(&all, 0)?.sigmoid(), gate(&all, 1)?.sigmoid());
                let (new, output) = (gate(&all, 2)?.tanh(), gate(&all, 3)?.sigmoid());
                let cell = forget.try_mul(&state.cell)?.try_add(input.try_mul(new)?)?;
                State {
                    hidden: output.try_mul(cell.tanh())?,
                    cell,
                }
            }
            Self::Gru => {
                let both = |at| gate(from_input, at)?.try_add(gate(from_state, at)?);
                let (reset, keep) = (both(0)?.sigmoid(), both(1)?.sigmoid());
                let reset = reset.try_mul(gate(from_state, 2)?)?;
                let new = gate(from_input, 2)?.try_add(reset)?.tanh();
                // (1 − z)·n + z·h
                let change = state.hidden.try_sub(&new)?.try_mul(keep)?;
                State::of(new.try_add(change)?)
            }
        })
    }
}

/// What is handed from step to step, each (N, hidden).
#[derive(Clone, Debug)]
struct State {
    hidden: Tensor,
    /// That of an LSTM; of others the hidden state again.
    cell: Tensor,
}

impl State {
    fn of(hidden: Tensor) -> Self {
        let cell = hidden.clone();
        Self { hidden, cell }
    }
}
