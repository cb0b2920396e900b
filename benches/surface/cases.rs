//! What is timed.

use std::any::Any;

use tilewise::prelude::*;

use super::inputs::Inputs;

/// A computation whose results are kept until its time is taken.
type Run = Box<dyn Fn(&Inputs) -> Result<Box<dyn Any>>>;

/// A function, its name, and what the other side calls it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// An expression, or `exec ` and a statement.
    pub(crate) numpy: &'static str,
    pub(crate) run: Run,
    /// Whether this is a sort, which may take 1.25 times as long.
    pub(crate) sorts: bool,
}

impl Case {
    /// Whether the other side is PyTorch.
    pub(crate) fn beside_torch(&self) -> bool {
        self.numpy.contains("t['")
    }
}

pub(crate) fn case<T: 'static>(
    name: &'static str,
    numpy: &'static str,
    run: impl Fn(&Inputs) -> Result<T> + 'static,
) -> Case {
    Case {
        name,
        numpy,
        run: Box::new(move |inputs| Ok(Box::new(run(inputs)?))),
        sorts: name.starts_with("sort") || name.starts_with("argsort"),
    }
}

/// The tensor with its elements stored, where it could be a constant or a view.
pub(crate) fn stored(x: Tensor) -> Result<Tensor> {
    Ok(x.contiguous())
}
