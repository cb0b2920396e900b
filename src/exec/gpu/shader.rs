//! Shaders as they are run: bindings, parameter blocks and grids.

use super::matmul::cooperative::Fragments;

/// What a binding of a shader is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bound {
    /// A slot of the plan.
    Slot(usize),
    /// Memory for the partial results of this kernel, by number.
    Scratch(usize),
    /// Where gathers report an index out of range.
    Fault,
}

/// A storage buffer that a shader binds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Binding {
    pub(super) bound: Bound,
    pub(super) writable: bool,
    /// The WGSL type of an element.
    pub(super) element: &'static str,
}

/// A run of a shader.
#[derive(Clone, Debug)]
pub(super) struct Dispatch {
    /// The parameter block; scalars are filled in at each run.
    pub(super) words: Vec<u32>,
    /// The words that hold scalars of the plan, by number.
    pub(super) scalars: Vec<(usize, usize)>,
    /// Workgroups.
    pub(super) groups: usize,
    /// As often all of them, each time with another number in the third dimension.
    pub(super) slices: usize,
}

/// A kernel as a shader: what is bound, and the dispatches that run it one after the other.
#[derive(Clone, Debug)]
pub(super) struct Shader {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) bindings: Vec<Binding>,
    pub(super) dispatches: Vec<Dispatch>,
    /// Words of each scratch memory.
    pub(super) scratch: Vec<usize>,
    /// Whether the parameter block travels in immediates, and not through the uniform buffer.
    pub(super) immediates: bool,
}

impl Shader {
    /// Bytes of the parameter block, as the shader declares it.
    pub(super) fn block_bytes(&self) -> usize {
        let words = self.dispatches.first().map_or(0, |d| d.words.len());
        16 * words.div_ceil(4)
    }
}

/// Iterations that all loops of an invocation may have together where shaders run on the CPU: Mesa's
/// driver ends loops, without a word, after 65,535.
pub(super) const MAX_LOOPS: usize = 50_000;

/// What shaders are made for.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Invocations in a workgroup of a map or reduction.
    pub(super) group: usize,
    /// Workgroups that fill the device.
    pub(super) fill: usize,
    /// Whether shaders run on the CPU.
    pub(super) software: bool,
    /// Lanes of a subgroup, where all subgroups have as many and the lanes of a workgroup are numbered
    /// through.
    pub(super) subgroup: Option<usize>,
    /// Invocations that a device of its own wants before it is busy.
    pub(super) busy: usize,
    /// Processors to keep busy, where products are cut along k for that.
    pub(super) processors: Option<usize>,
    /// The fragments of cooperative matrices, where the device computes right with them.
    pub(super) cooperative: Option<Fragments>,
    /// Bytes of memory that a workgroup may have.
    pub(super) workgroup_memory: usize,
    /// Invocations that a workgroup may have.
    pub(super) invocations: usize,
    /// Bytes of a parameter block that may travel in immediates.
    pub(super) immediates: usize,
}

#[cfg(test)]
impl Target {
    /// A GPU with what WebGPU grants, for tests of choices.
    pub(super) fn of_a_gpu() -> Self {
        Self {
            group: 256,
            fill: 1024,
            software: false,
            subgroup: None,
            busy: 1 << 16,
            processors: Some(128),
            cooperative: None,
            workgroup_memory: 16_384,
            invocations: 256,
            immediates: 128,
        }
    }
}
