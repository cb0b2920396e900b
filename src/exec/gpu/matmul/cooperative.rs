//! The text of a product of f16 matrices by cooperative matrices.
//!
//! It has not run on hardware yet: no adapter at hand lists them. Its text is tested as far as naga goes, and a
//! device uses it only after it has computed some products right: see `trial::fragments`.

use std::fmt::Write;

use super::reads::Reads;
use super::stage::Stage;
use super::{Text, Tile};
use crate::dtype::DType;
use crate::exec::gpu::shader::Target;

/// Steps of k that are staged at a time.
const DEPTH: usize = 32;
/// Fragments of a subgroup, down and across; subgroups of a workgroup, down and across.
const FRAGMENTS: usize = 4;
const SUBGROUPS: usize = 2;
/// Elements between the lines of what is staged, beyond those of a line.
const PADDING: usize = 8;

/// Products by fragments of `size` × `size` elements, which subgroups of so many lanes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec::gpu) struct Fragments {
    size: usize,
    lanes: usize,
}

/// The size of the fragments that an adapter lists: of f16, summed in f32, square, and such that shaders can
/// name them; the larger the better.
#[cfg(not(target_arch = "wasm32"))]
pub(in crate::exec::gpu) fn listed(
    properties: &[wgpu::CooperativeMatrixProperties],
) -> Option<usize> {
    use wgpu::CooperativeScalarType::{F16, F32};
    let lists = |size: &usize| {
        properties.iter().any(|p| {
            let sizes = [p.m_size, p.n_size, p.k_size].map(|s| s as usize);
            sizes == [*size; 3] && (p.ab_type, p.cr_type) == (F16, F32)
        })
    };
    [16, 8].into_iter().find(lists)
}

impl Fragments {
    /// Fragments of that size, if the target has the subgroups and the workgroup memory that they take.
    pub(in crate::exec::gpu) fn new(size: usize, target: &Target) -> Option<Self> {
        let fragments = Self {
            size,
            lanes: target.subgroup?,
        };
        let block = fragments.block();
        let staged = 2 * (block * (DEPTH + PADDING) + DEPTH * (block + PADDING));
        let patches = 4 * SUBGROUPS * SUBGROUPS * size * size;
        let fits =
            staged + patches <= target.workgroup_memory && fragments.group() <= target.invocations;
        fits.then_some(fragments)
    }

    /// Whether a product of so many columns and steps fills fragments. The number of rows, which is that of a
    /// batch, does not matter.
    pub(super) fn suit(self, columns: usize, k: usize) -> bool {
        columns >= self.size && k >= self.size
    }

    fn block(self) -> usize {
        SUBGROUPS * FRAGMENTS * self.size
    }

    fn group(self) -> usize {
        SUBGROUPS * SUBGROUPS * self.lanes
    }

    pub(super) fn text(self, a: (&str, Reads), b: (&str, Reads)) -> Text {
        let Self { size, lanes } = self;
        let (block, group, part) = (self.block(), self.group(), FRAGMENTS * size);
        let count = block / 4 * DEPTH / group;
        let [left, right] = Stage::both(DType::F16, ("f16", true), [a, b], count);
        let matrix = |scalar, role| format!("coop_mat{size}x{size}<{scalar}, {role}>");
        let mut start = left.places() + &right.places();
        let pairs = || (0..FRAGMENTS).flat_map(|r| (0..FRAGMENTS).map(move |c| (r, c)));
        for (r, c) in pairs() {
            let _ = writeln!(
                start,
                "    var c{r}_{c} = coopLoadT<{}>(patch_at, patch_stride);",
                matrix("f32", "C")
            );
        }
        let mut steps = String::new();
        for step in (0..DEPTH).step_by(size) {
            steps += "    {\n";
            for i in 0..FRAGMENTS {
                let at = i * size;
                let _ = write!(
                    steps,
                    "    let x{i}_at = &left[(part_row + {at}u) * LEFT_LINE + {step}u];\n\
                     \x20   let x{i} = coopLoadT<{}>(x{i}_at, left_stride);\n\
                     \x20   let y{i}_at = &right[{step}u * RIGHT_LINE + part_column + {at}u];\n\
                     \x20   let y{i} = coopLoadT<{}>(y{i}_at, right_stride);\n",
                    matrix("f16", "A"),
                    matrix("f16", "B")
                );
            }
            for (r, c) in pairs() {
                let _ = writeln!(
                    steps,
                    "    c{r}_{c} = coopMultiplyAdd(x{r}, y{c}, c{r}_{c});"
                );
            }
            steps += "    }\n";
        }
        let stage = left.put_each(&|line, step| format!("({line}) * LEFT_LINE + {step}"))
            + &right.put_each(&|line, step| format!("({step}) * RIGHT_LINE + {line}"));
        Text {
            name: "matmul_cooperative",
            source: include_str!("../../../../shaders/matmul_cooperative.wgsl"),
            group,
            per_group: 1,
            tile: Tile::of_fragments(block, FRAGMENTS, size),
            slots: vec![
                (
                    "tile",
                    format!(
                        "const SIZE = {size}u;\nconst PART = {part}u;\nconst BLOCK = {block}u;\n\
                         const DEPTH = {DEPTH}u;\nconst LANES = {lanes}u;\n\
                         const ACROSS = {SUBGROUPS}u;\n"
                    ),
                ),
                ("start", start),
                ("fetch", left.fetch() + &right.fetch()),
                ("steps", steps),
                ("stage", stage),
            ],
        }
    }
}
