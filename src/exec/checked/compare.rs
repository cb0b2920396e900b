//! Comparing what the GPU wrote with what the CPU did.

use half::f16;

use super::bound::distance;
use crate::dtype::{Bools, DType};
use crate::exec::cpu::Space;
use crate::plan::{Extent, Store};
use crate::shape::Shape;

/// An element that is further from the CPU's than it may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// The element's indices in the kernel's shape, or its place where no element should be.
    pub(super) place: String,
    pub(super) gpu: String,
    pub(super) cpu: String,
    /// How far the two may be apart.
    pub(super) bound: f64,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            place,
            gpu,
            cpu,
            bound,
        } = self;
        write!(
            f,
            "{place}: GPU {gpu}, CPU {cpu}, at most {bound:.3e} apart allowed"
        )
    }
}

/// The first element of a stored slot that differs. `bounds` are those of the kernel's elements;
/// what a kernel that stores a region leaves alone must not change at all.
pub(super) fn store(store: &Store, gpu: &[u32], cpu: &[u32], bounds: &[f64]) -> Option<Difference> {
    let dtype = store.dtype;
    let shape = store.layout.shape();
    let size = shape.size();
    let space = Space::new(shape, [&store.layout].into_iter());
    let partly = store.extent == Extent::Region;
    let mut own = vec![false; if partly { elements(dtype, gpu) } else { 0 }];
    let mut found = None;
    space.runs(0, 0, size, |done, run, place, stride| {
        for i in 0..run {
            let at = (place + i as isize * stride) as usize;
            if let Some(own) = own.get_mut(at) {
                *own = true;
            }
            let (a, b) = (element(dtype, gpu, at), element(dtype, cpu, at));
            if found.is_none() && !close(dtype, a, b, bounds[done + i]) {
                found = Some(Difference {
                    place: format!("element {}", indices(shape, done + i)),
                    gpu: shown(dtype, a),
                    cpu: shown(dtype, b),
                    bound: bounds[done + i],
                });
            }
        }
    });
    found.or_else(|| {
        // What is there may be of another dtype, and never was a bool: of such the CPU has a byte.
        let kept = |words: &[u32], at: usize| match dtype {
            DType::Bool => (words[at] != 0) as u32,
            _ => element(dtype, words, at),
        };
        let changed = |at: &usize| !own[*at] && kept(gpu, *at) != kept(cpu, *at);
        (0..own.len()).find(changed).map(|at| Difference {
            place: format!("place {at}, outside the region that is stored"),
            gpu: shown(dtype, element(dtype, gpu, at)),
            cpu: shown(dtype, element(dtype, cpu, at)),
            bound: 0.0,
        })
    })
}

fn close(dtype: DType, a: u32, b: u32, bound: f64) -> bool {
    a == b || distance(dtype, a, b) <= bound
}

fn elements(dtype: DType, words: &[u32]) -> usize {
    words.len() * 4 / Bools::Words.size(dtype)
}

/// The stored element as a register.
fn element(dtype: DType, words: &[u32], at: usize) -> u32 {
    match dtype {
        DType::F16 => bytemuck::cast_slice::<u32, f16>(words)[at]
            .to_f32()
            .to_bits(),
        _ => words[at],
    }
}

fn shown(dtype: DType, bits: u32) -> String {
    match dtype {
        DType::F16 | DType::F32 => format!("{:?}", f32::from_bits(bits)),
        DType::I32 => (bits as i32).to_string(),
        DType::U32 | DType::Bool => bits.to_string(),
    }
}

fn indices(shape: &Shape, mut linear: usize) -> String {
    let mut indices = vec![0; shape.ndim()];
    for (index, &size) in indices.iter_mut().zip(shape.dims()).rev() {
        *index = linear % size;
        linear /= size;
    }
    format!("{indices:?}")
}
