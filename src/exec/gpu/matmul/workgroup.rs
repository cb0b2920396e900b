//! The text of a product whose operands are staged in workgroup memory.

use std::fmt::Write;

use super::family::Sizes;
use super::reads::Reads;
use super::stage::Stage;
use super::{Text, Tile};
use crate::dtype::DType;
use crate::exec::gpu::shader::Target;

/// Steps of k that are unrolled.
const UNROLL: usize = 4;

/// What a workgroup computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Rows, and columns.
    size: usize,
    /// Steps of k that are staged at a time.
    depth: usize,
    /// Invocations of a column of the block, and of a row. One has groups of four rows and of four columns,
    /// equally far apart, so that neighbours read neighbouring vec4s.
    invocations: [usize; 2],
}

/// For large results: 8 × 16 of an invocation.
pub(super) const LARGE: Block = Block {
    size: 128,
    depth: 16,
    invocations: [16, 8],
};
/// For large results where workgroup memory is short: 8 × 8 of an invocation.
pub(super) const SHALLOW: Block = Block {
    size: 128,
    depth: 8,
    invocations: [16, 16],
};
/// For all others: 8 × 8 of an invocation.
pub(super) const MEDIUM: Block = Block {
    size: 64,
    depth: 16,
    invocations: [8, 8],
};
/// For narrow results, and those that are few blocks: 4 × 4 of an invocation.
pub(super) const SMALL: Block = Block {
    size: 32,
    depth: 16,
    invocations: [8, 8],
};

impl Block {
    /// The block for some products that are cut into so many slices. Large ones read the least for each
    /// result, if enough of them are left to keep the device busy.
    pub(super) fn suiting([batch, m, n]: Sizes, slices: usize, target: &Target) -> Self {
        let count = |block: Self| batch * m.div_ceil(block.size) * n.div_ceil(block.size) * slices;
        let narrow = |block: Self| m.min(n) <= block.size / 2;
        let Some(processors) = target.processors else {
            // Registers are few where shaders run on the CPU, and every block finds a processor.
            return if n < MEDIUM.size { SMALL } else { MEDIUM };
        };
        if !narrow(LARGE) && count(LARGE) >= 2 * processors {
            LARGE.fitting(target)
        } else if !narrow(MEDIUM) && count(MEDIUM) >= processors {
            MEDIUM
        } else {
            SMALL
        }
    }

    /// This block, or the next smaller one that the target can compute.
    pub(super) fn fitting(self, target: &Target) -> Self {
        let fits = |block: &Self| {
            block.memory() <= target.workgroup_memory && block.group() <= target.invocations
        };
        let smaller = [SHALLOW, MEDIUM, SMALL].into_iter();
        let smaller = smaller.filter(|b| b.size <= self.size && b.depth <= self.depth);
        [self]
            .into_iter()
            .chain(smaller)
            .find(fits)
            .unwrap_or(SMALL)
    }

    /// Invocations of a workgroup.
    fn group(self) -> usize {
        self.invocations[0] * self.invocations[1]
    }

    /// Bytes of workgroup memory: k-major vec4s of either operand, each line with one more than it needs.
    fn memory(self) -> usize {
        2 * self.depth * (self.size / 4 + 1) * 16
    }

    pub(super) fn text(self, dtype: DType, acc: &str, a: (&str, Reads), b: (&str, Reads)) -> Text {
        let Self {
            size,
            depth,
            invocations: [down, across],
        } = self;
        let count = size / 4 * depth / self.group();
        let [left, right] = Stage::both(dtype, (acc, false), [a, b], count);
        // The groups of four rows and of four columns that an invocation has.
        let (rows, columns) = (size / 4 / down, size / 4 / across);
        let mut start = left.places() + &right.places();
        for r in 0..4 * rows {
            for q in 0..columns {
                let _ = writeln!(start, "    var t{r}_{q} = vec4<{acc}>(0);");
            }
        }
        let mut steps = String::new();
        for u in 0..UNROLL {
            steps += "    {\n";
            let mut load = |name: &str, memory: &str, lane: &str, apart: usize, count: usize| {
                for q in 0..count {
                    let at = apart * q;
                    let line = format!("{memory}[(d + {u}u) * LINE + {at}u + {lane}]");
                    let _ = writeln!(steps, "    let {name}{q} = {line};");
                }
            };
            load("x", "left", "lane_row", down, rows);
            load("y", "right", "lane_column", across, columns);
            for r in 0..4 * rows {
                for q in 0..columns {
                    let _ = writeln!(steps, "    t{r}_{q} += x{}[{}] * y{q};", r / 4, r % 4);
                }
            }
            steps += "    }\n";
        }
        let mut results = String::new();
        for r in 0..4 * rows {
            for c in 0..4 * columns {
                let _ = writeln!(results, "    let c{r}_{c} = t{r}_{}[{}];", c / 4, c % 4);
            }
        }
        let offsets =
            |count: usize, apart: usize| (0..4 * count).map(move |i| i / 4 * 4 * apart + i % 4);
        Text {
            name: "matmul_workgroup",
            source: include_str!("../../../../shaders/matmul_workgroup.wgsl"),
            group: self.group(),
            per_group: 1,
            tile: Tile::of_registers([size; 2], offsets(rows, down), offsets(columns, across)),
            slots: vec![
                (
                    "tile",
                    format!(
                        "alias Acc = {acc};\nconst BLOCK = {size}u;\nconst DEPTH = {depth}u;\n\
                         const ACROSS = {across}u;\nconst UNROLL = {UNROLL}u;\n"
                    ),
                ),
                ("start", start),
                ("fetch", left.fetch() + &right.fetch()),
                ("steps", steps),
                ("stage", left.put() + &right.put()),
                ("results", results),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(processors: Option<usize>, workgroup_memory: usize) -> Target {
        Target {
            processors,
            workgroup_memory,
            ..Target::of_a_gpu()
        }
    }

    #[test]
    fn blocks_suit_results_and_limits() {
        let gpu = target(Some(128), 49_152);
        let of = |sizes| Block::suiting(sizes, 1, &gpu);
        assert_eq!(of([1, 4096, 4096]), LARGE);
        assert_eq!(of([1, 1024, 1024]), MEDIUM);
        assert_eq!(of([1, 512, 512]), SMALL);
        assert_eq!(of([64, 128, 128]), MEDIUM);
        assert_eq!(of([1, 8192, 10]), SMALL);
        assert_eq!(of([1, 8192, 64]), MEDIUM);
        assert_eq!(Block::suiting([1, 512, 512], 4, &gpu), MEDIUM);
        // WebGPU's default limit.
        let small = target(Some(128), 16_384);
        assert_eq!(Block::suiting([1, 4096, 4096], 1, &small), SHALLOW);
        assert_eq!(LARGE.fitting(&small), SHALLOW);
        let narrow = Target {
            invocations: 128,
            ..small
        };
        assert_eq!(SHALLOW.fitting(&narrow), SMALL);
        assert_eq!(LARGE.fitting(&narrow), MEDIUM);
        // Drivers that run on the CPU have no registers for large ones.
        assert_eq!(
            Block::suiting([1, 4096, 4096], 1, &target(None, 49_152)),
            MEDIUM
        );
    }

    #[test]
    fn invocations_share_the_copies_equally() {
        for block in [LARGE, SHALLOW, MEDIUM, SMALL] {
            assert_eq!(block.size / 4 * block.depth % block.group(), 0);
            assert_eq!(block.depth % UNROLL, 0);
            assert!(block.memory() <= 16_896);
        }
    }
}
