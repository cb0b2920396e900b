//! Trying cooperative matrices before they are trusted.
//!
//! They are an experiment of wgpu, on drivers that differ. A device of its own computes a few products with the
//! shaders that would be used. If one does not compile, is wrong, or takes the device with it, the adapter is used
//! without them.

#[cfg(test)]
mod tests;

use half::f16;

use super::matmul::{MatmulKernel, Product, cooperative};
use super::program::Prepared;
use super::work::Work;
use super::{Executor, Gpu};
use crate::dtype::DType;
use crate::error::ErrorKind;
use crate::exec::options::DeviceOptions;
use crate::layout::Layout;
use crate::op::{Body, Inst, Program};
use crate::plan::{Core, Extent, Kernel, Matrix, Store};
use crate::shape::Shape;

/// Rows, columns and steps of the products: several blocks with edges, and one that is cut along k.
const SIZES: [[usize; 3]; 2] = [[150, 140, 100], [30, 50, 1100]];

/// The size of the fragments that the adapter lists, if a device over it computes right with them.
pub(super) async fn fragments(adapter: &wgpu::Adapter, options: &DeviceOptions) -> Option<usize> {
    let size = listed(adapter, options)?;
    let gpu = Gpu::open_with(adapter, options.clone(), Some(size)).await;
    let passes =
        |gpu: Gpu| gpu.target.cooperative.is_some() && gpu.multiplies(MatmulKernel::Cooperative);
    gpu.is_ok_and(passes).then_some(size)
}

/// The size of the fragments that the adapter lists, where it may be asked for them.
fn listed(adapter: &wgpu::Adapter, options: &DeviceOptions) -> Option<usize> {
    #[cfg(test)]
    if options.fragments.is_some() {
        return options.fragments;
    }
    let feature = wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX;
    if options.webgpu_limits || !adapter.features().contains(feature) {
        return None;
    }
    cooperative::listed(&adapter.cooperative_matrix_properties())
}

impl Gpu {
    /// Whether a kernel's products of f16 are those of f64, rounded.
    pub(super) fn multiplies(&self, which: MatmulKernel) -> bool {
        SIZES.iter().all(|&sizes| {
            let turned = [[false; 2], [true; 2]];
            turned
                .iter()
                .all(|&turned| self.tries(which, sizes, turned).is_ok_and(|right| right))
        })
    }

    /// Computes one product of small whole numbers, whose sums are exact in f32 and not in f16.
    fn tries(
        &self,
        which: MatmulKernel,
        [m, n, k]: [usize; 3],
        turned: [bool; 2],
    ) -> Result<bool, ErrorKind> {
        let matrix = |slot: usize, [rows, columns]: [usize; 2]| {
            let strides = match turned[slot] {
                true => [1, rows as isize],
                false => [columns as isize, 1],
            };
            let shape = Shape::of(&[rows, columns]);
            Matrix {
                slot,
                layout: Layout::from_parts(shape, &strides, 0),
            }
        };
        let operands = [matrix(0, [m, k]), matrix(1, [k, n])];
        let number =
            |slot: usize, place: usize| ((place * 37 + place / 7 + 5 * slot) % 17) as f64 - 8.0;
        let kernel = plain(&operands, k);
        let product = Product {
            a: &operands[0],
            b: &operands[1],
            dtype: DType::F16,
            k,
            vector: false,
        };
        let work = Work::Tiled(&kernel, product, which);
        let shader = self.shader(&work, work.lines(&self.target));
        let Some(pipeline) = self.pipelines.try_get(&shader) else {
            return Ok(false);
        };
        let prepared = [Prepared {
            kernels: 1,
            pipeline,
            shader,
        }];
        let words = [m * k, k * n, m * n].map(|elements| elements.div_ceil(2));
        let mut slots = Vec::new();
        let mut run = || -> Result<Vec<u32>, ErrorKind> {
            for (slot, words) in words.into_iter().enumerate() {
                let buffer = self.alloc(words)?;
                slots.push(buffer);
                // The result starts as something else.
                let pair = |word: usize| {
                    let [low, high] = [2 * word, 2 * word + 1]
                        .map(|place| u32::from(f16::from_f64(number(slot, place)).to_bits()));
                    low | high << 16
                };
                let values: Vec<u32> = (0..words).map(pair).collect();
                self.write(buffer, &values)?;
            }
            self.run_prepared(&prepared, None, &slots, &[], None)?;
            self.read(slots[2], 0, words[2]).wait()
        };
        let result = run();
        slots.iter().for_each(|&buffer| self.free(buffer));
        let result = result?;
        let value = |x: &Matrix, place: [usize; 2]| {
            let strides = x.layout.strides();
            number(
                x.slot,
                place[0] * strides[0] as usize + place[1] * strides[1] as usize,
            )
        };
        Ok((0..m * n).all(|i| {
            let (row, column) = (i / n, i % n);
            let terms =
                (0..k).map(|l| value(&operands[0], [row, l]) * value(&operands[1], [l, column]));
            let got = (result[i / 2] >> (16 * (i % 2))) as u16;
            got == f16::from_f64(terms.sum()).to_bits()
        }))
    }
}

/// A product of two operands alone, to slot 2.
fn plain(operands: &[Matrix; 2], k: usize) -> Kernel {
    let shape = Shape::of(&[operands[0].layout.dims()[0], operands[1].layout.dims()[1]]);
    Kernel {
        core: Core::Matmul {
            a: operands[0].clone(),
            b: operands[1].clone(),
            dtype: DType::F16,
            k,
            vector: false,
        },
        shape: shape.clone(),
        body: Body {
            program: Program {
                insts: vec![(Inst::Core, DType::F16)],
                results: vec![0],
            },
            ..Body::default()
        },
        stores: vec![Store {
            slot: 2,
            dtype: DType::F16,
            layout: Layout::contiguous(shape),
            extent: Extent::Whole,
        }],
        ops: Vec::new(),
    }
}
