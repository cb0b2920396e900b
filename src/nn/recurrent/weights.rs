//! The weights of a recurrent layer in one direction.

use super::{Kind, State};
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::generator::Generator;
use crate::nn::{Init, Param, Visitor};
use crate::tensor::Tensor;

/// The gates' weights stand below one another, in PyTorch's order.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    kind: Kind,
    /// (gates · hidden, inputs)
    input: Param,
    /// (gates · hidden, hidden)
    hidden: Param,
    /// Of the product with the input and with the state, each (gates · hidden).
    biases: Option<[Param; 2]>,
}

impl Weights {
    /// Weights and biases drawn uniformly between ±1/√hidden, as PyTorch has it.
    #[track_caller]
    pub(super) fn draw(
        kind: Kind,
        inputs: usize,
        hidden: usize,
        generator: &mut Generator,
        device: &Device,
    ) -> Result<Self> {
        let bound = 1.0 / (hidden.max(1) as f64).sqrt();
        let init = Init::Uniform(-bound, bound);
        let rows = kind.gates() * hidden;
        let input = init.draw([rows, inputs], generator, device)?;
        let state = init.draw([rows, hidden], generator, device)?;
        let biases = [
            init.draw([rows], generator, device)?,
            init.draw([rows], generator, device)?,
        ];
        Self::given(kind, &input, &state, Some([&biases[0], &biases[1]]))
    }

    #[track_caller]
    pub(super) fn given(
        kind: Kind,
        input: &Tensor,
        hidden: &Tensor,
        biases: Option<[&Tensor; 2]>,
    ) -> Result<Self> {
        let op = kind.op();
        let gates = kind.gates();
        let (&[rows, _], &[other, size]) = (input.shape(), hidden.shape()) else {
            return Err(misfit(op, input, hidden));
        };
        if rows != other || rows != gates * size {
            return Err(misfit(op, input, hidden));
        }
        for tensor in [input, hidden]
            .into_iter()
            .chain(biases.into_iter().flatten())
        {
            input.same_device(op, tensor)?;
            if !tensor.dtype().is_float() {
                return Err(Error::new(ErrorKind::DType {
                    op,
                    dtype: tensor.dtype(),
                    expected: "parameters are floats",
                }));
            }
        }
        for bias in biases.into_iter().flatten() {
            if bias.shape() != [rows] {
                let message = format!("the biases must be vectors of gates · hidden, ({rows},)");
                return Err(Error::shape(op, bias.shape_ref(), message));
            }
        }
        let param = |value: &Tensor| Param::new(&value.to_dtype(input.dtype()));
        Ok(Self {
            kind,
            input: param(input),
            hidden: param(hidden),
            biases: biases.map(|biases| biases.map(param)),
        })
    }

    pub(super) fn without_bias(self) -> Self {
        Self {
            biases: None,
            ..self
        }
    }

    /// Under PyTorch's names, with what it writes behind them.
    pub(super) fn visit(&self, visitor: &mut Visitor, suffix: &str) {
        visitor.param(&format!("weight_ih{suffix}"), &self.input);
        visitor.param(&format!("weight_hh{suffix}"), &self.hidden);
        if let Some([input, hidden]) = &self.biases {
            visitor.param(&format!("bias_ih{suffix}"), input);
            visitor.param(&format!("bias_hh{suffix}"), hidden);
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The same weights in steps of another kind with as many gates.
    pub(super) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn inputs(&self) -> usize {
        self.input.value().shape()[1]
    }

    pub(super) fn units(&self) -> usize {
        self.hidden.value().shape()[1]
    }

    /// A state of zeros for so many sequences.
    #[track_caller]
    pub(super) fn start(&self, batch: usize) -> Result<State> {
        let weight = self.hidden.value();
        let zeros = Tensor::zeros([batch, self.units()], weight.device())?.to_dtype(weight.dtype());
        Ok(State::of(zeros))
    }

    /// The products of inputs (…, inputs) for any number of steps at once, with the biases: with both where it
    /// does not matter to which product they are added, which saves the second in each step.
    #[track_caller]
    pub(super) fn project(&self, x: &Tensor) -> Result<Tensor> {
        let product = x.matmul(&self.input.value().t())?;
        match &self.biases {
            None => Ok(product),
            Some([input, _]) if self.kind == Kind::Gru => product.try_add(input.value()),
            Some([input, hidden]) => product.try_add(input.value().try_add(hidden.value())?),
        }
    }

    /// What a step does with the state.
    pub(super) fn stepper(&self) -> Stepper {
        let within = match (&self.biases, self.kind) {
            (Some([_, hidden]), Kind::Gru) => Some(hidden.value()),
            _ => None,
        };
        Stepper {
            kind: self.kind,
            hidden: self.hidden.value().t(),
            bias: within,
        }
    }
}

/// The weights of a step, made ready once for all steps: so the tape holds them once.
pub(super) struct Stepper {
    kind: Kind,
    /// (hidden, gates · hidden)
    hidden: Tensor,
    /// Where it must be added to the product with the state.
    bias: Option<Tensor>,
}

impl Stepper {
    /// The next state, for products with inputs of (N, gates · hidden).
    #[track_caller]
    pub(super) fn step(&self, from_input: &Tensor, state: &State) -> Result<State> {
        let product = state.hidden.matmul(&self.hidden)?;
        let from_state = match &self.bias {
            Some(bias) => product.try_add(bias)?,
            None => product,
        };
        self.kind.step(from_input, &from_state, state)
    }
}

#[track_caller]
fn misfit(op: &'static str, input: &Tensor, hidden: &Tensor) -> Error {
    Error::new(ErrorKind::Shapes {
        op,
        lhs: input.shape_ref().clone(),
        rhs: hidden.shape_ref().clone(),
        message: "weights are (gates · hidden, inputs) for the input and (gates · hidden, hidden) for the state",
        hint: String::new(),
    })
}
