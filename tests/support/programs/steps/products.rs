//! Products, convolutions and pooling.

use tilewise::{Conv, Mode, Pool, Result, Tensor};

use super::super::draw::Class::{Keep, Product, Whole};
use super::super::draw::Draw;
use super::super::program::Run;
use super::{Step, one, step};

type Call = fn(&Tensor, &Tensor) -> Result<Tensor>;

pub(super) const STEPS: &[Step] = &[
    step("matmul", Product, |d| {
        let a = d.operand(|t| t.ndim() > 0)?;
        let mut shape = a.shape().to_vec();
        let k = shape.pop()?;
        if d.once_in(3) {
            d.any()?;
            return one(|v| v[0].matmul(v[1]).or_else(|_| v[0].matmul(&v[1].t())));
        }
        if shape.pop().is_none() || d.once_in(2) {
            shape.clear();
        }
        let columns = d.size();
        shape.extend([k, columns]);
        d.of_shape(&shape)?;
        one(|v| v[0].matmul(v[1]))
    }),
    step("matmul by a vector", Product, |d| {
        let a = d.operand(|t| t.ndim() > 0)?;
        d.of_shape(&a.shape()[a.ndim() - 1..])?;
        one(|v| v[0].matmul(v[1]))
    }),
    step("gram", Product, |d| {
        d.operand(|t| t.ndim() > 1)?;
        one(|v| v[0].matmul(&v[0].swapaxes(-1, -2)?))
    }),
    step("dot", Product, |d| {
        twin(d, |a, b| a.ravel().dot(&b.ravel()))
    }),
    step("inner", Product, |d| twin(d, |a, b| a.inner(b))),
    step("outer", Product, |d| {
        d.operand(|t| t.size() < 50)?;
        d.operand(|t| t.size() < 50)?;
        one(|v| v[0].outer(v[1]))
    }),
    step("kron", Product, |d| {
        d.operand(|t| t.size() < 50 && t.ndim() < 4)?;
        d.operand(|t| t.size() < 50 && t.ndim() < 4)?;
        one(|v| v[0].kron(v[1]))
    }),
    step("tensordot", Product, |d| {
        let t = d.operand(|t| t.size() < 400)?;
        d.of_shape(t.shape())?;
        let n = d.number(0, t.ndim() as isize + 2) as usize;
        one(move |v| {
            let axes: Vec<isize> = (0..n as isize).collect();
            v[0].tensordot(v[1], (&axes[..], &axes[..]))
        })
    }),
    step("einsum ij,kj->ik", Product, |d| {
        twin_of(d, 2, |a, b| Tensor::einsum("ij,kj->ik", &[a, b]))
    }),
    step("einsum ij,ij->j", Product, |d| {
        twin_of(d, 2, |a, b| Tensor::einsum("ij,ij->j", &[a, b]))
    }),
    step("einsum bij,bij->bi", Product, |d| {
        twin_of(d, 3, |a, b| Tensor::einsum("bij,bij->bi", &[a, b]))
    }),
    step("einsum bij,bkj", Product, |d| {
        twin_of(d, 3, |a, b| Tensor::einsum("bij,bkj", &[a, b]))
    }),
    step("einsum ...j->...", Whole, |d| {
        twin(d, |a, _| Tensor::einsum("...j->...", &[a]))
    }),
    step("einsum ii", Whole, |d| {
        twin_of(d, 2, |a, b| Tensor::einsum("ij,ji", &[a, &b.t()]))
    }),
    step("trace", Whole, |d| {
        d.operand(|t| t.ndim() > 1)?;
        let offset = d.number(-2, 3);
        one(move |v| v[0].trace(offset, 0, 1))
    }),
    step("cross", Product, |d| {
        let t = d.operand(|t| t.shape().last() == Some(&3))?;
        d.of_shape(t.shape())?;
        one(|v| v[0].cross(v[1], -1))
    }),
    step("cdist", Whole, |d| {
        let t = d.operand(|t| t.ndim() == 2 && t.size() < 300)?;
        let p = d.pick(&[1.0, f64::INFINITY]);
        let shape = [d.size(), t.shape()[1]];
        d.of_shape(&shape)?;
        one(move |v| v[0].cdist(v[1], p))
    }),
    step("matrix_power", Whole, |d| {
        d.operand(|t| t.ndim() == 2)?;
        let n = d.pick(&[0, 1, 2, 3]);
        one(move |v| v[0].clamp(0, 1)?.floor().matrix_power(n))
    }),
    step("convolve", Product, |d| {
        d.operand(|t| t.ndim() == 1)?;
        d.operand(|t| t.ndim() == 1)?;
        let mode = d.pick(&[Mode::Full, Mode::Same, Mode::Valid]);
        one(move |v| v[0].convolve(v[1], mode))
    }),
    step("correlate", Product, |d| {
        d.operand(|t| t.ndim() == 1)?;
        d.operand(|t| t.ndim() == 1)?;
        let mode = d.pick(&[Mode::Full, Mode::Same, Mode::Valid]);
        one(move |v| v[0].correlate(v[1], mode))
    }),
    step("conv1d", Product, |d| {
        let x = d.operand(|t| t.ndim() == 3)?;
        let shape = [d.below(3) + 1, x.shape()[1], d.below(3) + 1];
        d.of_shape(&shape)?;
        let conv = convolution(d);
        one(move |v| v[0].conv1d(v[1], None, conv))
    }),
    step("conv2d", Product, |d| {
        let x = d.operand(|t| t.ndim() == 4)?;
        let shape = [d.below(3) + 1, x.shape()[1], d.below(3) + 1, d.below(3) + 1];
        d.of_shape(&shape)?;
        let conv = convolution(d);
        one(move |v| v[0].conv2d(v[1], None, conv))
    }),
    step("conv_transpose1d", Product, |d| {
        let x = d.operand(|t| t.ndim() == 3)?;
        let shape = [x.shape()[1], d.below(3) + 1, d.below(3) + 1];
        d.of_shape(&shape)?;
        let conv = convolution(d);
        one(move |v| v[0].conv_transpose1d(v[1], None, conv))
    }),
    step("max_pool1d", Keep, |d| {
        d.operand(|t| t.ndim() > 1)?;
        let pool = pool(d);
        one(move |v| v[0].max_pool1d(pool))
    }),
    step("max_pool2d", Keep, |d| {
        d.operand(|t| t.ndim() > 2)?;
        let pool = pool(d);
        one(move |v| v[0].max_pool2d(pool))
    }),
    step("avg_pool2d", Whole, |d| {
        d.operand(|t| t.ndim() > 2)?;
        let by = d.pick(&[1, 2]);
        one(move |v| v[0].avg_pool2d(Pool::new(2).stride(by)))
    }),
];

/// A call on two operands of one shape.
fn twin(d: &mut Draw, call: Call) -> Option<Run> {
    let t = d.any()?;
    d.of_shape(t.shape())?;
    one(move |v| call(v[0], v[1]))
}

/// A call on two operands of one shape, of a rank.
fn twin_of(d: &mut Draw, rank: usize, call: Call) -> Option<Run> {
    let t = d.operand(|t| t.ndim() == rank)?;
    d.of_shape(t.shape())?;
    one(move |v| call(v[0], v[1]))
}

fn convolution(d: &mut Draw) -> Conv {
    let (stride, padding, dilation) = (d.pick(&[1, 2]), d.pick(&[0, 1, 2]), d.pick(&[1, 2]));
    Conv::new()
        .stride(stride)
        .padding(padding)
        .dilation(dilation)
}

fn pool(d: &mut Draw) -> Pool {
    let (size, by, padding) = (d.pick(&[1, 2, 3]), d.pick(&[1, 2]), d.pick(&[0, 0, 1]));
    let ceil = d.pick(&[true, false]);
    Pool::new(size).stride(by).padding(padding).ceil_mode(ceil)
}
