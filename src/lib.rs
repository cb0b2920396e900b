//! A NumPy-shaped tensor engine for any GPU.
//!
//! Tensors live in GPU storage buffers and WGSL compute shaders do the work, through
//! [wgpu](https://docs.rs/wgpu), on Vulkan, Metal, DirectX 12 and WebGPU. A CPU executor defines what
//! each operation means, and runs where there is no GPU. Gradients and neural networks are built on
//! the same operations.
//!
//! # A first program
//!
//! ```
//! use tilewise::prelude::*;
//!
//! fn main() -> Result<()> {
//!     let dev = Device::default(); // the best GPU, or the CPU
//!     let a = Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &dev)?;
//!     let b = Tensor::new([10.0, 20.0, 30.0], &dev)?;
//!
//!     let c = &a + &b; // shapes (2,3) and (3,) broadcast
//!     let m = c.matmul(&a.t())?; // (2,3) by (3,2); the transpose copies nothing
//!     assert_eq!(m.shape(), [2, 2]);
//!     assert_eq!(m.to_vec::<f32>()?, [154., 352., 172., 397.]);
//!
//!     let last_column = m.slice(s![.., -1])?; // NumPy's m[:, -1]
//!     assert_eq!(last_column.to_vec::<f32>()?, [352., 397.]);
//!     Ok(())
//! }
//! ```
//!
//! # Gradients
//!
//! ```
//! use tilewise::prelude::*;
//!
//! # fn main() -> Result<()> {
//! let dev = Device::cpu();
//! let w = Tensor::new([1.0, -2.0], &dev)?.variable();
//! let loss = (&w * 3.0).square().sum(..)?;
//! let grads = loss.backward()?;
//! assert_eq!(grads.get(&w).unwrap().to_vec::<f32>()?, [18., -36.]); // 18 w
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! An operation on a tensor checks its operands and records a *call*: plain data, a few nanoseconds.
//! Reading a value, an optimiser's step or [`Device::flush`] hands the calls recorded so far to the
//! planner, which drops what nobody needs, fuses the rest into few kernels and assigns buffers; the
//! plan is kept, and a batch of the same structure runs it again. An executor runs the plan: on a GPU
//! each kernel is a WGSL shader generated for its structure (never for its sizes), on the CPU the same
//! plan is interpreted block by block. [`Tensor::explain`] prints the plan,
//! `TILEWISE_DUMP_SHADERS=DIR` writes the shaders, [`Device::counters`] says what was done, and
//! `Device::profile` how long each kernel took.
//!
//! Views (reshape, permute, slices, broadcasting) are layouts over the same storage and copy nothing;
//! no operation needs a contiguous operand.
//!
//! # Errors
//!
//! Methods that can fail return [`Result`]; an [`Error`] names the operation, the shapes and the line
//! that called it. Operators (`+ - * / %`, `& | ^ ! << >>`) panic with the same words, and have twins that do
//! not ([`Tensor::try_add`] and so on). Faults of a GPU, and indices found out of range while a
//! kernel runs, are errors of the next read.
//!
//! # Choosing a device
//!
//! [`Device::default`] is the best GPU, or the CPU where there is none or only a software one. The
//! environment variable `TILEWISE_DEVICE` (`cpu`, `gpu`, `gpu:1`, `checked`, or a part of an adapter's
//! name) overrides it; [`Device::list`] and [`Device::named`] choose in code.
//!
//! # Features
//!
//! None is on by default; each brings the crate it is named after, or that of its format.
//!
//! | feature | what it adds |
//! |---|---|
//! | `ndarray` | arrays of the `ndarray` crate in [`Tensor::new`], `Tensor::to_ndarray` and `TryFrom` |
//! | `image` | `tilewise::image`: pictures of the `image` crate to tensors and back |
//! | `npy` | `tilewise::npy`: NumPy's npy and npz files, read and written |
//! | `safetensors` | `tilewise::safetensors`: weights of networks in Hugging Face's format, read and written |
//! | `csv` | `tilewise::csv`: tables of numbers in text files |
//! | `flate2` | IDX files that are compressed with gzip, in [`data::idx`] |
//! | `datasets` | `data::datasets`: small real data sets, as part of the program |
//! | `plot` | `tilewise::plot`: pictures of data, training and predictions, as PNG, SVG and GIF |
//! | `linalg` | `solve`, `inv`, `svd`, `eigh` and the other decompositions, by the `faer` crate on the host |

#![warn(missing_docs)]

// Some tests are shared with those outside.
#[cfg(test)]
extern crate self as tilewise;

#[cfg(all(feature = "linalg", target_arch = "wasm32"))]
compile_error!("the feature `linalg` waits for what it reads, which nothing may do on the web");

#[cfg(all(feature = "plot", target_arch = "wasm32"))]
compile_error!("the feature `plot` waits for what it reads, which nothing may do on the web");

mod autograd;
#[cfg(feature = "csv")]
pub mod csv;
pub mod data;
mod device;
mod dtype;
mod error;
mod exec;
#[cfg(any(feature = "csv", feature = "npy"))]
mod file;
mod generator;
#[cfg(feature = "image")]
pub mod image;
mod layout;
pub mod loss;
pub mod metrics;
pub mod nn;
#[cfg(feature = "npy")]
pub mod npy;
#[cfg(any(feature = "npy", feature = "safetensors"))]
mod numbers;
mod op;
pub mod optim;
mod plan;
#[cfg(feature = "plot")]
pub mod plot;
#[cfg(not(target_arch = "wasm32"))]
mod profile;
mod queue;
#[cfg(feature = "safetensors")]
pub mod safetensors;
mod shape;
mod tensor;
#[cfg(not(target_arch = "wasm32"))]
pub mod train;

pub use autograd::{Backward, Gradients, no_grad};
pub use device::{Counters, Device, DeviceInfo, DeviceKind, DeviceOptions, MemoryStats};
pub use dtype::{DType, Element, Scalar};
pub use error::{Error, ErrorKind, Result};
pub use exec::gpu::{MatmulKernel, Tuning};
pub use generator::Generator;
pub use half::f16;
#[cfg(not(target_arch = "wasm32"))]
pub use profile::{Ceiling, Clock, HostTime, KernelProfile, Profile};
pub use shape::{IntoShape, MAX_RANK, Shape};
pub use tensor::{
    Bins, Choices, Contraction, Conv, Dim, Ellipsis, Indexing, Interpolation, IntoAxes, IntoData,
    IntoDims, IntoQuantiles, IntoWidths, Mode, NewAxis, Norm, Operand, Pad, Padding, Pair, Pool,
    PrintOptions, ReadHandle, Sections, SliceSpec, Tensor,
};
#[cfg(not(target_arch = "wasm32"))]
pub use tensor::{Displayed, FromNested, Unique};

#[cfg(feature = "linalg")]
pub use tensor::{Eigh, Svd};

/// What most programs use: `use tilewise::prelude::*;`
pub mod prelude {
    pub use crate::nn::{self, Module};
    pub use crate::optim::{self, Optimizer};
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::train::{History, Trainer};
    pub use crate::{
        DType, Device, Ellipsis, Error, Generator, NewAxis, Result, Shape, Tensor, no_grad, s,
    };
}

/// The programs of the README are compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So are those of the page on profiling.
#[cfg(doctest)]
#[doc = include_str!("../docs/profiling.md")]
struct Profiling;

/// So are those of the page on weights.
#[cfg(all(doctest, feature = "safetensors"))]
#[doc = include_str!("../docs/weights.md")]
struct Weights;
