//! ndarray, with matrixmultiply's threads and, where it offers them, rayon's.

use ::ndarray::{Array1, Array2, ArrayD, Axis, Ix1, Ix2, Zip};

use super::{Job, Peer, operands};
use crate::works::Op;
use crate::{Result, machine};

pub struct Ndarray;

impl Peer for Ndarray {
    type Value = ArrayD<f32>;

    fn version(&self) -> String {
        machine::version_of("ndarray")
    }

    fn prepare(&self, op: &Op) -> Result<Option<Job<ArrayD<f32>>>> {
        let mut arrays = Vec::new();
        for (values, shape) in operands(op) {
            arrays.push(ArrayD::from_shape_vec(shape, values)?);
        }
        let matrix = |i: usize| arrays[i].clone().into_dimensionality::<Ix2>();
        let line = |i: usize| arrays[i].clone().into_dimensionality::<Ix1>();
        Ok(Some(match *op {
            Op::Matmul { batch: 2.., .. } => return Ok(None),
            Op::Matmul { n: 1, .. } => {
                let (a, x) = (matrix(0)?, matrix(1)?.remove_axis(Axis(1)));
                Box::new(move || Ok(a.dot(&x).into_dyn()))
            }
            Op::Matmul { m: 1, .. } => {
                let (x, a) = (matrix(0)?.remove_axis(Axis(0)), matrix(1)?);
                Box::new(move || Ok(x.dot(&a).into_dyn()))
            }
            Op::Matmul {
                left_transposed,
                right_transposed,
                ..
            } => {
                let turned = |a: Array2<f32>, transposed| match transposed {
                    true => a.reversed_axes(),
                    false => a,
                };
                let a = turned(matrix(0)?, left_transposed);
                let b = turned(matrix(1)?, right_transposed);
                Box::new(move || Ok(a.dot(&b).into_dyn()))
            }
            Op::Chain { .. } => {
                let (a, b, c) = (line(0)?, line(1)?, line(2)?);
                Box::new(move || {
                    let all = Zip::from(&a).and(&b).and(&c);
                    let out = all.par_map_collect(|a, b, c| (a * b + c).max(0.0) * 0.5 - a);
                    Ok(out.into_dyn())
                })
            }
            Op::Sum { axis, .. } => {
                let x = matrix(0)?;
                Box::new(move || {
                    Ok(match axis {
                        Some(axis) => x.sum_axis(Axis(axis)).into_dyn(),
                        None => ArrayD::from_elem(vec![], x.sum()),
                    })
                })
            }
            Op::Sines { count, .. } => {
                let x = line(0)?;
                Box::new(move || {
                    let y = (0..count).fold(x.clone(), |y: Array1<f32>, _| y.mapv(f32::sin));
                    Ok(y.into_dyn())
                })
            }
            _ => return Ok(None),
        }))
    }

    fn finish(&self, _: &ArrayD<f32>) -> Result<()> {
        Ok(())
    }

    fn read(&self, value: ArrayD<f32>) -> Result<Vec<f32>> {
        // In the order of the elements, whatever theirs in memory.
        Ok(value.iter().copied().collect())
    }
}
