//! A step's elements along the rows: their places, and what is read and stored four at a time.

use std::fmt::Write;

use super::text::Part;
use crate::exec::gpu::body::BodyText;
use crate::exec::gpu::frame::Walk;
use crate::exec::gpu::quads::Lie;
use crate::exec::gpu::{codegen, windows};
use crate::plan::Store;

/// A part's places: those of the row's first element are variables, those of an element are added.
pub(super) struct Line<'a> {
    pub(super) part: &'a Part<'a>,
    pub(super) from: Vec<String>,
    pub(super) head: BodyText,
    /// Where elements are not known to be a line.
    pub(super) inner: Option<Walk>,
    /// The buffers of what is stored.
    pub(super) stores: Vec<String>,
}

impl Line<'_> {
    /// The places of an element of the row.
    pub(super) fn places(&self, element: &str) -> String {
        let mut text = String::new();
        let lies = self.part.lies.as_deref().unwrap_or_default();
        for (k, (place, from)) in self.head.places.iter().zip(&self.from).enumerate() {
            let _ = match lies.get(k) {
                None | Some(Lie::Same) => writeln!(text, "    var {place} = {from};"),
                Some(Lie::Quad | Lie::Skew) => {
                    writeln!(text, "    let {place} = {from} + {element};")
                }
                Some(Lie::Apart) => {
                    let stride = self.head.stride(k);
                    writeln!(text, "    let {place} = {from} + {element} * {stride};")
                }
            };
        }
        let inner = self.inner.as_ref();
        text + &inner.map_or(String::new(), |walk| walk.text(&self.head.places, element))
    }

    /// Reads vec4s, and declares those that will be stored.
    pub(super) fn open_four(&self) -> String {
        let (body, _) = self.part.step.along();
        let mut text = self.places("k");
        if let Some(lies) = &self.part.lies {
            text += &self.head.quad_loads(body, lies);
        }
        for (store, place, ..) in self.targets() {
            let vector = codegen::vec4(codegen::stored(store.dtype));
            let _ = writeln!(text, "    var o{place} = {vector}();");
        }
        text
    }

    /// Stores them.
    pub(super) fn close_four(&self) -> String {
        let mut text = String::new();
        for (store, place, buffer, lie) in self.targets() {
            let vector = codegen::vec4(codegen::stored(store.dtype));
            text += &match lie {
                Lie::Skew => windows::write(place, buffer, vector, &format!("o{place}")),
                _ => format!("    {buffer}[{place} / 4u] = o{place};\n"),
            };
        }
        text
    }

    /// Stores what is left at the ends.
    pub(super) fn close(&self) -> String {
        let skew = self.targets().filter(|(.., lie)| *lie == Lie::Skew);
        let close = skew.map(|(_, place, buffer, _)| windows::close_write(place, buffer));
        close.collect()
    }

    /// The stores of vec4s, with their places, buffers, and how they lie.
    fn targets(&self) -> impl Iterator<Item = (&Store, &str, &str, Lie)> {
        let (body, stores) = self.part.step.along();
        let first = body.streams.len();
        let lies = self.part.lies.iter().flat_map(move |lies| &lies[first..]);
        let places = self.head.places[first..].iter().zip(&self.stores);
        let all = stores.iter().zip(places).zip(lies);
        all.map(|((store, (place, buffer)), lie)| (store, &**place, &**buffer, *lie))
    }
}
