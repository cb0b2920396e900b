//! What a network is made of, for people to read.

use std::fmt;

use super::{Evaluating, Module, Part, Visitor, observed};
use crate::autograd::no_grad;
use crate::device::Device;
use crate::error::{Outward, Result};

use crate::shape::{IntoShape, Shape};
use crate::tensor::Tensor;

/// The layers of a network with their names, kinds, output shapes and numbers of parameters, as [`summary`] finds
/// them; shown as a table.
#[derive(Clone, Debug)]
pub struct Summary {
    rows: Vec<SummaryRow>,
    parameters: usize,
    kept: usize,
    input: Shape,
}

/// A layer of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SummaryRow {
    /// The dotted name; empty for the network itself.
    pub name: String,
    /// What kind of layer it is.
    pub kind: String,
    /// The shape of what it gave last; `None` if nothing told of it.
    pub output: Option<Shape>,
    /// The trainable numbers of the layer itself, without those of the layers inside.
    pub parameters: usize,
}

/// What a network is made of, found by a visit and a forward pass of zeros of a shape with the batch before it. The
/// pass is recorded and never run.
///
/// The output of a layer is known if it is one of this crate's, or if a [`Sequential`](super::Sequential) or
/// [`Residual`](super::Residual) holds it; a layer of the user's own need do nothing for it but name its parts.
///
/// ```
/// use tilewise::prelude::*;
///
/// let dev = Device::cpu();
/// let model = nn::Sequential::new()
///     .then(nn::Conv2d::new(1, 8, 3, &dev)?)
///     .then(nn::Relu)
///     .then(nn::Flatten)
///     .then_named("head", nn::Linear::new(8 * 6 * 6, 10, &dev)?);
/// let summary = nn::summary(&model, [1, 1, 8, 8])?;
/// assert_eq!(summary.parameters(), 8 * 9 + 8 + 288 * 10 + 10);
/// let text = "\
/// layer   kind      output      parameters
/// 0       Conv2d    (1,8,6,6)           80
/// 1       Relu      (1,8,6,6)            0
/// 2       Flatten   (1,288)              0
/// head    Linear    (1,10)           2,890
/// 2,970 parameters for an input of (1,1,8,8)";
/// assert_eq!(summary.to_string(), text);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// A shape that the network does not take.
#[track_caller]
pub fn summary(model: &dyn Module, input: impl IntoShape) -> Result<Summary> {
    let device = model
        .parameters()
        .first()
        .map(|(_, value)| value.device().clone());
    let device = device.unwrap_or_else(Device::cpu);
    summary_of(model, &Tensor::zeros(input, &device)?)
}

/// As [`summary`], of a forward pass of this input: for a network that takes no floats, an
/// [`Embedding`](super::Embedding) for instance.
///
/// # Errors
/// An input that the network does not take.
#[track_caller]
pub fn summary_of(model: &dyn Module, input: &Tensor) -> Result<Summary> {
    let _evaluating = Evaluating::start(model);
    let generator = input.device().generator();
    let passed = no_grad(|| observed(model, input));
    input.device().set_generator(generator);
    let (output, given) = passed.outward()?;
    let mut rows = vec![SummaryRow {
        name: String::new(),
        kind: model.kind(),
        output: Some(output.shape_ref().clone()),
        parameters: 0,
    }];
    let (mut parameters, mut kept, mut counted) = (0, 0, Vec::new());
    model.visit(&mut Visitor::new(&mut |name, part| match part {
        Part::Layer(layer) => rows.push(SummaryRow {
            name: name.into(),
            kind: layer.kind(),
            output: None,
            parameters: 0,
        }),
        Part::Param(param) => {
            let value = param.value();
            // Of the innermost layer that the name is in.
            let row = rows.iter_mut().rev().find(|row| holds(&row.name, name));
            if let Some(row) = row {
                row.parameters += value.size();
            }
            if !counted.contains(&value.leaf()) {
                counted.push(value.leaf());
                parameters += value.size();
            }
        }
        Part::Buffer(buffer) => kept += buffer.value().size(),
        Part::Training(_) => {}
    }));
    for given in given {
        let shape = given.output.shape_ref().clone();
        let mut rows = rows.iter_mut();
        if let Some(row) = rows.find(|row| row.name == given.name && row.kind == given.kind) {
            row.output = Some(shape);
        }
    }
    Ok(Summary {
        rows,
        parameters,
        kept,
        input: input.shape_ref().clone(),
    })
}

/// Whether a part of this name is in a layer of that one.
fn holds(layer: &str, part: &str) -> bool {
    layer.is_empty()
        || part
            .strip_prefix(layer)
            .is_some_and(|rest| rest.starts_with('.'))
}

impl Summary {
    /// The network, then each layer in the order of the visit.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// The number of trainable numbers; those of a parameter that layers share count once.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The number of numbers that layers keep and nobody trains.
    pub fn buffers(&self) -> usize {
        self.kept
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["layer", "kind", "output", "parameters"].map(String::from);
        let mut table = vec![heads];
        for row in &self.rows {
            // The network itself says nothing, unless it has parameters of its own or nothing inside.
            if row.name.is_empty() && row.parameters == 0 && self.rows.len() > 1 {
                continue;
            }
            let output = row.output.as_ref();
            table.push([
                row.name.clone(),
                row.kind.clone(),
                output.map_or("?".into(), ToString::to_string),
                thousands(row.parameters),
            ]);
        }
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
        let widths = [0, 1, 2, 3].map(|column| width(column).unwrap_or(0));
        for [name, kind, output, parameters] in &table {
            let [a, b, c, d] = widths;
            writeln!(
                f,
                "{name:<a$}   {kind:<b$}   {output:<c$}   {parameters:>d$}"
            )?;
        }
        let (parameters, kept) = (thousands(self.parameters), thousands(self.kept));
        write!(f, "{parameters} parameters for an input of {}", self.input)?;
        match self.kept {
            0 => Ok(()),
            _ => write!(f, "; {kept} numbers are kept that are not trained"),
        }
    }
}

/// A number with commas between its thousands.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
