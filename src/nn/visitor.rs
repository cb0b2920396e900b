//! Walking over the parameters of a network.

use super::{Module, Param};

/// What a [`Module`] shows its parameters to: it keeps the path of names that leads to each.
pub struct Visitor<'a> {
    path: String,
    each: &'a mut dyn FnMut(&str, &Param),
}

impl<'a> Visitor<'a> {
    /// A visitor that calls a closure with the dotted name of each parameter and the parameter.
    pub fn new(each: &'a mut dyn FnMut(&str, &Param)) -> Self {
        Self {
            path: String::new(),
            each,
        }
    }

    /// Shows a parameter.
    pub fn param(&mut self, name: &str, param: &Param) {
        self.within(name, |visitor| (visitor.each)(&visitor.path, param));
    }

    /// Shows the parameters of a layer inside.
    pub fn module(&mut self, name: &str, module: &(impl Module + ?Sized)) {
        self.within(name, |visitor| module.visit(visitor));
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
