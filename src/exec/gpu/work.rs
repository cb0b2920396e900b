//! What a shader is made from: a kernel, or a group of kernels that runs row by row.

use std::borrow::Cow;

use super::MatmulKernel;
use super::map;
use super::matmul::Product;
use super::reduce::{Flat, Reduction};
use super::rows::RowKernel;
use super::scan::Scan;
use super::shader::{Shader, Target};
use super::sort::Sort;
use crate::op::ReduceOp;
use crate::plan::{Core, Kernel, Plan};
use crate::shape::Shape;

/// Says which kernel shall compute a product, where that is decided.
pub(super) type Decided<'d> = dyn Fn(&Product<'_>, &Kernel) -> Option<MatmulKernel> + 'd;

/// Elements of a reduction from which on another shader repays its compiling: some drivers take a tenth of a
/// second for one.
const REPAYS: usize = 1 << 18;

/// What one shader does.
pub(super) enum Work<'a> {
    Map(&'a Kernel),
    Reduce(&'a Kernel, Box<Reduction<'a>>),
    Scan(&'a Kernel, Scan<'a>),
    Sort(&'a Kernel, Sort<'a>),
    Tiled(&'a Kernel, Product<'a>, MatmulKernel),
    Rows(RowKernel<'a>),
}

impl<'a> Work<'a> {
    /// The work of a plan in the order it is done.
    pub(super) fn of_plan(plan: &'a Plan, target: &Target, decided: &Decided<'_>) -> Vec<Self> {
        let mut all = Vec::new();
        for (kernels, group) in plan.parts() {
            let kernels = &plan.kernels[kernels];
            let rows = group
                .and_then(|group| RowKernel::new(kernels, &group.rows))
                .filter(|rows| rows.suits(target));
            match rows {
                Some(rows) => all.push(Self::Rows(rows)),
                None => all.extend(kernels.iter().map(|k| Self::of_kernel(k, target, decided))),
            }
        }
        all
    }

    pub(super) fn of_kernel(kernel: &'a Kernel, target: &Target, decided: &Decided<'_>) -> Self {
        match &kernel.core {
            Core::Map => Self::Map(kernel),
            Core::Reduce {
                op,
                dtype,
                prologue,
                kept,
                reduced,
            } => {
                let reduction = Reduction {
                    op: *op,
                    dtype: *dtype,
                    prologue: Cow::Borrowed(prologue),
                    kept: kept.clone(),
                    reduced: reduced.clone(),
                };
                Self::Reduce(kernel, Box::new(reduction))
            }
            Core::Scan {
                op,
                dtype,
                prologue,
                axis,
                shape,
            } => Self::Scan(
                kernel,
                Scan {
                    op: *op,
                    dtype: *dtype,
                    prologue,
                    axis: *axis,
                    shape,
                },
            ),
            Core::Sort {
                places,
                wanted,
                bits,
                prologue,
                shape,
            } => Self::Sort(
                kernel,
                Sort {
                    places: *places,
                    wanted: *wanted,
                    bits: *bits,
                    prologue,
                    shape,
                },
            ),
            Core::Matmul {
                a,
                b,
                dtype,
                k,
                vector,
            } => {
                let product = Product {
                    a,
                    b,
                    dtype: *dtype,
                    k: *k,
                    vector: *vector,
                };
                match product.choose(kernel, target, decided(&product, kernel)) {
                    MatmulKernel::Vector => {
                        let (prologue, reduced) = product.summed(kernel);
                        let reduction = Reduction {
                            op: ReduceOp::Sum,
                            dtype: *dtype,
                            prologue: Cow::Owned(prologue),
                            kept: kernel.shape.clone(),
                            reduced,
                        };
                        Self::Reduce(kernel, Box::new(reduction))
                    }
                    tiled => Self::Tiled(kernel, product, tiled),
                }
            }
        }
    }

    /// Kernels of the plan that it computes.
    pub(super) fn kernels(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            _ => 1,
        }
    }

    pub(super) fn shader(&self, target: &Target, flat: Flat) -> Shader {
        match self {
            Self::Map(kernel) => map::shader(kernel, target, flat),
            Self::Reduce(kernel, reduction) => reduction.shader(kernel, target, flat),
            Self::Scan(kernel, scan) => scan.shader(kernel, target, flat),
            Self::Sort(kernel, sort) => sort.shader(kernel, target, flat),
            Self::Tiled(kernel, product, tiled) => product.shader(kernel, target, *tiled, flat),
            Self::Rows(rows) => rows.shader(target, flat),
        }
    }

    /// Whether a shader that is faster repays its compiling, where another one serves already.
    pub(super) fn repays(&self) -> bool {
        match self {
            Self::Map(_) | Self::Scan(..) | Self::Sort(..) | Self::Tiled(..) => true,
            Self::Reduce(_, r) => r.kept.size() * r.reduced.size() >= REPAYS,
            Self::Rows(rows) => rows.kept().size() * rows.reduced().size() >= REPAYS,
        }
    }

    /// The walks that can be lines for the sizes at hand.
    pub(super) fn lines(&self, target: &Target) -> Flat {
        match self {
            Self::Map(kernel) => map::flat(kernel),
            Self::Reduce(kernel, reduction) => reduction.flat(kernel, target),
            Self::Scan(kernel, scan) => scan.flat(kernel),
            Self::Sort(kernel, sort) => sort.flat(kernel),
            Self::Tiled(kernel, product, _) => product.flat(kernel),
            Self::Rows(rows) => rows.flat(target),
        }
    }

    /// The walks whose being lines owes nothing to a size of 1: at another size, such as the next
    /// batch's, they are lines as well.
    pub(super) fn sure(&self) -> Flat {
        let sure = |dims: &[usize]| dims.len() < 2 || !dims.contains(&1);
        let of = |kept: &[usize], reduced: &[usize], body: &Shape| Flat {
            kept: sure(kept),
            reduced: sure(reduced),
            body: sure(body.dims()),
            quads: true,
        };
        match self {
            Self::Map(kernel) => Flat {
                body: map::stays_line(kernel),
                ..of(kernel.shape.dims(), &[], &kernel.shape)
            },
            Self::Reduce(kernel, r) => of(r.kept.dims(), r.reduced.dims(), &kernel.shape),
            Self::Scan(kernel, Scan { shape, .. }) | Self::Sort(kernel, Sort { shape, .. }) => {
                of(shape.dims(), &[], &kernel.shape)
            }
            Self::Tiled(kernel, ..) => {
                let batch = &kernel.shape.dims()[..kernel.shape.ndim() - 2];
                of(batch, &[], &kernel.shape)
            }
            Self::Rows(rows) => of(rows.kept().dims(), rows.reduced().dims(), rows.kept()),
        }
    }
    /// What serves every size, where the choice serves only some: whether elements can be taken four at
    /// a time, and whether a product is narrow, may depend on a batch size.
    pub(super) fn for_any_size(&self, flat: Flat) -> Option<Flat> {
        match self {
            Self::Map(kernel) if flat.quads && !(flat.body && map::fits_any_size(kernel)) => {
                Some(Flat {
                    body: false,
                    quads: false,
                    ..flat
                })
            }
            Self::Reduce(..) | Self::Rows(_) if flat.quads => Some(Flat {
                quads: false,
                ..flat
            }),
            Self::Tiled(..) => Some(Flat {
                reduced: false,
                quads: false,
                ..flat
            }),
            _ => None,
        }
    }
}
