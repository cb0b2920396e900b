//! Joining, padding and repeating.

use tilewise::{Pad, Tensor};

use super::super::draw::Class::Keep;
use super::{Step, one, step};

pub(super) const STEPS: &[Step] = &[
    step("concat", Keep, |d| {
        let (t, axis) = d.along()?;
        let mut shape = t.shape().to_vec();
        if let Some(size) = shape.get_mut(axis.rem_euclid(t.ndim() as isize) as usize) {
            *size = d.size();
        }
        d.of_shape(&shape)?;
        one(move |v| Tensor::concat(&[v[0], v[1], v[0]], axis))
    }),
    step("concat flipped", Keep, |d| {
        let (_, axis) = d.along()?;
        one(move |v| Tensor::concat(&[v[0], &v[0].flip(axis)?], axis))
    }),
    step("stack", Keep, |d| {
        let t = d.operand(|t| t.ndim() < 5)?;
        let axis = d.axis(&t);
        d.of_shape(t.shape())?;
        one(move |v| Tensor::stack(&[v[0], v[1]], axis))
    }),
    step("vstack", Keep, |d| {
        let t = d.any()?;
        d.of_shape(t.shape())?;
        one(move |v| Tensor::vstack(&[v[0], v[1]]))
    }),
    step("hstack", Keep, |d| {
        let t = d.any()?;
        d.of_shape(t.shape())?;
        one(move |v| Tensor::hstack(&[v[0], v[1]]))
    }),
    step("pad", Keep, |d| {
        let t = d.any()?;
        let widths: Vec<(usize, usize)> =
            t.shape().iter().map(|_| (d.below(3), d.below(3))).collect();
        let widths = d.note(widths);
        let value = d.number(0, 8) as i32;
        let mode = d.pick(&[
            Pad::constant(value),
            Pad::constant(value),
            Pad::Edge,
            Pad::Reflect,
            Pad::Symmetric,
            Pad::Wrap,
        ]);
        one(move |v| v[0].pad(&widths[..], mode))
    }),
    step("tile", Keep, |d| {
        d.any()?;
        let counts = d.pick(&[[1, 2], [2, 1], [3, 2], [0, 1], [1, 1]]);
        one(move |v| v[0].tile(counts))
    }),
    step("repeat", Keep, |d| {
        let (_, axis) = d.along()?;
        let count = d.pick(&[0, 1, 2, 3]);
        one(move |v| v[0].repeat(count, axis))
    }),
    step("repeat each", Keep, |d| {
        let t = d.operand(|t| t.ndim() > 0)?;
        let counts: Vec<isize> = (0..t.shape()[0]).map(|_| d.below(3) as isize).collect();
        let counts = d.note(counts);
        one(move |v| v[0].repeat(&counts, 0))
    }),
    step("tril", Keep, |d| {
        d.operand(|t| t.ndim() > 1)?;
        let k = d.number(-2, 3);
        one(move |v| v[0].tril(k))
    }),
    step("triu", Keep, |d| {
        d.operand(|t| t.ndim() > 1)?;
        let k = d.number(-2, 3);
        one(move |v| v[0].triu(k))
    }),
    step("meshgrid", Keep, |d| {
        d.operand(|t| t.ndim() == 1 && t.size() < 40)?;
        d.operand(|t| t.ndim() == 1 && t.size() < 40)?;
        let indexing = d.pick(&[tilewise::Indexing::Xy, tilewise::Indexing::Ij]);
        super::many(move |v| Tensor::meshgrid(&[v[0], v[1]], indexing, false))
    }),
];
