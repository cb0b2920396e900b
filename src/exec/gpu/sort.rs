//! Sorts as shaders: short rows by exchanges in workgroup memory, long ones digit by digit.

use super::body::streams_space;
use super::kernel::Writer;
use super::reduce::Flat;
use super::shader::{Bound, Dispatch, MAX_LOOPS, Shader, Target};
use crate::exec::cpu::Space;
use crate::op::Body;
use crate::plan::{Kernel, around};
use crate::shape::Shape;

/// Items that a workgroup exchanges: the longest row that is sorted so.
const ITEMS: usize = 1024;

/// A sort, taken from a kernel's core.
pub(super) struct Sort<'a> {
    pub(super) places: bool,
    pub(super) ranks: (usize, usize),
    pub(super) bits: u32,
    pub(super) prologue: &'a Body,
    pub(super) shape: &'a Shape,
}

/// How long rows are shared out.
struct Tiles {
    /// Lanes of a tile, and bits of a digit: their counts fill half of what memory a workgroup has.
    group: usize,
    bits: u32,
    /// Items of a lane.
    share: usize,
    count: usize,
}

impl Tiles {
    /// Items of a lane at most, where a tile is to be no longer than need be.
    const MOST: usize = 256;
    /// Tiles that keep a device busy.
    const BUSY: usize = 1024;

    fn new(target: &Target, rows: usize, n: usize) -> Self {
        // On the CPU a lane is as good as a thread: few lanes and few digits.
        let (group, bits, share) = match target.software {
            true => (8, 8, (rows * n).div_ceil(64 * 8).clamp(256, 1 << 14)),
            false => (
                128,
                4,
                (rows * n).div_ceil(Self::BUSY * 128).clamp(8, Self::MOST),
            ),
        };
        let share = share.min(n.div_ceil(group));
        Self {
            group,
            bits,
            share,
            count: n.div_ceil(group * share),
        }
    }
}

// An invocation goes through its items twice, and through the counts of a tile.
const _: () = assert!(2 * (1 << 14) + 2 * 256 < MAX_LOOPS);

impl Sort<'_> {
    fn space(&self) -> Space {
        streams_space(self.shape, self.prologue)
    }

    /// The walks that can be lines.
    pub(super) fn flat(&self, kernel: &Kernel) -> Flat {
        Flat::one_by_one(&self.space(), kernel)
    }

    /// The shader; `flat` may claim no more than [`Sort::flat`].
    pub(super) fn shader(&self, kernel: &Kernel, target: &Target, flat: Flat) -> Shader {
        let (rows, n, _) = around(self.shape, self.shape.ndim() - 1);
        match n <= ITEMS {
            true => self.rows(kernel, target, flat, (rows, n)),
            false => self.digits(kernel, target, flat, (rows, n)),
        }
    }

    /// The function that gives the key of element `e`.
    fn key(&self, writer: &mut Writer, flat: bool) -> String {
        let value = format!("v{}", self.prologue.program.results[0]);
        writer.element(self.prologue, &self.space(), flat, ("u32", &value))
    }

    fn rows(
        &self,
        kernel: &Kernel,
        target: &Target,
        flat: Flat,
        (rows, n): (usize, usize),
    ) -> Shader {
        let width = n.next_power_of_two();
        let mut writer = Writer::new(target);
        writer.push([rows, n, width, self.ranks.0, self.ranks.1].map(|v| v as u32));
        let element = self.key(&mut writer, flat.kept);
        let memory = if self.places { "places" } else { "keys" };
        let result = format!("fn result(at: u32) -> u32 {{\n    return {memory}[at];\n}}\n");
        let body = writer.finisher(kernel, flat.body, ("u32", "total"));
        let slots = [
            ("element", &*element),
            ("result", &*result),
            ("body", &*body),
        ];
        let source = include_str!("../../../shaders/sort_rows.wgsl");
        let groups = rows.div_ceil(ITEMS / width);
        writer.finish("sort_rows", source, ("", target.group), &slots, groups)
    }

    fn digits(
        &self,
        kernel: &Kernel,
        target: &Target,
        flat: Flat,
        (rows, n): (usize, usize),
    ) -> Shader {
        let tiles = Tiles::new(target, rows, n);
        let mut writer = Writer::new(target);
        writer.push([rows as u32, n as u32, 0, 0, 0, 0, tiles.count as u32, 0]);
        writer.push([self.ranks.0, self.ranks.1].map(|v| v as u32));
        writer.bind(Bound::Scratch(0), "u32", true);
        writer.bind(Bound::Scratch(1), "Item", true);
        writer.bind(Bound::Scratch(2), "Item", true);
        let element = self.key(&mut writer, flat.kept);
        let body = writer.finisher(kernel, flat.body, ("u32", "total"));
        let (types, item, key, result) = match self.places {
            true => ("vec2<u32>", "vec2<u32>(key, place)", "item.x", "item.y"),
            false => ("u32", "key", "item", "item"),
        };
        let types = format!("alias Item = {types};\n");
        let item = format!(
            "fn item(key: u32, place: u32) -> Item {{\n    return {item};\n}}\n\n\
             fn key(item: Item) -> u32 {{\n    return {key};\n}}\n\n\
             fn result(item: Item) -> u32 {{\n    return {result};\n}}\n"
        );
        let slots = [
            ("digits", &*format!("const BITS = {}u;", tiles.bits)),
            ("item", &item),
            ("element", &element),
            ("body", &body),
        ];
        let source = include_str!("../../../shaders/sort.wgsl");
        let groups = rows * tiles.count;
        let mut shader = writer.finish("sort", source, (&types, tiles.group), &slots, groups);
        let counts = tiles.count << tiles.bits;
        let run = |mode: usize, digit: u32, last: bool| -> Dispatch {
            let mut dispatch = shader.dispatches[0].clone();
            let source = if digit == 0 {
                0
            } else {
                2 - digit as usize % 2
            };
            let goal = if last { 3 } else { 1 + digit as usize % 2 };
            let share = match mode {
                1 => counts.div_ceil(tiles.group),
                _ => tiles.share,
            };
            let shift = (digit * tiles.bits) as usize;
            let words = [mode, source, goal, shift, tiles.count, share];
            dispatch.words[2..8].copy_from_slice(&words.map(|v| v as u32));
            dispatch.groups = if mode == 1 { rows } else { groups };
            dispatch
        };
        let digits = self.bits.div_ceil(tiles.bits).max(1);
        let all = (0..digits).flat_map(|digit| (0..3).map(move |mode| (mode, digit)));
        let dispatches = all.map(|(mode, digit)| run(mode, digit, digit + 1 == digits));
        shader.dispatches = dispatches.collect();
        let items = rows * n * (1 + self.places as usize);
        // One digit goes from the prologue to the body.
        let used = |digit| if digits > digit { items } else { 0 };
        shader.scratch = vec![rows * counts, used(1), used(2)];
        shader
    }
}
