//! A product as a reduction whose prologue multiplies.

use super::Product;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::program::Stream;
use crate::op::{Body, Inst, PointOp, Program};
use crate::plan::{Kernel, Matrix};
use crate::shape::Shape;

impl Product<'_> {
    /// The product as the sum over k of a prologue that multiplies: that prologue, and the shape that
    /// is summed over.
    pub(in crate::exec::gpu) fn summed(&self, kernel: &Kernel) -> (Body, Shape) {
        let rank = kernel.shape.ndim();
        let (rows, columns) = (rank - 2, rank - 1);
        let whole: Shape = kernel
            .shape
            .dims()
            .iter()
            .copied()
            .chain([self.k])
            .collect();
        let laid = |x: &Matrix, row: isize, column: isize, step: isize| {
            let mut strides = x.layout.strides()[..rows].to_vec();
            strides.extend([row, column, step]);
            Stream {
                slot: Some(x.slot),
                dtype: self.dtype,
                layout: Layout::from_parts(whole.clone(), &strides, x.layout.offset()),
                gather: None,
            }
        };
        let stride = |x: &Matrix, axis: usize| x.layout.strides()[axis];
        let a = laid(self.a, stride(self.a, rows), 0, stride(self.a, columns));
        let b = laid(self.b, 0, stride(self.b, columns), stride(self.b, rows));
        // Products are not rounded to f16: the sum accumulates in f32.
        let dtype = if self.dtype == DType::F16 {
            DType::F32
        } else {
            self.dtype
        };
        let program = Program {
            insts: vec![
                (Inst::Load(0), dtype),
                (Inst::Load(1), dtype),
                (Inst::Apply(PointOp::Mul, [0, 1, 1]), dtype),
            ],
            results: vec![2],
        };
        let prologue = Body {
            program,
            streams: vec![a, b],
            ..Body::default()
        };
        (prologue, Shape::of(&[self.k]))
    }
}
