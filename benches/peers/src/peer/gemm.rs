//! The `gemm` crate: matrix products alone, into memory that is there.

use std::cell::RefCell;
use std::rc::Rc;

use ::gemm::Parallelism;

use super::{Job, Peer, operands};
use crate::works::Op;
use crate::{Result, machine};

pub struct Gemm;

impl Peer for Gemm {
    type Value = Rc<RefCell<Vec<f32>>>;

    fn version(&self) -> String {
        machine::version_of("gemm")
    }

    fn prepare(&self, op: &Op) -> Result<Option<Job<Self::Value>>> {
        let Op::Matmul {
            batch,
            m,
            n,
            k,
            left_transposed,
            right_transposed,
        } = *op
        else {
            return Ok(None);
        };
        let mut matrices = operands(op).map(|(values, _)| values);
        let (Some(left), Some(right)) = (matrices.next(), matrices.next()) else {
            return Ok(None);
        };
        // The steps between columns and between rows of a matrix that lies by rows, or transposed.
        let steps = |rows: usize, cols: usize, transposed| match transposed {
            true => (rows as isize, 1),
            false => (1, cols as isize),
        };
        let (left_col, left_row) = steps(m, k, left_transposed);
        let (right_col, right_row) = steps(k, n, right_transposed);
        let result = Rc::new(RefCell::new(vec![0f32; batch * m * n]));
        Ok(Some(Box::new(move || {
            let out = &mut *result.borrow_mut();
            for i in 0..batch {
                let dst = &mut out[i * m * n..][..m * n];
                let (a, b) = (&left[i * m * k..][..m * k], &right[i * k * n..][..k * n]);
                // The transposed product, since the library writes columns fastest.
                // SAFETY: the slices hold n·m, k·n and m·k elements, which the steps stay within.
                unsafe {
                    ::gemm::gemm(
                        n,
                        m,
                        k,
                        dst.as_mut_ptr(),
                        n as isize,
                        1,
                        false,
                        b.as_ptr(),
                        right_row,
                        right_col,
                        a.as_ptr(),
                        left_row,
                        left_col,
                        0.0,
                        1.0,
                        false,
                        false,
                        false,
                        Parallelism::Rayon(0),
                    );
                }
            }
            Ok(Rc::clone(&result))
        })))
    }

    fn finish(&self, _: &Self::Value) -> Result<()> {
        Ok(())
    }

    fn read(&self, value: Self::Value) -> Result<Vec<f32>> {
        Ok(value.borrow().clone())
    }
}
