//! Programs as WGSL.

use crate::dtype::DType;
use crate::op::program::Stream;
use crate::op::{Inst, PointOp, Program, Reg};

/// The type that a register of the dtype has in a shader.
pub(super) fn register(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U32 => "u32",
        DType::I32 => "i32",
        DType::F16 | DType::F32 => "f32",
    }
}

/// The type that an element of the dtype has in a buffer.
pub(super) fn stored(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool | DType::U32 => "u32",
        DType::I32 => "i32",
        DType::F16 => "f16",
        DType::F32 => "f32",
    }
}

/// The vec4 of a stored type.
pub(super) fn vec4(stored: &str) -> &'static str {
    match stored {
        "f32" => "vec4<f32>",
        "f16" => "vec4<f16>",
        "i32" => "vec4<i32>",
        _ => "vec4<u32>",
    }
}

/// A stored element as a register.
pub(super) fn load(dtype: DType, element: &str) -> String {
    match dtype {
        DType::Bool => format!("({element} != 0u)"),
        DType::F16 => format!("f32({element})"),
        _ => element.into(),
    }
}

/// A register as a stored element.
pub(super) fn store(dtype: DType, register: &str) -> String {
    match dtype {
        DType::Bool => format!("select(0u, 1u, {register})"),
        DType::F16 => format!("f16({register})"),
        _ => register.into(),
    }
}

/// The word of a parameter as a register.
fn param(dtype: DType, word: usize) -> String {
    match dtype {
        DType::Bool => format!("(word({word}u) != 0u)"),
        DType::U32 => format!("word({word}u)"),
        DType::I32 => format!("bitcast<i32>(word({word}u))"),
        DType::F16 | DType::F32 => format!("bitcast<f32>(word({word}u))"),
    }
}

fn cast(from: DType, to: DType, a: &str) -> String {
    use DType::*;
    match (from, to) {
        (F16 | F32, I32) => format!("tw_to_i32({a})"),
        (F16 | F32, U32) => format!("tw_to_u32({a})"),
        // Not `!=`: naga translates it to an ordered comparison, which is false for NaN.
        (F16 | F32, Bool) => format!("!({a} == 0.0)"),
        (Bool, F16 | F32) => format!("select(0.0, 1.0, {a})"),
        (Bool, I32) => format!("select(0i, 1i, {a})"),
        (Bool, U32) => format!("select(0u, 1u, {a})"),
        (I32, Bool) => format!("({a} != 0i)"),
        (U32, Bool) => format!("({a} != 0u)"),
        (I32 | U32, F16 | F32) => format!("f32({a})"),
        (I32, U32) => format!("bitcast<u32>({a})"),
        (U32, I32) => format!("bitcast<i32>({a})"),
        (F16 | F32, F16 | F32) | (Bool, Bool) | (I32, I32) | (U32, U32) => a.into(),
    }
}

/// Where a stream is read.
pub(super) struct Source {
    pub(super) buffer: String,
    /// The place in the buffer.
    pub(super) place: String,
    /// The stored element there.
    pub(super) element: String,
    /// The register that holds the value, if it need not be read.
    pub(super) register: Option<String>,
}

/// The names and words that a body's text refers to.
pub(super) struct Names<'a> {
    /// What the registers start with.
    pub(super) prefix: &'a str,
    /// Per stream, where it is read.
    pub(super) streams: &'a [Source],
    /// The first word of the scalars.
    pub(super) scalars: usize,
    /// Per stream, the first of the three words of its gather: stride, size, axis number.
    pub(super) gathers: &'a [Option<usize>],
    /// What the core computed.
    pub(super) core: &'a str,
}

/// Statements that compute the registers of a program.
pub(super) fn statements(program: &Program, streams: &[Stream], names: &Names<'_>) -> String {
    let mut text = String::new();
    let reg = |r: Reg| format!("{}{r}", names.prefix);
    for (at, (inst, dtype)) in program.insts.iter().enumerate() {
        let dtype = *dtype;
        let value = match inst {
            Inst::Load(k) => {
                let source = &names.streams[*k as usize];
                match &source.register {
                    Some(register) => register.clone(),
                    None => load(streams[*k as usize].dtype, &source.element),
                }
            }
            Inst::Param(k) => param(dtype, names.scalars + *k as usize),
            Inst::Core => names.core.into(),
            Inst::Index(k) => names.streams[*k as usize].place.clone(),
            Inst::Random {
                stream,
                params,
                lane,
            } => {
                let place = &names.streams[*stream as usize].place;
                let [k0, k1, c0, c1] =
                    params.map(|p| format!("word({}u)", names.scalars + p as usize));
                let component = ["x", "y", "z", "w"][*lane as usize];
                format!(
                    "tw_philox(vec4<u32>({place}, 0u, {c0}, {c1}), vec2<u32>({k0}, {k1})).{component}"
                )
            }
            Inst::Search {
                stream,
                value,
                right,
            } => {
                let read = &streams[*stream as usize];
                let source = &names.streams[*stream as usize];
                let first = names.gathers[*stream as usize].unwrap_or_default();
                let found = format!("at{}", reg(at as Reg));
                text += &search(read.dtype, source, (first, *right), &reg(*value), &found);
                found
            }
            Inst::Gather { stream, index } => {
                let Source { buffer, place, .. } = &names.streams[*stream as usize];
                let first = names.gathers[*stream as usize].unwrap_or_default();
                let given = match program.dtype(*index) {
                    DType::I32 => format!("checked_index({}, {first}u)", reg(*index)),
                    _ => format!("checked_index_u({}, {first}u)", reg(*index)),
                };
                let found = format!("at{}", reg(at as Reg));
                text += &format!("    let {found} = {place} + {given} * word({first}u);\n");
                match streams[*stream as usize].slot {
                    Some(_) => load(
                        streams[*stream as usize].dtype,
                        &format!("{buffer}[{found}]"),
                    ),
                    None => found,
                }
            }
            Inst::Apply(op, args) => {
                let from = program.dtype(args[op.arity() - 1]);
                match op.wgsl(from) {
                    None => cast(program.dtype(args[0]), dtype, &reg(args[0])),
                    Some(expression) => expression
                        .replace("{a}", &reg(args[0]))
                        .replace("{b}", &reg(args[1]))
                        .replace("{c}", &reg(args[2])),
                }
            }
        };
        let computed = matches!(inst, Inst::Apply(op, _) if *op != PointOp::Select);
        let value = match dtype {
            DType::F16 if computed => format!("f32(f16({value}))"),
            _ => value,
        };
        text += &format!(
            "    let {}: {} = {value};\n",
            reg(at as Reg),
            register(dtype)
        );
    }
    text
}

/// Statements that look through a sorted axis by halves, and leave in `found` how many of its elements come
/// before a value; NaN comes last. `first` is the word of the axis' stride, followed by its size.
fn search(
    dtype: DType,
    source: &Source,
    (first, right): (usize, bool),
    value: &str,
    found: &str,
) -> String {
    let Source { buffer, place, .. } = source;
    let (end, middle) = (format!("e{found}"), format!("m{found}"));
    let stored = format!("{buffer}[{place} + {middle} * word({first}u)]");
    let element = load(dtype, &stored);
    let before = match (dtype, right) {
        // Whether the value does not come before the element, and whether the element comes before it.
        (DType::F32 | DType::F16, true) => {
            format!("!(({value} < {element}) || (tw_is_nan({element}) && !tw_is_nan({value})))")
        }
        (DType::F32 | DType::F16, false) => {
            format!("(({element} < {value}) || (tw_is_nan({value}) && !tw_is_nan({element})))")
        }
        (DType::Bool, true) => format!("({value} || !{element})"),
        (DType::Bool, false) => format!("({value} && !{element})"),
        (_, true) => format!("({element} <= {value})"),
        (_, false) => format!("({element} < {value})"),
    };
    let size = format!("word({}u)", first + 1);
    format!(
        "    var {found} = 0u;\n    var {end} = {size};\n    while {found} < {end} {{\n        \
         let {middle} = {found} + ({end} - {found}) / 2u;\n        \
         if {before} {{ {found} = {middle} + 1u; }} else {{ {end} = {middle}; }}\n    }}\n"
    )
}

/// The functions that turn a given index into a place on its axis, reporting one that is outside.
pub(super) const CHECKED_INDEX: &str = "
fn checked_index(given: i32, at: u32) -> u32 {
    let size = bitcast<i32>(word(at + 1u));
    let index = select(given, given + size, given < 0);
    if index < 0 || index >= size {
        report(given, at);
        return 0u;
    }
    return bitcast<u32>(index);
}

fn checked_index_u(given: u32, at: u32) -> u32 {
    if given >= word(at + 1u) {
        report(bitcast<i32>(min(given, 0x7fffffffu)), at);
        return 0u;
    }
    return given;
}

fn report(given: i32, at: u32) {
    if atomicAdd(&fault[0], 1u) == 0u {
        atomicStore(&fault[1], bitcast<u32>(given));
        atomicStore(&fault[2], word(at + 1u));
        atomicStore(&fault[3], word(at + 2u));
    }
}
";
