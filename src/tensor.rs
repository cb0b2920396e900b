//! The tensor: a shape, a dtype and a device over a storage.

mod arithmetic;
mod assign;
mod choice;
mod close;
mod convert;
mod count;
mod create;
#[cfg(feature = "linalg")]
mod decompose;
mod diagonal;
mod display;
mod elementwise;
mod grid;
mod index;
mod join;
mod linalg;
#[cfg(not(target_arch = "wasm32"))]
mod mask;
mod order;
mod pad;
mod pointwise;
mod random;
mod read;
mod rearrange;
mod reduce;
mod repeat;
mod scan;
mod scatter;
mod search;
mod shapes;
mod signal;
mod slice;
mod split;
mod statistics;
mod take;
mod view;
mod windows;

use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

use crate::autograd::{Node, Rule, track};
use crate::device::Device;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::BufferId;
use crate::layout::Layout;
use crate::op::{Op, PointOp};
use crate::queue::{Arg, Storage};
use crate::shape::Shape;

pub use self::arithmetic::Operand;
pub use self::choice::Choices;
#[cfg(not(target_arch = "wasm32"))]
pub use self::convert::FromNested;
pub use self::convert::IntoData;
pub use self::count::Bins;
#[cfg(feature = "linalg")]
pub use self::decompose::{Eigh, Svd};
#[cfg(not(target_arch = "wasm32"))]
pub use self::display::Displayed;
pub use self::display::PrintOptions;
pub use self::grid::Indexing;
pub use self::linalg::{Contraction, Norm};
#[cfg(not(target_arch = "wasm32"))]
pub use self::mask::Unique;
pub use self::pad::{IntoWidths, Pad};
pub use self::read::ReadHandle;
pub use self::reduce::IntoAxes;
pub(crate) use self::scatter::Places;
pub use self::signal::{Conv, Mode, Padding, Pair, Pool};
pub use self::slice::{Dim, Ellipsis, NewAxis, SliceSpec};
pub use self::split::Sections;
pub use self::statistics::{Interpolation, IntoQuantiles};
pub use self::view::IntoDims;

/// An n-dimensional array on a device.
///
/// A tensor is a value: every operation gives a new one, and none changes an operand. Cloning is
/// cheap and shares the memory. Operations are recorded and run in batches, when a value is read.
///
/// ```
/// use tilewise::prelude::*;
///
/// let dev = Device::cpu();
/// let a = Tensor::from_slice(&[1f32, 2., 3., 4., 5., 6.], [2, 3], &dev)?;
/// let b = Tensor::from_slice(&[10f32, 20., 30.], [3], &dev)?;
/// let c = &a + &b;
/// assert_eq!(c.to_vec::<f32>()?, [11., 22., 33., 14., 25., 36.]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Tensor {
    device: Device,
    dtype: DType,
    source: Source,
    /// How the elements lie, where that is not how the source has them: the whole of a storage in the
    /// shape it was made with, or a constant without dimensions.
    view: Option<Arc<Layout>>,
    /// Where the tensor stands in the recorded computation, if gradients may flow to it.
    tape: Option<Arc<Node>>,
}

/// Where the elements are.
#[derive(Clone)]
pub(crate) enum Source {
    /// The same bits everywhere; takes no memory.
    Constant(u32),
    Stored(Arc<Storage>),
}

impl Tensor {
    pub(crate) fn constant(scalar: Scalar, dtype: DType, shape: Shape, device: &Device) -> Self {
        Self {
            device: device.clone(),
            dtype,
            source: Source::Constant(scalar.to_bits(dtype)),
            view: (shape.ndim() > 0).then(|| Arc::new(Layout::splat(shape))),
            tape: None,
        }
    }

    /// The whole of a storage.
    pub(crate) fn over(storage: Arc<Storage>, device: &Device) -> Self {
        Self {
            device: device.clone(),
            dtype: storage.dtype(),
            source: Source::Stored(storage),
            view: None,
            tape: None,
        }
    }

    fn layout(&self) -> &Layout {
        match (&self.view, &self.source) {
            (Some(layout), _) => layout,
            (None, Source::Stored(storage)) => storage.layout(),
            (None, Source::Constant(_)) => Layout::SCALAR,
        }
    }

    /// The size of each dimension, outermost first.
    pub fn shape(&self) -> &[usize] {
        self.layout().dims()
    }

    /// The number of dimensions; 0 for a scalar.
    #[doc(alias = "dim")]
    pub fn ndim(&self) -> usize {
        self.layout().dims().len()
    }

    /// The number of elements; 1 for a scalar, 0 for an empty tensor.
    #[doc(alias = "numel")]
    pub fn size(&self) -> usize {
        self.layout().shape().size()
    }

    /// The bytes that the elements take in the device's memory when stored without gaps.
    pub fn nbytes(&self) -> usize {
        self.size() * self.device.limits().abilities.bools.size(self.dtype)
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The device that holds the tensor.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether the elements lie in memory in row-major order without gaps.
    pub fn is_contiguous(&self) -> bool {
        self.layout().is_contiguous()
    }

    pub(crate) fn shape_ref(&self) -> &Shape {
        self.layout().shape()
    }

    pub(crate) fn tape(&self) -> Option<&Arc<Node>> {
        self.tape.as_ref()
    }

    pub(crate) fn with_tape(mut self, tape: Option<Arc<Node>>) -> Self {
        self.tape = tape;
        self
    }

    pub(crate) fn set_tape(&mut self, tape: Option<Arc<Node>>) {
        self.tape = tape;
    }

    pub(crate) fn take_tape(&mut self) -> Option<Arc<Node>> {
        self.tape.take()
    }

    /// The same storage through another layout, off the tape.
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        Self {
            device: self.device.clone(),
            dtype: self.dtype,
            source: self.source.clone(),
            view: Some(Arc::new(layout)),
            tape: None,
        }
    }

    /// As an operand of a call, broadcast to the call's shape.
    pub(crate) fn arg(&self) -> Arg<'_> {
        match &self.source {
            Source::Constant(bits) => Arg::Scalar(*bits, self.dtype),
            Source::Stored(storage) => Arg::Spread(storage, self.layout()),
        }
    }

    /// As an operand of a call that keeps the tensor's own shape, whatever the call's is.
    pub(crate) fn own_arg(&self) -> Arg<'_> {
        match &self.source {
            Source::Constant(bits) => Arg::Scalar(*bits, self.dtype),
            Source::Stored(storage) => Arg::Value(storage, self.layout()),
        }
    }

    /// Records a call whose result is not empty.
    pub(crate) fn record(
        op: Op,
        args: &[Arg<'_>],
        shape: &Shape,
        dtype: DType,
        device: &Device,
        at: &'static Location<'static>,
    ) -> Self {
        Self::over(device.record(op, args, shape, dtype, at), device)
    }

    /// Records a pointwise operation over operands that broadcast to the shape. What can be told
    /// without a device is: the result of constants is a constant, an empty result needs no call.
    #[track_caller]
    pub(crate) fn point<const N: usize>(
        op: PointOp,
        args: [&Tensor; N],
        shape: &Shape,
        dtype: DType,
    ) -> Self {
        let device = &args[0].device;
        if shape.size() == 0 {
            return Self::constant(Scalar::Int(0), dtype, shape.clone(), device);
        }
        let bits = args.map(Self::bits);
        if op != PointOp::Copy && bits.iter().all(Option::is_some) {
            let bits = bits.map(Option::unwrap_or_default);
            let mut out = [0];
            let arg = |i: usize| std::slice::from_ref(&bits[i.min(N - 1)]);
            let from = args[N - 1].dtype;
            op.apply_to_words(from, dtype, &[arg(0), arg(1), arg(2)], &mut out);
            let mut result = Self::constant(Scalar::Int(0), dtype, shape.clone(), device);
            result.source = Source::Constant(out[0]);
            return result;
        }
        Self::record(
            Op::Point(op),
            &args.map(Self::arg),
            shape,
            dtype,
            device,
            Location::caller(),
        )
    }

    /// The bits of a constant.
    fn bits(&self) -> Option<u32> {
        match self.source {
            Source::Constant(bits) => Some(bits),
            Source::Stored(_) => None,
        }
    }

    /// The tensor with its elements in a storage; a constant is filled in. Off the tape.
    #[track_caller]
    pub(crate) fn stored(&self) -> (Arc<Storage>, Layout) {
        let filled = match &self.source {
            Source::Stored(storage) => return (storage.clone(), self.layout().clone()),
            Source::Constant(_) if self.size() == 0 => {
                // One element that no kernel reads.
                let one = self.with_layout(Layout::splat(Shape::default()));
                Self::point(PointOp::Copy, [&one], one.shape_ref(), self.dtype)
            }
            Source::Constant(_) => Self::point(PointOp::Copy, [self], self.shape_ref(), self.dtype),
        };
        match &filled.source {
            Source::Stored(storage) => (storage.clone(), filled.layout().clone()),
            Source::Constant(_) => unreachable!("a copy is stored"),
        }
    }

    /// The buffer of a computed tensor and the offset of its first element; flushes.
    #[track_caller]
    pub(crate) fn buffer(&self) -> Result<(BufferId, Arc<Storage>, usize)> {
        let (storage, layout) = self.contiguous().stored();
        let buffer = storage.ready()?;
        Ok((buffer, storage, layout.offset()))
    }

    /// The tensor with its elements in row-major order without gaps; copies only if they are not.
    #[track_caller]
    pub fn contiguous(&self) -> Tensor {
        // What starts in the middle of a word cannot be bound or read on its own.
        let bools = self.device.limits().abilities.bools;
        let odd = !(self.layout().offset() * bools.size(self.dtype)).is_multiple_of(4);
        match self.source {
            Source::Stored(_) if self.layout().is_contiguous() && !odd => self.clone(),
            _ => {
                let copy = Self::point(PointOp::Copy, [self], self.shape_ref(), self.dtype);
                track(copy, &[self], Rule::Identity)
            }
        }
    }

    /// An error if the other tensor is on another device.
    #[track_caller]
    pub(crate) fn same_device(&self, op: &'static str, other: &Tensor) -> Result<()> {
        if self.device == other.device {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Device {
            op,
            lhs: self.device.name(),
            rhs: other.device.name(),
        }))
    }

    /// The tensor with elements of another dtype; NumPy's `astype`. Floats become integers towards zero, saturating,
    /// and NaN becomes 0; anything but zero becomes `true`.
    #[doc(alias("to", "type"))]
    #[doc(alias = "astype")]
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Tensor {
        self.as_dtype(dtype).into_owned()
    }

    /// As [`Tensor::to_dtype`], the tensor itself where it has the dtype already.
    #[track_caller]
    pub(crate) fn as_dtype(&self, dtype: DType) -> Cow<'_, Tensor> {
        if dtype == self.dtype {
            return Cow::Borrowed(self);
        }
        let cast = Self::point(PointOp::Cast, [self], self.shape_ref(), dtype);
        Cow::Owned(track(cast, &[self], Rule::Cast))
    }

    /// What the device would run to compute all that is recorded so far on this thread, this tensor
    /// included: kernels, the operations in each, bytes moved and arithmetic. Runs nothing.
    pub fn explain(&self) -> String {
        self.device.explain()
    }
}
