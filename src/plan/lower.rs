//! Writing the programs of a kernel.

use std::panic::Location;

use rustc_hash::FxHashMap;

use super::fuse::{Cone, Draft, Fusion, Piece};
use super::graph::Input;
use super::{Core, Extent, Kernel, Matrix, OpNote, Store};
use crate::dtype::DType;
use crate::layout::Layout;
use crate::op::program::{Indexed, Stream};
use crate::op::{Body, Inst, Op, PointOp, Reg};
use crate::shape::Shape;

/// Writes the kernel of a draft that stores the results of `stores`; `slot` gives the slot of a
/// value.
pub(super) fn lower(
    fusion: &Fusion<'_>,
    draft: &Draft,
    stores: &[usize],
    slot: &dyn Fn(usize) -> usize,
) -> Kernel {
    let graph = fusion.graph;
    let shape = fusion.shape(draft).clone();
    let cone = fusion.body(draft);
    let mut notes: Vec<usize> = cone.members.clone();
    let mut writer = Writer::new(fusion, slot, None);
    writer.core = draft.core;
    writer.write(&cone);
    let mut places = Vec::new();
    match draft.piece {
        Some((call, piece)) => {
            let result = graph.call(call);
            let whole = Layout::contiguous(result.shape.clone());
            let extent = match fusion.stores_whole(draft) {
                true => Extent::Whole,
                false => Extent::Region,
            };
            let (reg, layout, extent) = match (piece, &result.op) {
                (Piece::Operand(i), Op::Assemble { regions }) => {
                    (writer.operand(call, i), regions[i].clone(), extent)
                }
                (Piece::Operand(i), _) => (writer.operand(call, i), whole, extent),
                (Piece::Updates, Op::Scatter(op)) => {
                    (writer.operand(call, 2), whole, Extent::Places(*op))
                }
                (Piece::Updates, _) => (writer.operand(call, 1), whole, Extent::Packed),
            };
            notes.push(call);
            writer.body.program.results.push(reg);
            if let (Piece::Updates, Some((places, _))) = (piece, result.op.updates()) {
                let place = writer.operand(call, places);
                writer.body.program.results.push(place);
            }
            places.push(Store {
                slot: slot(graph.result(call)),
                dtype: result.dtype,
                layout,
                extent,
            });
        }
        None => {
            for &node in stores {
                let reg = writer.result_of(node);
                writer.body.program.results.push(reg);
                let layout = Layout::contiguous(shape.clone());
                let dtype = graph.call(node).dtype;
                places.push(Store {
                    slot: slot(graph.result(node)),
                    dtype,
                    layout,
                    extent: Extent::Whole,
                });
            }
        }
    }
    let body = writer.body;
    let core = draft.core.map_or(Core::Map, |core| {
        let prologue = fusion.prologue(draft);
        notes.extend(&prologue.members);
        notes.push(core);
        lower_core(fusion, core, &prologue, slot)
    });
    notes.sort_unstable();
    let ops = notes
        .iter()
        .map(|&n| OpNote {
            name: graph.call(n).op.name(),
            at: graph.call(n).at,
        })
        .collect();
    Kernel {
        core,
        shape,
        body,
        stores: places,
        ops,
    }
}

fn lower_core(
    fusion: &Fusion<'_>,
    core: usize,
    prologue: &Cone,
    slot: &dyn Fn(usize) -> usize,
) -> Core {
    let graph = fusion.graph;
    let call = graph.call(core);
    match &call.op {
        Op::Reduce { op, axes } => {
            let whole = match &graph.inputs(core)[0] {
                Input::Value(_, layout) => layout.shape().clone(),
                Input::Scalar(..) => unreachable!("reductions of constants are not recorded"),
            };
            let kept: Vec<usize> = (0..whole.ndim()).filter(|&i| !axes[i]).collect();
            let reduced: Vec<usize> = (0..whole.ndim()).filter(|&i| axes[i]).collect();
            let sizes =
                |list: &[usize]| -> Shape { list.iter().map(|&i| whole.dims()[i]).collect() };
            let (kept_shape, reduced_shape) = (sizes(&kept), sizes(&reduced));
            let order = [kept, reduced].concat();
            let mut writer = Writer::new(fusion, slot, Some(order));
            writer.write(prologue);
            let dtype = match &graph.inputs(core)[0] {
                Input::Value(value, _) => graph.dtype(*value),
                Input::Scalar(_, dtype) => *dtype,
            };
            let reg = writer.operand(core, 0);
            writer.body.program.results.push(reg);
            Core::Reduce {
                op: *op,
                dtype,
                prologue: writer.body,
                kept: kept_shape,
                reduced: reduced_shape,
            }
        }
        Op::Scan {
            op,
            axis,
            segmented,
        } => {
            let mut writer = Writer::new(fusion, slot, None);
            writer.write(prologue);
            for operand in 0..1 + *segmented as usize {
                let reg = writer.operand(core, operand);
                writer.body.program.results.push(reg);
            }
            Core::Scan {
                op: *op,
                dtype: call.dtype,
                prologue: writer.body,
                axis: *axis,
                shape: call.shape.clone(),
            }
        }
        Op::Sort {
            places,
            wanted,
            bits,
        } => {
            let shape = match &graph.inputs(core)[0] {
                Input::Value(_, layout) => layout.shape().clone(),
                Input::Scalar(..) => unreachable!("constants are not sorted"),
            };
            let mut writer = Writer::new(fusion, slot, None);
            writer.write(prologue);
            let reg = writer.operand(core, 0);
            writer.body.program.results.push(reg);
            Core::Sort {
                places: *places,
                wanted: *wanted,
                bits: *bits,
                prologue: writer.body,
                shape,
            }
        }
        Op::Matmul { vector } => {
            let matrix = |operand: usize| match &graph.inputs(core)[operand] {
                Input::Value(value, layout) => Matrix {
                    slot: slot(*value),
                    layout: layout.clone(),
                },
                Input::Scalar(..) => unreachable!("a product's operands are stored"),
            };
            let (a, b) = (matrix(0), matrix(1));
            let k = a.layout.dims()[a.layout.dims().len() - 1];
            Core::Matmul {
                a,
                b,
                dtype: call.dtype,
                k,
                vector: *vector,
            }
        }
        _ => unreachable!("not the core of a kernel"),
    }
}

struct Writer<'a> {
    fusion: &'a Fusion<'a>,
    slot: &'a dyn Fn(usize) -> usize,
    /// The order that a reduction walks the dimensions in.
    order: Option<Vec<usize>>,
    core: Option<usize>,
    /// The line of the call that is being written.
    line: Option<&'static Location<'static>>,
    body: Body,
    regs: FxHashMap<usize, Reg>,
}

impl<'a> Writer<'a> {
    fn new(
        fusion: &'a Fusion<'a>,
        slot: &'a dyn Fn(usize) -> usize,
        order: Option<Vec<usize>>,
    ) -> Self {
        Self {
            fusion,
            slot,
            order,
            core: None,
            line: None,
            body: Body::default(),
            regs: FxHashMap::default(),
        }
    }

    fn write(&mut self, cone: &Cone) {
        for &node in &cone.members {
            let call = self.fusion.graph.call(node);
            self.line = Some(call.at);
            let reg = match &call.op {
                Op::Point(op) => {
                    let count = self.fusion.graph.inputs(node).len();
                    let regs: Vec<Reg> = (0..count).map(|i| self.operand(node, i)).collect();
                    let arg = |i: usize| regs[i.min(count - 1)];
                    // A copy is the register it copies.
                    match op {
                        PointOp::Copy => regs[0],
                        op => self.push(Inst::Apply(*op, [arg(0), arg(1), arg(2)]), call.dtype),
                    }
                }
                Op::Index => {
                    let stream = self.places(&call.shape);
                    self.push(Inst::Index(stream), call.dtype)
                }
                Op::Random { lane } => {
                    let stream = self.places(&call.shape);
                    let params =
                        std::array::from_fn(|i| match &self.fusion.graph.inputs(node)[i] {
                            Input::Scalar(n, _) => self.scalar(*n),
                            Input::Value(..) => unreachable!("seeds and counters are scalars"),
                        });
                    self.push(
                        Inst::Random {
                            stream,
                            params,
                            lane: *lane,
                        },
                        call.dtype,
                    )
                }
                Op::Place(indexed) => {
                    let index = self.operand(node, 0);
                    let splat = Layout::splat(call.shape.clone());
                    let stream = self.stream(None, splat, Some(*indexed));
                    self.push(Inst::Gather { stream, index }, call.dtype)
                }
                Op::Search { axis, right } => {
                    let value = self.operand(node, 1);
                    let stream = self.source(node, *axis);
                    let right = *right;
                    let search = Inst::Search {
                        stream,
                        value,
                        right,
                    };
                    self.push(search, call.dtype)
                }
                Op::Gather(indexed) => {
                    let index = self.operand(node, 1);
                    let stream = self.source(node, *indexed);
                    self.push(Inst::Gather { stream, index }, call.dtype)
                }
                Op::Reduce { .. }
                | Op::Scan { .. }
                | Op::Sort { .. }
                | Op::Matmul { .. }
                | Op::Assemble { .. }
                | Op::Scatter(_)
                | Op::Compress => {
                    unreachable!("not computed inside another kernel")
                }
            };
            self.regs.insert(node, reg);
        }
    }

    /// The stream of a call's first operand, which is read anywhere along an axis.
    fn source(&mut self, node: usize, axis: Indexed) -> u8 {
        let Input::Value(value, layout) = &self.fusion.graph.inputs(node)[0] else {
            unreachable!("what is read anywhere is stored");
        };
        self.stream(Some(*value), layout.clone(), Some(axis))
    }

    /// The register that holds an operand of a call.
    fn operand(&mut self, node: usize, operand: usize) -> Reg {
        let graph = self.fusion.graph;
        match &graph.inputs(node)[operand] {
            Input::Scalar(n, dtype) => {
                let param = self.scalar(*n);
                self.push(Inst::Param(param), *dtype)
            }
            Input::Value(value, layout) => {
                if let Some(layout) = graph.numbering(node, operand) {
                    let stream = self.stream(None, layout.clone(), None);
                    return self.push(Inst::Index(stream), DType::U32);
                }
                if let Some(maker) = graph.direct(node, operand) {
                    if let Some(&reg) = self.regs.get(&maker) {
                        return reg;
                    }
                    if self.core == Some(maker) && graph.shape(maker) == graph.shape(node) {
                        return self.result_of(maker);
                    }
                }
                let stream = self.stream(Some(*value), layout.clone(), None);
                self.push(Inst::Load(stream), graph.dtype(*value))
            }
        }
    }

    /// The register that holds what the kernel computed for a call.
    fn result_of(&mut self, node: usize) -> Reg {
        if let Some(&reg) = self.regs.get(&node) {
            return reg;
        }
        debug_assert_eq!(self.core, Some(node));
        let reg = self.push(Inst::Core, self.fusion.graph.call(node).dtype);
        self.regs.insert(node, reg);
        reg
    }

    fn push(&mut self, inst: Inst, dtype: DType) -> Reg {
        let insts = &mut self.body.program.insts;
        // Equal loads are one load.
        if let Inst::Load(_) | Inst::Index(_) = inst
            && let Some(at) = insts.iter().position(|(i, d)| *i == inst && *d == dtype)
        {
            return at as Reg;
        }
        insts.push((inst, dtype));
        self.body.lines.push(self.line);
        (insts.len() - 1) as Reg
    }

    fn scalar(&mut self, n: usize) -> u8 {
        self.body.scalars.push(n);
        (self.body.scalars.len() - 1) as u8
    }

    /// A stream that counts the elements of a shape.
    fn places(&mut self, shape: &Shape) -> u8 {
        self.stream(None, Layout::contiguous(shape.clone()), None)
    }

    fn stream(&mut self, value: Option<usize>, layout: Layout, gather: Option<Indexed>) -> u8 {
        let layout = match &self.order {
            Some(order) => layout.permute(order),
            None => layout,
        };
        let dtype = value.map_or(DType::U32, |v| self.fusion.graph.dtype(v));
        let stream = Stream {
            slot: value.map(self.slot),
            dtype,
            layout,
            gather,
        };
        let streams = &mut self.body.streams;
        let at = streams
            .iter()
            .position(|s| *s == stream)
            .unwrap_or_else(|| {
                streams.push(stream);
                streams.len() - 1
            });
        at as u8
    }
}
