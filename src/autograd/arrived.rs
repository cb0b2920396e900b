//! Gradients that have arrived at a node and wait for the walk to come by.

use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Node;
use crate::error::Result;
use crate::layout::Layout;
use crate::shape::{MAX_RANK, Shape};
use crate::tensor::Tensor;

/// The nodes that gradients have arrived at and the walk has not.
#[derive(Default)]
pub(super) struct Front {
    waiting: FxHashMap<u64, Arrived>,
    order: BinaryHeap<u64>,
}

impl Front {
    /// What has arrived at a node, whose result has a shape.
    pub(super) fn at(&mut self, node: &Arc<Node>, shape: &Shape) -> &mut Arrived {
        self.waiting.entry(node.id).or_insert_with(|| {
            self.order.push(node.id);
            Arrived {
                node: node.clone(),
                shape: shape.clone(),
                whole: None,
                parts: Vec::new(),
            }
        })
    }

    /// Takes the node that was made last: nothing more can arrive at it.
    pub(super) fn pop(&mut self) -> Option<Arrived> {
        self.waiting.remove(&self.order.pop()?)
    }
}

/// What has arrived at a node, from all that was made of its result.
///
/// Gradients of parts are kept as parts until all are there. A tensor that is cut into n parts, as a sequence is
/// into steps, has a gradient that is put together once; parts that are laid into zeros one by one and
/// added would take n times as long.
pub(super) struct Arrived {
    pub(super) node: Arc<Node>,
    /// That of the node's result.
    shape: Shape,
    whole: Option<Tensor>,
    parts: Vec<(Tensor, Layout)>,
}

impl Arrived {
    /// One more gradient of the whole.
    #[track_caller]
    pub(super) fn add(&mut self, gradient: Tensor) -> Result<()> {
        self.whole = Some(match self.whole.take() {
            Some(sum) => sum.try_add(&gradient)?,
            None => gradient,
        });
        Ok(())
    }

    /// One more gradient of a part: the layout that it has in a contiguous whole.
    pub(super) fn add_part(&mut self, gradient: Tensor, region: Layout) {
        self.parts.push((gradient, region));
    }

    /// The sum; none where nothing has arrived.
    #[track_caller]
    pub(super) fn sum(mut self) -> Result<Option<Tensor>> {
        let shape = self.shape.clone();
        let parts = std::mem::take(&mut self.parts);
        let regions: Vec<Layout> = parts.iter().map(|(_, region)| region.clone()).collect();
        let Some((first, _)) = parts.first() else {
            return Ok(self.whole);
        };
        let dtype = first.dtype();
        if are_apart(&regions, &shape) {
            let parts: Vec<&Tensor> = parts.iter().map(|(part, _)| part).collect();
            self.add(Tensor::assemble(&parts, regions, shape.clone(), dtype))?;
        } else {
            for (part, region) in &parts {
                let region = vec![region.clone()];
                self.add(Tensor::assemble(&[part], region, shape.clone(), dtype))?;
            }
        }
        Ok(self.whole)
    }
}

/// Whether it is plain that no element lies in two regions: along some axis each ends before the next starts.
fn are_apart(regions: &[Layout], shape: &Shape) -> bool {
    if shape.size() == 0 {
        return false;
    }
    let spans: Option<Vec<_>> = regions.iter().map(|region| spans(region, shape)).collect();
    let Some(mut spans) = spans else {
        return false;
    };
    (0..shape.ndim()).any(|axis| {
        spans.sort_by_key(|spans| spans[axis]);
        let mut pairs = spans.windows(2);
        pairs.all(|pair| pair[0][axis].1 < pair[1][axis].0)
    })
}

/// The first and the last place along each axis of the whole that a region reaches; none where it is not
/// made of steps along axes, as a diagonal is not.
fn spans(region: &Layout, shape: &Shape) -> Option<[(usize, usize); MAX_RANK]> {
    let whole = Layout::contiguous(shape.clone());
    let axes = || whole.strides().iter().zip(shape.dims()).enumerate();
    let mut spans = [(0, 0); MAX_RANK];
    for (axis, (&stride, &size)) in axes() {
        let at = (region.offset() / stride as usize).checked_rem(size)?;
        spans[axis] = (at, at);
    }
    for (&count, &step) in region.dims().iter().zip(region.strides()) {
        if count < 2 {
            continue;
        }
        let (axis, (&stride, &size)) = axes().find(|&(_, (&stride, &size))| {
            let reach = step.abs() / stride;
            reach > 0 && reach < size as isize && step % stride == 0
        })?;
        let (low, high) = &mut spans[axis];
        let travel = (count - 1) * (step.abs() / stride) as usize;
        if step > 0 {
            *high += travel;
        } else {
            *low = low.checked_sub(travel)?;
        }
        if *high >= size {
            return None;
        }
    }
    Some(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;

    /// The gradient of n parts is n copies, not n tensors of the whole's size and their sum.
    #[test]
    fn parts_are_put_together_once() -> Result<()> {
        let device = Device::new_cpu();
        let x = Tensor::zeros([32, 64], &device)?.variable();
        let mut sum = Tensor::zeros([64], &device)?;
        for step in x.unstack(0)? {
            sum = sum.try_add(step)?.tanh();
        }
        let gradients = sum.sum(..)?.backward()?;
        let gradient = gradients.get(&x).cloned();
        drop((sum, gradients));
        let text = gradient.map(|gradient| gradient.explain());
        let text = text.unwrap_or_default();
        assert_eq!(text.matches("(1,64)").count(), 32, "{text}");
        assert!(!text.contains("(32,64)"), "{text}");
        Ok(())
    }

    fn part(shape: &[usize], strides: &[isize], offset: usize) -> Layout {
        Layout::from_parts(Shape::of(shape), strides, offset)
    }

    #[test]
    fn regions_that_are_apart() {
        let whole = Shape::of(&[3, 1, 4]);
        let rows = [
            part(&[1, 4], &[4, 1], 8),
            part(&[4], &[1], 0),
            part(&[4], &[-1], 7),
        ];
        assert!(are_apart(&rows, &whole));
        let halves = [part(&[3, 2], &[4, 1], 0), part(&[2, 3], &[1, 4], 2)];
        assert!(are_apart(&halves, &whole));
        // They share the last row, the second column, and an element.
        let sharing = [part(&[2, 4], &[4, 1], 4), part(&[4], &[1], 8)];
        assert!(!are_apart(&sharing, &whole));
        let sharing = [part(&[3, 2], &[4, 1], 0), part(&[3, 2], &[4, 1], 1)];
        assert!(!are_apart(&sharing, &whole));
        let sharing = [part(&[4], &[1], 4), part(&[3], &[4], 2)];
        assert!(!are_apart(&sharing, &whole));
        // A diagonal runs through all rows.
        let diagonal = [part(&[3], &[5], 0), part(&[4], &[1], 4)];
        assert!(!are_apart(&diagonal, &whole));
    }
}
