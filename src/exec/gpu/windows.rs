//! Four neighbours of a line that are no vec4 of their buffer, read and written as two that are.
//!
//! An invocation that walks along a line by fours reads each vec4 of the buffer once: it keeps the last
//! one and takes its four elements from that and the next. What it stores it puts together likewise,
//! from the four values before and the four at hand. A vec4 that is not all its own, at either end of
//! what it walks along, is kept and stored by element in the end. The line may start anywhere: which elements are taken
//! is found at run time.
//!
//! The variables of a window end with the name of the place that goes along.

use std::fmt::Write;

/// Opens the window on elements `start..stop` of a line whose first element is at `from`.
fn open(place: &str, from: &str) -> String {
    format!(
        "    let odd_{place} = ({from} & 1u) != 0u;\n    let two_{place} = ({from} & 2u) != 0u;\n"
    )
}

/// Opens it for reading.
pub(super) fn open_read(place: &str, from: &str, buffer: &str) -> String {
    let mut text = open(place, from);
    // No vec4 is read that has no element of the line.
    let _ = writeln!(
        text,
        "    let last_{place} = ({from} + max(stop, 1u) - 1u) / 4u;\n\
         \x20   var low_{place} = {buffer}[min(({from} + start) / 4u, last_{place})];"
    );
    text
}

/// Reads the four elements at the place into `w` and its name.
pub(super) fn read(place: &str, buffer: &str, vector: &str) -> String {
    format!(
        "    let high_{place} = {buffer}[min({place} / 4u + 1u, last_{place})];\n\
         \x20   let near_{place} = select(low_{place}, \
         {vector}(low_{place}.yzw, high_{place}.x), odd_{place});\n\
         \x20   let w{place} = select(near_{place}, {vector}(near_{place}.zw, \
         select(high_{place}.xy, high_{place}.yz, odd_{place})), two_{place});\n\
         \x20   low_{place} = high_{place};\n"
    )
}

/// Opens it for writing vec4s of a type.
pub(super) fn open_write(place: &str, from: &str, vector: &str) -> String {
    let mut text = open(place, from);
    let _ = writeln!(
        text,
        "    let first_{place} = {from} + start;\n    let end_{place} = {from} + stop;"
    );
    for part in ["low", "head", "tail"] {
        let _ = writeln!(text, "    var {part}_{place} = {vector}();");
    }
    text
}

/// How many elements beyond `stop` the walk must reach for all to be written.
pub(super) const BEYOND: usize = 3;

/// Writes the vec4 of the buffer that holds the place, of which the elements below the place are from
/// the values of the last call. One that is not all the invocation's own is kept.
pub(super) fn write(place: &str, buffer: &str, vector: &str, value: &str) -> String {
    format!(
        "    {{\n    let near = select({value}, {vector}(low_{place}.w, {value}.xyz), odd_{place});\n\
         \x20   let out = select(near, {vector}(select(low_{place}.zw, low_{place}.yz, odd_{place}), \
         near.xy), two_{place});\n\
         \x20   low_{place} = {value};\n\
         \x20   let base = {place} / 4u * 4u;\n\
         \x20   let starts = base < first_{place};\n\
         \x20   let ends = base < end_{place} && base + 4u > end_{place};\n\
         \x20   head_{place} = select(head_{place}, out, starts);\n\
         \x20   tail_{place} = select(tail_{place}, out, ends);\n\
         \x20   if !starts && base + 4u <= end_{place} {{ {buffer}[base / 4u] = out; }}\n    }}\n"
    )
}

/// Writes what was kept, by element, after the walk.
pub(super) fn close_write(place: &str, buffer: &str) -> String {
    [("head", "first"), ("tail", "end")]
        .map(|(part, edge)| {
            format!(
                "    for (var c = select(0u, 4u, {edge}_{place} % 4u == 0u); c < 4u; c += 1u) {{\n\
                 \x20       let at = {edge}_{place} / 4u * 4u + c;\n\
                 \x20       if at >= first_{place} && at < end_{place} {{ \
                 {buffer}[at / 4u][c] = {part}_{place}[c]; }}\n    }}\n"
            )
        })
        .concat()
}
