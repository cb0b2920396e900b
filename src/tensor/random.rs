//! Random tensors by Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
//! SC 2011): counter-based, so that each element is computed on its own and a seed gives the same
//! bits on every device.

use std::f64::consts::PI;
use std::panic::Location;

use super::Tensor;
use crate::device::Device;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::generator::Generator;
use crate::op::{Op, PointOp, math};
use crate::queue::Arg;
use crate::shape::{IntoShape, Shape};

impl Generator {
    /// Random words of a draw; each lane is a stream of its own.
    #[track_caller]
    pub(super) fn bits(
        &self,
        draw: u64,
        lane: u8,
        shape: &Shape,
        device: &Device,
    ) -> Result<Tensor> {
        device.check_size("random", shape, DType::U32)?;
        if shape.size() == 0 {
            return Ok(Tensor::constant(
                Scalar::Int(0),
                DType::U32,
                shape.clone(),
                device,
            ));
        }
        let [k0, k1] = self.key();
        let words = [k0, k1, draw as u32, (draw >> 32) as u32];
        let args = words.map(|w| Arg::Scalar(w, DType::U32));
        let (op, at) = (Op::Random { lane }, Location::caller());
        Ok(Tensor::record(op, &args, shape, DType::U32, device, at))
    }

    /// Uniform numbers in `[0, 1)`, multiples of 2⁻²⁴, as `f32`.
    ///
    /// # Errors
    /// A shape that the device cannot hold.
    #[track_caller]
    pub fn uniform(&mut self, shape: impl IntoShape, device: &Device) -> Result<Tensor> {
        let (shape, draw) = (shape.into_shape()?, self.next());
        Ok(unit(&self.bits(draw, 0, &shape, device)?))
    }

    /// Uniform numbers in `[low, high)`, as `f32`.
    ///
    /// # Errors
    /// Bounds that are not finite or out of order, or a shape that the device cannot hold.
    #[track_caller]
    pub fn uniform_in(
        &mut self,
        low: f64,
        high: f64,
        shape: impl IntoShape,
        device: &Device,
    ) -> Result<Tensor> {
        let (first, last) = (low as f32, (high as f32).next_down());
        if !(first <= last && (high as f32 - first).is_finite()) {
            let message = format!(
                "the bounds must be finite as f32, and the first below the second, not {low} and {high}"
            );
            return Err(Error::value("uniform_in", message));
        }
        // Rounding may reach the upper bound.
        self.uniform(shape, device)?
            .try_mul(high - low)?
            .try_add(low)?
            .minimum(last)
    }

    /// Normal numbers of mean 0 and deviation 1, by Box and Muller's transform, as `f32`.
    ///
    /// # Errors
    /// A shape that the device cannot hold.
    #[track_caller]
    pub fn normal(&mut self, shape: impl IntoShape, device: &Device) -> Result<Tensor> {
        let (shape, draw) = (shape.into_shape()?, self.next());
        // In (0, 1], so that the logarithm is finite.
        let radius = unit(&self.bits(draw, 0, &shape, device)?) + 1.0 / (1u32 << 24) as f32;
        let angle = unit(&self.bits(draw, 1, &shape, device)?) * (2.0 * PI);
        (radius.ln() * -2.0).sqrt().try_mul(angle.cos())
    }

    /// Integers in `[low, high)`, as `i32`. A word of 32 bits is scaled to the range, so that the
    /// chances of two values differ by at most `(high − low)/2³²`.
    ///
    /// # Errors
    /// An empty range, or one beyond `i32`; a shape that the device cannot hold.
    #[doc(alias = "randint")]
    #[track_caller]
    pub fn integers(
        &mut self,
        low: i64,
        high: i64,
        shape: impl IntoShape,
        device: &Device,
    ) -> Result<Tensor> {
        let inside = |v: i64| i32::try_from(v).is_ok();
        if low >= high || !inside(low) || !inside(high - 1) {
            let message = format!("no i32 range from {low} up to but not including {high}");
            return Err(Error::value("integers", message));
        }
        let (shape, draw) = (shape.into_shape()?, self.next());
        let bits = self.bits(draw, 0, &shape, device)?;
        if high - low > u32::MAX as i64 {
            // Every word is one of the numbers.
            return Ok(bits.to_dtype(DType::I32));
        }
        let scaled = scaled(&bits, (high - low) as u32);
        scaled.to_dtype(DType::I32).try_add(low)
    }

    /// The integers `0..n` in random order, as `u32`; shuffled on the host, the same for every device.
    ///
    /// # Errors
    /// More elements than the device can hold.
    #[doc(alias = "randperm")]
    #[track_caller]
    pub fn permutation(&mut self, n: usize, device: &Device) -> Result<Tensor> {
        if u32::try_from(n).is_err() {
            let message = format!("{n} numbers are more than u32 counts");
            return Err(Error::value("permutation", message));
        }
        device.check_size("permutation", &Shape::of(&[n]), DType::U32)?;
        let order = self.order(n);
        Tensor::from_slice(&order, [n], device)
    }

    /// The numbers below `n`, which `u32` counts, in a random order: Fisher and Yates' shuffle.
    pub(crate) fn order(&mut self, n: usize) -> Vec<u32> {
        let (draw, key) = (self.next(), self.key());
        let mut order: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            let word = math::philox([i as u32, 0, draw as u32, (draw >> 32) as u32], key)[0];
            order.swap(i, ((word as u64 * (i as u64 + 1)) >> 32) as usize);
        }
        order
    }

    /// Philox's blocks of a draw, for the host to compute with.
    fn blocks_on_host(&mut self, n: usize) -> impl Iterator<Item = [u32; 4]> + use<> {
        let (draw, key) = (self.next(), self.key());
        let [low, high] = [draw as u32, (draw >> 32) as u32];
        (0..n as u64).map(move |i| math::philox([i as u32, (i >> 32) as u32, low, high], key))
    }

    /// Normal numbers of mean 0 and deviation 1 on the host, by the same transform as
    /// [`normal`](Generator::normal).
    pub(crate) fn normal_on_host(&mut self, n: usize) -> Vec<f64> {
        let unit = |word: u32| f64::from(word) / f64::from(u32::MAX);
        let one = |words: [u32; 4]| {
            // In (0, 1], so that the logarithm is finite.
            let radius = unit(words[0].max(1));
            (-2.0 * radius.ln()).sqrt() * (2.0 * PI * unit(words[1])).cos()
        };
        self.blocks_on_host(n).map(one).collect()
    }

    /// Uniform numbers in `[0, 1)` on the host, multiples of 2⁻³².
    pub(crate) fn uniform_on_host(&mut self, n: usize) -> Vec<f64> {
        let one = |words: [u32; 4]| f64::from(words[0]) / 4_294_967_296.0;
        self.blocks_on_host(n).map(one).collect()
    }
}

/// Words as numbers in [0, 1): their upper 24 bits.
#[track_caller]
pub(super) fn unit(bits: &Tensor) -> Tensor {
    let whole = 1.0 / (1u64 << 24) as f64;
    scaled(bits, 1 << 24).to_dtype(DType::F32) * whole
}

/// Words scaled to `0..width`.
#[track_caller]
pub(super) fn scaled(bits: &Tensor, width: u32) -> Tensor {
    let width = Tensor::constant(width.into(), DType::U32, Shape::default(), bits.device());
    Tensor::point(PointOp::MulHi, [bits, &width], bits.shape_ref(), DType::U32)
}

impl Tensor {
    /// Uniform numbers in `[0, 1)` from the device's own generator (see [`Device::seed`]).
    ///
    /// # Errors
    /// A shape that the device cannot hold.
    #[track_caller]
    pub fn uniform(shape: impl IntoShape, device: &Device) -> Result<Tensor> {
        device.with_generator(|g| g.uniform(shape, device))
    }

    /// Normal numbers of mean 0 and deviation 1 from the device's own generator.
    ///
    /// # Errors
    /// A shape that the device cannot hold.
    #[track_caller]
    pub fn normal(shape: impl IntoShape, device: &Device) -> Result<Tensor> {
        device.with_generator(|g| g.normal(shape, device))
    }
}
