//! Sorting and selecting.

use std::ops::Range;
use std::panic::Location;

use super::Tensor;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::op::{Op, PointOp, Wanted};
use crate::queue::Arg;
use crate::shape::Shape;

/// Which way round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    /// From the largest on, NaN first.
    Down,
}

impl Tensor {
    /// The elements in ascending order along an axis, NaN last.
    ///
    /// # Errors
    /// An axis out of range; more elements than the device can sort.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3f32, f32::NAN, -1., 2.], &Device::cpu())?;
    /// assert_eq!(x.sort(0)?.to_vec::<f32>()?[..3], [-1., 2., 3.]);
    /// assert_eq!(x.argsort(0)?.to_vec::<u32>()?, [2, 3, 0, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn sort(&self, axis: isize) -> Result<Tensor> {
        let axis = self.shape_ref().axis("sort", axis)?;
        self.ranked("sort", axis, Way::Up, self.every_rank(axis))
    }

    /// The elements in descending order along an axis, NaN first; PyTorch's
    /// `sort(descending=True)`.
    ///
    /// # Errors
    /// As [`sort`](Tensor::sort).
    #[track_caller]
    pub fn sort_descending(&self, axis: isize) -> Result<Tensor> {
        const OP: &str = "sort_descending";
        let axis = self.shape_ref().axis(OP, axis)?;
        self.ranked(OP, axis, Way::Down, self.every_rank(axis))
    }

    /// Where along the axis the elements stand that [`sort`](Tensor::sort) gives, as `u32`. Equal
    /// elements keep their order; so do −0 and +0, and all NaN.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn argsort(&self, axis: isize) -> Result<Tensor> {
        let axis = self.shape_ref().axis("argsort", axis)?;
        self.ranks("argsort", axis, Way::Up, self.every_rank(axis))
    }

    /// As [`argsort`](Tensor::argsort), in descending order; equal elements keep their order here too.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn argsort_descending(&self, axis: isize) -> Result<Tensor> {
        const OP: &str = "argsort_descending";
        let axis = self.shape_ref().axis(OP, axis)?;
        self.ranks(OP, axis, Way::Down, self.every_rank(axis))
    }

    /// The `k` largest elements along an axis, the largest first, and where they stand, as `u32`; NaN
    /// counts as the largest. Of equals the first is first.
    ///
    /// # Errors
    /// An axis out of range, or more elements than it has.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([3f32, 5., -1., 4.], &Device::cpu())?;
    /// let (values, places) = x.topk(2, 0)?;
    /// assert_eq!(values.to_vec::<f32>()?, [5., 4.]);
    /// assert_eq!(places.to_vec::<u32>()?, [1, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn topk(&self, k: usize, axis: isize) -> Result<(Tensor, Tensor)> {
        self.first("topk", k, axis, Way::Down)
    }

    /// The `k` smallest elements along an axis, the smallest first, and where they stand; PyTorch's
    /// `topk(largest=False)`.
    ///
    /// # Errors
    /// As [`topk`](Tensor::topk).
    #[track_caller]
    pub fn topk_smallest(&self, k: usize, axis: isize) -> Result<(Tensor, Tensor)> {
        self.first("topk_smallest", k, axis, Way::Up)
    }

    /// The `k`th smallest element along an axis, counted from 1 as in PyTorch, and where it stands; the
    /// axis goes.
    ///
    /// # Errors
    /// An axis out of range, or no such element.
    #[track_caller]
    pub fn kthvalue(&self, k: usize, axis: isize) -> Result<(Tensor, Tensor)> {
        const OP: &str = "kthvalue";
        let at = self.shape_ref().axis(OP, axis)?;
        if k == 0 || k > self.shape()[at] {
            let message = format!("k is from 1 to {}, not {k}", self.shape()[at]);
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        let places = self.ranks(OP, at, Way::Up, Wanted::Ranks(k - 1, k))?;
        let values = self.gather(at as isize, &places)?;
        Ok((values.squeeze(at as isize)?, places.squeeze(at as isize)?))
    }

    #[track_caller]
    fn first(&self, op: &'static str, k: usize, axis: isize, way: Way) -> Result<(Tensor, Tensor)> {
        let at = self.shape_ref().axis(op, axis)?;
        if k > self.shape()[at] {
            let message = format!("axis {axis} has no {k} elements");
            return Err(Error::shape(op, self.shape_ref(), message));
        }
        let places = self.ranks(op, at, way, Wanted::Ranks(0, k))?;
        Ok((self.gather(at as isize, &places)?, places))
    }

    /// The elements along an axis parted by the one that [`sort`](Tensor::sort) puts at place `kth`: those
    /// that a sort puts before it, then it and its equals, then those that it puts behind. Within each of
    /// the three parts they keep their order, on every device; NumPy promises none.
    ///
    /// # Errors
    /// An axis or `kth` out of range; negative ones count from the end.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([7f32, 3., 9., 1., 5., 3.], &Device::cpu())?;
    /// assert_eq!(x.partition(3, 0)?.to_vec::<f32>()?, [3., 1., 3., 5., 7., 9.]);
    /// assert_eq!(x.argpartition(3, 0)?.to_vec::<u32>()?, [1, 3, 5, 4, 0, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn partition(&self, kth: isize, axis: isize) -> Result<Tensor> {
        const OP: &str = "partition";
        let (axis, parted) = self.parted(OP, kth, axis)?;
        self.ranked(OP, axis, Way::Up, parted)
    }

    /// Where the elements stand that [`partition`](Tensor::partition) gives, as `u32`. As to
    /// [`argsort`](Tensor::argsort), −0 and +0 are equal, and so are all NaN.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn argpartition(&self, kth: isize, axis: isize) -> Result<Tensor> {
        const OP: &str = "argpartition";
        let (axis, parted) = self.parted(OP, kth, axis)?;
        self.ranks(OP, axis, Way::Up, parted)
    }

    /// The axis, and that it is parted.
    #[track_caller]
    fn parted(&self, op: &'static str, kth: isize, axis: isize) -> Result<(usize, Wanted)> {
        let at = self.shape_ref().axis(op, axis)?;
        let size = self.shape()[at];
        let n = size as isize;
        if (-n..n).contains(&kth) {
            return Ok((at, Wanted::Parted(kth.rem_euclid(n) as usize)));
        }
        let message = format!("kth = {kth} is no place on axis {axis}, which has {size}");
        Err(Error::shape(op, self.shape_ref(), message))
    }

    /// All ranks of an axis.
    fn every_rank(&self, axis: usize) -> Wanted {
        Wanted::Ranks(0, self.shape()[axis])
    }

    /// The elements of some ranks along an axis, in order.
    #[track_caller]
    pub(super) fn smallest(
        &self,
        op: &'static str,
        axis: usize,
        ranks: Range<usize>,
    ) -> Result<Tensor> {
        self.ranked(op, axis, Way::Up, Wanted::Ranks(ranks.start, ranks.end))
    }

    #[track_caller]
    fn ranked(&self, op: &'static str, axis: usize, way: Way, wanted: Wanted) -> Result<Tensor> {
        // A gradient goes to where an element stood.
        if self.is_tracked() {
            let places = self.ranks(op, axis, way, wanted)?;
            return self.gather(axis as isize, &places);
        }
        let keys = self.turned(&self.keys()?, way)?;
        let sorted = keys.in_order(op, axis, false, wanted, self.key_bits())?;
        self.of_keys(&self.turned(&sorted, way)?)
    }

    /// The places of the elements that are wanted.
    #[track_caller]
    fn ranks(&self, op: &'static str, axis: usize, way: Way, wanted: Wanted) -> Result<Tensor> {
        let keys = self.keys()?;
        // Two zeros are equal, though their keys are not. Told by the keys: to a comparison of floats
        // the smallest numbers may be zero as well.
        let keys = match self.dtype.is_float() {
            true => keys.eq((1u32 << 31) - 1)?.select(1u32 << 31, &keys)?,
            false => keys,
        };
        let keys = self.turned(&keys, way)?;
        keys.in_order(op, axis, true, wanted, self.key_bits())
    }

    /// The `u32` that stand among one another as the elements do.
    #[track_caller]
    pub(super) fn keys(&self) -> Result<Tensor> {
        Ok(match self.dtype {
            DType::F32 | DType::F16 => {
                Self::point(PointOp::Key, [self], self.shape_ref(), DType::U32)
            }
            DType::I32 => self.to_dtype(DType::U32).try_add(1u32 << 31)?,
            DType::U32 | DType::Bool => self.detach().to_dtype(DType::U32),
        })
    }

    /// The elements that have the keys, of this tensor's dtype.
    #[track_caller]
    pub(super) fn of_keys(&self, keys: &Tensor) -> Result<Tensor> {
        Ok(match self.dtype {
            DType::F32 | DType::F16 => {
                Self::point(PointOp::FromKey, [keys], keys.shape_ref(), self.dtype)
            }
            DType::I32 => keys.try_sub(1u32 << 31)?.to_dtype(DType::I32),
            DType::U32 | DType::Bool => keys.to_dtype(self.dtype),
        })
    }

    /// This tensor's keys in the other order, if it is asked for.
    #[track_caller]
    fn turned(&self, keys: &Tensor, way: Way) -> Result<Tensor> {
        match way {
            Way::Up => Ok(keys.clone()),
            Way::Down => {
                let last = Scalar::from(u32::MAX >> (32 - self.key_bits()));
                let last = Self::constant(last, DType::U32, Shape::default(), &self.device);
                last.try_sub(keys)
            }
        }
    }

    /// Bits that the keys differ in.
    fn key_bits(&self) -> u32 {
        if self.dtype == DType::Bool { 1 } else { 32 }
    }

    /// `u32` keys below 2 to the power of `bits` in an order along an axis, or where they stand.
    #[track_caller]
    pub(crate) fn in_order(
        &self,
        op: &'static str,
        axis: usize,
        places: bool,
        wanted: Wanted,
        bits: u32,
    ) -> Result<Tensor> {
        let last = self.ndim() - 1;
        if axis != last {
            let mut order: Vec<usize> = (0..=last).filter(|&i| i != axis).collect();
            order.push(axis);
            let sorted = self
                .permuted(&order)
                .in_order(op, last, places, wanted, bits)?;
            let mut back: Vec<usize> = (0..last).collect();
            back.insert(axis, last);
            return Ok(sorted.permuted(&back));
        }
        let mut dims = self.shape().to_vec();
        dims[last] = wanted.count(dims[last]);
        let shape = Shape::checked(op, &dims)?;
        if shape.size() == 0 {
            return Ok(Self::constant(0u32.into(), DType::U32, shape, &self.device));
        }
        // Keys move with their places.
        let moved = Shape::of(&[self.size(), 1 + places as usize]);
        self.device.check_size(op, &moved, DType::U32)?;
        let (storage, layout) = self.stored();
        let args = [Arg::Value(&storage, &layout)];
        let op = Op::Sort {
            places,
            wanted,
            bits,
        };
        let at = Location::caller();
        Ok(Self::record(
            op,
            &args,
            &shape,
            DType::U32,
            &self.device,
            at,
        ))
    }
}
