//! Sorts as shaders: short rows by exchanges in workgroup memory, long ones digit by digit. Rows are parted
//! likewise, and no item moves before the key that parts them is known.

use super::body::streams_space;
use super::kernel::Writer;
use super::reduce::Flat;
use super::shader::{Bound, Dispatch, MAX_LOOPS, Shader, Target};
use crate::exec::cpu::Space;
use crate::op::{Body, Wanted};
use crate::plan::{Kernel, around};
use crate::shape::Shape;

/// Items that a workgroup exchanges: the longest row that is sorted so.
const ITEMS: usize = 1024;

/// A sort, taken from a kernel's core.
pub(super) struct Sort<'a> {
    pub(super) places: bool,
    pub(super) wanted: Wanted,
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

/// What items are counted and moved by.
#[derive(Clone, Copy)]
enum Digit {
    /// The digit of that number, from the lowest.
    Of(usize),
    /// Their side of the key that parts a row.
    Side,
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
        writer.push([rows, n, width].map(|v| v as u32));
        let (name, source, signature, result) = match (self.wanted, self.places) {
            (Wanted::Ranks(first, last), places) => {
                writer.push([first, last].map(|v| v as u32));
                let result = if places { "places[at]" } else { "keys[at]" };
                let source = include_str!("../../../shaders/sort_rows.wgsl");
                ("sort_rows", source, "at: u32", result)
            }
            (Wanted::Parted(rank), places) => {
                writer.push([rank as u32]);
                let result = if places { "place" } else { "key" };
                let source = include_str!("../../../shaders/part_rows.wgsl");
                ("part_rows", source, "key: u32, place: u32", result)
            }
        };
        let element = self.key(&mut writer, flat.kept);
        let result = format!("fn result({signature}) -> u32 {{\n    return {result};\n}}\n");
        let body = writer.finisher(kernel, flat.body, ("u32", "total"));
        let slots = [
            ("element", &*element),
            ("result", &*result),
            ("body", &*body),
        ];
        let groups = rows.div_ceil(ITEMS / width);
        writer.finish(name, source, ("", target.group), &slots, groups)
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
        let (first, last, rank) = match self.wanted {
            Wanted::Ranks(first, last) => (first, last, 0),
            Wanted::Parted(rank) => (0, n, rank),
        };
        let parted = matches!(self.wanted, Wanted::Parted(_));
        writer.push([first, last, 0, rank].map(|v| v as u32));
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
            ("parted", &*format!("const PARTED = {parted};")),
            ("item", &item),
            ("element", &element),
            ("body", &body),
        ];
        let source = include_str!("../../../shaders/sort.wgsl");
        let groups = rows * tiles.count;
        let mut shader = writer.finish("sort", source, (&types, tiles.group), &slots, groups);
        let counts = tiles.count << tiles.bits;
        let run = |mode: usize, source: usize, goal: usize, digit: Digit| -> Dispatch {
            let mut dispatch = shader.dispatches[0].clone();
            let share = match mode {
                1 => counts.div_ceil(tiles.group),
                _ => tiles.share,
            };
            let (shift, sides) = match digit {
                Digit::Of(number) => (number * tiles.bits as usize, 0),
                Digit::Side => (0, 1),
            };
            let words = [mode, source, goal, shift, tiles.count, share];
            dispatch.words[2..8].copy_from_slice(&words.map(|v| v as u32));
            dispatch.words[10] = sides;
            dispatch.groups = if mode == 1 { rows } else { groups };
            dispatch
        };
        let digits = self.bits.div_ceil(tiles.bits).max(1) as usize;
        let items = rows * n * (1 + self.places as usize);
        // Items come from the prologue (0), move between the two memories, and go to the body (3).
        let (dispatches, scratch) = match parted {
            false => {
                let all = (0..digits).flat_map(|digit| (0..3).map(move |mode| (mode, digit)));
                let dispatches = all.map(|(mode, digit)| {
                    let source = if digit == 0 { 0 } else { 2 - digit % 2 };
                    let goal = if digit + 1 == digits {
                        3
                    } else {
                        1 + digit % 2
                    };
                    run(mode, source, goal, Digit::Of(digit))
                });
                // One digit goes from the prologue to the body.
                let used = |digit| if digits > digit { items } else { 0 };
                let scratch = vec![rows * counts, used(1), used(2)];
                (dispatches.collect::<Vec<_>>(), scratch)
            }
            true => {
                let choosing = (0..digits).rev().flat_map(|digit| {
                    let source = usize::from(digit + 1 < digits);
                    [0, 1].map(|mode| run(mode, source, 1, Digit::Of(digit)))
                });
                let parting = (0..3).map(|mode| run(mode, 1, 3, Digit::Side));
                // Of each row, what is known of the key that parts it.
                let scratch = vec![rows * (counts + 2), items, 0];
                (choosing.chain(parting).collect(), scratch)
            }
        };
        (shader.dispatches, shader.scratch) = (dispatches, scratch);
        shader
    }
}
