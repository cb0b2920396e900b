//! Sliding windows: a view for pooling, convolution and moving averages, and its adjoint.

use super::Tensor;
use crate::autograd::{Rule, track};
use crate::error::{Error, Result};
use crate::layout::{Layout, Windows};
use crate::shape::{MAX_RANK, Shape};

impl Tensor {
    /// The windows of an axis, as a view: the axis counts the windows, and a new last axis of `size`
    /// walks through one. Window `c` holds the elements `c·step + k·dilation` for `k` below `size`; what
    /// no whole window reaches is left out. NumPy's `sliding_window_view` (with steps of 1), PyTorch's
    /// `unfold` (without dilation).
    ///
    /// `(…, n, …)` becomes `(…, count, …, size)`, where `count` is
    /// `(n − (size − 1)·dilation − 1) / step + 1`.
    ///
    /// # Errors
    /// An axis out of range, a size, step or dilation of 0, a window that reaches beyond the axis, or a
    /// rank beyond 8.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::new([1., 2., 4., 8., 16.], &Device::cpu())?;
    /// let means = x.windows(0, 2, 1, 1)?.mean(-1)?;
    /// assert_eq!(means.to_vec::<f32>()?, [1.5, 3., 6., 12.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "sliding_window_view")]
    #[doc(alias = "unfold")]
    #[track_caller]
    pub fn windows(
        &self,
        axis: isize,
        size: usize,
        step: usize,
        dilation: usize,
    ) -> Result<Tensor> {
        const OP: &str = "windows";
        let at = self.shape_ref().axis(OP, axis)?;
        if self.ndim() == MAX_RANK {
            let message = format!("the result would have more than {MAX_RANK} dimensions");
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        for (name, given) in [("size", size), ("step", step), ("dilation", dilation)] {
            if given == 0 {
                let message = format!("the {name} of windows must be at least 1");
                return Err(Error::value(OP, message));
            }
        }
        let n = self.shape()[at];
        let span = (size - 1).checked_mul(dilation);
        if span.is_none_or(|span| span >= n) {
            let message = format!(
                "windows of {size} with dilation {dilation} do not fit axis {axis} of size {n}"
            );
            return Err(Error::shape(OP, self.shape_ref(), message));
        }
        Ok(self.windowed(Windows {
            axis: at,
            size,
            step,
            dilation,
        }))
    }

    /// The windows, known to fit.
    pub(crate) fn windowed(&self, windows: Windows) -> Tensor {
        let layout = self.layout().windows(windows);
        let count = layout.dims()[windows.axis];
        let rule = match windows.are_apart(count) {
            true => Rule::Region(Layout::contiguous(self.shape_ref().clone()).windows(windows)),
            false => Rule::Windows(windows),
        };
        self.view(layout, rule)
    }

    /// The adjoint of [`Tensor::windowed`]: windows added up where they overlap, to a tensor of the
    /// shape that they are of.
    ///
    /// For each `k` the elements `k` of all windows are spread over a row of zeros, `step` apart. Row
    /// `k` is read `k·dilation` places later, and the rows are summed: one sum over a layout, whatever
    /// the number of windows.
    ///
    /// # Errors
    /// More elements than a sum can count.
    #[track_caller]
    pub(crate) fn folded(&self, windows: Windows, shape: &Shape) -> Result<Tensor> {
        let (axis, rank) = (windows.axis, shape.ndim());
        let count = self.shape()[axis];
        let covered = windows.travel(count) + windows.reach() + 1;

        // (…, k, place, …)
        let mut order: Vec<usize> = (0..rank).collect();
        order.insert(axis, rank);
        let spread = self.detach().permuted(&order);
        let mut dims = spread.shape().to_vec();
        dims[axis + 1] = covered;
        let rows = Shape::of(&dims);
        let region =
            Layout::contiguous(rows.clone()).slice(axis + 1, 0, windows.step as isize, count);
        let rows = Self::assemble(&[&spread], vec![region], rows, self.dtype);

        // What lies before the start of a row is the end of the row before, as many zeros as the last
        // row is late.
        let late = rows
            .layout()
            .skewed(axis, axis + 1, -(windows.dilation as isize));
        let sums = rows.with_layout(late).sum(axis)?;
        let region = Layout::contiguous(shape.clone()).slice(axis, 0, 1, covered);
        let out = match covered == shape.dims()[axis] {
            true => sums,
            false => Self::assemble(&[&sums], vec![region], shape.clone(), self.dtype),
        };
        Ok(track(out, &[self], Rule::Fold(windows)))
    }
}
