//! Products cut along k.
//!
//! A result of few blocks leaves most of a GPU idle, however long its sums are: the gradient of a
//! layer's weights is such a product. Its steps of k are cut into slices, which are computed side by side
//! like products of their own, each into a plane of scratch memory. A second dispatch of the same shader adds
//! the planes up in their order and runs the epilogue.

use crate::exec::gpu::kernel::Writer;
use crate::exec::gpu::shader::{Bound, MAX_LOOPS, Shader, Target};

/// Rows and columns of the blocks that are counted, whatever those of the kernel are: it must not matter to
/// the order of a sum which kernel computes it.
const BLOCK: usize = 64;
/// Steps of k from which a product is cut to keep the device busy, and those of a slice at least.
const LONG: usize = 1024;
const LEAST: usize = 256;
/// A slice starts at a multiple of this: a whole number of every kernel's steps.
const ALIGN: usize = 64;

/// How the steps of k are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slices {
    pub(super) count: usize,
    /// Steps of a slice; the last one may have fewer.
    depth: usize,
}

impl Slices {
    /// The slices of products of (m, k) and (k, n), `batch` of them. They depend on nothing but these sizes
    /// and the target, so that the same product has the same bits each time.
    pub(super) fn new(batch: usize, [m, n, k]: [usize; 3], target: &Target) -> Self {
        let blocks = batch * m.div_ceil(BLOCK) * n.div_ceil(BLOCK);
        let busy = match target.processors {
            Some(processors) if k >= LONG => (2 * processors).div_ceil(blocks).min(k / LEAST),
            _ => 1,
        };
        let bounded = match target.software {
            true => k.div_ceil(MAX_LOOPS),
            false => 1,
        };
        let depth = k.div_ceil(busy.max(bounded)).next_multiple_of(ALIGN);
        Self {
            count: k.div_ceil(depth.max(ALIGN)).max(1),
            depth,
        }
    }

    /// Adds to a shader in the making what it takes to compute slices, where the target wants them for some
    /// size or the product at hand has several. The text serves any number of slices, so that another batch
    /// size takes no other one.
    pub(super) fn write(
        self,
        results: usize,
        acc: &'static str,
        target: &Target,
        writer: &mut Writer,
    ) -> Option<Sliced> {
        if target.processors.is_none() && self.count == 1 {
            return None;
        }
        writer.bind(Bound::Scratch(0), acc, true);
        let word = writer.push([self.depth, self.count, results, 0].map(|v| v as u32));
        Some(Sliced {
            slices: self,
            results,
            word,
        })
    }
}

/// The parts of a text that computes slices. The number of a slice is the third of its workgroup.
pub(super) struct Sliced {
    slices: Slices,
    results: usize,
    /// The first of its words: the steps of a slice, the number of slices, that of results, and whether the
    /// planes are there and are to be added.
    word: usize,
}

impl Sliced {
    /// The steps of k from `first` to `inner`.
    pub(super) fn steps(&self) -> String {
        let depth = self.word;
        format!(
            "    let first = group.z * word({depth}u);\n\
             \x20   let inner = min(first + word({depth}u), word(2u));\n"
        )
    }

    /// The second dispatch: an invocation adds up the planes at one result.
    pub(super) fn planes(&self) -> String {
        let [count, results, adding] = [1, 2, 3].map(|i| self.word + i);
        // Read where it lies, which is the same for all invocations in the eyes of a compiler.
        let adding = format!("params.words[{}][{}]", adding / 4, adding % 4);
        format!(
            "    if {adding} != 0u {{\n\
             \x20       let e = (group.y * groups.x + group.x) * GROUP + local;\n\
             \x20       if e < word({results}u) {{\n\
             \x20           var sum = scratch[e];\n\
             \x20           for (var s = 1u; s < word({count}u); s += 1u) {{\n\
             \x20               sum += scratch[s * word({results}u) + e];\n\
             \x20           }}\n\
             \x20           finish(e / (m * n), e / n % m, e % n, sum);\n\
             \x20       }}\n\
             \x20       return;\n\
             \x20   }}\n"
        )
    }

    /// The function that takes a result of a slice: to its plane, or, where there is but one slice, through
    /// the epilogue.
    pub(super) fn keep(&self, register: &str) -> String {
        let [count, results] = [1, 2].map(|i| self.word + i);
        format!(
            "\nfn keep(slice: u32, batch: u32, row: u32, column: u32, core: {register}) {{\n\
             \x20   if word({count}u) > 1u {{\n\
             \x20       let i = (batch * word(0u) + row) * word(1u) + column;\n\
             \x20       scratch[slice * word({results}u) + i] = core;\n\
             \x20   }} else {{\n\
             \x20       finish(batch, row, column, core);\n\
             \x20   }}\n\
             }}\n"
        )
    }

    /// Has the shader, whose workgroups have so many invocations, run for each slice and then for their sum.
    pub(super) fn run(&self, shader: &mut Shader, group: usize) {
        if self.slices.count == 1 {
            return;
        }
        let mut sum = shader.dispatches[0].clone();
        sum.words[self.word + 3] = 1;
        sum.groups = self.results.div_ceil(group);
        shader.dispatches[0].slices = self.slices.count;
        shader.dispatches.push(sum);
        shader.scratch = vec![self.slices.count * self.results];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(processors: Option<usize>, software: bool) -> Target {
        Target {
            processors,
            software,
            ..Target::of_a_gpu()
        }
    }

    #[test]
    fn long_products_of_few_blocks_are_cut() {
        let gpu = target(Some(64), false);
        let count = |batch, sizes| Slices::new(batch, sizes, &gpu).count;
        // The gradient of a layer's weights.
        assert_eq!(count(1, [64, 64, 8192]), 32);
        assert_eq!(count(1, [128, 256, 8192]), 16);
        // Short sums, and blocks enough.
        assert_eq!(count(1, [64, 64, 1023]), 1);
        assert_eq!(count(128, [64, 64, 8192]), 1);
        assert_eq!(count(1, [1024, 1024, 8192]), 1);
        assert_eq!(count(1, [1, 1, 0]), 1);
        for k in [1024, 1025, 5000, 8191, 100_000] {
            let Slices { count, depth } = Slices::new(1, [64, 64, k], &gpu);
            assert!(count > 1 && depth % ALIGN == 0 && depth >= LEAST, "{k}");
            assert!((count - 1) * depth < k && k <= count * depth, "{k}");
        }
    }

    #[test]
    fn no_loop_is_longer_than_it_may_be() {
        let lavapipe = target(None, true);
        for (k, slices) in [(8192, 1), (50_000, 1), (70_001, 2), (600_000, 12)] {
            let Slices { count, depth } = Slices::new(1, [64, 64, k], &lavapipe);
            assert_eq!(count, slices);
            assert!(count == 1 || depth < 65_000);
        }
    }
}
