//! Writing a kernel as a shader: bindings, parameter block, the statements of its programs.

use std::fmt::Write;

use super::body::{BodyText, body_layouts, body_space};
use super::codegen::{self, CHECKED_INDEX};
use super::frame::Walk;
use super::method;
use super::quads::Lie;
use super::shader::{Binding, Bound, Dispatch, Shader, Target};
use super::template;
use crate::dtype::DType;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::Body;
use crate::plan::Kernel;

/// A shader in the making: its bindings and its parameter block.
pub(super) struct Writer {
    pub(super) bindings: Vec<Binding>,
    pub(super) words: Vec<u32>,
    pub(super) scalars: Vec<(usize, usize)>,
    f16: bool,
    /// Whether the text uses cooperative matrices.
    pub(super) cooperative: bool,
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
            cooperative: false,
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

    /// Writes the offsets, gathers and scalars of a body; the places of its paths are variables that
    /// start with `prefix`. Streams that are said to lie as vec4s are bound as such.
    pub(super) fn head(
        &mut self,
        body: &Body,
        space: &Space,
        prefix: &str,
        lies: Option<&[Lie]>,
    ) -> BodyText {
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
                    self.push([
                        g.stride as u32,
                        g.size as u32,
                        method::with_axis(g.axis, g.method),
                    ])
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
        let buffers = body.streams.iter().enumerate().map(|(k, s)| {
            let stored = codegen::stored(s.dtype);
            let element = match lies.map(|l| l[k]) {
                Some(lie) if lie.in_vectors() => codegen::vec4(stored),
                _ => stored,
            };
            s.slot.map_or(String::new(), |slot| {
                self.bind(Bound::Slot(slot), element, false)
            })
        });
        let buffers = buffers.collect();
        BodyText {
            offsets,
            gathers,
            scalars,
            places,
            buffers,
            held: vec![None; body.streams.len()],
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

    /// The function that gives element `e` of a prologue: `value`, of the given type.
    pub(super) fn element(
        &mut self,
        prologue: &Body,
        space: &Space,
        flat: bool,
        (element, value): (&str, &str),
    ) -> String {
        let head = self.head(prologue, space, "q", None);
        let walk = self.walk(space, flat);
        format!(
            "fn element(e: u32) -> {element} {{\n{}{}{}    return {value};\n}}\n",
            head.start(),
            walk.text(&head.places, "e"),
            head.statements(prologue, "v", ""),
        )
    }

    /// The function that takes `total`, which the core computed for element `i`, through the body.
    pub(super) fn finisher(
        &mut self,
        kernel: &Kernel,
        flat: bool,
        (element, core): (&str, &str),
    ) -> String {
        let body = self.body(kernel, &body_space(kernel), flat, core);
        format!("fn finish(i: u32, total: {element}) {{\n{body}}}\n")
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
        let head = self.head(body, space, "p", None);
        let mut text = head.start();
        text += &walk(self, &head.places);
        text += &head.statements(body, "r", core);
        text += &self.stores(kernel, &head, "r");
        text
    }

    /// The statements that store the results of a kernel's body, element by element.
    pub(super) fn stores(&mut self, kernel: &Kernel, head: &BodyText, prefix: &str) -> String {
        let mut text = String::new();
        let mut path = kernel.body.streams.len();
        for (k, store) in kernel.stores.iter().enumerate() {
            let stored = codegen::stored(store.dtype);
            let results = &kernel.body.program.results;
            let value = codegen::store(store.dtype, &format!("{prefix}{}", results[k]));
            if let Some(op) = store.scatter() {
                let size = self.push([store.layout.shape().size() as u32]);
                let place = format!("{prefix}{}", results[k + 1]);
                let put = match op.atomic() {
                    Some(atomic) => {
                        let buffer = self.bind(Bound::Slot(store.slot), shared(stored), true);
                        format!("{atomic}(&{buffer}[{place}], {value})")
                    }
                    None => {
                        let buffer = self.bind(Bound::Slot(store.slot), stored, true);
                        format!("{buffer}[{place}] = {value}")
                    }
                };
                let _ = writeln!(text, "    if {place} < word({size}u) {{ {put}; }}");
                continue;
            }
            let buffer = self.bind(Bound::Slot(store.slot), stored, true);
            let place = match store.is_whole() {
                true => "i",
                false => {
                    path += 1;
                    &head.places[path - 1]
                }
            };
            let _ = writeln!(text, "    {buffer}[{place}] = {value};");
        }
        text
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
        if self.cooperative {
            text += "enable wgpu_cooperative_matrix;\n";
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
                Bound::Scratch(0) => "scratch".into(),
                Bound::Scratch(n) => format!("scratch{n}"),
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
            slices: 1,
        };
        Shader {
            name,
            text,
            bindings: self.bindings,
            dispatches: vec![dispatch],
            scratch: Vec::new(),
            immediates,
        }
    }
}

/// The type of an element that invocations share.
fn shared(stored: &str) -> &'static str {
    match stored {
        "i32" => "atomic<i32>",
        _ => "atomic<u32>",
    }
}

/// The dtype of a core's accumulator as a WGSL type.
pub(super) fn accumulator(dtype: DType) -> &'static str {
    match dtype {
        // WGSL can't share bools with the host; 0 and 1 keep their order.
        DType::Bool => "u32",
        dtype => codegen::register(dtype),
    }
}
