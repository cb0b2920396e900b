//! Walking over what a network holds.

use super::observe::Identity;
use super::{Buffer, Module, Param, Training};

/// What a [`Module`] shows of itself under a name.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Part<'a> {
    /// A tensor that is trained.
    Param(&'a Param),
    /// A tensor that is kept and saved, and not trained.
    Buffer(&'a Buffer),
    /// Whether the layer is being trained.
    Training(&'a Training),
    /// A layer inside, before its own parts.
    Layer(Layer<'a>),
}

/// A layer inside another, as a visit meets it.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    identity: &'a dyn Fn() -> Identity,
    kind: &'a dyn Fn() -> String,
}

impl Layer<'_> {
    /// What kind of layer it is: [`Module::kind`].
    pub fn kind(&self) -> String {
        (self.kind)()
    }

    /// Which layer it is.
    pub(super) fn identity(&self) -> Identity {
        (self.identity)()
    }
}

impl std::fmt::Debug for Layer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Layer({})", self.kind())
    }
}

/// What a [`Module`] shows its parts to: it keeps the path of names that leads to each.
pub struct Visitor<'a> {
    path: String,
    each: &'a mut dyn FnMut(&str, Part<'_>),
}

impl<'a> Visitor<'a> {
    /// A visitor that calls a closure with the dotted name of each part and the part.
    pub fn new(each: &'a mut dyn FnMut(&str, Part<'_>)) -> Self {
        Self {
            path: String::new(),
            each,
        }
    }

    /// Shows a parameter.
    pub fn param(&mut self, name: &str, param: &Param) {
        self.part(name, Part::Param(param));
    }

    /// Shows a buffer.
    pub fn buffer(&mut self, name: &str, buffer: &Buffer) {
        self.part(name, Part::Buffer(buffer));
    }

    /// Shows the switch between training and evaluation of a layer that does not do the same in both.
    pub fn training(&mut self, training: &Training) {
        self.part("training", Part::Training(training));
    }

    /// Shows the parts of a layer inside.
    pub fn module(&mut self, name: &str, module: &(impl Module + ?Sized)) {
        self.within(name, |visitor| {
            let layer = Layer {
                identity: &|| Identity::of(module),
                kind: &|| module.kind(),
            };
            (visitor.each)(&visitor.path, Part::Layer(layer));
            module.visit(visitor);
        });
    }

    fn part(&mut self, name: &str, part: Part<'_>) {
        self.within(name, |visitor| (visitor.each)(&visitor.path, part));
    }

    fn within(&mut self, name: &str, f: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        f(self);
        self.path.truncate(length);
    }
}
