//! Parameter blocks: where a kernel finds sizes, strides and scalars.
//!
//! A frame says at which word of the block each parameter is. The shader's text and the block's
//! content are both written from it.

use crate::exec::cpu::Space;
use crate::shape::MAX_RANK;

/// How a kernel walks one iteration space.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    /// The first word: for a general walk the rank and `MAX_RANK` sizes, then per path its strides.
    base: usize,
    /// Whether every path is a line: one stride each, no sizes.
    pub(super) flat: bool,
    paths: usize,
}

impl Walk {
    pub(super) fn new(base: usize, flat: bool, paths: usize) -> Self {
        Self { base, flat, paths }
    }

    pub(super) fn end(&self) -> usize {
        self.base
            + if self.flat {
                self.paths
            } else {
                1 + MAX_RANK * (1 + self.paths)
            }
    }

    /// Statements that add to the variables `names` the places of element `index`.
    pub(super) fn text(&self, names: &[String], index: &str) -> String {
        if names.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        if self.flat {
            for (i, name) in names.iter().enumerate() {
                text += &format!("    {name} += {index} * word({}u);\n", self.base + i);
            }
            return text;
        }
        let sizes = self.base + 1;
        let stride = |i: usize| sizes + MAX_RANK * (1 + i);
        text += &format!("    {{\n    var rest = {index};\n");
        text += &format!(
            "    for (var d = word({}u) - 1u; d > 0u; d -= 1u) {{\n",
            self.base
        );
        text += &format!("        let size = word({sizes}u + d);\n");
        text += "        let at = rest % size;\n        rest /= size;\n";
        for (i, name) in names.iter().enumerate() {
            text += &format!("        {name} += at * word({}u + d);\n", stride(i));
        }
        text += "    }\n";
        for (i, name) in names.iter().enumerate() {
            text += &format!("    {name} += rest * word({}u);\n", stride(i));
        }
        text + "    }\n"
    }

    /// Writes the sizes and strides of a space.
    pub(super) fn fill(&self, space: &Space, words: &mut [u32]) {
        let strides = |i: usize| space.paths[i].1.iter().map(|&s| s as u32);
        if self.flat {
            for i in 0..self.paths {
                words[self.base + i] = strides(i).next_back().unwrap_or(0);
            }
            return;
        }
        words[self.base] = space.dims.len() as u32;
        let sizes = self.base + 1;
        for (d, &size) in space.dims.iter().enumerate() {
            words[sizes + d] = size as u32;
        }
        for i in 0..self.paths {
            for (d, stride) in strides(i).enumerate() {
                words[sizes + MAX_RANK * (1 + i) + d] = stride;
            }
        }
    }
}
