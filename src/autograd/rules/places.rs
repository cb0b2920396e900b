//! The gradients of gathers and of scatters, each of which is made of the other.

use super::{Parts, Saved, inverse, where_true};
use crate::dtype::DType;
use crate::error::Result;
use crate::op::{ReduceOp, ScatterOp};
use crate::shape::Shape;
use crate::tensor::{Places, Tensor};

/// Adds each gradient at the place its index named, in the same order each time.
#[track_caller]
pub(super) fn gather(g: &Tensor, index: &Tensor, axis: usize, shape: &Shape) -> Result<Tensor> {
    let zeros = |shape: &Shape| Tensor::constant(0.into(), g.dtype(), shape.clone(), g.device());
    if shape.size() == 0 || g.size() == 0 {
        return Ok(zeros(shape));
    }
    let index = index.detach();
    let size = shape.dims()[axis];
    let whole = (0..shape.ndim()).all(|i| i == axis || index.shape()[i] == shape.dims()[i]);
    if index.shape()[axis] == 1 && whole {
        // One index for all places, as a loss picks one class a row: a comparison with their numbers fuses.
        let places = zeros(shape).places(axis)?;
        return Ok(where_true(&named(&places, &index, size)?, g));
    }
    let add = ScatterOp::Combine(ReduceOp::Sum);
    // An index that selects whole slices is the same along the other axes.
    let slices = (0..index.ndim()).all(|i| i == axis || index.shape()[i] == 1);
    if !slices {
        let zeros = zeros(shape);
        let places = Places::along("gather", &zeros, axis, &index)?;
        return zeros.scatter(add, &places, g);
    }
    let flat = index.reshape([-1])?;
    let order: Vec<usize> = std::iter::once(axis)
        .chain((0..shape.ndim()).filter(|&i| i != axis))
        .collect();
    let rows = g.permuted(&order);
    let dims: Vec<usize> = order.iter().map(|&i| shape.dims()[i]).collect();
    let dims = Shape::of(&dims);
    let sums = if g.device().limits().abilities.scatters_in_order || size * flat.size() > ONE_HOT {
        let zeros = zeros(&dims);
        zeros.scatter(add, &Places::at("gather", &zeros, &[&flat])?, &rows)?
    } else {
        let places = Tensor::index(size, g.device())?.unsqueeze(1)?;
        let one_hot = named(&places, &flat, size)?.to_dtype(g.dtype());
        let rows = rows.reshape([flat.size() as isize, -1])?;
        one_hot.matmul(&rows)?.reshaped(&dims)
    };
    Ok(sums.permuted(&inverse(&order)))
}

/// Elements of a one-hot matrix up to which a product with it is faster than sorting.
const ONE_HOT: usize = 1 << 14;

/// Whether an index names a place, in the shape of the comparison, so that it fuses with what uses it; a
/// negative one counts from the end.
#[track_caller]
fn named(places: &Tensor, index: &Tensor, size: usize) -> Result<Tensor> {
    let distance = places.to_dtype(index.dtype()).try_sub(index)?;
    distance.eq(0)?.logical_or(&distance.eq(size)?)
}

/// Of a scatter: to what stands in the result, whether it was there or was put there.
#[track_caller]
pub(super) fn scatter(op: ScatterOp, g: &Tensor, s: &Saved, updates: &Shape) -> Result<Parts> {
    let slices = s.b();
    let rest = Shape::of(&updates.dims()[slices.ndim()..]);
    let places = Places::new(slices, rest);
    match op {
        _ if updates.size() == 0 || g.size() == 0 => Ok(vec![Some(g.clone()), None, None]),
        ScatterOp::Combine(ReduceOp::Sum) => Ok(vec![Some(g.clone()), None, Some(places.take(g)?)]),
        ScatterOp::Set => {
            let (last, numbers) = places.last(g)?;
            let spread = places
                .beside_slices(&last)
                .expanded(places.of(g)?.shape_ref());
            let last = spread.reshaped(g.shape_ref());
            let stands = places.take(&last)?.eq(places.beside_slices(&numbers))?;
            let base = where_true(&last.eq(0)?, g);
            let values = where_true(&stands, &places.take(g)?);
            Ok(vec![Some(base), None, Some(values)])
        }
        ScatterOp::Combine(_) => {
            // Shared evenly among equals.
            let y = s.y().detach();
            let base = s.a().detach().eq(&y)?;
            let values = s.input(2).detach().eq(&places.take(&y)?)?;
            let one = |hits: &Tensor| hits.to_dtype(DType::U32);
            let add = ScatterOp::Combine(ReduceOp::Sum);
            let count = one(&base).scatter(add, &places, &one(&values))?;
            let share = g.try_div(count.to_dtype(g.dtype()))?;
            let there = where_true(&values, &places.take(&share)?);
            Ok(vec![Some(where_true(&base, &share)), None, Some(there)])
        }
    }
}
