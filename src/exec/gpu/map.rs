//! Pointwise kernels as shaders.

use std::fmt::Write;

use super::body::{BodyText, body_layouts, body_space};
use super::codegen;
use super::kernel::Writer;
use super::quads::{self, Lie};
use super::reduce::Flat;
use super::shader::{Bound, Shader, Target};
use super::template;
use crate::exec::cpu::Space;
use crate::op::Body;
use crate::plan::{Kernel, Store};

/// Elements that an invocation computes at least, if they fill a workgroup, where starting one costs
/// more than they do.
const MIN_RUN: usize = 64;
/// Invocations among which the elements are shared there.
const SHARES: usize = 1024;

/// What can be special about a map kernel: one line of elements for all paths (`body`), or rows of
/// them (`kept`), and four elements at a time.
pub(super) fn flat(kernel: &Kernel) -> Flat {
    let space = body_space(kernel);
    Flat {
        kept: space.dims.len() <= 2,
        reduced: false,
        body: space.is_line(),
        quads: lies(kernel, &space).is_some(),
    }
}

/// Whether a line stays one when dimensions of size 1 grow.
pub(super) fn stays_line(kernel: &Kernel) -> bool {
    let dims = kernel.shape.dims();
    body_layouts(kernel).all(|layout| {
        let strides = layout.strides();
        (1..dims.len()).all(|i| strides[i - 1] == strides[i] * dims[i] as isize)
    })
}

/// Whether the last vec4 of a line may reach beyond it: not where that is another's place, nor where
/// its elements are indices that are checked.
pub(super) fn fits_any_size(kernel: &Kernel) -> bool {
    kernel.stores.iter().all(Store::is_whole)
        && kernel.body.streams.iter().all(|s| s.gather.is_none())
}

/// How the paths lie, if four elements can be taken at a time.
fn lies(kernel: &Kernel, space: &Space) -> Option<Vec<Lie>> {
    // What goes to places of its own goes there one by one.
    if kernel.stores.iter().any(Store::is_scattered) {
        return None;
    }
    let inner = space.dims[space.dims.len() - 1];
    let fits = inner.is_multiple_of(4) || (space.is_line() && fits_any_size(kernel));
    fits.then(|| quads::settle(&kernel.body, &kernel.stores, Lie::along(space)))
        .flatten()
}

/// The shader of a map kernel; `flat` may claim no more than [`flat`] does.
pub(super) fn shader(kernel: &Kernel, target: &Target, flat: Flat) -> Shader {
    let space = body_space(kernel);
    let last = space.dims.len() - 1;
    let lies = lies(kernel, &space).filter(|_| flat.quads);
    let width = if lies.is_some() { 4 } else { 1 };
    let (inner, rows) = (
        space.dims[last],
        space.dims[..last].iter().product::<usize>(),
    );
    let run = run(target, inner, rows, width);
    let runs = inner.div_ceil(run);
    let mut writer = Writer::new(target);
    writer.push([rows * runs, inner, run, runs].map(|v| v as u32));

    let head = writer.head(&kernel.body, &space, "q", lies.as_deref());
    let strides = writer.push(space.paths.iter().map(|(_, s)| s[last] as u32));
    let mut begin = head.start();
    if lies.is_some() && flat.body {
        begin += "    let row = 0u;\n    let first = unit * run;\n";
    } else {
        begin += "    let row = unit / word(3u);\n    let first = unit % word(3u) * run;\n";
        let outer = outer(&space);
        let walk = writer.walk(&outer, flat.kept);
        begin += &walk.text(&head.places, "row");
    }
    let mut body = String::new();
    for (k, q) in head.places.iter().enumerate() {
        let stride = match lies.as_ref().map(|l| l[k]) {
            Some(Lie::Quad) => "1u".into(),
            Some(Lie::Same) => "0u".into(),
            _ => format!("word({}u)", strides + k),
        };
        let name = head.stride(k);
        let _ = writeln!(begin, "    let {name} = {stride};");
        let _ = writeln!(body, "    let p{k} = {q} + at * {name};");
    }
    if let Some(lies) = &lies {
        begin += &head.single_loads(&kernel.body, lies);
    }
    let head = head.renamed("p");
    body += "    let i = row * inner + at;\n";
    body += &match &lies {
        Some(lies) => writer.four(&kernel.body, &targets(kernel, &head), &head, lies),
        None => head.statements(&kernel.body, "r", "") + &writer.stores(kernel, &head, "r"),
    };
    let (words, body) = template::hoist(&body);
    begin += &words;
    writer.finish(
        "map",
        include_str!("../../../shaders/map.wgsl"),
        ("", target.group),
        &[
            ("width", &format!("const WIDTH = {width}u;")),
            ("begin", &begin),
            ("body", &body),
        ],
        (rows * runs).div_ceil(target.group),
    )
}

impl Writer {
    /// The statements for the four elements at the places of `head`, each store with the name of its
    /// place.
    fn four(
        &mut self,
        body: &Body,
        stores: &[(&Store, &str)],
        head: &BodyText,
        lies: &[Lie],
    ) -> String {
        let mut text = head.quad_loads(body, lies);
        let once = |e: usize| head.quad_statements(body, &format!("r{e}_"), lies, &format!("{e}u"));
        let long = template::too_long(&once(0), 4);
        if long {
            for (k, (store, _)) in stores.iter().enumerate() {
                let vector = codegen::vec4(codegen::stored(store.dtype));
                let _ = writeln!(text, "    var o{k} = {vector}();");
            }
            text += "    for (var e = 0u; e < 4u; e += 1u) {\n";
            text += &head.quad_statements(body, "r", lies, "e");
            for (k, (store, _)) in stores.iter().enumerate() {
                let register = format!("r{}", body.program.results[k]);
                let value = codegen::store(store.dtype, &register);
                let _ = writeln!(text, "    o{k}[e] = {value};");
            }
            text += "    }\n";
        } else {
            (0..4).for_each(|e| text += &once(e));
        }
        for (k, (store, place)) in stores.iter().enumerate() {
            let vector = codegen::vec4(codegen::stored(store.dtype));
            let part = |e| {
                let register = format!("r{e}_{}", body.program.results[k]);
                codegen::store(store.dtype, &register)
            };
            let value = match long {
                true => format!("o{k}"),
                false => format!("{vector}({})", [0, 1, 2, 3].map(part).join(", ")),
            };
            let buffer = self.bind(Bound::Slot(store.slot), vector, true);
            let _ = writeln!(text, "    {buffer}[{place} / 4u] = {value};");
        }
        text
    }
}

/// The stores of a kernel and the names of their places.
fn targets<'a>(kernel: &'a Kernel, head: &'a BodyText) -> Vec<(&'a Store, &'a str)> {
    let mut regions = head.places[kernel.body.streams.len()..].iter();
    let place = |store: &'a Store| match store.is_whole() {
        true => "i",
        false => regions.next().map_or("i", String::as_str),
    };
    let stores = kernel.stores.iter();
    let places: Vec<&str> = stores.clone().map(place).collect();
    stores.zip(places).collect()
}

/// The elements of a row that one invocation computes. On hardware neighbouring invocations take
/// neighbouring elements; on the CPU each takes a line of its own, as a thread would.
fn run(target: &Target, inner: usize, rows: usize, width: usize) -> usize {
    if !target.software {
        return width;
    }
    let size = inner * rows;
    let least = MIN_RUN.min(size.div_ceil(target.group));
    let share = size.div_ceil(SHARES).max(least);
    share.min(inner).next_multiple_of(width)
}

/// The space without its innermost dimension.
fn outer(space: &Space) -> Space {
    let last = space.dims.len() - 1;
    if last == 0 {
        let paths = space.paths.iter().map(|(o, _)| (*o, vec![0])).collect();
        return Space {
            dims: vec![1],
            paths,
        };
    }
    let paths = space.paths.iter();
    Space {
        dims: space.dims[..last].to_vec(),
        paths: paths.map(|(o, s)| (*o, s[..last].to_vec())).collect(),
    }
}
