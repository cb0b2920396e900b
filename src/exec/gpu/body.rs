//! The text of a body: its statements for an element, or for four neighbours.

use super::codegen::{self, Names, Source};
use super::quads::Lie;
use super::windows;
use crate::exec::cpu::Space;
use crate::layout::Layout;
use crate::op::Body;
use crate::op::program::Stream;
use crate::plan::{Extent, Kernel, Store};
use crate::shape::Shape;

/// Where a body's parameters are, and what its paths are called.
#[derive(Clone)]
pub(super) struct BodyText {
    pub(super) offsets: usize,
    pub(super) gathers: Vec<Option<usize>>,
    pub(super) scalars: usize,
    /// Per path, the variable of its place.
    pub(super) places: Vec<String>,
    /// Per stream, the name of its buffer.
    pub(super) buffers: Vec<String>,
    /// The register that holds a stream's value.
    pub(super) held: Vec<Option<String>>,
}

impl BodyText {
    /// A text that only tells how long the statements are.
    pub(super) fn nameless(body: &Body) -> Self {
        let names = vec![String::new(); body.streams.len()];
        Self {
            offsets: 0,
            gathers: vec![None; names.len()],
            scalars: 0,
            places: names.clone(),
            held: vec![None; names.len()],
            buffers: names,
        }
    }

    /// Declares each path's place at its offset.
    pub(super) fn start(&self) -> String {
        let declare = |(i, place): (usize, &String)| {
            format!("    var {place} = word({}u);\n", self.offsets + i)
        };
        self.places.iter().enumerate().map(declare).collect()
    }

    /// The same with places whose names start with another prefix.
    pub(super) fn renamed(self, prefix: &str) -> Self {
        let places = (0..self.places.len()).map(|i| format!("{prefix}{i}"));
        Self {
            places: places.collect(),
            ..self
        }
    }

    /// The statements of the program for the element at the places.
    pub(super) fn statements(&self, body: &Body, prefix: &str, core: &str) -> String {
        let streams = self.buffers.iter().zip(&self.places);
        let sources = streams.map(|(buffer, place)| Source {
            element: format!("{buffer}[{place}]"),
            buffer: buffer.clone(),
            place: place.clone(),
            register: None,
        });
        self.text(body, prefix, core, sources.collect())
    }

    /// Opens the windows of the streams that need one, on the lines that start at `from`.
    pub(super) fn windows(&self, lies: &[Lie], from: &[String]) -> String {
        let open = |k: usize| windows::open_read(&self.places[k], &from[k], &self.buffers[k]);
        self.loaded(lies, Lie::Skew).map(open).collect()
    }

    /// Reads the streams that lie as vec4s.
    pub(super) fn quad_loads(&self, body: &Body, lies: &[Lie]) -> String {
        let whole = |k: usize| {
            let (place, buffer) = (&self.places[k], &self.buffers[k]);
            format!("    let w{place} = {buffer}[{place} / 4u];\n")
        };
        let skew = |k: usize| {
            let vector = codegen::vec4(codegen::stored(body.streams[k].dtype));
            windows::read(&self.places[k], &self.buffers[k], vector)
        };
        let quads: String = self.loaded(lies, Lie::Quad).map(whole).collect();
        quads + &self.loaded(lies, Lie::Skew).map(skew).collect::<String>()
    }

    /// The streams that lie in a way and are not in a register.
    fn loaded(&self, lies: &[Lie], way: Lie) -> impl Iterator<Item = usize> {
        let streams = 0..self.held.len();
        streams.filter(move |&k| lies[k] == way && self.held[k].is_none())
    }

    /// The variable that holds the stride of a path.
    pub(super) fn stride(&self, path: usize) -> String {
        format!("s{}_{path}", self.offsets)
    }

    /// That which holds the element of a stream that stays in place.
    fn once(&self, stream: usize) -> String {
        format!("once{}_{stream}", self.offsets)
    }

    /// Reads the streams that stay in place.
    pub(super) fn single_loads(&self, body: &Body, lies: &[Lie]) -> String {
        let streams = body.streams.iter().zip(lies).enumerate();
        let singles =
            streams.filter(|(k, (s, lie))| is_single(s, **lie) && self.held[*k].is_none());
        singles
            .map(|(k, _)| {
                format!(
                    "    let {} = {}[{}];\n",
                    self.once(k),
                    self.buffers[k],
                    self.places[k]
                )
            })
            .collect()
    }

    /// The statements for element `e` of the four from the places on, after
    /// [`BodyText::single_loads`] and [`BodyText::quad_loads`]; the [strides](BodyText::stride) are
    /// variables.
    pub(super) fn quad_statements(
        &self,
        body: &Body,
        prefix: &str,
        lies: &[Lie],
        e: &str,
    ) -> String {
        let streams = self.buffers.iter().zip(&self.places).zip(lies).enumerate();
        let sources = streams.map(|(k, ((buffer, base), lie))| {
            let place = match lie {
                Lie::Same => base.clone(),
                _ => format!("({base} + {e} * {})", self.stride(k)),
            };
            let element = match lie {
                Lie::Quad | Lie::Skew => format!("w{base}[{e}]"),
                Lie::Same if is_single(&body.streams[k], *lie) => self.once(k),
                _ => format!("{buffer}[{place}]"),
            };
            Source {
                element,
                buffer: buffer.clone(),
                place,
                register: None,
            }
        });
        self.text(body, prefix, "", sources.collect())
    }

    /// Has the streams of slots that are held read a register, and not memory.
    pub(super) fn hold(&mut self, body: &Body, held: &[(usize, String)]) {
        for (stream, register) in body.streams.iter().zip(&mut self.held) {
            let found = held.iter().find(|(slot, _)| stream.slot == Some(*slot));
            *register = found.map(|(_, register)| register.clone());
        }
    }

    fn text(&self, body: &Body, prefix: &str, core: &str, mut sources: Vec<Source>) -> String {
        for (source, register) in sources.iter_mut().zip(&self.held) {
            source.register.clone_from(register);
        }
        let names = Names {
            prefix,
            streams: &sources,
            scalars: self.scalars,
            gathers: &self.gathers,
            core,
        };
        codegen::statements(&body.program, &body.streams, &names)
    }
}

/// Whether a stream is one element for all that a run computes.
fn is_single(stream: &Stream, lie: Lie) -> bool {
    lie == Lie::Same && stream.slot.is_some() && stream.gather.is_none()
}

/// The space of a body's streams over a shape.
pub(super) fn streams_space(shape: &Shape, body: &Body) -> Space {
    Space::new(shape, body.streams.iter().map(|s| &s.layout))
}

/// The space of a kernel's body: its streams, then the stores that are regions.
pub(super) fn body_space(kernel: &Kernel) -> Space {
    Space::new(&kernel.shape, body_layouts(kernel))
}

/// The layouts of a kernel's body: its streams', then those of the stores that are regions.
pub(super) fn body_layouts(kernel: &Kernel) -> impl Iterator<Item = &Layout> {
    let region = |s: &&Store| s.extent == Extent::Region;
    let layouts = kernel.body.streams.iter().map(|s| &s.layout);
    let regions = kernel.stores.iter().filter(region).map(|s| &s.layout);
    layouts.chain(regions)
}
