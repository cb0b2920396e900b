//! One error type for the whole crate.
//!
//! An [`Error`] says which operation failed, with which shapes or values, what would be right, and
//! the line of the caller's program that asked for it.

use std::fmt;
use std::panic::Location;

use crate::dtype::DType;
use crate::shape::Shape;

/// A result of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and where in the caller's program.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    at: &'static Location<'static>,
}

/// The kinds of failure; each names the operation and what it was given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Two shapes that do not broadcast.
    #[error(
        "{op}: operands could not be broadcast together with shapes {lhs} {rhs}: {left} against \
         {right} on axis {axis} counted from the end; sizes must be equal or one of them 1{hint}"
    )]
    Broadcast {
        /// The operation.
        op: &'static str,
        /// Shape of the left operand.
        lhs: Shape,
        /// Shape of the right operand.
        rhs: Shape,
        /// The axis that fails, counted from the end (−1 is the last).
        axis: isize,
        /// Size of that axis on the left.
        left: usize,
        /// Size of that axis on the right.
        right: usize,
        /// What would work, where that can be told.
        hint: String,
    },
    /// Inner dimensions of a matrix product that differ.
    #[error(
        "{op}: shapes {lhs} and {rhs} not aligned: {left} (dim {left_dim}) != {right} (dim \
         {right_dim}){hint}"
    )]
    NotAligned {
        /// The operation.
        op: &'static str,
        /// Shape of the left operand.
        lhs: Shape,
        /// Shape of the right operand.
        rhs: Shape,
        /// The contracted size on the left.
        left: usize,
        /// Its axis on the left.
        left_dim: usize,
        /// The contracted size on the right.
        right: usize,
        /// Its axis on the right.
        right_dim: usize,
        /// What would work, where that can be told.
        hint: String,
    },
    /// Two shapes that do not go together, though they might broadcast.
    #[error("{op}: {message}, but the shapes are {lhs} and {rhs}{hint}")]
    Shapes {
        /// The operation.
        op: &'static str,
        /// The first shape.
        lhs: Shape,
        /// The second shape.
        rhs: Shape,
        /// What would be right.
        message: &'static str,
        /// What would work, where that can be told.
        hint: String,
    },
    /// A shape the operation cannot work with.
    #[error("{op}: {message} (shape {shape})")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The shape it was given.
        shape: Shape,
        /// What is wrong and what would be right.
        message: String,
    },
    /// An axis outside the tensor's rank, or named twice.
    #[error("{op}: axis {axis} is {problem} for shape {shape} of {} dimensions{}", shape.ndim(), axis_range(shape.ndim()))]
    Axis {
        /// The operation.
        op: &'static str,
        /// The axis as given.
        axis: isize,
        /// The tensor's shape.
        shape: Shape,
        /// "out of range" or "named twice".
        problem: &'static str,
    },
    /// An index outside its axis.
    #[error(
        "{op}: index {index} is out of range for axis {axis} of size {size}; indices from \
         {} to {} are valid", -(*size as i64), *size as i64 - 1
    )]
    Index {
        /// The operation.
        op: &'static str,
        /// The index as given.
        index: i64,
        /// The axis it addresses.
        axis: usize,
        /// The size of that axis.
        size: usize,
    },
    /// A dtype the operation does not take.
    #[error("{op}: dtype {dtype} is not supported; {expected}")]
    DType {
        /// The operation.
        op: &'static str,
        /// The dtype it was given.
        dtype: DType,
        /// What it takes.
        expected: &'static str,
    },
    /// Operands on different devices.
    #[error("{op}: operands are on different devices, {lhs} and {rhs}; move one with to_device")]
    Device {
        /// The operation.
        op: &'static str,
        /// Device of the left operand.
        lhs: String,
        /// Device of the right operand.
        rhs: String,
    },
    /// A value the operation cannot take.
    #[error("{op}: {message}")]
    Value {
        /// The operation.
        op: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A file that cannot be read or written, or does not hold what it should.
    #[error("{op}: {file}: {message}")]
    File {
        /// The operation.
        op: &'static str,
        /// The file's path, or what stands for it.
        file: String,
        /// What is wrong, and where in the file.
        message: String,
    },
    /// A tensor or iteration space beyond what the device can hold in one piece.
    #[error("{op}: {bytes} bytes are more than the {limit} that {device} can hold in one tensor")]
    TooLarge {
        /// The operation.
        op: &'static str,
        /// Bytes asked for.
        bytes: u64,
        /// The device's limit in bytes.
        limit: u64,
        /// The device.
        device: String,
    },
    /// The device has no memory left.
    #[error("out of memory on {device}: {message}")]
    OutOfMemory {
        /// The device.
        device: String,
        /// The driver's words, or the budget and the request.
        message: String,
    },
    /// The device was lost; each later use of it fails with this error.
    #[error("device {device} was lost: {message}")]
    DeviceLost {
        /// The device.
        device: String,
        /// The driver's words.
        message: String,
    },
    /// No device of the kind asked for.
    #[error("no such device: {message}")]
    NoDevice {
        /// What was asked for and what there is.
        message: String,
    },
    /// The GPU runtime rejected what it was given, which is a defect of this crate.
    #[error("the GPU runtime failed on {device}: {message}")]
    Gpu {
        /// The device.
        device: String,
        /// The runtime's words.
        message: String,
    },
    /// The checked device found that the GPU and the CPU disagree.
    #[error("checked: {op} differs between GPU and CPU: {message}")]
    Mismatch {
        /// The first operation that differs.
        op: String,
        /// Where and by how much.
        message: String,
    },
}

fn axis_range(ndim: usize) -> String {
    match ndim {
        0 => "; a zero-rank tensor has no axes".into(),
        n => format!("; axes from {} to {} are valid", -(n as isize), n - 1),
    }
}

impl Error {
    /// An error of the given kind at the caller's line.
    #[track_caller]
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            at: Location::caller(),
        }))
    }

    #[track_caller]
    pub(crate) fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value {
            op,
            message: message.into(),
        })
    }

    #[track_caller]
    pub(crate) fn shape(op: &'static str, shape: &Shape, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Shape {
            op,
            shape: shape.clone(),
            message: message.into(),
        })
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The line of the program whose call failed.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.at
    }

    /// The error, moved to the caller's line if it was met inside this crate, as by a layer behind a
    /// `dyn Module`, through which no caller is known. One met in a user's layer stays there.
    #[track_caller]
    pub(crate) fn outward(self) -> Self {
        self.outward_to(Location::caller())
    }

    /// As [`outward`](Error::outward), to a line that was noted before.
    pub(crate) fn outward_to(self, at: &'static Location<'static>) -> Self {
        let here = file!();
        let root = &here[..here.len() - "error.rs".len()];
        if self.0.at.file().starts_with(root) {
            self.at(at)
        } else {
            self
        }
    }

    /// The same failure at a line that was noted before.
    pub(crate) fn at(mut self, at: &'static Location<'static>) -> Self {
        self.0.at = at;
        self
    }

    /// The same failure as the method's that was called: one that is made of others answers for them.
    pub(crate) fn of(mut self, method: &'static str) -> Self {
        match &mut self.0.kind {
            ErrorKind::Broadcast { op, .. }
            | ErrorKind::NotAligned { op, .. }
            | ErrorKind::Shapes { op, .. }
            | ErrorKind::Shape { op, .. }
            | ErrorKind::Axis { op, .. }
            | ErrorKind::Index { op, .. }
            | ErrorKind::DType { op, .. }
            | ErrorKind::Device { op, .. }
            | ErrorKind::Value { op, .. }
            | ErrorKind::File { op, .. }
            | ErrorKind::TooLarge { op, .. } => *op = method,
            // What the device met while it ran is nobody's operand.
            _ => {}
        }
        self
    }

    /// The same failure met again at the caller's line: a fault of the device is told to each use.
    #[track_caller]
    pub(crate) fn again(&self) -> Self {
        Self::new(self.0.kind.clone())
    }
}

/// [`Error::outward`] of a result. A closure knows no caller, and neither does a function that is handed over:
/// this is called, where `map_err(Error::outward)` would name the line that calls closures.
pub(crate) trait Outward {
    #[track_caller]
    fn outward(self) -> Self;
}

impl<T> Outward for Result<T> {
    #[track_caller]
    fn outward(self) -> Self {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.outward()),
        }
    }
}

impl From<ErrorKind> for Error {
    #[track_caller]
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (at {}:{})",
            self.0.kind,
            self.0.at.file(),
            self.0.at.line()
        )
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
