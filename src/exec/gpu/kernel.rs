//! Kernels as shaders with their parameters and grids.

use std::fmt::Write;

use super::codegen::{self, CHECKED_INDEX, Names};
use super::frame::Walk;
use super::reduce::Flat;
use super::template;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::Body;
use crate::plan::{Kernel, Store};

/// What a binding of a shader is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bound {
    /// A slot of the plan.
    Slot(usize),
    /// Memory for the partial results of this kernel.
    Scratch,
    /// Where gathers report an index out of range.
    Fault,
}

/// A storage buffer that a shader binds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Binding {
    pub(super) bound: Bound,
    pub(super) writable: bool,
    /// The WGSL type of an element.
    element: &'static str,
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
}

/// A kernel as a shader: what is bound, and the dispatches that run it one after the other.
#[derive(Clone, Debug)]
pub(super) struct Shader {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) bindings: Vec<Binding>,
    pub(super) dispatches: Vec<Dispatch>,
    /// Words of scratch memory.
    pub(super) scratch: usize,
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
    /// Bytes of a parameter block that may travel in immediates.
    pub(super) immediates: usize,
}

/// A shader in the making: its bindings and its parameter block.
pub(super) struct Writer {
    pub(super) bindings: Vec<Binding>,
    pub(super) words: Vec<u32>,
    pub(super) scalars: Vec<(usize, usize)>,
    f16: bool,
    indexed: bool,
    /// Bytes of a block that may travel in immediates.
    immediates: usize,
}

impl Writer {
    pub(super) fn new(target: &Target) -> Self {
        Self {
            bindings: Vec::new(),
            words: Vec::new(),
            scalars: Vec::new(),
            f16: false,
            indexed: false,
            immediates: target.immediates,
        }
    }

    /// The name of the buffer bound for a slot.
    pub(super) fn bind(&mut self, bound: Bound, element: &'static str, writable: bool) -> String {
        self.f16 |= element == "f16";
        let at = match self.bindings.iter().position(|b| b.bound == bound) {
            Some(at) => {
                self.bindings[at].writable |= writable;
                at
            }
            None => {
                self.bindings.push(Binding {
                    bound,
                    writable,
                    element,
                });
                self.bindings.len() - 1
            }
        };
        format!("b{at}")
    }

    /// Appends words to the block; gives the first one's number.
    pub(super) fn push(&mut self, words: impl IntoIterator<Item = u32>) -> usize {
        let at = self.words.len();
        self.words.extend(words);
        at
    }

    /// Has the word filled in at each run if the layout's offset is a parameter.
    pub(super) fn parameter(&mut self, word: usize, layout: &Layout) {
        self.scalars.extend(layout.parameter().map(|n| (word, n)));
    }

    /// Reserves the words of a walk and fills them from the space.
    pub(super) fn walk(&mut self, space: &Space, flat: bool) -> Walk {
        let walk = Walk::new(self.words.len(), flat, space.paths.len());
        self.words.resize(walk.end(), 0);
        walk.fill(space, &mut self.words);
        walk
    }

    /// Writes the offsets, gathers and scalars of a body; the places of its streams are variables
    /// that start with `prefix`.
    fn head(&mut self, body: &Body, space: &Space, prefix: &str) -> BodyText {
        // Rounding to f16 needs the type, though nothing that is bound has it.
        self.f16 |= body
            .program
            .insts
            .iter()
            .any(|(_, dtype)| *dtype == DType::F16);
        let offsets = self.push(space.paths.iter().map(|(offset, _)| *offset as u32));
        for (i, stream) in body.streams.iter().enumerate() {
            self.parameter(offsets + i, &stream.layout);
        }
        let gathers: Vec<Option<usize>> = body
            .streams
            .iter()
            .map(|s| {
                s.gather.map(|g| {
                    self.indexed = true;
                    self.push([g.stride as u32, g.size as u32, g.axis as u32])
                })
            })
            .collect();
        let scalars = self.words.len();
        for (i, &n) in body.scalars.iter().enumerate() {
            self.scalars.push((scalars + i, n));
            self.words.push(0);
        }
        let places: Vec<String> = (0..space.paths.len())
            .map(|i| format!("{prefix}{i}"))
            .collect();
        let streams = body
            .streams
            .iter()
            .zip(&places)
            .map(|(s, place)| {
                let buffer = s.slot.map_or(String::new(), |slot| {
                    self.bind(Bound::Slot(slot), codegen::stored(s.dtype), false)
                });
                (buffer, place.clone())
            })
            .collect();
        BodyText {
            offsets,
            gathers,
            scalars,
            places,
            streams,
        }
    }

    /// The statements of a kernel's body for element `i`, whose core computed `core`; stores
    /// included.
    pub(super) fn body(
        &mut self,
        kernel: &Kernel,
        space: &Space,
        flat: bool,
        core: &str,
    ) -> String {
        self.body_along(kernel, space, core, |writer, places| {
            writer.walk(space, flat).text(places, "i")
        })
    }

    /// As [`Writer::body`], for the result at `row` and `column` of matrix `batch`, which is element
    /// `i`; the space is that of the matrices.
    pub(super) fn matrix_body(
        &mut self,
        kernel: &Kernel,
        matrices: &Space,
        flat: bool,
        core: &str,
    ) -> String {
        let last = kernel.shape.ndim() - 2;
        let strides = body_layouts(kernel).map(|l| [l.strides()[last], l.strides()[last + 1]]);
        self.body_along(kernel, matrices, core, |writer, places| {
            let mut text = writer.walk(matrices, flat).text(places, "batch");
            for (place, strides) in places.iter().zip(strides) {
                let at = writer.push(strides.map(|s| s as u32));
                let _ = writeln!(
                    text,
                    "    {place} += row * word({at}u) + column * word({}u);",
                    at + 1
                );
            }
            text
        })
    }

    /// The statements of a kernel's body; `walk` gives those that add to the places of its paths.
    fn body_along(
        &mut self,
        kernel: &Kernel,
        space: &Space,
        core: &str,
        walk: impl FnOnce(&mut Self, &[String]) -> String,
    ) -> String {
        let body = &kernel.body;
        let head = self.head(body, space, "p");
        let mut text = head.start();
        text += &walk(self, &head.places);
        text += &head.statements(body, "r", core);
        let mut path = body.streams.len();
        for (k, store) in kernel.stores.iter().enumerate() {
            let buffer = self.bind(Bound::Slot(store.slot), codegen::stored(store.dtype), true);
            let place = match store.whole {
                true => "i".into(),
                false => {
                    path += 1;
                    head.places[path - 1].clone()
                }
            };
            let value = codegen::store(store.dtype, &format!("r{}", body.program.results[k]));
            let _ = writeln!(text, "    {buffer}[{place}] = {value};");
        }
        text
    }

    /// The statements of a body that is walked row by row: those before the loop, for row `o`, and
    /// those for element `k` of it, stores included. The spaces are those of the kept and of the
    /// reduced dimensions, each over the body's streams and then the stores. `held` gives the slots
    /// whose value for the row is in a register.
    pub(super) fn row_body(
        &mut self,
        body: &Body,
        stores: &[Store],
        (kept, reduced): (&Space, &Space),
        flat: Flat,
        held: &[(usize, String)],
    ) -> (String, String) {
        let mut head = self.head(body, kept, "q");
        let outer = self.walk(kept, flat.kept);
        let inner = self.walk(reduced, flat.reduced);
        let begin = head.start() + &outer.text(&head.places, "o");
        let mut element = String::new();
        let places: Vec<String> = head.places.iter().map(|q| format!("e{q}")).collect();
        for (place, q) in places.iter().zip(&head.places) {
            let _ = writeln!(element, "    var {place} = {q};");
        }
        element += &inner.text(&places, "k");
        for ((_, at), place) in head.streams.iter_mut().zip(&places) {
            at.clone_from(place);
        }
        head.hold(body, held);
        element += &head.statements(body, "v", "");
        for ((store, result), place) in stores
            .iter()
            .zip(&body.program.results)
            .zip(&places[body.streams.len()..])
        {
            let buffer = self.bind(Bound::Slot(store.slot), codegen::stored(store.dtype), true);
            let value = codegen::store(store.dtype, &format!("v{result}"));
            let _ = writeln!(element, "    {buffer}[{place}] = {value};");
        }
        (begin, element)
    }

    /// The statements of a body of one element a row, for row `o`, and those that store its results.
    /// Its registers start with `prefix`.
    pub(super) fn row_results(
        &mut self,
        kernel: &Kernel,
        flat: bool,
        core: &str,
        prefix: &str,
        held: &[(usize, String)],
    ) -> (String, String) {
        let body = &kernel.body;
        let space = body_space(kernel);
        let mut head = self.head(body, &space, &format!("p{prefix}"));
        let walk = self.walk(&space, flat);
        let mut text = head.start() + &walk.text(&head.places, "o");
        head.hold(body, held);
        text += &head.statements(body, prefix, core);
        let mut stores = String::new();
        for (store, result) in kernel.stores.iter().zip(&body.program.results) {
            let buffer = self.bind(Bound::Slot(store.slot), codegen::stored(store.dtype), true);
            let value = codegen::store(store.dtype, &format!("{prefix}{result}"));
            let _ = writeln!(stores, "    {buffer}[o] = {value};");
        }
        (text, stores)
    }

    fn in_immediates(&self) -> bool {
        16 * self.words.len().div_ceil(4) <= self.immediates
    }

    /// Declarations of everything the shader binds; `types` come before them.
    pub(super) fn header(&mut self, types: &str, group: usize) -> String {
        if self.indexed {
            self.bind(Bound::Fault, "atomic<u32>", true);
        }
        let mut text = String::new();
        if self.f16 {
            text += "enable f16;\n";
        }
        let vectors = self.words.len().div_ceil(4);
        let _ = writeln!(
            text,
            "struct Params {{ words: array<vec4<u32>, {vectors}> }}"
        );
        text += match self.in_immediates() {
            true => "var<immediate> params: Params;\n",
            false => "@group(1) @binding(0) var<uniform> params: Params;\n",
        };
        text += types;
        for (at, binding) in self.bindings.iter().enumerate() {
            let access = if binding.writable {
                "read_write"
            } else {
                "read"
            };
            let name = match binding.bound {
                Bound::Slot(_) => format!("b{at}"),
                Bound::Scratch => "scratch".into(),
                Bound::Fault => "fault".into(),
            };
            let element = binding.element;
            let _ = writeln!(
                text,
                "@group(0) @binding({at}) var<storage, {access}> {name}: array<{element}>;"
            );
        }
        let _ = writeln!(text, "const GROUP = {group}u;");
        text
    }

    /// The shader of a template whose slots other than the header and the library are given.
    pub(super) fn finish(
        mut self,
        name: &'static str,
        source: &str,
        header: (&str, usize),
        slots: &[(&str, &str)],
        groups: usize,
    ) -> Shader {
        let header = self.header(header.0, header.1);
        let mut used: String = slots.iter().map(|(_, text)| *text).collect();
        if self.indexed {
            used += CHECKED_INDEX;
        }
        let mut library = template::library(&(used + source));
        if self.indexed {
            library += CHECKED_INDEX;
        }
        let slots = [
            &[("header", header.as_str()), ("library", library.as_str())],
            slots,
        ]
        .concat();
        let text = template::fill(source, &slots);
        let immediates = self.in_immediates();
        let dispatch = Dispatch {
            words: self.words,
            scalars: self.scalars,
            groups,
        };
        Shader {
            name,
            text,
            bindings: self.bindings,
            dispatches: vec![dispatch],
            scratch: 0,
            immediates,
        }
    }
}

/// Where a body's parameters are.
struct BodyText {
    offsets: usize,
    gathers: Vec<Option<usize>>,
    scalars: usize,
    places: Vec<String>,
    streams: Vec<(String, String)>,
}

impl BodyText {
    /// Declares each path's place at its offset.
    fn start(&self) -> String {
        let declare = |(i, place): (usize, &String)| {
            format!("    var {place} = word({}u);\n", self.offsets + i)
        };
        self.places.iter().enumerate().map(declare).collect()
    }

    /// Has the streams of slots that are held read a register, and not memory.
    fn hold(&mut self, body: &Body, held: &[(usize, String)]) {
        for (stream, name) in body.streams.iter().zip(&mut self.streams) {
            let found = held.iter().find(|(slot, _)| stream.slot == Some(*slot));
            if let Some((_, register)) = found {
                *name = (String::new(), register.clone());
            }
        }
    }

    fn statements(&self, body: &Body, prefix: &str, core: &str) -> String {
        let names = Names {
            prefix,
            streams: &self.streams,
            scalars: self.scalars,
            gathers: &self.gathers,
            core,
        };
        codegen::statements(&body.program, &body.streams, &names)
    }
}

/// The space of a kernel's body: its streams, then the stores that are regions.
pub(super) fn body_space(kernel: &Kernel) -> Space {
    Space::new(&kernel.shape, body_layouts(kernel))
}

/// The layouts of a kernel's body: its streams', then those of the stores that are regions.
pub(super) fn body_layouts(kernel: &Kernel) -> impl Iterator<Item = &Layout> {
    let region = |s: &&Store| !s.whole;
    let layouts = kernel.body.streams.iter().map(|s| &s.layout);
    let regions = kernel.stores.iter().filter(region).map(|s| &s.layout);
    layouts.chain(regions)
}

/// Whether a space is a line for every path.
pub(super) fn is_flat(space: &Space) -> bool {
    space.dims.len() == 1
}

/// The shader of a map kernel. `flat` must only be set for a space that is.
pub(super) fn map(kernel: &Kernel, target: &Target, flat: bool) -> Shader {
    let mut writer = Writer::new(target);
    let size = kernel.shape.size();
    writer.push([size as u32]);
    let body = writer.body(kernel, &body_space(kernel), flat, "");
    let groups = size.div_ceil(target.group);
    let source = include_str!("../../../shaders/map.wgsl");
    writer.finish(
        "map",
        source,
        ("", target.group),
        &[("body", &body)],
        groups,
    )
}

/// The dtype of a core's accumulator as a WGSL type.
pub(super) fn accumulator(dtype: DType) -> &'static str {
    match dtype {
        // WGSL can't share bools with the host; 0 and 1 keep their order.
        DType::Bool => "u32",
        dtype => codegen::register(dtype),
    }
}
